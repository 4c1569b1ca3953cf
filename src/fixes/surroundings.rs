//! What the core has to know of the world around a document. The shell fills it; tests write it down.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::beside::Beside;
use super::contract::Contract;
use super::lock::Lock;
use crate::secrets::{Catalogue, Identity, SecretRef};
use crate::syntax::Document;

/// The world around one document.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The providers, with the user's own.
    pub catalogue: Arc<Catalogue>,
    /// The workspace's name, as the default place for keys has it.
    pub workspace: String,
    /// How git sees the document.
    pub git: GitState,
    /// The env file that belongs to the document.
    pub env: EnvFile,
    /// Where keys can go, the preferred place first.
    pub destinations: Vec<Destination>,
    /// The texts of the manifests that apply to the document.
    pub manifests: String,
    /// The files in which programs start that use the document, the document itself left out.
    pub entries: Vec<Arc<Document>>,
    /// The other files of the document's package in its language, where a constant may be mentioned.
    pub siblings: Vec<Arc<Document>>,
    /// The package has more files than these.
    pub siblings_cut: bool,
    /// The env files with secrets that a build of this file may take, by the paths by which its steps name them.
    pub copied: Vec<String>,
    /// Another program looks after what the document, a file of steps, gives its steps.
    pub audited: bool,
    /// The first line of the document, an env file, that env loaders cannot read.
    pub broken: Option<usize>,
    /// The text of the `.gitignore` at the workspace root.
    pub gitignore: Option<String>,
    /// The variable that the user's settings give a provider, by its id.
    pub names: BTreeMap<String, String>,
    /// The variable that the user named for this move.
    pub name: Option<String>,
    /// The hosts, besides those of the providers, that the user's settings trust.
    pub trusted_hosts: Vec<String>,
    /// `YYYY-MM-DD`, for suppressions that end.
    pub today: String,
    /// Comments silence nothing here: the organisation's policy says so.
    pub no_inline_ignore: bool,
    /// No key may lie in a plain env file: the organisation's policy says so.
    pub plaintext_forbidden: bool,
    /// The coding agents that work in the workspace; for env files only.
    pub agents: Vec<Agent>,
    /// The files beside an env file that say how programs are started, where it holds references and nothing is known to
    /// resolve those.
    pub launchers: Vec<Arc<Document>>,
    /// What lies around the document, where it is an env file.
    pub beside: Beside,
    /// What declares variables around the document, where it is code.
    pub contract: Arc<Contract>,
    /// The list of keys at the root of the workspace.
    pub lock: Option<Arc<Lock>>,
    /// What was seen when the store behind a reference was asked the last time, by the reference.
    pub checked: BTreeMap<String, Checked>,
    /// Which keys of the document git's history holds; `None` when nobody looked.
    pub exposed: Option<HashMap<Identity, Option<Exposure>>>,
}

/// A commit that holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// The first characters of its id.
    pub commit: String,
    /// The day on which it was written.
    pub date: String,
    /// A remote branch holds it.
    pub pushed: bool,
    /// Who wrote it, by name.
    pub author: String,
    /// The file in which the key stood.
    pub path: String,
    /// The key still stands in a file of HEAD.
    pub in_head: bool,
}

/// What a store said of a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// When it was asked, in UTC: `2026-01-01 12:00`.
    pub time: String,
    /// Why the reference is not resolved, in words for the user, without a secret.
    pub problem: Option<String>,
}

/// A coding agent, and what it is forbidden. Its `Debug` shows no text: settings can hold keys.
#[derive(Clone)]
pub struct Agent {
    /// Its name.
    pub name: String,
    /// Where its rules stand, from the root, and their texts where the files are there. A new rule goes to the first.
    pub files: Vec<(PathBuf, Option<String>)>,
    /// How it is kept from reading a file.
    pub denial: Denial,
}

impl fmt::Debug for Agent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Agent({})", self.name)
    }
}

