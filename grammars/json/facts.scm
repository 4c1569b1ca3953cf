; JSON, with comments. The capture vocabulary is in grammars/README.md.

(comment) @comment
(string (string_content) @string.value) @string
(pair key: (string . (string_content) @binding.name .) value: (_) @binding.value) @binding
; { "name": "NAME", "value": "…" }
((object
  (pair key: (string . (string_content) @_n .) value: (string . (string_content) @binding.name .))
  . (pair key: (string . (string_content) @_v .) value: (_) @binding.value)) @binding
  (#any-of? @_n "name" "key") (#eq? @_v "value"))
