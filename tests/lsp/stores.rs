//! Stores in the editor: who may name one, what is said of references, and the way back.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aikeys::lsp::offers::{Does, MoveRequest};
use aikeys::lsp::session::{STALE, Session};
use serde_json::{Value, json};

use super::client::{Client, editor};
use super::project::{Project, key, leaks};

/// A server on this machine that gives everybody the same answer, and counts who comes.
struct Listener {
    address: String,
    connections: Arc<AtomicUsize>,
}

impl Listener {
    fn new(status: &'static str, body: &'static str) -> Listener {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
                while lines.next().is_some_and(|line| line.is_ok_and(|it| !it.is_empty())) {}
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
                // Who hangs up does not want to know.
                let _ = stream.write_all(answer.as_bytes());
            }
        });
        Listener { address, connections }
    }

    fn count(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

const SEALED: (&str, &str) = ("503 Service Unavailable", "{\"errors\":[\"Vault is sealed\"]}");
const DENIED: (&str, &str) = ("403 Forbidden", "{\"errors\":[\"permission denied\"]}");

/// What is offered once the key lies in `.env`.
const HELD: &str = "Read OPENAI_API_KEY, which holds this key already";

fn source(key: &str) -> String {
    format!("import os\n\napi_key = \"{key}\"\n")
}

/// What such a repository says of stores.
fn settings(listener: &Listener) -> String {
    format!("[stores]\ndefault = \"vault\"\n\n[stores.vault]\naddress = \"{}\"\n", listener.address)
}

fn titles(client: &mut Client, uri: &str) -> Vec<(String, Value)> {
    let at = json!({"line": 2, "character": 14});
    let params =
        json!({"textDocument": {"uri": uri}, "range": {"start": at, "end": at}, "context": {"diagnostics": []}});
    let actions = client.request("textDocument/codeAction", params);
    let titled = |it: &Value| (it["title"].as_str().expect("a title").to_owned(), it["command"].clone());
    actions.as_array().expect("a list").iter().map(titled).collect()
}

fn command(client: &mut Client, uri: &str, beginning: &str) -> Value {
    let all = titles(client, uri);
    let found = all.iter().find(|(title, _)| title.starts_with(beginning));
    let (_, command) = found.unwrap_or_else(|| panic!("no action begins {beginning:?}: {all:?}"));
    json!({"command": command["command"], "arguments": command["arguments"]})
}

fn execute(client: &mut Client, command: Value) -> Value {
    let id = client.ask("workspace/executeCommand", command);
    client.answer(id)
}

fn edits(client: &Client) -> Vec<&Value> {
    client.heard.iter().filter(|it| it["method"] == "workspace/applyEdit").collect()
}

/// What the client shows after the last edit of a document.
fn edited(client: &Client, uri: &str, text: &str) -> String {
    let edit = edits(client).pop().expect("an edit");
    let files = edit["params"]["edit"]["documentChanges"].as_array().expect("a list");
    let file = files.iter().find(|it| it["textDocument"]["uri"] == uri).expect("the document");
    let mut text = text.to_owned();
    let offset = |text: &str, at: &Value| {
        let line = at["line"].as_u64().expect("a line") as usize;
        let start: usize = text.split_inclusive('\n').take(line).map(str::len).sum();
        start + at["character"].as_u64().expect("a column") as usize
    };
    for edit in file["edits"].as_array().expect("a list").iter().rev() {
        let (start, end) = (offset(&text, &edit["range"]["start"]), offset(&text, &edit["range"]["end"]));
        text.replace_range(start..end, edit["newText"].as_str().expect("a text"));
    }
    text
}

fn change(client: &mut Client, uri: &str, version: i32, text: &str) {
    let params = json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]});
    client.notify("textDocument/didChange", params);
}

