//! The files of a workspace that hold one of several texts.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ignore::{DirEntry, WalkBuilder};
use memchr::memmem;

use super::source::{Source, read};
use super::workspace::Workspace;
use crate::rules::mentions;
use crate::secrets::{Secret, is_env_file, is_env_template};
use crate::syntax::{Document, largest};

/// Generated or vendored: what stands there came from elsewhere.
pub const BUILD: [&str; 6] = ["node_modules", "site-packages", "dist-packages", "vendor", "target", "dist"];
/// What version control keeps for itself.
pub const VERSION_CONTROL: [&str; 4] = [".git", ".hg", ".svn", ".jj"];
/// What package managers and build tools make where git ignores it.
pub const MADE: [&str; 8] = [".venv", "venv", "__pycache__", ".next", ".nuxt", ".svelte-kit", ".tox", ".terraform"];

/// A file that holds one of the keys.
pub enum Held {
    /// It can be edited.
    Text(Box<Document>),
    /// It cannot, for this reason.
    Not(PathBuf, &'static str),
}

/// Every file of the workspace that holds one of `keys`, in order: also where git ignores it, because agents keep their
/// settings there. `open` are texts that count before those of the disk, by their paths from the root.
pub fn holding(workspace: &Workspace, keys: &[&Secret], open: &BTreeMap<PathBuf, Arc<Document>>) -> Vec<Held> {
    let keys: Vec<&str> = keys.iter().map(|key| key.expose()).collect();
    let root = workspace.root();
    let passed = [&BUILD[..], &VERSION_CONTROL, &MADE].concat();
    let paths = files(walk(root).standard_filters(false), root, passed).collect();
    files_with(root, paths, &holds_one_of(&keys), open)
        .into_iter()
        .map(|(path, source)| judged(workspace, path, source))
        .collect()
}

/// The texts of the workspace that hold one of `texts`, in order: those that git does not ignore, and env files. What is
/// too large to be parsed is no text. Editors do not count the mark that a file can begin with.
pub fn documents_with(workspace: &Workspace, texts: &[&str], open: &BTreeMap<PathBuf, Arc<Document>>) -> Vec<Document> {
    documents_where(workspace, &holds_one_of(texts), open)
}

/// The same of those whose bytes pass a test.
pub fn documents_where(
    workspace: &Workspace,
    passes: &(dyn Fn(&[u8]) -> bool + Sync),
    open: &BTreeMap<PathBuf, Arc<Document>>,
) -> Vec<Document> {
    let root = workspace.root();
    let passed = [&BUILD[..], &VERSION_CONTROL, &MADE].concat();
    let mut paths: Vec<PathBuf> = files(walk(root).hidden(false), root, passed).collect();
    paths.extend(env_files(workspace));
    paths.extend(open.keys().cloned());
    paths.sort();
    paths.dedup();
    let fits = |path: &PathBuf| {
        let is_small = |it: fs::Metadata| it.is_file() && it.len() <= largest(path);
        open.contains_key(path) || fs::metadata(root.join(path)).is_ok_and(is_small)
    };
    paths.retain(fits);
    let document = |(path, source): (PathBuf, Source)| match source {
        Source::Text(text) => Some(match open.get(&path) {
            Some(open) => open.with_text(text),
            None => Document::new(path, text.trim_start_matches('\u{feff}')),
        }),
        _ => None,
    };
    files_with(root, paths, passes, open).into_iter().filter_map(document).collect()
}

/// Whether files of the workspace mention these texts: those that git does not ignore, env files left out.
pub(super) fn mentioned(workspace: &Workspace, wanted: &BTreeMap<String, bool>) -> BTreeMap<String, bool> {
    let root = workspace.root();
    let passed = [&BUILD[..], &VERSION_CONTROL, &MADE].concat();
    let paths = files(walk(root).hidden(false), root, passed).take(MOST).collect();
    let texts: Vec<&str> = wanted.keys().map(String::as_str).collect();
    let mut found: BTreeMap<String, bool> = wanted.keys().map(|it| (it.clone(), false)).collect();
    for (path, source) in files_with(root, paths, &holds_one_of(&texts), &BTreeMap::new()) {
        if let Source::Text(text) = source {
            found.extend(mentions(&path, &text, wanted).map(|it| (it.clone(), true)));
        }
    }
    found
}

/// Shows the bytes of every file of the workspace that git does not ignore, and of env files. `None` where there are too
/// many.
pub(super) fn any_file(workspace: &Workspace, look: &(dyn Fn(&Path, &[u8]) + Sync)) -> Option<()> {
    let root = workspace.root();
    let passed = [&BUILD[..], &VERSION_CONTROL, &MADE].concat();
    let mut paths: Vec<PathBuf> = files(walk(root).hidden(false), root, passed).take(MOST + 1).collect();
    if paths.len() > MOST {
        return None;
    }
    paths.extend(env_files(workspace));
    paths.sort();
    paths.dedup();
    each(&paths, &|path| {
        if let Ok(source) = read(&root.join(path)) {
            look(path, source.bytes());
        }
    });
    Some(())
}

/// How many files are looked through for names.
const MOST: usize = 50_000;

fn holds_one_of<'t>(texts: &[&'t str]) -> impl Fn(&[u8]) -> bool + Sync + use<'t> {
    let finders: Vec<_> = texts.iter().map(|text| memmem::Finder::new(text.as_bytes())).collect();
    move |bytes: &[u8]| finders.iter().any(|finder| finder.find(bytes).is_some())
}

