//! What stands around a literal, and how it is replaced there.

use super::Surroundings;
use crate::syntax::{Document, Fact, Idiom, Language};
use crate::text::Span;

/// What is replaced, and how.
pub(super) struct Place<'d> {
    /// The literal, or what wraps it.
    pub span: Span,
    /// How.
    pub idiom: &'d Idiom,
    /// The parameter or constant that gets the value.
    pub name: Option<Span>,
    /// The body of its function.
    pub body: Option<Span>,
}

impl<'d> Place<'d> {
    /// Follows the slots outwards from a literal.
    pub(super) fn of(
        doc: &'d Document,
        around: &Surroundings,
        language: &'static Language,
        literal: Span,
    ) -> Place<'d> {
        let mut place = Place { span: literal, idiom: language.idiom("value"), name: None, body: None };
        let rank = |id: &str| language.idioms.iter().position(|it| it.id == id).unwrap_or(usize::MAX);
        let slots = |at: Span, wraps: bool| {
            let found = doc.facts().iter().filter_map(move |fact| match fact {
                Fact::Slot { span, value, idiom, name, body }
                    if *value == at && wraps == (*span != at || name.is_some()) =>
                {
                    Some((*span, idiom.as_str(), *name, *body))
                }
                _ => None,
            });
            found.min_by_key(|(_, idiom, ..)| rank(idiom))
        };
        if let Some((_, idiom, ..)) = slots(literal, false) {
            place.idiom = language.idiom(idiom);
        }
        while let Some((span, idiom, name, body)) = slots(place.span, true) {
            let done = span == place.span;
            place = Place { span, idiom: language.idiom(idiom), name: name.or(place.name), body: body.or(place.body) };
            if done {
                break;
            }
        }
        if let Some(idiom) = wanted(doc, around, place.idiom, literal) {
            place.idiom = language.idiom(idiom);
        }
        let within = doc.facts().iter().filter_map(|fact| match fact {
            Fact::Within { span, idiom }
                if span.contains(place.span) && span.len() > place.span.len()
                    || matches!(fact, Fact::Within { span, .. } if *span == place.span) =>
            {
                Some((*span, idiom.as_str()))
            }
            _ => None,
        });
        // A constant that is replaced as a whole reaches from `const`; its fact from `pub`.
        let whole_item = place.idiom.uses.is_empty();
        if let Some((span, idiom)) = within.min_by_key(|(span, _)| span.len()) {
            let idiom = language.idiom(idiom);
            let same_item = !whole_item && span.end == place.span.end;
            if !idiom.refuse.is_empty() && !same_item {
                place.idiom = idiom;
            }
        }
        place
    }
}

/// The macro around the secret takes no expression.
pub(super) fn takes_literals_only(doc: &Document, secret: Span) -> bool {
    let calls = doc.facts().calls_around(secret);
    doc.facts().iter().any(|fact| match *fact {
        Fact::LiteralOnly { name, .. } => calls.iter().any(|(callee, _)| doc.slice(*callee) == doc.slice(name)),
        _ => false,
    })
}

/// The idiom that something which gets the value later demands, if this one gives way to it.
fn wanted<'i>(doc: &Document, around: &Surroundings, idiom: &'i Idiom, literal: Span) -> Option<&'i str> {
    if idiom.gives_way.is_empty() {
        return None;
    }
    let bound = doc.facts().iter().find_map(|fact| match *fact {
        Fact::Binding { name, value, .. } if value == literal => Some(doc.slice(name)),
        _ => None,
    });
    let later = bound.map(|name| doc.mentions(name)).unwrap_or_default();
    let places: Vec<Span> =
        std::iter::once(literal).chain(later.into_iter().filter(|it| it.start >= literal.end)).collect();
    let callees: Vec<&str> = places.iter().filter_map(|at| callee(&doc.text()[..at.start as usize])).collect();
    let demands = |file: &Document, idiom: &str| {
        file.facts().iter().any(|fact| match fact {
            Fact::Wants { name: Some(name), idiom: it, .. } => it == idiom && callees.contains(&file.slice(*name)),
            Fact::Wants { span, name: None, idiom: it } => {
                let reaches = |at: &Span| span.contains(*at) && !span.contains(literal);
                std::ptr::eq(file, doc) && it == idiom && places.iter().any(reaches)
            }
            _ => false,
        })
    };
    let called = |file: &&Document| callees.iter().any(|it| file.text().contains(it));
    let others = around.siblings.iter().map(AsRef::as_ref).filter(called);
    let files: Vec<&Document> = std::iter::once(doc).chain(others).collect();
    idiom.gives_way.iter().map(String::as_str).find(|idiom| files.iter().any(|file| demands(file, idiom)))
}

/// The name before the bracket that is open at the end of `before`: macros hold calls that are no facts.
fn callee(before: &str) -> Option<&str> {
    let mut closed = 0;
    let open = before.bytes().rposition(|byte| match byte {
        b')' => {
            closed += 1;
            false
        }
        b'(' if closed > 0 => {
            closed -= 1;
            false
        }
        byte => byte == b'(',
    })?;
    before[..open].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().filter(|name| !name.is_empty())
}
