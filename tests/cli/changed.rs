//! One key, looked at in several ways; and a key that history holds.

use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use super::{Sandbox, text};
use crate::lsp::project::Project;
use aikeys::lsp::session::Session;
use aikeys::secrets::sample;

fn key(seed: u64) -> String {
    sample("openai.project", seed).expect("the catalogue has OpenAI")
}

/// Rule, path, line and fingerprint of each finding.
fn known_by(sandbox: &Sandbox, args: &[&str]) -> Vec<(String, String, u64, String)> {
    let output = sandbox.aikeys(&[&["--check", "--format", "jsonl"], args].concat());
    let all = text(&output.stdout);
    let one = |line: &str| {
        let it: Value = serde_json::from_str(line).expect("JSON");
        let word = |name: &str| it[name].as_str().expect("a text").to_owned();
        (word("rule"), word("path"), it["line"].as_u64().expect("a line"), word("fingerprint"))
    };
    all.lines().map(one).collect()
}

#[test]
fn one_key_has_one_fingerprint_however_it_is_met() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q"]);
    sandbox.write("README.md", "nothing\n");
    sandbox.commit("one");
    // What has no key is known by its place.
    let code = format!("import os\nKEY = \"{}\"\nx = 1  # aikeys: ignore[hardcoded-ai-key] nothing\n", key(1));
    sandbox.write("src/app.py", &code);
    let all = known_by(&sandbox, &[]);
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(known_by(&sandbox, &["src/app.py"]), all);
    assert_eq!(known_by(&sandbox, &["--since", "HEAD"]), all);
    sandbox.git(&["add", "-A"]);
    assert_eq!(known_by(&sandbox, &["--staged"]), all);
    assert_eq!(known_by(&sandbox, &["--since", "HEAD"]), all);
    fs::write(sandbox.work().join("../list"), "src/app.py\0").expect("written");
    assert_eq!(known_by(&sandbox, &["--files-from", "../list"]), all);
    let mut session = Session::new();
    let uri = "file:///app.py".to_owned();
    session.open(aikeys::lsp::session::Opened {
        uri: uri.clone(),
        file: Some(sandbox.work().join("src/app.py")),
        language: "python".to_owned(),
        version: 1,
        text: code,
        is_cell: false,
    });
    let shown: Vec<String> = session.findings(&uri).0.into_iter().map(|it| it.fingerprint.hex).collect();
    assert_eq!(shown, all.into_iter().map(|it| it.3).collect::<Vec<_>>());
}

#[test]
fn without_git_there_is_nothing_to_compare_with() {
    let sandbox = Sandbox::new();
    sandbox.write("app.py", "a = 1\n");
    for args in [&["--check", "--staged"][..], &["--check", "--since", "HEAD"]] {
        let output = sandbox.aikeys(args);
        assert_eq!(output.status.code(), Some(2));
        assert!(text(&output.stderr).contains("this is no work tree of git"), "{}", text(&output.stderr));
    }
}

#[test]
fn other_line_ends_are_no_change() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q"]);
    sandbox.write("app.py", format!("a = 1\nKEY = \"{}\"\n", key(1)));
    sandbox.commit("one");
    sandbox.write("app.py", format!("a = 1\r\nKEY = \"{}\"\r\n", key(1)));
    assert_eq!(known_by(&sandbox, &["--since", "HEAD"]), []);
    sandbox.write("app.py", format!("a = 2\r\nKEY = \"{}\"\r\n", key(1)));
    assert_eq!(known_by(&sandbox, &["--since", "HEAD"]), [], "another line changed");
    sandbox.write("app.py", format!("a = 2\r\nKEY = \"{}\"\r\n", key(2)));
    assert_eq!(known_by(&sandbox, &["--since", "HEAD"]).len(), 1);
}

#[test]
fn an_env_file_that_git_tracks_counts_when_a_secret_of_it_changed() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q"]);
    sandbox.write(".env", format!("PORT=80\nHOST=localhost\nOPENAI_API_KEY={}\n", key(1)));
    sandbox.commit("one");
    sandbox.write(".env", format!("PORT=81\nHOST=example\nOPENAI_API_KEY={}\n", key(2)));
    assert_eq!(known_by(&sandbox, &["--since", "HEAD"]).len(), 1);
}

