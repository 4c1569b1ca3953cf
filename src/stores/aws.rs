//! AWS Secrets Manager, through Amazon's own client: its variables, its files, its ways to log in.
//!
//! Amazon has no check-and-set: what stands there is read right before it is written.

mod client;
mod errors;
mod stages;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::config::Builder;
use aws_sdk_secretsmanager::primitives::DateTime;
use aws_sdk_secretsmanager::types::{Filter, FilterNameStringType};
use jiff::Timestamp;
use tokio::sync::OnceCell;

pub use stages::{Labels, PENDING, Stages};

use super::address::{refuse_unsafe, variable};
use super::fields;
use super::store::each;
use super::{Around, Asked, Held, Kind, Over, SecretStore, StoreError, Version, VersionState};
use crate::fixes::Destination;
use crate::project::AwsSettings;
use crate::secrets::{Secret, SecretRef};

/// The stage of the version that counts.
pub const CURRENT: &str = "AWSCURRENT";
/// The stage of the one before it.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// What one call of many takes.
const BATCH: usize = 20;
/// The variables of the client that say where else to find Amazon.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL"];

pub(super) const KIND: Kind = Kind {
    id: "aws",
    backend: "awssecrets",
    setup: "say `[stores.aws]` in your own settings, or set AWS_PROFILE",
    places,
    open: |around| Ok(Arc::new(Aws::open(around.settings.aws.clone().unwrap_or_default())?)),
};

fn places(around: &Around<'_>, asked: Asked) -> Vec<Destination> {
    let settings = around.settings.aws.as_ref();
    let logged_in = ["AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE"];
    if asked == Asked::Menu && settings.is_none() && !logged_in.iter().any(|it| variable(it).is_some()) {
        return Vec::new();
    }
    let prefix = settings.and_then(|it| it.prefix.as_deref()).map(|it| it.trim_end_matches('/'));
    let prefix = prefix.filter(|it| !it.is_empty()).unwrap_or(around.workspace);
    vec![Destination {
        store: KIND.id.to_owned(),
        label: format!("AWS Secrets Manager at {prefix}/{{name}}"),
        reference: Some(SecretRef::new(KIND.backend, format!("{prefix}/{{name}}"), None).to_string()),
    }]
}

/// Amazon's store, in all regions.
struct Aws {
    settings: AwsSettings,
    config: OnceCell<SdkConfig>,
    clients: Mutex<BTreeMap<String, Client>>,
}

/// A secret as a whole.
#[derive(Clone)]
struct Whole {
    text: Secret,
    version: Option<String>,
}

impl Aws {
    fn open(settings: AwsSettings) -> Result<Aws, StoreError> {
        let said = ENDPOINTS.iter().filter_map(|it| variable(it)).chain(settings.endpoint.clone());
        for address in said {
            refuse_unsafe("AWS Secrets Manager", &address)?;
        }
        Ok(Aws { settings, config: OnceCell::new(), clients: Mutex::default() })
    }

    /// Finds out who the user is and where, once.
    async fn config(&self) -> Result<&SdkConfig, StoreError> {
        let load = async || {
            let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(client::http_client()?);
            let region = self.settings.region.clone().filter(|_| variable("AWS_REGION").is_none());
            if let Some(region) = region {
                loader = loader.region(Region::new(region));
            }
            if let Some(profile) = self.profile() {
                loader = loader.profile_name(profile);
            }
            if ENDPOINTS.iter().all(|it| variable(it).is_none())
                && let Some(endpoint) = &self.settings.endpoint
            {
                loader = loader.endpoint_url(endpoint);
            }
            Ok(loader.load().await)
        };
        self.config.get_or_try_init(load).await
    }

    fn profile(&self) -> Option<String> {
        variable("AWS_PROFILE").or_else(|| self.settings.profile.clone())
    }

