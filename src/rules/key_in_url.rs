//! A key is a part of an address.

use std::sync::LazyLock;

use regex::Regex;

use super::context::Context;
use super::flow::is_still;
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
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
    let text = context.doc.text();
    let near = |place: &Span| {
        let start = text.floor_char_boundary((place.start as usize).saturating_sub(NEAR));
        BEFORE.is_match(&text[start..place.start as usize])
    };
    for source in context.sources() {
        for place in source.places.iter().copied().filter(near) {
            // At the end of a text nothing follows.
            let ends = text[place.end as usize..].trim_start_matches([' ', '\t']).starts_with([';', '\n', '\r']);
            let gives = ends || source.exits.iter().any(|exit| exit.place == place);
            if !gives || place != source.span && !is_still(context.doc, source.span, place) {
                continue;
            }
            let message = format!("{} becomes a part of an address, and addresses are logged", source.what);
            let severity = severity_here(context, RULE.severity);
            findings.push(context.plain_finding(RULE.id, severity, place, message, Some(source.provider)));
        }
    }
}
