//! Where else a thing stands: the reads of a variable, its lines in env files, every place of one key.

use std::path::Path;

use super::offers::FileEdits;
use super::references;
use super::scope::Scope;
use super::session::Session;
use crate::fixes::{Surroundings, key_at};
use crate::rules::{self, Role, is_env_template, spelled_otherwise, variable_at, variable_places};
use crate::secrets::{Secret, discreet, without_keys};
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
        if let Some((span, name)) = variable_at(doc, offset) {
            return Some(Thing::Variable(span, name));
        }
        if let Some((span, _)) = references::at(doc, offset) {
            return Some(Thing::Reference(span, doc.slice(span).to_owned()));
        }
        key().map(|span| Thing::Key(span, key_at(doc, span)))
    }
}

/// Every place of a thing.
pub fn places(scope: &Scope, thing: &Thing, makers: Makers) -> Vec<Places> {
    let text = match thing {
        Thing::Variable(_, name) => name,
        Thing::Key(_, key) => key.expose(),
        Thing::Reference(_, text) => text,
    };
    let found = scope.texts_with(text).into_iter().map(|file| {
        let spans = match thing {
            Thing::Variable(_, name) => variable_places(&file.doc, name)
                .into_iter()
                .filter(|(_, role)| makers == Makers::Counted || *role != Role::Line)
                .map(|(span, _)| span)
                .collect(),
            Thing::Key(_, key) => {
                let all = rules::places_of(&file.doc, &scope.around(file.doc.path()), key);
                all.into_iter().map(|it| it.secret.unwrap_or(it.span)).collect()
            }
            Thing::Reference(..) => {
                file.doc.text().match_indices(text).map(|(at, _)| Span::new(at, at + text.len())).collect()
            }
        };
        Places { file, spans }
    });
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

/// The edits that give a variable another name, everywhere.
pub fn renamed(scope: &Scope, name: &str, to: &str) -> Result<Vec<FileEdits>, String> {
    let begins = to.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !begins || !to.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_') || discreet(to) != to {
        return Err("a variable's name has letters, digits and `_`, and does not begin with a digit".to_owned());
    }
    for file in scope.texts_with(&name.to_ascii_lowercase()) {
        if let Some(field) = spelled_otherwise(&file.doc, name) {
            let (path, field) =
                (file.doc.path().display().to_string(), without_keys(file.doc.slice(field)).into_owned());
            return Err(without_keys(&format!(
                "a settings class in {path} fills `{field}` from this variable: rename that field first"
            ))
            .into_owned());
        }
    }
    let mut files = Vec::new();
    for Places { mut file, spans } in places(scope, &Thing::Variable(Span::new(0, 0), name.to_owned()), Makers::Counted)
    {
        if variable_places(&file.doc, to).iter().any(|(_, role)| *role == Role::Line) {
            let path = file.doc.path().display().to_string();
            return Err(without_keys(&format!("{path} sets {to} already: take another name")).into_owned());
        }
        file.edits = spans.into_iter().map(|span| Edit::replace(span, to)).collect();
        files.push(file);
    }
    Ok(files)
}
