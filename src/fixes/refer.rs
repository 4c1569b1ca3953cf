//! How a key leaves a file of settings: as the program that reads the file asks for.

use super::Surroundings;
use super::declared::declared;
use super::loading::line_start;
use super::removal::{holds_more, line, listed, parses, word};
use super::rewrite::{BY_HAND, Rewrite};
use crate::secrets::without_keys;
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
        return Err(filled(doc, &reader.refuse, secret, name));
    }
    if !parses(doc) {
        return Err("this file is broken, so nobody can tell what its reader makes of it: mend it first".to_owned());
    }
    if variable(doc, reader, secret)?.is_some_and(|wanted| wanted != name) {
        return Err(format!("{} would not read {name}: move the key under the name of its entry", reader.name));
    }
    match reader.remove {
        Some(removal) => checked(doc, take_out(doc, around, reader, removal, secret)?),
        None if !reader.entry.is_empty() => checked(doc, exchange(doc, reader, secret, name)?),
        None => checked(doc, insert(doc, reader, secret, name)?),
    }
}

/// Why there is no edit where the key at `secret` stands, as the row of its reader says.
pub fn reason(doc: &Document, secret: Span, name: &str) -> Option<String> {
    let reader = doc.reader_at(doc.facts(), secret).filter(|reader| !reader.refuse.is_empty())?;
    Some(filled(doc, &reader.refuse, secret, name))
}

/// The only variable that the reader takes in the place of the key at `secret`, if there is only one.
pub(super) fn variable(doc: &Document, reader: &Reader, secret: Span) -> Result<Option<String>, String> {
    if reader.variable.is_empty() {
        return Ok(None);
    }
    let entries = doc.facts().bindings_around(secret);
    // What stands in a list is called by its place.
    let listed = entries.windows(2).any(|pair| pair[0].1 == pair[1].1)
        || entries.iter().any(|(_, value)| doc.slice(*value).starts_with('['));
    let path = doc.entries_around(doc.facts(), secret).join("__");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let named = path.chars().all(plain)
        && path.starts_with(|c: char| !c.is_ascii_digit())
        // A name can be a key, with nothing that tells where it ends.
        && entries.iter().all(|(name, _)| !shows_key(doc.slice(*name)));
    if reader.variable.contains("{path}") && (listed || !named) {
        return Err("no variable can have the names of the entries around this key: take it out by hand".to_owned());
    }
    Ok(Some(reader.variable.replace("{path}", &path)))
}

fn shows_key(text: &str) -> bool {
    without_keys(text) != text
}

/// A text of the reader's row about the key at `secret`: what stands in a command is a plain name.
pub(super) fn filled(doc: &Document, text: &str, secret: Span, name: &str) -> String {
    let entries = doc.facts().bindings_around(secret);
    let entry = entries.first().map(|(name, _)| doc.slice(*name).trim_matches(['"', '\'']));
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    // A half of a key can stand where a name should: no name mixes all kinds of characters at such a length.
    let kinds = [char::is_lowercase, char::is_uppercase, char::is_numeric];
    let mixed = |entry: &str| entry.len() >= 12 && kinds.iter().all(|kind| entry.contains(*kind));
    let is_name = |entry: &&str| !entry.is_empty() && entry.chars().all(plain) && !shows_key(entry) && !mixed(entry);
    let entry = entry.filter(is_name).unwrap_or(name);
    let id = name.to_ascii_lowercase().replace('_', "-");
    text.replace("{entry}", entry).replace("{name}", name).replace("{id}", &id)
}

/// The variable's name where the entry could be taken out as well: what a person may choose instead.
pub(super) fn leave_name(doc: &Document, reader: &Reader, secret: Span, name: &str) -> Option<Rewrite> {
    let both = parses(doc) && reader.refuse.is_empty() && reader.remove.is_some() && !reader.insert.is_empty();
    both.then(|| checked(doc, insert(doc, reader, secret, name).ok()?).ok()).flatten()
}

/// No edit breaks the file.
fn checked(doc: &Document, written: Rewrite) -> Result<Rewrite, String> {
    let mut edits = written.edits.clone();
    edits.sort();
    let after = Document::with_language(doc.path(), apply(doc.text(), &edits), doc.language());
    if !parses(&after) {
        return Err("the file would not be read as before: take the key out by hand".to_owned());
    }
    Ok(written)
}

fn take_out(
    doc: &Document,
    around: &Surroundings,
    reader: &Reader,
    removal: Removal,
    secret: Span,
) -> Result<Rewrite, String> {
    let (piece, edits) = match removal {
        Removal::Listed => {
            let (literal, _) = doc.facts().literal_at(secret).ok_or(BY_HAND)?;
            (literal, listed(doc, literal))
        }
        Removal::Entry => {
            let entry = entry(doc, secret)?;
            (entry, listed(doc, entry))
        }
        Removal::Word => {
            let entry = entry(doc, secret)?;
            (entry, word(doc, entry)?)
        }
        Removal::Line => {
            let entry = entry(doc, secret)?;
            (entry, line(doc, entry, &reader.empty)?)
        }
    };
    if holds_more(doc, around, &edits, secret) {
        return Err("this entry seems to hold another key, which would be lost with it: take it out by hand".to_owned());
    }
    Ok(Rewrite { edits, ..Rewrite::of(Edit::replace(piece, "")) })
}

/// Another entry in the place of the one whose value the key is.
fn exchange(doc: &Document, reader: &Reader, secret: Span, name: &str) -> Result<Rewrite, String> {
    let (place, entry) = (entry(doc, secret)?, filled(doc, &reader.entry, secret, name));
    let called = entry.split([':', '=', ' ']).next().unwrap_or("");
    if is_beside(doc, place, called) {
        return Err(format!("`{called}` stands here already: take one of the two out by hand"));
    }
    Ok(Rewrite::of(Edit::replace(place, entry)))
}

