//! Stores of secrets that a provider's keys open: Vault, and the secret managers of clouds.

use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::Deserialize;

use super::catalogue::Catalogue;
use super::provider::Provider;

/// A store of secrets that a provider's keys open.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Opens {
    /// What people call it.
    pub name: String,
    /// The backends of references to it.
    pub backends: Vec<String>,
    /// Its keys open nothing else, so that no reference may stand for one.
    #[serde(default)]
    pub only: bool,
    /// What a file holds that reaches it.
    #[serde(default)]
    pub words: Vec<String>,
    /// What stands where a secret is read from it.
    #[serde(default)]
    pub reads: Vec<String>,
    /// The variables that hold its address.
    #[serde(default)]
    pub addresses: Vec<String>,
    /// The variables that switch the check of its certificate off.
    #[serde(default)]
    pub unchecked: Vec<String>,
    /// The variable that names the certificates to trust.
    #[serde(default)]
    pub trust: String,
    /// What to do instead of writing a key down.
    pub instead: String,
}

/// What a file holds that speaks of a store: a reference, an address, an SDK.
pub(super) fn words(providers: &[Provider]) -> Option<Regex> {
    let all = providers.iter().filter_map(|it| it.opens.as_ref());
    let words = all.flat_map(|it| it.addresses.iter().chain(&it.unchecked).chain(&it.words));
    let words: Vec<String> = words.map(|word| regex::escape(word)).chain([REFERENCE.to_owned()]).collect();
    Regex::new(&format!("(?-u:{})", words.join("|"))).ok()
}

/// What a reference begins with, and what is meant to be one.
const REFERENCE: &str = r"ref\+[A-Za-z0-9_-]{1,40}:";

impl Catalogue {
    /// The text speaks of a store of secrets, or holds a reference. Nearly none does.
    pub fn speaks_of_store(&self, text: &[u8]) -> bool {
        self.of_stores.as_ref().is_some_and(|words| words.is_match(text))
    }

    /// The stores that keys open, each with the provider of the keys.
    pub fn stores(&self) -> impl Iterator<Item = (&Provider, &Opens)> {
        self.providers.iter().filter_map(|it| Some((it, it.opens.as_ref()?)))
    }
}

impl Opens {
    /// A file with this text reaches the store.
    pub fn is_reached(&self, text: &str) -> bool {
        self.words.iter().chain(&self.addresses).any(|word| text.contains(word.as_str()))
    }
}

/// The host of an address with this begin; `None` where it is put together later.
pub fn host_of<'a>(address: &'a str, scheme: &str) -> Option<&'a str> {
    let rest = address.strip_prefix(scheme)?;
    let end = rest.find(['/', '?', '#', '"', '\'', '`', ' ']).unwrap_or(rest.len());
    let (_, host) = rest[..end].rsplit_once('@').unwrap_or(("", &rest[..end]));
    let host = match host.strip_prefix('[') {
        Some(inner) => inner.split(']').next().unwrap_or(""),
        None => host.split(':').next().unwrap_or(""),
    };
    let plain = !host.is_empty() && !host.contains(['$', '{', '}', '<', '>', '%', '*', '(']);
    plain.then_some(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_speak_of_stores() {
        let catalogue = Catalogue::built_in();
        for text in
            ["x: ref+vault://a/b#/c", "ref+Vault:/x", "export VAULT_ADDR=x", "import hvac", "VAULT_SKIP_VERIFY=1"]
        {
            assert!(catalogue.speaks_of_store(text.as_bytes()), "{text}");
        }
        for text in ["", "<a href='+x+'>", "default: vault", "ref+", "ref+x"] {
            assert!(!catalogue.speaks_of_store(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn hosts_of_addresses() {
        let host = |address: &'static str| host_of(address, "http://");
        assert_eq!(host("http://vault:8200/v1"), Some("vault"));
        assert_eq!(host("http://me@vault.corp/"), Some("vault.corp"));
        assert_eq!(host("http://[::1]:8200"), Some("::1"));
        for none in ["https://vault", "http://", "http://${HOST}:8200", "http://{host}", "http://<host>/"] {
            assert_eq!(host(none), None, "{none}");
        }
    }
}
