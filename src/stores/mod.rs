//! Secret stores: put, get, and what `.env` says of a secret that lies there.
//!
//! `.env` itself is written by `project`. A store is one file here and one row in [`KINDS`].

mod address;
#[cfg(feature = "aws")]
mod aws;
mod error;
mod exec;
#[cfg(any(feature = "aws", feature = "gcp"))]
mod fields;
#[cfg(feature = "gcp")]
mod gcp;
mod identity;
#[cfg(feature = "keyring")]
mod keyring;
mod known;
mod local;
mod pages;
mod program;
mod recipients;
mod rekey;
mod store;
#[cfg(feature = "vault")]
mod vault;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::time::timeout;

pub use error::StoreError;
pub use identity::{IDENTITY_FILE, protect};
pub use local::{Local, Made, RECIPIENTS, SECRETS, init};
pub use pages::store_name;
pub use recipients::{Reader, readers};
pub use rekey::Rekey;
pub use store::{Held, Lease, Over, SecretStore, Version, VersionState};

use crate::fixes::Destination;
use crate::project::{self, StoreSettings, Workspace};
use crate::secrets::{Secret, SecretRef};

/// The stores of a workspace. Connects when it is asked something, once for each store.
pub struct Stores {
    root: PathBuf,
    workspace: String,
    settings: Result<StoreSettings, String>,
    untrusted: bool,
    open: Mutex<BTreeMap<String, Arc<dyn SecretStore>>>,
    runtime: OnceLock<Runtime>,
    leases: Mutex<Vec<Lease>>,
}

/// A kind of store.
struct Kind {
    /// As `--to` and the settings have it.
    id: &'static str,
    /// As references have it.
    backend: &'static str,
    /// How it is set up, for who asks for it and has not done so.
    setup: &'static str,
    /// Where keys can go. Asks nobody.
    places: fn(&Around<'_>, Asked) -> Vec<Destination>,
    /// Gets ready to talk to it.
    open: fn(&Around<'_>) -> Result<Arc<dyn SecretStore>, StoreError>,
}

/// What a store can know of the workspace and the user.
struct Around<'s> {
    root: &'s Path,
    /// The workspace's name.
    workspace: &'s str,
    settings: &'s StoreSettings,
}

/// Who wants to know of a place.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    /// A menu, which lists what the user has set up.
    Menu,
    /// The user, by its name.
    ByName,
}

/// All stores, in the order of menus.
const KINDS: &[Kind] = &[
    local::KIND,
    #[cfg(feature = "vault")]
    vault::KIND,
    #[cfg(feature = "aws")]
    aws::KIND,
    #[cfg(feature = "gcp")]
    gcp::KIND,
    #[cfg(feature = "keyring")]
    keyring::KIND,
    exec::KIND,
];

/// What a store may take for one answer, with logging in.
const PATIENCE: Duration = Duration::from_secs(10);
/// A moment less, where the store itself knows better what to say.
const LIMIT: Duration = PATIENCE.saturating_sub(Duration::from_millis(300));
/// How long to wait before a busy store is asked again: it doubles each time, within [`PATIENCE`].
const PAUSE: Duration = Duration::from_millis(200);
/// How often a secret is written anew because somebody else wrote at the same moment.
const TRIES: usize = 3;

impl Stores {
    /// The stores of a workspace. Settings that cannot be read are told when a store is asked for that needs them.
    pub fn of(workspace: &Workspace) -> Stores {
        Stores {
            root: workspace.root().to_owned(),
            workspace: workspace.name().to_owned(),
            settings: workspace.stores().map_err(|error| error.to_string()),
            untrusted: workspace.waits_for_trust(),
            open: Mutex::default(),
            runtime: OnceLock::new(),
            leases: Mutex::default(),
        }
    }

    /// The stores that keys can move to, the preferred one first. Asks nobody.
    pub fn destinations(&self) -> Vec<Destination> {
        let mut all = vec![Destination::env()];
        all.extend(KINDS.iter().flat_map(|kind| (kind.places)(&self.around(), Asked::Menu)));
        let default = self.settings().default.as_ref();
        // The encrypted store was made to be used.
        all.sort_by_key(|it| (Some(&it.store) != default, it.store != local::KIND.id));
        all
    }

