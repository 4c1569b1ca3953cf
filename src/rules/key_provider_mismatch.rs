//! A key goes to another provider than the one that gave it out.

use super::context::{About, Context};
use super::{Finding, Rule, Severity, hardcoded_ai_key};
use crate::fixes::{Repairs, Slot, slot_at};
use crate::secrets::{Provider, Shape, env_lines};

pub(super) static RULE: Rule = Rule {
    id: "key-provider-mismatch",
    severity: Severity::Error,
    cwe: &[522, 201],
    docs: "A key goes to another provider than the one that gave it out, or stands under that one's name.

It is more than a request that fails: the other provider now holds a key that works. \
Keys that go to a gateway, to a server of your own, or to the host that their shape names are not flagged.

Give the key its own provider's variable, and the client the key of its provider. \
Rotate the key if it may have been sent.",
    check,
    fixes: |context, finding| Repairs { fixes: Vec::new(), refused: refused(context, finding) },
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.keeps_secrets() {
        in_env_file(context, findings);
    } else if context.doc.language().is_some() {
        in_code(context, findings);
        by_names(context, findings);
    }
}

fn refused(context: &Context<'_>, finding: &Finding) -> Option<String> {
    finding.secret?;
    let variable = &context.catalogue().provider(finding.provider.as_deref()?)?.env;
    Some(format!("which of the two is meant, nothing tells: store this key as {variable}, or use the other's key here"))
}

/// `OPENAI_API_KEY=sk-ant-…`
fn in_env_file(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let text = context.doc.text();
    // Another host was chosen on purpose.
    if ["BASE_URL=", "API_BASE=", "ENDPOINT="].iter().any(|name| text.contains(name)) {
        return;
    }
    for line in env_lines(text) {
        let name = &text[line.name.range()];
        let Some(wanted) = context.catalogue().provider_of_env(name) else { continue };
        let tokens = context.tokens().iter().filter(|token| line.value.contains(token.span) && !token.needs_context);
        for token in tokens {
            let (provider, shape) = context.catalogue().shape(token.shape);
            if differs(provider, shape, wanted) && !takes(provider, name) {
                let key = hardcoded_ai_key::name_key(provider, shape);
                let about = About {
                    message: format!("{key} stands under {}'s variable {name}", wanted.name),
                    provider: Some(provider),
                    shape: Some(token.shape),
                };
                findings.push(context.secret_finding(RULE.id, RULE.severity, token.span, &about));
            }
        }
    }
}

/// `Anthropic(api_key="sk-proj-…")`
fn in_code(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for token in context.tokens().iter().filter(|token| !token.needs_context) {
        let (provider, shape) = context.catalogue().shape(token.shape);
        let slot = slot_at(context.doc, context.facts(), context.around, token.span);
        let Some(slot) = slot.filter(is_certain) else { continue };
        if differs(provider, shape, slot.provider) && !slot.variable.is_some_and(|name| takes(provider, name)) {
            let key = hardcoded_ai_key::name_key(provider, shape);
            let about = About {
                message: format!("{key} goes to {}", slot.provider.name),
                provider: Some(provider),
                shape: Some(token.shape),
            };
            findings.push(context.secret_finding(RULE.id, RULE.severity, token.span, &about));
        }
    }
}

/// `Anthropic(api_key=os.environ["OPENAI_API_KEY"])`: only the names tell, so it is worth a remark.
fn by_names(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for read in context.reads() {
        let Some(slot) = read.slot.filter(is_certain) else { continue };
        let rows = slot.client.map(|client| client.symbol.as_str());
        let taken = |provider: &Provider| {
            takes(provider, read.name) && provider.clients.iter().any(|it| Some(it.symbol.as_str()) == rows)
        };
        if rows.is_some()
            && !is_neutral(slot.provider)
            && !is_neutral(read.provider)
            && !takes(slot.provider, read.name)
            && family(slot.provider) != family(read.provider)
            && !context.catalogue().providers.iter().any(taken)
        {
            let message = format!("{} goes to {}", read.name, slot.provider.name);
            findings.push(context.plain_finding(RULE.id, Severity::Info, read.span, message, Some(read.provider)));
        }
    }
}

/// A client or a variable takes the key, and the call names no host that nobody knows.
fn is_certain(slot: &Slot<'_>) -> bool {
    let known = slot.provider.hosts.iter().any(|host| slot.call.contains(host.trim_start_matches('*')));
    let elsewhere = ["base_url", "api_base", "endpoint", "base_uri", "host="].iter().any(|it| slot.call.contains(it));
    (slot.client.is_some() || slot.variable.is_some()) && (known || !elsewhere)
}

/// The key is surely none of `wanted`.
fn differs(provider: &Provider, shape: &Shape, wanted: &Provider) -> bool {
    let ambiguous = shape.prefix() == "sk-" || shape.prefix().len() < 3;
    family(provider) != family(wanted) && !ambiguous && !is_neutral(wanted) && !is_neutral(provider)
}

/// One house gives out keys under several names: `azure-openai`, `azure-ai-search`.
fn family(provider: &Provider) -> &str {
    provider.id.split('-').next().unwrap_or("")
}

/// The provider takes the key under this variable.
fn takes(provider: &Provider, name: &str) -> bool {
    let of_shapes = provider.keys.iter().flat_map(|shape| &shape.env);
    provider.env == name || provider.aliases.iter().chain(of_shapes).any(|it| it == name)
}

/// It hands keys of others on.
fn is_neutral(provider: &Provider) -> bool {
    ["gateway", "observability", "local", "proxy", "cloud"].contains(&provider.category.as_str())
}
