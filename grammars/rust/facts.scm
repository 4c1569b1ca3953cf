; Rust. The capture vocabulary is in grammars/README.md.

(line_comment) @comment
(block_comment) @comment

(string_literal (string_content) @string.value) @string
(raw_string_literal (string_content) @string.value) @string

; What gets a value.
(let_declaration pattern: (identifier) @binding.name value: (_) @binding.value) @binding
(const_item name: (identifier) @binding.name value: (_) @binding.value) @binding
(static_item name: (identifier) @binding.name value: (_) @binding.value) @binding
(field_initializer field: (field_identifier) @binding.name value: (_) @binding.value) @binding
(assignment_expression left: (identifier) @binding.name right: (_) @binding.value) @binding
(assignment_expression left: (field_expression field: (field_identifier) @binding.name) right: (_) @binding.value) @binding
; .header("Authorization", "…"), .insert("x-api-key", "…"), ("name", "…")
(call_expression arguments: (arguments . (string_literal (string_content) @binding.name) . (_) @binding.value .)) @binding
(tuple_expression . (string_literal (string_content) @binding.name) . (_) @binding.value .) @binding
; json!({"api_key": "…"})
(token_tree (string_literal (string_content) @binding.name) . ":" . (string_literal) @binding.value) @binding
; builder.api_key("…"), with_api_key("…"), bearer_auth("…"): the method names its argument
(call_expression
  function: (field_expression field: (field_identifier) @binding.name)
  arguments: (arguments . (_) @binding.value .)) @binding