    /// The client of the region that a reference names, else of the user's.
    async fn client(&self, at: &SecretRef) -> Result<Client, StoreError> {
        let config = self.config().await?;
        let region = region(at).or_else(|| config.region().map(ToString::to_string));
        let nowhere = || {
            let advice = "set AWS_REGION, or `region` in `[stores.aws]`, or write `?region=…` into the reference";
            StoreError::Unavailable(format!("{at}: no region is set, or none that there is: {advice}"))
        };
        // It becomes a part of the address.
        let plain = |region: &String| region.chars().all(|it| it.is_ascii_alphanumeric() || it == '-');
        let region = region.filter(plain).ok_or_else(nowhere)?;
        let make = || {
            let config = Builder::from(config).region(Region::new(region.clone())).interceptor(client::OnlySafe);
            Client::from_conf(config.build())
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(clients.entry(region.clone()).or_insert_with(make).clone())
    }

    /// What stands there, with all its fields.
    async fn whole(&self, at: &SecretRef) -> Result<Whole, StoreError> {
        let (version, stage) = (at.param("version_id"), at.param("version_stage"));
        let stage = stage.or(version.is_none().then_some(CURRENT));
        let call = self.client(at).await?.get_secret_value().secret_id(&at.path);
        let call = call.set_version_id(version.map(str::to_owned)).set_version_stage(stage.map(str::to_owned));
        let found = call.send().await.map_err(|error| self.failed(at, "GetSecretValue", &error))?;
        let text = found.secret_string.ok_or_else(|| fields::no_text(at))?;
        Ok(Whole { text: Secret::new(text), version: found.version_id })
    }

    /// The secrets that one call brings, by their names and addresses. `None` where it is refused: then each may still
    /// be had alone.
    async fn batch(&self, all: &[&SecretRef]) -> Result<Option<HashMap<String, Whole>>, StoreError> {
        let names = all.iter().map(|at| at.path.clone()).collect();
        let call = self.client(all[0]).await?.batch_get_secret_value().set_secret_id_list(Some(names));
        let found = match call.send().await {
            Ok(found) => found,
            Err(error) if errors::only_refuses(&error) => return Ok(None),
            Err(error) => return Err(self.all_failed("BatchGetSecretValue", &error)),
        };
        let mut secrets = HashMap::new();
        for found in found.secret_values.unwrap_or_default() {
            let Some(text) = found.secret_string else { continue };
            let whole = Whole { text: Secret::new(text), version: found.version_id };
            secrets.extend([found.name, found.arn].into_iter().flatten().map(|it| (it, whole.clone())));
        }
        Ok(Some(secrets))
    }

    async fn create(&self, at: &SecretRef, text: Secret) -> Result<(), StoreError> {
        let client = self.client(at).await?;
        let call = client.create_secret().name(&at.path).secret_string(text.expose());
        match call.send().await.map_err(|error| self.failed(at, "CreateSecret", &error)) {
            // A secret can be there without a value: what sets up the account made it.
            Err(StoreError::Conflict { .. }) if !self.exists(at).await? => self.put(at, text).await,
            answer => answer.map(|_| ()),
        }
    }

    async fn put(&self, at: &SecretRef, text: Secret) -> Result<(), StoreError> {
        let call = self.client(at).await?.put_secret_value().secret_id(&at.path).secret_string(text.expose());
        call.send().await.map(|_| ()).map_err(|error| self.failed(at, "PutSecretValue", &error))
    }

    async fn move_stage(&self, at: &SecretRef, stage: &str, from: &str, to: Option<&str>) -> Result<(), StoreError> {
        let call = self.client(at).await?.update_secret_version_stage().secret_id(&at.path).version_stage(stage);
        let call = call.remove_from_version_id(from).set_move_to_version_id(to.map(str::to_owned));
        call.send().await.map(|_| ()).map_err(|error| self.failed(at, "UpdateSecretVersionStage", &error))
    }
}

#[async_trait(?Send)]
impl SecretStore for Aws {
    fn name(&self) -> String {
        "AWS Secrets Manager".to_owned()
    }

    fn login(&self) -> String {
        client::login(self.profile().as_deref())
    }

    async fn get(&self, at: &SecretRef) -> Result<Held, StoreError> {
        let whole = self.whole(at).await?;
        held(at, &whole)
    }

