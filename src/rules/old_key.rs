//! A key that nobody has replaced for long.

use super::context::About;
use super::env_file_in_git::secret_lines;
use super::plaintext_at_rest::{is_for_tests, is_key};
use super::{Rule, Severity};
use crate::fixes::Repairs;
use crate::secrets::{Provider, SecretRef, env_value, env_value_span};

pub(super) static RULE: Rule = Rule {
    id: "old-key",
    severity: Severity::Info,
    cwe: &[324],
    docs: "An env file holds a key, and nobody has written to it for longer than a key may live.

The key is at least as old. Nobody knows by then where it was copied to, and whoever found it can still use it.

Make a new key on the provider's page, write it in the place of this one, and revoke the old one. `max-key-age-days` in \
aikeys.toml says how long a key may live; it is 90 where nothing does. The rule is off until it is selected: \
`--select pedantic`.",
    check: |context, findings| {
        let Some(days) = context.around.beside.unchanged.filter(|_| !is_for_tests(context)) else { return };
        for line in secret_lines(context).into_iter().filter(|it| is_key(context, it)) {
            if SecretRef::parse(&env_value(context.doc.text(), &line)).is_some() {
                continue;
            }
            let name = context.doc.slice(line.name);
            let message = format!("{name} is at least {days} days old");
            let provider = context.catalogue().provider_of_env(name);
            let span = env_value_span(context.doc.text(), &line);
            let about = About { message, provider, shape: None };
            let mut finding = context.secret_finding(RULE.id, RULE.severity, span, &about);
            finding.notes.clear();
            let page = provider.and_then(Provider::page);
            finding.notes.extend(page.map(|page| format!("make a new key at {page}")));
            findings.push(finding);
        }
    },
    fixes: |_, _| Repairs::default(),
};
