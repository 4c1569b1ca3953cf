//! How a variable is named in a file of settings.

use super::loading::line_start;
use super::rewrite::Rewrite;
use crate::syntax::{Document, Fact, Reader};
use crate::text::{Edit, Span};

/// Names the variable in a file of settings, as its reader asks for.
pub(super) fn refer(
    doc: &Document,
    reader: &Reader,
    literal: Span,
    value: Span,
    secret: Span,
    name: &str,
) -> Result<Rewrite, String> {
    if !reader.refuse.is_empty() {
        return Err(reader.refuse.replace("{name}", name));
    }
    let named =
        |fact: &Fact| matches!(*fact, Fact::Binding { name, .. } if name.contains(secret) || literal.contains(name));
    if doc.facts().iter().any(named) {
        return Err("the key is the name of an entry here: take it out by hand, and rotate it".to_owned());
    }
    let before = &doc.text()[literal.start as usize..secret.start as usize];
    let text = reader.insert.replace("{name}", name);
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
    Ok(Rewrite::of(Edit::replace(secret, format!("{quote}{text}{quote}"))))
}
