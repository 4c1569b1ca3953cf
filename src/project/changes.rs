//! What changed in a repository: from a commit to the index, and from the index to the work tree.
//!
//! Trees that are the same are not read, and no file that is as git left it. Nothing is run: no filter, no hook, no
//! monitor of the file system.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use gix::bstr::{BStr, BString, ByteSlice};
use gix::index::entry::{Flags, Mode, Stage, Stat};
use gix::index::extension::Tree;
use gix::objs::tree::EntryMode;

use super::config::ProjectError;
use super::git::{Git, broken, is_too_deep, path_of};
use super::workspace::Workspace;
use crate::fixes::GitState;
use crate::secrets::discreet;

/// A text in git's store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Blob(gix::ObjectId);

/// A file whose text is another one in the index than in a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// From the root.
    pub path: PathBuf,
    /// What the commit holds; `None` when the file is new.
    pub old: Option<Blob>,
    /// What the index holds; `None` when the file is gone. A file with a conflict is there once for each side.
    pub new: Option<Blob>,
    /// It is a regular file. Links and submodules are not.
    pub is_file: bool,
    /// A sparse checkout leaves it out.
    pub is_sparse: bool,
}

/// What changed since a commit.
#[derive(Debug, Default)]
pub struct Since {
    /// What the commit holds of each file that git tracks and that is another one by now.
    changed: HashMap<PathBuf, Option<Blob>>,
    /// The files that are gone: others may be what they became.
    gone: Vec<(PathBuf, Blob)>,
    /// Files that changed and that a sparse checkout leaves out, as the index holds them.
    sparse: Vec<(PathBuf, Blob)>,
}

impl Workspace {
    /// The files that the next commit would change.
    pub fn staged(&self) -> Result<Vec<Change>, ProjectError> {
        let git = self.repository("git has staged")?;
        let repo = git.repo();
        let head = repo.head().map_err(|error| self.broken(&error))?;
        let tree = if head.is_unborn() { None } else { Some(self.tree_of(&repo, head.id().map(gix::Id::detach))?) };
        let mut changes = compare(&repo, tree).map_err(|error| self.broken(&error))?;
        changes.retain(|change| change.new.is_some());
        Ok(changes)
    }

    /// What changed since HEAD and a revision went apart, the work tree and new files included.
    pub fn since(&self, revision: &str) -> Result<Since, ProjectError> {
        let git = self.repository("changed since a revision")?;
        let repo = git.repo();
        let says = |message: String| ProjectError::Git { path: self.shown(), message };
        let shown = discreet(revision);
        let commit = repo.rev_parse_single(revision).and_then(|it| it.object()).and_then(gix::Object::peel_to_commit);
        let head = repo.head_id().map_err(|_| says("there is no commit yet to compare with".to_owned()))?;
        // `HEAD^!` means several commits.
        let is_range = ["^!", "^@", "^-"].iter().any(|it| revision.contains(it));
        let commit = commit.ok().filter(|_| !is_range).ok_or_else(|| {
            let hint = "a clone of CI often has no more than one commit (`fetch-depth: 0`, `git fetch --unshallow`)";
            says(format!("git knows no revision `{shown}` here: is it spelled right, and fetched? {hint}"))
        })?;
        let base = repo.merge_base(head, commit.id).map_err(|error| self.broken(&error))?.ok_or_else(|| {
            let why = "they are unrelated, or this clone is too shallow (`fetch-depth: 0`, `git fetch --unshallow`)";
            says(format!("HEAD and `{shown}` have no commit in common: {why}"))
        })?;
        let tree = self.tree_of(&repo, Some(base.detach()))?;
        let mut since = Since::default();
        for change in compare(&repo, Some(tree)).map_err(|error| self.broken(&error))? {
            match change.new {
                None => since.gone.extend(change.old.filter(|_| change.is_file).map(|old| (change.path, old))),
                Some(new) if change.is_file => {
                    if change.is_sparse {
                        since.sparse.push((change.path.clone(), new));
                    }
                    since.changed.insert(change.path, change.old);
                }
                Some(_) => {}
            }
        }
        self.add_work_tree(&repo, &mut since).map_err(|error| self.broken(&error))?;
        Ok(since)
    }

