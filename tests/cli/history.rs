//! `--history`: what commits brought, in every kind of clone.

use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use super::{Sandbox, text};
use crate::support::with_keys;

impl Sandbox {
    /// Runs git in a folder of the workspace; commits get a time that grows.
    fn git_in(&self, folder: &str, args: &[&str]) -> String {
        let mut command = self.command("git");
        command.current_dir(self.work().join(folder)).args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "protocol.file.allow=always",
        ]);
        for (who, value) in [("NAME", "A"), ("EMAIL", "a@example.org"), ("DATE", "2024-03-02T10:00:00+01:00")] {
            command.env(format!("GIT_AUTHOR_{who}"), value).env(format!("GIT_COMMITTER_{who}"), value);
        }
        let out = command.args(args).output().expect("git starts");
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        text(&out.stdout).trim().to_owned()
    }

    /// Writes a file and commits it; returns the commit.
    fn commit_in(&self, folder: &str, path: &str, source: &str) -> String {
        self.write(&format!("{folder}/{path}"), source);
        self.git_in(folder, &["add", "-f", "."]);
        self.git_in(folder, &["commit", "-q", "-m", "x"]);
        self.git_in(folder, &["rev-parse", "HEAD"])
    }

    fn repository(&self, folder: &str, args: &[&str]) {
        fs::create_dir_all(self.work().join(folder)).expect("made");
        self.git_in(folder, &[&["init", "-q"], args].concat());
    }

    fn history(&self, path: &str, more: &[&str]) -> (Option<i32>, Vec<Value>, String) {
        let out = self.aikeys(&[&["--check", "--history", "--format", "jsonl", path], more].concat());
        (out.status.code(), findings(&out), text(&out.stderr))
    }
}

