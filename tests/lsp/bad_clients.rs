//! Clients that say strange things: each is answered or passed over, and the server goes on.

use serde_json::{Value, json};

use super::client::{self, Client};
use super::project::{Project, key, leaks};

/// The server still answers, and still finds a key.
fn is_well(client: &mut Client, project: &Project, key: &str) {
    let uri = project.uri("well.py");
    client.forget();
    client.open(&uri, "python", &format!("api_key = \"{key}\"\n"));
    assert_eq!(client.published(&uri, 1).len(), 1);
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
}

fn all_of(client: &mut Client, uri: &str, line: i64, character: i64) {
    let at = json!({"line": line, "character": character});
    for method in ["hover", "completion", "definition", "references", "prepareRename", "rename"] {
        let params = json!({"textDocument": {"uri": uri}, "position": at, "newName": "NEW_NAME",
            "context": {"includeDeclaration": true}});
        let id = client.ask(&format!("textDocument/{method}"), params);
        client.answer(id);
    }
    for method in ["codeAction", "codeLens", "documentLink", "diagnostic"] {
        let params = json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at},
            "context": {"diagnostics": []}});
        let id = client.ask(&format!("textDocument/{method}"), params);
        client.answer(id);
    }
}

#[test]
fn clients_that_declare_nothing_or_everything_are_served() {
    let everything = json!({
        "workspace": {"applyEdit": true, "workspaceEdit": {"documentChanges": true,
            "resourceOperations": ["create", "rename", "delete"]}, "configuration": true, "workspaceFolders": true,
            "didChangeWatchedFiles": {"dynamicRegistration": true, "relativePatternSupport": true},
            "codeLens": {"refreshSupport": true}, "diagnostics": {"refreshSupport": true}},
        "textDocument": {"hover": {"contentFormat": ["markdown", "plaintext"]}, "rename": {"prepareSupport": true},
            "codeAction": {"dataSupport": true, "disabledSupport": true, "isPreferredSupport": true,
                "resolveSupport": {"properties": ["edit", "command"]}},
            "publishDiagnostics": {"relatedInformation": true, "dataSupport": true}},
        "notebookDocument": {"synchronization": {"dynamicRegistration": true}},
        "window": {"workDoneProgress": true, "showMessage": {}},
        "general": {"positionEncodings": ["utf-32", "utf-16", "utf-8"]},
    });
    for capabilities in [json!({}), everything] {
        let key = key(70);
        let project = Project::with_git(&[]);
        let mut client = Client::start();
        client.initialize(capabilities);
        let uri = project.uri("a.py");
        client.open(&uri, "python", &format!("api_key = \"{key}\"\n"));
        client.published(&uri, 1);
        all_of(&mut client, &uri, 0, 14);
        is_well(&mut client, &project, &key);
        client.shut_down();
        assert!(!leaks(&json!(client.heard).to_string(), &key));
    }
}

#[test]
fn a_start_with_a_mistake_is_a_start() {
    let key = key(76);
    let project = Project::with_git(&[]);
    for wrong in [
        json!({"trace": "loud"}),
        json!({"processId": -1, "rootUri": "no uri"}),
        json!({"processId": "x", "rootUri": "", "workspaceFolders": [{"uri": "no", "name": 1}]}),
    ] {
        let mut client = Client::start();
        let mut params = json!({"capabilities": client::editor()});
        params.as_object_mut().expect("an object").extend(wrong.as_object().expect("an object").clone());
        assert_eq!(client.request("initialize", params)["serverInfo"]["name"], "aikeys-lsp");
        client.notify("initialized", json!({}));
        let uri = project.uri("a.py");
        client.open(&uri, "python", "x = 1\n");
        client.published(&uri, 1);
        // Places that cannot be are the nearest ones that can.
        let range = json!({"start": {"line": -3, "character": 1.5}, "end": {"line": -3, "character": 9e99}});
        let change = json!([{"range": range, "text": format!("api_key = \"{key}\"")}]);
        let document = json!({"uri": uri, "version": 2});
        client.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": change}));
        assert_eq!(client.published(&uri, 2).len(), 1);
        client.shut_down();
    }
}

#[test]
fn a_file_thousands_of_folders_down_is_a_file() {
    let key = key(77);
    let project = Project::with_git(&[]);
    let deep = "d/".repeat(1_500);
    let mut client = Client::start();
    client.initialize(json!({"textDocument": {"diagnostic": {}}}));
    let uri = project.uri(&format!("{deep}a.py"));
    client.open(&uri, "python", &format!("api_key = \"{key}\"\n"));
    let report = client.request("textDocument/diagnostic", json!({"textDocument": {"uri": uri}}));
    assert_eq!(report["items"].as_array().map(Vec::len), Some(1));
    client.shut_down();
}

