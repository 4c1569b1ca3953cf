//! Jobs that `rotate --emit` writes, read by what reads them: systemd, a shell, JSON.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;

use super::{Sandbox, text};

/// Keys in three stores.
const ENV: &str = "OPENAI_API_KEY=\"ref+awssecrets://app/OPENAI_API_KEY\"\n\
                   OTHER_OPENAI=\"ref+gcpsecrets://acme/openai\"\n\
                   OPENROUTER_API_KEY=\"ref+gcpsecrets://acme/openrouter\"\n\
                   GROQ_API_KEY=\"ref+vault://secret/app#/GROQ_API_KEY\"\n";

/// A workspace whose jobs lie in folders of their names.
fn emitted() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.write(".env.example", ENV);
    for system in ["github-actions", "systemd", "aws-lambda", "gcp-pubsub"] {
        let said = sandbox.aikeys(&["rotate", "--emit", system, "--output", system]);
        assert!(said.status.success(), "{system}: {}", text(&said.stderr));
        // Nothing that is there is replaced.
        let again = sandbox.aikeys(&["rotate", "--emit", system, "--output", system]);
        assert_eq!(again.status.code(), Some(2));
        assert!(text(&again.stderr).contains("is there already"), "{}", text(&again.stderr));
    }
    let work = sandbox.work();
    (sandbox, work)
}

fn read(path: PathBuf) -> String {
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_file_says_what_it_is_and_nothing_is_left_open() {
    let (_sandbox, work) = emitted();
    let mut count = 0;
    for system in ["github-actions", "systemd", "aws-lambda", "gcp-pubsub"] {
        for entry in fs::read_dir(work.join(system)).expect("a folder") {
            let path = entry.expect("an entry").path();
            let file = read(path.clone());
            let says = file.contains(&format!("Written by `aikeys-lsp rotate --emit {system}`"))
                || file.contains(&format!("written by `aikeys-lsp rotate --emit {system}`"));
            assert!(says || path.ends_with("policy.json"), "{}: who wrote it?", path.display());
            for open in ["@NAME@", "@ADMIN@", "@PROVIDER@", "@SECRET@", "@VERSION@", "#vault ", "#aws ", "#gcp "] {
                assert!(!file.contains(open), "{}: {open}", path.display());
            }
            count += 1;
        }
    }
    assert_eq!(count, 8);
    let policy: serde_json::Value = serde_json::from_str(&read(work.join("aws-lambda/policy.json"))).expect("JSON");
    let own = &policy["Statement"][0]["Resource"];
    assert_eq!(own, &serde_json::json!(["arn:aws:secretsmanager:REGION:ACCOUNT:secret:app/OPENAI_API_KEY-??????"]));
    let setup = read(work.join("gcp-pubsub/setup.sh"));
    assert!(setup.contains("gcloud secrets update openrouter ") && !setup.contains("app/OPENAI"), "{setup}");
    for script in ["gcp-pubsub/setup.sh", "aws-lambda/bootstrap"] {
        let checked = Command::new("sh").arg("-n").arg(work.join(script)).output().expect("a shell");
        assert!(checked.status.success(), "{script}: {}", text(&checked.stderr));
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &fs::metadata(work.join(script)).expect("it is there").permissions(),
        );
        assert_eq!(mode & 0o777, 0o755, "{script}");
    }
}

#[test]
fn systemd_takes_the_units() {
    let (_sandbox, work) = emitted();
    let units = ["aikeys-rotate.service", "aikeys-rotate.timer"].map(|it| work.join("systemd").join(it));
    for unit in &units {
        let mut section = "";
        let file = read(unit.clone());
        // A line that ends with a backslash goes on.
        for line in file.replace("\\\n", " ").lines().map(str::trim) {
            if let Some(name) = line.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
                assert!(["Unit", "Service", "Timer", "Install"].contains(&name), "{name}");
                section = if name == "Service" { "Service" } else { "other" };
            } else if !line.is_empty() && !line.starts_with('#') {
                let (key, value) = line.split_once('=').unwrap_or_else(|| panic!("no setting: {line}"));
                assert!(key.bytes().all(|it| it.is_ascii_alphanumeric()) && !section.is_empty(), "{line}");
                let quotes = value.matches('\'').count() + value.matches("\\\"").count();
                assert_eq!(quotes % 2, 0, "{line}");
            }
        }
    }
    let service = read(units[0].clone());
    for hard in
        ["NoNewPrivileges=yes", "ProtectSystem=strict", "LoadCredential=OPENAI_ADMIN_KEY:", "CapabilityBoundingSet=\n"]
    {
        assert!(service.contains(hard), "{hard} is missing");
    }
    // What systemd says of them, where it is.
    let Ok(verified) = Command::new("systemd-analyze").arg("verify").args(&units).output() else {
        let _ = writeln!(std::io::stderr(), "NOT TESTED: systemd's check of its units: there is no systemd-analyze");
        return;
    };
    let said = text(&verified.stdout) + &text(&verified.stderr);
    assert!(verified.status.success() && !said.contains("aikeys-rotate"), "{said}");
    // The least that is left open: 10 is everything.
    let mut command = Command::new("systemd-analyze");
    let exposed = command.args(["security", "--offline=true", "--threshold=20"]).arg(&units[0]);
    let exposed = exposed.output().expect("it starts");
    assert!(exposed.status.success(), "{}", text(&exposed.stdout));
}

#[test]
fn the_service_gives_the_program_its_keys() {
    // The command of the unit, as systemd hands it to the shell: `$$` is `$` there.
    let (_sandbox, work) = emitted();
    let service = read(work.join("systemd/aikeys-rotate.service")).replace("\\\n", " ");
    let line = service.lines().find_map(|it| it.strip_prefix("ExecStart=/bin/sh -c '")).expect("a command");
    let script = line.trim_end_matches('\'').replace("$$", "$").replace("/usr/local/bin/aikeys-lsp", "printenv");
    let script = script.replace("printenv rotate --due --yes", "printenv OPENAI_ADMIN_KEY OPENROUTER_MANAGEMENT_KEY");
    for (name, value) in [("OPENAI_ADMIN_KEY", "one two"), ("OPENROUTER_MANAGEMENT_KEY", "$three")] {
        fs::write(work.join(name), value).expect("written");
    }
    let mut shell = Command::new("sh");
    let output = shell.args(["-c", &script]).env("CREDENTIALS_DIRECTORY", &work).output().expect("a shell");
    assert_eq!(text(&output.stdout), "one two\n$three\n", "{script}: {}", text(&output.stderr));
}

#[test]
fn a_reference_writes_no_command() {
    let sandbox = Sandbox::new();
    let hostile = "OPENAI_API_KEY=\"ref+awssecrets://app%24%28touch%20x%29\"\nOPENAI_API_KEY=\"ref+awssecrets://ok\"\n";
    sandbox.write(".env.example", hostile);
    let said = sandbox.aikeys(&["rotate", "--emit", "aws-lambda"]);
    assert_eq!(said.status.code(), Some(2));
    assert!(text(&said.stderr).contains("left out"), "{}", text(&said.stderr));
    assert!(text(&said.stdout).contains("--secret-id ok ") && !text(&said.stdout).contains("touch x"));
}
