//! Through the language server: whatever a client opens, asks or garbles, no message shows a key.

use std::fs;
use std::path::Path;

use serde_json::json;
use tempfile::TempDir;

use super::places::{Keys, TEXTS, files};
use super::{TALKATIVE, below_folder};
use crate::lsp::client::{Client, editor};

/// Every message, every line of stderr, every file of the home. What the client named is its own: it is taken out first.
fn look(client: &mut Client, keys: &Keys, errors: &str, own: &[String]) {
    let home = below_folder(client.home());
    let files = home.iter().map(|path| (path.display().to_string(), fs::read(path).unwrap_or_default()));
    let messages = client.heard.iter().map(|it| {
        let text = own.iter().fold(it.to_string(), |text, name| text.replace(name.as_str(), ""));
        (it["method"].as_str().unwrap_or("an answer").to_owned(), text.into_bytes())
    });
    let all = messages.chain(files).chain([("stderr".to_owned(), errors.as_bytes().to_vec())]);
    let leaks: Vec<String> = all
        .filter_map(|(what, bytes)| {
            let at = keys.all().position(|key| key.shown_in(&bytes).is_some())?;
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let hidden = keys.all().enumerate();
            let hidden = hidden.fold(text, |text, (at, key)| text.replace(&key.text, &format!("<KEY {at}>")));
            Some(format!("{what} shows key {at}: {}", hidden.chars().take(400).collect::<String>()))
        })
        .collect();
    assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
}

fn root(folder: &TempDir) -> String {
    folder.path().canonicalize().expect("it is there").display().to_string()
}

fn language(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|it| it.to_str()) {
        Some("py") => "python",
        Some("rs") => "rust",
        Some("md") => "markdown",
        Some("json") => "json",
        _ if name.contains(".env") => "dotenv",
        _ => "plaintext",
    }
}

