//! A document that the client has open.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fixes::{Checked, Exposure, Surroundings};
use crate::moves;
use crate::project;
use crate::project::{Workspace, answer};
use crate::rules::{self, Finding, is_env_file};
use crate::secrets::{Identity, identity};
use crate::syntax::{Document, Host, Language, largest};
use crate::text::Span;

/// A document that the client has open.
pub struct Open {
    /// The client's version.
    pub version: i32,
    /// The text.
    pub doc: Document,
    /// A number that no other text of this session has.
    pub revision: u64,
    pub(super) file: Option<PathBuf>,
    pub(super) workspace: Option<Arc<Workspace>>,
    /// It is a cell of a notebook, whose file that is.
    pub(super) is_cell: bool,
    /// How its text is read.
    pub(super) form: Form,
    /// What was found in the outputs of the cell, as the notebook was saved; none of it has a place in the text.
    pub(super) outputs: Vec<Finding>,
    pub(super) dirty: bool,
    /// Which version of the history was searched is not known any more.
    pub(super) unsearched: bool,
    /// Which secrets a commit holds, as far as the history was searched: the note to show.
    pub(super) committed: HashMap<Identity, Option<String>>,
    /// Which keys that lie in the right place the history holds, as far as it was searched.
    pub(super) exposed: Option<HashMap<Identity, Option<Exposure>>>,
}

/// How a text is read, as long as it is not too large for that.
#[derive(Clone, Copy)]
pub(super) struct Form {
    pub language: Option<&'static Language>,
    pub is_cell: bool,
}

impl Form {
    /// A larger one is searched for keys and not parsed, as in a check.
    pub fn document(self, path: PathBuf, text: String) -> Document {
        match self {
            _ if text.len() as u64 > largest(&path) => Document::plain(path, text),
            Form { language, is_cell: true } => Document::cell(path, text, language),
            Form { language, is_cell: false } => Document::with_language(path, text, language),
        }
    }

    /// The text became too large for what it is read as, or small enough.
    pub fn is_outgrown(self, doc: &Document) -> bool {
        let is_parsed = doc.language().is_some() || doc.host().is_some();
        let is_readable = self.language.is_some() || Host::of_path(doc.path()).is_some();
        is_readable && is_parsed == (doc.text().len() as u64 > largest(doc.path()))
    }
}

/// What a client says of a document that it opens.
pub struct Opened {
    /// The client's name for it.
    pub uri: String,
    /// Its path, if it is a file.
    pub file: Option<PathBuf>,
    /// The editor's id of its language.
    pub language: String,
    /// The client's version.
    pub version: i32,
    /// The text.
    pub text: String,
    /// It is a cell of the notebook at the path.
    pub is_cell: bool,
}

/// The findings of a document, and why the settings could not be applied to them. `answers` are those that stores gave.
pub(super) fn check(open: &Open, answers: &BTreeMap<String, Checked>) -> (Vec<Finding>, Option<String>) {
    let path = open.doc.path();
    let without_settings = |around: &Surroundings| {
        let mut findings = rules::check(&open.doc, around);
        findings.retain(|it| !rules::is_pedantic(it.rule));
        findings
    };
    let Some(workspace) = &open.workspace else { return (without_settings(&Surroundings::bare()), None) };
    let mut around = moves::around(workspace, path, &|| checked(&open.doc, workspace.root(), answers));
    around.exposed.clone_from(&open.exposed);
    let mut judged = match workspace.judge(path, rules::check(&open.doc, &around)) {
        Ok(judged) => judged,
        Err(error) => return (without_settings(&around), Some(error.to_string())),
    };
    let problem = workspace.take_known(path, &mut judged).err();
    (judged, problem.map(|error| error.to_string()))
}

/// A key lies in the right place, and nobody looked for it in the history.
pub(super) fn has_unknown_keys(open: &Open) -> bool {
    let Some(workspace) = open.workspace.as_ref().filter(|it| it.keeps_secrets(open.doc.path())) else { return false };
    let keys = rules::kept_keys(&open.doc, &workspace.surroundings(open.doc.path()));
    let known = |key: &Span| open.exposed.as_ref().is_some_and(|it| it.contains_key(&identity(open.doc.slice(*key))));
    !keys.iter().all(known)
}

/// The last answers for the references of an env file, by their texts.
pub(super) fn checked(doc: &Document, root: &Path, answers: &BTreeMap<String, Checked>) -> BTreeMap<String, Checked> {
    if !is_env_file(doc.path()) || answers.is_empty() {
        return BTreeMap::new();
    }
    let known = project::references_of(doc)
        .into_iter()
        .filter_map(|(span, at)| Some((doc.slice(span).to_owned(), answer(answers, root, &at)?.clone())));
    known.collect()
}

/// The same text again, not parsed yet.
pub(super) fn copy(doc: &Document) -> Document {
    doc.with_text(doc.text())
}
