//! Where the user's secret stores are: the user's own file, and a workspace's settings once the user trusts them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use etcetera::BaseStrategy;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::{ProjectError, at_line, text_of};
use super::files::{FolderLock, private_folder, read_small, write_atomic};
use super::workspace::Workspace;

/// The stores and how to reach them: `[stores]` of a settings file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoreSettings {
    /// The store that keys move to when none is named.
    pub default: Option<String>,
    /// HashiCorp Vault and OpenBao.
    pub vault: Option<VaultSettings>,
    /// AWS Secrets Manager.
    pub aws: Option<AwsSettings>,
    /// Google Cloud Secret Manager.
    pub gcp: Option<GcpSettings>,
    /// The system's keyring.
    pub keyring: Option<KeyringSettings>,
    /// The encrypted store. The user's own file only.
    pub local: Option<LocalSettings>,
    /// Stores that a program reaches, by name. The user's own file only.
    pub exec: BTreeMap<String, ExecSettings>,
}

/// `[stores.vault]`: what is left out comes from the `VAULT_*` variables.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct VaultSettings {
    /// `https://vault.example:8200`.
    pub address: Option<String>,
    /// The mount of new keys; `secret` when left out.
    pub mount: Option<String>,
    /// The path of new keys in the mount; the workspace's name when left out.
    pub path: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// A file with the certificates that are trusted.
    pub ca_cert: Option<PathBuf>,
    /// How to log in: `token`, `approle`, `jwt` or `kubernetes`.
    pub auth: Option<String>,
    /// Where that login is mounted; its own name when left out.
    pub auth_mount: Option<String>,
    /// The role to log in as.
    pub role: Option<String>,
}

/// `[stores.aws]`: the `AWS_*` variables come first; what is left out comes from Amazon's files.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AwsSettings {
    /// `eu-west-1` …
    pub region: Option<String>,
    /// What the names of new keys begin with; the workspace's name when left out.
    pub prefix: Option<String>,
    /// Another address than Amazon's.
    pub endpoint: Option<String>,
    /// The profile of the configuration files.
    pub profile: Option<String>,
}

/// `[stores.gcp]`: of the variables that `gcloud` reads, the address comes first, and the project last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GcpSettings {
    /// The project's id.
    pub project: Option<String>,
    /// What the names of new keys begin with; nothing when left out.
    pub prefix: Option<String>,
    /// Another address than Google's.
    pub endpoint: Option<String>,
}

/// `[stores.keyring]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeyringSettings {
    /// The service of new keys; the workspace's name when left out.
    pub service: Option<String>,
}

/// `[stores.local]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LocalSettings {
    /// The program that prints the passphrase of this machine's identity.
    pub passphrase_command: Vec<String>,
}

/// `[stores.exec.NAME]`: the program and its arguments, `{name}` standing for the secret's name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExecSettings {
    /// Takes the value on standard input.
    pub put: Vec<String>,
    /// Prints the value.
    pub get: Vec<String>,
    /// Exits with 0 where the secret is there, and with 1 where it is not.
    pub exists: Vec<String>,
    /// What the names of new keys begin with, `{workspace}` standing for the workspace's name; that and `/` when left out.
    pub prefix: Option<String>,
}

/// What the user's own file holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct UserFile {
    stores: StoreSettings,
}

/// The user's own settings: `aikeys-lsp/aikeys.toml` in the platform's configuration folder.
pub fn user_file() -> Option<PathBuf> {
    user_folder().map(|folder| folder.join("aikeys.toml"))
}

/// The folder of the user's own settings, which no repository can write.
pub fn user_folder() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.config_dir().join("aikeys-lsp"))
}

/// The folder of what the tool remembers: the audit log, the last answers of stores.
pub fn state_folder() -> Option<PathBuf> {
    let base = etcetera::choose_base_strategy().ok()?;
    Some(base.state_dir().unwrap_or_else(|| base.data_dir()).join("aikeys-lsp"))
}

impl Workspace {
    /// The stores: the user's own, and what this workspace says of them where the user trusts it. A workspace's table
    /// replaces the user's of the same name; programs are never taken from it.
    pub fn stores(&self) -> Result<StoreSettings, ProjectError> {
        let mut stores = user_stores()?;
        let own = self.own_stores()?.filter(|own| self.trusts(own));
        if let Some(own) = own {
            stores.default = own.default.or(stores.default);
            stores.vault = own.vault.or(stores.vault);
            stores.aws = own.aws.or(stores.aws);
            stores.gcp = own.gcp.or(stores.gcp);
            stores.keyring = own.keyring.or(stores.keyring);
        }
        Ok(stores)
    }

    /// What the workspace's own settings say of stores, trusted or not.
    pub fn own_stores(&self) -> Result<Option<StoreSettings>, ProjectError> {
        Ok(self.config(std::path::Path::new("aikeys.toml"))?.stores.clone())
    }

    /// The workspace names stores, and they count.
    pub fn trusts_own_stores(&self) -> bool {
        self.own_stores().ok().flatten().is_some_and(|own| self.trusts(&own))
    }

    /// The workspace names stores, and the user has not said that it may.
    pub fn waits_for_trust(&self) -> bool {
        self.own_stores().ok().flatten().is_some_and(|own| !self.trusts(&own))
    }

    /// Lets the workspace's stores count, as they are now; or no longer.
    pub fn trust(&self, own: Option<&StoreSettings>) -> Result<(), ProjectError> {
        let Some(path) = trusted_file() else { return Ok(()) };
        let folder = path.parent().unwrap_or(&path).to_owned();
        private_folder(&folder)?;
        let _lock = FolderLock::take(&folder)?;
        let old = read_small(&path)?;
        let unreadable = |error: serde_json::Error| ProjectError::Catalogue {
            path: path.display().to_string(),
            message: format!("this is not what aikeys-lsp wrote (line {}): mend it, or take it away", error.line()),
        };
        let mut all = old.as_deref().map_or_else(|| Ok(BTreeMap::new()), serde_json::from_slice).map_err(unreadable)?;
        let key = self.root().display().to_string();
        match own {
            Some(own) => all.insert(key, own.clone()),
            None => all.remove(&key),
        };
        let text = serde_json::to_vec_pretty(&all).unwrap_or_default();
        Ok(write_atomic(&folder, &path, old.as_deref(), &text, 0o600)?)
    }

    /// What the user trusted was this: a change of the workspace's file has to be trusted anew.
    fn trusts(&self, own: &StoreSettings) -> bool {
        if self.is_trusted() {
            return true;
        }
        let bytes = trusted_file().and_then(|path| read_small(&path).ok().flatten());
        trusted(bytes.as_deref()).get(&self.root().display().to_string()) == Some(own)
    }
}

/// The stores of the user's own file alone.
pub fn user_stores() -> Result<StoreSettings, ProjectError> {
    let Some(path) = user_file() else { return Ok(StoreSettings::default()) };
    let Some(text) = text_of(&path)? else { return Ok(StoreSettings::default()) };
    let file: UserFile = toml::from_str(&text).map_err(|error| at_line(&path, &text, &error))?;
    Ok(file.stores)
}

fn trusted_file() -> Option<PathBuf> {
    user_folder().map(|folder| folder.join("trusted.json"))
}

/// What the user trusted, by the workspace's root; a file that cannot be read trusts nothing.
fn trusted(bytes: Option<&[u8]>) -> BTreeMap<String, StoreSettings> {
    bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default()
}
