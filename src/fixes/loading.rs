//! Whether the value gets into the program, and what is added so that it does.

use std::path::PathBuf;

use super::reading::Needs;
use super::{Destination, Surroundings};
use crate::syntax::{Document, Fact, Loader, Reader};
use crate::text::{Edit, Span, line_ending, whole_words};

/// Who puts the value into the environment of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Loading {
    /// A loader that is there.
    There,
    /// A call that is added. With `at = "imports"` it is for [`head_edit`] to write.
    Added(Added),
    /// `aikeys-lsp run`, with this command.
    Run(String),
}

/// A load call to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// Before the imports of the document.
    First(String),
    /// After the imports of the document, with these lines.
    Head(Vec<String>),
    /// In another place: the file and the edit.
    Entry(PathBuf, Edit),
}

/// Who will load a value that `doc` reads at `read`.
pub(super) fn loading(doc: &Document, around: &Surroundings, to: &Destination, read: Span) -> Loading {
    let host = doc.host().map(|host| host.start.as_str()).filter(|start| !start.is_empty());
    let program = host.or(doc.language().map(|language| language.start.as_str()));
    let run = || Loading::Run(start(doc, program.unwrap_or("…")));
    let Some(language) = doc.language() else { return run() };
    // An example is not run where it stands.
    if doc.is_example() {
        return Loading::There;
    }
    if to.reference.is_some() {
        return run();
    }
    let body = doc.facts().body_around(read);
    let here = doc.facts().iter().any(|fact| match *fact {
        // Code that runs later has the value, unless it runs before the load in the same body.
        Fact::EnvLoad { span, .. } if !takes(doc, span, around) => false,
        Fact::EnvLoad { span, .. } => {
            span.end <= read.start || (body.is_some() && body != doc.facts().body_around(span))
        }
        _ => false,
    });
    let elsewhere = around.entries.iter().any(|entry| {
        entry.facts().iter().any(|fact| matches!(*fact, Fact::EnvLoad { span, .. } if takes(entry, span, around)))
    });
    if here || (elsewhere && body.is_some()) {
        return Loading::There;
    }
    let mut loaders = language.loaders.iter().filter(|loader| is_dependency(doc, around, loader) && fits(doc, loader));
    if loaders.clone().any(|loader| loader.at == "itself") {
        return Loading::There;
    }
    let added = loaders.find_map(|loader| add(doc, around, loader, read));
    match added {
        Some(added) => Loading::Added(added),
        None => run(),
    }
}

/// The same for the program that reads a file of settings.
pub(super) fn loading_of(doc: &Document, around: &Surroundings, to: &Destination, reader: &Reader) -> Loading {
    let beside = doc.path().parent() == around.env.path.parent();
    if reader.start.is_empty() || reader.loads && beside && to.reference.is_none() {
        return Loading::There;
    }
    Loading::Run(start(doc, &reader.start))
}

/// Why a reference in the env file would stop a program: it is put over the key that `aikeys-lsp run` gives.
pub(super) fn overrides(doc: &Document, around: &Surroundings) -> Option<String> {
    let files = around.entries.iter().chain(&around.siblings).map(AsRef::as_ref);
    std::iter::once(doc).chain(files).find_map(|file| {
        let names_it = |loader: &Loader| file.text().contains(&loader.module);
        if !file.language()?.loaders.iter().any(names_it) {
            return None;
        }
        let span = file.facts().iter().find_map(|fact| match *fact {
            Fact::EnvOverride { span } if takes(file, span, around) => Some(span),
            _ => None,
        })?;
        let (path, line) = (file.path().display(), file.lines().line_of(span.start) + 1);
        let env = around.env.path.display();
        Some(format!(
            "{path}:{line} puts {env} over the environment, so the program would get the reference and not the key: \
             let what is set already win there"
        ))
    })
}

/// The load call at `span` reads the env file: it names no file, or this one, or does not say in a literal.
fn takes(doc: &Document, span: Span, around: &Surroundings) -> bool {
    let file = around.env.path.file_name().and_then(|name| name.to_str()).unwrap_or(".env");
    let named = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::Literal { span: it, value } if span.contains(it) => Some(doc.slice(value)),
        _ => None,
    });
    let paths: Vec<&str> = named.filter(|it| it.contains('.')).collect();
    paths.is_empty() || paths.iter().any(|it| it.rsplit(['/', '\\']).next() == Some(file))
}

