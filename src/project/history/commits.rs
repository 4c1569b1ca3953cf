//! The commits, oldest first, and which of them brought which blob under which path.

use std::cmp::Reverse;
use std::collections::hash_map::Entry;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::path::Path;

use gix::ObjectId;
use gix::bstr::{BStr, BString, ByteSlice};
use gix::objs::{CommitRefIter, Kind, TreeRefIter};
use gix::prelude::FindExt;

use super::{BlobId, History, HistoryError};
use crate::project::git::is_too_deep;

/// All commits that a reference reaches, each behind its parents.
pub struct Log {
    pub(super) commits: Vec<Commit>,
    /// The names that lead to commits, and to which.
    pub(super) names: Vec<(String, u32)>,
    /// A remote-tracking branch, or in a clone without a work tree nothing, tells whether a commit was pushed.
    tells_pushed: bool,
    /// Commits that should be there and are not.
    pub missing: usize,
    /// The history ends where the clone was cut off.
    pub shallow: bool,
    /// Tags that name a text or a folder and no commit.
    pub others: usize,
    /// What cannot be read.
    pub problems: Vec<String>,
}

pub(super) struct Commit {
    pub(super) id: ObjectId,
    tree: ObjectId,
    pushed: bool,
    /// Their places in the log.
    pub(super) parents: Vec<u32>,
}

/// What is said of a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitInfo {
    /// Its id, whole.
    pub id: String,
    /// When its author made it, as in RFC 3339.
    pub date: String,
    /// A remote-tracking branch reaches it; `None` where nothing tells.
    pub pushed: Option<bool>,
}

/// A commit as it is found, before the order is known.
struct Met {
    id: ObjectId,
    tree: ObjectId,
    time: i64,
    parents: Vec<ObjectId>,
}

impl History {
    /// Reads all commits.
    pub fn log(&self) -> Result<Log, HistoryError> {
        let tips = tips(&self.local()).map_err(|error| self.unreadable(&error))?;
        self.log_of(tips)
    }

    /// Reads all commits that some of them lead to.
    pub(super) fn log_of(&self, tips: Tips) -> Result<Log, HistoryError> {
        let repo = self.local();
        let Tips { all, remote, names, others, problems } = tips;
        let shallow = repo.shallow_commits().map_err(|error| self.unreadable(&error))?;
        let cut: HashSet<ObjectId> = shallow.iter().flat_map(|ids| ids.iter().copied()).collect();
        let mut log = Log {
            commits: Vec::new(),
            names: Vec::new(),
            tells_pushed: !remote.is_empty() || !self.is_bare(),
            missing: 0,
            shallow: !cut.is_empty(),
            others,
            problems,
        };
        let (mut met, mut places): (Vec<Met>, HashMap<ObjectId, u32>) = (Vec::new(), HashMap::new());
        let (mut waiting, mut buffer) = (all, Vec::new());
        while let Some(id) = waiting.pop() {
            let Entry::Vacant(place) = places.entry(id) else { continue };
            match read(&repo, id, &mut buffer) {
                Ok(Some(mut commit)) => {
                    if cut.contains(&id) {
                        commit.parents.clear();
                    }
                    waiting.extend(&commit.parents);
                    place.insert(met.len() as u32);
                    met.push(commit);
                }
                Ok(None) => {
                    place.insert(u32::MAX);
                    log.missing += 1;
                }
                Err(()) => {
                    place.insert(u32::MAX);
                    log.problems.push(format!("{}: commit {id} cannot be read", self.root().display()));
                }
            }
        }
        let parents: Vec<Vec<u32>> = met
            .iter()
            .map(|commit| {
                commit.parents.iter().filter_map(|id| places.get(id).copied()).filter(|it| *it != u32::MAX).collect()
            })
            .collect();
        let order = oldest_first(&met, &parents);
        let mut pushed = vec![false; met.len()];
        let mut waiting: Vec<u32> =
            remote.iter().filter_map(|id| places.get(id).copied()).filter(|it| *it != u32::MAX).collect();
        while let Some(at) = waiting.pop() {
            if !std::mem::replace(&mut pushed[at as usize], true) {
                waiting.extend(&parents[at as usize]);
            }
        }
        let mut ordered = vec![0; met.len()];
        order.iter().zip(0..).for_each(|(at, place)| ordered[*at as usize] = place);
        let commit = |at: u32| {
            let Met { id, tree, .. } = met[at as usize];
            let parents = parents[at as usize].iter().map(|it| ordered[*it as usize]).collect();
            Commit { id, tree, pushed: pushed[at as usize], parents }
        };
        let named = |(name, id): (String, ObjectId)| {
            let at = places.get(&id).filter(|it| **it != u32::MAX)?;
            Some((name, ordered[*at as usize]))
        };
        log.names = names.into_iter().filter_map(named).collect();
        log.commits = order.into_iter().map(commit).collect();
        Ok(log)
    }

