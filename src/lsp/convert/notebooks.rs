//! Messages about notebooks, which lsp-types 0.94 does not have.

use serde::Deserialize;
use serde_json::{Value, json};
use tower_lsp::lsp_types as lsp;

use crate::lsp::notebooks::Splice;

/// What happens to a notebook.
pub enum Message {
    /// It was opened.
    Opened(DidOpen),
    /// It changed.
    Changed(DidChange),
    /// It was saved.
    Saved(DidSave),
    /// It was closed.
    Closed(DidClose),
}

/// `notebookDocument/didOpen`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidOpen {
    /// The notebook.
    pub notebook_document: NotebookDocument,
    /// The texts of its cells.
    #[serde(default)]
    pub cell_text_documents: Vec<lsp::TextDocumentItem>,
}

/// A notebook.
#[derive(Deserialize)]
pub struct NotebookDocument {
    /// Its address.
    pub uri: lsp::Url,
    /// In order.
    #[serde(default)]
    pub cells: Vec<NotebookCell>,
}

/// A cell.
#[derive(Deserialize)]
pub struct NotebookCell {
    /// The address of its text.
    pub document: lsp::Url,
}

/// `notebookDocument/didChange`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidChange {
    /// The notebook.
    pub notebook_document: Named,
    /// What changed.
    pub change: Change,
}

/// A notebook or a cell that is named only.
#[derive(Deserialize)]
pub struct Named {
    /// Its address.
    pub uri: lsp::Url,
}

/// What changed in a notebook.
#[derive(Default, Deserialize)]
pub struct Change {
    /// In its cells.
    #[serde(default)]
    pub cells: Option<Cells>,
}

/// What changed in cells.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cells {
    /// Which there are.
    #[serde(default)]
    pub structure: Option<Structure>,
    /// Their texts.
    #[serde(default)]
    pub text_content: Vec<TextContent>,
}

/// Cells that came and went.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Structure {
    /// In the list of cells.
    pub array: Splicing,
    /// Their texts.
    #[serde(default)]
    pub did_open: Vec<lsp::TextDocumentItem>,
    /// Those that are gone.
    #[serde(default)]
    pub did_close: Vec<Named>,
}

/// Some cells take the place of others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Splicing {
    start: u32,
    delete_count: u32,
    #[serde(default)]
    cells: Vec<NotebookCell>,
}

impl From<Splicing> for Splice {
    fn from(it: Splicing) -> Splice {
        let added = it.cells.into_iter().map(|cell| cell.document.into()).collect();
        Splice { start: it.start as usize, removed: it.delete_count as usize, added }
    }
}

/// The text of a cell changed.
#[derive(Deserialize)]
pub struct TextContent {
    /// Which one.
    pub document: lsp::VersionedTextDocumentIdentifier,
    /// How.
    pub changes: Vec<lsp::TextDocumentContentChangeEvent>,
}

/// `notebookDocument/didSave`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidSave {
    /// The notebook.
    pub notebook_document: Named,
}

/// `notebookDocument/didClose`
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DidClose {
    /// The notebook.
    pub notebook_document: Named,
    /// The texts of its cells.
    #[serde(default)]
    pub cell_text_documents: Vec<Named>,
}

/// What the server says of notebooks in its answer to `initialize`: all cells, so that their order is known.
pub fn sync() -> Value {
    json!({"notebookSelector": [{"notebook": {"scheme": "file", "notebookType": "jupyter-notebook"}}], "save": true})
}
