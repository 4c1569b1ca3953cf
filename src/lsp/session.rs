//! The server's state and its answers, in the core's terms: plain, synchronous, driven by tests without a transport.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::convert::file_at;
use super::env_changes::Names;
use super::history::{History, Learned};
use super::notebooks::Notebook;
use super::offers::{FileEdits, Move};
use super::open::Form;
pub use super::open::{Open, Opened};
use super::open::{check, checked, copy, has_unknown_keys};
use crate::fixes::{Checked, Destination, Surroundings, key_at};
use crate::moves;
use crate::project::{
    BUILD, MADE, Organisation, Packages, ProjectError, VERSION_CONTROL, Workspace, read_small, recall,
};
use crate::rules::{self, Finding, is_env_file};
use crate::secrets::{Secret, identity};
use crate::stores::Stores;
use crate::syntax::{Document, Host, Language};
use crate::text::Span;
use tower_lsp::lsp_types::Url;

/// All open documents and their workspaces.
#[derive(Default)]
pub struct Session {
    pub(super) documents: BTreeMap<String, Open>,
    /// The notebooks that are open cell by cell.
    pub(super) notebooks: BTreeMap<String, Notebook>,
    /// The folders that the client works in.
    pub(super) folders: BTreeSet<PathBuf>,
    /// The user trusts these folders: the stores that their settings name count. Said to be not: keys go to `.env` only.
    trusted: Option<bool>,
    /// The store that keys go to by the editor's settings.
    pub(super) store: Option<String>,
    /// By the folder of the documents.
    workspaces: HashMap<PathBuf, Option<Arc<Workspace>>>,
    /// Counts all changes of all texts.
    pub(super) revision: u64,
    /// Counts the changes of everything around the texts.
    epoch: u64,
    /// What was read around the documents for menus and hovers. A choice is worked out with what lies on the disk then.
    pub(super) packages: RefCell<Packages>,
    /// What env files said when they last changed.
    pub(super) env_names: BTreeMap<PathBuf, Names>,
    /// What stores answered when they were asked, read once for each refresh.
    pub(super) answers: BTreeMap<String, Checked>,
    /// The root of the last move.
    pub(super) moved: Option<PathBuf>,
    /// What the user was told since the last refresh, and what is still to be told.
    told: BTreeSet<String>,
    problems: Vec<String>,
}

/// What an editor can do with an outdated action.
pub const STALE: &str = "the file has changed since this was offered: try again";

impl Session {
    /// No document, no workspace.
    pub fn new() -> Session {
        Session::default()
    }

    /// A document was opened.
    pub fn open(&mut self, opened: Opened) {
        let Opened { uri, file, language, version, text, is_cell } = opened;
        let path = file.clone().unwrap_or_else(|| PathBuf::from("untitled"));
        let named = Language::of_lsp_id(&language);
        let language = match Host::of_path(&path) {
            _ if is_cell => named,
            // A notebook is opened as JSON, and is more.
            Some(_) => None,
            None => named.or_else(|| Language::of_path(&path)),
        };
        let form = Form { language, is_cell };
        let doc = form.document(path, text);
        self.revision += 1;
        let mut open = Open {
            version,
            doc,
            revision: self.revision,
            file,
            workspace: None,
            form,
            is_cell,
            outputs: Vec::new(),
            dirty: true,
            unsearched: true,
            committed: HashMap::new(),
            exposed: None,
        };
        self.attach(&mut open);
        self.documents.insert(uri, open);
    }

    /// A document's text changed; a document that is not open is passed over.
    pub fn change(&mut self, uri: &str, version: i32, apply: impl FnOnce(&mut Document)) {
        let Some(open) = self.documents.get_mut(uri) else { return };
        self.revision += 1;
        open.revision = self.revision;
        open.version = version;
        open.dirty = true;
        apply(&mut open.doc);
        if open.form.is_outgrown(&open.doc) {
            open.doc = open.form.document(open.doc.path().to_owned(), open.doc.text().to_owned());
        }
    }

    /// A document was saved: a moment at which git may know more of it than before.
    pub fn saved(&mut self, uri: &str) {
        let Some(mut open) = self.documents.remove(uri) else { return };
        if let Some(folder) = open.file.as_ref().and_then(|it| it.parent()) {
            self.workspaces.remove(folder);
        }
        self.revision += 1;
        open.revision = self.revision;
        self.renew(&mut open);
        self.documents.insert(uri.to_owned(), open);
    }

