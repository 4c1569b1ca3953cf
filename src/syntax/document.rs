//! One version of one file.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use tree_sitter::{InputEdit, Point, Tree};

use super::collect::{collect, collect_near, imports};
use super::facts::{Fact, Facts};
use super::host::{Host, HostKind};
use super::injection::Injection;
use super::language::Language;
use super::notebook;
use super::parse::{HASTE, Parsed, Unparsed};
use super::reader::Reader;
use super::types::{Type, types};
use crate::text::{Edit, Lines, Names, Span, Spots};

/// The text of a file, with its lines, tree and facts, each made when it is first needed.
///
/// Edits keep the tree, so that the next parse only reads what changed. Where that is much, because a quote or a bracket is
/// open, the tree stays behind until [`Document::settle`]. Its `Debug` shows no text.
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
    spots: Spots,
    facts: OnceLock<Facts>,
    imports: OnceLock<Vec<Fact>>,
    /// How many nodes were met on the ways to facts.
    met: AtomicUsize,
    readers: OnceLock<Vec<&'static Reader>>,
    tree: OnceLock<Parsed>,
    /// The tree before the edits since the last parse, moved along by them.
    old_tree: Option<Tree>,
    haste: Haste,
}

/// How much time a parse has.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// All that it needs.
    None,
    /// Someone is typing: a long one is given up.
    Some,
    /// One was given up: the others would be as well.
    Much,
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
            spots: Spots::default(),
            facts: OnceLock::new(),
            imports: OnceLock::new(),
            met: AtomicUsize::new(0),
            readers: OnceLock::new(),
            tree: OnceLock::new(),
            old_tree: None,
            haste: Haste::None,
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
            (Some(language), Some(tree)) if self.facts.get().is_none() && self.is_quick(tree, spans) => {
                let imports = self.imports.get_or_init(|| imports(language, tree, &self.text));
                Cow::Owned(collect_near(language, tree, &self.text, spans, imports.clone()))
            }
            _ => Cow::Borrowed(self.facts()),
        }
    }

    /// Walks to the spans meet fewer nodes than one walk over all, and all such walks together not many times as many. On
    /// its way to a span a walk passes by what stands beside it: all other words, in a vocabulary of 50,000.
    fn is_quick(&self, tree: &Tree, spans: &[Span]) -> bool {
        let (all, mut met) = (tree.root_node().descendant_count(), 0usize);
        let is_quick = spans.iter().all(|span| {
            let mut cursor = tree.walk();
            met += cursor.node().child_count() as usize;
            while met < all && cursor.goto_first_child_for_byte(span.start as usize).is_some() {
                met += cursor.node().child_count() as usize;
            }
            met < all
        });
        let inside: usize = spans.iter().map(|span| span.len() / NODE).sum();
        let before = self.met.fetch_add(met + inside, Ordering::Relaxed);
        is_quick && before < all.saturating_mul(WALKS)
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

    /// `text` stands in `span`. Where it stands in the document is looked up once.
    pub fn holds(&self, text: &str, span: Span) -> bool {
        self.spots.has(&self.text, text, span)
    }

    /// The types that are declared here, in order. Walks over all of the tree.
    pub fn types(&self) -> Vec<Type> {
        match (self.language, self.tree()) {
            (Some(language), Some(tree)) if !language.types.declarations.is_empty() => {
                types(&language.types, tree, &self.text)
            }
            _ => Vec::new(),
        }
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

    /// The facts are those before the last edits, moved along: good enough to show, and not to change anything by.
    pub fn is_behind(&self) -> bool {
        self.tree.get().is_some_and(|it| it.is_behind)
    }

    /// Nobody is typing any more: from now on the facts are those of the text. Whether other ones were told.
    pub fn settle(&mut self) -> bool {
        self.haste = Haste::None;
        let is_behind = self.is_behind();
        if is_behind {
            self.old_tree = self.tree.take().and_then(|it| it.tree);
            self.forget_facts();
        }
        is_behind
    }

    /// The parse that was put off, to be done elsewhere.
    pub fn unparsed(&self) -> Option<Unparsed> {
        let (language, old) = (self.language?, self.old_tree.clone());
        self.is_behind().then(|| Unparsed { language, text: self.text.clone(), old })
    }

    /// Takes what that came to. The text has not changed since.
    pub fn take_parsed(&mut self, parsed: Parsed) {
        self.haste = Haste::None;
        self.tree = OnceLock::from(parsed);
        self.forget_facts();
    }

    fn forget_facts(&mut self) {
        self.facts = OnceLock::new();
        self.imports = OnceLock::new();
        self.met = AtomicUsize::new(0);
    }

    /// Replaces a part of the text, as someone types it.
    pub fn edit(&mut self, edit: &Edit) {
        self.haste = if self.is_behind() || self.haste == Haste::Much { Haste::Much } else { Haste::Some };
        let (start, end) = (edit.span.start as usize, edit.span.end as usize);
        let mut tree = self.tree.take().and_then(|it| it.tree).or_else(|| self.old_tree.take());
        // Of another text nothing stays.
        tree = tree.filter(|_| end - start < self.text.len());
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
        self.spots = Spots::default();
        self.forget_facts();
        self.readers = OnceLock::new();
        self.tree = OnceLock::new();
    }

    fn tree(&self) -> Option<&Tree> {
        let parsed = || {
            let Some(language) = self.language else { return Parsed::default() };
            let parse = |most| language.parse(&self.text, self.old_tree.as_ref(), most).ok();
            let parsed = match (self.haste, &self.old_tree) {
                (Haste::None, _) | (_, None) => parse(None),
                (Haste::Some, Some(old)) => parse(Some(HASTE)).or_else(|| Some(Parsed::behind(old))),
                (Haste::Much, Some(old)) => Some(Parsed::behind(old)),
            };
            parsed.unwrap_or_default()
        };
        self.tree.get_or_init(parsed).tree.as_ref()
    }
}

/// What is known of code in another file.
#[derive(Debug, Default)]
pub(super) struct Embedding {
    /// Where the lines begin that are commands to that file.
    pub commands: Vec<u32>,
    /// The cells of a notebook.
    pub cells: Vec<Span>,
}

/// How many walks over all of a tree may be spent on ways to parts of it.
const WALKS: usize = 4;
/// How much text one node has, about, in bytes.
const NODE: usize = 4;
