//! The system's keyring: the Secret Service, the macOS Keychain, the Windows Credential Manager.
//!
//! On the Secret Service a key has the attributes `service` and `username`: `secret-tool lookup service S username N`.

use std::sync::Arc;

use async_trait::async_trait;
use keyring::{Entry, Error};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::{Around, Asked, Held, Kind, LIMIT, Over, PATIENCE, SecretStore, StoreError, Version, VersionState};
use crate::fixes::Destination;
use crate::secrets::{Secret, SecretRef};

pub(super) const KIND: Kind = Kind {
    id: "keyring",
    backend: "keyring",
    setup: "name it in your own settings: `[stores.keyring]`",
    places,
    open: |_| Ok(Arc::new(Keyring)),
};

/// How to open it, for messages.
const UNLOCK: &str = match () {
    _ if cfg!(target_os = "macos") => "open Keychain Access, or run `security unlock-keychain`",
    _ if cfg!(windows) => "log in to Windows",
    _ => "unlock it in your desktop's password program (GNOME Passwords and Keys, KWalletManager, KeePassXC)",
};
/// What to do where there is none.
const START: &str = "start one (gnome-keyring, KWallet, KeePassXC) in this session; over SSH and in containers there is \
                     none: take another store";

/// Every desktop has one: a menu lists it once the user wants it.
fn places(around: &Around<'_>, asked: Asked) -> Vec<Destination> {
    if around.settings.keyring.is_none() && asked == Asked::Menu {
        return Vec::new();
    }
    let set = around.settings.keyring.as_ref().and_then(|it| it.service.as_deref());
    let service = set.unwrap_or(around.workspace);
    vec![Destination {
        store: KIND.id.to_owned(),
        label: format!("the keyring as {service}/{{name}}"),
        reference: Some(SecretRef::new(KIND.backend, format!("{service}/{{name}}"), None).to_string()),
    }]
}

struct Keyring;

#[async_trait(?Send)]
impl SecretStore for Keyring {
    fn name(&self) -> String {
        "the system's keyring".to_owned()
    }

    fn login(&self) -> String {
        UNLOCK.to_owned()
    }

    async fn get(&self, at: &SecretRef) -> Result<Held, StoreError> {
        let value = aside(at, Entry::get_password).await?;
        Ok(Held { secret: Secret::new(value), version: None, lease: None })
    }

    async fn write(&self, at: &SecretRef, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        if over == Over::Nothing && self.exists(at).await? {
            return Err(StoreError::Conflict { place: at.to_string() });
        }
        let secret = secret.clone();
        aside(at, move |entry| entry.set_password(secret.expose())).await
    }

    async fn exists(&self, at: &SecretRef) -> Result<bool, StoreError> {
        match aside(at, |entry| entry.inner.get_credential()).await {
            Ok(_) => Ok(true),
            Err(StoreError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError> {
        self.get(at).await?;
        Ok(vec![Version { id: "1".to_owned(), created: None, state: VersionState::Live, labels: Vec::new() }])
    }

    async fn disable(&self, at: &SecretRef, _: &str) -> Result<(), StoreError> {
        aside(at, Entry::delete_credential).await
    }

    async fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError> {
        Err(StoreError::Unavailable(format!("{at}: the system's own password program lists what the keyring holds")))
    }
}

/// Asks the keyring in a thread of its own. It may wait for somebody to answer a prompt, and nobody can stop it then: not
/// even the end of a runtime, which waits for its own threads.
async fn aside<T, F>(at: &SecretRef, question: F) -> Result<T, StoreError>
where
    T: Send + 'static,
    F: FnOnce(&Entry) -> keyring::Result<T> + Send + 'static,
{
    let form = || StoreError::Unavailable(format!("{at}: write `ref+keyring://SERVICE/NAME`"));
    let parts = at.path.rsplit_once('/').filter(|(service, name)| !service.is_empty() && !name.is_empty());
    let (service, name) = parts.filter(|_| at.field.is_none() && at.params.is_empty()).ok_or_else(form)?;
    let (service, name) = (service.to_owned(), name.to_owned());
    let (sender, answer) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = sender.send(Entry::new(&service, &name).and_then(|entry| question(&entry)));
    });
    let late = |_| {
        let seconds = PATIENCE.as_secs();
        StoreError::Unanswered(format!("{at}: the system's keyring did not answer within {seconds} seconds: {UNLOCK}"))
    };
    let gone = |_| StoreError::Unavailable(format!("{at}: the system's keyring failed"));
    timeout(LIMIT, answer).await.map_err(late)?.map_err(gone)?.map_err(|error| told(at, &error))
}

/// What the keyring said, without what it holds.
fn told(at: &SecretRef, error: &Error) -> StoreError {
    let place = at.to_string();
    let because = |what: &str| StoreError::Unavailable(format!("{place}: {what}"));
    match error {
        Error::NoEntry => StoreError::Missing { place, advice: String::new() },
        Error::NoDefaultStore => match Entry::store_status() {
            Err(reason) => because(&format!("there is no keyring here ({reason}): {START}")),
            Ok(()) => because(&format!("there is no keyring here: {START}")),
        },
        Error::NoStorageAccess(reason) => because(&format!("the keyring stays locked ({reason}): {UNLOCK}")),
        Error::PlatformFailure(reason) => because(&format!("the system's keyring failed ({reason}): {UNLOCK}")),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => because("what lies there is no text (UTF-8)"),
        Error::TooLong(what, most) => because(&format!("the keyring takes at most {most} characters as {what}")),
        Error::Ambiguous(all) => because(&format!("{} entries of the keyring have this name: leave one", all.len())),
        other => because(&format!("the system's keyring cannot do this ({other})")),
    }
}
