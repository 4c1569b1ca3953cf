; JavaScript and TypeScript. The capture vocabulary is in grammars/README.md.

(comment) @comment
(hash_bang_line) @prologue

(string (string_fragment) @string.value) @string
(template_string (string_fragment) @string.value) @string

; How a literal is written decides how it is replaced.
(template_string) @slot.template
(call_expression function: (_) arguments: (template_string) @within.tagged)
(import_statement) @within.module
(export_statement source: (string) @within.module)
((call_expression function: [(identifier) (import)] @_f arguments: (arguments . (string) @within.module)) (#any-of? @_f "require" "import"))
(pair key: (string) @within.property)
(method_definition name: (string) @within.property)
(pair_pattern key: (string) @within.property)
(export_specifier (string) @within.property)

; What gets a value.
(variable_declarator name: (identifier) @binding.name value: (_) @binding.value) @binding
(assignment_expression left: (identifier) @binding.name right: (_) @binding.value) @binding
(assignment_expression left: (member_expression property: (_) @binding.name) right: (_) @binding.value) @binding
(assignment_expression left: (subscript_expression index: (string . (string_fragment) @binding.name .)) right: (_) @binding.value) @binding
(augmented_assignment_expression left: (identifier) @binding.name operator: ["??=" "||="] right: (_) @binding.value) @binding
(augmented_assignment_expression left: (member_expression property: (_) @binding.name) operator: ["??=" "||="] right: (_) @binding.value) @binding
(pair key: (property_identifier) @binding.name value: (_) @binding.value) @binding
(pair key: (string . (string_fragment) @binding.name .) value: (_) @binding.value) @binding
(object_assignment_pattern left: (shorthand_property_identifier_pattern) @binding.name right: (_) @binding.value) @binding
(array . (string . (string_fragment) @binding.name .) . (_) @binding.value .) @binding
; headers.set("x-api-key", "…"), req.setHeader("Authorization", "…")
((call_expression
  function: (member_expression property: (property_identifier) @_f)
  arguments: (arguments . (string . (string_fragment) @binding.name .) . (_) @binding.value .)) @binding
  (#any-of? @_f "set" "append" "header" "setHeader" "setRequestHeader" "stubEnv" "setItem"))
; client.setApiKey("…"): the method names its argument
((call_expression
  function: (member_expression property: (property_identifier) @binding.name)
  arguments: (arguments . (_) @binding.value .)) @binding
  (#match? @binding.name "([kK]ey|[tT]oken)$"))

(call_expression function: (_) @call.callee arguments: (arguments) @call.arguments) @call
(new_expression constructor: (_) @call.callee arguments: (arguments) @call.arguments) @call

; Environment: process.env.X, Bun.env.X, import.meta.env.X, Deno.env.get("X").
((member_expression object: (member_expression property: (property_identifier) @_e) property: (property_identifier) @env.read.name) @env.read
  (#eq? @_e "env"))
((subscript_expression object: (member_expression property: (property_identifier) @_e) index: (string . (string_fragment) @env.read.name .)) @env.read
  (#eq? @_e "env"))
((call_expression
  function: (member_expression object: (member_expression property: (property_identifier) @_e) property: (property_identifier) @_get)
  arguments: (arguments . (string . (string_fragment) @env.read.name .) .)) @env.read
  (#eq? @_e "env") (#eq? @_get "get"))
((binary_expression
  left: (member_expression object: (member_expression property: (property_identifier) @_e) property: (property_identifier) @env.read.name)
  operator: ["??" "||"]
  right: (_) @env.read.default) @env.read
  (#eq? @_e "env"))
((binary_expression
  left: (subscript_expression object: (member_expression property: (property_identifier) @_e) index: (string . (string_fragment) @env.read.name .))
  operator: ["??" "||"]
  right: (_) @env.read.default) @env.read
  (#eq? @_e "env"))
((binary_expression
  left: (call_expression
    function: (member_expression object: (member_expression property: (property_identifier) @_e) property: (property_identifier) @_get)
    arguments: (arguments . (string . (string_fragment) @env.read.name .) .))
  operator: ["??" "||"]
  right: (_) @env.read.default) @env.read
  (#eq? @_e "env") (#eq? @_get "get"))

; Only what stands in a block or file of its own may go as a statement.
((program (expression_statement (assignment_expression
  left: (member_expression object: (member_expression property: (property_identifier) @_e) property: (property_identifier) @env.write.name)
  right: (_) @env.write.value)) @env.write)
  (#eq? @_e "env"))
((statement_block (expression_statement (assignment_expression
  left: (member_expression object: (member_expression property: (property_identifier) @_e) property: (property_identifier) @env.write.name)
  right: (_) @env.write.value)) @env.write)
  (#eq? @_e "env"))
((program (expression_statement (assignment_expression
  left: (subscript_expression object: (member_expression property: (property_identifier) @_e) index: (string . (string_fragment) @env.write.name .))
  right: (_) @env.write.value)) @env.write)
  (#eq? @_e "env"))
((statement_block (expression_statement (assignment_expression
  left: (subscript_expression object: (member_expression property: (property_identifier) @_e) index: (string . (string_fragment) @env.write.name .))
  right: (_) @env.write.value)) @env.write)
  (#eq? @_e "env"))

((unary_expression operator: "delete"
  argument: (member_expression object: (member_expression property: (property_identifier) @_e) property: (property_identifier) @env.remove.name)) @env.remove
  (#eq? @_e "env"))

((import_statement source: (string . (string_fragment) @_m .)) @env.load (#eq? @_m "dotenv/config"))
((call_expression function: (identifier) @_r arguments: (arguments (string . (string_fragment) @_m .))) @env.load
  (#eq? @_r "require") (#eq? @_m "dotenv/config"))
((call_expression
  function: (member_expression object: (identifier) @_d property: (property_identifier) @_c)
  arguments: (arguments (_)? @env.load.path)) @env.load
  (#eq? @_d "dotenv") (#eq? @_c "config"))
((call_expression
  function: (member_expression
    object: (call_expression function: (identifier) @_r arguments: (arguments (string . (string_fragment) @_m .)))
    property: (property_identifier) @_c)
  arguments: (arguments (_)? @env.load.path)) @env.load
  (#eq? @_r "require") (#eq? @_m "dotenv") (#eq? @_c "config"))
((call_expression
  function: (member_expression object: (identifier) @_p property: (property_identifier) @_l)
  arguments: (arguments (_)? @env.load.path)) @env.load
  (#eq? @_p "process") (#eq? @_l "loadEnvFile"))
((call_expression
  function: (member_expression property: (property_identifier) @_c)
  arguments: (arguments (object (pair key: (property_identifier) @_o value: (true))))) @env.override
  (#eq? @_c "config") (#eq? @_o "override"))

; Imports.
(import_statement source: (string . (string_fragment) @import.name .)) @import
(import_statement (import_clause (identifier) @import.alias) source: (string . (string_fragment) @import.name .)) @import
(import_statement (import_clause (namespace_import (identifier) @import.alias)) source: (string . (string_fragment) @import.name .)) @import
(import_statement (import_clause (named_imports (import_specifier name: (identifier) @import.item)))
  source: (string . (string_fragment) @import.name .)) @import
(import_statement (import_clause (named_imports (import_specifier name: (identifier) @import.item alias: (identifier) @import.alias)))
  source: (string . (string_fragment) @import.name .)) @import
((lexical_declaration (variable_declarator name: (_)
  value: (call_expression function: (identifier) @_r arguments: (arguments . (string . (string_fragment) @import.name .) .)))) @import
  (#eq? @_r "require"))
((lexical_declaration (variable_declarator
  name: (object_pattern (shorthand_property_identifier_pattern) @import.item)
  value: (call_expression function: (identifier) @_r arguments: (arguments . (string . (string_fragment) @import.name .) .)))) @import
  (#eq? @_r "require"))
((variable_declaration (variable_declarator name: (_)
  value: (call_expression function: (identifier) @_r arguments: (arguments . (string . (string_fragment) @import.name .) .)))) @import
  (#eq? @_r "require"))

; "use strict", "use client"
(program . (hash_bang_line)? . (comment)* . (expression_statement (string)) @prologue)

((program (expression_statement (string . (string_fragment) @_d .)) @within.nowhere) (#eq? @_d "use client"))

; What runs later.
(function_declaration body: (_) @deferred)
(function_expression body: (_) @deferred)
(arrow_function body: (_) @deferred)
(method_definition body: (_) @deferred)

; What becomes a text: also a missing value.
(template_substitution) @template
((call_expression function: (identifier) @_f arguments: (arguments) @template) (#eq? @_f "String"))

; Literals that become one text.
(binary_expression operator: "+") @joined

; What else makes one text of literals and constants.
(template_string (template_substitution)) @folded
(string (escape_sequence)) @folded
(augmented_assignment_expression operator: "+=") @folded
((call_expression function: (member_expression property: (property_identifier) @_f)) @folded (#any-of? @_f "concat" "join"))
