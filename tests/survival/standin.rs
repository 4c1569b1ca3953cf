//! Plays every provider: answers well enough for the real SDKs, and notes which key came.
//!
//! A program is known by the first part of the path. Keys are hashed as they arrive and never kept.

use anyhow::Result;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

const KEY_HEADERS: [&str; 5] = ["authorization", "x-api-key", "api-key", "x-goog-api-key", "xi-api-key"];
const LARGEST_BODY: usize = 1 << 20;

type Arrivals = Arc<Mutex<BTreeMap<String, Vec<String>>>>;

pub struct Standin {
    port: u16,
    arrivals: Arrivals,
}

impl Standin {
    /// Listens on a free port until the test ends.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let port = listener.local_addr()?.port();
        let arrivals = Arrivals::default();
        let noted = Arc::clone(&arrivals);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let noted = Arc::clone(&noted);
                std::thread::spawn(move || serve(&stream, &noted));
            }
        });
        Ok(Standin { port, arrivals })
    }

    pub fn url(&self, token: &str) -> String {
        format!("http://127.0.0.1:{}/{token}/v1", self.port)
    }

    /// What came for this token since the last call, sorted.
    pub fn take(&self, token: &str) -> Vec<String> {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let mut lines = arrivals.remove(token).unwrap_or_default();
        lines.sort();
        lines
    }
}

/// How an arrival is noted: the header, its scheme and a hash of the key.
pub fn arrival(header: &str, scheme: &str, key: &str) -> String {
    let digest = Sha256::digest(key.as_bytes());
    let hash: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    format!("{header}: {scheme} {hash}")
}

fn serve(stream: &TcpStream, arrivals: &Arrivals) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    loop {
        let request = Request::read(&mut reader)?;
        let token = request.path.split('/').nth(1).unwrap_or_default().to_owned();
        let mut noted = arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        noted.entry(token).or_default().extend(request.keys);
        drop(noted);
        let (kind, body) = answer(&request.path, &request.body);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
        writer.write_all(head.as_bytes()).ok()?;
        writer.write_all(body.as_bytes()).ok()?;
        if request.close {
            return Some(());
        }
    }
}

struct Request {
    path: String,
    keys: Vec<String>,
    body: Vec<u8>,
    close: bool,
}

impl Request {
    fn read(reader: &mut impl BufRead) -> Option<Request> {
        let first = line(reader)?;
        let path = first.split(' ').nth(1)?.to_owned();
        let mut request = Request { path, keys: Vec::new(), body: Vec::new(), close: false };
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let header = line(reader)?;
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':')?;
            let (name, value) = (name.to_ascii_lowercase(), value.trim());
            match name.as_str() {
                "content-length" => length = value.parse().ok()?,
                "transfer-encoding" => is_chunked = value.eq_ignore_ascii_case("chunked"),
                "connection" => request.close = value.eq_ignore_ascii_case("close"),
                name if KEY_HEADERS.contains(&name) => {
                    let (scheme, key) = value.rsplit_once(' ').unwrap_or(("", value));
                    request.keys.push(arrival(name, scheme, key));
                }
                _ => {}
            }
        }
        loop {
            if is_chunked {
                length = usize::from_str_radix(line(reader)?.trim(), 16).ok()?;
            }
            if request.body.len() + length > LARGEST_BODY {
                return None;
            }
            reader.by_ref().take(length as u64).read_to_end(&mut request.body).ok()?;
            if !is_chunked {
                return Some(request);
            }
            line(reader)?;
            if length == 0 {
                return Some(request);
            }
        }
    }
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    reader.by_ref().take(64 * 1024).read_until(b'\n', &mut bytes).ok()?;
    if bytes.is_empty() {
        return None;
    }
    Some(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

fn answer(path: &str, body: &[u8]) -> (&'static str, String) {
    let path = path.split('?').next().unwrap_or_default();
    let streams = serde_json::from_slice::<serde_json::Value>(body).is_ok_and(|body| body["stream"] == true);
    let body = match path.rsplit('/').next().unwrap_or_default() {
        "completions" if streams => {
            let chunk = r#"{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"fine"},"finish_reason":null}]}"#;
            return ("text/event-stream", format!("data: {chunk}\n\ndata: [DONE]\n\n"));
        }
        "completions" => {
            r#"{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"fine"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#
        }
        "responses" => {
            r#"{"id":"r1","object":"response","created_at":1,"model":"m","status":"completed","output":[{"id":"m1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"fine","annotations":[]}]}],"parallel_tool_calls":true,"tool_choice":"auto","tools":[]}"#
        }
        "messages" => {
            r#"{"id":"m1","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"fine"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}"#
        }
        "embeddings" => {
            r#"{"object":"list","model":"m","data":[{"object":"embedding","index":0,"embedding":[0.5,0.25]}],"usage":{"prompt_tokens":1,"total_tokens":1}}"#
        }
        "models" => r#"{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"demo"}]}"#,
        _ => "{}",
    };
    ("application/json", body.to_owned())
}
