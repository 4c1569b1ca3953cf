
; Elements.
(jsx_attribute (property_identifier) (string) @slot.jsx)
(jsx_attribute (property_identifier) @binding.name (_) @binding.value) @binding
