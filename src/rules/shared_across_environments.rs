//! One key for several environments.

use std::path::Path;

use super::context::Context;
use super::env_file_in_git::secret_lines;
use super::plaintext_at_rest::is_key;
use super::{Finding, Rule, Severity};
use crate::fixes::{EnvFile, Repairs};
use crate::secrets::{Identity, Provider, env_value, identity};

pub(super) static RULE: Rule = Rule {
    id: "shared-across-environments",
    severity: Severity::Warning,
    cwe: &[522],
    docs: "The env files of two environments hold the same key.

Whoever has the key of development has that of production. It cannot be revoked for one of them, has one budget for both, and \
nothing tells whose requests are whose. Said once for a key, in the file of the environment that is further from \
production; `.env` and `.env.local` are one environment.

Give each environment a key of its own, or a reference to a secret of its own.",
    check,
    fixes: |_, _| Repairs::default(),
};

/// How near to its users an environment is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    Development,
    Staging,
    Production,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(own) = stage(context.doc.path()).filter(|_| context.is_env_file()) else { return };
    let others: Vec<&EnvFile> =
        context.around.beside.env_files.iter().filter(|it| stage(&it.path).is_some_and(|it| it > own)).collect();
    if others.is_empty() {
        return;
    }
    for line in secret_lines(context).into_iter().filter(|it| is_key(context, it)) {
        let value: Identity = identity(&env_value(context.doc.text(), &line));
        let holds = |file: &&&EnvFile| file.entries.iter().any(|it| it.identity.as_ref() == Some(&value));
        let Some(other) = others.iter().find(holds) else { continue };
        let name = context.doc.slice(line.name);
        let file = other.path.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
        let message = format!("{file} holds the same key as {name}");
        let provider = context.catalogue().provider_of_env(name);
        let mut finding = context.plain_finding(RULE.id, RULE.severity, line.value, message, provider);
        let page = provider.and_then(Provider::page);
        finding.notes.extend(page.map(|page| format!("make a second key at {page}")));
        findings.push(finding);
    }
}

/// The environment that an env file is for, as its name says.
fn stage(path: &Path) -> Option<Stage> {
    let name = path.file_name()?.to_str()?.to_ascii_lowercase();
    let mut parts = name.split(['.', '-', '_']);
    parts.find_map(|part| match part {
        "dev" | "develop" | "development" => Some(Stage::Development),
        "stage" | "staging" | "stg" | "preview" | "preprod" | "uat" | "qa" => Some(Stage::Staging),
        "prod" | "production" | "live" => Some(Stage::Production),
        _ => None,
    })
}
