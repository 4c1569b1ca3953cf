//! The history of a repository: every blob once, and which commit brought it under which path. Reads only, starts no
//! program, and knows no rule.

mod commits;
mod delta;
mod packs;
mod reach;

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use gix::hash::oid;
use gix::objs::Kind;

pub use commits::{CommitInfo, Log};
pub use gix::ObjectId as BlobId;
use packs::Pack;
pub use reach::Said;

use super::git::{is_bare, options, own};

/// A repository whose history is read.
pub struct History {
    repo: gix::ThreadSafeRepository,
    /// The work tree, where there is one.
    top: Option<PathBuf>,
}

/// Looks at a blob, of which it may be known what it was made of: then only the parts that changed matter.
pub type Look<'l> = dyn Fn(&oid, &[u8], Option<&[Range<usize>]>) -> Next + Sync + 'l;

/// What has to be looked at in a blob that is made of the one that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// What changed.
    Changed,
    /// All of it.
    Whole,
}

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// There is no repository.
    #[error("{path}: this lies in no git repository: `--history` looks at the commits of one")]
    None {
        /// The path.
        path: String,
    },
    /// Its files cannot be read.
    #[error("{path}: the history cannot be read: {message}")]
    Unreadable {
        /// The repository.
        path: String,
        /// What is wrong.
        message: String,
    },
}

impl History {
    /// The repository around a path, or the bare one at it.
    pub fn open(path: &Path) -> Result<History, HistoryError> {
        let none = || HistoryError::None { path: path.display().to_string() };
        let real = fs::canonicalize(path).map_err(|_| none())?;
        if is_bare(&real)
            && let Ok(repo) = gix::open_opts(&real, options())
            && repo.workdir().is_none()
        {
            return Ok(History { repo: repo.into_sync(), top: None });
        }
        let found = real.ancestors().find_map(own).ok_or_else(none)?;
        let (repo, top) = found.map_err(|(top, why)| HistoryError::Unreadable {
            path: top.display().to_string(),
            message: why.to_string(),
        })?;
        Ok(History { repo: repo.into_sync(), top: Some(top) })
    }

    /// The top folder of the work tree; of a bare repository its own folder.
    pub fn root(&self) -> &Path {
        self.top.as_deref().unwrap_or_else(|| self.repo.git_dir())
    }

    /// There is no work tree.
    pub fn is_bare(&self) -> bool {
        self.top.is_none()
    }

    /// Looks at every blob of every pack and at every loose one, in several threads. `seen` counts them. Returns what
    /// cannot be read.
    pub fn each_blob(&self, threads: usize, look: &Look<'_>, seen: &AtomicUsize) -> Vec<String> {
        let hash = self.repo.to_thread_local().object_hash();
        let mut problems = Vec::new();
        let folders = match self.folders() {
            Ok(folders) => folders,
            Err(error) => return vec![self.unreadable(&error).to_string()],
        };
        for folder in &folders {
            for index in indices(folder) {
                match Pack::open(&index, hash) {
                    Err(error) => problems.push(format!("{}: this pack cannot be read: {error}", index.display())),
                    Ok(pack) => match pack.each_blob(threads, look, seen) {
                        0 => {}
                        broken => problems.push(are_broken(pack.path(), broken)),
                    },
                }
            }
            if without_index(folder) > 0 {
                problems.push(format!("{}: packs without an index: `git multi-pack-index repack`", folder.display()));
            }
            match each_loose(folder, hash, threads, look, seen) {
                0 => {}
                broken => problems.push(are_broken(folder, broken)),
            }
        }
        problems
    }

