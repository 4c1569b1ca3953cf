//! Finding distinctive keys in any bytes.
//!
//! Two steps, because almost no file holds a key. First, runs: a key is a run of at least [`RUN`] key characters, so one
//! byte in [`RUN`] tells where none can be. Then, only in and near runs: anchors, the one shape behind the anchor, and
//! the characters beside the match.

use super::catalogue::{Catalogue, ShapeId};
use super::escapes::ends_escape;
use super::provider::{Class, Shape};
use super::strength::looks_generated;
use crate::text::{Disjoint, Span};

/// A key that a distinctive shape matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// The key's bytes.
    pub span: Span,
    /// The shape that matched.
    pub shape: ShapeId,
    /// The shape alone does not prove it: something nearby must name the provider.
    pub needs_context: bool,
}

/// The shortest run of key characters that a key is looked for in.
pub(super) const RUN: usize = 16;
/// No word is that long.
const WORDLESS: usize = 48;
/// The shortest run that begins a shape without an anchor (32 hex digits), and how much of it may follow the run.
const UNANCHORED: usize = 32;
const UNANCHORED_BEHIND: usize = 80;
/// How far before a run an anchor may begin: `bce-v3/ALTAK-`, `LLM|`, `AQ.`.
const BEFORE: usize = 24;
/// How far behind a run an anchor may end: `:fx`.
const BEHIND: usize = 16;
/// The longest key, and how far behind its anchor it ends at the most.
pub(super) const LONGEST: usize = 4400;
/// The longest text before an anchor that is not a prefix (Azure's 52).
pub(super) const INFIX: usize = 96;

/// The parts of `text` that could be keys: long runs of key characters that are not words.
///
/// Nearly every file has few. All other questions are asked about these alone.
pub fn runs(text: &[u8]) -> Vec<Span> {
    (Runs { text, at: 0 }).filter(|run| looks_random(&text[run.range()])).collect()
}

/// Every distinctive key in `text`, in order, none overlapping another.
///
/// Publishable keys and placeholders are left out.
pub fn scan(catalogue: &Catalogue, text: &[u8]) -> Vec<Token> {
    scan_runs(catalogue, text, &runs(text))
}

/// [`scan`], with the [`runs`] of the text.
pub fn scan_runs(catalogue: &Catalogue, text: &[u8], runs: &[Span]) -> Vec<Token> {
    let mut found = Vec::new();
    let mut from = 0;
    for run in runs.iter().map(|run| run.range()) {
        // Few anchors reach out of a run, all over the same signs.
        let joined = |at: Option<usize>| at.and_then(|at| text.get(at)).is_some_and(|it| catalogue.joints.contains(it));
        let start = match joined(run.start.checked_sub(1)) {
            true => run.start.saturating_sub(BEFORE).max(from),
            false => run.start,
        };
        let end = if joined(Some(run.end)) { text.len().min(run.end + BEHIND) } else { run.end };
        for hit in catalogue.anchors.find(&text[start..end]) {
            for &shape in hit.of {
                match_at(catalogue, text, start + hit.start, shape, &mut found);
            }
        }
        // Nothing leads to these shapes but a long run with something behind it.
        if run.len() >= UNANCHORED {
            for &shape in &catalogue.unanchored {
                let Some(regex) = catalogue.shape(shape).1.regex() else { continue };
                let window = &text[run.start..text.len().min(run.end + UNANCHORED_BEHIND)];
                if let Some(hit) = regex.find(window) {
                    push(catalogue, text, Span::new(run.start + hit.start(), run.start + hit.end()), shape, &mut found);
                }
            }
        }
        from = run.end;
    }
    if !runs.is_empty() {
        for (anchor, shape) in &catalogue.wide {
            for at in anchor.find_iter(text) {
                match_near(catalogue, text, at, at + anchor.needle().len(), *shape, &mut found);
            }
        }
    }
    keep_best(catalogue, found)
}

/// What a shape that stands alone finds in `text` whatever touches it: `KEY_old`, `myKEY`. For what is shown, where a key
/// too many costs little.
pub fn scan_glued(catalogue: &Catalogue, text: &[u8]) -> Vec<Token> {
    let mut found = Vec::new();
    for run in runs(text) {
        let (start, end) = (run.range().start.saturating_sub(BEFORE), text.len().min(run.range().end + BEHIND));
        for hit in catalogue.anchors.find(&text[start..end]) {
            for &shape in hit.of {
                let (_, facts) = catalogue.shape(shape);
                let at = start + hit.start;
                let from = if facts.prefix().is_empty() { at.saturating_sub(INFIX) } else { at };
                let window = &text[from..text.len().min(at + LONGEST)];
                let Some(hit) = facts.regex().and_then(|regex| regex.find(window)) else { continue };
                let near = facts.prefix().is_empty() || hit.start() == 0;
                if near && facts.stands_alone() && facts.class != Class::Publishable {
                    let span = Span::new(from + hit.start(), from + hit.end());
                    found.push(Token { span, shape, needs_context: false });
                }
            }
        }
    }
    keep_best(catalogue, found)
}