    /// Adds what the work tree has changed. Only files that are not as git left them are read.
    fn add_work_tree(&self, repo: &gix::Repository, since: &mut Since) -> gix::Result<()> {
        let index = repo.index_or_empty()?;
        // Finer than git itself by default: what differs is read, so that nothing gets lost.
        let options = gix::index::entry::stat::Options { use_nsec: true, ..repo.stat_options()? };
        for entry in index.entries() {
            let path = path_of(entry.path(&index));
            let full = self.root().join(&path);
            if entry.mode != Mode::FILE && entry.mode != Mode::FILE_EXECUTABLE {
                // A link that became a file, which git would take for new.
                if fs::symlink_metadata(&full).is_ok_and(|it| it.is_file()) {
                    since.changed.insert(path, None);
                }
                continue;
            }
            let Ok(meta) = gix::index::fs::Metadata::from_path_no_follow(&full) else {
                if !entry.flags.contains(Flags::SKIP_WORKTREE) {
                    since.changed.remove(&path);
                    since.gone.push((path, Blob(entry.id)));
                }
                continue;
            };
            since.sparse.retain(|(sparse, _)| *sparse != path);
            let same = Stat::from_fs(&meta).is_ok_and(|stat| entry.stat.matches(&stat, options))
                && !entry.stat.is_racy(index.timestamp(), options);
            if !same && !since.changed.contains_key(&path) && !is_text_of(&full, entry.id) {
                let is_new = entry.flags.contains(Flags::INTENT_TO_ADD);
                since.changed.insert(path, (!is_new).then_some(Blob(entry.id)));
            }
        }
        Ok(())
    }

    /// A text of git's store.
    pub fn text_of(&self, blob: Blob) -> Result<Vec<u8>, ProjectError> {
        let repo = self.repository("git holds")?.repo();
        let object = repo.find_object(blob.0).map_err(|error| {
            let short = blob.0.to_hex_with_len(7);
            let why = "`git fetch` brings what a partial clone left out, `git fsck` says what is broken";
            let message = format!("git's object {short} cannot be read: {}: {why}", error.probable_cause());
            ProjectError::Git { path: self.shown(), message }
        })?;
        Ok(object.detach().data)
    }

    /// What a file held in a commit; `None` where git does not know.
    pub fn text_at(&self, commit: &str, relative: &Path) -> Option<Vec<u8>> {
        let repo = self.git()?.repo();
        let found = repo.rev_parse_single(commit).ok()?.object().ok()?.peel_to_commit().ok()?;
        let entry = found.tree().ok()?.lookup_entry_by_path(relative).ok()??;
        Some(entry.object().ok()?.detach().data)
    }

    /// Git knows that a file was here: in the index, in HEAD, or in a commit before it.
    pub fn was_here(&self, relative: &Path) -> bool {
        self.git().is_some_and(|git| git.tracks(relative) || git.had(relative))
    }

    fn repository(&self, what: &str) -> Result<&Git, ProjectError> {
        let message = || format!("this is no work tree of git: nothing is what {what}");
        self.git().ok_or_else(|| ProjectError::Git { path: self.shown(), message: message() })
    }

    fn tree_of(&self, repo: &gix::Repository, commit: Option<gix::ObjectId>) -> Result<gix::ObjectId, ProjectError> {
        let tree = |id: gix::ObjectId| -> gix::Result<gix::ObjectId> { Ok(repo.find_commit(id)?.tree_id()?.detach()) };
        let missing = || ProjectError::Git { path: self.shown(), message: "git's HEAD leads nowhere".to_owned() };
        commit.map(tree).ok_or_else(missing)?.map_err(|error| self.broken(&error))
    }

    fn broken(&self, error: &gix::Error) -> ProjectError {
        broken(self.root(), error)
    }

    fn shown(&self) -> String {
        self.root().display().to_string()
    }
}

impl Since {
    /// A file's text is another one than that of the commit, as far as git knows the file; or git does not know it yet.
    pub fn touches(&self, workspace: &Workspace, relative: &Path) -> bool {
        match workspace.git_state(relative) {
            GitState::Tracked => self.changed.contains_key(relative),
            GitState::Untracked => true,
            GitState::Ignored | GitState::NoRepository => false,
        }
    }

