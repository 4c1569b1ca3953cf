//! What a token may do, as the server says it. Names are asked for, and never a value.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::super::StoreError;
use super::answers::Keys;
use super::client::Ask;
use super::{KIND, Vault};
use crate::secrets::SecretRef;

/// Paths, and what may be done there.
pub(in crate::stores) type Rights = BTreeMap<String, BTreeSet<String>>;

/// As many paths go into one question.
const AT_ONCE: usize = 200;

/// All that a token's policies say; what holds for everything below a path has `*` at its end.
#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    exact_paths: BTreeMap<String, May>,
    #[serde(default)]
    glob_paths: BTreeMap<String, May>,
}

#[derive(Deserialize)]
struct May {
    #[serde(default)]
    capabilities: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Token {
    #[serde(default)]
    policies: Vec<String>,
    #[serde(default)]
    identity_policies: Vec<String>,
}

impl Vault {
    /// What the token may do with these paths of a namespace. A path where it may do nothing has an empty set.
    pub(in crate::stores) async fn may(&self, namespace: &str, paths: &[String]) -> Result<Rights, StoreError> {
        let at = within(namespace);
        let mut rights = Rights::new();
        for some in paths.chunks(AT_ONCE) {
            let body = json!({ "paths": some }).to_string().into_bytes();
            let ask = Ask { method: Method::POST, body: Some(body), ..Ask::to("sys/capabilities-self") };
            let data = self.ask(&at, "update", ask).await?;
            let said: BTreeMap<String, BTreeSet<String>> = self.parsed(&at, data.as_deref())?;
            for path in some {
                let mut can = said.get(path).cloned().unwrap_or_default();
                can.remove("deny");
                rights.insert(path.clone(), can);
            }
        }
        Ok(rights)
    }

    /// All that the token's policies say, where it may know it.
    pub(in crate::stores) async fn all_rights(&self) -> Option<Rights> {
        let at = within("");
        let data = self.ask(&at, "read", Ask::to("sys/internal/ui/resultant-acl")).await.ok()?;
        let whole: Whole = self.parsed(&at, data.as_deref()).ok()?;
        let below = whole.glob_paths.into_iter().map(|(path, may)| (format!("{path}*"), may.capabilities));
        let all = whole.exact_paths.into_iter().map(|(path, may)| (path, may.capabilities)).chain(below);
        Some(all.filter(|(_, can)| !can.contains("deny")).collect())
    }

    /// The policies of the token, where it may know them.
    pub(in crate::stores) async fn token_policies(&self) -> Option<BTreeSet<String>> {
        let at = within("");
        let data = self.ask(&at, "read", Ask::to("auth/token/lookup-self")).await.ok()?;
        let token: Token = self.parsed(&at, data.as_deref()).ok()?;
        Some(token.policies.into_iter().chain(token.identity_policies).collect())
    }

    /// The names below a path.
    pub(in crate::stores) async fn names(&self, namespace: &str, path: &str) -> Vec<String> {
        let at = within(namespace);
        let ask = Ask { query: Some(("list", "true")), ..Ask::to(path) };
        let data = self.ask(&at, "list", ask).await.ok().flatten();
        self.parsed::<Keys>(&at, data.as_deref()).map(|it| it.keys).unwrap_or_default()
    }
}

/// Stands for a namespace in questions that are about no secret.
fn within(namespace: &str) -> SecretRef {
    let mut at = SecretRef::new(KIND.backend, "sys", None);
    if !namespace.is_empty() {
        at.params.push(("namespace".to_owned(), namespace.to_owned()));
    }
    at
}
