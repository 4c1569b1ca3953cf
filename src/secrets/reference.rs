//! References: `ref+BACKEND://PATH#/FIELD`, in the notation of `vals`.

use std::fmt;

/// Where a key lies, as `.env` names it. Safe to show and to commit.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretRef {
    /// `age`, `vault`, `awssecrets` …
    pub backend: String,
    /// The backend's own path.
    pub path: String,
    /// The field in the secret, where it has fields.
    pub field: Option<String>,
}

impl SecretRef {
    /// Reads a reference; `None` if `text` is none.
    pub fn parse(text: &str) -> Option<SecretRef> {
        let (backend, rest) = text.strip_prefix("ref+")?.split_once("://")?;
        let known = !backend.is_empty() && backend.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let (path, field) = match rest.split_once('#') {
            Some((path, field)) => (path, Some(field.trim_start_matches('/').to_owned())),
            None => (rest, None),
        };
        let usable = known && !path.is_empty() && !text.contains(['"', '\n', '\r']);
        usable.then(|| SecretRef { backend: backend.to_owned(), path: path.to_owned(), field })
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ref+{}://{}", self.backend, self.path)?;
        match &self.field {
            Some(field) => write!(f, "#/{field}"),
            None => Ok(()),
        }
    }
}

/// `value` is a reference of ours or of `vals`.
pub fn is_reference(value: &str) -> bool {
    SecretRef::parse(value).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_written() {
        for text in ["ref+age://.aikeys/secrets.age#/OPENAI_API_KEY", "ref+gcpsecrets://project/name"] {
            assert_eq!(SecretRef::parse(text).expect("a reference").to_string(), text);
        }
        for text in ["", "ref+", "ref+age://", "vault://x", "ref+Age://x", "ref+age://a\"b"] {
            assert_eq!(SecretRef::parse(text), None, "{text}");
        }
    }
}
