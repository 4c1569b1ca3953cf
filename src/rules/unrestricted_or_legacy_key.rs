//! A key that is in the right place and can do more than it needs.

use super::context::{About, Context};
use super::{Finding, Rule, Severity, hardcoded_ai_key};
use crate::fixes::encrypt;

pub(super) static RULE: Rule = Rule {
    id: "unrestricted-or-legacy-key",
    severity: Severity::Info,
    cwe: &[266, 522],
    docs: "A key is of an old kind, or open to more than its use.

OpenAI's legacy user keys are bound to no project, so they cannot be limited to one. \
Google's `AIza…` keys open every API that their project switches on: keys published for maps became keys for Gemini. \
This is advice about keys that lie in an env file, where they belong.

Make a key of the new kind, or restrict this one to its API.",
    check,
    // It can move to a store like any other.
    fixes: |context, finding| finding.secret.map(|it| encrypt(context.doc, context.around, it)).unwrap_or_default(),
};

/// The shapes, and what to do about each.
const SHAPES: &[(&str, &str)] = &[
    ("openai.legacy", "is bound to no project: make a project key in its place"),
    ("google-gemini.standard", "opens every API that its project switches on: restrict it to one"),
];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is_env_file() {
        return;
    }
    for token in context.tokens() {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let Some((_, advice)) = SHAPES.iter().find(|(id, _)| *id == shape.id) else { continue };
        let message = format!("{} {advice}", hardcoded_ai_key::name_key(provider, shape));
        let about = About { message, provider: Some(provider), shape: Some(token.shape) };
        findings.push(context.secret_finding(RULE.id, RULE.severity, token.span, &about));
    }
}