    /// A document was closed.
    pub fn close(&mut self, uri: &str) {
        self.documents.remove(uri);
    }

    /// The client works in other folders than before.
    pub fn change_folders(&mut self, added: Vec<PathBuf>, removed: &[PathBuf]) {
        self.folders.retain(|it| !removed.contains(it));
        self.folders.extend(added);
        self.refresh();
    }

    /// The user trusts the folders of the client, or does not.
    pub fn trust(&mut self, trusted: bool) {
        self.trusted = Some(trusted);
        self.refresh();
    }

    /// The user's editor names a store: its moves stand first.
    pub fn prefer(&mut self, store: Option<String>) {
        self.store = store;
    }

    /// Settings, env files or folders changed: everything around the texts is looked up again.
    pub fn refresh(&mut self) {
        self.epoch += 1;
        self.forget_packages();
        self.answers = recall();
        self.workspaces.clear();
        self.told.clear();
        let mut documents = std::mem::take(&mut self.documents);
        for open in documents.values_mut() {
            self.renew(open);
        }
        self.documents = documents;
    }

    pub(super) fn renew(&mut self, open: &mut Open) {
        open.dirty = true;
        open.unsearched = true;
        self.attach(open);
    }

    /// An open document.
    pub fn document(&self, uri: &str) -> Option<&Open> {
        self.documents.get(uri)
    }

    /// The documents that changed since the last call.
    pub fn take_dirty(&mut self) -> Vec<String> {
        let take = |(uri, open): (&String, &mut Open)| std::mem::take(&mut open.dirty).then(|| uri.clone());
        self.documents.iter_mut().filter_map(take).collect()
    }

    /// What the user has to know of settings that cannot be read, once.
    pub fn take_problems(&mut self) -> Vec<String> {
        std::mem::take(&mut self.problems)
    }

    /// Names a document's text and everything its findings depend on.
    pub fn result_id(&self, uri: &str) -> String {
        let revision = self.document(uri).map_or(0, |open| open.revision);
        format!("{revision}.{}", self.epoch)
    }

    /// The findings of a document as it is now, and the search that would tell more.
    pub fn findings(&mut self, uri: &str) -> (Vec<Finding>, Option<History>) {
        let Some(open) = self.documents.get_mut(uri) else { return Default::default() };
        let (mut findings, problem) = check(open, &self.answers);
        let plain = findings.clone();
        let keeps = |open: &Open| open.workspace.as_ref().is_some_and(|it| it.keeps_secrets(open.doc.path()));
        let mut unknown = std::mem::take(&mut open.unsearched)
            && (keeps(open) || findings.iter().any(|it| it.secret.is_some()))
            || has_unknown_keys(open);
        for finding in &mut findings {
            // What is said of a history needs no other search of it.
            let Some(secret) = finding.secret.filter(|_| finding.rule != rules::EXPOSED) else { continue };
            match open.committed.get(&identity(open.doc.slice(secret))) {
                Some(note) => drop(finding.notes.splice(0..0, note.clone())),
                None => unknown = true,
            }
        }
        let history = open.workspace.as_ref().filter(|_| unknown).map(|workspace| History {
            uri: uri.to_owned(),
            workspace: Arc::clone(workspace),
            doc: copy(&open.doc),
            findings: plain,
        });
        findings.extend(self.documents.get(uri).into_iter().flat_map(Open::said_of_outputs));
        problem.into_iter().for_each(|problem| self.tell(problem));
        (findings, history)
    }

    /// Takes what a search found: the document's findings say more from now on.
    ///
    /// Returns whether they do.
    pub fn learn(&mut self, learned: Learned) -> bool {
        let Some(open) = self.documents.get_mut(&learned.uri) else { return false };
        let news = learned.committed.iter().any(|(secret, note)| open.committed.get(secret).unwrap_or(&None) != note)
            || learned.exposed.as_ref().is_some_and(|it| open.exposed.as_ref() != Some(it));
        open.dirty |= news;
        self.epoch += u64::from(news);
        open.committed.extend(learned.committed);
        open.exposed = learned.exposed.or(open.exposed.take());
        news
    }

