//! Secret stores: put, get, and what `.env` says of a secret that lies there.
//!
//! `.env` itself is written by `project`. A store is one file here and one row in [`KINDS`].

#[cfg_attr(
    not(any(feature = "vault", feature = "aws", feature = "gcp")),
    expect(dead_code, reason = "no server is reached")
)]
mod address;
mod asking;
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
mod policy;
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

use tokio::runtime::Runtime;

use asking::{LIMIT, Other, PATIENCE, ask, set};
#[cfg(feature = "aws")]
pub use aws::{CURRENT, Labels, PENDING, PREVIOUS, Stages};
pub use error::StoreError;
pub use identity::{IDENTITY_FILE, protect};
pub use local::{Local, Made, RECIPIENTS, SECRETS, init};
pub use pages::{store_called, store_name};
#[cfg(feature = "vault")]
pub use policy::Difference;
pub use policy::{Form, Purpose, Terms, Written};
pub use recipients::{Reader, readers};
pub use rekey::Rekey;
pub use store::{Held, Lease, Over, SecretStore, Version, VersionState};

use crate::fixes::Destination;
use crate::project::{self, Organisation, StoreSettings, Workspace};
use crate::secrets::{Secret, SecretRef};

/// The stores of a workspace. Connects when it is asked something, once for each store.
pub struct Stores {
    root: PathBuf,
    workspace: String,
    settings: Result<StoreSettings, String>,
    untrusted: bool,
    organisation: Arc<Organisation>,
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

/// The id of a store, as `--to` has it, by what references call it.
pub fn store_id(backend: &str) -> &str {
    KINDS.iter().find(|it| it.backend == backend).map_or(backend, |it| it.id)
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

impl Stores {
    /// The stores of a workspace. Settings that cannot be read are told when a store is asked for that needs them.
    pub fn of(workspace: &Workspace) -> Stores {
        Stores {
            root: workspace.root().to_owned(),
            workspace: workspace.name().to_owned(),
            settings: workspace.stores().map_err(|error| error.to_string()),
            untrusted: workspace.waits_for_trust(),
            organisation: Arc::clone(workspace.organisation()),
            open: Mutex::default(),
            runtime: OnceLock::new(),
            leases: Mutex::default(),
        }
    }

    /// The stores that keys can move to, the preferred one first. Asks nobody.
    pub fn destinations(&self) -> Vec<Destination> {
        let env = Destination::env();
        let mut all = if self.allowed(&env.store).is_ok() { vec![env] } else { Vec::new() };
        all.extend(self.kinds().flat_map(|kind| (kind.places)(&self.around(), Asked::Menu)));
        let default = self.settings().default.as_ref();
        // The encrypted store was made to be used.
        all.sort_by_key(|it| (Some(&it.store) != default, it.store != local::KIND.id));
        all
    }

    /// The store that keys move to when none is named.
    pub fn preferred(&self) -> Result<Destination, StoreError> {
        match &self.settings().default {
            Some(store) => self.destination(store),
            None => {
                let none = || {
                    let way =
                        "the policy of your organisation allows no store that is set up here: `aikeys-lsp stores`";
                    StoreError::Unavailable(way.to_owned())
                };
                self.destinations().into_iter().next().ok_or_else(none)
            }
        }
    }

    /// Keys may lie in this store, by its id: the organisation's policy says nothing else.
    pub fn allowed(&self, store: &str) -> Result<(), StoreError> {
        self.organisation.refuses(store).map_or(Ok(()), |why| Err(StoreError::Unavailable(why)))
    }

    /// The kinds of stores that the organisation allows.
    fn kinds(&self) -> impl Iterator<Item = &'static Kind> {
        KINDS.iter().filter(|kind| self.allowed(kind.id).is_ok())
    }

    /// The store with this id as a place for keys.
    pub fn destination(&self, store: &str) -> Result<Destination, StoreError> {
        let around = self.around();
        let of = |kind: &Kind| (kind.places)(&around, Asked::ByName).into_iter().find(|it| it.store == store);
        let found = KINDS.iter().find_map(|kind| Some((kind.id, of(kind)?)));
        let env = Destination::env();
        if let Some((kind, found)) = found.or_else(|| (env.store == store).then_some(("env", env))) {
            self.allowed(kind)?;
            return Ok(found);
        }
        if KINDS.iter().any(|kind| kind.id == store) {
            self.allowed(store)?;
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

    /// What is wrong with the user's own settings.
    pub fn problem(&self) -> Option<&str> {
        self.settings.as_ref().err().map(String::as_str)
    }

    /// The stores that are not set up, and how that is done.
    pub fn others(&self) -> Vec<(&'static str, &'static str)> {
        let around = self.around();
        let lacks = |kind: &&Kind| (kind.places)(&around, Asked::Menu).is_empty();
        self.kinds().filter(lacks).map(|kind| (kind.id, kind.setup)).collect()
    }

    /// The stores that the organisation does not allow, and who says so.
    pub fn refused(&self) -> Vec<(&'static str, String)> {
        let ids = ["env"].into_iter().chain(KINDS.iter().map(|kind| kind.id));
        ids.filter_map(|id| Some((id, self.organisation.refuses(id)?))).collect()
    }

    /// The secrets that are known to lie somewhere, if no server, no program and nobody has to be asked.
    pub fn known(&self) -> Vec<SecretRef> {
        let local = Local::open(&self.root);
        let is_at_hand = self.allowed(local::KIND.id).is_ok() && local.is_there() && identity::is_at_hand();
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

    /// Puts a secret in the place of `old`, as a newer version where the store has versions. Where something else stands by
    /// then, somebody else changed it: that is a [`StoreError::Conflict`], and it stays.
    pub fn exchange(&self, at: &SecretRef, old: &Secret, new: &Secret) -> Result<(), StoreError> {
        self.set(at, new, Other::Exchanged(old))
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

    /// Remembers what a store said of references, for editors, which never ask by themselves.
    pub fn remember<'a>(&self, answers: impl IntoIterator<Item = (&'a SecretRef, Result<bool, &'a StoreError>)>) {
        let problems = answers.into_iter().map(|(at, answer)| {
            let problem = match answer {
                Ok(true) => None,
                Ok(false) => Some(format!("{at}: there is no such secret")),
                Err(error) => Some(error.to_string()),
            };
            (at, problem)
        });
        project::remember(&self.root, problems);
    }

    fn set(&self, at: &SecretRef, secret: &Secret, other: Other<'_>) -> Result<(), StoreError> {
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
        self.allowed(kind.id).map_err(|error| StoreError::Unavailable(format!("{at}: {error}")))?;
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