    /// Many with one call, several calls at the same time; what they do not bring is asked for alone.
    async fn get_all(&self, all: &[&SecretRef]) -> Vec<Result<Held, StoreError>> {
        let mut by_region: BTreeMap<Option<String>, BTreeMap<&str, &SecretRef>> = BTreeMap::new();
        for at in all.iter().filter(|at| is_current(at)) {
            by_region.entry(region(at)).or_default().insert(&at.path, at);
        }
        let groups: Vec<Vec<&SecretRef>> = by_region.into_values().map(|it| it.into_values().collect()).collect();
        let batches: Vec<&[&SecretRef]> = groups.iter().flat_map(|group| group.chunks(BATCH)).collect();
        let answers = each(self, batches.iter().map(|batch| || self.batch(batch))).await;
        let mut known: HashMap<(Option<String>, String), Result<Whole, StoreError>> = HashMap::new();
        for (batch, answer) in batches.iter().zip(answers) {
            let place = |id| (region(batch[0]), id);
            match answer {
                Ok(found) => known.extend(found.unwrap_or_default().into_iter().map(|(id, it)| (place(id), Ok(it)))),
                Err(error) => known.extend(batch.iter().map(|at| (place(at.path.clone()), Err(error.again())))),
            }
        }
        let one = async |at: &SecretRef| {
            let place = (region(at), at.path.clone());
            match known.get(&place).filter(|_| is_current(at)) {
                Some(Ok(whole)) => held(at, whole),
                Some(Err(error)) => Err(error.again_at(at)),
                None => self.get(at).await,
            }
        };
        each(self, all.iter().map(|at| || one(at))).await
    }

    async fn write(&self, at: &SecretRef, secret: &Secret, over: Over<'_>) -> Result<(), StoreError> {
        check_name(at)?;
        let fits = |whole: &Whole| match over {
            Over::Version(seen) => seen.is_none() || seen == whole.version.as_deref(),
            Over::Nothing => at.field.as_deref().is_some_and(|field| fields::is_free(&whole.text, field)),
        };
        let found = match self.whole(at).await {
            Ok(whole) if fits(&whole) => Some(whole),
            Err(StoreError::Missing { .. }) if over == Over::Nothing => None,
            Ok(_) | Err(StoreError::Missing { .. }) => return Err(StoreError::Conflict { place: at.to_string() }),
            Err(error) => return Err(error),
        };
        let text = match &at.field {
            Some(field) => {
                let old = found.as_ref().map(|it| it.text.expose());
                Secret::new(fields::with(old, field, secret).map_err(|error| error.of(at))?)
            }
            None => secret.clone(),
        };
        fields::check_size(at, &text)?;
        match found {
            Some(_) => self.put(at, text).await,
            None => self.create(at, text).await,
        }
    }

