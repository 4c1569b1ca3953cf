//! Files in which people write how they start programs: what `grammars/readers.toml` says of them.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

use super::reader::{ends_like, launchers, resolvers};
use crate::text::{Edit, Span};

/// A kind of file in which people write how they start programs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Launcher {
    /// The ends of the paths of its files, `*` allowed in a part.
    pub files: Vec<String>,
    /// The part of the file that holds the commands: the first group.
    #[serde(default)]
    pub part: String,
    /// A command of a program: the groups `name` and `command`.
    pub command: String,
    /// What goes before the command, so that it is given the values; without it a person has to know `how`.
    #[serde(default)]
    pub prefix: String,
    /// What to do where nothing can be put before it.
    #[serde(default)]
    pub how: String,
    #[serde(skip)]
    compiled: OnceLock<Option<[Regex; 2]>>,
}

/// A program is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Launch {
    /// The file that says so, from the root.
    pub path: PathBuf,
    /// What people call it there: `dev`.
    pub name: String,
    /// Starts it so that references are resolved.
    pub edit: Option<Edit>,
    /// What to do where there is no edit.
    pub how: String,
}

/// A file with this text resolves references, or says how.
pub fn resolves(text: &str) -> bool {
    resolvers().0.iter().any(|word| text.contains(word.as_str()))
}

/// People write in files with this path how programs are started.
pub fn tells(path: &Path) -> bool {
    ends_like(resolvers().1, path) || launchers().iter().any(|it| ends_like(&it.files, path))
}

/// What a file starts.
pub fn launches(path: &Path, text: &str) -> Vec<Launch> {
    let rows = launchers().iter().filter(|it| ends_like(&it.files, path));
    rows.flat_map(|row| row.launches(path, text)).collect()
}

impl Launcher {
    fn launches(&self, path: &Path, text: &str) -> Vec<Launch> {
        let [part, command] = match self.compiled.get_or_init(|| self.compile()) {
            Some(both) => both,
            None => return Vec::new(),
        };
        let part = match part.captures(text).and_then(|found| found.get(1)) {
            Some(part) => part.range(),
            None if self.part.is_empty() => 0..text.len(),
            None => return Vec::new(),
        };
        let launch = |found: regex::Captures<'_>| {
            let (name, command) = (found.name("name")?, found.name("command")?);
            let start = part.start + command.start() + assignments(command.as_str());
            let edit = (!self.prefix.is_empty() && !is_of_shell(command.as_str()))
                .then(|| Edit::replace(Span::at(start), self.prefix.clone()));
            Some(Launch { path: path.to_owned(), name: name.as_str().to_owned(), edit, how: self.how.clone() })
        };
        command.captures_iter(&text[part.clone()]).filter_map(launch).collect()
    }

    fn compile(&self) -> Option<[Regex; 2]> {
        Some([Regex::new(&self.part).ok()?, Regex::new(&self.command).ok()?])
    }
}

/// How long the variables are that a command begins with: `NODE_ENV=x node a.js`.
fn assignments(command: &str) -> usize {
    let mut at = 0;
    while let Some((word, _)) = command[at..].split_once(' ') {
        let is_name = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        if !word.split_once('=').is_some_and(|(name, value)| is_name(name) && !value.contains(['"', '\''])) {
            break;
        }
        at += word.len() + 1;
    }
    at
}

/// It is more than one program with its arguments, so that what goes before it is not for all of it.
fn is_of_shell(command: &str) -> bool {
    ["&&", "||", ";", "|", "&", "$(", "`", "cd ", "source "].iter().any(|sign| command.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::apply;

    fn after(path: &str, text: &str) -> String {
        let edits: Vec<Edit> = launches(Path::new(path), text).into_iter().filter_map(|it| it.edit).collect();
        apply(text, &edits)
    }

    #[test]
    fn every_row_compiles() {
        for launcher in launchers() {
            assert!(launcher.compile().is_some(), "{:?}", launcher.files);
            assert!(launcher.prefix.is_empty() != launcher.how.is_empty() || !launcher.prefix.is_empty());
        }
    }

    #[test]
    fn programs_are_started_with_the_values() {
        let package = "{\n  \"name\": \"x\",\n  \"scripts\": {\n    \"dev\": \"next dev\",\n    \"build\": \"next build\",\n    \"start\": \"NODE_ENV=production node a.js\"\n  }\n}\n";
        let new = after("package.json", package);
        assert!(new.contains("\"dev\": \"aikeys-lsp run -- next dev\""), "{new}");
        assert!(new.contains("\"start\": \"NODE_ENV=production aikeys-lsp run -- node a.js\""), "{new}");
        assert!(new.contains("\"build\": \"next build\""), "{new}");
        assert_eq!(after("Procfile", "web: gunicorn a:app\n"), "web: aikeys-lsp run -- gunicorn a:app\n");
        assert_eq!(after("Makefile", "run: deps\n\tpython a.py\n"), "run: deps\n\taikeys-lsp run -- python a.py\n");
        assert_eq!(
            after("justfile", "dev port=\"1\":\n  node a.js\n"),
            "dev port=\"1\":\n  aikeys-lsp run -- node a.js\n"
        );
    }

    #[test]
    fn more_than_one_program_is_left_to_people() {
        let package = "{\"scripts\": {\"dev\": \"cd app && node a.js\"}}";
        let found = launches(Path::new("package.json"), package);
        assert_eq!((found.len(), found[0].edit.is_none()), (1, true));
        let compose = "services:\n  web:\n    env_file: .env\n    image: x\n";
        let found = launches(Path::new("compose.yaml"), compose);
        assert_eq!((found.len(), found[0].edit.is_none()), (1, true));
        assert!(launches(Path::new("package.json"), "{\"dependencies\": {\"dev\": \"1\"}}").is_empty());
    }

    #[test]
    fn who_resolves() {
        assert!(resolves("dev: aikeys-lsp run -- next dev") && resolves("op run --env-file .env -- x"));
        assert!(!resolves("next dev"));
        assert!(tells(Path::new("a/README.md")) && tells(Path::new("package.json")) && !tells(Path::new("a.py")));
    }
}
