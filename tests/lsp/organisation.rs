//! An organisation's policy, as editors meet it.

use serde_json::{Value, json};

use super::client::{self, Client};
use super::project::{Project, key};

/// The titles that the light bulb offers at the key, and the findings.
fn met(client: &mut Client, project: &Project) -> (Vec<String>, Vec<Value>) {
    client.initialize(client::editor());
    let (uri, text) = (project.uri("app.py"), project.read("app.py"));
    client.open(&uri, "python", &text);
    let findings = client.published(&uri, 1);
    let at = json!({"line": 2, "character": 14});
    let params =
        json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}});
    let actions = client.request("textDocument/codeAction", params);
    let actions = actions.as_array().expect("a list").iter().filter(|it| it.get("disabled").is_none());
    let titles = actions.filter_map(|it| it["title"].as_str().map(str::to_owned)).collect();
    (titles, findings)
}

fn project(policy: &str) -> Project {
    let text = format!("import os\n\napi_key = \"{}\"  # aikeys: ignore[hardcoded-ai-key] fine\n", key(17));
    Project::with_git(&[
        ("app.py", &text),
        ("aikeys.toml", "ignore = [\"hardcoded-ai-key\"]\n"),
        ("policy.toml", policy),
    ])
}

#[test]
fn editors_offer_what_the_policy_allows() {
    let policy = "plaintext-env = false\nno-inline-ignore = true\nrequired-rules = [\"hardcoded-ai-key\"]\n";
    let project = project(policy);
    let path = project.root().join("policy.toml").display().to_string();
    let mut client = Client::start_with(&[("AIKEYS_POLICY", &path)]);
    let (titles, findings) = met(&mut client, &project);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(!titles.iter().any(|it| it.contains(".env")), "{titles:?}");
    client.shut_down();

    let mut free = Client::start();
    assert!(met(&mut free, &project).1.is_empty(), "settings and comments count without a policy");
    free.shut_down();
}

#[test]
fn a_policy_that_cannot_be_read_is_the_strictest_one() {
    let project = project("allowed-stores = [\"vualt\"]\n");
    let path = project.root().join("policy.toml").display().to_string();
    let mut client = Client::start_with(&[("AIKEYS_POLICY", &path)]);
    let (titles, findings) = met(&mut client, &project);
    let message = client.wait("a message", |it| it["method"] == "window/showMessage");
    let text = message["params"]["message"].as_str().unwrap_or("");
    assert!(text.contains("policy.toml:1") && text.contains("ask whoever looks after"), "{text}");
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(!titles.iter().any(|it| it.starts_with("Move to")), "{titles:?}");
    client.shut_down();
}
