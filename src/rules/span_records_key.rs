//! A key becomes an attribute of a trace.

use super::context::Context;
use super::sinks::{hide, report};
use super::{Finding, Rule, Severity};

pub(super) static RULE: Rule = Rule {
    id: "span-records-key",
    severity: Severity::Warning,
    cwe: &[532, 201],
    docs: "A key becomes an attribute of a trace, of an error report or of an experiment.

These leave the machine for a third party, and are kept there.

Record whether the key is set.",
    check,
    fixes: |context, finding| hide(context.doc, finding.span),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    findings.extend(report(context, &RULE, |it| &it.telemetry, |leak| format!("{} records {}", leak.by(), leak.what)));
}
