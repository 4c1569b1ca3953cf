//! The accounts of providers against a stand-in that checks each request by what the provider publishes
//! (`tests/real/providers.py`).

use std::cell::Cell;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use aikeys::accounts::{Account, AccountError, KeyUse, Order, RemoteKey, known, open_by};
use aikeys::secrets::{Secret, sample};
use aikeys::verify::Caller;
use jiff::Timestamp;
use serde_json::{Value, json};

/// A stand-in of its own, which ends with the test. A request that was wrong fails it.
pub struct Providers {
    process: Child,
    address: SocketAddr,
    wrong: Cell<bool>,
}

impl Providers {
    pub fn start() -> Providers {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/providers.py");
        let python = crate::real::cache().join("sdk-venv/bin/python");
        assert!(python.exists(), "{} is missing: run tests/real/install.sh sdk providers", python.display());
        let mut command = Command::new(&python);
        command.arg(script).arg("--stdin").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the stand-in starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a stream")).read_line(&mut line).expect("it says its port");
        let port: u16 = line.trim().parse().expect("a port: look at what it said");
        Providers { process, address: SocketAddr::from(([127, 0, 0, 1], port)), wrong: Cell::new(false) }
    }

    pub fn control(&self, action: &str, given: Value) -> Value {
        let body = given.to_string();
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let head = format!(
            "POST /_stand_in/{action} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).expect("sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200"), "{action}: {answer}");
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).unwrap_or_default()).expect("JSON")
    }

    pub fn account(&self, provider: &str, admin: &str) -> Box<dyn Account> {
        let variable = known(provider).expect("an interface").admin;
        let get = |name: &str| (name == variable).then(|| Ok(Secret::new(admin)));
        let caller = || Caller::of_stand_in(self.address, Duration::from_secs(10));
        open_by(provider, &get, caller).expect("it opens").expect("an interface")
    }

    fn key(&self, given: Value) -> String {
        self.control("create", given)["id"].as_str().expect("an id").to_owned()
    }

    fn value(&self, provider: &str, id: &str) -> String {
        let state = self.control("state", json!({}));
        let keys = state["keys"][provider].as_array().expect("keys");
        let key = keys.iter().find(|it| it["id"] == id).expect("the key is there");
        key["value"].as_str().expect("a value").to_owned()
    }

    /// The requests were meant to be wrong.
    fn forgive(&self) {
        self.wrong.set(true);
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        let invalid =
            if std::thread::panicking() { json!([]) } else { self.control("state", json!({}))["invalid"].take() };
        let _ = self.process.kill();
        let _ = self.process.wait();
        assert!(self.wrong.get() || invalid == json!([]), "requests that no client sends: {invalid:#}");
    }
}

fn now() -> i64 {
    Timestamp::now().as_second()
}

fn order(name: &str) -> Order {
    Order { name: name.to_owned(), lifetime: None }
}

fn ids(keys: &[RemoteKey]) -> Vec<&str> {
    keys.iter().map(|it| it.id.as_str()).collect()
}

fn is_lost<T>(answer: &Result<T, AccountError>) -> bool {
    matches!(answer, Err(AccountError::Lost(_)))
}

