; The fenced code of a document. The captures are in grammars/README.md.

(fenced_code_block (info_string (language) @injection.language) (code_fence_content) @injection.content)
