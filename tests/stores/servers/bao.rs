//! OpenBao, which speaks as HashiCorp Vault does.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Server, Valkey, installed};
use crate::stores::http::{Listening, Message, ask};

/// Unsealed, with KV version 2 at `secret/`, all in memory.
pub struct Bao {
    server: Server,
    /// For `VAULT_ADDR`.
    pub url: String,
    /// Where the server speaks TLS: its own authority, for `VAULT_CACERT`.
    pub ca: Option<PathBuf>,
}

impl Bao {
    /// For `VAULT_TOKEN`: may do everything.
    pub const ROOT: &'static str = "root";

    pub fn dev() -> Bao {
        Bao::start("http", &[])
    }

    /// The certificate is for 127.0.0.1, `localhost` and `localhost.localdomain`.
    pub fn tls() -> Bao {
        Bao::start("https", &["-dev-tls", "-dev-tls-cert-dir=."])
    }

    /// Writes every request into `audit.log` in its folder. A file says so: newer versions take it from no request.
    pub fn audited(raw: bool) -> Bao {
        let device = format!(
            "audit \"file\" \"file\" {{\n  options {{\n    file_path = \"audit.log\"\n    log_raw = \"{raw}\"\n  }}\n}}\n"
        );
        Bao::start_with("http", &["-config=audit.hcl"], &[("audit.hcl", &device)])
    }

    fn start(scheme: &str, more: &[&str]) -> Bao {
        Bao::start_with(scheme, more, &[])
    }

    fn start_with(scheme: &str, more: &[&str], files: &[(&str, &str)]) -> Bao {
        let program = installed("openbao", "openbao/bin/bao");
        let started = |port| {
            let listen = format!("-dev-listen-address=127.0.0.1:{port}");
            let token = format!("-dev-root-token-id={}", Bao::ROOT);
            let mut arguments = vec!["server", "-dev", "-dev-no-store-token", &listen, &token];
            arguments.extend(more);
            let folder = Server::folder();
            files.iter().for_each(|(name, text)| std::fs::write(folder.join(name), text).expect("a file"));
            Server::start(folder, &program, &arguments, &[])
        };
        let (server, port) = Server::on_a_port(started, |server| server.log().contains("OpenBao server started!"));
        let ca = (scheme == "https").then(|| server.folder.join("vault-ca.pem"));
        let bao = Bao { server, url: format!("{scheme}://127.0.0.1:{port}"), ca };
        bao.settled("secret");
        bao
    }

    /// Waits for an engine: one of version 2 refuses everything for a moment after it was mounted.
    fn settled(&self, mount: &str) {
        self.server.ready(|_| {
            let is_ready = if self.ca.is_some() {
                !String::from_utf8_lossy(&self.cli(&["kv", "list", mount], &[]).stderr).contains("Code: 400")
            } else {
                self.call("LIST", &format!("{mount}/metadata"), &Value::Null).status() != 400
            };
            is_ready.then_some(())
        });
    }

    /// With `vault-cert.pem` and `vault-key.pem` in it, where the server speaks TLS.
    pub fn folder(&self) -> &std::path::Path {
        &self.server.folder
    }

