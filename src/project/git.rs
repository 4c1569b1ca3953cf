//! What git knows of a file: in the index, ignored, in a commit. Through gix: no process, no network.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use gix::bstr::{BStr, BString, ByteSlice};

use super::config::ProjectError;
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
    /// The day on which it was written, by its author's clock.
    pub date: String,
    /// A remote branch holds it.
    pub pushed: bool,
    /// Who wrote it, by name.
    pub author: String,
}

/// How many commits of a file's history are looked at: about half a second.
pub(super) const COMMITS: usize = 3_000;

impl Git {
    /// The repository that holds `path`, if one does. Where git's own files cannot be read: its top folder, and why.
    pub(super) fn discover(path: &Path) -> Option<Result<Git, (PathBuf, ProjectError)>> {
        let found = path.ancestors().take_while(|it| on_one_disk(path, it)).find_map(own)?;
        Some(found.and_then(|(repo, top)| {
            let problem = |error: gix::Error| (top.clone(), broken(&repo.index_path(), &error));
            let index = repo.index_or_empty().map_err(problem)?;
            let tracked = index.entries().iter().map(|entry| entry.path(&index).to_owned()).collect();
            Ok(Git { repo: Mutex::new(repo), top, tracked })
        }))
    }

    /// The top folder of the work tree.
    pub(super) fn top(&self) -> &Path {
        &self.top
    }

    /// A handle of one's own: what takes long with it keeps nobody waiting.
    pub(super) fn repo(&self) -> gix::Repository {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The index holds the file.
    pub(super) fn tracks(&self, relative: &Path) -> bool {
        self.tracked.contains(key(relative).as_ref())
    }

    /// The id of the commit that is checked out.
    pub(super) fn head(&self) -> Option<String> {
        Some(self.repo().head_id().ok()?.to_string())
    }

    /// The folder of the hooks, and the folder that it must stay in; `None` where the user keeps hooks elsewhere.
    pub(super) fn hooks(&self) -> Option<(PathBuf, PathBuf)> {
        let repo = self.repo();
        let Some(named) = repo.config_snapshot().trusted_path("core.hooksPath").ok().flatten() else {
            let own = repo.common_dir().to_owned();
            return Some((own.join("hooks"), own));
        };
        let folder = self.top.join(named);
        lies_below(&self.top, &folder.join("*")).then(|| (folder, self.top.clone()))
    }

    /// What is special about the repository: a shallow clone, a sparse checkout, a linked work tree.
    pub(super) fn kinds(&self) -> Vec<&'static str> {
        let repo = self.repo();
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
        let paths = self.tracked.iter().map(|path| path_of(path.as_bstr()));
        let mut below: Vec<PathBuf> = paths.filter(|path| path.starts_with(folder)).collect();
        below.sort();
        below
    }

    /// How git sees a file, by its path from the top folder.
    pub(super) fn state(&self, relative: &Path) -> GitState {
        if self.tracks(relative) {
            return GitState::Tracked;
        }
        if self.ignores(relative).unwrap_or(false) { GitState::Ignored } else { GitState::Untracked }
    }

    /// An ignore rule, the user's global ones included, covers the file. Reads the rules anew.
    pub(super) fn ignores(&self, relative: &Path) -> Option<bool> {
        let repo = self.repo();
        let index = repo.index_or_empty().ok()?;
        let source = gix::worktree::stack::state::ignore::Source::WorktreeThenIdMappingIfNotSkipped;
        let mut stack = repo.excludes(&index, None, source).ok()?;
        let mode = Some(gix::index::entry::Mode::FILE);
        Some(stack.at_path(relative, mode).ok()?.is_excluded())
    }

    /// The oldest commit that can be reached from HEAD in which the file holds one of the values; an entry a value.
    pub(super) fn committed(&self, relative: &Path, values: &[&str]) -> Vec<Option<Committed>> {
        let repo = self.repo();
        let found = oldest(&repo, key(relative).as_ref(), values).into_iter();
        found.map(|found| found.and_then(|(_, id)| Committed::of(&repo, id))).collect()
    }
}

impl Committed {
    pub(super) fn of(repo: &gix::Repository, id: gix::ObjectId) -> Option<Committed> {
        let commit = repo.find_commit(id).ok()?;
        let time = commit.author().ok().and_then(|it| it.time().ok());
        let date =
            time.map_or_else(|| "date unknown".to_owned(), |time| time.format_or_unix(gix::date::time::format::SHORT));
        let author = commit.author().map(|it| it.name.to_str_lossy().into_owned()).unwrap_or_default();
        Some(Committed { short: id.to_hex_with_len(7).to_string(), date, pushed: is_pushed(repo, id), author })
    }
}

/// What is said of a file of git that cannot be read.
pub(super) fn broken(path: &Path, error: &gix::Error) -> ProjectError {
    let message = format!("git's data cannot be read: {}: see `git fsck`", error.probable_cause());
    ProjectError::Git { path: path.display().to_string(), message }
}

