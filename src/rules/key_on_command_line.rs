//! A key is an argument of another program.

use super::context::Context;
use super::sinks::{Leak, report};
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "key-on-command-line",
    severity: Severity::Warning,
    cwe: &[214],
    docs: "A key is handed to another program as an argument.

Every user of the machine can read the arguments of a running program (`ps`), and audit logs and CI traces keep them.

Hand it over in the environment of that program, or on its standard input.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let message = |leak: &Leak<'_>| format!("{} becomes an argument of another program", leak.what);
    for finding in report(context, &RULE, |it| &it.command, message) {
        // The environment of the program is the right way, and so is its standard input.
        let bound = context.doc.facts().bindings_around(finding.span);
        let is_apart = |(name, _): &(Span, Span)| {
            let name = context.doc.slice(*name).trim_matches(['"', '\'']);
            name.eq_ignore_ascii_case("env") || name == "input"
        };
        // An entry is an option of the call, or a variable: arguments have no names.
        let is_option = |name: &str| name.trim_matches(['"', '\'']).starts_with('-');
        let entry = bound.first().filter(|(_, value)| *value == finding.span);
        let is_entry = entry.is_some_and(|(name, _)| !is_option(context.doc.slice(*name)));
        if !is_entry && !bound.iter().any(is_apart) {
            findings.push(finding);
        }
    }
}
