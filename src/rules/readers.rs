//! What the rules about files of settings share: keys in files that a program reads and puts variables into.

use super::context::Context;
use super::{Finding, hardcoded_ai_key};

/// Every key in a file whose reader names this rule.
pub(super) fn check(context: &Context<'_>, findings: &mut Vec<Finding>, rule: &'static str) {
    let Some(reader) = context.doc.reader().filter(|reader| reader.rule == rule) else { return };
    let place = format!("stands in a file that {} reads", reader.name);
    for token in context.tokens() {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let message = format!("{} {place}", hardcoded_ai_key::name_key(provider, shape));
        findings.push(hardcoded_ai_key::finding_of(context, rule, token, message));
    }
    for finding in context.by_place() {
        let message = finding.message.replace("stands in the text", &place);
        findings.push(Finding { rule, message, ..finding.clone() });
    }
}
