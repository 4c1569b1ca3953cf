//! The package around a file: its manifests, the files in which programs start, its other files.

use std::collections::HashMap;
use std::fs;
use std::hash::Hash;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use super::files::read_small;
use super::holding;
use super::source::{Source, read};
use crate::fixes::Surroundings;
use crate::syntax::{Document, Language, glob};

/// How many files of a package are read.
const FILES: usize = 2_000;
/// How many packages are kept.
const PACKAGES: usize = 32;

/// What was read of packages. A check or a plan holds one, so that it reads the files of a package once; whoever asks
/// for what lies on the disk now takes a new one.
#[derive(Default)]
pub struct Packages {
    heads: Kept<(PathBuf, &'static str), Head>,
    files: Kept<(PathBuf, PathBuf, &'static str), Files>,
    /// Packages of one workspace share their files.
    docs: Mutex<HashMap<PathBuf, Weak<Document>>>,
}

/// What applies to all files of a folder.
#[derive(Default)]
struct Head {
    /// The folders with a manifest up to the root, the nearest one first.
    folders: Vec<PathBuf>,
    /// The texts of all manifests.
    manifests: String,
    /// The files in which programs start.
    entries: Vec<Arc<Document>>,
}

/// The files of a package in one language.
#[derive(Default)]
struct Files {
    docs: Vec<Arc<Document>>,
    /// There are more of them.
    cut: bool,
}

/// Values that are made once.
struct Kept<K, V>(Mutex<HashMap<K, Arc<OnceLock<Arc<V>>>>>);

impl Packages {
    /// Adds to the surroundings of a file what its package says. `relative` is its path from the root.
    pub(super) fn add(&self, around: &mut Surroundings, root: &Path, relative: &Path, language: &'static Language) {
        let folder = relative.parent().unwrap_or(Path::new(""));
        let head =
            self.heads.get((root.join(folder), language.name.as_str()), || self.read_head(root, folder, language));
        let files = self.files(root, &head, language);
        let others = |docs: &[Arc<Document>]| docs.iter().filter(|doc| doc.path() != relative).cloned().collect();
        around.manifests.clone_from(&head.manifests);
        around.entries = others(&head.entries);
        around.siblings = others(&files.docs);
        around.siblings_cut = files.cut;
    }

    /// Adds the files beside an env file that may read it, in every language that has loaders.
    pub(super) fn add_readers(&self, around: &mut Surroundings, root: &Path, relative: &Path) {
        let mut seen = Vec::new();
        let (mut entries, mut siblings) = (Vec::new(), Vec::new());
        for language in Language::all().iter().filter(|language| !language.loaders.is_empty()) {
            if seen.contains(&language.clients) {
                continue;
            }
            seen.push(language.clients.clone());
            self.add(around, root, relative, language);
            entries.append(&mut around.entries);
            siblings.append(&mut around.siblings);
        }
        (around.entries, around.siblings) = (entries, siblings);
    }

    /// The files of a package, where constants are followed into them, or one of them may do something with `.env`.
    /// Constants are followed into the other packages below the outermost manifest as well.
    fn files(&self, root: &Path, head: &Head, language: &'static Language) -> Arc<Files> {
        let follows = !language.manifests.is_empty() && language.idioms.iter().any(|idiom| !idiom.uses.is_empty());
        let names = |package: &String| head.manifests.is_empty() || head.manifests.contains(package.as_str());
        let settings = language.settings.iter().flat_map(|it| &it.packages);
        if !follows && !settings.chain(language.loaders.iter().map(|it| &it.package)).any(names) {
            return Arc::default();
        }
        let nearest = head.folders.first().map_or(Path::new(""), PathBuf::as_path);
        let outermost = head.folders.last().filter(|_| follows).map_or(nearest, PathBuf::as_path);
        let key = (root.join(nearest), root.join(outermost), language.name.as_str());
        self.files.get(key, || self.read_files(root, nearest, outermost, language))
    }

    fn read_head(&self, root: &Path, folder: &Path, language: &Language) -> Head {
        let mut head = Head::default();
        for folder in folder.ancestors() {
            for name in names_in(&root.join(folder)) {
                if !language.manifests.iter().any(|pattern| glob(pattern, &name)) {
                    continue;
                }
                let text = read_small(&root.join(folder).join(&name)).ok().flatten().unwrap_or_default();
                head.manifests.push_str(&String::from_utf8_lossy(&text));
                head.manifests.push('\n');
                head.folders.push(folder.to_owned());
            }
        }
        head.folders.dedup();
        let nearest = head.folders.first().cloned().unwrap_or_default();
        let entries = language.entries.iter().map(|entry| nearest.join(entry));
        head.entries = entries.filter_map(|path| self.document(root, path)).collect();
        head
    }

    fn read_files(&self, root: &Path, nearest: &Path, outermost: &Path, language: &Language) -> Files {
        let walk = |folder: &Path| holding::walk(&root.join(folder)).build().filter_map(Result::ok);
        let inside = root.join(nearest);
        let outermost = Some(outermost).filter(|it| *it != nearest);
        let others = outermost.into_iter().flat_map(walk).filter(|entry| !entry.path().starts_with(&inside));
        let own = |path: &Path| Language::of_path(path).is_some_and(|it| it.clients == language.clients);
        let mut paths = walk(nearest)
            .chain(others)
            .filter(|entry| entry.file_type().is_some_and(|it| it.is_file()) && own(entry.path()))
            .map(|entry| entry.path().strip_prefix(root).unwrap_or(entry.path()).to_owned());
        let docs = paths.by_ref().take(FILES).filter_map(|path| self.document(root, path)).collect();
        Files { docs, cut: paths.next().is_some() }
    }

    fn document(&self, root: &Path, path: PathBuf) -> Option<Arc<Document>> {
        let full = root.join(&path);
        if let Some(known) = self.docs.lock().ok().and_then(|docs| docs.get(&full)?.upgrade()) {
            return Some(known);
        }
        let Ok(Source::Text(text)) = read(&full) else { return None };
        let doc = Arc::new(Document::new(path, text));
        if let Ok(mut docs) = self.docs.lock() {
            docs.insert(full, Arc::downgrade(&doc));
        }
        Some(doc)
    }
}

impl<K: Eq + Hash, V> Kept<K, V> {
    fn get(&self, key: K, make: impl FnOnce() -> V) -> Arc<V> {
        let Ok(mut kept) = self.0.lock() else { return Arc::new(make()) };
        if kept.len() >= PACKAGES && !kept.contains_key(&key) {
            kept.clear();
        }
        let cell = Arc::clone(kept.entry(key).or_default());
        drop(kept);
        Arc::clone(cell.get_or_init(|| Arc::new(make())))
    }
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Kept<K, V> {
        Kept(Mutex::default())
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut names: Vec<String> =
        entries.filter_map(Result::ok).map(|it| it.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_read_once_and_the_next_one_reads_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |path: &str, text: &str| fs::write(folder.path().join(path), text).expect("written");
        let texts = |packages: &Packages| {
            let mut around = Surroundings::bare();
            let python = Language::of_path(Path::new("a.py")).expect("a language");
            packages.add(&mut around, folder.path(), Path::new("a.py"), python);
            assert!(!around.siblings_cut);
            around.siblings.iter().map(|doc| doc.text().to_owned()).collect::<Vec<_>>()
        };
        write("pyproject.toml", "dependencies = [\"python-dotenv\"]");
        write("a.py", "x = 0");
        write("b.py", "x = 1");
        let packages = Packages::default();
        assert_eq!(texts(&packages), ["x = 1"]);
        write("b.py", "x = 2");
        assert_eq!(texts(&packages), ["x = 1"]);
        assert_eq!(texts(&Packages::default()), ["x = 2"]);
    }
}