    /// What the commit holds under this path.
    pub fn old(&self, relative: &Path) -> Option<Blob> {
        self.changed.get(relative).copied().flatten()
    }

    /// The files that are gone, those of the same name first, and what they held.
    pub fn gone(&self, name: Option<&OsStr>) -> impl Iterator<Item = Blob> {
        let of_name = move |(path, _): &&(PathBuf, Blob)| path.file_name() == name;
        let others = self.gone.iter().filter(move |it| !of_name(it));
        self.gone.iter().filter(of_name).chain(others).map(|(_, blob)| *blob)
    }

    /// A file that is gone held this very text, whatever its line ends are.
    pub fn held(&self, bytes: &[u8]) -> bool {
        let Some((_, first)) = self.gone.first() else { return false };
        ids_of(bytes, first.0.kind()).any(|id| self.gone.iter().any(|(_, blob)| blob.0 == id))
    }

    /// Files that changed and lie nowhere but in the index.
    pub fn sparse(&self) -> &[(PathBuf, Blob)] {
        &self.sparse
    }
}

/// The file holds this text, whatever its line ends are. Other filters of git are programs.
fn is_text_of(path: &Path, id: gix::ObjectId) -> bool {
    let Ok(bytes) = fs::read(path) else { return false };
    ids_of(&bytes, id.kind()).any(|it| it == id)
}

/// The ids that a text has in git's store, as it is and with git's own line ends.
fn ids_of(bytes: &[u8], hash: gix::hash::Kind) -> impl Iterator<Item = gix::ObjectId> {
    let id = move |bytes: &[u8]| gix::objs::compute_hash(hash, gix::objs::Kind::Blob, bytes).ok();
    std::iter::once_with(move || id(bytes))
        .chain(std::iter::once_with(move || id(&bytes.replace("\r\n", "\n"))))
        .flatten()
}

/// What differs between a tree and the index, which is all of it without a tree.
fn compare(repo: &gix::Repository, tree: Option<gix::ObjectId>) -> gix::Result<Vec<Change>> {
    let index = repo.index_or_empty()?;
    let mut comparison = Comparison { repo, index: &index, changes: Vec::new() };
    comparison.folder(b"".as_bstr(), 0..index.entries().len(), index.tree(), tree)?;
    Ok(comparison.changes)
}

fn joined(prefix: &BStr, name: &BStr) -> BString {
    [prefix.as_bytes(), name.as_bytes()].concat().into()
}

struct Comparison<'c> {
    repo: &'c gix::Repository,
    index: &'c gix::index::State,
    changes: Vec<Change>,
}

