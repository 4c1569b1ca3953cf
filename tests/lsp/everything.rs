//! Checks of all files, the list of keys, edits that are asked for later, and what an untrusted folder may do.

use serde_json::{Value, json};

use super::client::{self, Client};
use super::project::{Project, key, leaks};

fn source(key: &str) -> String {
    format!("api_key = \"{key}\"\n")
}

fn initialize(client: &mut Client, folders: &[&Project], capabilities: &Value, options: &Value) {
    let folders: Vec<Value> = folders.iter().map(|it| json!({"uri": it.uri(""), "name": "p"})).collect();
    client.request(
        "initialize",
        json!({"processId": null, "rootUri": null, "capabilities": capabilities, "workspaceFolders": folders,
            "initializationOptions": {"aikeys": options}}),
    );
    client.notify("initialized", json!({}));
}

fn pulling() -> Value {
    let mut editor = client::editor();
    editor["textDocument"]["diagnostic"] = json!({});
    editor["workspace"]["diagnostics"] = json!({"refreshSupport": true});
    editor
}

/// The files of a report with their numbers of findings, and what to send with the next question.
fn told(project: &Project, report: &Value) -> (Vec<(String, usize)>, Vec<Value>) {
    let items = report["items"].as_array().expect("a list");
    let root = project.uri("");
    let file = |it: &Value| {
        let name = it["uri"].as_str().expect("a uri").strip_prefix(root.as_str()).expect("a file of ours").to_owned();
        (name, it["items"].as_array().expect("a list").len())
    };
    let known = |it: &Value| Some(json!({"uri": it["uri"], "value": it.get("resultId")?}));
    (items.iter().map(file).collect(), items.iter().filter_map(known).collect())
}

#[test]
fn all_files_are_told_and_then_what_changed() {
    let (one, two) = (key(50), key(51));
    let project = Project::with_git(&[("a.py", &source(&one)), ("sub/b.py", &source(&two)), ("c.py", "x = 1\n")]);
    project.write("shut/aikeys.toml", "ignore = [\"hardcoded-ai-key\"]\n");
    project.write("shut/d.py", &source(&one));
    let mut client = Client::start();
    initialize(&mut client, &[&project], &pulling(), &json!({}));
    let report = client.request("workspace/diagnostic", json!({"previousResultIds": []}));
    let (files, known) = told(&project, &report);
    assert_eq!(files, [("a.py".to_owned(), 1), ("sub/b.py".to_owned(), 1)]);

    // The next question waits for news.
    let id = client.ask("workspace/diagnostic", json!({"previousResultIds": known}));
    client.wait("a watcher of all files", |it| it.to_string().contains("aikeys.watch.all"));
    project.write("c.py", &source(&two));
    std::fs::remove_file(project.root().join("a.py")).expect("it goes");
    let changes = [("c.py", 2), ("a.py", 3)].map(|(name, kind)| json!({"uri": project.uri(name), "type": kind}));
    client.notify("workspace/didChangeWatchedFiles", json!({"changes": changes}));
    let answer = client.answer(id);
    let (files, _) = told(&project, &answer["result"]);
    assert_eq!(files, [("c.py".to_owned(), 1), ("a.py".to_owned(), 0)]);

    // Files that are open are told by themselves.
    let uri = project.uri("c.py");
    client.open(&uri, "python", "x = 1\n");
    let report = client.request("workspace/diagnostic", json!({"previousResultIds": []}));
    assert_eq!(told(&project, &report).0, [("sub/b.py".to_owned(), 1)]);
    client.shut_down();
    let heard = json!(client.heard).to_string();
    assert!(!leaks(&heard, &one) && !leaks(&heard, &two));
}

