//! Where values stand in the files of a workspace.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use memchr::memchr_iter;

use super::Case;
use crate::fixes::{GitState, key_at};
use crate::inventory::survey;
use crate::project::{Part, Source, Workspace, every_file};
use crate::secrets::{Form, env_lines, is_env_file, is_env_template, slashed};
use crate::text::counted;

/// How a value is written that stands in the name of a file.
pub(super) const IN_NAME: &str = "in its name";

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the root of the workspace.
    pub file: PathBuf,
    /// As it is shown.
    pub path: String,
    /// From 1; none in what has no lines.
    pub line: Option<usize>,
    /// How it is written there: nothing, where it is as it is.
    pub written: &'static str,
    /// What file that is.
    pub kind: Kind,
    /// The variable of an env file that holds it.
    pub variable: Option<String>,
    /// `--check --fix` may be able to take it out.
    pub is_source: bool,
}

/// What a file is to git and to programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Git holds it.
    Tracked,
    /// Git would take it.
    Untracked,
    /// There is no git.
    Plain,
    /// An env file or the like, which programs read.
    Env,
    /// Git ignores it.
    Ignored,
    /// Made by tools, or brought by package managers.
    Made,
    /// Git's own: a remote with a key in its address, a message.
    OfGit,
}

impl Kind {
    /// For people and programs.
    pub fn id(self) -> &'static str {
        match self {
            Kind::Tracked => "in git",
            Kind::Untracked => "git would take it",
            Kind::Plain => "file",
            Kind::Env => "env file",
            Kind::Ignored => "ignored by git",
            Kind::Made => "build output",
            Kind::OfGit => "git's own file",
        }
    }
}

/// What was found in files.
#[derive(Debug, Default)]
pub struct Tree {
    /// The places of each value, in order.
    pub places: Vec<Vec<Place>>,
    /// How many files were looked at.
    pub looked: usize,
    /// What could not be looked at.
    pub problems: Vec<String>,
}

/// Looks through a part of the workspace's files; no longer than that.
pub(super) fn tree(case: &Case, part: Part, until: Instant, looked: &AtomicUsize) -> Tree {
    let found: Mutex<Vec<(usize, Place)>> = Mutex::default();
    let note = |value: usize, place: Place| found.lock().unwrap_or_else(PoisonError::into_inner).push((value, place));
    let look = |path: &Path, source: &Source| {
        for hit in case.forms.find(path.to_string_lossy().as_bytes()) {
            note(hit.value, Place { written: IN_NAME, is_source: false, ..place(case, part, path, source) });
        }
        let bytes = source.bytes();
        if case.forms.stand_in(bytes) {
            standing(case, part, path, source, &note);
        }
    };
    let every = every_file(&case.workspace, part, until, looked, &look);
    let mut tree = Tree { looked: every.looked, problems: every.problems, ..Tree::default() };
    if every.left > 0 {
        tree.problems.push(format!("there was no time for {} of them", counted(every.left, "file")));
    }
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    if part == Part::Own {
        found.extend(pieces(case));
    }
    tree.places = vec![Vec::new(); case.keys.len()];
    for (value, place) in found {
        tree.places[value].push(place);
    }
    for places in &mut tree.places {
        places.sort();
        // What stands in one line in several forms is one place.
        places.dedup_by(|a, b| (&a.file, a.line, a.written) == (&b.file, b.line, b.written));
    }
    tree
}

fn place(case: &Case, part: Part, path: &Path, source: &Source) -> Place {
    let workspace = &case.workspace;
    let kind = match part {
        Part::Made if path.iter().any(|it| it == ".git") => Kind::OfGit,
        Part::Made => Kind::Made,
        Part::Own => kind(workspace, path),
    };
    let is_source = matches!(source, Source::Text(_)) && !matches!(kind, Kind::Env | Kind::Made | Kind::OfGit);
    let shown = case.forms.hidden(&slashed(path));
    Place { file: path.to_owned(), path: shown, line: None, written: "", kind, variable: None, is_source }
}

fn kind(workspace: &Workspace, path: &Path) -> Kind {
    if workspace.keeps_secrets(path) {
        return Kind::Env;
    }
    match workspace.git_state(path) {
        GitState::Tracked => Kind::Tracked,
        GitState::Untracked => Kind::Untracked,
        GitState::Ignored => Kind::Ignored,
        GitState::NoRepository => Kind::Plain,
    }
}

fn standing(case: &Case, part: Part, path: &Path, source: &Source, note: &dyn Fn(usize, Place)) {
    let bytes = source.bytes();
    let like = place(case, part, path, source);
    let has_lines = !matches!(source, Source::Binary(_));
    let lines = match std::str::from_utf8(bytes) {
        Ok(text) if is_env_file(path) || is_env_template(path) => env_lines(text),
        _ => Vec::new(),
    };
    let (mut line, mut counted) = (1, 0);
    for hit in case.forms.find(bytes) {
        let at = hit.span.range();
        line += memchr_iter(b'\n', &bytes[counted..at.start]).count();
        counted = at.start;
        let assigned = lines.iter().find(|it| it.value.contains(hit.span));
        let variable = assigned.map(|it| String::from_utf8_lossy(&bytes[it.name.range()]).into_owned());
        let written = match source {
            // The text was made of UTF-16 when it was read.
            Source::Utf16(_) if hit.form == Form::Plain => Form::Utf16.note(),
            _ => hit.form.note(),
        };
        let is_source = like.is_source && matches!(hit.form, Form::Plain | Form::Escaped);
        note(hit.value, Place { line: has_lines.then_some(line), written, variable, is_source, ..like.clone() });
    }
}

/// What code puts together is found as a check finds it.
fn pieces(case: &Case) -> Vec<(usize, Place)> {
    let surveyed = survey(&[case.workspace.root().to_owned()], &mut |_| {});
    let mut found = Vec::new();
    for file in &surveyed.files {
        for (span, _) in &file.secrets {
            let text = file.doc.slice(*span).as_bytes();
            if case.forms.stand_in(text) || file.workspace.root() != case.workspace.root() {
                continue;
            }
            let key = key_at(&file.doc, *span);
            let Some(value) = case.keys.iter().position(|it| it.value == key) else { continue };
            let path = file.doc.path();
            let source = Source::Text(String::new());
            let line = file.doc.lines().line_of(span.start) as usize + 1;
            let place = place(case, Part::Own, path, &source);
            found.push((value, Place { line: Some(line), written: "in pieces", ..place }));
        }
    }
    found
}
