//! A key lies in the right place by now, and git's history holds it all the same.

use super::context::{About, Context};
use super::env_file_in_git::secret_lines;
use super::plaintext_at_rest::{is_for_tests, is_key};
use super::{Finding, Rule, Severity};
use crate::fixes::{Exposure, GitState, encrypt};
use crate::secrets::{Provider, env_value_span, fingerprint, identity};
use crate::text::Span;

pub(super) const ID: &str = "exposed-key-needs-rotation";

pub(super) static RULE: Rule = Rule {
    id: ID,
    severity: Severity::Warning,
    cwe: &[324, 522],
    docs:
        "A key lies in the right place, and git's history still holds it.

Moving a key out of a file does not take it out of the commits before: who can read the repository can read the key, \
and most keys that leaked work for years.

Make a new key on the provider's page, put it in the place of this one, see that the program runs, revoke the old one, \
and look through its usage since the commit. \
A key that is dead already is acknowledged with a comment: `aikeys: ignore[exposed-key-needs-rotation] revoked in May`.",
    check,
    fixes: |context, finding| finding.secret.map(|it| encrypt(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(exposed) = &context.around.exposed else { return };
    for kept in kept(context) {
        let Some(Some(exposure)) = exposed.get(&identity(context.doc.slice(kept.span))) else { continue };
        let message = format!("{} is in git's history: {}", kept.name, evidence(exposure));
        let about = About { message, provider: kept.provider, shape: None };
        findings.push(context.secret_finding(RULE.id, RULE.severity, kept.span, &about));
    }
}

fn evidence(Exposure { commit, date, pushed, path, in_head, .. }: &Exposure) -> String {
    let pushed = if *pushed { "pushed" } else { "not pushed" };
    let still = if *in_head { "still in HEAD" } else { "gone from HEAD" };
    format!("{path} of commit {commit} ({date}, {pushed}) holds it, {still}")
}

/// A key that lies where it belongs.
pub(super) struct Kept<'c> {
    pub span: Span,
    name: String,
    provider: Option<&'c Provider>,
}

/// The keys of a file that git ignores and that is made for them. What could be guessed stands anywhere, and is none.
pub(super) fn kept<'c>(context: &'c Context<'_>) -> Vec<Kept<'c>> {
    if context.around.git != GitState::Ignored || !context.keeps_secrets() || is_for_tests(context) {
        return Vec::new();
    }
    let catalogue = context.catalogue();
    let mut kept = Vec::new();
    if context.is_env_file() {
        for line in secret_lines(context).into_iter().filter(|line| is_key(context, line)) {
            let (span, name) = (env_value_span(context.doc.text(), &line), context.doc.slice(line.name));
            let shaped = || context.tokens().iter().find(|it| span.contains(it.span));
            let by_shape = || shaped().map(|it| catalogue.shape(it.shape).0);
            kept.push(Kept {
                span,
                name: name.to_owned(),
                provider: catalogue.provider_of_env(name).or_else(by_shape),
            });
        }
    } else {
        let key = |span, provider: Option<&'c Provider>| {
            let name = provider.map_or_else(|| "a key".to_owned(), |it| format!("the key of {}", it.name));
            Kept { span, name, provider }
        };
        let shaped = context.tokens().iter().filter(|token| !context.is_doubtful(token));
        kept.extend(shaped.map(|token| key(token.span, Some(catalogue.shape(token.shape).0))));
        let placed = context.by_place().iter().filter_map(|it| Some((it.secret?, it.provider.as_deref())));
        kept.extend(placed.map(|(span, id)| key(span, id.and_then(|id| catalogue.provider(id)))));
    }
    kept.retain(|it| fingerprint(context.doc.slice(it.span)).is_some());
    kept
}
