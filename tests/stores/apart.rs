//! Tests in a process of their own: stores read the environment, which a test cannot change for itself.

use std::path::PathBuf;
use std::process::{Command, Output};

use aikeys::project::Workspace;
use aikeys::secrets::{Secret, SecretRef};
use aikeys::stores::Stores;

use crate::real::cache;

const ROOM: &str = "AIKEYS_TEST_ROOM";

/// A workspace `app`, and a home with nothing in it.
pub struct Room {
    root: PathBuf,
}

/// Starts this test again, in a process with an empty home and with this environment. There is the room.
pub fn apart(test: &str, environment: &[(&str, &str)]) -> Option<Room> {
    if let Some(root) = std::env::var_os(ROOM) {
        return Some(Room { root: root.into() });
    }
    let folder = tempfile::Builder::new().prefix("aikeys-").tempdir().expect("a folder");
    let room = Room { root: folder.path().to_owned() };
    let mut command = room.command(&std::env::current_exe().expect("this test has a path"), environment);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(ROOM, folder.path());
    let output = command.output().expect("this test starts again");
    let said = said(&output);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    None
}

impl Room {
    /// The stores, with these settings of the user's.
    pub fn stores(&self, settings: &str) -> Stores {
        let folder = self.root.join("config/aikeys-lsp");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("aikeys.toml"), settings).expect("a file");
        Stores::of(&Workspace::open(&self.app()).expect("a workspace"))
    }

    /// `aikeys-lsp run` with one reference, in an environment: what the program saw, or what was wrong.
    pub fn run(&self, reference: &str, environment: &[(&str, &str)]) -> Result<String, String> {
        std::fs::write(self.app().join(".env"), format!("NAME=\"{reference}\"\n")).expect("a file");
        let mut command = self.command(env!("CARGO_BIN_EXE_aikeys-lsp").as_ref(), environment);
        let output = command.args(["run", "--", "printenv", "NAME"]).output().expect("the program starts");
        if output.status.success() { Ok(said(&output).trim_end().to_owned()) } else { Err(said(&output)) }
    }

    /// The path of a file with this text.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.root.join(name);
        std::fs::write(&path, text).expect("a file");
        path.to_str().expect("a path in UTF-8").to_owned()
    }

    fn app(&self) -> PathBuf {
        let app = self.root.join("app");
        std::fs::create_dir_all(&app).expect("a folder");
        app
    }

    fn command(&self, program: &std::path::Path, environment: &[(&str, &str)]) -> Command {
        let mut command = Command::new(program);
        command.env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default()).current_dir(self.app());
        command.env("HOME", &self.root).env("XDG_CONFIG_HOME", self.root.join("config")).env("LANG", "C.UTF-8");
        command.env("XDG_CACHE_HOME", cache().parent().expect("a folder"));
        // No cloud is asked who we are.
        command.env("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1").env("GCE_METADATA_HOST", "127.0.0.1:1");
        command.envs(environment.iter().copied());
        command
    }
}

pub fn at(reference: &str) -> SecretRef {
    SecretRef::parse(reference).unwrap_or_else(|| panic!("{reference} is no reference"))
}

/// What stands there.
pub fn value(stores: &Stores, reference: &str) -> Result<String, String> {
    stores.get(&at(reference)).map(|it| it.expose().to_owned()).map_err(|error| error.to_string())
}

/// Puts a value that must never be shown.
pub fn put(stores: &Stores, reference: &str, value: &str) -> Result<(), String> {
    let answer = stores.put(&at(reference), &Secret::new(value)).map_err(|error| error.to_string());
    assert!(!format!("{answer:?}").contains(value), "the value is shown: {answer:?}");
    answer
}

/// The error says all of this.
pub fn says<T: std::fmt::Debug>(answer: Result<T, String>, words: &[&str]) {
    let error = answer.expect_err("a failure");
    assert!(words.iter().all(|word| error.contains(word)), "{error:?} does not say {words:?}");
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}
