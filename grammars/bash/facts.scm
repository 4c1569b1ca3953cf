; Bash and what is like it. The capture vocabulary is in grammars/README.md.

(comment) @comment

; Literals. Pieces around an expansion are one value; what has no pieces holds its quotes.
(string (string_content) @string.value) @string
(raw_string) @string @string.value
(ansi_c_string) @string @string.value
; Words are literals where they are given to something.
(variable_assignment value: (word) @string @string.value)
(variable_assignment value: (concatenation (word) @string @string.value))
(variable_assignment value: (array (word) @string @string.value))
((variable_assignment value: (array (concatenation (word) @string @string.value))) (#match? @string "[A-Za-z0-9_-]{16}"))
((command argument: (word) @string @string.value) (#match? @string "[A-Za-z0-9_-]{16}"))
((command argument: (concatenation (word) @string @string.value)) (#match? @string "[A-Za-z0-9_-]{16}"))
(expansion (word) @string @string.value @slot.bare)
; `${X:-sk-…}`: what comes before the first sign is taken for a name.
(expansion (concatenation . (variable_name) . (word) .) @string @string.value @slot.bare)
((herestring_redirect (word) @string @string.value) (#match? @string "[A-Za-z0-9_-]{16}"))
((binary_expression right: (extglob_pattern) @string @string.value) (#match? @string "^[A-Za-z0-9_-]{16,}$"))
((for_statement (word) @string @string.value) (#match? @string "[A-Za-z0-9_-]{16}"))
(heredoc_redirect (heredoc_body) @string @string.value)

; How a literal is written decides how it is replaced.
(string) @slot.quoted
(raw_string) @slot.raw
((raw_string) @slot.plain (#not-match? @slot.plain "[\"$`\\\\!]"))
(ansi_c_string) @slot.ansi
((heredoc_redirect (heredoc_start) @_s (heredoc_body) @slot.heredoc) (#not-match? @_s "['\"\\\\]"))
((heredoc_redirect (heredoc_start) @_s (heredoc_body) @within.raw-heredoc) (#match? @_s "['\"\\\\]"))

; Where the grammar loses its way, what it takes for literals may be none.
(ERROR) @within.nowhere

; What gets a value: `X=…`, `export X=…`, `X=… command`. A read of itself is right there: it fails where X is missing,
; and exports it where a sourced file has not.
(variable_assignment name: (variable_name) @binding.name value: (_) @binding.value) @binding
(variable_assignment name: (subscript index: (_) @binding.name) value: (_) @binding.value) @binding
; map=([key]="…")
((array (concatenation . (word) @_open . (word) @binding.name . (word) . (word) . (_) @binding.value .)) @binding (#eq? @_open "["))
; --api-key "…"
((command argument: (word) @binding.name . argument: (_) @binding.value) @binding (#match? @binding.name "^--[a-z]"))
; gh secret set NAME --body "…"
((command argument: (word) @_set . argument: (word) @binding.name . argument: (word) @_body . argument: (_) @binding.value) @binding
  (#eq? @_set "set") (#any-of? @_body "--body" "-b" "--value"))

(command name: (command_name) @call.callee) @call

; Environment.
; A blank between two reads belongs to the node behind it: that one is none, so that the blank stays.
; `$1` is no variable of the environment.
((simple_expansion (variable_name) @env.read.name) @env.read (#match? @env.read "^\\$") (#match? @env.read.name "^[A-Za-z_]"))
((expansion !operator . (variable_name) @env.read.name . "}") @env.read (#match? @env.read "^\\$") (#match? @env.read.name "^[A-Za-z_]"))
((expansion . "${" . (variable_name) @env.read.name operator: [":-" "-" ":=" "="] . (_) @env.read.default . "}") @env.read
  (#match? @env.read "^\\$") (#match? @env.read.name "^[A-Za-z_]"))
(unset_command (variable_name) @env.remove.name) @env.remove
; What a function keeps to itself, and what is read from elsewhere, is not what the environment had.
((declaration_command (variable_name) @env.remove.name) @env.remove (#not-match? @env.remove "^(export|readonly)"))
((command name: (command_name (word) @_f) argument: (word) @env.remove.name) @env.remove (#eq? @_f "read"))

((command name: (command_name (word) @_f) argument: (_) @env.load.path) @env.load @env.override
  (#any-of? @_f "source" ".") (#match? @env.load.path "\\.env[a-z.]*[\"']?$"))

; export $(grep … .env | xargs), eval "$(sed … .env)", source <(sed … .env): what reads the lines puts them over what is there.
((declaration_command [
  (command_substitution [(command argument: (_) @_p) (pipeline (command argument: (_) @_p)) (file_redirect (_) @_p)])
  (string (command_substitution [(command argument: (_) @_p) (pipeline (command argument: (_) @_p)) (file_redirect (_) @_p)]))
  ]) @env.override (#match? @_p "\\.env[a-z.]*[\"']?$"))
((command name: (command_name) @_f argument: [
  (command_substitution [(command argument: (_) @_p) (pipeline (command argument: (_) @_p)) (file_redirect (_) @_p)])
  (process_substitution [(command argument: (_) @_p) (pipeline (command argument: (_) @_p))])
  (string (command_substitution [(command argument: (_) @_p) (pipeline (command argument: (_) @_p)) (file_redirect (_) @_p)]))
  ]) @env.override (#any-of? @_f "source" "." "eval" "env" "export") (#match? @_p "\\.env[a-z.]*[\"']?$"))
; while read … do export "$line"; done < .env
((redirected_statement body: [(while_statement) (for_statement)]
  redirect: (file_redirect destination: [(word) @_p (string) @_p (process_substitution (command argument: (_) @_p))])) @env.override
  (#match? @_p "\\.env[a-z.]*[\"']?$"))
((pipeline (command argument: (_) @_p) . (while_statement)) @env.override (#match? @_p "\\.env[a-z.]*[\"']?$"))

; What runs later.
(function_definition body: (_) @deferred)

; What becomes a text: also a missing value.
(string [(simple_expansion) (expansion) (command_substitution)] @template)

; Literals that become one text.
(variable_assignment value: (concatenation) @joined)
(command argument: (concatenation) @joined)

; What else makes one text of literals and constants.
(variable_assignment "+=") @folded
(string [(simple_expansion) (expansion)]) @folded
