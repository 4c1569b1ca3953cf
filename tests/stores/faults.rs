//! What goes wrong between a client and its server: a proxy in front of any of the servers, which does it on demand;
//! and a proxy as `HTTPS_PROXY` means it, which counts.

use std::collections::BTreeMap;
use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::http::{Listening, Message, exchange};

/// What happens to the requests that the filter chooses.
#[derive(Clone, Default)]
pub enum Fault {
    #[default]
    None,
    /// Connections are refused, whatever they would ask.
    Down,
    /// The server does as it is told, and the answer comes so much later.
    Slow(Duration),
    /// The head and half of the body, then the connection ends.
    CutHalfway,
    /// The server does as it is told, and the answer to the Nth chosen request never comes; 1 is the first.
    LoseAnswer(usize),
    /// The first so many chosen requests get this answer, and never reach the server.
    Status { code: u16, headers: Vec<(&'static str, &'static str)>, body: &'static str, first: usize },
    /// Bytes that are not HTTP, and the server hears nothing.
    Garbage,
}

/// Which requests a fault is for.
#[derive(Clone, Copy, Default)]
pub struct Filter {
    pub method: Option<&'static str>,
    /// A part of the target, or of the header `X-Amz-Target`.
    pub holds: &'static str,
}

impl Filter {
    fn chooses(&self, request: &Message) -> bool {
        let action = request.header("x-amz-target").unwrap_or_default();
        let is_there = request.word(1).contains(self.holds) || action.contains(self.holds);
        is_there && self.method.is_none_or(|method| method == request.word(0))
    }
}

#[derive(Default)]
struct Plan {
    fault: Fault,
    filter: Filter,
    chosen: usize,
    seen: Vec<String>,
    /// The connections that are open, by the client's port.
    clients: BTreeMap<u16, TcpStream>,
}

/// Stands in front of a server that speaks plain HTTP.
pub struct Faults {
    listening: Listening,
    plan: Arc<Mutex<Plan>>,
}

impl Faults {
    /// `server` is an address as in `http://127.0.0.1:1234`.
    pub fn before(server: &str) -> Faults {
        let host = server.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let plan = Arc::new(Mutex::new(Plan::default()));
        let known = Arc::clone(&plan);
        let listening = Listening::start(move |stream| {
            let port = stream.peer_addr().map_or(0, |client| client.port());
            locked(&known).clients.extend(stream.try_clone().map(|stream| (port, stream)));
            _ = pass(&stream, &host, &known);
            _ = stream.shutdown(Shutdown::Both);
            locked(&known).clients.remove(&port);
        });
        Faults { listening, plan }
    }

    /// The address for the client.
    pub fn url(&self) -> String {
        format!("http://{}", self.listening.host())
    }

    /// From now on, for all requests.
    pub fn set(&self, fault: Fault) {
        self.set_for(Filter::default(), fault);
    }

    /// From now on, for some requests. What was chosen before is forgotten, what was seen is not.
    pub fn set_for(&self, filter: Filter, fault: Fault) {
        let is_down = matches!(fault, Fault::Down);
        let mut plan = locked(&self.plan);
        (plan.fault, plan.filter, plan.chosen) = (fault, filter, 0);
        drop(plan);
        if is_down {
            self.listening.close();
            for client in locked(&self.plan).clients.values() {
                _ = client.shutdown(Shutdown::Both);
            }
        } else {
            self.listening.open();
        }
    }

    /// How many requests the filter has chosen since the fault was set.
    pub fn chosen(&self) -> usize {
        locked(&self.plan).chosen
    }

