; Python. The capture vocabulary is in grammars/README.md.

(comment) @comment

; Literals. Pieces around an interpolation are one value.
(string (string_content) @string.value) @string

; How a literal is written decides how it is replaced.
((string (string_start) @_start) @slot.template
  (#match? @_start "^[rR]?[fF]"))
((string (string_start) @_start) @slot.bytes
  (#match? @_start "^[rR]?[bB]"))
((concatenated_string (string (string_start) @_start) @slot.joined)
  (#not-match? @_start "[fFbB]"))
((concatenated_string (string (string_start) @_start) @slot.joined-template)
  (#match? @_start "[fF]"))
((concatenated_string (string (string_start) @_start) @slot.joined-bytes)
  (#match? @_start "[bB]"))
((string (string_start) @_start) @slot.unicode
  (#match? @_start "^[uU]"))
(case_pattern [(string) (concatenated_string)] @within.pattern)

; What gets a value.
(assignment left: (identifier) @binding.name right: (_) @binding.value) @binding
(assignment left: (attribute attribute: (identifier) @binding.name) right: (_) @binding.value) @binding
(assignment left: (subscript subscript: (string (string_content) @binding.name)) right: (_) @binding.value) @binding
(named_expression name: (identifier) @binding.name value: (_) @binding.value) @binding
(keyword_argument name: (identifier) @binding.name value: (_) @binding.value) @binding
(pair key: (string (string_content) @binding.name) value: (_) @binding.value) @binding
(pair key: (identifier) @binding.name value: (_) @binding.value) @binding
(default_parameter name: (identifier) @binding.name value: (_) @binding.value) @binding
(typed_default_parameter name: (identifier) @binding.name value: (_) @binding.value) @binding
(for_in_clause left: (identifier) @binding.name right: (_) @binding.value) @binding
(for_statement left: (identifier) @binding.name right: (_) @binding.value) @binding
; session.headers.update / setdefault / set_key: a name and a value as arguments
((call function: (attribute attribute: (identifier) @_f)
  arguments: (argument_list . (string (string_content) @binding.name) . (_) @binding.value .)) @binding
  (#any-of? @_f "add_header" "putheader" "setdefault"))

(call function: (_) @call.callee arguments: (_) @call.arguments) @call

; A parameter's default is evaluated when the function is defined, so the read moves into the body.
(function_definition
  parameters: (parameters [
    (default_parameter name: (identifier) @slot.parameter.name value: (string) @slot.parameter)
    (typed_default_parameter name: (identifier) @slot.parameter.name value: (string) @slot.parameter)
  ])
  body: (block) @slot.parameter.body)

; Environment.
(subscript value: (attribute attribute: (identifier) @_environ) subscript: (string (string_content) @env.read.name)
  (#eq? @_environ "environ")) @env.read
(subscript value: (identifier) @_environ subscript: (string (string_content) @env.read.name)
  (#eq? @_environ "environ")) @env.read
((call function: [(identifier) @_getenv (attribute attribute: (identifier) @_getenv)]
  arguments: (argument_list . (string (string_content) @env.read.name) .)) @env.read
  (#eq? @_getenv "getenv"))
((call function: [(identifier) @_getenv (attribute attribute: (identifier) @_getenv)]
  arguments: (argument_list . (string (string_content) @env.read.name) . [
    (keyword_argument name: (identifier) value: (_) @env.read.default)
    (_) @env.read.default] .)) @env.read
  (#eq? @_getenv "getenv"))
((call function: (attribute object: [(identifier) @_environ (attribute attribute: (identifier) @_environ)] attribute: (identifier) @_get)
  arguments: (argument_list . (string (string_content) @env.read.name) .)) @env.read
  (#eq? @_environ "environ") (#any-of? @_get "get" "pop"))
((call function: (attribute object: [(identifier) @_environ (attribute attribute: (identifier) @_environ)] attribute: (identifier) @_get)
  arguments: (argument_list . (string (string_content) @env.read.name) . (_) @env.read.default .)) @env.read
  (#eq? @_environ "environ") (#any-of? @_get "get" "pop"))
((boolean_operator
  left: (call function: (attribute attribute: (identifier) @_get)
    arguments: (argument_list . (string (string_content) @env.read.name)))
  operator: "or"
  right: (_) @env.read.default) @env.read
  (#any-of? @_get "get" "getenv") (#match? @env.read.name "^[A-Z][A-Z0-9_]*$"))

((expression_statement (assignment
  left: (subscript value: [(identifier) @_environ (attribute attribute: (identifier) @_environ)]
    subscript: (string (string_content) @env.write.name))
  right: (_) @env.write.value)) @env.write
  (#eq? @_environ "environ"))
((expression_statement (call
  function: (attribute object: [(identifier) @_environ (attribute attribute: (identifier) @_environ)] attribute: (identifier) @_set)
  arguments: (argument_list . (string (string_content) @env.write.name) . (_) @env.write.value .))) @env.write
  (#eq? @_environ "environ") (#eq? @_set "setdefault"))
((expression_statement (call
  function: (attribute attribute: (identifier) @_set)
  arguments: (argument_list . (string (string_content) @env.write.name) . (_) @env.write.value .))) @env.write
  (#eq? @_set "putenv"))

((call function: [(identifier) @_load (attribute attribute: (identifier) @_load)] arguments: (argument_list (_)? @env.load.path)) @env.load
  (#eq? @_load "load_dotenv"))
((call function: [(identifier) @_load (attribute attribute: (identifier) @_load)]
  arguments: (argument_list (keyword_argument name: (identifier) @_override value: (_) @_value))) @env.override
  (#eq? @_load "load_dotenv") (#eq? @_override "override") (#not-eq? @_value "False"))
((call function: [(identifier) @_load (attribute attribute: (identifier) @_load)]
  arguments: (argument_list . (_) . (_) . (_) . (true))) @env.override
  (#eq? @_load "load_dotenv"))
((call function: (attribute object: [(identifier) @_environ (attribute attribute: (identifier) @_environ)] attribute: (identifier) @_update)
  arguments: (argument_list [
    (call function: [(identifier) @_values (attribute attribute: (identifier) @_values)])
    (dictionary_splat (call function: [(identifier) @_values (attribute attribute: (identifier) @_values)]))])) @env.override
  (#eq? @_environ "environ") (#eq? @_update "update") (#eq? @_values "dotenv_values"))
((call function: (attribute object: [(identifier) @_environ (attribute attribute: (identifier) @_environ)] attribute: (identifier) @_pop)
  arguments: (argument_list . (string (string_content) @env.remove.name))) @env.remove
  (#eq? @_environ "environ") (#eq? @_pop "pop"))
((call function: (attribute object: [(identifier) @_environ (attribute attribute: (identifier) @_environ)] attribute: (identifier) @_clear)) @env.remove
  (#eq? @_environ "environ") (#eq? @_clear "clear"))
; mock.patch.dict(os.environ, …, clear=True), os.environ = …
((call arguments: (argument_list . [(identifier) @_environ (attribute attribute: (identifier) @_environ)]
  (keyword_argument name: (identifier) @_clear value: (true)))) @env.remove
  (#eq? @_environ "environ") (#eq? @_clear "clear"))
((assignment left: (attribute attribute: (identifier) @_environ)) @env.remove
  (#eq? @_environ "environ"))
((call function: (attribute attribute: (identifier) @_unset)
  arguments: (argument_list . (string (string_content) @env.remove.name))) @env.remove
  (#any-of? @_unset "unsetenv" "delenv"))
((delete_statement (_ (subscript value: [(identifier) @_environ (attribute attribute: (identifier) @_environ)]
  subscript: (string (string_content) @env.remove.name)))) @env.remove
  (#eq? @_environ "environ"))
((delete_statement (subscript value: [(identifier) @_environ (attribute attribute: (identifier) @_environ)]
  subscript: (string (string_content) @env.remove.name))) @env.remove
  (#eq? @_environ "environ"))

; Settings classes: every field reads a variable.
((class_definition
  superclasses: (argument_list . [(identifier) @_base (attribute attribute: (identifier) @_base)] . (keyword_argument)* .)
  body: (block (expression_statement (assignment
    left: (identifier) @setting.name
    type: (type) @setting.kind
    right: (_)? @setting.value)) @setting)) @setting.class
  (#eq? @_base "BaseSettings")
  (#not-match? @setting.name "^_|^model_config$")
  (#not-match? @setting.kind "ClassVar|Final"))
(class_definition superclasses: (argument_list (identifier) @subclass.of)) @subclass

; Imports.
(import_statement name: (dotted_name) @import.name) @import
(import_statement name: (aliased_import name: (dotted_name) @import.name alias: (identifier) @import.alias)) @import
(import_from_statement module_name: (_) @import.name name: (dotted_name) @import.item) @import
(import_from_statement module_name: (_) @import.name name: (aliased_import name: (dotted_name) @import.item alias: (identifier) @import.alias)) @import

; What stays first.
(future_import_statement) @prologue
(module . (comment)* . (expression_statement (string)) @prologue)
(function_definition body: (block . (expression_statement (string)) @prologue))
(module . (expression_statement (string) @within.docstring))
(function_definition body: (block . (expression_statement (string) @within.docstring)))
(class_definition body: (block . (expression_statement (string) @within.docstring)))

; What runs later.
(function_definition body: (block) @deferred)
(lambda body: (_) @deferred)

; What becomes a text: also a missing value.
(interpolation) @template
((call function: (identifier) @_str arguments: (argument_list) @template) (#eq? @_str "str"))

; Literals that become one text.
(concatenated_string) @joined
(binary_operator operator: "+") @joined
((call function: (attribute object: (string) attribute: (identifier) @_join)) @joined (#eq? @_join "join"))

; What else makes one text of literals and constants.
(binary_operator operator: "%") @folded
(string (interpolation)) @folded
(string (string_content (escape_sequence))) @folded
(augmented_assignment) @folded
((call function: (attribute attribute: (identifier) @_f)) @folded (#any-of? @_f "format" "join" "add"))
