//! Every file of a workspace, also what checks pass by: for looking for what must be nowhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use ignore::{DirEntry, WalkBuilder};

use super::holding::{BUILD, MADE, VERSION_CONTROL, each};
use super::source::{Source, read};
use super::workspace::Workspace;
use crate::secrets::without_keys;

/// Which files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Those that people write, also where git ignores them.
    Own,
    /// Build output, what package managers bring, and what version control notes besides its objects.
    Made,
}

/// What was looked at.
#[derive(Debug, Default)]
pub struct EveryFile {
    /// How many files.
    pub looked: usize,
    /// What could not be read, and why.
    pub problems: Vec<String>,
    /// How many files there was no time for.
    pub left: usize,
}

/// Shows every file of a part of the workspace, by its path from the root, several at a time; also those outside that a
/// link leads to. `looked` counts them.
pub fn every_file(
    workspace: &Workspace,
    part: Part,
    until: Instant,
    looked: &AtomicUsize,
    look: &(dyn Fn(&Path, &Source) + Sync),
) -> EveryFile {
    let root = workspace.root();
    let mut found = EveryFile::default();
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in walk(root, part) {
        match entry {
            Ok(entry) if entry.file_type().is_some_and(|it| it.is_file()) || leads_out(root, &entry) => {
                let path = entry.path().strip_prefix(root).unwrap_or(entry.path());
                if part == Part::Own || path.iter().any(|name| is_made(name.to_str())) {
                    paths.push(path.to_owned());
                }
            }
            Ok(_) => {}
            Err(error) => found.problems.push(without_keys(&error.to_string()).into_owned()),
        }
    }
    let (problems, left, number): (Mutex<Vec<String>>, _, _) =
        (Mutex::default(), AtomicUsize::new(0), AtomicUsize::new(0));
    each(&paths, &|path| {
        if Instant::now() > until {
            left.fetch_add(1, Ordering::Relaxed);
            return;
        }
        match read(&root.join(path)) {
            Ok(source) => {
                number.fetch_add(1, Ordering::Relaxed);
                looked.fetch_add(1, Ordering::Relaxed);
                look(path, &source);
            }
            // What programs write for a moment is gone by now.
            Err(_) if fs::symlink_metadata(root.join(path)).is_err() => {}
            Err(error) => {
                let mut problems = problems.lock().unwrap_or_else(PoisonError::into_inner);
                problems.push(without_keys(&error.to_string()).into_owned());
            }
        }
    });
    found.problems.extend(problems.into_inner().unwrap_or_default());
    found.problems.sort();
    EveryFile { looked: number.into_inner(), left: left.into_inner(), ..found }
}

/// Of `Own` the folders of others are left out. Of `Made` nothing is but git's objects, which the history reads.
fn walk(root: &Path, part: Part) -> ignore::Walk {
    let wanted = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_some_and(|it| it.is_dir());
        if !is_folder || entry.depth() == 0 {
            return true;
        }
        match part {
            Part::Own => !is_made(entry.file_name().to_str()),
            Part::Made => entry.file_name() != "objects" || !is_of_git(entry.path()),
        }
    };
    WalkBuilder::new(root).standard_filters(false).filter_entry(wanted).build()
}

/// A link to a file elsewhere: a program that reads it reads that one.
fn leads_out(root: &Path, entry: &DirEntry) -> bool {
    let is_link = entry.file_type().is_some_and(|it| it.is_symlink());
    let system = ["/proc", "/sys", "/dev"];
    is_link
        && fs::metadata(entry.path()).is_ok_and(|it| it.is_file())
        && fs::canonicalize(entry.path())
            .is_ok_and(|it| !it.starts_with(root) && !system.iter().any(|at| it.starts_with(at)))
}

fn is_made(name: Option<&str>) -> bool {
    name.is_some_and(|it| [&BUILD[..], &VERSION_CONTROL, &MADE].concat().contains(&it))
}

/// The folder of objects lies beside the references of a repository.
fn is_of_git(objects: &Path) -> bool {
    objects.parent().is_some_and(|it| it.join("HEAD").exists() && it.join("refs").exists())
}
