//! What is known of a rotation, on the disk: names, times, fingerprints. Values only where nobody without the other key can
//! read them.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::places::Place;
use super::{RotationError, no};
use crate::accounts::RemoteKey;
use crate::moves::{opened, sealed};
use crate::project::{FolderLock, private_folder, read_small, state_folder, write_atomic};
use crate::secrets::{Secret, fingerprint, without_keys};

/// How the file is written now.
const VERSION: u32 = 1;
const FILE: &str = "journal.json";

/// How far a rotation got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// There is no new key, or nobody knows of it yet.
    Begun,
    /// There is one.
    Created,
    /// Its provider takes it.
    Verified,
    /// It stands everywhere.
    Written,
    /// Programs had the time to take it.
    Switched,
    /// The old key is dead.
    Ended,
    /// The new key was taken back.
    GivenUp,
}

/// A key as its provider knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// [`RemoteKey::id`], as [`mark`] has it.
    pub id: String,
    /// The same for people.
    pub shown: String,
    /// [`RemoteKey::scope`].
    pub scope: Option<String>,
    /// [`RemoteKey::owner`].
    pub owner: Option<String>,
    /// [`RemoteKey::name`].
    pub name: String,
}

/// A line of what was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Seconds since 1970, in UTC.
    pub time: u64,
    /// `created`, `verified` …
    pub step: String,
    /// For people.
    pub text: String,
}

/// What is known of a rotation.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Journal {
    version: u32,
    /// A part of the new key's name.
    pub id: String,
    /// The workspace.
    pub root: PathBuf,
    /// The variables that hold the key.
    pub variables: Vec<String>,
    /// All variables whose value changes.
    pub names: Vec<String>,
    /// The provider's id.
    pub provider: String,
    /// References that could not be read when it began.
    pub unread: Vec<String>,
    /// For how long the new key lives, in seconds, where the provider can do that.
    pub lifetime: Option<u64>,
    /// Where the key stands.
    pub places: Vec<(usize, Place)>,
    /// How far it got.
    pub step: Step,
    /// The user makes and revokes keys.
    pub assisted: bool,
    /// The keys of the same holder before one was ordered, by their ids.
    pub before: Option<Vec<String>>,
    /// The old key at its provider.
    pub old_key: Option<Mark>,
    /// The new one.
    pub new_key: Option<Mark>,
    /// The fingerprints of the old values.
    pub old: Vec<String>,
    /// Of the new ones.
    pub new: Vec<String>,
    /// The new values, once for each old value that opens them.
    sealed_new: Vec<String>,
    /// And the other way round.
    sealed_old: Vec<String>,
    /// A command that makes programs take the new key.
    pub hook: Option<String>,
    /// For how long the old key stays after the switch, in seconds; none until it is known what the provider tells.
    pub grace: Option<u64>,
    /// When it began, in seconds since 1970.
    pub started: u64,
    /// When programs had the new key, or when somebody was seen to use the old one all the same.
    pub switched: Option<u64>,
    /// The provider's clock minus this one's, in seconds, at that moment.
    pub skew: i64,
    /// What `aikeys.lock` said of the old key.
    pub since: Option<String>,
    /// What was done.
    pub log: Vec<Done>,
}

impl From<&RemoteKey> for Mark {
    fn from(key: &RemoteKey) -> Mark {
        let RemoteKey { scope, owner, name, .. } = key.clone();
        Mark { id: mark(&key.id), shown: without_keys(&key.id).into_owned(), scope, owner, name }
    }
}

impl Step {
    /// There is nothing more to be done.
    pub fn is_last(self) -> bool {
        matches!(self, Step::Ended | Step::GivenUp)
    }

    /// For people and programs.
    pub fn id(self) -> &'static str {
        match self {
            Step::Begun => "begun",
            Step::Created => "created",
            Step::Verified => "verified",
            Step::Written => "written",
            Step::Switched => "switched",
            Step::Ended => "ended",
            Step::GivenUp => "given-up",
        }
    }
}

