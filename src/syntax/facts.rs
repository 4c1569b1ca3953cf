//! The facts of one document: the only vocabulary that rules and fixes speak.

use tree_sitter::{QueryCursor, StreamingIterator, Tree};

use super::language::Language;
use crate::text::Span;

/// One thing that a query found. Facts relate by containment: an `EnvRead` inside a `Binding`'s value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A string literal: the whole of it, and the text between its quotes.
    Literal {
        /// With prefix and quotes.
        span: Span,
        /// Between the quotes.
        value: Span,
    },
    /// Something is named and gets a value: assignment, constant, keyword argument, entry, field, default, header.
    Binding {
        /// All of it.
        span: Span,
        /// The name, with its quotes where it has any.
        name: Span,
        /// The value.
        value: Span,
    },
    /// A call.
    Call {
        /// All of it.
        span: Span,
        /// What is called.
        callee: Span,
        /// The arguments with their brackets.
        arguments: Option<Span>,
    },
    /// An environment variable is read.
    EnvRead {
        /// The read and what it falls back to.
        span: Span,
        /// The variable.
        name: Span,
        /// What stands in for a missing variable.
        default: Option<Span>,
    },
    /// An environment variable is set.
    EnvWrite {
        /// The statement.
        span: Span,
        /// The variable.
        name: Span,
        /// The value.
        value: Span,
    },
    /// A field of a class that fills its fields from variables.
    Setting {
        /// All of it.
        span: Span,
        /// Its class.
        class: Span,
        /// The field.
        name: Span,
        /// Its type.
        kind: Span,
        /// Its default.
        value: Option<Span>,
    },
    /// A class with another one below it.
    Subclass {
        /// All of it.
        span: Span,
        /// The one below.
        of: Span,
    },
    /// A dotenv loader is called.
    EnvLoad {
        /// The call.
        span: Span,
        /// The file it is given.
        path: Option<Span>,
    },
    /// A variable is taken out of the environment.
    EnvRemove {
        /// The call or statement.
        span: Span,
        /// The variable; without it, all of them.
        name: Option<Span>,
    },
    /// An env file is put over the variables that are there already.
    EnvOverride {
        /// The call.
        span: Span,
    },
    /// A module or an item of one is imported.
    Import {
        /// The statement.
        span: Span,
        /// The module or path.
        name: Span,
        /// The item that `from … import` takes.
        item: Option<Span>,
        /// The name it gets here.
        alias: Option<Span>,
    },
    /// A comment.
    Comment {
        /// All of it.
        span: Span,
    },
    /// What must stay first: docstrings, future imports, inner attributes.
    Prologue {
        /// All of it.
        span: Span,
    },
    /// The function in which a program starts.
    Entry {
        /// Its body with the brackets.
        body: Span,
    },
    /// How the literal (or slot) at `value` is replaced, if it is.
    Slot {
        /// What is replaced.
        span: Span,
        /// What it wraps.
        value: Span,
        /// The idiom's id.
        idiom: String,
        /// The parameter or constant that gets the value.
        name: Option<Span>,
        /// The body of its function.
        body: Option<Span>,
    },
    /// Code that runs when something is called, not when the file is loaded.
    Deferred {
        /// All of it.
        span: Span,
    },
    /// A macro that takes literals only.
    LiteralOnly {
        /// All of it.
        span: Span,
        /// Its name.
        name: Span,
    },
    /// What gets a value in here, or as an argument of the function of this name, demands this idiom.
    Wants {
        /// All of it.
        span: Span,
        /// The function.
        name: Option<Span>,
        /// The idiom's id.
        idiom: String,
    },
    /// An import under another name.
    Renamed {
        /// The item and its new name.
        span: Span,
        /// The item.
        of: Span,
        /// Its new name.
        to: Span,
    },
    /// An import that serves this file alone.
    Droppable {
        /// All of it.
        span: Span,
    },
    /// Literals in here that no slot catches follow this idiom.
    Within {
        /// All of it.
        span: Span,
        /// The idiom's id.
        idiom: String,
    },
}

/// All facts of one version of a document.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    all: Vec<Fact>,
    /// The parser had to skip or invent something.
    pub broken: bool,
}

impl Facts {
    /// Every fact, outer before inner.
    pub fn iter(&self) -> impl Iterator<Item = &Fact> {
        self.all.iter()
    }

    /// The innermost literal whose text holds `span`: its span and that of its text.
    pub fn literal_at(&self, span: Span) -> Option<(Span, Span)> {
        let literals = self.all.iter().filter_map(|fact| match *fact {
            Fact::Literal { span: whole, value } if value.contains(span) => Some((whole, value)),
            _ => None,
        });
        literals.min_by_key(|(whole, _)| whole.len())
    }

