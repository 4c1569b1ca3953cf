//! The list of a workspace's keys.

use std::path::Path;
use std::sync::Arc;

use super::config::ProjectError;
use super::files::read_small;
use super::workspace::Workspace;
use crate::fixes::{LOCK, Lock};

impl Workspace {
    /// A list that cannot be read is worse than none: new keys would come in unseen.
    pub(super) fn load_lock(&mut self) -> Result<(), ProjectError> {
        let path = self.root().join(LOCK);
        let wrong = |why: String| ProjectError::Catalogue {
            path: path.display().to_string(),
            message: format!("{why}: mend it, or delete it and run `aikeys-lsp inventory --write-lock`"),
        };
        let Some(bytes) = read_small(&path).map_err(|error| wrong(error.to_string()))? else { return Ok(()) };
        let text = String::from_utf8(bytes).map_err(|_| wrong("it is no UTF-8".to_owned()))?;
        let lock = Lock::parse(&text).map_err(wrong)?;
        let own = self.config(Path::new(LOCK))?.max_key_age_days;
        let max_age_days = own.into_iter().chain(self.organisation().max_key_age_days).min();
        self.lock = Some(Arc::new(Lock { max_age_days, ..lock }));
        Ok(())
    }

    /// The list of its keys.
    pub fn lock(&self) -> Option<&Arc<Lock>> {
        self.lock.as_ref()
    }
}
