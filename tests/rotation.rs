//! Rotations: a key that works stands in its place at any moment, whoever fails or is killed, and no other one stays.

pub mod provider;

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use aikeys::secrets::fingerprint;
use provider::{Fault, Provider, admin, now};

/// So many rotations are killed.
const KILLS: usize = 200 / crate::PART;
/// No rotation of these tests asks more.
const MOST_QUESTIONS: usize = 12;

/// A workspace with a key, its account, and a home.
struct Stage {
    folder: tempfile::TempDir,
    provider: Provider,
    old: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Store {
    Env,
    Local,
}

impl Stage {
    fn new(store: Store) -> Stage {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let provider = Provider::start();
        let old = provider.with_key(7);
        let stage = Stage { folder, provider, old };
        fs::create_dir_all(stage.work().join(".git")).expect("a folder");
        fs::create_dir_all(stage.folder.path().join("home")).expect("a folder");
        let lock = "version = 1\n\n[[key]]\nvariable = \"OPENAI_API_KEY\"\nprovider = \"openai\"\nsince = \"2020-01-01\"\nrotate-days = 30\n";
        stage.write("aikeys.lock", lock);
        stage.write(".gitignore", ".env\n");
        match store {
            Store::Env => stage.write(".env", &format!("# mine\nA=1\nOPENAI_API_KEY={}\nZ=2\n", stage.old)),
            Store::Local => {
                let made = stage.aikeys(&["store", "init", "--yes"]);
                assert!(made.status.success(), "{}", shown(&made));
                let reference = "ref+age://.aikeys/secrets.age#/OPENAI_API_KEY";
                let put = stage.start(&["store", "put", reference], &stage.old).wait_with_output().expect("it ends");
                assert!(put.status.success(), "{}", shown(&put));
                stage.write(".env", &format!("OPENAI_API_KEY=\"{reference}\"\n"));
            }
        }
        stage
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.work().join(name), text).expect("written");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.work().join(name)).expect("read")
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(args).current_dir(self.work()).env_clear().env("PATH", std::env::var("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path().join("home")).env("OPENAI_ADMIN_KEY", admin());
        command.env("AIKEYS_STAND_IN", self.provider.address.to_string());
        command.env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::null());
        command
    }

    fn start(&self, args: &[&str], input: &str) -> std::process::Child {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        self.provider.state().asker = Some(child.id());
        // Who was killed reads nothing.
        let _ = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        child
    }

    fn aikeys(&self, args: &[&str]) -> Output {
        let output = self.start(args, "").wait_with_output().expect("it ends");
        self.leaks_nothing(&output);
        output
    }

    /// Nothing that was printed shows a key of the account, or the administrator's.
    fn leaks_nothing(&self, output: &Output) {
        let text = shown(output);
        let all = self.provider.state().keys.iter().map(|it| it.value.clone()).chain([admin()]).collect::<Vec<_>>();
        for key in all.iter().filter(|it| it.len() > 20) {
            let middle = &key[12..key.len() - 4];
            let part = (0..middle.len() - 8).find(|at| text.contains(&middle[*at..at + 8]));
            assert!(part.is_none(), "a key is shown: {}", text.replace(key, "KEY"));
        }
    }