    /// The bindings whose value holds `span`, innermost first: name and value.
    pub fn bindings_around(&self, span: Span) -> Vec<(Span, Span)> {
        let mut around: Vec<_> = self
            .all
            .iter()
            .filter_map(|fact| match *fact {
                Fact::Binding { name, value, .. } | Fact::EnvWrite { name, value, .. } if value.contains(span) => {
                    Some((name, value))
                }
                _ => None,
            })
            .collect();
        around.sort_by_key(|(_, value)| value.len());
        around
    }

    /// The calls whose arguments hold `span`, innermost first: callee and arguments.
    pub fn calls_around(&self, span: Span) -> Vec<(Span, Span)> {
        let mut around: Vec<_> = self
            .all
            .iter()
            .filter_map(|fact| match *fact {
                Fact::Call { callee, arguments: Some(arguments), .. } if arguments.contains(span) => {
                    Some((callee, arguments))
                }
                _ => None,
            })
            .collect();
        around.sort_by_key(|(_, arguments)| arguments.len());
        around
    }

    /// The innermost body around `span` that runs when something is called, not when the file is loaded.
    pub fn body_around(&self, span: Span) -> Option<Span> {
        let bodies = self.all.iter().filter_map(|fact| match *fact {
            Fact::Deferred { span: body } if body.contains(span) => Some(body),
            _ => None,
        });
        bodies.min_by_key(|body| body.len())
    }

    /// `span` lies in a comment.
    pub fn in_comment(&self, span: Span) -> bool {
        self.all.iter().any(|fact| matches!(fact, Fact::Comment { span: comment } if comment.contains(span)))
    }
}

/// Runs the language's query over a whole tree.
pub(super) fn collect(language: &Language, tree: &Tree, text: &str) -> Facts {
    let mut all = Vec::new();
    run(language, tree, text, &mut QueryCursor::new(), &mut all);
    sorted(all, tree)
}

/// Runs it only where something stands: the facts that touch one of `spans`, and the imports of the file.
pub(super) fn collect_near(language: &Language, tree: &Tree, text: &str, spans: &[Span]) -> Facts {
    let mut all = Vec::new();
    let mut cursor = QueryCursor::new();
    cursor.set_max_start_depth(Some(IMPORTS));
    run(language, tree, text, &mut cursor, &mut all);
    all.retain(|fact| matches!(fact, Fact::Import { .. }));
    if spans.len() > MANY {
        return collect(language, tree, text);
    }
    let mut cursor = QueryCursor::new();
    for span in spans {
        cursor.set_byte_range(span.range());
        run(language, tree, text, &mut cursor, &mut all);
    }
    sorted(all, tree)
}

/// From here on one walk over all is quicker than many over parts.
const MANY: usize = 100;
/// How deep imports are looked for: in `try` and `if`, and at the head of a function.
const IMPORTS: u32 = 4;

fn run(language: &Language, tree: &Tree, text: &str, cursor: &mut QueryCursor, all: &mut Vec<Fact>) {
    let query = language.query();
    let names = query.capture_names();
    let mut matches = cursor.matches(query, tree.root_node(), text.as_bytes());
    while let Some(found) = matches.next() {
        let captures: Vec<(&str, Span)> = found
            .captures()
            .iter()
            .map(|it| (names[it.index as usize], Span::new(it.node.start_byte(), it.node.end_byte())))
            .collect();
        for &(head, span) in &captures {
            if let Some(fact) = build(head, span, &captures) {
                merge(all, fact);
            }
        }
    }
}

fn sorted(mut all: Vec<Fact>, tree: &Tree) -> Facts {
    // An outer fact comes before the facts in it, and equal ones count once.
    all.sort_by_key(|fact| (span_of(fact).start, std::cmp::Reverse(span_of(fact).end)));
    all.dedup();
    Facts { all, broken: tree.root_node().has_error() }
}