    /// A call with the token that may do everything. Not with TLS.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Message {
        self.call_as(Bao::ROOT, method, path, body)
    }

    pub fn call_as(&self, token: &str, method: &str, path: &str, body: &Value) -> Message {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(method, &format!("{}/v1/{path}", self.url), &[("X-Vault-Token", token)], &body);
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}:\n{}", self.server.log()))
    }

    /// A call that must succeed.
    pub fn must(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.call(method, path, body);
        assert!((200..300).contains(&answer.status()), "{method} {path}: {} {}", answer.first, answer.text());
        answer.json()
    }

    /// OpenBao's own command line, also with TLS.
    pub fn cli(&self, arguments: &[&str], environment: &[(&str, &OsStr)]) -> Output {
        let mut command = Command::new(installed("openbao", "openbao/bin/bao"));
        command.args(arguments).env_clear().env("HOME", &self.server.folder);
        command.env("BAO_ADDR", &self.url).env("BAO_TOKEN", Bao::ROOT);
        command.envs(self.ca.iter().map(|ca| ("BAO_CACERT", ca.as_os_str())));
        command.envs(environment.iter().copied()).output().expect("bao starts")
    }

    /// A further key-value engine.
    pub fn mount(&self, path: &str, version: u8) {
        let about = json!({"type": "kv", "options": {"version": version.to_string()}});
        self.must("POST", &format!("sys/mounts/{path}"), &about);
        self.settled(path);
    }

    /// A policy in OpenBao's own language, as in `path "secret/data/*" { capabilities = ["read"] }`.
    pub fn policy(&self, name: &str, rules: &str) {
        self.must("PUT", &format!("sys/policies/acl/{name}"), &json!({"policy": rules}));
    }

    /// A token that may do what the policy says.
    pub fn token(&self, policy: &str) -> String {
        let about = json!({"policies": [policy], "ttl": "1h"});
        string(&self.must("POST", "auth/token/create", &about)["auth"]["client_token"])
    }

    /// As good as one that has expired.
    pub fn expired_token(&self) -> String {
        let token = self.token("default");
        self.must("POST", "auth/token/revoke", &json!({"token": token}));
        token
    }

    /// The role's id and a secret for it, to log in with at `auth/approle/login`.
    pub fn approle(&self, policy: &str) -> (String, String) {
        self.must("POST", "sys/auth/approle", &json!({"type": "approle"}));
        self.must("POST", "auth/approle/role/app", &json!({"token_policies": [policy], "token_ttl": "10m"}));
        let role = self.must("GET", "auth/approle/role/app/role-id", &Value::Null);
        let secret = self.must("POST", "auth/approle/role/app/secret-id", &json!({}));
        (string(&role["data"]["role_id"]), string(&secret["data"]["secret_id"]))
    }

    /// A login at `auth/jwt/login` with the role `ci`, as GitHub and GitLab are set up.
    pub fn jwt(&self, policy: &str) -> Jwt<'_> {
        self.must("POST", "sys/mounts/transit", &json!({"type": "transit"}));
        self.must("POST", "transit/keys/ci", &json!({"type": "ecdsa-p256"}));
        let key = self.must("GET", "transit/keys/ci", &Value::Null);
        let key = &key["data"]["keys"]["1"]["public_key"];
        self.must("POST", "sys/auth/jwt", &json!({"type": "jwt"}));
        let about = json!({"jwt_validation_pubkeys": [key], "bound_issuer": Jwt::ISSUER});
        self.must("POST", "auth/jwt/config", &about);
        let role = json!({
            "role_type": "jwt", "user_claim": "sub", "bound_audiences": [Jwt::AUDIENCE],
            "bound_claims": {"repository": "acme/app"}, "token_policies": [policy], "token_ttl": "10m",
        });
        self.must("POST", "auth/jwt/role/ci", &role);
        Jwt { bao: self }
    }

    /// A login at `auth/kubernetes/login` with the role `app`. What plays the cluster ends with what this gives; it
    /// believes every token that says who it is for.
    pub fn kubernetes(&self, policy: &str) -> Listening {
        let cluster = Listening::answering(|request| {
            let user = json!({"username": "system:serviceaccount:default:app", "uid": "u1", "groups": []});
            let is_review = request.word(1).ends_with("/tokenreviews");
            let status = json!({"authenticated": is_review, "user": user, "audiences": [Jwt::AUDIENCE]});
            let review = json!({"status": status}).to_string();
            Message::answering(201, &[("Content-Type", "application/json")], &review)
        });
        self.must("POST", "sys/auth/kubernetes", &json!({"type": "kubernetes"}));
        let about = json!({
            "kubernetes_host": format!("http://{}", cluster.host()), "disable_local_ca_jwt": true,
            "kubernetes_ca_cert": self.authority(), "token_reviewer_jwt": "a.b.c",
        });
        self.must("POST", "auth/kubernetes/config", &about);
        let role = json!({
            "bound_service_account_names": ["app"], "bound_service_account_namespaces": ["default"],
            "token_policies": [policy], "token_ttl": "10m",
        });
        self.must("POST", "auth/kubernetes/role/app", &role);
        cluster
    }

    /// The certificate of an authority that nobody knows. Not with TLS.
    pub fn authority(&self) -> String {
        self.must("POST", "sys/mounts/pki", &json!({"type": "pki"}));
        let made = self.must("POST", "pki/root/generate/internal", &json!({"common_name": "nobody"}));
        string(&made["data"]["certificate"])
    }

    /// Users with leases at `database/creds/app`, for a minute unless they are renewed.
    pub fn database(&self, valkey: &Valkey) {
        self.must("POST", "sys/mounts/database", &json!({"type": "database"}));
        let about = json!({
            "plugin_name": "valkey-database-plugin", "server_name": "valkey", "host": "127.0.0.1",
            "port": valkey.port, "username": "default", "password": Valkey::PASSWORD, "allowed_roles": "app",
        });
        self.must("POST", "database/config/valkey", &about);
        let role = json!({
            "db_name": "valkey", "creation_statements": r#"["~*", "+@read"]"#,
            "default_ttl": "60s", "max_ttl": "10m",
        });
        self.must("POST", "database/roles/app", &role);
    }

    /// From now on every answer is 503.
    pub fn seal(&self) {
        self.must("PUT", "sys/seal", &Value::Null);
    }
}

