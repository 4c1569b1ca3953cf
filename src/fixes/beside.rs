//! What lies around an env file: what reads it, who may read it, and the env files and templates beside it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::surroundings::{EnvEntry, EnvFile};
use crate::secrets::{SecretRef, env_lines, env_value, identity};
use crate::syntax::{Document, EnvLoader};

/// What is known of the folder of an env file. Empty for other files.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// What loads env files here, as manifests and scripts say.
    pub loaders: Vec<&'static EnvLoader>,
    /// Who else on this machine may read the file.
    pub audience: Option<Audience>,
    /// Nobody wrote to the file for so many days, where that is longer than a key may live.
    pub unchanged: Option<u64>,
    /// The other env files of the folder.
    pub env_files: Vec<EnvFile>,
    /// The templates of the folder.
    pub templates: Vec<Arc<Document>>,
    /// Whether other files of the workspace mention the texts that decide about the file's own names; `None` where it has no
    /// name to decide about, or nobody may look.
    pub mentioned: Option<BTreeMap<String, bool>>,
    /// The files that tell what is packed of the folder and of those around it.
    pub packing: Vec<Arc<Document>>,
}

/// Who may read a file, besides its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The members of its group.
    Group,
    /// Everyone who has an account.
    Everyone,
}

impl Beside {
    /// See [`super::Surroundings::overlay`].
    pub(super) fn overlay(&mut self, open: &dyn Fn(&Path) -> Option<Arc<Document>>) {
        for file in self.templates.iter_mut().chain(&mut self.packing) {
            if let Some(doc) = open(file.path()) {
                *file = doc;
            }
        }
        for file in &mut self.env_files {
            if let Some(doc) = open(&file.path) {
                *file = EnvFile::of_text(&file.path, doc.text());
            }
        }
    }
}

impl EnvFile {
    /// The names of an env file, and which values are the same. References are told by what they say.
    pub fn of_text(path: &Path, text: &str) -> EnvFile {
        let entry = |line| {
            let value = env_value(text, &line);
            let reference = SecretRef::parse(&value);
            let identity = (reference.is_none() && !value.is_empty()).then(|| identity(&value));
            EnvEntry { name: text[line.name.range()].to_owned(), identity, reference }
        };
        EnvFile {
            path: path.to_owned(),
            entries: env_lines(text).into_iter().map(entry).collect(),
            ..EnvFile::default()
        }
    }
}