    /// The store that keys move to when none is named.
    pub fn preferred(&self) -> Result<Destination, StoreError> {
        match &self.settings().default {
            Some(store) => self.destination(store),
            None => Ok(self.destinations().swap_remove(0)),
        }
    }

    /// The store with this id as a place for keys.
    pub fn destination(&self, store: &str) -> Result<Destination, StoreError> {
        let around = self.around();
        let asked = KINDS.iter().flat_map(|kind| (kind.places)(&around, Asked::ByName));
        if let Some(found) = asked.chain([Destination::env()]).find(|it| it.store == store) {
            return Ok(found);
        }
        let reason = match (KINDS.iter().find(|kind| kind.id == store), &self.settings) {
            (_, Err(broken)) => broken.clone(),
            _ if self.untrusted => format!(
                "{store:?} is not among your own stores, and those of this workspace have no effect until you trust it: \
                 read its aikeys.toml, then run `aikeys-lsp trust`"
            ),
            (Some(kind), _) => {
                let root = self.root.display();
                format!("{store} is not set up for {root}: {}", kind.setup)
            }
            (None, _) => format!("there is no store {store:?}: `aikeys-lsp stores` lists them"),
        };
        Err(StoreError::Unavailable(reason).discreet())
    }

    /// The stores that are not set up, and how that is done.
    pub fn others(&self) -> Vec<(&'static str, &'static str)> {
        let around = self.around();
        let lacks = |kind: &&Kind| (kind.places)(&around, Asked::Menu).is_empty();
        KINDS.iter().filter(lacks).map(|kind| (kind.id, kind.setup)).collect()
    }

    /// The secrets that are known to lie somewhere, if no server, no program and nobody has to be asked.
    pub fn known(&self) -> Vec<SecretRef> {
        let local = Local::open(&self.root);
        let is_at_hand = local.is_there() && identity::is_at_hand();
        let names = if is_at_hand { local.names().unwrap_or_default() } else { Vec::new() };
        names.iter().map(|name| local.reference(name)).collect()
    }

    /// The secret behind a reference, if no server, no program and nobody has to be asked.
    pub fn at_hand(&self, at: &SecretRef) -> Option<Secret> {
        if at.backend == local::KIND.backend && identity::is_at_hand() { self.get(at).ok() } else { None }
    }

    /// The secret behind a reference.
    pub fn get(&self, at: &SecretRef) -> Result<Secret, StoreError> {
        let store = self.store(at)?;
        self.block_on(ask(&*store, || store.get(at))).map(|held| held.secret).map_err(StoreError::discreet)
    }

    /// The secrets behind references, in their order; all stores are asked at the same time.
    pub fn get_all(&self, all: &[SecretRef]) -> Vec<Result<Secret, StoreError>> {
        let found = self.each_store(all, async |store, wanted| {
            let found = store.get_all(&wanted).await;
            self.lease(&found);
            found
        });
        found.into_iter().map(|held| held.map(|held| held.secret)).collect()
    }

