//! A key goes through a network that everyone on the way can read.

use super::context::Context;
use super::flow::calls_with_keys;
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety, is_loopback, is_private};
use crate::secrets::host_of;
use crate::syntax::{Fact, Facts};
use crate::text::{Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "plaintext-base-url",
    severity: Severity::Error,
    cwe: &[319],
    docs: "A request that carries a key goes to `http://`.

Everyone on the way can read the key. Addresses of this machine and of a network of one's own are left alone.

Use `https://`.",
    check,
    fixes: |context, finding| {
        let title = "Use https:// (see whether the server has it)".to_owned();
        Repairs::of_edits(context.doc.path(), [Edit::replace(finding.span, "https://")], title, Safety::Offered)
    },
};

const PLAIN: &str = "http://";
/// What an address is given as, in small letters and without signs.
const NAMES: [&str; 8] =
    ["baseurl", "apibase", "endpoint", "azureendpoint", "basepath", "url", "apiurl", "openaiapibase"];

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let doc = context.doc;
    for (call, provider) in calls_with_keys(context) {
        if !doc.slice(call).contains(PLAIN) {
            continue;
        }
        let facts = doc.facts_near(&[call]);
        for fact in facts.within(call) {
            let Fact::Literal { span, value } = *fact else { continue };
            let Some(host) = host_of(doc.slice(value), PLAIN) else { continue };
            let made_up = ["example", "your", "my-", "test."].iter().any(|it| host.contains(it))
                || [".test", ".invalid", ".localhost"].iter().any(|it| host.ends_with(it))
                || ["192.0.2.", "198.51.100.", "203.0.113."].iter().any(|it| host.starts_with(it));
            if host.is_empty()
                || is_loopback(host)
                || is_private(host)
                || made_up
                || !is_address(context, &facts, call, span)
            {
                continue;
            }
            let message =
                format!("the {} key goes to {PLAIN}{host}, which everyone on the way can read", provider.name);
            let severity = severity_here(context, RULE.severity);
            let place = Span { end: value.start + PLAIN.len() as u32, ..value };
            findings.push(context.plain_finding(RULE.id, severity, place, message, Some(provider)));
        }
    }
}

/// The literal is the first argument, or bound to a name for addresses.
fn is_address(context: &Context<'_>, facts: &Facts, call: Span, literal: Span) -> bool {
    let is_name = |(name, value): &(Span, Span)| {
        let mut name = context.doc.slice(*name).to_ascii_lowercase();
        name.retain(|c| c.is_ascii_alphanumeric());
        value.len() <= literal.len() && NAMES.contains(&name.as_str())
    };
    literal.start == call.start + 1 || facts.bindings_around(literal).iter().any(is_name)
}
