//! The types that a document declares: what a language's `[types]` says of them, read off the tree.

use std::collections::HashMap;

use serde::Deserialize;
use tree_sitter::{Node, Tree};

use super::document::Document;
use super::language::glob;
use crate::text::{Span, whole_words};

/// How types are declared, and which of them make a text of all their fields by themselves.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Types {
    /// Kinds of nodes that declare a type.
    pub declarations: Vec<String>,
    /// Kinds of nodes that declare a field.
    pub fields: Vec<String>,
    /// Kinds of nodes before a type or a field that say more about it.
    pub marks: Vec<String>,
    /// Kinds of nodes with more code of a type.
    pub parts: Vec<String>,
    /// A type shows its fields where all words of one of these stand in a piece of its head.
    pub shows: Vec<String>,
    /// In types with one of these words in the head, fields are not shown whose names begin with `_`.
    pub private: Vec<String>,
    /// It has a text form of its own where its code holds one of these.
    pub hides: Vec<String>,
    /// What keeps a field out of the text, or all fields where the head holds it.
    pub leaves_out: Vec<String>,
    /// The same for a type of which the file holds this, `{type}` being its name.
    pub replaces: Vec<String>,
    /// A type may be printed in another form where the file holds this.
    pub other: Vec<String>,
    /// A type fills its fields from variables of their names: a word of its head, or what the file holds, with `{type}`.
    pub fills: Vec<String>,
    /// The types of texts, `*` allowed.
    pub texts: Vec<String>,
    /// What a type is called in its own code.
    pub own: Vec<String>,
    /// What an object is called in the code of its type.
    pub itself: Vec<String>,
    /// Functions of a type that give an object of it.
    pub makes: Vec<String>,
    /// What stands around a default in a declaration.
    pub wrappers: Vec<String>,
    /// What is behind this in a file is for tests.
    pub tests: Vec<String>,
    /// What to do, where no fix does it.
    pub advice: String,
    /// How a field says that it is left out.
    pub kept_out: Option<KeptOut>,
    /// The text form, written out.
    pub written: Option<Written>,
}

/// How a field says that it is left out of the text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeptOut {
    /// What of the module stands in the heads of the types that it is for.
    pub of: String,
    /// The module of the function.
    pub module: String,
    /// The function around a default.
    pub call: String,
    /// What stands before a default in it.
    pub default: String,
    /// The argument.
    pub argument: String,
}

/// A text form that is written out: `{type}` and `{field}` are the names.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Written {
    /// How the mark begins and ends that lists what is made by itself.
    pub mark: String,
    /// See `mark`.
    pub close: String,
    /// What goes from that list.
    pub drop: String,
    /// The lines before the fields.
    pub head: Vec<String>,
    /// The line of a field.
    pub field: String,
    /// The line of a field that is hidden.
    pub hidden: String,
    /// The lines behind the fields.
    pub tail: Vec<String>,
    /// What makes it unclear which fields there are.
    pub unless: Vec<String>,
    /// A file with one of these cannot have it.
    pub nowhere: Vec<String>,
}

/// A type and its fields.
#[derive(Debug)]
pub struct Type {
    /// The declaration, with what is said before it.
    pub span: Span,
    /// Its name.
    pub name: Span,
    /// The declaration begins here: what stands before it are its marks.
    pub declared: u32,
    /// What is said of it before its fields, in pieces.
    pub head: Vec<Span>,
    /// In order.
    pub fields: Vec<Field>,
    /// Where its own code stands.
    pub parts: Vec<Span>,
    /// The parser did not understand all of it.
    pub is_partial: bool,
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// The declaration, with what is said before it.
    pub span: Span,
    /// Its name.
    pub name: Span,
    /// Its type.
    pub kind: Span,
}

impl Types {
    /// Texts of this type are written as they are.
    pub fn is_text(&self, kind: &str) -> bool {
        let kind: String = kind.split_whitespace().collect::<Vec<_>>().join(" ");
        self.texts.iter().any(|it| glob(it, &kind))
    }
}

impl Type {
    /// All words of `words` stand in one piece of the head.
    pub fn is_said(&self, doc: &Document, words: &str) -> bool {
        let holds = |piece: &Span, word: &str| whole_words(doc.slice(*piece), word, is_part).next().is_some();
        self.head.iter().any(|piece| words.split(' ').all(|word| holds(piece, word)))
    }
}

