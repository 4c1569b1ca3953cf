//! A new key in the place of an old one: create, verify, write, read back, tell the program, wait, revoke.
//!
//! A rotation is a journal on the disk that says which step is done, so that whoever is killed in between goes on where it
//! was. The old key works until the new one is known to work, stands everywhere, and nobody uses the old one any more.

mod back;
mod due;
mod ending;
mod journal;
#[cfg(feature = "aws")]
mod managed;
mod places;
mod turn;

pub use due::{Due, due};
pub use journal::{Journal, Mark, Step, journals};
#[cfg(feature = "aws")]
pub use managed::{Event, Managed};
pub use places::{Place, sure_provider, variables_of};
pub use turn::{Hands, Outcome, Rotation, Terms, page_of};

use crate::accounts::AccountError;
use crate::moves::MoveError;
use crate::project::{EnvFileError, FileError};
use crate::stores::StoreError;

/// Why a rotation stopped. Nothing is lost: [`Journal`] says how far it got.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    /// What was asked for cannot be rotated, or not now; says what to do.
    #[error("{0}")]
    No(String),
    /// Somebody else changed the key meanwhile; the new one was taken back.
    #[error("{0}")]
    Conflict(String),
    /// A store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A variable or a reference.
    #[error(transparent)]
    Move(#[from] MoveError),
    /// An env file.
    #[error(transparent)]
    Env(#[from] EnvFileError),
    /// Another file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The provider's account.
    #[error(transparent)]
    Account(#[from] AccountError),
}

/// A rotation cannot go on for this reason.
fn no(why: impl Into<String>) -> RotationError {
    RotationError::No(why.into())
}
