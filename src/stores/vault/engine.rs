//! Which engine lies at a path: asked, and never guessed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::super::StoreError;
use super::client::Ask;
use super::{KIND, Vault};
use crate::secrets::SecretRef;

/// A mounted engine.
pub(in crate::stores) struct Engine {
    /// Without `/` at its end.
    pub mount: String,
    /// Of the KV engine, 1 or 2; 0 for every other engine.
    pub version: u8,
}

/// A path in an engine.
pub(in crate::stores) struct Place {
    pub engine: Arc<Engine>,
    /// Behind the mount.
    pub path: String,
}

#[derive(Deserialize)]
struct Mount {
    path: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    options: Option<BTreeMap<String, String>>,
}

impl Place {
    /// The path of a request; `part` is what KV version 2 wants between mount and path.
    pub fn at(&self, part: &str) -> String {
        let Engine { mount, version } = &*self.engine;
        let path = self.path.trim_matches('/');
        match version {
            2 => format!("{mount}/{part}/{path}"),
            _ => format!("{mount}/{path}"),
        }
    }
}

impl Vault {
    /// The engine of a reference, and the path in it.
    pub(in crate::stores) async fn place(&self, at: &SecretRef) -> Result<Place, StoreError> {
        if let Some(address) = at.param("address").filter(|it| it.trim_end_matches('/') != self.server.address()) {
            return Err(StoreError::Unavailable(format!(
                "{at} names the server {address}, and your Vault is {}: set VAULT_ADDR if you trust it",
                self.server.address()
            )));
        }
        let namespace = at.param("namespace").unwrap_or("").to_owned();
        let known = |engines: &BTreeMap<(String, String), Arc<Engine>>| {
            let below = |(space, mount): &(String, String)| *space == namespace && inside(&at.path, mount).is_some();
            engines.iter().find(|(key, _)| below(key)).map(|(_, engine)| Arc::clone(engine))
        };
        let found = self.engines.lock().ok().and_then(|it| known(&it));
        let engine = match found {
            Some(engine) => engine,
            None => {
                let engine = Arc::new(self.engine(at).await?);
                if let Ok(mut engines) = self.engines.lock() {
                    engines.insert((namespace, engine.mount.clone()), Arc::clone(&engine));
                }
                engine
            }
        };
        let path = inside(&at.path, &engine.mount).unwrap_or("").to_owned();
        Ok(Place { engine, path })
    }

    async fn engine(&self, at: &SecretRef) -> Result<Engine, StoreError> {
        let path = format!("sys/internal/ui/mounts/{}", at.path.trim_matches('/'));
        let data = match self.ask(at, "read", Ask::to(&path)).await {
            Ok(data) => data,
            // Vault says no both where there is no such mount and where it may not be seen.
            Err(StoreError::Unavailable(text)) if text.contains("does not allow") => {
                let mount = at.path.split('/').next().unwrap_or("");
                return Err(StoreError::Unavailable(format!(
                    "{} has no engine for {} that your token may use: look at the mount `{mount}` and at the policy \
                     of your token",
                    super::SecretStore::name(self),
                    SecretRef { backend: KIND.backend.to_owned(), ..at.clone() }
                )));
            }
            Err(error) => return Err(error),
        };
        let mount: Mount = self.parsed(at, data.as_deref())?;
        let version = match mount.kind.as_str() {
            "kv" | "generic" => {
                let version = mount.options.and_then(|mut it| it.remove("version"));
                if version.as_deref() == Some("2") { 2 } else { 1 }
            }
            _ => 0,
        };
        Ok(Engine { mount: mount.path.trim_matches('/').to_owned(), version })
    }
}

/// The rest of a path below a mount.
fn inside<'p>(path: &'p str, mount: &str) -> Option<&'p str> {
    let rest = path.trim_start_matches('/').strip_prefix(mount)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}
