//! The stores that a server or a program keeps, for programs to survive a move there.

use super::corpus::{Case, Store};
use crate::stores::servers::{Bao, Google, Moto, Pass, SecretService};
use anyhow::Result;
use std::ffi::OsString;
use std::fs;

/// What leads to a store.
pub type Leads = Vec<(String, OsString)>;

/// All of them, running.
pub struct Servers {
    bao: Bao,
    moto: Moto,
    google: Google,
    keyring: SecretService,
    pass: Pass,
    /// The user's settings, for `pass`.
    settings: tempfile::TempDir,
}

impl Servers {
    pub fn start() -> Result<Servers> {
        let settings = tempfile::tempdir()?;
        fs::create_dir(settings.path().join("aikeys-lsp"))?;
        let recipe = concat!(env!("CARGO_MANIFEST_DIR"), "/.github/examples/stores/pass.toml");
        fs::copy(recipe, settings.path().join("aikeys-lsp/aikeys.toml"))?;
        Ok(Servers {
            bao: Bao::dev(),
            moto: Moto::start(),
            google: Google::start(),
            keyring: SecretService::unlocked(),
            pass: Pass::start(),
            settings,
        })
    }

    /// Those that a program goes to, each with what leads there.
    pub fn of(&self, case: &Case) -> Vec<(Store, Leads)> {
        // A project of Google's has one place for each name, whoever asks.
        let project = format!("demo-{}", case.name.replace('_', "-"));
        let google = [
            ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", self.google.url.as_str()),
            ("GOOGLE_CLOUD_PROJECT", &project),
        ];
        let bus = self.keyring.environment().into_iter().filter(|(name, _)| *name == "DBUS_SESSION_BUS_ADDRESS");
        let pass = self.pass.environment().into_iter().filter(|(name, _)| *name != "HOME");
        let settings = ("XDG_CONFIG_HOME", self.settings.path().to_owned());
        let all = vec![
            (Store::Vault, leads([("VAULT_ADDR", self.bao.url.as_str()), ("VAULT_TOKEN", Bao::ROOT)])),
            (Store::Aws, leads(self.moto.environment())),
            (Store::Gcp, leads(google)),
            (Store::Keyring, leads(bus)),
            (Store::Pass, leads(pass.chain([settings]))),
        ];
        // A store differs in its deposit alone, so each gets half of the programs; all of them go to one that is named.
        let turn = case.name.bytes().map(usize::from).sum::<usize>();
        let named = std::env::var_os("SURVIVAL_STORE").is_some();
        let half = all.into_iter().enumerate().filter(|(at, _)| named || (at + turn).is_multiple_of(2));
        half.map(|(_, it)| it).collect()
    }
}

fn leads<'a>(pairs: impl IntoIterator<Item = (&'a str, impl Into<OsString>)>) -> Leads {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}
