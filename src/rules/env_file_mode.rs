//! An env file with keys that other users of the machine may read.

use super::context::Context;
use super::env_file_in_git::{listed, secret_lines};
use super::plaintext_at_rest::{is_for_tests, is_key};
use super::{Finding, Rule, Severity};
use crate::fixes::{Audience, GitState, Repairs};
use crate::secrets::{EnvLine, without_keys};

pub(super) static RULE: Rule = Rule {
    id: "env-file-mode",
    severity: Severity::Warning,
    cwe: &[732, 276],
    docs: "Other users of this machine may read an env file with keys.

Its mode lets them, and so do all folders above it: a server with several accounts, an agent of a pipeline, a home that is \
open. A group alone is worth a hint: it may be there for the program. Nothing is said where a folder above is closed to them, \
where the group is the owner's own, or of a file in git.

`chmod 600 .env` leaves the file to its owner.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(audience) = context.around.beside.audience.filter(|_| context.is_env_file()) else { return };
    // Git takes it to everyone, and its modes with it.
    if context.around.git == GitState::Tracked || is_for_tests(context) {
        return;
    }
    let shaped =
        |line: &EnvLine| context.tokens().iter().any(|it| line.value.contains(it.span) && !context.is_doubtful(it));
    let lines = secret_lines(context);
    let Some(first) = lines.iter().find(|line| is_key(context, line) && shaped(line)) else { return };
    let mut names: Vec<String> = Vec::new();
    for name in lines.iter().filter(|it| shaped(it)).map(|it| context.doc.slice(it.name)) {
        if !names.iter().any(|it| it == name) {
            names.push(name.to_owned());
        }
    }
    // A group can be there for the program that reads the file.
    let (who, severity) = match audience {
        Audience::Everyone => ("everyone on this machine", RULE.severity),
        Audience::Group => ("the file's group", Severity::Hint),
    };
    let message = format!("{who} may read this file, and it holds {}", listed(&names));
    let mut finding = context.plain_finding(RULE.id, severity, first.name, message, None);
    finding.notes.push(format!(
        "`chmod 600 {}` leaves it to its owner",
        without_keys(&context.doc.path().display().to_string())
    ));
    findings.push(finding);
}
