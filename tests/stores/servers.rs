//! Starts the servers that secret stores talk to, and ends them.

mod bao;
mod cloud;
mod desktop;
mod valkey;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

pub use bao::{Bao, Jwt};
pub use cloud::{Google, Moto, call_aws, runs};
pub use desktop::{Pass, SecretService};
pub use valkey::Valkey;

use crate::real::cache;

/// A busy machine starts a server slowly.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs the server, and ends it with its folder when standard input ends: that it does even where the test is killed.
const WATCHED: &str = r#"
folder=$1 input=$2
shift 2
exec 3<&0
"$@" <"$input" 3<&- &
server=$!
(read -r _ <&3; kill -9 $server) &
watch=$!
wait $server
echo "ended with $?"
kill $watch
read -r _ <&3
rm -rf -- "$folder"
"#;

/// A running program with a folder of its own.
pub struct Server {
    name: String,
    pub folder: PathBuf,
    child: Child,
    /// Its end is the end of the server.
    lifeline: Option<ChildStdin>,
}

impl Server {
    /// A folder for a server, which goes when the server ends.
    fn folder() -> PathBuf {
        tempfile::Builder::new().prefix("aikeys-").tempdir().expect("a folder").keep()
    }

    /// Nothing of the developer's own environment reaches the server but the search path.
    fn start(folder: PathBuf, program: &Path, arguments: &[&str], environment: &[(&str, &OsStr)]) -> Server {
        let input = folder.join("input");
        let input = if input.exists() { input } else { PathBuf::from("/dev/null") };
        let log = File::create(folder.join("log")).expect("a log");
        let mut command = Command::new("sh");
        command.args(["-c", WATCHED, "sh"]).args([&folder, &input]).arg(program).args(arguments);
        command.current_dir(&folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", &folder).env("LANG", "C.UTF-8").env("PYTHONDONTWRITEBYTECODE", "1");
        command.envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(log.try_clone().expect("a log")).stderr(log);
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{name}: {error}"));
        let lifeline = child.stdin.take();
        Server { name, folder, child, lifeline }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Asks until there is an answer. Without one the test fails with what the server said.
    fn ready<T>(&self, question: impl FnMut(&Server) -> Option<T>) -> T {
        self.answer(question).unwrap_or_else(|| panic!("{} does not get ready:\n{}", self.name, self.log()))
    }

    /// None if the server ends, or takes too long.
    fn answer<T>(&self, mut question: impl FnMut(&Server) -> Option<T>) -> Option<T> {
        let start = Instant::now();
        while start.elapsed() < PATIENCE && !self.log().contains("\nended with ") {
            if let Some(answer) = question(self) {
                return Some(answer);
            }
            thread::sleep(Duration::from_millis(10));
        }
        None
    }

    /// A server that must be told its port. Another process may take the port first, so it is tried with others.
    fn on_a_port(start: impl Fn(u16) -> Server, is_ready: impl Fn(&Server) -> bool) -> (Server, u16) {
        let ready = |server: &Server| is_ready(server).then_some(());
        for _ in 0..2 {
            let port = free_port();
            let server = start(port);
            if server.answer(ready).is_some() {
                return (server, port);
            }
        }
        let port = free_port();
        let server = start(port);
        server.ready(ready);
        (server, port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.lifeline.take();
        _ = self.child.wait();
    }
}

/// A program that `install.sh PART` put into the cache.
fn installed(part: &str, path: &str) -> PathBuf {
    let program = cache().join(path);
    assert!(program.exists(), "{} is missing: run tests/real/install.sh {part}", program.display());
    program
}

/// A program of the system's that `install.sh PART` looked for.
pub fn program(part: &str, name: &str) -> PathBuf {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| path.is_file());
    found.unwrap_or_else(|| panic!("{name} is missing: run tests/real/install.sh {part}"))
}

/// A port that nobody listens on, nor on the one behind it.
fn free_port() -> u16 {
    for _ in 0..100 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("an address").port();
        if port < u16::MAX && TcpListener::bind((Ipv4Addr::LOCALHOST, port + 1)).is_ok() {
            return port;
        }
    }
    panic!("no two free ports side by side");
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