/// The shape proves the key, or makes it likely: few sources know the shape, and the text is random.
pub fn is_likely(catalogue: &Catalogue, text: &[u8], token: &Token) -> bool {
    let (key, shape) = (&text[token.span.range()], catalogue.shape(token.shape).1);
    let random = || std::str::from_utf8(key).is_ok_and(looks_generated);
    !token.needs_context || shape.prefix().len() >= 3 && shape.has_required(key) && random()
}

/// The token at `span`, when there is one: looks only there, where [`scan`] would read the whole text.
pub fn token_at(catalogue: &Catalogue, text: &[u8], span: Span) -> Option<Token> {
    let start = span.range().start.saturating_sub(INFIX);
    let window = &text[start..text.len().min(span.range().end + INFIX)];
    let moved = |span: Span| Span::new(span.range().start + start, span.range().end + start);
    let mut tokens = scan(catalogue, window).into_iter().map(|token| Token { span: moved(token.span), ..token });
    tokens.find(|token| token.span == span)
}

/// Matches `shape` around the anchor at `at`.
fn match_at(catalogue: &Catalogue, text: &[u8], at: usize, shape: ShapeId, found: &mut Vec<Token>) {
    let facts = catalogue.shape(shape).1;
    if facts.prefix().is_empty() {
        return match_near(catalogue, text, at, at, shape, found);
    }
    if is_cut_before(facts, text, at) {
        return;
    }
    let Some(regex) = facts.regex() else { return };
    let window = &text[at..text.len().min(at + LONGEST)];
    if let Some(hit) = regex.find(window).filter(|hit| hit.start() == 0) {
        push(catalogue, text, Span::new(at, at + hit.end()), shape, found);
    }
}

/// Matches `shape` anywhere near `start..end`.
fn match_near(catalogue: &Catalogue, text: &[u8], start: usize, end: usize, shape: ShapeId, found: &mut Vec<Token>) {
    let Some(regex) = catalogue.shape(shape).1.regex() else { return };
    let from = start.saturating_sub(INFIX);
    let window = &text[from..text.len().min(end + LONGEST)];
    for hit in regex.find_iter(window) {
        if from + hit.start() > end {
            break;
        }
        push(catalogue, text, Span::new(from + hit.start(), from + hit.end()), shape, found);
    }
}

fn push(catalogue: &Catalogue, text: &[u8], span: Span, shape: ShapeId, found: &mut Vec<Token>) {
    let (_, facts) = catalogue.shape(shape);
    let cut_after = text.get(span.range().end).is_some_and(|&byte| facts.boundary.forbids(byte));
    if cut_after || is_cut_before(facts, text, span.range().start) || facts.class == Class::Publishable {
        return;
    }
    let key = &text[span.range()];
    let placeholder =
        std::str::from_utf8(key).is_ok_and(|key| catalogue.placeholders.classify_key(key, facts).is_some());
    if !placeholder {
        let needs_context = !facts.stands_alone() || !facts.has_required(key);
        // `sk-proj-abc...`: somebody left the rest out.
        let behind = &text[span.range().end..];
        if needs_context && (behind.starts_with(b"...") || behind.starts_with("…".as_bytes())) {
            return;
        }
        found.push(Token { span, shape, needs_context });
    }
}

/// What stands before `at` goes on there.
fn is_cut_before(shape: &Shape, text: &[u8], at: usize) -> bool {
    // `=` pads the end of base64; before a key it assigns, as `-` does in `${X:-…}`. An escape ends what it ends.
    let steps_in = |byte: u8| byte == b'-' && text[..at - 1].ends_with(b":");
    let before = at.checked_sub(1).and_then(|at| text.get(at));
    before.is_some_and(|&byte| {
        byte != b'=' && shape.boundary.forbids(byte) && !steps_in(byte) && !ends_escape(&text[..at])
    })
}

/// Of overlapping tokens the one with the higher priority stays, then the longer one.
fn keep_best(catalogue: &Catalogue, mut found: Vec<Token>) -> Vec<Token> {
    found.sort_by_key(|token| {
        (
            token.needs_context,
            std::cmp::Reverse((catalogue.shape(token.shape).1.priority, token.span.len())),
            token.shape,
        )
    });
    let mut taken = Disjoint::default();
    found.retain(|token| taken.add(token.span));
    found.sort_by_key(|token| token.span);
    found
}