fn hover(client: &mut Client, uri: &str, line: u32, character: u32) -> String {
    let at = json!({"textDocument": {"uri": uri}, "position": {"line": line, "character": character}});
    client.request("textDocument/hover", at)["contents"]["value"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn a_repository_names_no_store_before_it_is_trusted() {
    let listener = Listener::new(DENIED.0, DENIED.1);
    let text = source(&key(30));
    let project = Project::with_git(&[("app.py", &text), ("aikeys.toml", &settings(&listener))]);
    let mut session = Session::new();
    let uri = project.open(&mut session, "app.py", "python", &text);
    let to_vault = |session: &mut Session| {
        let span = session.findings(&uri).0.first().expect("a finding").span;
        let offers = session.offers(&uri, span);
        offers.into_iter().find(|it| it.title.starts_with("Move to Vault"))
    };
    assert!(to_vault(&mut session).is_none(), "nobody trusts this repository");
    session.trust(true);
    assert!(to_vault(&mut session).is_none(), "this folder is none of the client's");
    session.change_folders(vec![project.root()], &[]);
    let offer = to_vault(&mut session).expect("the repository's own store");
    let Does::Move(fix, reach) = offer.does else { panic!("{} is no move", offer.title) };
    let (rule, span) = (offer.finding.rule.to_owned(), offer.finding.span);
    let request = MoveRequest { uri: uri.clone(), version: 1, rule, span, fix, title: offer.title, reach };
    assert!(session.plan(&request).is_ok());
    session.trust(false);
    assert!(to_vault(&mut session).is_none());
    assert_eq!(session.plan(&request).err().as_deref(), Some(STALE));
    assert_eq!(listener.count(), 0, "offers ask nobody");
}

#[test]
fn a_command_for_an_untrusted_store_sends_nothing() {
    let listener = Listener::new(SEALED.0, SEALED.1);
    let text = source(&key(31));
    let env = "OPENAI_API_KEY=\"ref+vault://secret/theirs#/OPENAI_API_KEY\"\n";
    let settings = settings(&listener);
    let project = Project::with_git(&[("app.py", &text), ("aikeys.toml", &settings)]);
    let uri = project.uri("app.py");
    let start = |trusted: bool| {
        let mut client = Client::start_with(&[("VAULT_TOKEN", "t")]);
        client.initialize_with(editor(), json!({"aikeys": {"workspaceTrusted": trusted}}));
        let folder = json!({"uri": project.uri("").trim_end_matches('/'), "name": "theirs"});
        client.notify("workspace/didChangeWorkspaceFolders", json!({"event": {"added": [folder], "removed": []}}));
        client.open(&uri, "python", &text);
        client
    };
    let mut trusting = start(true);
    let move_there = command(&mut trusting, &uri, "Move to Vault at secret/");

    let mut careful = start(false);
    // Editors also take settings from the repository.
    let settings = json!({"settings": {"aikeys": {"workspaceTrusted": true}}});
    careful.notify("workspace/didChangeConfiguration", settings);
    assert!(titles(&mut careful, &uri).iter().all(|(title, _)| !title.contains("Vault")));
    let answer = execute(&mut careful, move_there.clone());
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("try again")), "{answer}");
    // The reference stands in the repository as well, and leads to the user's own Vault or nowhere.
    project.write(".env", env);
    careful.notify("workspace/didChangeWatchedFiles", json!({"changes": []}));
    let named = command(&mut careful, &uri, "Read OPENAI_API_KEY, which refers to ref+vault://secret/theirs");
    let answer = execute(&mut careful, named);
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("no Vault is known")), "{answer}");
    let answer = execute(&mut careful, json!({"command": "aikeys.store.check", "arguments": [uri]}));
    assert_eq!(answer["result"], Value::Null);
    careful.request("textDocument/documentLink", json!({"textDocument": {"uri": uri}}));
    assert_eq!((listener.count(), edits(&careful).len()), (0, 0), "nothing was sent");
    careful.shut_down();

    std::fs::remove_file(project.root().join(".env")).expect("it was there");
    trusting.notify("workspace/didChangeWatchedFiles", json!({"changes": []}));
    let answer = execute(&mut trusting, move_there);
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("sealed")), "{answer}");
    assert!(listener.count() > 0, "this one's user trusts the repository");
    trusting.shut_down();
}