#[test]
fn an_editor_that_does_everything_sees_no_key() {
    let keys = Keys::new(11);
    let folder = TempDir::with_prefix("aikeys-leaks-").expect("a folder");
    for (name, bytes) in files(&keys) {
        let path = folder.path().join(&name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }
    // What is moved has a place to go.
    fs::write(folder.path().join(".env"), "OTHER=1\n").expect("a file");
    let mut client = Client::start_with(&TALKATIVE);
    client.initialize(editor());
    client.notify("workspace/didChangeConfiguration", json!({"settings": {"aikeys": {"logLevel": "trace"}}}));
    let (mut own, mut hovers, mut moves) = (Vec::new(), 0, 0);
    for (name, bytes) in files(&keys) {
        let Ok(text) = String::from_utf8(bytes) else { continue };
        let uri = format!("file://{}/{name}", root(&folder));
        if name != ".env" {
            client.open(&uri, language(&name), &text);
            let findings = client.published(&uri, 1);
            // Long lines cost a second each, and say the same.
            for finding in findings.iter().take(12).filter(|_| text.len() < 20_000) {
                let start = finding["range"]["start"].clone();
                let at = json!({"textDocument": {"uri": uri}, "position": start});
                hovers += usize::from(!client.request("textDocument/hover", at).is_null());
                let range = json!({"textDocument": {"uri": uri}, "range": finding["range"], "context": {"diagnostics": [finding]}});
                let actions = client.request("textDocument/codeAction", range);
                let mut commands = actions.as_array().into_iter().flatten().map(|it| &it["command"]);
                let command = commands.find(|it| it["command"] == "aikeys.move");
                if let Some(command) = command.filter(|_| moves < 12) {
                    let params = json!({"command": command["command"], "arguments": command["arguments"]});
                    let id = client.ask("workspace/executeCommand", params);
                    moves += usize::from(client.answer(id).get("error").is_none());
                }
            }
        }
        own.push(name);
    }
    assert!(hovers > 20 && moves > 8, "{hovers} hovers, {moves} moves");
    assert!(fs::read_to_string(folder.path().join(".env")).expect("text").lines().count() > 4, "keys were stored");
    let errors = client.shut_down();
    // The longest first: a name can be a part of another one.
    own.sort_by_key(|name| std::cmp::Reverse(name.len()));
    assert!(client.heard.len() > 100);
    look(&mut client, &keys, &errors, &own);
}

#[test]
fn what_is_garbled_is_not_repeated() {
    let keys = Keys::new(12);
    let folder = TempDir::with_prefix("aikeys-leaks-").expect("a folder");
    let variables = [TALKATIVE[0], TALKATIVE[1], ("AIKEYS_TEST_PANIC", "hover")];
    let mut client = Client::start_with(&variables);
    client.initialize(editor());
    let uri = format!("file://{}/app.py", root(&folder));
    client.open(&uri, "python", &TEXTS[0].1.replace("{K}", keys.nth(0)));
    client.published(&uri, 1);
    for key in keys.all().map(|key| key.text.as_str()) {
        let at = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 6}});
        let id = client.ask("textDocument/hover", at);
        assert!(client.answer(id).get("error").is_some(), "the panic is answered");
        for body in [
            key.to_owned(),
            format!("{{\"jsonrpc\": \"2.0\", \"id\": 900, \"method\": \"{key}\"}}"),
            format!("{{\"jsonrpc\": \"2.0\", \"method\": \"{key}\", \"params\": [\"{key}\"]}}"),
            format!("{{\"jsonrpc\": \"2.0\", \"id\": 901, \"method\": \"textDocument/hover\", \"params\": \"{key}\"}}"),
            format!(
                "{{\"jsonrpc\": \"2.0\", \"id\": 902, \"method\": \"textDocument/hover\", \"params\": {{\"{key}\": \"{key}\"}}}}"
            ),
            format!(
                "{{\"jsonrpc\": \"2.0\", \"id\": 903, \"method\": \"textDocument/codeAction\", \"params\": {{\"range\": \"{key}\"}}}}"
            ),
            format!(
                "{{\"jsonrpc\": \"2.0\", \"method\": \"textDocument/didOpen\", \"params\": {{\"textDocument\": {{\"uri\": \"{key}\", \"text\": \"{key}\"}}}}}}"
            ),
            format!("{{\"jsonrpc\": \"{key}\", \"id\": 904, \"method\": \"shutdown\"}}"),
            format!("{{\"jsonrpc\": \"2.0\", \"id\": 905, \"result\": \"{key}\"}}"),
            format!("{{\"jsonrpc\": \"2.0\", \"id\": 906, \"error\": {{\"code\": 1, \"message\": \"{key}\"}}}}"),
            format!("[\"{key}\"]"),
            format!("{{\"{key}\": "),
        ] {
            client.send_body(&body);
        }
        client.send_bytes(format!("Content-Length: {key}\r\n\r\n").as_bytes());
        client.send_bytes(format!("{key}: 5\r\nContent-Length: 2\r\n\r\n{{}}").as_bytes());
        for params in [json!({"command": key}), json!({"command": "aikeys.move", "arguments": [key, {"uri": key}]})] {
            let id = client.ask("workspace/executeCommand", params);
            assert!(client.answer(id).get("error").is_some());
        }
        let arguments = json!([{"uri": uri, "version": 1, "rule": key, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 9}}, "fix": 0, "title": key}]);
        let id = client.ask("workspace/executeCommand", json!({"command": "aikeys.move", "arguments": arguments}));
        assert!(client.answer(id).get("error").is_some());
        client.notify("workspace/didChangeConfiguration", json!({"settings": {"aikeys": {"logLevel": key, key: key}}}));
        client.notify("workspace/didChangeConfiguration", json!({"settings": key}));
        client.notify("$/setTrace", json!({"value": key}));
        // Settings that cannot be read are told of.
        let settings = [format!("fail-on = \"{key}\"\n"), format!("{key} = 1\n"), format!("select = \"{key}\"\n")];
        for (version, text) in (2..).zip(settings) {
            fs::write(folder.path().join("aikeys.toml"), text).expect("a file");
            let changes = json!({"changes": [{"uri": format!("file://{}/aikeys.toml", root(&folder)), "type": 2}]});
            client.notify("workspace/didChangeWatchedFiles", changes);
            client.insert(&uri, version, 0, "#\n");
        }
        client.wait("a message about the settings", |it| it["method"] == "window/showMessage");
        fs::remove_file(folder.path().join("aikeys.toml")).expect("it is there");
    }
    let errors = client.shut_down();
    assert!(errors.lines().count() >= 10, "every panic is told of: {errors}");
    look(&mut client, &keys, &errors, &[]);
}