/// Words and identifiers have no digit; keys nearly always have one. Keys of letters alone (Hugging Face) mix the cases.
fn looks_random(run: &[u8]) -> bool {
    run.iter().any(u8::is_ascii_digit)
        // Letters alone, but no word is that long.
        || run.len() >= WORDLESS && run.strip_prefix(b"-").unwrap_or(run).starts_with(b"sk-")
        || (run.iter().any(u8::is_ascii_lowercase) && run.iter().filter(|byte| byte.is_ascii_uppercase()).count() > 3)
}

/// Maximal runs of at least [`RUN`] key characters.
struct Runs<'t> {
    text: &'t [u8],
    at: usize,
}

impl Iterator for Runs<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let text = self.text;
        while self.at + RUN <= text.len() {
            let keys = keys_of(&text[self.at..]);
            // A bit stays where as many follow it as make a run.
            let mut starts = keys;
            for step in [1, 2, 4, 8] {
                starts &= starts >> step;
            }
            if starts == 0 {
                // A run may begin in this block and go on in the next.
                self.at += BLOCK - keys.leading_ones() as usize;
                continue;
            }
            let start = self.at + starts.trailing_zeros() as usize;
            let mut end = start + (keys >> starts.trailing_zeros()).trailing_ones() as usize;
            while end < text.len() && is_key(text[end]) {
                end += keys_of(&text[end..]).trailing_ones() as usize;
            }
            self.at = end;
            return Some(Span::new(start, end));
        }
        None
    }
}

/// As many bytes as a mask has bits.
pub(super) const BLOCK: usize = 64;

/// Which of the first bytes are key characters, the first one in the lowest bit.
fn keys_of(text: &[u8]) -> u64 {
    mask(text, is_key)
}

/// Which of the first bytes are of a class, the first one in the lowest bit. Without branches, so that the compiler takes
/// many bytes at a time.
pub(super) fn mask(text: &[u8], is: impl Fn(u8) -> bool) -> u64 {
    let mut padded = [0; BLOCK];
    let block = text.first_chunk().unwrap_or_else(|| {
        padded[..text.len()].copy_from_slice(text);
        &padded
    });
    let flags = block.map(|byte| u8::from(is(byte)));
    let (eights, _) = flags.as_chunks::<8>();
    // The product brings the lowest bits of eight bytes together in the highest byte.
    let bits = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    eights.iter().rev().fold(0, |mask, eight| mask << 8 | bits(eight))
}

/// Letters, digits, `_`, `-`, `+`, `/`.
pub(super) fn is_key(byte: u8) -> bool {
    let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
    let digit = byte.wrapping_sub(b'0') < 10;
    letter | digit | (byte == b'_') | (byte == b'-') | (byte == b'+') | (byte == b'/')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::sample;

    #[test]
    fn runs_are_maximal() {
        let text = b"short abcdefghijklmnop1 x aaaaaaaaaaaaaaaaaaaaaaaaaaa";
        let runs: Vec<_> = Runs { text, at: 0 }.map(Span::range).collect();
        assert_eq!(runs, [6..23, 26..53]);
        // Wherever a run lies in its block, and however long it is.
        for (before, len) in (0..130).flat_map(|before| (16..140).map(move |len| (before, len))) {
            let text = [" ".repeat(before), "k".repeat(len), " short".repeat(20)].concat();
            let runs: Vec<_> = Runs { text: text.as_bytes(), at: 0 }.collect();
            assert_eq!(runs, [Span::new(before, before + len)]);
        }
    }

    #[test]
    fn key_characters() {
        let all: Vec<u8> = (0..=255).filter(|&byte| is_key(byte)).collect();
        let keys = b"+-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
        assert_eq!(all, keys);
        for byte in 0..=255 {
            assert_eq!(keys_of(&[b' ', byte]) == 2, is_key(byte));
        }
    }

    #[test]
    fn every_distinctive_shape_is_found_as_itself() {
        let catalogue = Catalogue::built_in();
        for id in catalogue.shapes() {
            let (_, shape) = catalogue.shape(id);
            if !shape.stands_alone() || shape.class == Class::Publishable {
                continue;
            }
            for seed in 0..20 {
                let key = sample(&shape.id, seed).expect("the shape has a sample");
                for (before, after) in [("", ""), ("KEY = \"", "\"\n"), ("x=", " and more"), ("'Bearer ", "',")] {
                    let text = format!("{before}{key}{after}");
                    let tokens = scan(catalogue, text.as_bytes());
                    assert_eq!(tokens.len(), 1, "{} (seed {seed}) found {} times", shape.id, tokens.len());
                    assert_eq!(catalogue.shape(tokens[0].shape).1.id, shape.id, "seed {seed}");
                    assert_eq!(tokens[0].span, Span::new(before.len(), before.len() + key.len()), "{}", shape.id);
                }
            }
        }
    }
}
