//! `aikeys: ignore[rule, rule] reason until=YYYY-MM-DD`, and the comments of other tools.

use std::collections::HashMap;
use std::sync::LazyLock;

use regex::Regex;

use super::context::{Context, MARKER};
use super::{EXPOSED, Finding, unused_ignore};
use crate::text::Span;

/// A suppression as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Suppression {
    /// From `aikeys:` to the bracket's end, or to the word's where there is no bracket.
    pub span: Span,
    /// The rules it names.
    pub rules: Vec<String>,
    /// Why; empty when nobody said.
    pub reason: String,
    /// The last day it holds.
    pub until: Option<String>,
    /// The line it stands on, from 0.
    line: u32,
    /// It stands alone on its line, so that it speaks of the next one.
    alone: bool,
}

/// Takes out what is suppressed, and adds what is wrong with the suppressions.
pub(super) fn apply(context: &Context<'_>, mut findings: Vec<Finding>) -> Vec<Finding> {
    let suppressions = read(context);
    let mut used = vec![false; suppressions.len()];
    // A line can be all of a bundle.
    let mut foreign: HashMap<u32, bool> = HashMap::new();
    findings.retain(|finding| {
        let line = context.doc.lines().line_of(finding.span.start);
        let mut keep = true;
        for (at, suppression) in suppressions.iter().enumerate() {
            let near = suppression.line == line || (suppression.alone && suppression.line + 1 == line);
            if near && suppression.rules.iter().any(|rule| rule == finding.rule) {
                used[at] = true;
                keep &= ended(context, suppression);
            }
        }
        let mut is_foreign = || *foreign.entry(line).or_insert_with(|| is_foreign(context, line));
        context.around.no_inline_ignore || keep && !(finding.secret.is_some() && is_foreign())
    });
    // Prose about suppressions, in a README, is no suppression.
    if context.doc.language().is_none() {
        return findings;
    }
    // Nobody looked into the history whether it has an effect.
    let unknown = |it: &Suppression| context.around.exposed.is_none() && it.rules.iter().any(|rule| rule == EXPOSED);
    for (suppression, used) in suppressions.iter().zip(used) {
        let used = used || unknown(suppression);
        findings.extend(unused_ignore::judge(suppression, used, ended(context, suppression)));
    }
    findings
}

fn ended(context: &Context<'_>, suppression: &Suppression) -> bool {
    suppression.until.as_ref().is_some_and(|until| !is_date(until) || *until < context.around.today)
}

/// `2026-01-31`
pub fn is_date(text: &str) -> bool {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$").expect("a literal pattern")
    });
    DATE.is_match(text)
}

fn read(context: &Context<'_>) -> Vec<Suppression> {
    static FORM: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(aikeys: ignore\b(?:\[([A-Za-z0-9, -]*)\])?)([^\n\r]*)").expect("a literal pattern")
    });
    static UNTIL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?i)\buntil(?:\s*=\s*|\s*:?\s*([0-9]{4}-))(\S*)").expect("a literal pattern"));
    let text = context.doc.text();
    if MARKER.find(text.as_bytes()).is_none() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for captures in FORM.captures_iter(text) {
        let (Some(form), Some(rest)) = (captures.get(1), captures.get(3)) else { continue };
        let rules = captures.get(2).map_or("", |it| it.as_str());
        let span = Span::new(form.start(), form.end());
        if context.doc.language().is_some() && !context.facts().in_comment(span) {
            continue;
        }
        // Quoted, it speaks of suppressions and is none.
        if text[..form.start()].ends_with('`') {
            continue;
        }
        let line = context.doc.lines().line_of(span.start);
        let before = &text[context.doc.lines().span(line).start as usize..form.start()];
        let rest = rest.as_str().trim_end_matches(['*', '/', '-', '>', ' ', '#']);
        let ends = UNTIL.captures_iter(rest).map(|it| {
            let (year, rest) = (it.get(1), it.get(2));
            format!("{}{}", year.map_or("", |it| it.as_str()), rest.map_or("", |it| it.as_str()))
        });
        // The first end counts; what is no date comes before all.
        let until = ends.min_by_key(|end| (is_date(end), end.clone()));
        found.push(Suppression {
            span,
            rules: rules.split(',').map(|rule| rule.trim().to_owned()).filter(|rule| !rule.is_empty()).collect(),
            reason: UNTIL.replace_all(rest, "").trim().to_owned(),
            until,
            line,
            alone: before.trim_start().chars().all(|c| !c.is_alphanumeric() && !")]}".contains(c)),
        });
    }
    found
}

/// What users wrote for other tools counts as well, for keys.
fn is_foreign(context: &Context<'_>, line: u32) -> bool {
    static HERE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"gitleaks:allow|betterleaks:allow|pragma: ?(?:allow|white)list[ -]secret\b|secretlint-disable-line",
            r"|trufflehog:ignore|kingfisher:ignore|\bggignore\b|#\s*noqa:[^#\n]*\bS10[567]\b",
            // With names of checks behind it, it speaks of those.
            r"|#\s*nosec\b(?::?\s*(?<checks>[BG][0-9]{3}[BG0-9, ]*))?",
        ))
        .expect("a literal pattern")
    });
    static NEXT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"pragma: ?(?:allow|white)list[ -]nextline[ -]secret\b|secretlint-disable-next-line|ggignore-next-line",
        )
        .expect("a literal pattern")
    });
    /// Bandit's and gosec's checks for a password or key in the code.
    const OF_KEYS: [&str; 4] = ["B105", "B106", "B107", "G101"];
    let line_of = |line: u32| context.doc.lines().span(line);
    // Where there are comments it stands in one.
    let counts = |line: u32, found: regex::Match<'_>| {
        let start = line_of(line).start as usize;
        let span = Span::new(start + found.start(), start + found.end());
        let has_comments = context.doc.language().is_some_and(|it| !it.comment.is_empty());
        !has_comments || context.doc.facts_near(&[span]).in_comment(span)
    };
    let text = |line: u32| context.doc.slice(line_of(line));
    let here = HERE.captures_iter(text(line)).any(|found| {
        found.name("checks").is_none_or(|checks| OF_KEYS.iter().any(|check| checks.as_str().contains(check)))
            && found.get(0).is_some_and(|it| counts(line, it))
    });
    here || line.checked_sub(1).is_some_and(|before| NEXT.find_iter(text(before)).any(|it| counts(before, it)))
}
