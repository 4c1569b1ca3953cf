//! Questions to a store: how long they may take, when they are asked again, and what a write has to prove.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

use super::{Held, Over, SecretStore, StoreError};
use crate::secrets::{Secret, SecretRef};

/// What a store may take for one answer, with logging in.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);
/// A moment less, where the store itself knows better what to say.
pub(super) const LIMIT: Duration = PATIENCE.saturating_sub(Duration::from_millis(300));
/// How long to wait before a busy store is asked again: it doubles each time, within [`PATIENCE`].
const PAUSE: Duration = Duration::from_millis(200);
/// How often a secret is written anew because somebody else wrote at the same moment.
const TRIES: usize = 3;

/// What a put does to another value.
#[derive(Clone, Copy)]
pub(super) enum Other<'s> {
    /// It stays, and that is an error.
    Refused,
    /// It becomes an older version.
    Replaced,
    /// This one becomes an older version; any third one stays, and that is a conflict.
    Exchanged(&'s Secret),
}

/// Writes over what was seen, and reads back. An answer that never came is no answer: what stands there then counts.
pub(super) async fn set(
    store: &dyn SecretStore,
    at: &SecretRef,
    secret: &Secret,
    other: Other<'_>,
) -> Result<(), StoreError> {
    timeout(PATIENCE, try_to_set(store, at, secret, other)).await.unwrap_or_else(|_| Err(late(store)))
}

async fn try_to_set(
    store: &dyn SecretStore,
    at: &SecretRef,
    secret: &Secret,
    other: Other<'_>,
) -> Result<(), StoreError> {
    let mut tries = 0;
    loop {
        let found = ask(store, || store.get(at)).await;
        let version = match found {
            Ok(held) if held.secret == *secret => return Ok(()),
            Ok(_) if matches!(other, Other::Refused) => return Err(StoreError::Taken { place: at.to_string() }),
            Ok(held) if matches!(other, Other::Exchanged(old) if held.secret != *old) => {
                return Err(StoreError::Conflict { place: at.to_string() });
            }
            Err(error @ (StoreError::Gone { .. } | StoreError::Missing { .. }))
                if matches!(other, Other::Exchanged(_)) =>
            {
                return Err(error);
            }
            Ok(Held { version, .. }) | Err(StoreError::Gone { version, .. }) => Some(version),
            Err(StoreError::Missing { .. }) => None,
            Err(error) => return Err(error),
        };
        let over = version.as_ref().map_or(Over::Nothing, |it| Over::Version(it.as_deref()));
        let written = store.write(at, secret, over).await;
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
pub(super) async fn ask<S, T, F>(store: &S, question: impl Fn() -> F) -> Result<T, StoreError>
where
    S: SecretStore + ?Sized,
    F: Future<Output = Result<T, StoreError>>,
{
    let busy = Cell::new(None);
    let asked = async {
        let mut pause = PAUSE;
        loop {
            match question().await {
                Err(error @ StoreError::Busy(_)) => busy.set(Some(error)),
                answer => return answer,
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    };
    timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(busy.take().unwrap_or_else(|| late(store))))
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
