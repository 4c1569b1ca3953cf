//! Each server does what the tests of the stores count on.

use std::fs;
use std::process::Output;

use serde_json::{Value, json};

use super::http::ask;
use super::servers::{Bao, Google, Jwt, Moto, Pass, SecretService, Valkey, runs};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn openbao_keeps_versions() {
    let bao = Bao::dev();
    let put = |cas: u32, value: &str| {
        let body = json!({"options": {"cas": cas}, "data": {"NAME": value, "other": "kept"}});
        bao.call("POST", "secret/data/app", &body)
    };
    assert_eq!(put(0, "one").status(), 200);
    let clash = put(0, "two");
    assert_eq!(clash.status(), 400);
    assert!(clash.text().contains("check-and-set"), "{}", clash.text());
    assert_eq!(put(1, "two").json()["data"]["version"], 2);

    bao.must("POST", "secret/delete/app", &json!({"versions": [2]}));
    let deleted = bao.call("GET", "secret/data/app", &Value::Null);
    assert_eq!((deleted.status(), &deleted.json()["data"]["data"]), (404, &Value::Null));
    assert_ne!(deleted.json()["data"]["metadata"]["deletion_time"], "");
    let old = bao.must("GET", "secret/data/app?version=1", &Value::Null);
    assert_eq!(old["data"]["data"], json!({"NAME": "one", "other": "kept"}));
    assert_eq!(bao.call("GET", "secret/data/none", &Value::Null).status(), 404);

    bao.mount("old", 1);
    bao.must("POST", "old/app", &json!({"NAME": "one"}));
    assert_eq!(bao.must("GET", "old/app", &Value::Null)["data"], json!({"NAME": "one"}));
    bao.mount("new", 2);
    bao.must("POST", "new/data/app", &json!({"data": {"NAME": "one"}}));
    let mount = bao.must("GET", "sys/internal/ui/mounts/old", &Value::Null);
    assert_eq!(mount["data"]["options"]["version"], "1");

    bao.seal();
    let sealed = bao.call("GET", "secret/data/app", &Value::Null);
    assert_eq!(sealed.status(), 503);
    assert!(sealed.text().contains("sealed"), "{}", sealed.text());
}

