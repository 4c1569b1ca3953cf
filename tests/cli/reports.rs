//! Reports that CI systems read: what holds for all of them, and what a page cannot show.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use serde_json::Value;

use super::{Sandbox, text};
use aikeys::secrets::sample;

const FORMATS: [&str; 9] =
    ["human", "json", "jsonl", "sarif", "github", "github-summary", "gitlab", "gitlab-secrets", "junit"];

fn key(seed: u64) -> String {
    sample("openai.project", seed).expect("the catalogue has OpenAI")
}

fn report(sandbox: &Sandbox, args: &[&str]) -> Value {
    serde_json::from_slice(&sandbox.aikeys(args).stdout).expect("JSON")
}

#[test]
fn all_formats_are_written_in_one_run() {
    let sandbox = Sandbox::new();
    sandbox.write("a\n|<b>\u{1b}[2J&\"'.py", format!("KEY = \"{}\"\n", key(1)));
    sandbox.write("b.py", format!("KEY = \"{}\"\n", key(2)));
    let outputs = FORMATS.map(|format| format!("--output={format}=out.{format}"));
    let mut args = vec!["--check", "-q"];
    args.extend(outputs.iter().map(String::as_str));
    assert_eq!(sandbox.aikeys(&args).status.code(), Some(1));
    for format in FORMATS {
        let written = fs::read_to_string(sandbox.work().join(format!("out.{format}"))).expect("a report");
        let rules = written.matches("hardcoded-ai-key").count();
        assert!(rules >= 2, "{format}: {written}");
        assert!(!written.contains('\u{1b}'), "{format}: an escape character");
        if ["json", "sarif", "gitlab", "gitlab-secrets"].contains(&format) {
            serde_json::from_str::<Value>(&written).expect("JSON");
        }
    }
    let summary = fs::read_to_string(sandbox.work().join("out.github-summary")).expect("a report");
    assert!(!summary.contains("<b>"), "{summary}");
    assert_eq!(summary.lines().filter(|line| line.starts_with("| error |")).count(), 2, "{summary}");
    let junit = fs::read_to_string(sandbox.work().join("out.junit")).expect("a report");
    assert!(!junit.contains("<b>") && junit.contains("&lt;b"), "{junit}");
}

/// GitLab knows a finding again by its fingerprint, and drops all but the first of equal ones.
#[test]
fn fingerprints_for_gitlab_survive_edits() {
    let sandbox = Sandbox::new();
    let names = |args: &[&str]| -> Vec<String> {
        let all = report(&sandbox, args);
        let of = |it: &Value| it["fingerprint"].as_str().or(it["id"].as_str()).expect("a name").to_owned();
        let all = if all.is_array() { &all } else { &all["vulnerabilities"] };
        all.as_array().expect("a list").iter().map(of).collect()
    };
    for format in ["gitlab", "gitlab-secrets"] {
        let args = ["--check", "--format", format];
        sandbox.write("a.py", format!("A = \"{0}\"\nB = \"{0}\"\nC = \"{1}\"\n", key(1), key(2)));
        let before = names(&args);
        assert_eq!(before.iter().collect::<BTreeSet<_>>().len(), 3, "{before:?}");
        sandbox.write("a.py", format!("# new\n\nA = \"{0}\"\nB = 1, \"{0}\"\nC = \"{1}\"\n", key(1), key(2)));
        assert_eq!(names(&args), before);
    }
}

#[test]
fn a_secret_report_names_the_commit() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.py", format!("KEY = \"{}\"\nimport os\nx = f\"Bearer {{os.getenv('OPENAI_API_KEY')}}\"\n", key(1)));
    let args = ["--check", "--format", "gitlab-secrets"];
    let sha = |report: &Value| report["vulnerabilities"][0]["location"]["commit"]["sha"].clone();
    assert_eq!(sha(&report(&sandbox, &args)), "0000000", "no repository, no commit");
    let git = |args: &[&str]| {
        let mut command = sandbox.command("git");
        command.args(["-c", "user.name=a", "-c", "user.email=a@b.c"]).args(args);
        text(&command.output().expect("git runs").stdout).trim().to_owned()
    };
    git(&["init", "-q"]);
    git(&["add", "a.py"]);
    git(&["commit", "-qm", "a"]);
    let written = report(&sandbox, &args);
    assert_eq!(sha(&written), git(&["rev-parse", "HEAD"]));
    let all = written["vulnerabilities"].as_array().expect("a list");
    assert!(all.iter().all(|it| it["identifiers"][0]["value"] != "missing-becomes-text"), "only secrets");
    assert!(!written.to_string().contains("raw_source_code_extract"));
}

#[test]
fn sarif_names_files_wherever_they_are() {
    let sandbox = Sandbox::new();
    let line = format!("KEY = \"{}\"\n", key(1));
    let odd = sandbox.work().join(OsStr::from_bytes(b"caf\xe9 #1?%.py"));
    sandbox.write("sub/in.py", &line);
    fs::write(odd, &line).expect("written");
    let outside = sandbox.folder.path().join("home/out.py");
    fs::write(&outside, &line).expect("written");
    let path = outside.display().to_string();
    let log = report(&sandbox, &["--check", "--format", "sarif", ".", "../home/out.py", &path]);
    let results = log["runs"][0]["results"].as_array().expect("results");
    let place = |it: &Value| it["locations"][0]["physicalLocation"]["artifactLocation"].clone();
    let (below, elsewhere): (Vec<Value>, Vec<Value>) =
        results.iter().map(place).partition(|it| it["uriBaseId"] == "%SRCROOT%");
    let below: BTreeSet<&str> = below.iter().filter_map(|it| it["uri"].as_str()).collect();
    assert_eq!(below, BTreeSet::from(["caf%E9%20%231%3F%25.py", "sub/in.py"]));
    let elsewhere: Vec<&str> = elsewhere.iter().filter_map(|it| it["uri"].as_str()).collect();
    let real = fs::canonicalize(&outside).expect("it is there");
    assert_eq!(elsewhere, [format!("file://{}", real.display())]);
}

/// The hash of a line tells eight bytes of what is in it.
#[test]
fn lines_with_secrets_are_not_hashed() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "a.py",
        format!(
            "import os\nx = f\"Bearer {{os.getenv('OPENAI_API_KEY')}}\"\nprint(x)\n{}K = \"{}\"\n",
            "y = 1\n".repeat(40),
            key(1)
        ),
    );
    let log = report(&sandbox, &["--check", "--format", "sarif"]);
    let results = log["runs"][0]["results"].as_array().expect("results");
    let hashed = |rule: &str| {
        let of_rule = results.iter().filter(|it| it["ruleId"] == rule);
        of_rule.map(|it| it["partialFingerprints"]["primaryLocationLineHash"].is_string()).collect::<Vec<_>>()
    };
    assert_eq!(hashed("hardcoded-ai-key"), [false]);
    assert_eq!(hashed("missing-becomes-text"), [true], "{results:?}");
}

/// What cannot be asked is said before anything is looked at.
#[cfg(not(feature = "verify"))]
#[test]
fn a_build_without_verify_says_so() {
    let output = Sandbox::new().aikeys(&["--check", "--verify"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("was built without `--verify`"), "{}", text(&output.stderr));
}