(call_expression function: (_) @call.callee arguments: (arguments) @call.arguments) @call
(macro_invocation macro: (_) @call.callee (token_tree) @call.arguments) @call
(token_tree (identifier) @call.callee . "!" . (token_tree) @call.arguments @call)
(macro_definition name: (identifier) @literal-only.name
  (macro_rule left: (token_tree_pattern (token_binding_pattern type: (fragment_specifier) @_kind)))
  (#eq? @_kind "literal")) @literal-only

; Slots, from the special to the general: see `idiom` in language.toml.
((call_expression
  function: (field_expression value: [(string_literal) (raw_string_literal)] @slot.owned.value field: (field_identifier) @_f)
  arguments: (arguments)) @slot.owned
  (#any-of? @_f "to_string" "to_owned"))
((call_expression
  function: [(scoped_identifier path: (identifier) @_t name: (identifier) @_f)]
  arguments: (arguments . [(string_literal) (raw_string_literal)] @slot.owned.value .)) @slot.owned
  (#eq? @_t "String") (#eq? @_f "from"))
((field_expression value: [(string_literal) (raw_string_literal)] @slot.bare field: (field_identifier) @_f)
  (#not-any-of? @_f "to_string" "to_owned" "as_bytes" "as_ref" "as_str" "bytes" "char_indices" "chars" "get" "lines" "matches" "rsplit" "rsplit_once" "rsplitn" "split" "split_at" "split_once" "split_whitespace" "splitn" "strip_prefix" "strip_suffix" "trim" "trim_end" "trim_end_matches" "trim_matches" "trim_start" "trim_start_matches"))
(binary_expression [(string_literal) (raw_string_literal)] @slot.bare)
; A message of `assert!` must be a literal, and what stands before it can have any length.
((macro_invocation macro: (identifier) @_m (token_tree "," . [(string_literal) (raw_string_literal)] @slot.literal-only))
  (#any-of? @_m "assert" "debug_assert"))
((string_literal) @slot.c-string (#match? @slot.c-string "^c"))
((raw_string_literal) @slot.c-string (#match? @slot.c-string "^cr"))
(binary_expression operator: "+" right: [(string_literal) (raw_string_literal)] @slot.borrowed)
((string_literal) @slot.bytes (#match? @slot.bytes "^b"))
((raw_string_literal) @slot.bytes (#match? @slot.bytes "^br"))
((arguments [(string_literal) (raw_string_literal)] @slot.borrowed)
  (#not-match? @slot.borrowed "^b"))
((let_declaration value: [(string_literal) (raw_string_literal)] @slot.borrowed)
  (#not-match? @slot.borrowed "^b"))
; These keep what they are given.
((call_expression
  function: [(field_expression field: (field_identifier) @_f) (identifier) @_f (scoped_identifier name: (identifier) @_f)]
  arguments: (arguments [(string_literal) (raw_string_literal)] @slot.value))
  (#any-of? @_f "unwrap_or" "or" "map_or" "insert" "push" "push_back" "set" "get_or_insert" "or_insert" "replace" "once" "repeat" "Some" "Ok" "Err" "Borrowed"))
((call_expression function: (scoped_identifier name: (identifier) @_f)
  arguments: (arguments [(string_literal) (raw_string_literal)] @slot.value))
  (#match? @_f "^(from_static|new_static)$"))
(token_tree [(string_literal) (raw_string_literal)] @slot.bare . "." . (identifier) @_f
  (#any-of? @_f "to_string" "to_owned" "into"))
((macro_invocation macro: (identifier) @_m (token_tree . (string_literal) @slot.format))
  (#any-of? @_m "format" "print" "println" "eprint" "eprintln" "panic" "todo" "unreachable" "info" "warn" "error" "debug" "trace" "bail" "anyhow"))
((token_tree (identifier) @_m . "!" . (token_tree . (string_literal) @slot.format))
  (#any-of? @_m "format" "print" "println" "eprint" "eprintln" "panic" "todo" "unreachable" "info" "warn" "error" "debug" "trace" "bail" "anyhow"))
((macro_invocation macro: (identifier) @_m (token_tree . "&" . (mutable_specifier) . (identifier) . "," . (string_literal) @slot.format))
  (#any-of? @_m "write" "writeln"))
((macro_invocation macro: (identifier) @_m (token_tree . (_) . "," . (string_literal) @slot.format))
  (#any-of? @_m "write" "writeln" "assert"))
((macro_invocation macro: (identifier) @_m (token_tree)) @within.concat
  (#any-of? @_m "concat" "env" "option_env" "include_str" "include_bytes"))

((call_expression
  function: [(identifier) @_f (scoped_identifier name: (identifier) @_f)]
  arguments: (arguments [(string_literal) (raw_string_literal)] @slot.value))
  (#match? @_f "^[A-Z]"))
((call_expression
  function: (scoped_identifier path: (identifier) @_t name: (identifier) @_f)
  arguments: (arguments [(string_literal) (raw_string_literal)] @slot.value))
  (#any-of? @_t "Box" "Arc" "Rc" "Cow" "Cell" "RefCell" "Mutex") (#any-of? @_f "new" "from"))
((let_declaration type: (_) @_t value: [(string_literal) (raw_string_literal)] @slot.value)
  (#match? @_t "'static"))

; Constants become lazy statics.
((source_file (const_item "const" @slot.constant.from name: (identifier) @slot.constant.name type: (reference_type) value: [(string_literal) (raw_string_literal)] @slot.constant.value) @slot.constant) (#not-match? @slot.constant.value "^[bc]") (#not-eq? @slot.constant.name "_"))
((source_file (static_item "static" @slot.constant.from name: (identifier) @slot.constant.name type: (reference_type) value: [(string_literal) (raw_string_literal)] @slot.constant.value) @slot.constant) (#not-match? @slot.constant.value "^[bc]") (#not-eq? @slot.constant.name "_"))
((block (const_item "const" @slot.constant.from name: (identifier) @slot.constant.name type: (reference_type) value: [(string_literal) (raw_string_literal)] @slot.constant.value) @slot.constant) (#not-match? @slot.constant.value "^[bc]") (#not-eq? @slot.constant.name "_"))
((block (static_item "static" @slot.constant.from name: (identifier) @slot.constant.name type: (reference_type) value: [(string_literal) (raw_string_literal)] @slot.constant.value) @slot.constant) (#not-match? @slot.constant.value "^[bc]") (#not-eq? @slot.constant.name "_"))
((mod_item body: (declaration_list (const_item "const" @slot.constant.from name: (identifier) @slot.constant.name type: (reference_type) value: [(string_literal) (raw_string_literal)] @slot.constant.value) @slot.constant)) (#not-match? @slot.constant.value "^[bc]") (#not-eq? @slot.constant.name "_"))
((impl_item !trait body: (declaration_list (const_item "const" @slot.associated-constant.from name: (identifier) @slot.associated-constant.name type: (reference_type) value: [(string_literal) (raw_string_literal)] @slot.associated-constant.value) @slot.associated-constant)) (#not-match? @slot.associated-constant.value "^[bc]") (#not-eq? @slot.associated-constant.name "_"))
(const_item) @within.constant-part
(static_item) @within.constant-part
(const_block) @within.constant-part
(token_tree "const" . (token_tree) @within.constant-part)
(array_expression length: (_) @within.constant-part)
(array_type length: (_) @within.constant-part)
(type_arguments (block) @within.constant-part)
(impl_item trait: (_) body: (declaration_list (const_item) @within.trait-constant))
(trait_item body: (declaration_list (const_item) @within.trait-constant))
(closure_expression) @within.value
(match_pattern) @within.pattern
(let_condition pattern: (_) @within.pattern)
((macro_invocation macro: (identifier) @_m (token_tree)) @within.pattern (#any-of? @_m "matches" "assert_matches"))
((token_tree (identifier) @_m . "!" . (token_tree) @within.pattern) (#any-of? @_m "matches" "assert_matches"))
((token_tree (identifier) @_m . "!" . (token_tree) @within.concat) (#any-of? @_m "concat" "env" "option_env"))
(shorthand_field_initializer) @within.shorthand
((function_item (function_modifiers) @_m body: (block) @within.const-fn) (#match? @_m "const"))
(attribute_item) @within.attribute
(inner_attribute_item) @within.attribute

; What is kept longer than the place lives, or must be an array.
(closure_expression) @wants.value
(async_block) @wants.value
(return_expression) @wants.value
(break_expression) @wants.value
(struct_expression) @wants.value
(tuple_expression) @wants.value
(array_expression) @wants.value
(token_tree (token_tree) @wants.value)
((macro_invocation macro: (identifier) @_m) @wants.value (#eq? @_m "vec"))
(let_declaration value: [(identifier) (reference_expression (identifier))] @wants.value)
(assignment_expression right: (_) @wants.value)
(block [(identifier) (call_expression) (try_expression) (await_expression) (reference_expression)] @wants.value .)
(match_arm value: [(identifier) (call_expression) (try_expression) (await_expression) (reference_expression)] @wants.value)
((call_expression
  function: [(field_expression field: (field_identifier) @_f) (identifier) @_f (scoped_identifier name: (identifier) @_f)]
  arguments: (arguments)) @wants.value
  (#any-of? @_f "insert" "push" "push_back" "set" "get_or_insert" "or_insert" "replace" "once" "repeat" "from_static" "new_static" "spawn"))
((call_expression function: [(identifier) @_f (scoped_identifier name: (identifier) @_f)]) @wants.value
  (#match? @_f "^[A-Z]"))
((function_item name: (identifier) @wants.value.name parameters: (parameters) @_p) @wants.value
  (#match? @_p "'"))
((function_item name: (identifier) @wants.value.name type_parameters: (type_parameters) @_p) @wants.value
  (#match? @_p "'"))
((function_item name: (identifier) @wants.value.name (where_clause) @_p) @wants.value
  (#match? @_p "'"))
((function_item name: (identifier) @wants.value.name return_type: (_) @_r) @wants.value
  (#match? @_r "['&]"))
((impl_item type: (_) @_t
  body: (declaration_list (function_item name: (identifier) @wants.value.name) @wants.value))
  (#match? @_t "'"))
((function_item name: (identifier) @wants.byte-array.name parameters: (parameters) @_p) @wants.byte-array
  (#match? @_p "\\[u8; "))
((unary_expression (string_literal) @_b) @within.byte-array (#match? @_b "^b"))
((let_declaration type: (_) @_t) @within.byte-array (#match? @_t "\\[u8; "))
((source_file (inner_attribute_item) @within.nowhere) (#match? @within.nowhere "no_std"))

; Environment.
((call_expression
  function: [(identifier) @_var (scoped_identifier name: (identifier) @_var)]
  arguments: (arguments . (string_literal (string_content) @env.read.name) .)) @env.read
  (#any-of? @_var "var" "var_os" "get_env"))
; var("X").unwrap_or("…".into()), .unwrap_or_else(|_| "…".into()), also behind .ok()
((call_expression
  function: (field_expression
    value: (call_expression
      function: [(identifier) @_var (scoped_identifier name: (identifier) @_var)]
      arguments: (arguments . (string_literal (string_content) @env.read.name) .))
    field: (field_identifier) @_or)
  arguments: (arguments . (_) @env.read.default .)) @env.read
  (#eq? @_var "var") (#any-of? @_or "unwrap_or" "unwrap_or_else"))
((call_expression
  function: (field_expression
    value: (call_expression function: (field_expression
      value: (call_expression
        function: [(identifier) @_var (scoped_identifier name: (identifier) @_var)]
        arguments: (arguments . (string_literal (string_content) @env.read.name) .))
      field: (field_identifier) @_ok))
    field: (field_identifier) @_or)
  arguments: (arguments . (_) @env.read.default .)) @env.read
  (#eq? @_var "var") (#eq? @_ok "ok") (#any-of? @_or "unwrap_or" "unwrap_or_else"))

((expression_statement (call_expression
  function: [(identifier) @_set (scoped_identifier name: (identifier) @_set)]
  arguments: (arguments . (string_literal (string_content) @env.write.name) . (_) @env.write.value .))) @env.write
  (#eq? @_set "set_var"))
((expression_statement (unsafe_block (block . (call_expression
  function: [(identifier) @_set (scoped_identifier name: (identifier) @_set)]
  arguments: (arguments . (string_literal (string_content) @env.write.name) . (_) @env.write.value .)) .))) @env.write
  (#eq? @_set "set_var"))

((expression_statement (unsafe_block (block . (expression_statement (call_expression
  function: [(identifier) @_set (scoped_identifier name: (identifier) @_set)]
  arguments: (arguments . (string_literal (string_content) @env.write.name) . (_) @env.write.value .))) .))) @env.write
  (#eq? @_set "set_var"))

((call_expression
  function: [(identifier) @_remove (scoped_identifier name: (identifier) @_remove)]
  arguments: (arguments . (string_literal (string_content) @env.remove.name))) @env.remove
  (#eq? @_remove "remove_var"))

((call_expression function: (scoped_identifier path: (identifier) @_crate name: (identifier) @_load)) @env.load
  (#any-of? @_crate "dotenvy" "dotenv") (#any-of? @_load "dotenv" "from_path" "from_filename" "load" "dotenv_override" "from_path_override" "from_filename_override"))
((call_expression function: (identifier) @_load arguments: (arguments)) @env.load
  (#any-of? @_load "dotenv" "dotenv_override" "from_path_override" "from_filename_override"))
((call_expression function: [(identifier) @_load (scoped_identifier name: (identifier) @_load)]) @env.override
  (#any-of? @_load "dotenv_override" "from_path_override" "from_filename_override" "from_read_override"))

(use_declaration argument: (_) @import.name) @import
(extern_crate_declaration name: (identifier) @import.name) @import
(use_declaration . argument: (_)) @droppable
(use_as_clause path: [(identifier) @renamed.of (scoped_identifier name: (identifier) @renamed.of)] alias: (identifier) @renamed.to) @renamed
((use_declaration (visibility_modifier) argument: (_) @_a) @within.reexport (#match? @_a " as "))
(inner_attribute_item) @prologue

(source_file (function_item name: (identifier) @_main body: (block) @entry.body) @entry
  (#eq? @_main "main"))

; What runs later than the program starts.
(function_item body: (block) @deferred)
(static_item) @deferred
(closure_expression) @deferred

; What becomes a part of the binary.
((macro_invocation
  macro: [(identifier) @_m (scoped_identifier name: (identifier) @_m)]
  (token_tree (string_literal (string_content) @env.embed.name))) @env.embed
  (#any-of? @_m "env" "option_env" "dotenv" "include_str" "include_bytes"))
((token_tree (identifier) @_m @env.embed.from . "!" . (token_tree (string_literal (string_content) @env.embed.name)) @env.embed)
  (#any-of? @_m "env" "option_env" "dotenv" "include_str" "include_bytes"))

; In a macro there are tokens alone.
((token_tree (identifier) @_env @env.read.from . "::" . (identifier) @_var . (token_tree . (string_literal (string_content) @env.read.name) .) @env.read)
  (#eq? @_env "env") (#any-of? @_var "var" "var_os"))

; What becomes a text.
((macro_invocation macro: (identifier) @_m (token_tree) @template) (#eq? @_m "format"))

; Literals that become one text of the type of a literal.
((macro_invocation macro: (identifier) @_m (token_tree)) @joined (#eq? @_m "concat"))

; What else makes one text of literals and constants.
(binary_expression operator: "+") @folded
(compound_assignment_expr) @folded
(string_literal (escape_sequence)) @folded
((macro_invocation macro: [(identifier) @_m (scoped_identifier name: (identifier) @_m)] (token_tree)) @folded
  (#any-of? @_m "concat" "format" "concatcp" "formatcp"))
((token_tree (identifier) @_m . "!" . (token_tree) @folded) (#any-of? @_m "concat" "format" "concatcp" "formatcp"))
((call_expression function: (field_expression field: (field_identifier) @_f)) @folded
  (#any-of? @_f "concat" "join" "collect" "push_str"))
