//! A key in a text for people.

use super::context::Context;
use super::{Finding, Rule, Severity, readers};
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
    if context.keeps_secrets() {
        return;
    }
    let is_example = context.doc.is_example() && context.doc.language().is_some();
    let is_there = |span| is_example || is_prose(context.doc, context.facts(), span);
    let there = |span| is_there(span).then(|| place(context).to_owned());
    readers::keys_at(context, findings, RULE.id, there);
}

fn place(context: &Context<'_>) -> &'static str {
    let is_document = context.doc.language().is_none() || context.doc.is_example();
    if is_document { "stands in a document" } else { "stands in a comment" }
}
