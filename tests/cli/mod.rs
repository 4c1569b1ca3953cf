//! The command line: console sessions in `tests/cli/*.md`, and in the modules here what a page cannot show.
//!
//! A page writes files and runs commands, in one temporary folder from its first line to its last. It is rewritten as
//! the program behaves; one that changes fails, and `UPDATE=1` keeps the new text.
#![cfg(unix)]

mod audit_store;
mod changed;
mod emit;
mod git_input;
mod hard;
mod history;
mod hostile;
mod incident;
mod legacy;
mod organisation;
mod reports;
mod schema;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use regex::Regex;

use crate::support::{Keyed, with_keys};

/// A folder to check in, with a home of its own.
struct Sandbox {
    folder: tempfile::TempDir,
}

impl Sandbox {
    fn new() -> Sandbox {
        let folder = tempfile::tempdir().expect("a temporary folder");
        fs::create_dir_all(folder.path().join("home")).expect("a home");
        fs::create_dir_all(folder.path().join("work")).expect("a workspace");
        Sandbox { folder }
    }

    fn work(&self) -> PathBuf {
        self.folder.path().join("work")
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.work().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    /// A program in the workspace, with nothing of the user's environment but `PATH`.
    fn command(&self, program: impl AsRef<Path>) -> Command {
        let bin = Path::new(env!("CARGO_BIN_EXE_aikeys-lsp")).parent().expect("a folder");
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default());
        let mut command = Command::new(program.as_ref());
        command.current_dir(self.work()).env_clear().env("PATH", path).env("HOME", self.folder.path().join("home"));
        command.env("LC_ALL", "C.UTF-8").env("GIT_CONFIG_NOSYSTEM", "1").stdin(Stdio::null());
        command
    }

    fn git(&self, args: &[&str]) -> Output {
        let all = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "init.defaultBranch=main"];
        let output = self.command("git").args(all).args(args).output().expect("git starts");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    fn commit(&self, message: &str) {
        self.git(&["add", "-A"]);
        self.git(&["commit", "-qm", message, "--date", "2026-05-02T10:00:00Z"]);
    }

    fn aikeys(&self, args: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_aikeys-lsp")).args(args).output().expect("the program starts")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("output is UTF-8")
}

#[test]
fn sessions_end_as_the_pages_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
    let mut pages: Vec<PathBuf> =
        fs::read_dir(&folder).expect("pages").map(|entry| entry.expect("an entry").path()).collect();
    pages.retain(|path| path.extension().is_some_and(|it| it == "md"));
    pages.sort();
    assert!(!pages.is_empty(), "there are no pages in {}", folder.display());
    let mut wrong = Vec::new();
    for path in pages {
        let old = fs::read_to_string(&path).expect("a page");
        let new = run_page(&old);
        if old != new && std::env::var_os("UPDATE").is_some() {
            fs::write(&path, &new).expect("written");
        } else if old != new {
            let diff = similar::TextDiff::from_lines(&old, &new);
            wrong.push(format!("{}", diff.unified_diff().header(&path.display().to_string(), "as it behaves")));
        }
    }
    assert!(wrong.is_empty(), "sessions end differently (UPDATE=1 keeps the new text):\n{}", wrong.join("\n"));
}

/// Runs a page. A block with a path in its first line is a file, a `console` block is a session.
fn run_page(page: &str) -> String {
    let keyed = with_keys(page);
    let sandbox = Sandbox::new();
    let mut out = String::new();
    let mut lines = keyed.text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        out.push_str(line);
        let Some(info) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim_end() != "```").collect();
        match info.trim().split_once(' ') {
            Some((_, path)) => {
                sandbox.write(path, block.concat());
                out.push_str(&block.concat());
            }
            None if info.trim() == "console" => {
                for command in block.iter().filter_map(|line| line.strip_prefix("$ ")) {
                    out.push_str(&format!("$ {command}{}", run_line(&sandbox, command, &keyed)));
                }
            }
            None => out.push_str(&block.concat()),
        }
        out.push_str("```\n");
    }
    keyed.without_keys(&out)
}

/// Runs a line in a shell: all that it prints, and its exit code when that is not 0.
fn run_line(sandbox: &Sandbox, line: &str, keyed: &Keyed) -> String {
    let script = format!("exec 2>&1\n{line}");
    let output = sandbox.command("sh").args(["-c", &script]).output().expect("a shell");
    let shown = text(&output.stdout);
    assert!(!keyed.leaks(&shown), "a key is shown by: {}", keyed.without_keys(line));
    let fingerprints = Regex::new(r"\b[0-9a-f]{32}\b").expect("a pattern");
    let shown =
        fingerprints.replace_all(&shown, "[fingerprint]").replace(&sandbox.work().display().to_string(), "[folder]");
    match output.status.code() {
        Some(0) => shown,
        code => format!("{shown}[exit {}]\n", code.map_or("by signal".to_owned(), |code| code.to_string())),
    }
}
