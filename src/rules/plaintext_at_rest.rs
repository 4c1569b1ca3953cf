//! A key that could lie encrypted lies in plain text.

use super::context::{About, Context};
use super::env_file_in_git::{git_says, secret_lines};
use super::{Finding, Rule, Severity};
use crate::fixes::encrypt;
use crate::secrets::{EnvLine, env_value_span, references_in};

pub(super) static RULE: Rule = Rule {
    id: "plaintext-at-rest",
    severity: Severity::Hint,
    cwe: &[312, 313],
    docs: "A key lies in plain text in an env file.

That is the right place for work on one machine, as long as git ignores it: this is an offer, no complaint, and it is made \
where a store is set up. Backups, other programs and coding agents can read the file; with a store it holds references only.

Move the keys to a store (`aikeys-lsp store init` makes an encrypted one), and start programs with `aikeys-lsp run -- COMMAND`. \
`aikeys-lsp --fix --to STORE .env` moves all keys of a file at once.",
    check,
    fixes: |context, finding| finding.secret.map(|it| encrypt(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // Without a store there is nowhere to go. What git takes is another rule's, and worse.
    let stores = context.around.destinations.iter().any(|to| to.reference.is_some());
    let forbidden = context.around.plaintext_forbidden;
    if !(stores || forbidden) || !context.is_env_file() || git_says(context).is_some() || is_for_tests(context) {
        return;
    }
    let lines = secret_lines(context);
    // Other secrets go along with a key, and are none of ours alone. The key may have gone already.
    let referred = || references_in(context.doc.text()).next().is_some();
    if !lines.iter().any(|line| is_key(context, line)) && !referred() {
        return;
    }
    for line in lines {
        let name = context.doc.slice(line.name);
        let provider = context.catalogue().provider_of_env(name);
        // What opens a store can lie in none, and what a build copies into a page is lost wherever it lies.
        if provider.is_some_and(|it| it.opens.as_ref().is_some_and(|opens| opens.only))
            || context.catalogue().provider_of_public(name).is_some()
        {
            continue;
        }
        let about = About { message: format!("{name} lies in plain text"), provider, shape: None };
        let value = env_value_span(context.doc.text(), &line);
        let mut finding = context.secret_finding(RULE.id, RULE.severity, value, &about);
        // It has not left the machine.
        finding.notes.clear();
        if forbidden {
            finding.notes.push("the policy of your organisation lets no key lie in a plain env file".to_owned());
        }
        findings.push(finding);
    }
}

/// The value is the key of a provider.
pub(super) fn is_key(context: &Context<'_>, line: &EnvLine) -> bool {
    let shaped = context.tokens().iter().any(|token| line.value.contains(token.span) && !context.is_doubtful(token));
    shaped || context.catalogue().provider_of_env(context.doc.slice(line.name)).is_some()
}

/// `.env.test`, `test.env`: made up, and read by tests that start without a runner.
pub(super) fn is_for_tests(context: &Context<'_>) -> bool {
    let name = context.doc.path().file_name().and_then(|it| it.to_str()).unwrap_or("");
    let is_test = |part: &str| ["test", "tests", "testing", "ci", "e2e"].contains(&part);
    name.split(['.', '-', '_']).any(is_test)
}
