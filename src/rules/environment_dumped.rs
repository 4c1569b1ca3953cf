//! All variables of the environment are printed, logged or sent.

use super::context::Context;
use super::flow::Exit;
use super::reads::severity_here;
use super::sinks::called;
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::syntax::{Fact, Sinks};

pub(super) static RULE: Rule = Rule {
    id: "environment-dumped",
    severity: Severity::Error,
    cwe: &[497, 532, 526],
    docs: "All variables of the environment are printed, logged or sent.

One such line shows every key at once, those of other programs as well. \
Debug pages and reports of crashes do it by habit.

Print the names alone, or the variables that are meant.",
    check,
    fixes: |_, _| Repairs::default(),
};

/// What carries a value out.
const KINDS: [fn(&Sinks) -> &[String]; 5] =
    [|it| &it.log, |it| &it.error, |it| &it.answer, |it| &it.telemetry, |it| &it.storage];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let doc = context.doc;
    let Some(language) = doc.language().filter(|it| !it.is_test_path(doc.path())) else { return };
    let places = context.environments();
    if places.is_empty() {
        return;
    }
    let facts = doc.facts_near(places);
    // Of such code a build tool makes a page, and leaves in the public variables alone.
    let shows = language.browser.as_ref().map_or(&[][..], |it| &it.shows);
    let is_page = doc.facts().iter().any(|fact| match *fact {
        Fact::Import { name, .. } => shows.iter().any(|it| it == doc.slice(name)),
        _ => false,
    });
    for place in places.iter().copied().filter(|it| facts.literal_at(*it).is_none() && !facts.in_comment(*it)) {
        let exit = Exit::of(doc, &facts, place);
        let sink = |exit: &Exit| KINDS.iter().find_map(|kind| exit.sink(doc, kind(&language.sinks)));
        let Some(callee) = exit.as_ref().and_then(sink) else { continue };
        let message = format!("{} gets all variables of the environment", called(callee));
        let severity = if is_page { Severity::Hint } else { severity_here(context, RULE.severity) };
        findings.push(context.plain_finding(RULE.id, severity, place, message, None));
    }
}
