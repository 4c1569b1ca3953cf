//! The schema of `[provider.account]` in `secrets/providers.toml`: how an account is asked, as data.
//!
//! It is no part of [`crate::secrets::Provider`], so that no settings can say where an administrator's key goes.
//!
//! A question is a method and a path behind `base`. In it, and in the texts of a body, stand `{scope}`, `{owner}`, `{id}` and
//! `{name}`; `{since}` and `{until}` (seconds), `{since-time}` and `{until-time}` (RFC 3339); `{lifetime}` (seconds) and
//! `{ends}` (RFC 3339); `{like/…}`, a field of the old key. What has no value is left out of a body. Fields of answers are
//! JSON pointers.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;

use super::Abilities;

/// The interface of an account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Interface {
    /// The variable with the administrator's key.
    pub admin: String,
    /// Where such a key is made.
    pub admin_page: String,
    /// What all addresses begin with.
    pub base: String,
    /// What goes with every question, `{admin}` standing for the administrator's key.
    pub headers: BTreeMap<String, String>,
    /// What people should know before a key is made.
    #[serde(default)]
    pub note: String,
    /// What keys belong to, where they are listed apart.
    pub scopes: Option<Scopes>,
    /// The keys.
    pub keys: Keys,
    /// A new key.
    pub create: Option<Create>,
    /// Switches a key off.
    pub disable: Option<Ask>,
    /// Switches it on.
    pub enable: Option<Ask>,
    /// Ends it.
    pub remove: Option<Ask>,
    /// What keys were used for.
    #[serde(default)]
    pub usage: Vec<Usage>,
}

/// A question.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    /// `METHOD /path`
    pub ask: String,
    /// What is posted, as JSON.
    pub body: Option<Value>,
}

/// The scopes of an account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scopes {
    pub ask: String,
    pub items: String,
    pub page: Option<Page>,
    /// What `{scope}` stands for.
    pub id: String,
}

/// The keys of an account, or of a scope.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Keys {
    pub ask: String,
    pub items: String,
    pub page: Option<Page>,
    pub fields: Fields,
    /// An active key has these values.
    #[serde(default)]
    pub active: BTreeMap<String, Value>,
    pub last_used: Option<String>,
}

/// Where things stand in a key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fields {
    pub id: String,
    pub name: String,
    pub redacted: String,
    pub scope: Option<String>,
    pub owner: Option<String>,
    pub created: Option<String>,
    pub expires: Option<String>,
}

/// How the next page is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// The parameter.
    pub name: String,
    /// Where its value stands in the page before; left out, it is the number of items so far.
    pub from: Option<String>,
    /// Where it says whether there is one.
    pub more: Option<String>,
}

/// A new key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Create {
    pub ask: String,
    pub body: Value,
    /// Why there is none without an owner, where the question names one.
    pub without_owner: Option<String>,
    /// Where the key stands in the answer.
    #[serde(default)]
    pub item: String,
    /// Where its value stands.
    pub value: String,
}

/// What keys were used for: days, each with rows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Usage {
    pub ask: String,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// It is asked for each key that was used.
    #[serde(default)]
    pub each: bool,
    /// So many days can be asked for at once.
    pub window: Option<i64>,
    pub items: String,
    /// The rows in an item; what a row does not say its item does.
    pub inner: Option<String>,
    pub page: Option<Page>,
    /// Only rows that have these values count.
    #[serde(default)]
    pub only: BTreeMap<String, Value>,
    /// [`super::KeyUse::key`]; where it is asked for each key, this is the key.
    pub key: Option<String>,
    pub day: String,
    pub requests: Option<String>,
    pub cost: Option<String>,
    /// What a cost of 1 is in US dollars.
    pub cost_unit: Option<f64>,
}

impl Interface {
    /// Of a provider of the built-in catalogue.
    pub fn of(provider: &str) -> Option<&'static Interface> {
        INTERFACES.get(provider)
    }

    /// What the account can do.
    pub fn abilities(&self) -> Abilities {
        Abilities {
            create: self.create.is_some(),
            name: self.create.as_ref().is_some_and(|it| it.body.to_string().contains("{name}")),
            disable: self.disable.is_some() && self.enable.is_some(),
            remove: self.remove.is_some(),
            last_used: self.keys.last_used.is_some(),
            usage: !self.usage.is_empty(),
        }
    }
}

static INTERFACES: LazyLock<BTreeMap<String, Interface>> = LazyLock::new(|| {
    let text = include_str!(concat!(env!("OUT_DIR"), "/accounts.json"));
    serde_json::from_str(text).expect("a test reads the built-in interfaces")
});

#[cfg(all(test, feature = "verify"))]
mod tests {
    use super::*;
    use crate::secrets::Catalogue;
    use crate::verify::host_of;

    #[test]
    fn questions_go_to_the_providers_own_hosts() {
        assert!(INTERFACES.len() > 1, "{}", INTERFACES.len());
        for (id, interface) in INTERFACES.iter() {
            let provider = Catalogue::built_in().provider(id).expect("it is in the catalogue");
            let host = host_of(&interface.base).unwrap_or_else(|| panic!("{id}: {}", interface.base));
            assert!(provider.has_host(&host), "{id}: {host} is none of its hosts");
            assert!(interface.headers.values().any(|it| it.contains("{admin}")), "{id}: nobody is logged in");
            assert!(interface.disable.is_some() == interface.enable.is_some(), "{id}: off and on go together");
        }
    }
}
