//! HTTP with Vault: one request, and what its answer means.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity, Method, Proxy, StatusCode, Url};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::StoreError;
use super::super::address::{is_safe, refuse_unsafe};
use crate::project::{VaultSettings, read_small};
use crate::secrets::{Secret, without_keys};

/// A server, and how it is reached.
pub(super) struct Server {
    address: Url,
    namespace: Option<String>,
    http: Client,
}

/// One request.
pub(super) struct Ask<'a> {
    pub method: Method,
    /// Behind `/v1/`, with a query or without.
    pub path: &'a str,
    pub query: Option<(&'a str, &'a str)>,
    pub namespace: Option<&'a str>,
    pub token: Option<&'a Secret>,
    /// JSON.
    pub body: Option<Vec<u8>>,
    /// What an answer that never comes leaves open.
    pub effect: Effect,
}

impl<'a> Ask<'a> {
    /// Reads a path.
    pub fn to(path: &'a str) -> Ask<'a> {
        Ask { method: Method::GET, path, query: None, namespace: None, token: None, body: None, effect: Effect::Reads }
    }
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Reads,
    /// It may have been done when the answer does not come.
    Writes,
}

/// What a server answered.
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Body,
}

/// The parts of Vault's answers that are of use; values stay as they were written.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Body {
    pub data: Option<Box<RawValue>>,
    pub auth: Option<Auth>,
    pub errors: Vec<String>,
    pub lease_id: String,
    pub lease_duration: u64,
    pub renewable: bool,
}

/// A login.
#[derive(Deserialize)]
pub(super) struct Auth {
    pub client_token: String,
}

/// The fields of a secret, as they were written.
pub(super) type Fields = BTreeMap<String, Box<RawValue>>;

/// No answer is larger: Vault takes requests of at most 32 MB.
const LARGEST: usize = 33 << 20;
/// A server that is there answers the phone within this time; the rest of the patience is for its answer.
const CONNECT: Duration = Duration::from_secs(5);

/// A variable of Vault's own program, as OpenBao's names it or as Vault's does.
pub(in crate::stores) fn variable(name: &str) -> Option<String> {
    let set = |prefix: &str| std::env::var(format!("{prefix}_{name}")).ok().filter(|it| !it.is_empty());
    set("BAO").or_else(|| set("VAULT"))
}

/// The server's address: the environment's, else the settings'.
pub(in crate::stores) fn address(settings: Option<&VaultSettings>) -> Option<String> {
    variable("ADDR").or_else(|| settings.and_then(|it| it.address.clone()))
}

