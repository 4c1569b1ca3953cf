//! A key becomes a part of an error.

use super::context::Context;
use super::sinks::{Leak, hide, report};
use super::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "key-in-error",
    severity: Severity::Warning,
    cwe: &[209],
    docs: "A key becomes a part of an error.

The text of an error travels further than a log: to clients, into issues, to services that collect errors.

Name the variable and say what is wrong with its value, for example its length.",
    check,
    fixes: |context, finding| hide(context.doc, finding.span),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let message = |leak: &Leak<'_>| format!("{} becomes a part of {}", leak.what, leak.by());
    findings.extend(report(context, &RULE, |it| &it.error, message));
}