#[test]
fn a_store_that_refuses_leaves_all_as_it_was() {
    let key = key(32);
    let text = source(&key);
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        format!("http://{}", listener.local_addr().expect("an address"))
    };
    let (sealed, denied) = (Listener::new(SEALED.0, SEALED.1), Listener::new(DENIED.0, DENIED.1));
    for (address, says) in [(&closed, "cannot be reached"), (&sealed.address, "sealed"), (&denied.address, "says no")] {
        let project = Project::with_git(&[("app.py", &text)]);
        let uri = project.uri("app.py");
        let mut client = Client::start_with(&[("VAULT_ADDR", address), ("VAULT_TOKEN", "t")]);
        client.initialize(editor());
        client.open(&uri, "python", &text);
        for wide in [false, true] {
            let all = titles(&mut client, &uri);
            let is = |title: &str| title.starts_with("Move to Vault") && title.ends_with("stands") == wide;
            let (_, command) = all.iter().find(|(title, _)| is(title)).expect("a move to Vault").clone();
            let command = json!({"command": command["command"], "arguments": command["arguments"]});
            let answer = execute(&mut client, command);
            let message = answer["error"]["message"].as_str().expect("an error");
            assert!(message.contains(says) && message.contains("OPENAI_API_KEY"), "{message}");
            assert!(message.contains("Vault at http"), "{message}");
            assert!(!leaks(&answer.to_string(), &key));
        }
        assert_eq!(edits(&client).len(), 0, "{says}: the editor was asked to edit");
        assert_eq!((project.read(".env"), project.read("app.py")), (String::new(), text.clone()), "{says}");
        client.shut_down();
    }
}

#[test]
fn moves_from_everywhere_go_to_every_store_and_stand_last() {
    let text = source(&key(33));
    let project = Project::with_git(&[("app.py", &text)]);
    let uri = project.uri("app.py");
    let mut client = Client::start_with(&[("VAULT_ADDR", "https://vault.example")]);
    client.command_line(&project.root(), &["store", "init", "--yes"], "");
    client.initialize(editor());
    client.open(&uri, "python", &text);
    let all = titles(&mut client, &uri);
    let name = project.root().file_name().expect("a name").to_string_lossy().into_owned();
    let moves: Vec<&str> = all.iter().map(|(it, _)| it.as_str()).filter(|it| it.starts_with("Move to")).collect();
    let places = ["the encrypted store", ".env", &format!("Vault at secret/{name}#/OPENAI_API_KEY")];
    let (near, far) = moves.split_at(moves.len() - places.len());
    for (place, title) in places.iter().zip(far) {
        assert!(
            title.starts_with(&format!("Move to {place}")) && title.ends_with("wherever else it stands"),
            "{moves:?}"
        );
    }
    for place in places {
        let found = near.iter().any(|title| title.starts_with(&format!("Move to {place}")));
        assert!(found && near.iter().all(|it| !it.contains("wherever else")), "{moves:?}");
    }
    client.shut_down();
}