#[test]
fn openai_keys_are_listed_over_all_pages_and_projects() {
    let providers = Providers::start();
    let admin = sample("openai.admin", 1).expect("a sample");
    providers.control("admin", json!({"provider": "openai", "key": admin}));
    let account = providers.account("openai", &admin);
    assert_eq!(account.keys().expect("a list"), []);
    let ends = now() + 9000;
    for project in ["proj_1", "proj_2", "proj_3"] {
        for _ in 0..5 {
            providers.key(json!({"provider": "openai", "scope": project}));
        }
    }
    let of_user = providers.key(json!({"provider": "openai", "owner_type": "user", "name": "mine", "expires": ends}));
    providers.control("used", json!({"provider": "openai", "id": of_user, "at": now() - 60}));
    let outside = providers.key(json!({"provider": "openai", "access": "inactive"}));
    providers.control("pages", json!({"size": 2}));
    let keys = account.keys().expect("a list");
    assert_eq!(keys.len(), 17, "{:?}", ids(&keys));
    let key = keys.iter().find(|it| it.id == of_user).expect("the user's");
    assert_eq!((key.name.as_str(), key.scope.as_deref(), key.owner.as_deref()), ("mine", Some("proj_1"), None));
    assert_eq!(key.expires.map(Timestamp::as_second), Some(ends));
    assert_eq!(key.last_used.map(Timestamp::as_second), Some(now() - 60));
    assert!(key.active && key.can_be(&providers.value("openai", &of_user)) && !key.can_be(&admin));
    assert!(!keys.iter().find(|it| it.id == outside).expect("it is listed").active, "its owner has no access");
    let one = keys.iter().filter(|it| it.can_be(&providers.value("openai", "key_7"))).collect::<Vec<_>>();
    assert_eq!((one.len(), one[0].id.as_str()), (1, "key_7"), "a value finds its key among the others");
    assert_eq!(account.abilities().disable, false);
    assert!(matches!(account.disable(key), Err(AccountError::Refused(_))));
}

#[test]
fn openai_keys_are_made_for_the_same_service_account_and_ended() {
    let providers = Providers::start();
    let account = providers.account("openai", &sample("openai.admin", 1).expect("a sample"));
    providers.key(json!({"provider": "openai", "scope": "proj_9", "owner": "svc_acct_7"}));
    providers.key(json!({"provider": "openai", "owner_type": "user"}));
    let keys = account.keys().expect("a list");
    let (old, of_user) = (keys.iter().find(|it| it.owner.is_some()), keys.iter().find(|it| it.owner.is_none()));
    let old = old.expect("the account's");
    let lifetime = Some(Duration::from_secs(3600));
    let made = account.create(old, &Order { name: "aikeys x/y 1".into(), lifetime }).expect("a key");
    assert_eq!((made.key.scope.as_deref(), made.key.owner.as_deref()), (Some("proj_9"), Some("svc_acct_7")));
    assert_eq!((made.key.name.as_str(), made.values.len()), ("aikeys x/y 1", 1));
    let left = made.key.expires.expect("it ends").as_second() - now();
    assert!((3500..=3600).contains(&left), "{left}");
    assert!(made.key.can_be(made.values[0].expose()), "{:?}", made.key);
    assert_eq!(made.values[0].expose(), providers.value("openai", &made.key.id));
    let listed = account.keys().expect("a list").into_iter().find(|it| it.id == made.key.id).expect("it is listed");
    assert!(listed.can_be(made.values[0].expose()) && listed.name == "aikeys x/y 1");
    let refused = account.create(of_user.expect("the user's"), &order("x"));
    assert!(matches!(&refused, Err(AccountError::Refused(why)) if why.contains("person")));
    account.remove(old).expect("it ends");
    assert!(matches!(account.remove(old), Err(AccountError::Gone(_))));
    let keys = account.keys().expect("a list");
    assert!(!ids(&keys).contains(&old.id.as_str()) && keys.len() == 2);
}

#[test]
fn openai_says_what_keys_were_used_for() {
    let providers = Providers::start();
    let account = providers.account("openai", &sample("openai.admin", 1).expect("a sample"));
    let (a, b) = (providers.key(json!({"provider": "openai"})), providers.key(json!({"provider": "openai"})));
    let day = now().div_euclid(86_400) * 86_400;
    for (id, ago, requests, cost) in
        [(&a, 0, 3, 0.5), (&a, 0, 4, 0.25), (&a, 40, 9, 1.5), (&b, 2, 1, 0.0), (&b, 90, 1, 1.0)]
    {
        let at = day - ago * 86_400;
        providers
            .control("used", json!({"provider": "openai", "id": id, "at": at, "requests": requests, "cost": cost}));
    }
    let uses = account.usage(Timestamp::from_second(day - 60 * 86_400 + 5000).expect("a time")).expect("uses");
    let at = |ago: i64| Timestamp::from_second(day - ago * 86_400).expect("a day");
    let used = |key: &str, ago, requests, cost| KeyUse {
        key: key.into(),
        day: at(ago),
        requests: Some(requests),
        cost: Some(cost),
    };
    assert_eq!(uses, [used(&a, 40, 9, 1.5), used(&a, 0, 7, 0.75), used(&b, 2, 1, 0.0)]);
}

