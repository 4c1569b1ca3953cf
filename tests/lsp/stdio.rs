//! The real program over its standard streams, with clients that behave and clients that do not.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::client::{self, Client};
use super::project::{Project, key, leaks};

fn editor() -> Value {
    let mut editor = client::editor();
    editor["general"] = json!({"positionEncodings": ["utf-8", "utf-16"]});
    editor
}

/// A source file with a key in its third line.
fn source(key: &str) -> String {
    format!("import os\n\napi_key = \"{key}\"\n")
}

fn actions(client: &mut Client, uri: &str, line: u32) -> Vec<Value> {
    let at = json!({"line": line, "character": 14});
    let params =
        json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}});
    client.request("textDocument/codeAction", params).as_array().expect("a list").clone()
}

/// The command of the action that moves to `.env`.
fn move_command(client: &mut Client, uri: &str, line: u32) -> Value {
    let actions = actions(client, uri, line);
    let action = actions.iter().find(|it| it["title"].as_str().is_some_and(|it| it.starts_with("Move to .env")));
    let command = &action.expect("a move to .env")["command"];
    json!({"command": command["command"], "arguments": command["arguments"]})
}

#[test]
fn the_server_says_what_it_can_do() {
    let mut client = Client::start();
    let result = client.initialize(editor());
    let can = &result["capabilities"];
    assert_eq!(can["positionEncoding"], "utf-8");
    assert_eq!(can["textDocumentSync"]["change"], 2);
    assert_eq!(
        can["codeActionProvider"]["codeActionKinds"],
        json!(["quickfix.aikeys", "quickfix.aikeys.everywhere", "source.fixAll.aikeys"])
    );
    let commands =
        json!(["aikeys.move", "aikeys.store.check", "aikeys.undo", "aikeys.check", "aikeys.keys", "aikeys.stores"]);
    assert_eq!(can["executeCommandProvider"]["commands"], commands);
    assert_eq!(can["completionProvider"]["triggerCharacters"], json!(["=", "\"", "'", "+", ".", "$", "{"]));
    assert_eq!(can["documentLinkProvider"]["resolveProvider"], false);
    assert_eq!(can["hoverProvider"], true);
    assert!(can.get("diagnosticProvider").is_none(), "this client does not pull");
    assert_eq!(result["serverInfo"]["name"], "aikeys-lsp");
    let registration = client.wait("a registration", |it| it["method"] == "client/registerCapability");
    let watchers =
        registration["params"]["registrations"][0]["registerOptions"]["watchers"].as_array().expect("a list").len();
    assert_eq!(watchers, 7);
    client.shut_down();

    let mut plain = Client::start();
    assert_eq!(plain.initialize(json!({}))["capabilities"]["positionEncoding"], "utf-16");
    plain.shut_down();
    assert!(
        plain.heard.iter().all(|it| it["method"] != "client/registerCapability"),
        "nobody said it could watch files"
    );
}

#[test]
fn the_exit_code_tells_whether_the_end_was_announced() {
    // stdin stays open all the time.
    let mut polite = Client::start();
    polite.initialize(json!({}));
    let shutdown = polite.ask("shutdown", Value::Null);
    polite.notify("exit", Value::Null);
    assert_eq!(polite.answer(shutdown)["result"], Value::Null, "the answer comes before the end");
    assert_eq!(polite.end().0.code(), Some(0));

    let mut rude = Client::start();
    rude.initialize(json!({}));
    rude.notify("exit", Value::Null);
    assert_eq!(rude.end().0.code(), Some(1));

    let mut early = Client::start();
    early.notify("exit", Value::Null);
    assert_eq!(early.end().0.code(), Some(1));

    let mut gone = Client::start();
    gone.initialize(json!({}));
    gone.hang_up();
    assert_eq!(gone.end().0.code(), Some(1));
}

#[test]
fn requests_at_the_wrong_time_are_refused() {
    let mut client = Client::start();
    let hover = json!({"textDocument": {"uri": "file:///a.py"}, "position": {"line": 0, "character": 0}});
    let early = client.ask("textDocument/hover", hover.clone());
    assert_eq!(client.answer(early)["error"]["code"], -32002);
    client.initialize(json!({}));
    let unknown = client.ask("no/such/method", json!({}));
    assert_eq!(client.answer(unknown)["error"]["code"], -32601);
    client.request("shutdown", Value::Null);
    let late = client.ask("textDocument/hover", hover);
    assert_eq!(client.answer(late)["error"]["code"], -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.end().0.code(), Some(0));
}

