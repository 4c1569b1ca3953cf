//! The secrets that stand in a document.

use super::context::Context;
use super::found;
use crate::fixes::Surroundings;
use crate::secrets::redact;
use crate::syntax::Document;
use crate::text::{Disjoint, Span};

/// Every secret in a document, suppressed ones as well, with what may be shown of it: for masking what is printed.
pub fn secrets(doc: &Document, around: &Surroundings) -> Vec<(Span, String)> {
    let context = Context::new(doc, around);
    let mut found: Vec<(Span, String)> =
        found(&context).into_iter().filter_map(|it| Some((it.secret?, it.redacted.unwrap_or_default()))).collect();
    let mut taken = Disjoint::default();
    for (span, _) in &found {
        taken.add(*span);
    }
    // In a file for secrets the rules speak of the file, not of its keys.
    for finding in context.by_place() {
        if taken.add(finding.span) {
            found.push((finding.span, finding.redacted.clone().unwrap_or_default()));
        }
    }
    // Of a list only the first is found.
    for (span, _) in context.ambiguous() {
        if taken.add(*span) {
            found.push((*span, redact(doc.slice(*span), None)));
        }
    }
    for token in context.shaped() {
        if taken.add(token.span) {
            let shape = context.catalogue().shape(token.shape).1;
            found.push((token.span, redact(doc.slice(token.span), Some(shape))));
        }
    }
    found.sort();
    found
}
