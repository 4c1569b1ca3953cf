//! `--verify` against a stand-in on this machine: what is sent, what is not, and what answers mean.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aikeys::accounts::{Account, AccountError, open_by};
use aikeys::secrets::{Catalogue, Secret, sample};
use aikeys::verify::{Caller, Life, Verifier, request};

/// What a stand-in answers.
#[derive(Clone, Copy)]
pub enum Says {
    Status(u16, &'static str),
    Redirect,
    Nothing,
    Close,
}

/// What it was asked: the text of each request.
pub type Heard = Arc<Mutex<Vec<String>>>;

pub fn stand_in(says: Says) -> (SocketAddr, Heard) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let heard = Heard::default();
    let noted = Arc::clone(&heard);
    thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let noted = Arc::clone(&noted);
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
                let mut stream = stream;
                let mut text = String::new();
                while reader.read_line(&mut text).is_ok_and(|read| read > 2) {}
                let length =
                    text.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                let mut body = vec![0; length.unwrap_or(0)];
                reader.read_exact(&mut body).expect("a body");
                noted.lock().expect("unlocked").push(text + &String::from_utf8_lossy(&body));
                let answer = match says {
                    Says::Status(status, body) => {
                        format!(
                            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                            body.len()
                        )
                    }
                    Says::Redirect => {
                        format!(
                            "HTTP/1.1 302 X\r\nLocation: http://{address}/stolen\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                        )
                    }
                    Says::Nothing => return thread::sleep(Duration::from_secs(5)),
                    Says::Close => return,
                };
                let _ = stream.write_all(answer.as_bytes());
            });
        }
    });
    (address, heard)
}

fn key(shape: &str, seed: u64) -> String {
    sample(shape, seed).expect("a sample")
}

fn lives(says: Says, keys: &[(&str, String)]) -> (Vec<Life>, Vec<String>) {
    let (address, heard) = stand_in(says);
    let requests: Vec<_> = keys.iter().map(|(provider, key)| request(provider, key).expect("a request")).collect();
    let verifier = Verifier::of_stand_in(address, Duration::from_millis(700)).expect("it is set up");
    let lives = verifier.ask(&requests).expect("answers");
    let heard = heard.lock().expect("unlocked").clone();
    (lives, heard)
}

fn life(says: Says) -> Life {
    lives(says, &[("openai", key("openai.project", 1))]).0.remove(0)
}

#[test]
fn answers_mean_what_the_catalogue_says() {
    assert_eq!(life(Says::Status(200, "{}")), Life::Live);
    assert_eq!(life(Says::Status(401, "{}")), Life::Dead);
    assert_eq!(life(Says::Status(403, "{}")), Life::Live, "it may not do this");
    assert_eq!(life(Says::Status(429, "{}")), Life::Live, "its quota is used up");
    assert_eq!(life(Says::Status(401, "{\"code\": \"incorrect_hostname\"}")), Life::Live, "of another region");
    assert_eq!(life(Says::Status(500, "")), Life::Unknown("api.openai.com answered with status 500".into()));
    let silent = Life::Unknown("api.openai.com did not answer in 0.7 seconds".into());
    assert_eq!(life(Says::Nothing), silent);
    assert_eq!(life(Says::Close), Life::Unknown("api.openai.com broke off its answer".into()));
}

#[test]
fn a_redirect_is_not_followed() {
    let (lives, heard) = lives(Says::Redirect, &[("openai", key("openai.project", 1))]);
    assert_eq!(lives, [Life::Unknown("api.openai.com answered with status 302".into())]);
    assert_eq!(heard.len(), 1, "and nothing else is asked");
}

#[test]
fn a_text_can_say_more_than_a_status() {
    let of = |provider: &str, shape: &str, says| lives(says, &[(provider, key(shape, 1))]).0.remove(0);
    assert_eq!(of("xai", "xai.api", Says::Status(200, "{\"api_key_blocked\" : true}")), Life::Dead);
    assert_eq!(of("xai", "xai.api", Says::Status(200, "{\"api_key_blocked\": false}")), Life::Live);
    let scoped = "{\"detail\": {\"status\": \"missing_permissions\"}}";
    assert_eq!(of("elevenlabs", "elevenlabs.v2", Says::Status(401, scoped)), Life::Live);
    let other_account = of("cloudflare", "cloudflare.token-v2", Says::Status(401, ""));
    assert!(matches!(other_account, Life::Unknown(_)), "{other_account:?}");
}

