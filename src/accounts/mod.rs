//! A provider's own account: the keys that it knows, a new one, the end of an old one, and what keys were used for.
//!
//! Each provider that has an interface for that is data of the built-in catalogue (Amazon's is code, because its requests
//! are signed). Only commands ask, with the administrator's own key, and settings have no part in where it goes.

#[cfg(feature = "verify")]
mod asking;
#[cfg(all(feature = "verify", feature = "aws"))]
mod aws;
#[cfg(feature = "verify")]
mod http;
#[cfg_attr(not(feature = "verify"), expect(dead_code, reason = "nobody is asked, and it is known what could be"))]
mod interface;
#[cfg(feature = "verify")]
mod template;
pub mod usage;
#[cfg(all(feature = "verify", feature = "aws"))]
mod xml;

use jiff::Timestamp;

use crate::secrets::Secret;
use crate::verify::Life;
#[cfg(feature = "verify")]
use crate::{secrets::Catalogue, verify::Caller};
use interface::Interface;

/// The provider whose account is code.
const AMAZON: &str = "aws-bedrock";
const ABILITIES_OF_AMAZON: Abilities =
    Abilities { create: true, name: false, disable: true, remove: true, last_used: true, usage: false };

/// What is known of a provider's account before it is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The variable with the administrator's key, or that chooses the login.
    pub admin: &'static str,
    /// What it can do.
    pub abilities: Abilities,
    /// What people should know before a key is made; often empty.
    pub note: &'static str,
}

/// What is known of a provider's account; none where it has no interface for its keys, or none that is documented.
pub fn known(provider: &str) -> Option<Known> {
    if provider == AMAZON {
        return Some(Known { admin: "AWS_PROFILE", abilities: ABILITIES_OF_AMAZON, note: "" });
    }
    let interface = Interface::of(provider)?;
    Some(Known { admin: &interface.admin, abilities: interface.abilities(), note: &interface.note })
}

/// Opens the account of a provider; none where no interface is known. `get` gives the value of a variable: the
/// administrator's key, and nothing else, is asked for.
#[cfg(feature = "verify")]
pub fn open(
    provider: &str,
    get: &dyn Fn(&str) -> Option<Result<Secret, String>>,
) -> Result<Option<Box<dyn Account>>, String> {
    open_by(provider, get, Caller::new)
}

/// The same with another way to ask: tests have one to a server on this machine.
#[cfg(feature = "verify")]
pub fn open_by(
    provider: &str,
    get: &dyn Fn(&str) -> Option<Result<Secret, String>>,
    caller: impl FnOnce() -> Result<Caller, String>,
) -> Result<Option<Box<dyn Account>>, String> {
    if provider == AMAZON {
        #[cfg(feature = "aws")]
        return aws::Aws::open(get, caller).map(|it| Some(Box::new(it) as Box<dyn Account>));
        #[cfg(not(feature = "aws"))]
        return Err("this aikeys-lsp was built without Amazon: build it with `--features aws`".to_owned());
    }
    let (Some(interface), Some(known)) = (Interface::of(provider), Catalogue::built_in().provider(provider)) else {
        return Ok(None);
    };
    let (name, page) = (&known.name, &interface.admin_page);
    let unset = || format!("set {} to an administrator's key of {name}: {page}", interface.admin);
    let admin = get(&interface.admin).ok_or_else(unset)?.map_err(|why| format!("{}: {why}", interface.admin))?;
    if admin.expose().is_empty() {
        return Err(unset());
    }
    if !admin.expose().bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(format!("{}: it has characters that no key has", interface.admin));
    }
    let account = http::Http::open(&known.id, interface, admin, caller()?)?;
    Ok(Some(Box::new(account)))
}

/// A build without `verify` cannot ask.
#[cfg(not(feature = "verify"))]
pub fn open(
    provider: &str,
    _: &dyn Fn(&str) -> Option<Result<Secret, String>>,
) -> Result<Option<Box<dyn Account>>, String> {
    let why = "this aikeys-lsp was built without the accounts of providers: build it with `--features verify`";
    if known(provider).is_some() { Err(why.to_owned()) } else { Ok(None) }
}

/// The account of one provider, opened with the key or the login of who may manage its keys.
///
/// Every call is one question, which ends within seconds, whatever the provider does.
pub trait Account {
    /// The provider's id in the catalogue.
    fn provider(&self) -> &str;

