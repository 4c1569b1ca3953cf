//! Keeps the value of a field out of the text that a type makes of its fields.

use super::loading::{head_edits, line_start};
use super::reading::Needs;
use super::{Repairs, Safety};
use crate::syntax::{Document, Fact, Field, KeptOut, Type, Written};
use crate::text::{Edit, Span, line_ending, whole_words};

/// What can be done about a field that is shown. `alone`: no other field of the type holds a key.
pub fn keep_out(doc: &Document, of: &Type, field: &Field, alone: bool) -> Repairs {
    let Some(types) = doc.language().map(|it| &it.types) else { return Repairs::default() };
    let kept =
        types.kept_out.as_ref().filter(|it| is_of(doc, of, it)).and_then(|it| marked(doc, field, it, &types.wrappers));
    if let Some(edits) = kept {
        let title = format!("Keep `{}` out of the text", doc.slice(field.name));
        return Repairs::of_edits(doc.path(), edits, title, Safety::Safe);
    }
    let written = types.written.as_ref().filter(|_| alone).and_then(|it| by_hand(doc, of, field, it));
    match written {
        Some(edits) => {
            let title = format!("Write the text of `{}` by hand, with *** for the key", doc.slice(of.name));
            Repairs::of_edits(doc.path(), edits, title, Safety::Offered)
        }
        None => Repairs::default(),
    }
}

/// The type is one that `kept` is for, by the module's own name for it: another's may have other fields.
fn is_of(doc: &Document, of: &Type, kept: &KeptOut) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let path = of.head.iter().find_map(|piece| {
        let text = doc.slice(*piece);
        let word = whole_words(text, &kept.of, part).next()?;
        let before = &text[..word.start as usize];
        Some(&before[before.trim_end_matches(|c| part(c) || c == '.').len()..])
    });
    let Some(path) = path else { return false };
    let module = path.strip_suffix('.');
    doc.facts().imports().any(|fact| match *fact {
        Fact::Import { name, item, alias, .. } if doc.slice(name) == kept.module => {
            match (module, item.map(|it| doc.slice(it)), alias) {
                (None, Some(item), None) => item == kept.of,
                (Some(module), None, alias) => module == alias.map_or(kept.module.as_str(), |it| doc.slice(it)),
                _ => false,
            }
        }
        _ => false,
    })
}

/// `key: str = field(repr=False)`
fn marked(doc: &Document, field: &Field, kept: &KeptOut, wrappers: &[String]) -> Option<Vec<Edit>> {
    let (call, mut edits) = named(doc, field, kept)?;
    let value = doc.slice(Span { start: field.kind.end, end: field.span.end });
    let Some(default) = value.trim_start().strip_prefix('=').map(str::trim) else {
        if !value.trim().is_empty() {
            return None;
        }
        edits.push(Edit::insert(field.kind.end as usize, format!(" = {call}({})", kept.argument)));
        return Some(edits);
    };
    let at = field.span.end as usize - value.len() + value.find(default)?;
    let default = Span::new(at, at + default.len());
    let whole = doc.facts().around(default).find_map(|fact| match *fact {
        Fact::Call { span, callee, arguments: Some(arguments) } if span == default => Some((callee, arguments)),
        _ => None,
    });
    match whole {
        Some((callee, arguments)) if doc.slice(callee).rsplit('.').next() == Some(&kept.call) => {
            // First of all: behind the others may stand a comma, a comment or the bracket of another call.
            let others = doc.slice(Span { start: arguments.start + 1, end: arguments.end - 1 });
            let word = kept.argument.split('=').next().unwrap_or_default();
            if others.contains(word) || others.contains("**") {
                return None;
            }
            let comma = match others.chars().next() {
                None => "",
                Some(c) if c.is_whitespace() => ",",
                Some(_) => ", ",
            };
            edits = vec![Edit::insert(arguments.start as usize + 1, format!("{}{comma}", kept.argument))];
        }
        // Another function that describes a field.
        Some((callee, _))
            if doc.slice(callee).rsplit('.').next().is_some_and(|it| wrappers.iter().any(|w| w == it)) =>
        {
            return None;
        }
        _ => {
            let before = format!("{call}({}", kept.default);
            edits.push(Edit::insert(default.start as usize, before));
            edits.push(Edit::insert(default.end as usize, format!(", {})", kept.argument)));
        }
    }
    Some(edits)
}

