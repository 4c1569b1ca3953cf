//! Why a store did not do what it was asked.

use crate::project::{FileError, ProjectError};
use crate::secrets::discreet;

/// Why a store did not do what it was asked. Names the store and what to do; never holds a value.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached, was never made, or says no.
    #[error("{0}")]
    Unavailable(String),
    /// The store was asked, and its answer never came: what it was asked may have been done.
    #[error("{0}")]
    Unanswered(String),
    /// The store has too much to do: the same may work in a moment.
    #[error("{0}")]
    Busy(String),
    /// The store holds another value under this name.
    #[error("{place} holds another value")]
    Taken {
        /// The reference.
        place: String,
    },
    /// There is nothing under this name.
    #[error("{place}: there is no such secret{advice}")]
    Missing {
        /// The reference.
        place: String,
        /// What to do, or nothing.
        advice: String,
    },
    /// There was a value, and its version was deleted or disabled.
    #[error("{place}: {what}")]
    Gone {
        /// The reference.
        place: String,
        /// What happened to it, and what to do.
        what: String,
        /// The version.
        version: Option<String>,
    },
    /// Somebody else wrote at the same moment.
    #[error("{place}: somebody else changed it at the same moment: try again")]
    Conflict {
        /// The reference.
        place: String,
    },
    /// An encrypted file that this machine's keys do not open. A public key may be shown.
    #[error(
        "{file}: this machine is not among its readers: send a teammate your public key, who then runs \
        `aikeys-lsp add-recipient {key}`"
    )]
    NoReader {
        /// The file.
        file: String,
        /// This machine's public key.
        key: String,
    },
    /// A list of readers names somebody whom the file was not encrypted to, and whom nobody here let in.
    #[error(
        "{file}: recipients.txt now also names {}: if they may read all keys, run `aikeys-lsp rekey`; otherwise take \
        them out of that file",
        keys.join(", ")
    )]
    NewReaders {
        /// The file.
        file: String,
        /// Their public keys.
        keys: Vec<String>,
    },
    /// An encrypted file that is not a later one of what this machine wrote.
    #[error(
        "{file}: somebody made this file anew since this machine wrote it, for {}: if they may read all keys, run \
        `aikeys-lsp rekey`; otherwise bring the old one back from git",
        keys.join(", ")
    )]
    Remade {
        /// The file.
        file: String,
        /// The public keys of its readers.
        keys: Vec<String>,
    },
    /// An encrypted file that this machine never wrote, and that others can read.
    #[error(
        "{file}: this machine has not written to this file yet, and it can also be read by {}: if they may read what you \
        put there, say so with `aikeys-lsp rekey`",
        readers.join(", ")
    )]
    Strangers {
        /// The file.
        file: String,
        /// Their public keys, with what the list says of them.
        readers: Vec<String>,
    },
    /// A backend that this build does not know.
    #[error("`ref+{0}://` is a reference that this version cannot resolve")]
    Backend(String),
    /// What came back is not what was put.
    #[error("{place}: what was read back is not what was stored: nothing else was changed")]
    ReadBack {
        /// The reference.
        place: String,
    },
    /// The user's settings.
    #[error(transparent)]
    Settings(#[from] ProjectError),
    /// A file of the store.
    #[error(transparent)]
    File(#[from] FileError),
}

impl StoreError {
    /// The same, for another question that fails for the same reason.
    pub(super) fn again(&self) -> StoreError {
        match self {
            StoreError::NoReader { file, key } => StoreError::NoReader { file: file.clone(), key: key.clone() },
            other => StoreError::Unavailable(other.to_string()),
        }
    }

    /// The same, of a reference that was asked for together with others.
    #[cfg(any(feature = "vault", feature = "aws"))]
    pub(super) fn again_at(&self, at: &crate::secrets::SecretRef) -> StoreError {
        match self {
            StoreError::Missing { advice, .. } => StoreError::Missing { place: at.to_string(), advice: advice.clone() },
            StoreError::Gone { what, version, .. } => {
                StoreError::Gone { place: at.to_string(), what: what.clone(), version: version.clone() }
            }
            other => other.again(),
        }
    }

    /// What stands in a reference by mistake can be a key, and messages quote it.
    pub(super) fn discreet(self) -> StoreError {
        match self {
            StoreError::Unavailable(text) => StoreError::Unavailable(discreet(&text)),
            StoreError::Unanswered(text) => StoreError::Unanswered(discreet(&text)),
            StoreError::Busy(text) => StoreError::Busy(discreet(&text)),
            StoreError::Backend(text) => StoreError::Backend(discreet(&text)),
            StoreError::Taken { place } => StoreError::Taken { place: discreet(&place) },
            StoreError::Missing { place, advice } => StoreError::Missing { place: discreet(&place), advice },
            StoreError::Gone { place, what, version } => StoreError::Gone { place: discreet(&place), what, version },
            StoreError::Conflict { place } => StoreError::Conflict { place: discreet(&place) },
            StoreError::ReadBack { place } => StoreError::ReadBack { place: discreet(&place) },
            StoreError::NoReader { file, key } => StoreError::NoReader { file: discreet(&file), key },
            StoreError::NewReaders { file, keys } => StoreError::NewReaders { file: discreet(&file), keys },
            StoreError::Remade { file, keys } => StoreError::Remade { file: discreet(&file), keys },
            StoreError::Strangers { file, readers } => StoreError::Strangers {
                file: discreet(&file),
                readers: readers.iter().map(|it| discreet(it)).collect(),
            },
            other @ (StoreError::Settings(_) | StoreError::File(_)) => other,
        }
    }
}
