//! An object leaves without its key: the key is taken out or written over, or only names or one field are taken.

use super::context::Context;
use super::flow::Exit;
use crate::syntax::{Document, glob};
use crate::text::{Span, whole_words};

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// In the call with the object stands another value for the key, the word to leave it out, or what is taken of it.
pub(super) fn is_left_out(doc: &Document, call: Span, place: Span, names: &[String]) -> bool {
    let Some(table) = doc.language().map(|it| &it.objects) else { return false };
    let head = doc.slice(Span { start: call.start.min(place.start), end: place.start });
    let rest = doc.slice(Span { start: place.end, end: call.end.max(place.end) });
    let named = |text: &str| names.iter().any(|it| whole_words(text, it, is_part).next().is_some());
    let replaced = names.iter().any(|name| {
        whole_words(rest, name, is_part).any(|it| {
            let (before, behind) = (&rest[..it.start as usize], rest[it.end as usize..].trim_start());
            let is_set = behind.starts_with(':') || behind.starts_with('=') && !behind.starts_with("==");
            let quoted = before.ends_with(['"', '\'']) && !before.trim_end_matches(['"', '\'']).ends_with('[');
            let in_list = before.trim_end_matches(['"', '\'']).ends_with("=[");
            !before.ends_with('.') && (is_set || quoted || in_list)
        })
    });
    let spread = !table.spread.is_empty()
        && head.strip_suffix(table.spread.as_str()).is_some_and(|it| it.trim_end().ends_with(['(', ',', '[']));
    replaced || spread || table.picks.iter().any(|it| head.contains(it.as_str())) && !named(head)
}

/// It becomes a text without its fields, or only their names are taken; `opened`: a call shows them.
pub(super) fn is_plain(doc: &Document, exit: &Exit, opened: bool) -> bool {
    let Some(table) = doc.language().map(|it| &it.objects) else { return false };
    let is_one = |names: &[String]| exit.call(doc).is_some_and(|call| names.iter().any(|it| glob(it, call)));
    if is_one(&table.names) {
        return true;
    }
    if table.plain.is_empty() {
        return false;
    }
    let (text, at) = (doc.text(), exit.operand);
    let joined =
        text[..at.start as usize].trim_end().ends_with('+') || text[at.end as usize..].trim_start().starts_with('+');
    let tail = doc.slice(at);
    let has_tail = table.plain.iter().any(|it| it.starts_with('.') && tail.ends_with(it.as_str()));
    joined || has_tail || !opened && (exit.in_text || is_one(&table.plain))
}

/// Behind the object's name at `place` its key is taken out or written over.
pub(super) fn is_masked(context: &Context<'_>, place: Span, names: &[String]) -> bool {
    let doc = context.doc;
    let Some((table, removes)) = doc.language().map(|it| (&it.objects, it.help.removes.as_str())) else { return false };
    let (before, behind) = (&doc.text()[..place.start as usize], &doc.text()[place.end as usize..]);
    let removed = !removes.is_empty() && before.trim_end().ends_with(removes);
    let named = |text: &str| names.is_empty() || names.iter().any(|it| whole_words(text, it, is_part).next().is_some());
    // A variable may be its name.
    let fits = |text: &str| named(text) || text.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let rest = behind.strip_prefix(')').unwrap_or(behind);
    for mask in &table.masks {
        if let Some(arguments) = rest.strip_prefix(mask.as_str()) {
            let arguments = arguments.split(')').next().unwrap_or_default();
            return named(arguments) || fits(arguments) && !arguments.contains('=');
        }
    }
    // `config["api_key"]`, `config.api_key`
    let (field, rest) = if let Some(index) = behind.strip_prefix('[') {
        let Some(found) = index.split_once(']') else { return false };
        found
    } else if let Some(rest) = behind.strip_prefix('.') {
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        if !named(&rest[..end]) {
            return false;
        }
        rest.split_at(end)
    } else {
        return false;
    };
    let value = rest.trim_start_matches([' ', '\t']).strip_prefix('=').filter(|it| !it.starts_with('='));
    // The key itself is no other value.
    let is_key = |value: &str| {
        let start = doc.text().len() - value.trim_start().len();
        context.sources().iter().flat_map(|it| &it.exits).any(|it| it.place.start as usize == start)
    };
    fits(field) && (removed || value.is_some_and(|it| !is_key(it)))
}
