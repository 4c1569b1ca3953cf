//! A key's variable that the template beside an env file does not name.

use super::context::Context;
use super::plaintext_at_rest::is_for_tests;
use super::{Finding, Rule, Severity};
use crate::fixes::{add_to_template, is_named};
use crate::secrets::{EnvLine, env_lines};
use crate::syntax::Document;

pub(super) static RULE: Rule = Rule {
    id: "template-drift",
    severity: Severity::Hint,
    cwe: &[1059],
    docs: "The template beside an env file does not name the variable of a key.

Whoever copies `.env.example` lacks the key then, and learns of it when a program fails. Nothing is said where there is no \
template, or where the template names the variable in a comment.

Add the name without a value: that is the fix here.",
    check,
    fixes: |context, finding| {
        template(context).map(|it| add_to_template(it, context.doc.slice(finding.span))).unwrap_or_default()
    },
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(template) = template(context) else { return };
    let mut said: Vec<&str> = Vec::new();
    for line in env_lines(context.doc.text()).into_iter().filter(|it| !it.value.is_empty()) {
        let name = context.doc.slice(line.name);
        let Some(provider) = context.catalogue().provider_of_env(name) else { continue };
        if said.contains(&name) || is_named(&context.around.beside.templates, name) {
            continue;
        }
        said.push(name);
        let file = template.path().file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
        let message = format!("{file} does not name {name}");
        findings.push(context.plain_finding(RULE.id, RULE.severity, line.name, message, Some(provider)));
    }
}

/// The template that belongs to this file: it shares names with it.
fn template<'c>(context: &Context<'c>) -> Option<&'c Document> {
    let beside = &context.around.beside;
    let is_plain = |name: &str| context.doc.path().file_name().is_some_and(|it| it == name);
    let alone = || !beside.env_files.iter().any(|it| it.path.file_name().is_some_and(|it| it == ".env"));
    if beside.templates.is_empty()
        || !(is_plain(".env") || is_plain(".dev.vars") || is_plain(".env.local") && alone())
        || is_for_tests(context)
    {
        return None;
    }
    let own = env_lines(context.doc.text());
    let shares = |doc: &&Document| {
        let of = |line: &EnvLine| own.iter().any(|it| context.doc.slice(it.name) == doc.slice(line.name));
        env_lines(doc.text()).iter().any(of)
    };
    beside.templates.iter().map(AsRef::as_ref).find(shares)
}
