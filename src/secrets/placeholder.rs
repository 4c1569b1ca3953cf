//! Values that stand where a key belongs and are none.

use std::sync::LazyLock;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD;
use regex::RegexSet;
use serde::Deserialize;

use super::catalogue::Catalogue;
use super::provider::{Class, Shape};

/// What a value is instead of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// Nothing.
    Empty,
    /// An example that a vendor publishes.
    PublicExample,
    /// A variable or a place in a store.
    Reference,
    /// What local servers accept.
    LocalDummy,
    /// A documented default that really opens a server.
    DefaultMaster,
    /// A key with its middle hidden.
    Masked,
    /// To be filled in by a person.
    Template,
    /// A test's value.
    Fixture,
    /// Code that builds or matches keys, not a key.
    Pattern,
    /// A key that everybody may read.
    Public,
}

/// The `[placeholders]` tables of the catalogue.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Placeholders {
    #[serde(rename = "empty")]
    _empty: Words,
    public_example: Words,
    reference: Words,
    local_dummy: Words,
    default_master: Words,
    masked: Words,
    template: Words,
    fixture: Words,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[serde(from = "RawWords")]
struct Words {
    values: Vec<String>,
    patterns: RegexSet,
    anywhere: Vec<String>,
    delimited: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawWords {
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    patterns: Vec<String>,
    #[serde(default)]
    words_anywhere: Vec<String>,
    #[serde(default)]
    words_delimited: Vec<String>,
}

impl From<RawWords> for Words {
    fn from(raw: RawWords) -> Words {
        Words {
            values: raw.values,
            patterns: RegexSet::new(raw.patterns).expect("a test loads the built-in catalogue"),
            anywhere: raw.words_anywhere,
            delimited: raw.words_delimited,
        }
    }
}

/// Says what `value` is instead of a key; `None` when it has to be taken for one.
pub fn classify(catalogue: &Catalogue, value: &str) -> Option<Placeholder> {
    catalogue.placeholders.classify_value(value)
}

/// References that the patterns of the catalogue do not name: other tools' schemes and templates.
static REFERENCES: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSet::new([
        r"^(?:secret)?ref\+[a-z0-9]+://",
        r"^(?:op|pass|sm|berglas|vault|bao|awssm|gcsm|gcpsm|keyring|bw|infisical|doppler)://",
        r"^(?:vault|bao|gcp|azure|aws):[A-Za-z]",
        r"^\{\{.*\}\}$",
        r"^\$\{[^}]+\}$",
        r"^\$ANSIBLE_VAULT;",
        r"^(?:varlock|op|gsm|awsSecret|exec)\(.*\)$",
        r"^[A-Za-z_]+\[[^\]]*\]$",
    ])
    .expect("literal patterns compile")
});

impl Placeholders {
    /// Classes a value that fills a slot.
    fn classify_value(&self, value: &str) -> Option<Placeholder> {
        let value = value.trim();
        let lower = value.to_ascii_lowercase();
        let is = |words: &Words| words.values.iter().any(|word| word.eq_ignore_ascii_case(value));
        if value.trim_matches(['"', '\'']).is_empty() {
            Some(Placeholder::Empty)
        } else if self.public_example.patterns.is_match(value) {
            Some(Placeholder::PublicExample)
        } else if self.reference.patterns.is_match(value) || REFERENCES.is_match(value) {
            Some(Placeholder::Reference)
        } else if is(&self.local_dummy) {
            Some(Placeholder::LocalDummy)
        } else if is(&self.default_master) {
            Some(Placeholder::DefaultMaster)
        } else if self.masked.patterns.is_match(value) {
            Some(Placeholder::Masked)
        } else if is_pattern(value) {
            Some(Placeholder::Pattern)
        } else if is_public(value) {
            Some(Placeholder::Public)
        } else if self.template.patterns.is_match(value) || self.template.holds(value) {
            Some(Placeholder::Template)
        } else if self.fixture.holds(value) || is_structured(body(value), false) {
            Some(Placeholder::Fixture)
        } else if self.all_words(&lower) || self.is_invented(value) {
            Some(Placeholder::Template)
        } else {
            None
        }
    }