    /// The texts that a move was worked out for are still there.
    pub fn is_current(&self, plan: &Move) -> bool {
        self.document(&plan.uri).is_some_and(|open| open.revision == plan.revision)
            && plan.files.iter().chain(&plan.env).all(|it| match &it.uri {
                Some(uri) => self.document(uri).is_some_and(|open| Some(open.version) == it.version),
                // It was not open, and still is not, and nobody has written it.
                None => {
                    let text = read_small(&it.file).ok().flatten();
                    self.open_at(&plan.workspace, it.doc.path()).is_none()
                        && text.unwrap_or_default() == it.doc.text().as_bytes()
                }
            })
    }

    /// Something besides the texts changed: answers that were given are outdated.
    pub(super) fn count_change(&mut self) {
        self.epoch += 1;
    }

    /// What lies around the documents is read anew.
    pub(super) fn forget_packages(&self) {
        self.packages.replace(Packages::default());
    }

    fn tell(&mut self, problem: String) {
        if self.told.insert(problem.clone()) {
            self.problems.push(problem);
        }
    }

    /// Finds the workspace of a document, and the document's path in it.
    fn attach(&mut self, open: &mut Open) {
        let Some(file) = &open.file else { return };
        let folder = file.parent().unwrap_or(file).to_owned();
        if !self.workspaces.contains_key(&folder) {
            // The strictest one holds then.
            Organisation::load().err().into_iter().for_each(|error| self.tell(error.to_string()));
            let found = self.workspace_of(&folder).map_err(|error| self.tell(error.to_string()));
            self.workspaces.insert(folder.clone(), found.ok().map(Arc::new));
        }
        open.workspace = self.workspaces.get(&folder).cloned().flatten();
        let path = open.workspace.as_ref().map_or_else(|| file.clone(), |it| it.relative(file));
        if path != open.doc.path() {
            open.doc = open.form.document(path, open.doc.text().to_owned());
        }
    }

    /// The client's user was asked about this folder: it is one of the client's, or lies in one.
    fn is_ours(&self, root: &Path) -> bool {
        let real = |folder: &PathBuf| std::fs::canonicalize(folder).unwrap_or_else(|_| folder.clone());
        self.folders.iter().any(|folder| root.starts_with(real(folder)))
    }

    /// The git repository or the settings around a folder make a workspace; without them the client's folder does.
    pub(super) fn workspace_of(&self, folder: &Path) -> Result<Workspace, ProjectError> {
        let open = |folder: &Path| {
            // A folder that is not there would be taken for a file of the one above.
            let inside = if folder.is_dir() { folder.to_owned() } else { folder.join("file") };
            let found = Workspace::open_strictly(&inside)?;
            Ok(if self.trusted == Some(true) && self.is_ours(found.root()) { found.trusting() } else { found })
        };
        let found = open(folder)?;
        let is_marked = [".git", "aikeys.toml"].iter().any(|mark| found.root().join(mark).exists());
        let around = self.folders.iter().filter(|it| folder.starts_with(it)).max_by_key(|it| it.as_os_str().len());
        match around {
            Some(around) if !is_marked => open(around),
            _ => Ok(found),
        }
    }

    /// What fixes need to know around a document. What the client has open counts before what lies on disk.
    pub(super) fn surroundings(&self, open: &Open) -> Surroundings {
        let Some(workspace) = &open.workspace else { return Surroundings::bare() };
        let stores = Stores::of(workspace);
        let to = self.destinations(&stores);
        let mut around = moves::surroundings(workspace, &stores, &open.doc, to, &self.packages.borrow());
        around.overlay(&|path| self.open_at(workspace, path).map(|(_, open)| Arc::new(copy(&open.doc))));
        around.checked = checked(&open.doc, workspace.root(), &self.answers);
        around
    }

    /// All files of a workspace may be looked at: it is one of the client's folders, a repository, or has settings. The
    /// folder around a lone file can be anything, a home or the whole disk.
    pub(super) fn may_search(&self, workspace: &Workspace) -> bool {
        workspace.is_bounded() || self.is_ours(workspace.root())
    }

