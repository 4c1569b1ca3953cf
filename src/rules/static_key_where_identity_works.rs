//! A workflow uses a key where it could log in as itself.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::syntax::Pipeline;
use crate::text::{Span, line_before};

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

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(pipeline) = Pipeline::of_path(context.doc.path()) else { return };
    let mut said: Vec<&str> = Vec::new();
    for span in pipeline.from.iter().flat_map(|it| names_behind(context.doc.text(), it)) {
        let name = context.doc.slice(span);
        // A subscription's token is a person's, and a line that is commented out gives nothing.
        if name.contains("OAUTH")
            || line_before(&context.doc.text()[..span.start as usize]).trim_start().starts_with('#')
        {
            continue;
        }
        let provider = context.catalogue().provider_of_env(name);
        let provider = provider.filter(|it| !it.keyless.is_empty() && !said.contains(&it.id.as_str()));
        let Some(provider) = provider else { continue };
        said.push(&provider.id);
        let message = format!("{} takes the identity of the workflow in place of a key", provider.name);
        let mut finding = context.plain_finding(RULE.id, RULE.severity, span, message, Some(provider));
        finding.notes.push(provider.keyless.clone());
        findings.push(finding);
    }
}

/// The names that stand right behind a text.
fn names_behind<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = Span> + 't {
    memchr::memmem::find_iter(text.as_bytes(), word.as_bytes()).map(move |at| {
        let start = at + word.len();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        Span::new(start, start + text.as_bytes()[start..].iter().take_while(|it| is_part(it)).count())
    })
}
