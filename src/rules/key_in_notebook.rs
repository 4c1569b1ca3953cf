//! A key in a notebook: in a cell, or in what it gave.

use super::context::Context;
use super::reads::is_notebook;
use super::{Finding, Rule, Severity, readers};
use crate::fixes::move_secret;

pub(super) static RULE: Rule = Rule {
    id: "key-in-notebook",
    severity: Severity::Error,
    cwe: &[798, 532],
    docs: "A key stands in a notebook: in a cell, or in a saved output.

Outputs stay in the file when the cell that printed them is long gone, and notebooks are shared with all of them.

Move the key to `.env` or to a store, and read it from the environment. An output keeps the name of the variable. \
Rotate the key if the notebook was ever shared.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if is_notebook(context.doc) {
        let place = match (context.doc.is_inside(), context.doc.injections().is_empty()) {
            (true, _) => "stands in a cell",
            (false, true) => "stands in this notebook, which cannot be read",
            (false, false) => "stands in an output or a text of this notebook",
        };
        readers::keys_at(context, findings, RULE.id, |_| Some(place.to_owned()));
    }
}
