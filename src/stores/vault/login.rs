//! Logging in to Vault: a token that is there, or a login that gives one.

use std::path::PathBuf;

use etcetera::home_dir;
use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::super::StoreError;
use super::client::{Ask, Effect, Server, variable};
use crate::project::{VaultSettings, read_small};
use crate::secrets::Secret;

/// How to log in.
enum Login {
    /// With a token that is there.
    Token(Secret),
    /// With something that is worth a token: the way, its mount, and what is sent.
    At { mount: String, body: Vec<u8> },
}

/// Where Kubernetes puts the identity of a pod.
const POD: &str = "/var/run/secrets/kubernetes.io/serviceaccount/token";

const ROLE: &str = "its role: set VAULT_AUTH_ROLE, or `role` under `[stores.vault]`";

/// How people log in, for messages.
pub(super) const ADVICE: &str = "log in with `vault login`, or set VAULT_TOKEN";

/// The token for all requests.
///
/// `VAULT_TOKEN` comes first; then the way that the settings or `VAULT_AUTH_METHOD` name; then what the environment has for
/// one (`VAULT_ROLE_ID` and `VAULT_SECRET_ID`; `VAULT_AUTH_ROLE` with the identity of a job or a pod); then what `vault
/// login` left in `~/.vault-token`.
pub(super) async fn token(server: &Server, settings: Option<&VaultSettings>) -> Result<Secret, StoreError> {
    match login(settings).await? {
        Login::Token(token) => Ok(token),
        Login::At { mount, body } => {
            let path = format!("auth/{mount}/login");
            let ask = Ask { method: Method::POST, body: Some(body), effect: Effect::Reads, ..Ask::to(&path) };
            let answer = server.send(ask).await?;
            let refused = || {
                let said = answer.body.errors.join("; ");
                let said = if said.is_empty() { answer.status.to_string() } else { said };
                StoreError::Unavailable(format!(
                    "Vault at {} does not let this role log in at auth/{mount} ({said}): look at the role and what it is \
                     bound to",
                    server.address()
                ))
            };
            answer.body.auth.as_ref().map(|auth| Secret::new(auth.client_token.as_str())).ok_or_else(refused)
        }
    }
}

async fn login(settings: Option<&VaultSettings>) -> Result<Login, StoreError> {
    let named = variable("AUTH_METHOD").or_else(|| settings.and_then(|it| it.auth.clone()));
    let role = variable("AUTH_ROLE").or_else(|| settings.and_then(|it| it.role.clone()));
    let mount = |way: &str| {
        // The other names are those that `vals` reads.
        let other = if way == "kubernetes" { "KUBERNETES_MOUNT_POINT" } else { "LOGIN_MOUNT_POINT" };
        let named = variable("AUTH_PATH").or_else(|| variable(other));
        let named = named.or_else(|| settings.and_then(|it| it.auth_mount.clone()));
        named.as_deref().map_or(way, |it| it.trim_matches('/')).to_owned()
    };
    let token = variable("TOKEN").map(Secret::new);
    let way = match (named.as_deref(), &token) {
        (Some(way), _) if way != "token" => way,
        (_, Some(_)) => "token",
        _ if variable("ROLE_ID").is_some() && variable("SECRET_ID").is_some() => "approle",
        _ if role.is_some() && (variable("ID_TOKEN").is_some() || in_github()) => "jwt",
        _ if role.is_some() && pod().exists() => "kubernetes",
        _ => "token",
    };
    let lacks = |what: &str| StoreError::Unavailable(format!("logging in to Vault by {way} needs {what}"));
    let body = match way {
        "token" => return token.or_else(token_file).map(Login::Token).ok_or_else(logged_out),
        "approle" => json!({
            "role_id": variable("ROLE_ID").ok_or_else(|| lacks("VAULT_ROLE_ID"))?,
            "secret_id": variable("SECRET_ID").ok_or_else(|| lacks("VAULT_SECRET_ID"))?,
        }),
        "jwt" | "oidc" => json!({
            "role": role.ok_or_else(|| lacks(ROLE))?,
            "jwt": job_identity().await?.expose(),
        }),
        "kubernetes" => {
            let path = pod();
            let token = read_small(&path)?.ok_or_else(|| lacks(&path.display().to_string()))?;
            json!({
                "role": role.or_else(|| variable("ROLE_ID")).ok_or_else(|| lacks(ROLE))?,
                "jwt": String::from_utf8_lossy(&token).trim(),
            })
        }
        other => {
            let ways = "write token, approle, jwt or kubernetes";
            return Err(StoreError::Unavailable(format!("{other:?} is no way to log in to Vault: {ways}")));
        }
    };
    let way = if way == "oidc" { "jwt" } else { way };
    Ok(Login::At { mount: mount(way), body: body.to_string().into_bytes() })
}

fn logged_out() -> StoreError {
    StoreError::Unavailable(format!("you are not logged in to Vault: {ADVICE}"))
}

/// What `vault login` left, or what an agent keeps in the file that `VAULT_TOKEN_FILE` names.
fn token_file() -> Option<Secret> {
    let path = variable("TOKEN_FILE").map(PathBuf::from);
    let path = path.or_else(|| Some(home_dir().ok()?.join(".vault-token")))?;
    let bytes = read_small(&path).ok()??;
    let text = String::from_utf8(bytes).ok()?;
    Some(text.trim()).filter(|text| !text.is_empty()).map(Secret::new)
}

/// Where the pod's identity lies: a cluster can put one for Vault elsewhere.
fn pod() -> PathBuf {
    let named = variable("ID_TOKEN_FILE").or_else(|| variable("KUBERNETES_JWT_TOKEN_PATH"));
    named.map_or_else(|| PathBuf::from(POD), PathBuf::from)
}

fn in_github() -> bool {
    std::env::var_os("ACTIONS_ID_TOKEN_REQUEST_URL").is_some()
}

/// The identity of a CI job: GitLab puts it into a variable, GitHub gives it to who asks.
async fn job_identity() -> Result<Secret, StoreError> {
    #[derive(Deserialize)]
    struct Given {
        value: String,
    }
    if let Some(token) = variable("ID_TOKEN") {
        return Ok(Secret::new(token));
    }
    let asked = |name: &str| {
        let none = "the job has no identity: on GitLab add `id_tokens` with VAULT_ID_TOKEN, on GitHub `permissions: \
                    id-token: write`";
        std::env::var(name).map_err(|_| StoreError::Unavailable(none.to_owned()))
    };
    let (url, token) = (asked("ACTIONS_ID_TOKEN_REQUEST_URL")?, asked("ACTIONS_ID_TOKEN_REQUEST_TOKEN")?);
    super::super::address::refuse_unsafe("GitHub", &url)?;
    let url = match variable("AUTH_AUDIENCE") {
        Some(audience) => {
            let wrong = |_| StoreError::Unavailable("ACTIONS_ID_TOKEN_REQUEST_URL is no address".to_owned());
            let mut url = reqwest::Url::parse(&url).map_err(wrong)?;
            url.query_pairs_mut().append_pair("audience", &audience);
            url.to_string()
        }
        None => url,
    };
    let refused = |_| StoreError::Unavailable("GitHub did not give the job its identity: try the job again".to_owned());
    let response = reqwest::Client::new().get(url).bearer_auth(token).send().await.map_err(refused)?;
    let bytes = response.error_for_status().map_err(refused)?.bytes().await.map_err(refused)?;
    let given: Given = serde_json::from_slice(&bytes).map_err(|_| {
        StoreError::Unavailable("GitHub did not give the job its identity in a form that is known".to_owned())
    })?;
    Ok(Secret::new(given.value))
}
