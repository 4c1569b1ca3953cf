; Dockerfiles. The capture vocabulary is in grammars/README.md.

(comment) @comment

; ENV NAME=value, ENV NAME value, ARG NAME=value, LABEL name=value: a value can have several pieces.
(env_pair value: (unquoted_string) @string @string.value)
(arg_pair default: (unquoted_string) @string @string.value)
(label_pair value: (unquoted_string) @string @string.value)
(env_pair [(double_quoted_string) (single_quoted_string)] @string @string.value)
(arg_pair [(double_quoted_string) (single_quoted_string)] @string @string.value)
(label_pair [(double_quoted_string) (single_quoted_string)] @string @string.value)
(shell_command) @string @string.value
(json_string) @string @string.value
(env_pair name: (_) @env.write.name value: (_) @env.write.value) @env.write
(arg_pair name: (_) @env.write.name default: (_) @env.write.value) @env.write
(env_pair name: (_) @binding.name value: (_) @binding.value) @binding
(arg_pair name: (_) @binding.name default: (_) @binding.value) @binding
(label_pair key: (_) @binding.name value: (_) @binding.value) @binding

; An instruction is an entry as well: what stands in it is taken out as it asks for.
(env_instruction "ENV" @binding.name (env_pair) @binding.value) @binding
(arg_instruction "ARG" @binding.name (arg_pair) @binding.value) @binding
(run_instruction "RUN" @binding.name (shell_command) @binding.value) @binding
(copy_instruction "COPY" @binding.name (path) @binding.value) @binding
(copy_instruction "COPY" @binding.name (json_string_array (json_string) @binding.value)) @binding
(add_instruction "ADD" @binding.name (path) @binding.value) @binding
(add_instruction "ADD" @binding.name (json_string_array (json_string) @binding.value)) @binding
