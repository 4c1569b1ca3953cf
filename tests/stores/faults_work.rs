//! Each fault happens as it should, between small real requests and a real server.

use std::io::{ErrorKind, Read};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::faults::{ConnectProxy, Fault, Faults, Filter};
use super::http::{Message, ask};
use super::servers::{Bao, Google, Moto, call_aws};

const PATH: &str = "/v1/secret/data/app";

fn put(url: &str, value: &str) -> Option<Message> {
    let body = json!({"data": {"NAME": value}}).to_string();
    ask("POST", &format!("{url}{PATH}"), &[("X-Vault-Token", Bao::ROOT)], &body)
}

fn get(url: &str) -> Option<Message> {
    ask("GET", &format!("{url}{PATH}"), &[("X-Vault-Token", Bao::ROOT)], "")
}

fn value(answer: Option<Message>) -> Value {
    answer.expect("a whole answer").json()["data"]["data"]["NAME"].clone()
}

#[test]
fn faults_happen() {
    let bao = Bao::dev();
    let faults = Faults::before(&bao.url);
    let url = faults.url();
    put(&url, "one").expect("an answer");
    assert_eq!(value(get(&url)), "one");
    assert_eq!(faults.seen(), [format!("POST {PATH}"), format!("GET {PATH}")]);

    let connect = || TcpStream::connect(url.trim_start_matches("http://"));
    let mut open = connect().expect("somebody listens");
    faults.set(Fault::Down);
    assert_eq!(open.read(&mut [0]).unwrap_or(0), 0, "a connection lives on");
    assert_eq!(connect().expect_err("nobody listens").kind(), ErrorKind::ConnectionRefused);
    faults.set(Fault::None);
    assert_eq!(value(get(&url)), "one");

    faults.set(Fault::Slow(Duration::from_millis(300)));
    let start = Instant::now();
    assert_eq!(value(get(&url)), "one");
    assert!(start.elapsed() >= Duration::from_millis(300));

    for fault in [Fault::CutHalfway, Fault::Garbage] {
        faults.set(fault);
        assert!(get(&url).is_none_or(|answer| answer.status() == 0), "a whole answer");
        assert_eq!(faults.chosen(), 1);
    }

    // The server has it, and the client does not know.
    faults.set_for(Filter { method: Some("POST"), holds: "/data/app" }, Fault::LoseAnswer(2));
    assert_eq!(put(&url, "two").expect("the first answer").status(), 200);
    assert!(put(&url, "three").is_none());
    assert_eq!((value(get(&url)), faults.chosen()), (json!("three"), 2));

    let headers = vec![("Retry-After", "1")];
    let slower = Fault::Status { code: 429, headers, body: "{\"errors\":[\"slower\"]}", first: 2 };
    faults.set_for(Filter { method: Some("GET"), holds: "" }, slower);
    let answers: Vec<Message> = (0..3).map(|_| get(&url).expect("an answer")).collect();
    assert_eq!(answers.iter().map(Message::status).collect::<Vec<_>>(), [429, 429, 200]);
    assert_eq!((answers[0].header("retry-after"), answers[0].json()), (Some("1"), json!({"errors": ["slower"]})));
    assert_eq!(put(&url, "four").expect("no fault for others").status(), 200);
}

#[test]
fn faults_stand_before_all_servers() {
    let (moto, google) = (Moto::start(), Google::start());
    let faults = Faults::before(&moto.url);
    let filter = Filter { method: None, holds: "GetSecretValue" };
    let body = r#"{"__type":"ThrottlingException"}"#;
    faults.set_for(filter, Fault::Status { code: 400, headers: Vec::new(), body, first: 1 });
    let call = |action: &str, body: Value| call_aws(&faults.url(), action, &body).expect("an answer");
    assert_eq!(call("CreateSecret", json!({"Name": "app", "SecretString": "one"})).status(), 200);
    let get = || call("GetSecretValue", json!({"SecretId": "app", "VersionStage": "AWSCURRENT"}));
    assert_eq!(get().json(), json!({"__type": "ThrottlingException"}));
    assert_eq!(get().json()["SecretString"], "one");

    let faults = Faults::before(&google.url);
    faults.set(Fault::CutHalfway);
    assert!(ask("GET", &format!("{}/v1/projects/demo/secrets", faults.url()), &[], "").is_none());
}

#[test]
fn the_proxy_counts() {
    let (bao, secure) = (Bao::dev(), Bao::tls());
    let proxy = ConnectProxy::start();
    // A name that only the proxy knows.
    let named = secure.url.replace("127.0.0.1", "localhost.localdomain");
    let host = named.trim_start_matches("https://").to_owned();
    let environment = |name: &'static str, url: &str| [("BAO_ADDR", url.into()), (name, proxy.url().into())];
    let cli = |environment: [(&'static str, std::ffi::OsString); 2]| {
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
        secure.cli(&["kv", "put", "secret/app", "NAME=one"], &environment)
    };
    let output = cli(environment("HTTPS_PROXY", &named));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(proxy.asked().iter().all(|it| *it == format!("CONNECT {host}")), "{:?}", proxy.asked());
    let tunnels = proxy.asked().len();
    assert!(tunnels > 0, "nothing went through the proxy");

    let plain = bao.url.replace("127.0.0.1", "localhost.localdomain");
    let output = cli(environment("HTTP_PROXY", &plain));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(proxy.asked().contains(&format!("PUT {plain}{PATH}")), "{:?}", proxy.asked());

    let far = format!("{}/", proxy.url());
    let host = far.trim_start_matches("http://").trim_end_matches('/');
    let request = Message::new("GET http://example.invalid/ HTTP/1.1".to_owned(), &[], "");
    assert_eq!(super::http::exchange(host, &request).expect("an answer").status(), 403);
}
