//! Entries that are taken out of a file of settings, with what belongs to them alone.

use super::Surroundings;
use super::loading::line_start;
use super::rewrite::BY_HAND;
use crate::secrets::{ambiguous, encoded, runs, scan, slot_candidates};
use crate::syntax::{Document, Fact};
use crate::text::{Edit, Span, line_ending};

/// Takes a value out of a list, or an entry out of an object, with its comma. Comments stay.
pub(super) fn listed(doc: &Document, entry: Span) -> Vec<Edit> {
    let text = doc.text();
    if let Some(comma) = next(doc, entry.end).filter(|at| text[*at as usize..].starts_with(',')) {
        return match doc.slice(Span { start: entry.end, end: comma }).trim().is_empty() {
            true => vec![cut(text, Span { end: comma + 1, ..entry })],
            false => vec![cut(text, entry), Edit::replace(Span { start: comma, end: comma + 1 }, "")],
        };
    }
    match previous(doc, entry.start).filter(|at| text[*at as usize..].starts_with(',')) {
        Some(comma) if doc.slice(Span { start: comma + 1, end: entry.start }).trim().is_empty() => {
            vec![Edit::replace(Span { start: comma, ..entry }, "")]
        }
        Some(comma) => vec![Edit::replace(Span { start: comma, end: comma + 1 }, ""), cut(text, entry)],
        None => vec![cut(text, entry)],
    }
}

/// Takes an entry out with its line, or lines; `empty` stays of a file that had no other. The error is for the user.
pub(super) fn line(doc: &Document, entry: Span, empty: &str) -> Result<Vec<Edit>, String> {
    let text = doc.text();
    let start = line_start(text, entry.start as usize);
    let end = text[entry.end as usize..].find('\n').map_or(text.len(), |at| entry.end as usize + at + 1);
    let behind = text[entry.end as usize..end].trim();
    let comment = doc.language().map_or("#", |language| language.comment.as_str());
    if !text[start..entry.start as usize].trim().is_empty() || !(behind.is_empty() || behind.starts_with(comment)) {
        return Err("this entry shares its line with others: take it out by hand".to_owned());
    }
    let mut others =
        doc.facts().iter().filter(|fact| matches!(**fact, Fact::Binding { span, .. } if !entry.overlaps(span)));
    if others.next().is_none() && !empty.is_empty() {
        return Ok(vec![Edit::replace(Span::new(start, end), format!("{empty}{}", line_ending(text)))]);
    }
    Ok(vec![Edit::replace(Span::new(start, end), "")])
}

/// Takes an entry out of its instruction, or the whole instruction where it has no other.
pub(super) fn word(doc: &Document, entry: Span) -> Result<Vec<Edit>, String> {
    let around = |fact: &Fact| match *fact {
        Fact::Binding { span, value, .. } if value == entry => Some(span),
        _ => None,
    };
    let instruction = doc.facts().iter().find_map(around).ok_or(BY_HAND)?;
    let own = |fact: &Fact| match *fact {
        Fact::Binding { span, name, .. } if span == entry => Some(doc.slice(name)),
        _ => None,
    };
    let name = doc.facts().iter().find_map(own).ok_or(BY_HAND)?;
    // What is built may use it, and in the same file that can be seen.
    let uses = doc.places_of(name, None).find(|it| doc.text()[..it.start as usize].ends_with(['$', '{']));
    if let Some(at) = uses {
        let line = doc.lines().line_of(at.start) + 1;
        return Err(format!("line {line} uses {name}: give it to that step as a secret, and take this out by hand"));
    }
    let beside = doc.facts().within(instruction).filter_map(|fact| match *fact {
        Fact::Binding { span, value, .. } if span == instruction && value != entry => Some(value),
        _ => None,
    });
    let beside: Vec<Span> = beside.collect();
    let before = beside.iter().rev().find(|it| it.end <= entry.start);
    let edit = match (before, beside.iter().find(|it| it.start >= entry.end)) {
        (None, None) => return line(doc, instruction, ""),
        (Some(before), _) => Span { start: before.end, ..entry },
        (None, Some(behind)) => Span { end: behind.start, ..entry },
    };
    Ok(vec![Edit::replace(edit, "")])
}