#[test]
fn what_failed_is_known_not_to_be_done_or_lost() {
    let providers = Providers::start();
    let admin = sample("openai.admin", 1).expect("a sample");
    let account = providers.account("openai", &admin);
    providers.key(json!({"provider": "openai"}));
    let old = account.keys().expect("a list").remove(0);
    let fail = |given: Value| providers.control("fail", given);
    let count = || providers.control("state", json!({}))["keys"]["openai"].as_array().map_or(0, Vec::len);
    // Reads are asked again.
    for how in ["half", "lost", "garbled"] {
        fail(json!({"how": how, "method": "GET"}));
        assert!(account.keys().is_ok() || how == "garbled", "{how}");
    }
    fail(json!({"how": "status", "status": 503, "method": "GET", "times": 2}));
    assert!(account.keys().is_ok());
    fail(json!({"how": "status", "status": 503, "method": "GET", "times": 9}));
    assert!(is_lost(&account.keys()), "nobody knows");
    fail(json!({"how": "status", "times": 0}));
    providers.control("reset", json!({}));
    providers.key(json!({"provider": "openai"}));
    // A key is made once, and not again.
    for (how, made) in [("half", 0), ("lost", 1), ("garbled", 2)] {
        fail(json!({"how": how, "method": "POST"}));
        assert!(is_lost(&account.create(&old, &order("new"))), "{how}");
        assert_eq!(count(), 1 + made, "{how}");
    }
    fail(json!({"how": "status", "status": 500, "method": "POST"}));
    assert!(is_lost(&account.create(&old, &order("new"))) && count() == 3);
    let found = account.keys().expect("a list").into_iter().filter(|it| it.name == "new").count();
    assert_eq!(found, 2, "what was made and lost is found by its name");
    // Too many questions: nothing was done, so it is asked again in time.
    fail(json!({"how": "status", "status": 429, "retry_after": 1, "method": "POST"}));
    assert!(account.create(&old, &order("new")).is_ok());
    fail(json!({"how": "status", "status": 429, "retry_after": 60, "method": "POST"}));
    assert!(matches!(account.create(&old, &order("new")), Err(AccountError::Refused(_))));
    // A no is a no, and the words of the provider show no key.
    fail(json!({"how": "status", "status": 403}));
    assert!(matches!(account.keys(), Err(AccountError::Refused(why)) if why.contains("told to fail")));
    let stranger = providers.account("openai", &sample("openai.project", 4).expect("a sample"));
    assert!(matches!(stranger.keys(), Err(AccountError::Refused(why)) if why.contains("status 401")));
    assert!(matches!(account.remove(&RemoteKey { id: "key_none".into(), ..old.clone() }), Err(AccountError::Gone(_))));
    // The clocks.
    assert!(account.skew().abs() <= 2, "{}", account.skew());
    providers.control("clock", json!({"shift": 3600}));
    account.keys().expect("a list");
    assert!((3598..=3602).contains(&account.skew()), "{}", account.skew());
}

#[test]
fn the_stand_in_takes_no_wrong_request() {
    let providers = Providers::start();
    let account = providers.account("openai", &sample("openai.admin", 1).expect("a sample"));
    providers.key(json!({"provider": "openai"}));
    let old = account.keys().expect("a list").remove(0);
    let lifetime = Some(Duration::from_secs(400 * 86_400));
    let refused = account.create(&old, &Order { name: "x".into(), lifetime });
    assert!(matches!(refused, Err(AccountError::Refused(why)) if why.contains("INVALID REQUEST")), "a year at most");
    providers.forgive();
}
