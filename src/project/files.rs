//! Files that are written: atomically, privately, and never through a pipe, a device or a link out of the workspace.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

/// Why a file is not written or read. Says what to do.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Not a regular file.
    #[error("{path}: this is {kind}, which aikeys-lsp never opens for writing or replaces: {advice}")]
    Kind {
        /// The path.
        path: String,
        /// `a pipe`, `a folder` …
        kind: &'static str,
        /// The owner's way.
        advice: &'static str,
    },
    /// What a program is started with stands in a file or comes through a pipe.
    #[error("{path}: this is {kind}, not an env file: name one with `--env-file`")]
    NoEnv {
        /// The path.
        path: String,
        /// `a folder` …
        kind: &'static str,
    },
    /// Nobody wrote to a pipe.
    #[error(
        "{path}: nothing came through this pipe: start the program that fills it, use that program's own way \
        (`op run`), or name a file with `--env-file`"
    )]
    Silent {
        /// The path.
        path: String,
    },
    /// A link that leaves the workspace.
    #[error(
        "{path}: a link leads out of the workspace here: replace it by a file of the workspace's own, or move the key by hand"
    )]
    Outside {
        /// The path.
        path: String,
    },
    /// Nobody may write it.
    #[error("{path}: the file is read-only: allow writing first (`chmod u+w`)")]
    ReadOnly {
        /// The path.
        path: String,
    },
    /// Someone else changed it between reading and writing.
    #[error("{path}: the file has changed meanwhile: nothing was written, try again")]
    Changed {
        /// The path.
        path: String,
    },
    /// The file is no text.
    #[error("{path}: this file has bytes that are no UTF-8: move its keys by hand")]
    NoText {
        /// The path.
        path: String,
    },
    /// The system said no.
    #[error("{path}: {error}")]
    Io {
        /// The path.
        path: String,
        /// What the system said.
        error: io::Error,
    },
}

impl FileError {
    pub(super) fn io(path: &Path) -> impl FnOnce(io::Error) -> FileError {
        let path = path.display().to_string();
        move |error| FileError::Io { path, error }
    }
}

/// The file that may be written for `path`: itself, or what a link in the workspace leads to.
///
/// `root` is the workspace. A file that is not there yet is fine.
pub(super) fn writable(root: &Path, path: &Path) -> Result<PathBuf, FileError> {
    let shown = || path.display().to_string();
    if !lies_below(root, path) {
        return Err(FileError::Outside { path: shown() });
    }
    let target = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(path.to_owned()),
        Err(error) => return Err(FileError::io(path)(error)),
        Ok(meta) if meta.file_type().is_symlink() => {
            let target = fs::canonicalize(path).map_err(|_| FileError::Outside { path: shown() })?;
            let root = fs::canonicalize(root).map_err(FileError::io(root))?;
            if !target.starts_with(root) {
                return Err(FileError::Outside { path: shown() });
            }
            target
        }
        Ok(_) => path.to_owned(),
    };
    let meta = fs::metadata(&target).map_err(FileError::io(path))?;
    if let Some((kind, advice)) = special(&meta) {
        return Err(FileError::Kind { path: shown(), kind, advice });
    }
    if meta.permissions().readonly() {
        return Err(FileError::ReadOnly { path: shown() });
    }
    Ok(target)
}

/// The folder that holds `path`, or will, lies in the folder `root` and is no link out of it.
pub fn lies_below(root: &Path, path: &Path) -> bool {
    let real = |folder: &Path| fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let folder = path.ancestors().skip(1).find_map(|it| real(it).ok());
    folder.is_some_and(|it| real(root).is_ok_and(|root| it.starts_with(root)))
}

/// The file may be written, as far as one can tell before.
pub fn check_writable(root: &Path, path: &Path) -> Result<(), FileError> {
    writable(root, path).map(drop)
}