fn findings(out: &Output) -> Vec<Value> {
    text(&out.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// Rule, path, commit, in HEAD, pushed.
fn facts(findings: &[Value]) -> Vec<(String, String, String, bool, Option<bool>)> {
    let word = |finding: &Value, name: &str| finding[name].as_str().unwrap_or("").to_owned();
    let fact = |it: &Value| {
        let in_head = it["in_head"].as_bool().expect("a bool");
        (word(it, "rule"), word(it, "path"), word(it, "commit"), in_head, it["pushed"].as_bool())
    };
    findings.iter().map(fact).collect()
}

fn source(key: &str) -> String {
    with_keys(&format!("from openai import OpenAI\n\nclient = OpenAI(api_key=\"{{{key}}}\")\n")).text
}

const RULE: &str = "hardcoded-ai-key";

fn fact(path: &str, commit: &str, in_head: bool, pushed: bool) -> (String, String, String, bool, Option<bool>) {
    (RULE.to_owned(), path.to_owned(), commit.to_owned(), in_head, Some(pushed))
}

#[test]
fn a_key_is_found_where_it_came_and_once() {
    let sandbox = Sandbox::new();
    sandbox.repository("r", &[]);
    sandbox.commit_in("r", "a.py", "import os\n");
    let came = sandbox.commit_in("r", "a.py", &source("openai.project"));
    for version in 0..5 {
        sandbox.commit_in("r", "a.py", &format!("{}x = {version}\n", source("openai.project")));
    }
    let stays = sandbox.commit_in("r", "b.py", &source("openai.project#2"));
    sandbox.commit_in("r", "a.py", "import os\n");
    let expected = [fact("r/a.py", &came, false, false), fact("r/b.py", &stays, true, false)];
    let (code, found, _) = sandbox.history("r", &[]);
    assert_eq!((code, facts(&found)), (Some(1), expected.to_vec()));
    assert_eq!(found[0]["date"], "2024-03-02T10:00:00+01:00");
    assert!(found[0]["notes"][0].as_str().is_some_and(|note| note.contains("no longer in HEAD")));
    // Packed it is the same.
    sandbox.git_in("r", &["gc", "-q"]);
    assert_eq!(facts(&sandbox.history("r", &[]).1), expected);
    // The path of a file that is gone can be named, and another one holds nothing.
    sandbox.commit_in("r", "c.py", "x = 1\n");
    sandbox.git_in("r", &["rm", "-q", "b.py"]);
    sandbox.git_in("r", &["commit", "-q", "-m", "x"]);
    assert_eq!(facts(&sandbox.history("r/b.py", &[]).1), [fact("r/b.py", &stays, false, false)]);
    assert_eq!(sandbox.history("r/c.py", &[]).0, Some(0));
    let (code, _, errors) = sandbox.history("r/d.py", &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("d.py: it is not there, and no commit had it"), "{errors}");
    // Bare.
    sandbox.git_in(".", &["clone", "-q", "--bare", "r", "bare.git"]);
    let (code, found, errors) = sandbox.history("bare.git", &[]);
    assert_eq!((code, found.len()), (Some(1), 2), "{errors}");
    assert_eq!(
        (&found[0]["path"], &found[0]["pushed"], &found[0]["fingerprint"].is_string()),
        (&"a.py".into(), &Value::Null, &true)
    );
}

#[test]
fn findings_are_those_of_a_check_of_the_folder() {
    let sandbox = Sandbox::new();
    sandbox.repository("r", &[]);
    sandbox.commit_in("r", "src/a.py", &source("openai.project").repeat(2));
    sandbox.commit_in("r", ".env", &with_keys("OPENAI_API_KEY={openai.project#3}\n").text);
    sandbox.commit_in("r", "src/a.py", &format!("{}# {}", source("openai.project"), source("anthropic.api")));
    sandbox.commit_in("r", "docs/b.md", &with_keys("A key: {groq.api}\n").text);
    let plain = sandbox.aikeys(&["--check", "--format", "jsonl", "r"]);
    let identity = |it: &Value| format!("{} {} {}", it["path"], it["rule"], it["fingerprint"]);
    let plain: Vec<String> = findings(&plain).iter().map(identity).collect();
    let (_, past, errors) = sandbox.history("r", &[]);
    let past: Vec<String> = past.iter().map(identity).collect();
    assert!(plain.len() >= 4 && plain.iter().all(|it| past.contains(it)), "{plain:?}\n{past:?}\n{errors}");
    // The baseline of the history covers the folder, and the other way round what stands in it now.
    assert_eq!(sandbox.history("r", &["--write-baseline", "base.json"]).0, Some(0));
    let out = sandbox.aikeys(&["--check", "--baseline", "base.json", "r"]);
    assert_eq!(out.status.code(), Some(0), "{}", text(&out.stdout));
    assert_eq!(sandbox.history("r", &["--baseline", "base.json"]).0, Some(0));
}

#[test]
fn all_that_references_reach_is_looked_at() {
    let sandbox = Sandbox::new();
    sandbox.repository("up", &[]);
    let pushed = sandbox.commit_in("up", "a.py", &source("openai.project"));
    sandbox.git_in("up", &["rm", "-q", "a.py"]);
    sandbox.git_in("up", &["commit", "-q", "-m", "x"]);
    sandbox.git_in(".", &["clone", "-q", "up", "r"]);
    sandbox.git_in("r", &["checkout", "-q", "-b", "side"]);
    let side = sandbox.commit_in("r", "side.py", &source("openai.project#2"));
    sandbox.git_in("r", &["checkout", "-q", "main"]);
    let moved = sandbox.commit_in("r", "old/m.py", &source("openai.project#4"));
    sandbox.git_in("r", &["mv", "old", "new"]);
    sandbox.git_in("r", &["commit", "-q", "-m", "x"]);
    let renamed = sandbox.git_in("r", &["rev-parse", "HEAD"]);
    sandbox.git_in("r", &["merge", "-q", "--no-ff", "-m", "x", "side"]);
    sandbox.write("r/new/m.py", source("openai.project#3"));
    sandbox.git_in("r", &["stash", "-q"]);
    let stash = sandbox.git_in("r", &["rev-parse", "refs/stash"]);
    let (_, found, errors) = sandbox.history("r", &[]);
    let expected = [
        fact("r/a.py", &pushed, false, true),
        fact("r/new/m.py", &renamed, true, false),
        fact("r/new/m.py", &stash, false, false),
        fact("r/old/m.py", &moved, true, false),
        fact("r/side.py", &side, true, false),
    ];
    assert_eq!(facts(&found), expected, "{errors}");
    // What no reference reaches is not reported.
    sandbox.git_in("r", &["stash", "drop", "-q"]);
    assert_eq!(sandbox.history("r", &[]).1.len(), 4);
}

#[test]
fn each_key_of_an_env_file_is_news() {
    let sandbox = Sandbox::new();
    sandbox.repository("r", &[]);
    let line = |key: &str| with_keys(&format!("OPENAI_API_KEY={{{key}}}\n")).text;
    let first = sandbox.commit_in("r", ".env", &line("openai.project"));
    sandbox.commit_in("r", ".env", &format!("{}PORT=80\n", line("openai.project")));
    let second = sandbox.commit_in("r", ".env", &line("openai.project#2"));
    sandbox.git_in("r", &["rm", "-q", ".env"]);
    sandbox.git_in("r", &["commit", "-q", "-m", "x"]);
    let (_, found, _) = sandbox.history("r", &[]);
    let commits: Vec<String> = facts(&found).into_iter().map(|it| it.2).collect();
    assert_eq!(commits, [first, second]);
    assert_eq!(found[0]["rule"], "env-file-in-git");
}

#[test]
fn clones_that_are_cut_say_so() {
    let sandbox = Sandbox::new();
    sandbox.repository("up", &[]);
    sandbox.git_in("up", &["config", "uploadpack.allowFilter", "true"]);
    sandbox.commit_in("up", "a.py", &source("openai.project"));
    sandbox.commit_in("up", "a.py", "x = 1\n");
    sandbox.commit_in("up", "b.py", &source("openai.project#2"));
    let url = format!("file://{}", sandbox.work().join("up").display());
    sandbox.git_in(".", &["clone", "-q", "--depth=1", &url, "shallow"]);
    let (code, found, errors) = sandbox.history("shallow", &[]);
    assert_eq!((code, found.len()), (Some(1), 1), "{errors}");
    assert!(errors.contains("(shallow)"), "{errors}");
    sandbox.git_in(".", &["clone", "-q", "--filter=blob:none", &url, "partial"]);
    let (code, found, errors) = sandbox.history("partial", &[]);
    assert_eq!((code, found.len()), (Some(1), 1), "{errors}");
    assert!(errors.contains("1 object is not in this clone (partial)"), "{errors}");
}

#[test]
fn repositories_of_other_kinds() {
    let sandbox = Sandbox::new();
    sandbox.repository("sha256", &["--object-format=sha256"]);
    let came = sandbox.commit_in("sha256", "a.py", &source("openai.project"));
    sandbox.commit_in("sha256", "a.py", "x = 1\n");
    sandbox.git_in("sha256", &["gc", "-q"]);
    assert_eq!(facts(&sandbox.history("sha256", &[]).1), [fact("sha256/a.py", &came, false, false)]);
    // A work tree beside the first one, a repository without commits, none at all.
    sandbox.git_in("sha256", &["worktree", "add", "-q", "../tree"]);
    assert_eq!(sandbox.history("tree", &[]).1.len(), 1);
    sandbox.repository("empty", &[]);
    let (code, found, errors) = sandbox.history("empty", &[]);
    assert_eq!((code, found.len()), (Some(0), 0), "{errors}");
    fs::create_dir_all(sandbox.work().join("none")).expect("made");
    let (code, _, errors) = sandbox.history("none", &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("lies in no git repository"), "{errors}");
    for flag in ["--fix", "--diff-only"] {
        let out = sandbox.aikeys(&["--check", "--history", flag, "sha256"]);
        assert_eq!(out.status.code(), Some(2));
        assert!(text(&out.stderr).contains("rotate it"), "{}", text(&out.stderr));
    }
}

#[test]
fn broken_objects_are_problems_and_the_rest_is_reported() {
    let sandbox = Sandbox::new();
    sandbox.repository("r", &[]);
    sandbox.commit_in("r", "a.py", &source("openai.project"));
    sandbox.commit_in("r", "b.py", "x = 1\n");
    let blob = sandbox.git_in("r", &["rev-parse", "HEAD:b.py"]);
    let file = sandbox.work().join("r/.git/objects").join(&blob[..2]).join(&blob[2..]);
    fs::remove_file(&file).expect("removed");
    fs::write(&file, b"x\x01broken").expect("written");
    let (code, found, errors) = sandbox.history("r", &[]);
    assert_eq!((code, found.len()), (Some(2), 1), "{errors}");
    assert!(errors.contains("cannot be read: `git fsck`"), "{errors}");
    fs::remove_file(&file).expect("removed");
    let (code, _, errors) = sandbox.history("r", &[]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("1 object missing: `git fsck`"), "{errors}");
    // A pack with a hole.
    sandbox.repository("p", &[]);
    for version in 0..20 {
        sandbox.commit_in("p", "a.py", &format!("{}x = {version}\n", "y = 1\n".repeat(50)));
    }
    sandbox.git_in("p", &["gc", "-q"]);
    let folder = sandbox.work().join("p/.git/objects/pack");
    let pack = fs::read_dir(folder).expect("read").filter_map(Result::ok).map(|it| it.path());
    let pack = pack.into_iter().find(|it| it.extension().is_some_and(|it| it == "pack")).expect("a pack");
    let mut bytes = fs::read(&pack).expect("read");
    let end = bytes.len();
    bytes[end * 3 / 4..end * 3 / 4 + 8].fill(0);
    make_writable(&pack);
    fs::write(&pack, bytes).expect("written");
    let (code, _, errors) = sandbox.history("p", &[]);
    assert_eq!(code, Some(2), "{errors}");
}

fn make_writable(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("set");
}
