//! A reference to a store that nothing resolves, as it is written.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::secrets::{Malformed, env_lines, env_value_span, malformed, references_in};
use crate::text::{Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "malformed-reference",
    severity: Severity::Warning,
    cwe: &[20],
    docs: "A reference to a secret is written so that nothing resolves it.

What stands there is then taken for the key itself: the provider answers \"incorrect API key\", and learns how your store \
is laid out. A `#` without quotes is worse: some loaders of env files read a comment there, others do not.

A reference is `ref+BACKEND://PATH?PARAMS#/FIELD`, in double quotes. `aikeys-lsp store check` asks the store itself.",
    check,
    fixes: |context, finding| repair(context, finding).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for (span, wrong) in references(context).into_iter().filter_map(|it| Some((it, problem(context, it)?))) {
        let severity = if wrong.doubtful { Severity::Hint } else { RULE.severity };
        findings.push(context.plain_finding(RULE.id, severity, span, wrong.reason, None));
    }
}

/// What is meant to be a reference: a value of an env file, of settings, of a script. Programs hold them for tests.
fn references(context: &Context<'_>) -> Vec<Span> {
    let text = context.doc.text();
    let starts: Vec<usize> = if context.doc.is_inside() { Vec::new() } else { references_in(text).collect() };
    if starts.is_empty() {
        return Vec::new();
    }
    if is_env(context) {
        let values = env_lines(text).into_iter().map(|line| env_value_span(text, &line));
        return values.filter(|value| starts.contains(&(value.start as usize))).collect();
    }
    let Some(language) = context.doc.language().filter(|it| it.identifiers.is_empty() || it.shell) else {
        return Vec::new();
    };
    if language.is_test_path(context.doc.path()) {
        return Vec::new();
    }
    let places: Vec<Span> = starts.into_iter().map(|at| Span::new(at, at + "ref+".len())).collect();
    let facts = context.doc.facts_near(&places);
    // In a longer text others may take a part of it for the reference.
    let whole = |place: Span| facts.literal_at(place).map(|(_, value)| value).filter(|it| it.start == place.start);
    places.into_iter().filter_map(whole).filter(|it| !context.doc.slice(*it).contains(['\n', '$', '{'])).collect()
}

fn problem(context: &Context<'_>, span: Span) -> Option<Malformed> {
    let text = context.doc.slice(span);
    if text.contains(['$', '{']) {
        return None;
    }
    // `vals` puts what it reads before text behind a `+`.
    let parts = !is_env(context) && text.matches('+').count() > 1;
    let may_be = |it: &Malformed| is_env(context) || !it.elsewhere;
    malformed(text).filter(|it| !parts && may_be(it)).or_else(|| is_cut(context, span).then(|| unquoted(text)))
}

fn is_env(context: &Context<'_>) -> bool {
    context.is_env_file() || crate::secrets::is_env_template(context.doc.path())
}

/// Without quotes two of five loaders read a comment behind `#`.
fn is_cut(context: &Context<'_>, span: Span) -> bool {
    let text = context.doc.text();
    // A shell reads `.envrc`, and has no comment within a word.
    let shell = context.doc.path().extension().is_none() && context.doc.path().ends_with(".envrc");
    let bare = !text[..span.start as usize].ends_with(['"', '\'', '`']);
    is_env(context) && !shell && bare && context.doc.slice(span).contains('#')
}

fn unquoted(text: &str) -> Malformed {
    Malformed {
        reason: "some loaders of env files read a comment behind `#`: put the reference in double quotes".to_owned(),
        meant: Some(text.to_owned()),
        doubtful: false,
        elsewhere: false,
    }
}

/// Writes what is meant, in quotes where an env file needs them.
fn repair(context: &Context<'_>, finding: &Finding) -> Option<Repairs> {
    let wrong = problem(context, finding.span)?;
    let meant = wrong.meant?;
    let insert = if is_cut(context, finding.span) { format!("\"{meant}\"") } else { meant.clone() };
    let same = meant == context.doc.slice(finding.span);
    let title = if same { "Put the reference in quotes".to_owned() } else { format!("Write {meant}") };
    let safety = if same { Safety::Safe } else { Safety::Offered };
    Some(Repairs::of_edits(context.doc.path(), [Edit::replace(finding.span, insert)], title, safety))
}
