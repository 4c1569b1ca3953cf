//! What repositories and surroundings made to hide a key, or to stop a check, do not achieve.

use std::fs;
use std::path::Path;

use super::{Sandbox, text};
use aikeys::secrets::sample;

fn key(shape: &str, seed: u64) -> String {
    sample(shape, seed).expect("the catalogue has it")
}

fn line(seed: u64) -> String {
    format!("KEY = \"{}\"\n", key("openai.project", seed))
}

/// A repository with one commit.
fn repository() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q", "-b", "main", "."]);
    sandbox.write("README.md", "nothing\n");
    sandbox.commit("one");
    sandbox
}

/// How many findings, which exit code, and what was said.
fn check(sandbox: &Sandbox, folder: &str, variables: &[(&str, &str)], args: &[&str]) -> (usize, i32, String) {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_aikeys-lsp"));
    command.current_dir(sandbox.work().join(folder)).args(["--check", "--format", "jsonl"]).args(args);
    let output = command.envs(variables.iter().copied()).output().expect("the program starts");
    (text(&output.stdout).lines().count(), output.status.code().expect("a code"), text(&output.stderr))
}

#[test]
fn what_git_tells_its_hooks_is_about_its_own_repository() {
    let sandbox = repository();
    sandbox.write("sub/app.py", line(1));
    sandbox.write("sub/.gitignore", "app.py\n");
    sandbox.git(&["add", "-f", "."]);
    // A hook that goes into a folder.
    let index = &[("GIT_INDEX_FILE", ".git/index")];
    assert_eq!(check(&sandbox, "sub", index, &["--staged"]).0, 1);
    assert_eq!(check(&sandbox, "sub", index, &[]).0, 1, "tracked, though ignored");
    let (_, code, said) = check(&sandbox, "sub", &[("GIT_INDEX_FILE", "no/index")], &["--staged"]);
    assert!(code == 2 && said.contains("GIT_INDEX_FILE"), "{said}");
    sandbox.commit("two");
    assert_eq!(check(&sandbox, ".", &[("GIT_NAMESPACE", "x")], &["--history"]).0, 1);
    assert_eq!(check(&sandbox, ".", &[("GIT_WORK_TREE", "/tmp")], &[]).0, 1);
}

#[test]
fn a_history_that_cannot_be_read_is_no_clean_one() {
    let broken = |what: &str, expected: (usize, i32)| {
        let sandbox = repository();
        sandbox.git(&["switch", "-qc", "topic"]);
        sandbox.write("app.py", line(1));
        sandbox.commit("two");
        sandbox.git(&["switch", "-q", "main"]);
        let shell = sandbox.command("sh").args(["-ec", what]).status().expect("sh starts");
        assert!(shell.success(), "{what}");
        let (found, code, said) = check(&sandbox, ".", &[], &["--history", "."]);
        assert_eq!((found, code), expected, "{what}: {said}");
    };
    broken("true", (1, 1));
    broken("echo garbage > .git/refs/heads/topic", (0, 2));
    broken(": > .git/refs/heads/topic", (0, 2));
    broken("echo garbage > .git/HEAD; rm .git/refs/heads/topic; git fsck || true", (0, 2));
    broken("git pack-refs --all; sed -i 's/^[0-9a-f].*topic/garbage/' .git/packed-refs", (0, 2));
    broken("git checkout -q --detach topic; git branch -qD topic; printf %040d 1 > .git/HEAD", (0, 2));
    broken("git repack -qad; git multi-pack-index write; rm -f .git/objects/pack/*.idx", (0, 2));
}

#[test]
fn history_is_found_from_everywhere() {
    let sandbox = repository();
    sandbox.write("vendor/app.py", line(1));
    sandbox.commit("two");
    assert_eq!(check(&sandbox, ".", &[], &["--history"]).0, 0, "vendored code was not asked for");
    assert_eq!(check(&sandbox, ".", &[], &["--history", "vendor"]).0, 1);
    assert_eq!(check(&sandbox, "vendor", &[], &["--history"]).0, 1);
    sandbox.write("vendor/b.py", line(2));
    sandbox.git(&["add", "-A"]);
    assert_eq!(check(&sandbox, ".", &[], &["--staged", "vendor"]).0, 1);
    sandbox.git(&["reset", "-q", "--hard"]);
    sandbox.write("app.py", line(3));
    sandbox.commit("three");
    // Hooks of the other side start in git's own folder.
    assert_eq!(check(&sandbox, ".git", &[], &["--history"]).0, 1);
    assert_eq!(check(&sandbox, ".", &[], &["--history", ".git/refs"]).0, 1);
    // What only another work tree has checked out.
    sandbox.git(&["worktree", "add", "-q", "--detach", "../other"]);
    sandbox.write("../other/app.py", line(4));
    sandbox
        .command("git")
        .args(["-C", "../other", "-c", "user.name=t", "-c", "user.email=t", "commit", "-qam", "x"])
        .status()
        .expect("git");
    assert_eq!(check(&sandbox, ".", &[], &["--history"]).0, 2);
    // A tag that names a text.
    let blob = sandbox.command("git").args(["hash-object", "-w", "app.py"]).output().expect("git");
    sandbox.git(&["tag", "text", text(&blob.stdout).trim()]);
    assert!(check(&sandbox, ".", &[], &["--history"]).2.contains("1 reference to a text"));
}

