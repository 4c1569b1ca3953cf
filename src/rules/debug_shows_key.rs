//! A type with a key shows it wherever it is printed.

use super::context::Context;
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, keep_out};

pub(super) static RULE: Rule = Rule {
    id: "debug-shows-key",
    severity: Severity::Warning,
    cwe: &[532, 215],
    docs: "A type with a key shows it wherever it is printed.

Its text form is made of all fields by itself: `#[derive(Debug)]`, a dataclass, a pydantic model, a record. \
It gets into logs, errors and reports of crashes without anybody naming the key.

Give the field a type that hides its value (`SecretString`, `SecretStr`), or leave it out of the text.",
    check,
    fixes,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let holders = context.holders();
    let advice = context.doc.language().map_or("", |it| it.types.advice.as_str());
    for holder in &holders.all {
        let (of, field) = holders.parts(holder);
        // A key in the text has to move first.
        if context.sources().iter().any(|it| it.is_literal && field.span.contains(it.span)) {
            continue;
        }
        let message = format!("`{}` shows {} wherever it is printed", context.doc.slice(of.name), holder.what);
        let severity = severity_here(context, RULE.severity);
        let mut finding = context.plain_finding(RULE.id, severity, field.name, message, Some(holder.provider));
        finding.notes.push(advice.to_owned());
        findings.push(finding);
    }
}

fn fixes(context: &Context<'_>, finding: &Finding) -> Repairs {
    let holders = context.holders();
    let Some(holder) = holders.all.iter().find(|it| holders.parts(it).1.name == finding.span) else {
        return Repairs::default();
    };
    let (of, field) = holders.parts(holder);
    let alone = holders.all.iter().filter(|it| it.of == holder.of).count() == 1;
    keep_out(context.doc, of, field, alone)
}
