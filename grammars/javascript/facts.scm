
; JavaScript.
(assignment_pattern left: (identifier) @binding.name right: (_) @binding.value) @binding
(field_definition property: (_) @binding.name value: (_) @binding.value) @binding
(field_definition property: (string) @within.property)

; Elements.
(jsx_attribute (property_identifier) (string) @slot.jsx)
(jsx_attribute (property_identifier) @binding.name (_) @binding.value) @binding
