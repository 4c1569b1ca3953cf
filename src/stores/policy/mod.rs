//! The least that a token has to be allowed for the references in use, in the words of each store.
//!
//! A reference comes with a repository, and an administrator writes down what is printed here: what would allow more than
//! one secret (a pattern, a template, a system's own path) is left out, and said.

mod aws;
mod gcp;
#[cfg(feature = "vault")]
mod rights;
pub(super) mod vault;

use std::collections::BTreeSet;

use super::pages::{vault_address, vault_namespace};
use super::{StoreError, Stores, store_name};
use crate::secrets::{SecretRef, discreet};

#[cfg(feature = "vault")]
pub use rights::Difference;

/// What a policy is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Programs get their secrets.
    Read,
    /// New values take the place of old ones.
    Rotate,
}

/// How a policy is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Vault's own language.
    Hcl,
    /// One value.
    Json,
    /// Resources of Terraform.
    Terraform,
    /// Commands of `gcloud`.
    Gcloud,
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'t> {
    /// What it is for.
    pub purpose: Purpose,
    /// How it is written; `None` is the store's usual form.
    pub form: Option<Form>,
    /// The account at Amazon.
    pub account: Option<&'t str>,
    /// Who gets the roles at Google.
    pub member: Option<&'t str>,
}

/// A policy as it is written, and what has to be said besides.
#[derive(Debug, Default)]
pub struct Written {
    /// The policy.
    pub text: String,
    /// What whoever writes it down should know.
    pub notes: Vec<String>,
    /// References of this store that no policy can name, and why.
    pub left_out: Vec<String>,
}

impl Purpose {
    /// The end of names: `app-read`.
    fn word(self) -> &'static str {
        match self {
            Purpose::Read => "read",
            Purpose::Rotate => "rotate",
        }
    }

    /// What it allows, for a comment.
    fn sentence(self, workspace: &str) -> String {
        match self {
            Purpose::Read => format!("reads the secrets that {workspace} refers to"),
            Purpose::Rotate => format!("puts new values in the place of the secrets that {workspace} refers to"),
        }
    }
}

impl Stores {
    /// The policy of the store `kind` (`vault`, `aws`, `gcp`) for these references. Vault is asked which engines lie at
    /// their paths, where it can be; nothing else is asked.
    pub fn policy(&self, kind: &str, used: &BTreeSet<SecretRef>, terms: &Terms<'_>) -> Result<Written, StoreError> {
        let mut written = Written::default();
        let own = self.own(kind, used, &mut written)?;
        match kind {
            "vault" => {
                let secrets = self.vault_secrets(&own, terms.purpose, &mut written);
                written.text = vault::text(&self.workspace, &secrets, terms, &mut written.notes)?;
            }
            "aws" => aws::write(self.settings().aws.as_ref(), &self.workspace, &own, terms, &mut written)?,
            _ => gcp::write(&self.workspace, &own, terms, &mut written)?,
        }
        Ok(written)
    }