    /// Asks each store about its own of these references, all at the same time, and answers in their order.
    fn each_store<T>(
        &self,
        all: &[SecretRef],
        ask: impl AsyncFn(Arc<dyn SecretStore>, Vec<&SecretRef>) -> Vec<Result<T, StoreError>>,
    ) -> Vec<Result<T, StoreError>> {
        let mut by_backend: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, reference) in all.iter().enumerate() {
            by_backend.entry(&reference.backend).or_default().push(at);
        }
        let asked = by_backend.into_values().map(async |places| {
            let wanted: Vec<&SecretRef> = places.iter().map(|at| &all[*at]).collect();
            let found = match self.store(wanted[0]) {
                Ok(store) => ask(store, wanted).await,
                Err(error) => wanted.iter().map(|_| Err(error.again())).collect(),
            };
            places.into_iter().zip(found).collect::<Vec<_>>()
        });
        let mut found: Vec<_> = self.block_on(futures::future::join_all(asked)).into_iter().flatten().collect();
        found.sort_by_key(|(at, _)| *at);
        found.into_iter().map(|(_, answer)| answer.map_err(StoreError::discreet)).collect()
    }

    /// What of [`Stores::get_all`] was given out for a time, and has to be kept or given back.
    pub fn leases(&self) -> Vec<Lease> {
        self.leases.lock().map(|it| it.clone()).unwrap_or_default()
    }

    /// Keeps a lease for as long again.
    pub fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        let store = self.store(&lease.at)?;
        self.block_on(ask(&*store, || store.renew(lease))).map_err(StoreError::discreet)
    }

    /// Gives a lease back: the secret ends.
    pub fn revoke(&self, lease: &Lease) -> Result<(), StoreError> {
        let store = self.store(&lease.at)?;
        self.block_on(ask(&*store, || store.revoke(lease))).map_err(StoreError::discreet)
    }

    fn lease(&self, found: &[Result<Held, StoreError>]) {
        let Ok(mut leases) = self.leases.lock() else { return };
        for lease in found.iter().filter_map(|it| it.as_ref().ok()?.lease.clone()) {
            if !leases.iter().any(|known| known.id == lease.id) {
                leases.push(lease);
            }
        }
    }

    /// Stores a secret under its reference, reads it back and compares. The same value again is fine; another one is
    /// refused.
    pub fn put(&self, at: &SecretRef, secret: &Secret) -> Result<(), StoreError> {
        self.set(at, secret, Other::Refused)
    }

    /// The same, but another value becomes an older version.
    pub fn replace(&self, at: &SecretRef, secret: &Secret) -> Result<(), StoreError> {
        self.set(at, secret, Other::Replaced)
    }

    /// There is a secret under a reference, which is not read.
    pub fn exists(&self, at: &SecretRef) -> Result<bool, StoreError> {
        let store = self.store(at)?;
        self.block_on(ask(&*store, || store.exists(at))).map_err(StoreError::discreet)
    }

    /// The same for many, in their order; all stores are asked at the same time.
    pub fn exist_all(&self, all: &[SecretRef]) -> Vec<Result<bool, StoreError>> {
        self.each_store(all, async |store, wanted| {
            store::each(&*store, wanted.iter().map(|at| || store.exists(at))).await
        })
    }

    /// The versions of a secret, the newest one first.
    pub fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError> {
        let store = self.store(at)?;
        self.block_on(ask(&*store, || store.versions(at))).map_err(StoreError::discreet)
    }

    /// Takes a version of a secret out of use.
    pub fn disable(&self, at: &SecretRef, version: &str) -> Result<(), StoreError> {
        let store = self.store(at)?;
        self.block_on(ask(&*store, || store.disable(at, version))).map_err(StoreError::discreet)
    }

    /// The references of all secrets at a place.
    pub fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError> {
        let store = self.store(at)?;
        self.block_on(ask(&*store, || store.list(at))).map_err(StoreError::discreet)
    }

    fn set(&self, at: &SecretRef, secret: &Secret, other: Other) -> Result<(), StoreError> {
        let store = self.store(at)?;
        self.block_on(set(&*store, at, secret, other)).map_err(StoreError::discreet)
    }

    /// The store that a reference leads to.
    fn store(&self, at: &SecretRef) -> Result<Arc<dyn SecretStore>, StoreError> {
        if let (Err(broken), false) = (&self.settings, at.backend == local::KIND.backend) {
            return Err(StoreError::Unavailable(broken.clone()));
        }
        let mut open = self.open.lock().map_err(|_| StoreError::Backend(at.backend.clone()))?;
        if let Some(store) = open.get(&at.backend) {
            return Ok(Arc::clone(store));
        }
        // For `vals` they are two.
        let backend = if at.backend == "openbao" { "vault" } else { &at.backend };
        let kind = KINDS.iter().find(|kind| kind.backend == backend);
        let kind = kind.ok_or_else(|| StoreError::Backend(at.backend.clone()).discreet())?;
        let around = self.around();
        let store = (kind.open)(&around).map_err(|error| match (kind.places)(&around, Asked::ByName).is_empty() {
            true if self.untrusted => StoreError::Unavailable(format!(
                "{error}; the stores that this workspace names count once you trust it: read its aikeys.toml, then run \
                 `aikeys-lsp trust`"
            )),
            _ => error,
        })?;
        open.insert(at.backend.clone(), Arc::clone(&store));
        Ok(store)
    }

    fn around(&self) -> Around<'_> {
        Around { root: &self.root, workspace: &self.workspace, settings: self.settings() }
    }

    /// Nothing, where they cannot be read: that is told when a store is asked for.
    fn settings(&self) -> &StoreSettings {
        static NONE: StoreSettings = StoreSettings {
            default: None,
            vault: None,
            aws: None,
            gcp: None,
            keyring: None,
            local: None,
            exec: BTreeMap::new(),
        };
        self.settings.as_ref().unwrap_or(&NONE)
    }

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let runtime = self.runtime.get_or_init(|| {
            // Without a runtime no store answers: the system has no more threads or handles.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("the system gives a timer and a poll")
        });
        runtime.block_on(future)
    }
}

