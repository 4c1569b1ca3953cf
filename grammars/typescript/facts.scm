
; TypeScript.
(required_parameter pattern: (identifier) @binding.name value: (_) @binding.value) @binding
(public_field_definition name: (_) @binding.name value: (_) @binding.value) @binding
(public_field_definition name: (string) @within.property)
(property_signature name: (string) @within.property)
(enum_assignment name: (_) @binding.name value: (_) @binding.value) @binding
(literal_type) @within.type
(enum_body) @within.enum
