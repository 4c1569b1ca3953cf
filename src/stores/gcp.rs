//! Google Cloud Secret Manager, through Google's own client and the application default credentials.
//!
//! Google has no check-and-set for versions: which one is the latest is asked right before another one is added.

mod errors;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use google_cloud_auth::credentials::anonymous;
use google_cloud_gax::paginator::ItemPaginator;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use google_cloud_secretmanager_v1::model::replication::Automatic;
use google_cloud_secretmanager_v1::model::secret_version::State;
use google_cloud_secretmanager_v1::model::{self, Replication, SecretPayload};
use jiff::Timestamp;
use tokio::sync::OnceCell;
use tokio::time::timeout;

use super::address::{is_local, refuse_unsafe, variable};
use super::{Around, Asked, Held, Kind, Over, SecretStore, StoreError, Version, VersionState, fields};
use crate::fixes::Destination;
use crate::project::GcpSettings;
use crate::secrets::{Secret, SecretRef};

/// The newest version, whatever its state.
const LATEST: &str = "latest";
/// What a machine of Google's may take to say who we are.
const METADATA: Duration = Duration::from_secs(3);
/// For so many seconds, a secret without a value is about to get one.
const FILLING: u64 = 15;
/// The variable of `gcloud` that says where else to find Google.
const ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER";
/// The variables that name the project.
const PROJECTS: [&str; 3] = ["GOOGLE_CLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT", "GCLOUD_PROJECT"];
/// The variable that names the file of the credentials.
const CREDENTIALS: &str = "GOOGLE_APPLICATION_CREDENTIALS";

pub(super) const KIND: Kind = Kind {
    id: "gcp",
    backend: "gcpsecrets",
    setup: "name its project in `[stores.gcp]` of your own settings, or in GOOGLE_CLOUD_PROJECT",
    places,
    open: |around| Ok(Arc::new(Gcp::open(around.settings.gcp.clone().unwrap_or_default())?)),
};

fn places(around: &Around<'_>, _: Asked) -> Vec<Destination> {
    let settings = around.settings.gcp.clone().unwrap_or_default();
    let project = settings.project.or_else(|| PROJECTS.iter().find_map(|it| variable(it)));
    let prefix = settings.prefix.unwrap_or_default();
    let place = |project| Destination {
        store: KIND.id.to_owned(),
        label: format!("Google Secret Manager at {project}/{prefix}{{name}}"),
        reference: Some(SecretRef::new(KIND.backend, format!("{project}/{prefix}{{name}}"), None).to_string()),
    };
    project.map(place).into_iter().collect()
}

/// Google's store, for all projects.
struct Gcp {
    /// Another address than Google's.
    endpoint: Option<String>,
    client: OnceCell<SecretManagerService>,
    /// The secrets that were made here, and that a busy store may not have let be filled.
    made: Mutex<BTreeSet<String>>,
}

impl Gcp {
    fn open(settings: GcpSettings) -> Result<Gcp, StoreError> {
        let endpoint = variable(ENDPOINT).or(settings.endpoint);
        if let Some(address) = &endpoint {
            refuse_unsafe("Google Secret Manager", address)?;
        }
        Ok(Gcp { endpoint, client: OnceCell::new(), made: Mutex::default() })
    }

    /// Finds out who the user is, once. [`super::Stores`] asks again itself where that helps.
    async fn client(&self, at: &SecretRef) -> Result<&SecretManagerService, StoreError> {
        let connect = async || {
            let mut builder = SecretManagerService::builder().with_retry_policy(NeverRetry);
            if let Some(endpoint) = &self.endpoint {
                builder = builder.with_endpoint(endpoint);
                if is_local(endpoint) && variable(CREDENTIALS).is_none() {
                    builder = builder.with_credentials(anonymous::Builder::new().build());
                }
            }
            // Without credentials in a file this asks the machine, which answers at once where it is Google's.
            let made = timeout(METADATA, builder.build()).await;
            let made = made.map_err(|_| StoreError::Unavailable(format!("{at}: {}", self.login_needed())))?;
            made.map_err(|error| self.unusable(at, &error))
        };
        self.client.get_or_try_init(connect).await
    }

    /// A version, without its value.
    async fn version(&self, at: &SecretRef, version: &str) -> Result<model::SecretVersion, StoreError> {
        let call = self.client(at).await?.get_secret_version().set_name(version_name(at, version)?);
        call.send().await.map_err(|error| self.failed(at, "versions.get", &error))
    }

