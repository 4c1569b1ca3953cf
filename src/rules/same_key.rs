//! Every place of one key in a document, found by the rules or not.

use super::context::{About, Context};
use super::{Finding, Severity, found, hardcoded_ai_key};
use crate::fixes::{Surroundings, key_at};
use crate::secrets::{Secret, ends_escape};
use crate::syntax::Document;
use crate::text::{Disjoint, Span};

/// The places where `key` stands, whole or put together, suppressed ones as well. In order.
pub fn places_of(doc: &Document, around: &Surroundings, key: &Secret) -> Vec<Finding> {
    let context = Context::new(doc, around);
    let mut places = found(&context);
    places.retain(|it| it.secret.is_some_and(|span| key_at(doc, span) == *key));
    let mut taken = Disjoint::default();
    for place in &places {
        taken.add(place.span);
    }
    for at in memchr::memmem::find_iter(doc.text().as_bytes(), key.expose().as_bytes()) {
        let span = Span::new(at, at + key.expose().len());
        if is_whole(doc.text(), span) && taken.add(span) {
            let about = About { message: "the same key stands here".to_owned(), provider: None, shape: None };
            places.push(context.secret_finding(hardcoded_ai_key::RULE.id, Severity::Warning, span, &about));
        }
    }
    places.sort_by_key(|it| it.span);
    places
}

/// It is no part of a longer text of the same kind.
fn is_whole(text: &str, span: Span) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (before, behind) = (&text[..span.start as usize], &text[span.end as usize..]);
    (ends_escape(before.as_bytes()) || !before.ends_with(part)) && !behind.starts_with(part)
}
