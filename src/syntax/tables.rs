//! What a language's tables say of where values go.

use serde::Deserialize;

/// What carries a value out of the program: functions as code calls them, `*` allowed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Sinks {
    /// Logs and standard output.
    pub log: Vec<String>,
    /// Errors.
    pub error: Vec<String>,
    /// Answers to whoever calls.
    pub answer: Vec<String>,
    /// Traces, and services that collect errors.
    pub telemetry: Vec<String>,
    /// What is kept: by a browser, in a file.
    pub storage: Vec<String>,
    /// The arguments of another program.
    pub command: Vec<String>,
    /// Functions that make a value fit for an address.
    pub encodes: Vec<String>,
    /// Calls that put names and values into an address.
    pub queries: Vec<String>,
    /// What these are called among the arguments; without any, each name is a literal.
    pub query_arguments: Vec<String>,
    /// Functions that give what they get, in another form.
    pub through: Vec<String>,
    /// Those of them that a second argument tells what to take.
    pub picks: Vec<String>,
    /// What stands behind a value that it does not change: `.unwrap()`, and `.expect(*)` with an argument.
    pub tails: Vec<String>,
    /// What stands before the value that steps in for a missing one.
    pub instead: Vec<String>,
    /// What joins texts and is no sign of its own elsewhere.
    pub joins: Vec<String>,
    /// Words that give the name behind them a value.
    pub binds: Vec<String>,
    /// What ends the names behind such a word: a list follows.
    pub binds_end: Vec<String>,
    /// What behind a name gives it a value of its own.
    pub binds_behind: Vec<String>,
    /// A literal in a call can name a value: `"{key}"`.
    pub captures: bool,
    /// Expressions for the whole environment.
    pub environment: Vec<String>,
}

/// What shows an object with all that is in it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Objects {
    /// Functions that make a text or a list of it.
    pub opens: Vec<String>,
    /// The same, behind its name.
    pub opened: Vec<String>,
    /// The packages of clients that keep their key in a field: each was tried out.
    pub clients: Vec<String>,
    /// Clients show it only where they are opened.
    pub closed: bool,
    /// How code begins that makes a client, and not a function.
    pub new: String,
    /// `{…}` is a list of names and values, and shows them.
    pub lists: bool,
    /// Calls, and methods behind its name, that make a text without its fields; templates and `+` do then as well.
    pub plain: Vec<String>,
    /// Calls that take the names of its fields alone.
    pub names: Vec<String>,
    /// What stands right before it for the same.
    pub spread: String,
    /// Before it in the call stands one of these where only the fields are taken that are named.
    pub picks: Vec<String>,
    /// Methods that take a field out or write another value into it.
    pub masks: Vec<String>,
    /// A function that opens it, and what it becomes so that the key is left out: `{it}` is the call, `{key}` the name.
    pub vars: String,
    /// See `vars`.
    pub without: String,
}

/// Where a program says what it can be started with, and by what default.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Help {
    /// Calls that declare an option, `*` allowed.
    pub calls: Vec<String>,
    /// The file holds one of these where the help shows defaults; without any, it always does.
    pub shows: Vec<String>,
    /// How attributes begin that declare an option.
    pub attributes: Vec<String>,
    /// What keeps a value out of the help.
    pub hides: Vec<String>,
    /// Calls that give the values of all options.
    pub parses: Vec<String>,
    /// What stands before a value that is taken out.
    pub removes: String,
    /// The same, to be written behind the variable of an attribute.
    pub insert: String,
}

/// What switches the check of certificates off, as code writes it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Unchecked {
    /// For the call in which it stands.
    pub call: Vec<String>,
    /// For the client that is made there.
    pub client: Vec<String>,
    /// For all of the program.
    pub program: Vec<String>,
}

/// Where code runs again and again.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Hot {
    /// How a line begins that says more about the function below it.
    pub marks: Vec<String>,
    /// Such lines of functions that answer requests, `*` allowed.
    pub handlers: Vec<String>,
    /// How the heads of such functions begin.
    pub heads: Vec<String>,
    /// Calls that are given such functions, `*` allowed.
    pub calls: Vec<String>,
    /// How lines begin that repeat what is in them.
    pub loops: Vec<String>,
    /// How lines begin that decide whether what is in them runs.
    pub guards: Vec<String>,
    /// Words of a loop that waits, or tries again.
    pub waits: Vec<String>,
    /// What a file holds that keeps what was read.
    pub caches: Vec<String>,
}
