//! A key whose shape alone names its provider.

use super::context::{About, Context};
use super::{Finding, Rule, Severity};
use crate::fixes::move_secret;
use crate::secrets::{Class, Level, Provider, Shape, Token};

pub(super) static RULE: Rule = Rule {
    id: "hardcoded-ai-key",
    severity: Severity::Error,
    cwe: &[798, 540],
    docs: "A complete, provider-shaped AI key stands in a file.

Everyone who can read the file, its history or its backups can use the key, and the account pays. \
The shape alone names the provider, so this is found in every kind of file, comments and documentation included.

Move the key to `.env` or to a store, and read it from the environment. \
If the file was ever committed or shared, make a new key and revoke this one: moving is not enough.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.keeps_secrets() {
        return;
    }
    for token in context.tokens() {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let doubtful = shape.shared && !context.has_context(shape);
        let message = if doubtful { format!("{} stands in the text", shape.name) } else { message(provider, shape) };
        findings.push(finding_of(context, RULE.id, token, message));
    }
}

/// The finding about a key by its shape, as bad as it is here.
pub(super) fn finding_of(context: &Context<'_>, rule: &'static str, token: &Token, message: String) -> Finding {
    let provider = context.catalogue().shape(token.shape).0;
    let about = About { message, provider: Some(provider), shape: Some(token.shape) };
    let (severity, doubt) = weighed(context, token);
    let mut finding = context.secret_finding(rule, severity, token.span, &about);
    finding.notes.extend(doubt.map(str::to_owned));
    finding
}

/// How bad a key of this shape is here, and what makes it doubtful.
fn weighed(context: &Context<'_>, token: &Token) -> (Severity, Option<&'static str>) {
    let (shape, span) = (context.catalogue().shape(token.shape).1, token.span);
    if context.is_doubtful(token) {
        return (Severity::Info, Some("few sources know this shape, and nothing here names the provider"));
    }
    // What ends by itself within the hour is worth a look, and no alarm.
    if shape.severity == Level::Low {
        return (Severity::Info, None);
    }
    if shape.shared && !context.has_context(shape) {
        return (Severity::Info, Some("nothing here tells which product of its maker it opens"));
    }
    if shape.checksum_fits(context.doc.slice(span)) == Some(false) {
        return (Severity::Info, Some("its checksum does not fit: it was made up, or it is not whole"));
    }
    (RULE.severity, None)
}

fn message(provider: &Provider, shape: &Shape) -> String {
    let danger = match shape.class {
        // One shape for two kinds of keys.
        Class::Admin if shape.name.contains(" or ") => ", which may be one that makes and deletes other keys,",
        Class::Admin => ", which can make and delete other keys,",
        Class::Oauth => ", which acts as a person,",
        _ => "",
    };
    format!("{}{danger} stands in the text", name_key(provider, shape))
}

/// `OpenAI project key`, `an Anthropic (Claude) API key`.
pub(super) fn name_key(provider: &Provider, shape: &Shape) -> String {
    format!("{} {}", provider.name, shape.name)
}
