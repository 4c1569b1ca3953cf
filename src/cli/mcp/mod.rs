//! `mcp`: checks for agents, by the Model Context Protocol on standard input and output.
//!
//! JSON-RPC 2.0, a message a line. The server knows no sessions: what a client of the newer protocol says with every
//! request, and one of the older protocol says at first, is answered either way. Three tools need no crate for that.

mod tools;

use std::io::{self, BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use crate::secrets::discreet;

/// Versions that begin with a handshake, the newest first.
const HANDSHAKE: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// Versions in which each request says its own.
const STATELESS: [&str; 1] = ["2026-07-28"];
/// Where it says so.
const VERSION: &str = "io.modelcontextprotocol/protocolVersion";

/// The longest message that is read. A text to check that is longer is no source.
const MOST: u64 = 16 << 20;

/// How long a client may keep what never changes while the process runs.
const KEEP_MS: u64 = 3_600_000;

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const INTERNAL_ERROR: i64 = -32603;
const UNSUPPORTED_VERSION: i64 = -32022;

/// Why a request has no result.
struct Failure {
    code: i64,
    message: String,
    data: Option<Value>,
}

impl Failure {
    fn new(code: i64, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), data: None }
    }
}

/// Answers until standard input ends.
pub(super) fn serve(out: &mut dyn Write) -> Result<()> {
    // Where it was started is where it checks.
    let folder = std::env::current_dir()?;
    let mut input = io::stdin().lock();
    while let Some(line) = line(&mut input)? {
        let answer = match line {
            Line::Long => Some(error(Value::Null, Failure::new(PARSE_ERROR, "the message is longer than 16 MB"))),
            Line::Text(bytes) if bytes.trim_ascii().is_empty() => None,
            Line::Text(bytes) => match serde_json::from_slice(&bytes) {
                Ok(message) => answer(&folder, &message),
                Err(_) => Some(error(Value::Null, Failure::new(PARSE_ERROR, "this is no JSON"))),
            },
        };
        if let Some(answer) = answer {
            writeln!(out, "{answer}")?;
            out.flush()?;
        }
    }
    Ok(())
}

enum Line {
    Text(Vec<u8>),
    /// It was passed over.
    Long,
}

fn line(input: &mut dyn BufRead) -> io::Result<Option<Line>> {
    let mut bytes = Vec::new();
    if input.take(MOST).read_until(b'\n', &mut bytes)? == 0 {
        return Ok(None);
    }
    if bytes.len() as u64 == MOST && !bytes.ends_with(b"\n") {
        while !bytes.ends_with(b"\n") {
            bytes.clear();
            if input.take(MOST).read_until(b'\n', &mut bytes)? == 0 {
                break;
            }
        }
        return Ok(Some(Line::Long));
    }
    Ok(Some(Line::Text(bytes)))
}

/// The answer to a message; a notification has none. Several may come at once: one older version of the protocol says so.
fn answer(folder: &Path, message: &Value) -> Option<Value> {
    match message {
        Value::Array(all) if !all.is_empty() => {
            let answers: Vec<Value> = all.iter().filter_map(|one| answer_one(folder, one)).collect();
            (!answers.is_empty()).then_some(Value::Array(answers))
        }
        one => answer_one(folder, one),
    }
}

fn answer_one(folder: &Path, message: &Value) -> Option<Value> {
    let id = message.get("id").cloned();
    let has_id = matches!(id, Some(Value::String(_) | Value::Number(_)));
    let method = message.get("method").and_then(Value::as_str);
    let Some(method) = method.filter(|_| message["jsonrpc"] == "2.0") else {
        // An answer to a question that was never asked.
        let is_answer = message.get("result").is_some() || message.get("error").is_some();
        let id = if has_id { id.unwrap_or_default() } else { Value::Null };
        return (!is_answer).then(|| error(id, Failure::new(INVALID_REQUEST, "this is no request of JSON-RPC 2.0")));
    };
    let id = match id {
        None => return None,
        Some(id) if has_id => id,
        Some(_) => {
            return Some(error(Value::Null, Failure::new(INVALID_REQUEST, "the id is neither a text nor a number")));
        }
    };
    let nothing = json!({});
    let params = message.get("params").unwrap_or(&nothing);
    // A fault costs one answer.
    let result = catch_unwind(AssertUnwindSafe(|| result(folder, method, params)))
        .unwrap_or_else(|_| Err(Failure::new(INTERNAL_ERROR, "aikeys-lsp failed at this request: please report it")));
    Some(match result {
        Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
        Err(failure) => error(id, failure),
    })
}

fn error(id: Value, failure: Failure) -> Value {
    let mut error = json!({ "code": failure.code, "message": failure.message });
    if let Some(data) = failure.data {
        error["data"] = data;
    }
    json!({ "jsonrpc": "2.0", "id": id, "error": error })
}

fn result(folder: &Path, method: &str, params: &Value) -> Result<Value, Failure> {
    if !params.is_object() {
        return Err(Failure::new(INVALID_PARAMS, "`params` is no object"));
    }
    let named = params["_meta"][VERSION].as_str();
    if let Some(version) = named.filter(|it| method != "initialize" && !STATELESS.contains(it)) {
        let supported: Vec<&str> = STATELESS.iter().chain(&HANDSHAKE).copied().collect();
        let data = json!({ "supported": supported, "requested": discreet(version) });
        return Err(Failure { data: Some(data), ..Failure::new(UNSUPPORTED_VERSION, "Unsupported protocol version") });
    }
    let mut result = match method {
        "initialize" => {
            let asked = params["protocolVersion"].as_str();
            let version = asked.filter(|it| HANDSHAKE.contains(it)).unwrap_or(HANDSHAKE[0]);
            json!({ "protocolVersion": version, "capabilities": capabilities(), "serverInfo": server(), "instructions": HELP })
        }
        "server/discover" => json!({
            "supportedVersions": STATELESS.iter().chain(&HANDSHAKE).collect::<Vec<_>>(),
            "capabilities": capabilities(),
            "instructions": HELP,
            "ttlMs": KEEP_MS,
            "cacheScope": "public",
            "_meta": { "io.modelcontextprotocol/serverInfo": server() },
        }),
        "ping" => json!({}),
        "tools/list" => json!({ "tools": tools::list(), "ttlMs": KEEP_MS, "cacheScope": "public" }),
        "tools/call" => tools::call(folder, params)?,
        // What cannot be told from a key is not repeated.
        _ => return Err(Failure::new(METHOD_NOT_FOUND, "there is no such method here")),
    };
    if named.is_some() {
        result["resultType"] = json!("complete");
    }
    Ok(result)
}

fn capabilities() -> Value {
    json!({ "tools": {} })
}

fn server() -> Value {
    json!({ "name": "aikeys-lsp", "title": "aikeys-lsp", "version": env!("CARGO_PKG_VERSION") })
}

const HELP: &str = "Finds literal AI keys and unsafe env handling. Answers never hold a key: what is shown of one is its \
prefix and its last four characters. Nothing is changed, and nothing leaves this machine.";
