//! What is asked.

use crate::secrets::Secret;

/// A question. It can hold a key: it has no `Debug`.
pub struct Question {
    /// `GET`, `POST` …
    pub method: &'static str,
    /// Where it goes, by name.
    pub host: String,
    /// The address; some providers take the key in it.
    pub url: Secret,
    /// Names and values.
    pub headers: Vec<(String, Secret)>,
    /// What is posted.
    pub body: Option<Secret>,
}
