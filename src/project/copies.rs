//! The copies that editors and tools keep of files: a key that was moved can still stand there.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use memchr::memmem::Finder;

use super::files::lies_below;
use super::holding::{BUILD, MADE, VERSION_CONTROL, env_files, files, walk};
use super::source::{Source, read};
use super::workspace::Workspace;
use crate::fixes::GitState;
use crate::rules::secrets;
use crate::secrets::{is_env_file, scan};
use crate::syntax::{Document, glob};

/// The names of such files, or of the folders that hold them, and what they are.
const KINDS: [(&str, &str); 12] = [
    (".*.swp", "a swap file of Vim"),
    (".*.swo", "a swap file of Vim"),
    (".*.swn", "a swap file of Vim"),
    ("*.un~", "an undo file of Vim"),
    (".ipynb_checkpoints", "a checkpoint of Jupyter"),
    (".history", "the history of an editor"),
    (".lh", "the history of an editor"),
    ("#*#", "saved by Emacs"),
    ("*~", "a backup"),
    ("*.bak", "a backup"),
    ("*.orig", "left by a merge"),
    ("*.rej", "left by a patch"),
];

/// How short a value may be to be looked for, in bytes: shorter ones stand anywhere.
const SHORT: usize = 16;

/// A copy that holds a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// From the root.
    pub path: PathBuf,
    /// What it is.
    pub kind: &'static str,
}

/// The copies in the workspace that hold one of `keys`, in order; also where git ignores them.
pub fn copies(workspace: &Workspace, keys: &[&str]) -> Vec<Copy> {
    let finders: Vec<_> = keys.iter().filter(|it| it.len() >= SHORT).map(|it| Finder::new(it.as_bytes())).collect();
    match finders.is_empty() {
        true => Vec::new(),
        false => copies_where(workspace, &|bytes| finders.iter().any(|it| it.find(bytes).is_some())),
    }
}

/// The copies that hold a key, by its shape or from one of the workspace's env files; what git tracks is left out.
pub fn copies_with_keys(workspace: &Workspace) -> Vec<Copy> {
    let catalogue = workspace.catalogue();
    let mut values: BTreeSet<String> = BTreeSet::new();
    for path in env_files(workspace).into_iter().filter(|it| kind(it).is_none()) {
        if let Ok(Source::Text(text)) = read(&workspace.root().join(&path)) {
            let doc = Document::new(&path, text);
            let keys = secrets(&doc, &workspace.surroundings(&path));
            values.extend(keys.into_iter().map(|(span, _)| doc.slice(span).to_owned()).filter(|it| it.len() >= SHORT));
        }
    }
    let finders: Vec<_> = values.iter().map(|it| Finder::new(it.as_bytes())).collect();
    let mut found = copies_where(workspace, &|bytes| {
        finders.iter().any(|it| it.find(bytes).is_some())
            || scan(catalogue, bytes).iter().any(|token| !token.needs_context)
    });
    // Git has what is tracked all the same.
    found.retain(|it| workspace.git_state(&it.path) != GitState::Tracked);
    found
}

fn copies_where(workspace: &Workspace, holds: &dyn Fn(&[u8]) -> bool) -> Vec<Copy> {
    if !workspace.is_bounded() {
        return Vec::new();
    }
    let root = workspace.root();
    let passed = [&BUILD[..], &VERSION_CONTROL, &MADE].concat();
    let mut walk = walk(root);
    let paths = files(walk.standard_filters(false), root, passed);
    let copy = |path: PathBuf| {
        let kind = kind(&path)?;
        let source = read(&root.join(&path)).ok()?;
        holds(source.bytes()).then_some(Copy { path, kind })
    };
    paths.filter_map(copy).collect()
}

/// Deletes a copy.
pub fn delete_copy(workspace: &Workspace, copy: &Copy) -> io::Result<()> {
    let path = workspace.root().join(&copy.path);
    match lies_below(workspace.root(), &path) && kind(&copy.path).is_some() {
        true => fs::remove_file(path),
        false => Err(io::Error::other("this is no copy in the workspace")),
    }
}

fn kind(path: &Path) -> Option<&'static str> {
    let name = path.file_name()?.to_str()?;
    // A copy of an env file may be the only place of a key.
    if is_env_file(path) {
        return None;
    }
    let is_of =
        |pattern: &str| glob(pattern, name) || pattern.starts_with('.') && path.iter().any(|part| part == pattern);
    KINDS.iter().find(|(pattern, _)| is_of(pattern)).map(|(_, kind)| *kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_told_by_their_names() {
        let of = |path: &str| kind(Path::new(path));
        assert_eq!(of("src/.app.py.swp"), Some("a swap file of Vim"));
        assert_eq!(of(".app.py.un~"), Some("an undo file of Vim"));
        assert_eq!(of("a/.ipynb_checkpoints/x-checkpoint.ipynb"), Some("a checkpoint of Jupyter"));
        assert_eq!(of(".history/src/app_20260101.py"), Some("the history of an editor"));
        assert_eq!(of("app.py~"), Some("a backup"));
        assert_eq!(of("#app.py#"), Some("saved by Emacs"));
        assert_eq!(of("app.py.orig"), Some("left by a merge"));
        assert_eq!(of("app.py"), None);
        assert_eq!(of("history/app.py"), None);
        assert_eq!(of(".swift"), None);
    }

    #[test]
    fn only_copies_with_the_key_are_found_and_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let key = crate::secrets::sample("groq.api", 1).expect("a key");
        let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).expect("written");
        write(".env", format!("GROQ_API_KEY={key}\nPORT=80\n").as_bytes());
        write(".app.py.swp", [b"\0\x01b0VIM".as_slice(), key.as_bytes(), b"\0"].concat().as_slice());
        write("app.py~", b"PORT=80");
        write("app.py", key.as_bytes());
        write(".env.bak", key.as_bytes());
        // Around a lone file nobody looks.
        let lone = Workspace::open(folder.path()).expect("a workspace");
        assert!(copies_with_keys(&lone).is_empty());
        write("aikeys.toml", b"");
        let workspace = Workspace::open(folder.path()).expect("a workspace");
        let found = copies_with_keys(&workspace);
        assert_eq!(found, [Copy { path: ".app.py.swp".into(), kind: "a swap file of Vim" }]);
        delete_copy(&workspace, &found[0]).expect("deleted");
        assert!(copies_with_keys(&workspace).is_empty());
        let source = Copy { path: "app.py".into(), kind: "" };
        assert!(delete_copy(&workspace, &source).is_err() && folder.path().join("app.py").exists());
    }
}
