//! Repositories of every kind, whole and broken; and settings of git that name programs.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;

use super::{Sandbox, text};
use aikeys::secrets::sample;

fn line(seed: u64) -> String {
    format!("KEY = \"{}\"\n", sample("openai.project", seed).expect("the catalogue has OpenAI"))
}

/// How many findings, which exit code, and what was said.
fn check(sandbox: &Sandbox, folder: &str, args: &[&str]) -> (usize, i32, String) {
    let mut command = sandbox.command(env!("CARGO_BIN_EXE_aikeys-lsp"));
    command.current_dir(sandbox.work().join(folder)).args(["--check", "--format", "jsonl"]).args(args);
    let output = command.output().expect("the program starts");
    (text(&output.stdout).lines().count(), output.status.code().expect("a code"), text(&output.stderr))
}

/// A repository with a key in the second of three commits, on `main` and `topic`.
fn with_history() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q", "-b", "main", "."]);
    sandbox.write("old.py", line(1));
    sandbox.commit("one");
    sandbox.git(&["branch", "base"]);
    sandbox.write("new.py", line(2));
    sandbox.commit("two");
    sandbox.write("README.md", "nothing\n");
    sandbox.commit("three");
    sandbox
}

fn clone(sandbox: &Sandbox, to: &str, args: &[&str]) {
    sandbox.git(&["config", "uploadpack.allowFilter", "true"]);
    let from = format!("file://{}", sandbox.work().display());
    sandbox.git(&[&["clone", "-q"], args, &[&from, to]].concat());
}

#[test]
fn shallow_clones_are_checked_and_say_what_they_miss() {
    let sandbox = with_history();
    clone(&sandbox, "../shallow", &["--depth=1", "--no-single-branch"]);
    assert_eq!(check(&sandbox, "../shallow", &[]).0, 2);
    let (found, code, said) = check(&sandbox, "../shallow", &["--since", "origin/base"]);
    assert!(found == 0 && code == 2 && said.contains("fetch-depth: 0"), "{code} {said}");
    let (_, code, said) = check(&sandbox, "../shallow", &["--since", "HEAD~1"]);
    assert!(code == 2 && said.contains("git knows no revision `HEAD~1` here"), "{code} {said}");
    sandbox.write("../shallow/staged.py", line(3));
    sandbox.command("git").args(["-C", "../shallow", "add", "-A"]).status().expect("git starts");
    assert_eq!(check(&sandbox, "../shallow", &["--staged"]).0, 1);
    // What a shallow clone has of its history is searched.
    sandbox.write("../shallow/.git/info/exclude", ".env\n");
    sandbox.write("../shallow/.env", line(1).replace("KEY = ", "OPENAI_API_KEY="));
    let output = check(&sandbox, "../shallow", &["--select", "exposed-key-needs-rotation"]);
    assert_eq!((output.0, output.1), (1, 1), "{}", output.2);
}

#[test]
fn partial_clones_fetch_nothing() {
    let sandbox = with_history();
    clone(&sandbox, "../partial", &["--filter=blob:none"]);
    fs::rename(sandbox.work(), sandbox.work().join("../away")).expect("moved");
    fs::create_dir(sandbox.work()).expect("made");
    assert_eq!(check(&sandbox, "../partial", &["--since", "origin/base"]).0, 1);
    sandbox.write("../partial/README.md", "other\n");
    sandbox.command("git").args(["-C", "../partial", "add", "-A"]).status().expect("git starts");
    assert_eq!(check(&sandbox, "../partial", &["--staged"]), (0, 0, "nothing found in 1 file\n".to_owned()));
    // The old text of a file that is checked out lies here. One that was not is said to be missing.
    sandbox.command("git").args(["-C", "../partial", "update-ref", "HEAD", "origin/base"]).status().expect("git");
    sandbox.command("sh").args(["-c", "rm -r ../partial/.git/objects/pack/*"]).status().expect("sh");
    let (_, code, said) = check(&sandbox, "../partial", &["--staged"]);
    assert!(code == 2 && said.starts_with("warning: "), "{said}");
}

