//! A key that was replaced or leaked is in use again.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, key_at};
use crate::secrets::{env_lines, env_value, env_value_span, fingerprint, redact};
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "burned-key",
    severity: Severity::Error,
    cwe: &[324],
    docs: "A key stands here that aikeys.lock says is burned: it was replaced, or it leaked.

It came back from an old branch, a backup or somebody's machine. Where it still works, somebody else may use it as well; \
where it does not, the program fails.

Put the present key in its place, and make sure that the old one is revoked.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(lock) = context.around.lock.as_ref().filter(|it| !it.burned.is_empty()) else { return };
    let (doc, text) = (context.doc, context.doc.text());
    let mut places: Vec<Span> = context.tokens().iter().map(|it| it.span).collect();
    places.extend(context.by_place().iter().filter_map(|it| it.secret));
    if context.is_env_file() {
        places.extend(
            env_lines(text).iter().filter(|it| !env_value(text, it).is_empty()).map(|it| env_value_span(text, it)),
        );
    }
    places.sort();
    places.dedup();
    for span in places {
        let key = key_at(doc, span);
        let Some(print) = fingerprint(key.expose()) else { continue };
        let Some(burned) = lock.burned.iter().find(|it| it.fingerprint.eq_ignore_ascii_case(&print.hex)) else {
            continue;
        };
        let provider = burned.provider.as_deref().and_then(|it| context.catalogue().provider(it));
        let whose = provider.map_or(String::new(), |it| format!(" of {}", it.name));
        let message = format!("this key{whose} is burned since {}: put the present one in its place", burned.date);
        let mut finding = context.plain_finding(RULE.id, RULE.severity, span, message, provider);
        let shape = context.tokens().iter().find(|it| it.span == span).map(|it| context.catalogue().shape(it.shape).1);
        finding.secret = Some(span);
        finding.redacted = Some(redact(key.expose(), shape));
        finding.fingerprint = print;
        findings.push(finding);
    }
}
