//! A key is written to a place that keeps it in plain text.

use super::context::Context;
use super::sinks::{Leak, report};
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;

pub(super) static RULE: Rule = Rule {
    id: "key-persisted",
    severity: Severity::Warning,
    cwe: &[922, 312, 313],
    docs: "A key is written to a file, a cookie or the storage of a browser.

It stays there in plain text, is in every backup, and nobody remembers it when the key is rotated.

Read the key where it is used. What has to be kept belongs in the keychain of the system.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let message = |leak: &Leak<'_>| format!("{} keeps {} in plain text", leak.by(), leak.what);
    findings.extend(report(context, &RULE, |it| &it.storage, message));
}
