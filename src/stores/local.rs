//! The local store: one file, encrypted by age to the people who may read it.
//!
//! The file may be committed. Who opens it needs an identity, which lies in the user's own configuration folder.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use age::DecryptError;
use age::armor::{ArmoredReader, ArmoredWriter, Format};
use age::x25519::Identity;
use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::identity::{self, identities};
use super::known;
use super::recipients::{Reader, listed};
use super::{Around, Asked, Held, Kind, Over, SecretStore, StoreError, Version, VersionState};
use crate::fixes::Destination;
use crate::project::{FileError, FolderLock, lies_below, private_folder, read_small, write_atomic};
use crate::secrets::{Secret, SecretRef};

/// The encrypted file, from the workspace root.
pub const SECRETS: &str = ".aikeys/secrets.age";
/// Who may read it: a public key a line.
pub const RECIPIENTS: &str = ".aikeys/recipients.txt";

/// What the file holds.
pub(super) struct Contents {
    /// By name.
    pub secrets: BTreeMap<String, Zeroizing<String>>,
    /// Who wrote it so far; `None` where another program made it.
    pub past: Option<Past>,
}

/// What a file says of itself.
#[derive(Clone)]
pub(super) struct Past {
    /// The public keys that it was encrypted to.
    pub readers: Vec<String>,
    /// The number that only its readers know, and that stays.
    pub origin: String,
}

/// The file as it is written. The public keys stand in it, so that a list that somebody changed meanwhile is noticed.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole<S: Ord> {
    origin: String,
    recipients: Vec<String>,
    secrets: BTreeMap<S, S>,
}

/// One encrypted file.
#[derive(Debug)]
pub struct Local {
    pub(super) root: PathBuf,
    path: String,
}

/// What `init` made and what was there.
#[derive(Debug, PartialEq, Eq)]
pub struct Made {
    /// The identity's file, and whether it is new.
    pub identity: (PathBuf, bool),
    /// The encrypted file is new.
    pub store: bool,
    /// This machine's public key, where the file is there and this machine is not among its readers.
    pub waiting: Option<String>,
}