#[test]
fn bare_repositories_say_that_they_have_no_files() {
    let sandbox = with_history();
    clone(&sandbox, "../bare", &["--bare"]);
    for args in [&[][..], &["--staged"], &["--since", "base"]] {
        let (found, code, said) = check(&sandbox, "../bare", args);
        assert!(found == 0 && code == 2 && said.starts_with("warning: "), "{args:?}: {code} {said}");
    }
    assert!(check(&sandbox, "../bare", &[]).2.contains("this is a bare repository"));
}

#[test]
fn sha256_is_read() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q", "--object-format=sha256", "."]);
    sandbox.write("app.py", "a = 1\n");
    sandbox.commit("one");
    sandbox.write("app.py", format!("a = 1\n{}", line(1)));
    assert_eq!(check(&sandbox, "", &["--since", "HEAD"]).0, 1);
    sandbox.git(&["add", "-A"]);
    assert_eq!(check(&sandbox, "", &["--staged"]).0, 1);
}

#[test]
fn submodules_and_linked_worktrees_are_checked() {
    let sandbox = with_history();
    clone(&sandbox, "../outer", &[]);
    sandbox.command("git").args(["-C", "../outer", "rm", "-q", "new.py", "old.py"]).status().expect("git starts");
    let outer = |args: &[&str]| {
        let all = ["-C", "../outer", "-c", "protocol.file.allow=always", "-c", "user.name=t", "-c", "user.email=t@t"];
        assert!(sandbox.command("git").args(all).args(args).status().expect("git starts").success(), "{args:?}");
    };
    outer(&["submodule", "--quiet", "add", "../work", "inner"]);
    outer(&["commit", "-qm", "t"]);
    // A walk goes through it, and what changed in it did not change outside.
    assert_eq!(check(&sandbox, "../outer", &[]).0, 2);
    assert_eq!(check(&sandbox, "../outer", &["--since", "HEAD"]), (0, 0, "nothing found in 0 files\n".to_owned()));
    sandbox.write("../outer/inner/new.py", line(3));
    assert_eq!(check(&sandbox, "../outer", &["--since", "HEAD"]).0, 0);
    assert_eq!(check(&sandbox, "../outer/inner", &["--since", "HEAD"]).0, 1);
    outer(&["worktree", "add", "-q", "../linked"]);
    sandbox.write("../linked/app.py", line(1));
    assert_eq!(check(&sandbox, "../linked", &["--since", "HEAD"]).0, 1);
    sandbox.command("git").args(["-C", "../linked", "add", "-A"]).status().expect("git starts");
    assert_eq!(check(&sandbox, "../linked", &["--staged"]).0, 1);
    assert_eq!(check(&sandbox, "../outer", &["--staged"]).0, 0, "each has an index of its own");
}

#[test]
fn sparse_checkouts_are_checked_as_far_as_they_go() {
    for index in ["--no-sparse-index", "--sparse-index"] {
        let sandbox = Sandbox::new();
        sandbox.git(&["init", "-q", "-b", "main", "."]);
        for folder in ["in", "out/deep"] {
            sandbox.write(&format!("{folder}/app.py"), "a = 1\n");
        }
        sandbox.commit("one");
        sandbox.git(&["branch", "base"]);
        for (seed, folder) in [(1, "in"), (2, "out/deep")] {
            sandbox.write(&format!("{folder}/app.py"), line(seed));
        }
        sandbox.commit("two");
        sandbox.git(&["sparse-checkout", "set", "--cone", index, "in"]);
        assert!(!sandbox.work().join("out").exists());
        assert_eq!(check(&sandbox, "", &[]).0, 1, "{index}: what is not there is no file");
        assert_eq!(check(&sandbox, "", &["--since", "base"]).0, 2, "{index}: what changed counts, there or not");
        assert_eq!(check(&sandbox, "", &["--staged"]).0, 0, "{index}");
        sandbox.git(&["reset", "-q", "--soft", "base"]);
        assert_eq!(check(&sandbox, "", &["--staged"]).0, 2, "{index}");
    }
}