    /// Classes a match of a distinctive shape. Its prefix and length are right already, so only what no generator of
    /// keys produces counts.
    pub(super) fn classify_key(&self, key: &str, shape: &Shape) -> Option<Placeholder> {
        let body = key.strip_prefix(shape.prefix()).unwrap_or(key);
        if self.public_example.patterns.is_match(key) {
            Some(Placeholder::PublicExample)
        } else if self.masked.patterns.is_match(body) && !shape.id.starts_with("azure") {
            Some(Placeholder::Masked)
        } else if is_public(key) {
            Some(Placeholder::Public)
        } else if self.template.holds(body) {
            Some(Placeholder::Template)
        } else if self.fixture.holds(body)
            || is_structured(body, shape.class == Class::Publishable || skips_runs(shape))
        {
            Some(Placeholder::Fixture)
        } else {
            None
        }
    }

    /// Words that somebody typed, some of which say what belongs there: `generate-strong-jwt-secret-for-production-use`.
    fn is_invented(&self, value: &str) -> bool {
        let parts: Vec<&str> = value.split(['-', '_']).collect();
        let vowel = |byte: u8| b"aeiouy".contains(&byte);
        let is_word = |part: &&str| {
            let letters = part.bytes().all(|byte| byte.is_ascii_lowercase());
            let spoken = part.len() <= 3 || part.bytes().any(vowel);
            let number = part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
            !part.is_empty() && part.len() <= LONGEST_WORD && (number || letters && spoken)
        };
        let tells = |part: &&&str| {
            let words = [&self.template, &self.fixture].into_iter().flat_map(|it| it.delimited.iter());
            TELLING.contains(*part) || words.into_iter().any(|word| word == **part)
        };
        parts.len() >= 3 && parts.iter().all(is_word) && parts.iter().filter(tells).count() >= 2
    }

    /// Every part of `value` is a word of templates or fixtures: `my-api-key`, `test_token`.
    fn all_words(&self, value: &str) -> bool {
        let mut parts = value.split(['-', '_', ' ', '.', ':', '/']).filter(|part| !part.is_empty()).peekable();
        let known = |part: &str| {
            let words =
                [&self.template, &self.fixture].into_iter().flat_map(|it| it.delimited.iter().chain(&it.anywhere));
            let number = part.len() < 4 && part.bytes().all(|byte| byte.is_ascii_digit());
            number || part.len() < 12 && (words.into_iter().any(|word| word == part) || part == "sk" || part == "pk")
        };
        parts.peek().is_some() && parts.all(known)
    }
}

/// The longest word that people type in such a text.
const LONGEST_WORD: usize = 14;
/// Words that say what a value is for, or what to put in its place.
const TELLING: [&str; 8] = ["generate", "strong", "random", "development", "production", "local", "only", "use"];

