//! The files of a workspace that start programs.

use std::path::PathBuf;

use super::files::read_small;
use super::holding::{BUILD, VERSION_CONTROL, files, walk};
use super::workspace::Workspace;
use crate::syntax::Starter;

/// Each of them with its text and its kind, in order; what git ignores is passed by.
pub fn starting(workspace: &Workspace) -> Vec<(PathBuf, String, &'static Starter)> {
    let root = workspace.root();
    let passed = [&BUILD[..], &VERSION_CONTROL].concat();
    let starts = |path: PathBuf| {
        let starter = Starter::of(&path)?;
        let bytes = read_small(&root.join(&path)).ok()??;
        Some((path, String::from_utf8_lossy(&bytes).into_owned(), starter))
    };
    files(walk(root).hidden(false), root, passed).filter_map(starts).collect()
}
