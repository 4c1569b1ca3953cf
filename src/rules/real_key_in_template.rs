//! A key in a file that is there to be committed.

use super::context::{About, Context};
use super::{Finding, Rule, Severity, hardcoded_ai_key, literal_in_key_slot};
use crate::fixes::move_secret;
use crate::secrets::{env_lines, env_value_span, is_env_template};

pub(super) static RULE: Rule = Rule {
    id: "real-key-in-template",
    severity: Severity::Error,
    cwe: &[540, 312],
    docs: "A template of an env file holds a real key.

`.env.example` and its like are committed on purpose, and many scanners pass by what is called an example.

Move the key to `.env`, and leave the variable empty in the template. \
Rotate the key if the template was ever committed.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !is_env_template(context.doc.path()) {
        return;
    }
    for token in context.tokens().iter().filter(|token| !context.is_doubtful(token)) {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let message = format!("{} stands in a template", hardcoded_ai_key::name_key(provider, shape));
        let about = About { message, provider: Some(provider), shape: Some(token.shape) };
        findings.push(context.secret_finding(RULE.id, RULE.severity, token.span, &about));
    }
    let text = context.doc.text();
    for line in env_lines(text) {
        let Some(provider) = context.catalogue().provider_of_env(&text[line.name.range()]) else { continue };
        let value = env_value_span(text, &line);
        let known = context.tokens().iter().any(|token| token.span.overlaps(value));
        if !known && literal_in_key_slot::is_secret(context, value, provider) {
            let message = format!("{} key stands in a template", provider.name);
            let about = About { message, provider: Some(provider), shape: None };
            findings.push(context.secret_finding(RULE.id, RULE.severity, value, &about));
        }
    }
}
