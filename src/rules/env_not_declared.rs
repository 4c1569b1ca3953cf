//! A program needs a variable that its template does not name.

use super::context::Context;
use super::reads::{Read, is_notebook};
use super::{Finding, Rule, Severity};
use crate::fixes::{add_to_template, is_named};
use crate::secrets::Provider;
use crate::text::{Span, whole_words};

pub(super) static RULE: Rule = Rule {
    id: "env-not-declared",
    severity: Severity::Hint,
    cwe: &[1059],
    docs: "A program needs a variable for a key, and the template of its env file does not name it.

Whoever sets the program up from the template learns of the variable when it fails. Said only where a template for keys \
lies beside the program or above it, where nothing else declares the variable (an env file, a compose file, a workflow, a \
manifest), and where the program cannot do without it.

Add the name without a value to the template: that is the fix here.",
    check,
    fixes: |context, finding| {
        let template = context.around.contract.templates.first();
        template.zip(context.variable_in(finding.span)).map(|(it, name)| add_to_template(it, name)).unwrap_or_default()
    },
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let contract = &context.around.contract;
    let Some(template) = contract.templates.first().filter(|_| !is_notebook(context.doc)) else { return };
    let mut said: Vec<&str> = Vec::new();
    let needed: Vec<&Read<'_>> = context.reads().iter().filter(|it| is_needed(context, it)).collect();
    for read in &needed {
        if said.contains(&read.name) {
            continue;
        }
        said.push(read.name);
        // A move that is planned declares it as well.
        let is_declared = is_named(&contract.templates, read.name)
            || contract.declared.contains(read.name)
            || context.around.env.entries.iter().any(|it| it.name == read.name);
        if is_declared
            || is_asked_for(context, &needed, read.name)
            || names(read.provider).any(|it| is_named(&contract.templates, it))
        {
            continue;
        }
        let message = format!("{} does not name {}", template.path().display(), read.name);
        findings.push(context.plain_finding(RULE.id, RULE.severity, read.span, message, Some(read.provider)));
    }
}

/// The program stops without the variable: where it reads it, or in the client that gets nothing.
fn is_needed(context: &Context<'_>, read: &Read<'_>) -> bool {
    let Some(language) = context.doc.language() else { return false };
    let is_loud = !language.read.quiet.is_empty() && !read.is_quiet(context);
    let stops = is_loud
        || read.with_method(context, &language.read.unnamed).is_some()
        || read.with_method(context, &language.read.stops).is_some()
        || read.client().is_some();
    let text = context.doc.text();
    stops
        && read.default.is_none()
        && !read.is_guarded(context)
        && !is_set(text, read.span)
        && !context.doc.path().iter().any(|part| BESIDE.iter().any(|it| part == *it))
        && runs_always(text, read.span)
}

/// What lies in such folders is no part of the program.
const BESIDE: [&str; 6] = ["benchmarks", "docs", "example", "examples", "notebooks", "scripts"];

/// The variable is set here, or taken away.
fn is_set(text: &str, place: Span) -> bool {
    let behind = text[place.end as usize..].trim_start_matches([' ', '\t']);
    let before = text[..place.start as usize].trim_end();
    let is_assigned = behind.starts_with('=') && !behind.starts_with("==") && !behind.starts_with("=>");
    is_assigned || ["del", "delete"].iter().any(|it| before.ends_with(it))
}

/// How many lines above are looked at.
const LINES: usize = 2_000;

/// The place runs whenever the program does: nothing is around it but calls, values and a function called `main`. What
/// stands in a branch, or in a function for one of many providers, may never run.
fn runs_always(text: &str, place: Span) -> bool {
    let indentation = |line: &str| line.len() - line.trim_start().len();
    let mut lines = text[..place.start as usize].rsplit('\n');
    let Some(own) = lines.next() else { return false };
    // A function in the same line may never be called.
    if ["=>", "lambda"].iter().any(|it| own.contains(it)) {
        return false;
    }
    let mut inside = indentation(own);
    for line in lines.take(LINES).filter(|it| !it.trim().is_empty()) {
        if inside == 0 {
            break;
        }
        if indentation(line) < inside {
            let is_value = ["(", "[", ",", "= {"].iter().any(|it| line.trim_end().ends_with(it));
            if !is_value && !line.contains("main") {
                return false;
            }
            inside = indentation(line);
        }
    }
    inside == 0
}

/// The name stands in quotes or behind a point somewhere else: the program asks whether the variable is there, or sets it.
fn is_asked_for(context: &Context<'_>, needed: &[&Read<'_>], name: &str) -> bool {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_quoted = |it: &Span| {
        let bytes = context.doc.text().as_bytes();
        let before = it.start.checked_sub(1).and_then(|at| bytes.get(at as usize));
        let is_in_quotes = before == bytes.get(it.end as usize) && matches!(before, Some(b'"' | b'\'' | b'`'));
        is_in_quotes || before == Some(&b'.')
    };
    let mut quoted = whole_words(context.doc.text(), name, part).filter(is_quoted);
    // The reads stand in order.
    let is_needed = |it: Span| {
        let at = needed.partition_point(|read| read.span.start <= it.start);
        at.checked_sub(1).is_some_and(|at| needed[at].span.contains(it))
    };
    quoted.any(|it| !is_needed(it))
}

fn names(provider: &Provider) -> impl Iterator<Item = &str> {
    std::iter::once(&provider.env).chain(&provider.aliases).map(String::as_str)
}
