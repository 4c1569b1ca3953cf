//! Names that hold a text or a list with a key in it: `command = ["ask", "--key", key]`.

use super::flow::{Exit, is_still, opener};
use super::objects::{is_assigned, places};
use crate::syntax::{Document, Fact, Facts};
use crate::text::Span;

/// A text or a list with a value in it, that has a name.
pub(super) struct Carrier {
    /// The text or the list.
    pub value: Span,
    /// Where its name stands, with all that is in it.
    pub places: Vec<Span>,
    /// Its entries have names, which rules about objects look at.
    pub has_entries: bool,
}

/// So many of one key are looked at.
const MOST: usize = 10;
/// What is longer is a program of its own, in bytes.
const LONGEST: usize = 2_000;

/// What carries the value that was read at `read` on from one of `exits`.
pub(super) fn carriers(doc: &Document, facts: &Facts, read: Span, exits: &[Exit]) -> Vec<Carrier> {
    let exits = exits.iter().filter(|it| it.place == read || is_still(doc, read, it.place));
    exits.filter_map(|exit| carrier(doc, facts, exit)).take(MOST).collect()
}

fn carrier(doc: &Document, facts: &Facts, exit: &Exit) -> Option<Carrier> {
    let bound = facts.bindings_around(exit.operand).into_iter().find(|(name, _)| is_assigned(doc, *name));
    let (name, value) = bound.filter(|(_, value)| value.len() > exit.operand.len() && value.len() <= LONGEST)?;
    // A call makes something else of it, and so does a function that runs later.
    let changes = |fact: &Fact| match *fact {
        Fact::Call { arguments: Some(arguments), .. } => value.contains(arguments) && arguments.contains(exit.operand),
        Fact::Deferred { span } => value.contains(span),
        _ => false,
    };
    if facts.around(exit.operand).any(changes) || !is_whole(doc, facts, exit, value) {
        return None;
    }
    let in_braces = || opener(&doc.text()[..exit.operand.start as usize]).is_some_and(|(_, sign)| sign == '{');
    let has_entries = doc.slice(value).starts_with('{') || !exit.in_text && in_braces();
    let mut places = places(doc, name, value);
    // Whoever takes something out of it may take the key.
    let changed = places.iter().position(|it| is_changed(doc.text(), *it)).unwrap_or(places.len());
    places.truncate(changed);
    Some(Carrier { value, places, has_entries })
}

/// The value is the list, the text or the sum of texts with the operand in it: no question, no part, no choice.
fn is_whole(doc: &Document, facts: &Facts, exit: &Exit, value: Span) -> bool {
    let text = doc.slice(value);
    if let Some(inner) = text.strip_prefix(['[', '{']) {
        let chooses = [" for ", " if ", " else ", "=>"].iter().any(|it| text.contains(it));
        return !chooses && closing(inner).is_some_and(|len| len == inner.len());
    }
    if facts.around(exit.operand).any(|fact| matches!(*fact, Fact::Literal { span, .. } if span == value)) {
        return true;
    }
    // `"key " + key`
    let (start, end) = (exit.operand.start, exit.operand.end);
    is_sum(doc.slice(Span { end: start, ..value })) && is_sum(doc.slice(Span { start: end, ..value }))
}

/// Nothing but texts and what joins them.
fn is_sum(text: &str) -> bool {
    let mut quote = None;
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        match (quote, sign) {
            (Some(_), '\\') => drop(signs.next()),
            (Some(open), _) => quote = Some(open).filter(|_| open != sign),
            (None, '"' | '\'' | '`') => quote = Some(sign),
            (None, '+' | 'f' | 'r') => {}
            (None, _) if sign.is_whitespace() => {}
            _ => return false,
        }
    }
    quote.is_none()
}

/// How far it is to behind the bracket that closes what is open before `rest`; texts count as they stand.
fn closing(rest: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    for (at, sign) in rest.char_indices() {
        match (quote, sign) {
            (Some(open), _) => quote = Some(open).filter(|_| open != sign),
            (None, '"' | '\'' | '`') => quote = Some(sign),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return Some(at + 1),
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// `command[2] = "***"`, `del command[2]`, `command.pop()`
fn is_changed(text: &str, place: Span) -> bool {
    let (before, behind) = (&text[..place.start as usize], &text[place.end as usize..]);
    let calls = [".pop(", ".remove(", ".clear(", ".splice(", ".shift("];
    let set = || {
        let behind = behind.strip_prefix('[')?.split_once(']')?.1.trim_start();
        Some(behind.starts_with('=') && !behind.starts_with("=="))
    };
    calls.iter().any(|it| behind.starts_with(it)) || before.ends_with("del ") || set() == Some(true)
}
