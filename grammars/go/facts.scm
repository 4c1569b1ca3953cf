; Go. The capture vocabulary is in grammars/README.md.

(comment) @comment

(interpreted_string_literal (interpreted_string_literal_content) @string.value) @string
(raw_string_literal (raw_string_literal_content) @string.value) @string

; How a literal is written decides how it is replaced.
(raw_string_literal) @slot.raw
(index_expression operand: (interpreted_string_literal) @slot.bracketed)
(slice_expression operand: (interpreted_string_literal) @slot.bracketed)
((var_spec . name: (identifier) . type: (_) @slot.converted.name
  value: (expression_list . (interpreted_string_literal) @slot.converted .))
  (#not-eq? @slot.converted.name "string"))
(const_declaration . "const" . (const_spec . name: (identifier) @slot.constant.name !type
  value: (expression_list . [(interpreted_string_literal) (raw_string_literal)] @slot.constant.value .)) .) @slot.constant
((const_declaration . "const" . (const_spec . name: (identifier) @slot.constant.name . type: (_) @_t
  value: (expression_list . [(interpreted_string_literal) (raw_string_literal)] @slot.constant.value .)) .) @slot.constant
  (#eq? @_t "string"))
(const_spec) @within.const
(field_declaration tag: (_) @within.tag)

; What gets a value.
(short_var_declaration left: (expression_list . (identifier) @binding.name .) right: (expression_list . (_) @binding.value .)) @binding
; Of two values each has its name, and `key, ok := …` gives one.
(short_var_declaration left: (expression_list . (identifier) @binding.name . (_) .) right: (expression_list . (call_expression) @binding.value .)) @binding
(short_var_declaration left: (expression_list . (identifier) @binding.name . (_) .) right: (expression_list . (_) @binding.value . (_) .)) @binding
(short_var_declaration left: (expression_list . (_) . (identifier) @binding.name .) right: (expression_list . (_) . (_) @binding.value .)) @binding
(assignment_statement left: (expression_list . (identifier) @binding.name .) right: (expression_list . (_) @binding.value .)) @binding
(assignment_statement left: (expression_list . (selector_expression field: (field_identifier) @binding.name) .) right: (expression_list . (_) @binding.value .)) @binding
(assignment_statement
  left: (expression_list . (index_expression index: (interpreted_string_literal (interpreted_string_literal_content) @binding.name)) .)
  right: (expression_list . (_) @binding.value .)) @binding
(var_spec . name: (identifier) @binding.name . type: (_)? . "=" value: (expression_list . (_) @binding.value .)) @binding
(const_spec . name: (identifier) @binding.name . type: (_)? . "=" value: (expression_list . (_) @binding.value .)) @binding
(keyed_element key: (literal_element (identifier) @binding.name) value: (literal_element (_) @binding.value)) @binding
(keyed_element key: (literal_element (interpreted_string_literal (interpreted_string_literal_content) @binding.name)) value: (literal_element (_) @binding.value)) @binding
; cli.StringFlag{EnvVars: []string{"NAME"}, Value: "…"}
((literal_value
  (keyed_element
    key: (literal_element (identifier) @_vars)
    value: (literal_element (composite_literal body: (literal_value . (literal_element (interpreted_string_literal (interpreted_string_literal_content) @binding.name))))))
  (keyed_element key: (literal_element (identifier) @_value) value: (literal_element (_) @binding.value))) @binding
  (#any-of? @_vars "EnvVars" "EnvVar") (#any-of? @_value "Value" "DefaultText"))
; What a function is called for.
(function_declaration name: (identifier) @binding.name body: (block (statement_list . (return_statement (expression_list . (_) @binding.value .)) .))) @binding
(method_declaration name: (field_identifier) @binding.name body: (block (statement_list . (return_statement (expression_list . (_) @binding.value .)) .))) @binding
; if v := os.Getenv("NAME"); v != "" { return v }
; return "…"
((statement_list
  (if_statement initializer: (short_var_declaration right: (expression_list .
    (call_expression
      function: (selector_expression field: (field_identifier) @_get)
      arguments: (argument_list . (interpreted_string_literal (interpreted_string_literal_content) @binding.name) .)))))
  . (return_statement (expression_list . (_) @binding.value .)) .) @binding
  (#any-of? @_get "Getenv" "LookupEnv"))
; .Set("Authorization", "…"), .Add("x-api-key", "…"), .SetHeader("name", "…")
(call_expression arguments: (argument_list . (interpreted_string_literal (interpreted_string_literal_content) @binding.name) . (_) @binding.value .)) @binding
; WithAPIKey("…"), SetAuthToken("…"): the function names its argument
((call_expression
  function: [(identifier) @binding.name (selector_expression field: (field_identifier) @binding.name)]
  arguments: (argument_list . (_) @binding.value .)) @binding
  (#match? @binding.name "(?i)(key|token|secret|bearer|auth)$"))

(call_expression function: (_) @call.callee arguments: (_) @call.arguments) @call

; Environment.
((call_expression
  function: (selector_expression operand: (identifier) @_os field: (field_identifier) @_get)
  arguments: (argument_list . (interpreted_string_literal (interpreted_string_literal_content) @env.read.name) .)) @env.read
  (#any-of? @_os "os" "_os" "syscall") (#any-of? @_get "Getenv" "LookupEnv"))
; getEnv("X", "…"), envOr("X", "…"): the helpers that every program has. `cmp.Or(…)` is none, and `os.Setenv` no write:
; they would leave an import that nothing uses, which does not compile.
((call_expression
  function: [(identifier) @_get (selector_expression field: (field_identifier) @_get)]
  arguments: (argument_list . (interpreted_string_literal (interpreted_string_literal_content) @env.read.name) . (_) @env.read.default .)) @env.read
  (#match? @_get "(?i)^(get_?|lookup_?|must_?get_?)?env(_?var|_?string|_?str)?(_?or|_?with)?(_?default|_?else|_?fallback)?$"))
((call_expression
  function: (selector_expression operand: (identifier) @_os field: (field_identifier) @_unset)
  arguments: (argument_list . (interpreted_string_literal (interpreted_string_literal_content) @env.remove.name) .)) @env.remove
  (#any-of? @_os "os" "syscall") (#eq? @_unset "Unsetenv"))
((call_expression function: (selector_expression operand: (identifier) @_os field: (field_identifier) @_clear)) @env.remove
  (#any-of? @_os "os" "syscall") (#eq? @_clear "Clearenv"))

((call_expression function: (selector_expression operand: (identifier) @_p field: (field_identifier) @_load)) @env.load
  (#eq? @_p "godotenv") (#any-of? @_load "Load" "Overload"))
((call_expression function: (selector_expression operand: (identifier) @_p field: (field_identifier) @_load)) @env.override
  (#eq? @_p "godotenv") (#eq? @_load "Overload"))
((import_spec path: (interpreted_string_literal (interpreted_string_literal_content) @_p)) @env.load
  (#eq? @_p "github.com/joho/godotenv/autoload"))

; Imports: the whole declaration, so that another one can stand before it. What stands before `import "C"` is C.
((import_declaration (import_spec !name path: (interpreted_string_literal (interpreted_string_literal_content) @import.name))) @import
  (#not-eq? @import.name "C"))
((import_declaration (import_spec path: (interpreted_string_literal) @_c)) @prologue (#eq? @_c "\"C\""))
(import_declaration (import_spec name: (package_identifier) @import.alias path: (interpreted_string_literal (interpreted_string_literal_content) @import.name))) @import
(import_declaration (import_spec_list (import_spec !name path: (interpreted_string_literal (interpreted_string_literal_content) @import.name)))) @import
(import_declaration (import_spec_list (import_spec name: (package_identifier) @import.alias path: (interpreted_string_literal (interpreted_string_literal_content) @import.name)))) @import

; What stays first.
(package_clause) @prologue

(source_file (function_declaration name: (identifier) @_main body: (block) @entry.body) @entry
  (#eq? @_main "main"))

; What runs later.
(function_declaration body: (block) @deferred)
(method_declaration body: (block) @deferred)
(func_literal body: (block) @deferred)

; Literals that become one text, of the type of a literal.
(binary_expression operator: "+") @joined

; What else makes one text of literals and constants.
(assignment_statement operator: "+=") @folded
(interpreted_string_literal (escape_sequence)) @folded
((call_expression function: (selector_expression operand: (identifier) @_p field: (field_identifier) @_f)) @folded
  (#any-of? @_p "fmt" "strings") (#any-of? @_f "Sprintf" "Sprint" "Join"))
