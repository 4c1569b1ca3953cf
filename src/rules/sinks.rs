//! What the rules about leaks share: where the value of a provider's variable leaves the program as it is.

use super::context::Context;
use super::flow::{Exit, Source, is_still, is_template, opener};
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::secrets::Provider;
use crate::syntax::{Document, Fact, Facts, Sinks};
use crate::text::{Edit, Span};

/// A key that leaves the program.
pub(super) struct Leak<'d> {
    /// What it is, for messages.
    pub what: String,
    /// Whose key it is.
    pub provider: &'d Provider,
    /// The read, or the name that it is bound to.
    pub place: Span,
    /// It is read where it leaves; otherwise it goes by a name.
    pub is_direct: bool,
    /// What carries it out, as code calls it.
    pub callee: &'d str,
}

impl Leak<'_> {
    /// What carries it out, for messages.
    pub fn by(&self) -> String {
        called(self.callee)
    }
}

/// What is called, for messages: its name, and nothing that stands in a call before it.
pub(super) fn called(callee: &str) -> String {
    let name = callee.rsplit(|c: char| !c.is_alphanumeric() && !"_.:!$>-".contains(c)).next().unwrap_or("");
    let name = name.trim_start_matches(['.', ':', '-', '>']);
    if name.is_empty() || name.len() > LONG { "this call".to_owned() } else { format!("`{name}`") }
}

/// A longer name is not repeated in messages.
const LONG: usize = 40;

/// Every key that one of `sinks` gets as it is, outside of tests, in order.
fn leaks<'d>(context: &Context<'d>, sinks: fn(&Sinks) -> &[String]) -> Vec<Leak<'d>> {
    let doc = context.doc;
    let Some(sinks) = doc.language().map(|it| sinks(&it.sinks)).filter(|it| !it.is_empty()) else { return Vec::new() };
    let mut found = Vec::new();
    for Source { what, span, provider, exits, .. } in context.sources() {
        for exit in exits {
            let (place, is_direct) = (exit.place, exit.place == *span);
            let from = exit.made.unwrap_or(*span);
            let Some(callee) = exit.sink(doc, sinks).filter(|_| is_direct || is_still(doc, from, place)) else {
                continue;
            };
            found.push(Leak { what: what.clone(), provider, place, is_direct, callee });
        }
    }
    found.sort_by_key(|leak| leak.place);
    found.dedup_by_key(|leak| leak.place);
    found
}

/// The findings about such keys: `message` says it of what leaves and of what carries it out.
pub(super) fn report(
    context: &Context<'_>,
    rule: &Rule,
    sinks: fn(&Sinks) -> &[String],
    message: fn(&Leak<'_>) -> String,
) -> Vec<Finding> {
    let finding = |leak: Leak<'_>| {
        // Whoever reads it on the way is less sure.
        let severity = if leak.is_direct { rule.severity } else { rule.severity.min(Severity::Warning) };
        let severity = severity_here(context, severity);
        context.plain_finding(rule.id, severity, leak.place, message(&leak), Some(leak.provider))
    };
    leaks(context, sinks).into_iter().map(finding).collect()
}

/// Writes `***` where the value leaves; a person decides.
pub(super) fn hide(doc: &Document, place: Span) -> Repairs {
    let facts = doc.facts();
    let Some(edit) = Exit::of(doc, facts, place).and_then(|exit| hidden(doc, facts, exit.operand)) else {
        return Repairs::default();
    };
    Repairs::of_edits(doc.path(), [edit], "Write *** instead of the value".to_owned(), Safety::Offered)
}

fn hidden(doc: &Document, facts: &Facts, operand: Span) -> Option<Edit> {
    let text = doc.text();
    if let Some((_, value)) = facts.literal_at(operand)
        && !is_template(facts, operand, value)
    {
        return Some(Edit::replace(operand, "***"));
    }
    // `{key}` in a text, all of it.
    let template = facts.around(operand).filter_map(|fact| match *fact {
        Fact::Template { span } => Some(span),
        _ => None,
    });
    if let Some(template) = template.min_by_key(|span| span.len())
        && doc.slice(template).trim_start_matches('$').starts_with(['{', '#'])
    {
        return Some(Edit::replace(template, "***"));
    }
    let before = text[..operand.start as usize].trim_end_matches(['&', '*', '$']);
    let start = before.len();
    // `{ key }` and `%key` name their entry by the value.
    if before.ends_with(['%', '?']) || before.trim_end().ends_with('{') || in_braces(before) {
        return None;
    }
    Some(Edit::replace(Span::new(start, operand.end as usize), "\"***\""))
}

/// A list of entries without names: `{ a, b`.
fn in_braces(before: &str) -> bool {
    before.trim_end().ends_with(',') && opener(before).is_none_or(|(_, sign)| sign == '{')
}
