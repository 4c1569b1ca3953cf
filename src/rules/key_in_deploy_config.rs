//! A key in the settings with which a program is deployed or started.

use super::{Rule, Severity, readers};
use crate::fixes::move_secret;

pub(super) static RULE: Rule = Rule {
    id: "key-in-deploy-config",
    severity: Severity::Error,
    cwe: &[798, 538],
    docs: "A key stands in the settings with which a program is deployed or started.

Such files are committed by design, and so is the key. A manifest of the kind `Secret` hides nothing: base64 is no \
encryption.

Name the variable where the program that reads the file puts variables in. Elsewhere take the entry out, and give the \
key to the platform, which keeps secrets: the title of the fix has the command, which reads the key from `.env` or \
from the store and never shows it. Rotate it if the file was ever shared.",
    check: |context, findings| readers::check(context, findings, RULE.id),
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};