/// The entry whose value is the key, and nothing else.
fn entry(doc: &Document, secret: Span) -> Result<Span, String> {
    let (literal, value) = doc.facts().literal_at(secret).ok_or(BY_HAND)?;
    let entries = doc.facts().around(secret).filter_map(|fact| match *fact {
        Fact::Binding { span, name, value } if value.contains(secret) => Some((span, name, value)),
        _ => None,
    });
    let (span, name, whole) = entries.min_by_key(|(span, ..)| span.len()).ok_or(BY_HAND)?;
    // An anchor or a tag belongs to the value, and may be asked for elsewhere.
    let before = doc.slice(Span { start: name.end, end: literal.start });
    let is_plain = before.trim_matches(['"', '\'', ':', '=', ' ', '\t', '\r', '\n']).is_empty();
    let behind = doc.slice(Span { start: literal.end, end: span.end }).trim_start();
    let comment = doc.language().map_or("", |language| language.comment.as_str());
    if secret != value || whole != literal || !is_plain || !(behind.is_empty() || behind.starts_with(comment)) {
        return Err("this entry holds more than the key: take it out by hand".to_owned());
    }
    if is_beside(doc, span, doc.slice(name)) {
        return Err(
            "another entry here has the same name, and would count then: take one of them out by hand".to_owned()
        );
    }
    // A comment behind it is none of it.
    Ok(Span { end: literal.end, ..span })
}

/// An entry of this name stands beside the one at `span`.
fn is_beside(doc: &Document, span: Span, name: &str) -> bool {
    let same = |it: Span| doc.slice(it).trim_matches(['"', '\'']) == name.trim_matches(['"', '\'']);
    doc.facts().iter().any(|fact| match *fact {
        Fact::Binding { span: it, name, .. } => it != span && same(name) && doc.are_beside(it, span),
        _ => false,
    })
}

fn insert(doc: &Document, reader: &Reader, secret: Span, name: &str) -> Result<Rewrite, String> {
    let text = filled(doc, &reader.insert, secret, name);
    if doc.language().is_none() {
        return Ok(Rewrite::of(Edit::replace(secret, text)));
    }
    let (literal, value) = doc.facts().literal_at(secret).ok_or(BY_HAND)?;
    let named =
        |fact: &Fact| matches!(*fact, Fact::Binding { name, .. } if name.contains(secret) || literal.contains(name));
    if doc.facts().iter().any(named) {
        return Err("the key is the name of an entry here: take it out by hand, and rotate it".to_owned());
    }
    let before = &doc.text()[literal.start as usize..secret.start as usize];
    if let Some(at) = before.rfind("${").filter(|&at| !before[at..].contains('}')) {
        let open = format!("${{{name}");
        let whole = Span { start: literal.start + at as u32, end: secret.end + 1 };
        let default = [":-", "-"]
            .iter()
            .any(|sign| doc.text()[whole.start as usize..secret.start as usize] == format!("{open}{sign}"));
        if default && text.starts_with(&open) && doc.text()[secret.end as usize..].starts_with('}') {
            return Ok(Rewrite::of(Edit::replace(whole, text)));
        }
        return Err("the key steps in for a missing variable here: take that default out by hand".to_owned());
    }
    if reader.shell && in_single_quotes(before) {
        return Err("single quotes keep variables out: put this text into double quotes first".to_owned());
    }
    if reader.whole && secret != value {
        return Err(format!("{} puts variables in the place of whole values only: split it first", reader.name));
    }
    let line = &doc.text()[line_start(doc.text(), literal.start as usize)..literal.start as usize];
    let bare = !doc.slice(literal).starts_with(['"', '\'']);
    // A plain value may stand in brackets, where braces mean something else.
    if secret != literal && bare && line.contains(['[', '{']) {
        let behind = &doc.text()[secret.end as usize..literal.end as usize];
        if [before, behind].iter().any(|part| part.contains(['"', '\\'])) {
            return Err("braces would end this value: put it into quotes first".to_owned());
        }
        return Ok(Rewrite::of(Edit::replace(literal, format!("\"{before}{text}{behind}\""))));
    }
    let quote = if secret == literal && bare { "\"" } else { "" };
    let named = Edit::replace(secret, format!("{quote}{text}{quote}"));
    let told = match &reader.declare {
        Some(declare) => {
            let entry = filled(doc, &declare.entry, secret, name);
            declared(doc, declare, &filled(doc, "{id}", secret, name), &entry)?
        }
        None => None,
    };
    let lead = lead(doc, reader, secret, name);
    let edits = told.into_iter().chain(lead).chain([named.clone()]).collect();
    Ok(Rewrite { edits, ..Rewrite::of(named) })
}

/// What goes before the value of the outermost entry, unless it stands there.
fn lead(doc: &Document, reader: &Reader, secret: Span, name: &str) -> Option<Edit> {
    let lead = filled(doc, &reader.lead, secret, name);
    let (head, value) = doc.facts().bindings_around(secret).pop().filter(|_| !lead.is_empty())?;
    let there = doc.slice(Span { start: head.end, end: value.start }).contains(lead.trim_end());
    (!there).then(|| Edit::insert(value.start as usize, lead))
}

/// A single quote is open at the end of a piece of a shell's text.
fn in_single_quotes(text: &str) -> bool {
    let mut open = None;
    let mut escaped = false;
    for c in text.chars() {
        match (open, c) {
            _ if escaped => escaped = false,
            (Some('\''), '\'') | (Some('"'), '"') => open = None,
            (None | Some('"'), '\\') => escaped = true,
            (None, '\'' | '"') => open = Some(c),
            _ => {}
        }
    }
    open == Some('\'')
}
