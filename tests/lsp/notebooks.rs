//! Notebooks that an editor has open cell by cell.

use serde_json::{Value, json};

use super::client::{self, Client};
use super::project::{Project, key, leaks};

fn cell(uri: &str, text: &str) -> Value {
    json!({"uri": uri, "languageId": "python", "version": 1, "text": text})
}

#[test]
fn cells_are_documents_and_outputs_are_told_on_them() {
    let (code, shown) = (key(60), key(61));
    let notebook = json!({
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Title"]},
            {"cell_type": "code", "execution_count": 1, "metadata": {}, "source": [format!("api_key = \"{code}\"")],
             "outputs": []},
            {"cell_type": "code", "execution_count": 2, "metadata": {}, "source": ["print(client.key)"],
             "outputs": [{"output_type": "stream", "name": "stdout", "text": [format!("{shown}\n")]}]},
        ],
        "metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5,
    });
    let project = Project::with_git(&[("nb.ipynb", &serde_json::to_string_pretty(&notebook).expect("JSON"))]);
    let mut client = Client::start();
    let options = json!({"aikeys": {"commands": ["aikeys.clearOutput"]}});
    let can = client.initialize_with(client::editor(), options);
    let sync = &can["capabilities"]["notebookDocumentSync"];
    assert_eq!(sync["notebookSelector"][0]["notebook"]["notebookType"], "jupyter-notebook");

    let uri = project.uri("nb.ipynb");
    let name = |cell: &str| uri.replace("file:", "vscode-notebook-cell:") + "#" + cell;
    let (text, one, two) = (name("W0"), name("W1"), name("W2"));
    let cells = [(1, &text), (2, &one), (2, &two)].map(|(kind, uri)| json!({"kind": kind, "document": uri}));
    let mut markdown = cell(&text, "# Title");
    markdown["languageId"] = json!("markdown");
    let texts = [markdown, cell(&one, &format!("api_key = \"{code}\"")), cell(&two, "print(client.key)")];
    let document = json!({"uri": uri, "notebookType": "jupyter-notebook", "version": 1, "cells": cells});
    client.notify("notebookDocument/didOpen", json!({"notebookDocument": document, "cellTextDocuments": texts}));

    let found = client.published(&one, 1);
    assert_eq!((found.len(), &found[0]["code"]), (1, &json!("key-in-notebook")), "the same rule as in a check");
    assert_eq!(found[0]["range"]["start"], json!({"line": 0, "character": 11}));
    let found = client.published(&two, 1);
    assert!(found[0]["message"].as_str().is_some_and(|it| it.contains("saved output of this cell")), "{found:?}");
    assert_eq!(found[0]["range"], json!({"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 17}}));

    let at = json!({"line": 0, "character": 12});
    let actions = |client: &mut Client, uri: &str| {
        let params = json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at},
            "context": {"diagnostics": []}});
        client.request("textDocument/codeAction", params).as_array().expect("a list").clone()
    };
    let clear = actions(&mut client, &two);
    assert_eq!(clear.last().expect("an action")["command"]["command"], "aikeys.clearOutput");
    assert_eq!(clear.last().expect("an action")["command"]["arguments"], json!([two]));

    // A move changes the cell, and the file of the notebook is its editor's.
    let all = actions(&mut client, &one);
    let action = all.iter().find(|it| it["title"].to_string().contains("Move to .env")).expect("a move");
    assert!(all.iter().all(|it| !it["title"].to_string().contains("wherever else")), "a cell is no file");
    let before = project.read("nb.ipynb");
    let command = json!({"command": action["command"]["command"], "arguments": action["command"]["arguments"]});
    client.request("workspace/executeCommand", command);
    let edit = client.heard.iter().find(|it| it["method"] == "workspace/applyEdit").expect("an edit").clone();
    let changes = &edit["params"]["edit"]["documentChanges"];
    assert_eq!(changes.as_array().map(Vec::len), Some(1));
    assert_eq!(changes[0]["textDocument"]["uri"], json!(one));
    assert!(project.read(".env").contains(&code));
    assert_eq!(project.read("nb.ipynb"), before);

    // Commands to the notebook are no code of its language.
    let change =
        json!([{"document": {"uri": two, "version": 2}, "changes": [{"text": format!("%%time\nk = \"{code}\"")}]}]);
    let change = json!({"notebookDocument": {"uri": uri, "version": 9}, "change": {"cells": {"textContent": change}}});
    client.notify("notebookDocument/didChange", change);
    client.published(&two, 2);
    let params = json!({"textDocument": {"uri": two}, "range": {"start": {"line": 1, "character": 8},
        "end": {"line": 1, "character": 8}}, "context": {"diagnostics": []}});
    let refused = client.request("textDocument/codeAction", params);
    let refused = refused.as_array().expect("a list");
    assert!(refused.iter().all(|it| it["command"]["command"] != "aikeys.move"), "{refused:?}");
    assert!(refused.iter().any(|it| it["disabled"]["reason"].to_string().contains("commands to the notebook")));
    // Cells come, change and go.
    let new = name("W3");
    let structure = json!({"array": {"start": 3, "deleteCount": 0, "cells": [{"kind": 2, "document": new}]},
        "didOpen": [cell(&new, "x = 1")]});
    let change = json!({"notebookDocument": {"uri": uri, "version": 2}, "change": {"cells": {"structure": structure}}});
    client.notify("notebookDocument/didChange", change);
    assert_eq!(client.published(&new, 1), Vec::<Value>::new());
    let text = json!([{"document": {"uri": new, "version": 2}, "changes": [{"text": format!("key = \"{code}\"")}]}]);
    let change = json!({"notebookDocument": {"uri": uri, "version": 3}, "change": {"cells": {"textContent": text}}});
    client.notify("notebookDocument/didChange", change);
    assert_eq!(client.published(&new, 2).len(), 1);
    let structure = json!({"array": {"start": 3, "deleteCount": 1}, "didClose": [{"uri": new}]});
    let change = json!({"notebookDocument": {"uri": uri, "version": 4}, "change": {"cells": {"structure": structure}}});
    client.notify("notebookDocument/didChange", change);
    client.wait("nothing", |it| it["params"]["uri"] == new.as_str() && it["params"]["diagnostics"] == json!([]));

    // The output was cleared and the notebook saved.
    let mut cleared = notebook;
    cleared["cells"][2]["outputs"] = json!([]);
    project.write("nb.ipynb", &cleared.to_string());
    client.forget();
    client.notify("notebookDocument/didSave", json!({"notebookDocument": {"uri": uri}}));
    assert_eq!(client.published(&two, 2).len(), 1, "the cell's own key");
    client.notify("notebookDocument/didClose", json!({"notebookDocument": {"uri": uri}, "cellTextDocuments": []}));
    client.wait("nothing", |it| it["params"]["uri"] == one.as_str() && it["params"]["diagnostics"] == json!([]));
    client.shut_down();
    let heard = json!(client.heard).to_string();
    assert!(!leaks(&heard, &code) && !leaks(&heard, &shown));
}
