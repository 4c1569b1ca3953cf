//! What a search of a workspace needs to know, aside from the session: where it is, and what the client has open there.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::offers::FileEdits;
use super::open::{Open, copy};
use super::session::Session;
use crate::fixes::Surroundings;
use crate::project::{Workspace, documents_with, read_small};
use crate::rules::{is_env_file, is_env_template};
use crate::syntax::Document;

/// Where to look. It needs nothing of the session.
pub struct Scope {
    /// Without one, only the document itself is looked at.
    workspace: Option<Arc<Workspace>>,
    /// What the client has open there, without edits.
    open: Vec<FileEdits>,
    /// The notebooks of which the client has the cells open: what lies on the disk is not theirs to change.
    notebooks: Vec<PathBuf>,
    /// Files that are not open are looked at as well.
    searches: bool,
}

impl Session {
    /// The workspace of a document, or the document alone.
    pub fn scope(&self, uri: &str) -> Option<Scope> {
        let own = self.document(uri)?;
        let root = |open: &Open| open.workspace.as_ref().map(|it| it.root().to_owned());
        let inside = |(name, open): &(&String, &Open)| match &own.workspace {
            Some(_) => root(open) == root(own),
            None => *name == uri,
        };
        let all: Vec<(&String, &Open)> = self.documents.iter().filter(inside).collect();
        let cells = all.iter().filter(|(_, open)| open.is_cell);
        let notebooks = cells.map(|(_, open)| open.doc.path().to_owned()).collect();
        let open = all.iter().map(|(uri, open)| file(uri, open)).collect();
        let searches = own.workspace.as_ref().is_some_and(|it| self.may_search(it));
        Some(Scope { workspace: own.workspace.clone(), open, notebooks, searches })
    }
}

fn file(uri: &str, open: &Open) -> FileEdits {
    FileEdits {
        uri: Some(uri.to_owned()),
        file: open.file.clone().unwrap_or_default(),
        version: Some(open.version),
        is_new: false,
        doc: Arc::new(copy(&open.doc)),
        edits: Vec::new(),
    }
}

impl Scope {
    /// What is known around a path.
    pub fn around(&self, path: &Path) -> Surroundings {
        self.workspace.as_ref().map_or_else(Surroundings::bare, |it| it.surroundings(path))
    }

    /// Every text that holds one of `texts`: what the client has open counts before what lies on the disk.
    pub fn texts_with(&self, texts: &[&str]) -> Vec<FileEdits> {
        let is_cell = |it: &&FileEdits| self.notebooks.iter().any(|notebook| notebook == it.doc.path());
        let holds = |it: &&FileEdits| texts.iter().any(|text| it.doc.text().contains(text));
        let Some(workspace) = self.workspace.as_ref().filter(|_| self.searches) else {
            return self.open.iter().filter(holds).cloned().collect();
        };
        let open: BTreeMap<PathBuf, Arc<Document>> = self
            .open
            .iter()
            .filter(|it| !is_cell(it))
            .map(|it| (it.doc.path().to_owned(), Arc::clone(&it.doc)))
            .collect();
        let mut found: Vec<FileEdits> = self.open.iter().filter(is_cell).filter(holds).cloned().collect();
        let on_disk = documents_with(workspace, texts, &open);
        let others = on_disk.into_iter().filter(|doc| !self.notebooks.iter().any(|it| it == doc.path()));
        found.extend(others.map(|doc| self.file_of(workspace, doc)));
        found
    }

    /// The env files that programs beside a path can load, the nearest first, and their templates.
    pub fn env_files(&self, path: &Path) -> Vec<FileEdits> {
        let Some(workspace) = &self.workspace else { return Vec::new() };
        let mut found = Vec::new();
        for folder in path.ancestors().skip(1) {
            let entries = fs::read_dir(workspace.root().join(folder)).into_iter().flatten().filter_map(Result::ok);
            let mut paths: Vec<PathBuf> = entries.map(|it| folder.join(it.file_name())).collect();
            let open = self.open.iter().map(|it| it.doc.path()).filter(|it| it.parent() == Some(folder));
            paths.extend(open.map(Path::to_owned));
            paths.retain(|it| is_env_file(it) || is_env_template(it));
            paths.sort();
            paths.dedup();
            found.extend(paths.into_iter().filter_map(|path| self.text_of(workspace, &path)));
        }
        found
    }

    fn text_of(&self, workspace: &Workspace, path: &Path) -> Option<FileEdits> {
        if let Some(open) = self.open.iter().find(|it| it.doc.path() == path) {
            return Some(open.clone());
        }
        // Pipes and devices are not read.
        let bytes = read_small(&workspace.root().join(path)).ok().flatten()?;
        Some(
            self.file_of(
                workspace,
                Document::new(path, String::from_utf8_lossy(&bytes).trim_start_matches('\u{feff}')),
            ),
        )
    }

    fn file_of(&self, workspace: &Workspace, doc: Document) -> FileEdits {
        let open = self.open.iter().find(|it| it.doc.path() == doc.path());
        FileEdits {
            uri: open.and_then(|it| it.uri.clone()),
            file: workspace.root().join(doc.path()),
            version: open.and_then(|it| it.version),
            is_new: false,
            doc: Arc::new(doc),
            edits: Vec::new(),
        }
    }
}