fn is_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The types of a tree, in order.
pub(super) fn types(table: &Types, tree: &Tree, text: &str) -> Vec<Type> {
    let (mut found, mut parts) = (Vec::new(), Vec::new());
    // What is said before the next node, at each depth.
    let mut before: Vec<Vec<Span>> = Vec::new();
    let mut cursor = tree.walk();
    // Without a stack of calls: a tree can be deep.
    loop {
        let (node, depth) = (cursor.node(), cursor.depth() as usize);
        before.truncate(depth + 1);
        before.resize_with(depth + 1, Vec::new);
        if let Some(marks) = marks(table, node, &mut before[depth])
            && is_one_of(&table.declarations, node)
        {
            found.extend(declared(table, node, marks));
        }
        if is_one_of(&table.parts, node)
            && let Some(of) = node.child_by_field_name("type")
        {
            parts.push((span(of), span(node)));
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return with_parts(found, &parts, text);
            }
        }
    }
}

/// Gives the first type of each name the code of that name.
fn with_parts(mut found: Vec<Type>, parts: &[(Span, Span)], text: &str) -> Vec<Type> {
    let mut by_name: HashMap<&str, Vec<Span>> = HashMap::new();
    let slice = |span: Span| text.get(span.range()).unwrap_or("");
    for (of, code) in parts {
        by_name.entry(slice(*of).split(|c| !is_part(c)).next().unwrap_or("")).or_default().push(*code);
    }
    for one in &mut found {
        one.parts.extend(by_name.remove(slice(one.name)).into_iter().flatten());
    }
    found
}

fn declared(table: &Types, node: Node<'_>, marks: Vec<Span>) -> Option<Type> {
    let name = span(node.child_by_field_name("name")?);
    let declared = node.start_byte() as u32;
    let own = Span { start: declared, end: name.start };
    let bases = node.child_by_field_name("superclasses").map(span);
    let start = marks.first().map_or(declared, |it| it.start);
    let head = marks.into_iter().chain([own]).chain(bases).collect();
    let mut fields = Vec::new();
    within(table, node, DEEPEST, &mut fields);
    let all = span(node);
    Some(Type {
        span: Span { start, ..all },
        name,
        declared,
        head,
        fields,
        parts: vec![all],
        is_partial: node.has_error(),
    })
}

/// How deep fields stand in the node of their type.
const DEEPEST: usize = 3;

fn within(table: &Types, node: Node<'_>, depth: usize, fields: &mut Vec<Field>) {
    let (mut cursor, mut before) = (node.walk(), Vec::new());
    for child in node.named_children(&mut cursor) {
        let Some(marks) = marks(table, child, &mut before) else { continue };
        if is_one_of(&table.fields, child) {
            fields.extend(field(child, &marks));
        } else if depth > 1 && !is_one_of(&table.declarations, child) {
            within(table, child, depth - 1, fields);
        }
    }
}

fn field(node: Node<'_>, marks: &[Span]) -> Option<Field> {
    let named =
        |node: Node<'_>| node.child_by_field_name("name").or_else(|| node.child_by_field_name("left")).map(span);
    let name = named(node).or_else(|| named(node.child_by_field_name("declarator")?))?;
    let kind = span(node.child_by_field_name("type")?);
    let start = marks.first().map_or(node.start_byte() as u32, |it| it.start);
    Some(Field { span: Span { start, end: node.end_byte() as u32 }, name, kind })
}

/// What was said right before a node, unless it is a mark itself; comments may stand between.
fn marks(table: &Types, node: Node<'_>, before: &mut Vec<Span>) -> Option<Vec<Span>> {
    if is_one_of(&table.marks, node) {
        before.push(span(node));
        return None;
    }
    if node.is_extra() {
        return None;
    }
    Some(std::mem::take(before))
}

fn is_one_of(kinds: &[String], node: Node<'_>) -> bool {
    kinds.iter().any(|it| it == node.kind())
}

fn span(node: Node<'_>) -> Span {
    Span::new(node.start_byte(), node.end_byte())
}