    /// The number and the text of a secret, with all its fields.
    async fn whole(&self, at: &SecretRef) -> Result<(String, Secret), StoreError> {
        let version = at.param("version").unwrap_or(LATEST);
        let call = self.client(at).await?.access_secret_version().set_name(version_name(at, version)?);
        let found = match call.send().await {
            Ok(found) => found,
            Err(error) if errors::is_state(&error) => return Err(self.gone(at, version).await),
            Err(error) => return Err(self.failed(at, "versions.access", &error)),
        };
        let payload = found.payload.unwrap_or_default();
        if payload.data_crc32c.is_some_and(|sum| sum != checksum(&payload.data)) {
            let what = "what came is not what Google sent: its checksum is another one";
            return Err(StoreError::Unanswered(format!("{at}: {what}")));
        }
        let text = std::str::from_utf8(&payload.data).map_err(|_| fields::no_text(at))?;
        Ok((number(&found.name), Secret::new(text)))
    }

    /// Why a version cannot be read, and which one it is.
    async fn gone(&self, at: &SecretRef, version: &str) -> StoreError {
        let found = match self.version(at, version).await {
            Ok(found) => found,
            Err(error) => return error,
        };
        let number = number(&found.name);
        let what = match found.state {
            State::Destroyed => format!("its version {number} was destroyed: put a value there anew"),
            _ => {
                let (project, secret) = at.path.split_once('/').unwrap_or(("", &at.path));
                let way = format!("gcloud secrets versions enable {number} --secret {secret} --project {project}");
                format!("its version {number} was disabled: `{way}` brings it back")
            }
        };
        StoreError::Gone { place: at.to_string(), what, version: Some(number) }
    }

    /// Makes the secret, without a value. Where it is there already, without one, it was made for us to fill; or somebody
    /// else is about to.
    async fn create(&self, at: &SecretRef) -> Result<(), StoreError> {
        let (project, secret) = names(at)?;
        let client = self.client(at).await?;
        let about = model::Secret::new().set_replication(Replication::new().set_automatic(Automatic::new()));
        let call = client.create_secret().set_parent(format!("projects/{project}"));
        match call.set_secret_id(secret).set_secret(about).send().await {
            Ok(_) => {
                self.made().insert(at.path.clone());
                return Ok(());
            }
            Err(error) if errors::is_there(&error) => {}
            Err(error) => return Err(self.failed(at, "secrets.create", &error)),
        }
        let found = client.get_secret().set_name(name(at)?).send().await;
        let found = found.map_err(|error| self.failed(at, "secrets.get", &error))?;
        let age = found.create_time.map(|made| Timestamp::now().as_second().abs_diff(made.seconds()));
        let is_new = age.is_some_and(|age| age < FILLING);
        match self.version(at, LATEST).await {
            Err(StoreError::Missing { .. }) if !is_new || self.made().contains(&at.path) => Ok(()),
            Ok(_) | Err(StoreError::Missing { .. }) => Err(StoreError::Conflict { place: at.to_string() }),
            Err(error) => Err(error),
        }
    }

    fn made(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn add(&self, at: &SecretRef, text: &Secret) -> Result<(), StoreError> {
        let data = text.expose().as_bytes();
        let payload = SecretPayload::new().set_data_crc32c(checksum(data)).set_data(data.to_vec());
        let call = self.client(at).await?.add_secret_version().set_parent(name(at)?).set_payload(payload);
        call.send().await.map(|_| ()).map_err(|error| self.failed(at, "versions.add", &error))
    }
}

#[async_trait(?Send)]
impl SecretStore for Gcp {
    fn name(&self) -> String {
        let place = self.endpoint.as_ref().map(|it| format!(" at {it}")).unwrap_or_default();
        format!("Google Secret Manager{place}")
    }

    fn login(&self) -> String {
        "run `gcloud auth application-default login`".to_owned()
    }

    async fn get(&self, at: &SecretRef) -> Result<Held, StoreError> {
        let (version, text) = self.whole(at).await?;
        let secret = match &at.field {
            Some(field) => fields::read(text.expose(), field).map_err(|error| error.of(at))?,
            None => text,
        };
        Ok(Held { secret, version: Some(version), lease: None })
    }

    async fn write(&self, at: &SecretRef, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        if at.param("version").is_some_and(|it| it != LATEST) {
            let what = "this names a version, which cannot be written: leave it out";
            return Err(StoreError::Unavailable(format!("{at}: {what}")));
        }
        let conflict = || Err(StoreError::Conflict { place: at.to_string() });
        let seen = match over {
            Over::Version(seen) => seen,
            Over::Nothing => None,
        };
        let text = match &at.field {
            Some(field) => {
                let old = match (self.whole(at).await, over) {
                    (Ok((version, text)), Over::Version(_)) if seen.is_none_or(|it| it == version) => Some(text),
                    (Ok((_, text)), Over::Nothing) if fields::is_free(&text, field) => Some(text),
                    (Err(StoreError::Missing { .. }), Over::Nothing) => None,
                    (Ok(_) | Err(StoreError::Missing { .. }), _) => return conflict(),
                    (Err(error), _) => return Err(error),
                };
                let text = fields::with(old.as_ref().map(Secret::expose), field, secret);
                let text = Secret::new(text.map_err(|error| error.of(at))?);
                fields::check_size(at, &text)?;
                if old.is_none() {
                    self.create(at).await?;
                }
                text
            }
            None => {
                fields::check_size(at, secret)?;
                match (over, self.version(at, LATEST).await) {
                    (Over::Version(_), Ok(found)) if seen.is_none_or(|it| it == number(&found.name)) => {}
                    (Over::Nothing, Err(StoreError::Missing { .. })) => self.create(at).await?,
                    (_, Ok(_) | Err(StoreError::Missing { .. })) => return conflict(),
                    (_, Err(error)) => return Err(error),
                }
                secret.clone()
            }
        };
        self.add(at, &text).await
    }

