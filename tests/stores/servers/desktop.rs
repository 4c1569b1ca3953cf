//! What people have on their own machine: a keyring, and `pass`.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::{Server, program, text};

/// A bus with nothing but our keyring on it: nobody else's, and nobody who could ask for a password.
const BUS: &str = r#"<busconfig>
  <type>session</type>
  <listen>unix:path=FOLDER/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

/// The Secret Service that GNOME's desktop has, without a desktop.
pub struct SecretService {
    // In this order they end.
    keyring: Option<Server>,
    bus: Server,
}

impl SecretService {
    pub fn unlocked() -> SecretService {
        let mut service = SecretService::missing();
        let folder = Server::folder();
        fs::write(folder.join("input"), "demo").expect("a password");
        service.run(folder, &["--unlock"], |store| store.status.success());
        service
    }

    /// What was put in is locked away: nobody is there to be asked for the password.
    pub fn lock(&mut self) {
        self.keyring = None;
        self.run(Server::folder(), &[], |store| String::from_utf8_lossy(&store.stderr).contains("locked collection"));
    }

    /// A bus without a keyring.
    pub fn missing() -> SecretService {
        SecretService { keyring: None, bus: bus() }
    }

    /// Starts the keyring. It is ready when it answers as expected to a program that puts something in.
    fn run(&mut self, folder: PathBuf, more: &[&str], is_ready: impl Fn(&Output) -> bool) {
        let arguments = [&["--foreground", "--components=secrets"], more].concat();
        let environment = self.environment();
        let environment: Vec<_> = environment.iter().map(|(name, value)| (*name, value.as_os_str())).collect();
        let keyring = Server::start(folder, &program("keyring", "gnome-keyring-daemon"), &arguments, &environment);
        keyring.ready(|_| is_ready(&self.tool(&["store", "--label=ready", "ready", "yes"], "yes")).then_some(()));
        self.keyring = Some(keyring);
    }

    /// What a program needs to find it.
    pub fn environment(&self) -> [(&'static str, OsString); 4] {
        let folder = &self.bus.folder;
        [
            ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={}", text(&folder.join("bus"))).into()),
            ("XDG_RUNTIME_DIR", folder.into()),
            ("XDG_DATA_HOME", folder.join("data").into()),
            ("HOME", folder.into()),
        ]
    }

    /// The command `secret-tool`, with a value on its standard input.
    pub fn tool(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(program("keyring", "secret-tool"));
        command.args(arguments).env_clear().envs(self.environment());
        with_input(command, input)
    }
}

fn bus() -> Server {
    let folder = Server::folder();
    let settings = folder.join("bus.conf");
    fs::write(&settings, BUS.replace("FOLDER", text(&folder))).expect("settings of the bus");
    let settings = format!("--config-file={}", text(&settings));
    let daemon = program("keyring", "dbus-daemon");
    let bus = Server::start(folder, &daemon, &["--nofork", "--nopidfile", &settings], &[]);
    bus.ready(|bus| bus.folder.join("bus").exists().then_some(()));
    bus
}

/// The password manager `pass`, with a key of its own.
pub struct Pass {
    agent: Server,
}

impl Pass {
    pub fn start() -> Pass {
        let folder = Server::folder();
        fs::create_dir(folder.join("gnupg")).expect("a folder");
        fs::set_permissions(folder.join("gnupg"), fs::Permissions::from_mode(0o700)).expect("a mode");
        let home = folder.join("gnupg");
        // The agent goes when the program that it was started for ends.
        let arguments = ["--daemon", "--", "sleep", "100000"];
        let environment: [(&str, &OsStr); 1] = [("GNUPGHOME", home.as_os_str())];
        let agent = Server::start(folder, &program("pass", "gpg-agent"), &arguments, &environment);
        let pass = Pass { agent };
        // It ends well even where there is no agent.
        let asks = || pass.run(&program("pass", "gpg-connect-agent"), &["--no-autostart", "GETINFO pid", "/bye"], "");
        pass.agent.ready(|_| asks().stdout.ends_with(b"OK\n").then_some(()));
        let key = ["--batch", "--quiet", "--passphrase", "", "--quick-gen-key", "demo@example.invalid"];
        pass.must(&program("pass", "gpg"), &[&key[..], &["future-default", "default", "never"]].concat());
        pass.must(&program("pass", "pass"), &["init", "demo@example.invalid"]);
        pass
    }

    /// What a program needs to find it.
    pub fn environment(&self) -> [(&'static str, PathBuf); 3] {
        let folder = &self.agent.folder;
        [("GNUPGHOME", folder.join("gnupg")), ("PASSWORD_STORE_DIR", folder.join("store")), ("HOME", folder.clone())]
    }

    /// The command `pass`, with a value on its standard input.
    pub fn pass(&self, arguments: &[&str], input: &str) -> Output {
        self.run(&program("pass", "pass"), arguments, input)
    }

    fn run(&self, program: &Path, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("LANG", "C.UTF-8").envs(self.environment());
        with_input(command, input)
    }

    fn must(&self, program: &Path, arguments: &[&str]) {
        let output = self.run(program, arguments, "");
        assert!(output.status.success(), "{}: {}", program.display(), String::from_utf8_lossy(&output.stderr));
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.run(&program("pass", "gpgconf"), &["--kill", "all"], "");
    }
}

fn with_input(mut command: Command, input: &str) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    _ = child.stdin.take().expect("an input").write_all(input.as_bytes());
    child.wait_with_output().expect("an output")
}
