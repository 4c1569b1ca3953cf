//! Where a variable and a key stand elsewhere: completion, definition, references, rename, lines above keys.

use serde_json::{Value, json};

use super::client::{self, Client};
use super::project::{Project, key, leaks};

/// A project that reads a variable in many ways, and whose key stands in two files.
fn project(key: &str) -> Project {
    let project = Project::with_git(&[
        ("app.py", "import os\n\nkey = os.environ[\"OPENAI_API_KEY\"]\nother = os.getenv(\"\")\n"),
        ("web/app.ts", "export const key = process.env.OPENAI_API_KEY;\n"),
        ("compose.yaml", "services:\n  app:\n    environment:\n      OPENAI_API_KEY: ${OPENAI_API_KEY}\n"),
        (".github/workflows/ci.yml", "env:\n  OPENAI_API_KEY: ${{ secrets.OPENAI_API_KEY }}\n"),
        (".env.example", "OPENAI_API_KEY=\n"),
        (".gitignore", ".env\n.venv\n"),
        ("notes.txt", "Tell A about OPENAI_API_KEY_OLD.\n"),
        ("lib.go", "package a\n\n// OPENAI_API_KEY\n"),
        ("k8s.yaml", "env:\n- name: A\n  valueFrom:\n    secretKeyRef:\n      key: OPENAI_KEY\n"),
        (".venv/lib.py", "import os\nos.environ[\"OPENAI_API_KEY\"]\n"),
    ]);
    project.write(".env", &format!("# local\nOPENAI_API_KEY={key}\nPORT=80\n"));
    project.write("old.py", &format!("import openai\nclient = openai.OpenAI(api_key=\"{key}\")\n"));
    project
}

fn start(project: &Project) -> Client {
    let mut editor = client::editor();
    editor["textDocument"]["rename"] = json!({"prepareSupport": true});
    let mut client = Client::start();
    let folders = json!([{"uri": project.uri(""), "name": "p"}]);
    let options = json!({"commands": ["aikeys.showPlaces"]});
    let params = json!({"processId": null, "capabilities": editor, "workspaceFolders": folders, "rootUri": null,
        "initializationOptions": {"aikeys": options}});
    client.request("initialize", params);
    client.notify("initialized", json!({}));
    client
}

fn open(client: &mut Client, project: &Project, name: &str, language: &str) -> String {
    let uri = project.uri(name);
    client.open(&uri, language, &project.read(name));
    client.published(&uri, 1);
    uri
}

fn at(uri: &str, line: u32, character: u32) -> Value {
    json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}})
}

/// `name:line` of locations, in order.
fn lines(project: &Project, locations: &Value) -> Vec<String> {
    let root = project.uri("");
    let line = |it: &Value| {
        let uri = it["uri"].as_str().expect("a uri");
        format!("{}:{}", uri.strip_prefix(root.as_str()).unwrap_or(uri), it["range"]["start"]["line"])
    };
    let mut lines: Vec<String> = locations.as_array().expect("a list").iter().map(line).collect();
    lines.sort();
    lines
}

