//! One version of one file.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use tree_sitter::{InputEdit, Node, Parser, Point, Range, Tree};

use super::collect::{collect, collect_near};
use super::facts::Facts;
use super::host::{Host, HostKind};
use super::injection::Injection;
use super::language::Language;
use super::notebook;
use super::reader::Reader;
use crate::text::{Edit, Lines, Names, Span};

/// The text of a file, with its lines, tree and facts, each made when it is first needed.
///
/// Edits keep the tree, so that the next parse only reads what changed. Its `Debug` shows no text.
pub struct Document {
    path: PathBuf,
    language: Option<&'static Language>,
    host: Option<&'static Host>,
    text: String,
    injections: OnceLock<Vec<Injection>>,
    /// What is known of code in another file.
    embedding: Option<Embedding>,
    lines: OnceLock<Lines>,
    names: OnceLock<Names>,
    facts: OnceLock<Facts>,
    readers: OnceLock<Vec<&'static Reader>>,
    tree: OnceLock<Option<Tree>>,
    /// The tree before the edits since the last parse, moved along by them.
    old_tree: Option<Tree>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({})", self.path.display())
    }
}

impl Document {
    /// A document in the language that its path tells. The path is relative to the workspace root.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Document {
        let path = path.into();
        let language = Language::of_path(&path);
        Document::with_language(path, text, language)
    }

    /// A document in a language that someone else tells; `None` is plain text.
    pub fn with_language(
        path: impl Into<PathBuf>,
        text: impl Into<String>,
        language: Option<&'static Language>,
    ) -> Document {
        let path = path.into();
        let host = Host::of_path(&path).filter(|_| language.is_none());
        Document {
            path,
            language,
            host,
            text: text.into(),
            injections: OnceLock::new(),
            embedding: None,
            lines: OnceLock::new(),
            names: OnceLock::new(),
            facts: OnceLock::new(),
            readers: OnceLock::new(),
            tree: OnceLock::new(),
            old_tree: None,
        }
    }

    /// A text of which nothing is parsed, whatever its path tells.
    pub fn plain(path: impl Into<PathBuf>, text: impl Into<String>) -> Document {
        Document { host: None, ..Document::with_language(path, text, None) }
    }

    /// The text of one cell of a notebook, which an editor has as a document of its own. The path is the notebook's.
    pub fn cell(path: impl Into<PathBuf>, text: impl Into<String>, language: Option<&'static Language>) -> Document {
        let doc = Document::with_language(path, text, language);
        let injections = OnceLock::from(Vec::new());
        Document { host: Host::of_path(&doc.path), injections, embedding: Some(Embedding::default()), ..doc }
    }

    /// A document of the same kind with another text. Nothing of it is parsed yet.
    pub fn with_text(&self, text: impl Into<String>) -> Document {
        match (self.is_inside(), self.language, self.host) {
            (true, ..) => Document::cell(&self.path, text, self.language),
            (false, None, None) => Document::plain(&self.path, text),
            _ => Document::with_language(&self.path, text, self.language),
        }
    }

    /// The number of the notebook's cell that holds a place, from 0; texts count as well.
    pub fn notebook_cell_at(&self, at: u32) -> Option<usize> {
        self.host.filter(|host| host.kind == HostKind::Notebook)?;
        notebook::cell_at(&self.text, at)
    }

    /// Code in a language that stands in `file`.
    pub(super) fn inside(
        file: &Document,
        text: String,
        embedding: Embedding,
        language: Option<&'static Language>,
    ) -> Document {
        let injections = OnceLock::from(Vec::new());
        Document {
            host: file.host,
            injections,
            embedding: Some(embedding),
            ..Document::with_language(&file.path, text, language)
        }
    }

    /// Relative to the workspace root.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `None` is plain text: no facts, and still every distinctive key.
    pub fn language(&self) -> Option<&'static Language> {
        self.language
    }

    /// The programs that read this file: one, or several rows of one.
    pub fn readers(&self) -> &[&'static Reader] {
        self.readers.get_or_init(|| Reader::all().iter().filter(|it| it.reads(&self.path, &self.text)).collect())
    }

    /// What kind of file holds this code, or this text with code in it.
    pub fn host(&self) -> Option<&'static Host> {
        self.host
    }

    /// It is written for people: text, or an example.
    pub fn is_example(&self) -> bool {
        self.host.is_some_and(|host| host.kind == HostKind::Document)
    }

    /// A line that is a comment here, and in the file a command to the notebook: from its sign, with its end.
    pub fn command_at(&self, span: Span) -> Option<Span> {
        let line = self.lines().span(self.lines().line_of(span.start));
        let at = *self.embedding.as_ref()?.commands.iter().find(|&&at| line.start <= at && at < line.end)?;
        Some(Span { start: at, ..line })
    }

    /// It is code that stands in another file.
    pub fn is_inside(&self) -> bool {
        self.embedding.is_some()
    }

    /// The part of the text that runs at once and holds `at`: a cell of a notebook, else all of it.
    pub fn cell_at(&self, at: u32) -> Span {
        let cells = self.embedding.as_ref().map_or(&[][..], |it| &it.cells);
        let next = cells.partition_point(|cell| cell.start <= at);
        next.checked_sub(1).map_or(Span::new(0, self.text.len()), |cell| cells[cell])
    }

    /// The code in this text. Reads it at the first call.
    pub fn injections(&self) -> &[Injection] {
        self.injections.get_or_init(|| self.host.map(|host| host.injections(self)).unwrap_or_default())
    }

    /// The innermost code at a place of this text, and the place in it.
    pub fn injection_at(&self, span: Span) -> Option<(&Injection, Span)> {
        self.injections().iter().rev().find_map(|code| Some((code, code.inner(span)?)))
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty where the span does not fit.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Where the lines begin.
    pub fn lines(&self) -> &Lines {
        self.lines.get_or_init(|| Lines::new(&self.text))
    }

    /// What stands where. Parses at the first call.
    pub fn facts(&self) -> &Facts {
        self.facts.get_or_init(|| match (self.language, self.tree()) {
            (Some(language), Some(tree)) => collect(language, tree, &self.text),
            _ => Facts::default(),
        })
    }

    /// At least the facts that touch one of `spans`, and the imports: most of a large file is passed over.
    pub fn facts_near(&self, spans: &[Span]) -> Cow<'_, Facts> {
        match (self.language, self.tree()) {
            (Some(language), Some(tree)) if self.facts.get().is_none() && is_quick(tree, spans) => {
                Cow::Owned(collect_near(language, tree, &self.text, spans))
            }
            _ => Cow::Borrowed(self.facts()),
        }
    }

    /// Every place where an identifier `name` stands.
    pub fn mentions(&self, name: &str) -> Vec<Span> {
        let (Some(language), Some(tree)) = (self.language, self.tree()) else { return Vec::new() };
        // `r#type` has a sign that other names have not.
        let (_, last) = name.rsplit_once('#').unwrap_or(("", name));
        let identifier = |place: Span| {
            let (start, end) = (place.start as usize, place.end as usize);
            let node = tree.root_node().descendant_for_byte_range(start, end)?;
            let named = node.child_count() == 0 && language.identifiers.iter().any(|kind| kind == node.kind());
            let span = Span::new(node.start_byte(), node.end_byte());
            (named && self.slice(span) == name).then_some(span)
        };
        self.places_of(last, None).filter_map(identifier).collect()
    }

    /// Every place where `name` stands whole, in code, strings and comments, in `scope` where there is one.
    pub fn places_of<'d>(&'d self, name: &'d str, scope: Option<Span>) -> impl Iterator<Item = Span> + 'd {
        let names = self.names.get_or_init(|| Names::new(&self.text));
        names.find(&self.text, name, scope.unwrap_or(Span::new(0, self.text.len())))
    }

    /// The pieces of the tree at the two spans stand in the same one.
    pub fn are_beside(&self, one: Span, other: Span) -> bool {
        let outer = |span: Span| {
            let root = self.tree()?.root_node();
            let mut node = root.descendant_for_byte_range(span.start as usize, span.end as usize)?;
            while let Some(parent) = node.parent().filter(|it| it.byte_range() == node.byte_range()) {
                node = parent;
            }
            node.parent().map(|parent| parent.id())
        };
        outer(one).is_some_and(|parent| Some(parent) == outer(other))
    }

    /// Replaces a part of the text.
    pub fn edit(&mut self, edit: &Edit) {
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let mut tree = self.tree.take().flatten().or_else(|| self.old_tree.take());
        if let Some(tree) = &mut tree {
            let lines = self.lines.get_or_init(|| Lines::new(&self.text));
            let point = |offset: u32| {
                let at = lines.position(offset);
                Point { row: at.line as usize, column: at.column as usize }
            };
            let rows = edit.insert.matches('\n').count();
            let start_position = point(edit.span.start);
            let column = match edit.insert.rfind('\n') {
                Some(at) => edit.insert.len() - at - 1,
                None => start_position.column + edit.insert.len(),
            };
            tree.edit(&InputEdit {
                start_byte: start,
                old_end_byte: end,
                new_end_byte: start + edit.insert.len(),
                start_position,
                old_end_position: point(edit.span.end),
                new_end_position: Point { row: start_position.row + rows, column },
            });
        }
        self.old_tree = tree;
        self.text.replace_range(start..end, &edit.insert);
        self.injections = OnceLock::new();
        self.lines = OnceLock::new();
        self.names = OnceLock::new();
        self.facts = OnceLock::new();
        self.readers = OnceLock::new();
        self.tree = OnceLock::new();
    }

    fn tree(&self) -> Option<&Tree> {
        let parsed = || {
            if !self.language?.identifiers.is_empty() && is_generated(&self.text) {
                return None;
            }
            parse(self.language?.grammar(), &self.text, self.old_tree.as_ref())
        };
        self.tree.get_or_init(parsed).as_ref()
    }
}

