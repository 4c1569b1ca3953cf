//! The versions of one secret by their labels, for a rotation that Amazon's Secrets Manager drives.

use std::collections::BTreeMap;
use std::future::Future;

use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::{Aws, CURRENT};
use crate::project::AwsSettings;
use crate::secrets::{Secret, SecretRef};
use crate::stores::asking::{PATIENCE, ask};
use crate::stores::{SecretStore, StoreError, fields};

/// The label of the version that is not in use yet.
pub const PENDING: &str = "AWSPENDING";

/// A secret whose versions a rotation makes and labels.
pub struct Stages {
    store: Aws,
    at: SecretRef,
    runtime: Runtime,
}

/// What Amazon knows of a secret's versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// Amazon drives a rotation of it.
    pub rotates: bool,
    /// The labels of each version.
    pub of: BTreeMap<String, Vec<String>>,
}

impl Labels {
    /// The version that has a label.
    pub fn with(&self, label: &str) -> Option<&str> {
        self.of.iter().find(|(_, labels)| labels.iter().any(|it| it == label)).map(|(version, _)| version.as_str())
    }
}

impl Stages {
    /// A secret by its name or address; with the field of it that holds the key.
    pub fn open(settings: Option<AwsSettings>, id: &str, field: Option<&str>) -> Result<Stages, StoreError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|_| StoreError::Unavailable("a thread cannot be started".to_owned()))?;
        let store = Aws::open(settings.unwrap_or_default())?;
        Ok(Stages { store, at: SecretRef::new(super::KIND.backend, id, field), runtime })
    }

    /// The secret, as references name it.
    pub fn at(&self) -> &SecretRef {
        &self.at
    }

    /// The labels of all versions, also of those that hold nothing yet.
    pub fn labels(&self) -> Result<Labels, StoreError> {
        let found = self.asked(async || {
            let call = self.store.client(&self.at).await?.describe_secret().secret_id(&self.at.path);
            call.send().await.map_err(|error| self.store.failed(&self.at, "DescribeSecret", &error))
        })?;
        let of = found.version_ids_to_stages.unwrap_or_default().into_iter().collect();
        Ok(Labels { rotates: found.rotation_enabled.unwrap_or(false), of })
    }

    /// When a version was made.
    pub fn made(&self, version: &str) -> Result<Option<Timestamp>, StoreError> {
        let all = self.asked(|| self.store.versions(&self.at))?;
        Ok(all.into_iter().find(|it| it.id == version).and_then(|it| it.created))
    }

    /// The key in a version; none where the version holds nothing, or is not there.
    pub fn value(&self, version: &str) -> Result<Option<Secret>, StoreError> {
        let at = self.in_version(version);
        match self.asked(|| self.store.get(&at)) {
            Ok(held) => Ok(Some(held.secret)),
            Err(StoreError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the pending version: the same secret as in another version, with a new key. `proof` is what Amazon gave the
    /// caller to show that it may, if it did.
    pub fn put_pending(&self, version: &str, like: &str, key: &Secret, proof: Option<&str>) -> Result<(), StoreError> {
        let text = match &self.at.field {
            Some(field) => {
                let old = SecretRef { field: None, ..self.in_version(like) };
                let old = self.asked(|| self.store.get(&old))?.secret;
                Secret::new(fields::with(Some(old.expose()), field, key).map_err(|error| error.of(&self.at))?)
            }
            None => key.clone(),
        };
        fields::check_size(&self.at, &text)?;
        // The version has a name, so the same call twice is one.
        self.asked(async || {
            let call = self.store.client(&self.at).await?.put_secret_value().secret_id(&self.at.path);
            let call = call.client_request_token(version).secret_string(text.expose()).version_stages(PENDING);
            let call = call.set_rotation_token(proof.map(str::to_owned));
            call.send().await.map(|_| ()).map_err(|error| self.store.failed(&self.at, "PutSecretValue", &error))
        })
    }

    /// Lets a version count. Amazon gives the label of the previous one to the version that counted until now.
    pub fn make_current(&self, version: &str, before: &str) -> Result<(), StoreError> {
        self.asked(|| self.store.move_stage(&self.at, CURRENT, before, Some(version)))
    }

    fn in_version(&self, version: &str) -> SecretRef {
        SecretRef { params: vec![("version_id".to_owned(), version.to_owned())], ..self.at.clone() }
    }

    fn asked<T, F>(&self, question: impl Fn() -> F) -> Result<T, StoreError>
    where
        F: Future<Output = Result<T, StoreError>>,
    {
        let asked = async { tokio::time::timeout(PATIENCE, ask(&self.store, question)).await };
        let late = || StoreError::Unanswered(format!("{}: Amazon did not answer", self.at));
        self.runtime.block_on(asked).unwrap_or_else(|_| Err(late())).map_err(StoreError::discreet)
    }
}
