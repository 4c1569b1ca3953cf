; JSON, with comments. The capture vocabulary is in grammars/README.md.

(comment) @comment
(string (string_content) @string.value) @string
(pair key: (string (string_content) @binding.name) value: (_) @binding.value) @binding
