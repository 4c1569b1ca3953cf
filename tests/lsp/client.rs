//! A small editor: starts the real program and talks to it over its standard streams.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Nothing takes longer than this, on a slow machine under load.
const PATIENCE: Duration = Duration::from_secs(30);

/// A client and its server.
pub(crate) struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    messages: Receiver<Value>,
    errors: Option<JoinHandle<String>>,
    next: i64,
    /// Answers to the server's requests are sent.
    pub(crate) answers: bool,
    /// What is said to `workspace/applyEdit`.
    pub(crate) applies: bool,
    /// Everything the server sent.
    pub(crate) heard: Vec<Value>,
    /// What nobody waited for yet: answers and notifications may overtake each other.
    unclaimed: Vec<Value>,
    home: TempDir,
}

/// What an editor that can do all that we use says of itself.
pub(crate) fn editor() -> Value {
    json!({
        "workspace": {
            "applyEdit": true,
            "workspaceEdit": {"documentChanges": true},
            "didChangeWatchedFiles": {"dynamicRegistration": true},
        },
        "textDocument": {"hover": {"contentFormat": ["markdown"]}, "codeAction": {"disabledSupport": true}},
    })
}

/// What of the server's words is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hearing {
    All,
    None,
}

impl Client {
    /// Starts a server.
    pub(crate) fn start() -> Client {
        Client::start_with(&[])
    }

    /// Starts a server and never reads what it says.
    pub(crate) fn start_deaf() -> Client {
        Client::start_so(&[], Hearing::None)
    }

    /// Starts a server with these variables.
    pub(crate) fn start_with(variables: &[(&str, &str)]) -> Client {
        Client::start_so(variables, Hearing::All)
    }

    fn start_so(variables: &[(&str, &str)], hearing: Hearing) -> Client {
        let home = TempDir::with_prefix("aikeys-home-").expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        command.arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        at_home(&mut command, home.path()).env("RUST_LOG", "trace");
        command.envs(variables.iter().copied());
        let mut child = command.spawn().expect("the server starts");
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut stderr = child.stderr.take().expect("a pipe");
        let (sender, messages) = channel();
        thread::spawn(move || {
            // The pipe stays open, and full.
            if hearing == Hearing::None {
                loop {
                    thread::park();
                }
            }
            while let Some(message) = read(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let errors = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).expect("stderr is text");
            text
        });
        Client {
            child,
            stdin,
            messages,
            errors: Some(errors),
            next: 0,
            answers: true,
            applies: true,
            heard: Vec::new(),
            unclaimed: Vec::new(),
            home,
        }
    }

    /// The home of the server alone.
    pub(crate) fn home(&self) -> &std::path::Path {
        self.home.path()
    }

    /// The command line in the server's home.
    pub(crate) fn command_line(&self, folder: &std::path::Path, arguments: &[&str], input: &str) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"));
        at_home(&mut command, self.home()).args(arguments).current_dir(folder);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        child.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{arguments:?}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// Sends bytes as they are.
    pub(crate) fn send_bytes(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().expect("stdin is open");
        stdin.write_all(bytes).and_then(|()| stdin.flush()).expect("the server reads");
    }