    /// What it can do.
    fn abilities(&self) -> Abilities;

    /// All keys that it knows, also those that are not active.
    fn keys(&self) -> Result<Vec<RemoteKey>, AccountError>;

    /// Makes a key that may do what `like` may and no more, under a name that nobody else gives.
    fn create(&self, like: &RemoteKey, order: &Order) -> Result<NewKey, AccountError>;

    /// Switches a key off so that it can be switched on again; where [`Abilities::disable`] says so.
    fn disable(&self, key: &RemoteKey) -> Result<(), AccountError>;

    /// Switches it on again.
    fn enable(&self, key: &RemoteKey) -> Result<(), AccountError>;

    /// Ends a key for good.
    fn remove(&self, key: &RemoteKey) -> Result<(), AccountError>;

    /// It says when this key was last used, so that none means never.
    fn tells_last_use(&self, _key: &RemoteKey) -> bool {
        self.abilities().last_used
    }

    /// Whether it takes a key of several values; none where that is asked by [`crate::verify::request`].
    fn life(&self, _values: &[Secret]) -> Option<Life> {
        None
    }

    /// What keys were used for since a moment.
    fn usage(&self, since: Timestamp) -> Result<Vec<KeyUse>, AccountError>;

    /// The provider's clock minus this machine's, in seconds, as its last answer said; 0 where it said nothing.
    fn skew(&self) -> i64;
}

/// What an account can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Make keys.
    pub create: bool,
    /// Give them the name that is asked for.
    pub name: bool,
    /// Switch them off and on.
    pub disable: bool,
    /// End them.
    pub remove: bool,
    /// Say when a key was last used.
    pub last_used: bool,
    /// Say what keys were used for.
    pub usage: bool,
}

/// A key as its provider knows it. Never its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteKey {
    /// The provider's id of it.
    pub id: String,
    /// What it belongs to: a project, a workspace, a user; as requests name it.
    pub scope: Option<String>,
    /// Who holds it there: a service account's id.
    pub owner: Option<String>,
    /// The name that somebody gave it.
    pub name: String,
    /// What the provider shows of the value: some characters, an ellipsis, some characters. Of Amazon's the whole id.
    pub redacted: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it ends by itself.
    pub expires: Option<Timestamp>,
    /// When it was last used; none where it never was, or where nobody says.
    pub last_used: Option<Timestamp>,
    /// The provider takes it.
    pub active: bool,
}

/// What is asked of a new key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its name, by which an answer that was lost is found again.
    pub name: String,
    /// For how long it lives, where the provider can do that.
    pub lifetime: Option<std::time::Duration>,
}

/// A key that was made just now.
pub struct NewKey {
    /// As the provider knows it.
    pub key: RemoteKey,
    /// Its values, in the order of the provider's variables: most have one, Amazon's have an id and a secret.
    pub values: Vec<Secret>,
}

/// What a key was used for in a time.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyUse {
    /// [`RemoteKey::id`].
    pub key: String,
    /// The begin of the time, which is a day long.
    pub day: Timestamp,
    /// Requests; none where nobody says.
    pub requests: Option<u64>,
    /// What it cost, in US dollars; none where nobody says.
    pub cost: Option<f64>,
}

/// Why an account did not do what was asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// It said no: nothing was done.
    #[error("{0}")]
    Refused(String),
    /// It has too much to do, and did nothing.
    #[error("{0}")]
    Busy(String),
    /// There is no such key (any more).
    #[error("{0}")]
    Gone(String),
    /// Nobody knows whether it was done: there was no answer, or none that can be understood.
    #[error("{0}")]
    Lost(String),
}

impl RemoteKey {
    /// The value can be this key's: what the provider shows of it is what the value shows.
    pub fn can_be(&self, value: &str) -> bool {
        let mut parts = self.redacted.split(['*', '…']).flat_map(|it| it.split("...")).filter(|it| !it.is_empty());
        let (Some(first), last) = (parts.next(), parts.last()) else { return false };
        let shown = first.len() + last.map_or(0, str::len);
        value.len() >= shown && value.starts_with(first) && last.is_none_or(|it| value.ends_with(it)) && shown >= 4
    }
}