/// Signs tokens for the login at `auth/jwt/login`. The key is OpenBao's own, made for this test.
pub struct Jwt<'a> {
    bao: &'a Bao,
}

impl Jwt<'_> {
    pub const AUDIENCE: &'static str = "bao";
    const ISSUER: &'static str = "https://ci.invalid";

    /// What the CI of this repository would give a job; the role wants `acme/app`.
    pub fn token(&self, repository: &str) -> String {
        self.signed(json!({"repository": repository}), 600)
    }

    pub fn expired_token(&self) -> String {
        self.signed(json!({"repository": "acme/app"}), -600)
    }

    /// What Kubernetes puts into the files of a pod: for the login at `auth/kubernetes/login`.
    pub fn service_account(&self) -> String {
        let account = json!({"namespace": "default", "serviceaccount": {"name": "app", "uid": "u1"}});
        self.signed(json!({"aud": [Jwt::AUDIENCE], "kubernetes.io": account}), 600)
    }

    /// A token with these claims beside the usual ones, which is good for so many seconds.
    fn signed(&self, more: Value, seconds: i64) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs().cast_signed();
        let mut claims = json!({
            "iss": Jwt::ISSUER, "aud": Jwt::AUDIENCE, "sub": "system:serviceaccount:default:app",
            "iat": now - 900, "nbf": now - 900, "exp": now + seconds,
        });
        let more = more.as_object().expect("claims").clone();
        claims.as_object_mut().expect("claims").extend(more);
        let parts = [json!({"alg": "ES256", "typ": "JWT"}), claims];
        let parts = parts.map(|part| BASE64_URL_SAFE_NO_PAD.encode(part.to_string()));
        let unsigned = parts.join(".");
        let about = json!({"input": BASE64_STANDARD.encode(&unsigned), "marshaling_algorithm": "jws"});
        let signed = self.bao.must("POST", "transit/sign/ci/sha2-256", &about);
        let signature = string(&signed["data"]["signature"]);
        format!("{unsigned}.{}", signature.rsplit(':').next().unwrap_or_default())
    }
}

fn string(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text in the answer")).to_owned()
}
