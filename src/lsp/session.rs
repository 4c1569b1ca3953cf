//! The server's state and its answers, in the core's terms: plain, synchronous, driven by tests without a transport.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::history::{History, Learned};
use super::offers::{Does, FileEdits, Move, MoveRequest, Offer, Work, ignore};
pub use super::open::{Open, Opened};
use super::open::{check, checked, copy, has_unknown_keys};
use crate::fixes::{Checked, Safety, Surroundings};
use crate::moves::{self, Reach};
use crate::project::{Packages, ProjectError, Workspace, read_small, recall};
use crate::rules::{self, Finding, is_env_file};
use crate::secrets::identity;
use crate::stores::Stores;
use crate::syntax::{Document, Host, Language};
use crate::text::{Change, Span};

/// All open documents and their workspaces.
#[derive(Default)]
pub struct Session {
    pub(super) documents: BTreeMap<String, Open>,
    /// The folders that the client works in.
    pub(super) folders: BTreeSet<PathBuf>,
    /// The user trusts these folders: the stores that their settings name count.
    trusted: bool,
    /// By the folder of the documents.
    workspaces: HashMap<PathBuf, Option<Arc<Workspace>>>,
    /// Counts all changes of all texts.
    revision: u64,
    /// Counts the changes of everything around the texts.
    epoch: u64,
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
        let Opened { uri, file, language, version, text } = opened;
        let path = file.clone().unwrap_or_else(|| PathBuf::from("untitled"));
        // A notebook is opened as JSON, and is more.
        let language = match Host::of_path(&path) {
            Some(_) => None,
            None => Language::of_lsp_id(&language).or_else(|| Language::of_path(&path)),
        };
        let doc = Document::with_language(path, text, language);
        self.revision += 1;
        let mut open = Open {
            version,
            doc,
            revision: self.revision,
            file,
            workspace: None,
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
    }

    /// A document was saved: a moment at which git may know more of it than before.
    pub fn saved(&mut self, uri: &str) {
        let Some(mut open) = self.documents.remove(uri) else { return };
        if let Some(folder) = open.file.as_ref().and_then(|it| it.parent()) {
            self.workspaces.remove(folder);
        }
        self.epoch += 1;
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
        self.trusted = trusted;
        self.refresh();
    }

    /// Settings, env files or folders changed: everything around the texts is looked up again.
    pub fn refresh(&mut self) {
        self.epoch += 1;
        self.answers = recall();
        self.workspaces.clear();
        self.told.clear();
        let mut documents = std::mem::take(&mut self.documents);
        for open in documents.values_mut() {
            self.renew(open);
        }
        self.documents = documents;
    }

