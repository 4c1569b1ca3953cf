//! A key in what an agent wrote down: permissions, histories, transcripts.

use super::{Rule, Severity, readers};
use crate::fixes::move_secret;

pub(super) static RULE: Rule = Rule {
    id: "key-in-agent-permission",
    severity: Severity::Error,
    cwe: &[312, 538],
    docs: "A key stands in what an agent wrote down: a permission, a history, a transcript.

Who answers \"always allow\" has the whole command written into the project, with the key in it. Histories and \
transcripts hold what was typed and printed. These files are shared with the project, and nobody reads them again.

Take the permission out, or leave the variable's name in it: the agent asks once more. The key goes to `.env` or to a \
store first. Delete histories, let `.gitignore` cover them, and rotate the key.",
    check: |context, findings| readers::check(context, findings, RULE.id),
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};
