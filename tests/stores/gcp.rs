//! Google Cloud Secret Manager, as our stand-in plays it.

use aikeys::secrets::Secret;
use aikeys::stores::{StoreError, VersionState};
use base64::Engine;
use serde_json::json;

use super::apart::{apart, at, put, says, value};
use super::faults::ConnectProxy;
use super::machine::Machine;
use super::servers::{Bao, Google};

pub const KEY: &str = "ref+gcpsecrets://demo/KEY";

pub fn settings(endpoint: &str) -> String {
    format!("[stores.gcp]\nproject = \"demo\"\nendpoint = \"{endpoint}\"\n")
}

/// The methods that we use.
const METHODS: [&str; 7] = [
    "secrets.create",
    "secrets.addVersion",
    "secrets.list",
    "secrets.versions.access",
    "secrets.versions.get",
    "secrets.versions.list",
    "secrets.versions.disable",
];

#[test]
fn secrets_live_in_google() {
    let Some(room) = apart("stores::gcp::secrets_live_in_google", &[]) else { return };
    let google = Google::start();
    assert!(room.stores("").destination("gcp").is_err(), "no project is named");
    let stores = room.stores(&settings(&google.url));
    let place = stores.destination("gcp").expect("it is set up");
    assert_eq!(place.label, "Google Secret Manager at demo/{name}");
    assert_eq!(place.reference.as_deref(), Some("ref+gcpsecrets://demo/{name}"));
    assert!(stores.destinations().contains(&place), "a menu does not show it");

    let key = at(KEY);
    assert!(!stores.exists(&key).expect("an answer"));
    assert!(matches!(stores.get(&key), Err(StoreError::Missing { .. })));
    put(&stores, KEY, "value-1").expect("it is new");
    put(&stores, KEY, "value-1").expect("the same again is fine");
    assert!(matches!(stores.put(&key, &Secret::new("value-2")), Err(StoreError::Taken { .. })));
    stores.replace(&key, &Secret::new("value-2")).expect("a newer version");
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-2"));
    assert!(stores.exists(&key).expect("an answer"));

    let versions = stores.versions(&key).expect("two versions");
    let seen: Vec<_> = versions.iter().map(|it| (&*it.id, it.state, it.labels.join(" "))).collect();
    assert_eq!(seen, [("2", VersionState::Live, "latest".to_owned()), ("1", VersionState::Live, String::new())]);
    assert!(versions.iter().all(|it| it.created.is_some()));
    let old = "ref+gcpsecrets://demo/KEY?version=1";
    assert_eq!(value(&stores, old).as_deref(), Ok("value-1"));
    assert_eq!(value(&stores, "ref+gcpsecrets://demo/KEY?version=latest").as_deref(), Ok("value-2"));
    let refused = stores.replace(&at(old), &Secret::new("value-3")).map_err(|error| error.to_string());
    says(refused, &["names a version"]);
    says(value(&stores, "ref+gcpsecrets://demo/KEY?version=1:destroy"), &["no version of such a name"]);
    assert!(matches!(stores.get(&at("ref+gcpsecrets://demo/KEY?version=9")), Err(StoreError::Missing { .. })));

    // A disabled version is no value; another one can be put on top of it.
    stores.disable(&key, "2").expect("it is there");
    assert!(!stores.exists(&key).expect("an answer") && stores.exists(&at(old)).expect("an answer"));
    assert!(matches!(stores.get(&key), Err(StoreError::Gone { version: Some(it), .. }) if it == "2"));
    says(
        value(&stores, KEY),
        &["version 2 was disabled", "gcloud secrets versions enable 2 --secret KEY --project demo"],
    );
    google.call("POST", "projects/demo/secrets/KEY/versions/1:destroy", &json!({}));
    says(value(&stores, old), &["version 1 was destroyed"]);
    put(&stores, KEY, "value-4").expect("a newer version");
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-4"));
    let states: Vec<_> = stores.versions(&key).expect("versions").iter().map(|it| it.state).collect();
    assert_eq!(states, [VersionState::Live, VersionState::Disabled, VersionState::Destroyed]);

    put(&stores, "ref+gcpsecrets://demo/OTHER_KEY", "value-5").expect("it is new");
    put(&stores, "ref+gcpsecrets://another/KEY", "value-6").expect("it is new");
    let other = at("ref+gcpsecrets://demo/OTHER_KEY");
    assert_eq!(stores.list(&at("ref+gcpsecrets://demo")).expect("a list"), [key.clone(), other]);
    assert_eq!(stores.list(&at("ref+gcpsecrets://demo/KEY")).expect("a list"), [key]);
    google.check_traffic(&METHODS).expect("as Google describes it");
}