/// The fact of a head capture; `None` for members.
fn build(head: &str, span: Span, captures: &[(&str, Span)]) -> Option<Fact> {
    let member = |name: &str| {
        let is = |capture: &str| capture.strip_prefix(head).is_some_and(|rest| rest.strip_prefix('.') == Some(name));
        let mut spans = captures.iter().filter(|(capture, _)| is(capture)).map(|&(_, span)| span);
        let first = spans.next()?;
        Some(spans.fold(first, |all, it| Span { start: all.start.min(it.start), end: all.end.max(it.end) }))
    };
    Some(match head {
        "string" => Fact::Literal { span, value: member("value")? },
        "binding" => Fact::Binding { span, name: member("name")?, value: member("value")? },
        "call" => Fact::Call { span, callee: member("callee")?, arguments: member("arguments") },
        "env.read" => Fact::EnvRead { span, name: member("name")?, default: member("default") },
        "env.write" => Fact::EnvWrite { span, name: member("name")?, value: member("value")? },
        "setting" => Fact::Setting {
            span,
            class: member("class")?,
            name: member("name")?,
            kind: member("kind")?,
            value: member("value"),
        },
        "subclass" => Fact::Subclass { span, of: member("of")? },
        "env.load" => Fact::EnvLoad { span, path: member("path") },
        "env.remove" => Fact::EnvRemove { span, name: member("name") },
        "env.override" => Fact::EnvOverride { span },
        "import" => Fact::Import { span, name: member("name")?, item: member("item"), alias: member("alias") },
        "comment" => Fact::Comment { span },
        "literal-only" => Fact::LiteralOnly { span, name: member("name")? },
        "renamed" => Fact::Renamed { span, of: member("of")?, to: member("to")? },
        "droppable" => Fact::Droppable { span },
        "deferred" => Fact::Deferred { span },
        "prologue" => Fact::Prologue { span },
        "entry" => Fact::Entry { body: member("body")? },
        _ => {
            let (family, idiom) = head.split_once('.')?;
            if idiom.contains('.') {
                return None;
            }
            let from = member("from").map_or(span.start, |from| from.start);
            let span = Span { start: from, ..span };
            match family {
                "slot" => Fact::Slot {
                    span,
                    value: member("value").unwrap_or(span),
                    idiom: idiom.to_owned(),
                    name: member("name"),
                    body: member("body"),
                },
                "wants" => Fact::Wants { span, name: member("name"), idiom: idiom.to_owned() },
                "within" => Fact::Within { span, idiom: idiom.to_owned() },
                _ => return None,
            }
        }
    })
}

/// A literal with several pieces of text is matched once a piece: the pieces are one value.
fn merge(all: &mut Vec<Fact>, fact: Fact) {
    if let Fact::Literal { span, value } = fact {
        let same = all.iter_mut().rev().take(8).find_map(|other| match other {
            Fact::Literal { span: it, value } if *it == span => Some(value),
            _ => None,
        });
        if let Some(known) = same {
            *known = Span { start: known.start.min(value.start), end: known.end.max(value.end) };
            return;
        }
    }
    all.push(fact);
}

fn span_of(fact: &Fact) -> Span {
    match *fact {
        Fact::Literal { span, .. }
        | Fact::Binding { span, .. }
        | Fact::Call { span, .. }
        | Fact::EnvRead { span, .. }
        | Fact::EnvWrite { span, .. }
        | Fact::Setting { span, .. }
        | Fact::Subclass { span, .. }
        | Fact::EnvLoad { span, .. }
        | Fact::EnvRemove { span, .. }
        | Fact::EnvOverride { span }
        | Fact::Import { span, .. }
        | Fact::Comment { span }
        | Fact::Prologue { span }
        | Fact::Deferred { span }
        | Fact::LiteralOnly { span, .. }
        | Fact::Renamed { span, .. }
        | Fact::Droppable { span }
        | Fact::Wants { span, .. }
        | Fact::Slot { span, .. }
        | Fact::Within { span, .. } => span,
        Fact::Entry { body } => body,
    }
}

/// The heads and members of the capture vocabulary (grammars/README.md). A capture outside it is a test failure.
pub const VOCABULARY: &[(&str, &[&str])] = &[
    ("string", &["value"]),
    ("binding", &["name", "value"]),
    ("call", &["callee", "arguments"]),
    ("env.read", &["name", "default"]),
    ("env.write", &["name", "value"]),
    ("setting", &["class", "name", "kind", "value"]),
    ("subclass", &["of"]),
    ("env.load", &["path"]),
    ("env.remove", &["name"]),
    ("env.override", &[]),
    ("import", &["name", "item", "alias"]),
    ("comment", &[]),
    ("prologue", &[]),
    ("deferred", &[]),
    ("literal-only", &["name"]),
    ("entry", &["body"]),
    ("slot.*", &["value", "name", "body", "from"]),
    ("within.*", &[]),
    ("wants.*", &["name"]),
    ("renamed", &["of", "to"]),
    ("droppable", &[]),
];
