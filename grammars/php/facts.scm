; PHP. The capture vocabulary is in grammars/README.md.

(comment) @comment

; Pieces around a variable are one value.
(string (string_content) @string.value) @string
(encapsed_string (string_content) @string.value) @string
(heredoc value: (heredoc_body (string_content) @string.value)) @string
(nowdoc value: (nowdoc_body (nowdoc_string) @string.value)) @string

; How a literal is written decides how it is replaced.
(heredoc) @slot.heredoc
(nowdoc) @slot.heredoc
(string) @slot.single
(subscript_expression . (string) @slot.single-bracketed)
(subscript_expression . (encapsed_string) @slot.bracketed)
(cast_expression value: (string) @slot.single-bracketed)
(cast_expression value: (encapsed_string) @slot.bracketed)
(unary_op_expression argument: (string) @slot.single-bracketed)
(unary_op_expression argument: (encapsed_string) @slot.bracketed)
(const_element) @within.constant
(enum_case) @within.constant
(static_variable_declaration) @within.constant
(property_element) @within.property
(attribute_list) @within.attribute
(property_promotion_parameter default_value: (_) @within.default)
(simple_parameter type: [(named_type) (primitive_type) (union_type)] default_value: (_) @within.default)
(arrow_function parameters: (formal_parameters (simple_parameter default_value: (_) @within.default)))

; A default that may be null: the read moves into the body.
(function_definition
  parameters: (formal_parameters [
    (simple_parameter !type name: (variable_name) @slot.parameter.name default_value: [(string) (encapsed_string)] @slot.parameter)
    (simple_parameter type: (optional_type) name: (variable_name) @slot.parameter.name default_value: [(string) (encapsed_string)] @slot.parameter)
  ])
  body: (compound_statement . (_) @slot.parameter.body))
(method_declaration
  parameters: (formal_parameters [
    (simple_parameter !type name: (variable_name) @slot.parameter.name default_value: [(string) (encapsed_string)] @slot.parameter)
    (simple_parameter type: (optional_type) name: (variable_name) @slot.parameter.name default_value: [(string) (encapsed_string)] @slot.parameter)
  ])
  body: (compound_statement . (_) @slot.parameter.body))

; What gets a value.
(assignment_expression left: (variable_name (name) @binding.name) right: (_) @binding.value) @binding
(assignment_expression left: [
  (member_access_expression name: (name) @binding.name)
  (scoped_property_access_expression name: (variable_name (name) @binding.name))
  (subscript_expression (_) . [(string (string_content) @binding.name) (encapsed_string (string_content) @binding.name)])
  ] right: (_) @binding.value) @binding
(augmented_assignment_expression left: (variable_name (name) @binding.name) right: (_) @binding.value) @binding
(array_element_initializer . [(string (string_content) @binding.name) (encapsed_string (string_content) @binding.name)] . "=>" . (_) @binding.value) @binding
(argument name: (name) @binding.name . ":" . (_) @binding.value) @binding
(const_element . (name) @binding.name . "=" . (_) @binding.value) @binding
(property_element name: (variable_name (name) @binding.name) default_value: (_) @binding.value) @binding
(static_variable_declaration name: (variable_name (name) @binding.name) value: (_) @binding.value) @binding
(simple_parameter name: (variable_name (name) @binding.name) default_value: (_) @binding.value) @binding
(property_promotion_parameter name: (variable_name (name) @binding.name) default_value: (_) @binding.value) @binding
; ->withHeader('Authorization', '…'), define('API_KEY', '…')
(_ arguments: (arguments . (argument . (string (string_content) @binding.name) .) . (argument . (_) @binding.value .) .)) @binding
; ->withApiKey('…'), setApiKey('…'): the method names its argument
(_ name: (name) @binding.name arguments: (arguments . (argument . (_) @binding.value .) .)) @binding
(function_call_expression function: (name) @binding.name arguments: (arguments . (argument . (_) @binding.value .) .)) @binding

