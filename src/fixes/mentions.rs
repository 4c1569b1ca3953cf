//! What stands elsewhere and changes with a key: mentions of a constant, an import, an argument.

use super::Surroundings;
use super::loading::line_start;
use super::rewrite::add_argument;
use super::slot::slot_at;
use crate::syntax::{Document, Fact, Idiom};
use crate::text::{Edit, Span};

/// What the mentions of a constant become in one file; `own` is the constant's item where it stands in the file.
pub(super) fn follow(doc: &Document, idiom: &Idiom, param: &str, own: Option<Span>) -> Result<Vec<Edit>, String> {
    let facts = doc.facts();
    let is_own = |span: Span| own.is_some_and(|own| own.contains(span));
    let refusing = |span: Span| {
        let within = facts.iter().filter_map(|fact| match fact {
            Fact::Within { span: it, idiom } if it.contains(span) && !is_own(span) => Some((it.len(), idiom)),
            _ => None,
        });
        let (_, idiom) = within.min_by_key(|(len, _)| *len)?;
        doc.language().map(|language| language.idiom(idiom))
    };
    for mention in doc.mentions(param) {
        if let Some(idiom) = refusing(mention).filter(|idiom| !idiom.refuse.is_empty()) {
            return Err(format!("{param} is mentioned where no variable can be read ({})", idiom.refuse));
        }
    }
    let another = facts
        .iter()
        .any(|fact| matches!(*fact, Fact::Binding { name, .. } if doc.slice(name) == param && !is_own(name)));
    if another {
        return Err(format!(
            "{param} is the name of something else in {} as well: rename one first",
            doc.path().display()
        ));
    }
    let imported =
        |span: Span| facts.iter().any(|fact| matches!(*fact, Fact::Import { span: it, .. } if it.contains(span)));
    let used = idiom.uses.replace("{param}", param);
    let mut edits: Vec<Edit> = doc
        .mentions(param)
        .into_iter()
        .filter(|it| !is_own(*it) && !imported(*it))
        .map(|it| Edit::replace(it, used.clone()))
        .collect();
    for fact in facts.iter() {
        if let Fact::Renamed { span, of, to } = *fact
            && doc.slice(of) == param
            && doc.slice(to) != param
        {
            edits.extend(follow(doc, idiom, doc.slice(to), Some(span))?);
        }
    }
    let captures = [format!("{{{param}}}"), format!("{{{param}:")];
    for fact in facts.iter() {
        let Fact::Literal { value, .. } = *fact else { continue };
        if captures.iter().any(|it| doc.slice(value).contains(it.as_str())) {
            let argument = idiom.captured.replace("{param}", param);
            let edit = add_argument(doc, value, &argument)
                .ok_or("a format string mentions this constant where no argument can be added")?;
            if !edits.contains(&edit) {
                edits.push(edit);
            }
        }
    }
    Ok(edits)
}

/// Takes out the imports of which nothing is left but what stands in `removed`.
pub(super) fn unused_imports(doc: &Document, removed: Span) -> Vec<Edit> {
    let imports: Vec<Span> = doc
        .facts()
        .iter()
        .filter_map(|fact| match *fact {
            Fact::Droppable { span } => Some(span),
            _ => None,
        })
        .collect();
    imports.iter().filter_map(|import| unused_import(doc, removed, *import, &imports)).collect()
}

fn unused_import(doc: &Document, removed: Span, import: Span, imports: &[Span]) -> Option<Edit> {
    let text = doc.text();
    let name_part = |c: char| c.is_alphanumeric() || c == '_';
    let names = doc.slice(removed).split(|c| !name_part(c)).filter(|it| !it.is_empty());
    let mut found = names.filter_map(|name| {
        let mentions = doc.mentions(name);
        let own = *mentions.iter().find(|it| import.contains(**it))?;
        let is_leaf = text[own.end as usize..].trim_start().starts_with([';', ',', '}']);
        let gone = |it: &Span| removed.contains(*it) || imports.iter().any(|import| import.contains(*it));
        (is_leaf && mentions.iter().any(|it| removed.contains(*it)) && mentions.iter().all(gone)).then_some(own)
    });
    let own = found.next()?;
    let before = &text[import.start as usize..own.start as usize];
    let after = &text[own.end as usize..import.end as usize];
    if let Some(at) = before.rfind(['{', ',']) {
        // One of a list goes with the comma before it, the first one with the comma behind it.
        let start = import.start as usize + at;
        let rest = after.trim_start().strip_prefix(',').map(str::trim_start);
        return match (before[at..].starts_with(','), rest) {
            (true, _) => Some(Edit::replace(Span::new(start, own.end as usize), "")),
            (false, Some(rest)) => Some(Edit::replace(Span::new(start + 1, import.end as usize - rest.len()), "")),
            (false, None) => None,
        };
    }
    // An attribute on the line before would stand for what follows.
    let line = line_start(text, import.start as usize);
    let above = text[..line].trim_end().len();
    let inner = doc.facts().iter().any(|fact| matches!(*fact, Fact::Prologue { span } if span.end as usize == above));
    let marked = !inner && text[..above].ends_with(']');
    let alone = text[line..import.start as usize].trim().is_empty() && !marked;
    let end = text[import.end as usize..].find('\n').map_or(text.len(), |it| import.end as usize + it + 1);
    let whole = alone && text[import.end as usize..end].trim().is_empty();
    whole.then(|| Edit::replace(Span::new(line, end), ""))
}

/// Takes an argument out of a call, with the comma that goes with it.
pub(super) fn without_argument(doc: &Document, around: &Surroundings, secret: Span) -> Option<(Vec<Edit>, Span)> {
    let slot = slot_at(doc, doc.facts(), around, secret)?;
    let (client, arguments) = (slot.client?, slot.arguments?);
    let argument = doc.facts().iter().find_map(|fact| match *fact {
        Fact::Binding { span, name, value }
            if arguments.contains(span) && value.contains(secret) && name.start == span.start =>
        {
            Some(span)
        }
        _ => None,
    })?;
    let literal = doc.facts().literal_at(secret)?;
    if !client.reads_env || literal.0.end != argument.end || literal.1 != secret {
        return None;
    }
    let text = doc.text();
    let after = &text[argument.end as usize..arguments.end as usize];
    let comma = after.trim_start().starts_with(',');
    let span = if comma {
        let end = argument.end as usize + after.find(',').unwrap_or(0) + 1;
        let blanks = text[end..].len() - text[end..].trim_start_matches([' ', '\t']).len();
        Span::new(argument.start as usize, end + blanks)
    } else {
        let before = text[..argument.start as usize].trim_end();
        let start = if before.ends_with(',') { before.len() - 1 } else { argument.start as usize };
        Span::new(start, argument.end as usize)
    };
    Some((vec![Edit::replace(span, "")], arguments))
}