    /// All requests, as `METHOD TARGET`.
    pub fn seen(&self) -> Vec<String> {
        locked(&self.plan).seen.clone()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Passes on the requests of one connection. When it returns, the connection ends.
fn pass(mut stream: &TcpStream, host: &str, plan: &Mutex<Plan>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let request = Message::request(&mut reader)?;
        let (fault, nth) = noted(plan, &request);
        let answer = match fault {
            Fault::Down => return None,
            Fault::Garbage => {
                return stream.write_all(b"\x16\x03\x01 this is not what you asked for \xff\xfe\r\n\r\n").ok();
            }
            Fault::Status { code, headers, body, first } if nth <= first => Message::answering(code, &headers, body),
            Fault::LoseAnswer(lost) if nth == lost => {
                exchange(host, &request)?;
                return None;
            }
            Fault::CutHalfway => {
                let answer = exchange(host, &request)?;
                let bytes = answer.bytes();
                let missing = if answer.body.is_empty() { bytes.len() } else { answer.body.len() }.div_ceil(2);
                return stream.write_all(&bytes[..bytes.len() - missing]).ok();
            }
            Fault::Slow(time) => {
                let answer = exchange(host, &request)?;
                thread::sleep(time);
                answer
            }
            Fault::None | Fault::Status { .. } | Fault::LoseAnswer(_) => exchange(host, &request)?,
        };
        stream.write_all(&answer.bytes()).ok()?;
        if request.header("connection").is_some_and(|it| it.eq_ignore_ascii_case("close")) {
            return None;
        }
    }
}

/// What to do with a request, and the how many-th of the chosen ones it is.
fn noted(plan: &Mutex<Plan>, request: &Message) -> (Fault, usize) {
    let mut plan = locked(plan);
    plan.seen.push(format!("{} {}", request.word(0), request.word(1)));
    if !plan.filter.chooses(request) {
        return (Fault::None, 0);
    }
    plan.chosen += 1;
    (plan.fault.clone(), plan.chosen)
}

/// A proxy for `HTTPS_PROXY` and `HTTP_PROXY`. It reaches this machine only, under the names that a certificate for it
/// has; `localhost.localdomain` is one that is found through the proxy alone.
pub struct ConnectProxy {
    listening: Listening,
    asked: Arc<Mutex<Vec<String>>>,
}

const HERE: [&str; 3] = ["127.0.0.1", "localhost", "localhost.localdomain"];

impl ConnectProxy {
    pub fn start() -> ConnectProxy {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        let listening = Listening::start(move |stream| _ = relay(stream, &noted));
        ConnectProxy { listening, asked }
    }

    /// The value of the variable.
    pub fn url(&self) -> String {
        format!("http://{}", self.listening.host())
    }

    /// What it was asked for, as `CONNECT HOST:PORT` or `METHOD URL`.
    pub fn asked(&self) -> Vec<String> {
        locked(&self.asked).clone()
    }
}

fn relay(mut client: TcpStream, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(client.try_clone().ok()?);
    let mut request = Message::request(&mut reader)?;
    let (method, target) = (request.word(0).to_owned(), request.word(1).to_owned());
    locked(asked).push(format!("{method} {target}"));
    let place = target.trim_start_matches("http://");
    let (host, path) = place.find('/').map_or((place, "/"), |at| place.split_at(at));
    let (name, port) = host.rsplit_once(':').unwrap_or((host, "80"));
    if !HERE.contains(&name) {
        return client.write_all(&Message::answering(403, &[], "only this machine").bytes()).ok();
    }
    let host = format!("127.0.0.1:{port}");
    if method != "CONNECT" {
        request.first = format!("{method} {path} HTTP/1.1");
        let failed = || Message::answering(502, &[], "nobody is there");
        let mut answer = exchange(&host, &request).unwrap_or_else(failed);
        answer.set("Connection", "close");
        return client.write_all(&answer.bytes()).ok();
    }
    let Ok(mut server) = TcpStream::connect(host) else {
        return client.write_all(&Message::answering(502, &[], "nobody is there").bytes()).ok();
    };
    client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
    let (mut up, mut down) = (server.try_clone().ok()?, client.try_clone().ok()?);
    // The reader may hold what came right behind the request.
    let forth = thread::spawn(move || {
        _ = io::copy(&mut reader, &mut up);
        up.shutdown(Shutdown::Write)
    });
    _ = io::copy(&mut server, &mut down);
    _ = down.shutdown(Shutdown::Both);
    forth.join().ok()?.ok()
}