/// What a file is, when it is no regular file, and the way its owner has.
pub(super) fn special(meta: &fs::Metadata) -> Option<(&'static str, &'static str)> {
    let kind = meta.file_type();
    if kind.is_dir() {
        return Some(("a folder", "rename it first"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        let owner = "the program that made it (1Password, for one) manages its values, so add the key there";
        if kind.is_fifo() {
            return Some(("a pipe", owner));
        }
        if kind.is_socket() {
            return Some(("a socket", owner));
        }
        if kind.is_char_device() || kind.is_block_device() {
            return Some(("a device", "name a file"));
        }
    }
    None
}

/// Writes a whole file: a temporary one beside it, then a rename, so that a reader sees the old text or the new.
///
/// An existing file keeps its mode and its owner; a new one gets `mode`. `expected` is the text that the new one was made
/// from: if the file holds another by now, nothing is written.
pub fn write_atomic(
    root: &Path,
    path: &Path,
    expected: Option<&[u8]>,
    text: &[u8],
    mode: u32,
) -> Result<(), FileError> {
    let target = writable(root, path)?;
    let folder = target.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let io = || FileError::io(path);
    let changed = || FileError::Changed { path: path.display().to_string() };
    let aside = aside(folder).map_err(io())?;
    let mut file = tempfile::NamedTempFile::new_in(aside.path()).map_err(io())?;
    file.write_all(text).map_err(io())?;
    let old = fs::metadata(&target).ok();
    keep_owner_and_mode(file.as_file(), old.as_ref(), mode).map_err(io())?;
    file.as_file().sync_all().map_err(io())?;
    let now = match fs::read(&target) {
        Ok(now) => Some(now),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(io()(error)),
    };
    if now.as_deref() != expected {
        return Err(changed());
    }
    match expected {
        Some(_) => file.persist(&target).map_err(|error| io()(error.error))?,
        // Somebody else's file that is there by now is not replaced.
        None => file.persist_noclobber(&target).map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => changed(),
            _ => io()(error.error),
        })?,
    };
    sync_folder(folder);
    Ok(())
}

/// A private folder for one temporary file, in which git takes nothing: a killed process may leave the file behind.
/// What was left behind goes now.
fn aside(folder: &Path) -> io::Result<tempfile::TempDir> {
    const START: &str = ".aikeys-";
    const END: &str = ".tmp";
    for entry in fs::read_dir(folder)?.filter_map(Result::ok) {
        let name = entry.file_name();
        let ours = name.to_str().is_some_and(|name| name.starts_with(START) && name.ends_with(END));
        if ours && entry.file_type().is_ok_and(|it| it.is_dir()) {
            // What cannot be removed is in nobody's way.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    let aside = tempfile::Builder::new().prefix(START).suffix(END).tempdir_in(folder)?;
    fs::write(aside.path().join(".gitignore"), "*\n")?;
    Ok(aside)
}

/// Adds bytes to the end of a file in one piece: what other programs add meanwhile stays, before or behind it.
///
/// A new file gets `mode`, and is not written if somebody else made it since it was looked for.
pub fn append(root: &Path, path: &Path, is_new: bool, bytes: &[u8], mode: u32) -> Result<(), FileError> {
    let target = writable(root, path)?;
    let io = || FileError::io(path);
    let mut options = OpenOptions::new();
    options.append(true).create_new(is_new);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(&target).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => FileError::Changed { path: path.display().to_string() },
        _ => io()(error),
    })?;
    let written = file.write(bytes).map_err(io())?;
    if written < bytes.len() {
        // The disk is full. Half a key must not stay, unless others wrote behind it.
        let size = file.metadata().map_err(io())?.len();
        if fs::read(&target).is_ok_and(|now| now.ends_with(&bytes[..written])) {
            file.set_len(size - written as u64).map_err(io())?;
        }
        return Err(io()(io::ErrorKind::StorageFull.into()));
    }
    file.sync_all().map_err(io())?;
    if is_new && let Some(folder) = target.parent() {
        sync_folder(folder);
    }
    Ok(())
}