#[test]
fn a_malformed_message_is_answered_and_survived() {
    let mut client = Client::start();
    client.initialize(json!({}));
    let malformed = |it: &Value| it["error"]["code"] == -32700 && it["id"].is_null();
    let messages: [&[u8]; 5] = [
        b"Content-Length: 14\r\n\r\n{\"jsonrpc\":\"2.",
        b"Content-Length: 4\r\n\r\n[{}]",
        b"Content-Length: many\r\n\r\n{}",
        b"Content-Length: 99999999999999\r\n\r\n{}",
        b"Content-Length: 2\r\n\r\n\xff\xfe",
    ];
    for bytes in messages {
        client.send_bytes(bytes);
        // The next header is where a reader that lost its way finds it again.
        let id = client.ask("no/such/method", json!({}));
        client.wait("a parse error", malformed);
        assert_eq!(client.answer(id)["error"]["code"], -32601);
    }
    client.shut_down();
}

#[test]
fn parameters_that_cannot_be_read_are_not_repeated() {
    let key = key(11);
    let mut client = Client::start();
    client.initialize(json!({}));
    let id = client.ask("textDocument/hover", json!({"textDocument": key, "position": key}));
    let answer = client.answer(id);
    assert_eq!(answer["error"]["code"], -32602);
    assert!(!leaks(&answer.to_string(), &key), "the error quotes what was sent");
    client.shut_down();
}

#[test]
fn two_thousand_changes_are_applied_in_order() {
    let (project, key) = (Project::new(&[]), key(12));
    let mut client = Client::start();
    client.initialize(json!({}));
    let uri = project.uri("app.py");
    client.open(&uri, "python", &source(&key));
    // Each line goes to the place that the one before made: any other order gives another text.
    let letters: Vec<char> = (0..2_000_u32).map(|it| char::from(b'a' + (it * 7 % 26) as u8)).collect();
    for (number, letter) in letters.iter().enumerate() {
        let at = json!({"line": 1, "character": number});
        let change = json!({"range": {"start": at, "end": at}, "text": letter.to_string()});
        let document = json!({"uri": uri, "version": number + 2});
        client.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [change]}));
    }
    // The name is only right when every letter came to its place.
    let name: String = letters.iter().collect();
    let at = json!({"line": 1, "character": 2_000});
    let change = json!({"range": {"start": at, "end": at}, "text": format!(" = \"{key}\"")});
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 2_002}, "contentChanges": [change]}),
    );
    let found = client.published(&uri, 2_002);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["range"]["start"], json!({"line": 1, "character": 2_000 + 4}));
    assert_eq!(found[1]["range"]["start"]["line"], 2);

    let text = source(&key).replacen("\n\n", &format!("\n{name} = \"{key}\"\n"), 1);
    let whole = json!({"textDocument": {"uri": uri, "version": 2_003}, "contentChanges": [{"text": text}]});
    client.notify("textDocument/didChange", whole);
    assert_eq!(client.published(&uri, 2_003), found, "the whole text gives the same findings");
    let publishes = client.heard.iter().filter(|it| it["method"] == "textDocument/publishDiagnostics");
    let versions: Vec<i64> = publishes.map(|it| it["params"]["version"].as_i64().expect("a version")).collect();
    assert!(versions.is_sorted(), "{versions:?}");
    client.shut_down();
}

#[test]
fn every_change_is_answered_and_closing_clears() {
    let (project, key) = (Project::new(&[]), key(13));
    let mut client = Client::start();
    client.initialize(json!({}));
    let uri = project.uri("app.py");
    client.open(&uri, "python", "");
    assert_eq!(client.published(&uri, 1), Vec::<Value>::new());
    client.insert(&uri, 2, 0, "");
    assert_eq!(client.published(&uri, 2), Vec::<Value>::new());
    client.insert(&uri, 3, 0, &source(&key));
    assert_eq!(client.published(&uri, 3).len(), 1);
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    let cleared = client.wait("nothing", |it| it["method"] == "textDocument/publishDiagnostics");
    assert_eq!(cleared["params"]["diagnostics"], json!([]));
    client.shut_down();
}

