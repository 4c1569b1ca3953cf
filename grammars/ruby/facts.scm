; Ruby. The capture vocabulary is in grammars/README.md.

((comment) @comment (#not-match? @comment "frozen_string_literal"))

; Pieces around an interpolation are one value.
(string (string_content) @string.value) @string
(subshell (string_content) @string.value) @string
(heredoc_body (heredoc_content) @string.value) @string

; How a literal is written decides how it is replaced.
(heredoc_body) @slot.heredoc
((string) @slot.single (#match? @slot.single "^'[^\\\\]*$"))
((string) @slot.escaped (#match? @slot.escaped "^'"))
((string) @slot.percent (#match? @slot.percent "^%q"))
(chained_string (string) @slot.joined-other)
((chained_string (string) @slot.joined) (#match? @slot.joined "^\""))
((chained_string (string) @slot.joined-single) (#match? @slot.joined-single "^'[^\\\\]*$"))
(pair key: (string) @within.symbol . ":")

; What gets a value.
(assignment
  left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @binding.name
  right: (_) @binding.value) @binding
(operator_assignment
  left: [(identifier) (constant) (instance_variable) (class_variable) (global_variable)] @binding.name
  right: (_) @binding.value) @binding
(assignment left: (call method: (identifier) @binding.name) right: (_) @binding.value) @binding
(assignment left: (element_reference [(string (string_content) @binding.name) (simple_symbol) @binding.name]) right: (_) @binding.value) @binding
(pair key: (string (string_content) @binding.name) value: (_) @binding.value) @binding
(pair key: [(hash_key_symbol) (simple_symbol) (constant)] @binding.name value: (_) @binding.value) @binding
(keyword_parameter name: (identifier) @binding.name value: (_) @binding.value) @binding
(optional_parameter name: (identifier) @binding.name value: (_) @binding.value) @binding
; .header("Authorization", "…"), .store("api_key", "…")
(call arguments: (argument_list . (string (string_content) @binding.name) . (_) @binding.value .)) @binding
; attribute :api_key, :string, default: -> { "…" }
((call arguments: (argument_list . (simple_symbol) @binding.name (pair key: (hash_key_symbol) @_default value: (_) @binding.value))) @binding
  (#eq? @_default "default"))
; .api_key("…"): the method names its argument
(call method: (identifier) @binding.name arguments: (argument_list . (string) @binding.value .)) @binding

(call receiver: (_)? @call.callee method: (_) @call.callee arguments: (_) @call.arguments) @call

; Environment.
((element_reference object: (constant) @_env . "[" . (string (string_content) @env.read.name) . "]") @env.read
  (#eq? @_env "ENV"))
((call receiver: (constant) @_env method: (identifier) @_get arguments: (argument_list . (string (string_content) @env.read.name) .) !block) @env.read
  (#eq? @_env "ENV") (#any-of? @_get "fetch" "dig"))
((call receiver: (constant) @_env method: (identifier) @_get arguments: (argument_list . (string (string_content) @env.read.name) . (_) @env.read.default .)) @env.read
  (#eq? @_env "ENV") (#eq? @_get "fetch"))
((call receiver: (constant) @_env method: (identifier) @_get arguments: (argument_list . (string (string_content) @env.read.name) .)
  block: (_ body: (_ . (_) @env.read.default .))) @env.read
  (#eq? @_env "ENV") (#eq? @_get "fetch"))
((binary
  left: (element_reference object: (constant) @_env (string (string_content) @env.read.name))
  operator: ["||" "or"]
  right: (_) @env.read.default) @env.read
  (#eq? @_env "ENV"))

; `ENV["X"] = …` is no write: it may have `unless` behind it, and stays a statement.
((call receiver: (constant) @_env method: (identifier) @_delete arguments: (argument_list . (string (string_content) @env.remove.name) .)) @env.remove
  (#eq? @_env "ENV") (#eq? @_delete "delete"))

((call receiver: (constant) @_dotenv method: (identifier) @_load) @env.load
  (#eq? @_dotenv "Dotenv") (#any-of? @_load "load" "load!" "overload" "overwrite"))
((call method: (identifier) @_require arguments: (argument_list . (string (string_content) @_p) .)) @env.load
  (#eq? @_require "require") (#any-of? @_p "dotenv/load" "dotenv/autoload"))
((call receiver: (constant) @_dotenv method: (identifier) @_load) @env.override
  (#eq? @_dotenv "Dotenv") (#any-of? @_load "overload" "overwrite"))

; Imports.
((call !receiver method: (identifier) @_require arguments: (argument_list . (string (string_content) @import.name) .)) @import
  (#any-of? @_require "require" "require_relative"))

; What stays first.
((comment) @prologue (#match? @prologue "frozen_string_literal"))

; What runs later.
(method body: (_) @deferred)
(singleton_method body: (_) @deferred)
(block body: (_) @deferred)
(do_block body: (_) @deferred)

; What becomes a text: also a missing value.
(interpolation) @template

; Literals that become one text, of the type of a literal.
(chained_string) @joined
(binary operator: "+") @joined

; What else makes one text of literals and constants.
(binary operator: ["%" "<<"]) @folded
(operator_assignment operator: "+=") @folded
(string (interpolation)) @folded
(string (escape_sequence)) @folded
((call method: (identifier) @_f) @folded (#any-of? @_f "format" "sprintf" "join" "concat"))