impl Server {
    /// Gets ready; sends nothing.
    pub fn new(settings: Option<&VaultSettings>) -> Result<Server, StoreError> {
        let none = || {
            StoreError::Unavailable(
                "no Vault is known: set VAULT_ADDR, or `address` under `[stores.vault]` in your own settings"
                    .to_owned(),
            )
        };
        let address = address(settings).ok_or_else(none)?;
        refuse_unsafe("Vault", &address)?;
        let wrong = |_| StoreError::Unavailable(format!("{address:?} is no address of a Vault"));
        let address = Url::parse(&address).map_err(wrong)?;
        let mut http = Client::builder()
            .user_agent(concat!("aikeys-lsp/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .redirect(Policy::custom(|attempt| {
                let same = attempt.previous().first().is_none_or(|it| it.scheme() == attempt.url().scheme());
                let safe = same && is_safe(attempt.url().as_str()) && attempt.previous().len() < 3;
                // A standby sends its clients to the active server.
                if safe { attempt.follow() } else { attempt.error("it leads to an address without TLS, or in circles") }
            }));
        if address.scheme() == "http" {
            // What stays on this machine does not leave it through a proxy.
            http = http.no_proxy();
        }
        let certificates = certificates(settings)?;
        if !certificates.is_empty() {
            http = http.tls_certs_only(certificates);
        }
        if let (Some(certificate), Some(key)) = (variable("CLIENT_CERT"), variable("CLIENT_KEY")) {
            let pem = [read(Path::new(&certificate))?, b"\n".to_vec(), read(Path::new(&key))?].concat();
            let wrong = |_| StoreError::Unavailable(format!("{certificate} and {key} are no certificate and key"));
            http = http.identity(Identity::from_pem(&pem).map_err(wrong)?);
        }
        if let Some(proxy) = variable("PROXY_ADDR").or_else(|| variable("HTTP_PROXY")) {
            let wrong = |_| StoreError::Unavailable("VAULT_PROXY_ADDR is no address of a proxy".to_owned());
            http = http.proxy(Proxy::all(proxy).map_err(wrong)?);
        }
        let skips =
            variable("SKIP_VERIFY").is_some_and(|it| !matches!(it.as_str(), "0" | "f" | "F" | "false" | "FALSE"));
        if skips {
            let advice = "unset it, and give the server's CA in VAULT_CACERT";
            return Err(StoreError::Unavailable(format!(
                "VAULT_SKIP_VERIFY is set, so keys would go to whoever answers: {advice}"
            )));
        }
        let broken =
            |error: reqwest::Error| StoreError::Unavailable(format!("TLS cannot be set up: {}", cause(&error)));
        let namespace = variable("NAMESPACE").or_else(|| settings.and_then(|it| it.namespace.clone()));
        Ok(Server { address, namespace, http: http.build().map_err(broken)? })
    }

    /// The address, for messages.
    pub fn address(&self) -> &str {
        self.address.as_str().trim_end_matches('/')
    }

    /// Sends one request, and reads its answer.
    pub async fn send(&self, ask: Ask<'_>) -> Result<Answer, StoreError> {
        let mut url = self.address.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().push("v1").extend(ask.path.split('/'));
        }
        if let Some((name, value)) = ask.query {
            url.query_pairs_mut().append_pair(name, value);
        }
        let mut request = self.http.request(ask.method.clone(), url).header("X-Vault-Request", "true");
        if let Some(namespace) = ask.namespace.or(self.namespace.as_deref()) {
            request = request.header("X-Vault-Namespace", namespace);
        }
        if let Some(token) = ask.token {
            request = request.header("X-Vault-Token", token.expose());
        }
        if let Some(body) = ask.body {
            request = request.header("Content-Type", "application/json").body(body);
        }
        let mut response = request.send().await.map_err(|error| self.failed(&error, ask.effect))?;
        let status = response.status();
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(&error, ask.effect))? {
            bytes.extend_from_slice(&chunk);
            if bytes.len() > LARGEST {
                return Err(StoreError::Unavailable(format!("Vault at {} answers without an end", self.address())));
            }
        }
        let body = match serde_json::from_slice(&bytes) {
            Ok(body) => body,
            Err(_) if bytes.is_empty() || !status.is_success() => Body::default(),
            Err(_) => {
                let advice = "is this the address of a Vault? A proxy or a login page may stand between";
                return Err(StoreError::Unavailable(format!(
                    "what answers at {} does not speak Vault's language: {advice}",
                    self.address()
                )));
            }
        };
        Ok(Answer { status, body })
    }

    /// Says why there is no answer.
    fn failed(&self, error: &reqwest::Error, effect: Effect) -> StoreError {
        let why = cause(error);
        let at = self.address();
        if error.is_connect() || error.is_builder() || error.is_redirect() {
            let certificate = why.to_ascii_lowercase().contains("certificate");
            let advice = match certificate {
                true => "give the CA that signed it in VAULT_CACERT",
                false => "look at VAULT_ADDR and your network",
            };
            return StoreError::Unavailable(format!("Vault at {at} cannot be reached ({why}): {advice}"));
        }
        let open = match effect {
            Effect::Reads => "",
            Effect::Writes => ", so nobody knows whether it did what it was asked",
        };
        StoreError::Unanswered(format!("Vault at {at} broke off its answer ({why}){open}"))
    }
}

/// What went wrong at the bottom of an error. Addresses of requests are left out: they hold names of secrets.
fn cause(error: &reqwest::Error) -> String {
    let mut last: &dyn Error = error;
    while let Some(deeper) = last.source() {
        last = deeper;
    }
    match error.source() {
        Some(_) => without_keys(&last.to_string()).into_owned(),
        None => "no more is known".to_owned(),
    }
}

/// The certificates that the user trusts for this server; none means those of the system.
fn certificates(settings: Option<&VaultSettings>) -> Result<Vec<Certificate>, StoreError> {
    let mut pems = Vec::new();
    if let Some(pem) = variable("CACERT_BYTES") {
        pems.push((PathBuf::from("VAULT_CACERT_BYTES"), pem.into_bytes()));
    } else if let Some(path) =
        variable("CACERT").map(PathBuf::from).or_else(|| settings.and_then(|it| it.ca_cert.clone()))
    {
        pems.push((path.clone(), read(&path)?));
    } else if let Some(folder) = variable("CAPATH").map(PathBuf::from) {
        let unreadable = |error| StoreError::Unavailable(format!("{}: {error}", folder.display()));
        for entry in fs::read_dir(&folder).map_err(unreadable)?.filter_map(Result::ok) {
            pems.push((entry.path(), read(&entry.path())?));
        }
    }
    let mut all = Vec::new();
    for (path, pem) in pems {
        let found = Certificate::from_pem_bundle(&pem).unwrap_or_default();
        if found.is_empty() {
            return Err(StoreError::Unavailable(format!("{}: there is no PEM certificate in it", path.display())));
        }
        all.extend(found);
    }
    Ok(all)
}

fn read(path: &Path) -> Result<Vec<u8>, StoreError> {
    let none = || StoreError::Unavailable(format!("{}: there is no such file", path.display()));
    read_small(path)?.ok_or_else(none)
}
