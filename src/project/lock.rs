//! The list of a workspace's keys.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use super::config::ProjectError;
use super::files::{read_small, write_atomic};
use super::git::is_bare;
use super::holding::any_file;
use super::workspace::Workspace;
use crate::fixes::{Burned, LOCK, Lock};
use crate::rules::builders;

impl Workspace {
    /// Reads the list. One that cannot be read is worse than none to a check: new keys would come in unseen. What starts
    /// programs goes on without it.
    pub(super) fn load_lock(&mut self) {
        match self.read_lock() {
            Ok(lock) => self.lock = lock,
            Err(error) => self.lock_problem = Some(error),
        }
    }

    fn read_lock(&self) -> Result<Option<Arc<Lock>>, ProjectError> {
        let path = self.root().join(LOCK);
        let wrong = |why: String| ProjectError::Catalogue {
            path: path.display().to_string(),
            message: format!("{why}: mend it, or delete it and run `aikeys-lsp inventory --write-lock`"),
        };
        let Some(bytes) = read_small(&path).map_err(|error| wrong(error.to_string()))? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is no UTF-8".to_owned()))?;
        let lock = Lock::parse(&text).map_err(wrong)?;
        let max_age_days = self.config(Path::new(LOCK))?.max_key_age_days;
        let at_most_days = self.organisation().max_key_age_days;
        Ok(Some(Arc::new(Lock { max_age_days, at_most_days, ..lock })))
    }

    /// Notes keys as burned in the list. Says how many are new.
    pub fn burn(&self, keys: &[Burned]) -> Result<usize, ProjectError> {
        let path = self.root().join(LOCK);
        let wrong = |message: String| ProjectError::Catalogue { path: path.display().to_string(), message };
        if is_bare(self.root()) {
            return Err(wrong("a bare repository has no files: do that in a clone of it".to_owned()));
        }
        let old = read_small(&path).map_err(|error| wrong(error.to_string()))?;
        let mut text =
            old.clone().map(String::from_utf8).transpose().map_err(|_| wrong("it is no UTF-8".to_owned()))?;
        let mut new = 0;
        for key in keys {
            if let Some(with) = Lock::with_burned(text.as_deref(), key).map_err(wrong)? {
                text = Some(with);
                new += 1;
            }
        }
        if let Some(text) = text.filter(|_| new > 0) {
            let written = write_atomic(self.root(), &path, old.as_deref(), text.as_bytes(), 0o644);
            written.map_err(|error| wrong(error.to_string()))?;
        }
        Ok(new)
    }

    /// The list of its keys.
    pub fn lock(&self) -> Option<&Arc<Lock>> {
        self.lock.as_ref()
    }

    /// Why the list of its keys cannot be read.
    pub fn lock_problem(&self) -> Option<&ProjectError> {
        self.lock_problem.as_ref()
    }

    /// Whether something uses each variable of the list: a file names it, or builds a client that reads it by itself.
    /// `None` where nobody may look, or there are too many files.
    pub(super) fn uses_of(&self, lock: &Lock) -> Option<BTreeMap<String, bool>> {
        if !self.is_bounded() {
            return None;
        }
        let names: BTreeSet<&str> = lock.listed.iter().map(|it| it.variable.as_str()).collect();
        let built: Vec<(String, &str)> = lock
            .listed
            .iter()
            .filter_map(|it| Some((it, self.catalogue().provider(&it.provider)?)))
            .filter(|(it, provider)| provider.env == it.variable)
            .flat_map(|(it, provider)| builders(provider).map(|builder| (builder, it.variable.as_str())))
            .collect();
        let found: Mutex<BTreeSet<&str>> = Mutex::default();
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let look = |path: &Path, bytes: &[u8]| {
            if path == Path::new(LOCK) {
                return;
            }
            let words = bytes.split(|byte| !is_part(byte)).filter_map(|it| std::str::from_utf8(it).ok());
            let mut own: BTreeSet<&str> = words.filter_map(|it| names.get(it).copied()).collect();
            let builds = |it: &&(String, &str)| memchr::memmem::find(bytes, it.0.as_bytes()).is_some();
            own.extend(built.iter().filter(builds).map(|(_, name)| *name));
            if let (Ok(mut found), false) = (found.lock(), own.is_empty()) {
                found.extend(own);
            }
        };
        any_file(self, &look)?;
        let found = found.into_inner().ok()?;
        Some(names.into_iter().map(|it| (it.to_owned(), found.contains(it))).collect())
    }
}
