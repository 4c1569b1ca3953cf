//! A stand-in of one provider's account on this machine: keys that live and die, and what can go wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

use aikeys::secrets::sample;
use serde_json::{Value, json};

/// A key of the account.
#[derive(Clone, Debug)]
pub struct Key {
    pub id: String,
    pub value: String,
    pub name: String,
    pub last_used: Option<i64>,
    /// It belongs to a service account, and to nobody otherwise.
    pub of_service_account: bool,
    /// It works; the account does not show it any more otherwise.
    pub lives: bool,
}

/// What goes wrong with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The connection ends before anything is done.
    Before,
    /// It is done, and then the connection ends.
    After,
    /// The process that asks is killed before anything is done.
    KillBefore,
    /// It is done, and then the process that asks is killed.
    KillAfter,
    /// Status 500, and nothing is done.
    Broken,
}

#[derive(Default)]
pub struct State {
    pub keys: Vec<Key>,
    /// The fault of the question with this number, from 0.
    pub fault: Option<(usize, Fault)>,
    /// Questions so far.
    pub asked: usize,
    /// What they were: method and path.
    pub heard: Vec<String>,
    /// Who asks.
    pub asker: Option<u32>,
    /// The provider's clock minus this machine's, in seconds.
    pub skew: i64,
    /// Nobody is told whether a key works.
    pub broken: bool,
    /// New keys do not work.
    pub stillborn: bool,
    made: u64,
}

/// An account of OpenAI with one project.
#[derive(Clone)]
pub struct Provider {
    pub address: SocketAddr,
    state: Arc<Mutex<State>>,
}

/// The administrator's key: the stand-in wants it.
pub fn admin() -> String {
    sample("openai.admin", 1).expect("a sample")
}

pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a time").as_secs() as i64
}

