//! How a key leaves a file of settings: as the program that reads the file asks for.

use super::Surroundings;
use super::loading::line_start;
use super::removal::{holds_more, listed, parses};
use super::rewrite::{BY_HAND, Rewrite};
use crate::syntax::{Document, Fact, Reader, Removal};
use crate::text::{Edit, Span, apply};

/// Takes the key out of a file of settings, or names its variable there.
pub(super) fn refer(
    doc: &Document,
    around: &Surroundings,
    reader: &Reader,
    secret: Span,
    name: &str,
) -> Result<Rewrite, String> {
    if !reader.refuse.is_empty() {
        return Err(reader.refuse.replace("{name}", name));
    }
    match reader.remove {
        Some(removal) => checked(doc, take_out(doc, around, removal, secret)?),
        None => checked(doc, insert(doc, reader, secret, name)?),
    }
}

/// The variable's name where the entry could be taken out as well: what a person may choose instead.
pub(super) fn leave_name(doc: &Document, reader: &Reader, secret: Span, name: &str) -> Option<Rewrite> {
    let both = reader.refuse.is_empty() && reader.remove.is_some() && !reader.insert.is_empty();
    both.then(|| checked(doc, insert(doc, reader, secret, name).ok()?).ok()).flatten()
}

/// No edit is made in a file that is broken, and none breaks one.
fn checked(doc: &Document, written: Rewrite) -> Result<Rewrite, String> {
    if !parses(doc) {
        return Err("this file is broken, so nobody can tell what its reader makes of it: mend it first".to_owned());
    }
    let mut edits = written.edits.clone();
    edits.sort();
    let after = Document::with_language(doc.path(), apply(doc.text(), &edits), doc.language());
    if !parses(&after) {
        return Err("the file would not be read as before: take the key out by hand".to_owned());
    }
    Ok(written)
}

fn take_out(doc: &Document, around: &Surroundings, removal: Removal, secret: Span) -> Result<Rewrite, String> {
    let (literal, _) = doc.facts().literal_at(secret).ok_or(BY_HAND)?;
    let edits = match removal {
        Removal::Listed => listed(doc, literal),
    };
    if holds_more(doc, around, &edits, secret) {
        return Err(
            "this entry seems to hold another key as well, which would be lost with it: take it out by hand".to_owned()
        );
    }
    Ok(Rewrite { edits, ..Rewrite::of(Edit::replace(literal, "")) })
}

fn insert(doc: &Document, reader: &Reader, secret: Span, name: &str) -> Result<Rewrite, String> {
    let (literal, value) = doc.facts().literal_at(secret).ok_or(BY_HAND)?;
    let named =
        |fact: &Fact| matches!(*fact, Fact::Binding { name, .. } if name.contains(secret) || literal.contains(name));
    if doc.facts().iter().any(named) {
        return Err("the key is the name of an entry here: take it out by hand, and rotate it".to_owned());
    }
    let before = &doc.text()[literal.start as usize..secret.start as usize];
    if before.rfind("${").is_some_and(|at| !before[at..].contains('}')) {
        return Err("the key steps in for a missing variable here: take that default out by hand".to_owned());
    }
    let line = &doc.text()[line_start(doc.text(), literal.start as usize)..literal.start as usize];
    let bare = !doc.slice(literal).starts_with(['"', '\'']);
    if secret != literal && bare && line.contains(['[', '{']) {
        return Err("braces would end this value: put it into quotes first".to_owned());
    }
    if reader.whole && secret != value {
        return Err(format!("{} puts variables in the place of whole values only: split it first", reader.name));
    }
    // A plain value may stand in brackets, where braces mean something else.
    let quote = if secret == literal && bare { "\"" } else { "" };
    let text = reader.insert.replace("{name}", name);
    Ok(Rewrite::of(Edit::replace(secret, format!("{quote}{text}{quote}"))))
}