/// How an agent is kept from reading a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// `permissions.deny` of JSON settings.
    Permissions,
    /// A file like `.gitignore`.
    IgnoreFile,
    /// It has no such rule.
    Nothing,
}

/// How git sees a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum GitState {
    /// There is no repository.
    #[default]
    NoRepository,
    /// The index holds the file.
    Tracked,
    /// The next `git add` would take it.
    Untracked,
    /// An ignore rule covers it.
    Ignored,
}

/// An env file: names, and whether values are the same; no value.
#[derive(Clone, Debug, Default)]
pub struct EnvFile {
    /// Relative to the workspace root.
    pub path: PathBuf,
    /// In file order.
    pub entries: Vec<EnvEntry>,
    /// Why nothing may be written there.
    pub refused: Option<String>,
    /// How git sees it.
    pub git: GitState,
}

/// One line of an env file.
#[derive(Clone, Debug)]
pub struct EnvEntry {
    /// The variable.
    pub name: String,
    /// Tells equal values; `None` when the value cannot be read (a reference nobody resolved).
    pub identity: Option<Identity>,
    /// The value is this reference to a store.
    pub reference: Option<SecretRef>,
}

/// A place where keys can go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// The store's id: `env`, `local` …
    pub store: String,
    /// The name in titles, `{name}` standing for the variable: `.env`, `Vault at secret/app#/{name}`.
    pub label: String,
    /// What `.env` says, `{name}` standing for the variable: `ref+age://…#/{name}`; `None` where `.env` is the store.
    pub reference: Option<String>,
}

impl Surroundings {
    /// No workspace at all: every fix goes to a `.env` that is not there yet.
    pub fn bare() -> Surroundings {
        Surroundings {
            catalogue: Catalogue::built_in_shared(),
            workspace: "workspace".to_owned(),
            git: GitState::NoRepository,
            env: EnvFile { path: PathBuf::from(".env"), ..EnvFile::default() },
            no_inline_ignore: false,
            plaintext_forbidden: false,
            destinations: vec![Destination::env()],
            manifests: String::new(),
            entries: Vec::new(),
            siblings: Vec::new(),
            siblings_cut: false,
            copied: Vec::new(),
            audited: false,
            broken: None,
            gitignore: None,
            names: BTreeMap::new(),
            name: None,
            trusted_hosts: Vec::new(),
            today: "2026-01-01".to_owned(),
            agents: Vec::new(),
            launchers: Vec::new(),
            beside: Beside::default(),
            contract: Arc::default(),
            lock: None,
            checked: BTreeMap::new(),
            exposed: None,
        }
    }
}

impl Surroundings {
    /// Puts texts in the place of those that were read; `open` knows them by their paths from the root.
    pub fn overlay(&mut self, open: &dyn Fn(&Path) -> Option<Arc<Document>>) {
        for file in self.entries.iter_mut().chain(&mut self.siblings).chain(&mut self.launchers) {
            if let Some(doc) = open(file.path()) {
                *file = doc;
            }
        }
        for (path, text) in self.agents.iter_mut().flat_map(|agent| &mut agent.files) {
            if let Some(doc) = open(path) {
                *text = Some(doc.text().to_owned());
            }
        }
        self.beside.overlay(open);
        if self.contract.templates.iter().any(|it| open(it.path()).is_some()) {
            Arc::make_mut(&mut self.contract).overlay(open);
        }
        if let Some(lock) = self.lock.as_mut().filter(|it| open(it.doc.path()).is_some()) {
            Arc::make_mut(lock).overlay(open);
        }
        if let Some(doc) = open(Path::new(".gitignore")) {
            self.gitignore = Some(doc.text().to_owned());
        }
    }
}

impl Destination {
    /// The place for the key of one variable.
    pub(super) fn of(&self, name: &str) -> Destination {
        Destination { label: self.label.replace("{name}", name), ..self.clone() }
    }

    /// Plain text in `.env`.
    pub fn env() -> Destination {
        Destination { store: "env".to_owned(), label: ".env".to_owned(), reference: None }
    }
}