/// Makes the identity and the workspace's encrypted file, where they are not there yet.
pub fn init(root: &Path) -> Result<Made, StoreError> {
    let identity = identity::make()?;
    let keys = identities()?;
    let store = Local::open(root);
    store.inside()?;
    let _lock = FolderLock::take(root)?;
    if store.is_there() {
        let waiting = match store.read() {
            Err(StoreError::NoReader { key, .. }) => Some(key),
            read => read.map(|_| None)?,
        };
        return Ok(Made { identity, store: false, waiting });
    }
    private_folder(&root.join(".aikeys"))?;
    let own = Reader { key: keys[0].to_public().to_string(), name: None };
    match listed(root, Path::new(RECIPIENTS))? {
        (None, _) => {
            let text = format!("# who may read secrets.age\n\n{}\n", own.key);
            write_atomic(root, &root.join(RECIPIENTS), None, text.as_bytes(), 0o644)?;
        }
        (Some(_), readers) => store.check_own(&readers, &publics(&keys))?,
    }
    // Others in a list that is there already are let in by `rekey`.
    store.write(None, &BTreeMap::new(), &[own], &known::origin())?;
    Ok(Made { identity, store: true, waiting: None })
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
        self.inside().is_ok() && self.file().is_file()
    }

    /// The store as a place for keys. Says how many can read it, where that is more than one.
    pub fn destination(&self) -> Destination {
        let readers = self.listed().map_or(0, |(_, readers)| readers.len());
        let shared = if readers > 1 { format!(" of {readers} readers") } else { String::new() };
        Destination {
            store: "local".to_owned(),
            label: format!("the encrypted store{shared}"),
            reference: Some(format!("ref+age://{}#/{{name}}", self.path)),
        }
    }

    /// The reference of a name.
    pub fn reference(&self, name: &str) -> SecretRef {
        SecretRef::new("age", &*self.path, Some(name))
    }

    /// Every name in the store.
    pub fn names(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.read()?.1.secrets.into_keys().collect())
    }

    /// The secret under a name.
    pub fn get(&self, name: &str) -> Result<Secret, StoreError> {
        self.found(&self.read()?.1, name)
    }

    /// Puts a secret under a name; another value under it is replaced only when `over` says that there is one.
    fn set(&self, name: &str, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        let _alone = self.alone()?;
        let (old, mut contents) = self.read()?;
        if contents.secrets.contains_key(name) && over == Over::Nothing {
            return Err(StoreError::Conflict { place: self.reference(name).to_string() });
        }
        contents.secrets.insert(name.to_owned(), Zeroizing::new(secret.expose().to_owned()));
        self.write_as_before(&old, &contents)
    }

    /// Takes a name out. What git has of the file still holds it.
    fn remove(&self, name: &str) -> Result<(), StoreError> {
        let _alone = self.alone()?;
        let (old, mut contents) = self.read()?;
        contents.secrets.remove(name);
        self.write_as_before(&old, &contents)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.root.join(&self.path)
    }

    /// Keeps others out between reading and writing. Not on the workspace: a move holds that.
    pub(super) fn alone(&self) -> Result<FolderLock, StoreError> {
        self.inside()?;
        let file = self.file();
        let folder = file.parent().filter(|_| self.is_there()).ok_or_else(|| self.missing())?;
        // A move holds the lock on the workspace: one that waits for it here would wait for ever.
        if fs::canonicalize(folder).ok() == fs::canonicalize(&self.root).ok() {
            return Err(self.failed("it lies in the workspace's root folder: move it into a folder of its own first"));
        }
        Ok(FolderLock::take(folder)?)
    }

    /// What a reference names is a file of this workspace: it may come from a repository that nobody trusts.
    pub(super) fn inside(&self) -> Result<(), StoreError> {
        let plain = Path::new(&self.path).components().all(|it| matches!(it, Component::Normal(_) | Component::CurDir));
        let file = fs::canonicalize(self.file()).unwrap_or_else(|_| self.file());
        match plain && lies_below(&self.root, &self.file()) && lies_below(&self.root, &file) {
            true => Ok(()),
            false => Err(self.failed("this file is not in the workspace: `ref+age://` names only files that are")),
        }
    }

    fn missing(&self) -> StoreError {
        self.failed("there is no such store: make it with `aikeys-lsp store init`")
    }

    pub(super) fn list(&self) -> PathBuf {
        self.file().with_file_name("recipients.txt")
    }

    pub(super) fn listed(&self) -> Result<(Option<Vec<u8>>, Vec<Reader>), StoreError> {
        self.inside()?;
        listed(&self.root, &Path::new(&self.path).with_file_name("recipients.txt"))
    }

    fn found(&self, contents: &Contents, name: &str) -> Result<Secret, StoreError> {
        let missing = || StoreError::Missing { place: self.reference(name).to_string(), advice: String::new() };
        contents.secrets.get(name).map(|value| Secret::new(value.as_str())).ok_or_else(missing)
    }

    /// The file's bytes, and what they hold.
    pub(super) fn read(&self) -> Result<(Vec<u8>, Contents), StoreError> {
        self.inside()?;
        let bytes = read_small(&self.file())?.ok_or_else(|| self.missing())?;
        let damaged = || self.failed("the file is damaged: restore it from git or a backup");
        let decryptor = age::Decryptor::new(ArmoredReader::new(bytes.as_slice())).map_err(|_| damaged())?;
        if decryptor.is_scrypt() {
            return Err(self
                .failed("it is encrypted to a passphrase, not to readers: make a new one (`aikeys-lsp store init`)"));
        }
        let keys = identities()?;
        let sealed = |error| match error {
            DecryptError::NoMatchingKeys => {
                StoreError::NoReader { file: self.path.clone(), key: keys[0].to_public().to_string() }
            }
            _ => damaged(),
        };
        let mut plain = Zeroizing::new(Vec::new());
        let mut reader = decryptor.decrypt(keys.iter().map(|it| it as &dyn age::Identity)).map_err(sealed)?;
        reader.read_to_end(&mut plain).map_err(|_| damaged())?;
        let (secrets, past) = match serde_json::from_slice::<Whole<String>>(&plain) {
            Ok(whole) => (whole.secrets, Some(Past { readers: whole.recipients, origin: whole.origin })),
            // As people and other programs write it: names and values.
            Err(_) => (serde_json::from_slice(&plain).map_err(|_| damaged())?, None),
        };
        let secrets = secrets.into_iter().map(|(name, value)| (name, Zeroizing::new(value))).collect();
        Ok((bytes, Contents { secrets, past }))
    }

    /// Writes the file for the readers it had. Who left the list is left out; who came to it was let in by nobody yet.
    fn write_as_before(&self, old: &[u8], contents: &Contents) -> Result<(), StoreError> {
        let (_, readers) = self.listed()?;
        let past = self.check(contents, &readers)?;
        let own = publics(&identities()?);
        self.check_own(&readers, &own)?;
        if known::is_known(&self.file(), &past.origin).is_none() {
            self.check_strangers(past, &readers, &own)?;
        }
        // Who is left out knows the old number.
        let all_stay = past.readers.iter().all(|key| readers.iter().any(|it| it.key == *key));
        let origin = if all_stay { past.origin.clone() } else { known::origin() };
        self.write(Some(old), &contents.secrets, &readers, &origin)
    }

    /// The file is the one that this machine knows, and was encrypted to all of these.
    pub(super) fn check<'c>(&self, contents: &'c Contents, readers: &[Reader]) -> Result<&'c Past, StoreError> {
        let unknown = || {
            self.failed(
                "the file does not say who can read it: look at its recipients.txt, then run `aikeys-lsp rekey`",
            )
        };
        let past = contents.past.as_ref().ok_or_else(unknown)?;
        if known::is_known(&self.file(), &past.origin) == Some(false) {
            return Err(StoreError::Remade { file: self.path.clone(), keys: past.readers.clone() });
        }
        let keys = readers.iter().map(|it| it.key.clone());
        let new: Vec<String> = keys.filter(|key| !past.readers.contains(key)).collect();
        if new.is_empty() { Ok(past) } else { Err(StoreError::NewReaders { file: self.path.clone(), keys: new }) }
    }

    /// A file that came with a repository may be for others: this machine's user says yes to them before the first write.
    fn check_strangers(&self, past: &Past, readers: &[Reader], own: &[String]) -> Result<(), StoreError> {
        let name = |key: &String| {
            let name = readers.iter().find(|it| it.key == *key).and_then(|it| it.name.as_deref());
            name.map_or_else(|| key.clone(), |name| format!("{key} ({name:?})"))
        };
        let strangers: Vec<String> = past.readers.iter().filter(|key| !own.contains(key)).map(name).collect();
        match strangers.is_empty() {
            true => Ok(()),
            false => Err(StoreError::Strangers { file: self.path.clone(), readers: strangers }),
        }
    }

    /// This machine can still read it afterwards.
    pub(super) fn check_own(&self, readers: &[Reader], own: &[String]) -> Result<(), StoreError> {
        match readers.iter().any(|it| own.contains(&it.key)) {
            true => Ok(()),
            false => Err(self.failed("its recipients.txt no longer names this machine, which could not read it then")),
        }
    }

    pub(super) fn write(
        &self,
        old: Option<&[u8]>,
        secrets: &BTreeMap<String, Zeroizing<String>>,
        readers: &[Reader],
        origin: &str,
    ) -> Result<(), StoreError> {
        let secrets = secrets.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let recipients = readers.iter().map(|it| it.key.clone()).collect();
        let whole: Whole<&str> = Whole { origin: origin.to_owned(), recipients, secrets };
        let plain = serde_json::to_vec(&whole).map(Zeroizing::new);
        let plain = plain.map_err(|_| self.failed("the names cannot be written"))?;
        let recipients: Vec<_> = readers.iter().filter_map(Reader::recipient).collect();
        let list = recipients.iter().map(|it| it as &dyn age::Recipient);
        let encryptor =
            age::Encryptor::with_recipients(list).map_err(|_| self.failed("its list of recipients is empty"))?;
        let mut sealed = Vec::new();
        let seal = |sealed: &mut Vec<u8>| -> std::io::Result<()> {
            let armor = ArmoredWriter::wrap_output(sealed, Format::AsciiArmor)?;
            let mut writer = encryptor.wrap_output(armor)?;
            writer.write_all(&plain)?;
            writer.finish()?.finish()?;
            Ok(())
        };
        seal(&mut sealed).map_err(|_| self.failed("it cannot be encrypted"))?;
        let written = write_atomic(&self.root, &self.file(), old, &sealed, 0o644);
        written.map_err(|error| match error {
            FileError::Changed { .. } => StoreError::Conflict { place: self.path.clone() },
            other => other.into(),
        })?;
        known::remember(&self.file(), origin);
        Ok(())
    }

    fn failed(&self, what: &str) -> StoreError {
        StoreError::Unavailable(format!("{}: {what}", self.path))
    }
}

pub(super) fn publics(keys: &[Identity]) -> Vec<String> {
    keys.iter().map(|it| it.to_public().to_string()).collect()
}

pub(super) const KIND: Kind = Kind {
    id: "local",
    backend: "age",
    setup: "make the encrypted store with `aikeys-lsp store init`",
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
        Ok(Held { secret: self.at(at).get(field(at)?)?, version: None, lease: None })
    }

    /// Each file is decrypted once.
    async fn get_all(&self, all: &[&SecretRef]) -> Vec<Result<Held, StoreError>> {
        let mut files: BTreeMap<&str, Result<Contents, StoreError>> = BTreeMap::new();
        let mut get = |at: &SecretRef, path| -> Result<Held, StoreError> {
            let (name, local) = (field(at)?, self.at(at));
            let file = files.entry(path).or_insert_with(|| local.read().map(|(_, contents)| contents));
            let contents = file.as_ref().map_err(StoreError::again)?;
            Ok(Held { secret: local.found(contents, name)?, version: None, lease: None })
        };
        all.iter().map(|at| get(at, &at.path)).collect()
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