((object_creation_expression (name) @binding.name (arguments . (argument (_) @binding.value) .)) @binding
  (#match? @binding.name "(Key|Token|Secret)"))

(function_call_expression function: (_) @call.callee arguments: (_) @call.arguments) @call
(member_call_expression object: (_) @call.callee name: (_) @call.callee arguments: (_) @call.arguments) @call
(scoped_call_expression scope: (_) @call.callee name: (_) @call.callee arguments: (_) @call.arguments) @call
(object_creation_expression [(name) (qualified_name)] @call.callee (arguments) @call.arguments) @call

; Environment.
((function_call_expression function: (_) @_get arguments: (arguments . (argument [(string (string_content) @env.read.name) (encapsed_string . (string_content) @env.read.name .)]) .)) @env.read
  (#any-of? @_get "getenv" "\\getenv" "env"))
((function_call_expression function: (_) @_get arguments: (arguments . (argument [(string (string_content) @env.read.name) (encapsed_string . (string_content) @env.read.name .)]) . (argument (_) @env.read.default) .)) @env.read
  (#eq? @_get "env"))
((subscript_expression . (variable_name) @_env [(string (string_content) @env.read.name) (encapsed_string . (string_content) @env.read.name .)]) @env.read
  (#any-of? @_env "$_ENV" "$_SERVER"))
((conditional_expression
  condition: (function_call_expression function: (_) @_get arguments: (arguments . (argument [(string (string_content) @env.read.name) (encapsed_string . (string_content) @env.read.name .)]) .))
  !body
  alternative: (_) @env.read.default) @env.read
  (#any-of? @_get "getenv" "\\getenv" "env"))
((conditional_expression
  condition: (subscript_expression . (variable_name) @_env [(string (string_content) @env.read.name) (encapsed_string . (string_content) @env.read.name .)])
  !body
  alternative: (_) @env.read.default) @env.read
  (#any-of? @_env "$_ENV" "$_SERVER"))
((binary_expression
  left: (subscript_expression . (variable_name) @_env [(string (string_content) @env.read.name) (encapsed_string . (string_content) @env.read.name .)])
  operator: "??"
  right: (_) @env.read.default) @env.read
  (#any-of? @_env "$_ENV" "$_SERVER"))
((binary_expression
  left: (function_call_expression function: (_) @_get arguments: (arguments . (argument [(string (string_content) @env.read.name) (encapsed_string . (string_content) @env.read.name .)]) .))
  operator: "??"
  right: (_) @env.read.default) @env.read
  (#any-of? @_get "getenv" "\\getenv" "env"))

; `putenv('X=…')` has its name and its value in one literal, and PHP fills `$_ENV` only where it is told to: what sets a
; variable stays a statement.
((unset_statement (subscript_expression . (variable_name) @_env (string (string_content) @env.remove.name))) @env.remove
  (#eq? @_env "$_ENV"))

; Only these put the file where `getenv` finds it.
((member_call_expression
  object: (scoped_call_expression scope: (_) @_class name: (name) @_create)
  name: (name) @_load) @env.load
  (#match? @_class "Dotenv$") (#match? @_create "^createUnsafe") (#any-of? @_load "load" "safeLoad"))
((assignment_expression
  right: (scoped_call_expression scope: (_) @_class name: (name) @_create)) @env.load
  (#match? @_class "Dotenv$") (#match? @_create "^createUnsafe"))
((scoped_call_expression scope: (_) @_class name: (name) @_create) @env.override
  (#match? @_class "Dotenv$") (#match? @_create "Mutable$"))
((member_call_expression name: (name) @_over) @env.override (#eq? @_over "overload"))

; Imports.
(namespace_use_declaration (namespace_use_clause . [(name) (qualified_name)] @import.name alias: (name)? @import.alias)) @import

; What stays first.
(php_tag) @prologue
(declare_statement) @prologue
(namespace_definition) @prologue

; What runs later.
(function_definition body: (_) @deferred)
(method_declaration body: (_) @deferred)
(anonymous_function body: (_) @deferred)
(arrow_function body: (_) @deferred)

; What becomes a text: also a missing value.
(encapsed_string [(variable_name) (subscript_expression) (member_access_expression) (function_call_expression) (member_call_expression)] @template)
(heredoc_body [(variable_name) (subscript_expression) (member_access_expression) (function_call_expression) (member_call_expression)] @template)

; Literals that become one text, of the type of a literal.
(binary_expression operator: ".") @joined

; What else makes one text of literals and constants.
(augmented_assignment_expression operator: ".=") @folded
(encapsed_string (escape_sequence)) @folded
(encapsed_string (variable_name)) @folded
((function_call_expression function: (name) @_f) @folded (#any-of? @_f "sprintf" "implode" "join"))
