//! A missing variable becomes a part of a text.

use super::context::Context;
use super::flow::is_still;
use super::reads::{Read, severity_here};
use super::{Finding, Rule, Severity};
use crate::fixes::read_loudly;
use crate::syntax::{Fact, Facts};
use crate::text::{Span, line_before, line_behind};

pub(super) static RULE: Rule = Rule {
    id: "missing-becomes-text",
    severity: Severity::Warning,
    cwe: &[754, 252],
    docs: "A missing key becomes a part of a text.

`Bearer None` is sent like any other key: the provider answers 401, and everybody looks for a wrong key. \
It also passes the check that an SDK makes for a missing one.

Read the variable so that a missing one stops the program and is named.",
    check,
    fixes: |context, finding| read_loudly(context.doc, finding.span, context.variable_in(finding.span)),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for read in context.reads() {
        let Some(span) = spoils(context, read) else { continue };
        let message = format!("a missing {} becomes a part of this text", read.name);
        let severity = severity_here(context, RULE.severity);
        findings.push(context.plain_finding(RULE.id, severity, span, message, Some(read.provider)));
    }
}

/// The read, when what it gives goes into a text without a question.
fn spoils(context: &Context<'_>, read: &Read<'_>) -> Option<Span> {
    let language = context.doc.language()?;
    let empty = read.with_method(context, &language.read.empty);
    let quiet = read.is_quiet(context) && read.default.is_none();
    let span = empty.or(quiet.then_some(read.span))?;
    if is_interpolated(context.facts(), read.span) {
        return (!read.is_guarded(context)).then_some(span);
    }
    // By its name, in a header.
    let mentions = if quiet { read.mentions(context) } else { Vec::new() };
    if mentions.is_empty() {
        return None;
    }
    let facts = context.doc.facts_near(&mentions);
    let sent = |mention: &Span| {
        let text = context.doc.text();
        let (before, behind) = (&text[..mention.start as usize], &text[mention.end as usize..]);
        let line = [line_before(before), line_behind(behind)];
        SENT.iter().any(|word| line.iter().any(|it| it.contains(word)))
            && is_interpolated(&facts, *mention)
            && is_still(context.doc, read.span, *mention)
    };
    (mentions.iter().any(sent) && !read.is_guarded(context)).then_some(span)
}

/// What a text that is sent with a key holds.
const SENT: &[&str] = &["Bearer ", "Token ", "Basic ", "key=", "token="];

/// The place lies in a text that takes values.
fn is_interpolated(facts: &Facts, place: Span) -> bool {
    facts.around(place).any(|fact| matches!(fact, Fact::Template { .. }))
}
