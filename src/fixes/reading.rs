//! How a variable is read, and what that needs at the head of a file.

use super::loading::line_start;
use crate::syntax::{Document, Fact, Language};
use crate::text::Span;

/// What a reading expression needs at the head of its file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// Lines before the other imports.
    pub imports: Vec<String>,
    /// Lines behind the imports: the function that it calls.
    pub helper: Vec<String>,
}

/// The reading expression for a place `before` which its imports must stand, and what it needs.
pub(super) fn reading(doc: &Document, language: &Language, name: &str, quote: char, before: u32) -> (String, Needs) {
    let read = &language.read;
    let example = read.example.as_ref().filter(|_| doc.is_example());
    let expression = example.unwrap_or(&read.expression);
    let helper = match read.helper.as_str() {
        "" => Vec::new(),
        _ if example.is_some() => Vec::new(),
        helper if !doc.mentions(helper).is_empty() => Vec::new(),
        _ => std::iter::once(String::new()).chain(read.helper_lines.iter().cloned()).collect(),
    };
    let needs = |imports: Vec<String>| Needs { imports, helper: helper.clone() };
    let text = |module: &str| {
        let expression = match module {
            "" => expression.replace("{module}.", ""),
            module => expression.replace("{module}", module),
        };
        expression.replace("{name}", name).replace("{q}", &quote.to_string())
    };
    let Some(module) = &read.module else { return (text(""), needs(Vec::new())) };
    let imports = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::Import { name, item, alias, span } if doc.slice(name) == module && span.end <= before => {
            Some((item, alias, span))
        }
        _ => None,
    });
    for (item, alias, span) in imports {
        // An import in a function is none for the rest of the file.
        if line_start(doc.text(), span.start as usize) != span.start as usize && !doc.text().starts_with('\u{feff}') {
            continue;
        }
        match (item, alias) {
            (None, Some(alias)) if !is_taken(doc, module, doc.slice(alias)) => {
                return (text(doc.slice(alias)), needs(Vec::new()));
            }
            (None, None) if !is_taken(doc, module, module) => return (text(module), needs(Vec::new())),
            (Some(item), None) if doc.slice(item) == read.item && !is_taken(doc, module, &read.item) => {
                return (text(""), needs(Vec::new()));
            }
            _ => {}
        }
    }
    if is_taken(doc, module, module) {
        return (text(&read.alias), needs(vec![read.import_as.clone()]));
    }
    (text(module), needs(vec![read.import.clone()]))
}

/// `name` may stand for something else than the import of `module`: it is mentioned otherwise than to take a part of it.
fn is_taken(doc: &Document, module: &str, name: &str) -> bool {
    let text = doc.text();
    let imports: Vec<Span> = doc
        .facts()
        .iter()
        .filter_map(|fact| match *fact {
            Fact::Import { span, name, .. } if doc.slice(name).split('.').next() == Some(module) => Some(span),
            _ => None,
        })
        .collect();
    doc.mentions(name).into_iter().any(|mention| {
        let part = text[..mention.start as usize].trim_end().ends_with('.');
        let whole = text[mention.end as usize..].trim_start().starts_with(['.', '[']);
        !part && !whole && !imports.iter().any(|it| it.contains(mention))
    })
}

/// The literal's own quote.
pub(super) fn quote(doc: &Document, literal: Span) -> char {
    doc.slice(literal).chars().find(|c| matches!(c, '"' | '\'')).unwrap_or('"')
}