fn files_with(
    root: &Path,
    paths: Vec<PathBuf>,
    passes: &(dyn Fn(&[u8]) -> bool + Sync),
    open: &BTreeMap<PathBuf, Arc<Document>>,
) -> Vec<(PathBuf, Source)> {
    let look = |path: &PathBuf| {
        let source = match open.get(path) {
            Some(doc) => Source::Text(doc.text().to_owned()),
            None => read(&root.join(path)).ok()?,
        };
        passes(source.bytes()).then(|| (path.clone(), source))
    };
    let found = Mutex::new(Vec::new());
    each(&paths, &|path| {
        if let (Some(file), Ok(mut found)) = (look(path), found.lock()) {
            found.push(file);
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    found
}

/// Does something with each of some paths, several at a time.
pub(super) fn each(paths: &[PathBuf], work: &(dyn Fn(&PathBuf) + Sync)) {
    let next = AtomicUsize::new(0);
    let one = || {
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            work(path);
        }
    };
    thread::scope(|scope| (0..threads()).for_each(|_| drop(scope.spawn(one))));
}

/// How many threads read files. At least two: reading waits.
pub fn threads() -> usize {
    thread::available_parallelism().map_or(2, |it| it.get().clamp(2, 12))
}

/// The env files of a workspace, and templates of them, by their paths from the root.
pub fn env_files(workspace: &Workspace) -> Vec<PathBuf> {
    let passed = [&BUILD[..], &VERSION_CONTROL, &MADE].concat();
    let root = workspace.root();
    files(walk(root).standard_filters(false), root, passed)
        .filter(|it| is_env_file(it) || is_env_template(it))
        .collect()
}

/// What lies in place of an ignore file and cannot be read as one: a commit can bring a link to a device, from which a walk
/// would read for ever.
pub fn odd_ignore_file(folder: &Path) -> Option<PathBuf> {
    let is_odd = |path: &PathBuf| {
        let Ok(here) = fs::symlink_metadata(path) else { return false };
        let leads_to = |system: &&str| fs::canonicalize(path).is_ok_and(|it| it.starts_with(system));
        let is_device = || fs::metadata(path).is_ok_and(|it| !it.is_file() && !it.is_dir());
        let is_plain = here.is_file() || here.is_dir();
        !is_plain && (is_device() || ["/proc", "/sys", "/dev"].iter().any(leads_to))
    };
    [".gitignore", ".ignore"].iter().map(|name| folder.join(name)).find(is_odd)
}

/// A walk, with the ignore rules of the folders around it.
pub(super) fn walk(root: &Path) -> WalkBuilder {
    let mut walk = WalkBuilder::new(root);
    let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    if real.ancestors().any(|it| odd_ignore_file(it).is_some()) {
        walk.standard_filters(false);
    }
    walk.filter_entry(is_readable);
    walk
}

fn is_readable(entry: &DirEntry) -> bool {
    entry.depth() == 0 || !entry.file_type().is_some_and(|it| it.is_dir()) || odd_ignore_file(entry.path()).is_none()
}

/// The files of a walk from `root`, by their paths from there, in order; folders of the names in `passed` are passed by.
pub(super) fn files(walk: &mut WalkBuilder, root: &Path, passed: Vec<&'static str>) -> impl Iterator<Item = PathBuf> {
    let is_own = move |entry: &DirEntry| {
        let is_folder = entry.file_type().is_some_and(|it| it.is_dir());
        entry.depth() == 0
            || !is_folder
            || !passed.contains(&entry.file_name().to_str().unwrap_or("")) && is_readable(entry)
    };
    let walk = walk.filter_entry(is_own).sort_by_file_name(Ord::cmp).build();
    let files = walk.filter_map(Result::ok).filter(|entry| entry.file_type().is_some_and(|it| it.is_file()));
    files.filter_map(move |entry| Some(entry.path().strip_prefix(root).ok()?.to_owned()))
}

fn judged(workspace: &Workspace, path: PathBuf, source: Source) -> Held {
    let excluded =
        |path: &Path| workspace.config(path).is_ok_and(|config| config.excludes(&workspace.root().join(path), false));
    match source {
        _ if workspace.keeps_secrets(&path) => Held::Not(path, "a file for secrets: it stays there"),
        _ if excluded(&path) => Held::Not(path, "the settings exclude this file"),
        Source::Text(text) => Held::Text(Box::new(Document::new(path, text))),
        Source::Utf16(_) => Held::Not(path, "this file is written in UTF-16: take the key out by hand"),
        Source::Large(_) => Held::Not(path, "this file is too large to be edited: take the key out by hand"),
        Source::Binary(_) => Held::Not(path, "this file is no text: take the key out of what it was made from"),
    }
}
