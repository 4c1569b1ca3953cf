//! What a reader has to be told of, in a list of the same file, before it can be named.

use super::removal::next;
use crate::syntax::{Declare, Document, Fact};
use crate::text::{Edit, Span, line_ending};

/// The edit that puts the entry `{…}` with this id into the list; none where it stands there already.
pub(super) fn declared(doc: &Document, declare: &Declare, id: &str, entry: &str) -> Result<Option<Edit>, String> {
    let is_outer = |it: &Span| doc.facts().bindings_around(*it).len() == 1;
    let lists: Vec<Span> = entries(doc, &declare.list).map(|(_, value)| value).filter(is_outer).collect();
    let list = match lists.as_slice() {
        [] => return Ok(Some(first(doc, &format!("\"{}\": [{entry}]", declare.list)).ok_or("this file is empty")?)),
        [list] if doc.slice(*list).starts_with('[') => *list,
        [_] => return Err(format!("`{}` is no list here: mend it first", declare.list)),
        _ => return Err(format!("`{}` stands here twice: make one of it first", declare.list)),
    };
    let is = |name: &str, value: &str| {
        let found =
            entries(doc, name).filter(|(_, it)| list.contains(*it) && doc.slice(*it).trim_matches('"') == value);
        found.map(|(span, _)| span).collect::<Vec<Span>>()
    };
    if let Some(same) = is(&declare.id, id).first() {
        let (kind, value) = (&declare.kind[0], &declare.kind[1]);
        return match is(kind, value).iter().any(|it| doc.are_beside(*it, *same)) {
            true => Ok(None),
            false => Err(format!("`{id}` in `{}` is of another kind: give the key another name", declare.list)),
        };
    }
    Ok(Some(put_first(doc, list.start + 1, entry)))
}

/// Puts an entry first into the brackets that open right before `open`, written as the others are.
pub(super) fn put_first(doc: &Document, open: u32, entry: &str) -> Edit {
    let is_empty = next(doc, open).is_none_or(|at| doc.text()[at as usize..].starts_with([']', '}']));
    let gap = gap(doc, open, is_empty);
    let comma = match (is_empty, gap.is_empty()) {
        (true, _) => "",
        (false, true) => ", ",
        (false, false) => ",",
    };
    Edit::insert(open as usize, format!("{gap}{entry}{comma}"))
}

/// An entry that stands first in the outermost braces.
fn first(doc: &Document, entry: &str) -> Option<Edit> {
    let open = next(doc, 0).filter(|at| doc.text()[*at as usize..].starts_with('{'))? + 1;
    Some(Edit::insert(open as usize, format!("{}{entry},", gap(doc, open, false))))
}

/// What stands between a bracket and the first entry behind it, without comments.
fn gap(doc: &Document, open: u32, is_empty: bool) -> String {
    let rest = &doc.text()[open as usize..];
    let Some(at) = next(doc, open).filter(|_| !is_empty) else { return String::new() };
    let before = &rest[..(at - open) as usize];
    match before.rfind('\n') {
        Some(line) => format!("{}{}", line_ending(doc.text()), &before[line + 1..]),
        None => before.chars().take_while(|c| *c == ' ').collect(),
    }
}

/// The entries of this name, and their values.
pub(super) fn entries<'d>(doc: &'d Document, name: &'d str) -> impl Iterator<Item = (Span, Span)> + 'd {
    doc.facts().iter().filter_map(move |fact| match *fact {
        Fact::Binding { span, name: it, value } if doc.slice(it).trim_matches('"') == name => Some((span, value)),
        _ => None,
    })
}
