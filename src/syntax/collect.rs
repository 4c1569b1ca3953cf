//! From a tree to facts: runs the query of a language, and reads its captures.

use tree_sitter::Tree;

use super::facts::{Fact, Facts};
use super::language::Language;
use super::matching::Area;
use crate::text::Span;

/// Runs the language's query over a whole tree.
pub(super) fn collect(language: &Language, tree: &Tree, text: &str) -> Facts {
    let mut all = Vec::new();
    run(language, tree, text, Area::ALL, &mut all);
    Facts::new(all, tree.root_node().has_error())
}

/// Runs it only where imports may stand.
pub(super) fn imports(language: &Language, tree: &Tree, text: &str) -> Vec<Fact> {
    let mut all = Vec::new();
    let imports = with_imports(language, tree, text);
    run(language, tree, text, Area { spans: Some(&imports), depth: IMPORTS }, &mut all);
    all.retain(|fact| matches!(fact, Fact::Import { .. }));
    all
}

/// Runs it only where something stands: the facts that touch one of `spans`, beside the imports of the file.
pub(super) fn collect_near(language: &Language, tree: &Tree, text: &str, spans: &[Span], imports: Vec<Fact>) -> Facts {
    let mut all = imports;
    run(language, tree, text, Area { spans: Some(&joined(spans)), ..Area::ALL }, &mut all);
    Facts::new(all, tree.root_node().has_error())
}

/// The spans in order, those that overlap as one.
fn joined(spans: &[Span]) -> Vec<Span> {
    let mut spans = spans.to_vec();
    spans.sort();
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut().filter(|last| span.start < last.end) {
            Some(last) => last.end = last.end.max(span.end),
            None => joined.push(span),
        }
    }
    joined
}

/// The statements of a file in which an import may stand: those with a word of one. Most of a large file is passed over.
fn with_imports(language: &Language, tree: &Tree, text: &str) -> Vec<Span> {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|it| it.is_ascii_alphanumeric() || *it == b'_');
    let bytes = text.as_bytes();
    let places = language.import_words.iter().flat_map(|word| {
        let found = memchr::memmem::find_iter(bytes, word.as_bytes());
        let whole = move |at: &usize| {
            !is_part(at.checked_sub(1).and_then(|it| bytes.get(it))) && !is_part(bytes.get(at + word.len()))
        };
        found.filter(whole).collect::<Vec<_>>()
    });
    let mut places: Vec<usize> = places.collect();
    places.sort_unstable();
    let mut statements: Vec<Span> = Vec::new();
    for at in places {
        if statements.last().is_some_and(|it| at < it.end as usize) {
            continue;
        }
        let mut cursor = tree.walk();
        if cursor.goto_first_child_for_byte(at).is_some() {
            statements.push(Span::new(cursor.node().start_byte(), cursor.node().end_byte()));
        }
    }
    statements
}

/// How deep imports are looked for: in `try` and `if`, and at the head of a function.
const IMPORTS: usize = 4;

fn run(language: &Language, tree: &Tree, text: &str, area: Area<'_>, all: &mut Vec<Fact>) {
    let query = language.query();
    let names = query.capture_names();
    query.matches(tree, text, area, |captured| {
        let captures: Vec<(&str, Span)> = captured.iter().map(|&(name, span)| (names[name].as_str(), span)).collect();
        for &(head, span) in &captures {
            if let ("string", true) = (head, captures.contains(&("string.value", span))) {
                merge(all, Fact::Literal { span, value: between_quotes(text, span) });
            } else if let Some(fact) = build(head, span, &captures) {
                merge(all, fact);
            }
        }
    });
}

/// What stands between the quotes of a literal whose grammar has no node for it.
fn between_quotes(text: &str, span: Span) -> Span {
    let literal = &text[span.range()];
    let quote = ["\"\"\"", "'''", "\"", "'"]
        .into_iter()
        .find(|quote| literal.len() >= 2 * quote.len() && literal.starts_with(quote) && literal.ends_with(quote));
    let len = quote.map_or(0, str::len) as u32;
    Span { start: span.start + len, end: span.end - len }
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
        "env.read" => {
            let from = member("from").map_or(span.start, |from| from.start);
            let span = Span { start: from, ..span };
            Fact::EnvRead { span, name: member("name")?, default: member("default") }
        }
        "template" => Fact::Template { span },
        "joined" => Fact::Joined { span },
        "folded" => Fact::Folded { span },
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
        "env.embed" => {
            let from = member("from").map_or(span.start, |from| from.start);
            Fact::EnvEmbed { span: Span { start: from, ..span }, name: member("name")? }
        }
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

/// A literal with several pieces of text is matched once a piece, one behind the other: the pieces are one value.
fn merge(all: &mut Vec<Fact>, fact: Fact) {
    match (all.last_mut(), fact) {
        (Some(Fact::Literal { span, value: known }), Fact::Literal { span: same, value }) if *span == same => {
            *known = Span { start: known.start.min(value.start), end: known.end.max(value.end) };
        }
        (_, fact) => all.push(fact),
    }
}

/// The heads and members of the capture vocabulary (grammars/README.md). A capture outside it is a test failure.
pub const VOCABULARY: &[(&str, &[&str])] = &[
    ("string", &["value"]),
    ("binding", &["name", "value"]),
    ("call", &["callee", "arguments"]),
    ("env.read", &["name", "default", "from"]),
    ("template", &[]),
    ("joined", &[]),
    ("folded", &[]),
    ("env.write", &["name", "value"]),
    ("setting", &["class", "name", "kind", "value"]),
    ("subclass", &["of"]),
    ("env.load", &["path"]),
    ("env.embed", &["name", "from"]),
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
