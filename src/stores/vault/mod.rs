//! HashiCorp Vault and OpenBao: both versions of the KV engine, and what other engines give out for a time.

mod answers;
mod client;
mod engine;
mod login;
mod rights;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use reqwest::Method;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{json, to_string};
use tokio::sync::OnceCell;

use answers::{History, Keys, May, Past, Read, Subkeys};
use client::{Ask, Effect, Fields, Server};
pub(super) use client::{address, variable};
use engine::{Engine, Place};
pub(super) use rights::Rights;

use super::store::each;
use super::{Around, Asked, Held, Kind, Lease, Over, SecretStore, StoreError, Version, VersionState};
use crate::fixes::Destination;
use crate::project::VaultSettings;
use crate::secrets::{Secret, SecretRef};

pub(super) const KIND: Kind = Kind {
    id: "vault",
    backend: "vault",
    setup: "set VAULT_ADDR, or `address` under `[stores.vault]` in your own settings, and log in with `vault login`",
    places,
    open: |around| Ok(Arc::new(Vault::open(around.settings.vault.clone())?)),
};

fn places(around: &Around<'_>, _: Asked) -> Vec<Destination> {
    let settings = around.settings.vault.as_ref();
    if address(settings).is_none() {
        return Vec::new();
    }
    let mount = settings.and_then(|it| it.mount.as_deref()).unwrap_or("secret").trim_matches('/');
    let path = settings.and_then(|it| it.path.as_deref()).unwrap_or(around.workspace).trim_matches('/');
    let reference = SecretRef::new(KIND.backend, format!("{mount}/{path}"), Some("{name}"));
    vec![Destination {
        store: KIND.id.to_owned(),
        label: format!("Vault at {mount}/{path}#/{{name}}"),
        reference: Some(reference.to_string()),
    }]
}

/// No more of a server's words is shown.
const LONGEST: usize = 300;

/// One server.
pub(super) struct Vault {
    server: Server,
    settings: Option<VaultSettings>,
    token: OnceCell<Secret>,
    /// The engines that were asked for, by namespace and the first parts of a path.
    engines: Mutex<BTreeMap<(String, String), Arc<Engine>>>,
}

/// A secret as the server has it: all its fields.
struct Whole {
    fields: Fields,
    version: Option<u64>,
    lease: Option<Lease>,
}

#[async_trait(?Send)]
impl SecretStore for Vault {
    fn name(&self) -> String {
        format!("Vault at {}", self.server.address())
    }

    fn login(&self) -> String {
        login::ADVICE.to_owned()
    }

    async fn get(&self, at: &SecretRef) -> Result<Held, StoreError> {
        held(at, &self.read(at).await?)
    }

    /// One question for all fields of a secret: what is given out for a time has to come from the same answer.
    async fn get_all(&self, all: &[&SecretRef]) -> Vec<Result<Held, StoreError>> {
        let whole = |at: &SecretRef| SecretRef { field: None, ..at.clone() };
        let mut places: Vec<SecretRef> = all.iter().map(|at| whole(at)).collect();
        places.sort();
        places.dedup();
        let read = each(self, places.iter().map(|place| || self.read(place))).await;
        let find = |at: &&SecretRef| {
            let found = places.binary_search(&whole(at)).ok().and_then(|place| read.get(place));
            match found {
                Some(Ok(whole)) => held(at, whole),
                Some(Err(error)) => Err(error.again_at(at)),
                None => Err(StoreError::Missing { place: at.to_string(), advice: String::new() }),
            }
        };
        all.iter().map(find).collect()
    }