#[test]
fn what_is_broken_is_said_and_the_rest_is_checked() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q", "."]);
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("{name}.py"), line(1) + name);
    }
    sandbox.git(&["add", "-A"]);
    let object = |name: &str| {
        let id = text(&sandbox.git(&["rev-parse", &format!(":{name}.py")]).stdout);
        let (folder, file) = id.trim().split_at(2);
        sandbox.work().join(".git/objects").join(folder).join(file)
    };
    fs::remove_file(object("a")).expect("removed");
    fs::set_permissions(object("b"), fs::Permissions::from_mode(0o644)).expect("writable");
    fs::write(object("b"), "no object").expect("written");
    let (found, code, said) = check(&sandbox, "", &["--staged"]);
    assert!(found == 1 && code == 2, "{said}");
    assert!(
        said.contains("warning: a.py: ") && said.contains("warning: b.py: ") && said.contains("git fsck"),
        "{said}"
    );
    fs::write(sandbox.work().join(".git/index"), "no index").expect("written");
    for args in [&[][..], &["--staged"], &["--since", "HEAD"]] {
        let (found, code, said) = check(&sandbox, "", args);
        assert!(code == 2 && said.contains(".git/index: git's data cannot be read"), "{args:?}: {said}");
        assert_eq!(found, if args.is_empty() { 3 } else { 0 }, "files are checked all the same");
    }
    fs::write(sandbox.work().join(".git/config"), "[core\n").expect("written");
    let (found, code, said) = check(&sandbox, "", &[]);
    assert!(found == 3 && code == 2 && said.contains(".git: git's data cannot be read"), "{said}");
}

#[test]
fn every_kind_of_index_is_read() {
    let kinds: [&[&str]; 4] = [
        &["update-index", "--index-version", "4"],
        &["update-index", "--split-index"],
        &["update-index", "--untracked-cache"],
        &["update-index", "--force-write-index", "--fsmonitor"],
    ];
    for kind in kinds {
        let sandbox = with_history();
        sandbox.git(&["config", "core.fsmonitor", "false"]);
        sandbox.command("git").args(kind).output().expect("git starts");
        sandbox.write("staged.py", line(3));
        sandbox.git(&["add", "staged.py"]);
        assert_eq!(check(&sandbox, "", &["--staged"]).0, 1, "{kind:?}");
        assert_eq!(check(&sandbox, "", &["--since", "base"]).0, 2, "{kind:?}");
    }
}

#[test]
fn a_pointer_to_a_large_file_is_no_finding() {
    let sandbox = Sandbox::new();
    sandbox.git(&["init", "-q", "."]);
    sandbox.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    let id = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393";
    sandbox.write("model.bin", format!("version https://git-lfs.github.com/spec/v1\noid sha256:{id}\nsize 12345\n"));
    sandbox.git(&["-c", "filter.lfs.clean=cat", "add", "-A"]);
    assert_eq!(check(&sandbox, "", &["--staged"]), (0, 0, "nothing found in 2 files\n".to_owned()));
}

#[test]
fn another_owner_and_a_read_only_checkout_change_nothing() {
    let sandbox = with_history();
    sandbox.write("staged.py", line(3));
    sandbox.git(&["add", "-A"]);
    sandbox.command("chmod").args(["-R", "a-w", "."]).status().expect("chmod");
    if rustix::process::geteuid().is_root() {
        sandbox.command("chown").args(["-R", "65534:65534", "."]).status().expect("chown");
        let git = sandbox.command("git").arg("status").output().expect("git starts");
        assert!(text(&git.stderr).contains("dubious ownership"), "git itself refuses: {}", text(&git.stderr));
    } else {
        writeln!(io::stderr(), "another owner: not tried, takes root").expect("written");
    }
    let counts = [&[][..], &["--staged"], &["--since", "base"]].map(|args| check(&sandbox, "", args).0);
    sandbox.command("chmod").args(["-R", "u+w", "."]).status().expect("chmod");
    assert_eq!(counts, [3, 1, 2]);
}