/// Takes a piece out: with its lines where nothing else stands on them, else with the blanks behind it.
fn cut(text: &str, piece: Span) -> Edit {
    let start = line_start(text, piece.start as usize);
    let rest = &text[piece.end as usize..];
    let end = rest.find('\n').map_or(text.len(), |at| piece.end as usize + at + 1);
    let before = text[start..piece.start as usize].trim();
    if before.is_empty() && text[piece.end as usize..end].trim().is_empty() {
        return Edit::replace(Span::new(start, end), "");
    }
    let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let last = rest[blanks..].starts_with([']', '}']) && !text[..piece.start as usize].trim_end().ends_with(['[', '{']);
    let blanks = if last || rest[blanks..].starts_with(['\r', '\n']) { 0 } else { blanks };
    Edit::replace(Span { end: piece.end + blanks as u32, ..piece }, "")
}

/// Where the first byte behind `from` stands that is neither blank nor in a comment.
pub(super) fn next(doc: &Document, from: u32) -> Option<u32> {
    let mut at = from;
    loop {
        let rest = &doc.text()[at as usize..];
        let blank = |c: char| c.is_whitespace() || c == '\u{feff}';
        at += (rest.len() - rest.trim_start_matches(blank).len()) as u32;
        match comment_at(doc, at) {
            Some(comment) if comment.end > at => at = comment.end,
            _ => return (at < doc.text().len() as u32).then_some(at),
        }
    }
}

/// Where the last byte before `from` stands that is neither blank nor in a comment.
fn previous(doc: &Document, from: u32) -> Option<u32> {
    let mut end = from;
    loop {
        end = doc.text()[..end as usize].trim_end().len() as u32;
        match comment_at(doc, end.checked_sub(1)?) {
            Some(comment) => end = comment.start,
            // Only an ASCII byte is asked for.
            None => return doc.text().is_char_boundary(end as usize - 1).then_some(end - 1),
        }
    }
}

fn comment_at(doc: &Document, at: u32) -> Option<Span> {
    doc.facts().around(Span { start: at, end: at + 1 }).find_map(|fact| match *fact {
        Fact::Comment { span } => Some(span),
        _ => None,
    })
}

/// What is taken out could hold another key, which nothing would keep.
pub(super) fn holds_more(doc: &Document, around: &Surroundings, edits: &[Edit], secret: Span) -> bool {
    let (text, catalogue) = (doc.text().as_bytes(), &around.catalogue);
    let runs = runs(text);
    let tokens = scan(catalogue, text).into_iter().map(|token| token.span);
    let encoded = encoded(catalogue, text, &runs).into_iter().map(|it| it.span);
    let ambiguous = ambiguous(catalogue, text, &runs).into_iter().map(|(span, _)| span);
    let keys = tokens.chain(encoded).chain(ambiguous).chain(slot_candidates(catalogue, text, &runs));
    let mut others = keys.filter(|it| !it.overlaps(secret) && doc.slice(*it) != doc.slice(secret));
    others.any(|it| edits.iter().any(|edit| edit.span.overlaps(it)))
}

/// The file is whole, as its reader has it: what JSON itself does not know, a comma behind the last entry, is no harm.
pub(super) fn parses(doc: &Document) -> bool {
    if !doc.facts().broken {
        return true;
    }
    let spare = commas(doc).filter(|comma| {
        next(doc, comma.end).is_some_and(|at| doc.text()[at as usize..].starts_with([']', '}']))
            && previous(doc, comma.start).is_some_and(|at| !doc.text()[at as usize..].starts_with([',', '[', '{']))
    });
    let edits: Vec<Edit> = spare.map(|comma| Edit::replace(comma, " ")).collect();
    let text = crate::text::apply(doc.text(), &edits);
    !edits.is_empty() && !Document::with_language(doc.path(), text, doc.language()).facts().broken
}

/// The commas outside of literals and comments.
fn commas(doc: &Document) -> impl Iterator<Item = Span> + '_ {
    let places = doc.text().match_indices(',').map(|(at, _)| Span::new(at, at + 1));
    places.filter(|at| !doc.facts().around(*at).any(|fact| matches!(fact, Fact::Literal { .. } | Fact::Comment { .. })))
}
