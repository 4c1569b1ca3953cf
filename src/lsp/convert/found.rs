//! What was found all over a workspace: locations, lines above keys, the list of keys, diagnostics of files that are not open.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};
use tower_lsp::lsp_types as lsp;

use super::{Encoding, diagnostic, position, range};
use crate::inventory::{Key, Survey};
use crate::lsp::offers::FileEdits;
use crate::lsp::places::Places;
use crate::secrets::{slashed, without_keys};
use crate::syntax::Document;
use crate::text::Span;

/// A command of the client: shows places that it is given.
pub const SHOW_PLACES: &str = "aikeys.showPlaces";
/// A command of the client: clears the outputs of a notebook's cell.
pub const CLEAR_OUTPUT: &str = "aikeys.clearOutput";
/// A client's own command that starts `aikeys-lsp rotate NAME` where its user can answer: the name, and the document.
pub const ROTATE: &str = "aikeys.rotate";

/// The diagnostics of a file that is not open.
pub struct Report {
    /// Its address.
    pub uri: lsp::Url,
    /// The same for the same diagnostics.
    pub id: String,
    /// All of them.
    pub all: Vec<lsp::Diagnostic>,
}

/// The diagnostics of files, by their names.
pub type Reports = BTreeMap<String, Report>;

/// One name for all spellings of an address: clients escape more or fewer characters of a path.
pub fn name_of(uri: &lsp::Url) -> String {
    super::file_of(uri).map_or_else(|| uri.to_string(), |file| file.to_string_lossy().into_owned())
}

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
            reports.insert(name_of(&uri), Report { id: result_id(&all), uri, all });
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
    let names: BTreeMap<String, &lsp::PreviousResultId> = known.iter().map(|it| (name_of(&it.uri), it)).collect();
    let mut items = Vec::new();
    for (name, report) in latest.iter().filter(|(_, it)| !shown(&it.uri) && !in_cells(&it.uri)) {
        let known = names.get(name);
        if known.is_none_or(|it| it.value != report.id) {
            // As the client spells it.
            let uri = known.map_or(&report.uri, |it| &it.uri);
            items.push(full(uri, Some(report.id.clone()), report.all.clone()));
        }
    }
    let is_gone = |name: &String, uri: &lsp::Url| (!latest.contains_key(name) || in_cells(uri)) && !shown(uri);
    let gone = names.iter().filter(|(name, it)| is_gone(name, &it.uri));
    items.extend(gone.map(|(_, it)| full(&it.uri, None, Vec::new())));
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
    let place = |(file, span): &(std::sync::Arc<crate::inventory::Surveyed>, Span)| {
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
