//! A key in recorded or kept requests.

use super::context::Context;
use super::{Finding, Rule, Severity, readers};
use crate::fixes::{Repairs, Safety, move_secret};
use crate::syntax::Reader;
use crate::text::{Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "key-in-cassette",
    severity: Severity::Error,
    cwe: &[798, 532],
    docs: "A key stands in recorded requests, or in requests that are kept in a file.

Recorders of tests, browsers and clients for HTTP write down the headers and the addresses of what they send, and such \
files lie in the repository.

Write `REDACTED` over the key: a recording is only read back. Then let the recorder leave the header out, or the next \
recording has it again. Rotate the key if the file was ever shared.",
    check,
    fixes: |context, finding| finding.secret.map(|it| repair(context, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let from = findings.len();
    readers::check(context, findings, RULE.id);
    for finding in &mut findings[from..] {
        let filter = reader(context, finding.span).map(|it| it.filter.clone());
        finding.notes.extend(filter.filter(|it| !it.is_empty()));
    }
}

fn reader(context: &Context<'_>, key: Span) -> Option<&'static Reader> {
    context.doc.reader_at(context.facts(), key)
}

/// A recording is read back without the key; what sends it needs it.
fn repair(context: &Context<'_>, key: Span) -> Repairs {
    match reader(context, key).filter(|it| !it.redact.is_empty()) {
        Some(reader) => {
            let title = format!("Write {} over the key (rotate it, and let the recorder leave it out)", reader.redact);
            let edit = Edit::replace(key, reader.redact.as_str());
            Repairs::of_edits(context.doc.path(), [edit], title, Safety::Offered)
        }
        None => move_secret(context.doc, context.around, key),
    }
}