#[test]
fn a_panic_is_an_answer_and_its_text_is_never_shown() {
    let (project, key) = (Project::new(&[]), key(14));
    let mut client = Client::start_with(&[("AIKEYS_TEST_PANIC", "hover")]);
    client.initialize(json!({}));
    let uri = project.uri("app.py");
    client.open(&uri, "python", &source(&key));
    let hover = json!({"textDocument": {"uri": uri}, "position": {"line": 2, "character": 14}});
    for _ in 0..2 {
        let id = client.ask("textDocument/hover", hover.clone());
        let answer = client.answer(id);
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
    }
    client.insert(&uri, 2, 0, "# typing goes on\n");
    assert_eq!(client.published(&uri, 2).len(), 1);
    let errors = client.shut_down();
    assert!(errors.contains(" at src/lsp/main_loop.rs:"), "{errors}");
    assert!(!errors.contains("a test asked for this"), "{errors}");
}

#[test]
fn a_client_that_never_answers_holds_nothing_up() {
    let (project, key) = (Project::new(&[]), key(15));
    let mut client = Client::start();
    client.answers = false;
    client.initialize(editor());
    let uri = project.uri("app.py");
    client.open(&uri, "python", &source(&key));
    client.published(&uri, 1);
    let command = move_command(&mut client, &uri, 2);
    let waiting: Vec<i64> = (0..6).map(|_| client.ask("workspace/executeCommand", command.clone())).collect();
    client.wait("an edit", |it| it["method"] == "workspace/applyEdit");
    for version in 2..300 {
        client.insert(&uri, version, 0, "#\n");
    }
    assert_eq!(client.published(&uri, 299).len(), 1);
    assert!(!actions(&mut client, &uri, 2 + 298).is_empty());
    let answered = client.heard.iter().any(|it| waiting.iter().any(|id| it["id"] == *id && it.get("result").is_some()));
    assert!(!answered, "a move is only done when its edit is");
    client.hang_up();
    assert_eq!(client.end().0.code(), Some(1), "what is unanswered does not keep the process");
}

#[cfg(unix)]
#[test]
fn the_server_ends_when_its_client_vanishes() {
    let mut other = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().expect("sleep runs");
    let mut client = Client::start();
    client.request("initialize", json!({"processId": other.id(), "capabilities": {}}));
    other.kill().expect("it is ours");
    other.wait().expect("it ends");
    // stdin is still open.
    assert_eq!(client.end().0.code(), Some(1));
}

#[test]
fn a_client_that_pulls_is_never_pushed_to() {
    let (project, key) = (Project::new(&[]), key(16));
    let mut client = Client::start();
    let can = client.initialize(json!({
        "textDocument": {"diagnostic": {}},
        "workspace": {"diagnostics": {"refreshSupport": true}},
    }));
    let provider = json!({"identifier": "aikeys", "interFileDependencies": true, "workspaceDiagnostics": true});
    assert_eq!(can["capabilities"]["diagnosticProvider"], provider);
    let uri = project.uri("app.py");
    let pull = |client: &mut Client, previous: Option<&str>| {
        client.request("textDocument/diagnostic", json!({"textDocument": {"uri": uri}, "previousResultId": previous}))
    };
    // VS Code asks for a file that it opens a moment later.
    assert_eq!(pull(&mut client, None)["items"], json!([]));
    client.open(&uri, "python", &source(&key));
    client.wait("a refresh", |it| it["method"] == "workspace/diagnostic/refresh");
    let first = pull(&mut client, None);
    assert_eq!((&first["kind"], first["items"].as_array().map(Vec::len)), (&json!("full"), Some(1)));
    let id = first["resultId"].as_str().expect("a name").to_owned();
    let again = pull(&mut client, Some(&id));
    assert_eq!(again, json!({"kind": "unchanged", "resultId": id}));

    project.write("aikeys.toml", "ignore = [\"hardcoded-ai-key\"]\n");
    let changes = json!({"changes": [{"uri": project.uri("aikeys.toml"), "type": 1}]});
    client.notify("workspace/didChangeWatchedFiles", changes);
    client.wait("a refresh", |it| it["method"] == "workspace/diagnostic/refresh");
    let silent = pull(&mut client, Some(&id));
    assert_eq!((&silent["kind"], &silent["items"]), (&json!("full"), &json!([])));
    client.insert(&uri, 2, 0, "#\n");
    pull(&mut client, None);
    client.shut_down();
    assert!(client.heard.iter().all(|it| it["method"] != "textDocument/publishDiagnostics"));
}

