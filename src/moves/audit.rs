//! The audit log: a line for each key that left a source. Names and fingerprints, never a value.

use std::fs::OpenOptions;
use std::io::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use super::Deposited;
use crate::project::{private_folder, state_folder};
use crate::secrets::without_keys;

/// Adds a line; a log that cannot be written stops no move, since the key is safe already.
pub(super) fn note(workspace: &str, deposited: &Deposited) {
    let Some(folder) = state_folder() else { return };
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let line = serde_json::json!({
        "time": seconds,
        "event": "moved",
        "workspace": without_keys(workspace),
        "name": without_keys(&deposited.name),
        "store": deposited.store,
        "fingerprint": deposited.fingerprint.as_ref().map(|it| it.hex.as_str()),
    });
    if private_folder(&folder).is_err() {
        return;
    }
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if let Ok(mut file) = options.open(folder.join("audit.jsonl")) {
        // In one piece: two processes may write at once.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}