    /// What these references need at Vault.
    fn vault_secrets(&self, own: &[&SecretRef], purpose: Purpose, written: &mut Written) -> vault::Secrets {
        let settings = self.settings().vault.as_ref();
        let space = vault_namespace(settings);
        let server = vault_address(settings);
        let is_elsewhere = |at: &SecretRef| {
            let named = at.param("address").map(|it| it.trim_end_matches('/'));
            named.is_some_and(|it| server.as_deref().is_some_and(|own| own.trim_end_matches('/') != it))
        };
        let (elsewhere, own): (Vec<&SecretRef>, Vec<&SecretRef>) = own.iter().partition(|at| is_elsewhere(at));
        written.left_out.extend(elsewhere.iter().map(|at| format!("{at}: it leads to another server than your own")));
        let mut taken_for_granted: BTreeSet<String> = BTreeSet::new();
        let mut all = Vec::new();
        for (at, known) in own.iter().copied().zip(self.ask_where(&own, written)) {
            let is_known = known.is_some();
            let mut lies = known.unwrap_or_else(|| vault::assumed(at, settings));
            let space = at.param("namespace").or(space.as_deref()).unwrap_or("");
            space.trim_matches('/').clone_into(&mut lies.namespace);
            match vault::problem(at, &lies, purpose) {
                Some(why) => written.left_out.push(format!("{at}: {why}")),
                None => {
                    taken_for_granted.extend((!is_known).then(|| lies.mount.clone()));
                    all.push((at, lies));
                }
            }
        }
        if !taken_for_granted.is_empty() {
            let mounts: Vec<String> = taken_for_granted.iter().map(|it| format!("{it:?}")).collect();
            written.notes.push(format!(
                "no Vault says which engine lies there, so version 2 of KV is taken for granted at {}: with VAULT_ADDR and \
                 a token this is looked up",
                mounts.join(", ")
            ));
        }
        if all.iter().any(|(_, lies)| lies.version == 1) {
            written.notes.push(
                "of KV version 1, `aikeys-lsp store check` lists the folder to see whether a secret is there, which this \
                 policy does not allow: programs run without it"
                    .to_owned(),
            );
        }
        vault::needs(&all, purpose)
    }

    #[cfg(not(feature = "vault"))]
    fn ask_where(&self, own: &[&SecretRef], _: &mut Written) -> Vec<Option<vault::Lies>> {
        own.iter().map(|_| None).collect()
    }

    /// The references of one store that a policy can name.
    fn own<'r>(
        &self,
        kind: &str,
        used: &'r BTreeSet<SecretRef>,
        written: &mut Written,
    ) -> Result<Vec<&'r SecretRef>, StoreError> {
        if let Err(broken) = &self.settings {
            return Err(StoreError::Unavailable(broken.clone()));
        }
        let backends: &[&str] = match kind {
            "vault" => &["vault", "openbao"],
            "aws" => &["awssecrets"],
            _ => &["gcpsecrets"],
        };
        let (own, others): (Vec<_>, Vec<_>) = used.iter().partition(|at| backends.contains(&at.backend.as_str()));
        let said = |at: &SecretRef| format!("{}: it leads to {}, not to {}", at, store_name(&at.backend), called(kind));
        written.notes.extend(others.into_iter().map(|at| discreet(&said(at))));
        if own.is_empty() {
            return Err(StoreError::Unavailable(format!(
                "no file of this workspace refers to {}: there is nothing to allow",
                called(kind)
            )));
        }
        let (plain, odd): (Vec<_>, Vec<_>) =
            own.into_iter().partition(|at| discreet(&at.to_string()) == at.to_string());
        let odd = odd.into_iter().map(|at| discreet(&format!("{at}: a part of it looks like a key")));
        written.left_out.extend(odd);
        Ok(plain)
    }
}

fn called(kind: &str) -> &'static str {
    match kind {
        "vault" => store_name("vault"),
        "aws" => store_name("awssecrets"),
        _ => store_name("gcpsecrets"),
    }
}

fn no_form(store: &str, forms: &str) -> StoreError {
    StoreError::Unavailable(format!("{store} has no policies of this form: write {forms}"))
}

/// A text in quotes, for both languages of HashiCorp and for JSON. It has no control characters, no `${` and no `%{`.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn list(items: &[&str]) -> String {
    format!("[{}]", items.iter().map(|it| quoted(it)).collect::<Vec<_>>().join(", "))
}

/// Names for resources of Terraform, each once.
#[derive(Default)]
struct Ids(BTreeSet<String>);

impl Ids {
    fn of(&mut self, name: &str) -> String {
        let plain = |it: char| if it.is_ascii_alphanumeric() { it.to_ascii_lowercase() } else { '_' };
        let mut id: String = name.chars().map(plain).collect();
        if !id.starts_with(|it: char| it.is_ascii_alphabetic()) {
            id.insert_str(0, "secret_");
        }
        let mut free = id.clone();
        let mut number = 2;
        while !self.0.insert(free.clone()) {
            free = format!("{id}_{number}");
            number += 1;
        }
        free
    }
}
