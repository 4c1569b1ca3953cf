//! An env file with secrets that git has, or would take.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{GitState, ignore_env_file};
use crate::secrets::{Fingerprint, classify, env_lines, env_value};
use crate::text::Span;

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
    if !context.is_env_file() {
        return;
    }
    let (severity, what) = match context.around.git {
        GitState::Tracked => (Severity::Error, "git tracks this file"),
        GitState::Untracked => (Severity::Warning, "the next `git add` takes this file"),
        GitState::Ignored | GitState::NoRepository => return,
    };
    let names = secrets(context);
    if names.is_empty() {
        return;
    }
    let first = context.doc.lines().span(0);
    let text = context.doc.slice(first).trim_end();
    findings.push(Finding {
        rule: RULE.id,
        severity,
        span: Span { end: first.start + text.len() as u32, ..first },
        cell: None,
        message: format!("{what}, and it holds {}", listed(&names)),
        provider: None,
        secret: None,
        redacted: None,
        fingerprint: Fingerprint { hex: String::new(), weak: true },
        notes: Vec::new(),
    });
}

/// The variables whose values are secrets: named like one or shaped like a key, and no placeholder.
fn secrets(context: &Context<'_>) -> Vec<String> {
    let text = context.doc.text();
    let mut names: Vec<String> = Vec::new();
    for line in env_lines(text) {
        let name = &text[line.name.range()];
        let value = env_value(text, &line);
        let shaped =
            context.tokens().iter().any(|token| line.value.contains(token.span) && !context.is_doubtful(token));
        let named = context.catalogue().is_secret_name(name) || context.catalogue().provider_of_env(name).is_some();
        let real = value.len() >= 8 && classify(context.catalogue(), &value).is_none();
        if (shaped || (named && real)) && !names.iter().any(|it| it == name) {
            names.push(name.to_owned());
        }
    }
    names
}

fn listed(names: &[String]) -> String {
    match names {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, rest @ ..] => format!("{one}, {two} and {} more", rest.len()),
        [] => String::new(),
    }
}
