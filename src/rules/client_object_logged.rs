//! An object with a key is logged whole.

use super::context::Context;
use super::objects::wholes;
use super::reads::severity_here;
use super::sinks::called;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::syntax::{Fact, Sinks};
use crate::text::Edit;

pub(super) static RULE: Rule = Rule {
    id: "client-object-logged",
    severity: Severity::Warning,
    cwe: &[532],
    docs: "A client, settings or arguments that hold a key are logged whole.

Nobody names the key, and it is printed all the same: `console.log(client)`, `vars(client)`, `print(args)`.

Log the fields that are meant.",
    check,
    fixes: |context, finding| leave_out(context, finding, |it| &it.log),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    report(context, &RULE, |it| &it.log, "shows", findings);
}

/// The findings about objects with a key that leave whole; `does` says how.
pub(super) fn report(
    context: &Context<'_>,
    rule: &Rule,
    sinks: fn(&Sinks) -> &[String],
    does: &str,
    findings: &mut Vec<Finding>,
) {
    for whole in wholes(context, sinks) {
        let name = context.doc.slice(whole.place);
        let message = format!("{} {does} all of `{name}`, and with it {}", called(whole.callee), whole.what);
        let severity = severity_here(context, rule.severity);
        findings.push(context.plain_finding(rule.id, severity, whole.place, message, Some(whole.provider)));
    }
}

/// `vars(args)` without the key.
pub(super) fn leave_out(context: &Context<'_>, finding: &Finding, sinks: fn(&Sinks) -> &[String]) -> Repairs {
    let doc = context.doc;
    let Some(table) = doc.language().map(|it| &it.objects).filter(|it| !it.vars.is_empty()) else {
        return Repairs::default();
    };
    let whole = wholes(context, sinks).into_iter().find(|it| it.place == finding.span);
    let Some(key) = whole.and_then(|it| it.key) else { return Repairs::default() };
    // In a text the quotes could end it.
    if doc.facts().around(finding.span).any(|fact| matches!(fact, Fact::Template { .. })) {
        return Repairs::default();
    }
    // The call of nothing but the object.
    let call = doc.facts().around(finding.span).find_map(|fact| match *fact {
        Fact::Call { span, callee, arguments: Some(arguments) } => {
            let alone = doc.slice(arguments) == format!("({})", doc.slice(finding.span));
            (alone && doc.slice(callee) == table.vars).then_some(span)
        }
        _ => None,
    });
    // `**vars(args)` takes a list as well.
    let Some(call) = call else { return Repairs::default() };
    let edit = Edit::replace(call, table.without.replace("{it}", doc.slice(call)).replace("{key}", key));
    Repairs::of_edits(doc.path(), [edit], format!("Leave `{key}` out"), Safety::Offered)
}