#[test]
fn fields_share_a_secret() {
    let Some(room) = apart("stores::gcp::fields_share_a_secret", &[]) else { return };
    let google = Google::start();
    let stores = room.stores(&settings(&google.url));
    put(&stores, "ref+gcpsecrets://demo/team#/A", "value-a").expect("a new secret");
    put(&stores, "ref+gcpsecrets://demo/team#/deep/B", "value-b").expect("a new field");
    says(put(&stores, "ref+gcpsecrets://demo/team#/A", "value-c"), &["holds another value"]);
    stores.replace(&at("ref+gcpsecrets://demo/team#/A"), &Secret::new("value-c")).expect("a newer version");
    let whole = value(&stores, "ref+gcpsecrets://demo/team");
    assert_eq!(whole.as_deref(), Ok(r#"{"A":"value-c","deep":{"B":"value-b"}}"#));
    assert_eq!(value(&stores, "ref+gcpsecrets://demo/team#/deep/B").as_deref(), Ok("value-b"));
    assert!(matches!(stores.get(&at("ref+gcpsecrets://demo/team#/C")), Err(StoreError::Missing { .. })));

    put(&stores, "ref+gcpsecrets://demo/plain", "value-d").expect("it is new");
    says(value(&stores, "ref+gcpsecrets://demo/plain#/A"), &["no JSON object"]);
    says(put(&stores, "ref+gcpsecrets://demo/plain#/A", "value-e"), &["no JSON object"]);
    assert_eq!(value(&stores, "ref+gcpsecrets://demo/plain").as_deref(), Ok("value-d"));
    // The fields of a version that cannot be read would be lost.
    stores.disable(&at("ref+gcpsecrets://demo/team"), "latest").expect("it is there");
    says(put(&stores, "ref+gcpsecrets://demo/team#/D", "value-f"), &["was disabled"]);
    google.check_traffic(&[]).expect("as Google describes it");
}

#[test]
fn names_and_sizes_have_limits() {
    let Some(room) = apart("stores::gcp::names_and_sizes_have_limits", &[]) else { return };
    let google = Google::start();
    let stores = room.stores(&settings(&google.url));
    for name in ["a%2Bb", "a%23b", "a/b", "..", "a%3Fb", &"x".repeat(256)] {
        let reference = format!("ref+gcpsecrets://demo/{name}");
        says(put(&stores, &reference, "value-1"), &["Google allows names of letters"]);
    }
    says(put(&stores, "ref+gcpsecrets://demo", "value-1"), &["names no secret", "ref+gcpsecrets://PROJECT/NAME"]);
    says(put(&stores, "ref+gcpsecrets://de%23mo/KEY", "value-1"), &["no project of such a name"]);
    let most = "x".repeat(65536);
    put(&stores, "ref+gcpsecrets://demo/most", &most).expect("it just fits");
    says(put(&stores, "ref+gcpsecrets://demo/more", &(most.clone() + "x")), &["65537 bytes are too many"]);
    says(put(&stores, "ref+gcpsecrets://demo/more#/A", &most), &["bytes are too many"]);
    assert!(stores.list(&at("ref+gcpsecrets://demo/more")).expect("a list").is_empty(), "an empty secret was left");

    let payload = json!({"payload": {"data": "/v8="}});
    google.call("POST", "projects/demo/secrets/most:addVersion", &payload);
    says(value(&stores, "ref+gcpsecrets://demo/most"), &["no text but bytes"]);
}

#[test]
fn of_many_that_write_at_once_one_wins() {
    let Some(room) = apart("stores::gcp::of_many_that_write_at_once_one_wins", &[]) else { return };
    let google = Google::start();
    let answers = std::thread::scope(|scope| {
        let write = |at: usize| {
            let stores = room.stores(&settings(&google.url));
            scope.spawn(move || put(&stores, KEY, &format!("value-{at}")))
        };
        let all: Vec<_> = (0..8).map(write).collect();
        all.into_iter().map(|it| it.join().expect("no panic")).collect::<Vec<_>>()
    });
    let won: Vec<_> = (0..8).filter(|at| answers[*at].is_ok()).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let stores = room.stores(&settings(&google.url));
    assert_eq!(value(&stores, KEY), Ok(format!("value-{}", won[0])));
    assert_eq!(stores.versions(&at(KEY)).expect("versions").len(), 1);
}

/// What sets up projects makes secrets without a value, which somebody fills later.
#[test]
fn secrets_without_a_value_are_filled() {
    let Some(room) = apart("stores::gcp::secrets_without_a_value_are_filled", &[]) else { return };
    let google = Google::start();
    let stores = room.stores(&format!("{}prefix = \"made-\"\n", settings(&google.url)));
    assert_eq!(stores.destination("gcp").expect("it is set up").label, "Google Secret Manager at demo/made-{name}");
    google.call("POST", "projects/demo/secrets?secretId=made-KEY", &json!({"replication": {"automatic": {}}}));
    says(put(&stores, "ref+gcpsecrets://demo/made-KEY", "value-1"), &["at the same moment: try again"]);
    std::thread::sleep(std::time::Duration::from_secs(15));
    assert!(!stores.exists(&at("ref+gcpsecrets://demo/made-KEY")).expect("an answer"));
    put(&stores, "ref+gcpsecrets://demo/made-KEY", "value-1").expect("it is filled");
    assert_eq!(value(&stores, "ref+gcpsecrets://demo/made-KEY").as_deref(), Ok("value-1"));
}

#[test]
fn projects_come_from_the_environment() {
    let test = "stores::gcp::projects_come_from_the_environment";
    let Some(room) = apart(test, &[("GOOGLE_CLOUD_PROJECT", "from-the-environment")]) else { return };
    let reference = |settings| room.stores(settings).destination("gcp").expect("it is set up").reference;
    assert_eq!(reference("").as_deref(), Some("ref+gcpsecrets://from-the-environment/{name}"));
    let named = "[stores.gcp]\nproject = \"demo\"\n";
    assert_eq!(reference(named).as_deref(), Some("ref+gcpsecrets://demo/{name}"));
}

/// Credentials as `gcloud auth application-default login` leaves them; who gives the token.
fn credentials(room: &super::apart::Room, tokens: &str) -> String {
    let login = json!({"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c",
        "token_uri": format!("{tokens}/token")});
    room.file("login.json", &login.to_string())
}

#[test]
fn proxies_and_authorities_of_the_environment_count() {
    let Some(room) = apart("stores::gcp::proxies_and_authorities_of_the_environment_count", &[]) else { return };
    let (bao, stranger) = (Bao::tls(), Bao::dev());
    let google = Google::tls(&bao);
    let (proxy, authority) = (ConnectProxy::start(), bao.ca.clone().expect("an authority"));
    let authority = authority.to_str().expect("a path");
    let endpoint = google.url.replace("127.0.0.1", "localhost.localdomain");
    let login = credentials(&room, &endpoint);
    let seen = |more: &[(&str, &str)]| {
        let endpoint = ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", &*endpoint);
        room.run(KEY, &[&[endpoint, ("GOOGLE_APPLICATION_CREDENTIALS", &login)], more].concat())
    };
    let through = ("HTTPS_PROXY", &*proxy.url());
    says(seen(&[through, ("SSL_CERT_FILE", authority)]), &["there is no such secret"]);
    let host = endpoint.trim_start_matches("https://");
    assert!(proxy.asked().iter().all(|it| *it == format!("CONNECT {host}")), "{:?}", proxy.asked());
    // The token and the secret.
    assert_eq!(proxy.asked().len(), 2, "{:?}", proxy.asked());
    let other = room.file("other.pem", &stranger.authority());
    says(seen(&[through, ("SSL_CERT_FILE", &other)]), &["its certificate is not trusted", "SSL_CERT_FILE"]);
}

#[test]
fn who_is_not_logged_in_is_told_how() {
    let Some(room) = apart("stores::gcp::who_is_not_logged_in_is_told_how", &[]) else { return };
    let google = Google::guarded("bearer-of-the-test");
    let login = "run `gcloud auth application-default login`";
    let said = |environment: &[(&str, &str)]| {
        let start = std::time::Instant::now();
        let answer = room.run(KEY, environment);
        assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
        answer
    };
    const ENDPOINT: &str = "CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER";
    let here = (ENDPOINT, &*google.url);
    let none = (ENDPOINT, "https://localhost.localdomain:1");
    says(said(&[none]), &["NAME", "not logged in", login]);
    says(said(&[none, ("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")]), &["not logged in", login]);
    says(said(&[here]), &["not logged in", login]);
    // A login that Google takes no more, and one that it takes.
    let gone = credentials(&room, "http://127.0.0.1:1");
    says(said(&[here, ("GOOGLE_APPLICATION_CREDENTIALS", &gone)]), &["not logged in", login]);
    let good = credentials(&room, &google.url);
    says(said(&[here, ("GOOGLE_APPLICATION_CREDENTIALS", &good)]), &["there is no such secret"]);

    says(said(&[(ENDPOINT, "http://far.example")]), &["http://far.example", "anyone between would read the keys"]);
    says(said(&[here, ("HTTP_PROXY", "http://far.example")]), &["NO_PROXY=127.0.0.1"]);
}

#[test]
fn keys_move_to_google_and_programs_run() {
    let google = Google::start();
    let machine = Machine::new().set("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", &google.url);
    let machine = machine.set("GOOGLE_CLOUD_PROJECT", "demo");
    machine.moves_and_runs("gcp");
    let held =
        google.call("GET", "projects/demo/secrets/ANTHROPIC_API_KEY/versions/latest:access", &json!(null)).json();
    let key = base64::prelude::BASE64_STANDARD.encode(machine.key());
    assert_eq!(held["payload"]["data"], json!(key));
    google.check_traffic(&[]).expect("as Google describes it");
}