impl Provider {
    pub fn start() -> Provider {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let provider = Provider { address: listener.local_addr().expect("an address"), state: Arc::default() };
        let own = provider.clone();
        thread::spawn(move || {
            for stream in listener.incoming().filter_map(Result::ok) {
                let own = own.clone();
                thread::spawn(move || own.answer(stream));
            }
        });
        provider
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// A key that somebody made before.
    pub fn with_key(&self, seed: u64) -> String {
        let value = sample("openai.svcacct", seed).expect("a sample");
        let id = format!("key_old{seed}");
        self.state().keys.push(Key {
            id,
            value: value.clone(),
            name: "app".to_owned(),
            last_used: Some(now() - 3600),
            of_service_account: true,
            lives: true,
        });
        value
    }

    pub fn lives(&self, value: &str) -> bool {
        self.state().keys.iter().any(|it| it.lives && it.value == value)
    }

    pub fn living(&self) -> Vec<String> {
        self.state().keys.iter().filter(|it| it.lives).map(|it| it.value.clone()).collect()
    }

    fn answer(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
        let mut stream = stream;
        loop {
            let mut head = String::new();
            while reader.read_line(&mut head).is_ok_and(|read| read > 2) {}
            if head.trim().is_empty() {
                return;
            }
            let field = |name: &str| {
                head.lines().find_map(|line| {
                    let (key, value) = line.split_once(": ")?;
                    key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
                })
            };
            let length = field("content-length").and_then(|it| it.parse().ok()).unwrap_or(0);
            let mut body = vec![0; length];
            reader.read_exact(&mut body).expect("a body");
            let mut words = head.split(' ');
            let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
            let key = field("authorization").and_then(|it| Some(it.strip_prefix("Bearer ")?.to_owned()));
            assert_eq!(field("host").as_deref(), Some("api.openai.com"), "the question is for somebody else");
            let mut state = self.state();
            let fault = state.fault.filter(|(at, _)| *at == state.asked).map(|(_, fault)| fault);
            state.asked += 1;
            state.heard.push(format!("{method} {target}"));
            let asker = state.asker;
            match fault {
                Some(Fault::Before) => return,
                Some(Fault::KillBefore) => return kill(asker),
                _ => {}
            }
            let (status, answer) = match fault {
                Some(Fault::Broken) => (500, json!({"error": {"message": "broken"}})),
                _ => state.does(method, target, key.as_deref().unwrap_or(""), &body),
            };
            let date = jiff::Timestamp::from_second(now() + state.skew).expect("a time");
            drop(state);
            match fault {
                Some(Fault::After) => return,
                Some(Fault::KillAfter) => return kill(asker),
                _ => {}
            }
            let text = answer.to_string();
            let date = date.strftime("%a, %d %b %Y %H:%M:%S GMT");
            let head = format!("HTTP/1.1 {status} X\r\nDate: {date}\r\nContent-Length: {}\r\n\r\n", text.len());
            if stream.write_all((head + &text).as_bytes()).is_err() {
                return;
            }
        }
    }
}

fn kill(asker: Option<u32>) {
    let asker = asker.expect("who asks is known").to_string();
    std::process::Command::new("kill").args(["-9", &asker]).status().expect("kill is there");
}

impl State {
    fn does(&mut self, method: &str, target: &str, key: &str, body: &[u8]) -> (u16, Value) {
        let path = target.split('?').next().unwrap_or("");
        if (method, path) == ("GET", "/v1/models") {
            if self.broken {
                return (500, json!({}));
            }
            let skewed = now() + self.skew;
            return match self.keys.iter_mut().find(|it| it.lives && it.value == key) {
                Some(_) if skewed > 0 => (200, json!({"object": "list", "data": []})),
                _ => (401, json!({"error": {"code": "invalid_api_key"}})),
            };
        }
        if key != admin() {
            return (401, json!({"error": {"message": "who are you?"}}));
        }
        let parts: Vec<&str> = path.trim_start_matches("/v1/organization/").split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", ["projects"]) => {
                (200, json!({"object": "list", "data": [{"id": "proj_1", "name": "one"}], "has_more": false}))
            }
            ("GET", ["projects", "proj_1", "api_keys"]) => {
                let keys: Vec<Value> = self.keys.iter().filter(|it| it.lives).map(shown).collect();
                (200, json!({"object": "list", "data": keys, "has_more": false}))
            }
            ("POST", ["projects", "proj_1", "service_accounts", "svc_1", "api_keys"]) => {
                let asked: Value = serde_json::from_slice(body).unwrap_or_default();
                let Some(name) = asked["name"].as_str() else { return (400, json!({"error": {"message": "no name"}})) };
                self.made += 1;
                let value = sample("openai.svcacct", 1000 + self.made).expect("a sample");
                let id = format!("key_new{}", self.made);
                let answer = json!({
                    "object": "organization.project.service_account.api_key",
                    "id": id, "name": name, "created_at": now(), "value": value,
                });
                let value = if self.stillborn { "nothing".to_owned() } else { value };
                let key =
                    Key { id, value, name: name.to_owned(), last_used: None, of_service_account: true, lives: true };
                self.keys.push(key);
                (200, answer)
            }
            ("DELETE", ["projects", "proj_1", "api_keys", id]) => {
                let Some(key) = self.keys.iter_mut().find(|it| it.lives && it.id == *id) else {
                    return (404, json!({"error": {"message": "no such key"}}));
                };
                key.lives = false;
                (200, json!({"object": "organization.project.api_key.deleted", "id": id, "deleted": true}))
            }
            _ => (404, json!({"error": {"message": "no such address"}})),
        }
    }
}

fn shown(key: &Key) -> Value {
    let value = &key.value;
    let redacted = format!("{}***{}", &value[..value.len().min(14)], &value[value.len().saturating_sub(4)..]);
    let account = json!({"id": "svc_1", "name": "app", "created_at": 1, "role": "member"});
    let user = json!({"id": "user_1", "name": "Ann", "email": "ann@example.org", "created_at": 1, "role": "member"});
    let owner = match key.of_service_account {
        true => json!({"type": "service_account", "service_account": account}),
        false => json!({"type": "user", "user": user}),
    };
    json!({
        "object": "organization.project.api_key", "id": key.id, "name": key.name, "redacted_value": redacted,
        "created_at": 1_700_000_000, "last_used_at": key.last_used, "owner": owner, "owner_project_access": "active",
    })
}