impl Comparison<'_> {
    /// Compares the entries below a folder with its tree. The index remembers the trees of folders in which nothing
    /// changed since they were committed: those need no look.
    fn folder(
        &mut self,
        prefix: &BStr,
        entries: Range<usize>,
        cached: Option<&Tree>,
        tree: Option<gix::ObjectId>,
    ) -> gix::Result<()> {
        if cached.is_some_and(|it| it.num_entries.is_some() && Some(it.id) == tree) {
            return Ok(());
        }
        let mut old = self.tree(prefix, tree)?;
        let index = self.index;
        let all = &index.entries()[entries.clone()];
        let rest = |at: usize| &all[at].path(index)[prefix.len()..];
        let mut at = 0;
        while at < all.len() {
            let name = rest(at).split(|byte| *byte == b'/').next().unwrap_or_default().as_bstr();
            let (path, was) = (joined(prefix, name), old.remove(name));
            let start = at;
            if rest(at).len() == name.len() {
                let same = |next: &usize| rest(*next) == name;
                at += (at..all.len()).take_while(same).count();
                self.file(path.as_bstr(), &all[start..at], was)?;
                continue;
            }
            let (was_tree, was_file) = match was {
                Some((mode, id)) if mode.is_tree() => (Some(id), None),
                other => (None, other),
            };
            if let Some((mode, id)) = was_file {
                self.gone(path.as_bstr(), mode, id)?;
            }
            let below = [path.as_bytes(), b"/"].concat();
            if all[at].mode == Mode::DIR {
                self.sparse(below.as_bstr(), was_tree, all[at].id)?;
                at += 1;
                continue;
            }
            at += all[at..].partition_point(|entry| entry.path(index).starts_with(&below));
            let cached =
                cached.and_then(|it| it.children.iter().find(|child| child.name.as_slice() == name.as_bytes()));
            self.folder(below.as_bstr(), entries.start + start..entries.start + at, cached, was_tree)?;
        }
        old.into_iter().try_for_each(|(name, (mode, id))| self.gone(joined(prefix, name.as_bstr()).as_bstr(), mode, id))
    }

    /// The entries of one path: one, or one for each side of a conflict.
    fn file(
        &mut self,
        path: &BStr,
        entries: &[gix::index::Entry],
        was: Option<(EntryMode, gix::ObjectId)>,
    ) -> gix::Result<()> {
        let old_file = was.filter(|(mode, _)| mode.is_blob()).map(|(_, id)| Blob(id));
        if let Some((mode, id)) = was.filter(|(mode, _)| mode.is_tree()) {
            self.gone(path, mode, id)?;
        }
        let mut seen = Vec::new();
        for entry in entries {
            let is_file = entry.mode == Mode::FILE || entry.mode == Mode::FILE_EXECUTABLE;
            let same = old_file == Some(Blob(entry.id)) && is_file;
            // What both sides of a conflict began with is in a commit already.
            let counts = entry.stage() != Stage::Base && !entry.flags.contains(Flags::INTENT_TO_ADD);
            if counts && !same && !seen.contains(&entry.id) {
                seen.push(entry.id);
                let is_sparse = entry.flags.contains(Flags::SKIP_WORKTREE);
                let new = Some(Blob(entry.id));
                self.changes.push(Change { path: path_of(path), old: old_file, new, is_file, is_sparse });
            }
        }
        Ok(())
    }

    /// A folder that a sparse index keeps as one entry.
    fn sparse(&mut self, prefix: &BStr, was: Option<gix::ObjectId>, is: gix::ObjectId) -> gix::Result<()> {
        if was == Some(is) {
            return Ok(());
        }
        let mut old = self.tree(prefix, was)?;
        for (name, (mode, id)) in self.tree(prefix, Some(is))? {
            let path = joined(prefix, name.as_bstr());
            let was = old.remove(&name);
            if mode.is_tree() {
                let was = was.filter(|(mode, _)| mode.is_tree()).map(|(_, id)| id);
                self.sparse([path.as_bytes(), b"/"].concat().as_bstr(), was, id)?;
            } else if was.is_none_or(|(_, was)| was != id) {
                let old = was.filter(|(mode, _)| mode.is_blob()).map(|(_, id)| Blob(id));
                let (path, new) = (path_of(path.as_bstr()), Some(Blob(id)));
                self.changes.push(Change { path, old, new, is_file: mode.is_blob(), is_sparse: true });
            }
        }
        old.into_iter().try_for_each(|(name, (mode, id))| self.gone(joined(prefix, name.as_bstr()).as_bstr(), mode, id))
    }

    /// What a tree holds and the index does not.
    fn gone(&mut self, path: &BStr, mode: EntryMode, id: gix::ObjectId) -> gix::Result<()> {
        if mode.is_tree() {
            let inside = self.tree(path, Some(id))?;
            return inside.into_iter().try_for_each(|(name, (mode, id))| {
                self.gone([path.as_bytes(), b"/", name.as_bytes()].concat().as_bstr(), mode, id)
            });
        }
        let (path, old) = (path_of(path), Some(Blob(id)));
        self.changes.push(Change { path, old, new: None, is_file: mode.is_blob(), is_sparse: false });
        Ok(())
    }

    /// What a tree holds, which lies at `path`.
    fn tree(
        &self,
        path: &BStr,
        id: Option<gix::ObjectId>,
    ) -> gix::Result<BTreeMap<BString, (EntryMode, gix::ObjectId)>> {
        let Some(id) = id else { return Ok(BTreeMap::new()) };
        if is_too_deep(path) {
            return Err(gix::Error::from_error(std::io::Error::other("its folders are too deep")));
        }
        let tree = self.repo.find_tree(id)?;
        let mut entries = BTreeMap::new();
        for entry in tree.iter() {
            let entry = entry?;
            entries.insert(entry.filename().to_owned(), (entry.mode(), entry.object_id()));
        }
        Ok(entries)
    }
}