#[test]
fn a_move_is_answered_when_the_edit_is_applied() {
    let key = key(17);
    let text = source(&key);
    let project = Project::with_git(&[("app.py", &text)]);
    let mut client = Client::start();
    client.initialize(editor());
    let uri = project.uri("app.py");
    client.open(&uri, "python", &text);
    client.published(&uri, 1);
    let command = move_command(&mut client, &uri, 2);
    let id = client.ask("workspace/executeCommand", command);
    let edit = client.wait("an edit", |it| it["method"] == "workspace/applyEdit");
    assert_eq!(project.read(".env"), format!("OPENAI_API_KEY={key}\n"), "the key is stored before the text changes");
    let changes = edit["params"]["edit"]["documentChanges"].as_array().expect("a list");
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0]["textDocument"], json!({"uri": uri, "version": 1}));
    assert_eq!(changes[0]["edits"][0]["newText"], "os.environ[\"OPENAI_API_KEY\"]");
    let answer = client.answer(id);
    assert!(answer.get("error").is_none(), "{answer}");
    client.shut_down();
}

#[test]
fn an_env_file_with_unsaved_changes_is_the_editors_to_write() {
    let key = key(21);
    let project = Project::new(&[(".env", "SAVED=1\n")]);
    let mut client = Client::start();
    client.initialize(editor());
    let (uri, env) = (project.uri("app.py"), project.uri(".env"));
    client.open(&uri, "python", &source(&key));
    client.open(&env, "dotenv", "SAVED=1\n");
    client.insert(&env, 2, 1, "TYPED=🔑\n");
    let command = move_command(&mut client, &uri, 2);
    client.request("workspace/executeCommand", command);
    assert_eq!(project.read(".env"), "SAVED=1\n", "the disk beneath the changes stays as it is");
    assert!(project.read(".gitignore").contains(".env"));
    let edit = client.heard.iter().find(|it| it["method"] == "workspace/applyEdit").expect("an edit");
    let changes = edit["params"]["edit"]["documentChanges"].as_array().expect("a list");
    assert_eq!(changes.len(), 2);
    // The env file first: an editor that stops half way has the key in both, and in none never.
    assert_eq!(changes[0]["textDocument"], json!({"uri": env, "version": 2}));
    assert_eq!(changes[0]["edits"][0]["newText"], format!("OPENAI_API_KEY={key}\n"));
    assert_eq!(changes[0]["edits"][0]["range"]["start"], json!({"line": 2, "character": 0}));
    assert_eq!(changes[1]["textDocument"], json!({"uri": uri, "version": 1}));
    client.shut_down();
}

#[test]
fn an_env_file_that_is_only_open_is_written() {
    let key = key(22);
    let project = Project::new(&[(".env", "SAVED=1\n")]);
    let mut client = Client::start();
    client.initialize(editor());
    let (uri, env) = (project.uri("app.py"), project.uri(".env"));
    client.open(&uri, "python", &source(&key));
    client.open(&env, "dotenv", "SAVED=1\n");
    let command = move_command(&mut client, &uri, 2);
    client.request("workspace/executeCommand", command);
    assert_eq!(project.read(".env"), format!("SAVED=1\nOPENAI_API_KEY={key}\n"));
    let edit = client.heard.iter().find(|it| it["method"] == "workspace/applyEdit").expect("an edit");
    assert!(!leaks(&edit.to_string(), &key), "the edit carries the key");
    client.shut_down();
}

#[test]
fn a_refused_edit_leaves_the_key_in_both_places_and_says_so() {
    let (project, key) = (Project::new(&[]), key(18));
    let mut client = Client::start();
    client.applies = false;
    client.initialize(editor());
    let uri = project.uri("app.py");
    client.open(&uri, "python", &source(&key));
    let command = move_command(&mut client, &uri, 2);
    let id = client.ask("workspace/executeCommand", command.clone());
    let told = client.wait("a message", |it| it["method"] == "window/showMessage");
    let message = told["params"]["message"].as_str().expect("a text");
    assert!(message.contains("OPENAI_API_KEY") && message.contains("still stands in the source"), "{message}");
    assert_eq!(client.answer(id)["error"]["code"], -32803);
    assert!(project.read(".env").contains(&key));

    // What was offered for an older text is refused before anything is stored.
    client.insert(&uri, 2, 0, "# typed meanwhile\n");
    let id = client.ask("workspace/executeCommand", command);
    let answer = client.answer(id);
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("has changed")), "{answer}");
    client.shut_down();
}

