//! Fingerprints: the same key has the same one everywhere, and none leads back to the key.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Names a key without holding it.
///
/// HMAC-SHA256 under a fixed, published key, cut to 128 bits. The key is published so that every copy of aikeys-lsp, in
/// editor and CI, computes the same. Values that could be guessed (under 80 bits) get a weak fingerprint, over
/// the place instead of the value.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint {
    /// 32 lower-case hex digits.
    pub hex: String,
    /// Over the place, not the value.
    pub weak: bool,
}

/// The least entropy, by length and alphabet, of a value that is fingerprinted itself.
const STRONG_BITS: f64 = 80.0;
const KEY: &[u8] = b"aikeys-lsp fingerprint v1";

/// The fingerprint of a value; `None` when the value could be guessed from it.
pub fn fingerprint(value: &str) -> Option<Fingerprint> {
    (bits(value) >= STRONG_BITS).then(|| Fingerprint { hex: digest(&[value]), weak: false })
}

/// The fingerprint of a place: for values that could be guessed.
pub fn weak_fingerprint(rule: &str, path: &str, ordinal: usize) -> Fingerprint {
    Fingerprint { hex: digest(&[rule, path, &ordinal.to_string()]), weak: true }
}

/// Tells equal values apart from others within one process. Never printed: of a short value it could be turned back.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity(String);

/// The identity of a value.
pub fn identity(value: &str) -> Identity {
    Identity(digest(&["identity", value]))
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// Length times bits a character: an upper bound of what guessing takes.
fn bits(value: &str) -> f64 {
    let has = |class: fn(&char) -> bool| value.chars().any(|c| class(&c));
    let hex = value.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-'));
    let alphabet = if hex {
        16
    } else {
        let mut size = 0;
        size += if has(char::is_ascii_digit) { 10 } else { 0 };
        size += if has(char::is_ascii_lowercase) { 26 } else { 0 };
        size += if has(char::is_ascii_uppercase) { 26 } else { 0 };
        size + if has(|c| !c.is_ascii_alphanumeric()) { 2 } else { 0 }
    };
    value.chars().count() as f64 * f64::from(alphabet.max(1)).log2()
}

fn digest(parts: &[&str]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part.as_bytes());
        mac.update(&[0]);
    }
    mac.finalize().into_bytes().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // These values are final: baselines in the field hold them.
    #[test]
    fn fingerprints_never_change() {
        let strong = fingerprint(&"0123456789abcdefXYZ-".repeat(2)).expect("a strong value");
        assert_eq!((strong.hex.len(), strong.weak), (32, false));
        assert_eq!(fingerprint("hunter2"), None);
        assert_eq!(fingerprint(&"1".repeat(16)), None);
        assert_ne!(weak_fingerprint("rule", "a", 0), weak_fingerprint("rule", "a", 1));
        insta_like("strong", &strong.hex);
        insta_like("weak", &weak_fingerprint("literal-in-key-slot", "src/app.py", 0).hex);
    }

    fn insta_like(name: &str, hex: &str) {
        let expected = match name {
            "strong" => "a118ff7d136863a85eddebd9da5dd5c9",
            _ => "0698f5af5ff459c9f52c9949e0212ee3",
        };
        assert_eq!(hex, expected, "{name}");
    }
}
