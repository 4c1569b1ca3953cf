//! What may be shown of a source: one line, short, without control characters and without keys.

use std::ops::Range;

use super::visible;
use crate::cli::check::CheckedFile;
use crate::rules::{Finding, is_env_file};
use crate::secrets::env_lines;
use crate::text::Span;

/// A line of a source, ready to be printed.
#[derive(Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// One line.
    pub text: String,
    /// The bytes of `text` that the finding is about.
    pub mark: Range<usize>,
}

/// So much of a long line is read around a finding: more than twice the longest key.
const AROUND: usize = 10_000;
/// Characters shown before the finding, of it, and behind it.
const BEFORE: usize = 60;
const INSIDE: usize = 80;
const BEHIND: usize = 40;
/// The shortest text that could be a key without anything saying so.
const SHORTEST: usize = 16;

/// The excerpt for a finding.
///
/// Every key is replaced by what may be shown of it, suppressed ones as well. So is every other word that could be a key
/// which no rule knows: a wrong `…` costs little.
pub fn excerpt(file: &CheckedFile, finding: &Finding) -> Excerpt {
    let (region, marked) = region(file, finding);
    let masks = masks(file, region);
    // A replacement is shown whole, so the mark takes in all that is replaced with it.
    let marked =
        masks.iter().filter(|(span, _)| span.overlaps(marked)).fold(marked, |all, (span, _)| union(all, *span));
    let shown = |start: u32, end: u32| {
        let mut out = String::new();
        let mut at = start;
        for (span, instead) in masks.iter().filter(|(span, _)| start <= span.start && span.end <= end) {
            out.push_str(&visible(file.doc.slice(Span { start: at, end: span.start })));
            out.push_str(instead);
            at = span.end;
        }
        out + &visible(file.doc.slice(Span { start: at, end }))
    };
    trim(&shown(region.start, marked.start), &shown(marked.start, marked.end), &shown(marked.end, region.end))
}

fn union(a: Span, b: Span) -> Span {
    Span { start: a.start.min(b.start), end: a.end.max(b.end) }
}

/// The bytes to show, and those of the finding in them: the lines of the finding, as far as they are near it.
fn region(file: &CheckedFile, finding: &Finding) -> (Span, Span) {
    let text = file.doc.text();
    let lines = file.doc.lines();
    let first = lines.span(lines.line_of(finding.span.start));
    // A key can span lines: it is shown as one word. Anything else is shown up to the end of its first line.
    let whole = finding.secret.is_some();
    let last = if whole { lines.span(lines.line_of(finding.span.end.max(1) - 1)) } else { first };
    let start = (first.start as usize).max((finding.span.start as usize).saturating_sub(AROUND));
    let end = (last.end as usize).min(finding.span.end as usize + AROUND);
    let start = text.floor_char_boundary(start);
    let line = text[start..text.ceil_char_boundary(end)].trim_end_matches(['\r', '\n']);
    let region = Span::new(start, start + line.len());
    let end = finding.span.end.min(region.end);
    (region, Span { start: finding.span.start.min(end), end })
}

/// The parts of `region` that are not shown, sorted and disjoint, each with what stands there instead.
fn masks(file: &CheckedFile, region: Span) -> Vec<(Span, String)> {
    let text = file.doc.text();
    let near = file.secrets.iter().filter(|(span, _)| span.overlaps(region));
    let mut masks: Vec<(Span, String)> = near.map(|(span, shown)| (*span, visible(shown))).collect();
    if is_env_file(file.doc.path()) {
        masks.extend(
            env_lines(text).into_iter().filter(|line| !line.value.is_empty()).map(|line| (line.value, "…".to_owned())),
        );
    }
    masks.extend(suspicious(text, region).into_iter().map(|span| (span, "…".to_owned())));
    let mut kept: Vec<(Span, String)> = Vec::new();
    for (span, instead) in masks.into_iter().filter(|(span, _)| span.overlaps(region)) {
        let span = Span { start: span.start.max(region.start), end: span.end.min(region.end) };
        match kept.iter_mut().find(|(other, _)| other.overlaps(span)) {
            // The first one says best what it is; the hidden part only grows.
            Some((other, _)) => *other = union(*other, span),
            None => kept.push((span, instead)),
        }
    }
    disjoint(kept)
}

/// Masks that grew can overlap: the first of two that do stands for both.
fn disjoint(mut masks: Vec<(Span, String)>) -> Vec<(Span, String)> {
    masks.sort();
    masks.dedup_by(|(span, _), (before, _)| {
        let overlap = before.overlaps(*span);
        if overlap {
            *before = union(*before, *span);
        }
        overlap
    });
    masks
}

/// Words that could be keys of any shape: long and mixed. Where the region was cut out of a line, also what was cut.
fn suspicious(text: &str, region: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let line = &text[region.range()];
    let mut start = 0;
    let ends = line.char_indices().filter(|&(_, c)| separates(c)).map(|(at, c)| (at, at + c.len_utf8()));
    for (end, next) in ends.chain([(line.len(), line.len())]) {
        let word = &line[start..end];
        let absolute = |from: usize, to: usize| Span::new(region.start as usize + from, region.start as usize + to);
        let is_cut = |at: usize| text[..at].chars().next_back().is_some_and(|c| !separates(c));
        let cut = (start == 0 && is_cut(region.start as usize))
            || (end == line.len() && text[region.end as usize..].chars().next().is_some_and(|c| !separates(c)));
        if cut || is_mixed(word) {
            found.push(absolute(start, end));
        }
        start = next;
    }
    found.retain(|span| !span.is_empty());
    found
}

/// Ends a word in every language.
fn separates(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '"' | '\'' | '`' | ',' | ';' | '(' | ')' | '[' | ']' | '{' | '}' | '<' | '>' | '=' | '|' | '\\')
}

/// Long, and letters with digits or small letters with many capitals. A URL counts by its parts.
fn is_mixed(word: &str) -> bool {
    if let Some((_, rest)) = word.split_once("://") {
        return rest.split(['/', ':', '@', '?', '&', '#']).any(is_mixed);
    }
    let has = |class: fn(&u8) -> bool| word.bytes().filter(class).count();
    let (digits, small, large) = (has(u8::is_ascii_digit), has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    word.len() >= SHORTEST && ((digits > 0 && small + large > 0) || (small > 0 && large > 3))
}

/// Puts the parts together; of a long line only a window around the mark.
fn trim(before: &str, inside: &str, behind: &str) -> Excerpt {
    let count = |text: &str| text.chars().count();
    let is_long = count(before) + count(inside) + count(behind) > BEFORE + INSIDE + BEHIND;
    let forth = |text: &str, most: usize| match text.char_indices().nth(most) {
        Some((at, _)) if is_long => format!("{}…", &text[..at]),
        _ => text.to_owned(),
    };
    let mut text = match before.char_indices().rev().nth(BEFORE) {
        Some((at, c)) if is_long => format!("…{}", &before[at + c.len_utf8()..]),
        _ => before.to_owned(),
    };
    let start = text.len();
    text.push_str(&forth(inside, INSIDE));
    let end = text.len();
    text.push_str(&forth(behind, BEHIND));
    Excerpt { text, mark: start..end }
}
