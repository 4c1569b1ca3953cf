//! What clients say of notebooks, cell by cell, for the session.

use super::convert::{self, notebooks::Cells, notebooks::Message};
use super::main_loop::MainLoop;
use crate::syntax::Document;

impl MainLoop {
    /// A notebook was opened, changed, saved or closed.
    pub(super) fn notebook(&mut self, message: Message) {
        match message {
            Message::Opened(it) => {
                let uri = it.notebook_document.uri;
                self.forget_published(&uri);
                let cells = it.notebook_document.cells.into_iter().map(|cell| cell.document.into()).collect();
                let texts = it.cell_text_documents.into_iter().map(convert::opened).collect();
                self.session.open_notebook(uri.to_string(), convert::file_of(&uri), cells, texts);
                // What lies on the disk is shown by its cells.
                self.outdate();
            }
            Message::Changed(it) => self.notebook_changed(it.notebook_document.uri.as_str(), it.change.cells),
            Message::Saved(it) => {
                self.session.saved_notebook(it.notebook_document.uri.as_str());
                self.outdate();
            }
            Message::Closed(it) => {
                let cells = self.session.close_notebook(it.notebook_document.uri.as_str());
                cells.iter().filter_map(|cell| cell.parse().ok()).for_each(|uri| self.unpublish(uri));
                self.outdate();
            }
        }
    }

    fn notebook_changed(&mut self, uri: &str, cells: Option<Cells>) {
        let Some(cells) = cells else { return };
        if let Some(structure) = cells.structure {
            for gone in structure.did_close {
                self.session.close(gone.uri.as_str());
                self.unpublish(gone.uri);
            }
            self.session.splice_notebook(uri, structure.array.into());
            let texts = structure.did_open.into_iter().map(convert::opened).collect();
            self.session.open_cells(uri, texts);
        }
        let encoding = self.abilities.encoding;
        for text in cells.text_content {
            let cell = text.document;
            let apply = |doc: &mut Document| convert::apply(doc, text.changes, encoding);
            self.session.change(cell.uri.as_str(), cell.version, apply);
        }
    }
}
