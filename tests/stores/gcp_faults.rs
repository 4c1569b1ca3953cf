//! What goes wrong with Google Cloud Secret Manager.

use std::time::{Duration, Instant};

use aikeys::secrets::Secret;
use aikeys::stores::Stores;
use serde_json::json;

use super::apart::{apart, at, put, says, value};
use super::faults::{Fault, Faults, Filter};
use super::gcp::{KEY, settings};
use super::servers::Google;

fn refused(code: u16, body: &'static str, first: usize) -> Fault {
    Fault::Status { code, headers: vec![("Content-Type", "application/json")], body, first }
}

/// Reads and writes fail with this, quickly, and never with a value.
fn both_say(stores: &Stores, words: &[&str]) {
    let start = Instant::now();
    says(value(stores, KEY), words);
    says(put(stores, "ref+gcpsecrets://demo/OTHER", "value-other"), words);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn failures_say_what_to_do() {
    let Some(room) = apart("stores::gcp_faults::failures_say_what_to_do", &[]) else { return };
    let google = Google::start();
    let faults = Faults::before(&google.url);
    let stores = room.stores(&settings(&faults.url()));
    put(&stores, KEY, "value-1").expect("it is new");

    let name = format!("Google Secret Manager at {}", faults.url());
    faults.set(Fault::Down);
    both_say(&room.stores(&settings(&faults.url())), &[&name, "cannot be reached", "proxy"]);
    both_say(&stores, &[&name, "proxy and your network"]);
    faults.set(Fault::CutHalfway);
    both_say(&stores, &[&name, "not as a whole"]);
    faults.set(Fault::Garbage);
    both_say(&stores, &[&name, "not as a whole"]);
    faults.set(refused(403, r#"{"error":{"code":403,"message":"no","status":"PERMISSION_DENIED"}}"#, 99));
    both_say(&stores, &["`secretmanager.versions.access` is missing"]);
    let denied = format!("ref+gcpsecrets://{}/KEY", Google::DENIED);
    says(value(&stores, &denied), &[&denied, "`secretmanager.versions.access` is missing"]);
    faults.set(refused(403, "<html>a proxy that says no</html>", 99));
    both_say(&stores, &["refused it with 403"]);
    faults.set(refused(401, r#"{"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}}"#, 99));
    both_say(&stores, &["or no longer: run `gcloud auth application-default login`"]);
    faults.set(refused(500, r#"{"error":{"code":500,"message":"no","status":"INTERNAL"}}"#, 99));
    both_say(&stores, &["failed with 500"]);
    faults.set(Fault::None);

    // Somebody else is always faster.
    let exists = refused(409, r#"{"error":{"code":409,"message":"no","status":"ABORTED"}}"#, 99);
    faults.set_for(Filter { method: Some("POST"), holds: "secretId=OTHER" }, exists);
    says(put(&stores, "ref+gcpsecrets://demo/OTHER", "value-2"), &["at the same moment"]);
    assert_eq!(faults.chosen(), 3);
    faults.set(Fault::None);
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-1"));
}

/// What arrives is what Google holds, or it is not used.
#[test]
fn checksums_are_looked_at() {
    let Some(room) = apart("stores::gcp_faults::checksums_are_looked_at", &[]) else { return };
    let google = Google::start();
    let faults = Faults::before(&google.url);
    let stores = room.stores(&settings(&faults.url()));
    put(&stores, KEY, "value-1").expect("it is new");
    let known = google.call("GET", "projects/demo/secrets/KEY/versions/1:access", &json!(null)).json();
    assert_eq!(known["payload"]["dataCrc32c"], json!(crc32c(b"value-1").to_string()));
    let other = r#"{"name":"projects/1/secrets/KEY/versions/1","payload":{"data":"dmFsdWUtMQ==","dataCrc32c":"1"}}"#;
    faults.set(refused(200, other, 99));
    says(value(&stores, KEY), &["checksum"]);
}

/// The Castagnoli checksum, bit by bit.
fn crc32c(data: &[u8]) -> u32 {
    let step = |rest: u32| if rest & 1 == 1 { rest >> 1 ^ 0x82f6_3b78 } else { rest >> 1 };
    !data.iter().fold(!0, |rest, byte| (0..8).fold(rest ^ u32::from(*byte), |rest, _| step(rest)))
}

#[test]
fn slow_answers_end_after_ten_seconds() {
    let Some(room) = apart("stores::gcp_faults::slow_answers_end_after_ten_seconds", &[]) else { return };
    let google = Google::start();
    let faults = Faults::before(&google.url);
    let stores = room.stores(&settings(&faults.url()));
    faults.set(Fault::Slow(Duration::from_secs(30)));
    let start = Instant::now();
    let all: Vec<_> = (0..100).map(|it| at(&format!("ref+gcpsecrets://demo/K{it}"))).collect();
    let answers = stores.get_all(&all);
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
    for answer in answers {
        let login = "gcloud auth application-default login";
        says(answer.map(|_| ()).map_err(|it| it.to_string()), &["Google Secret Manager", "within 10 seconds", login]);
    }
}

#[test]
fn busy_stores_are_asked_again() {
    let Some(room) = apart("stores::gcp_faults::busy_stores_are_asked_again", &[]) else { return };
    let google = Google::start();
    let faults = Faults::before(&google.url);
    let stores = room.stores(&settings(&faults.url()));
    let body = r#"{"error":{"code":429,"message":"quota","status":"RESOURCE_EXHAUSTED"}}"#;
    faults.set_for(Filter { method: Some("POST"), holds: "secretId" }, refused(429, body, 2));
    put(&stores, KEY, "value-1").expect("it is written in the end");
    faults.set_for(Filter { method: Some("POST"), holds: ":addVersion" }, refused(429, body, 2));
    put(&stores, "ref+gcpsecrets://demo/OTHER", "value-2").expect("it is written in the end");
    faults.set(refused(429, "slower", 2));
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-1"));

    faults.set(refused(429, body, usize::MAX));
    let start = Instant::now();
    says(value(&stores, KEY), &[KEY, "too much to do"]);
    assert!(start.elapsed() < Duration::from_secs(12), "{:?}", start.elapsed());
}

#[test]
fn lost_answers_are_looked_up() {
    let Some(room) = apart("stores::gcp_faults::lost_answers_are_looked_up", &[]) else { return };
    let google = Google::start();
    let faults = Faults::before(&google.url);
    let stores = room.stores(&settings(&faults.url()));
    let lose = |holds| faults.set_for(Filter { method: Some("POST"), holds }, Fault::LoseAnswer(1));
    lose(":addVersion");
    put(&stores, KEY, "value-1").expect("it is there");
    lose(":addVersion");
    stores.replace(&at(KEY), &Secret::new("value-2")).expect("it is there");
    assert_eq!(value(&stores, KEY).as_deref(), Ok("value-2"));
    assert_eq!(stores.versions(&at(KEY)).expect("versions").len(), 2);

    // The secret was made, and no value yet: it is said. Somebody else could be about to fill it.
    lose("secretId");
    says(put(&stores, "ref+gcpsecrets://demo/OTHER", "value-3"), &["not as a whole"]);
    says(put(&stores, "ref+gcpsecrets://demo/OTHER", "value-3"), &["at the same moment: try again"]);
    google.check_traffic(&[]).expect("as Google describes it");
}