    /// A remote promised objects that this clone leaves out.
    pub fn is_partial(&self) -> bool {
        let promised = |folder: &PathBuf| {
            let entries = fs::read_dir(folder.join("pack")).into_iter().flatten().filter_map(Result::ok);
            entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|it| it == "promisor"))
        };
        self.local().config_snapshot().string("extensions.partialClone").is_some()
            || self.folders().is_ok_and(|folders| folders.iter().any(promised))
    }

    /// The text of a blob.
    pub fn text(&self, blob: &BlobId) -> Option<Vec<u8>> {
        let repo = self.local();
        let object = repo.find_object(*blob).ok()?;
        (object.kind == Kind::Blob).then(|| object.detach().data)
    }

    /// The text of a file in HEAD, by its path from the root, and its blob.
    pub fn in_head(&self, path: &Path) -> Option<(BlobId, Vec<u8>)> {
        let repo = self.local();
        let entry = repo.head_tree().ok()?.lookup_entry_by_path(path).ok()??;
        let object = entry.object().ok()?;
        (object.kind == Kind::Blob).then(|| (object.id, object.detach().data))
    }

    /// Its own objects, and those of the repositories that it borrows from.
    fn folders(&self) -> gix::Result<Vec<PathBuf>> {
        let own = self.repo.objects.path().to_owned();
        let here = std::env::current_dir().unwrap_or_default();
        let mut folders = gix::odb::alternate::resolve(own.clone(), &here)?;
        folders.insert(0, own);
        Ok(folders)
    }

    /// For one thread. What commits were replaced by is no history.
    fn local(&self) -> gix::Repository {
        let mut repo = self.repo.to_thread_local();
        repo.objects.ignore_replacements = true;
        repo
    }

    fn unreadable(&self, error: &dyn std::fmt::Display) -> HistoryError {
        HistoryError::Unreadable { path: self.root().display().to_string(), message: error.to_string() }
    }
}

fn are_broken(at: &Path, count: usize) -> String {
    let objects = if count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
    format!("{}: {objects} cannot be read: `git fsck` says which", at.display())
}

/// The indices of the packs in a folder of objects.
fn indices(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder.join("pack")) else { return Vec::new() };
    let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
    // One without its pack is what `git gc` leaves for a moment.
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|it| it == "idx") && path.with_extension("pack").exists())
        .collect();
    found.sort();
    found
}

/// The packs that only an index over several packs knows: nobody finds what is in them.
fn without_index(folder: &Path) -> usize {
    let folder = folder.join("pack");
    let packs = || fs::read_dir(&folder).into_iter().flatten().filter_map(Result::ok).map(|entry| entry.path());
    let is_lost =
        |path: &PathBuf| path.extension().is_some_and(|it| it == "pack") && !path.with_extension("idx").exists();
    if folder.join("multi-pack-index").exists() { packs().filter(is_lost).count() } else { 0 }
}

/// Looks at every blob that lies in a file of its own. Returns how many objects cannot be read.
fn each_loose(folder: &Path, hash: gix::hash::Kind, threads: usize, look: &Look<'_>, seen: &AtomicUsize) -> usize {
    let store = gix::odb::loose::Store::at(folder, hash);
    let mut ids: Vec<BlobId> = store.iter().filter_map(Result::ok).collect();
    ids.sort();
    let (at, broken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let work = || {
        let mut buffer = Vec::new();
        while let Some(id) = ids.get(at.fetch_add(1, Ordering::Relaxed)) {
            match store.try_header(id) {
                Ok(Some((_, Kind::Blob))) => {}
                Ok(_) => continue,
                Err(_) => {
                    broken.fetch_add(1, Ordering::Relaxed);
                    continue;
                }
            }
            match store.try_find(id, &mut buffer) {
                Ok(None) => {}
                Ok(Some(object)) => {
                    seen.fetch_add(1, Ordering::Relaxed);
                    look(id, object.data, None);
                }
                Err(_) => drop(broken.fetch_add(1, Ordering::Relaxed)),
            }
        }
    };
    match ids.len() {
        0 => {}
        1 => work(),
        _ => std::thread::scope(|scope| (0..threads).for_each(|_| drop(scope.spawn(work)))),
    }
    broken.into_inner()
}
