//! What of Vault's answers is of use, by engine.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::client::Fields;

/// What KV version 2 says of a secret.
#[derive(Deserialize)]
pub(super) struct Read {
    pub data: Option<Fields>,
    pub metadata: Metadata,
}

/// What KV version 2 says of a version.
#[derive(Deserialize)]
pub(super) struct Metadata {
    pub version: u64,
    #[serde(default)]
    pub deletion_time: String,
    #[serde(default)]
    pub destroyed: bool,
}

/// What KV version 2 says of all versions.
#[derive(Deserialize)]
pub(super) struct History {
    pub versions: BTreeMap<u64, Past>,
}

#[derive(Deserialize)]
pub(super) struct Past {
    pub created_time: String,
    #[serde(default)]
    pub deletion_time: String,
    #[serde(default)]
    pub destroyed: bool,
}

#[derive(Deserialize)]
pub(super) struct Subkeys {
    pub subkeys: Option<Fields>,
}

#[derive(Deserialize)]
pub(super) struct Keys {
    pub keys: Vec<String>,
}

/// What a token may do with a path.
#[derive(Deserialize)]
pub(super) struct May {
    pub capabilities: Vec<String>,
}
