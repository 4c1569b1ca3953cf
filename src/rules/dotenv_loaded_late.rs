//! A key is read before the env file is loaded.

use super::context::Context;
use super::reads::{is_notebook, severity_here};
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, load_first, loads_itself, reads_by_itself};
use crate::secrets::Provider;
use crate::syntax::{Document, Fact, Facts};
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "dotenv-loaded-late",
    severity: Severity::Warning,
    cwe: &[696],
    docs: "A key is read before the env file is loaded.

The variable is not there yet, so the program stops, or goes on without a key; \
on machines where it is set outside as well nobody notices.

Load the env file first, before clients are made.",
    check,
    fixes,
};

/// A key that is read too early.
struct Late<'d> {
    /// What reads it.
    span: Span,
    /// Where its statement begins.
    statement: u32,
    /// The variable.
    name: &'d str,
    provider: &'d Provider,
    /// What loads it later.
    load: Span,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for late in late(context) {
        let line = context.doc.lines().line_of(late.load.start) + 1;
        let message = format!("{} is read before line {line} loads the env file", late.name);
        let severity = severity_here(context, RULE.severity);
        findings.push(context.plain_finding(RULE.id, severity, late.span, message, Some(late.provider)));
    }
}

/// The first key of each load that is read before it, in code that runs one after the other.
fn late<'d>(context: &Context<'d>) -> Vec<Late<'d>> {
    let doc = context.doc;
    let Some(language) = doc.language().filter(|it| !it.is_test_path(doc.path())) else { return Vec::new() };
    let may_load = language.looks.iter().any(|it| doc.text().contains(it.as_str()));
    if !may_load || is_notebook(doc) || doc.is_example() {
        return Vec::new();
    }
    let facts = doc.facts();
    let loads: Vec<Span> = facts
        .iter()
        .filter_map(|fact| match *fact {
            Fact::EnvLoad { span, .. } if !facts.in_comment(span) => Some(span),
            _ => None,
        })
        .collect();
    // An import runs first, wherever it stands.
    let is_import = |load: &Span| facts.around(*load).any(|fact| matches!(fact, Fact::Import { .. }));
    if loads.is_empty() || loads.iter().any(is_import) || loads_itself(doc, context.around) {
        return Vec::new();
    }
    let removed: Vec<Span> = facts
        .iter()
        .filter_map(|fact| match *fact {
            Fact::EnvRemove { span, .. } => Some(span),
            _ => None,
        })
        .collect();
    let mut reads: Vec<(Span, &'d str, &'d Provider)> = context
        .reads()
        .iter()
        .filter(|it| !it.is_compared(context) && !it.is_only_compared(context) && !is_removed(facts, &removed, it.span))
        .map(|it| (it.span, it.name, it.provider))
        .collect();
    for fact in facts.iter() {
        let Fact::Call { span, callee, arguments: Some(arguments) } = *fact else { continue };
        if let Some((provider, name)) = reads_by_itself(doc, facts, context.around, callee, arguments) {
            reads.push((span, name, provider));
        }
    }
    reads.sort_by_key(|(span, ..)| *span);
    let mut found: Vec<Late<'d>> = Vec::new();
    for &(span, name, provider) in &reads {
        let body = facts.body_around(span);
        let load = loads.iter().copied().find(|it| it.start >= span.end && facts.body_around(*it) == body);
        let Some(load) = load.filter(|it| found.iter().all(|late| late.load != *it)) else { continue };
        // Whoever reads it again, or sets it, means it so.
        let earlier = loads.iter().any(|it| it.start < span.start);
        let again = reads.iter().any(|(it, other, _)| it.start > load.end && *other == name);
        let is_set = |fact: &Fact| matches!(*fact, Fact::EnvWrite { name: it, .. } if doc.slice(it) == name);
        if earlier || again || facts.iter().any(is_set) {
            continue;
        }
        if let Some(statement) = statement(doc, facts, span, load) {
            found.push(Late { span, statement, name, provider, load });
        }
    }
    found
}

/// The variable is taken out, and nobody gets its value.
fn is_removed(facts: &Facts, removed: &[Span], read: Span) -> bool {
    removed.iter().any(|it| it.overlaps(read)) && facts.bindings_around(read).is_empty()
}

/// Where the statement of a read begins, in the block of the load: nothing decides whether one of them runs.
fn statement(doc: &Document, facts: &Facts, read: Span, load: Span) -> Option<u32> {
    let text = doc.text();
    let indent = |start: usize| text[start..].bytes().take_while(|it| matches!(it, b' ' | b'\t')).count();
    let line = |at: u32| text[..at as usize].rfind('\n').map_or(0, |it| it + 1);
    let (own, wanted) = (line(read.start), indent(line(load.start)));
    if own == line(load.start) {
        return None;
    }
    // Between the two no line stands further out: one block holds both.
    let between = &text[own..load.start as usize];
    let is_out = |it: &str| !it.trim().is_empty() && it.len() - it.trim_start().len() < wanted;
    if between.lines().any(is_out) {
        return None;
    }
    let parts = facts.around(read).filter_map(|fact| match *fact {
        Fact::Binding { span, .. } | Fact::Call { span, .. } | Fact::EnvRead { span, .. } => Some(span.start),
        _ => None,
    });
    parts.filter(|start| indent(line(*start)) == wanted).min()
}

fn fixes(context: &Context<'_>, finding: &Finding) -> Repairs {
    let late = late(context).into_iter().find(|it| it.span == finding.span);
    late.map(|it| load_first(context.doc, it.load, it.statement)).unwrap_or_default()
}