/// `aikeys-lsp run -- python app.py`
fn start(doc: &Document, program: &str) -> String {
    format!("aikeys-lsp run -- {}", program.replace("{file}", &quoted(&doc.path().to_string_lossy())))
}

/// A path as a shell takes it; one with control characters is left for the user to fill in.
fn quoted(path: &str) -> String {
    // What begins with `-` is no file to most programs.
    let path = &if path.starts_with('-') { format!("./{path}") } else { path.to_owned() };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/' | '-');
    if path.chars().all(plain) {
        return path.to_owned();
    }
    if path.chars().any(char::is_control) {
        return "FILE".to_owned();
    }
    format!("'{}'", path.replace('\'', "'\\''"))
}

/// The file imports in the way that this form of the call goes with.
fn fits(doc: &Document, loader: &Loader) -> bool {
    let begins = |span: Span| doc.slice(span).trim_start().contains(loader.beside.as_str());
    let mut imports = doc.facts().imports();
    loader.beside.is_empty() || imports.any(|fact| matches!(*fact, Fact::Import { span, .. } if begins(span)))
}

fn is_dependency(doc: &Document, around: &Surroundings, loader: &Loader) -> bool {
    let imported = doc.facts().iter().any(|fact| matches!(*fact, Fact::Import { name, .. } if doc.slice(name).split(['.', ':']).next() == Some(&loader.module)));
    imported || depends_on(&around.manifests, &loader.package)
}

/// A manifest names the package outside comments and sections that are for development only.
///
/// Package names are compared as registries do: case, `-` and `_` do not count.
pub(super) fn depends_on(manifests: &str, package: &str) -> bool {
    let same = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let package = same(package);
    let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    let mut counts = true;
    manifests.lines().any(|line| {
        let line = line.split('#').next().unwrap_or("");
        if line.trim_start().starts_with('[') && line.trim_end().ends_with(']') {
            counts = !["dev-dependencies", "build-dependencies"].iter().any(|it| line.contains(it));
        }
        counts && whole_words(&same(line), &package, part).next().is_some()
    })
}

fn add(doc: &Document, around: &Surroundings, loader: &Loader, read: Span) -> Option<Added> {
    if loader.at == "first" {
        return Some(Added::First(loader.call.clone()));
    }
    if loader.at == "imports" {
        // An import further down, or in a function, is none where the call goes.
        let head = Head::of(doc, read);
        let before = head.after_imports.unwrap_or(head.after_prologue) as u32;
        // The imports and the read stand on one line.
        if before > read.start {
            return None;
        }
        let is_import = |span: Span| {
            span.end <= before
                && line_start(doc.text(), span.start as usize) == span.start as usize
                && doc.slice(span).contains(loader.import.as_str())
        };
        let mut imports = doc.facts().imports();
        let there = !loader.import.is_empty()
            && imports.any(|fact| matches!(*fact, Fact::Import { span, .. } if is_import(span)));
        let mut lines: Vec<String> =
            if there || loader.import.is_empty() { Vec::new() } else { vec![loader.import.clone()] };
        lines.push(String::new());
        lines.push(loader.call.clone());
        return Some(Added::Head(lines));
    }
    let entries = std::iter::once(doc).chain(around.entries.iter().map(AsRef::as_ref));
    entries.into_iter().find_map(|entry| {
        let body = entry.facts().iter().find_map(|fact| match *fact {
            Fact::Entry { body } => Some(body),
            _ => None,
        })?;
        let ending = line_ending(entry.text());
        let edit = Edit::insert(body.start as usize + 1, format!("{ending}    {}", loader.call));
        Some(Added::Entry(entry.path().to_owned(), edit))
    })
}

