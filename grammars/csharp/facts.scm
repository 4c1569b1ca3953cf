; C#. The capture vocabulary is in grammars/README.md.

(comment) @comment

; What has no pieces holds its quotes.
(string_literal (string_literal_content) @string.value) @string
(verbatim_string_literal) @string @string.value
(raw_string_literal (raw_string_content) @string.value) @string
(interpolated_string_expression (string_content) @string.value) @string

; How a literal is written decides how it is replaced.
(string_literal (string_literal_encoding)) @slot.utf8
(verbatim_string_literal) @slot.verbatim
(raw_string_literal) @slot.raw
(interpolated_string_expression) @slot.template
((interpolated_string_expression) @slot.raw-template (#match? @slot.raw-template "^\\$+\"\"\""))
; Where the grammar loses its way (behind `"""` in a `$@"…"`), what it takes for literals may be none.
((interpolated_string_expression) @within.nowhere (#match? @within.nowhere "(?s)^(\\$@|@\\$).*\\}\"\"\""))
(ERROR) @within.nowhere
(member_access_expression expression: (string_literal) @slot.bracketed)
(element_access_expression expression: (string_literal) @slot.bracketed)
(cast_expression value: (string_literal) @slot.bracketed)
((field_declaration (modifier) @slot.constant.from . (variable_declaration type: (_) @_t . (variable_declarator name: (identifier) @slot.constant.name (string_literal) @slot.constant.value) .) @slot.constant)
  (#eq? @slot.constant.from "const") (#eq? @_t "string"))
((local_declaration_statement (modifier) @slot.local-constant.from . (variable_declaration type: (_) @_t . (variable_declarator name: (identifier) @slot.local-constant.name (string_literal) @slot.local-constant.value) .) @slot.local-constant)
  (#eq? @slot.local-constant.from "const") (#eq? @_t "string"))
((field_declaration (modifier) @_const (variable_declaration) @within.const) (#eq? @_const "const"))
((local_declaration_statement (modifier) @_const (variable_declaration) @within.const) (#eq? @_const "const"))
(attribute_list) @within.attribute
(global_attribute) @within.attribute
(constant_pattern) @within.pattern
(relational_pattern) @within.pattern
(parameter) @within.parameter

; What gets a value.
(variable_declarator name: (identifier) @binding.name "=" . (_) @binding.value) @binding
(property_declaration name: (identifier) @binding.name value: (_) @binding.value) @binding
(parameter name: (identifier) @binding.name "=" . (_) @binding.value) @binding
(assignment_expression left: (identifier) @binding.name right: (_) @binding.value) @binding
(assignment_expression left: (member_access_expression name: (identifier) @binding.name) right: (_) @binding.value) @binding
(assignment_expression left: (element_access_expression subscript: (bracketed_argument_list . (argument (string_literal (string_literal_content) @binding.name)) .)) right: (_) @binding.value) @binding
(assignment_expression left: (element_binding_expression (argument (string_literal (string_literal_content) @binding.name))) right: (_) @binding.value) @binding
(initializer_expression (initializer_expression . (string_literal (string_literal_content) @binding.name) . (_) @binding.value .)) @binding
(argument name: (identifier) @binding.name ":" . (_) @binding.value) @binding
(attribute_argument name: (identifier) @binding.name "=" . (_) @binding.value) @binding
; .Add("x-api-key", "…"), new AuthenticationHeaderValue("Bearer", "…")
(_ (argument_list . (argument (string_literal (string_literal_content) @binding.name)) . (argument (_) @binding.value) .)) @binding
; WithApiKey("…"), new ApiKeyCredential("…"): the method names its argument
(invocation_expression
  function: [(identifier) @binding.name (member_access_expression name: (identifier) @binding.name)]
  arguments: (argument_list . (argument (_) @binding.value) .)) @binding
((object_creation_expression type: (identifier) @binding.name arguments: (argument_list . (argument (_) @binding.value) .)) @binding
  (#match? @binding.name "(Key|Token|Secret)"))

(invocation_expression function: (_) @call.callee arguments: (_) @call.arguments) @call
(object_creation_expression type: (_) @call.callee arguments: (_) @call.arguments) @call

; Environment.
((invocation_expression
  function: [(identifier) @_get (member_access_expression name: (identifier) @_get)]
  arguments: (argument_list . (argument (string_literal (string_literal_content) @env.read.name)))) @env.read
  (#eq? @_get "GetEnvironmentVariable"))
((binary_expression
  left: (invocation_expression
    function: [(identifier) @_get (member_access_expression name: (identifier) @_get)]
    arguments: (argument_list . (argument (string_literal (string_literal_content) @env.read.name))))
  operator: "??"
  right: (_) @env.read.default) @env.read
  (#eq? @_get "GetEnvironmentVariable"))
; Behind `if (…)` without braces a statement cannot go.
([(block (expression_statement (invocation_expression
    function: [(identifier) @_set (member_access_expression name: (identifier) @_set)]
    arguments: (argument_list . (argument (string_literal (string_literal_content) @env.write.name)) . (argument (_) @env.write.value) .))) @env.write)
  (global_statement (expression_statement (invocation_expression
    function: [(identifier) @_set (member_access_expression name: (identifier) @_set)]
    arguments: (argument_list . (argument (string_literal (string_literal_content) @env.write.name)) . (argument (_) @env.write.value) .))) @env.write)]
  (#eq? @_set "SetEnvironmentVariable"))

((invocation_expression function: (member_access_expression) @_load) @env.load
  (#any-of? @_load "DotNetEnv.Env.Load" "Env.Load" "DotNetEnv.Env.TraversePath().Load" "Env.TraversePath().Load" "DotEnv.Load"))
; It puts the file over what is there.
((invocation_expression function: (member_access_expression) @_load) @env.override
  (#any-of? @_load "DotNetEnv.Env.Load" "Env.Load" "DotNetEnv.Env.TraversePath().Load" "Env.TraversePath().Load" "DotEnv.Load"))

; Imports.
(using_directive name: (identifier) @import.alias (_) @import.name .) @import
(using_directive !name [(identifier) (qualified_name)] @import.name) @import

; What stays first.
(extern_alias_directive) @prologue

((method_declaration name: (identifier) @_main body: (block) @entry.body) @entry (#eq? @_main "Main"))

; What runs later.
(method_declaration body: (_) @deferred)
(constructor_declaration body: (_) @deferred)
(local_function_statement body: (_) @deferred)
(accessor_declaration body: (_) @deferred)
(lambda_expression body: (_) @deferred)

; What becomes a text: also a missing value.
(interpolation) @template

; Literals that become one text, of the type of a literal.
(binary_expression operator: "+") @joined

; What else makes one text of literals and constants.
(assignment_expression operator: "+=") @folded
(interpolated_string_expression (interpolation)) @folded
(string_literal (escape_sequence)) @folded
((invocation_expression function: (member_access_expression name: (identifier) @_f)) @folded
  (#any-of? @_f "Format" "Join" "Concat"))
