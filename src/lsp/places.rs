//! Where else a thing stands: the reads of a variable, its lines in env files, every place of one key.

use std::path::Path;

use super::offers::FileEdits;
use super::scope::Scope;
use super::session::Session;
use crate::fixes::{Surroundings, key_at};
use crate::project;
use crate::rules::{self, Role, is_env_template, spelled_otherwise, variable_at, variable_places, words};
use crate::secrets::{Secret, discreet, without_keys};
use crate::syntax::Language;
use crate::text::{Edit, Span};

/// What stands at a place.
pub enum Thing {
    /// A variable of the environment.
    Variable(Span, String),
    /// A key.
    Key(Span, Secret),
    /// A reference to a store.
    Reference(Span, String),
}

/// The places in one file, in order.
pub struct Places {
    /// The file. It has no edits.
    pub file: FileEdits,
    /// Where.
    pub spans: Vec<Span>,
}

/// Whether the lines of env files, which make a variable, count among its places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Makers {
    /// They do.
    Counted,
    /// They do not.
    LeftOut,
}

impl Session {
    /// What stands at a place of a document.
    pub fn thing_at(&self, uri: &str, offset: u32) -> Option<Thing> {
        let open = self.document(uri)?;
        let doc = &open.doc;
        let around = open.workspace.as_ref().map_or_else(Surroundings::bare, |it| it.surroundings(doc.path()));
        let here = |span: Span| span.start <= offset && offset <= span.end;
        let key = || rules::secrets(doc, &around).into_iter().map(|(span, _)| span).find(|it| here(*it));
        if let Some(span) = key() {
            return Some(Thing::Key(span, key_at(doc, span)));
        }
        if let Some((span, _)) = project::reference_at(doc, offset) {
            return Some(Thing::Reference(span, doc.slice(span).to_owned()));
        }
        let (span, name) = variable_at(doc, offset)?;
        (discreet(&name) == name).then_some(Thing::Variable(span, name))
    }
}

/// Every place of a thing.
pub fn places(scope: &Scope, thing: &Thing, makers: Makers) -> Vec<Places> {
    let text = match thing {
        Thing::Variable(_, name) => name,
        Thing::Key(_, key) => key.expose(),
        Thing::Reference(_, text) => text,
    };
    places_in(scope, &scope.texts_with(&[text]), thing, makers)
}

/// The same in these files.
pub fn places_in(scope: &Scope, files: &[FileEdits], thing: &Thing, makers: Makers) -> Vec<Places> {
    let spans = |file: &FileEdits| match thing {
        Thing::Variable(_, name) => variable_places(&file.doc, name)
            .into_iter()
            .filter(|(_, role)| makers == Makers::Counted || *role != Role::Line)
            .map(|(span, _)| span)
            .collect::<Vec<Span>>(),
        Thing::Key(_, key) => {
            let all = rules::places_of(&file.doc, &scope.around(file.doc.path()), key);
            all.into_iter().map(|it| it.secret.unwrap_or(it.span)).collect()
        }
        Thing::Reference(_, text) => {
            let all = project::references_of(&file.doc).into_iter().map(|(span, _)| span);
            all.filter(|span| file.doc.slice(*span) == text).collect()
        }
    };
    let found = files.iter().map(|file| Places { spans: spans(file), file: file.clone() });
    found.filter(|it| !it.spans.is_empty()).collect()
}

/// The lines that give a variable its value, for a program at `path`: in env files, else in their templates.
pub fn lines_of(scope: &Scope, path: &Path, name: &str) -> Vec<Places> {
    let lines = scope.env_files(path).into_iter().map(|file| {
        let spans = variable_places(&file.doc, name).into_iter().filter(|(_, role)| *role == Role::Line);
        Places { spans: spans.map(|(span, _)| span).collect(), file }
    });
    let (templates, files): (Vec<Places>, Vec<Places>) =
        lines.filter(|it| !it.spans.is_empty()).partition(|it| is_env_template(it.file.doc.path()));
    if files.is_empty() { templates } else { files }
}

/// A variable with another name.
#[derive(Default)]
pub struct Renamed {
    /// The edits.
    pub files: Vec<FileEdits>,
    /// Where the old name still stands, `path:line`: nobody knows whether the variable is meant there.
    pub left: Vec<String>,
}

/// Gives a variable another name, everywhere. The error is for the user.
pub fn renamed(scope: &Scope, name: &str, to: &str) -> Result<Renamed, String> {
    let begins = to.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !begins || !to.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_') || discreet(to) != to {
        return Err("a variable's name has letters, digits and `_`, and does not begin with a digit".to_owned());
    }
    if name == to {
        return Ok(Renamed::default());
    }
    refuse_other_spellings(scope, name)?;
    // Two variables would become one.
    for file in scope.texts_with(&[to]) {
        if let Some((span, _)) = variable_places(&file.doc, to).first() {
            let place = place(&file, *span);
            return Err(without_keys(&format!("{to} is a variable already ({place}): take another name")).into_owned());
        }
    }
    let mut renamed = Renamed::default();
    for mut file in scope.texts_with(&[name]) {
        let places: Vec<Span> = variable_places(&file.doc, name).into_iter().map(|(span, _)| span).collect();
        let left = words(file.doc.text(), name).into_iter().filter(|span| !places.contains(span));
        renamed.left.extend(left.map(|span| place(&file, span)));
        if !places.is_empty() {
            file.edits = places.into_iter().map(|span| Edit::replace(span, to)).collect();
            renamed.files.push(file);
        }
    }
    Ok(renamed)
}

/// Settings classes of Python write their fields in small letters, and can put something before them.
fn refuse_other_spellings(scope: &Scope, name: &str) -> Result<(), String> {
    let prefixes = Language::all().iter().filter_map(|it| it.settings.as_ref()).flat_map(|it| &it.prefix);
    let mut texts: Vec<String> = prefixes.cloned().collect();
    texts.push(name.to_ascii_lowercase());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    for file in scope.texts_with(&texts) {
        if let Some(field) = spelled_otherwise(&file.doc, name) {
            let (path, field) = (file.doc.path().display(), file.doc.slice(field));
            let reason =
                format!("a settings class in {path} fills `{field}` from this variable: rename that field first");
            return Err(without_keys(&reason).into_owned());
        }
    }
    Ok(())
}

/// `path:line`
fn place(file: &FileEdits, span: Span) -> String {
    format!("{}:{}", file.doc.path().display(), file.doc.lines().line_of(span.start) + 1)
}
