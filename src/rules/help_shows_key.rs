//! The help of a program shows a key.

use super::context::Context;
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::syntax::{Fact, Help, glob};
use crate::text::{Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "help-shows-key",
    severity: Severity::Warning,
    cwe: &[215, 532],
    docs: "The help of a program shows a key.

`--help` prints the default of an option, and what its variable holds. \
Help is pasted into issues, and coding agents read it first.

Keep the value out of the help, or read the variable after the options are read.",
    check,
    fixes,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(help) = context.doc.language().map(|it| &it.help) else { return };
    let mut add = |name: &str, span: Span| {
        let provider = context.catalogue().provider_of_env(name);
        let message = format!("`--help` shows the value of {name}");
        let severity = severity_here(context, RULE.severity);
        findings.push(context.plain_finding(RULE.id, severity, span, message, provider));
    };
    for read in context.reads().iter().filter(|it| !it.names_a_file()) {
        if is_default(context, help, read.span) {
            add(read.name, read.span);
        }
    }
    for variable in context.variables() {
        let name = context.doc.slice(*variable);
        let names_a_file =
            context.catalogue().provider_of_env(name).is_some_and(|it| it.files.iter().any(|it| it == name));
        if !names_a_file && attribute(context, help, *variable).is_some() {
            add(name, *variable);
        }
    }
}

/// The value is the default of an option that the help shows.
fn is_default(context: &Context<'_>, help: &Help, read: Span) -> bool {
    let (doc, calls) = (context.doc, context.facts().calls_around(read));
    let Some((callee, arguments)) = calls.first() else { return false };
    if !help.calls.iter().any(|it| glob(it, doc.slice(*callee))) {
        return false;
    }
    let shows = help.shows.is_empty() || help.shows.iter().any(|it| doc.text().contains(it.as_str()));
    shows && !help.hides.iter().any(|it| doc.slice(*arguments).contains(it.as_str()))
}

/// The attribute that names the variable, where its value is shown.
fn attribute(context: &Context<'_>, help: &Help, variable: Span) -> Option<Span> {
    let doc = context.doc;
    let around = context.facts().around(variable).find_map(|fact| match fact {
        Fact::Within { span, idiom } if idiom == "attribute" => Some(*span),
        _ => None,
    })?;
    let text = doc.slice(around);
    // `env = "NAME"`, and no other text of it.
    let before = doc.text()[..variable.start as usize].trim_end_matches(['"', '(', '=', ' ']);
    if !before.ends_with("env") {
        return None;
    }
    let declares = help.attributes.iter().any(|it| text.starts_with(it.as_str()));
    let hidden = help.hides.iter().any(|it| text.contains(it.as_str()));
    (declares && !hidden).then_some(around)
}

fn fixes(context: &Context<'_>, finding: &Finding) -> Repairs {
    let Some(help) = context.doc.language().map(|it| &it.help) else { return Repairs::default() };
    if help.insert.is_empty() || attribute(context, help, finding.span).is_none() {
        return Repairs::default();
    }
    // `env = "NAME"`, and no call with it.
    let (before, behind) =
        (&context.doc.text()[..finding.span.start as usize], &context.doc.text()[finding.span.end as usize..]);
    if !before.strip_suffix('"').is_some_and(|it| it.trim_end().ends_with('=')) || !behind.starts_with('"') {
        return Repairs::default();
    }
    // Behind the quote.
    let edit = Edit::insert(finding.span.end as usize + 1, help.insert.clone());
    Repairs::of_edits(context.doc.path(), [edit], "Keep the value out of the help".to_owned(), Safety::Safe)
}
