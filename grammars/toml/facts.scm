; TOML. The capture vocabulary is in grammars/README.md.

(comment) @comment
(string) @string @string.value
; A comment behind a value stands in the pair.
(pair . (bare_key) @binding.name . (_) @binding.value) @binding
(pair . (quoted_key) @binding.name . (_) @binding.value) @binding
(pair . (dotted_key (_) @binding.name .) . (_) @binding.value) @binding
