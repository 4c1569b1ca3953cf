//! AWS Secrets Manager, as moto plays it.

use aikeys::secrets::Secret;
use aikeys::stores::{StoreError, VersionState};
use serde_json::json;

use super::apart::{apart, at, put, says, value};
use super::faults::{ConnectProxy, Fault, Faults, Filter};
use super::machine::Machine;
use super::servers::{Bao, Moto};

/// Nobody asks moto who one is.
pub const LOGGED_IN: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "demo"), ("AWS_SECRET_ACCESS_KEY", "demo")];

pub fn settings(endpoint: &str) -> String {
    format!("[stores.aws]\nregion = \"us-east-1\"\nendpoint = \"{endpoint}\"\n")
}

#[test]
fn secrets_live_in_aws() {
    let Some(room) = apart("stores::aws::secrets_live_in_aws", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let stores = room.stores(&settings(&moto.url));
    let place = stores.destination("aws").expect("it is set up");
    assert_eq!(place.label, "AWS Secrets Manager at app/{name}");
    assert_eq!(place.reference.as_deref(), Some("ref+awssecrets://app/{name}"));
    assert!(room.stores("").destinations().contains(&place), "a menu does not show it to who is logged in");

    let key = at("ref+awssecrets://app/KEY");
    assert!(!stores.exists(&key).expect("an answer"));
    assert!(matches!(stores.get(&key), Err(StoreError::Missing { .. })));
    put(&stores, "ref+awssecrets://app/KEY", "value-1").expect("it is new");
    put(&stores, "ref+awssecrets://app/KEY", "value-1").expect("the same again is fine");
    assert!(matches!(stores.put(&key, &Secret::new("value-2")), Err(StoreError::Taken { .. })));
    stores.replace(&key, &Secret::new("value-2")).expect("a newer version");
    assert_eq!(value(&stores, "ref+awssecrets://app/KEY").as_deref(), Ok("value-2"));
    assert!(stores.exists(&key).expect("an answer"));

    let versions = stores.versions(&key).expect("two versions");
    let labels: Vec<_> = versions.iter().map(|it| it.labels.join(" ")).collect();
    assert_eq!(labels, ["AWSCURRENT", "AWSPREVIOUS"]);
    assert!(versions.iter().all(|it| it.created.is_some() && it.state == VersionState::Live));
    let old = format!("ref+awssecrets://app/KEY?version_id={}", versions[1].id);
    for older in [&old, "ref+awssecrets://app/KEY?version_stage=AWSPREVIOUS"] {
        assert_eq!(value(&stores, older).as_deref(), Ok("value-1"));
        assert!(stores.exists(&at(older)).expect("an answer"));
        says(put(&stores, older, "value-3"), &["holds another value"]);
    }
    assert!(!stores.exists(&at("ref+awssecrets://app/KEY?version_stage=none")).expect("an answer"));

    // The version before counts again, and the other way round.
    stores.disable(&key, &versions[0].id).expect("there is an older one");
    assert_eq!(value(&stores, "ref+awssecrets://app/KEY").as_deref(), Ok("value-1"));
    put(&stores, "ref+awssecrets://app/ONLY", "value-4").expect("it is new");
    let only = at("ref+awssecrets://app/ONLY");
    let refused = stores.disable(&only, "AWSCURRENT").map_err(|error| error.to_string());
    says(refused, &["its only version", "aws secretsmanager delete-secret"]);

    put(&stores, "ref+awssecrets://other/KEY", "value-5").expect("it is new");
    let list = stores.list(&at("ref+awssecrets://app")).expect("a list");
    assert_eq!(list, [key, only]);
}

#[test]
fn fields_share_a_secret() {
    let Some(room) = apart("stores::aws::fields_share_a_secret", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let stores = room.stores(&settings(&moto.url));
    put(&stores, "ref+awssecrets://team#/A", "value-a").expect("a new secret");
    put(&stores, "ref+awssecrets://team#/deep/B", "value-b").expect("a new field");
    says(put(&stores, "ref+awssecrets://team#/A", "value-c"), &["holds another value"]);
    stores.replace(&at("ref+awssecrets://team#/A"), &Secret::new("value-c")).expect("a newer version");
    assert_eq!(value(&stores, "ref+awssecrets://team").as_deref(), Ok(r#"{"A":"value-c","deep":{"B":"value-b"}}"#));
    assert_eq!(value(&stores, "ref+awssecrets://team#/deep/B").as_deref(), Ok("value-b"));
    assert!(matches!(stores.get(&at("ref+awssecrets://team#/C")), Err(StoreError::Missing { .. })));

    moto.call("CreateSecret", &json!({"Name": "plain", "SecretString": "value-d"}));
    says(value(&stores, "ref+awssecrets://plain#/A"), &["no JSON object"]);
    says(put(&stores, "ref+awssecrets://plain#/A", "value-e"), &["no JSON object"]);
    assert_eq!(value(&stores, "ref+awssecrets://plain").as_deref(), Ok("value-d"));
    moto.call("CreateSecret", &json!({"Name": "bytes", "SecretBinary": "/v8="}));
    says(value(&stores, "ref+awssecrets://bytes"), &["no text but bytes"]);
    says(put(&stores, "ref+awssecrets://bytes#/A", "value-f"), &["no text but bytes"]);
}

#[test]
fn names_and_sizes_have_limits() {
    let Some(room) = apart("stores::aws::names_and_sizes_have_limits", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let stores = room.stores(&settings(&moto.url));
    put(&stores, "ref+awssecrets://a%2Bb@c=d", "value-1").expect("Amazon allows it");
    assert_eq!(value(&stores, "ref+awssecrets://a%2Bb@c=d").as_deref(), Ok("value-1"));
    for name in ["a%23b", "a%20b", "a:b", &"x".repeat(513)] {
        says(put(&stores, &format!("ref+awssecrets://{name}"), "value-1"), &["Amazon allows names of"]);
    }
    let most = "x".repeat(65536);
    put(&stores, "ref+awssecrets://most", &most).expect("it just fits");
    says(put(&stores, "ref+awssecrets://more", &(most.clone() + "x")), &["65537 bytes are too many"]);
    says(put(&stores, "ref+awssecrets://more#/A", &most), &["bytes are too many"]);
    assert!(!stores.exists(&at("ref+awssecrets://more")).expect("an answer"));
}

/// Amazon's address of a secret names the region; so does the reference.
#[test]
fn regions_are_named_in_references() {
    let Some(room) = apart("stores::aws::regions_are_named_in_references", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let stores = room.stores(&settings(&moto.url));
    put(&stores, "ref+awssecrets://app/KEY", "value-here").expect("it is new");
    let there = "ref+awssecrets://app/KEY?region=eu-west-2";
    assert!(matches!(stores.get(&at(there)), Err(StoreError::Missing { .. })));
    put(&stores, there, "value-there").expect("it is new");
    let described = moto.call("DescribeSecret", &json!({"SecretId": "app/KEY"})).json();
    let arn = format!("ref+awssecrets://{}", described["ARN"].as_str().expect("Amazon's address"));

    let nowhere = room.stores(&format!("[stores.aws]\nendpoint = \"{}\"\n", moto.url));
    says(value(&nowhere, "ref+awssecrets://app/KEY"), &["no region is set", "AWS_REGION"]);
    says(value(&nowhere, "ref+awssecrets://app/KEY?region=far.example/%23"), &["none that there is"]);
    assert_eq!(value(&nowhere, there).as_deref(), Ok("value-there"));
    assert_eq!(value(&nowhere, &arn).as_deref(), Ok("value-here"));
    let all = ["ref+awssecrets://app/KEY?region=us-east-1", there, &arn, "ref+awssecrets://app/KEY"].map(at);
    let found = nowhere.get_all(&all);
    assert_eq!(found[0].as_ref().expect("it is there").expose(), "value-here");
    assert_eq!(found[1].as_ref().expect("it is there").expose(), "value-there");
    assert_eq!(found[2].as_ref().expect("it is there").expose(), "value-here");
    assert!(found[3].is_err());
}

#[test]
fn many_are_read_with_few_calls() {
    let Some(room) = apart("stores::aws::many_are_read_with_few_calls", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let faults = Faults::before(&moto.url);
    let stores = room.stores(&settings(&faults.url()));
    let plain: Vec<_> = (0..45).map(|at| format!("ref+awssecrets://many/{at}")).collect();
    for (at, reference) in plain.iter().enumerate() {
        put(&stores, reference, &format!("value-{at}")).expect("it is new");
    }
    stores.replace(&at(&plain[7]), &Secret::new("newer")).expect("a newer version");
    put(&stores, "ref+awssecrets://json#/A", "value-a").expect("it is new");
    put(&stores, "ref+awssecrets://json#/B", "value-b").expect("it is new");
    let mut all: Vec<_> = plain.iter().map(|it| at(it)).collect();
    all.extend(["ref+awssecrets://json#/A", "ref+awssecrets://json#/B", "ref+awssecrets://json#/C"].map(at));
    all.extend(["ref+awssecrets://many/7?version_stage=AWSPREVIOUS", "ref+awssecrets://many/none"].map(at));

    let read = |holds, fault| {
        faults.set_for(Filter { method: None, holds }, fault);
        let found = stores.get_all(&all);
        for (at, found) in found[..45].iter().enumerate() {
            let expected = if at == 7 { "newer".to_owned() } else { format!("value-{at}") };
            assert_eq!(found.as_ref().expect("it is there").expose(), expected);
        }
        let rest: Vec<_> = found[45..].iter().map(|it| it.as_ref().map(Secret::expose).ok()).collect();
        assert_eq!(rest, [Some("value-a"), Some("value-b"), None, Some("value-7"), None]);
        assert!([47, 49].iter().all(|at| matches!(found[*at], Err(StoreError::Missing { .. }))), "{:?}", &found[47..]);
        faults.chosen()
    };
    // 47 names are three calls; another version and what is not there are asked for alone.
    assert_eq!(read("BatchGetSecretValue", Fault::None), 3);
    assert_eq!(read(".GetSecretValue", Fault::None), 2);
    // A policy that does not know the call for many.
    let denied = r#"{"__type":"AccessDeniedException","Message":"no"}"#;
    let denied = Fault::Status { code: 400, headers: Vec::new(), body: denied, first: usize::MAX };
    assert_eq!(read("BatchGetSecretValue", denied), 3);
}

#[test]
fn of_many_that_write_at_once_one_wins() {
    let Some(room) = apart("stores::aws::of_many_that_write_at_once_one_wins", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let answers = std::thread::scope(|scope| {
        let write = |at: usize| {
            let stores = room.stores(&settings(&moto.url));
            scope.spawn(move || put(&stores, "ref+awssecrets://app/KEY", &format!("value-{at}")))
        };
        let all: Vec<_> = (0..8).map(write).collect();
        all.into_iter().map(|it| it.join().expect("no panic")).collect::<Vec<_>>()
    });
    let won: Vec<_> = (0..8).filter(|at| answers[*at].is_ok()).collect();
    assert_eq!(won.len(), 1, "{answers:?}");
    let stores = room.stores(&settings(&moto.url));
    assert_eq!(value(&stores, "ref+awssecrets://app/KEY"), Ok(format!("value-{}", won[0])));
    let all = stores.versions(&at("ref+awssecrets://app/KEY")).expect("versions");
    assert_eq!(all.len(), 1);
}

/// What sets up accounts makes secrets without a value, which somebody fills later.
#[test]
fn secrets_without_a_value_are_filled() {
    let Some(room) = apart("stores::aws::secrets_without_a_value_are_filled", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let faults = Faults::before(&moto.url);
    let stores = room.stores(&format!("{}prefix = \"made/\"\n", settings(&faults.url())));
    assert_eq!(stores.destination("aws").expect("it is set up").label, "AWS Secrets Manager at made/{name}");
    moto.call("CreateSecret", &json!({"Name": "made/KEY"}));
    assert!(!stores.exists(&at("ref+awssecrets://made/KEY")).expect("an answer"));
    put(&stores, "ref+awssecrets://made/KEY", "value-1").expect("it is filled");
    assert_eq!(value(&stores, "ref+awssecrets://made/KEY").as_deref(), Ok("value-1"));
}

#[test]
fn proxies_and_authorities_of_the_environment_count() {
    let Some(room) = apart("stores::aws::proxies_and_authorities_of_the_environment_count", &LOGGED_IN) else { return };
    let (bao, stranger) = (Bao::tls(), Bao::dev());
    let moto = Moto::tls(&bao);
    let (proxy, authority) = (ConnectProxy::start(), bao.ca.clone().expect("an authority"));
    let authority = authority.to_str().expect("a path");
    let endpoint = moto.url.replace("127.0.0.1", "localhost.localdomain");
    let seen = |more: &[(&str, &str)]| {
        let base = [("AWS_REGION", "eu-west-1"), ("AWS_ENDPOINT_URL", &*endpoint)];
        room.run("ref+awssecrets://app/KEY", &[&LOGGED_IN, &base[..], more].concat())
    };
    let through = ("HTTPS_PROXY", &*proxy.url());
    for trusted in [("AWS_CA_BUNDLE", authority), ("SSL_CERT_FILE", authority)] {
        says(seen(&[through, trusted]), &["there is no such secret"]);
    }
    assert!(proxy.asked().iter().all(|it| it.starts_with("CONNECT localhost.localdomain:")), "{:?}", proxy.asked());
    assert!(!proxy.asked().is_empty(), "nothing went through the proxy");
    let other = room.file("other.pem", &stranger.authority());
    for stranger in [("AWS_CA_BUNDLE", &*other), ("SSL_CERT_FILE", &*other)] {
        says(seen(&[through, stranger]), &["its certificate is not trusted", "AWS_CA_BUNDLE"]);
    }
    says(seen(&[through, ("AWS_CA_BUNDLE", "/dev/null/none")]), &["/dev/null/none"]);
    says(seen(&[through, ("AWS_CA_BUNDLE", "/etc/hostname")]), &["AWS_CA_BUNDLE names /etc/hostname"]);
    says(seen(&[("HTTPS_PROXY", "http://127.0.0.1:1"), ("AWS_CA_BUNDLE", authority)]), &["cannot be reached"]);
}

#[test]
fn many_are_read_as_quickly_as_by_amazons_own_client() {
    let moto = Moto::start();
    let output = Moto::python("aws_speed.py", &[env!("CARGO_BIN_EXE_aikeys-lsp"), &moto.url]);
    println!("{}", String::from_utf8_lossy(&output.stdout));
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn keys_move_to_aws_and_programs_run() {
    let moto = Moto::start();
    let machine = moto.environment().iter().fold(Machine::new(), |machine, (name, value)| machine.set(name, value));
    machine.moves_and_runs("aws");
    let held = moto.call("GetSecretValue", &json!({"SecretId": "app/ANTHROPIC_API_KEY", "VersionStage": "AWSCURRENT"}));
    assert_eq!(held.json()["SecretString"], machine.key());
}