    /// Whether a secret without a field is there: fields cannot be seen without reading the value.
    async fn exists(&self, at: &SecretRef) -> Result<bool, StoreError> {
        let call = self.client(at).await?.describe_secret().secret_id(&at.path);
        let found = match call.send().await.map_err(|error| self.failed(at, "DescribeSecret", &error)) {
            Ok(found) => found,
            Err(StoreError::Missing { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let stages = found.version_ids_to_stages.unwrap_or_default();
        let wanted = at.param("version_stage").unwrap_or(CURRENT);
        let there = match at.param("version_id") {
            Some(version) => stages.contains_key(version),
            None => stages.values().flatten().any(|stage| stage == wanted),
        };
        Ok(there && found.deleted_date.is_none())
    }

    async fn versions(&self, at: &SecretRef) -> Result<Vec<Version>, StoreError> {
        let call = self.client(at).await?.list_secret_version_ids().secret_id(&at.path).include_deprecated(true);
        let mut pages = call.into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed(at, "ListSecretVersionIds", &error))?;
            all.extend(page.versions.unwrap_or_default().into_iter().map(|it| Version {
                id: it.version_id.unwrap_or_default(),
                created: it.created_date.as_ref().and_then(timestamp),
                state: VersionState::Live,
                labels: it.version_stages.unwrap_or_default(),
            }));
        }
        // Of two of the same second, the one that counts is the newer one.
        all.sort_by_key(|it| std::cmp::Reverse((it.created, it.labels.iter().any(|stage| stage == CURRENT))));
        Ok(all)
    }

    /// Amazon keeps every version readable. The current one goes out of use when the one before it counts again, and
    /// another one when it has no stage any more.
    async fn disable(&self, at: &SecretRef, version: &str) -> Result<(), StoreError> {
        let all = self.versions(at).await?;
        let found = all.iter().find(|it| it.id == version || it.labels.iter().any(|stage| stage == version));
        let missing = || StoreError::Missing { place: at.to_string(), advice: format!(" in a version {version}") };
        let found = found.ok_or_else(missing)?;
        if !found.labels.iter().any(|stage| stage == CURRENT) {
            for stage in &found.labels {
                self.move_stage(at, stage, &found.id, None).await?;
            }
            return Ok(());
        }
        let before = all.iter().find(|it| it.labels.iter().any(|stage| stage == PREVIOUS));
        let alone = || {
            let way = format!("aws secretsmanager delete-secret --recovery-window-in-days 7 --secret-id {}", at.path);
            StoreError::Unavailable(format!(
                "{at}: this is its only version, which Amazon cannot take out of use: put another value there first, \
                 or take the secret itself away with `{way}`"
            ))
        };
        let before = before.ok_or_else(alone)?;
        self.move_stage(at, CURRENT, &found.id, Some(&before.id)).await
    }

    async fn list(&self, at: &SecretRef) -> Result<Vec<SecretRef>, StoreError> {
        let filter = Filter::builder().key(FilterNameStringType::Name).values(&at.path).build();
        let mut pages = self.client(at).await?.list_secrets().filters(filter).into_paginator().send();
        let below = format!("{}/", at.path.trim_end_matches('/'));
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| self.failed(at, "ListSecrets", &error))?;
            let names = page.secret_list.unwrap_or_default().into_iter().filter_map(|it| it.name);
            let names = names.filter(|name| *name == at.path || name.starts_with(&below));
            all.extend(names.map(|path| SecretRef { path, field: None, ..at.clone() }));
        }
        all.sort();
        Ok(all)
    }
}

/// The region that a reference names, by itself or in Amazon's own address.
fn region(at: &SecretRef) -> Option<String> {
    let arn = at.path.strip_prefix("arn:").and_then(|rest| rest.split(':').nth(2));
    at.param("region").or(arn).filter(|it| !it.is_empty()).map(str::to_owned)
}

fn is_current(at: &SecretRef) -> bool {
    at.param("version_id").is_none() && at.param("version_stage").is_none_or(|stage| stage == CURRENT)
}

/// What a reference means in a secret.
fn held(at: &SecretRef, whole: &Whole) -> Result<Held, StoreError> {
    let secret = match &at.field {
        Some(field) => fields::read(whole.text.expose(), field).map_err(|error| error.of(at))?,
        None => whole.text.clone(),
    };
    Ok(Held { secret, version: whole.version.clone(), lease: None })
}

/// A version cannot be written, and names have their letters.
fn check_name(at: &SecretRef) -> Result<(), StoreError> {
    let failed = |what: &str| Err(StoreError::Unavailable(format!("{at}: {what}")));
    if !is_current(at) {
        return failed("this names a version, which cannot be written: leave it out");
    }
    let allowed = |it: char| it.is_ascii_alphanumeric() || "/_+=.@-".contains(it);
    if at.path.starts_with("arn:") || (at.path.len() <= 512 && at.path.chars().all(allowed)) {
        return Ok(());
    }
    failed("Amazon allows names of letters, digits and `/_+=.@-` only, up to 512: take another name")
}

fn timestamp(time: &DateTime) -> Option<Timestamp> {
    Timestamp::new(time.secs(), i32::try_from(time.subsec_nanos()).unwrap_or_default()).ok()
}
