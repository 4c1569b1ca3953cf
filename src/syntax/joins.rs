//! What functions that make texts are called, in all languages.

/// What gives its text as it is, or puts texts together.
pub(super) const PLAIN: [&str; 33] = [
    "to_string",
    "to_owned",
    "into",
    "String",
    "str",
    "from",
    "as_str",
    "as_ref",
    "clone",
    "format",
    "join",
    "concat",
    "concatcp",
    "formatcp",
    "push_str",
    "add",
    "iter",
    "into_iter",
    "copied",
    "cloned",
    "collect",
    "vec",
    "list",
    "tuple",
    "encode",
    "decode",
    "strip",
    "Join",
    "Concat",
    "Sprint",
    "Sprintf",
    "implode",
    "sprintf",
];
/// What puts the parts of a list together.
pub(super) const JOINS: [&str; 13] = [
    "format", "join", "concat", "concatcp", "formatcp", "collect", "add", "Join", "Concat", "Sprint", "Sprintf",
    "implode", "sprintf",
];
/// What says nothing of the text that is made.
pub(super) const SILENT: [&str; 10] =
    ["mut", "await", "return", "move", "new", "array", "string", "strings", "String", "fmt"];
