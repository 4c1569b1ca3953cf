//! The files of a workspace that start programs.

use std::path::PathBuf;

use ignore::WalkBuilder;

use super::files::read_small;
use super::holding::{BUILD, VERSION_CONTROL};
use super::workspace::Workspace;
use crate::syntax::Starter;

/// Each of them with its text and its kind, in order; what git ignores is passed by.
pub fn starting(workspace: &Workspace) -> Vec<(PathBuf, String, &'static Starter)> {
    let root = workspace.root();
    let passed = [&BUILD[..], &VERSION_CONTROL].concat();
    let walk = WalkBuilder::new(root)
        .hidden(false)
        .filter_entry(move |entry| entry.depth() == 0 || !passed.contains(&entry.file_name().to_str().unwrap_or("")))
        .sort_by_file_name(Ord::cmp)
        .build();
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|it| it.is_file()));
    let starting = files.filter_map(|entry| {
        let path = entry.path().strip_prefix(root).ok()?.to_owned();
        let starter = Starter::of(&path)?;
        let bytes = read_small(entry.path()).ok()??;
        Some((path, String::from_utf8_lossy(&bytes).into_owned(), starter))
    });
    starting.collect()
}