/// A key that is made to be read by everybody: in a page, in an app.
pub fn is_public(value: &str) -> bool {
    if value.contains("sb_publishable_") {
        return true;
    }
    // The claims of a token for people without an account.
    let claims = value.split('.').filter(|part| part.starts_with("eyJ"));
    let mut texts = claims.filter_map(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
    texts.any(|claims| String::from_utf8_lossy(&claims).replace(' ', "").contains("\"role\":\"anon\""))
}

impl Words {
    /// One of the words stands in `value`: of fewer than five letters only between delimiters, and always in one case,
    /// since a random key holds a short word or a word of mixed case now and then.
    fn holds(&self, value: &str) -> bool {
        let lower = value.to_ascii_lowercase();
        self.anywhere.iter().any(|word| {
            memchr::memmem::find_iter(lower.as_bytes(), word.as_bytes()).any(|at| {
                let found = &value[at..at + word.len()];
                let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
                let bytes = value.as_bytes();
                let free =
                    !letter(at.checked_sub(1).and_then(|at| bytes.get(at))) && !letter(bytes.get(at + word.len()));
                one_case(found) && (word.len() >= 5 || free)
            })
        })
    }
}

/// All lower, all upper or Capitalised.
fn one_case(word: &str) -> bool {
    let rest = word.get(1..).unwrap_or("");
    let lower = |text: &str| !text.bytes().any(|b| b.is_ascii_uppercase());
    lower(rest) || !word.bytes().any(|b| b.is_ascii_lowercase())
}

/// The value without a prefix such as `sk-proj-`.
fn body(value: &str) -> &str {
    let end = value.rfind(['-', '_']).map_or(0, |at| at + 1);
    if value.len() - end >= 12 { &value[end..] } else { value }
}

/// A regular expression or a format string that speaks of keys.
fn is_pattern(value: &str) -> bool {
    let regex = ["[A-Z", "[a-z", "[0-9", "\\w", "\\d", "\\b", "(?:", "(?i)", ".*", ".+", "{20,", "]{", "]+", "]*"];
    let format = ["%s", "%d", "{}", "{0}", "{:"];
    regex.iter().chain(&format).any(|part| value.contains(part))
}

/// Azure's annotated keys hold runs of one letter by design; PEM and base64 as well.
fn skips_runs(shape: &Shape) -> bool {
    shape.id.starts_with("azure") || shape.id.starts_with("google-vertex") || shape.id.starts_with("aws-bedrock.short")
}

/// What a person types instead of a key: runs up or down, one character or a short unit again and again.
fn is_structured(body: &str, skip_runs: bool) -> bool {
    let bytes = body.as_bytes();
    let hex = bytes.iter().all(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let (run, same) = if hex { (7, 8) } else { (6, 6) };
    let sorted: std::collections::BTreeSet<u8> = bytes.iter().copied().collect();
    let few = bytes.len() >= 16 && sorted.len() <= 5;
    let repeated =
        (1..=8).any(|unit| bytes.len() >= 2 * unit.max(6) && bytes.chunks(unit).all(|it| bytes.starts_with(it)));
    few || repeated
        || (!skip_runs
            && (longest_step(bytes, 0) >= same || longest_step(bytes, 1) >= run || longest_step(bytes, -1) >= run))
}

/// The longest run of letters or digits in which each differs from the one before by `step`.
fn longest_step(bytes: &[u8], step: i16) -> usize {
    let (mut longest, mut current) = (0, 0);
    let mut last: Option<u8> = None;
    for &byte in bytes {
        let follows =
            last.is_some_and(|last| i16::from(byte) - i16::from(last) == step && byte.is_ascii_alphanumeric());
        current = if follows { current + 1 } else { 1 };
        longest = longest.max(current);
        last = Some(byte);
    }
    longest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_instead_of_a_key() {
        let catalogue = Catalogue::built_in();
        for (value, class) in [
            ("", Placeholder::Empty),
            ("${OPENAI_API_KEY}", Placeholder::Reference),
            ("op://vault/item/field", Placeholder::Reference),
            ("ref+vault://secret/x#/K", Placeholder::Reference),
            ("os.environ/OPENAI_API_KEY", Placeholder::Reference),
            ("EMPTY", Placeholder::LocalDummy),
            ("sk-no-key-required", Placeholder::LocalDummy),
            ("sk-1234", Placeholder::DefaultMaster),
            ("sk-...", Placeholder::Masked),
            ("<your key>", Placeholder::Masked),
            ("sk-[A-Za-z0-9]{20,}", Placeholder::Pattern),
            ("YOUR_OPENAI_API_KEY", Placeholder::Template),
            ("your-api-key-here", Placeholder::Template),
            ("my-api-key", Placeholder::Template),
            ("generate-strong-jwt-secret-for-production-use-openssl-rand-hex-32", Placeholder::Template),
            ("test_exa_api_key", Placeholder::Template),
            ("test-key", Placeholder::Fixture),
            ("sk-1234567890abcdef", Placeholder::Fixture),
        ] {
            assert_eq!(classify(catalogue, value), Some(class), "{value}");
        }
    }

    #[test]
    fn what_everybody_may_read_is_no_secret_and_words_alone_can_be_one() {
        let catalogue = Catalogue::built_in();
        let token = |role: &str| {
            let claims = URL_SAFE_NO_PAD.encode(format!("{{\"iss\":\"supabase\",\"role\":\"{role}\",\"iat\":1749}}"));
            format!("{}.{claims}.q8Zt3Lw", URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}"))
        };
        assert_eq!(classify(catalogue, &token("anon")), Some(Placeholder::Public));
        assert_eq!(classify(catalogue, &token("service_role")), None);
        assert!(is_public("sb_publishable_q8Zt3Lw") && !is_public("sb_secret_q8Zt3Lw"));
        assert_eq!(classify(catalogue, "test-session-secret-for-development-only"), Some(Placeholder::Template));
        assert_eq!(classify(catalogue, "correct-horse-battery-staple"), None);
    }

    #[test]
    fn random_keys_are_no_placeholders() {
        let catalogue = Catalogue::built_in();
        let mut wrong = 0;
        for seed in 0..4_000 {
            for shape in ["mistral.api", "cohere.api", "azure-openai.legacy"] {
                let id = catalogue.shape_named(shape).expect("in the catalogue");
                let key = crate::secrets::sample::draw(catalogue.shape(id).1, seed).expect("a sample");
                wrong += usize::from(classify(catalogue, &key).is_some());
            }
        }
        assert!(wrong <= 3, "{wrong} of 12,000 random keys were taken for placeholders");
    }
}
