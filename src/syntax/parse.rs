//! From a text to its tree, or to the answer that nobody writes such a text.

use std::ops::ControlFlow;

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Range, Tree};

use super::language::Language;

/// Nobody writes deeper, nor leaves more tokens that make no sense: text beyond that is plain text.
const DEEPEST: usize = 2_000;
const HEAP: usize = 5_000;

/// A parser reads a text about once, piece by piece. Behind 100,000 `r#"` it looks for the end each time (40 s): after so
/// many pieces it is given up.
const PIECE: usize = 4 << 10;
const READS: usize = 50_000;

/// How far a parse goes while someone types, in hundreds of the parser's operations: some 3 ms. In 2,000 lines of Python a
/// letter takes 40 of them, and a bracket that opens 400: the rest of the file is read anew.
pub(super) const HASTE: usize = 60;

/// What a parse came to.
#[derive(Default)]
pub struct Parsed {
    /// `None` is nothing that people write.
    pub(super) tree: Option<Tree>,
    /// It is the old tree, moved along by the edits since.
    pub(super) is_behind: bool,
}

/// A text whose parse was put off.
pub struct Unparsed {
    pub(super) language: &'static Language,
    pub(super) text: String,
    pub(super) old: Option<Tree>,
}

impl Parsed {
    pub(super) fn behind(old: &Tree) -> Parsed {
        Parsed { tree: Some(old.clone()), is_behind: true }
    }
}

impl Unparsed {
    /// Parses it, however long that takes.
    pub fn parse(&self) -> Parsed {
        self.language.parse(&self.text, self.old.as_ref(), None).unwrap_or_default()
    }
}

/// A parse wanted more steps than it had.
pub(super) struct GivenUp;

impl Language {
    /// Parses a text, in so many steps of the parser at most.
    pub(super) fn parse(&self, text: &str, old: Option<&Tree>, most: Option<usize>) -> Result<Parsed, GivenUp> {
        if !self.identifiers.is_empty() && is_generated(text) {
            return Ok(Parsed::default());
        }
        Ok(Parsed { tree: parse_within(self.grammar(), text, old, most)?, is_behind: false })
    }
}

/// The tree of a text, unless it is nothing that people write.
pub(super) fn parse(grammar: &tree_sitter::Language, text: &str) -> Option<Tree> {
    parse_within(grammar, text, None, None).ok().flatten()
}

fn parse_within(
    grammar: &tree_sitter::Language,
    text: &str,
    old: Option<&Tree>,
    most: Option<usize>,
) -> Result<Option<Tree>, GivenUp> {
    let mut parser = Parser::new();
    if parser.set_language(grammar).is_err() {
        return Ok(None);
    }
    let (bytes, mut reads, mut steps) = (text.as_bytes(), 0, 0);
    let mut read = |at: usize, _| {
        reads += 1;
        let rest = bytes.get(at..).filter(|_| reads <= READS).unwrap_or_default();
        &rest[..rest.len().min(PIECE)]
    };
    let mut given_up = false;
    let mut go_on = |_: &ParseState| {
        steps += 1;
        given_up = most.is_some_and(|most| steps > most);
        if given_up { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut go_on);
    let tree = parser.parse_with_options(&mut read, old, Some(options));
    if given_up {
        return Err(GivenUp);
    }
    Ok(tree.filter(|tree| reads <= READS && is_sane(tree, old)))
}

/// Most of a text of code stands in lines that nobody writes: a bundle. Nobody works in it, and it is large.
fn is_generated(text: &str) -> bool {
    const LONG: usize = 5_000;
    if text.len() < LONG {
        return false;
    }
    let long: usize = text.split('\n').map(str::len).filter(|len| *len > LONG).sum();
    long > text.len() / 5 * 4
}

/// The tree is code. What was code before an edit still is, where the edit has changed nothing.
fn is_sane(tree: &Tree, old: Option<&Tree>) -> bool {
    let changed = old.map(|old| old.changed_ranges(tree).collect::<Vec<_>>());
    let is_new = |node: Node<'_>| {
        let touches = |range: &Range| range.start_byte <= node.end_byte() && node.start_byte() <= range.end_byte;
        changed.as_ref().is_none_or(|ranges| ranges.iter().any(touches))
    };
    walk(tree, |node, depth| match node {
        _ if depth > DEEPEST => Next::Stop,
        _ if node.is_error() && node.child_count() as usize > HEAP => Next::Stop,
        _ if is_new(node) => Next::Into,
        _ => Next::Over,
    })
}

/// Where a walk goes.
enum Next {
    /// To the node's children.
    Into,
    /// Past them.
    Over,
    /// No further.
    Stop,
}

/// Meets nodes in the order of the text, each with its depth. Whether it came to the end.
fn walk(tree: &Tree, mut meet: impl FnMut(Node<'_>, usize) -> Next) -> bool {
    let (mut cursor, mut depth) = (tree.walk(), 0);
    loop {
        match meet(cursor.node(), depth) {
            Next::Into if cursor.goto_first_child() => {
                depth += 1;
                continue;
            }
            Next::Into | Next::Over => {}
            Next::Stop => return false,
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return true;
            }
            depth -= 1;
        }
    }
}
