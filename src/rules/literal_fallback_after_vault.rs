//! A key that steps in where a store of secrets gives none.

use super::context::{About, Context};
use super::{Finding, Rule, Severity, hardcoded_ai_key};
use crate::fixes::move_secret;
use crate::secrets::Opens;
use crate::syntax::{Fact, Facts};
use crate::text::{Span, whole_words};

pub(super) static RULE: Rule = Rule {
    id: "literal-fallback-after-vault",
    severity: Severity::Error,
    cwe: &[798, 755],
    docs: "A real key steps in when a store of secrets gives none.

The store looks like it were in use, and the program runs on without it: nobody sees that it is down, or that the secret \
was rotated, and the key that everyone can read is the one in use.

Let the read fail: it names what is missing. Until then, move the key to the environment: that is the fix here.",
    check,
    fixes: |context, finding| finding.secret.map(|it| move_secret(context.doc, context.around, it)).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.doc.language().is_none() || context.tokens().is_empty() && context.candidates().is_empty() {
        return;
    }
    let reads = reads(context);
    if reads.is_empty() {
        return;
    }
    for token in context.tokens().iter().filter(|token| !context.is_doubtful(token)) {
        let Some(store) = steps_in(context, &reads, token.span) else { continue };
        let (provider, shape) = context.catalogue().shape(token.shape);
        let message = format!("{} steps in when {store} gives none", hardcoded_ai_key::name_key(provider, shape));
        let about = About { message, provider: Some(provider), shape: Some(token.shape) };
        findings.push(context.secret_finding(RULE.id, RULE.severity, token.span, &about));
    }
    for finding in context.by_place() {
        let Some(store) = steps_in(context, &reads, finding.span) else { continue };
        let message = finding.message.replace("stands in the text", &format!("steps in when {store} gives none"));
        findings.push(Finding { rule: RULE.id, message, severity: RULE.severity, ..finding.clone() });
    }
}

/// Where a secret is read from a store, with the store's name: by its SDK, or by a function of this file that does.
pub(super) fn reads<'c>(context: &Context<'c>) -> Vec<(Span, &'c str)> {
    let text = context.doc.text();
    // One pass instead of one for each word of each store.
    if !context.catalogue().speaks_of_store(text.as_bytes()) {
        return Vec::new();
    }
    let reached = context.catalogue().stores().filter(|(_, opens)| opens.is_reached(text));
    let mut found: Vec<(Span, &str)> = reached.flat_map(|(_, opens)| places(text, opens)).collect();
    if found.is_empty() {
        return found;
    }
    let facts = context.doc.facts();
    let wrappers: Vec<_> =
        found.iter().filter_map(|(read, store)| Some((function(context, facts, *read)?, *store))).collect();
    for (name, store) in wrappers {
        let calls = context.doc.places_of(context.doc.slice(name), None).filter(|it| *it != name);
        found.extend(calls.map(|it| (it, store)));
    }
    found.retain(|(read, _)| !facts.in_comment(*read));
    found.sort();
    found
}

fn places<'c>(text: &str, opens: &'c Opens) -> Vec<(Span, &'c str)> {
    let places = |word: &'c String| {
        let hits = memchr::memmem::find_iter(text.as_bytes(), word.as_bytes());
        hits.map(|at| (Span::new(at, at + word.len()), opens.name.as_str()))
    };
    opens.reads.iter().flat_map(places).collect()
}

/// The name of the function around a read: the last one before the bracket of its parameters.
fn function(context: &Context<'_>, facts: &Facts, read: Span) -> Option<Span> {
    let bodies = facts.around(read).filter_map(|fact| match *fact {
        Fact::Deferred { span } => Some(span),
        _ => None,
    });
    let body = bodies.max_by_key(|body| body.len())?;
    let before = context.doc.text()[..body.start as usize].trim_end();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let head = &before[line..];
    let open = head.find('(')?;
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let before = head[..open].trim_end();
    // `const read = async () => …`
    let before = match before.split_once(" = ") {
        Some((name, "" | "async" | "function" | "async function")) => name,
        _ => before.strip_suffix(" =").unwrap_or(before),
    };
    let name = before.rsplit(|c| !is_part(c)).next().filter(|name| name.len() > 3)?;
    let end = line + before.len();
    Some(Span::new(end - name.len(), end))
}

/// The store whose read failed before the key takes its place.
fn steps_in<'c>(context: &Context<'_>, reads: &[(Span, &'c str)], key: Span) -> Option<&'c str> {
    let last = reads.partition_point(|(read, _)| read.end <= key.start).checked_sub(1)?;
    let (read, store) = reads[last];
    let between = &context.doc.text()[read.end as usize..key.start as usize];
    if between.len() > FAR {
        return None;
    }
    let facts = context.doc.facts();
    let here = facts.body_around(read).is_none_or(|body| body.contains(key));
    (here && (is_other_branch(context, between, key) || is_same_expression(between))).then_some(store)
}

/// How far behind a read something still steps in for it.
const FAR: usize = 600;

/// What stands between a value and what is taken in its stead.
const INSTEAD: [&str; 9] = [" or ", "||", "??", "?:", "unwrap_or", ".catch(", "getOrElse", "orElse", "rescue "];
/// What begins the branch for a failure.
const FAILS: [&str; 10] =
    ["except", "catch", "rescue", "Err", "err != nil", "else", "is None", "== null", "=== undefined", "|| {"];

/// `read(…) or "…"`: no line ends the statement.
fn is_same_expression(between: &str) -> bool {
    let goes_on = |[line, next]: [&str; 2]| {
        let ends = ["(", ",", "or", "||", "??", "{", "=>", "\\", "["].iter().any(|end| line.ends_with(end));
        ends || [".", "or ", "||", "??", ")", "]", "}", "?"].iter().any(|begin| next.starts_with(begin))
    };
    let lines: Vec<&str> = between.split('\n').map(str::trim).collect();
    let one = lines.windows(2).all(|pair| goes_on([pair[0], pair[1]])) && !between.contains(';');
    one && INSTEAD.iter().any(|word| between.contains(word))
}

/// A branch that is taken where the read failed holds the key, and is not over.
fn is_other_branch(context: &Context<'_>, between: &str, key: Span) -> bool {
    let places = FAILS.iter().flat_map(|word| whole_words(between, word, |c| c.is_alphanumeric() || c == '_'));
    let Some(at) = places.map(|it| it.start as usize).max() else { return false };
    let behind = &between[at..];
    if !behind.contains('\n') {
        return true;
    }
    let text = context.doc.text();
    let indent = |at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
        text[start..].chars().take_while(|c| matches!(c, ' ' | '\t')).count()
    };
    let branch = key.start as usize - behind.len();
    !behind.contains("\n\n") && indent(key.start as usize) > indent(branch)
}
