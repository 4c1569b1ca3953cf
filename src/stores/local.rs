//! The local store: one file, encrypted by age to the people who may read it.
//!
//! The file may be committed. Who opens it needs an identity, which lies in the user's own configuration folder.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519::{Identity, Recipient};
use async_trait::async_trait;
use etcetera::BaseStrategy;
use zeroize::Zeroizing;

use super::{Around, Asked, Held, Kind, Over, SecretStore, StoreError, Version, VersionState};
use crate::fixes::Destination;
use crate::project::{FolderLock, private_folder, read_small, write_atomic};
use crate::secrets::{Secret, SecretRef};

/// The encrypted file, from the workspace root.
pub const SECRETS: &str = ".aikeys/secrets.age";
/// Who may read it: a public key a line.
pub const RECIPIENTS: &str = ".aikeys/recipients.txt";
/// The identity's file name in the configuration folder.
pub const IDENTITY_FILE: &str = "identity.txt";

/// What the file holds, by name.
type Contents = BTreeMap<String, Zeroizing<String>>;

/// One encrypted file.
#[derive(Debug)]
pub struct Local {
    root: PathBuf,
    path: String,
}

/// What `init` made and what was there.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    /// The identity's file, and whether it is new.
    pub identity: (PathBuf, bool),
    /// The encrypted file is new.
    pub store: bool,
}

/// Makes the identity and the workspace's encrypted file, where they are not there yet.
pub fn init(root: &Path) -> Result<Made, StoreError> {
    let path = identity_path()?;
    let folder = path.parent().map(Path::to_owned).unwrap_or_default();
    private_folder(&folder)?;
    // Two workspaces that are set up at once share one identity.
    let alone = FolderLock::take(&folder)?;
    let is_new = read_small(&path)?.is_none();
    if is_new {
        let identity = Identity::generate();
        let secret = Zeroizing::new(secrecy::ExposeSecret::expose_secret(&identity.to_string()).to_owned());
        let text = Zeroizing::new(format!(
            "# aikeys-lsp's identity on this machine: keep it private, and keep a copy.\n# public key: {}\n{}\n",
            identity.to_public(),
            secret.as_str()
        ));
        write_atomic(&folder, &path, None, text.as_bytes(), 0o600)?;
    }
    drop(alone);
    let identity = identity()?;
    let store = Local::open(root);
    let _lock = FolderLock::take(root)?;
    if store.is_there() {
        return Ok(Made { identity: (path, is_new), store: false });
    }
    private_folder(&root.join(".aikeys"))?;
    let recipients = root.join(RECIPIENTS);
    if read_small(&recipients)?.is_none() {
        let text = format!("# who may read secrets.age\n{}\n", identity.to_public());
        write_atomic(root, &recipients, None, text.as_bytes(), 0o644)?;
    }
    store.write(None, &BTreeMap::new())?;
    Ok(Made { identity: (path, is_new), store: true })
}

impl Local {
    /// The workspace's own store.
    pub fn open(root: &Path) -> Local {
        Local::at(root, SECRETS)
    }

    /// The store in the file `path`, from the workspace root.
    pub fn at(root: &Path, path: &str) -> Local {
        Local { root: root.to_owned(), path: path.to_owned() }
    }

    /// `init` has been run here.
    pub fn is_there(&self) -> bool {
        self.file().is_file()
    }

    /// The store as a place for keys.
    pub fn destination(&self) -> Destination {
        Destination {
            store: "local".to_owned(),
            label: "the encrypted store".to_owned(),
            reference: Some(format!("ref+age://{}#/{{name}}", self.path)),
        }
    }

    /// The reference of a name.
    pub fn reference(&self, name: &str) -> SecretRef {
        SecretRef::new("age", &*self.path, Some(name))
    }