#[test]
fn a_provider_is_asked_slowly_and_not_at_all_once_it_is_silent() {
    let keys: Vec<(&str, String)> = (1..=3).map(|seed| ("groq", key("groq.api", seed))).collect();
    let start = Instant::now();
    let (answers, heard) = lives(Says::Status(200, ""), &keys);
    assert_eq!((answers, heard.len()), (vec![Life::Live; 3], 3));
    assert!(start.elapsed() >= Duration::from_secs(1), "two a second");
    for says in [Says::Close, Says::Status(429, "")] {
        let (answers, heard) = lives(says, &keys);
        assert!(answers.iter().all(|it| matches!(it, Life::Unknown(_))) && heard.len() == 1, "{answers:?}");
    }
}

/// Every request of the catalogue that may be sent can be made, goes to a plain name, and has the key in it.
#[test]
fn every_verified_request_can_be_sent() {
    let catalogue = Catalogue::built_in();
    let (mut requests, mut keys, mut needs_more) = (Vec::new(), Vec::new(), Vec::new());
    for provider in catalogue.providers.iter().filter(|it| it.validate.as_ref().is_some_and(|it| it.verified)) {
        let validate = provider.validate.as_ref().expect("it has one");
        let shapes = validate.keys.iter().map(|id| catalogue.shape_named(id).expect("a shape that is there"));
        let shape = shapes.map(|id| catalogue.shape(id).1).next().or(provider.keys.first()).expect("a shape");
        assert!(!validate.live.is_empty() || !validate.live_text.is_empty(), "{}: nothing means live", provider.id);
        let key = key(&shape.id, 1);
        match request(&provider.id, &key) {
            Ok(request) => {
                requests.push(request);
                keys.push(key);
            }
            Err(_) => needs_more.push(provider.id.as_str()),
        }
    }
    assert_eq!(needs_more, ["azure-ai-search", "azure-openai", "databricks", "langfuse", "litellm"]);
    assert!(requests.len() > 50, "{}", requests.len());
    for (request, key) in requests.iter().zip(&keys) {
        let texts = request.question.headers.iter().map(|(_, value)| value.expose().to_owned());
        let all: Vec<String> = texts
            .chain([request.question.url.expose().to_owned()])
            .chain(request.question.body.iter().map(|it| it.expose().to_owned()))
            .collect();
        let percent: String = key
            .bytes()
            .map(|byte| match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect();
        let encoded = [format!("{key}:"), format!("api:{key}")]
            .map(|it| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, it));
        let holds =
            |text: &String| text.contains(key) || text.contains(&percent) || encoded.iter().any(|it| text.contains(it));
        assert!(all.iter().any(holds), "{}: the request has no key", request.question.host);
        assert!(
            request.question.url.expose().starts_with(&format!("https://{}/", request.question.host)),
            "{}",
            request.question.host
        );
    }
    let (address, heard) = stand_in(Says::Status(200, ""));
    let verifier = Verifier::of_stand_in(address, Duration::from_secs(5)).expect("it is set up");
    let answers = verifier.ask(&requests).expect("answers");
    assert!(!answers.iter().any(|it| it.reason().is_some_and(|why| why.contains("cannot be made"))), "{answers:?}");
    assert_eq!(heard.lock().expect("unlocked").len(), requests.len());
    // Some keys go in the address, which the library names in its errors.
    let (address, _) = stand_in(Says::Close);
    let broken =
        Verifier::of_stand_in(address, Duration::from_secs(5)).and_then(|it| it.ask(&requests)).expect("answers");
    let shown = format!("{broken:?}");
    assert!(keys.iter().all(|key| !shown.contains(key)) && shown.contains("serpapi.com broke off"), "a key is shown");
}

