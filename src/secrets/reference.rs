//! References: `ref+BACKEND://PATH[?PARAMETERS][#/FIELD]`, in the notation of `vals`.

use std::fmt;

/// Where a key lies, as `.env` names it. Safe to show and to commit.
///
/// What a part cannot hold in this notation stands in it as `%2B`, as in a URL: every name can be written.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretRef {
    /// `age`, `vault`, `awssecrets` …
    pub backend: String,
    /// The backend's own path.
    pub path: String,
    /// What else the backend is told: `version`, `region` …, in the order of the text.
    pub params: Vec<(String, String)>,
    /// The field in the secret, where it has fields; `/` leads deeper.
    pub field: Option<String>,
}

impl SecretRef {
    /// A reference without parameters.
    pub fn new(backend: &str, path: impl Into<String>, field: Option<&str>) -> SecretRef {
        SecretRef {
            backend: backend.to_owned(),
            path: path.into(),
            params: Vec::new(),
            field: field.map(str::to_owned),
        }
    }

    /// Reads a reference; `None` if `text` is none.
    pub fn parse(text: &str) -> Option<SecretRef> {
        let rest = text.strip_prefix("secret").unwrap_or(text).strip_prefix("ref+")?;
        let (backend, rest) = rest.split_once("://")?;
        let known = !backend.is_empty() && backend.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let (rest, field) = match rest.split_once('#') {
            Some((rest, field)) => (rest, Some(decoded(field.trim_start_matches('/'))?)),
            None => (rest, None),
        };
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut params = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            params.push((decoded(name)?, decoded(value)?));
        }
        let path = decoded(path)?;
        let usable = known && !path.is_empty() && !text.contains(['"', '\n', '\r']);
        usable.then(|| SecretRef { backend: backend.to_owned(), path, params, field })
    }

    /// The value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ref+{}://{}", self.backend, encoded(&self.path))?;
        for (at, (name, value)) in self.params.iter().enumerate() {
            write!(f, "{}{}={}", if at == 0 { '?' } else { '&' }, encoded(name), encoded(value))?;
        }
        match &self.field {
            Some(field) => write!(f, "#/{}", encoded(field)),
            None => Ok(()),
        }
    }
}

/// `value` is a reference of ours or of `vals`.
pub fn is_reference(value: &str) -> bool {
    SecretRef::parse(value).is_some()
}

/// A part as it stands in a reference: `+` would end it for `vals`, `#`, `?` and `&` would cut it, `$` means something to
/// shells and loaders.
fn encoded(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:@~{}".contains(&byte) || !byte.is_ascii();
    let mut text = Vec::with_capacity(part.len());
    for byte in part.bytes() {
        match plain(byte) {
            true => text.push(byte),
            false => text.extend(format!("%{byte:02X}").bytes()),
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The part that [`encoded`] wrote; `None` if it is no text.
fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let mut part = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = |hex: &&str| bytes[at] == b'%' && hex.bytes().all(|it| it.is_ascii_hexdigit());
        let hex = text.get(at + 1..at + 3).filter(digits);
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                part.push(byte);
                at += 3;
            }
            None => {
                part.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(part).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_read_back_as_written() {
        for text in [
            "ref+age://.aikeys/secrets.age#/OPENAI_API_KEY",
            "ref+gcpsecrets://project/name",
            "ref+vault://secret/my/app?version=3&namespace=team/a#/OPENAI_API_KEY",
            "ref+awssecrets://a%2Bb%23c?region=eu-west-1#/a/b",
        ] {
            assert_eq!(SecretRef::parse(text).expect("a reference").to_string(), text);
        }
        for text in ["", "ref+", "ref+age://", "vault://x", "ref+Age://x", "ref+age://a\"b", "ref+age://%ff"] {
            assert_eq!(SecretRef::parse(text), None, "{text}");
        }
    }

    #[test]
    fn names_of_every_kind_can_be_written() {
        // As `vals` finds them in a text: up to the next `+`, or to the end of the line.
        let vals = regex::Regex::new(r"^(secret)?ref\+[^+:]*://[^+\n]+$").expect("a literal pattern");
        for name in ["a+b", "a#b", "a?b=c&d", "a b", "50%", "a$b", "ä", "100%2B", "a,b", "a'b`c\"d"] {
            let reference = SecretRef {
                params: vec![("k".to_owned(), name.to_owned())],
                ..SecretRef::new("vault", name, Some(name))
            };
            let text = reference.to_string();
            assert!(!text["ref+".len()..].contains(['+', ' ', '$', '"', '\'', '`', ',']), "{text}");
            assert!(vals.is_match(&text), "{text}");
            assert_eq!(SecretRef::parse(&text), Some(reference));
        }
    }

    #[test]
    fn parameters_have_names() {
        let reference = SecretRef::parse("secretref+vault://m/p?version=2&x#/f").expect("a reference");
        assert_eq!(
            (reference.param("version"), reference.param("x"), reference.param("y")),
            (Some("2"), Some(""), None)
        );
    }
}
