//! This machine's identity: the age keys that open encrypted stores, and the passphrase before them.
//!
//! A passphrase is typed on a terminal, or printed by a program that the user's own settings name. An identity that was
//! opened stays open for this process.

use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Mutex;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519::Identity;
use age::{DecryptError, Decryptor, Encryptor, scrypt};
use etcetera::BaseStrategy;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::program::{Failed, run};
use super::{PATIENCE, StoreError};
use crate::project::{FolderLock, private_folder, read_small, user_file, user_stores, write_atomic};
use crate::secrets::Secret;

/// The identity's file name in the configuration folder.
pub const IDENTITY_FILE: &str = "identity.txt";
/// How often a passphrase may be mistyped.
const TRIES: usize = 3;
/// The most that a passphrase may cost to try, as a power of two: about half a minute.
const MOST_WORK: u8 = 22;

/// A protected identity that was opened.
struct Opened {
    file: Vec<u8>,
    keys: Vec<Identity>,
}

static OPENED: Mutex<Option<Opened>> = Mutex::new(None);

/// The keys of this machine, the first one its own. May ask for the passphrase.
pub(super) fn identities() -> Result<Vec<Identity>, StoreError> {
    let path = identity_path()?;
    let none = || {
        let shown = path.display();
        StoreError::Unavailable(format!(
            "{shown}: there is no identity on this machine: make one with `aikeys-lsp store init`"
        ))
    };
    let bytes = Zeroizing::new(read_small(&path)?.ok_or_else(none)?);
    if !is_sealed(&bytes) {
        return keys(&bytes).ok_or_else(|| broken(&path));
    }
    if let Some(keys) = opened(&bytes) {
        return Ok(keys);
    }
    let keys = unseal(&path, &bytes)?;
    remember(&bytes, &keys);
    Ok(keys)
}

/// The keys can be had without asking anybody.
pub(super) fn is_at_hand() -> bool {
    let bytes = identity_path().ok().and_then(|path| read_small(&path).ok().flatten());
    bytes.map(Zeroizing::new).is_some_and(|bytes| !is_sealed(&bytes) || opened(&bytes).is_some())
}

/// Makes the identity where there is none, and says where it lies and whether it is new.
pub(super) fn make() -> Result<(PathBuf, bool), StoreError> {
    let path = identity_path()?;
    let (folder, _alone) = alone(&path)?;
    let is_new = read_small(&path)?.is_none();
    if is_new {
        write_atomic(&folder, &path, None, fresh().as_bytes(), 0o600)?;
    }
    Ok((path, is_new))
}

/// Puts a passphrase before the identity, which is made where there is none; another one before a protected one.
pub fn protect() -> Result<PathBuf, StoreError> {
    let path = identity_path()?;
    let old = read_small(&path)?.map(Zeroizing::new);
    let text = match &old {
        None => fresh(),
        Some(bytes) if is_sealed(bytes) => written(&identities()?),
        Some(bytes) if keys(bytes).is_none() => return Err(broken(&path)),
        Some(bytes) => Zeroizing::new(String::from_utf8_lossy(bytes).into_owned()),
    };
    let passphrase = chosen(&path)?;
    let failed = |_| StoreError::Unavailable(format!("{}: it cannot be encrypted", path.display()));
    let sealed = seal(&text, &passphrase).map_err(failed)?;
    let (folder, _alone) = alone(&path)?;
    write_atomic(&folder, &path, old.as_ref().map(|it| it.as_slice()), &sealed, 0o600)?;
    if let Some(keys) = keys(text.as_bytes()) {
        remember(&sealed, &keys);
    }
    Ok(path)
}

/// `AIKEYS_IDENTITY`, else a file in the platform's configuration folder.
pub(super) fn identity_path() -> Result<PathBuf, StoreError> {
    if let Some(path) = std::env::var_os("AIKEYS_IDENTITY").filter(|it| !it.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let homeless =
        |_| StoreError::Unavailable("there is no home folder for the identity: set AIKEYS_IDENTITY".to_owned());
    Ok(etcetera::choose_base_strategy().map_err(homeless)?.config_dir().join("aikeys-lsp").join(IDENTITY_FILE))
}

/// The identity's folder. Two workspaces that are set up at once share one identity.
fn alone(path: &Path) -> Result<(PathBuf, FolderLock), StoreError> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned();
    private_folder(&folder)?;
    let lock = FolderLock::take(&folder)?;
    Ok((folder, lock))
}

fn broken(path: &Path) -> StoreError {
    StoreError::Unavailable(format!("{}: this is no age identity", path.display()))
}

fn fresh() -> Zeroizing<String> {
    written(&[Identity::generate()])
}

/// As `age-keygen` writes them.
fn written(keys: &[Identity]) -> Zeroizing<String> {
    let mut text = String::from("# aikeys-lsp's identity on this machine: keep it private, and keep a copy.\n");
    for key in keys {
        text.push_str(&format!("# public key: {}\n{}\n", key.to_public(), key.to_string().expose_secret()));
    }
    Zeroizing::new(text)
}

/// The keys in an identity file; `None` without one.
fn keys(bytes: &[u8]) -> Option<Vec<Identity>> {
    let lines = std::str::from_utf8(bytes).ok()?.lines().map(str::trim);
    let keys = lines.filter(|line| line.starts_with("AGE-SECRET-KEY-")).map(Identity::from_str);
    keys.collect::<Result<Vec<_>, _>>().ok().filter(|keys| !keys.is_empty())
}

