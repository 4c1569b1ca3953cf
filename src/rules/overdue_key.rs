//! `aikeys.lock` lists a key that should have been replaced by now.

use super::context::Context;
use super::vanished_key::lock_in;
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::secrets::Provider;

pub(super) static RULE: Rule = Rule {
    id: "overdue-key",
    severity: Severity::Warning,
    cwe: &[324],
    docs: "aikeys.lock lists a key that is in use for longer than it may be.

A key that nobody replaces gets into more and more places, and whoever found it once can use it for ever. `rotate-days` of \
its entry says how long it may live, else `max-key-age-days` of the settings; where neither says so, it may live for ever.

Make a new key, write it in the place of the old one, revoke the old one, and write the day into `since`.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(lock) = lock_in(context) else { return };
    let (set, most) = context.around.lock.as_ref().map_or((None, None), |it| (it.max_age_days, it.at_most_days));
    for listed in &lock.listed {
        let Some(days) = listed.rotate_days.or(set).into_iter().chain(most).min() else { continue };
        let age = day(&context.around.today).zip(day(&listed.since)).map(|(today, since)| today - since);
        let message = match age {
            Some(age) if age > i64::try_from(days).unwrap_or(i64::MAX) => {
                format!("the key of {} is {age} days old, and may live for {days}", listed.variable)
            }
            None => format!("`since` of {} is no day: write it as 2026-01-31", listed.variable),
            _ => continue,
        };
        let provider = context.catalogue().provider(&listed.provider);
        let mut finding = context.plain_finding(RULE.id, RULE.severity, listed.since_at, message, provider);
        let page = provider.and_then(Provider::page);
        finding.notes.extend(page.map(|page| format!("make a new key at {page}")));
        findings.push(finding);
    }
}

/// Days since the first of March in the year 0, of a day that is written `YYYY-MM-DD`.
fn day(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.parse().ok().filter(|_| text.len() == 10)?;
    Some(i64::from(date.since(jiff::civil::date(0, 3, 1)).ok()?.get_days()))
}
