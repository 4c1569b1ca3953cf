//! What plays AWS and Google Cloud.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::{Bao, Server, installed, text};
use crate::stores::http::{Message, ask};

/// AWS as moto plays it: Secrets Manager, STS and the rest.
///
/// It differs from AWS: it looks at no signature; what has no stage in its request may be answered from an old version;
/// a missing secret is 404 and not 400; names and sizes have no limits; a deleted secret can be written to; its own
/// access control refuses in XML; each answer ends the connection. `Fault::Status` plays what it does not.
pub struct Moto {
    server: Server,
    /// For `AWS_ENDPOINT_URL`.
    pub url: String,
}

impl Moto {
    pub fn start() -> Moto {
        Moto::with(&[])
    }

    /// Speaks TLS with the certificate of another server; that one knows the authority.
    pub fn tls(bao: &Bao) -> Moto {
        let (cert, key) = certificate(bao);
        Moto::with(&["--ssl-cert", text(&cert), "--ssl-key", text(&key)])
    }

    fn with(more: &[&str]) -> Moto {
        let program = installed("moto", "moto/bin/moto_server");
        let arguments = [&["--host", "127.0.0.1", "--port", "0"], more].concat();
        let server = Server::start(Server::folder(), &program, &arguments, &[]);
        let url = server.ready(|server| after(&server.log(), "Running on "));
        Moto { server, url }
    }

    /// Runs one of our scripts with Amazon's packages.
    pub fn python(script: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(installed("moto", "moto/bin/python"));
        command.arg(scripts().join(script)).args(arguments).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.output().expect("Python starts")
    }

    /// What a program needs to find it, and to have credentials.
    pub fn environment(&self) -> [(&'static str, &str); 4] {
        let url = self.url.as_str();
        let credentials = [("AWS_ACCESS_KEY_ID", "demo"), ("AWS_SECRET_ACCESS_KEY", "demo")];
        [("AWS_ENDPOINT_URL", url), ("AWS_REGION", "us-east-1"), credentials[0], credentials[1]]
    }

    /// An action of Secrets Manager, as in `GetSecretValue`. Not with TLS.
    pub fn call(&self, action: &str, body: &Value) -> Message {
        call_aws(&self.url, action, body).unwrap_or_else(|| panic!("no answer to {action}:\n{}", self.server.log()))
    }
}

/// An action of Secrets Manager at some address; none where there was no whole answer.
pub fn call_aws(url: &str, action: &str, body: &Value) -> Option<Message> {
    let action = format!("secretsmanager.{action}");
    let signed = "AWS4-HMAC-SHA256 Credential=demo/20260101/us-east-1/secretsmanager/aws4_request, \
                  SignedHeaders=host, Signature=0";
    let kind = ("Content-Type", "application/x-amz-json-1.1");
    ask("POST", &format!("{url}/"), &[("X-Amz-Target", &action), kind, ("Authorization", signed)], &body.to_string())
}

/// Google Secret Manager as our stand-in plays it.
pub struct Google {
    server: Server,
    /// For `CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER`.
    pub url: String,
}

impl Google {
    /// Whatever is asked of this project is denied.
    pub const DENIED: &'static str = "denied";

    /// Asks for no credentials.
    pub fn start() -> Google {
        Google::with("http", &[])
    }

    /// Wants this bearer token. `/token` gives it, and so does the metadata server that it is as well.
    pub fn guarded(token: &str) -> Google {
        Google::with("http", &["--token", token])
    }

    /// Speaks TLS with the certificate of another server; that one knows the authority.
    pub fn tls(bao: &Bao) -> Google {
        let (cert, key) = certificate(bao);
        Google::with("https", &["--cert", text(&cert), "--key", text(&key)])
    }

    fn with(scheme: &str, more: &[&str]) -> Google {
        let script = scripts().join("google_standin.py");
        let arguments = [&[text(&script), "--deny", Google::DENIED, "--traffic", "traffic"], more].concat();
        let server = Server::start(Server::folder(), &python(), &arguments, &[]);
        let host = server.ready(|server| after(&server.log(), "listening on "));
        Google { server, url: format!("{scheme}://{host}") }
    }

    /// Where it writes what was said.
    pub fn traffic(&self) -> PathBuf {
        self.server.folder.join("traffic")
    }

    /// What was said until now is as Google describes it, and these methods were among it: `secrets.addVersion`.
    pub fn check_traffic(&self, methods: &[&str]) -> Result<String, String> {
        let traffic = self.traffic();
        runs("check_traffic.py", &[&[text(&traffic)], methods].concat())
    }

    /// A call of the interface, as in `GET`, `projects/demo/secrets`. Not with TLS.
    pub fn call(&self, method: &str, path: &str, body: &Value) -> Message {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let answer = ask(method, &format!("{}/v1/{path}", self.url), &[("Content-Type", "application/json")], &body);
        answer.unwrap_or_else(|| panic!("no answer to {method} {path}:\n{}", self.server.log()))
    }
}

/// Runs one of our scripts with Google's packages: what it printed, or what was wrong.
pub fn runs(script: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new(python());
    command.arg(scripts().join(script)).args(arguments).env_clear().env("PYTHONDONTWRITEBYTECODE", "1");
    let output = command.output().expect("Python starts");
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(said(&output.stdout)) } else { Err(said(&output.stderr)) }
}

fn python() -> PathBuf {
    installed("google", "google/bin/python")
}

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores")
}

fn certificate(bao: &Bao) -> (PathBuf, PathBuf) {
    (bao.folder().join("vault-cert.pem"), bao.folder().join("vault-key.pem"))
}

/// The word behind these words, when its line is there as a whole.
fn after(log: &str, words: &str) -> Option<String> {
    let rest = log.split_once(words)?.1;
    Some(rest.split_once('\n')?.0.trim().to_owned())
}
