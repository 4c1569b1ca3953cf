//! Files around the documents changed: what depends on them is looked up again, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use tower_lsp::lsp_types::Url;

use super::main_loop::MainLoop;
use super::session::Session;
use crate::fixes::LOCK;
use crate::project::{Source, read, recall};
use crate::secrets::{Identity, env_lines, env_value, identity, is_env_file, is_env_template};
use crate::syntax::Packager;
use crate::text::whole_words;

/// The variables of an env file.
pub(super) type Names = BTreeMap<String, Identity>;

impl MainLoop {
    /// These files changed on the disk, as the client says; `None` where it does not say which.
    pub(super) fn watched(&mut self, changed: Option<&[Url]>) {
        let watched: Option<Vec<&Url>> = changed.map(|it| it.iter().filter(|it| is_watched(it)).collect());
        match watched.as_deref() {
            Some([]) => return self.outdate(),
            Some(watched) if watched.iter().all(|it| is_env(it)) => {
                let files: Vec<PathBuf> = watched.iter().filter_map(|it| it.to_file_path().ok()).collect();
                self.session.env_files_changed(&files);
            }
            _ => self.session.refresh(),
        }
        self.tell_refreshed();
    }
}

impl Session {
    /// Only these env files changed: their findings are made again, and those of what mentions a variable that changed.
    pub fn env_files_changed(&mut self, files: &[PathBuf]) {
        let is_template = |it: &PathBuf| is_env_template(it);
        let changed = self.changed_names(files).filter(|_| !files.iter().any(is_template));
        let Some(changed) = changed else { return self.refresh() };
        self.forget_packages();
        self.answers = recall();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut documents = std::mem::take(&mut self.documents);
        for open in documents.values_mut() {
            open.workspace.iter().for_each(|it| it.forget_contracts());
            let (path, text) = (open.doc.path(), open.doc.text());
            let reads = || changed.iter().any(|name| whole_words(text, name, is_part).next().is_some());
            if is_env_file(path) || is_env_template(path) || reads() {
                self.revision += 1;
                open.revision = self.revision;
                self.renew(open);
            }
        }
        self.documents = documents;
    }

    /// The variables that these files give other values than before; `None` where a file was not known.
    fn changed_names(&mut self, files: &[PathBuf]) -> Option<BTreeSet<String>> {
        let mut changed = Some(BTreeSet::new());
        for file in files {
            let now = names_of(file);
            let before = self.env_names.insert(file.clone(), now.clone());
            changed = changed.zip(before).map(|(mut all, before)| {
                let other = |a: &Names, b: &Names| {
                    let differs = |(name, value): &(&String, &Identity)| b.get(*name) != Some(*value);
                    a.iter().filter(differs).map(|(name, _)| name.clone()).collect::<Vec<_>>()
                };
                all.extend(other(&now, &before).into_iter().chain(other(&before, &now)));
                all
            });
        }
        changed
    }
}

/// None for a file that is not there.
fn names_of(file: &Path) -> Names {
    let Ok(Source::Text(text)) = read(file) else { return Names::new() };
    env_lines(&text).iter().map(|it| (text[it.name.range()].to_owned(), identity(&env_value(&text, it)))).collect()
}

/// What lies around documents and counts for their findings.
fn is_watched(uri: &Url) -> bool {
    let name = uri.path().rsplit('/').next().unwrap_or("");
    is_env(uri)
        || Packager::is_told_in(Path::new(name))
        || matches!(name, "aikeys.toml" | LOCK | ".gitignore" | "pyproject.toml")
        || (name.contains("baseline") && name.ends_with(".json"))
}

fn is_env(uri: &Url) -> bool {
    uri.path().rsplit('/').next().unwrap_or("").starts_with(".env")
}
