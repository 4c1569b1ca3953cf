//! Code of one language in a file of another: a document of its own whose places are known in the file.

use super::document::{Document, Embedding};
use super::language::Language;
use crate::text::{Edit, Span};

/// All code of one kind in a file.
#[derive(Debug)]
pub struct Injection {
    doc: Document,
    /// In order, in both texts.
    pieces: Vec<Piece>,
    blocks: Vec<Block>,
}

/// The same text in both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece {
    /// In its own text.
    pub inner: Span,
    /// In the file. It has another length where the file writes this character as an escape.
    pub outer: Span,
}

/// Code that stands together in the file.
#[derive(Clone, Debug)]
pub(super) struct Block {
    /// In its own text.
    pub inner: Span,
    /// The cell of a notebook that it is, from 1.
    pub cell: Option<u32>,
    /// The line in it where it begins, from 0.
    pub line: u32,
    /// How the file writes it.
    pub writing: Writing,
}

/// How a file writes the text of an injection.
#[derive(Clone, Debug)]
pub(super) enum Writing {
    /// As it is, each line behind this indentation.
    Plain(String),
    /// As the text of a JSON string; a list of strings has this between two lines.
    Json(Option<String>),
}

/// A place in a notebook as its reader sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// The cell, from 1; cells of text count as well.
    pub number: u32,
    /// The line in it, from 1.
    pub line: u32,
}

/// Puts the text of an injection together.
#[derive(Default)]
pub(super) struct Builder {
    text: String,
    pieces: Vec<Piece>,
    blocks: Vec<Block>,
    /// Where the lines begin that are commands.
    commands: Vec<u32>,
}

impl Builder {
    /// Takes over a text of the file as it stands there.
    pub fn same(&mut self, file: &str, outer: Span) {
        let start = self.text.len();
        self.text.push_str(&file[outer.range()]);
        self.pieces.push(Piece { inner: Span::new(start, self.text.len()), outer });
    }

    /// Takes over a character that the file writes in another way.
    pub fn escape(&mut self, c: char, outer: Span) {
        let start = self.text.len();
        self.text.push(c);
        self.pieces.push(Piece { inner: Span::new(start, self.text.len()), outer });
    }

    /// What was taken over so far.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All of it stands together in this cell of a notebook.
    pub fn block(&mut self, cell: u32, writing: Writing) {
        self.blocks.push(Block { inner: Span::new(0, self.text.len()), cell: Some(cell), line: 0, writing });
    }

    /// All of it stands together.
    pub fn lines(&mut self, indent: String) {
        let writing = Writing::Plain(indent);
        self.blocks.push(Block { inner: Span::new(0, self.text.len()), cell: None, line: 0, writing });
    }

    /// What begins at `at` is a command up to the line's end, and no code: a comment here.
    pub fn command(&mut self, at: usize, comment: &str) {
        // Another line is left as it is, and nobody can parse it.
        if comment.len() == 1 && self.text.as_bytes()[at].is_ascii() {
            self.text.replace_range(at..at + 1, comment);
            self.commands.push(at as u32);
        }
    }

    /// The rest of the line behind the byte at `at`, as code of its own.
    pub fn behind(&self, at: usize) -> Builder {
        let from = at as u32 + 1;
        let end = self.text[at..].find('\n').map_or(self.text.len(), |it| at + it) as u32;
        let inside = self.pieces.iter().filter(|piece| piece.inner.end > from && piece.inner.start < end);
        let pieces = inside.map(|piece| {
            let inner = Span { start: piece.inner.start.max(from), end: piece.inner.end.min(end) };
            let outer = Span { start: piece.at(inner.start), end: piece.at(inner.end) };
            Piece { inner: Span { start: inner.start - from, end: inner.end - from }, outer }
        });
        let text = self.text[from as usize..end as usize].to_owned();
        let line = self.text[..at].matches('\n').count() as u32;
        let blocks = self.blocks.iter().take(1);
        let blocks = blocks.map(|block| Block { inner: Span::new(0, text.len()), line, ..block.clone() }).collect();
        Builder { pieces: pieces.collect(), text, blocks, commands: Vec::new() }
    }

    /// Puts another one behind this one, on a line of its own.
    pub fn append(&mut self, other: Builder) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
        let by = self.text.len() as u32;
        let moved = |span: Span| Span { start: span.start + by, end: span.end + by };
        self.text.push_str(&other.text);
        self.pieces.extend(other.pieces.into_iter().map(|piece| Piece { inner: moved(piece.inner), ..piece }));
        self.blocks.extend(other.blocks.into_iter().map(|block| Block { inner: moved(block.inner), ..block }));
        self.commands.extend(other.commands.into_iter().map(|at| at + by));
    }

    /// The injection; in no language it is code that nobody reads.
    pub fn build(self, file: &Document, language: Option<&'static Language>) -> Injection {
        let Builder { text, pieces, blocks, commands } = self;
        let cells = blocks.iter().filter(|block| block.cell.is_some()).map(|block| block.inner).collect();
        Injection { doc: Document::inside(file, text, Embedding { commands, cells }, language), pieces, blocks }
    }
}