/// A repository's own providers have names of their own, and what is not of the catalogue has no request.
#[test]
fn only_the_catalogue_is_asked() {
    let why = |provider: &str, key: &str| request(provider, key).err().unwrap_or_default();
    assert!(why("my-own", "abcdefgh").contains("no harmless request"));
    assert!(why("anthropic", &key("anthropic.oauth-refresh", 1)).contains("this kind of key"));
    assert!(why("aws-bedrock", &key("aws-bedrock.access-key-id", 1)).contains("this kind of key"));
    assert!(why("groq", "gsk_a\nHost: b").contains("cannot carry"));
    assert!(why("langfuse", &key("langfuse.secret", 1)).contains("other half"));
    assert!(why("azure-openai", &key("azure-openai.cask", 1)).contains("more than the key"));
}

/// What an account says to a wrong answer, and how often it was asked for one.
fn told(says: Says) -> (Result<usize, AccountError>, usize) {
    let (address, heard) = stand_in(says);
    let get = |name: &str| (name == "OPENAI_ADMIN_KEY").then(|| Ok(Secret::new(key("openai.admin", 1))));
    let caller = || Caller::of_stand_in(address, Duration::from_millis(700));
    let account: Box<dyn Account> = open_by("openai", &get, caller).expect("it opens").expect("an interface");
    let keys = account.keys().map(|it| it.len());
    let heard = heard.lock().expect("unlocked");
    assert!(heard.iter().all(|it| it.starts_with("GET /v1/organization/projects") && it.contains("sk-admin-")));
    (keys, heard.len())
}

#[test]
fn an_account_says_no_or_is_lost() {
    assert_eq!(told(Says::Status(200, "{\"data\": [], \"has_more\": false}")), (Ok(0), 1));
    let refused = |says| match told(says) {
        (Err(AccountError::Refused(why)), asked) => (why, asked),
        other => panic!("{other:?}"),
    };
    let said = "{\"error\": {\"message\": \"You have no rights. Ask Kim.\"}}";
    assert_eq!(
        refused(Says::Status(403, said)),
        ("api.openai.com refused (status 403): You have no rights. Ask Kim".into(), 1)
    );
    // A provider that repeats the key is not repeated.
    let repeats = format!("{{\"error\": {{\"message\": \"no such key: {}\"}}}}", key("openai.admin", 1));
    let (why, _) = refused(Says::Status(401, Box::leak(repeats.into_boxed_str())));
    assert!(why.starts_with("api.openai.com refused (status 401): no such key: ") && why.len() < 60, "{why}");
    assert!(matches!(told(Says::Status(404, "")), (Err(AccountError::Gone(_)), 1)));
    let lost = |says| match told(says) {
        (Err(AccountError::Lost(why)), asked) => (why, asked),
        other => panic!("{other:?}"),
    };
    assert_eq!(lost(Says::Status(200, "[]")), ("the answer of api.openai.com cannot be understood".into(), 1));
    assert_eq!(lost(Says::Status(502, "")), ("api.openai.com answered with status 502".into(), 3));
    assert_eq!(lost(Says::Close), ("api.openai.com broke off its answer".into(), 3));
    assert_eq!(lost(Says::Nothing), ("api.openai.com did not answer in 0.7 seconds".into(), 3));
    assert_eq!(lost(Says::Redirect), ("api.openai.com answered with status 302".into(), 1));
    let endless = "{\"data\": [{\"id\": \"proj\"}], \"has_more\": true, \"last_id\": \"proj\"}";
    assert_eq!(lost(Says::Status(200, endless)).1, 2, "a page that names itself is the last one");
}

#[test]
fn an_account_is_opened_by_its_administrator_only() {
    let open = |provider: &str, said: Option<Result<&str, &str>>| {
        let get = |_: &str| said.map(|it| it.map(Secret::new).map_err(str::to_owned));
        open_by(provider, &get, || Err("nobody is asked".to_owned())).map(|it| it.is_some())
    };
    assert_eq!(open("groq", None), Ok(false));
    assert_eq!(open("my-own", None), Ok(false));
    assert!(open("openai", None).is_err_and(|why| why.contains("set OPENAI_ADMIN_KEY")));
    assert!(open("openai", Some(Ok(""))).is_err_and(|why| why.contains("set OPENAI_ADMIN_KEY")));
    assert!(open("openai", Some(Err("no such secret"))).is_err_and(|why| why == "OPENAI_ADMIN_KEY: no such secret"));
    assert!(open("openai", Some(Ok("a\nb"))).is_err_and(|why| why.contains("no key has")));
    assert_eq!(open("openai", Some(Ok("a"))), Err("nobody is asked".to_owned()));
}
