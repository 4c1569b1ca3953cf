//! The templates of env files around a program, and the files that give it variables.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::files::read_small;
use super::workspace::Workspace;
use crate::fixes::Contract;
use crate::secrets::{EnvLine, env_lines, is_env_file, is_env_template};
use crate::syntax::Document;

/// How many files of a folder are read, and how long they may be, in bytes.
const FILES: usize = 60;
const LONG: u64 = 64 << 10;
/// Where workflows lie, from the root.
const WORKFLOWS: &str = ".github/workflows";
/// The endings of files that give programs variables.
const GIVING: [&str; 6] = ["yml", "yaml", "toml", "json", "tf", "conf"];

/// What was found for each folder.
#[derive(Default)]
pub(super) struct Contracts(Mutex<HashMap<PathBuf, Arc<Contract>>>);

impl Contracts {
    /// Files changed: each folder is looked at again.
    pub fn forget(&self) {
        if let Ok(mut known) = self.0.lock() {
            known.clear();
        }
    }

    /// What counts for a program at this path from the root. Each folder is looked at once.
    pub fn of(&self, workspace: &Workspace, relative: &Path) -> Arc<Contract> {
        let Some(folder) = relative.parent().filter(|_| relative.is_relative()) else { return Arc::default() };
        let Ok(mut known) = self.0.lock() else { return Arc::default() };
        let mut met = Vec::new();
        let mut found = None;
        for folder in folder.ancestors() {
            found = known.get(folder).cloned();
            if found.is_none() {
                met.push(folder.to_owned());
                found = own(workspace, folder).map(Arc::new);
            }
            if found.is_some() {
                break;
            }
        }
        let found = found.unwrap_or_default();
        known.extend(met.into_iter().map(|it| (it, Arc::clone(&found))));
        found
    }
}

/// That of a folder with a template that names variables of providers.
fn own(workspace: &Workspace, folder: &Path) -> Option<Contract> {
    let root = workspace.root();
    let paths = files(root, folder);
    let mut contract = Contract::default();
    for path in paths.iter().filter(|it| is_env_template(it)).take(FILES) {
        contract.templates.extend(text(root, path).map(|text| Arc::new(Document::new(path.clone(), text))));
    }
    let is_provided =
        |doc: &Document, line: &EnvLine| workspace.catalogue().provider_of_env(doc.slice(line.name)).is_some();
    contract.templates.retain(|it| env_lines(it.text()).iter().any(|line| is_provided(it, line)));
    if contract.templates.is_empty() {
        return None;
    }
    let above = folder.ancestors().skip(1).flat_map(|it| files(root, it)).chain(files(root, Path::new(WORKFLOWS)));
    for path in paths.iter().cloned().chain(above).filter(|it| gives(it)).take(FILES) {
        contract.declare(&text(root, &path).unwrap_or_default());
    }
    Some(contract)
}

fn gives(path: &Path) -> bool {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or("");
    let ending = path.extension().and_then(|it| it.to_str()).unwrap_or("");
    GIVING.contains(&ending) || name.starts_with("Dockerfile") || is_env_file(path) || is_env_template(path)
}

fn files(root: &Path, folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(root.join(folder)).into_iter().flatten().filter_map(Result::ok);
    let mut files: Vec<PathBuf> = entries.map(|entry| folder.join(entry.file_name())).collect();
    files.sort();
    files
}

fn text(root: &Path, path: &Path) -> Option<String> {
    let full = root.join(path);
    fs::metadata(&full).ok().filter(|it| it.is_file() && it.len() <= LONG)?;
    String::from_utf8(read_small(&full).ok().flatten()?).ok()
}
