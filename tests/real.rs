//! The editors: each script drives the real program, and says what was wrong.
//!
//! `tests/real/install.sh` puts the programs in place; a missing one is a failure that says so.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folder in the user's cache that `install.sh` fills.
pub fn cache() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    cache.unwrap_or_else(home).join("aikeys-lsp-tests")
}

/// Runs a script of `tests/real` with the program under test.
pub fn passes(program: &Path, arguments: &[&str]) {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/real");
    assert!(program.exists(), "{} is missing: run tests/real/install.sh", program.display());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(&scripts).env("AIKEYS_LSP_BIN", env!("CARGO_BIN_EXE_aikeys-lsp"));
    let output = command.output().unwrap_or_else(|error| panic!("{}: {error}", program.display()));
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} {}:\n{text}", program.display(), arguments.join(" "));
    // What this machine cannot have is not passed over in silence: not even by a test that passes.
    for line in text.lines().filter(|line| line.starts_with("NOT TESTED")) {
        let _ = writeln!(std::io::stderr(), "{}: {line}", arguments.join(" "));
    }
}

#[test]
fn neovim_finds_moves_and_loses_nothing() {
    passes(Path::new("/usr/bin/env"), &["python3", "nvim_test.py"]);
}

#[test]
fn helix_finds_and_moves() {
    passes(Path::new("/usr/bin/env"), &["python3", "helix_test.py"]);
}

#[test]
fn emacs_finds_and_moves() {
    passes(Path::new("/usr/bin/env"), &["python3", "emacs_test.py"]);
}

#[test]
fn vs_code_finds_moves_and_loses_nothing() {
    passes(&cache().join("node/bin/node"), &["vscode_test.mjs"]);
}

#[test]
fn a_browser_shows_the_inventory() {
    passes(&cache().join("node/bin/node"), &["inventory_test.mjs"]);
}

#[test]
fn clients_of_all_kinds_are_answered() {
    passes(&cache().join("pytest-lsp/bin/python"), &["-m", "pytest", "-q", "-c", "pytest.ini"]);
}

#[test]
fn reports_are_what_their_readers_take() {
    passes(&cache().join("reports/bin/python"), &["reports_test.py"]);
}

#[test]
fn agents_get_answers_by_the_model_context_protocol() {
    passes(&cache().join("mcp/bin/python"), &["mcp_test.py"]);
}

#[test]
fn agents_do_what_their_hook_says() {
    passes(Path::new("/usr/bin/env"), &["python3", "agents_test.py"]);
}
