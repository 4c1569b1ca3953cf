//! `aikeys.lock` lists a key that should have been replaced by now.

use super::context::Context;
use super::vanished_key::lock_in;
use super::{Finding, Rule, Severity};
use crate::fixes::{Lock, Repairs};

pub(super) static RULE: Rule = Rule {
    id: "overdue-key",
    severity: Severity::Warning,
    cwe: &[324],
    docs: "aikeys.lock lists a key that is in use for longer than it may be.

A key that nobody replaces gets into more and more places, and whoever found it once can use it for ever. `rotate-days` of \
its entry says how long it may live, else `max-key-age-days` of the settings; where neither says so, it may live for ever.

Run `aikeys-lsp rotate NAME`: it puts a new key in the place of the old one, ends that one, and writes the day into `since`.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(lock) = lock_in(context) else { return };
    // The text in the editor counts; how long keys may live does not stand in it.
    let known = context.around.lock.as_ref();
    let (max_age_days, at_most_days) = known.map_or((None, None), |it| (it.max_age_days, it.at_most_days));
    let lock = Lock { max_age_days, at_most_days, ..lock };
    for (listed, age, days) in lock.overdue(&context.around.today) {
        let message = match age {
            Some(age) => format!("the key of {} is {age} days old, and may live for {days}", listed.variable),
            None => format!("`since` of {} is no day: write it as 2026-01-31", listed.variable),
        };
        let provider = context.catalogue().provider(&listed.provider);
        let mut finding = context.plain_finding(RULE.id, RULE.severity, listed.since_at, message, provider);
        finding.notes.push(format!("`aikeys-lsp rotate {}` puts a new one in its place", listed.variable));
        findings.push(finding);
    }
}