    /// The value that a program gets.
    fn value(&self) -> String {
        let env = self.read(".env");
        let line = env.lines().find_map(|line| line.strip_prefix("OPENAI_API_KEY=")).expect("a line");
        if !line.contains("ref+") {
            return line.to_owned();
        }
        let output = self.command(&["run", "--", "printenv", "OPENAI_API_KEY"]).output().expect("it starts");
        assert!(output.status.success(), "{}", shown(&output));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The key that a program gets works, at any moment.
    fn works(&self) {
        assert!(self.provider.lives(&self.value()), "the program has a key that does not work");
    }

    /// The new key is the only one, stands in its place, and the list knows it.
    fn is_rotated(&self) {
        let value = self.value();
        assert_ne!(value, self.old, "the program has the old key");
        assert_eq!(self.provider.living(), [value], "an old or a lost key is alive");
        let lock = self.read("aikeys.lock");
        let old = fingerprint(&self.old).expect("a long key").hex;
        assert!(lock.contains(&old) && !lock.contains("2020-01-01"), "{lock}");
        assert_eq!(lock.matches("[[burned]]").count(), 1, "{lock}");
    }

    /// All is as it was.
    fn is_as_before(&self) {
        assert_eq!(self.value(), self.old, "the program has another key");
        assert_eq!(self.provider.living(), std::slice::from_ref(&self.old), "a new key is alive");
    }

    fn rotate(&self, more: &[&str]) -> Output {
        let args = [&["rotate", "OPENAI_API_KEY", "--yes", "--grace", "0s"], more].concat();
        self.aikeys(&args)
    }

    fn resume(&self) -> Output {
        self.aikeys(&["rotate", "OPENAI_API_KEY", "--yes", "--resume"])
    }

    /// Goes on until one of these words is said.
    fn until(&self, words: &[&str]) -> Output {
        let begun = Instant::now();
        loop {
            let output = self.resume();
            if words.iter().any(|it| shown(&output).contains(it)) {
                return output;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{}", shown(&output));
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    /// Goes on until nothing is left to do.
    fn to_the_end(&self) -> Output {
        self.provider.state().fault = None;
        let going = self.resume();
        match shown(&going).contains("no rotation of") {
            // It was killed before it was written down, or had ended already.
            true if self.value() == self.old => self.rotate(&[]),
            _ => going,
        }
    }
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_key_is_rotated_and_nothing_else_changes() {
    for store in [Store::Env, Store::Local] {
        let stage = Stage::new(store);
        let output = stage.rotate(&["--hook", "echo \"$PPID\" > told"]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        for step in ["created", "verified", "written", "hook", "switched", "revoked", "proven", "ended"] {
            assert!(shown(&output).contains(step), "{store:?}: {step} is missing in\n{}", shown(&output));
        }
        stage.is_rotated();
        assert!(stage.work().join("told").exists(), "the command was not run");
        if store == Store::Env {
            let value = stage.value();
            assert_eq!(stage.read(".env"), format!("# mine\nA=1\nOPENAI_API_KEY={value}\nZ=2\n"));
        }
        let log = shown(&stage.aikeys(&["audit", "tail"]));
        assert!(log.contains("rotated") && log.contains("revoked"), "{log}");
        let status = shown(&stage.aikeys(&["rotate", "--status"]));
        assert!(status.contains("ended") && status.contains("nothing is left to do"), "{status}");
        let again = stage.resume();
        assert_eq!(again.status.code(), Some(2), "{}", shown(&again));
    }
}

#[test]
fn the_old_key_stays_until_nobody_uses_it() {
    let stage = Stage::new(Store::Env);
    let output = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--grace", "1h"]);
    assert!(shown(&output).contains("the old key stays until"), "{}", shown(&output));
    assert!(stage.provider.lives(&stage.old));
    assert_eq!(stage.aikeys(&["rotate", "OPENAI_API_KEY"]).status.code(), Some(2), "a second one began");

    let stage = Stage::new(Store::Env);
    // Somebody uses it after the switch.
    stage.provider.state().keys[0].last_used = Some(now() + 60);
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("was used at"), "{}", shown(&output));
    assert!(stage.provider.lives(&stage.old));
    // Seen once, it has to be quiet from then on; times only go up.
    stage.provider.state().keys[0].last_used = Some(now() + 120);
    let output = stage.resume();
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(stage.provider.lives(&stage.old));

    // Whoever was restarted is quiet, and the old key goes.
    let stage = Stage::new(Store::Env);
    let output = stage.rotate(&["--hook", "false"]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    let output = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.aikeys(&["rotate", "OPENAI_API_KEY", "--grace", "1s"]);
    stage.provider.state().keys[0].last_used = Some(now() + 1);
    let output = stage.until(&["in use", "ended"]);
    assert!(shown(&output).contains("was used at"), "{}", shown(&output));
    stage.until(&["ended"]);
    stage.is_rotated();

    // A copy of the old key would stop working.
    let stage = Stage::new(Store::Env);
    stage.write("notes.txt", &stage.old);
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("notes.txt"), "{}", shown(&output));
    assert!(stage.provider.lives(&stage.old));
}

#[test]
fn the_provider_s_clock_counts() {
    // Its clock is an hour ahead: a use before the switch has a later time than the switch has here.
    let stage = Stage::new(Store::Env);
    stage.provider.state().skew = 3600;
    stage.provider.state().keys[0].last_used = Some(now() + 3600 - 60);
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.is_rotated();
    // The same where another process goes on.
    let stage = Stage::new(Store::Env);
    stage.provider.state().skew = 3600;
    stage.provider.state().keys[0].last_used = Some(now() + 3600 - 60);
    let output = stage.rotate(&["--hook", "test -e mended"]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    stage.write("mended", "");
    let output = stage.resume();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.is_rotated();
    // An hour behind: a use after the switch looks older.
    let stage = Stage::new(Store::Env);
    stage.provider.state().skew = -3600;
    stage.provider.state().keys[0].last_used = Some(now() - 3600 + 60);
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(stage.provider.lives(&stage.old));
}

#[test]
fn every_env_line_with_the_key_changes() {
    let stage = Stage::new(Store::Env);
    stage.write(
        ".env.production",
        &format!("export OPENAI_API_KEY='{}' # the same\r\nB=\"{}\"\r\n", stage.old, stage.old),
    );
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.is_rotated();
    let value = stage.value();
    assert_eq!(stage.read(".env.production"), format!("export OPENAI_API_KEY={value} # the same\r\nB={value}\r\n"));
}

#[test]
fn a_new_key_that_does_not_work_is_taken_back() {
    let stage = Stage::new(Store::Env);
    stage.provider.state().stillborn = true;
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(shown(&output).contains("does not take the new key"), "{}", shown(&output));
    stage.is_as_before();
    stage.provider.state().stillborn = false;
    assert_eq!(stage.rotate(&[]).status.code(), Some(0), "it cannot begin again");
    stage.is_rotated();
}

#[test]
fn a_command_that_fails_stops_it_and_both_keys_work() {
    let stage = Stage::new(Store::Local);
    let output = stage.rotate(&["--hook", "test -e mended"]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(stage.provider.lives(&stage.old) && stage.provider.lives(&stage.value()));
    stage.write("mended", "");
    let output = stage.resume();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.is_rotated();
}

#[test]
fn it_goes_back_from_every_step() {
    let stops: [&[&str]; 2] = [&["--hook", "false"], &["--grace", "1h"]];
    for stop in stops {
        let stage = Stage::new(Store::Local);
        let args = [&["rotate", "OPENAI_API_KEY"], stop].concat();
        stage.aikeys(&args);
        assert_ne!(stage.value(), stage.old, "it did not get so far");
        let output = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort"]);
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        stage.is_as_before();
    }
    // The old key is dead: there is no way back.
    let stage = Stage::new(Store::Env);
    stage.aikeys(&["rotate", "OPENAI_API_KEY", "--grace", "1h"]);
    stage.provider.state().keys[0].lives = false;
    let output = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort"]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    stage.works();
    // Somebody else ended it: that is no trouble.
    let output = stage.resume();
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.is_rotated();
}

#[test]
fn the_way_back_needs_a_key_that_works() {
    // The old key is dead, and nobody can say so: the new one must not go.
    for (stop, dead) in [(&["--grace", "1h"][..], true), (&["--hook", "false"], true), (&["--grace", "1h"], false)] {
        let stage = Stage::new(Store::Env);
        stage.aikeys(&[&["rotate", "OPENAI_API_KEY"], stop].concat());
        stage.provider.state().keys[0].lives = !dead;
        stage.provider.state().broken = true;
        let output = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort", "--yes"]);
        assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
        assert!(shown(&output).contains("nobody knows whether the old key"), "{}", shown(&output));
        stage.works();
        stage.provider.state().broken = false;
        let back = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort", "--yes"]);
        assert_eq!(back.status.code(), Some(if dead { 2 } else { 0 }), "{}", shown(&back));
        stage.works();
    }
    // Without the administrator's key the old one stands everywhere again, and the new one is named.
    let stage = Stage::new(Store::Env);
    stage.aikeys(&["rotate", "OPENAI_API_KEY", "--grace", "1h"]);
    let mut command = stage.command(&["rotate", "OPENAI_API_KEY", "--abort"]);
    let output = command.env_remove("OPENAI_ADMIN_KEY").output().expect("it starts");
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(shown(&output).contains("key_new1"), "{}", shown(&output));
    assert_eq!(stage.value(), stage.old);
    let output = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.is_as_before();
}

#[test]
fn a_key_under_two_names_is_one() {
    let stage = Stage::new(Store::Env);
    stage.write(".env", &format!("OPENAI_API_KEY={0}\nMY_OPENAI_KEY={0}\n", stage.old));
    let row = |name: &str| {
        format!("\n[[key]]\nvariable = \"{name}\"\nprovider = \"openai\"\nsince = \"2020-01-01\"\nrotate-days = 30\n")
    };
    stage.write("aikeys.lock", &format!("version = 1\n{}{}", row("MY_OPENAI_KEY"), row("OPENAI_API_KEY")));
    let done = stage.aikeys(&["rotate", "--due", "--yes", "--grace", "0s"]);
    assert_eq!(done.status.code(), Some(0), "{}", shown(&done));
    stage.is_rotated();
    assert!(stage.read(".env").contains(&format!("MY_OPENAI_KEY={}", stage.value())));
    assert_eq!(stage.aikeys(&["rotate", "--due"]).status.code(), Some(0));
    assert_eq!(stage.provider.state().keys.len(), 2, "it was rotated twice");

    // While one waits, the other does not begin.
    let stage = Stage::new(Store::Env);
    stage.write(".env", &format!("OPENAI_API_KEY={0}\nMY_OPENAI_KEY={0}\n", stage.old));
    stage.aikeys(&["rotate", "OPENAI_API_KEY", "--grace", "1h"]);
    let second = stage.aikeys(&["rotate", "MY_OPENAI_KEY", "--grace", "1h"]);
    assert_eq!(second.status.code(), Some(2), "{}", shown(&second));
    assert!(shown(&second).contains("whose rotation has begun"), "{}", shown(&second));
}

#[test]
fn other_references_to_the_key_change_with_it() {
    let stage = Stage::new(Store::Local);
    let other = "ref+age://.aikeys/secrets.age#/OTHER";
    let put = stage.start(&["store", "put", other], &stage.old).wait_with_output().expect("it ends");
    assert!(put.status.success(), "{}", shown(&put));
    stage.write(".env.production", &format!("KEY=\"{other}\"\n"));
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    stage.is_rotated();
    let got = stage.command(&["store", "get", other]).output().expect("it starts");
    assert_eq!(String::from_utf8_lossy(&got.stdout), stage.value());
}

#[test]
fn an_encoded_copy_keeps_the_old_key() {
    use base64::Engine as _;
    let stage = Stage::new(Store::Env);
    let encoded = base64::engine::general_purpose::STANDARD.encode(&stage.old);
    stage.write("secret.yaml", &format!("kind: Secret\ndata:\n  key: {encoded}\n"));
    let output = stage.rotate(&[]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("secret.yaml") && stage.provider.lives(&stage.old), "{}", shown(&output));
}

#[test]
fn a_broken_list_stops_it_before_anything_is_made() {
    let stage = Stage::new(Store::Env);
    stage.write("aikeys.lock", "<<<<<<< HEAD\nversion = 1\n");
    for args in [&["rotate", "OPENAI_API_KEY", "--yes"][..], &["rotate", "--due"], &["rotate", "--due", "--yes"]] {
        let output = stage.aikeys(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", shown(&output));
        assert!(shown(&output).contains("aikeys.lock"), "{}", shown(&output));
    }
    stage.is_as_before();
}

#[test]
fn somebody_else_s_change_stays() {
    let stage = Stage::new(Store::Env);
    // While the new key is tried, somebody writes another value.
    let hook = "sed -i s/OPENAI_API_KEY=.*/OPENAI_API_KEY=somebody-elses-value-0123456789/ .env";
    let output = stage.rotate(&["--hook", hook]);
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    let status = stage.read(".env");
    assert!(status.contains("somebody-elses-value"), "{}", shown(&output));
    assert!(stage.provider.lives(&stage.old), "the old key was ended");
    let back = stage.aikeys(&["rotate", "OPENAI_API_KEY", "--forget", "--yes"]);
    assert_eq!(back.status.code(), Some(0), "{}", shown(&back));
}

#[test]
fn two_at_once_are_one() {
    let stage = Stage::new(Store::Env);
    // It stays in its command until the second one was refused.
    let hook = "for i in $(seq 600); do test -e go && exit 0; sleep 0.1; done; exit 1";
    let first = stage.start(&["rotate", "OPENAI_API_KEY", "--grace", "0s", "--hook", hook], "");
    let begun = Instant::now();
    while !stage.provider.state().heard.iter().any(|it| it.starts_with("POST")) {
        assert!(begun.elapsed() < Duration::from_secs(20), "it did not begin");
        std::thread::sleep(Duration::from_millis(20));
    }
    let second = stage.rotate(&[]);
    assert_eq!(second.status.code(), Some(2), "{}", shown(&second));
    assert!(shown(&second).contains("another process rotates"), "{}", shown(&second));
    stage.write("go", "");
    let first = first.wait_with_output().expect("it ends");
    assert_eq!(first.status.code(), Some(0), "{}", shown(&first));
    stage.is_rotated();
}

#[test]
fn keys_of_people_are_made_by_hand() {
    let stage = Stage::new(Store::Env);
    stage.provider.state().keys[0].of_service_account = false;
    let made = stage.provider.with_key(8);
    let args = ["rotate", "OPENAI_API_KEY", "--yes", "--grace", "0s"];
    let none = stage.aikeys(&args);
    assert_eq!(none.status.code(), Some(2), "{}", shown(&none));
    let again =
        stage.start(&["rotate", "OPENAI_API_KEY", "--yes", "--resume"], &made).wait_with_output().expect("it ends");
    stage.leaks_nothing(&again);
    // The account can end it all the same.
    assert_eq!(again.status.code(), Some(0), "{}", shown(&again));
    stage.is_rotated();
}

#[test]
fn bad_input_is_told() {
    let stage = Stage::new(Store::Env);
    for (args, part) in [
        (&["rotate", "NOBODY"][..], "no env file"),
        (&["rotate", "OPENAI_API_KEY", "--resume"], "no rotation of"),
        (&["rotate", "OPENAI_API_KEY", "--abort"], "no rotation of"),
        (&["rotate", "OPENAI_API_KEY", "--grace", "soon"], "90d"),
        (&["rotate"], "required"),
    ] {
        let output = stage.aikeys(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {}", shown(&output));
        assert!(shown(&output).contains(part), "{args:?}: {}", shown(&output));
    }
    let wrong = stage.start(&["rotate", "OPENAI_API_KEY", "--assisted"], "no-key-of-openai-at-all").wait_with_output();
    assert!(shown(&wrong.expect("it ends")).contains("no key of this provider"));
    stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort"]);
    let same = stage.start(&["rotate", "OPENAI_API_KEY", "--assisted"], &stage.old).wait_with_output();
    assert!(shown(&same.expect("it ends")).contains("the old value"));
    stage.aikeys(&["rotate", "OPENAI_API_KEY", "--abort"]);
    stage.is_as_before();
}

#[test]
fn an_old_key_is_due() {
    let stage = Stage::new(Store::Env);
    let due = stage.aikeys(&["rotate", "--due"]);
    assert_eq!(due.status.code(), Some(1), "{}", shown(&due));
    assert!(shown(&due).contains("OPENAI_API_KEY") && shown(&due).contains("may live for 30"), "{}", shown(&due));
    let done = stage.aikeys(&["rotate", "--due", "--yes", "--grace", "0s"]);
    assert_eq!(done.status.code(), Some(0), "{}", shown(&done));
    stage.is_rotated();
    assert_eq!(stage.aikeys(&["rotate", "--due"]).status.code(), Some(0));
}

/// At every question to the provider: before and after it is done, the process dies, the answer is lost, the provider is
/// broken. Then at moments between them, as chance has it.
#[test]
fn killed_at_any_moment_a_key_works() {
    let faults = [Fault::KillBefore, Fault::KillAfter, Fault::Before, Fault::After, Fault::Broken];
    let all: Vec<_> = (0..MOST_QUESTIONS).flat_map(|at| faults.map(|fault| (at, fault))).collect();
    let took = {
        let stage = Stage::new(Store::Env);
        let begun = Instant::now();
        assert_eq!(stage.rotate(&[]).status.code(), Some(0));
        assert!(stage.provider.state().asked <= MOST_QUESTIONS, "{:?}", stage.provider.state().heard);
        begun.elapsed()
    };
    let (mut killed, mut troubled, mut rounds) = (0, 0, 0);
    // First a fault at each question, or at some that are spread over all; then kills between them, until there were enough.
    let faults: Vec<(usize, Fault)> = match crate::PART {
        1 => all,
        _ => (0..KILLS).map(|it| all[it * 11 % all.len()]).collect(),
    };
    while rounds < faults.len() || killed < KILLS {
        let fault = faults.get(rounds).copied();
        let stage = Stage::new(if rounds % 2 == 0 { Store::Env } else { Store::Local });
        rounds += 1;
        assert!(rounds < 4 * KILLS + faults.len(), "nobody is killed");
        stage.provider.state().fault = fault;
        let mut child = stage.start(&["rotate", "OPENAI_API_KEY", "--yes", "--grace", "0s"], "");
        if fault.is_none() {
            // Spread over what a rotation takes.
            let part = (rounds as f64 * 0.618).fract();
            std::thread::sleep(took.mul_f64(part));
            let _ = child.kill();
        }
        let output = child.wait_with_output().expect("it ends");
        stage.leaks_nothing(&output);
        killed += usize::from(output.status.code().is_none());
        troubled += usize::from(output.status.code() == Some(2));
        stage.works();
        let end = stage.to_the_end();
        assert!(matches!(end.status.code(), Some(0 | 2)), "{rounds}, {fault:?}: {}", shown(&end));
        if stage.value() == stage.old {
            panic!("{rounds}, {fault:?}: it did not go on: {}\nafter\n{}", shown(&end), shown(&output));
        }
        stage.is_rotated();
    }
    let told = format!(
        "rotation: {killed} of {killed} that were killed, and {troubled} that a fault stopped, had a working key and went on; \
         one takes {:.1} s",
        took.as_secs_f32()
    );
    let _ = writeln!(std::io::stderr(), "{told}");
    assert!(troubled > 0, "no fault stopped one");
}
