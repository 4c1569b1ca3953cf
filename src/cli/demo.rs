//! `demo`: the main job on a throw-away workspace, with keys made on the spot.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::secrets::{fingerprint, sample};

/// A program that sends its key to a server on this machine, as an SDK would.
const PYTHON: &str = r#"import os
import urllib.request

API_KEY = "{key}"


def ask(question):
    request = urllib.request.Request(
        os.environ["STANDIN_URL"] + "/v1/chat/completions",
        data=question.encode(),
        headers={"Authorization": f"Bearer {API_KEY}"},
    )
    return urllib.request.urlopen(request).read().decode()


print(ask("Why is the sky blue?"))
"#;

/// The same in Rust, for machines without Python.
const RUST: &str = r#"use std::io::{Read, Write};

const API_KEY: &str = "{key}";

fn main() {
    let url = std::env::var("STANDIN_URL").expect("STANDIN_URL must be set");
    let host = url.trim_start_matches("http://").to_owned();
    let mut stream = std::net::TcpStream::connect(&host).expect("the server answers");
    let head = format!("POST /v1/chat/completions HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nContent-Length: 0\r\n\r\n", API_KEY);
    stream.write_all(head.as_bytes()).expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("read");
    println!("{}", answer.rsplit("\r\n").next().unwrap_or(""));
}
"#;

/// Shows a key found, moved, and the program that still runs; an error when any of it fails.
pub fn demo(out: &mut dyn Write) -> anyhow::Result<()> {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |it| it.as_nanos() as u64);
    let folder = tempfile::tempdir().context("there is no room for a temporary folder")?;
    let stage = Stage::new(folder.path())?;
    let scenes =
        [("a key", "env", Form::Whole), ("a key", "local", Form::Whole), ("a key in pieces", "env", Form::Pieces)];
    for (number, (what, store, form)) in (1..).zip(scenes) {
        // What Rust puts together is no literal, and is left to a person.
        if form == Form::Pieces && matches!(stage.language, Program::Rust) {
            continue;
        }
        let key = sample("openai.project", seed ^ number).context("the catalogue has OpenAI")?;
        stage.scene(&Scene { number, what, store, form, key }, out)?;
    }
    writeln!(out, "\nthat was all in a throw-away folder, with keys that open nothing")?;
    Ok(())
}

/// One program with a key in it.
struct Scene {
    number: u64,
    what: &'static str,
    store: &'static str,
    form: Form,
    key: String,
}

/// How the key is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Whole,
    Pieces,
}

/// The workspace, the server, and how programs are started.
struct Stage<'f> {
    folder: &'f Path,
    url: String,
    received: Receiver<String>,
    language: Program,
}

enum Program {
    Python(String),
    Rust,
}

