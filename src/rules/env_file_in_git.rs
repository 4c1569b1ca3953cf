//! An env file with secrets that git has, or would take.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{GitState, ignore_env_file};
use crate::secrets::{EnvLine, classify, env_lines, env_value};

pub(super) static RULE: Rule = Rule {
    id: "env-file-in-git",
    severity: Severity::Error,
    cwe: &[538, 312],
    docs: "An env file with secrets is in git, or the next `git add` would take it.

The most common way in which keys leave a machine. An env file that git ignores is the right place for a key; \
one that git tracks is public to everyone who can read the repository, for ever.

Let `.gitignore` cover the file. If git already tracks it, also run `git rm --cached` on it, \
and rotate its keys: history keeps them. A file that only holds references or placeholders is fine.",
    check,
    fixes: |context, _| ignore_env_file(context.doc.path(), context.around),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some((severity, what)) = git_says(context).filter(|_| context.is_env_file()) else { return };
    let names = secrets(context);
    if names.is_empty() {
        return;
    }
    let message = format!("{what}, and it holds {}", listed(&names));
    findings.push(context.plain_finding(RULE.id, severity, context.first_line(), message, None));
}

/// How bad it is that secrets stand in this file, as far as git goes.
pub(super) fn git_says(context: &Context<'_>) -> Option<(Severity, &'static str)> {
    match context.around.git {
        GitState::Tracked => Some((Severity::Error, "git tracks this file")),
        GitState::Untracked => Some((Severity::Warning, "the next `git add` takes this file")),
        GitState::Ignored | GitState::NoRepository => None,
    }
}

/// The variables whose values are secrets.
pub(super) fn secrets(context: &Context<'_>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in secret_lines(context).into_iter().map(|line| context.doc.slice(line.name)) {
        if !names.iter().any(|it| it == name) {
            names.push(name.to_owned());
        }
    }
    names
}

/// The lines whose values are secrets: named like one or shaped like a key, and no placeholder.
pub(super) fn secret_lines(context: &Context<'_>) -> Vec<EnvLine> {
    let text = context.doc.text();
    let is_secret = |line: &EnvLine| {
        let name = &text[line.name.range()];
        let value = env_value(text, line);
        let shaped =
            context.tokens().iter().any(|token| line.value.contains(token.span) && !context.is_doubtful(token));
        let named = context.catalogue().is_secret_name(name) || context.catalogue().provider_of_env(name).is_some();
        let real = value.len() >= 8 && classify(context.catalogue(), &value).is_none();
        shaped || named && real
    };
    env_lines(text).into_iter().filter(is_secret).collect()
}

pub(super) fn listed(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
        [] => String::new(),
    }
}
