//! A key in the settings of an agent, a gateway or an MCP client.

use super::{Rule, Severity, readers};
use crate::fixes::move_secret;

pub(super) static RULE: Rule = Rule {
    id: "key-in-agent-config",
    severity: Severity::Error,
    cwe: &[798, 312, 538],
    docs: "A key stands in the settings of an agent, a gateway or an MCP client.

Such files lie beside the code and are shared with it, and every agent that works in the folder reads them. \
Thousands of live keys were found in public ones.

Name the variable in the form that the program puts values into, keep the key in `.env` or in a store, and start the \
program with it. Rotate the key if the file was ever shared.",
    check: |context, findings| readers::check(context, findings, RULE.id),
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};
