//! Which keys the history of a repository holds, wherever they stand by now.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};

use gix::bstr::{BString, ByteSlice};
use memchr::memmem::Finder;

use super::git::{Committed, Git, commits, is_too_deep, key, oldest};
use super::workspace::Workspace;
use crate::fixes::Exposure;
use crate::secrets::{Identity, identity};

/// The search ends after that: 3,000 commits and 5,000 files take less than a second.
const PATIENCE: Duration = Duration::from_secs(2);
/// No key stands in a larger file that people write.
const LARGEST: u64 = 4 << 20;
/// A key that stood in more files than these is said of one of them.
const PATHS: usize = 16;

impl Workspace {
    /// Looks for values in the commits that HEAD reaches, the newest first. Each text is read once, for all values; within
    /// limits of number and time. `None` outside a repository.
    pub fn exposures(&self, values: &[&str]) -> Option<HashMap<Identity, Option<Exposure>>> {
        let repo = self.git()?.repo();
        let found = Search::new(&repo, values).run();
        Some(values.iter().map(|value| identity(value)).zip(found).collect())
    }
}

impl Git {
    /// A commit that HEAD reaches holds a file of this name.
    pub(super) fn had(&self, relative: &Path) -> bool {
        let repo = self.repo();
        // Every file holds nothing.
        oldest(&repo, key(relative).as_ref(), &[""]).iter().any(Option::is_some)
    }
}

struct Search<'s> {
    repo: &'s gix::Repository,
    values: &'s [&'s str],
    finders: Vec<Finder<'s>>,
    seen: HashSet<gix::ObjectId>,
    /// Where each value was met, the newest first, and whether HEAD has it.
    met: Vec<Vec<BString>>,
    in_head: Vec<bool>,
    until: Instant,
}

impl<'s> Search<'s> {
    fn new(repo: &'s gix::Repository, values: &'s [&'s str]) -> Search<'s> {
        Search {
            repo,
            values,
            finders: values.iter().map(|value| Finder::new(value.as_bytes())).collect(),
            seen: HashSet::new(),
            met: vec![Vec::new(); values.len()],
            in_head: vec![false; values.len()],
            until: Instant::now() + PATIENCE,
        }
    }

    fn run(mut self) -> Vec<Option<Exposure>> {
        let mut path = Vec::new();
        for (number, commit) in commits(self.repo).into_iter().enumerate() {
            if let Some(tree) = self.repo.find_commit(commit).ok().and_then(|it| it.tree_id().ok()) {
                self.folder(tree.detach(), &mut path);
            }
            if number == 0 {
                self.in_head = self.met.iter().map(|it| !it.is_empty()).collect();
            }
            if Instant::now() > self.until {
                break;
            }
        }
        (0..self.values.len()).map(|at| self.exposure(at)).collect()
    }

    /// Looks at what no commit before had. What is not in this clone is passed by.
    fn folder(&mut self, tree: gix::ObjectId, path: &mut Vec<u8>) {
        if is_too_deep(path) || !self.seen.insert(tree) || Instant::now() > self.until {
            return;
        }
        let Ok(tree) = self.repo.find_tree(tree) else { return };
        for entry in tree.iter().filter_map(Result::ok) {
            let (length, id) = (path.len(), entry.object_id());
            path.extend_from_slice(entry.filename());
            if entry.mode().is_tree() {
                path.push(b'/');
                self.folder(id, path);
            } else if entry.mode().is_blob() && self.seen.insert(id) {
                self.file(id, path);
            }
            path.truncate(length);
        }
    }

    fn file(&mut self, id: gix::ObjectId, path: &[u8]) {
        if self.repo.find_header(id).map_or(true, |it| it.size() > LARGEST) {
            return;
        }
        let Ok(object) = self.repo.find_object(id) else { return };
        for (finder, met) in self.finders.iter().zip(&mut self.met) {
            if finder.find(&object.data).is_some() && !met.iter().any(|it| it.as_bytes() == path) {
                met.push(path.into());
            }
        }
    }

    /// The oldest commit counts: from then on the key was known.
    fn exposure(&self, at: usize) -> Option<Exposure> {
        let all = self.met[at].iter().take(PATHS);
        let found = all.filter_map(|path| Some((oldest(self.repo, path.as_bstr(), &self.values[at..=at])[0]?, path)));
        let ((_, commit), path) = found.max_by_key(|((newer, _), _)| *newer)?;
        let Committed { short, date, pushed, author } = Committed::of(self.repo, commit)?;
        Some(Exposure {
            commit: short,
            date,
            pushed,
            author,
            path: path.to_str_lossy().into_owned(),
            in_head: self.in_head[at],
        })
    }
}
