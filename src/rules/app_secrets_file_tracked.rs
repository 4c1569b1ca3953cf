//! A framework's file of secrets that git has, or would take.

use super::context::Context;
use super::env_file_in_git::{git_says, listed};
use super::{Finding, Rule, Severity};
use crate::fixes::ignore_env_file;

pub(super) static RULE: Rule = Rule {
    id: "app-secrets-file-tracked",
    severity: Severity::Error,
    cwe: &[538, 312],
    docs: "A file in which a framework keeps secrets is in git, or the next `git add` would take it.

Streamlit, Kaggle, Terraform and others read their secrets from a file of a fixed name, and few templates of projects \
ignore it. The file is the right place for a key as long as git ignores it.

Let `.gitignore` cover the file, and share an example without values. If git already tracks it, also run \
`git rm --cached` on it, and rotate its keys: history keeps them.",
    check,
    fixes: |context, _| ignore_env_file(context.doc.path(), context.around),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some((severity, what)) = git_says(context).filter(|_| context.is_app_secrets()) else { return };
    let shaped = context.tokens().iter().filter(|token| !context.is_doubtful(token));
    let shaped = shaped.map(|token| context.catalogue().shape(token.shape).0.name.clone());
    let id = |finding: &Finding| finding.provider.as_ref().and_then(|id| context.catalogue().provider(id));
    let placed = context.by_place().iter().map(|finding| id(finding).map_or("a provider", |it| &it.name).to_owned());
    let mut names: Vec<String> = shaped.chain(placed).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return;
    }
    let message = format!("{what}, and it holds keys of {}", listed(&names));
    findings.push(context.plain_finding(RULE.id, severity, context.first_line(), message, None));
}
