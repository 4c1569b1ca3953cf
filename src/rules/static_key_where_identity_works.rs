//! A workflow uses a key where it could log in as itself.

use std::sync::LazyLock;

use regex::Regex;

use super::context::Context;
use super::{Finding, Rule, Severity, key_in_workflow};
use crate::fixes::Repairs;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "static-key-where-identity-works",
    severity: Severity::Hint,
    cwe: &[798, 324],
    docs: "A workflow uses a key of a provider that takes the workflow's own identity.

A key in the secrets of a repository is valid until somebody revokes it, for everyone who gets to see it. An identity token \
is made for one run and is worthless an hour later; there is nothing to store, to rotate or to leak.

Set up the trust at the provider once, exchange the token in the workflow, and delete the secret. The rule is off until it \
is selected: `--select pedantic`.",
    check,
    fixes: |_, _| Repairs::default(),
};

/// A secret of the repository, as workflows name it.
static SECRET: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\bsecrets\.([A-Za-z_][A-Za-z0-9_]*)").ok());

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.doc.readers().iter().any(|it| it.rule == key_in_workflow::RULE.id) {
        return;
    }
    let mut said: Vec<&str> = Vec::new();
    for found in SECRET.iter().flat_map(|it| it.captures_iter(context.doc.text())).filter_map(|it| it.get(1)) {
        let provider = context.catalogue().provider_of_env(found.as_str()).filter(|it| !it.keyless.is_empty());
        let Some(provider) = provider.filter(|it| !said.contains(&it.id.as_str())) else { continue };
        said.push(&provider.id);
        let message = format!("{} takes the identity of the workflow in place of a key", provider.name);
        let span = Span::new(found.start(), found.end());
        let mut finding = context.plain_finding(RULE.id, RULE.severity, span, message, Some(provider));
        finding.notes.push(provider.keyless.clone());
        findings.push(finding);
    }
}
