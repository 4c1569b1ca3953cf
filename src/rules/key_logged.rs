//! A key goes to a log.

use super::context::Context;
use super::sinks::{hide, report};
use super::{Finding, Rule, Severity};
use crate::text::line_before;

pub(super) static RULE: Rule = Rule {
    id: "key-logged",
    severity: Severity::Error,
    cwe: &[532, 312],
    docs: "A key is printed or logged.

Logs are kept for long, copied to other systems, pasted into issues, and read by more people than the environment is. \
In a notebook and in CI the output is the leak.

Log whether the key is set, or its last four characters.",
    check,
    fixes: |context, finding| hide(context.doc, finding.span),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let found = report(context, &RULE, |it| &it.log, |leak| format!("{} shows {}", leak.by(), leak.what));
    // `eval "$(program)"` takes what it prints.
    let exports = |at: &Finding| line_before(&context.doc.text()[..at.span.start as usize]).contains("export ");
    findings.extend(found.into_iter().filter(|it| !exports(it)));
}
