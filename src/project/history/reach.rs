//! What leads to a commit, what no reference leads to any more, and what stands in commits and tags themselves.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use gix::ObjectId;
use gix::objs::Kind;

use super::commits::Tips;
use super::{BlobId, History, HistoryError, Log};
use crate::project::git::path_of;

/// Whose text it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// That of a commit, by its place in the log.
    Commit(usize),
    /// That of a tag, by its name.
    Tag(String),
}

impl History {
    /// The commits that only notes of where references were (reflogs) lead to, with all that lead to them. What a
    /// remote-tracking branch was at some time was pushed.
    pub fn noted(&self) -> Result<Log, HistoryError> {
        let repo = self.local();
        let mut tips = Tips::default();
        for folder in [repo.common_dir(), repo.git_dir()] {
            for file in files(&folder.join("logs")) {
                let is_remote = file.strip_prefix(folder).is_ok_and(|it| it.starts_with("logs/refs/remotes"));
                let Ok(text) = fs::read_to_string(&file) else { continue };
                for id in text.lines().flat_map(|line| line.split(' ').take(2)) {
                    let Ok(id) = ObjectId::from_hex(id.as_bytes()) else { continue };
                    if repo.find_header(id).is_ok_and(|it| it.kind() == Kind::Commit) {
                        tips.all.push(id);
                        tips.remote.extend(is_remote.then_some(id));
                    }
                }
            }
        }
        self.log_of(tips)
    }

    /// The blobs of the index: what the next commit will hold, with their paths from the root.
    pub fn staged(&self) -> HashMap<BlobId, PathBuf> {
        let repo = self.local();
        let Ok(index) = repo.index_or_empty() else { return HashMap::new() };
        index.entries().iter().map(|entry| (entry.id, path_of(entry.path(&index)))).collect()
    }

    /// Shows the text of every commit, and of every tag that has one: message, names, signature.
    pub fn each_text(&self, log: &Log, look: &mut dyn FnMut(Said, &[u8])) {
        let repo = self.local();
        for (at, commit) in log.commits.iter().enumerate() {
            if let Ok(object) = repo.find_object(commit.id) {
                look(Said::Commit(at), &object.data);
            }
        }
        let references = repo.references();
        let tags = references.iter().filter_map(|it| it.tags().ok()).flatten().filter_map(Result::ok);
        for tag in tags {
            let Some(id) = tag.target().try_id().map(ToOwned::to_owned) else { continue };
            if let Ok(object) = repo.find_object(id)
                && object.kind == Kind::Tag
            {
                look(Said::Tag(tag.name().shorten().to_string()), &object.data);
            }
        }
    }
}

impl Log {
    /// A commit has no parents here.
    pub fn is_root(&self, at: usize) -> bool {
        self.commits.get(at).is_some_and(|it| it.parents.is_empty())
    }

    /// The names of the references that reach one of some commits, in order.
    pub fn reached_by(&self, commits: impl IntoIterator<Item = usize>) -> Vec<&str> {
        let mut reaches = vec![false; self.commits.len()];
        commits.into_iter().filter(|it| *it < self.commits.len()).for_each(|at| reaches[at] = true);
        for at in 0..self.commits.len() {
            // Parents come first.
            reaches[at] |= self.commits[at].parents.iter().any(|parent| reaches[*parent as usize]);
        }
        let reaching = self.names.iter().filter(|(_, at)| reaches[*at as usize]);
        let mut names: Vec<&str> = reaching.map(|(name, _)| name.strip_prefix("refs/").unwrap_or(name)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let below = entries.flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => Vec::new(),
    });
    below.collect()
}
