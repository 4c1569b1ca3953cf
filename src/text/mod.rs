//! Text as the core sees it: byte spans, edits, lines. Knows of no file system.

mod lines;
mod names;
mod quoted;
mod spots;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

pub use lines::{LONGEST_LINE, Lines, Position, line_before, line_behind, past_comments};
pub use names::Names;
pub use quoted::toml_quoted;
pub use spots::Spots;

/// A half-open range of bytes in one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

/// Replace the bytes of `span` by `insert`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The bytes that go.
    pub span: Span,
    /// The text that comes.
    pub insert: String,
}

/// Edits to several files: together or not at all.
///
/// Paths are relative to the workspace root. The edits of a file are sorted and disjoint.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// The edits of each file.
    pub files: BTreeMap<PathBuf, Vec<Edit>>,
}

impl Span {
    /// The span of `start..end`.
    pub fn new(start: usize, end: usize) -> Span {
        debug_assert!(start <= end);
        Span { start: start as u32, end: end as u32 }
    }

    /// The empty span at `offset`.
    pub fn at(offset: usize) -> Span {
        Span::new(offset, offset)
    }

    /// The same span as a range that slices.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// No byte at all.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// All of `other` lies in this span.
    pub fn contains(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// The spans share a byte.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// Spans that share no byte.
#[derive(Clone, Debug, Default)]
pub struct Disjoint {
    ends: BTreeMap<u32, u32>,
}

impl Disjoint {
    /// `span` shares a byte with one of them.
    pub fn overlaps(&self, span: Span) -> bool {
        self.ends.range(..span.end).next_back().is_some_and(|(_, &end)| end > span.start)
    }

    /// Adds a span, unless it overlaps one that is there. Whether it was added.
    pub fn add(&mut self, span: Span) -> bool {
        let free = !self.overlaps(span);
        if free && !span.is_empty() {
            self.ends.insert(span.start, span.end);
        }
        free
    }
}

impl Edit {
    /// Replace `span` by `insert`.
    pub fn replace(span: Span, insert: impl Into<String>) -> Edit {
        Edit { span, insert: insert.into() }
    }

    /// Insert at a byte offset.
    pub fn insert(offset: usize, insert: impl Into<String>) -> Edit {
        Edit::replace(Span::at(offset), insert)
    }
}

// An edit can hold source text, so its text is never printed.
impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Edit({}..{} -> {} bytes)", self.span.start, self.span.end, self.insert.len())
    }
}

impl Change {
    /// Adds edits to a file. Equal edits count once; edits that collide are refused
    /// and leave the change as it was.
    pub fn add(&mut self, path: PathBuf, edits: impl IntoIterator<Item = Edit>) -> Result<(), Collision> {
        let mut all = self.files.get(&path).cloned().unwrap_or_default();
        all.extend(edits);
        all.sort();
        all.dedup();
        for pair in all.windows(2) {
            let (a, b) = (&pair[0], &pair[1]);
            let touch = a.span.overlaps(b.span) || (a.span == b.span);
            if touch {
                return Err(Collision);
            }
        }
        self.files.insert(path, all);
        Ok(())
    }
}

/// Two edits want the same bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Collision;

/// The text after `edits`, which are sorted and disjoint.
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(&text[at..edit.span.start as usize]);
        out.push_str(&edit.insert);
        at = edit.span.end as usize;
    }
    out.push_str(&text[at..]);
    out
}

/// The same for bytes that need not be UTF-8.
pub fn apply_bytes(text: &[u8], edits: &[Edit]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        out.extend_from_slice(&text[at..edit.span.start as usize]);
        out.extend_from_slice(edit.insert.as_bytes());
        at = edit.span.end as usize;
    }
    out.extend_from_slice(&text[at..]);
    out
}

/// Where `word` stands in `text` with nothing beside it that is a `part` of names.
pub fn whole_words<'t>(text: &'t str, word: &'t str, part: fn(char) -> bool) -> impl Iterator<Item = Span> + 't {
    let places = memchr::memmem::find_iter(text.as_bytes(), word.as_bytes());
    let spans = places.map(|at| Span::new(at, at + word.len()));
    spans.filter(move |it| {
        let (before, after) = (&text[..it.start as usize], &text[it.end as usize..]);
        !before.chars().next_back().is_some_and(part) && !after.chars().next().is_some_and(part)
    })
}

/// The line ending that `text` uses: that of its first line, else `\n`.
pub fn line_ending(text: &str) -> &'static str {
    match text.find('\n') {
        Some(at) if at > 0 && text.as_bytes()[at - 1] == b'\r' => "\r\n",
        _ => "\n",
    }
}

/// The word of ASCII letters, digits and `_` that touches a place; an empty one where none does. `None` beyond the text.
pub fn word_at(text: &str, at: usize) -> Option<Span> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    let start = at - bytes.get(..at)?.iter().rev().take_while(|it| part(it)).count();
    let end = at + bytes[at..].iter().take_while(|it| part(it)).count();
    Some(Span::new(start, end))
}

/// `1 file`, `2 files`.
pub fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
