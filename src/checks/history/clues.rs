//! What could be a key in a blob, before it is known which path it has.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;

use memchr::{memchr, memchr_iter, memmem, memrchr, memrchr_iter};

use crate::project::threads;
use crate::project::{BlobId, History, Next, Workspace, is_binary};
use crate::rules::{has_hint, hints};
use crate::secrets::{runs, scan};
use crate::syntax::{Host, largest};
use crate::text::Span;

/// A place in a blob that could be a key, told by its line: the same line in the next version of a file is no news.
#[derive(Clone, Copy)]
pub(super) struct Clue {
    pub line: u64,
    /// It counts only in a file that is parsed.
    pub parsed: bool,
}

/// What could be a key in each blob that holds such a thing.
pub(super) fn clues(
    history: &History,
    workspace: &Workspace,
    looked: &AtomicUsize,
) -> (HashMap<BlobId, Vec<Clue>>, Vec<String>) {
    let (catalogue, hasher) = (workspace.catalogue(), RandomState::new());
    let found: Mutex<HashMap<BlobId, Vec<Clue>>> = Mutex::default();
    let note = |id: &BlobId, clues: Vec<Clue>| {
        if let Ok(mut found) = found.lock() {
            found.entry(*id).or_insert(clues);
        }
    };
    let clue = |text: &[u8], span: Span, parsed: bool| Clue { line: hasher.hash_one(line(text, span)), parsed };
    let problems = history.each_blob(
        threads(),
        &|id, text, changed| {
            let id = id.to_owned();
            if let Some(changed) = changed
                && !windows(text, changed).any(|part| has_hint(catalogue, &text[part]))
            {
                return Next::Changed;
            }
            let is_utf16 = matches!(text, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
            if is_utf16 {
                note(&id, vec![clue(text, Span::new(0, 0), false)]);
                return Next::Whole;
            }
            if is_binary(text) || text.len() > most() {
                let clues: Vec<Clue> =
                    scan(catalogue, text).iter().map(|token| clue(text, token.span, false)).collect();
                if !clues.is_empty() {
                    note(&id, clues);
                }
                return Next::Whole;
            }
            let hints = hints(catalogue, text);
            if hints.places.is_empty() {
                return if hints.latent { Next::Whole } else { Next::Changed };
            }
            note(&id, hints.places.iter().map(|hint| clue(text, hint.span, hint.parsed)).collect());
            Next::Whole
        },
        looked,
    );
    (found.into_inner().unwrap_or_default(), problems)
}

/// No file is parsed that is larger, whatever its name.
fn most() -> usize {
    let hosts = Host::all().iter().map(|host| host.largest);
    hosts.chain([largest(Path::new(""))]).max().unwrap_or(0) as usize
}

/// How much of a long line around a key tells it.
const AROUND: usize = 200;

/// The line of a place, or of a long one what lies around it; with the line before where that can silence it, and the line
/// behind where that can make it whole.
fn line(text: &[u8], span: Span) -> &[u8] {
    let (from, to) = (span.range().start.saturating_sub(AROUND), text.len().min(span.range().end + AROUND));
    let mut starts = memrchr_iter(b'\n', &text[from..span.range().start]).map(|at| from + at + 1);
    let mut ends = memchr_iter(b'\n', &text[span.range().end..to]).map(|at| span.range().end + at);
    let (mut start, mut end) = (starts.next().unwrap_or(from), ends.next().unwrap_or(to));
    let before = starts.next().unwrap_or(from);
    if SILENCES.iter().any(|words| memmem::find(&text[before..start], words).is_some()) {
        start = before;
    }
    let behind = ends.next().unwrap_or(to);
    if !runs(&text[end..behind]).is_empty() {
        end = behind;
    }
    &text[start..end]
}

/// What stands in a comment about the next line.
const SILENCES: [&[u8]; 3] = [b"aikeys: ignore", b"nextline", b"next-line"];

/// How far around a change something can become a key by it: a name in the line before, pieces in the lines behind.
const NEAR: usize = 256;

/// The lines that changed, with what lies around them.
fn windows<'t>(text: &'t [u8], changed: &'t [Range<usize>]) -> impl Iterator<Item = Range<usize>> + 't {
    let mut changed = changed.iter().peekable();
    std::iter::from_fn(move || {
        let Range { start, mut end } = changed.next()?.clone();
        let start = start.saturating_sub(NEAR);
        let start = memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
        loop {
            let near = text.len().min(end + NEAR);
            let stop = memchr(b'\n', &text[near..]).map_or(text.len(), |at| near + at + 1);
            match changed.next_if(|next| next.start <= stop + NEAR) {
                Some(next) => end = next.end.max(end),
                None => return Some(start..stop),
            }
        }
    })
}
