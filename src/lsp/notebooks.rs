//! Notebooks that an editor has open cell by cell: each cell is a document, and what its outputs show is said on it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::open::{Open, Opened};
use super::session::Session;
use crate::project::{Source, read};
use crate::rules::{self, Finding};
use crate::secrets::without_keys;
use crate::syntax::Document;
use crate::text::Span;

/// A notebook that the client has open.
#[derive(Default)]
pub(super) struct Notebook {
    pub(super) file: Option<PathBuf>,
    /// The client's names of its cells, in order; cells of text as well.
    cells: Vec<String>,
}

/// Some cells of a notebook take the place of others.
pub struct Splice {
    /// The first one that goes, from 0.
    pub start: usize,
    /// How many go.
    pub removed: usize,
    /// What comes: the client's names.
    pub added: Vec<String>,
}

impl Session {
    /// A notebook was opened.
    pub fn open_notebook(&mut self, uri: String, file: Option<PathBuf>, cells: Vec<String>, texts: Vec<Opened>) {
        self.notebooks.insert(uri.clone(), Notebook { file, cells });
        self.open_cells(&uri, texts);
        self.read_outputs(&uri);
    }

    /// Cells came and went.
    pub fn splice_notebook(&mut self, uri: &str, splice: Splice) {
        let Some(notebook) = self.notebooks.get_mut(uri) else { return };
        let start = splice.start.min(notebook.cells.len());
        let end = (start + splice.removed).min(notebook.cells.len());
        notebook.cells.splice(start..end, splice.added);
    }

    /// The texts of new cells.
    pub fn open_cells(&mut self, uri: &str, texts: Vec<Opened>) {
        let file = self.notebooks.get(uri).and_then(|it| it.file.clone());
        for opened in texts {
            self.open(Opened { file: file.clone(), is_cell: true, ..opened });
        }
    }

    /// A notebook was saved: its outputs are known.
    pub fn saved_notebook(&mut self, uri: &str) {
        let cells = self.notebooks.get(uri).map(|it| it.cells.clone()).unwrap_or_default();
        cells.iter().for_each(|cell| self.saved(cell));
        self.read_outputs(uri);
    }

    /// A notebook was closed. Returns its cells.
    pub fn close_notebook(&mut self, uri: &str) -> Vec<String> {
        let cells = self.notebooks.remove(uri).map(|it| it.cells).unwrap_or_default();
        cells.iter().for_each(|cell| self.close(cell));
        cells
    }

    /// What the saved outputs show is said on the first line of their cells.
    fn read_outputs(&mut self, uri: &str) {
        let Some(notebook) = self.notebooks.get(uri) else { return };
        let (cells, Some(file)) = (notebook.cells.clone(), &notebook.file) else { return };
        let Ok(Source::Text(text)) = read(file) else { return };
        let Some(workspace) = cells.iter().find_map(|it| self.document(it)?.workspace.clone()) else { return };
        let doc = Document::new(workspace.relative(file), text);
        let found = rules::check(&doc, &workspace.surroundings(doc.path()));
        let found = workspace.judge(doc.path(), found).unwrap_or_default();
        let mut outputs: BTreeMap<usize, Vec<Finding>> = BTreeMap::new();
        for finding in found {
            // Those of code have a place in their cell.
            let is_code = doc.injections().iter().any(|code| code.touches(finding.span));
            let at = if is_code { None } else { doc.notebook_cell_at(finding.span.start) };
            if let Some(at) = at.filter(|_| finding.secret.is_some()) {
                outputs.entry(at).or_default().push(finding);
            }
        }
        for (at, cell) in cells.iter().enumerate() {
            let Some(open) = self.documents.get_mut(cell) else { continue };
            let own = outputs.remove(&at).unwrap_or_default();
            // A text cell shows its key itself.
            let own = own.into_iter().filter(|_| open.doc.language().is_some());
            open.outputs = own.map(on_cell).collect();
            open.dirty = true;
        }
        self.count_change();
    }
}

impl Open {
    /// What the outputs of this cell show, said on its first line.
    pub(super) fn said_of_outputs(&self) -> impl Iterator<Item = Finding> + '_ {
        let first = self.doc.lines().span(0);
        let end = first.start as usize + self.doc.slice(first).trim_end().len();
        let span = Span::new(first.start as usize, end);
        self.outputs.iter().map(move |finding| Finding { span, ..finding.clone() })
    }
}

fn on_cell(finding: Finding) -> Finding {
    let shown = finding.redacted.as_deref().map(|it| format!(" ({})", without_keys(it))).unwrap_or_default();
    Finding {
        secret: None,
        message: format!("a saved output of this cell shows a key{shown}"),
        notes: vec!["clear the output and save, then rotate the key if the notebook was ever shared".to_owned()],
        ..finding
    }
}
