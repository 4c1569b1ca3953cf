//! A key is a part of an address.

use std::sync::LazyLock;

use regex::Regex;

use super::context::Context;
use super::flow::is_still;
use super::objects::wholes;
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::secrets::Provider;
use crate::syntax::Sinks;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "key-in-url",
    severity: Severity::Warning,
    cwe: &[598, 532],
    docs: "A key is a part of an address.

Everything logs addresses: HTTP libraries, proxies, servers, and most errors of a failed request.

Send it in a header: Gemini takes `x-goog-api-key`, others `Authorization: Bearer`.",
    check,
    fixes: |_, _| Repairs::default(),
};

/// What stands before a value in an address that is a key.
static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"[?&][A-Za-z_-]*(?i:key|token|secret)=(?:\$?\{|#\{|["'`] ?\+ ?&?|["'] ?\. ?)?$"#)
        .expect("a literal pattern")
});

/// How long that is at the most, in bytes.
const NEAR: usize = 40;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(sinks) = context.doc.language().map(|it| &it.sinks) else { return };
    let text = context.doc.text();
    let near = |place: &Span| {
        // `encodeURIComponent(key)`
        let before = &text[..place.start as usize];
        let called = before.strip_suffix('(').and_then(|it| {
            let encodes = sinks.encodes.iter().filter_map(|name| it.strip_suffix(name.as_str()));
            encodes.min_by_key(|it| it.len())
        });
        let end = called.unwrap_or(before).len();
        BEFORE.is_match(&text[text.floor_char_boundary(end.saturating_sub(NEAR))..end])
    };
    let mut add = |what: &str, provider: &Provider, place: Span| {
        let message = format!("{what} becomes a part of an address, and addresses are logged");
        let severity = severity_here(context, RULE.severity);
        findings.push(context.plain_finding(RULE.id, severity, place, message, Some(provider)));
    };
    for source in context.sources() {
        for &place in &source.places {
            let exit = source.exits.iter().find(|exit| exit.place == place);
            // At the end of a text nothing follows.
            let ends = || text[place.end as usize..].trim_start_matches([' ', '\t']).starts_with([';', '\n', '\r']);
            let joined = near(&place) && (exit.is_some() || ends());
            let queried = || {
                exit.is_some_and(|it| {
                    it.sink(context.doc, &sinks.queries).is_some() && is_query(context, sinks, it.operand)
                })
            };
            if (joined || queried()) && (place == source.span || is_still(context.doc, source.span, place)) {
                add(&source.what, source.provider, place);
            }
        }
    }
    for whole in wholes(context, |it| &it.queries) {
        if is_query(context, sinks, whole.place) {
            add(&whole.what, whole.provider, whole.place);
        }
    }
}

/// What stands at `place` is a value, or all names and values, that the call around puts into an address.
fn is_query(context: &Context<'_>, sinks: &Sinks, place: Span) -> bool {
    let doc = context.doc;
    let facts = doc.facts();
    let Some(&(_, arguments)) = facts.calls_around(place).first() else { return false };
    let bound: Vec<Span> = facts.bindings_around(place).into_iter().map(|(name, _)| name).take(2).collect();
    bound.into_iter().filter(|name| arguments.contains(*name)).any(|name| match sinks.query_arguments.is_empty() {
        // `("key", key)`, and not the first argument of the call.
        true => doc.text()[..name.start as usize].ends_with('"') && name.start > arguments.start + 2,
        false => sinks.query_arguments.iter().any(|it| it == doc.slice(name)),
    })
}