    /// Calls `meet` for every path under which a commit brings a blob that was not there before, oldest first.
    pub fn each_sighting(&self, log: &mut Log, meet: &mut dyn FnMut(&Path, BlobId, usize)) {
        let mut walk = Walk {
            repo: self.local(),
            folders: vec![Folder { path: BString::default(), last: Vec::new(), inside: HashMap::new() }],
            seen: HashSet::new(),
            hasher: RandomState::new(),
            gone: HashSet::new(),
            buffers: Vec::new(),
            broken: Vec::new(),
            is_full: false,
        };
        for at in 0..log.commits.len() {
            let tree = log.commits[at].tree;
            if walk.is_new(0, b"", true, &tree) {
                walk.tree(0, tree, &mut |path, blob| meet(&path.to_path_lossy(), blob, at));
            }
        }
        log.missing += walk.gone.len();
        let root = self.root().display();
        if walk.is_full {
            log.problems.push(format!("{root}: the trees name more than {FOLDERS} folders: the rest was not checked"));
        }
        log.problems.extend(walk.broken.iter().map(|id| format!("{root}: tree {id} cannot be read")));
    }
}

impl Log {
    /// How many commits there are.
    pub fn len(&self) -> usize {
        self.commits.len()
    }

    /// There are none.
    pub fn is_empty(&self) -> bool {
        self.commits.is_empty()
    }

    /// A remote-tracking branch reaches a commit; `None` where nothing tells.
    pub fn is_pushed(&self, at: usize) -> Option<bool> {
        self.commits.get(at).filter(|_| self.tells_pushed).map(|it| it.pushed)
    }

    /// What is said of a commit.
    pub fn info(&self, history: &History, at: usize) -> Option<CommitInfo> {
        let commit = self.commits.get(at)?;
        let repo = history.local();
        let found = repo.find_commit(commit.id).ok()?;
        // Importers write times that no calendar has: the key is there all the same.
        let time = found.author().ok().and_then(|it| it.time().ok());
        let date = time.and_then(|it| it.format(gix::date::time::format::ISO8601_STRICT).ok());
        Some(CommitInfo {
            id: commit.id.to_string(),
            date: date.unwrap_or_else(|| "date unknown".to_owned()),
            pushed: self.is_pushed(at),
        })
    }
}

/// Where the history begins.
#[derive(Default)]
pub(super) struct Tips {
    pub(super) all: Vec<ObjectId>,
    /// What remote-tracking branches lead to.
    pub(super) remote: Vec<ObjectId>,
    /// What references are called.
    names: Vec<(String, ObjectId)>,
    /// How many tags name no commit.
    others: usize,
    problems: Vec<String>,
}

/// What every reference, the HEAD of each work tree and the stash lead to.
fn tips(repo: &gix::Repository) -> gix::Result<Tips> {
    let mut tips = Tips::default();
    let root = repo.workdir().unwrap_or(repo.git_dir()).display().to_string();
    let problem =
        |error: &dyn std::fmt::Display| format!("{root}: a reference cannot be read: {error}: see `git fsck`");
    for reference in repo.references()?.all()? {
        let mut reference = match reference {
            Ok(reference) => reference,
            Err(error) => {
                tips.problems.push(problem(&error));
                continue;
            }
        };
        let is_remote = reference.name().as_bstr().starts_with(b"refs/remotes/");
        let direct = reference.target().try_id().map(ToOwned::to_owned);
        // A name for a branch that is gone leads nowhere; what leads to an object that is not there counts as missing.
        let Some(id) = reference.peel_to_id().ok().map(gix::Id::detach).or(direct) else { continue };
        if repo.find_header(id).is_ok_and(|it| it.kind() != Kind::Commit) {
            tips.others += 1;
            continue;
        }
        tips.all.push(id);
        tips.names.push((reference.name().shorten().to_string(), id));
        if is_remote {
            tips.remote.push(id);
        }
    }
    let mut head =
        |repo: gix::Result<gix::Repository>| match repo.and_then(|it| Ok(it.head()?.id().map(gix::Id::detach))) {
            Ok(id) => tips.all.extend(id),
            Err(error) => tips.problems.push(problem(&error)),
        };
    head(Ok(repo.clone()));
    repo.worktrees()?.into_iter().for_each(|it| head(it.into_repo_with_possibly_inaccessible_worktree()));
    if repo.git_dir() != repo.common_dir() {
        head(repo.main_repo());
    }
    // Only the newest stash has a reference of its own.
    if let Ok(stash) = repo.find_reference("refs/stash") {
        match stash.log_iter().all() {
            Ok(lines) => {
                for line in lines.into_iter().flatten() {
                    match line {
                        Ok(line) => tips.all.push(line.new_oid()),
                        Err(error) => tips.problems.push(problem(&error)),
                    }
                }
            }
            Err(error) => tips.problems.push(problem(&error)),
        }
    }
    Ok(tips)
}

/// `None` where it is missing or no commit; an error where it is broken.
fn read(repo: &gix::Repository, id: ObjectId, buffer: &mut Vec<u8>) -> Result<Option<Met>, ()> {
    let object = match gix::objs::Find::try_find(&repo.objects, &id, buffer) {
        Ok(Some(object)) => object,
        Ok(None) => return Ok(None),
        Err(_) => return Err(()),
    };
    if object.kind != Kind::Commit {
        return Err(());
    }
    let commit = || CommitRefIter::from_bytes(object.data, object.object_hash);
    let tree = commit().tree_id().map_err(drop)?;
    let time = commit().committer().ok().and_then(|it| it.time().ok()).map_or(0, |it| it.seconds);
    Ok(Some(Met { id, tree, time, parents: commit().parent_ids().collect() }))
}

