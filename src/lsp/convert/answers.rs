//! Completions, links, and the arguments of commands that have one.

use std::path::PathBuf;

use tower_lsp::lsp_types as lsp;

use super::{Encoding, file_of, range};
use crate::lsp::completion::{Completion, Sort};
use crate::lsp::references::Link;
use crate::syntax::Document;

/// What can be completed, in this order.
pub fn completions(doc: &Document, all: Vec<Completion>, encoding: Encoding) -> lsp::CompletionResponse {
    let item = |(at, it): (usize, Completion)| lsp::CompletionItem {
        text_edit: Some(lsp::CompletionTextEdit::Edit(lsp::TextEdit {
            range: range(doc, it.replace, encoding),
            new_text: it.insert,
        })),
        label: it.label,
        detail: Some(it.detail),
        documentation: it.about.map(|value| {
            lsp::Documentation::MarkupContent(lsp::MarkupContent { kind: lsp::MarkupKind::Markdown, value })
        }),
        kind: Some(match it.sort {
            Sort::Reference => lsp::CompletionItemKind::REFERENCE,
            Sort::Variable => lsp::CompletionItemKind::CONSTANT,
        }),
        filter_text: Some(it.filter),
        sort_text: Some(format!("{at:04}")),
        ..Default::default()
    };
    lsp::CompletionResponse::Array(all.into_iter().enumerate().map(item).collect())
}

/// References as links.
pub fn links(doc: &Document, all: Vec<Link>, encoding: Encoding) -> Vec<lsp::DocumentLink> {
    let link = |it: Link| {
        let target = it.page.parse().ok()?;
        let range = range(doc, it.span, encoding);
        Some(lsp::DocumentLink { range, target: Some(target), tooltip: Some(it.title), data: None })
    };
    all.into_iter().filter_map(link).collect()
}

/// The document that a command names, where it names one.
pub fn uri_of(arguments: &[serde_json::Value]) -> Option<String> {
    let first = arguments.first()?;
    first.as_str().or_else(|| first.get("uri")?.as_str()).map(str::to_owned)
}

/// The same, with its place on the disk.
pub fn check_of(arguments: &[serde_json::Value]) -> Option<(String, Option<PathBuf>)> {
    let uri = uri_of(arguments)?;
    let file = uri.parse::<lsp::Url>().ok().and_then(|it| file_of(&it));
    Some((uri, file))
}
