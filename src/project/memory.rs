//! What stores said when they were last asked, for editors, which never ask by themselves. No values.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::files::{FolderLock, private_folder, read_small, write_atomic};
use super::store_settings::state_folder;
use crate::fixes::Checked;
use crate::secrets::{SecretRef, without_keys};

/// More references are forgotten, the oldest answers first.
const MOST: usize = 2000;
const FILE: &str = "checked.json";

/// Remembers answers for a workspace: what is wrong, if something is. What cannot be written is not remembered.
pub fn remember<'a>(root: &Path, answers: impl IntoIterator<Item = (&'a SecretRef, Option<String>)>) {
    let time = Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string();
    let Some(folder) = state_folder() else { return };
    if private_folder(&folder).is_err() {
        return;
    }
    let Ok(_lock) = FolderLock::take(&folder) else { return };
    let path = folder.join(FILE);
    let old = read_small(&path).ok().flatten();
    let mut all = parsed(old.as_deref());
    for (at, problem) in answers {
        all.insert(key(root, at), (time.clone(), problem.map(|it| without_keys(&it).into_owned())));
    }
    while all.len() > MOST {
        let Some(oldest) = all.iter().min_by_key(|(_, (time, _))| time.clone()).map(|(at, _)| at.clone()) else {
            break;
        };
        all.remove(&oldest);
    }
    if let Ok(text) = serde_json::to_vec(&all) {
        // Somebody else's answer is as good.
        let _ = write_atomic(&folder, &path, old.as_deref(), &text, 0o600);
    }
}

/// The last answers, for [`answer`].
pub fn recall() -> BTreeMap<String, Checked> {
    let bytes = state_folder().and_then(|folder| read_small(&folder.join(FILE)).ok().flatten());
    parsed(bytes.as_deref()).into_iter().map(|(at, (time, problem))| (at, Checked { time, problem })).collect()
}

/// The last answers in a workspace, by reference.
pub fn recall_in(root: &Path) -> BTreeMap<String, Checked> {
    let start = format!("{} ", root.display());
    let own = recall().into_iter().filter_map(|(at, checked)| Some((at.strip_prefix(&start)?.to_owned(), checked)));
    own.collect()
}

/// The last answer for a reference in a workspace, of those that were recalled.
pub fn answer<'a>(all: &'a BTreeMap<String, Checked>, root: &Path, at: &SecretRef) -> Option<&'a Checked> {
    all.get(&key(root, at))
}

/// The same text leads elsewhere in another workspace. What stands in a reference by mistake can be a key.
fn key(root: &Path, at: &SecretRef) -> String {
    without_keys(&format!("{} {at}", root.display())).into_owned()
}

fn parsed(bytes: Option<&[u8]>) -> BTreeMap<String, (String, Option<String>)> {
    bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}
