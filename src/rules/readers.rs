//! What the rules about kinds of places share: every key there is found under their name, with the place in its message.

use super::context::Context;
use super::{Finding, hardcoded_ai_key};
use crate::text::Span;

/// Every key in a file of settings whose reader names this rule.
pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>, rule: &'static str) {
    let Some(reader) = context.doc.reader().filter(|reader| reader.rule == rule) else { return };
    keys_at(context, findings, rule, &format!("stands in a file that {} reads", reader.name), |_| true);
}

/// Every key that stands where `is_there` says, by its shape or by its place.
pub(super) fn keys_at(
    context: &Context<'_>,
    findings: &mut Vec<Finding>,
    rule: &'static str,
    place: &str,
    is_there: impl Fn(Span) -> bool,
) {
    for token in context.tokens().iter().filter(|token| is_there(token.span)) {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let message = format!("{} {place}", hardcoded_ai_key::name_key(provider, shape));
        findings.push(hardcoded_ai_key::finding_of(context, rule, token, message));
    }
    for finding in context.by_place().iter().filter(|finding| is_there(finding.span)) {
        let message = finding.message.replace("stands in the text", place);
        findings.push(Finding { rule, message, ..finding.clone() });
    }
}