#[test]
fn a_variable_leads_to_its_line_and_to_all_its_reads() {
    let key = key(40);
    let project = project(&key);
    let mut client = start(&project);
    let uri = open(&mut client, &project, "app.py", "python");
    let definition = client.request("textDocument/definition", at(&uri, 2, 20));
    assert_eq!(lines(&project, &definition), [".env:1"]);
    assert_eq!(definition[0]["range"]["end"]["character"], 14, "the name alone");

    let mut params = at(&uri, 2, 20);
    params["context"] = json!({"includeDeclaration": false});
    let reads = client.request("textDocument/references", params.clone());
    let expected = [".github/workflows/ci.yml:1", "app.py:2", "compose.yaml:3", "compose.yaml:3", "web/app.ts:0"];
    assert_eq!(lines(&project, &reads), expected);
    params["context"] = json!({"includeDeclaration": true});
    let all = client.request("textDocument/references", params);
    assert_eq!(lines(&project, &all).len(), expected.len() + 2, "with both lines of env files");

    // What is not saved counts.
    let env = open(&mut client, &project, ".env", "dotenv");
    client.insert(&env, 2, 0, "# one more\n");
    let definition = client.request("textDocument/definition", at(&uri, 2, 20));
    assert_eq!(lines(&project, &definition), [".env:2"]);
    assert_eq!(client.request("textDocument/definition", at(&uri, 0, 2)), Value::Null);
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn a_key_leads_to_every_place_of_the_same_key() {
    let key = key(41);
    let project = project(&key);
    let mut client = start(&project);
    let env = open(&mut client, &project, ".env", "dotenv");
    for (uri, line, column) in [(&env, 1, 20), (&open(&mut client, &project, "old.py", "python"), 1, 35)] {
        let mut params = at(uri, line, column);
        params["context"] = json!({"includeDeclaration": true});
        let places = client.request("textDocument/references", params);
        assert_eq!(lines(&project, &places), [".env:1", "old.py:1"]);
    }
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn a_rename_goes_through_code_env_files_and_settings() {
    let key = key(42);
    let project = project(&key);
    let mut client = start(&project);
    let uri = open(&mut client, &project, "app.py", "python");
    let prepared = client.request("textDocument/prepareRename", at(&uri, 2, 20));
    assert_eq!(prepared["placeholder"], "OPENAI_API_KEY");
    assert_eq!(prepared["range"]["start"]["character"], 18);
    assert_eq!(client.request("textDocument/prepareRename", at(&uri, 0, 1)), Value::Null);

    let mut params = at(&uri, 2, 20);
    params["newName"] = json!("TEAM_OPENAI_KEY");
    let edit = client.request("textDocument/rename", params.clone());
    let changes = edit["documentChanges"].as_array().expect("a list");
    let mut all = Vec::new();
    for change in changes {
        for edit in change["edits"].as_array().expect("a list") {
            assert_eq!(edit["newText"], "TEAM_OPENAI_KEY");
            all.push(json!({"uri": change["textDocument"]["uri"], "range": edit["range"]}));
        }
    }
    let expected = [
        ".env.example:0",
        ".env:1",
        ".github/workflows/ci.yml:1",
        "app.py:2",
        "compose.yaml:3",
        "compose.yaml:3",
        "web/app.ts:0",
    ];
    assert_eq!(lines(&project, &json!(all)), expected);
    let versions: Vec<&Value> = changes.iter().map(|it| &it["textDocument"]["version"]).collect();
    assert_eq!(versions.iter().filter(|it| it.is_i64()).count(), 1, "the open document has its version");
    let told = client.wait("a warning", |it| it["params"]["message"].to_string().contains("still stands"));
    let said = told["params"]["message"].as_str().expect("a text");
    assert_eq!(
        said,
        "aikeys: OPENAI_API_KEY still stands in .github/workflows/ci.yml:2, lib.go:3: look whether the variable is \
         meant there"
    );
    let told = client.wait("a warning", |it| it["method"] == "window/showMessage");
    assert!(told["params"]["message"].as_str().is_some_and(|it| it.contains("read OPENAI_API_KEY by themselves")));

    for (name, reason) in
        [("PORT", "PORT is a variable already (.env:3)"), ("two words", "letters, digits"), ("9A", "letters, digits")]
    {
        params["newName"] = json!(name);
        let id = client.ask("textDocument/rename", params.clone());
        let answer = client.answer(id);
        assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains(reason)), "{name}: {answer}");
    }
    project.write(
        "conf.py",
        "from pydantic_settings import BaseSettings\n\nclass S(BaseSettings):\n    openai_api_key: str\n",
    );
    params["newName"] = json!("TEAM_OPENAI_KEY");
    let id = client.ask("textDocument/rename", params);
    let answer = client.answer(id);
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("`openai_api_key`")), "{answer}");
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn names_are_completed_with_what_is_known_of_them() {
    let key = key(43);
    let project = project(&key);
    let mut client = start(&project);
    let uri = open(&mut client, &project, "app.py", "python");
    let items = client.request("textDocument/completion", at(&uri, 3, 19));
    let items = items.as_array().expect("a list");
    assert_eq!(items[0]["label"], "OPENAI_API_KEY");
    assert_eq!(items[0]["detail"], ".env holds a value");
    assert!(items[0]["documentation"]["value"].as_str().is_some_and(|it| it.contains("https://")));
    assert_eq!(items[1]["label"], "PORT");
    assert!(items.iter().any(|it| it["label"] == "MISTRAL_API_KEY" && it["detail"] == "Mistral AI"), "{items:?}");
    assert_eq!(client.request("textDocument/completion", at(&uri, 0, 5)), Value::Null);

    let env = open(&mut client, &project, ".env", "dotenv");
    client.insert(&env, 2, 3, "ANTHR\n");
    client.published(&env, 2);
    let items = client.request("textDocument/completion", at(&env, 3, 5));
    let item = items.as_array().expect("a list").iter().find(|it| it["label"] == "ANTHROPIC_API_KEY");
    assert_eq!(item.expect("the name")["textEdit"]["newText"], "ANTHROPIC_API_KEY=");
    assert!(items.as_array().is_some_and(|all| all.iter().all(|it| it["label"] != "OPENAI_API_KEY")), "it is set");

    let links = client.request("textDocument/documentLink", json!({"textDocument": {"uri": env}}));
    assert_eq!(links.as_array().map(Vec::len), Some(1));
    assert_eq!(links[0]["range"]["end"], json!({"line": 1, "character": 14}));
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}

#[test]
fn a_line_above_a_key_tells_how_far_it_got() {
    let key = key(44);
    let project = project(&key);
    project.git(&["add", "-A"]);
    project.git(&["commit", "-qm", "one", "--date", "2020-01-01T00:00:00Z"]);
    let mut client = start(&project);
    let uri = open(&mut client, &project, "old.py", "python");
    let lenses = client.request("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
    let title = lenses[0]["command"]["title"].as_str().expect("a title");
    assert!(title.starts_with("same key in 2 places · committed "), "{title}");
    assert!(title.ends_with(" days ago") || title.ends_with(" today"), "{title}");
    assert_eq!(lenses[0]["command"]["command"], "aikeys.showPlaces");
    assert_eq!(lines(&project, &lenses[0]["command"]["arguments"][2]), [".env:1", "old.py:1"]);
    // What is typed counts at once.
    client.insert(&uri, 2, 0, "# new\n");
    let lenses = client.request("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
    assert_eq!(lines(&project, &lenses[0]["command"]["arguments"][2]), [".env:1", "old.py:2"]);
    let none = open(&mut client, &project, "app.py", "python");
    assert_eq!(client.request("textDocument/codeLens", json!({"textDocument": {"uri": none}})), json!([]));
    client.shut_down();
    assert!(!leaks(&json!(client.heard).to_string(), &key));
}
