//! Rotations by the accounts of all providers: each request is checked against what its provider publishes.

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use aikeys::secrets::sample;
use serde_json::{Value, json};

use crate::accounts::Providers;

/// A workspace, and what its user has in the environment.
struct Work<'p> {
    folder: tempfile::TempDir,
    providers: &'p Providers,
    admin: Vec<(&'static str, String)>,
}

impl<'p> Work<'p> {
    fn new(providers: &'p Providers, admin: &[(&'static str, &str)], env: &[(&str, &str)]) -> Work<'p> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in ["home", "work", "work/.git"] {
            fs::create_dir_all(folder.path().join(name)).expect("a folder");
        }
        let lines: String = env.iter().map(|(name, value)| format!("{name}={value}\n")).collect();
        fs::write(folder.path().join("work/.env"), lines).expect("written");
        fs::write(folder.path().join("work/.gitignore"), ".env\n").expect("written");
        let admin = admin.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Work { folder, providers, admin }
    }

    fn aikeys(&self, args: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(args).current_dir(self.folder.path().join("work")).env_clear();
        command.env("PATH", std::env::var("PATH").unwrap_or_default()).env("HOME", self.folder.path().join("home"));
        command.env("AIKEYS_STAND_IN", self.providers.address.to_string());
        command.envs(self.admin.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child.wait_with_output().expect("it ends")
    }

    fn value(&self, name: &str) -> String {
        let text = fs::read_to_string(self.folder.path().join("work/.env")).expect("read");
        let line = text.lines().find_map(|line| line.strip_prefix(&format!("{name}=")));
        line.unwrap_or_else(|| panic!("{name} is not there")).to_owned()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn active(providers: &Providers, provider: &str) -> Vec<Value> {
    let state = providers.control("state", json!({}));
    let keys = state["keys"][provider].as_array().cloned().unwrap_or_default();
    keys.into_iter().filter(|it| it["active"] == true).collect()
}

/// Rotates what a variable holds. Then one key is active, and it is the one in `.env`.
fn rotates(provider: &str, variable: &str, admin: (&'static str, &str), given: Value) {
    let providers = Providers::start();
    providers.control("admin", json!({"provider": provider, "key": admin.1}));
    let old = providers.key(given);
    let value = providers.value(provider, &old);
    let work = Work::new(&providers, &[admin], &[(variable, &value)]);
    let args = ["rotate", variable, "--yes", "--grace", "0s", "--lifetime", "90d"];
    let output = work.aikeys(&args, "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let left = active(&providers, provider);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["value"], work.value(variable));
    assert_ne!(work.value(variable), value);
    assert!(!text(&output).contains(&work.value(variable)) && !text(&output).contains(&value), "a key is shown");

    // The answer is lost: the key that was made all the same is found and taken away.
    providers.control("fail", json!({"how": "lost", "method": "POST", "times": 1}));
    let output = work.aikeys(&args, "");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output = work.aikeys(&["rotate", variable, "--yes", "--resume"], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let left = active(&providers, provider);
    assert_eq!(left.len(), 1, "an orphan is alive: {left:?}");
    assert_eq!(left[0]["value"], work.value(variable));
}

#[test]
fn of_openai() {
    let admin = sample("openai.admin", 1).expect("a sample");
    let given = json!({"provider": "openai", "owner": "svc_1"});
    rotates("openai", "OPENAI_API_KEY", ("OPENAI_ADMIN_KEY", &admin), given);
}

#[test]
fn of_openrouter() {
    let admin = sample("openrouter.api", 1).expect("a sample");
    let given = json!({"provider": "openrouter"});
    rotates("openrouter", "OPENROUTER_API_KEY", ("OPENROUTER_MANAGEMENT_KEY", &admin), given);
}

/// The new key is made by hand, and the old one is switched off, not archived.
#[test]
fn of_anthropic_by_hand() {
    let providers = Providers::start();
    let admin = sample("anthropic.admin", 1).expect("a sample");
    let [old, new] = [1, 2].map(|_| providers.key(json!({"provider": "anthropic"})));
    let [value, made] = [&old, &new].map(|it| providers.value("anthropic", it));
    let work = Work::new(&providers, &[("ANTHROPIC_ADMIN_KEY", &admin)], &[("ANTHROPIC_API_KEY", &value)]);
    let output = work.aikeys(&["rotate", "ANTHROPIC_API_KEY", "--yes", "--grace", "0s"], &made);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(work.value("ANTHROPIC_API_KEY"), made);
    let state = providers.control("state", json!({}));
    let status = state["keys"]["anthropic"].as_array().expect("keys").iter().find(|it| it["id"] == *old);
    assert_eq!(status.expect("it is there")["status"], "inactive");
}

/// Two halves in two variables, which have no name at Amazon.
#[test]
fn of_amazon() {
    let admin = format!("AKIAADMIN{}:secret", "A".repeat(11));
    let (id, secret) = admin.split_once(':').expect("two halves");
    for silent in [json!(null), json!(["GetUser"])] {
        let providers = Providers::start();
        providers.control("admin", json!({"provider": "aws-bedrock", "key": admin}));
        providers.control("admin", json!({"provider": "aws-silent", "key": silent}));
        let old = providers.control("create", json!({"provider": "aws-bedrock"}));
        let halves = [("AWS_ACCESS_KEY_ID", &old["id"]), ("AWS_SECRET_ACCESS_KEY", &old["secret"])];
        let env = halves.map(|(name, value)| (name, value.as_str().expect("a text")));
        let admins = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
        let work = Work::new(&providers, &admins, &env);
        let args = ["rotate", "AWS_SECRET_ACCESS_KEY", "--yes", "--grace", "0s"];
        let is_rotated = |output: &Output| {
            assert_eq!(output.status.code(), Some(0), "{}", text(output));
            let left = active(&providers, "aws-bedrock");
            assert_eq!(left.len(), 1, "{left:?}\n{}", text(output));
            assert_eq!(left[0]["id"], work.value("AWS_ACCESS_KEY_ID"));
            assert_eq!(left[0]["secret"], work.value("AWS_SECRET_ACCESS_KEY"));
        };
        let output = work.aikeys(&args, "");
        is_rotated(&output);
        assert!(text(&output).contains("proven"), "{}", text(&output));
        assert_ne!(work.value("AWS_ACCESS_KEY_ID"), env[0].1);
        // One of the questions creates; nobody hears its answer.
        let lost = (0..20).any(|after| {
            providers.control("fail", json!({"how": "lost", "times": 1, "after": after}));
            let output = work.aikeys(&args, "");
            let is_stopped = output.status.code() == Some(2);
            // It is found at once.
            let is_orphan = is_stopped && text(&output).contains("whose value nobody uses");
            if is_stopped && !is_orphan {
                work.aikeys(&["rotate", "AWS_SECRET_ACCESS_KEY", "--yes", "--abort"], "");
            }
            is_orphan
        });
        assert!(lost, "no answer was lost");
        is_rotated(&work.aikeys(&["rotate", "AWS_ACCESS_KEY_ID", "--yes", "--resume"], ""));
    }
}

#[test]
fn of_bedrock() {
    let admin = format!("AKIAADMIN{}:secret", "A".repeat(11));
    let (id, secret) = admin.split_once(':').expect("two halves");
    let providers = Providers::start();
    providers.control("admin", json!({"provider": "aws-bedrock", "key": admin}));
    let old = providers.key(json!({"provider": "aws-bedrock", "kind": "bedrock"}));
    let value = providers.value("aws-bedrock", &old);
    let admins = [("AWS_ACCESS_KEY_ID", id), ("AWS_SECRET_ACCESS_KEY", secret)];
    let work = Work::new(&providers, &admins, &[("AWS_BEARER_TOKEN_BEDROCK", &value)]);
    let output =
        work.aikeys(&["rotate", "AWS_BEARER_TOKEN_BEDROCK", "--yes", "--grace", "0s", "--lifetime", "90d"], "");
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let left = active(&providers, "aws-bedrock");
    assert_eq!((left.len(), &left[0]["value"]), (1, &json!(work.value("AWS_BEARER_TOKEN_BEDROCK"))), "{left:?}");
}
