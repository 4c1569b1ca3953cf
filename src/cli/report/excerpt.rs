//! What may be shown of a source: one line, short, without control characters and without keys.

use std::ops::Range;

use super::masks::{masks, union};
use super::visible;
use crate::checks::CheckedFile;
use crate::rules::Finding;
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
/// The excerpt for a finding.
///
/// Every key is replaced by what may be shown of it, suppressed ones as well. So is every other word that could be a key
/// which no rule knows: a wrong `…` costs little.
pub fn excerpt(file: &CheckedFile, finding: &Finding) -> Excerpt {
    let (region, marked) = region(file, finding);
    let masks = masks(&file.doc, &file.secrets, region);
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
