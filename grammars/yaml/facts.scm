; YAML. The capture vocabulary is in grammars/README.md.

(comment) @comment
(plain_scalar) @string @string.value
(double_quote_scalar) @string @string.value
(single_quote_scalar) @string @string.value
(block_scalar) @string @string.value
(block_mapping_pair key: (flow_node) @binding.name value: (_) @binding.value) @binding
(flow_pair key: (flow_node) @binding.name value: (_) @binding.value) @binding
; - name: NAME
;   value: "…"
((block_mapping
  (block_mapping_pair key: (flow_node) @_n value: (flow_node) @binding.name)
  . (block_mapping_pair key: (flow_node) @_v value: (_) @binding.value)) @binding
  (#any-of? @_n "name" "key") (#eq? @_v "value"))
