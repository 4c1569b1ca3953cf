//! A key in memory, and what of it may be shown.

use secrecy::{ExposeSecret, SecretString};

use super::provider::Shape;

/// A key. Neither `Debug` nor `Display` shows it; memory is wiped when it goes.
#[derive(Clone, Debug)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a key.
    pub fn new(value: impl Into<String>) -> Secret {
        Secret(SecretString::from(value.into()))
    }

    /// The key itself: only for a store, a child's environment or a comparison.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Secret) -> bool {
        self.expose() == other.expose()
    }
}

/// What may be shown of a key: the prefix that all keys of its shape share, and the last four characters.
pub fn redact(value: &str, shape: Option<&Shape>) -> String {
    let prefix = shape.map_or("", Shape::prefix);
    let prefix = if value.starts_with(prefix) { prefix } else { "" };
    let body = &value[prefix.len()..];
    if body.chars().count() < 16 {
        return format!("{prefix}…");
    }
    let last: String = body.chars().rev().take(4).collect::<Vec<_>>().into_iter().rev().collect();
    format!("{prefix}…{last}")
}
