//! A user's machine: a home, a project with a key in its source, and our program in a bare environment.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Keyed, with_keys};

pub struct Machine {
    folder: tempfile::TempDir,
    environment: Vec<(String, OsString)>,
    keyed: Keyed,
}

/// What a program did.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    /// Both streams.
    pub text: String,
    pub took: Duration,
}

/// The variable that the project's key gets.
pub const NAME: &str = "ANTHROPIC_API_KEY";
/// Prints a digest of its key: the same before a move and after it.
const PROGRAM: &str = "import hashlib\n\nKEY = \"{anthropic.api}\"\nprint(hashlib.sha256(KEY.encode()).hexdigest())\n";

impl Machine {
    /// The project is called `app`.
    pub fn new() -> Machine {
        let folder = tempfile::tempdir().expect("a folder");
        let machine = Machine { folder, environment: Vec::new(), keyed: with_keys(PROGRAM) };
        for path in [machine.home(), machine.project()] {
            fs::create_dir_all(path).expect("a folder");
        }
        machine.write("app.py", &machine.keyed.text);
        machine
    }

    /// The folder, which stays for as long as what this gives.
    pub fn keep(self) -> tempfile::TempDir {
        self.folder
    }

    /// A variable of the user's environment.
    pub fn set(mut self, name: &str, value: impl AsRef<OsStr>) -> Machine {
        self.environment.retain(|(it, _)| it != name);
        self.environment.push((name.to_owned(), value.as_ref().to_owned()));
        self
    }

    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    pub fn project(&self) -> PathBuf {
        self.folder.path().join("app")
    }

    /// The key in the project's program.
    pub fn key(&self) -> &str {
        self.keyed.keys.values().next().expect("the program has a key")
    }

    /// The user's own settings.
    pub fn settings(&self, text: &str) {
        let folder = self.home().join(".config/aikeys-lsp");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("aikeys.toml"), text).expect("settings");
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::write(self.project().join(name), text).expect("a file");
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.project().join(name)).unwrap_or_default()
    }

    /// A command in the project, with nothing of the developer's own environment but the search path.
    pub fn command(&self, program: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.project()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.home()).env("LANG", "C.UTF-8");
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Our program; no output of it may hold the key.
    pub fn ours(&self, arguments: &[&str]) -> Said {
        self.ours_with(arguments, "")
    }

    /// The same with something on standard input.
    pub fn ours_with(&self, arguments: &[&str], input: &str) -> Said {
        let said = self.ended(self.command(Path::new(env!("CARGO_BIN_EXE_aikeys-lsp")), arguments), input);
        let shows = arguments.contains(&"get") || arguments.first() == Some(&"env");
        assert!(shows || !self.keyed.leaks(&said.text), "a key in the output of {arguments:?}:\n{}", said.text);
        said
    }

    /// The project's program, started by ours where a move says so.
    pub fn digest(&self, start: &[&str]) -> String {
        let said = match start {
            [] => self.ended(self.command(Path::new("python3"), &["app.py"]), ""),
            start => self.ours(&[start, &["python3", "app.py"]].concat()),
        };
        assert_eq!(said.code, Some(0), "{}", said.text);
        said.text.trim().to_owned()
    }

    /// Moves the key to a store.
    pub fn moves(&self, store: &str) -> Said {
        self.ours(&["--check", "--fix", "--yes", "--to", store, "app.py"])
    }

    /// The key moves, the program runs as before, and nothing but the store holds the key.
    pub fn moves_and_runs(&self, store: &str) {
        let before = self.digest(&[]);
        let said = self.moves(store);
        assert_eq!(said.code, Some(0), "{}", said.text);
        assert_eq!(self.digest(&["run", "--"]), before);
        for name in ["app.py", ".env", ".env.example"] {
            assert!(!self.keyed.leaks(&self.read(name)), "a key in {name}");
        }
        let line = format!("{NAME}=\"ref+");
        assert!(
            self.read(".env").contains(&line) && self.read(".env.example").contains(&line),
            "{}",
            self.read(".env")
        );
    }

    /// A move that the store does not take: a message with the variable and these words, exit code 2, and the source as it
    /// was. Nor does `.env` name a place where nothing lies.
    pub fn refuses_to_move(&self, store: &str, words: &[&str]) -> Said {
        let source = self.read("app.py");
        let env = self.read(".env");
        let said = self.moves(store);
        assert_eq!(said.code, Some(2), "{}", said.text);
        for word in [&[NAME], words].concat() {
            assert!(said.text.contains(word), "{word:?} is missing in:\n{}", said.text);
        }
        assert_eq!((self.read("app.py"), self.read(".env")), (source, env), "{}", said.text);
        said
    }

    /// A program that cannot get its key is not started: a message with the variable and these words, exit code 2.
    pub fn refuses_to_run(&self, words: &[&str]) -> Said {
        let said = self.ours(&["run", "--", "sh", "-c", "echo it was started"]);
        assert_eq!(said.code, Some(2), "{}", said.text);
        assert!(!said.text.contains("it was started"), "{}", said.text);
        for word in [&[NAME], words].concat() {
            assert!(said.text.contains(word), "{word:?} is missing in:\n{}", said.text);
        }
        said
    }

    /// `.env` names a place for the key, and the source does not hold it.
    pub fn refers_to(&self, reference: &str) {
        self.write(".env", &format!("{NAME}=\"{reference}\"\n"));
    }

    fn ended(&self, mut command: Command, input: &str) -> Said {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let start = Instant::now();
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        // Who does not read its input ends sooner.
        _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        let output: Output = child.wait_with_output().expect("the program ends");
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        Said { code: output.status.code(), text, took: start.elapsed() }
    }
}
