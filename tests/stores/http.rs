//! Just enough of HTTP/1.1 for servers on this machine: messages, a client, a listener.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::Value;

/// Longer than any store may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a listener looks whether it should end.
const PULSE: Duration = Duration::from_millis(1);

/// A request or an answer. Its length stands in its head, whatever it came in: chunks, or until the connection ended.
#[derive(Clone)]
pub struct Message {
    /// The request line or the status line.
    pub first: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Message {
    /// The next request on a connection, if there is one.
    pub fn request(reader: &mut impl BufRead) -> Option<Message> {
        let mut message = Message::head(reader)?;
        if message.length().is_some() || message.is_chunked() {
            message.read_body(reader)?;
        }
        Some(message)
    }

    /// The answer to a request of this method.
    pub fn answer(reader: &mut impl BufRead, method: &str) -> Option<Message> {
        let mut message = Message::head(reader)?;
        if method != "HEAD" && !matches!(message.status(), 204 | 304) {
            message.read_body(reader)?;
        }
        Some(message)
    }

    fn head(reader: &mut impl BufRead) -> Option<Message> {
        let mut message = Message { first: line(reader)?, headers: Vec::new(), body: Vec::new() };
        loop {
            let header = line(reader)?;
            if header.is_empty() {
                return Some(message);
            }
            let (name, value) = header.split_once(':')?;
            message.headers.push((name.to_owned(), value.trim().to_owned()));
        }
    }

    fn read_body(&mut self, reader: &mut impl BufRead) -> Option<()> {
        if self.is_chunked() {
            loop {
                let size = usize::from_str_radix(line(reader)?.split(';').next()?.trim(), 16).ok()?;
                reader.by_ref().take(size as u64).read_to_end(&mut self.body).ok()?;
                line(reader)?;
                if size == 0 {
                    break;
                }
            }
        } else if let Some(length) = self.length() {
            self.body.resize(length, 0);
            reader.read_exact(&mut self.body).ok()?;
        } else {
            reader.read_to_end(&mut self.body).ok()?;
        }
        self.remove("transfer-encoding");
        self.set("Content-Length", &self.body.len().to_string());
        Some(())
    }

    fn length(&self) -> Option<usize> {
        self.header("content-length")?.parse().ok()
    }

    fn is_chunked(&self) -> bool {
        self.header("transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked"))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(it, _)| !it.eq_ignore_ascii_case(name));
    }

    /// In the place of headers of that name.
    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.headers.push((name.to_owned(), value.to_owned()));
    }

    /// A word of the first line: 0 and 1 are the method and the target of a request, 1 is the status of an answer.
    pub fn word(&self, at: usize) -> &str {
        self.first.split(' ').nth(at).unwrap_or_default()
    }

    pub fn status(&self) -> u16 {
        self.word(1).parse().unwrap_or(0)
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body, or null where it is not JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub fn new(first: String, headers: &[(&str, &str)], body: &str) -> Message {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let mut message = Message { first, headers, body: body.into() };
        message.set("Content-Length", &body.len().to_string());
        message
    }

    pub fn answering(status: u16, headers: &[(&str, &str)], body: &str) -> Message {
        Message::new(format!("HTTP/1.1 {status} Said"), headers, body)
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        [head.as_bytes(), b"\r\n", &self.body].concat()
    }
}

/// A line without its end; none at the end of the connection.
fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut bytes = Vec::new();
    reader.by_ref().take(64 * 1024).read_until(b'\n', &mut bytes).ok()?;
    if bytes.is_empty() {
        return None;
    }
    Some(String::from_utf8_lossy(&bytes).trim_end().to_owned())
}

/// Asks a server at `http://HOST:PORT/...`; none where there was no whole answer.
pub fn ask(method: &str, url: &str, headers: &[(&str, &str)], body: &str) -> Option<Message> {
    let place = url.strip_prefix("http://").unwrap_or_else(|| panic!("{url}: not http"));
    let (host, path) = place.find('/').map_or((place, "/"), |at| place.split_at(at));
    let mut request = Message::new(format!("{method} {path} HTTP/1.1"), headers, body);
    request.set("Host", host);
    exchange(host, &request)
}

/// Sends a request over a connection of its own.
pub fn exchange(host: &str, request: &Message) -> Option<Message> {
    let mut request = request.clone();
    request.set("Connection", "close");
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(&request.bytes()).ok()?;
    let mut answer = Message::answer(&mut BufReader::new(stream), request.word(0))?;
    answer.remove("connection");
    Some(answer)
}

/// Serves each connection in a thread, until it is dropped.
pub struct Listening {
    pub port: u16,
    serve: Arc<dyn Fn(TcpStream) + Send + Sync>,
    accepting: Mutex<Option<(Arc<AtomicBool>, JoinHandle<()>)>>,
}

impl Listening {
    pub fn start(serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Listening {
        let mut listening = Listening { port: 0, serve: Arc::new(serve), accepting: Mutex::new(None) };
        listening.port = listening.open();
        listening
    }

    /// Answers each request.
    pub fn answering(answer: impl Fn(&Message) -> Message + Send + Sync + 'static) -> Listening {
        Listening::start(move |mut stream| {
            let request = Message::request(&mut BufReader::new(&stream));
            if let Some(mut answer) = request.map(|request| answer(&request)) {
                answer.set("Connection", "close");
                _ = stream.write_all(&answer.bytes());
            }
        })
    }

    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// Takes connections, on the same port as before.
    pub fn open(&self) -> u16 {
        let mut accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner);
        if accepting.is_some() {
            return self.port;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).expect("a port to listen on");
        listener.set_nonblocking(true).expect("a listener that does not wait");
        let port = listener.local_addr().expect("an address").port();
        let (ends, serve) = (Arc::new(AtomicBool::new(false)), Arc::clone(&self.serve));
        let told = Arc::clone(&ends);
        let thread = thread::spawn(move || accept(&listener, &told, &serve));
        *accepting = Some((ends, thread));
        port
    }

    /// Refuses connections. When this returns, nobody listens any more.
    pub fn close(&self) {
        let accepting = self.accepting.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((ends, thread)) = accepting {
            ends.store(true, Ordering::Relaxed);
            _ = thread.join();
        }
    }
}

fn accept(listener: &TcpListener, ends: &AtomicBool, serve: &Arc<dyn Fn(TcpStream) + Send + Sync>) {
    while !ends.load(Ordering::Relaxed) {
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(PULSE);
            continue;
        };
        let serve = Arc::clone(serve);
        thread::spawn(move || {
            let ready = stream.set_nonblocking(false).and_then(|()| stream.set_nodelay(true));
            if ready.and_then(|()| stream.set_read_timeout(Some(PATIENCE))).is_ok() {
                serve(stream);
            }
        });
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.close();
    }
}
