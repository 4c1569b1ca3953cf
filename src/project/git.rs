//! What git knows of a file: in the index, ignored, in a commit. Through gix: no process, no network.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use gix::bstr::{BString, ByteSlice};

use super::files::lies_below;
use crate::fixes::GitState;

/// The repository around a workspace.
pub(super) struct Git {
    repo: Mutex<gix::Repository>,
    top: PathBuf,
    tracked: HashSet<BString>,
}

/// A commit that holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Committed {
    /// The first characters of its id.
    pub short: String,
    /// A remote branch holds it.
    pub pushed: bool,
}

/// How many commits of a file's history are looked at: about half a second.
const COMMITS: usize = 3_000;

impl Git {
    /// The repository that holds `path`, if one does.
    pub(super) fn discover(path: &Path) -> Option<Git> {
        let (repo, top) = path.ancestors().take_while(|it| on_one_disk(path, it)).find_map(own)?;
        let index = repo.index_or_empty().ok()?;
        let tracked = index.entries().iter().map(|entry| entry.path(&index).to_owned()).collect();
        Some(Git { repo: Mutex::new(repo), top, tracked })
    }

    /// The top folder of the work tree.
    pub(super) fn top(&self) -> &Path {
        &self.top
    }

    /// The folder of the hooks, and the folder that it must stay in; `None` where the user keeps hooks elsewhere.
    pub(super) fn hooks(&self) -> Option<(PathBuf, PathBuf)> {
        let repo = self.repo.lock().ok()?;
        let Some(named) = repo.config_snapshot().trusted_path("core.hooksPath").ok().flatten() else {
            let own = repo.common_dir().to_owned();
            return Some((own.join("hooks"), own));
        };
        let folder = self.top.join(named);
        lies_below(&self.top, &folder.join("*")).then(|| (folder, self.top.clone()))
    }

    /// What is special about the repository: a shallow clone, a sparse checkout, a linked work tree.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let Ok(repo) = self.repo.lock() else { return Vec::new() };
        let config = repo.config_snapshot();
        let is = |holds: bool, what: &'static str| holds.then_some(what);
        let kinds = [
            is(repo.is_shallow().unwrap_or(false), "shallow"),
            is(config.boolean("core.sparseCheckout").unwrap_or(false), "sparse"),
            is(config.string("extensions.partialClone").is_some(), "partial"),
            is(repo.git_dir() != repo.common_dir(), "linked work tree"),
            is(repo.object_hash() != gix::hash::Kind::Sha1, "SHA-256"),
        ];
        kinds.into_iter().flatten().collect()
    }

    /// The files of the index below a folder, by their paths from the top folder.
    pub(super) fn tracked_below(&self, folder: &Path) -> Vec<PathBuf> {
        let paths = self.tracked.iter().map(|path| PathBuf::from(path.to_str_lossy().into_owned()));
        let mut below: Vec<PathBuf> = paths.filter(|path| path.starts_with(folder)).collect();
        below.sort();
        below
    }

    /// How git sees a file, by its path from the top folder.
    pub(super) fn state(&self, relative: &Path) -> GitState {
        if self.tracked.contains(key(relative).as_slice().as_bstr()) {
            return GitState::Tracked;
        }
        if self.ignores(relative).unwrap_or(false) { GitState::Ignored } else { GitState::Untracked }
    }

    /// An ignore rule, the user's global ones included, covers the file. Reads the rules anew.
    pub(super) fn ignores(&self, relative: &Path) -> Option<bool> {
        let repo = self.repo.lock().ok()?;
        let index = repo.index_or_empty().ok()?;
        let source = gix::worktree::stack::state::ignore::Source::WorktreeThenIdMappingIfNotSkipped;
        let mut stack = repo.excludes(&index, None, source).ok()?;
        let mode = Some(gix::index::entry::Mode::FILE);
        Some(stack.at_path(relative, mode).ok()?.is_excluded())
    }

    /// The oldest commit that can be reached from HEAD in which the file holds one of the values; an entry a value.
    pub(super) fn committed(&self, relative: &Path, values: &[&str]) -> Vec<Option<Committed>> {
        let none = || vec![None; values.len()];
        let Ok(repo) = self.repo.lock() else { return none() };
        search(&repo, relative, values).unwrap_or_else(none)
    }
}

/// The repository whose `.git` lies in this folder, which is its work tree.
///
/// Not each folder that looks like one: a commit can bring what a bare repository consists of, with ignore rules and a
/// work tree of its author's choice.
fn own(folder: &Path) -> Option<(gix::Repository, PathBuf)> {
    let mark = folder.join(".git");
    std::fs::symlink_metadata(&mark).ok()?;
    let repo = gix::open(mark).ok()?;
    let top = std::fs::canonicalize(repo.workdir()?).ok()?;
    (top == std::fs::canonicalize(folder).ok()?).then_some((repo, top))
}

/// Git looks no further than the file system.
#[cfg(unix)]
fn on_one_disk(path: &Path, ancestor: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path| std::fs::metadata(path).ok().map(|it| it.dev());
    disk(path) == disk(ancestor)
}

#[cfg(not(unix))]
fn on_one_disk(_: &Path, _: &Path) -> bool {
    true
}

fn key(relative: &Path) -> Vec<u8> {
    relative.to_string_lossy().replace('\\', "/").into_bytes()
}

fn search(repo: &gix::Repository, relative: &Path, values: &[&str]) -> Option<Vec<Option<Committed>>> {
    let head = repo.head_id().ok()?;
    let mut oldest: Vec<Option<gix::ObjectId>> = vec![None; values.len()];
    let mut last: Option<(gix::ObjectId, Vec<bool>)> = None;
    for info in repo.rev_walk([head.detach()]).all().ok()?.take(COMMITS) {
        let Ok(commit) = info.ok()?.object() else { break };
        let Some(entry) = commit.tree().ok()?.lookup_entry_by_path(relative).ok()? else { continue };
        let blob = entry.object_id();
        if last.as_ref().is_none_or(|(id, _)| *id != blob) {
            let text = repo.find_object(blob).ok()?.detach().data;
            let holds = values.iter().map(|value| memchr::memmem::find(&text, value.as_bytes()).is_some()).collect();
            last = Some((blob, holds));
        }
        if let Some((_, holds)) = &last {
            for (found, _) in oldest.iter_mut().zip(holds).filter(|(_, holds)| **holds) {
                *found = Some(commit.id);
            }
        }
    }
    let found = oldest.into_iter().map(|id| {
        let id = id?;
        Some(Committed { short: id.to_hex_with_len(7).to_string(), pushed: is_pushed(repo, id) })
    });
    Some(found.collect())
}

/// A remote branch can reach the commit.
fn is_pushed(repo: &gix::Repository, commit: gix::ObjectId) -> bool {
    let Ok(references) = repo.references() else { return false };
    let Ok(branches) = references.remote_branches() else { return false };
    branches.filter_map(Result::ok).any(|mut branch| {
        let Ok(tip) = branch.peel_to_id() else { return false };
        repo.merge_base(tip, commit).is_ok_and(|base| base.is_some_and(|base| base == commit))
    })
}