#[test]
fn a_thousand_files_that_change_at_once_are_checked_once() {
    let key = key(52);
    let project = Project::with_git(&[("a.py", &source(&key))]);
    let mut client = Client::start();
    initialize(&mut client, &[&project], &pulling(), &json!({}));
    let report = client.request("workspace/diagnostic", json!({"previousResultIds": []}));
    let (files, known) = told(&project, &report);
    assert_eq!(files.len(), 1);
    for number in 0..1000 {
        project.write(&format!("d{}/f{number}.py", number % 20), "y = 2\n");
    }
    project.write("d3/f3.py", &source(&key));
    let id = client.ask("workspace/diagnostic", json!({"previousResultIds": known}));
    let change = |number: usize| json!({"uri": project.uri(&format!("d{}/f{number}.py", number % 20)), "type": 1});
    for batch in 0..10 {
        let changes: Vec<Value> = (batch * 100..batch * 100 + 100).map(change).collect();
        client.notify("workspace/didChangeWatchedFiles", json!({"changes": changes}));
    }
    let answer = client.answer(id);
    assert_eq!(told(&project, &answer["result"]).0, [("d3/f3.py".to_owned(), 1)]);
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn the_command_tells_clients_that_do_not_ask() {
    let (one, two) = (key(53), key(54));
    let first = Project::with_git(&[("a.py", &source(&one)), ("b.py", "x = 1\n")]);
    let second = Project::with_git(&[("aikeys.toml", "ignore = [\"hardcoded-ai-key\"]\n"), ("a.py", &source(&two))]);
    let mut editor = client::editor();
    editor["window"] = json!({"workDoneProgress": true});
    let mut client = Client::start();
    initialize(&mut client, &[&first, &second], &editor, &json!({}));
    let answer = client.request("workspace/executeCommand", json!({"command": "aikeys.check"}));
    assert_eq!(answer["findings"], 1, "each folder has its own settings");
    let published = |it: &Value| it["method"] == "textDocument/publishDiagnostics";
    let message = client.wait("diagnostics", published);
    assert_eq!(message["params"]["uri"], first.uri("a.py"));
    assert_eq!(message["params"]["diagnostics"].as_array().map(Vec::len), Some(1));
    client.wait("an end", |it| it["params"]["value"]["kind"] == "end");
    let said = client.wait("a message", |it| it["method"] == "window/showMessage");
    assert!(said["params"]["message"].as_str().is_some_and(|it| it.starts_with("aikeys: 1 finding in ")), "{said}");

    first.write("a.py", "x = 1\n");
    let answer = client.request("workspace/executeCommand", json!({"command": "aikeys.check"}));
    assert_eq!(answer["findings"], 0);
    let message = client.wait("none any more", published);
    assert_eq!((&message["params"]["uri"], &message["params"]["diagnostics"]), (&json!(first.uri("a.py")), &json!([])));
    client.shut_down();
    let heard = json!(client.heard).to_string();
    assert!(!leaks(&heard, &one) && !leaks(&heard, &two));
}

#[test]
fn keys_are_listed_without_the_keys() {
    let (committed, source_only, kept) = (key(55), key(56), key(57));
    let project = Project::with_git(&[("old.py", &source(&committed)), (".gitignore", ".env\n")]);
    project.git(&["add", "-A"]);
    project.git(&["commit", "-qm", "one"]);
    project.write("new.py", &source(&source_only));
    let reference = "MISTRAL_API_KEY=\"ref+vault://secret/app#/MISTRAL_API_KEY\"";
    project.write(".env", &format!("OPENAI_API_KEY={kept}\n{reference}\nSAME={source_only}\n"));
    let mut client = Client::start();
    initialize(&mut client, &[&project], &client::editor(), &json!({}));
    let answer = client.request("workspace/executeCommand", json!({"command": "aikeys.keys"}));
    let keys = answer["keys"].as_array().expect("a list");
    let row = |it: &Value| {
        let text = |name: &str| it[name].as_str().unwrap_or("-").to_owned();
        (text("exposure"), text("name"), text("variable"), it["places"].as_array().map_or(0, Vec::len))
    };
    let owned = |all: [&str; 3], places| (all[0].to_owned(), all[1].to_owned(), all[2].to_owned(), places);
    assert_eq!(
        keys.iter().map(row).collect::<Vec<_>>(),
        [
            owned(["committed", "OpenAI", "-"], 1),
            owned(["source", "OpenAI", "SAME"], 2),
            owned(["env", "OpenAI", "OPENAI_API_KEY"], 1),
            owned(["store", "Mistral AI", "MISTRAL_API_KEY"], 1),
        ]
    );
    assert!(keys[0]["note"].as_str().is_some_and(|it| it.contains("(not pushed): rotate it")), "{}", keys[0]);
    let stores = client.request("workspace/executeCommand", json!({"command": "aikeys.stores"}));
    assert_eq!(stores[0]["id"], "env");
    client.shut_down();
    let heard = json!(client.heard).to_string();
    assert!([&committed, &source_only, &kept].iter().all(|key| !leaks(&heard, key)));
}

#[test]
fn edits_are_made_when_an_action_is_chosen() {
    let key = key(58);
    let project = Project::with_git(&[]);
    let mut editor = client::editor();
    editor["textDocument"]["codeAction"] = json!({"dataSupport": true, "resolveSupport": {"properties": ["edit"]}});
    let mut client = Client::start();
    initialize(&mut client, &[&project], &editor, &json!({}));
    let uri = project.uri("a.py");
    client.open(&uri, "python", &source(&key));
    client.published(&uri, 1);
    let at = json!({"line": 0, "character": 14});
    let params = |only: &[&str]| {
        json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at},
            "context": {"diagnostics": [], "only": only}})
    };
    let actions = client.request("textDocument/codeAction", params(&["quickfix"]));
    let ignore = actions.as_array().expect("a list").iter().find(|it| it["title"].to_string().contains("Ignore with"));
    let ignore = ignore.expect("an action").clone();
    assert!(ignore.get("edit").is_none() && ignore["data"].is_object(), "{ignore}");
    let resolved = client.request("codeAction/resolve", ignore.clone());
    let edits = &resolved["edit"]["documentChanges"][0];
    assert_eq!(edits["edits"][0]["newText"], "# aikeys: ignore[hardcoded-ai-key]\n");
    assert_eq!((&resolved["title"], &edits["textDocument"]["version"]), (&ignore["title"], &json!(1)));
    client.insert(&uri, 2, 0, "#\n");
    let id = client.ask("codeAction/resolve", ignore);
    assert!(client.answer(id)["error"]["message"].as_str().is_some_and(|it| it.contains("has changed")));

    // On saving: what needs no decision, and never a move.
    assert_eq!(client.request("textDocument/codeAction", params(&["source.fixAll"])), json!([]));
    client.insert(&uri, 3, 0, "y = 1  # aikeys: ignore[hardcoded-ai-key] it was here once\n");
    for only in ["source.fixAll", "source.fixAll.aikeys", "source"] {
        let actions = client.request("textDocument/codeAction", params(&[only]));
        assert_eq!(actions.as_array().map(Vec::len), Some(1), "{only}");
        assert_eq!(actions[0]["kind"], "source.fixAll.aikeys");
        let edits = &actions[0]["edit"]["documentChanges"][0]["edits"];
        assert_eq!(edits.as_array().map(Vec::len), Some(1));
        assert_eq!(edits[0]["newText"], "");
    }
    let plain = client.request(
        "textDocument/codeAction",
        json!({"textDocument": {"uri": uri},
        "range": {"start": at, "end": at}, "context": {"diagnostics": []}}),
    );
    assert!(plain.as_array().is_some_and(|all| all.iter().all(|it| it["kind"] != "source.fixAll.aikeys")));
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn an_untrusted_folder_gets_no_store_and_a_preferred_one_stands_first() {
    let key = key(59);
    let project = Project::with_git(&[]);
    let titles = |options: Value| {
        let mut client = Client::start();
        client.command_line(&project.root(), &["store", "init", "--yes"], "");
        initialize(&mut client, &[&project], &client::editor(), &options);
        let uri = project.uri("a.py");
        client.open(&uri, "python", &source(&key));
        client.published(&uri, 1);
        let at = json!({"line": 0, "character": 14});
        let params = json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at},
            "context": {"diagnostics": []}});
        let actions = client.request("textDocument/codeAction", params);
        let all = actions.as_array().expect("a list").iter();
        let moves = all.filter(|it| it["command"]["command"] == "aikeys.move");
        moves.map(|it| it["title"].as_str().expect("a title").to_owned()).collect::<Vec<_>>()
    };
    let plain = titles(json!({"workspaceTrusted": true}));
    assert!(plain[0].contains("encrypted store") && plain.iter().any(|it| it.starts_with("Move to .env")), "{plain:?}");
    let first = titles(json!({"workspaceTrusted": true, "store": "env"}));
    assert!(first[0].starts_with("Move to .env"), "{first:?}");
    assert_eq!(first.len(), plain.len());
    let untrusted = titles(json!({"workspaceTrusted": false}));
    assert!(!untrusted.is_empty() && untrusted.iter().all(|it| it.starts_with("Move to .env")), "{untrusted:?}");
}
