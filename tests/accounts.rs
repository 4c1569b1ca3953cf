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
    pub address: SocketAddr,
    wrong: Cell<bool>,
}

impl Providers {
    pub fn start() -> Providers {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real/providers.py");
        let python = crate::real::cache().join("sdk-venv/bin/python");
        assert!(python.exists(), "{} is missing: run tests/real/install.sh sdk providers", python.display());
        let mut command = Command::new(&python);
        command.arg("-B").arg(script).arg("--stdin").stdin(Stdio::piped()).stdout(Stdio::piped());
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
        let (id, secret) = admin.split_once(':').unwrap_or_default();
        let get = |name: &str| {
            let said = match name {
                "AWS_ACCESS_KEY_ID" => id,
                "AWS_SECRET_ACCESS_KEY" => secret,
                _ if name == variable => admin,
                _ => "",
            };
            (!said.is_empty()).then(|| Ok(Secret::new(said)))
        };
        let caller = || Caller::of_stand_in(self.address, Duration::from_secs(10));
        open_by(provider, &get, caller).expect("it opens").expect("an interface")
    }

    pub fn key(&self, given: Value) -> String {
        self.control("create", given)["id"].as_str().expect("an id").to_owned()
    }

    pub fn value(&self, provider: &str, id: &str) -> String {
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
    let used = now() - 60;
    let of_user = providers.key(json!({"provider": "openai", "owner_type": "user", "name": "mine", "expires": ends}));
    providers.control("used", json!({"provider": "openai", "id": of_user, "at": used}));
    let outside = providers.key(json!({"provider": "openai", "access": "inactive"}));
    providers.control("pages", json!({"size": 2}));
    let keys = account.keys().expect("a list");
    assert_eq!(keys.len(), 17, "{:?}", ids(&keys));
    let key = keys.iter().find(|it| it.id == of_user).expect("the user's");
    assert_eq!((key.name.as_str(), key.scope.as_deref(), key.owner.as_deref()), ("mine", Some("proj_1"), None));
    assert_eq!(key.expires.map(Timestamp::as_second), Some(ends));
    assert_eq!(key.last_used.map(Timestamp::as_second), Some(used));
    assert!(key.active && key.can_be(&providers.value("openai", &of_user)) && !key.can_be(&admin));
    assert!(!keys.iter().find(|it| it.id == outside).expect("it is listed").active, "its owner has no access");
    let one = keys.iter().filter(|it| it.can_be(&providers.value("openai", "key_7"))).collect::<Vec<_>>();
    assert_eq!((one.len(), one[0].id.as_str()), (1, "key_7"), "a value finds its key among the others");
    assert!(!account.abilities().disable);
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
    assert!(matches!(account.create(&old, &order("new")), Err(AccountError::Busy(_))));
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

#[test]
fn anthropic_keys_are_switched_off_and_on_and_ended() {
    let providers = Providers::start();
    let account = providers.account("anthropic", &sample("anthropic.admin", 1).expect("a sample"));
    for at in 0..5 {
        providers
            .key(json!({"provider": "anthropic", "scope": if at % 2 == 0 { json!("wrkspc_9") } else { Value::Null }}));
    }
    let ended = providers.key(json!({"provider": "anthropic", "expires": now() - 5, "owner": "svac_1", "scope": null}));
    providers.control("pages", json!({"size": 2}));
    let keys = account.keys().expect("a list");
    assert_eq!(keys.len(), 6);
    assert_eq!((keys[0].scope.as_deref(), keys[1].scope.as_deref()), (Some("wrkspc_9"), None));
    let last = &keys[5];
    assert_eq!((last.id.as_str(), last.active, last.owner.as_deref()), (ended.as_str(), false, Some("svac_1")));
    assert!(keys[0].can_be(&providers.value("anthropic", &keys[0].id)) && keys[0].active);
    let active = || account.keys().expect("a list")[0].active;
    account.disable(&keys[0]).expect("off");
    assert!(!active());
    account.enable(&keys[0]).expect("on");
    assert!(active());
    account.remove(&keys[0]).expect("ended");
    assert!(!active());
    assert!(matches!(account.enable(&keys[0]), Err(AccountError::Refused(why)) if why.contains("archived")));
    assert!(matches!(account.create(&keys[0], &order("x")), Err(AccountError::Refused(_))));
    let can = account.abilities();
    assert!(!can.create && can.disable && can.remove && can.usage && !can.last_used);
    // More days than one question may have.
    let day = now().div_euclid(86_400) * 86_400;
    for (ago, requests, cost) in [(0, 3, 0.5), (35, 4, 0.25), (80, 5, 1.0)] {
        let at = day - ago * 86_400;
        providers.control(
            "used",
            json!({"provider": "anthropic", "id": ended, "at": at, "requests": requests, "cost": cost}),
        );
    }
    let uses = account.usage(Timestamp::from_second(day - 79 * 86_400).expect("a time")).expect("uses");
    let seen: Vec<_> = uses.iter().map(|it| ((day - it.day.as_second()) / 86_400, it.requests, it.cost)).collect();
    assert_eq!(seen, [(35, Some(4), Some(0.25)), (0, Some(3), Some(0.5))], "what no key did is nobody's");
}

#[test]
fn openrouter_keys_keep_their_limits() {
    let providers = Providers::start();
    let account = providers.account("openrouter", &sample("openrouter.api", 1).expect("a sample"));
    let other = "11111111-2222-3333-4444-555555555555";
    for at in 0..3 {
        let limit = json!({"provider": "openrouter", "limit": 12.5 + f64::from(at), "limit_reset": "weekly", "scope": other,
            "owner": "user_1", "include_byok_in_limit": true, "external_user": "them", "name": format!("old {at}")});
        providers.key(limit);
        providers.key(json!({"provider": "openrouter"}));
    }
    providers.control("pages", json!({"size": 2}));
    let keys = account.keys().expect("a list");
    assert_eq!(keys.len(), 6, "of all workspaces");
    let old = keys.iter().find(|it| it.name == "old 1").expect("it is there");
    let lifetime = Some(Duration::from_secs(7200));
    let made = account.create(old, &Order { name: "new".into(), lifetime }).expect("a key");
    let state = providers.control("state", json!({}));
    let all = state["keys"]["openrouter"].as_array().expect("keys");
    let (new, old_one) = (all.iter().find(|it| it["name"] == "new"), all.iter().find(|it| it["name"] == "old 1"));
    let (new, old_one) = (new.expect("the new one"), old_one.expect("the old one"));
    for field in ["limit", "limit_reset", "scope", "owner", "include_byok_in_limit", "external_user"] {
        assert_eq!(new[field], old_one[field], "{field}");
    }
    assert_eq!(new["value"], made.values[0].expose());
    assert!(made.key.can_be(made.values[0].expose()) && made.key.id == new["id"]);
    assert!(made.key.expires.is_some_and(|it| it.as_second() > now() + 7000));
    let plain = keys.iter().find(|it| it.name.starts_with("key")).expect("one without");
    account.create(plain, &order("plain")).expect("a key without a limit");
    account.disable(old).expect("off");
    assert!(account.keys().expect("a list").iter().any(|it| it.id == old.id && !it.active));
    account.enable(old).expect("on");
    let day = now().div_euclid(86_400) * 86_400;
    for (ago, requests, cost) in [(0, 3, 9.0), (1, 4, 0.25), (20, 5, 1.0)] {
        let at = day - ago * 86_400 + 60;
        providers.control(
            "used",
            json!({"provider": "openrouter", "id": old.id, "at": at, "requests": requests, "cost": cost}),
        );
    }
    let used = account.keys().expect("a list").into_iter().find(|it| it.id == old.id).expect("it is there");
    assert_eq!(used.last_used.map(Timestamp::as_second), Some(day + 60));
    let uses = account.usage(Timestamp::from_second(day - 10 * 86_400).expect("a time")).expect("uses");
    let seen: Vec<_> = uses.iter().map(|it| ((day - it.day.as_second()) / 86_400, it.requests, it.cost)).collect();
    assert_eq!(seen, [(1, Some(4), Some(0.25))], "whole days since then, all models together");
    account.remove(old).expect("ended");
    assert!(matches!(account.create(old, &order("x")), Err(AccountError::Gone(_))), "nothing to be like");
}

#[test]
fn amazons_keys_are_those_of_users_and_of_bedrock() {
    let providers = Providers::start();
    let admin = format!("{}:secret/with+signs", sample("aws-bedrock.access-key-id", 1).expect("a sample"));
    providers.control("admin", json!({"provider": "aws-bedrock", "key": admin}));
    let account = providers.account("aws-bedrock", &admin);
    assert_eq!(account.keys().expect("a list"), []);
    for owner in ["jane", "joe+x", "ann"] {
        providers.key(json!({"provider": "aws-bedrock", "owner": owner}));
        let ends = now() + 86_400;
        providers.key(json!({"provider": "aws-bedrock", "owner": owner, "kind": "bedrock", "expires": ends}));
    }
    providers.control("pages", json!({"size": 2}));
    let keys = account.keys().expect("a list");
    assert_eq!(keys.len(), 6, "{:?}", ids(&keys));
    let of_joe = |bedrock: bool| {
        let joes = |it: &&RemoteKey| it.owner.as_deref() == Some("joe+x") && it.redacted.starts_with("ABSK") == bedrock;
        let keys = account.keys().expect("a list");
        keys.iter().filter(joes).cloned().collect::<Vec<_>>()
    };
    for bedrock in [false, true] {
        let old = of_joe(bedrock).remove(0);
        let value = providers.value("aws-bedrock", &old.id);
        assert!(old.can_be(&value) && keys.iter().filter(|it| it.can_be(&value)).count() == 1, "{old:?}");
        assert_eq!((old.expires.is_some(), account.tells_last_use(&old)), (bedrock, !bedrock));
        let lifetime = Some(Duration::from_secs(36 * 3600));
        let made = account.create(&old, &Order { name: "new".into(), lifetime }).expect("a key");
        assert_eq!((made.key.owner.as_deref(), made.values.len()), (Some("joe+x"), if bedrock { 1 } else { 2 }));
        assert!(made.key.can_be(made.values[0].expose()), "{:?}", made.key);
        assert_eq!(made.values[0].expose(), providers.value("aws-bedrock", &made.key.id));
        let days = made.key.expires.map(|it| (it.as_second() - now() + 60) / 86_400);
        assert_eq!(days, bedrock.then_some(2), "whole days, and not fewer");
        let third = account.create(&old, &order("x"));
        assert!(matches!(&third, Err(AccountError::Refused(why)) if why.contains("quota")), "{:?}", third.err());
        let active = |id: &str| of_joe(bedrock).iter().find(|it| it.id == id).map(|it| it.active);
        account.disable(&old).expect("off");
        assert_eq!((active(&old.id), active(&made.key.id)), (Some(false), Some(true)));
        account.enable(&old).expect("on");
        assert_eq!(active(&old.id), Some(true));
        account.remove(&old).expect("ended");
        assert_eq!(active(&old.id), None);
        assert!(matches!(account.remove(&old), Err(AccountError::Gone(_))));
        // What has too much to do did nothing; what was lost may be done.
        providers.control("fail", json!({"how": "status", "status": 429}));
        let again = account.create(&made.key, &order("x")).expect("asked once more");
        account.remove(&again.key).expect("ended");
        providers.control("fail", json!({"how": "lost", "after": 0}));
        assert!(is_lost(&account.create(&made.key, &order("x"))));
        assert_eq!(of_joe(bedrock).len(), 2);
    }
    let jane = keys.iter().find(|it| it.owner.as_deref() == Some("jane") && it.redacted == it.id).expect("hers");
    assert_eq!(jane.last_used, None);
    let at = now() - 100;
    providers.control("used", json!({"provider": "aws-bedrock", "id": jane.id, "at": at}));
    let used = account.keys().expect("a list").into_iter().find(|it| it.id == jane.id).expect("hers");
    assert_eq!(used.last_used.map(Timestamp::as_second), Some(at));
    assert_eq!(account.usage(Timestamp::now()).expect("nothing"), []);
    // Who may not see the others sees what is theirs.
    providers.control("admin", json!({"provider": "aws-denied", "key": ["ListUsers"]}));
    let own = account.keys().expect("a list");
    assert!(own.iter().all(|it| it.owner.as_deref() == Some("jane") || it.redacted.starts_with("ABSK")), "{own:?}");
    let stranger = providers.account("aws-bedrock", "AKIAOTHER:other");
    assert!(matches!(stranger.keys(), Err(AccountError::Refused(why)) if why.contains("security token")));
}

/// An access key that looks like one: of those that are made by chance some do not.
fn amazons() -> Value {
    let part = |shape: &str| sample(shape, 3).expect("a sample");
    let (id, secret) = (part("aws-bedrock.access-key-id"), part("aws-bedrock.secret-access-key"));
    json!({"provider": "aws-bedrock", "id": id, "secret": secret})
}

/// A workspace with keys of all accounts, and how `usage` is run there.
struct Work {
    folder: tempfile::TempDir,
    env: Vec<(String, String)>,
}

impl Work {
    fn new(providers: &Providers, lines: &[(&str, String)]) -> Work {
        let folder = tempfile::tempdir().expect("a folder");
        let text: String = lines.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        std::fs::create_dir(folder.path().join("home")).expect("made");
        std::fs::create_dir_all(folder.path().join("work/.git")).expect("made");
        std::fs::write(folder.path().join("work/.git/HEAD"), "ref: refs/heads/main\n").expect("written");
        std::fs::write(folder.path().join("work/.env"), text).expect("written");
        let env = vec![("AIKEYS_STAND_IN".to_owned(), providers.address.to_string())];
        Work { folder, env }
    }

    fn set(&mut self, name: &str, value: &str) {
        self.env.push((name.to_owned(), value.to_owned()));
    }

    /// The exit code, and both streams.
    fn usage(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.arg("usage").args(arguments).current_dir(self.folder.path().join("work")).env_clear();
        command.env("HOME", self.folder.path().join("home")).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let output = command.envs(self.env.iter().cloned()).output().expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }
}

#[test]
fn usage_joins_the_keys_of_a_workspace_with_those_of_all_accounts() {
    let providers = Providers::start();
    let value = |given: Value| providers.control("create", given)["value"].as_str().expect("a value").to_owned();
    let openai = value(json!({"provider": "openai", "name": "app \"x\"\n\\", "owner": "svc_1"}));
    let spare = value(json!({"provider": "openai", "name": "spare", "owner": "svc_1"}));
    let _others = value(json!({"provider": "openai", "name": "of others", "owner": "svc_2"}));
    let anthropic = value(json!({"provider": "anthropic"}));
    let old = value(json!({"provider": "anthropic", "created": now() - 200 * 86_400}));
    let openrouter = value(json!({"provider": "openrouter"}));
    let amazon = providers.control("create", amazons());
    let (id, secret) = (amazon["id"].as_str().expect("an id"), amazon["secret"].as_str().expect("a secret"));
    let bedrock = value(json!({"provider": "aws-bedrock", "kind": "bedrock"}));
    for (provider, value, requests, cost) in [("openai", &openai, 7, 2.5), ("anthropic", &anthropic, 9, 0.004)] {
        let state = providers.control("state", json!({}));
        let key = state["keys"][provider].as_array().expect("keys").iter().find(|it| it["value"] == *value.as_str());
        let id = key.expect("it is there")["id"].clone();
        providers
            .control("used", json!({"provider": provider, "id": id, "at": now(), "requests": requests, "cost": cost}));
    }
    let groq = sample("groq.api", 1).expect("a sample");
    let lines = [
        ("OPENAI_API_KEY", openai.clone()),
        ("ANTHROPIC_API_KEY", anthropic.clone()),
        ("OLD_ANTHROPIC_API_KEY", old.clone()),
        ("OPENROUTER_API_KEY", openrouter.clone()),
        ("AWS_ACCESS_KEY_ID", id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", secret.to_owned()),
        ("AWS_BEARER_TOKEN_BEDROCK", bedrock.clone()),
        ("GROQ_API_KEY", groq.clone()),
    ];
    let mut work = Work::new(&providers, &lines);
    // Whoever sets nothing is told what to set.
    let (code, _, errors) = work.usage(&["--provider", "openai,anthropic"]);
    assert!(
        code == 2 && errors.contains("set OPENAI_ADMIN_KEY") && errors.contains("set ANTHROPIC_ADMIN_KEY"),
        "{errors}"
    );
    let admins = ["openai.admin", "anthropic.admin", "openrouter.api"].map(|it| sample(it, 9).expect("a sample"));
    work.set("OPENAI_ADMIN_KEY", &admins[0]);
    work.set("ANTHROPIC_ADMIN_KEY", &admins[1]);
    work.set("OPENROUTER_MANAGEMENT_KEY", &admins[2]);
    providers.control("admin", json!({"provider": "aws-bedrock", "key": "AKIADMIN:adminsecret"}));
    work.set("AWS_ACCESS_KEY_ID", "AKIADMIN");
    work.set("AWS_SECRET_ACCESS_KEY", "adminsecret");
    let (code, json, errors) = work.usage(&["--format", "json"]);
    assert_eq!(code, 0, "{errors}");
    let said: Value = serde_json::from_str(&json).expect("JSON");
    let of = |variable: &str| {
        let all = said["keys"].as_array().expect("keys").iter();
        let mut found = all.filter(|it| it["variables"].as_array().is_some_and(|it| it.contains(&json!(variable))));
        found.next().unwrap_or_else(|| panic!("{variable}: {json}")).clone()
    };
    assert_eq!((&of("OPENAI_API_KEY")["requests"], &of("OPENAI_API_KEY")["cost-dollars"]), (&json!(7), &json!(2.5)));
    assert_eq!(of("ANTHROPIC_API_KEY")["requests"], 9);
    assert_eq!(of("OLD_ANTHROPIC_API_KEY")["requests"], 0);
    for matched in ["OPENROUTER_API_KEY", "AWS_ACCESS_KEY_ID", "AWS_BEARER_TOKEN_BEDROCK", "OPENAI_API_KEY"] {
        assert_eq!(of(matched)["matched"], "one", "{matched}");
    }
    assert_eq!(of("AWS_BEARER_TOKEN_BEDROCK")["requests"], Value::Null, "nobody says");
    let strays: Vec<&Value> =
        said["keys"].as_array().expect("keys").iter().filter(|it| it["variables"].is_null()).collect();
    assert_eq!(strays.len(), 1, "{json}");
    assert_eq!(
        (&strays[0]["name"], &strays[0]["findings"][0]["finding"]),
        (&json!("spare"), &json!("live-but-unreferenced"))
    );
    let groqs = said["accounts"].as_array().expect("accounts").iter().find(|it| it["provider"] == "groq");
    assert_eq!(groqs.expect("it is there")["state"], "no-interface");
    assert_eq!(work.usage(&["--fail-on", "live-but-unreferenced"]).0, 1);
    assert_eq!(work.usage(&["--fail-on", "used-after-rotation,spend-above-median"]).0, 0);
    // The same for a scraper, by the strict reader of Prometheus' own client.
    let (code, metrics, _) = work.usage(&["--format", "openmetrics"]);
    assert_eq!(code, 0);
    let reader = "import sys; sys.path.append(sys.argv[1])
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
samples = [it for family in read(sys.stdin.read()) for it in family.samples]
print([it.value for it in samples if it.name == 'aikeys_key_requests' and it.labels['variable'] == 'OPENAI_API_KEY'],
      len([it for it in samples if it.name == 'aikeys_key_active']))";
    let mut python = Command::new(crate::real::cache().join("sdk-venv/bin/python"));
    python.args(["-c", reader]).arg(crate::real::cache().join("providers"));
    let mut python = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    python.stdin.take().expect("a stream").write_all(metrics.as_bytes()).expect("written");
    let read = python.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&read.stdout).trim(), "[7] 7", "{metrics}");
    // Nothing shows a key.
    let (_, table, more) = work.usage(&[]);
    let all = [json.as_str(), &metrics, &table, &more, &errors].concat();
    let keys = [&openai, &spare, &anthropic, &old, &openrouter, &bedrock, &groq];
    for key in keys.into_iter().chain(&admins).map(String::as_str).chain([secret, "adminsecret"]) {
        let middle = &key[key.len() / 2..key.len() / 2 + 8.min(key.len() / 2)];
        assert!(!all.contains(middle), "a key is shown:\n{all}");
    }
    // An account that is down is said, and the others are told all the same.
    providers.control("fail", json!({"how": "status", "status": 500, "path": "/v1/organization/projects", "times": 9}));
    let (code, table, errors) = work.usage(&["--fail-on", "live-but-unreferenced"]);
    assert!(code == 2 && errors.contains("OpenAI: api.openai.com answered with status 500"), "{code} {errors}");
    assert!(table.contains("apikey_") && table.contains("not asked"), "{table}");
}

/// The administrator's key may lie in a store, and a key of the workspace as well.
#[test]
fn usage_reads_references() {
    let providers = Providers::start();
    let openai = providers.control("create", json!({"provider": "openai"}))["value"].as_str().expect("it").to_owned();
    let admin = sample("openai.admin", 3).expect("a sample");
    let reference = |name: &str| format!("ref+exec://box/{name}");
    let amazon = providers.control("create", amazons());
    let (id, secret) = (amazon["id"].as_str().expect("an id"), amazon["secret"].as_str().expect("a secret"));
    let quoted = |name: &str| format!("\"{}\"", reference(name));
    // Of a secret of Amazon's that lies in a store the id beside it tells which key it is.
    let lines = [
        ("OPENAI_API_KEY", quoted("app")),
        ("AWS_ACCESS_KEY_ID", id.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", quoted("secret")),
    ];
    let mut work = Work::new(&providers, &lines);
    let config = work.folder.path().join("home/.config/aikeys-lsp");
    std::fs::create_dir_all(&config).expect("made");
    let script = work.folder.path().join("box.sh");
    std::fs::write(
        &script,
        format!("#!/bin/sh\ncase $1 in app) echo '{openai}';; admin) echo '{admin}';; secret) echo '{secret}';; *) exit 1;; esac\n"),
    )
    .expect("written");
    std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("it can be run");
    let settings = format!("[stores.exec.box]\nget = [{:?}, \"{{name}}\"]\n", script.display().to_string());
    std::fs::write(config.join("aikeys.toml"), settings).expect("written");
    work.set("OPENAI_ADMIN_KEY", &reference("admin"));
    work.set("AWS_ACCESS_KEY_ID", "AKIAADMIN");
    work.set("AWS_SECRET_ACCESS_KEY", "secret");
    let (code, table, errors) = work.usage(&[]);
    assert!(code == 0 && table.contains("key_1"), "{code}\n{table}\n{errors}");
    assert!(table.contains("AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"), "{table}");
    assert!(table.contains("ref+exec://box/app") && !table.contains(&openai[20..30]), "{table}");
    work.set("OPENAI_ADMIN_KEY", &reference("nobody"));
    let (code, _, errors) = work.usage(&[]);
    assert!(code == 2 && errors.contains("OPENAI_ADMIN_KEY"), "{errors}");
}

/// The same questions to moto, which knows access keys and none of Bedrock.
#[test]
fn moto_takes_what_amazon_is_asked() {
    let moto = crate::stores::servers::Moto::start();
    let signed = |action: &str| {
        let python = crate::real::cache().join("moto/bin/python");
        let script = format!(
            "import boto3; iam = boto3.client('iam', endpoint_url='{}', region_name='us-east-1', \
             aws_access_key_id='a', aws_secret_access_key='b'); {action}",
            moto.url
        );
        let output = Command::new(python).args(["-c", &script]).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    signed("[(iam.create_user(UserName=u), iam.create_access_key(UserName=u)) for u in ['ann', 'joe+x@y']]");
    let url = moto.url.clone();
    let get = move |name: &str| {
        let said = match name {
            "AWS_ACCESS_KEY_ID" => "a",
            "AWS_SECRET_ACCESS_KEY" => "b",
            "AWS_ENDPOINT_URL_IAM" => url.as_str(),
            _ => return None,
        };
        Some(Ok(Secret::new(said)))
    };
    let account =
        open_by("aws-bedrock", &get, || Err("nobody else is asked".to_owned())).expect("it opens").expect("one");
    // What moto does not know is no answer that can be understood.
    let all = account.keys();
    assert!(all.is_err(), "moto knows keys of Bedrock by now: {all:?}");
    let like = RemoteKey {
        id: "old".into(),
        scope: None,
        owner: Some("joe+x@y".into()),
        name: String::new(),
        redacted: "old".into(),
        created: None,
        expires: None,
        last_used: None,
        active: true,
    };
    let made = account.create(&like, &order("new")).expect("a key");
    assert_eq!((made.values.len(), made.key.owner.as_deref(), made.key.active), (2, Some("joe+x@y"), true));
    account.disable(&made.key).expect("off");
    signed(
        "assert [k['Status'] for k in iam.list_access_keys(UserName='joe+x@y')['AccessKeyMetadata']] == ['Active', 'Inactive']",
    );
    account.enable(&made.key).expect("on");
    account.remove(&made.key).expect("ended");
    signed("assert len(iam.list_access_keys(UserName='joe+x@y')['AccessKeyMetadata']) == 1");
    assert!(matches!(account.remove(&made.key), Err(AccountError::Gone(_))));
    let nowhere = |name: &str| match name {
        "AWS_ENDPOINT_URL" => Some(Ok(Secret::new("http://iam.example.com"))),
        _ => get(name),
    };
    let nowhere = |name: &str| if name == "AWS_ENDPOINT_URL_IAM" { None } else { nowhere(name) };
    let refused = open_by("aws-bedrock", &nowhere, || Err("nobody".to_owned())).err().unwrap_or_default();
    assert!(refused.contains("https://HOST:PORT"), "{refused}");
}
