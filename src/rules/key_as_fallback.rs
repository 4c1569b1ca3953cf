//! A key that steps in for a missing variable.

use super::context::{About, Context};
use super::{Finding, Rule, Severity, hardcoded_ai_key, literal_in_key_slot};
use crate::fixes::move_secret;
use crate::syntax::Fact;

pub(super) static RULE: Rule = Rule {
    id: "key-as-fallback",
    severity: Severity::Error,
    cwe: &[798, 547],
    docs: "A real key is the default of a missing environment variable or argument.

It looks careful and works everywhere, so nobody notices: wherever the variable is missing, \
the program spends the author's money with a key that everyone can read.

Drop the default, read the variable so that a missing one fails loudly, and move the key to `.env` or to a store.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.doc.language().is_none() || (context.tokens().is_empty() && context.candidates().is_empty()) {
        return;
    }
    defaults(context, findings);
    let reads = context.facts().iter().filter_map(|fact| match *fact {
        Fact::EnvRead { name, default: Some(default), .. } => Some((name, default)),
        _ => None,
    });
    for (name, default) in reads {
        let variable = context.doc.slice(name);
        let first = context.tokens().partition_point(|token| token.span.start < default.start);
        let key =
            context.tokens().get(first).filter(|token| default.contains(token.span) && !context.is_doubtful(token));
        if let Some(token) = key {
            let (provider, shape) = context.catalogue().shape(token.shape);
            let message =
                format!("{} steps in when {variable} is not set", hardcoded_ai_key::name_key(provider, shape));
            let about = About { message, provider: Some(provider), shape: Some(token.shape) };
            findings.push(context.secret_finding(RULE.id, RULE.severity, token.span, &about));
            continue;
        }
        let Some(provider) = context.catalogue().provider_of_env(variable) else { continue };
        let literal = context.facts().within(default).find_map(|fact| match *fact {
            Fact::Literal { span, value } if default.contains(span) => Some(value),
            _ => None,
        });
        let Some(value) = literal.filter(|&value| literal_in_key_slot::is_secret(context, value, provider)) else {
            continue;
        };
        let message = format!("{} key steps in when {variable} is not set", provider.name);
        let about = About { message, provider: Some(provider), shape: None };
        findings.push(context.secret_finding(RULE.id, RULE.severity, value, &about));
    }
}

/// A key that is a parameter's default, or the `default` of an option.
fn defaults(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for token in context.tokens().iter().filter(|token| !context.is_doubtful(token)) {
        let parameter = context.facts().around(token.span).find_map(|fact| match *fact {
            Fact::Slot { name: Some(name), body: Some(_), .. } => Some(context.doc.slice(name)),
            _ => None,
        });
        let option = || {
            let (name, _) = *context.facts().bindings_around(token.span).first()?;
            Some(context.doc.slice(name)).filter(|name| DEFAULTS.contains(name))
        };
        let Some(name) = parameter.or_else(option) else { continue };
        let (provider, shape) = context.catalogue().shape(token.shape);
        let message =
            format!("{} steps in when nothing is given for `{name}`", hardcoded_ai_key::name_key(provider, shape));
        let about = About { message, provider: Some(provider), shape: Some(token.shape) };
        findings.push(context.secret_finding(RULE.id, RULE.severity, token.span, &about));
    }
}

/// What options call their default: argparse, click, clap, pydantic's `Field`.
const DEFAULTS: &[&str] = &["default", "default_value", "default_factory"];
