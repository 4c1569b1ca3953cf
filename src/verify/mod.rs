//! Whether a key is alive: its provider is asked with the cheapest harmless request that the built-in catalogue knows.
//!
//! Only the command line asks, and only where its user wants it. Settings have no part in it: a repository that could name
//! a host could have keys sent to it.

#[cfg(feature = "verify")]
mod asking;
#[cfg(feature = "verify")]
mod caller;
mod question;
mod request;

#[cfg(feature = "verify")]
pub use asking::Verifier;
#[cfg(feature = "verify")]
pub use caller::{Answer, Caller, PATIENCE, Silent};
pub use question::Question;
pub use request::{Request, request};
#[cfg(feature = "verify")]
pub(crate) use request::{host_of, percent};

/// What is known of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// Its provider takes it.
    Live,
    /// Its provider knows no such key any more.
    Dead,
    /// Why nobody knows.
    Unknown(String),
}

impl Life {
    /// `live`, `dead`, `unknown`.
    pub fn name(&self) -> &'static str {
        match self {
            Life::Live => "live",
            Life::Dead => "dead",
            Life::Unknown(_) => "unknown",
        }
    }

    /// Why it is unknown.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Life::Unknown(why) => Some(why),
            Life::Live | Life::Dead => None,
        }
    }

    /// The same for people.
    pub fn note(&self) -> String {
        match self {
            Life::Live => "this key is alive: its provider took it just now, so revoke it".to_owned(),
            Life::Dead => "revoked already: its provider does not take it any more, so delete it".to_owned(),
            Life::Unknown(why) => format!("nobody knows whether this key is alive: {why}"),
        }
    }
}