    /// Sends a body with its header.
    pub(crate) fn send_body(&mut self, body: &str) {
        self.send_bytes(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    }

    /// Sends a notification.
    pub(crate) fn notify(&mut self, method: &str, params: Value) {
        self.send_body(&json!({"jsonrpc": "2.0", "method": method, "params": params}).to_string());
    }

    /// Sends a request and returns its number.
    pub(crate) fn ask(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let mut message = json!({"jsonrpc": "2.0", "id": self.next, "method": method});
        if !params.is_null() {
            message["params"] = params;
        }
        self.send_body(&message.to_string());
        self.next
    }

    /// The answer to a request: the whole message.
    pub(crate) fn answer(&mut self, id: i64) -> Value {
        self.wait("an answer", |it| it["id"] == id && it.get("method").is_none())
    }

    /// Sends a request and waits for its result.
    pub(crate) fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params);
        let answer = self.answer(id);
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// The first message that is looked for and was not waited for before. Answers the server's requests meanwhile.
    pub(crate) fn wait(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(at) = self.unclaimed.iter().position(&wanted) {
            return self.unclaimed.remove(at);
        }
        let end = Instant::now() + PATIENCE;
        loop {
            let message = match self.messages.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(message) => message,
                Err(RecvTimeoutError::Timeout) => panic!("waited in vain for {what}; heard {:?}", self.methods()),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("the server ended before {what}; heard {:?}", self.methods())
                }
            };
            self.heard.push(message.clone());
            if self.answers && message.get("method").is_some() && message.get("id").is_some() {
                let result = if message["method"] == "workspace/applyEdit" {
                    json!({"applied": self.applies})
                } else {
                    Value::Null
                };
                self.send_body(&json!({"jsonrpc": "2.0", "id": message["id"], "result": result}).to_string());
            }
            if wanted(&message) {
                return message;
            }
            self.unclaimed.push(message);
        }
    }

    /// What was heard until now is of no interest.
    pub(crate) fn forget(&mut self) {
        self.heard.clear();
        self.unclaimed.clear();
    }

    /// The diagnostics of a version of a document.
    pub(crate) fn published(&mut self, uri: &str, version: i32) -> Vec<Value> {
        let is = |it: &Value| {
            it["method"] == "textDocument/publishDiagnostics"
                && it["params"]["uri"] == uri
                && it["params"]["version"] == version
        };
        let message = self.wait("diagnostics", is);
        message["params"]["diagnostics"].as_array().expect("a list").clone()
    }

    fn methods(&self) -> Vec<&str> {
        self.heard.iter().map(|it| it["method"].as_str().unwrap_or("an answer")).collect()
    }

    /// `initialize` with these capabilities, and `initialized`.
    pub(crate) fn initialize(&mut self, capabilities: Value) -> Value {
        self.initialize_with(capabilities, Value::Null)
    }

    /// The same with options.
    pub(crate) fn initialize_with(&mut self, capabilities: Value, options: Value) -> Value {
        let mut params = json!({"processId": std::process::id(), "capabilities": capabilities, "rootUri": null});
        params["initializationOptions"] = options;
        let result = self.request("initialize", params);
        self.notify("initialized", json!({}));
        result
    }

    /// The same without waiting for an answer.
    pub(crate) fn initialize_deaf(&mut self, capabilities: Value) {
        self.ask("initialize", json!({"processId": null, "capabilities": capabilities, "rootUri": null}));
        self.notify("initialized", json!({}));
    }

    /// Opens a document.
    pub(crate) fn open(&mut self, uri: &str, language: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": language, "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    /// Inserts text at the start of a line.
    pub(crate) fn insert(&mut self, uri: &str, version: i32, line: u32, text: &str) {
        let at = json!({"line": line, "character": 0});
        let change = json!({"range": {"start": at, "end": at}, "text": text});
        let params = json!({"textDocument": {"uri": uri, "version": version}, "contentChanges": [change]});
        self.notify("textDocument/didChange", params);
    }

    /// Closes the stream to the server.
    pub(crate) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Waits for the server's end: its exit status and all it wrote to stderr.
    pub(crate) fn end(&mut self) -> (ExitStatus, String) {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().expect("the child is ours") {
                // Of a client that never reads nothing more comes.
                self.heard.extend(std::iter::from_fn(|| self.messages.recv_timeout(Duration::from_secs(1)).ok()));
                let errors = self.errors.take().expect("the server ends once").join().expect("stderr was read");
                return (status, errors);
            }
            assert!(Instant::now() < end, "the server does not end");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The polite end.
    pub(crate) fn shut_down(&mut self) -> String {
        self.request("shutdown", Value::Null);
        self.notify("exit", Value::Null);
        let (status, errors) = self.end();
        assert_eq!(status.code(), Some(0));
        errors
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // A test that failed leaves no server behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home of its own, and no store of whoever runs the tests.
fn at_home<'c>(command: &'c mut Command, home: &std::path::Path) -> &'c mut Command {
    command.env("HOME", home);
    for (name, folder) in [("XDG_STATE_HOME", "state"), ("XDG_CONFIG_HOME", "config"), ("XDG_DATA_HOME", "data")] {
        command.env(name, home.join(folder));
    }
    for name in ["VAULT_ADDR", "BAO_ADDR", "VAULT_TOKEN", "BAO_TOKEN", "VAULT_NAMESPACE", "HTTP_PROXY", "http_proxy"] {
        command.env_remove(name);
    }
    command
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim().split_once(": ") {
            Some(("Content-Length", value)) => length = value.parse().expect("a length"),
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    Some(serde_json::from_slice(&body).expect("the server sends JSON"))
}
