//! What opens a store of secrets is written down.

use super::context::Context;
use super::{Finding, Rule, Severity, hardcoded_ai_key};
use crate::fixes::{is_loopback, move_secret};
use crate::secrets::{Format, Level, Opens, Provider};
use crate::text::{LONGEST_LINE, Span, line_before, line_behind};

pub(super) static RULE: Rule = Rule {
    id: "hardcoded-vault-credential",
    severity: Severity::Error,
    cwe: &[798, 522],
    docs: "What opens a store of secrets stands in a file: a token of Vault, an AppRole secret id, the keys of a cloud.

It moves the danger one level up and widens it: who reads the file reads every secret that its policies allow, not one key. \
Dev servers on this machine, and role ids alone, are not flagged.

Leave the argument out, because SDKs read the environment (VAULT_TOKEN, `~/.vault-token`, the credentials of the cloud), or let \
the program log in as what it is: Kubernetes, JWT or OIDC, a role of the machine. Then revoke this one. It is never put \
behind a reference: nothing could open the store to read it.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.keeps_secrets() {
        return;
    }
    for token in context.tokens() {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let Some(opens) = opened(context, provider).filter(|_| shape.severity != Level::Low) else { continue };
        let message =
            format!("{} stands in the text: it opens {}", hardcoded_ai_key::name_key(provider, shape), opens.name);
        let finding = hardcoded_ai_key::finding_of(context, RULE.id, token, message);
        findings.push(about_store(context, opens, finding));
    }
    for finding in context.by_place() {
        let provider = finding.provider.as_deref().and_then(|id| context.catalogue().provider(id));
        let Some((provider, opens)) = provider.and_then(|it| Some((it, opened(context, it)?))) else { continue };
        let text = context.doc.slice(finding.span);
        let shape = provider.keys.iter().find(|shape| shape.format == Format::Contextual && shape.is_whole(text));
        let key = match shape {
            Some(shape) if opens.only => format!("{} {}", provider.name, shape.name),
            Some(shape) => shape.name.clone(),
            None => format!("{} key", provider.name),
        };
        let message = format!("{key} stands in the text: it opens {}", opens.name);
        findings.push(about_store(context, opens, Finding { rule: RULE.id, message, ..finding.clone() }));
    }
}

/// The store that the keys of a provider open, where this file reaches it.
fn opened<'c>(context: &Context<'_>, provider: &'c Provider) -> Option<&'c Opens> {
    provider.opens.as_ref().filter(|opens| opens.only || opens.is_reached(context.doc.text()))
}

fn about_store(context: &Context<'_>, opens: &Opens, mut finding: Finding) -> Finding {
    finding.notes.push(opens.instead.clone());
    if is_at_home(context, finding.span) {
        finding.severity = finding.severity.min(Severity::Info);
    }
    finding
}

/// It goes to a server on this machine: whose token it is, nobody else can use.
fn is_at_home(context: &Context<'_>, span: Span) -> bool {
    let text = context.doc.text();
    let line = [line_before(&text[..span.start as usize]), line_behind(&text[span.end as usize..])];
    let calls = context.facts().calls_around(span).into_iter().take(2).map(|(_, arguments)| arguments);
    // What is longer is no call of a client.
    let calls = calls.filter(|it| it.len() <= LONGEST_LINE).map(|it| context.doc.slice(it));
    calls.chain(line).any(|place| {
        let mut addresses = place.split("http").skip(1);
        addresses.any(|rest| is_loopback(rest.trim_start_matches('s').trim_start_matches("://")))
    })
}