/// Git would run each of these programs at one time or another.
#[test]
fn no_program_that_git_settings_name_is_started() {
    let sandbox = with_history();
    let mark = sandbox.work().join("../mark");
    let program = sandbox.work().join("../program");
    fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\ncat\n", mark.display())).expect("written");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("it is ours");
    let program = program.display().to_string();
    let settings = format!(
        "[core]\n\tfsmonitor = {program}\n\thooksPath = {hooks}\n\tsshCommand = {program}\n\tpager = {program}\n\t\
         editor = {program}\n\taskPass = {program}\n[diff]\n\texternal = {program}\n[diff \"x\"]\n\ttextconv = {program}\n\t\
         command = {program}\n[filter \"x\"]\n\tclean = {program}\n\tsmudge = {program}\n\trequired = true\n\
         [filter \"y\"]\n\tprocess = {program}\n\trequired = true\n[credential]\n\thelper = !{program}\n\
         [merge \"x\"]\n\tdriver = {program}\n[gpg]\n\tprogram = {program}\n",
        hooks = sandbox.work().join("../hooks").display(),
    );
    fs::create_dir(sandbox.work().join("../hooks")).expect("made");
    for hook in ["pre-commit", "post-checkout", "post-index-change", "reference-transaction", "fsmonitor-watchman"] {
        fs::copy(&program, sandbox.work().join("../hooks").join(hook)).expect("copied");
    }
    sandbox.write("staged.py", line(3));
    sandbox.write(".gitignore", ".env\n");
    sandbox.git(&["add", "-A"]);
    sandbox.write(".gitattributes", "*.py filter=x diff=x merge=x\n*.md filter=y diff=x\n");
    sandbox.write("new.py", format!("a = 1\n{}", line(4)));
    sandbox.write("README.md", "other\n");
    sandbox.write(".env", line(1).replace("KEY = ", "OPENAI_API_KEY="));
    // Also through another file.
    sandbox.write("../settings", &settings);
    let own = fs::read_to_string(sandbox.work().join(".git/config")).expect("settings");
    sandbox.write(
        ".git/config",
        format!("{own}{settings}[include]\n\tpath = {}\n", sandbox.work().join("../settings").display()),
    );
    let status = sandbox.command("git").arg("status").output().expect("git starts");
    assert!(mark.exists(), "git itself runs them: {}", text(&status.stderr));
    fs::remove_file(&mark).expect("removed");
    fs::write(sandbox.work().join("../list"), "new.py\n").expect("written");
    let runs: [&[&str]; 8] = [
        &["--check"],
        &["--check", "--staged"],
        &["--check", "--since", "base"],
        &["--check", "--files-from", "../list"],
        &["--check", "--diff-only"],
        &["--check", "--fix", "--yes", "new.py"],
        &["run", "--", "true"],
        &["--check", "--since", "HEAD"],
    ];
    for args in runs {
        let output = sandbox.aikeys(args);
        let said = || text(&output.stdout) + &text(&output.stderr);
        assert!(!mark.exists(), "{args:?}: {}", fs::read_to_string(&mark).unwrap_or_default());
        assert!(output.status.code() < Some(2), "{args:?}: {}", said());
    }
    let mut session = aikeys::lsp::session::Session::new();
    for (name, language) in [("old.py", "python"), (".env", "dotenv")] {
        let file = sandbox.work().join(name);
        let opened = aikeys::lsp::session::Opened {
            uri: name.to_owned(),
            text: fs::read_to_string(&file).expect("a text"),
            file: Some(file),
            language: language.to_owned(),
            version: 1,
            is_cell: false,
        };
        session.open(opened);
        let history = session.findings(name).1.expect("the history is searched");
        session.learn(history.search());
        assert!(!session.findings(name).0.is_empty(), "{name}");
    }
    assert!(!mark.exists(), "{}", fs::read_to_string(&mark).unwrap_or_default());
}
