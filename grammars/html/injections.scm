; The code in a page. The captures are in grammars/README.md.

(script_element (start_tag) @injection.language (raw_text) @injection.content)
