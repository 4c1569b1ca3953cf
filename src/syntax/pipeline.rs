//! Files of steps that hold scripts for a shell, and what its commands do: what `grammars/readers.toml` says.

use std::path::Path;

use serde::Deserialize;

use super::language::glob;
use super::reader::{commands, ends_like, pipelines};
use super::shell::Command;

/// A kind of file whose steps are scripts for a shell.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Pipeline {
    /// What people call it.
    pub name: String,
    /// The ends of the paths of its files.
    files: Vec<String>,
    /// The entries whose values are scripts.
    pub scripts: Vec<String>,
    /// The entries that give variables to all that stands beside them.
    pub variables: Vec<String>,
    /// What begins an expression, whose value is put into the text before it is run; without it there are none, and every
    /// script gets all variables of the project.
    #[serde(default)]
    pub opens: String,
    /// What ends it.
    #[serde(default)]
    pub closes: String,
    /// What stands before the name of a secret in an expression.
    #[serde(default)]
    pub from: Vec<String>,
    /// Secrets of its own, which it makes for each run.
    #[serde(default)]
    pub own: Vec<String>,
    /// The values of `shell` for which a script is one of this kind.
    #[serde(default)]
    pub shells: Vec<String>,
    /// A file that names this may have other shells.
    #[serde(default)]
    pub other: String,
    /// What it hides in its logs.
    #[serde(default)]
    pub masks: String,
    /// What is printed with this is a command for it.
    #[serde(default)]
    pub quiet: Vec<String>,
    /// The entry that holds the jobs; without it nothing is known of them.
    #[serde(default)]
    pub jobs: String,
    /// The entry of a job that holds its steps.
    #[serde(default)]
    pub steps: String,
    /// The entry of a job that is another file.
    #[serde(default)]
    pub calls: String,
    /// The entry that gives all secrets to it, and its value.
    #[serde(default)]
    pub inherits: Vec<String>,
    /// What makes one text of all secrets.
    #[serde(default)]
    pub everything: Vec<String>,
    /// The entry that says when it is run, and its value where strangers can have it run with secrets.
    #[serde(default)]
    pub on: Vec<String>,
    /// The entry that says which code is taken, and what its value holds where that is a stranger's.
    #[serde(default)]
    pub takes: Vec<String>,
    /// The entry of a job for which somebody may have to agree before it is run.
    #[serde(default)]
    pub guards: String,
    /// Another program looks after it where one of these files is there, from the root.
    #[serde(default)]
    pub audited: Vec<String>,
}

/// What commands do with a value.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Commands {
    prints: Vec<String>,
    prints_variables: Vec<String>,
    dumps: Vec<String>,
    gives_on: Vec<String>,
    changes: Vec<String>,
    masks: Vec<String>,
}

/// What a command does with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// It shows its arguments.
    Prints,
    /// It shows the variables whose names are its arguments.
    PrintsVariables,
    /// It shows all variables.
    Dumps,
    /// It gives on what it gets.
    GivesOn,
    /// It gives on what it gets in another form.
    Changes,
}

impl Pipeline {
    /// What is known of the file at this path. Any walk asks this of any file.
    pub fn of_path(path: &Path) -> Option<&'static Pipeline> {
        let name = path.file_name()?.to_str()?;
        let is_last = |file: &String| glob(file.rsplit('/').next().unwrap_or(""), name);
        pipelines().iter().find(|it| it.files.iter().any(is_last) && ends_like(&it.files, path))
    }

    /// A file that names no secret gives none to its scripts: nearly none does. Without expressions every script has all.
    pub fn may_have_secrets(&self, text: &[u8]) -> bool {
        let names = |word: &String| memchr::memmem::find(text, word.as_bytes()).is_some();
        self.opens.is_empty() || self.from.iter().chain(self.inherits.first()).any(names)
    }

    /// What such a file says in an expression that is nothing but a secret, or something else where there is none: its name.
    pub fn secret<'t>(&self, expression: &'t str) -> Option<&'t str> {
        let inside = expression.trim();
        let name = self.from.iter().find_map(|it| inside.strip_prefix(it.as_str()))?;
        let part = |it: char| it.is_ascii_alphanumeric() || it == '_' || it == '-';
        let (name, rest) = name.split_at(name.find(|it| !part(it)).unwrap_or(name.len()));
        let rest = rest.trim_start();
        (!name.is_empty() && (rest.is_empty() || rest.starts_with("||"))).then_some(name)
    }
}

impl Command {
    /// What the command does, by its words.
    pub fn does(&self, text: &str) -> Option<Does> {
        let words: Vec<&str> = self.words.iter().filter_map(|it| text.get(it.range())).collect();
        let begins = |known: &String| known.split(' ').enumerate().all(|(at, it)| words.get(at) == Some(&it));
        let is_all = |known: &String| known.split(' ').count() == words.len() && begins(known);
        let table = commands();
        if table.dumps.iter().any(is_all) {
            return Some(Does::Dumps);
        }
        if table.prints_variables.iter().any(begins) {
            return Some(Does::PrintsVariables);
        }
        // `printf -v NAME` keeps it.
        if table.prints.iter().any(begins) && words.get(1) != Some(&"-v") {
            return Some(Does::Prints);
        }
        if words.iter().any(|word| table.masks.iter().any(|it| word.contains(it.as_str()))) {
            return None;
        }
        if table.changes.iter().any(begins) {
            return Some(Does::Changes);
        }
        table.gives_on.iter().any(begins).then_some(Does::GivesOn)
    }
}