impl Journal {
    /// A rotation that begins now.
    pub(super) fn begun(root: &Path, target: &super::places::Target) -> Journal {
        let random = age::x25519::Identity::generate().to_public().to_string();
        Journal {
            version: VERSION,
            id: digest(&random)[..8].to_owned(),
            root: root.to_owned(),
            variables: target.variables.clone(),
            names: target.names.clone(),
            provider: target.provider.clone(),
            unread: target.unread.clone(),
            lifetime: None,
            places: target.places.clone(),
            step: Step::Begun,
            assisted: false,
            before: None,
            old_key: None,
            new_key: None,
            old: prints(&target.values),
            new: Vec::new(),
            sealed_new: Vec::new(),
            sealed_old: Vec::new(),
            hook: None,
            grace: None,
            started: now(),
            switched: None,
            skew: 0,
            since: None,
            log: Vec::new(),
        }
    }

    /// The variable that it is called by.
    pub fn name(&self) -> &str {
        self.variables.last().map_or("", String::as_str)
    }

    /// The name of the new key, which nobody else gives.
    pub fn new_name(&self) -> String {
        format!("aikeys-{}", self.id)
    }

    /// When programs had the new key, by the provider's clock, where this is the old one.
    pub fn replaced(&self, key: &RemoteKey) -> Option<Timestamp> {
        let is_old = self.old_key.as_ref().is_some_and(|it| it.id == mark(&key.id));
        let at = self.switched.filter(|_| is_old && self.step != Step::GivenUp)?;
        Timestamp::from_second(i64::try_from(at).ok()?.saturating_add(self.skew)).ok()
    }

    /// When the old key may go, in seconds since 1970.
    pub fn over(&self) -> Option<u64> {
        Some(self.switched?.saturating_add(self.grace?))
    }

    /// Keeps the values, each readable for who has one of the others.
    pub(super) fn seal(&mut self, old: &[Secret], new: &[Secret]) -> Result<(), RotationError> {
        let seal = |all: &[Secret], by: &[Secret]| {
            let values: Vec<&str> = all.iter().map(Secret::expose).collect();
            let text = zeroize::Zeroizing::new(serde_json::to_vec(&values).ok()?);
            by.iter().map(|it| Some(STANDARD.encode(sealed(&text, std::slice::from_ref(it))?))).collect::<Option<_>>()
        };
        let failed = || no("the new key cannot be encrypted on this machine");
        self.sealed_new = seal(new, old).ok_or_else(failed)?;
        self.sealed_old = seal(old, new).ok_or_else(failed)?;
        self.new = prints(new);
        Ok(())
    }

    /// The old and the new values, by what stands at the places.
    pub(super) fn values(&self, at: &[Option<Secret>]) -> Result<(Vec<Secret>, Vec<Secret>), RotationError> {
        let found = |prints: &[String]| -> Option<Vec<Secret>> {
            let of = |print: &String| at.iter().flatten().find(|it| is(it, print)).cloned();
            prints.iter().map(of).collect()
        };
        let unsealed = |all: &[String], by: &[String]| -> Option<Vec<Secret>> {
            let open = |(text, print): (&String, &String)| {
                let key = at.iter().flatten().find(|it| is(it, print))?;
                let text = opened(&STANDARD.decode(text).ok()?, std::slice::from_ref(key))?;
                let values: Vec<String> = serde_json::from_slice(&text).ok()?;
                Some(values.into_iter().map(Secret::new).collect())
            };
            all.iter().zip(by).find_map(open)
        };
        let old = found(&self.old).or_else(|| unsealed(&self.sealed_old, &self.new));
        let new = match self.new.is_empty() {
            true => Some(Vec::new()),
            false => found(&self.new).or_else(|| unsealed(&self.sealed_new, &self.old)),
        };
        old.zip(new).ok_or_else(|| {
            let places: Vec<String> = self.places.iter().map(|(_, it)| it.shown()).collect();
            RotationError::Conflict(format!(
                "neither the old key nor the new one stands in {}: somebody else changed it; look there, then run \
                 `aikeys-lsp rotate {} --forget`",
                places.join(", "),
                self.name()
            ))
        })
    }

    /// The new values stand in their places: who has the old ones need not read them any more.
    pub(super) fn unseal_new(&mut self) {
        self.sealed_new.clear();
    }

    /// Nothing has to be opened any more.
    pub(super) fn unseal(&mut self) {
        self.sealed_new.clear();
        self.sealed_old.clear();
    }

