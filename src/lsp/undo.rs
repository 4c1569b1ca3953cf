//! The way back of the last move, as edits of the client.

use std::path::PathBuf;
use std::sync::Arc;

use super::carry::edits;
use super::offers::FileEdits;
use super::open::copy;
use super::session::Session;
use crate::moves::{LastMove, UndoError, last_move};
use crate::project::{Workspace, read_small};
use crate::stores::Stores;
use crate::syntax::Document;

/// A move that can be put back.
pub(super) struct Found {
    pub workspace: Arc<Workspace>,
    pub last: LastMove,
}

impl Session {
    /// Where the last move may have been: in the workspace of a document; else where this session moved something; else in
    /// the client's folders, and those of its documents.
    pub(super) fn undo_in(&self, uri: Option<&str>) -> Vec<Arc<Workspace>> {
        if let Some(uri) = uri {
            return self.document(uri).and_then(|it| it.workspace.clone()).into_iter().collect();
        }
        let folders = self.moved.iter().chain(&self.folders);
        let mut all: Vec<Arc<Workspace>> = folders.filter_map(|it| self.workspace_of(it).ok()).map(Arc::new).collect();
        all.extend(self.documents.values().filter_map(|it| it.workspace.clone()));
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|it| seen.insert(it.root().to_owned()));
        all
    }

    /// The edits that put a move back. What the client has open counts before what lies on the disk.
    pub(super) fn put_back(&self, found: &Found) -> Result<Vec<FileEdits>, String> {
        let root = found.workspace.root();
        let mut files = Vec::new();
        for (path, before) in found.last.texts() {
            let open = self.open_at(&found.workspace, path);
            let file: PathBuf = root.join(path);
            if self.is_open_in_cells(&file) {
                return Err(format!("{} is open as a notebook: close it first", path.display()));
            }
            let doc = match open {
                Some((_, open)) => Arc::new(copy(&open.doc)),
                None => {
                    let bytes = read_small(&file).map_err(|error| error.to_string())?.unwrap_or_default();
                    Arc::new(Document::new(path, String::from_utf8_lossy(&bytes).into_owned()))
                }
            };
            if !found.last.left(path, doc.text()) {
                return Err(UndoError::Changed(path.display().to_string()).to_string());
            }
            files.push(FileEdits {
                uri: open.map(|(uri, _)| uri.clone()),
                version: open.map(|(_, open)| open.version),
                is_new: false,
                edits: edits(doc.text(), before),
                file,
                doc,
            });
        }
        Ok(files)
    }
}

/// The last move of the first of these workspaces that remembers one. Its store is asked: only the keys open what is kept.
pub(super) fn find(workspaces: Vec<Arc<Workspace>>) -> Result<Found, String> {
    let mut reason = "no folder is open".to_owned();
    for workspace in workspaces {
        match last_move(&workspace, &Stores::of(&workspace)) {
            Ok(last) => return Ok(Found { workspace, last }),
            Err(error @ UndoError::Nothing(_)) => reason = error.to_string(),
            Err(error) => return Err(error.to_string()),
        }
    }
    Err(reason)
}
