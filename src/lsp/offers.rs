//! What can be done about findings: what a menu shows, and moves that can be carried out without the session.

use std::path::PathBuf;
use std::sync::Arc;

use crate::fixes::{Deposit, Destination, Fix, Surroundings};
use crate::moves::Reach;
use crate::project::Workspace;
use crate::rules::{self, Finding, is_env_file};
use crate::syntax::Document;
use crate::text::{Change, Edit, Span, apply, line_ending};

/// Something to do about a finding.
pub struct Offer {
    /// For a menu.
    pub title: String,
    /// What it is about.
    pub finding: Finding,
    /// What choosing it does.
    pub does: Does,
}

/// What choosing an offer does.
pub enum Does {
    /// Starts a move: the fix with this number.
    Move(usize, Reach),
    /// Changes files.
    Edit(Vec<FileEdits>),
    /// Asks the client to clear the outputs of this cell.
    ClearOutput,
    /// Asks the client to start a rotation of what this variable holds.
    Rotate(String),
    /// Nothing, for this reason.
    Nothing(String),
}

/// The edits of one file, with the text that they are for.
#[derive(Clone)]
pub struct FileEdits {
    /// The client's name, if the client has it open.
    pub uri: Option<String>,
    /// Where it lies.
    pub file: PathBuf,
    /// The client's version, if the client has it open.
    pub version: Option<i32>,
    /// The file has to be made.
    pub is_new: bool,
    /// The text.
    pub doc: Arc<Document>,
    /// Sorted and disjoint.
    pub edits: Vec<Edit>,
}

/// Names a move without holding anything of it: it is worked out again when it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MoveRequest {
    /// The document.
    pub uri: String,
    /// Its version when the move was offered.
    pub version: i32,
    /// The rule that found the key.
    pub rule: String,
    /// Where.
    pub span: Span,
    /// The number of the fix.
    pub fix: usize,
    /// The title, as the user saw it.
    pub title: String,
    /// How far the key is followed.
    pub reach: Reach,
}

/// Names edits that were offered, in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditRequest {
    /// The document.
    pub uri: String,
    /// Its version when they were offered.
    pub version: i32,
    /// The rule.
    pub rule: String,
    /// Where.
    pub span: Span,
    /// The title, as the user saw it.
    pub title: String,
}

/// A move that can be carried out without the session.
pub struct Move {
    /// The document.
    pub uri: String,
    /// Where it belongs.
    pub workspace: Arc<Workspace>,
    /// The document as it was.
    pub doc: Arc<Document>,
    /// What is done, for the edit's label.
    pub title: String,
    /// What is to be worked out aside.
    pub work: Work,
    /// The edits, the document's own first.
    pub files: Vec<FileEdits>,
    /// The env files that the client has open with unsaved changes. They have no edits yet.
    pub env: Vec<FileEdits>,
    /// The text's number.
    pub revision: u64,
    /// It can be put back later: a cell of a notebook is put back by its editor only.
    pub is_remembered: bool,
}

/// What a move does before the client edits anything.
pub enum Work {
    /// Stores the key of this fix.
    One(Fix),
    /// Looks for the key in the whole workspace, or for others of its file, and stores them.
    Wide {
        /// How far it looks.
        reach: Reach,
        /// Where it goes.
        to: Destination,
        /// The key and its variable.
        deposit: Deposit,
        /// Everything that the client has open in the workspace, without edits.
        open: Vec<FileEdits>,
    },
}

/// A comment above the finding's line that ignores it; the user still writes the reason.
///
/// `None` where no comment can stand, as in the middle of a string: it is tried out.
pub fn ignore(doc: &Document, around: &Surroundings, finding: &Finding) -> Option<Change> {
    if finding.rule == "unused-ignore" {
        return None;
    }
    let comment = match doc.language() {
        Some(language) => language.comment.as_str(),
        None => is_env_file(doc.path()).then_some("#")?,
    };
    let line = doc.lines().span(doc.lines().line_of(finding.span.start));
    // A backslash carries on into the next line, whatever stands there. Not every grammar minds a comment.
    if doc.text()[..line.start as usize].trim_end_matches(['\n', '\r']).ends_with('\\') {
        return None;
    }
    let text = doc.slice(line);
    let mark = text.len() - text.trim_start_matches('\u{feff}').len();
    let text = &text[mark..];
    let indent = &text[..text.len() - text.trim_start_matches([' ', '\t']).len()];
    let insert = format!("{indent}{comment} aikeys: ignore[{}]{}", finding.rule, line_ending(doc.text()));
    let edit = Edit::insert(line.start as usize + mark, insert);
    let tried = doc.with_text(apply(doc.text(), std::slice::from_ref(&edit)));
    let works = findings(&tried, around) < findings(doc, around) && (doc.facts().broken || !tried.facts().broken);
    let mut change = Change::default();
    change.add(doc.path().to_owned(), [edit]).ok()?;
    works.then_some(change)
}

fn findings(doc: &Document, around: &Surroundings) -> usize {
    rules::check(doc, around).iter().filter(|it| it.rule != "unused-ignore").count()
}
