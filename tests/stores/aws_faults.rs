//! What goes wrong with AWS Secrets Manager.

use std::time::{Duration, Instant};

use aikeys::secrets::Secret;
use aikeys::stores::{StoreError, Stores};

use super::apart::{apart, at, put, says, value};
use super::aws::{LOGGED_IN, settings};
use super::faults::{Fault, Faults, Filter};
use super::servers::Moto;

const KEY: &str = "ref+awssecrets://app/KEY";

fn refused(code: u16, body: &'static str, first: usize) -> Fault {
    Fault::Status { code, headers: Vec::new(), body, first }
}

/// Reads and writes fail with this, quickly, and never with a value.
fn both_say(stores: &Stores, words: &[&str]) {
    let start = Instant::now();
    says(value(stores, KEY), words);
    says(put(stores, "ref+awssecrets://app/OTHER", "value-other"), words);
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn failures_say_what_to_do() {
    let Some(room) = apart("stores::aws_faults::failures_say_what_to_do", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let faults = Faults::before(&moto.url);
    let stores = room.stores(&settings(&faults.url()));
    put(&stores, KEY, "value-1").expect("it is new");

    faults.set(Fault::Down);
    both_say(&stores, &["AWS Secrets Manager", "cannot be reached", "proxy"]);
    faults.set(Fault::CutHalfway);
    both_say(&stores, &["AWS Secrets Manager"]);
    faults.set(Fault::Garbage);
    both_say(&stores, &["AWS Secrets Manager"]);
    let denied = r#"{"__type":"AccessDeniedException","Message":"User: arn:aws:iam::1:user/x is not authorized"}"#;
    faults.set(refused(400, denied, 99));
    both_say(&stores, &[KEY.split_at(20).0, "`secretsmanager:GetSecretValue` is missing"]);
    faults.set_for(Filter { method: None, holds: "CreateSecret" }, refused(400, denied, 99));
    says(put(&stores, "ref+awssecrets://app/OTHER", "value-2"), &["`secretsmanager:CreateSecret` is missing"]);
    faults.set(refused(400, r#"{"__type":"AccessDeniedException","Message":"Access to KMS is not allowed"}"#, 99));
    both_say(&stores, &["`kms:Decrypt`"]);
    faults.set(refused(403, "<html>a proxy that says no</html>", 99));
    both_say(&stores, &["refused GetSecretValue with 403"]);
    faults.set(refused(400, r#"{"__type":"ExpiredTokenException","Message":"expired"}"#, 99));
    both_say(&stores, &["not valid, or no longer", "set AWS_ACCESS_KEY_ID"]);
    faults.set(refused(500, r#"{"__type":"InternalServiceError","Message":"x"}"#, 99));
    both_say(&stores, &["failed with 500"]);
    let leaving = "{\"__type\":\"InvalidRequestException\",\"Message\":\"You can't perform this operation on the \
                   secret because it was marked for deletion.\"}";
    faults.set(refused(400, leaving, 99));
    both_say(&stores, &["aws secretsmanager restore-secret"]);
    assert!(matches!(stores.get(&at(KEY)), Err(StoreError::Gone { .. })));

    // The next one is served again.
    faults.set(Fault::None);
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-1"));
    let all = stores.versions(&at(KEY)).expect("versions");
    assert_eq!(all.len(), 1);
}

#[test]
fn slow_answers_end_after_ten_seconds() {
    let Some(room) = apart("stores::aws_faults::slow_answers_end_after_ten_seconds", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let faults = Faults::before(&moto.url);
    let stores = room.stores(&settings(&faults.url()));
    faults.set(Fault::Slow(Duration::from_secs(30)));
    let start = Instant::now();
    let all: Vec<_> = (0..700).map(|it| at(&format!("ref+awssecrets://app/{it}"))).collect();
    let answers = stores.get_all(&all);
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    for answer in answers {
        says(
            answer.map(|_| ()).map_err(|it| it.to_string()),
            &["AWS Secrets Manager", "within 10 seconds", "logged in"],
        );
    }
}

#[test]
fn busy_stores_are_asked_again() {
    let Some(room) = apart("stores::aws_faults::busy_stores_are_asked_again", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let faults = Faults::before(&moto.url);
    let stores = room.stores(&settings(&faults.url()));
    let busy = |first| refused(400, r#"{"__type":"ThrottlingException","Message":"Rate exceeded"}"#, first);
    faults.set_for(Filter { method: None, holds: "CreateSecret" }, busy(2));
    put(&stores, KEY, "value-1").expect("it is written in the end");
    faults.set(busy(4));
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-1"));
    faults.set(busy(4));
    let found = stores.get_all(&[at(KEY), at(KEY)]);
    assert!(found.iter().all(Result::is_ok), "{found:?}");

    faults.set(busy(usize::MAX));
    let start = Instant::now();
    says(value(&stores, KEY), &[KEY, "too much to do"]);
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
}

#[test]
fn lost_answers_are_looked_up() {
    let Some(room) = apart("stores::aws_faults::lost_answers_are_looked_up", &LOGGED_IN) else { return };
    let moto = Moto::start();
    let faults = Faults::before(&moto.url);
    let stores = room.stores(&settings(&faults.url()));
    let lose = |holds| faults.set_for(Filter { method: None, holds }, Fault::LoseAnswer(1));
    lose("CreateSecret");
    put(&stores, KEY, "value-1").expect("it is there");
    lose("PutSecretValue");
    stores.replace(&at(KEY), &Secret::new("value-2")).expect("it is there");
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-2"));
    // The same request was sent again, which made no version of its own.
    assert_eq!(stores.versions(&at(KEY)).expect("versions").len(), 2);
}

#[test]
fn who_is_not_logged_in_is_told_how() {
    let Some(room) = apart("stores::aws_faults::who_is_not_logged_in_is_told_how", &[]) else { return };
    let shown = |settings| room.stores(settings).destinations().iter().any(|it| it.store == "aws");
    assert!(!shown("") && shown("[stores.aws]\n"), "menus show what the user has set up");
    let profiles = "[profile team]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = r\nregion = eu-west-1\n\
                    [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp.example\n\
                    [profile me]\nlogin_session = arn:aws:iam::1:user/me\nregion = eu-west-1\n\
                    [profile far]\nendpoint_url = http://far.example\naws_access_key_id = a\n\
                    aws_secret_access_key = b\nregion = eu-west-1\n";
    let config = room.file("aws-config", profiles);
    let said = |environment: &[(&str, &str)]| {
        let start = Instant::now();
        let answer =
            room.run(KEY, &[&[("AWS_REGION", "eu-west-1"), ("AWS_CONFIG_FILE", &config)], environment].concat());
        assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
        answer
    };
    says(said(&[]), &["NAME", "not logged in", "run `aws configure`"]);
    says(said(&[("AWS_PROFILE", "team")]), &["not logged in", "run `aws sso login --profile team`"]);
    says(said(&[("AWS_PROFILE", "me")]), &["not logged in", "run `aws login --profile me`"]);
    says(said(&[("AWS_PROFILE", "none")]), &["not logged in", "aws configure --profile none"]);
    says(said(&[("AWS_PROFILE", "far")]), &["anyone between would read the keys"]);
    says(said(&[("AWS_ENDPOINT_URL", "http://far.example")]), &["http://far.example", "anyone between would read"]);
    let hidden = said(&[("AWS_ENDPOINT_URL", "http://user:password@far.example")]).expect_err("it is no address");
    assert!(hidden.contains("no user stands in its address") && !hidden.contains("password"), "{hidden}");
    let local = ("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    says(said(&[local, ("HTTP_PROXY", "http://far.example")]), &["NO_PROXY=127.0.0.1"]);
}
