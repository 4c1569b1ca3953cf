//! A folder with files, and keys that open nothing.

use std::path::PathBuf;
use std::process::Command;

use aikeys::lsp::session::{Opened, Session};
use aikeys::secrets::sample;
use tempfile::TempDir;

/// A workspace in a temporary folder.
pub(crate) struct Project {
    folder: TempDir,
}

impl Project {
    /// These files, and nothing else.
    pub(crate) fn new(files: &[(&str, &str)]) -> Project {
        let project = Project { folder: TempDir::with_prefix("aikeys-lsp-").expect("a folder") };
        for (name, text) in files {
            project.write(name, text);
        }
        project
    }

    /// The same in a git repository.
    pub(crate) fn with_git(files: &[(&str, &str)]) -> Project {
        let project = Project::new(files);
        project.git(&["init", "-q"]);
        project
    }

    pub(crate) fn git(&self, arguments: &[&str]) {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false"];
        let status =
            Command::new("git").current_dir(self.root()).args(identity).args(arguments).status().expect("git runs");
        assert!(status.success(), "git {arguments:?}");
    }

    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there")
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default()
    }

    pub(crate) fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.root().display())
    }

    /// Opens a file of the project with this text.
    pub(crate) fn open(&self, session: &mut Session, name: &str, language: &str, text: &str) -> String {
        let (uri, file) = (self.uri(name), Some(self.root().join(name)));
        session.open(Opened {
            uri: uri.clone(),
            file,
            language: language.to_owned(),
            version: 1,
            text: text.to_owned(),
            is_cell: false,
        });
        uri
    }
}

/// An OpenAI key.
pub(crate) fn key(seed: u64) -> String {
    sample("openai.project", seed).expect("a shape of the catalogue")
}

/// `text` shows more of the key than its prefix and its last four characters.
pub(crate) fn leaks(text: &str, key: &str) -> bool {
    let body = &key.as_bytes()["sk-proj-".len()..key.len() - 4];
    body.windows(8).any(|piece| text.as_bytes().windows(8).any(|it| it == piece))
}

#[test]
fn a_shown_key_is_noticed() {
    let key = key(1);
    assert!(leaks(&format!("look: {key}!"), &key));
    assert!(leaks(&key[20..40], &key));
    assert!(!leaks(&format!("sk-proj-…{}", &key[key.len() - 4..]), &key));
}
