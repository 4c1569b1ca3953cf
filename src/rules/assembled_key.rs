//! A key that code puts together or decodes.

use super::context::{About, Context};
use super::{Finding, Rule, Severity, hardcoded_ai_key};
use crate::fixes::{Repairs, is_joined, move_secret, reason};
use crate::secrets::{Assembled, How};
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "assembled-key",
    severity: Severity::Warning,
    cwe: &[798, 656],
    docs: "A key stands in the text in pieces, or encoded.

Pieces and base64 keep a key from scanners, and from nobody else: whoever has the file has the key. \
It is often done to get a push past a scanner, and then nobody remembers to rotate the key.

Put the whole key into `.env` or into a store, read it from the environment, and delete the pieces. \
Rotate it if the file was ever shared.",
    check,
    fixes: |context, finding| {
        let Some(secret) = finding.secret else { return Repairs::default() };
        let pieces = |it: &&Assembled| it.span == secret && it.exact && is_joined(context.doc, secret);
        let moved = context.assembled().iter().find(pieces).map(|_| move_secret(context.doc, context.around, secret));
        let possible = moved.filter(|repairs| !repairs.fixes.is_empty());
        possible.unwrap_or_else(|| Repairs { fixes: Vec::new(), refused: refused(context, finding, secret) })
    },
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for found in context.assembled() {
        let (provider, shape) = context.catalogue().shape(found.shape);
        let key = hardcoded_ai_key::name_key(provider, shape);
        let message = match found.how {
            How::Pieces => format!("{key} is put together from pieces"),
            How::Base64 => format!("{key} stands in the text as base64"),
            How::Hex => format!("{key} stands in the text as hex digits"),
        };
        let about = About { message, provider: Some(provider), shape: Some(found.shape) };
        let severity = if found.doubtful { Severity::Info } else { RULE.severity };
        findings.push(context.finding_of(found.key.expose(), RULE.id, severity, found.span, &about));
    }
}

fn refused(context: &Context<'_>, finding: &Finding, secret: Span) -> Option<String> {
    let variable = &context.catalogue().provider(finding.provider.as_deref()?)?.env;
    reason(context.doc, secret, variable).or_else(|| {
        Some(format!(
            "the key is not written as one text: put it whole into .env as {variable}, and read that in its place"
        ))
    })
}
