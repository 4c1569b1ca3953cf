//! The stores near the user: the encrypted file, the system's keyring, and programs.
//!
//! Each test runs in a process of its own: what it sees of the user's settings and of the session is its own.

mod exec;
mod keyring;
mod local;
mod recipes;

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use aikeys::project::Workspace;
use aikeys::secrets::{Secret, SecretRef};
use aikeys::stores::{StoreError, Stores};

/// Where the home of a test's own process lies.
const ROOM: &str = "AIKEYS_NEAR_ROOM";
/// What a store may take, and what a busy machine takes besides.
const PATIENCE: Duration = Duration::from_secs(10);
const SLACK: Duration = Duration::from_secs(4);

/// A home, the user's settings in it, a workspace, and programs that come first on the search path.
struct Room(PathBuf);

/// Starts this test again in a process with a room of its own, and gives it the room there.
///
/// `prepare` is done before, and its environment is added.
fn alone<N: AsRef<OsStr>, V: AsRef<OsStr>>(test: &str, prepare: impl FnOnce(&Room) -> Vec<(N, V)>) -> Option<Room> {
    if let Some(room) = std::env::var_os(ROOM) {
        return Some(Room(room.into()));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let room = Room(folder.path().to_owned());
    for name in ["home/.config/aikeys-lsp", "bin", "work/.git"] {
        fs::create_dir_all(room.0.join(name)).expect("a folder");
    }
    let more = prepare(&room);
    let mut command = Command::new(std::env::current_exe().expect("this test has a path"));
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env_clear().env(ROOM, &room.0).env("HOME", room.0.join("home")).env("LC_ALL", "C.UTF-8");
    command.env("XDG_CONFIG_HOME", room.0.join("home/.config"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::iter::once(room.0.join("bin")).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(path).expect("a search path")).envs(more);
    let output = command.output().expect("this test starts again");
    let said = format!("{}{}", lossy(&output.stdout), lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{test}: {said}");
    for line in said.lines().filter_map(|line| line.find("near: ").map(|at| &line[at..])) {
        // Past cargo, which swallows what a test prints.
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    None
}

/// Nothing to prepare.
fn bare(_: &Room) -> Vec<(String, String)> {
    Vec::new()
}

impl Room {
    fn work(&self) -> PathBuf {
        self.0.join("work")
    }

    fn stores(&self) -> Stores {
        Stores::of(&Workspace::open(&self.work()).expect("a workspace"))
    }

    /// The user's own settings.
    fn settings(&self, text: &str) {
        fs::write(self.0.join("home/.config/aikeys-lsp/aikeys.toml"), text).expect("settings");
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.work().join(path), text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.work().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A program on the search path.
    fn script(&self, name: &str, text: &str) {
        let path = self.0.join("bin").join(name);
        fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("a program");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a mode");
    }

    /// A program under a name on the search path that `double.py` plays.
    fn double(&self, name: &str) {
        let python = Command::new("python3").args(["-c", "import sys; print(sys.executable)"]).output();
        let python = lossy(&python.expect("Python starts").stdout);
        let played = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stores/near/double.py");
        self.script(name, &format!("exec {} -I -S '{}' {name} \"$@\"", python.trim(), played.display()));
    }

    /// `aikeys-lsp` in the workspace.
    fn aikeys(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(arguments).current_dir(self.work()).stdin(Stdio::null()).output().expect("aikeys-lsp starts")
    }

    /// The same, which has to end like this. All it said.
    fn says(&self, arguments: &[&str], code: i32) -> String {
        let output = self.aikeys(arguments);
        let said = format!("{}{}", lossy(&output.stdout), lossy(&output.stderr));
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    /// Moves a key out of a program into this store, and starts that program.
    fn moves_to(&self, store: &str, label: &str) {
        let key = key(9);
        self.write("app.py", &format!("import os\nfrom openai import OpenAI\nclient = OpenAI(api_key=\"{key}\")\n"));
        let said = self.says(&["--check", "--fix", "--yes", "--to", store, "app.py"], 0);
        assert!(said.contains(label) && !said.contains(&key), "{}", said.replace(&key, "[the key]"));
        assert!(!self.read("app.py").contains(&key), "the key left its source");
        let env = self.read(".env");
        assert!(env.contains("OPENAI_API_KEY=\"ref+") && !env.contains(&key), "{}", env.replace(&key, "[the key]"));
        let output = self.aikeys(&["run", "--", "sh", "-c", "printf %s \"$OPENAI_API_KEY\""]);
        assert!(lossy(&output.stdout) == key, "the program gets its key: {}", lossy(&output.stderr));
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn key(seed: u64) -> String {
    aikeys::secrets::sample("openai.project", seed).expect("a shape")
}

fn reference(text: &str) -> SecretRef {
    SecretRef::parse(text).unwrap_or_else(|| panic!("{text}: no reference"))
}

/// What a store says when it fails.
fn error<T>(answer: Result<T, StoreError>) -> String {
    match answer {
        Ok(_) => panic!("it did not fail"),
        Err(error) => error.to_string(),
    }
}

/// Asks, and sees to it that the answer comes in time.
fn in_time<T>(question: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let answer = question();
    assert!(start.elapsed() < PATIENCE + SLACK, "it took {:?}", start.elapsed());
    answer
}

/// What every store of this kind does with one secret: nothing there, put, the same again, another value, a new value.
fn holds(stores: &Stores, at: &SecretRef) {
    let (first, second) = (Secret::new(key(1)), Secret::new(key(2)));
    assert!(!stores.exists(at).expect("an answer"), "{at} is not there yet");
    let missing = error(stores.get(at));
    assert!(missing.contains("there is no such secret") && missing.contains(&at.to_string()), "{missing}");
    stores.put(at, &first).unwrap_or_else(|error| panic!("{error}"));
    assert!(stores.exists(at).expect("an answer"), "{at} is there");
    assert!(stores.get(at).expect("it is there") == first);
    stores.put(at, &first).expect("the same again changes nothing");
    assert!(error(stores.put(at, &second)).contains("holds another value"));
    assert!(stores.get(at).expect("it is there") == first, "a refused value changes nothing");
    stores.replace(at, &second).unwrap_or_else(|error| panic!("{error}"));
    assert!(stores.get(at).expect("it is there") == second);
    let all = stores.get_all(&[at.clone(), at.clone()]);
    assert!(all.len() == 2 && all.into_iter().all(|it| it.is_ok_and(|it| it == second)));
    assert_eq!(stores.versions(at).expect("an answer").len(), 1);
}
