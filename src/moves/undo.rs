//! The way back: what the last move changed in sources, kept so that only who can read the moved keys can read it.
//!
//! Old texts hold keys. They are encrypted, and the moved keys themselves are the passphrase: nothing new has to be kept
//! secret, and a record without its keys is of no use to anybody.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::sealed::{opened, sealed};
use super::{Deposited, MoveError, resolve};
use crate::project::{
    FileError, FolderLock, Workspace, check_writable, private_folder, read_small, read_values, state_folder,
    write_atomic,
};
use crate::secrets::{Secret, without_keys};
use crate::stores::Stores;

/// Why a move cannot be undone.
#[derive(Debug, thiserror::Error)]
pub enum UndoError {
    /// Nothing was moved, or nobody remembers.
    #[error("{0}: no move of this workspace is remembered")]
    Nothing(String),
    /// A file is not as the move left it.
    #[error("{0}: the file has changed since the move: nothing was put back")]
    Changed(String),
    /// A key is not where the move put it, or is another one by now.
    #[error("{0} does not hold the moved keys any more, and only they open what is remembered: nothing was put back")]
    Gone(String),
    /// A store or a file.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

/// The last move of a workspace.
pub struct LastMove {
    /// What it did, and when.
    pub title: String,
    /// Where the keys went.
    pub store: String,
    files: Files,
}

impl LastMove {
    /// The files that it changed, from the root.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(PathBuf::as_path)
    }

    /// The files with their texts before the move, from the root.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&Path, &str)> {
        self.files.iter().map(|(path, (before, _))| (path.as_path(), before.as_str()))
    }

    /// This is the text that the move left in a file.
    pub(crate) fn left(&self, path: &Path, text: &str) -> bool {
        self.files.get(path).is_some_and(|(_, after)| digest(text) == *after)
    }
}

/// What is written to the disk.
#[derive(Serialize, Deserialize)]
struct Record {
    root: PathBuf,
    title: String,
    store: String,
    /// Where each key went: the env file and its variable.
    keys: Vec<(PathBuf, String)>,
    /// [`Files`] as JSON, encrypted: names of files can be keys as well.
    files: String,
}

/// Each file's text before, and the digest of the text as the move left it.
type Files = BTreeMap<PathBuf, (Zeroizing<String>, String)>;

/// Remembers a move whose keys are stored. `files` are texts before and after.
///
/// What cannot be remembered cannot be undone, and is no reason to stop: the keys are safe.
pub(crate) fn record(workspace: &Workspace, keys: &[&Deposited], files: &[(&Path, &str, &str)]) {
    let Some(first) = keys.first() else { return };
    let before: BTreeMap<&Path, (&str, String)> =
        files.iter().map(|(path, before, after)| (*path, (*before, digest(after)))).collect();
    let secrets = keys.iter().map(|it| it.secret.clone()).collect::<Vec<_>>();
    let Ok(text) = serde_json::to_vec(&before).map(Zeroizing::new) else { return };
    let Some(sealed) = sealed(&text, &secrets) else { return };
    let mut names: Vec<&str> = keys.iter().map(|it| it.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let time = Timestamp::now().strftime("%Y-%m-%d %H:%M UTC");
    let record = Record {
        root: workspace.root().to_owned(),
        title: without_keys(&format!("the move of {} at {time}", names.join(", "))).into_owned(),
        store: first.store.clone(),
        keys: keys.iter().map(|it| (it.env.clone(), it.name.clone())).collect(),
        files: STANDARD.encode(sealed),
    };
    let Some(path) = path(workspace) else { return };
    let (Some(folder), Ok(text)) = (path.parent(), serde_json::to_string(&record)) else { return };
    // A workspace or a variable that is called like a key: rather no way back than a key on the disk.
    if without_keys(&text) != text {
        return;
    }
    if private_folder(folder).is_ok()
        && let Ok(_lock) = FolderLock::take(folder)
    {
        let old = read_small(&path).ok().flatten();
        let _ = write_atomic(folder, &path, old.as_deref(), text.as_bytes(), 0o600);
    }
}

/// The last move of a workspace, if its keys are where it put them.
pub fn last_move(workspace: &Workspace, stores: &Stores) -> Result<LastMove, UndoError> {
    let nothing = || UndoError::Nothing(workspace.root().display().to_string());
    let bytes = read_small(&path(workspace).ok_or_else(nothing)?)?.ok_or_else(nothing)?;
    let record: Record = serde_json::from_slice(&bytes).map_err(|_| nothing())?;
    if record.root != workspace.root() {
        return Err(nothing());
    }
    let mut wanted = Vec::new();
    for (env, name) in &record.keys {
        let values = read_values(&workspace.root().join(env)).map_err(MoveError::from)?;
        let value = values.into_iter().find(|(it, _)| it == name);
        wanted.push(value.ok_or_else(|| UndoError::Gone(env.display().to_string()))?);
    }
    let secrets: Vec<Secret> = resolve(stores, wanted)?.into_iter().map(|(_, value)| value).collect();
    let opened = STANDARD.decode(&record.files).ok().and_then(|sealed| opened(&sealed, &secrets));
    let files: Option<BTreeMap<PathBuf, (String, String)>> = opened.and_then(|text| serde_json::from_slice(&text).ok());
    let files = files.ok_or_else(|| UndoError::Gone(record.store.clone()))?;
    let files = files.into_iter().map(|(path, (text, after))| (path, (Zeroizing::new(text), after))).collect();
    Ok(LastMove { title: record.title, store: record.store, files })
}

/// Puts the sources back. All of them are looked at before one is changed.
pub fn undo(workspace: &Workspace, last: &LastMove) -> Result<(), UndoError> {
    let root = workspace.root();
    let _lock = FolderLock::take(root)?;
    let mut now = Vec::new();
    for (path, (before, after)) in &last.files {
        let full = root.join(path);
        check_writable(root, &full)?;
        let text = read_small(&full)?.unwrap_or_default();
        if digest_of(&text) != *after {
            return Err(UndoError::Changed(path.display().to_string()));
        }
        now.push((full, text, before));
    }
    for (full, text, before) in now {
        write_atomic(root, &full, Some(&text), before.as_bytes(), 0o644)?;
    }
    forget(workspace);
    Ok(())
}

/// Forgets the last move: putting it back would be refused a second time.
pub fn forget(workspace: &Workspace) {
    if let Some(path) = path(workspace) {
        // It is looked at again before anything is put back.
        let _ = fs::remove_file(path);
    }
}

/// One record for each workspace.
fn path(workspace: &Workspace) -> Option<PathBuf> {
    let name = digest(&workspace.root().to_string_lossy());
    Some(state_folder()?.join("undo").join(format!("{}.json", &name[..16])))
}

fn digest(text: &str) -> String {
    digest_of(text.as_bytes())
}

fn digest_of(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
