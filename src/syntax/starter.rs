//! Files that start programs: what `grammars/readers.toml` says of them.

use std::path::Path;

use serde::Deserialize;

use super::reader::{ends_like, starters};
use crate::text::whole_words;

/// A kind of file that starts programs of a workspace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Starter {
    /// Who reads it.
    pub name: String,
    /// The ends of the paths of its files, `*` allowed in a part.
    pub files: Vec<String>,
    /// How one knows that it starts a program of the workspace.
    pub by: By,
    /// What such a file holds, all of it.
    #[serde(default)]
    pub holds: Vec<String>,
    /// What gives the program all variables of an env file.
    #[serde(default)]
    pub gives: Vec<String>,
    /// What to do; `{name}` is the variable.
    pub how: String,
}

/// How one knows that a file starts a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum By {
    /// That is what it is for.
    Always,
    /// It names the program's file.
    File,
    /// It names the workspace.
    Workspace,
}

impl Starter {
    /// What files with this path start, if they start anything.
    pub fn of(path: &Path) -> Option<&'static Starter> {
        starters().iter().find(|it| ends_like(&it.files, path))
    }

    /// A file with this text starts one of the programs, which are files of the workspace.
    pub fn starts(&self, text: &str, programs: &[&Path], workspace: &str) -> bool {
        let names = |path: &&Path| path.file_name().and_then(|it| it.to_str()).is_some_and(|it| has_whole(text, it));
        let starts = match self.by {
            By::Always => true,
            By::File => programs.iter().any(names),
            By::Workspace => has_whole(text, workspace),
        };
        starts && self.holds.iter().all(|it| text.contains(it))
    }

    /// It gives the program this variable.
    pub fn gives(&self, text: &str, name: &str) -> bool {
        has_whole(text, name) || self.gives.iter().any(|it| text.contains(it))
    }
}

/// `word` stands in `text`, and is no part of a longer name.
fn has_whole(text: &str, word: &str) -> bool {
    whole_words(text, word, |c| c.is_alphanumeric() || c == '_').next().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_is_reached_by_its_files() {
        for starter in starters() {
            for file in &starter.files {
                let path = file.replace('*', "x");
                let found = Starter::of(Path::new(&path)).map(|it| &it.name);
                assert_eq!(found, Some(&starter.name), "{path}");
            }
        }
    }

    #[test]
    fn names_count_whole() {
        let compose = Starter::of(Path::new("compose.yaml")).expect("a row");
        assert!(compose.gives("environment:\n  GROQ_API_KEY: x", "GROQ_API_KEY"));
        assert!(!compose.gives("environment:\n  MY_GROQ_API_KEY: x", "GROQ_API_KEY"));
        let docker = Starter::of(Path::new("Dockerfile")).expect("a row");
        assert!(docker.starts("CMD [\"python\", \"src/a.py\"]", &[Path::new("src/a.py")], "w"));
        assert!(!docker.starts("COPY data.py .", &[Path::new("a.py")], "w"));
    }
}
