//! The service that rotates keys when Google Cloud Secret Manager says so: real messages of a push subscription, a stand-in
//! of Secret Manager and one of the provider.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::http::ask;
use super::machine::Machine;
use super::servers::Google;
use crate::rotation::provider::{Provider, admin};

struct Service {
    process: Child,
    url: String,
    log: tempfile::NamedTempFile,
}

impl Service {
    fn start(machine: &Machine, grace: &str) -> Service {
        let log = tempfile::NamedTempFile::new().expect("a file");
        let program = std::path::Path::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        let args = ["rotate", "--serve", "gcp-pubsub", "--grace", grace];
        let mut command: Command = machine.command(program, &args);
        command.env("PORT", "0").stdin(Stdio::null()).stdout(log.reopen().expect("a file"));
        let process = command.stderr(log.reopen().expect("a file")).spawn().expect("it starts");
        // It ends with this, whatever comes.
        let mut service = Service { process, url: String::new(), log };
        let start = Instant::now();
        loop {
            let text = service.log();
            if let Some(address) = text.lines().find_map(|line| line.strip_prefix("listening on ")) {
                // Only this machine is listened to.
                assert!(address.starts_with("127.0.0.1:"), "{text}");
                service.url = format!("http://{address}/");
                return service;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "{text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What Pub/Sub posts, with these attributes: the status of the answer.
    fn push(&self, attributes: Value, sent: &str) -> u16 {
        let message = json!({
            "message": {"attributes": attributes, "data": "e30=", "messageId": "1", "message_id": "1",
                "publishTime": sent, "publish_time": sent},
            "subscription": "projects/demo/subscriptions/aikeys-rotate",
        });
        self.post("POST", &message.to_string())
    }

    fn post(&self, method: &str, body: &str) -> u16 {
        ask(method, &self.url, &[("Content-Type", "application/json")], body).expect("an answer").status()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap_or_default()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The newest version of the secret.
fn held(google: &Google) -> String {
    let found = google.call("GET", "projects/demo/secrets/openai/versions/latest:access", &Value::Null).json();
    let data = found["payload"]["data"].as_str().unwrap_or_else(|| panic!("{found}"));
    String::from_utf8(BASE64_STANDARD.decode(data).expect("base64")).expect("a text")
}

fn notice(secret: &str) -> Value {
    json!({"eventType": "SECRET_ROTATE", "secretId": secret, "dataFormat": "JSON_API_V1",
        "timestamp": "2026-05-02T10:00:00.000000-07:00"})
}

#[test]
fn a_notice_of_secret_manager_rotates_the_key_that_is_meant() {
    let (google, provider) = (Google::start(), Provider::start());
    let old = provider.with_key(7);
    let machine = Machine::new()
        .set("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", &google.url)
        .set("AIKEYS_STAND_IN", provider.address.to_string())
        .set("OPENAI_ADMIN_KEY", admin());
    let put = machine.ours_with(&["store", "put", "ref+gcpsecrets://demo/openai"], &old);
    assert_eq!(put.code, Some(0), "{}", put.text);
    machine.write(".env", "OPENAI_API_KEY=\"ref+gcpsecrets://demo/openai\"\nOTHER=\"ref+gcpsecrets://demo/other\"\n");
    machine.write("app.py", "");
    let service = Service::start(&machine, "0s");
    let now = "2036-05-02T10:00:00Z";

    // What is no notice, and what is none of ours.
    assert_eq!(service.post("GET", ""), 405);
    assert_eq!(service.post("POST", "nonsense"), 400);
    assert_eq!(
        service.push(json!({"eventType": "SECRET_VERSION_ADD", "secretId": "projects/1/secrets/openai"}), now),
        204
    );
    assert_eq!(service.push(notice("projects/1234567890/secrets/unknown"), now), 204);
    assert_eq!((held(&google), provider.living()), (old.clone(), vec![old.clone()]));

    // The account does not answer: the message comes again. Then it does, by the project's number.
    provider.state().broken = true;
    let secret = "projects/1234567890/secrets/openai";
    assert_eq!(service.push(notice(secret), now), 500, "{}", service.log());
    provider.state().broken = false;
    assert_eq!(service.push(notice(secret), now), 204, "{}", service.log());
    let new = held(&google);
    assert_eq!(provider.living(), std::slice::from_ref(&new), "{}", service.log());
    assert_ne!(new, old);
    // The same message once more, which was sent before that rotation began.
    assert_eq!(service.push(notice(secret), "2020-01-01T00:00:00Z"), 204);
    assert_eq!(held(&google), new);
    // A later one, by the project's name.
    assert_eq!(service.push(notice("projects/demo/secrets/openai"), now), 204, "{}", service.log());
    let newest = held(&google);
    assert!(newest != new && provider.living() == [newest.clone()], "{}", service.log());
    assert!([&old, &new, &newest, &admin()].iter().all(|it| !service.log().contains(&it[12..30])), "{}", service.log());
    drop(service);

    // An old key that has to stay for a while goes with the scheduler's message.
    let service = Service::start(&machine, "15s");
    assert_eq!(service.push(notice(secret), now), 204, "{}", service.log());
    assert_eq!(provider.living().len(), 2, "{}", service.log());
    let begun = std::time::Instant::now();
    while provider.living().len() > 1 {
        assert!(begun.elapsed() < Duration::from_secs(90), "{}", service.log());
        std::thread::sleep(Duration::from_secs(2));
        assert_eq!(service.push(json!({"eventType": "ROTATE_DUE"}), now), 204, "{}", service.log());
    }
    assert_eq!(provider.living(), [held(&google)], "{}", service.log());
}