    async fn write(&self, at: &SecretRef, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        if at.param("version").is_some() {
            return Err(self.refused(at, "a version that is there cannot be written: leave `version` out"));
        }
        let field = field(at)?;
        let place = self.place(at).await?;
        let mut fields = match self.read(at).await {
            Ok(whole) => {
                let there = whole.version.map(|it| it.to_string());
                let free = over == Over::Nothing && !whole.fields.contains_key(field);
                if !free && over != Over::Version(there.as_deref()) {
                    return Err(StoreError::Conflict { place: at.to_string() });
                }
                (whole.fields, whole.version)
            }
            Err(StoreError::Missing { .. }) => (Fields::new(), None),
            Err(StoreError::Gone { version, .. }) => (Fields::new(), version.and_then(|it| it.parse().ok())),
            Err(error) => return Err(error),
        };
        let wrong = |_| self.refused(at, "the value cannot be written as JSON");
        let value = to_string(secret.expose()).and_then(RawValue::from_string).map_err(wrong)?;
        fields.0.insert(field.to_owned(), value);
        let data = serde_json::to_string(&fields.0).map_err(wrong)?;
        let body = match place.engine.version {
            2 => format!("{{\"options\":{{\"cas\":{}}},\"data\":{data}}}", fields.1.unwrap_or(0)),
            1 => data,
            _ => return Err(self.refused(at, "its engine gives out secrets and takes none")),
        };
        let path = place.at("data");
        let ask = Ask { method: Method::POST, body: Some(body.into_bytes()), effect: Effect::Writes, ..Ask::to(&path) };
        self.ask(at, "update", ask).await.map(drop)
    }