    /// Notes what was done.
    pub(super) fn note(&mut self, step: &str, text: &str) {
        self.log.push(Done { time: now(), step: step.to_owned(), text: without_keys(text).into_owned() });
    }

    /// Writes it to the disk, before anything else happens.
    pub(super) fn save(&self) -> Result<(), RotationError> {
        let folder = self.folder()?;
        private_folder(&folder)?;
        let text = serde_json::to_string_pretty(self).map_err(|error| no(error.to_string()))?;
        if without_keys(&text) != text {
            return Err(no(
                "a name of this workspace, a name that the account gives or the command of `--hook` looks like a key, and \
                 would stand in the journal: change that first",
            ));
        }
        let path = folder.join(FILE);
        let old = read_small(&path)?;
        Ok(write_atomic(&folder, &path, old.as_deref(), text.as_bytes(), 0o600)?)
    }

    /// Takes it off the disk.
    pub(super) fn forget(&self) -> Result<(), RotationError> {
        let path = self.folder()?.join(FILE);
        std::fs::remove_file(&path).map_err(|error| no(format!("{}: {error}", path.display())))
    }

    fn folder(&self) -> Result<PathBuf, RotationError> {
        folder(&self.root, &self.variables)
    }
}

/// The folder of the rotation of some variables, which is its lock as well.
fn folder(root: &Path, variables: &[String]) -> Result<PathBuf, RotationError> {
    let all = rotations().ok_or_else(|| no("there is no folder for the state of programs: set HOME"))?;
    Ok(all.join(&digest(&format!("{}\n{}", root.display(), variables.join("\n")))[..16]))
}

fn rotations() -> Option<PathBuf> {
    Some(state_folder()?.join("rotations"))
}

/// Keeps every other process out, and reads what is known.
pub(super) fn locked(root: &Path, variables: &[String]) -> Result<(FolderLock, Option<Journal>), RotationError> {
    let folder = folder(root, variables)?;
    private_folder(&folder)?;
    let name = variables.last().map_or("", String::as_str);
    let lock = FolderLock::if_free(&folder)?
        .ok_or_else(|| no(format!("another process rotates {name} at this moment: wait until it has ended")))?;
    Ok((lock, read(&folder.join(FILE))?))
}

fn read(path: &Path) -> Result<Option<Journal>, RotationError> {
    let Some(bytes) = read_small(path)? else { return Ok(None) };
    let journal: Journal = serde_json::from_slice(&bytes).map_err(|_| {
        no(format!(
            "{}: this is no journal of a rotation: look for a key named aikeys-… at the provider, then delete this file",
            path.display()
        ))
    })?;
    if journal.version != VERSION {
        return Err(no(format!("{}: a newer aikeys-lsp wrote it", path.display())));
    }
    Ok(Some(journal))
}

/// All rotations that this machine knows of, the oldest first, and what cannot be read.
pub fn journals() -> (Vec<Journal>, Vec<RotationError>) {
    let entries = rotations().and_then(|it| std::fs::read_dir(it).ok());
    let paths = entries.into_iter().flatten().filter_map(Result::ok).map(|it| it.path().join(FILE));
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    for path in paths {
        match read(&path) {
            Ok(journal) => found.extend(journal),
            Err(error) => wrong.push(error),
        }
    }
    found.sort_by(|a: &Journal, b: &Journal| (a.started, &a.id).cmp(&(b.started, &b.id)));
    (found, wrong)
}

/// An id as it can be written down. Amazon's are a half of the key.
pub(super) fn mark(id: &str) -> String {
    if without_keys(id) == id { id.to_owned() } else { format!("…{}", &digest(id)[..16]) }
}

pub(super) fn prints(values: &[Secret]) -> Vec<String> {
    values.iter().map(|it| fingerprint(it.expose()).map(|it| it.hex).unwrap_or_default()).collect()
}

/// The value has this fingerprint.
pub(super) fn is(value: &Secret, print: &str) -> bool {
    fingerprint(value.expose()).is_some_and(|it| it.hex == print)
}

/// A moment for people.
pub(super) fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// Seconds since 1970, in UTC.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs())
}

fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
