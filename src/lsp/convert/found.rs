//! What was found all over a workspace: locations, lines above keys, the list of keys, diagnostics of files that are not open.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};
use tower_lsp::lsp_types as lsp;

use super::{Encoding, diagnostic, position, range};
use crate::lsp::offers::FileEdits;
use crate::lsp::places::Places;
use crate::lsp::survey::{Key, Survey};
use crate::secrets::{slashed, without_keys};
use crate::syntax::Document;
use crate::text::Span;

/// A command of the client: shows places that it is given.
pub const SHOW_PLACES: &str = "aikeys.showPlaces";
/// A command of the client: clears the outputs of a notebook's cell.
pub const CLEAR_OUTPUT: &str = "aikeys.clearOutput";

/// The diagnostics of files that are not open, by their addresses, each with an id of its own.
pub type Reports = BTreeMap<lsp::Url, (String, Vec<lsp::Diagnostic>)>;

/// The address of a file, as the client has it where it is open.
pub fn address(file: &FileEdits) -> Option<lsp::Url> {
    match &file.uri {
        Some(uri) => uri.parse().ok(),
        None => lsp::Url::from_file_path(&file.file).ok(),
    }
}

/// Places as locations.
pub fn locations(all: &[Places], encoding: Encoding) -> Vec<lsp::Location> {
    let of = |it: &Places| {
        let uri = address(&it.file)?;
        let location = |span: &Span| lsp::Location { uri: uri.clone(), range: range(&it.file.doc, *span, encoding) };
        Some(it.spans.iter().map(location).collect::<Vec<_>>())
    };
    all.iter().filter_map(of).flatten().collect()
}

/// A line above a key. Without the command of the client there is nothing to click.
pub fn lens(
    uri: &lsp::Url,
    doc: &Document,
    span: Span,
    title: String,
    places: Vec<lsp::Location>,
    shows: bool,
    encoding: Encoding,
) -> lsp::CodeLens {
    let at = position(doc, span.start, encoding);
    let arguments = shows.then(|| vec![json!(uri), json!(at), json!(places)]);
    let command = if shows { SHOW_PLACES.to_owned() } else { String::new() };
    lsp::CodeLens {
        range: range(doc, span, encoding),
        command: Some(lsp::Command { title, command, arguments }),
        data: None,
    }
}

/// The findings of all files, as editors show them.
pub fn reports(survey: &Survey, encoding: Encoding) -> Reports {
    let mut reports = Reports::new();
    for file in &survey.files {
        let Ok(uri) = lsp::Url::from_file_path(&file.file) else { continue };
        let all: Vec<lsp::Diagnostic> = file.findings.iter().map(|it| diagnostic(&file.doc, it, encoding)).collect();
        if !all.is_empty() {
            reports.insert(uri, (result_id(&all), all));
        }
    }
    reports
}

/// The same for the same diagnostics.
fn result_id(all: &[lsp::Diagnostic]) -> String {
    let mut hasher = DefaultHasher::new();
    serde_json::to_string(all).unwrap_or_default().hash(&mut hasher);
    format!("w{:016x}", hasher.finish())
}

/// What is new since the reports that the client has; `None` when nothing is. Files that are `shown` anyway are left out; of
/// those that are shown `in_cells` nothing is said any more.
pub fn news(
    latest: &Reports,
    known: &[lsp::PreviousResultId],
    shown: &dyn Fn(&lsp::Url) -> bool,
    in_cells: &dyn Fn(&lsp::Url) -> bool,
) -> Option<lsp::WorkspaceDiagnosticReport> {
    let is_latest = |uri: &lsp::Url| latest.contains_key(uri) && !in_cells(uri);
    let id_of = |uri: &lsp::Url| known.iter().find(|it| it.uri == *uri).map(|it| it.value.as_str());
    let mut items = Vec::new();
    for (uri, (id, all)) in latest
        .iter()
        .filter(|(uri, _)| !shown(uri) && !in_cells(uri) && id_of(uri).is_none_or(|it| it != latest[*uri].0))
    {
        items.push(full(uri, Some(id.clone()), all.clone()));
    }
    let gone = known.iter().filter(|it| !is_latest(&it.uri) && !shown(&it.uri));
    items.extend(gone.map(|it| full(&it.uri, None, Vec::new())));
    (!items.is_empty() || known.is_empty()).then_some(lsp::WorkspaceDiagnosticReport { items })
}

fn full(
    uri: &lsp::Url,
    result_id: Option<String>,
    items: Vec<lsp::Diagnostic>,
) -> lsp::WorkspaceDocumentDiagnosticReport {
    let report = lsp::FullDocumentDiagnosticReport { result_id, items };
    lsp::WorkspaceDocumentDiagnosticReport::Full(lsp::WorkspaceFullDocumentDiagnosticReport {
        uri: uri.clone(),
        version: None,
        full_document_diagnostic_report: report,
    })
}

/// The keys of workspaces, for the client. None is in it.
pub fn keys(all: &[Key], encoding: Encoding) -> Value {
    let place = |(file, span): &(std::sync::Arc<crate::lsp::survey::Surveyed>, Span)| {
        let uri = lsp::Url::from_file_path(&file.file).ok()?;
        Some(json!({"uri": uri, "range": range(&file.doc, *span, encoding), "path": slashed(file.doc.path())}))
    };
    let key = |it: &Key| {
        json!({
            "fingerprint": it.fingerprint,
            "provider": it.provider,
            "name": it.name,
            "redacted": without_keys(&it.redacted),
            "exposure": it.exposure.id(),
            "note": it.note,
            "variable": it.variable.as_deref().map(without_keys),
            "places": it.places.iter().filter_map(place).collect::<Vec<_>>(),
        })
    };
    json!({"keys": all.iter().map(key).collect::<Vec<_>>()})
}
