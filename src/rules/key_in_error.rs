//! A key becomes a part of an error.

use super::context::Context;
use super::sinks::{Leak, hide, report};
use super::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "key-in-error",
    severity: Severity::Warning,
    cwe: &[209],
    docs: "A key becomes a part of an error, or of an answer to whoever calls.

The text of an error travels further than a log: to clients, into issues, to services that collect errors. \
An answer with a key gives the key to everyone who asks.

Name the variable and say what is wrong with its value, for example its length.",
    check,
    fixes: |context, finding| hide(context.doc, finding.span),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let message = |leak: &Leak<'_>| format!("{} becomes a part of {}", leak.what, leak.by());
    let mut found = report(context, &RULE, |it| &it.error, message);
    let message = |leak: &Leak<'_>| format!("{} goes to whoever calls, by {}", leak.what, leak.by());
    found.extend(report(context, &RULE, |it| &it.answer, message));
    found.sort_by_key(|it| it.span);
    findings.extend(found);
}
