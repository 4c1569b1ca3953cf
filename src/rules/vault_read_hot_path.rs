//! A store of secrets is read for each request, or in a loop.

use super::context::Context;
use super::literal_fallback_after_vault::reads;
use super::reads::is_notebook;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, line_start};
use crate::syntax::{Fact, Facts, Hot, glob};
use crate::text::{Span, whole_words};

pub(super) static RULE: Rule = Rule {
    id: "vault-read-hot-path",
    severity: Severity::Hint,
    cwe: &[400],
    docs: "A store of secrets is read for each request, or in a loop.

Each read takes its time, counts against a quota, and costs money in the clouds; where the store is slow, so is the answer.

Read it once when the program starts, or keep it for a while. Read it anew when the provider refuses the key.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let doc = context.doc;
    let Some(language) = doc.language().filter(|it| !it.is_test_path(doc.path())) else { return };
    let hot = &language.hot;
    if hot.loops.is_empty() || is_notebook(doc) {
        return;
    }
    let reads = reads(context);
    // Something in the file keeps what was read.
    let keeps = || hot.caches.iter().any(|it| doc.text().contains(it.as_str()));
    if reads.is_empty() || keeps() || reads.iter().any(|(read, _)| is_guarded(context, hot, *read)) {
        return;
    }
    let facts = doc.facts();
    for (read, store) in reads {
        // What is called there, and what it is called with.
        let call = facts.around(Span { end: read.start + 1, ..read }).find_map(|fact| match *fact {
            Fact::Call { span, callee, arguments: Some(arguments) } if callee.overlaps(read) => Some((span, arguments)),
            _ => None,
        });
        let Some((call, arguments)) = call.filter(|_| facts.literal_at(read).is_none()) else { continue };
        let when = if is_handled(context, facts, hot, read) {
            "for each request"
        } else if is_repeated(context, hot, call) && is_fixed(doc.slice(arguments)) {
            "in each round of this loop"
        } else {
            continue;
        };
        findings.push(context.plain_finding(RULE.id, RULE.severity, read, format!("{store} is read {when}"), None));
    }
}

/// The lines around a place that stand further out, from the inside, as far as its function goes.
fn heads<'d>(context: &'d Context<'_>, place: Span) -> impl Iterator<Item = &'d str> {
    let text = context.doc.text();
    let start = context.doc.facts().body_around(place).map_or(0, |body| body.start as usize);
    let own = line_start(text, place.start as usize);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let mut least = indent(&text[own..place.start as usize]);
    let rows = text[start.min(own)..own].lines().rev().take(FAR).filter(|row| !row.trim().is_empty());
    rows.filter_map(move |row| {
        let is_out = indent(row) < least;
        least = least.min(indent(row));
        is_out.then(|| row.trim_start())
    })
}

/// How many lines above a read are looked at.
const FAR: usize = 60;

fn begins(line: &str, with: &[String]) -> bool {
    with.iter().any(|it| line.starts_with(it.as_str()))
}

/// Something decides whether it is read at all.
fn is_guarded(context: &Context<'_>, hot: &Hot, read: Span) -> bool {
    heads(context, read).any(|line| begins(line, &hot.guards))
}

/// The innermost function around the read answers requests.
fn is_handled(context: &Context<'_>, facts: &Facts, hot: &Hot, read: Span) -> bool {
    let (doc, text) = (context.doc, context.doc.text());
    let Some(body) = facts.body_around(read) else { return false };
    let given_to = |place: Span| {
        let calls = facts.calls_around(place);
        calls.first().is_some_and(|(callee, _)| hot.calls.iter().any(|it| glob(it, doc.slice(*callee))))
    };
    // `app.get(path, async () => { … })`
    if given_to(body) {
        return true;
    }
    let before = text[..body.start as usize].trim_end_matches(|c: char| c.is_whitespace() || c == '{');
    // The head may have several lines.
    let mut start = line_start(text, before.len());
    for _ in 0..LINES {
        let head = &text[start..before.len()];
        if start == 0 || head.matches('(').count() >= head.matches(')').count() && head.contains('(') {
            break;
        }
        start = line_start(text, start - 1);
    }
    let head = text[start..before.len()].trim_start();
    if begins(head, &hot.heads) {
        return true;
    }
    // `@app.post(…)` above it.
    for row in text[..start].lines().rev().take(LINES).map(str::trim) {
        if !begins(row, &hot.marks) {
            break;
        }
        if hot.handlers.iter().any(|it| glob(it, row)) {
            return true;
        }
    }
    // `route("/ask", post(ask))`
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let named = head.split('(').next().unwrap_or("").trim_end();
    let name = &named[named.trim_end_matches(part).len()..];
    !name.is_empty() && doc.places_of(name, None).any(given_to)
}

/// How many lines a head, or what stands above it, has at the most.
const LINES: usize = 12;

/// A loop stands around it that neither waits nor tries again.
fn is_repeated(context: &Context<'_>, hot: &Hot, call: Span) -> bool {
    let text = context.doc.text();
    let Some(head) = heads(context, call).find(|line| begins(line, &hot.loops)) else { return false };
    let end = text.floor_char_boundary((call.end as usize + BEHIND).min(text.len()));
    let part = |c: char| c.is_alphanumeric();
    let waits = |it: &String| {
        [head, &text[call.end as usize..end]].into_iter().any(|it_is| whole_words(it_is, it, part).next().is_some())
    };
    !hot.waits.iter().any(waits)
}

/// How far behind the read a loop may wait, in bytes.
const BEHIND: usize = 600;

/// The arguments are literals alone, so that each round asks for the same.
fn is_fixed(arguments: &str) -> bool {
    let (mut quote, mut is_name, mut literals) = (None, false, 0);
    for sign in arguments.chars() {
        match (quote, sign) {
            (Some(open), _) if sign == open => quote = None,
            // `f"…{name}"`
            (Some(_), '{' | '$') => return false,
            (Some(_), _) => {}
            (None, '"' | '\'' | '`') => (quote, literals) = (Some(sign), literals + 1),
            // `SecretId=` and `SecretId:` name an argument.
            (None, '=' | ':') => is_name = false,
            (None, ',' | ')' | '}') if is_name => return false,
            (None, c) => is_name |= c.is_alphabetic() || c == '_',
        }
    }
    literals > 0
}