    async fn exists(&self, at: &SecretRef) -> Result<bool, StoreError> {
        let place = self.place(at).await?;
        let field = field(at)?;
        let found = match place.engine.version {
            2 => {
                let path = place.at("subkeys");
                let version = at.param("version").map(|it| ("version", it));
                self.ask(at, "read", Ask { query: version, ..Ask::to(&path) }).await
            }
            1 => {
                let (folder, name) = place.path.rsplit_once('/').unwrap_or(("", &place.path));
                let found = self.children(at, &place, folder).await?;
                return Ok(found.iter().any(|it| it == name));
            }
            // Reading would make a secret: whether it may be read is enough.
            _ => return self.may_read(at, &place.at("data")).await,
        };
        match found {
            Ok(body) => {
                let subkeys = body.and_then(|data| serde_json::from_str::<Subkeys>(data.get()).ok()?.subkeys);
                Ok(subkeys.is_some_and(|fields| fields.contains_key(field)))
            }
            Err(StoreError::Missing { .. } | StoreError::Gone { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError> {
        let place = self.place(at).await?;
        if place.engine.version == 0 {
            return Ok(Vec::new());
        }
        if place.engine.version == 1 {
            self.read(at).await?;
            return Ok(vec![Version { id: "1".into(), created: None, state: VersionState::Live, labels: Vec::new() }]);
        }
        let path = place.at("metadata");
        let body = self.ask(at, "read", Ask::to(&path)).await?;
        let history: History = self.parsed(at, body.as_deref())?;
        let latest = history.versions.keys().next_back().copied();
        let version = |(id, past): (u64, Past)| Version {
            id: id.to_string(),
            created: past.created_time.parse().ok(),
            state: match (past.destroyed, is_past(&past.deletion_time)) {
                (true, _) => VersionState::Destroyed,
                (_, true) => VersionState::Disabled,
                _ => VersionState::Live,
            },
            labels: (Some(id) == latest).then(|| "latest".to_owned()).into_iter().collect(),
        };
        Ok(history.versions.into_iter().rev().map(version).collect())
    }

    async fn disable(&self, at: &SecretRef, version: &str) -> Result<(), StoreError> {
        let place = self.place(at).await?;
        if place.engine.version != 2 {
            return Err(self.refused(at, "this engine keeps no versions"));
        }
        let number: u64 = version.parse().map_err(|_| self.refused(at, "its versions are numbers"))?;
        let now = self.read(&SecretRef { params: Vec::new(), ..at.clone() }).await?;
        if now.version == Some(number) && now.fields.len() > 1 {
            let reason =
                "this is its latest version, and other keys of the same secret would go with it: put a new value first";
            return Err(self.refused(at, reason));
        }
        let body = json!({ "versions": [number] }).to_string().into_bytes();
        let path = place.at("delete");
        let ask = Ask { method: Method::POST, body: Some(body), effect: Effect::Writes, ..Ask::to(&path) };
        self.ask(at, "update", ask).await.map(drop)
    }

    async fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError> {
        let place = self.place(at).await?;
        let names = |fields: Fields| fields.into_keys().map(|name| SecretRef { field: Some(name), ..at.clone() });
        let mut all: Vec<SecretRef> = match self.read(at).await {
            Ok(whole) => names(whole.fields).collect(),
            Err(StoreError::Missing { .. } | StoreError::Gone { .. }) => Vec::new(),
            // Only a folder.
            Err(_) if place.path.is_empty() => Vec::new(),
            Err(error) => return Err(error),
        };
        let children = self.children(at, &place, &place.path).await?;
        let child = |name: &String| SecretRef { path: format!("{}/{name}", at.path), field: None, ..at.clone() };
        all.extend(children.iter().map(child));
        Ok(all)
    }

    async fn renew(&self, lease: &Lease) -> Result<(), StoreError> {
        let body = json!({ "lease_id": lease.id, "increment": lease.seconds }).to_string().into_bytes();
        let ask = Ask { method: Method::PUT, body: Some(body), ..Ask::to("sys/leases/renew") };
        self.ask(&lease.at, "update", ask).await.map(drop)
    }

    async fn revoke(&self, lease: &Lease) -> Result<(), StoreError> {
        let body = json!({ "lease_id": lease.id }).to_string().into_bytes();
        let ask = Ask { method: Method::PUT, body: Some(body), ..Ask::to("sys/leases/revoke") };
        self.ask(&lease.at, "update", ask).await.map(drop)
    }
}

impl Vault {
    /// Gets ready; sends nothing.
    pub(super) fn open(settings: Option<VaultSettings>) -> Result<Vault, StoreError> {
        let server = Server::new(settings.as_ref())?;
        Ok(Vault { server, settings, token: OnceCell::new(), engines: Mutex::default() })
    }

    /// Reads a secret with all its fields.
    async fn read(&self, at: &SecretRef) -> Result<Whole, StoreError> {
        let place = self.place(at).await?;
        let path = place.at("data");
        let version = at.param("version").filter(|_| place.engine.version == 2).map(|it| ("version", it));
        let answer = self.answer(at, "read", Ask { query: version, ..Ask::to(&path) }).await?;
        if place.engine.version == 2 {
            let read: Read = self.parsed(at, answer.data.as_deref())?;
            let version = read.metadata.version;
            let what = match (read.metadata.destroyed, read.data) {
                (false, Some(fields)) if !is_past(&read.metadata.deletion_time) => {
                    return Ok(Whole { fields, version: Some(version), lease: None });
                }
                (true, _) => format!("version {version} was destroyed: put the key there again"),
                _ => format!(
                    "version {version} was deleted: bring it back with `vault kv undelete`, or put the key again"
                ),
            };
            return Err(StoreError::Gone { place: at.to_string(), what, version: Some(version.to_string()) });
        }
        let fields = self.parsed(at, answer.data.as_deref())?;
        let lease = (!answer.lease_id.is_empty()).then(|| Lease {
            at: at.clone(),
            id: answer.lease_id.clone(),
            seconds: answer.lease_duration,
            renewable: answer.renewable,
        });
        Ok(Whole { fields, version: None, lease })
    }

    /// Asks with the token, and reads what the answer means. `needs` is what the policy has to allow.
    async fn ask(&self, at: &SecretRef, needs: &str, ask: Ask<'_>) -> Result<Option<Box<RawValue>>, StoreError> {
        Ok(self.answer(at, needs, ask).await?.data)
    }

    async fn answer(&self, at: &SecretRef, needs: &str, ask: Ask<'_>) -> Result<client::Body, StoreError> {
        let token = self.token.get_or_try_init(|| login::token(&self.server, self.settings.as_ref())).await?;
        let path = ask.path.to_owned();
        let ask = Ask { token: Some(token), namespace: at.param("namespace"), ..ask };
        let effect = ask.effect;
        let answer = self.server.send(ask).await?;
        let said = answer.body.errors.join("; ").replace(token.expose(), "…");
        let said: String = said.chars().take(LONGEST).collect();
        let name = self.name();
        let told = if said.is_empty() { answer.status.to_string() } else { said.clone() };
        match answer.status.as_u16() {
            200..=299 => Ok(answer.body),
            // KV version 2 answers so for a version that is gone.
            404 if answer.body.data.is_some() => Ok(answer.body),
            404 => Err(StoreError::Missing { place: at.to_string(), advice: String::new() }),
            // An engine that has just been mounted.
            400 if said.contains("Upgrading from non-versioned") => {
                Err(StoreError::Busy(format!("{name} is still getting this engine ready")))
            }
            400 if said.contains("check-and-set") => Err(StoreError::Conflict { place: at.to_string() }),
            403 => Err(self.denied(at, needs, &path).await),
            412 | 429 => Err(StoreError::Busy(format!("{name} has too much to do: try again in a moment"))),
            503 if said.contains("sealed") => Err(StoreError::Unavailable(format!(
                "{name} is sealed: whoever runs it has to open it with `vault operator unseal`"
            ))),
            500..=599 if effect == Effect::Writes => {
                Err(StoreError::Unanswered(format!("{name} failed ({told}) at {at}")))
            }
            413 => Err(self.refused(at, "the value is larger than this server takes")),
            _ => Err(self.refused(at, &told)),
        }
    }

    async fn may_read(&self, at: &SecretRef, path: &str) -> Result<bool, StoreError> {
        let body = json!({ "paths": [path] }).to_string().into_bytes();
        let ask = Ask { method: Method::POST, body: Some(body), ..Ask::to("sys/capabilities-self") };
        let data = self.ask(at, "update", ask).await?;
        let may: May = self.parsed(at, data.as_deref())?;
        Ok(may.capabilities.iter().any(|it| it == "read" || it == "root"))
    }

    /// Why the server says no: an old token, or a policy.
    async fn denied(&self, at: &SecretRef, needs: &str, path: &str) -> StoreError {
        let ask =
            Ask { token: self.token.get(), namespace: at.param("namespace"), ..Ask::to("auth/token/lookup-self") };
        let known = self.server.send(ask).await.is_ok_and(|answer| answer.status.is_success());
        let why = match known {
            true => format!("the policy of your token does not allow `{needs}` on `{path}`"),
            // A token without the policy `default` may not ask for itself.
            false => format!(
                "your token is not valid or has expired: {}; if it is new, its policy lacks `{needs}` on `{path}`",
                login::ADVICE
            ),
        };
        StoreError::Unavailable(format!("{} says no to {at}: {why}", self.name()))
    }

    fn refused(&self, at: &SecretRef, why: &str) -> StoreError {
        StoreError::Unavailable(format!("{} refuses {at}: {why}", self.name()))
    }

    fn parsed<'a, T: Deserialize<'a>>(&self, at: &SecretRef, data: Option<&'a RawValue>) -> Result<T, StoreError> {
        let found = data.and_then(|data| serde_json::from_str(data.get()).ok());
        found.ok_or_else(|| self.refused(at, "its answer has another form than this engine's"))
    }

    /// The names below a folder of an engine.
    async fn children(&self, at: &SecretRef, place: &Place, folder: &str) -> Result<Vec<String>, StoreError> {
        let path = Place { engine: Arc::clone(&place.engine), path: folder.to_owned() }.at("metadata");
        // What lists for Vault is a GET for everything between.
        let ask = Ask { query: Some(("list", "true")), ..Ask::to(&path) };
        match self.ask(at, "list", ask).await {
            Ok(data) => Ok(self.parsed::<Keys>(at, data.as_deref())?.keys),
            Err(StoreError::Missing { .. }) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

/// The field of a secret that a reference names.
fn held(at: &SecretRef, whole: &Whole) -> Result<Held, StoreError> {
    let name = field(at)?;
    let missing = || {
        let there: Vec<&str> = whole.fields.keys().map(String::as_str).collect();
        let advice = match there.len() {
            0 => ": it has no fields".to_owned(),
            1..=10 => format!(": it has {}", there.join(", ")),
            n => format!(": it has {n} other fields"),
        };
        StoreError::Missing { place: at.to_string(), advice }
    };
    let value = whole.fields.get(name).ok_or_else(missing)?;
    let text = serde_json::from_str(value.get()).unwrap_or_else(|_| value.get().to_owned());
    let version = whole.version.map(|it| it.to_string());
    Ok(Held { secret: Secret::new(text), version, lease: whole.lease.clone() })
}

fn field(at: &SecretRef) -> Result<&str, StoreError> {
    let missing = || StoreError::Unavailable(format!("{at} names no field: write `#/NAME` behind the path"));
    at.field.as_deref().filter(|it| !it.is_empty()).ok_or_else(missing)
}

/// A time of deletion that has come. Vault can also plan one.
fn is_past(time: &str) -> bool {
    !time.is_empty() && time.parse().is_ok_and(|it: jiff::Timestamp| it <= jiff::Timestamp::now())
}
