//! Which languages the files of folders are in, without reading one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::holding::{BUILD, VERSION_CONTROL};
use crate::syntax::Language;

/// How many names are looked at.
const NAMES: usize = 2_000;

/// The languages of the files in these folders and in those right below, the most frequent first.
pub fn languages(folders: &[PathBuf]) -> Vec<&'static Language> {
    let mut counts: BTreeMap<&str, (usize, &'static Language)> = BTreeMap::new();
    let mut left = NAMES;
    for folder in folders {
        let below = names(folder, &mut left);
        let inner: Vec<PathBuf> = below.iter().filter(|it| it.is_dir() && !is_made(it)).cloned().collect();
        let inner = inner.iter().flat_map(|it| names(it, &mut left)).collect::<Vec<_>>();
        // Settings have a language that is there at once.
        let code = |path: &PathBuf| Language::of_path(path).filter(|it| !it.read.expression.is_empty());
        for language in below.iter().chain(&inner).filter_map(code) {
            counts.entry(&language.name).or_insert((0, language)).0 += 1;
        }
    }
    let mut all: Vec<(usize, &'static Language)> = counts.into_values().collect();
    all.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    all.into_iter().map(|(_, language)| language).collect()
}

fn names(folder: &Path, left: &mut usize) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names: Vec<PathBuf> = entries.take(*left).map(|it| it.path()).collect();
    *left -= names.len();
    names
}

fn is_made(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|it| it.to_str()).unwrap_or("");
    BUILD.contains(&name) || VERSION_CONTROL.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_language_comes_first() {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["a.py", "src/b.ts", "src/c.ts", "d.json", "node_modules/e.rb"] {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, "").expect("a file");
        }
        let found = languages(&[folder.path().to_owned(), folder.path().join("none")]);
        assert_eq!(found.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["typescript", "python"]);
    }
}
