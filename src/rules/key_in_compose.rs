//! A key in a file of Docker Compose.

use super::{Rule, Severity, readers};
use crate::fixes::move_secret;

pub(super) static RULE: Rule = Rule {
    id: "key-in-compose",
    severity: Severity::Error,
    cwe: &[798, 312],
    docs: "A key stands in a file of Docker Compose.

Everyone who gets the file has the key, and so has everyone who may inspect the container.

Name the variable: Compose reads the `.env` beside the file, or what it is started with, and stops when it is missing.",
    check: |context, findings| readers::check(context, findings, RULE.id),
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};
