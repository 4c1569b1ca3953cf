//! What the rules about kinds of places share: every key there is found under their name, with the place in its message.

use super::context::Context;
use super::{Finding, hardcoded_ai_key};
use crate::text::Span;

/// Every key in a file of settings whose reader names this rule.
pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>, rule: &'static str) {
    if context.doc.readers().iter().all(|reader| reader.rule != rule) {
        return;
    }
    keys_at(context, findings, rule, |span| {
        let reader = context.doc.reader_at(context.facts(), span).filter(|reader| reader.rule == rule)?;
        Some(if reader.place.is_empty() {
            format!("stands in a file that {} reads", reader.name)
        } else {
            reader.place.clone()
        })
    });
}

/// Every key whose place there are words for, by its shape or by its place.
pub(super) fn keys_at(
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
    rule: &'static str,
    place: impl Fn(Span) -> Option<String>,
) {
    for token in context.tokens() {
        let Some(place) = place(token.span) else { continue };
        let (provider, shape) = context.catalogue().shape(token.shape);
        let message = format!("{} {place}", hardcoded_ai_key::name_key(provider, shape));
        findings.push(hardcoded_ai_key::finding_of(context, rule, token, message));
    }
    for finding in context.by_place() {
        let Some(place) = place(finding.span) else { continue };
        let message = finding.message.replace("stands in the text", &place);
        findings.push(Finding { rule, message, ..finding.clone() });
    }
}