/// Remembers what a store said of a reference, for editors, which never ask by themselves.
pub fn remember(at: &SecretRef, answer: Result<bool, &StoreError>) {
    remember_all([(at, answer)]);
}

/// The same for many.
pub fn remember_all<'a>(answers: impl IntoIterator<Item = (&'a SecretRef, Result<bool, &'a StoreError>)>) {
    project::remember(answers.into_iter().map(|(at, answer)| {
        let problem = match answer {
            Ok(true) => None,
            Ok(false) => Some(format!("{at}: there is no such secret")),
            Err(error) => Some(error.to_string()),
        };
        (at, problem)
    }));
}

/// What a put does to another value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Other {
    Refused,
    Replaced,
}

/// Writes over what was seen, and reads back. An answer that never came is no answer: what stands there then counts.
async fn set(store: &dyn SecretStore, at: &SecretRef, secret: &Secret, other: Other) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        let found = ask(store, || store.get(at)).await;
        let version = match found {
            Ok(held) if held.secret == *secret => return Ok(()),
            Ok(_) if other == Other::Refused => return Err(StoreError::Taken { place: at.to_string() }),
            Ok(Held { version, .. }) | Err(StoreError::Gone { version, .. }) => Some(version),
            Err(StoreError::Missing { .. }) => None,
            Err(error) => return Err(error),
        };
        let over = version.as_ref().map_or(Over::Nothing, |it| Over::Version(it.as_deref()));
        let written = timeout(PATIENCE, store.write(at, secret, over)).await.unwrap_or_else(|_| Err(late(store)));
        tries += 1;
        match written {
            Err(StoreError::Conflict { .. } | StoreError::Busy(_)) if tries < TRIES => {
                tokio::time::sleep(PAUSE).await;
            }
            Err(error @ StoreError::Unanswered(_)) => {
                let now = ask(store, || store.get(at)).await;
                return if now.is_ok_and(|held| held.secret == *secret) { Ok(()) } else { Err(error) };
            }
            Err(error) => return Err(error),
            Ok(()) => {
                let now = ask(store, || store.get(at)).await?;
                let same = now.secret == *secret;
                return if same { Ok(()) } else { Err(StoreError::ReadBack { place: at.to_string() }) };
            }
        }
    }
}

/// Asks a store something that changes nothing, or nothing more when it is asked twice: again while it is busy, and no
/// longer than [`PATIENCE`] in all.
async fn ask<S, T, F>(store: &S, question: impl Fn() -> F) -> Result<T, StoreError>
where
    S: SecretStore + ?Sized,
    F: Future<Output = Result<T, StoreError>>,
{
    let asked = async {
        let mut pause = PAUSE;
        loop {
            match question().await {
                Err(StoreError::Busy(_)) => tokio::time::sleep(pause).await,
                answer => return answer,
            }
            pause *= 2;
        }
    };
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(late(store)))
}

fn late<S: SecretStore + ?Sized>(store: &S) -> StoreError {
    let login = store.login();
    let advice = if login.is_empty() { String::new() } else { format!(", and whether you are logged in ({login})") };
    StoreError::Unanswered(format!(
        "{} did not answer within {} seconds: look at its address and your network{advice}",
        store.name(),
        PATIENCE.as_secs()
    ))
}
