//! The function that rotates keys in AWS Secrets Manager: the emitted package as Lambda starts it, moto for Secrets Manager,
//! and stand-ins for Lambda's own interface and for the provider.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::http::{Listening, Message};
use super::machine::Machine;
use super::servers::Moto;
use crate::rotation::provider::{Fault, Provider, admin, now};

const SECRET: &str = "app/OPENAI_API_KEY";

/// What waits for the function, and what it answered.
#[derive(Default)]
struct Calls {
    waiting: VecDeque<(String, String)>,
    answered: HashMap<String, (bool, Value)>,
    count: usize,
}

/// The function in its machine.
struct Function {
    calls: Arc<(Mutex<Calls>, Condvar)>,
    process: Child,
    _api: Listening,
    log: tempfile::NamedTempFile,
    _folder: tempfile::TempDir,
}

impl Function {
    /// Starts what `rotate --emit aws-lambda` writes, with other options in the place of its own.
    fn start(moto: &Moto, provider: &Provider, options: &str) -> Function {
        let machine = Machine::new();
        machine.write(".env.example", &format!("OPENAI_API_KEY=\"ref+awssecrets://{SECRET}\"\n"));
        let said = machine.ours(&["rotate", "--emit", "aws-lambda", "--output", "job"]);
        assert_eq!(said.code, Some(0), "{}", said.text);
        let job = machine.project().join("job");
        let bootstrap = fs::read_to_string(job.join("bootstrap")).expect("a script");
        assert!(bootstrap.contains(" --grace 24h\n"), "{bootstrap}");
        fs::write(job.join("bootstrap"), bootstrap.replace(" --grace 24h", options)).expect("written");
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_aikeys-lsp"), job.join("aikeys-lsp")).expect("a link");

        let calls: Arc<(Mutex<Calls>, Condvar)> = Arc::default();
        let own = Arc::clone(&calls);
        let api = Listening::answering(move |request| answered(&own, request));
        let log = tempfile::NamedTempFile::new().expect("a file");
        let mut command = Command::new(job.join("bootstrap"));
        // As Lambda sets it: no home, and the search path of the system.
        command.env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin").env("LAMBDA_TASK_ROOT", &job);
        command.env("AWS_LAMBDA_RUNTIME_API", api.host()).envs(moto.environment());
        command.env("AIKEYS_STAND_IN", provider.address.to_string());
        command.env("OPENAI_ADMIN_KEY", "ref+awssecrets://aikeys/OPENAI_ADMIN_KEY");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.reopen().expect("a file"));
        let process = command.spawn().expect("it starts");
        Function { calls, process, _api: api, log, _folder: machine.keep() }
    }

    /// Calls the function: what it answered, or its error.
    fn call(&self, event: &str) -> Result<String, String> {
        let (calls, changed) = &*self.calls;
        let mut state = calls.lock().unwrap_or_else(PoisonError::into_inner);
        state.count += 1;
        let id = format!("8476a536-{}", state.count);
        state.waiting.push_back((id.clone(), event.to_owned()));
        changed.notify_all();
        let start = Instant::now();
        while !state.answered.contains_key(&id) {
            assert!(start.elapsed() < Duration::from_secs(60), "no answer; its log: {}", self.log());
            state = changed.wait_timeout(state, Duration::from_secs(1)).unwrap_or_else(PoisonError::into_inner).0;
        }
        let (is_fine, body) = state.answered.remove(&id).expect("an answer");
        let text = |name: &str| body[name].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
        if is_fine { Ok(text("done")) } else { Err(text("errorMessage")) }
    }

    fn step(&self, arn: &str, step: &str, token: &str) -> Result<String, String> {
        let event = json!({"Step": step, "SecretId": arn, "ClientRequestToken": token, "RotationToken": "proof"});
        self.call(&event.to_string())
    }

    /// All steps, each of them twice.
    fn rotate(&self, arn: &str, token: &str) {
        for step in ["createSecret", "setSecret", "testSecret", "finishSecret"] {
            for _ in 0..2 {
                self.step(arn, step, token).unwrap_or_else(|error| panic!("{step}: {error}"));
            }
        }
    }

    fn log(&self) -> String {
        fs::read_to_string(self.log.path()).unwrap_or_default()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Lambda's interface: an event is given out once, and each is answered once.
fn answered(calls: &(Mutex<Calls>, Condvar), request: &Message) -> Message {
    let (calls, changed) = calls;
    let mut state = calls.lock().unwrap_or_else(PoisonError::into_inner);
    let path =
        request.word(1).strip_prefix("/2018-06-01/runtime/invocation/").expect("the interface's version").to_owned();
    match (request.word(0), path.split_once('/')) {
        ("GET", None) if path == "next" => {
            let start = Instant::now();
            loop {
                if let Some((id, event)) = state.waiting.pop_front() {
                    let headers = [("Lambda-Runtime-Aws-Request-Id", id.as_str()), ("Lambda-Runtime-Deadline-Ms", "1")];
                    return Message::answering(200, &headers, &event);
                }
                if start.elapsed() > Duration::from_secs(120) {
                    return Message::answering(500, &[], "");
                }
                state = changed.wait_timeout(state, Duration::from_secs(1)).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
        ("POST", Some((id, kind @ ("response" | "error")))) => {
            let is_named = request.header("lambda-runtime-function-error-type").is_some();
            assert_eq!(is_named, kind == "error", "an error has a type in its head");
            state.answered.insert(id.to_owned(), (kind == "response", request.json()));
            changed.notify_all();
            Message::answering(202, &[], "{\"status\":\"OK\"}")
        }
        _ => Message::answering(404, &[], ""),
    }
}

/// An account with a key, which lies in a secret, and who may manage it.
fn stage(text: impl Fn(&str) -> String) -> (Moto, Provider, String) {
    let (moto, provider) = (Moto::start(), Provider::start());
    let old = provider.with_key(7);
    for (name, value) in [(SECRET, text(&old)), ("aikeys/OPENAI_ADMIN_KEY", admin())] {
        let made = moto.call("CreateSecret", &json!({"Name": name, "SecretString": value}));
        assert_eq!(made.status(), 200, "{}", made.text());
    }
    (moto, provider, old)
}

/// Secrets Manager begins a rotation: the secret's address.
///
/// Amazon lets a version be pending and current when a rotation is over, and moto wants it to be pending no more.
fn begin(moto: &Moto, token: &str) -> String {
    let known = moto.call("DescribeSecret", &json!({"SecretId": SECRET})).json();
    let stages = known["VersionIdsToStages"].as_object().expect("versions");
    let is_over = |labels: &Value| ["AWSPENDING", "AWSCURRENT"].iter().all(|it| labels.to_string().contains(it));
    if let Some((version, _)) = stages.iter().find(|(_, labels)| is_over(labels)) {
        let label = json!({"SecretId": SECRET, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version});
        assert_eq!(moto.call("UpdateSecretVersionStage", &label).status(), 200);
    }
    let begun = Moto::python("rotate_secret.py", &[&moto.url, SECRET, token]);
    assert!(begun.status.success(), "{}", String::from_utf8_lossy(&begun.stderr));
    String::from_utf8_lossy(&begun.stdout).trim().to_owned()
}

/// The value with a label.
fn at(moto: &Moto, label: &str) -> String {
    let found = moto.call("GetSecretValue", &json!({"SecretId": SECRET, "VersionStage": label})).json();
    found["SecretString"].as_str().unwrap_or_else(|| panic!("{label}: {found}")).to_owned()
}

fn token(number: u32) -> String {
    format!("11111111-2222-3333-4444-{number:012}")
}

#[test]
fn secrets_manager_rotates_a_key_by_the_emitted_function() {
    let (moto, provider, old) = stage(str::to_owned);
    let function = Function::start(&moto, &provider, " --grace 0s");
    let first = token(1);
    let arn = begin(&moto, &first);
    function.rotate(&arn, &first);
    let new = at(&moto, "AWSCURRENT");
    assert_eq!((at(&moto, "AWSPREVIOUS"), provider.lives(&new), provider.lives(&old)), (old.clone(), true, true));
    assert_eq!(provider.living().len(), 2, "one key was made");
    // All of it again does nothing.
    function.rotate(&arn, &first);
    assert_eq!(at(&moto, "AWSCURRENT"), new);

    // Who still uses the key before it is not cut off.
    provider.state().keys[0].last_used = Some(now() + 60);
    let second = token(2);
    begin(&moto, &second);
    let stopped = function.step(&arn, "createSecret", &second).expect_err("it is in use");
    assert!(stopped.contains("was used at"), "{stopped}");
    assert_eq!(provider.living().len(), 2);
    provider.state().keys[0].last_used = Some(now() - 3600);
    function.rotate(&arn, &second);
    let newest = at(&moto, "AWSCURRENT");
    assert!(!provider.lives(&old) && provider.lives(&new) && provider.lives(&newest) && newest != new);

    let ended = function.call(&json!({"Step": "endPrevious", "SecretId": arn}).to_string()).expect("it ends");
    assert!(ended.starts_with("ended key_"), "{ended}");
    assert_eq!(provider.living(), [newest]);
    let again = function.call(&json!({"Step": "endPrevious", "SecretId": arn}).to_string()).expect("nothing is left");
    assert_eq!(again, "there is no key before the current one");
    let log = function.log();
    for key in [&old, &new, &admin()] {
        assert!(!log.contains(&key[12..30]), "{log}");
    }
}

#[test]
fn a_rotation_that_fails_leaves_the_old_key_in_use() {
    let (moto, provider, old) = stage(str::to_owned);
    let function = Function::start(&moto, &provider, " --grace 24h");
    let token = token(3);
    let arn = begin(&moto, &token);
    // The provider made a key, and its answer is lost: the next try ends that key.
    let asked = provider.state().asked;
    for question in 0..8 {
        provider.state().fault = Some((asked + question, Fault::After));
        if function.step(&arn, "createSecret", &token).is_err() && provider.living().len() > 1 {
            break;
        }
        provider.state().fault = None;
    }
    provider.state().fault = None;
    function.step(&arn, "createSecret", &token).expect("the next try");
    assert_eq!(provider.living().len(), 2, "the lost key is alive");
    assert_eq!(at(&moto, "AWSCURRENT"), old);
    let pending = at(&moto, "AWSPENDING");

    // Who ends the new key meanwhile makes the test fail, and nothing changes.
    let at_provider = provider.state().keys.iter().position(|it| it.value == pending).expect("the new key");
    provider.state().keys[at_provider].lives = false;
    let failed = function.step(&arn, "testSecret", &token).expect_err("it is dead");
    assert!(failed.contains("does not take the new key"), "{failed}");
    let failed = function.step(&arn, "createSecret", &token).expect_err("a version keeps its value");
    assert!(failed.contains("cancel-rotate-secret"), "{failed}");
    assert_eq!(at(&moto, "AWSCURRENT"), old);

    // What is no step, and what is no rotation.
    for (event, why) in [
        ("nonsense", "no JSON"),
        ("{}", "no step"),
        ("{\"Step\":\"createSecret\",\"SecretId\":\"x\"}", "ClientRequestToken"),
    ] {
        let failed = function.call(event).expect_err("it is no event");
        assert!(failed.contains(why), "{event}: {failed}");
    }
    let failed = function.step(&arn, "createSecret", &self::token(9)).expect_err("there is no such version");
    assert!(failed.contains("there is no version"), "{failed}");
    let missing = arn.replace("OPENAI_API_KEY", "NOTHING");
    assert!(function.step(&missing, "createSecret", &token).is_err());
    assert!(provider.lives(&old));
}

#[test]
fn a_key_in_a_field_is_rotated_and_the_other_fields_stay() {
    let object = |key: &str| json!({"user": "app", "key": key, "limit": 1.50}).to_string();
    let (moto, provider, old) = stage(object);
    let function = Function::start(&moto, &provider, " --field key --provider openai");
    let token = token(4);
    let arn = begin(&moto, &token);
    function.rotate(&arn, &token);
    let new: Value = serde_json::from_str(&at(&moto, "AWSCURRENT")).expect("an object");
    assert_eq!((&new["user"], &new["limit"]), (&json!("app"), &json!(1.5)));
    let key = new["key"].as_str().expect("a key");
    assert!(key != old && provider.lives(key) && provider.lives(&old));
    // A day is not over.
    let stays = function.call(&json!({"Step": "endPrevious", "SecretId": arn}).to_string()).expect("it stays");
    assert!(stays.contains("stays until"), "{stays}");
}
