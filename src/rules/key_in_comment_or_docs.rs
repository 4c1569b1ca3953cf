//! A key in a text for people.

use super::context::Context;
use super::{Finding, Rule, Severity, hardcoded_ai_key};
use crate::fixes::{is_prose, move_secret};

pub(super) static RULE: Rule = Rule {
    id: "key-in-comment-or-docs",
    severity: Severity::Error,
    cwe: &[615],
    docs: "A key stands in a comment, a docstring or a document.

A key that is commented out is still alive, and texts for people are copied, published, and read into prompts by agents.

Leave the name of the variable there, and move the key to `.env` or to a store. \
Rotate it if the file was ever shared.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.is_env_file() {
        return;
    }
    for token in context.tokens().iter().filter(|token| is_prose(context.doc, context.facts(), token.span)) {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let message = format!("{} {}", hardcoded_ai_key::name_key(provider, shape), place(context));
        findings.push(hardcoded_ai_key::finding_of(context, RULE.id, token, message));
    }
    for finding in context.by_place().iter().filter(|it| is_prose(context.doc, context.facts(), it.span)) {
        let message = finding.message.replace("stands in the text", place(context));
        findings.push(Finding { rule: RULE.id, message, ..finding.clone() });
    }
}

fn place(context: &Context<'_>) -> &'static str {
    if context.doc.language().is_none() { "stands in a document" } else { "stands in a comment" }
}