#[test]
fn addresses_of_all_kinds_are_documents() {
    let key = key(71);
    let project = Project::with_git(&[]);
    let mut client = Client::start();
    client.initialize(client::editor());
    let text = format!("api_key = \"{key}\"\n");
    for uri in [
        "untitled:Untitled-1",
        "git:/x/a.py?%7B%22ref%22%3A%22HEAD%22%7D",
        "vscode-notebook-cell:/x/n.ipynb#W0sZmlsZQ%3D%3D",
        "file:///c%3A/Users/x/a.py",
        "file:///C:/Users/x/a.py",
        "file://server/share/a.py",
        "file:///no%20such%20folder/%F0%9F%94%91.py",
        "file:///no/%FF%FE.py",
        "inmemory://model/1",
    ] {
        client.open(uri, "python", &text);
        let told = client.wait("diagnostics", |it| it["method"] == "textDocument/publishDiagnostics");
        assert_eq!(told["params"]["diagnostics"].as_array().map(Vec::len), Some(1), "{uri}");
        all_of(&mut client, uri, 0, 14);
        client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
        client.wait("nothing", |it| it["params"]["diagnostics"] == json!([]));
    }
    // These are none.
    for uri in ["no uri", "", "/x/a.py", "file://", "file:///"] {
        client.open(uri, "python", &text);
    }
    is_well(&mut client, &project, &key);
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn documents_that_come_twice_or_never_are_no_harm() {
    let key = key(72);
    let project = Project::with_git(&[]);
    let mut client = Client::start();
    client.initialize(client::editor());
    let uri = project.uri("a.py");
    // A change before its file, with a higher version than that has then.
    client.insert(&uri, 3, 0, "# early\n");
    client.open(&uri, "python", &format!("api_key = \"{key}\"\n"));
    let found = client.published(&uri, 3);
    assert_eq!(found[0]["range"]["start"]["line"], 1, "the change is not lost");
    // The same file again, with another text.
    client.open(&uri, "python", "x = 1\n");
    assert_eq!(client.published(&uri, 1), Vec::<Value>::new());
    // A version that goes back, what is closed and never was open, a range the wrong way round.
    client.insert(&uri, -7, 0, &format!("api_key = \"{key}\"\n"));
    assert_eq!(client.published(&uri, -7).len(), 1);
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": project.uri("never.py")}}));
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": project.uri("never.py")}}));
    let range = json!({"start": {"line": 9, "character": 9}, "end": {"line": 0, "character": 0}});
    let change = json!([{"range": range, "text": "y = 2\n"}]);
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri, "version": 8}, "contentChanges": change}),
    );
    assert_eq!(client.published(&uri, 8), Vec::<Value>::new());
    for params in [json!({}), json!(null), json!([1]), json!({"textDocument": {"uri": 1}})] {
        for method in ["textDocument/didOpen", "textDocument/didChange", "notebookDocument/didOpen", "exit/x"] {
            client.notify(method, params.clone());
        }
        let id = client.ask("textDocument/references", params);
        client.answer(id);
    }
    is_well(&mut client, &project, &key);
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn every_position_of_every_character_is_a_place() {
    let key = key(73);
    let line = format!("x = \"🔑é\u{301}👩\u{200d}💻\u{feff}\" + os.environ[\"A_KEY\"] # {key} ß");
    for encoding in ["utf-8", "utf-16"] {
        let project = Project::with_git(&[(".env", "A_KEY=1\n")]);
        let mut client = Client::start();
        let mut editor = client::editor();
        editor["general"] = json!({"positionEncodings": [encoding]});
        client.initialize(editor);
        let uri = project.uri("a.py");
        client.open(&uri, "python", &format!("import os\r\n{line}"));
        assert_eq!(client.published(&uri, 1).len(), 1);
        for at in 0..=line.len() as i64 + 3 {
            let place = json!({"textDocument": {"uri": uri}, "position": {"line": 1, "character": at}});
            let mut params = place.clone();
            params["context"] = json!({"includeDeclaration": true});
            let ids = [
                client.ask("textDocument/hover", place.clone()),
                client.ask("textDocument/completion", place.clone()),
                client.ask("textDocument/prepareRename", place),
                client.ask("textDocument/references", params),
            ];
            for id in ids {
                assert!(client.answer(id).get("error").is_none(), "{encoding} {at}");
            }
        }
        all_of(&mut client, &uri, 99, 99);
        all_of(&mut client, &uri, -1, -1);
        // A character goes in at each place, also in the middle of others.
        for at in 0..60 {
            let place = json!({"line": 1, "character": at});
            let change = json!([{"range": {"start": place, "end": place}, "text": "🔑"}]);
            let document = json!({"uri": uri, "version": at + 2});
            client.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": change}));
        }
        client.published(&uri, 61);
        is_well(&mut client, &project, &key);
        client.shut_down();
        assert!(!leaks(&json!(client.heard).to_string(), &key));
    }
}

#[test]
fn a_line_of_ten_megabytes_is_a_document() {
    let key = key(74);
    let project = Project::with_git(&[]);
    let mut client = Client::start();
    client.initialize(client::editor());
    let uri = project.uri("a.js");
    let long = "a = 1; ".repeat(10 << 20 >> 3);
    client.open(&uri, "javascript", &format!("{long}apiKey = \"{key}\""));
    assert_eq!(client.published(&uri, 1).len(), 1);
    let at = long.len() as i64 + 15;
    all_of(&mut client, &uri, 0, at);
    for version in 2..6 {
        client.insert(&uri, version, 0, "b = 2; ");
    }
    assert_eq!(client.published(&uri, 5).len(), 1);
    is_well(&mut client, &project, &key);
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn a_client_that_never_reads_costs_no_more_than_what_it_is_told() {
    let key = key(75);
    let project = Project::with_git(&[]);
    let mut client = Client::start_deaf();
    client.initialize_deaf(client::editor());
    let uri = project.uri("a.py");
    client.open(&uri, "python", &format!("api_key = \"{key}\"\n{}", "# a line of text\n".repeat(2000)));
    for version in 2..5_000 {
        client.insert(&uri, version, 1, "#\n");
    }
    client.hang_up();
    let (_, errors) = client.end();
    assert!(!errors.contains("panicked") && !leaks(&errors, &key), "{errors}");
}