#[test]
fn a_check_is_told_once_and_remembered() {
    let key = key(34);
    let env = "THERE=\"ref+age://.aikeys/secrets.age#/THERE\"\nGONE=\"ref+age://.aikeys/secrets.age#/GONE\"\n";
    let code = "import os\nkey = os.environ[\"THERE\"]\nsame = \"ref+age://.aikeys/secrets.age#/GONE\"\n";
    let project = Project::new(&[("app.py", code), (".env", env)]);
    let mut client = Client::start();
    client.command_line(&project.root(), &["store", "init", "--yes"], "");
    client.command_line(&project.root(), &["store", "put", "ref+age://.aikeys/secrets.age#/THERE"], &key);
    let mut capabilities = editor();
    capabilities["window"] = json!({"workDoneProgress": true});
    client.initialize(capabilities);
    let (env_uri, code_uri) = (project.uri(".env"), project.uri("app.py"));
    client.open(&env_uri, "dotenv", env);
    client.open(&code_uri, "python", code);
    // What put the secret there has seen it.
    let before = hover(&mut client, &env_uri, 1, 12);
    assert!(before.contains("**The encrypted store**: `.aikeys/secrets.age`, field `GONE`"), "{before}");
    assert!(before.contains("never asked"), "{before}");

    for uri in [json!([env_uri]), json!([code_uri]), json!([])] {
        client.published(&code_uri, 1);
        client.forget();
        let answer = execute(&mut client, json!({"command": "aikeys.store.check", "arguments": uri}));
        assert_eq!(answer["result"], Value::Null, "{answer}");
        let told = client.wait("a message", |it| it["method"] == "window/showMessage");
        let message = told["params"]["message"].as_str().expect("a text");
        assert!(message.starts_with("aikeys: 1 reference is there, 1 is not: GONE: ref+age://"), "{message}");
        assert_eq!(told["params"]["type"], 2);
        let kind = |kind: &'static str| move |it: &Value| it["params"]["value"]["kind"] == kind;
        let token = client.wait("a beginning", kind("begin"))["params"]["token"].clone();
        assert_eq!(client.wait("an end", kind("end"))["params"]["token"], token);
        assert!(!leaks(&json!(client.heard).to_string(), &key));
    }
    // The findings are told anew.
    client.published(&env_uri, 1);
    for (uri, line, column, known) in [
        (&env_uri, 0, 12, "there when last asked, 2"),
        (&env_uri, 1, 12, "there is no such secret (when last asked, 2"),
        (&code_uri, 1, 18, "there when last asked, 2"),
        (&code_uri, 2, 20, "there is no such secret (when last asked, 2"),
    ] {
        let shown = hover(&mut client, uri, line, column);
        assert!(shown.contains(known), "{uri}:{line}: {shown}");
    }
    let answer =
        execute(&mut client, json!({"command": "aikeys.store.check", "arguments": ["file:///no/such/folder/a.py"]}));
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("no reference in .env")), "{answer}");
    client.shut_down();
}

#[test]
fn references_are_completed_and_lead_to_their_pages() {
    let project = Project::new(&[(".env", ""), ("app.py", "")]);
    let mut client = Client::start_with(&[("VAULT_ADDR", "https://vault.example/")]);
    client.command_line(&project.root(), &["store", "init", "--yes"], "");
    client.command_line(&project.root(), &["store", "put", "ref+age://.aikeys/secrets.age#/OTHER"], "value");
    client.initialize(editor());
    let uri = project.uri(".env");
    client.open(&uri, "dotenv", "A=\"ref+vault://secret/app#/A\"\nB=ref+awssecrets://x?region=eu-west-1\nC=\"\"\n");
    let at = json!({"textDocument": {"uri": uri}, "position": {"line": 2, "character": 3}});
    let items = client.request("textDocument/completion", at);
    let name = project.root().file_name().expect("a name").to_string_lossy().into_owned();
    let own = format!("ref+vault://secret/{name}#/C");
    let labels: Vec<&str> =
        items.as_array().expect("a list").iter().map(|it| it["label"].as_str().expect("a label")).collect();
    let local = "ref+age://.aikeys/secrets.age#/";
    assert_eq!(labels, [&format!("{local}C"), &own, &format!("{local}OTHER")]);
    let edit = &items[1]["textEdit"];
    assert_eq!(edit["newText"], format!("\"{own}"), "the second quote stands there already");
    assert_eq!(edit["range"], json!({"start": {"line": 2, "character": 2}, "end": {"line": 2, "character": 3}}));
    assert_eq!(items[1]["filterText"], format!("\"{own}"));

    let links = client.request("textDocument/documentLink", json!({"textDocument": {"uri": uri}}));
    let targets: Vec<&Value> = links.as_array().expect("a list").iter().map(|it| &it["target"]).collect();
    let aws = "https://eu-west-1.console.aws.amazon.com/secretsmanager/secret?name=x&region=eu-west-1";
    assert_eq!(targets, ["https://vault.example/ui/vault/secrets/secret/show/app", aws]);
    let shown = hover(&mut client, &uri, 0, 8);
    assert!(shown.contains("(<https://vault.example/ui/vault/secrets/secret/show/app>)"), "{shown}");

    let code = project.uri("app.py");
    client.open(&code, "python", "A=\"\n");
    let at = json!({"textDocument": {"uri": code}, "position": {"line": 0, "character": 3}});
    assert_eq!(client.request("textDocument/completion", at), Value::Null, "only env files");
    client.shut_down();
}