#[test]
fn without_edits_nothing_is_stored() {
    let (project, key) = (Project::new(&[]), key(19));
    let mut client = Client::start();
    client.initialize(json!({}));
    let uri = project.uri("app.py");
    client.open(&uri, "python", &source(&key));
    let command = move_command(&mut client, &uri, 2);
    let id = client.ask("workspace/executeCommand", command);
    let answer = client.answer(id);
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("nothing was changed")), "{answer}");
    assert_eq!((project.read(".env"), project.read(".gitignore")), (String::new(), String::new()));
    let id = client.ask("workspace/executeCommand", json!({"command": "rm", "arguments": []}));
    assert_eq!(client.answer(id)["error"]["code"], -32803);
    client.shut_down();
}

/// All that an editor does, at the most talkative level: nothing of it shows the key.
#[test]
fn nothing_that_the_server_says_shows_a_key() {
    let key = key(20);
    let text = source(&key);
    let project = Project::with_git(&[("app.py", &text)]);
    project.git(&["add", "app.py"]);
    project.git(&["commit", "-qm", "t"]);
    let mut client = Client::start();
    client.initialize(editor());
    client.notify(
        "workspace/didChangeConfiguration",
        json!({"settings": {"aikeys": {"logLevel": "trace", "later": [1]}}}),
    );
    let uri = project.uri("app.py");
    client.open(&uri, "python", &text);
    let is_committed = |it: &Value| {
        let message = it["params"]["diagnostics"][0]["message"].as_str().unwrap_or("");
        message.contains("already committed")
    };
    client.wait("a note about the history", is_committed);
    client.insert(&uri, 2, 1, "# more\n");
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": uri}}));
    let hover = json!({"textDocument": {"uri": uri}, "position": {"line": 3, "character": 14}});
    let hover = client.request("textDocument/hover", hover);
    assert!(hover["contents"]["value"].as_str().is_some_and(|it| it.contains("sk-proj-…")), "{hover}");
    let command = move_command(&mut client, &uri, 3);
    client.request("workspace/executeCommand", command);
    // The text that is edited away is named by its place.
    let errors = client.shut_down();
    assert_eq!(errors, "", "nothing is written to stderr");
    let logs = client.heard.iter().filter(|it| it["method"] == "window/logMessage").count();
    assert!(logs >= 5, "only {logs} lines were logged");
    for message in &client.heard {
        assert!(!leaks(&message.to_string(), &key), "{} shows the key", message["method"]);
    }
}

#[test]
fn all_keys_of_an_env_file_go_to_the_encrypted_store_at_once() {
    let project = Project::new(&[("aikeys.toml", "")]);
    let identity = project.root().join("identity.txt");
    let identity = [("AIKEYS_IDENTITY", identity.to_str().expect("a path of letters"))];
    let made = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"))
        .args(["store", "init", "--yes"])
        .current_dir(project.root())
        .envs(identity)
        .output()
        .expect("the program starts");
    assert!(made.status.success());
    let (one, other) = (key(31), key(32));
    let text = format!("# mine\nOPENAI_ONE={one}\nOPENAI_TWO=\"{other}\"\nDEBUG=1\n");
    project.write(".env", &text);
    let mut client = Client::start_with(&identity);
    client.initialize(editor());
    let uri = project.uri(".env");
    client.open(&uri, "plaintext", &text);
    assert_eq!(client.published(&uri, 1).len(), 2);
    let actions = actions(&mut client, &uri, 1);
    let all =
        actions.iter().find(|it| it["title"].as_str().is_some_and(|it| it.ends_with("all other secrets of this file")));
    let command = &all.expect("an action for all")["command"];
    let command = json!({"command": command["command"], "arguments": command["arguments"]});
    let answer = client.request("workspace/executeCommand", command);
    assert_eq!(answer, Value::Null);
    let edit = client.heard.iter().find(|it| it["method"] == "workspace/applyEdit").expect("an edit");
    let edit = edit["params"]["edit"].to_string();
    for name in ["OPENAI_ONE", "OPENAI_TWO"] {
        assert!(edit.contains(&format!("ref+age://.aikeys/secrets.age#/{name}\\\"")), "{name} is referred to");
    }
    assert!(!leaks(&edit, &one) && !leaks(&edit, &other));
    assert_eq!(project.read(".env"), text, "the file is the editor's to write");
    client.shut_down();
}