#[test]
fn openbao_lets_in_whom_it_should() {
    let bao = Bao::dev();
    bao.policy("reads", "path \"secret/data/*\" { capabilities = [\"read\"] }");
    bao.must("POST", "secret/data/app", &json!({"data": {"NAME": "one"}}));
    let reads_only = |token: &str| {
        let read = bao.call_as(token, "GET", "secret/data/app", &Value::Null);
        let write = bao.call_as(token, "POST", "secret/data/app", &json!({"data": {"NAME": "two"}}));
        assert_eq!((read.status(), write.status()), (200, 403));
        assert!(write.text().contains("permission denied"), "{}", write.text());
    };
    reads_only(&bao.token("reads"));
    assert_eq!(bao.call_as(&bao.expired_token(), "GET", "secret/data/app", &Value::Null).status(), 403);

    let login = |place: &str, proof: &Value| bao.call_as("", "POST", &format!("auth/{place}/login"), proof);
    let token = |place: &str, proof: &Value| {
        let answer = login(place, proof);
        answer.json()["auth"]["client_token"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
    };
    let (role, secret) = bao.approle("reads");
    reads_only(&token("approle", &json!({"role_id": role, "secret_id": secret})));
    assert_eq!(login("approle", &json!({"role_id": role, "secret_id": "wrong"})).status(), 400);

    let jwt = bao.jwt("reads");
    assert_eq!(Jwt::AUDIENCE, "bao");
    reads_only(&token("jwt", &json!({"role": "ci", "jwt": jwt.token("acme/app")})));
    for wrong in [jwt.token("acme/other"), jwt.expired_token()] {
        assert_eq!(login("jwt", &json!({"role": "ci", "jwt": wrong})).status(), 400);
    }

    let cluster = bao.kubernetes("reads");
    let account = jwt.service_account();
    reads_only(&token("kubernetes", &json!({"role": "app", "jwt": account})));
    cluster.close();
    assert_eq!(login("kubernetes", &json!({"role": "app", "jwt": account})).status(), 403);
}

#[test]
fn openbao_has_its_own_authority() {
    let bao = Bao::tls();
    let put = bao.cli(&["kv", "put", "secret/app", "NAME=one"], &[]);
    assert!(put.status.success(), "{}", said(&put));
    assert_eq!(said(&bao.cli(&["kv", "get", "-field=NAME", "secret/app"], &[])), "one");

    let other = bao.folder().join("other.pem");
    fs::write(&other, Bao::dev().authority()).expect("a certificate");
    let refused = bao.cli(&["kv", "get", "secret/app"], &[("BAO_CACERT", other.as_os_str())]);
    assert!(!refused.status.success());
    assert!(said(&refused).contains("certificate"), "{}", said(&refused));

    // The stand-ins of the clouds have the same certificate.
    let (moto, google) = (Moto::tls(&bao), Google::tls(&bao));
    for url in [&moto.url, &google.url] {
        let answered = said(&bao.cli(&["status"], &[("BAO_ADDR", url.as_ref())]));
        assert!(url.starts_with("https://") && answered.contains("Code: 404"), "{url}: {answered}");
    }
}

#[test]
fn leases_are_real() {
    let (bao, valkey) = (Bao::dev(), Valkey::start());
    bao.database(&valkey);
    let made = bao.must("GET", "database/creds/app", &Value::Null);
    let text = |of: &str| made["data"][of].as_str().expect("a text").to_owned();
    let asks = || valkey.asks(&text("username"), &text("password"), "GET nothing");
    assert_eq!((made["lease_duration"].as_u64(), asks()), (Some(60), "$-1".to_owned()));

    let lease = json!({"lease_id": made["lease_id"], "increment": 120});
    assert_eq!(bao.must("PUT", "sys/leases/renew", &lease)["lease_duration"], 120);
    bao.must("PUT", "sys/leases/revoke", &json!({"lease_id": made["lease_id"], "sync": true}));
    assert!(asks().starts_with("-NOAUTH"), "{}", asks());
}

#[test]
fn moto_keeps_stages() {
    let moto = Moto::start();
    assert!(moto.environment().contains(&("AWS_ENDPOINT_URL", &moto.url)));
    let made = moto.call("CreateSecret", &json!({"Name": "app", "SecretString": "one"})).json();
    let put = moto.call("PutSecretValue", &json!({"SecretId": "app", "SecretString": "two"})).json();
    assert_eq!(put["VersionStages"], json!(["AWSCURRENT"]));
    let get = |stage: &str| {
        let answer = moto.call("GetSecretValue", &json!({"SecretId": "app", "VersionStage": stage}));
        (answer.json()["SecretString"].clone(), answer.json()["VersionId"].clone())
    };
    assert_eq!(get("AWSCURRENT"), (json!("two"), put["VersionId"].clone()));
    assert_eq!(get("AWSPREVIOUS"), (json!("one"), made["VersionId"].clone()));
    let missing = moto.call("GetSecretValue", &json!({"SecretId": "none"}));
    assert_eq!(missing.json()["__type"], "ResourceNotFoundException");
}

/// The methods that a key's life in a store takes.
const METHODS: [&str; 8] = [
    "secrets.create",
    "secrets.addVersion",
    "secrets.get",
    "secrets.versions.access",
    "secrets.versions.list",
    "secrets.versions.enable",
    "secrets.versions.disable",
    "secrets.versions.destroy",
];

#[test]
fn googles_own_client_believes_the_stand_in() {
    let google = Google::start();
    runs("test_google_standin.py", &[&google.url]).expect("a whole life");
    let counted = google.check_traffic(&METHODS).expect("as Google describes it");
    assert!(counted.contains("locations.secrets.addVersion"), "{counted}");
    let traffic = fs::read_to_string(google.traffic()).expect("what was said");
    assert!(!traffic.contains("Zmlyc3Q"), "the first value stands in the traffic");

    // The check sees what Google would not take.
    google.call("POST", "projects/demo/secrets?secret_id=app", &json!({"replicas": 1}));
    let problems = google.check_traffic(&["secrets.getIamPolicy"]).expect_err("three problems");
    for problem in ["`secret_id`", "`replicas`", "secrets.getIamPolicy was not used"] {
        assert!(problems.contains(problem), "{problems}");
    }
}

#[test]
fn the_google_stand_in_wants_its_token() {
    let google = Google::guarded("bearer-of-the-test");
    let refused = google.call("GET", "projects/demo/secrets", &Value::Null);
    assert_eq!((refused.status(), &refused.json()["error"]["status"]), (401, &json!("UNAUTHENTICATED")));
    let account = format!("{}/computeMetadata/v1/instance/service-accounts/default/token", google.url);
    let given = ask("GET", &account, &[("Metadata-Flavor", "Google")], "").expect("an answer").json();
    let bearer = format!("Bearer {}", given["access_token"].as_str().expect("a token"));
    let secrets = |project: &str| {
        let url = format!("{}/v1/projects/{project}/secrets", google.url);
        ask("GET", &url, &[("Authorization", &bearer)], "").expect("an answer").status()
    };
    assert_eq!((secrets("demo"), secrets(Google::DENIED)), (200, 403));
}

#[test]
fn the_keyring_keeps_secrets() {
    let mut service = SecretService::unlocked();
    let stored = service.tool(&["store", "--label=demo", "service", "demo", "username", "NAME"], "one");
    assert!(stored.status.success(), "{}", said(&stored));
    let lookup = |service: &SecretService| service.tool(&["lookup", "service", "demo", "username", "NAME"], "");
    assert_eq!(said(&lookup(&service)), "one");

    service.lock();
    let locked = lookup(&service);
    assert!(!locked.status.success() && !said(&locked).contains("one"), "{}", said(&locked));
    assert!(said(&lookup(&SecretService::missing())).contains("org.freedesktop.secrets"));
}

#[test]
fn pass_keeps_secrets() {
    let pass = Pass::start();
    let stored = pass.pass(&["insert", "--multiline", "app/NAME"], "one");
    assert!(stored.status.success(), "{}", said(&stored));
    assert_eq!(said(&pass.pass(&["show", "app/NAME"], "")), "one");
    let missing = pass.pass(&["show", "app/OTHER"], "");
    assert!(!missing.status.success() && said(&missing).contains("not in the password store"), "{}", said(&missing));
}

#[test]
fn servers_end_with_the_test() {
    let bao = Bao::dev();
    let (folder, url) = (bao.folder().to_owned(), format!("{}/v1/sys/health", bao.url));
    assert!(ask("GET", &url, &[], "").is_some());
    let test = std::thread::spawn(move || {
        let _bao = bao;
        std::panic::resume_unwind(Box::new("a failure"));
    });
    assert!(test.join().is_err());
    assert!(ask("GET", &url, &[], "").is_none(), "the server lives on");
    assert!(!folder.exists(), "its folder is still there");
}
