//! Secret stores: put, get, and what `.env` says of a secret that lies there.
//!
//! `.env` itself is written by `project`. A store is one file here and one arm in [`get`] and [`put`].

mod local;

use std::path::Path;

pub use local::{IDENTITY_FILE, Local, RECIPIENTS, SECRETS, init};

use crate::fixes::Destination;
use crate::secrets::{Secret, SecretRef, discreet};

/// Why a store did not do what it was asked. Never holds a value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store was never made, or this machine cannot open it.
    #[error("{0}")]
    Unavailable(String),
    /// The store holds another value under this name.
    #[error("the store holds another value for {name}: give the key another name with `--name`")]
    Taken {
        /// The name.
        name: String,
    },
    /// There is nothing under this name.
    #[error("the store {place} holds no {name}")]
    Missing {
        /// The store's place.
        place: String,
        /// The name.
        name: String,
    },
    /// A backend that this version does not know.
    #[error("`ref+{0}://` is a reference that this version cannot resolve")]
    Backend(String),
    /// What came back is not what was put.
    #[error("{place}: what was read back is not what was stored: nothing else was changed")]
    ReadBack {
        /// The store's place.
        place: String,
    },
    /// A file of the store.
    #[error(transparent)]
    File(#[from] crate::project::FileError),
}

/// The stores that a workspace can move keys to, the preferred one first.
pub fn destinations(root: &Path) -> Vec<Destination> {
    let local = Local::open(root);
    local.is_there().then(|| local.destination()).into_iter().chain([Destination::env()]).collect()
}

/// Stores a secret under its reference, reads it back and compares. The same value again is fine; another one is refused.
pub fn put(root: &Path, reference: &SecretRef, secret: &Secret) -> Result<(), StoreError> {
    match reference.backend.as_str() {
        "age" => Local::at(root, &reference.path).put(field(reference)?, secret)?,
        other => return Err(StoreError::Backend(other.to_owned())),
    }
    if get(root, reference)? == *secret { Ok(()) } else { Err(StoreError::ReadBack { place: reference.to_string() }) }
}

/// The secret behind a reference.
pub fn get(root: &Path, reference: &SecretRef) -> Result<Secret, StoreError> {
    let found = match reference.backend.as_str() {
        "age" => field(reference).and_then(|field| Local::at(root, &reference.path).get(field)),
        other => Err(StoreError::Backend(other.to_owned())),
    };
    // What stands in a reference by mistake can be a key, and messages quote it.
    found.map_err(|error| match error {
        StoreError::File(_) | StoreError::ReadBack { .. } | StoreError::Taken { .. } => error,
        other => StoreError::Unavailable(discreet(&other.to_string())),
    })
}

fn field(reference: &SecretRef) -> Result<&str, StoreError> {
    let missing = || StoreError::Unavailable(format!("{reference} names no secret: write `#/NAME` behind the file"));
    reference.field.as_deref().ok_or_else(missing)
}
