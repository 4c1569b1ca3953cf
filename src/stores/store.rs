//! What every store can do.

use std::sync::OnceLock;

use async_trait::async_trait;
use futures::{Future, StreamExt};
use jiff::Timestamp;

use super::{StoreError, ask};
use crate::secrets::{Secret, SecretRef};

/// A place where secrets lie. Every call is one question: [`super::Stores`] sees to the time it may take, to asking again
/// where the store has too much to do, and to reading back what was written.
#[async_trait(?Send)]
pub trait SecretStore: Send + Sync {
    /// For messages: `Vault at https://vault.example`.
    fn name(&self) -> String;

    /// How to log in, for messages: `run \`vault login\``; empty where there is no login.
    fn login(&self) -> String;

    /// The secret behind a reference, and its version where the store has versions.
    async fn get(&self, at: &SecretRef) -> Result<Held, StoreError>;

    /// Several at once, in the order of `all`. A store that can is asked less often than that.
    async fn get_all(&self, all: &[&SecretRef]) -> Vec<Result<Held, StoreError>> {
        each(self, all.iter().map(|at| || self.get(at))).await
    }

    /// Writes a secret. [`Over`] is what stands there by now: another state is a [`StoreError::Conflict`].
    async fn write(&self, at: &SecretRef, secret: &Secret, over: Over<'_>) -> Result<(), StoreError>;

    /// There is a secret, which is not read.
    async fn exists(&self, at: &SecretRef) -> Result<bool, StoreError>;

    /// All versions of a secret, the newest one first; one, without a time, where the store keeps no others.
    async fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError>;

    /// Takes a version out of use, so that it can be brought back where the store can do that.
    async fn disable(&self, at: &SecretRef, version: &str) -> Result<(), StoreError>;

    /// The references of all secrets at a place: `at` without a field.
    async fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError>;

    /// Keeps what was given out for a time for as long again.
    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        Err(StoreError::Unavailable(format!("{} gives out nothing for a time: {}", self.name(), lease.at)))
    }

    /// Gives it back.
    async fn revoke(&self, lease: &Lease) -> Result<(), StoreError> {
        Err(StoreError::Unavailable(format!("{} gives out nothing for a time: {}", self.name(), lease.at)))
    }
}

/// Asks a store many questions, some at the same time, and answers in their order. Once the store did not answer one, the
/// rest is not asked.
pub(super) async fn each<S, T, F>(
    store: &S,
    questions: impl Iterator<Item = impl Fn() -> F>,
) -> Vec<Result<T, StoreError>>
where
    S: SecretStore + ?Sized,
    F: Future<Output = Result<T, StoreError>>,
{
    let silent: OnceLock<StoreError> = OnceLock::new();
    let asked = questions.map(async |question| {
        if let Some(error) = silent.get() {
            return Err(error.again());
        }
        let answer = ask(store, question).await;
        if let Err(error @ StoreError::Unanswered(_)) = &answer {
            let _ = silent.set(error.again());
        }
        answer
    });
    futures::stream::iter(asked).buffered(AT_ONCE).collect().await
}

/// Questions that are on their way to a store at the same time.
const AT_ONCE: usize = 32;

/// A secret that lies in a store.
#[derive(Clone, Debug)]
pub struct Held {
    /// The secret.
    pub secret: Secret,
    /// The version, where the store has versions.
    pub version: Option<String>,
    /// It was given out for a time.
    pub lease: Option<Lease>,
}

/// A secret that was given out for a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What was asked for.
    pub at: SecretRef,
    /// The store's own name.
    pub id: String,
    /// For how long.
    pub seconds: u64,
    /// It can be kept for longer.
    pub renewable: bool,
}

/// What a write replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over<'v> {
    /// There is nothing.
    Nothing,
    /// This version, where the store has versions; whatever is there otherwise.
    Version(Option<&'v str>),
}

/// A version of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// The store's own name.
    pub id: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Whether it can be read.
    pub state: VersionState,
    /// What the store calls it besides: `AWSCURRENT`, `latest` …
    pub labels: Vec<String>,
}

/// Whether a version can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionState {
    /// It can.
    Live,
    /// It could again.
    Disabled,
    /// Never again.
    Destroyed,
}