impl Injection {
    /// The code.
    pub fn doc(&self) -> &Document {
        &self.doc
    }

    /// A place of the file lies in this code, or reaches into it.
    pub fn touches(&self, outer: Span) -> bool {
        let at = self.pieces.partition_point(|piece| piece.outer.end <= outer.start);
        self.pieces.get(at).is_some_and(|piece| piece.outer.start < outer.end)
    }

    /// A place of the file in the code; `None` where it is no text of it.
    pub fn inner(&self, outer: Span) -> Option<Span> {
        let at = |offset: u32, is_start: bool| {
            let holds = |piece: &&Piece| match is_start {
                true => piece.outer.start <= offset && offset < piece.outer.end,
                false => piece.outer.start < offset && offset <= piece.outer.end,
            };
            let near = self.pieces.partition_point(|piece| piece.outer.end < offset);
            let piece = self.pieces[near..].iter().take(2).find(holds)?;
            Some(match offset == piece.outer.end {
                true => piece.inner.end,
                false => (piece.inner.start + (offset - piece.outer.start)).min(piece.inner.end),
            })
        };
        let span = Span { start: at(outer.start, true)?, end: at(outer.end, false)? };
        (span.start <= span.end).then_some(span)
    }

    /// A place of the code in the file.
    pub fn outer(&self, inner: Span) -> Span {
        let start = self.outer_start(inner.start);
        Span { start, end: if inner.is_empty() { start } else { self.outer_end(inner.end).max(start) } }
    }

    fn outer_start(&self, offset: u32) -> u32 {
        let next = self.pieces.partition_point(|piece| piece.inner.end <= offset);
        match self.pieces.get(next) {
            Some(piece) if piece.inner.start <= offset => piece.at(offset),
            // Between two blocks, or at the end of all: behind what stands before.
            _ => self.pieces[..next].last().map_or(0, |piece| piece.outer.end),
        }
    }

    fn outer_end(&self, offset: u32) -> u32 {
        let next = self.pieces.partition_point(|piece| piece.inner.end < offset);
        match self.pieces.get(next) {
            Some(piece) if piece.inner.start < offset => piece.at(offset),
            _ => self.pieces[..next].last().map_or(0, |piece| piece.outer.end),
        }
    }

    /// An edit of the code as one of the file.
    pub fn edit(&self, edit: &Edit) -> Edit {
        // Where one ends and the next begins, the text goes into the next.
        let next = self.blocks.partition_point(|block| block.inner.start <= edit.span.start);
        let block = next.checked_sub(1).map(|at| &self.blocks[at]);
        let insert = match block.map(|block| &block.writing) {
            Some(Writing::Plain(indent)) if !indent.is_empty() => {
                let is_end = edit.insert.ends_with('\n');
                let lines = edit.insert.trim_end_matches('\n').replace('\n', &format!("\n{indent}"));
                if is_end { format!("{lines}\n{indent}") } else { lines }
            }
            Some(Writing::Plain(_)) | None => edit.insert.clone(),
            Some(Writing::Json(between)) => {
                let written = |line: &str| {
                    let text = serde_json::Value::from(line).to_string();
                    text[1..text.len() - 1].to_owned()
                };
                let lines: Vec<String> = edit.insert.split('\n').map(written).collect();
                lines.join(&format!("\\n{}", between.as_deref().unwrap_or("")))
            }
        };
        Edit { span: self.outer(edit.span), insert }
    }

    /// The cell of a notebook and the line in it where a place of the code stands.
    pub fn cell(&self, inner: Span) -> Option<Cell> {
        let block =
            self.blocks.iter().find(|block| block.inner.start <= inner.start && inner.start < block.inner.end)?;
        let before = self.doc.slice(Span { start: block.inner.start, end: inner.start });
        Some(Cell { number: block.cell?, line: block.line + before.matches('\n').count() as u32 + 1 })
    }
}

impl Piece {
    /// A place of the code in it.
    fn at(&self, offset: u32) -> u32 {
        let into = offset - self.inner.start;
        match into {
            0 => self.outer.start,
            _ if offset == self.inner.end => self.outer.end,
            _ => self.outer.start + into,
        }
    }
}