    /// Every name in the store.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.read()?.1.into_keys().collect())
    }

    /// The secret under a name.
    pub fn get(&self, name: &str) -> Result<Secret, StoreError> {
        let (_, mut all) = self.read()?;
        let missing = || StoreError::Missing { place: self.reference(name).to_string(), advice: String::new() };
        all.remove(name).map(|value| Secret::new(value.as_str())).ok_or_else(missing)
    }

    /// Puts a secret under a name; another value under it is replaced only when `over` says that there is one.
    fn set(&self, name: &str, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        let (old, mut all) = self.read()?;
        if all.contains_key(name) && over == Over::Nothing {
            return Err(StoreError::Conflict { place: self.reference(name).to_string() });
        }
        all.insert(name.to_owned(), Zeroizing::new(secret.expose().to_owned()));
        self.write(Some(&old), &all)
    }

    /// Takes a name out. What git has of the file still holds it.
    fn remove(&self, name: &str) -> Result<(), StoreError> {
        let (old, mut all) = self.read()?;
        all.remove(name);
        self.write(Some(&old), &all)
    }

    fn file(&self) -> PathBuf {
        self.root.join(&self.path)
    }

    /// The file's bytes, and what they hold.
    fn read(&self) -> Result<(Vec<u8>, Contents), StoreError> {
        let none = || {
            StoreError::Unavailable(format!("{}: there is no such store: make it with `aikeys-lsp init`", self.path))
        };
        let bytes = read_small(&self.file())?.ok_or_else(none)?;
        let identity = identity()?;
        let sealed = || {
            let advice = "this machine's identity cannot open it: ask someone on its list of recipients to add you";
            StoreError::Unavailable(format!("{}: {advice}", self.path))
        };
        let damaged =
            || StoreError::Unavailable(format!("{}: the file is damaged: restore it from git or a backup", self.path));
        let decryptor = age::Decryptor::new(ArmoredReader::new(bytes.as_slice())).map_err(|_| damaged())?;
        let mut plain = Zeroizing::new(Vec::new());
        let mut reader = decryptor.decrypt(std::iter::once(&identity as &dyn age::Identity)).map_err(|_| sealed())?;
        reader.read_to_end(&mut plain).map_err(|_| damaged())?;
        let all: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| damaged())?;
        Ok((bytes, all.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect()))
    }

    fn write(&self, old: Option<&[u8]>, all: &Contents) -> Result<(), StoreError> {
        let plain: BTreeMap<&str, &str> = all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let failed = |what: &str| StoreError::Unavailable(format!("{}: {what}", self.path));
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| failed("the names cannot be written"))?);
        let recipients = self.recipients()?;
        let list = recipients.iter().map(|it| it as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(list).map_err(|_| failed("its list of recipients is empty"))?;
        let mut sealed = Vec::new();
        let seal = |sealed: &mut Vec<u8>| -> std::io::Result<()> {
            let armor = ArmoredWriter::wrap_output(sealed, Format::AsciiArmor)?;
            let mut writer = encryptor.wrap_output(armor)?;
            writer.write_all(&plain)?;
            writer.finish()?.finish()?;
            Ok(())
        };
        seal(&mut sealed).map_err(|_| failed("it cannot be encrypted"))?;
        write_atomic(&self.root, &self.file(), old, &sealed, 0o644)?;
        Ok(())
    }

    fn recipients(&self) -> Result<Vec<Recipient>, StoreError> {
        let folder = self.file().parent().map(Path::to_owned).unwrap_or_default();
        let path = folder.join("recipients.txt");
        let text = read_small(&path)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let recipient = |line: &str| {
            Recipient::from_str(line)
                .map_err(|_| StoreError::Unavailable(format!("{}: a line is no age public key", path.display())))
        };
        lines.map(recipient).collect()
    }
}

pub(super) const KIND: Kind = Kind {
    id: "local",
    backend: "age",
    setup: "make the encrypted store with `aikeys-lsp init`",
    places,
    open: |around| Ok(Arc::new(Locals { root: around.root.to_owned() })),
};

fn places(around: &Around<'_>, _: Asked) -> Vec<Destination> {
    let local = Local::open(around.root);
    local.is_there().then(|| local.destination()).into_iter().collect()
}

/// All encrypted files of a workspace: a reference names its file.
struct Locals {
    root: PathBuf,
}

impl Locals {
    fn at(&self, at: &SecretRef) -> Local {
        Local::at(&self.root, &at.path)
    }
}

#[async_trait(?Send)]
impl SecretStore for Locals {
    fn name(&self) -> String {
        "the encrypted store".to_owned()
    }

    fn login(&self) -> String {
        String::new()
    }

    async fn get(&self, at: &SecretRef) -> Result<Held, StoreError> {
        Ok(Held { secret: self.at(at).get(field(at)?)?, version: None })
    }

    async fn write(&self, at: &SecretRef, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        self.at(at).set(field(at)?, secret, over)
    }

    async fn exists(&self, at: &SecretRef) -> Result<bool, StoreError> {
        let name = field(at)?;
        Ok(self.at(at).names()?.iter().any(|it| it == name))
    }

    async fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError> {
        self.get(at).await?;
        Ok(vec![Version { id: "1".to_owned(), created: None, state: VersionState::Live, labels: Vec::new() }])
    }

    async fn disable(&self, at: &SecretRef, _: &str) -> Result<(), StoreError> {
        self.at(at).remove(field(at)?)
    }

    async fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError> {
        let local = self.at(at);
        Ok(local.names()?.iter().map(|name| local.reference(name)).collect())
    }
}

fn field(reference: &SecretRef) -> Result<&str, StoreError> {
    let missing = || StoreError::Unavailable(format!("{reference} names no secret: write `#/NAME` behind the file"));
    reference.field.as_deref().ok_or_else(missing)
}

/// `AIKEYS_IDENTITY`, else a file in the platform's configuration folder.
fn identity_path() -> Result<PathBuf, StoreError> {
    if let Some(path) = std::env::var_os("AIKEYS_IDENTITY").filter(|it| !it.is_empty()) {
        return Ok(PathBuf::from(path));
    }
    let homeless =
        |_| StoreError::Unavailable("there is no home folder for the identity: set AIKEYS_IDENTITY".to_owned());
    Ok(etcetera::choose_base_strategy().map_err(homeless)?.config_dir().join("aikeys-lsp").join(IDENTITY_FILE))
}

fn identity() -> Result<Identity, StoreError> {
    let path = identity_path()?;
    let shown = path.display();
    let none = || {
        StoreError::Unavailable(format!(
            "{shown}: there is no identity on this machine: make one with `aikeys-lsp init`"
        ))
    };
    let text = Zeroizing::new(read_small(&path)?.ok_or_else(none)?);
    let text = std::str::from_utf8(&text).unwrap_or("");
    let line = text.lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-"));
    let broken = || StoreError::Unavailable(format!("{shown}: this is no age identity"));
    line.and_then(|line| Identity::from_str(line).ok()).ok_or_else(broken)
}