    /// Whether a version can be read: fields cannot be seen without reading the value.
    async fn exists(&self, at: &SecretRef) -> Result<bool, StoreError> {
        match self.version(at, at.param("version").unwrap_or(LATEST)).await {
            Ok(found) => Ok(found.state == State::Enabled),
            Err(StoreError::Missing { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError> {
        let mut pages = self.client(at).await?.list_secret_versions().set_parent(name(at)?).by_item();
        let mut all = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| self.failed(at, "versions.list", &error))?;
            all.push(Version {
                id: number(&found.name),
                created: found.create_time.and_then(|it| Timestamp::new(it.seconds(), it.nanos()).ok()),
                state: match found.state {
                    State::Enabled => VersionState::Live,
                    State::Destroyed => VersionState::Destroyed,
                    _ => VersionState::Disabled,
                },
                labels: Vec::new(),
            });
        }
        all.sort_by_key(|it| std::cmp::Reverse(it.id.parse::<u64>().unwrap_or_default()));
        if let Some(newest) = all.first_mut() {
            newest.labels.push(LATEST.to_owned());
        }
        Ok(all)
    }

    async fn disable(&self, at: &SecretRef, version: &str) -> Result<(), StoreError> {
        let version = number(&self.version(at, version).await?.name);
        let call = self.client(at).await?.disable_secret_version().set_name(version_name(at, &version)?);
        call.send().await.map(|_| ()).map_err(|error| self.failed(at, "versions.disable", &error))
    }

    /// `ref+gcpsecrets://PROJECT` or `ref+gcpsecrets://PROJECT/BEGINNING`.
    async fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError> {
        let (project, beginning) = at.path.split_once('/').unwrap_or((&at.path, ""));
        check(at, project, beginning)?;
        let mut call = self.client(at).await?.list_secrets().set_parent(format!("projects/{project}"));
        if !beginning.is_empty() {
            call = call.set_filter(format!("name:{beginning}"));
        }
        let mut pages = call.by_item();
        let mut all = Vec::new();
        while let Some(found) = pages.next().await {
            let found = found.map_err(|error| self.failed(at, "secrets.list", &error))?;
            let name = found.name.rsplit('/').next().unwrap_or("");
            if name.starts_with(beginning) {
                all.push(SecretRef { path: format!("{project}/{name}"), field: None, ..at.clone() });
            }
        }
        all.sort();
        Ok(all)
    }
}

/// The project and the secret that a reference names.
fn names(at: &SecretRef) -> Result<(&str, &str), StoreError> {
    let unnamed = || StoreError::Unavailable(format!("{at} names no secret: write `ref+gcpsecrets://PROJECT/NAME`"));
    let (project, secret) = at.path.split_once('/').filter(|(_, secret)| !secret.is_empty()).ok_or_else(unnamed)?;
    check(at, project, secret)?;
    Ok((project, secret))
}

fn check(at: &SecretRef, project: &str, secret: &str) -> Result<(), StoreError> {
    let failed = |what: &str| Err(StoreError::Unavailable(format!("{at}: {what}")));
    if project.is_empty() || !project.chars().all(|it| it.is_ascii_alphanumeric() || "-.:".contains(it)) {
        return failed("there is no project of such a name: write `ref+gcpsecrets://PROJECT/NAME`");
    }
    if secret.len() > 255 || !secret.chars().all(is_plain) {
        return failed("Google allows names of letters, digits, `_` and `-` only, up to 255: take another name");
    }
    Ok(())
}

/// Google's name of a secret.
fn name(at: &SecretRef) -> Result<String, StoreError> {
    names(at).map(|(project, secret)| format!("projects/{project}/secrets/{secret}"))
}

fn version_name(at: &SecretRef, version: &str) -> Result<String, StoreError> {
    if version.is_empty() || !version.chars().all(is_plain) {
        let what = "there is no version of such a name: write a number, or `latest`";
        return Err(StoreError::Unavailable(format!("{at}: {what}")));
    }
    Ok(format!("{}/versions/{version}", name(at)?))
}

/// Google's letters.
fn is_plain(it: char) -> bool {
    it.is_ascii_alphanumeric() || "_-".contains(it)
}

/// The version in Google's name of it.
fn number(name: &str) -> String {
    name.rsplit('/').next().unwrap_or_default().to_owned()
}

fn checksum(data: &[u8]) -> i64 {
    i64::from(crc32c::crc32c(data))
}
