//! A literal in a place that only an AI key fills, whatever its shape.

use super::context::{About, Context};
use super::{Finding, Rule, Severity};
use crate::fixes::{Whose, move_secret, slot_at, whose, whose_in_text};
use crate::secrets::{Class, Format, Provider, SHORTEST_SECRET, looks_generated, looks_secret};
use crate::syntax::Fact;
use crate::text::{Disjoint, LONGEST_LINE, Span};

pub(super) static RULE: Rule = Rule {
    id: "literal-in-key-slot",
    severity: Severity::Error,
    cwe: &[798],
    docs: "A literal fills a place that can only hold an AI key.

Many providers give out keys without a prefix: 32 letters and digits look like anything else. \
The place tells: the key argument of a client, a request header of the provider, a variable that its SDK reads. \
Placeholders and the dummies of local servers are not flagged.

Move the key to `.env` or to a store, and read it from the environment.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is_app_secrets() {
        findings.extend_from_slice(context.by_place());
    }
}

/// Every key that its place alone tells, and those of one of several providers.
pub(super) fn keys(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if context.is_env_file() {
        return findings;
    }
    if !context.candidates().is_empty() {
        by_place(context, &mut findings);
    }
    let mut taken = Disjoint::default();
    for span in context.tokens().iter().map(|token| token.span).chain(findings.iter().map(|it| it.span)) {
        taken.add(span);
    }
    let free: Vec<_> = context.ambiguous().iter().filter(|(span, _)| taken.add(*span)).collect();
    // Nobody has so many keys of that kind: a program made them, and one finding says all of a list.
    let is_list = free.len() > MOST;
    let severity = if is_list { Severity::Info } else { Severity::Warning };
    let mut end = None;
    for (span, names) in free {
        let goes_on = end.is_some_and(|end: u32| span.start.saturating_sub(end) < BETWEEN);
        end = Some(span.end);
        if !is_list || !goes_on {
            let names = match names.as_slice() {
                [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
                names => names.concat(),
            };
            let message = format!("API key of {names} stands in the text");
            let about = About { message, provider: None, shape: None };
            findings.push(context.secret_finding(RULE.id, severity, *span, &about));
        }
    }
    findings
}

/// The most keys without a name in one file that people put there.
const MOST: usize = 5;
/// What stands between two texts of a list at the most, in bytes.
const BETWEEN: u32 = 200;

fn by_place(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let literals = context.facts().iter().filter_map(|fact| match *fact {
        Fact::Literal { value, .. } if touches(context.candidates(), value) => Some(value),
        _ => None,
    });
    let tokens: Vec<Span> = context.tokens().iter().map(|token| token.span).collect();
    let is_free = |value: Span| {
        let text = context.doc.slice(value);
        value.len() >= SHORTEST_SECRET
            && !touches(&tokens, value)
            && looks_secret(context.catalogue(), text)
            && !is_public(context, text)
            && !is_cut(context, value)
    };
    let literals: Vec<Span> =
        literals.map(|value| without_scheme(context, value)).filter(|&value| is_free(value)).collect();
    for &value in &literals {
        judge(context, value, whose(context.doc, context.facts(), context.around, value), findings);
    }
    // In comments and in longer texts only the words before it tell.
    let found: Vec<Span> = findings.iter().map(|finding| finding.span).collect();
    let is_found = |span: Span| touches(&found, span);
    let parts = context.candidates().iter().filter(|it| !is_found(**it)).map(|&it| whole(context, it));
    for value in parts.filter(|&value| is_free(value)) {
        judge(context, value, whose_in_text(context.doc, context.around, value), findings);
    }
}

fn judge(context: &Context<'_>, value: Span, whose: Option<Whose<'_>>, findings: &mut Vec<Finding>) {
    let (provider, message) = match whose {
        Some(Whose::Known(provider)) if is_secret(context, value, provider) => {
            (Some(provider), format!("{} key stands in the text", provider.name))
        }
        Some(Whose::Unknown) if looks_generated(context.doc.slice(value)) => {
            (None, "API key of a provider that is not known stands in the text".to_owned())
        }
        _ => return,
    };
    let about = About { message, provider, shape: None };
    let is_test = context.doc.language().is_some_and(|language| language.is_test_path(context.doc.path()));
    // What a program wrote (a bundle) is full of keys that everyone may read.
    let lines = context.doc.lines();
    let is_generated = lines.span(lines.line_of(value.start)).len() > LONGEST_LINE;
    let severity = match (provider, is_test || context.doc.is_example()) {
        (Some(_), false) => RULE.severity,
        // The key of a relay, under a provider's name.
        (None, false) if is_variable(context, value) => RULE.severity,
        (None, true) => Severity::Info,
        (None, false) if is_generated || is_for_everyone(context, value) => Severity::Info,
        _ => Severity::Warning,
    };
    findings.push(context.secret_finding(RULE.id, severity, value, &about));
}

/// It becomes the value of a provider's variable.
fn is_variable(context: &Context<'_>, value: Span) -> bool {
    slot_at(context.doc, context.facts(), context.around, value).is_some_and(|slot| slot.variable.is_some())
}

/// A comment right above says that it is the default key of a template.
fn is_for_everyone(context: &Context<'_>, value: Span) -> bool {
    let mark = context.doc.language().map_or("", |it| it.comment.as_str());
    let mut above = context.doc.text()[..value.start as usize].lines().rev().skip(1);
    let says = |line: &str| line.starts_with(mark) && line.contains("default") && line.contains("key");
    !mark.is_empty() && above.by_ref().take(2).any(|line| says(&line.trim_start().to_ascii_lowercase()))
}

/// A candidate with what belongs to it before a dot and behind a dot or a colon: keys of several parts.
fn whole(context: &Context<'_>, candidate: Span) -> Span {
    let (before, rest) = context.doc.text().split_at(candidate.end as usize);
    let before = &before[..candidate.start as usize];
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let id = before.strip_suffix('.').and_then(|id| id.rsplit(|c| !part(c)).next()).map_or(0, |id| id.len() + 1);
    let candidate = Span { start: candidate.start - id as u32, ..candidate };
    let near = rest.floor_char_boundary(LONGEST_LINE.min(rest.len()));
    let end = rest[..near].find(|c: char| !c.is_ascii_alphanumeric() && !"._-+/=:~".contains(c)).unwrap_or(near);
    let more = rest[..end].trim_end_matches(['.', '=', ':', '/', '-']).len();
    Span { end: candidate.end + more as u32, ..candidate }
}

/// One of `spans`, which are sorted and disjoint, shares a byte with `value`.
fn touches(spans: &[Span], value: Span) -> bool {
    let first = spans.partition_point(|it| it.end <= value.start);
    spans.get(first).is_some_and(|it| it.overlaps(value))
}

/// `Bearer …`, `Token …`: the key is what comes after the scheme.
fn without_scheme(context: &Context<'_>, value: Span) -> Span {
    let text = context.doc.slice(value);
    let schemes = ["Bearer ", "Token ", "token ", "Key ", "Api-Key ", "Bot ", "Basic ", "DeepL-Auth-Key "];
    let scheme = schemes.iter().find(|scheme| text.starts_with(**scheme));
    Span { start: value.start + scheme.map_or(0, |it| it.len()) as u32, ..value }
}

/// Somebody left the rest out: `sk-proj-abc...`.
fn is_cut(context: &Context<'_>, value: Span) -> bool {
    let behind = &context.doc.text()[value.end as usize..];
    behind.starts_with("...") || behind.starts_with('…')
}

/// A key that is meant to be read by everyone, like those that send telemetry.
fn is_public(context: &Context<'_>, text: &str) -> bool {
    let catalogue = context.catalogue();
    let mut shapes = catalogue.shapes().map(|id| catalogue.shape(id).1);
    shapes.any(|shape| shape.class == Class::Publishable && shape.is_whole(text))
}

/// The value in a slot of `provider` has to be taken for a key: long, mixed, no placeholder, and of a shape that the
/// provider uses, or like nothing that people type.
pub(super) fn is_secret(context: &Context<'_>, value: Span, provider: &Provider) -> bool {
    let text = context.doc.slice(value);
    if !looks_secret(context.catalogue(), text) {
        return false;
    }
    let fits = provider.keys.iter().any(|shape| shape.format != Format::Opaque && shape.is_whole(text));
    // `a:b:c` opens another product, whose variable has the same name.
    let parts = text.contains(':') && !provider.keys.iter().any(|shape| shape.is_whole(text));
    // Servers for development take any text for the token that opens them.
    let shaped = provider.opens.as_ref().is_some_and(|opens| opens.only);
    fits || !shaped && !parts && looks_generated(text)
}

#[cfg(test)]
mod tests {
    use crate::fixes::Surroundings;
    use crate::rules::{Severity, check};
    use crate::secrets::sample;
    use crate::syntax::Document;

    #[test]
    fn a_list_of_made_keys_is_one_remark() {
        let key = |seed: u64| {
            let parts = [1, 2, 3].map(|part| sample("mistral.api", 3 * seed + part).expect("the shape has a sample"));
            format!("sk-{}", &parts.concat()[..48])
        };
        let found = |keys: u64| {
            let text = (0..keys).map(|seed| format!("\"{}\",\n", key(seed))).collect::<String>();
            check(&Document::new("keys.txt", text), &Surroundings::bare())
        };
        let severities = |keys| found(keys).iter().map(|it| it.severity).collect::<Vec<_>>();
        assert_eq!(severities(2), [Severity::Warning; 2]);
        assert_eq!(severities(60), [Severity::Info]);
    }
}
