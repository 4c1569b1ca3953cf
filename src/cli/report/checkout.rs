//! Where a file lies for a CI system: in the checkout, wherever in it the check was started.

use std::path::{Component, Path, PathBuf};
use std::sync::LazyLock;
use std::{env, fs};

use crate::checks::CheckedFile;
use crate::secrets::without_keys;

/// The folders that GitLab and GitHub name; each counts where the check runs in it. Else the current folder.
static CHECKOUT: LazyLock<PathBuf> = LazyLock::new(|| {
    let here = env::current_dir().and_then(fs::canonicalize).unwrap_or_default();
    let named = ["CI_PROJECT_DIR", "GITHUB_WORKSPACE"].into_iter().filter_map(env::var_os);
    let mut folders = named.filter(|it| !it.is_empty()).filter_map(|it| fs::canonicalize(it).ok());
    folders.find(|folder| here.starts_with(folder)).unwrap_or(here)
});

/// The path of a file from the checkout; an absolute one where it lies elsewhere.
pub(super) fn in_checkout(file: &CheckedFile) -> PathBuf {
    from(&CHECKOUT, &env::current_dir().and_then(fs::canonicalize).unwrap_or_default(), file)
}

fn from(checkout: &Path, here: &Path, file: &CheckedFile) -> PathBuf {
    let is_below = file.path.components().all(|part| matches!(part, Component::Normal(_)));
    if is_below && checkout == here {
        return file.path.clone();
    }
    let real = file.workspace.root().join(file.doc.path());
    real.strip_prefix(checkout).map(Path::to_owned).unwrap_or(real)
}

/// A path as a URI, or as a reference to one from the checkout. It has the bytes of the name, whatever they are.
pub(super) fn uri(path: &Path) -> String {
    let text = path.to_string_lossy();
    let shown = without_keys(&text);
    let bytes = if shown == text { path.as_os_str().as_encoded_bytes() } else { shown.as_bytes() };
    let mut out = if path.is_absolute() { "file://".to_owned() } else { String::new() };
    if cfg!(windows) && path.is_absolute() {
        out.push('/');
    }
    for &byte in bytes {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            b'\\' if cfg!(windows) => out.push('/'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn every_name_is_a_uri() {
        assert_eq!(uri(Path::new("src/a b:c?#é%.py")), "src/a%20b%3Ac%3F%23%C3%A9%25.py");
        assert_eq!(uri(Path::new("/else/where.py")), "file:///else/where.py");
        assert_eq!(uri(Path::new(OsStr::from_bytes(b"caf\xe9\n\\.py"))), "caf%E9%0A%5C.py");
    }
}