/// Lets a new name survive a power failure. Not every system can: then the file itself still can be found.
fn sync_folder(folder: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder).and_then(|it| it.sync_all());
    }
}

#[cfg(unix)]
fn keep_owner_and_mode(file: &File, old: Option<&fs::Metadata>, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    if let Some(old) = old {
        // Only root can, and only root has to: the file is not root's own in somebody else's folder.
        let _ = std::os::unix::fs::fchown(file, Some(old.uid()), Some(old.gid()));
    }
    let mode = old.map_or(mode, |meta| meta.permissions().mode() & 0o7777);
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn keep_owner_and_mode(_: &File, _: Option<&fs::Metadata>, _: u32) -> io::Result<()> {
    Ok(())
}

/// Reads a regular file of at most 65 MB that the tool writes, edits or is configured by; `None` when it is not there.
pub fn read_small(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let meta = match fs::metadata(path) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        meta => meta.map_err(FileError::io(path))?,
    };
    if let Some((kind, advice)) = special(&meta) {
        return Err(FileError::Kind { path: path.display().to_string(), kind, advice });
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(FileError::io(path))?;
    file.take(MOST).read_to_end(&mut bytes).map_err(FileError::io(path))?;
    Ok(Some(bytes))
}

/// Reads a pipe to its end; `None` when this is none. Whoever writes to it may ask its owner first, and may not be there.
pub(super) fn read_pipe(path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    let shown = || path.display().to_string();
    match fs::metadata(path).ok().and_then(|meta| special(&meta)) {
        None => return Ok(None),
        Some(("a pipe", _)) => {}
        Some((kind, _)) => return Err(FileError::NoEnv { path: shown(), kind }),
    }
    let (sender, bytes) = std::sync::mpsc::channel();
    let pipe = path.to_owned();
    // Opening waits for a writer. One that never comes is waited for by this thread alone.
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = File::open(pipe).and_then(|file| file.take(MOST).read_to_end(&mut bytes));
        let _ = sender.send(read.map(|_| bytes));
    });
    match bytes.recv_timeout(PATIENCE) {
        Ok(read) => read.map(Some).map_err(FileError::io(path)),
        Err(_) => Err(FileError::Silent { path: shown() }),
    }
}

/// How long a pipe may be silent: someone may have to unlock 1Password first.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than any file that the tool itself writes or configures.
const MOST: u64 = 65 << 20;

/// Makes a folder that only its owner can enter.
pub fn private_folder(path: &Path) -> Result<(), FileError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(FileError::io(path))
}

/// Keeps a second process out while a workspace's files are written.
///
/// An advisory lock on the folder itself: nothing is left behind, and a killed process releases it.
#[derive(Debug)]
pub struct FolderLock {
    _file: Option<File>,
}

impl FolderLock {
    /// The lock on `folder`, unless somebody else has it.
    pub fn if_free(folder: &Path) -> Result<Option<FolderLock>, FileError> {
        if cfg!(unix) {
            let file = File::open(folder).map_err(FileError::io(folder))?;
            return match file.try_lock() {
                Ok(()) => Ok(Some(FolderLock { _file: Some(file) })),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(FileError::io(folder)(error)),
            };
        }
        Ok(Some(FolderLock { _file: None }))
    }

    /// Waits for the lock on `folder`.
    pub fn take(folder: &Path) -> Result<FolderLock, FileError> {
        if cfg!(unix) {
            let file = File::open(folder).map_err(FileError::io(folder))?;
            file.lock().map_err(FileError::io(folder))?;
            return Ok(FolderLock { _file: Some(file) });
        }
        Ok(FolderLock { _file: None })
    }
}

/// The absolute path, links resolved where the path is there.
pub(super) fn absolute(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    // A file that is not there yet: its folder may be.
    match (full.parent().and_then(|it| fs::canonicalize(it).ok()), full.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => full.components().filter(|it| *it != Component::CurDir).collect(),
    }
}
