//! A literal in a place that only an AI key fills, whatever its shape.

use super::context::{About, Context};
use super::{Finding, Rule, Severity};
use crate::fixes::{move_secret, slot_provider};
use crate::secrets::{Format, Provider, classify};
use crate::syntax::Fact;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "literal-in-key-slot",
    severity: Severity::Error,
    docs: "A literal fills a place that can only hold an AI key.

Many providers give out keys without a prefix: 32 letters and digits look like anything else. \
The place tells: the key argument of a client, a request header of the provider, a variable that its SDK reads. \
Placeholders and the dummies of local servers are not flagged.

Move the key to `.env` or to a store, and read it from the environment.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.is_env_file() || !context.may_hold_slots() {
        return;
    }
    let literals = context.facts().iter().filter_map(|fact| match *fact {
        Fact::Literal { value, .. } => Some(value),
        _ => None,
    });
    for value in literals {
        let value = without_scheme(context, value);
        if value.len() < SHORTEST || context.tokens().iter().any(|token| token.span.overlaps(value)) {
            continue;
        }
        let Some(provider) = slot_provider(context.doc, context.around, value) else { continue };
        if !is_secret(context, value, provider) {
            continue;
        }
        let message = format!("{} key stands in the text", provider.name);
        let about = About { message, provider: Some(provider), shape: None };
        let severity = match context.doc.language() {
            Some(language) if language.is_test_path(context.doc.path()) => Severity::Warning,
            _ => RULE.severity,
        };
        findings.push(context.secret_finding(RULE.id, severity, value, &about));
    }
}

/// The shortest value that is taken for a key by its place alone.
const SHORTEST: usize = 16;

/// `Bearer …`, `Token …`: the key is what comes after the scheme.
fn without_scheme(context: &Context<'_>, value: Span) -> Span {
    let text = context.doc.slice(value);
    let schemes = ["Bearer ", "Token ", "token ", "Key ", "Api-Key ", "Bot ", "Basic ", "DeepL-Auth-Key "];
    let scheme = schemes.iter().find(|scheme| text.starts_with(**scheme));
    Span { start: value.start + scheme.map_or(0, |it| it.len()) as u32, ..value }
}

/// The value in a slot of `provider` has to be taken for a key: long, mixed, no placeholder, and of a shape that the
/// provider uses where its shapes are known.
pub(super) fn is_secret(context: &Context<'_>, value: Span, provider: &Provider) -> bool {
    let text = context.doc.slice(value);
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'\'' | b'(' | b'{' | b'<' | b' '));
    let classes = [u8::is_ascii_digit, u8::is_ascii_lowercase, u8::is_ascii_uppercase]
        .iter()
        .filter(|class| text.bytes().any(|byte| class(&byte)))
        .count();
    if text.len() < SHORTEST || !plain || classes < 2 || entropy(text) < LEAST_ENTROPY {
        return false;
    }
    if classify(context.catalogue(), text).is_some() || text.contains("://") {
        return false;
    }
    let known = provider.keys.iter().any(|shape| shape.format != Format::Opaque);
    let fits = provider.keys.iter().any(|shape| shape.format == Format::Opaque || shape.is_whole(text));
    !known || fits || looks_generated(text)
}

/// Random text of at least 24 characters with a digit: a key of a shape that is newer than the catalogue.
fn looks_generated(text: &str) -> bool {
    let word_like =
        text.split(['-', '_', '.']).all(|part| part.len() < 8 || part.bytes().all(|byte| byte.is_ascii_lowercase()));
    text.len() >= 24 && text.bytes().any(|byte| byte.is_ascii_digit()) && entropy(text) >= 3.5 && !word_like
}

/// Below this many bits a character people type, not generators: the placeholder band.
const LEAST_ENTROPY: f64 = 2.8;

/// Shannon entropy in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts = [0u32; 256];
    text.bytes().for_each(|byte| counts[byte as usize] += 1);
    let len = text.len().max(1) as f64;
    counts.iter().filter(|&&count| count > 0).map(|&count| f64::from(count) / len).map(|p| -p * p.log2()).sum()
}