    fn renew(&mut self, open: &mut Open) {
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

    /// What can be done about the findings that touch a span.
    pub fn offers(&self, uri: &str, span: Span) -> Vec<Offer> {
        let Some(open) = self.documents.get(uri) else { return Vec::new() };
        let (mut findings, _) = check(open, &self.answers);
        findings.retain(|it| it.span.start <= span.end && span.start <= it.span.end);
        if findings.is_empty() {
            return Vec::new();
        }
        let around = self.surroundings(open);
        findings.iter().flat_map(|finding| self.offers_of(open, &around, finding)).collect()
    }

    /// Works a move out again.
    pub fn plan(&self, request: &MoveRequest) -> Result<Move, String> {
        let open = self.documents.get(&request.uri).filter(|it| it.version == request.version).ok_or(STALE)?;
        let workspace = open.workspace.as_ref().ok_or("this file belongs to no folder")?;
        let (findings, _) = check(open, &self.answers);
        let same = |it: &&Finding| it.rule == request.rule && it.span == request.span;
        let finding = findings.iter().find(same).ok_or(STALE)?;
        let around = self.surroundings(open);
        let fix = rules::fixes(&open.doc, &around, finding).fixes.into_iter().nth(request.fix);
        let (fix, title, reach) = (fix.ok_or(STALE)?, &request.title, request.reach);
        let deposit = fix.deposit.as_ref().filter(|_| titled(&fix.title, reach) == *title).ok_or(STALE)?;
        let mut files =
            self.file_edits(open, &around, &fix.change).ok_or("a file that this move has to change cannot be read")?;
        let work = match reach {
            Reach::Given => Work::One(fix),
            Reach::File | Reach::Everywhere => {
                let to = around.destinations.iter().find(|it| it.store == deposit.store).ok_or(STALE)?;
                // They are found aside.
                files.clear();
                let (to, deposit, open) = (to.clone(), deposit.clone(), self.all_open(workspace));
                Work::Wide { reach, to, deposit, open }
            }
        };
        let doc = Arc::new(copy(&open.doc));
        let (uri, revision) = (request.uri.clone(), open.revision);
        let env = self.unsaved(workspace);
        Ok(Move { uri, workspace: Arc::clone(workspace), doc, title: title.clone(), work, files, env, revision })
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
            let found = self.workspace_of(&folder).map_err(|error| self.tell(error.to_string()));
            self.workspaces.insert(folder.clone(), found.ok().map(Arc::new));
        }
        open.workspace = self.workspaces.get(&folder).cloned().flatten();
        let path = open.workspace.as_ref().map_or_else(|| file.clone(), |it| it.relative(file));
        if path != open.doc.path() {
            open.doc = Document::with_language(path, open.doc.text(), open.doc.language());
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
            let found = Workspace::open(folder)?;
            Ok(if self.trusted && self.is_ours(found.root()) { found.trusting() } else { found })
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
        let to = stores.destinations();
        let mut around = moves::surroundings(workspace, &stores, &open.doc, to, &Packages::default());
        around.overlay(&|path| self.open_at(workspace, path).map(|(_, open)| Arc::new(copy(&open.doc))));
        around.checked = checked(&open.doc, workspace.root(), &self.answers);
        around
    }

    pub(super) fn open_at(&self, workspace: &Workspace, path: &Path) -> Option<(&String, &Open)> {
        let same = |open: &Open| {
            open.workspace.as_ref().is_some_and(|it| it.root() == workspace.root()) && open.doc.path() == path
        };
        self.documents.iter().find(|(_, open)| same(open))
    }

    /// What the client has open in a workspace, without edits.
    fn all_open(&self, workspace: &Workspace) -> Vec<FileEdits> {
        let inside = |open: &Open| open.workspace.as_ref().is_some_and(|it| it.root() == workspace.root());
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
        all.map(edits).collect()
    }

    /// The env files that the client has open, with another text than the disk has.
    fn unsaved(&self, workspace: &Workspace) -> Vec<FileEdits> {
        let mut env = self.all_open(workspace);
        env.retain(|it| is_env_file(it.doc.path()));
        env.retain(|it| read_small(&it.file).ok().flatten().is_none_or(|text| text != it.doc.text().as_bytes()));
        env
    }

    fn offers_of(&self, open: &Open, around: &Surroundings, finding: &Finding) -> Vec<Offer> {
        let mut offers = Vec::new();
        let mut offer = |title: String, does: Does| offers.push(Offer { title, finding: finding.clone(), does });
        let repairs = rules::fixes(&open.doc, around, finding);
        let (mut everywhere, mut seen) = (Vec::new(), BTreeSet::new());
        for (number, fix) in repairs.fixes.into_iter().enumerate() {
            if open.workspace.is_none() && fix.deposit.is_some() {
                continue;
            }
            if let Some(deposit) = &fix.deposit {
                // One for each store, behind the moves that change less.
                if fix.safety != Safety::Offered && seen.insert(deposit.store.clone()) {
                    everywhere.push((titled(&fix.title, Reach::Everywhere), Does::Move(number, Reach::Everywhere)));
                }
                let whole_file = deposit.in_place.then(|| titled(&fix.title, Reach::File));
                offer(fix.title, Does::Move(number, Reach::Given));
                if let Some(title) = whole_file {
                    offer(title, Does::Move(number, Reach::File));
                }
            } else if let Some(files) = self.file_edits(open, around, &fix.change) {
                offer(fix.title, Does::Edit(files));
            }
        }
        everywhere.into_iter().for_each(|(title, does)| offer(title, does));
        let homeless = || "this file belongs to no folder with readable settings: save it first".to_owned();
        let refused = repairs.refused.or_else(|| (open.workspace.is_none() && finding.secret.is_some()).then(homeless));
        if let Some(reason) = refused {
            offer("Move this key".to_owned(), Does::Nothing(reason));
        }
        let ignore = ignore(&open.doc, around, finding).and_then(|it| self.file_edits(open, around, &it));
        if let Some(files) = ignore {
            offer(format!("Ignore with a reason… ({})", finding.rule), Does::Edit(files));
        }
        offers
    }

    /// A change with the texts it is for, the document's own file first; `None` when a file cannot be read.
    fn file_edits(&self, open: &Open, around: &Surroundings, change: &Change) -> Option<Vec<FileEdits>> {
        let root = open.workspace.as_ref().map_or(Path::new(""), |it| it.root());
        let mut files = Vec::new();
        for (path, edits) in &change.files {
            let own = self.documents.iter().find(|(_, it)| std::ptr::eq(*it, open)).filter(|_| path == open.doc.path());
            let known = own.or_else(|| self.open_at(open.workspace.as_ref()?, path));
            // These may have to be made.
            let text = match path == Path::new(".gitignore") {
                true => Some(&around.gitignore),
                false => around.agents.iter().flat_map(|it| &it.files).find(|it| it.0 == *path).map(|it| &it.1),
            };
            let others = || {
                let mut all = around.entries.iter().chain(&around.siblings).chain(&around.launchers);
                all.find(|it| it.path() == path).cloned()
            };
            let doc = match (known, text) {
                (Some((_, other)), _) => Arc::new(copy(&other.doc)),
                (None, Some(text)) => Arc::new(Document::new(path, text.clone().unwrap_or_default())),
                (None, None) => others()?,
            };
            files.push(FileEdits {
                uri: known.map(|(uri, _)| uri.clone()),
                file: root.join(path),
                version: known.map(|(_, other)| other.version),
                is_new: known.is_none() && text.is_some_and(Option::is_none),
                doc,
                edits: edits.clone(),
            });
        }
        files.sort_by_key(|it| it.doc.path() != open.doc.path());
        Some(files)
    }
}

/// The title of a move that reaches so far.
fn titled(title: &str, reach: Reach) -> String {
    match reach {
        Reach::Given => title.to_owned(),
        Reach::File => format!("{title}, with all other secrets of this file"),
        Reach::Everywhere => format!("{title}, here and wherever else it stands"),
    }
}