/// Every commit behind its parents; of those that could come next the oldest one does.
fn oldest_first(met: &[Met], parents: &[Vec<u32>]) -> Vec<u32> {
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); met.len()];
    let mut missing: Vec<usize> = parents.iter().map(Vec::len).collect();
    for (child, parents) in parents.iter().enumerate() {
        parents.iter().for_each(|parent| children[*parent as usize].push(child as u32));
    }
    let next = |at: u32| Reverse((met[at as usize].time, met[at as usize].id, at));
    let mut heap: BinaryHeap<_> = (0..met.len() as u32).filter(|at| missing[*at as usize] == 0).map(next).collect();
    let mut order = Vec::with_capacity(met.len());
    while let Some(Reverse((_, _, at))) = heap.pop() {
        order.push(at);
        for child in &children[at as usize] {
            missing[*child as usize] -= 1;
            if missing[*child as usize] == 0 {
                heap.push(next(*child));
            }
        }
    }
    order
}

/// Nobody has so many folders: a dozen trees can pretend to have more than fit into any memory.
const FOLDERS: usize = 1_000_000;

/// Walking all trees, each once for each path.
struct Walk {
    repo: gix::Repository,
    folders: Vec<Folder>,
    /// What was met under which path, hashed.
    seen: HashSet<u64>,
    hasher: RandomState,
    /// Blobs and trees that are not in this clone.
    gone: HashSet<ObjectId>,
    buffers: Vec<Vec<u8>>,
    broken: Vec<ObjectId>,
    /// There were more folders than are looked at.
    is_full: bool,
}

/// A folder that is in some commit.
struct Folder {
    path: BString,
    /// The tree as it was last met: nearly all of the next one is the same.
    last: Vec<u8>,
    inside: HashMap<BString, usize>,
}

impl Walk {
    /// Says whether something is met under a path for the first time.
    fn is_new(&mut self, folder: usize, name: &[u8], is_tree: bool, id: &gix::oid) -> bool {
        self.seen.insert(self.hasher.hash_one((folder, name, is_tree, id.as_bytes())))
    }

    fn tree(&mut self, folder: usize, id: ObjectId, meet: &mut dyn FnMut(&BStr, BlobId)) {
        if self.folders.len() > FOLDERS {
            self.is_full = true;
            return;
        }
        if is_too_deep(&self.folders[folder].path) {
            self.broken.push(id);
            return;
        }
        let mut buffer = self.buffers.pop().unwrap_or_default();
        let Ok(tree) = self.repo.objects.find_tree(&id, &mut buffer) else {
            if gix::objs::Exists::exists(&self.repo.objects, &id) {
                self.broken.push(id);
            } else {
                self.gone.insert(id);
            }
            return;
        };
        let hash = self.repo.object_hash();
        let last = std::mem::take(&mut self.folders[folder].last);
        let old: Vec<_> = TreeRefIter::from_bytes(&last, hash).filter_map(Result::ok).collect();
        let new = tree.entries;
        let same = |a: &gix::objs::tree::EntryRef<'_>, b: &gix::objs::tree::EntryRef<'_>| a == b;
        let before = old.iter().zip(&new).take_while(|(a, b)| same(a, b)).count();
        let behind = old[before..].iter().rev().zip(new[before..].iter().rev()).take_while(|(a, b)| same(a, b)).count();
        let mut folders = Vec::new();
        for entry in &new[before..new.len() - behind] {
            let is_tree = entry.mode.is_tree();
            if !(is_tree || entry.mode.is_blob()) || !self.is_new(folder, entry.filename, is_tree, entry.oid) {
                continue;
            }
            if is_tree {
                let inside = self.folder(folder, entry.filename);
                folders.push((inside, entry.oid.to_owned()));
            } else {
                let path = joined(&self.folders[folder].path, entry.filename);
                match gix::objs::Exists::exists(&self.repo.objects, entry.oid) {
                    true => meet(path.as_bstr(), entry.oid.to_owned()),
                    false => drop(self.gone.insert(entry.oid.to_owned())),
                }
            }
        }
        drop((old, new));
        self.folders[folder].last = std::mem::take(&mut buffer);
        self.buffers.push(last);
        for (inside, id) in folders {
            self.tree(inside, id, meet);
        }
    }

    fn folder(&mut self, around: usize, name: &BStr) -> usize {
        if let Some(known) = self.folders[around].inside.get(name) {
            return *known;
        }
        let path = joined(&self.folders[around].path, name);
        self.folders.push(Folder { path, last: Vec::new(), inside: HashMap::new() });
        let new = self.folders.len() - 1;
        self.folders[around].inside.insert(name.to_owned(), new);
        new
    }
}

fn joined(folder: &BString, name: &BStr) -> BString {
    let mut path = folder.clone();
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    path
}
