//! A key in the file that an image is built from.

use super::{Rule, Severity, readers};
use crate::fixes::move_secret;

pub(super) static RULE: Rule = Rule {
    id: "key-in-container-build",
    severity: Severity::Error,
    cwe: &[538, 522, 526],
    docs: "A key is built into an image.

What `ENV`, `ARG`, `LABEL` and `RUN` say stays in the image and in its history: whoever pulls it has the key. Deleting \
it in a later step takes nothing out.

Give the key to the container when it is started (`aikeys-lsp run -- docker run -e NAME …`, or `--env-file .env`), or \
to the one step that needs it as a secret of the build (`RUN --mount=type=secret,id=…,env=NAME`). Rotate it if the \
image was ever pushed.",
    check: |context, findings| readers::check(context, findings, RULE.id),
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};