fn is_sealed(bytes: &[u8]) -> bool {
    let text = bytes.trim_ascii_start();
    text.starts_with(b"age-encryption.org/") || text.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----")
}

fn opened(file: &[u8]) -> Option<Vec<Identity>> {
    let opened = OPENED.lock().ok()?;
    opened.as_ref().filter(|it| it.file == file).map(|it| it.keys.clone())
}

fn remember(file: &[u8], keys: &[Identity]) {
    if let Ok(mut opened) = OPENED.lock() {
        *opened = Some(Opened { file: file.to_owned(), keys: keys.to_owned() });
    }
}

/// Opens a protected identity.
fn unseal(path: &Path, bytes: &[u8]) -> Result<Vec<Identity>, StoreError> {
    let program = passphrase_command()?;
    for _ in 0..TRIES {
        let passphrase = match &program {
            Some(program) => printed(program)?,
            None => typed(path, &format!("passphrase of {}: ", path.display()))?,
        };
        match open(bytes, &passphrase) {
            Ok(text) => return keys(&text).ok_or_else(|| broken(path)),
            Err(DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed) if program.is_none() => {}
            Err(DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed) => break,
            Err(_) => return Err(broken(path)),
        }
    }
    Err(StoreError::Unavailable(format!("{}: that passphrase does not open this identity", path.display())))
}

fn open(bytes: &[u8], passphrase: &SecretString) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
    let mut key = scrypt::Identity::new(passphrase.clone());
    key.set_max_work_factor(MOST_WORK);
    let decryptor = Decryptor::new(ArmoredReader::new(bytes))?;
    let mut text = Zeroizing::new(Vec::new());
    decryptor.decrypt(std::iter::once(&key as &dyn age::Identity))?.read_to_end(&mut text)?;
    Ok(text)
}

fn seal(text: &str, passphrase: &SecretString) -> io::Result<Vec<u8>> {
    let mut sealed = Vec::new();
    let armor = ArmoredWriter::wrap_output(&mut sealed, Format::AsciiArmor)?;
    let mut writer = Encryptor::with_user_passphrase(passphrase.clone()).wrap_output(armor)?;
    writer.write_all(text.as_bytes())?;
    writer.finish()?.finish()?;
    Ok(sealed)
}

/// A new passphrase: typed twice, or from the user's program.
fn chosen(path: &Path) -> Result<SecretString, StoreError> {
    if let Some(program) = passphrase_command()? {
        return printed(&program);
    }
    let first = typed(path, "new passphrase: ")?;
    let again = typed(path, "the same again: ")?;
    match first.expose_secret() == again.expose_secret() {
        true if !first.expose_secret().is_empty() => Ok(first),
        true => Err(StoreError::Unavailable("an empty passphrase protects nothing: nothing was changed".to_owned())),
        false => Err(StoreError::Unavailable("these were two passphrases: nothing was changed".to_owned())),
    }
}

/// Asks on the terminal. An editor's server has none: neither its input nor its output is one.
fn typed(path: &Path, prompt: &str) -> Result<SecretString, StoreError> {
    let read = || match io::stdin().is_terminal() || io::stdout().is_terminal() {
        true => rpassword::prompt_password(prompt).ok(),
        false => None,
    };
    let file = user_file().map_or("your own settings".to_owned(), |it| it.display().to_string());
    let silent = || {
        StoreError::Unavailable(format!(
            "{}: this identity is protected by a passphrase, and there is no terminal to ask for it: write \
             `passphrase-command = [PROGRAM, …]` under `[stores.local]` in {file}",
            path.display()
        ))
    };
    read().map(SecretString::from).ok_or_else(silent)
}

fn passphrase_command() -> Result<Option<Vec<String>>, StoreError> {
    Ok(user_stores()?.local.map(|it| it.passphrase_command).filter(|it| !it.is_empty()))
}

/// What the user's program prints. In a thread of its own: this one may be in the middle of asking other stores.
fn printed(program: &[String]) -> Result<SecretString, StoreError> {
    let failed = |what: String| {
        let name = program.first().map_or("", String::as_str);
        StoreError::Unavailable(format!("`{name}`, which prints the passphrase of the identity, {what}"))
    };
    let started = || -> io::Result<_> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(runtime.block_on(async { timeout(PATIENCE, run(program, None)).await }))
    };
    let joined = std::thread::scope(|scope| scope.spawn(started).join());
    let ended = match joined {
        Ok(Ok(Ok(Ok(ended)))) => ended,
        Ok(Ok(Err(_))) => return Err(failed(format!("did not end within {} seconds", PATIENCE.as_secs()))),
        Ok(Ok(Ok(Err(Failed::NotStarted(error))))) | Ok(Err(error)) => {
            return Err(failed(format!("cannot be started ({error})")));
        }
        Ok(Ok(Ok(Err(_)))) | Err(_) => return Err(failed("failed".to_owned())),
    };
    match ended.value() {
        Some(value) if ended.code == Some(0) && !value.expose().is_empty() => Ok(passphrase(&value)),
        Some(_) if ended.code == Some(0) => Err(failed("printed nothing".to_owned())),
        _ => Err(failed(ended.reason(None))),
    }
}

fn passphrase(value: &Secret) -> SecretString {
    SecretString::from(value.expose().to_owned())
}
