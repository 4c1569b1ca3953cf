//! The encrypted files that this machine has written.
//!
//! Everybody can encrypt to public keys: a pull request can bring another file, for one reader more. What it cannot know
//! is the secret number in the old one. The note of it lies beside this machine's identity.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use age::x25519::Identity;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::identity::identity_path;
use crate::project::{FolderLock, private_folder, read_small, write_atomic};

/// The number of a new file: one that nobody can guess.
pub(super) fn origin() -> String {
    digest(Identity::generate().to_string().expose_secret())
}

/// Whether a file is the one that this machine wrote last, or a later one of the same people. `None` where this machine
/// never wrote one.
pub(super) fn is_known(file: &Path, origin: &str) -> Option<bool> {
    all(&path()?).get(&file.display().to_string()).map(|known| *known == digest(origin))
}

/// Notes that this machine wrote this file. A machine that can keep no note knows no file.
pub(super) fn remember(file: &Path, origin: &str) {
    let noted = || {
        let path = path()?;
        let folder = path.parent()?;
        private_folder(folder).ok()?;
        let _alone = FolderLock::take(folder).ok()?;
        let old = read_small(&path).ok()?;
        let mut all = all(&path);
        // Workspaces that are gone.
        all.retain(|file, _| Path::new(file).ancestors().nth(2).is_none_or(Path::is_dir));
        if all.insert(file.display().to_string(), digest(origin)).is_some_and(|it| it == digest(origin)) {
            return Some(());
        }
        write_atomic(folder, &path, old.as_deref(), &serde_json::to_vec_pretty(&all).ok()?, 0o600).ok()
    };
    let _ = noted();
}

fn path() -> Option<PathBuf> {
    // In a folder of its own: a lock on the identity's could be one on a workspace, which a move holds.
    identity_path().ok().map(|identity| identity.with_extension("known").join("files.json"))
}

fn all(path: &Path) -> BTreeMap<String, String> {
    let bytes = read_small(path).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}

fn digest(text: &str) -> String {
    Sha256::digest(text).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}