#[test]
fn a_move_of_the_editor_can_be_put_back() {
    let key = key(35);
    let text = source(&key);
    let project = Project::new(&[("app.py", &text)]);
    let uri = project.uri("app.py");
    let mut client = Client::start();
    client.initialize(editor());
    client.open(&uri, "python", &text);
    let answer = execute(&mut client, json!({"command": "aikeys.undo"}));
    assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("no move of this workspace")), "{answer}");
    for (version, beginning) in [(2, "Move to .env"), (4, HELD)] {
        let there = command(&mut client, &uri, beginning);
        assert_eq!(execute(&mut client, there)["result"], Value::Null);
        let moved = edited(&client, &uri, &text);
        assert!(!leaks(&moved, &key), "{moved}");
        // The user types first: what they typed is not thrown away.
        change(&mut client, &uri, version, &format!("{moved}# typed\n"));
        let answer = execute(&mut client, json!({"command": "aikeys.undo", "arguments": [uri]}));
        assert!(
            answer["error"]["message"].as_str().is_some_and(|it| it.contains("changed since the move")),
            "{answer}"
        );
        change(&mut client, &uri, version + 1, &moved);
        assert_eq!(execute(&mut client, json!({"command": "aikeys.undo"}))["result"], Value::Null);
        let back = edited(&client, &uri, &moved);
        assert_eq!(back, text);
        assert!(project.read(".env").contains(&key), "the key stays there");
        change(&mut client, &uri, version + 1, &back);
    }
    let is_told = |it: &Value| it["params"]["message"].as_str().is_some_and(|it| it.contains("put back the move of"));
    let told = client.wait("a message", is_told);
    assert!(told["params"]["message"].as_str().is_some_and(|it| it.contains("; .env keeps the keys")));
    // The command line knows the editor's moves as well.
    let there = command(&mut client, &uri, HELD);
    execute(&mut client, there);
    let moved = edited(&client, &uri, &text);
    project.write("app.py", &moved);
    client.shut_down();
    client.command_line(&project.root(), &["undo", "--yes"], "");
    assert_eq!(project.read("app.py"), text);
}

#[test]
fn an_editor_that_takes_no_edits_gets_its_files_back_on_the_disk() {
    let text = source(&key(36));
    let project = Project::new(&[("app.py", &text)]);
    let mut client = Client::start();
    client.command_line(&project.root(), &["--fix", "--yes", "app.py"], "");
    assert_ne!(project.read("app.py"), text);
    client.initialize(json!({}));
    let uri = project.uri("app.py");
    client.open(&uri, "python", &project.read("app.py"));
    let answer = execute(&mut client, json!({"command": "aikeys.undo", "arguments": [uri]}));
    assert!(answer.get("error").is_none(), "{answer}");
    assert_eq!(project.read("app.py"), text);
    client.shut_down();
}
