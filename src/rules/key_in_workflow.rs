//! A key in a workflow of GitHub or GitLab.

use super::{Rule, Severity, readers};
use crate::fixes::move_secret;

pub(super) static RULE: Rule = Rule {
    id: "key-in-workflow",
    severity: Severity::Error,
    cwe: &[798, 312],
    docs: "A key stands in a workflow.

Everyone who can read the repository can use the key, and so can every fork and every log that prints its environment.

Put the key into the secrets of the repository, and name it there. Rotate it: it was pushed with the file.",
    check: |context, findings| readers::check(context, findings, RULE.id),
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};
