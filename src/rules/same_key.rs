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
    let found = found(&context);
    let mut places = unfound(&context, &found, key);
    places.extend(found.into_iter().filter(|it| it.secret.is_some_and(|span| key_at(doc, span) == *key)));
    places.sort_by_key(|it| it.span);
    places
}

/// The places where `key` stands and no rule finds it: an output of a notebook. In order.
pub fn quiet_places_of(doc: &Document, around: &Surroundings, key: &Secret) -> Vec<Finding> {
    let context = Context::new(doc, around);
    unfound(&context, &found(&context), key)
}

fn unfound(context: &Context<'_>, found: &[Finding], key: &Secret) -> Vec<Finding> {
    let text = context.doc.text();
    let mut taken = Disjoint::default();
    for secret in found.iter().filter_map(|place| place.secret) {
        taken.add(secret);
    }
    let mut places = Vec::new();
    for at in memchr::memmem::find_iter(text.as_bytes(), key.expose().as_bytes()) {
        let span = Span::new(at, at + key.expose().len());
        if is_whole(text, span) && taken.add(span) {
            let about = About { message: "the same key stands here".to_owned(), provider: None, shape: None };
            places.push(context.secret_finding(hardcoded_ai_key::RULE.id, Severity::Warning, span, &about));
        }
    }
    places
}

/// It is no part of a longer text of the same kind.
fn is_whole(text: &str, span: Span) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let (before, behind) = (&text[..span.start as usize], &text[span.end as usize..]);
    (ends_escape(before.as_bytes()) || !before.ends_with(part)) && !behind.starts_with(part)
}
