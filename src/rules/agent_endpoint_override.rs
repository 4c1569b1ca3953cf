//! A file of the project that tells the agents of whoever opens it where to send their keys.

use super::context::Context;
use super::steps::bare;
use super::{Finding, Rule, Severity};
use crate::fixes::{GitState, Repairs, is_loopback, is_private};
use crate::secrets::{Provider, discreet, host_of};
use crate::syntax::{AgentSettings, Fact};
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "agent-endpoint-override",
    severity: Severity::Warning,
    cwe: &[522, 923],
    docs: "A file of the project sends the requests of an agent, and the key in them, somewhere else.

Whoever opens the project sends its own key there, with all that the agent reads. A command that gives the key is run on \
the machine of everyone who opens it. Both were used to steal keys (CVE-2026-21852). Addresses of the provider, of this \
machine and of a network of one's own are left alone, and so is a file that git does not have.

Set the address in your own settings. If all are meant to use it, name its host in `aikeys.toml`: \
`trusted-hosts = [\"llm.corp.com\"]`.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let doc = context.doc;
    let Some(settings) = AgentSettings::of_path(doc.path()).filter(|_| is_shared(context.around.git)) else { return };
    let facts = doc.facts();
    for fact in facts.iter() {
        let Fact::Binding { name, value, .. } = *fact else { continue };
        let Some((_, text)) = facts.literal_at(value).or_else(|| literal_in(context, value)) else { continue };
        let mut names = doc.entries_around(facts, name);
        names.push(bare(doc, name));
        let names: Vec<&str> = names.into_iter().rev().take(MOST).rev().collect();
        if settings.is_command(&names) && !doc.slice(text).trim_matches(['"', '\'']).trim().is_empty() {
            let message = format!("{} runs this command of the project to get a key", settings.name);
            findings.push(context.plain_finding(RULE.id, RULE.severity, text, message, None));
        } else if settings.is_address(&names) {
            findings.extend(address(context, settings, bare(doc, name), text));
        }
    }
}

/// Deeper settings name nothing that counts.
const MOST: usize = 8;

/// Others get the file.
fn is_shared(git: GitState) -> bool {
    matches!(git, GitState::Tracked | GitState::Untracked)
}

/// The text that a value is.
fn literal_in(context: &Context<'_>, value: Span) -> Option<(Span, Span)> {
    context.doc.facts().within(value).find_map(|fact| match *fact {
        Fact::Literal { span, value: text } if span == value => Some((span, text)),
        _ => None,
    })
}

fn address(context: &Context<'_>, settings: &AgentSettings, name: &str, value: Span) -> Option<Finding> {
    let text = context.doc.slice(value).trim_matches(['"', '\'']);
    let host = host_of(text, "https://").or_else(|| host_of(text, "http://"))?.to_ascii_lowercase();
    let catalogue = context.catalogue();
    let own = catalogue.providers.iter().find(|it| it.related.iter().any(|it| it == name));
    let mut providers =
        catalogue.providers.iter().filter(|it| settings.others || own.is_none_or(|own| own.id == it.id));
    let trusted =
        |it: &String| host == it.to_ascii_lowercase() || host.ends_with(&format!(".{}", it.to_ascii_lowercase()));
    let made_up = ["example", "your", "<"].iter().any(|it| host.contains(it));
    if made_up
        || is_loopback(&host)
        || is_private(&host)
        || context.around.trusted_hosts.iter().any(trusted)
        || settings.is_host(&host)
        || providers.any(|it| is_of(it, &host))
    {
        return None;
    }
    let message = format!("{} sends its requests, with the key of whoever works here, to {host}", settings.name);
    let mut finding = context.plain_finding(RULE.id, RULE.severity, value, message, own);
    finding.notes.push(format!(
        "if all are meant to use it, write `trusted-hosts = [\"{}\"]` into aikeys.toml",
        discreet(&host)
    ));
    Some(finding)
}

/// The host is the provider's, or beside one of its hosts.
fn is_of(provider: &Provider, host: &str) -> bool {
    provider.hosts.iter().any(|own| {
        let domain = own.split_once('.').map_or("", |(_, rest)| rest);
        host == own || domain.contains('.') && host.ends_with(&format!(".{domain}"))
    })
}