/// The tree of a text, unless it is nothing that people write.
pub(super) fn parse(grammar: &tree_sitter::Language, text: &str, old: Option<&Tree>) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(grammar).ok()?;
    let (bytes, mut reads) = (text.as_bytes(), 0);
    let mut read = |at: usize, _| {
        reads += 1;
        let rest = bytes.get(at..).filter(|_| reads <= READS).unwrap_or_default();
        &rest[..rest.len().min(PIECE)]
    };
    let tree = parser.parse_with_options(&mut read, old, None)?;
    (reads <= READS && is_sane(&tree, old)).then_some(tree)
}

/// What is known of code in another file.
#[derive(Debug, Default)]
pub(super) struct Embedding {
    /// Where the lines begin that are commands to that file.
    pub commands: Vec<u32>,
    /// The cells of a notebook.
    pub cells: Vec<Span>,
}

/// Walks to the spans meet fewer nodes than one walk over all. On its way to a span a walk passes by what stands beside it:
/// all other words, in a vocabulary of 50,000.
fn is_quick(tree: &Tree, spans: &[Span]) -> bool {
    let (all, mut met) = (tree.root_node().descendant_count(), 0usize);
    spans.iter().all(|span| {
        let mut cursor = tree.walk();
        met += cursor.node().child_count() as usize;
        while met < all && cursor.goto_first_child_for_byte(span.start as usize).is_some() {
            met += cursor.node().child_count() as usize;
        }
        met < all
    })
}

/// Nobody writes deeper, nor leaves more tokens that make no sense: text beyond that is plain text. A query needs the
/// square of either: half a minute for 100,000 open brackets, or as many `.call()` in a row.
const DEEPEST: usize = 2_000;
const HEAP: usize = 5_000;

/// A parser reads a text about once, piece by piece. Behind 100,000 `r#"` it looks for the end each time (40 s): after so
/// many pieces it is given up.
const PIECE: usize = 4 << 10;
const READS: usize = 50_000;

/// Nobody writes longer lines.
pub const LONGEST_LINE: usize = 2_000;

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
