//! A missing variable stops the program without being named.

use super::context::Context;
use super::reads::{Read, is_notebook};
use super::{Finding, Rule, Severity};
use crate::fixes::read_loudly;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "unnamed-env-failure",
    severity: Severity::Hint,
    cwe: &[755],
    docs: "A missing key stops the program with a message that does not name it.

`called Result::unwrap() on an Err value: NotPresent` tells nobody what to set.

Read the variable so that the message names it.",
    check,
    fixes: |context, finding| read_loudly(context.doc, finding.span, context.variable_in(finding.span)),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if is_notebook(context.doc) {
        return;
    }
    for read in context.reads() {
        let Some(span) = fails(context, read) else { continue };
        let message = format!("where {} is missing, no message names it", read.name);
        findings.push(context.plain_finding(RULE.id, RULE.severity, span, message, Some(read.provider)));
    }
}

/// The read, when a missing variable is met without its name: at once, or in a client that does not know it.
fn fails(context: &Context<'_>, read: &Read<'_>) -> Option<Span> {
    let language = context.doc.language()?;
    if let Some(span) = read.with_method(context, &language.read.unnamed) {
        return Some(span);
    }
    let client = read.client()?;
    let quiet = read.is_quiet(context) && read.default.is_none();
    (quiet && !client.reads_env && !client.optional && !read.is_guarded(context)).then_some(read.span)
}