impl<'f> Stage<'f> {
    fn new(folder: &'f Path) -> anyhow::Result<Stage<'f>> {
        let (url, received) = serve()?;
        let found = |program: &str| {
            let status = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            status.is_ok_and(|it| it.success())
        };
        let python = ["python3", "python"].into_iter().find(|it| found(it)).map(|it| Program::Python(it.to_owned()));
        let language = python.or_else(|| found("rustc").then_some(Program::Rust));
        let language = language.context("the demo runs a small program: install Python or Rust first")?;
        Ok(Stage { folder, url, received, language })
    }

    fn scene(&self, scene: &Scene, out: &mut dyn Write) -> anyhow::Result<()> {
        let (number, what, store, key) = (scene.number, scene.what, scene.store, &scene.key);
        let place = self.folder.join(format!("scene-{number}"));
        std::fs::create_dir_all(&place)?;
        let (name, text) = match &self.language {
            Program::Python(_) => ("app.py", PYTHON),
            Program::Rust => ("app.rs", RUST),
        };
        let (begin, rest) = key.split_at(8);
        let written = match scene.form {
            Form::Whole => text.replace("{key}", key),
            Form::Pieces => text.replace("{key}", &format!("{begin}\" + \"{rest}")),
        };
        std::fs::write(place.join(name), written)?;
        let before = self.start(&place, name, &[])?;
        writeln!(
            out,
            "\n== {number}. a program with {what} in it: it runs, and the server gets key {} ==",
            &before[..8]
        )?;
        if store == "local" {
            self.ours(&place, &["store", "init", "--yes"], out)?;
        }
        self.ours(&place, &["--check", "."], out)?;
        self.ours(&place, &["--check", "--fix", "--yes", "--to", store, "."], out)?;
        self.show(&place, &[name, ".env", ".gitignore"], key, out)?;
        let after = self.start(&place, name, &[])?;
        writeln!(out, "the program, started with `aikeys-lsp run -- …`: the server gets key {}", &after[..8])?;
        ensure!(before == after, "the server got another key");
        let source = std::fs::read_to_string(place.join(name))?;
        ensure!(!source.contains(rest), "the key is still in {name}");
        Ok(())
    }

    /// Starts the program through `aikeys-lsp run` and returns the fingerprint of what the server got.
    fn start(&self, place: &Path, name: &str, more: &[&str]) -> anyhow::Result<String> {
        let (program, arguments) = match &self.language {
            Program::Python(python) => (python.clone(), vec![name.to_owned()]),
            Program::Rust => {
                let built =
                    Command::new("rustc").args(["--edition", "2024", "-o", "app", name]).current_dir(place).status()?;
                ensure!(built.success(), "the program does not compile");
                ("./app".to_owned(), Vec::new())
            }
        };
        let mut run = self.command(place, &["run", "--", &program]);
        let status = run.args(arguments).args(more).env("STANDIN_URL", &self.url).stdout(Stdio::null()).status()?;
        ensure!(status.success(), "the program failed");
        self.received.recv_timeout(Duration::from_secs(10)).context("the server got no request")
    }

    /// Runs this binary as a user would, and shows what it prints.
    fn ours(&self, place: &Path, arguments: &[&str], out: &mut dyn Write) -> anyhow::Result<()> {
        writeln!(out, "\n$ aikeys-lsp {}", arguments.join(" "))?;
        let output = self.command(place, arguments).output()?;
        out.write_all(&output.stdout)?;
        out.write_all(&output.stderr)?;
        ensure!(output.status.code().is_some_and(|code| code < 2), "aikeys-lsp {} failed", arguments.join(" "));
        Ok(())
    }

    fn command(&self, place: &Path, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "aikeys-lsp".into()));
        let own = self.folder.join("home");
        command.args(arguments).current_dir(place).env("XDG_CONFIG_HOME", &own).env("XDG_STATE_HOME", &own);
        command.env("AIKEYS_IDENTITY", own.join("identity.txt")).env_remove("OPENAI_API_KEY");
        command
    }

    /// Shows files, the key masked.
    fn show(&self, place: &Path, names: &[&str], key: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        for name in names {
            let Ok(text) = std::fs::read_to_string(place.join(name)) else { continue };
            writeln!(out, "\n$ cat {name}")?;
            let shown = crate::secrets::redact(key, None);
            write!(out, "{}", text.replace(key, &shown))?;
        }
        writeln!(out)?;
        Ok(())
    }
}

/// A server on this machine that tells the fingerprint of every key it gets, and never the key.
fn serve() -> anyhow::Result<(String, Receiver<String>)> {
    let listener = TcpListener::bind("127.0.0.1:0").context("no port of this machine is free")?;
    let url = format!("http://{}", listener.local_addr()?);
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming().filter_map(Result::ok) {
            let key = answer(stream).unwrap_or_default();
            let hash = fingerprint(&key).map_or_else(|| "no key at all".to_owned(), |it| it.hex);
            if sender.send(hash).is_err() {
                break;
            }
        }
    });
    Ok((url, receiver))
}

fn answer(stream: TcpStream) -> std::io::Result<String> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut key, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let Some((name, value)) = line.split_once(':') else { continue };
        match name.to_ascii_lowercase().as_str() {
            "authorization" => key = value.trim().trim_start_matches("Bearer ").to_owned(),
            "content-length" => length = value.trim().parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let text = "because of Rayleigh scattering";
    let mut stream = stream;
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}", text.len())?;
    Ok(key)
}