/// The repository whose `.git` lies in this folder, which is its work tree.
///
/// Not each folder that looks like one: a commit can bring what a bare repository consists of, with ignore rules and a
/// work tree of its author's choice. Git's own settings start no program here, whoever wrote them: nothing that is asked
/// of gix runs a filter, a hook or a monitor.
pub(super) fn own(folder: &Path) -> Option<Result<(gix::Repository, PathBuf), (PathBuf, ProjectError)>> {
    let mark = folder.join(".git");
    let is_folder = fs::metadata(&mark).ok()?.is_dir();
    let real = fs::canonicalize(folder).ok()?;
    // As git does: a folder without a repository in it is passed by, a file that leads to none is a mistake.
    if is_folder && gix::discover::is_git(&mark).is_err() {
        return None;
    }
    let index = index_of_hook(&real);
    if let Some(index) = index.as_ref().filter(|it| !it.exists() && mark.join("index").exists()) {
        let message = format!("GIT_INDEX_FILE names {}, which is not there", index.display());
        return Some(Err((real, ProjectError::Git { path: mark.display().to_string(), message })));
    }
    let setting = |index: PathBuf| [b"gitoxide.core.indexFile=", key(&index).as_bytes()].concat();
    let repo = match gix::open_opts(&mark, options().config_overrides(index.map(setting))) {
        Ok(repo) => repo,
        Err(error) => return Some(Err((real, broken(&mark, &error)))),
    };
    let top = fs::canonicalize(repo.workdir()?).ok()?;
    (top == real).then_some(Ok((repo, top)))
}

/// A commit of some files, or `commit --all`, has an index of its own: git names it to its hooks, which run in the top
/// folder of the repository that it belongs to.
fn index_of_hook(top: &Path) -> Option<PathBuf> {
    let file = std::env::var_os("GIT_INDEX_FILE").filter(|it| !it.is_empty())?;
    let here = std::env::current_dir().and_then(fs::canonicalize).ok()?;
    let ours = here.ancestors().find(|it| it.join(".git").exists())?;
    (ours == top).then(|| top.join(file))
}

/// How repositories are opened. What git tells the programs that it starts is about one repository, and about paths from
/// its top folder: gix would take it for each, and for paths from here.
pub(super) fn options() -> gix::open::Options {
    let mut options = gix::open::Options::default();
    let of_git = ["GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_NAMESPACE", "GIT_DIR", "GIT_COMMON_DIR"];
    if of_git.iter().any(|name| std::env::var_os(name).is_some()) {
        options.permissions.env.git_prefix = gix::sec::Permission::Deny;
    }
    options
}

/// The folder is a repository without a work tree.
pub fn is_bare(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join(".git")).is_err() && gix::discover::is_git(folder).is_ok()
}

/// Git looks no further than the file system.
#[cfg(unix)]
fn on_one_disk(path: &Path, ancestor: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let disk = |path| fs::metadata(path).ok().map(|it| it.dev());
    disk(path) == disk(ancestor)
}

#[cfg(not(unix))]
fn on_one_disk(_: &Path, _: &Path) -> bool {
    true
}

/// The path as git writes it.
pub(super) fn key(path: &Path) -> Cow<'_, BStr> {
    let lossy = |_| Cow::Owned(path.to_string_lossy().into_owned().into());
    gix::path::to_unix_separators_on_windows(gix::path::into_bstr(path).unwrap_or_else(lossy))
}

/// Nobody has folders this deep; only trees made to do harm have.
pub(super) fn is_too_deep(path: &[u8]) -> bool {
    path.iter().filter(|&&byte| byte == b'/').count() > 1_000
}

/// A path that git wrote.
pub(super) fn path_of(path: &BStr) -> PathBuf {
    gix::path::from_bstr(path).map_or_else(|_| path.to_str_lossy().into_owned().into(), Cow::into_owned)
}

/// The oldest commit that can be reached from HEAD in which the file holds each of the values, and how many are newer.
/// What is not in this clone is passed by.
pub(super) fn oldest(repo: &gix::Repository, path: &BStr, values: &[&str]) -> Vec<Option<(usize, gix::ObjectId)>> {
    let mut oldest = vec![None; values.len()];
    let mut last: Option<(gix::ObjectId, Vec<bool>)> = None;
    for (number, commit) in commits(repo).into_iter().enumerate() {
        let tree = repo.find_commit(commit).ok().and_then(|it| it.tree().ok());
        let parts = path.split(|byte| *byte == b'/');
        let Some(entry) = tree.and_then(|it| it.lookup_entry(parts).ok().flatten()) else { continue };
        let blob = entry.object_id();
        if last.as_ref().is_none_or(|(id, _)| *id != blob) {
            let Ok(object) = repo.find_object(blob) else { continue };
            let holds = |value: &&str| memchr::memmem::find(&object.data, value.as_bytes()).is_some();
            last = Some((blob, values.iter().map(holds).collect()));
        }
        if let Some((_, holds)) = &last {
            for (found, _) in oldest.iter_mut().zip(holds).filter(|(_, holds)| **holds) {
                *found = Some((number, commit));
            }
        }
    }
    oldest
}

/// The newest commits that can be reached from HEAD, as far as this clone has them.
pub(super) fn commits(repo: &gix::Repository) -> Vec<gix::ObjectId> {
    let walk = repo.head_id().ok().and_then(|head| repo.rev_walk([head.detach()]).all().ok());
    walk.into_iter().flatten().map_while(Result::ok).map(|info| info.id).take(COMMITS).collect()
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