#[test]
fn a_conflict_is_looked_at_from_both_sides() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q", "-b", "main"]);
    sandbox.write("app.py", "a = 1\n");
    sandbox.commit("one");
    sandbox.git(&["switch", "-qc", "topic"]);
    sandbox.write("app.py", format!("KEY = \"{}\"\n", key(1)));
    sandbox.commit("two");
    sandbox.git(&["switch", "-q", "main"]);
    sandbox.write("app.py", "a = 2\n");
    sandbox.commit("three");
    let merge = sandbox
        .command("git")
        .args(["-c", "user.name=t", "-c", "user.email=t@example.org", "merge", "-q", "topic"])
        .output()
        .expect("git starts");
    assert!(!merge.status.success(), "there is a conflict");
    let found = known_by(&sandbox, &["--staged"]);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn a_key_in_history_is_a_finding_where_it_lies_by_now() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q", "-b", "main"]);
    sandbox.write("app.py", format!("KEY = \"{}\"\n", key(1)));
    sandbox.commit("one");
    sandbox.write("app.py", "import os\n");
    sandbox.write(".gitignore", ".env*\n");
    sandbox.commit("two");
    let env = |seed| format!("OPENAI_API_KEY={}\n", key(seed));
    sandbox.write(".env", env(1));
    sandbox.write("deep/.env", env(2));
    let output = text(&sandbox.aikeys(&["--check", "--format", "github"]).stdout);
    let says = "(2026-05-02, not pushed) holds it, gone from HEAD%0Arotate it at https://platform.openai.com";
    assert!(
        output.contains("OPENAI_API_KEY is in git's history: app.py of commit ") && output.contains(says),
        "{output}"
    );
    assert_eq!(output.matches("exposed-key-needs-rotation").count(), 1, "{output}");
    // What a remote branch holds is pushed.
    sandbox.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    let output = text(&sandbox.aikeys(&["--check", "--format", "github"]).stdout);
    assert!(output.contains("(2026-05-02, pushed)"), "{output}");
    sandbox.write(".env", format!("# aikeys: ignore[exposed-key-needs-rotation] revoked\n{}", env(1)));
    assert_eq!(known_by(&sandbox, &[]), []);
}

#[test]
fn the_editor_says_so_when_it_has_searched() {
    let env = format!("OPENAI_API_KEY={}\n", key(1));
    let project = Project::with_git(&[(".gitignore", ".env\n"), ("app.py", &format!("KEY = \"{}\"\n", key(1)))]);
    project.git(&["add", "-A"]);
    project.git(&["commit", "-qm", "t"]);
    let mut session = Session::new();
    let uri = project.open(&mut session, ".env", "dotenv", &env);
    let (found, history) = session.findings(&uri);
    assert_eq!(found, []);
    assert!(session.learn(history.expect("the history is searched").search()));
    let (found, history) = session.findings(&uri);
    assert_eq!(found.iter().map(|it| it.rule).collect::<Vec<_>>(), ["exposed-key-needs-rotation"]);
    assert!(found[0].message.contains("still in HEAD") && history.is_none(), "{}", found[0].message);
}

#[test]
fn names_that_are_no_text_are_found() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q"]);
    let name = std::ffi::OsStr::from_bytes(b"app-\xff.py");
    fs::write(sandbox.work().join(name), format!("KEY = \"{}\"\n", key(1))).expect("written");
    fs::write(sandbox.work().join("../list"), b"app-\xff.py\n").expect("written");
    sandbox.git(&["add", "-A"]);
    for args in [&["--staged"][..], &[], &["--files-from", "../list"]] {
        assert_eq!(known_by(&sandbox, args).len(), 1, "{args:?}");
    }
    sandbox.commit("one");
    assert_eq!(known_by(&sandbox, &["--since", "HEAD"]), [], "git tracks it under this name");
    // An ignore rule of a later day does not hide what git tracks.
    sandbox.write(".gitignore", "app*\n");
    assert_eq!(known_by(&sandbox, &[]).len(), 1);
}

#[test]
fn a_commit_of_some_files_is_what_its_hook_sees() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q"]);
    sandbox.write("app.py", "a = 1\n");
    sandbox.commit("one");
    sandbox.write(".git/hooks/pre-commit", "#!/bin/sh\nexec aikeys-lsp --check --staged\n");
    sandbox.command("chmod").args(["+x", ".git/hooks/pre-commit"]).status().expect("chmod");
    sandbox.write("app.py", format!("KEY = \"{}\"\n", key(1)));
    let who = ["-c", "user.name=t", "-c", "user.email=t@example.org"];
    let output = sandbox.command("git").args(who).args(["commit", "-qam", "t"]).output().expect("git starts");
    assert!(!output.status.success(), "`git commit --all` has an index of its own");
}
