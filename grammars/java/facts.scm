; Java. The capture vocabulary is in grammars/README.md.

(line_comment) @comment
(block_comment) @comment

(string_literal [(string_fragment) (multiline_string_fragment)] @string.value) @string

; How a literal is written decides how it is replaced.
((string_literal) @slot.block (#match? @slot.block "^\"\"\""))
((method_invocation object: (string_literal) @slot.bracketed) (#not-match? @slot.bracketed "^\"\"\""))
(cast_expression value: (string_literal) @slot.bracketed)
((field_declaration (modifiers) @_m declarator: (variable_declarator name: (identifier) @slot.constant.name value: (string_literal) @slot.constant.value) @slot.constant)
  (#match? @_m "final") (#not-match? @_m "private"))
(constant_declaration declarator: (variable_declarator name: (identifier) @slot.constant.name value: (string_literal) @slot.constant.value) @slot.constant)
(annotation) @within.annotation
(annotation_type_element_declaration value: (_) @within.annotation)
(switch_label) @within.case

; What gets a value.
(variable_declarator name: (identifier) @binding.name value: (_) @binding.value) @binding
(assignment_expression left: (identifier) @binding.name right: (_) @binding.value) @binding
(assignment_expression left: (field_access field: (identifier) @binding.name) right: (_) @binding.value) @binding
(element_value_pair key: (identifier) @binding.name value: (_) @binding.value) @binding
; What a method is called for.
(method_declaration name: (identifier) @binding.name body: (block . (return_statement (_) @binding.value) .)) @binding
; .header("Authorization", "…"), .put("api_key", "…"), Map.entry("name", "…")
(method_invocation arguments: (argument_list . (string_literal (string_fragment) @binding.name) . (_) @binding.value .)) @binding
; Map.of("a", "…", "b", "…"), .headers("name", "…", "name", "…")
((method_invocation name: (identifier) @_f arguments: (argument_list (string_literal (string_fragment) @binding.name) . (string_literal) @binding.value)) @binding
  (#any-of? @_f "of" "headers"))
; .apiKey("…"), setApiKey("…"): the method names its argument
(method_invocation name: (identifier) @binding.name arguments: (argument_list . (_) @binding.value .)) @binding

(method_invocation object: (_)? @call.callee name: (identifier) @call.callee arguments: (_) @call.arguments) @call
(object_creation_expression type: (_) @call.callee arguments: (_) @call.arguments) @call

; Environment.
((method_invocation name: (identifier) @_get arguments: (argument_list . (string_literal (string_fragment) @env.read.name) .)) @env.read
  (#eq? @_get "getenv"))
((method_invocation
  object: (method_invocation name: (identifier) @_getenv arguments: (argument_list . ")"))
  name: (identifier) @_get
  arguments: (argument_list . (string_literal (string_fragment) @env.read.name) .)) @env.read
  (#eq? @_getenv "getenv") (#eq? @_get "get"))
((method_invocation
  object: (method_invocation name: (identifier) @_getenv)
  name: (identifier) @_get
  arguments: (argument_list . (string_literal (string_fragment) @env.read.name) . (_) @env.read.default .)) @env.read
  (#eq? @_getenv "getenv") (#eq? @_get "getOrDefault"))
; Optional.ofNullable(System.getenv("X")).orElse("…"), Objects.requireNonNullElse(System.getenv("X"), "…")
((method_invocation
  object: (method_invocation
    name: (identifier) @_of
    arguments: (argument_list . (method_invocation name: (identifier) @_getenv arguments: (argument_list . (string_literal (string_fragment) @env.read.name) .)) .))
  name: (identifier) @_or
  arguments: (argument_list . (_) @env.read.default .)) @env.read
  (#eq? @_of "ofNullable") (#eq? @_getenv "getenv") (#eq? @_or "orElse"))
((method_invocation
  name: (identifier) @_or
  arguments: (argument_list .
    (method_invocation name: (identifier) @_getenv arguments: (argument_list . (string_literal (string_fragment) @env.read.name) .))
    . (_) @env.read.default .)) @env.read
  (#eq? @_getenv "getenv") (#any-of? @_or "requireNonNullElse" "defaultIfBlank" "defaultIfEmpty" "firstNonNull" "defaultString"))

; Imports.
(import_declaration (scoped_identifier) @import.name) @import

; What stays first.
(package_declaration) @prologue

((method_declaration name: (identifier) @_main body: (block) @entry.body) @entry (#eq? @_main "main"))

; What runs later.
(method_declaration body: (block) @deferred)
(constructor_declaration body: (_) @deferred)
(lambda_expression body: (_) @deferred)

; Literals that become one text, of the type of a literal.
(binary_expression operator: "+") @joined

; What else makes one text of literals and constants.
(assignment_expression operator: "+=") @folded
(string_literal (escape_sequence)) @folded
((method_invocation name: (identifier) @_f) @folded (#any-of? @_f "format" "formatted" "join" "concat"))