/// Adds lines to the head of a document: a load call before all imports, imports before the other ones, and with a load
/// call behind them or a helper all of it behind the imports. In a notebook the head is that of the cell.
pub(super) fn head_edits(doc: &Document, read: Span, needs: &Needs, first: Option<&str>, load: &[String]) -> Vec<Edit> {
    let (cell, head) = (doc.cell_at(read.start), Head::of(doc, read));
    let ending = line_ending(doc.text());
    // A cell may be indented as a whole.
    let code = doc
        .slice(cell)
        .lines()
        .filter(|_| doc.is_inside())
        .find(|line| !line.trim().is_empty() && !line.trim_start().starts_with('#'));
    let indent = code.map_or("", |line| &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]);
    let indented = |line: &String| if line.is_empty() { ending.to_owned() } else { format!("{indent}{line}{ending}") };
    let lines = |lines: &[String]| lines.iter().map(indented).collect::<String>();
    let (before, mut behind) = (lines(&needs.imports), lines(load) + &lines(&needs.helper));
    let mut edits = Vec::new();
    let first = first.map(|line| format!("{indent}{line}{ending}"));
    let top = match (load.is_empty(), first) {
        (true, first) => first.unwrap_or_default() + &before,
        (false, first) => {
            behind = before + &behind;
            first.unwrap_or_default()
        }
    };
    let (at_top, at_behind) =
        (head.first_import.unwrap_or(head.after_prologue), head.after_imports.unwrap_or(head.after_prologue));
    let insert = |at: usize, is_beside: bool, text: String| {
        let begins = at == 0 || doc.text()[..at].ends_with(['\n', '\u{feff}']);
        Edit::insert(at, if is_beside && begins { text } else { spaced(doc, at, text, ending) })
    };
    if at_top == at_behind && !(top.is_empty() && behind.is_empty()) {
        let text = (top + &behind).trim_start_matches(ending).to_owned();
        edits.push(insert(at_top, head.first_import.is_some() && needs.helper.is_empty(), text));
        return edits;
    }
    if !top.is_empty() {
        edits.push(insert(at_top, head.first_import.is_some(), top));
    }
    if !behind.is_empty() {
        edits.push(insert(at_behind, head.after_imports.is_some() && needs.helper.is_empty(), behind));
    }
    edits
}

/// A line on its own needs the end of the line before, and a blank line behind it.
fn spaced(doc: &Document, at: usize, text: String, ending: &str) -> String {
    let before = &doc.text()[..at];
    let start = if at == 0 || before.ends_with('\n') || before.ends_with('\u{feff}') { "" } else { ending };
    let blank = if doc.text()[at..].starts_with(['\n', '\r']) { "" } else { ending };
    format!("{start}{text}{blank}")
}

/// What a comment that has to stay first holds: encodings, words to tools, licences.
const STAYS: [&str; 11] =
    ["coding", "@ts-", "/// <", "eslint", "prettier", "@flow", "@jsx", "opyright", "icense", "SPDX", "type: ignore"];

/// Where things may be added at the head of a file.
struct Head {
    /// The start of the line of the first import.
    first_import: Option<usize>,
    /// The start of the line after the last import of the first block.
    after_imports: Option<usize>,
    /// The start of the line after docstring, future imports, shebang and encoding.
    after_prologue: usize,
}

impl Head {
    /// The head of what runs together with `read`.
    fn of(doc: &Document, read: Span) -> Head {
        let cell = doc.cell_at(read.start);
        let text = &doc.text()[..cell.end as usize];
        let bom = cell.start as usize + if doc.slice(cell).starts_with('\u{feff}') { 3 } else { 0 };
        let mut head = Head { first_import: None, after_imports: None, after_prologue: bom };
        let mut at = bom;
        let next_line = |at: usize| text[at..].find('\n').map_or(text.len(), |it| at + it + 1);
        let mut is_header = false;
        let leading = doc.facts().iter().filter_map(|fact| match *fact {
            Fact::Comment { span } => Some((span, 'c')),
            Fact::Prologue { span } => Some((span, 'p')),
            Fact::Import { span, .. } => Some((span, 'i')),
            _ => None,
        });
        for (span, kind) in leading {
            if (span.start as usize) < at {
                continue;
            }
            if span.end > cell.end || !text[at..span.start as usize].trim().is_empty() {
                break;
            }
            at = span.end as usize;
            match kind {
                'p' => head.after_prologue = next_line(at),
                'i' => {
                    head.first_import.get_or_insert(line_start(text, span.start as usize).max(bom));
                    head.after_imports = Some(next_line(at));
                }
                _ => {
                    let comment = doc.slice(span);
                    // A cell of a notebook can begin with commands, about all of it or to install a package.
                    let is_command = doc.command_at(span).is_some() && span.end <= read.start;
                    let begins = comment.starts_with("#!") || is_command || STAYS.iter().any(|it| comment.contains(it));
                    // The lines of one comment are a fact each.
                    let goes_on = head.after_prologue == line_start(text, span.start as usize) && is_header;
                    is_header = begins || goes_on;
                    if is_header && head.first_import.is_none() {
                        head.after_prologue = next_line(at);
                    }
                }
            }
        }
        head
    }
}

/// Where the line of a place begins.
pub fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |it| it + 1)
}
