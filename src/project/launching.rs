//! How the programs beside an env file are started, and whether its references are resolved then.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::files::read_small;
use crate::secrets::references_in;
use crate::syntax::{Document, launches, resolves, tells};

/// Where people write down how a workspace is started, below its root.
const FOLDERS: [&str; 6] = ["", "scripts", "bin", ".github/workflows", ".vscode", ".devcontainer"];

/// The files of one folder that are looked at, at the most.
const FILES: usize = 100;

/// The files beside the env file at `env` that start programs, where it holds references and no file says that anything
/// resolves them. Few files are read, and none beside an env file without references.
pub(super) fn launchers(root: &Path, env: &Path) -> Vec<Arc<Document>> {
    let holds_reference = |text: String| references_in(&text).next().is_some();
    if !text(root, env).is_some_and(holds_reference) {
        return Vec::new();
    }
    let beside = env.parent().unwrap_or(Path::new(""));
    let mut found = Vec::new();
    let folders = FOLDERS.iter().map(Path::new).filter(|folder| *folder != beside);
    for folder in std::iter::once(beside).chain(folders) {
        for path in told_in(root, folder) {
            let Some(text) = text(root, &path) else { continue };
            if resolves(&text) {
                return Vec::new();
            }
            if folder == beside && !launches(&path, &text).is_empty() {
                found.push(Arc::new(Document::new(path, text)));
            }
        }
    }
    found
}

/// The files of a folder in which people write how programs are started, in order, from the root.
fn told_in(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().filter_map(Result::ok);
    let files = entries.map(|entry| folder.join(entry.file_name())).filter(|path| tells(path));
    let mut files: Vec<PathBuf> = files.collect();
    files.sort();
    files.truncate(FILES);
    files
}

fn text(root: &Path, path: &Path) -> Option<String> {
    let bytes = read_small(&root.join(path)).ok().flatten()?;
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_references_that_nothing_resolves_count() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        let write = |path: &str, text: &str| {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("it has one")).expect("made");
            fs::write(path, text).expect("written");
        };
        let names = || launchers(root, Path::new(".env")).iter().map(|it| it.path().to_owned()).collect::<Vec<_>>();
        write("package.json", "{\"scripts\": {\"dev\": \"next dev\", \"build\": \"next build\"}}");
        assert!(names().is_empty(), "there is no env file");
        write(".env", "OPENAI_API_KEY=\n");
        assert!(names().is_empty(), "it holds no reference");
        write(".env", "OPENAI_API_KEY=\"ref+vault://secret/a#/b\"\n");
        assert_eq!(names(), [Path::new("package.json")]);
        write("web/package.json", "{\"scripts\": {\"start\": \"node a.js\"}}");
        assert_eq!(names().len(), 1, "what is started elsewhere may have another env file");
        write(".github/workflows/ci.yml", "run: vals exec -f x -- npm test\n");
        assert!(names().is_empty(), "something resolves them");
    }
}
