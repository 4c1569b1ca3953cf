//! Files that hold code in a text of their own: documents, pages, notebooks.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::Document;
use super::injection::{Builder, Injection};
use super::language::Language;
use super::matching::Area;
use super::notebook;
use super::parse::parse;
use super::query::Query;
use crate::text::Span;

/// What `grammars/<name>/host.toml` says. The text around the code is plain text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Host {
    /// The folder's name.
    #[serde(skip)]
    pub name: String,
    /// File name endings, without the dot.
    pub extensions: Vec<String>,
    /// What the text around the code is.
    pub kind: HostKind,
    /// How its code is started, `{file}` standing for the file; without it, as its language says.
    #[serde(default)]
    pub start: String,
    /// The language of an injection, by what the text before it holds: the first that fits. Without these the text names it.
    #[serde(default)]
    pub inside: Vec<Inside>,
    /// Larger ones are not parsed. In bytes.
    #[serde(default = "usual")]
    pub largest: u64,
    #[serde(skip)]
    grammar: Option<tree_sitter::Language>,
    #[serde(default)]
    injections: String,
    #[serde(skip)]
    query: OnceLock<Query>,
}

/// What a text with code in it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HostKind {
    /// Written for people and agents: its code is an example.
    Document,
    /// Its code runs in a browser.
    Page,
    /// Cells, and what they gave when they were run.
    Notebook,
}

/// The language of an injection.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Inside {
    /// What the text before it holds.
    pub holds: String,
    /// The language's name; without it the part is plain text.
    #[serde(default)]
    pub language: String,
}

fn usual() -> u64 {
    LARGEST
}

/// Larger files are not parsed, where nothing else is said. In bytes.
const LARGEST: u64 = 4 << 20;

macro_rules! hosts {
    ($($name:literal => $grammar:expr,)*) => {
        static HOSTS: LazyLock<Vec<Host>> = LazyLock::new(|| {
            let text = include_str!(concat!(env!("OUT_DIR"), "/hosts.json"));
            let mut all: HashMap<&str, &RawValue> =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("grammars: {error}"));
            let hosts = vec![$(load($name, all.remove($name), $grammar),)*];
            assert!(all.is_empty(), "grammars without a row in src/syntax/host.rs: {:?}", all.keys());
            hosts
        });
    };
}

hosts! {
    "html" => Some(tree_sitter_html::LANGUAGE.into()),
    "markdown" => Some(tree_sitter_md::LANGUAGE.into()),
    "notebook" => None,
}

fn load(name: &str, folder: Option<&RawValue>, grammar: Option<tree_sitter::Language>) -> Host {
    let json = folder.map_or("", RawValue::get);
    let host = serde_json::from_str(json).unwrap_or_else(|error| panic!("grammars/{name}: {error}"));
    Host { name: name.to_owned(), grammar, ..host }
}

/// The file at `path` is not parsed when it is larger than this. In bytes.
pub fn largest(path: &Path) -> u64 {
    Host::of_path(path).map_or(LARGEST, |host| host.largest)
}

impl Host {
    /// Every host, in the order of their rows.
    pub fn all() -> &'static [Host] {
        &HOSTS
    }

    /// The host of a path by its name.
    pub fn of_path(path: &Path) -> Option<&'static Host> {
        let extension = path.extension().and_then(|it| it.to_str())?;
        Host::all().iter().find(|host| host.extensions.iter().any(|it| it.eq_ignore_ascii_case(extension)))
    }

    /// The code in a file.
    pub(super) fn injections(&'static self, file: &Document) -> Vec<Injection> {
        match &self.grammar {
            None => notebook::injections(file),
            Some(grammar) => self.marked(file, grammar),
        }
    }

    /// What the query marks as code.
    fn marked(&self, file: &Document, grammar: &tree_sitter::Language) -> Vec<Injection> {
        let text = file.text();
        let Some(tree) = parse(grammar, text) else { return Vec::new() };
        let query = self.query(grammar);
        let names = query.capture_names();
        let mut all = Vec::new();
        query.matches(&tree, text, Area::ALL, |captures| {
            let captured = |name: &str| Some(captures.iter().find(|(it, _)| names[*it] == name)?.1);
            let Some(code) = captured("injection.content") else { return };
            let before = captured("injection.language").map_or("", |it| &text[it.range()]);
            if let Some(language) = self.language(before) {
                all.extend(lines(file, code).map(|code| code.build(file, Some(language))));
            }
        });
        all
    }

    fn language(&self, before: &str) -> Option<&'static Language> {
        let name = match self.inside.iter().find(|it| before.contains(&it.holds)) {
            Some(inside) => &inside.language,
            None if self.inside.is_empty() => before,
            None => return None,
        };
        Language::named(name)
    }

    fn query(&self, grammar: &tree_sitter::Language) -> &Query {
        self.query.get_or_init(|| {
            Query::new(grammar, &self.injections)
                .unwrap_or_else(|error| panic!("grammars/{}/injections.scm: {error}", self.name))
        })
    }
}

/// The lines of a block of code, without the indentation that all of them have; nothing in a quotation.
fn lines(file: &Document, code: Span) -> Option<Builder> {
    let text = file.text();
    let blank = |c: char| c == ' ' || c == '\t';
    // The first line's indentation stands before the block.
    let before = &text[..code.start as usize];
    let start = before.trim_end_matches(blank).len();
    let start = if before[..start].ends_with('\n') { start } else { code.start as usize };
    // In a quotation each line has a sign that is no code: the line of the fence tells.
    let is_quoted = |line: &str| line.trim_start().starts_with('>') && !line.contains("<");
    if before.lines().rev().take(2).any(is_quoted)
        && text[code.range()].lines().skip(1).all(|it| it.trim_start().starts_with('>'))
    {
        return None;
    }
    let mut all = Vec::new();
    let mut at = start;
    for line in text[start..code.end as usize].split_inclusive('\n') {
        all.push(Span::new(at, at + line.len()));
        at += line.len();
    }
    let indent = |line: &Span| {
        &text[line.range()][..text[line.range()].len() - text[line.range()].trim_start_matches(blank).len()]
    };
    let written = all.iter().filter(|line| !text[line.range()].trim().is_empty());
    let common = written.map(indent).reduce(|all, it| &all[..common_len(all, it)]).unwrap_or("");
    let mut part = Builder::default();
    for line in &all {
        let skip = common_len(common, indent(line)) as u32;
        part.same(text, Span { start: line.start + skip, ..*line });
    }
    part.lines(common.to_owned());
    Some(part)
}

fn common_len(a: &str, b: &str) -> usize {
    a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count()
}