#[test]
fn what_was_silent_or_half_in_one_version_is_found_in_the_next() {
    let sandbox = repository();
    let whole = key("anthropic.api", 1);
    let (a, b) = whole.split_at(50);
    sandbox.write("pieces.py", format!("A = '{a}'\n"));
    sandbox.write("silent.py", format!("# aikeys: ignore[hardcoded-ai-key] a test\n{}", line(2)));
    sandbox.commit("two");
    sandbox.write("pieces.py", format!("A = '{a}'\nB = '{b}'\nK = A + B\n"));
    sandbox.write("silent.py", line(2));
    sandbox.commit("three");
    fs::remove_file(sandbox.work().join("pieces.py")).expect("removed");
    fs::remove_file(sandbox.work().join("silent.py")).expect("removed");
    sandbox.commit("four");
    let (found, _, said) = check(&sandbox, ".", &[], &["--history"]);
    assert_eq!(found, 2, "{said}");
}

#[test]
fn a_renamed_folder_is_no_news() {
    let sandbox = repository();
    for at in 0..300 {
        sandbox.write(&format!("old/{at}.py"), format!("x = {at}\n{}", line(at)));
    }
    sandbox.commit("two");
    sandbox.git(&["mv", "old", "new"]);
    sandbox.write("new/7.py", format!("y = 7\n{}", line(7)));
    sandbox.write("new/8.py", format!("x = 8\n{}{}", line(8), line(1000)));
    sandbox.commit("three");
    let (found, code, said) = check(&sandbox, ".", &[], &["--since", "HEAD~1"]);
    assert_eq!((found, code), (1, 1), "{said}");
    for range in ["HEAD^!", "HEAD^@"] {
        assert_eq!(check(&sandbox, ".", &[], &["--since", range]).1, 2, "{range} is no commit");
    }
}

#[test]
fn an_ignore_file_that_has_no_end_stops_nothing() {
    for place in [".gitignore", "sub/.gitignore", "sub/.ignore"] {
        let sandbox = repository();
        sandbox.write("sub/app.py", line(1));
        std::os::unix::fs::symlink("/dev/zero", sandbox.work().join(place)).expect("linked");
        let mut command = sandbox.command("sh");
        let program = env!("CARGO_BIN_EXE_aikeys-lsp");
        let limited = command.args(["-c", &format!("ulimit -v 8000000; exec timeout 60 {program} --check .")]);
        let output = limited.output().expect("sh starts");
        let said = text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("no file that can be read"), "{place}: {said}");
    }
}

#[test]
fn a_key_in_a_name_is_hidden_whatever_is_glued_to_it() {
    let sandbox = Sandbox::new();
    let deep = ["d".repeat(250), "d".repeat(250), "d".repeat(250), "d".repeat(250)].join("/");
    let mut at = 0;
    for shape in ["openai.project", "anthropic.api", "groq.api"] {
        let key = key(shape, 3);
        let names =
            [format!("{key}_old"), format!("{key}-old"), format!("{key}1"), format!("my{key}"), format!("x-{key}.b")];
        for name in names.iter().map(|name| format!("{name}.py")).chain([format!("{deep}/notes-{key}.py")]) {
            at += 1;
            sandbox.write(&name, line(at));
            for format in ["human", "json", "sarif", "github", "junit", "gitlab"] {
                let output = sandbox.aikeys(&["--check", "--format", format, &name]);
                let shown = text(&output.stdout) + &text(&output.stderr);
                assert!(!shown.contains(&key), "{format} shows {shape} in a name: {}", name.replace(&key, "KEY"));
            }
        }
    }
    sandbox.aikeys(&["--check", "--write-baseline", "list.json"]);
    let listed = fs::read_to_string(sandbox.work().join("list.json")).expect("it was written");
    assert!(["openai.project", "anthropic.api", "groq.api"].iter().all(|shape| !listed.contains(&key(shape, 3))));
    assert!(listed.lines().count() > at as usize, "{listed}");
}

#[test]
fn a_baseline_is_replaced_whole_or_not_at_all() {
    let sandbox = Sandbox::new();
    sandbox.write("a.txt", (0..400).map(line).collect::<String>());
    sandbox.aikeys(&["--check", "--write-baseline", "list.json"]);
    let path = sandbox.work().join("list.json");
    let before =
        fs::read_to_string(&path).expect("it was written").replace("\"ordinal\":0", "\"ordinal\":0,\"reason\":\"T-1\"");
    fs::write(&path, &before).expect("written");
    let program = env!("CARGO_BIN_EXE_aikeys-lsp");
    let full = format!("ulimit -f 8; trap '' XFSZ; exec {program} --check --write-baseline list.json");
    let output = sandbox.command("sh").args(["-c", &full]).output().expect("sh starts");
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(fs::read_to_string(&path).expect("it is there") == before);
    assert!(Path::new(&path).is_file());
}

#[test]
fn a_copy_above_a_known_finding_is_new() {
    let sandbox = repository();
    sandbox.write("app.py", line(1));
    sandbox.write("aikeys.toml", "baseline = \"list.json\"\n");
    sandbox.aikeys(&["--check", "--write-baseline", "list.json"]);
    sandbox.commit("two");
    sandbox.write("app.py", format!("B{}{}", &line(1)[1..], line(1)));
    sandbox.commit("three");
    assert_eq!(check(&sandbox, ".", &[], &["--since", "HEAD~1"]).0, 1);
    assert_eq!(check(&sandbox, ".", &[], &[]).0, 1);
}