    /// The client has this file open, whatever its spelling of the address.
    pub fn shows(&self, uri: &str) -> bool {
        let file = || file_at(uri);
        self.documents.contains_key(uri)
            || file()
                .is_some_and(|file| self.documents.values().any(|it| !it.is_cell && it.file.as_ref() == Some(&file)))
    }

    /// The client has this notebook open, cell by cell.
    pub fn shows_cells(&self, uri: &str) -> bool {
        file_at(uri).is_some_and(|file| self.is_open_in_cells(&file))
    }

    /// The same by its place: such a file is its editor's to change.
    pub(super) fn is_open_in_cells(&self, file: &Path) -> bool {
        self.notebooks.values().any(|it| it.file.as_deref() == Some(file))
    }

    /// Build tools and version control write there all the time, and no check looks at it.
    pub(super) fn is_made(&self, uri: &Url) -> bool {
        let Some(file) = file_at(uri.as_str()) else { return false };
        let inside = self.folders.iter().find_map(|it| file.strip_prefix(it).ok()).unwrap_or(&file);
        let made = BUILD.iter().chain(&VERSION_CONTROL).chain(&MADE);
        made.into_iter().any(|name| inside.iter().any(|part| part == *name))
    }

    /// The keys of a document, suppressed ones and those of env files as well, in order.
    pub fn keys_in(&self, uri: &str) -> Vec<(Span, Secret)> {
        let Some(open) = self.document(uri) else { return Vec::new() };
        let around = open.workspace.as_ref().map_or_else(Surroundings::bare, |it| it.surroundings(open.doc.path()));
        if !rules::needs_look(&around.catalogue, open.doc.path(), open.doc.text().as_bytes()) {
            return Vec::new();
        }
        let found = rules::secrets(&open.doc, &around).into_iter();
        found.map(|(span, _)| (span, key_at(&open.doc, span))).collect()
    }

    /// Where keys can go, the best place first.
    pub(super) fn destinations(&self, stores: &Stores) -> Vec<Destination> {
        let mut to = stores.destinations();
        // A folder that nobody trusts is for reading: `.env` is all that changes in it.
        to.retain(|it| self.trusted != Some(false) || it.reference.is_none());
        to.sort_by_key(|it| Some(&it.store) != self.store.as_ref());
        to
    }

    pub(super) fn open_at(&self, workspace: &Workspace, path: &Path) -> Option<(&String, &Open)> {
        let same = |open: &Open| {
            !open.is_cell
                && open.workspace.as_ref().is_some_and(|it| it.root() == workspace.root())
                && open.doc.path() == path
        };
        self.documents.iter().find(|(_, open)| same(open))
    }

    /// What the client has open in a workspace, without edits.
    pub(super) fn all_open(&self, workspace: &Workspace) -> Vec<FileEdits> {
        let inside =
            |open: &Open| !open.is_cell && open.workspace.as_ref().is_some_and(|it| it.root() == workspace.root());
        let all = self.documents.iter().filter(|(_, open)| inside(open));
        let edits = |(uri, open): (&String, &Open)| {
            let (file, doc) = (workspace.root().join(open.doc.path()), Arc::new(copy(&open.doc)));
            FileEdits {
                uri: Some(uri.clone()),
                file,
                version: Some(open.version),
                is_new: false,
                doc,
                edits: Vec::new(),
            }
        };
        // Of a notebook that is open in cells nothing is on the disk that could be changed.
        let notebooks = self.notebooks.values().filter_map(|it| it.file.as_deref()).filter_map(|file| {
            let path = file.strip_prefix(workspace.root()).ok()?;
            let doc = Arc::new(Document::plain(path, ""));
            Some(FileEdits { uri: None, file: file.to_owned(), version: None, is_new: false, doc, edits: Vec::new() })
        });
        all.map(edits).chain(notebooks).collect()
    }

    /// The env files that the client has open, with another text than the disk has.
    pub(super) fn unsaved(&self, workspace: &Workspace) -> Vec<FileEdits> {
        let mut env = self.all_open(workspace);
        env.retain(|it| is_env_file(it.doc.path()));
        env.retain(|it| read_small(&it.file).ok().flatten().is_none_or(|text| text != it.doc.text().as_bytes()));
        env
    }
}
