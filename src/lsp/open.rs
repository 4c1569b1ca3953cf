//! A document that the client has open.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::fixes::Surroundings;
use crate::moves;
use crate::project::Workspace;
use crate::rules::{self, Finding};
use crate::secrets::Identity;
use crate::syntax::Document;

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
    pub(super) dirty: bool,
    /// Which version of the history was searched is not known any more.
    pub(super) unsearched: bool,
    /// Which secrets a commit holds, as far as the history was searched: the note to show.
    pub(super) committed: HashMap<Identity, Option<String>>,
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
}

/// The findings of a document, and why the settings could not be applied to them.
pub(super) fn check(open: &Open) -> (Vec<Finding>, Option<String>) {
    let path = open.doc.path();
    let Some(workspace) = &open.workspace else { return (rules::check(&open.doc, &Surroundings::bare()), None) };
    let findings = rules::check(&open.doc, &moves::around(workspace, path));
    match workspace.judge(path, findings.clone()) {
        Ok(judged) => (judged, None),
        Err(error) => (findings, Some(error.to_string())),
    }
}

/// The same text again, not parsed yet.
pub(super) fn copy(doc: &Document) -> Document {
    Document::with_language(doc.path(), doc.text(), doc.language())
}