/// What the function is called here, and what imports it; `None` where its name is another's.
fn named(doc: &Document, field: &Field, kept: &KeptOut) -> Option<(String, Vec<Edit>)> {
    let of_module = doc.facts().imports().filter_map(|fact| match *fact {
        Fact::Import { name, item, alias, span } if doc.slice(name) == kept.module && span.end <= field.span.start => {
            Some((item, alias))
        }
        _ => None,
    });
    let mut is_there = None;
    for (item, alias) in of_module {
        match (item.map(|it| doc.slice(it)), alias) {
            (Some(item), None) if item == kept.call => return Some((kept.call.clone(), Vec::new())),
            (None, alias) => is_there = Some(alias.map_or(kept.module.as_str(), |it| doc.slice(it))),
            _ => {}
        }
    }
    if let Some(module) = is_there {
        return Some((format!("{module}.{}", kept.call), Vec::new()));
    }
    let needs = Needs { imports: vec![format!("from {} import {}", kept.module, kept.call)], helper: Vec::new() };
    doc.mentions(&kept.call).is_empty().then(|| (kept.call.clone(), head_edits(doc, field.span, &needs, None, &[])))
}

/// The text form, written out for all fields, in the stead of the one that is made.
fn by_hand(doc: &Document, of: &Type, field: &Field, written: &Written) -> Option<Vec<Edit>> {
    let (text, name) = (doc.text(), doc.slice(of.name));
    let plain = text[of.name.end as usize..].trim_start().starts_with('{');
    let unclear = written.unless.iter().any(|it| doc.slice(of.span).contains(it.as_str()));
    let odd = |it: &Field| !doc.slice(it.name).chars().all(|c| c.is_alphanumeric() || c == '_');
    let nowhere = written.nowhere.iter().any(|it| text.contains(it.as_str()));
    if !plain || unclear || nowhere || of.fields.iter().any(odd) || of.is_partial {
        return None;
    }
    let mut edits = vec![without(doc, of, written)?];
    let ending = line_ending(text);
    let start = line_start(text, of.declared as usize);
    let indent = &text[start..of.declared as usize];
    let rest = &text[of.span.end as usize..];
    if !indent.trim().is_empty() || !(rest.is_empty() || rest.starts_with(['\n', '\r'])) {
        return None;
    }
    let fields = of.fields.iter().map(|it| {
        let line = if it.name == field.name { &written.hidden } else { &written.field };
        line.replace("{field}", doc.slice(it.name))
    });
    let head = written.head.iter().map(|it| it.replace("{type}", name));
    let lines = head.chain(fields).chain(written.tail.iter().cloned());
    let lines = lines.map(|it| if it.is_empty() { ending.to_owned() } else { format!("{ending}{indent}{it}") });
    edits.push(Edit::insert(of.span.end as usize, lines.collect::<String>()));
    Some(edits)
}

/// Takes the word that makes the text out of its mark, with the mark where nothing else stands in it.
fn without(doc: &Document, of: &Type, written: &Written) -> Option<Edit> {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let holds = |mark: &&Span| {
        let text = doc.slice(**mark);
        text.starts_with(written.mark.as_str()) && whole_words(text, &written.drop, part).next().is_some()
    };
    let mark = *of.head.iter().find(holds)?;
    let inner = Span { start: mark.start + written.mark.len() as u32, end: mark.end - written.close.len() as u32 };
    if !doc.slice(mark).ends_with(written.close.as_str()) || doc.slice(inner).contains("//") {
        return None;
    }
    let all = doc.slice(inner).split(',').map(str::trim).filter(|it| !it.is_empty() && *it != written.drop);
    let rest: Vec<&str> = all.collect();
    if !rest.is_empty() {
        return Some(Edit::replace(inner, rest.join(", ")));
    }
    let text = doc.text();
    let start = line_start(text, mark.start as usize);
    let end = text[mark.end as usize..].find('\n').map(|it| mark.end as usize + it + 1)?;
    let alone = text[start..mark.start as usize].trim().is_empty() && text[mark.end as usize..end].trim().is_empty();
    alone.then(|| Edit::replace(Span::new(start, end), ""))
}
