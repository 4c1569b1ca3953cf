//! What stands between tower-lsp and the process: exit codes, panics, clients that vanish.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread;
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, ready};
use serde_json::{Value, json};
use tokio::io::AsyncWrite;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_lsp::lsp_types::Url;
use tower_service::Service;

use super::convert::notebooks;
use super::frames::MALFORMED;

/// Replies that were made before `exit` need this long to be written.
const FLUSH: Duration = Duration::from_millis(100);
/// How often the client's process is looked for.
#[cfg(unix)]
const LOOK: Duration = Duration::from_secs(2);

/// A message that is being written is waited for this many times as long: half of one is none.
const FLUSHES: usize = 20;

/// The stream to the client, which knows whether a message is on its way.
pub(super) struct Output<W> {
    inner: W,
    writing: Arc<AtomicBool>,
}

impl<W> Output<W> {
    /// Wraps a stream. The flag is set from the first byte of a message until it is flushed.
    pub(super) fn new(inner: W, writing: Arc<AtomicBool>) -> Output<W> {
        Output { inner, writing }
    }
}

impl<W: AsyncWrite + Unpin> AsyncWrite for Output<W> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.writing.store(true, Ordering::SeqCst);
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        if flushed.is_ready() {
            self.writing.store(false, Ordering::SeqCst);
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

/// Wraps tower-lsp's service: `exit` ends the process, a panic is an answer, and errors hold nothing of the message.
pub(super) struct Guard<S> {
    inner: S,
    shut: Arc<AtomicBool>,
    writing: Arc<AtomicBool>,
}

impl<S> Guard<S> {
    /// Guards a service. The flags tell whether the client asked for a shutdown, and whether something is being written.
    pub(super) fn new(inner: S, shut: Arc<AtomicBool>, writing: Arc<AtomicBool>) -> Guard<S> {
        Guard { inner, shut, writing }
    }
}

type Outcome<E> = Result<Option<Response>, E>;

impl<S> Service<Request> for Guard<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
    S::Error: Send + 'static,
{
    type Response = Option<Response>;
    type Error = S::Error;
    type Future = BoxFuture<'static, Outcome<S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        match request.method() {
            // tower-lsp would wait for the end of the stream, which may never come.
            "exit" => {
                exit_soon(Arc::clone(&self.shut), Arc::clone(&self.writing));
                return ready(Ok(None)).boxed();
            }
            MALFORMED => return ready(Ok(Some(Response::from_error(Id::Null, Error::parse_error())))).boxed(),
            _ => {}
        }
        let request = lenient(without_null(request));
        let id = request.id().cloned();
        let starts = request.method() == "initialize";
        let shut = (request.method() == "shutdown").then(|| Arc::clone(&self.shut));
        let Ok(answer) = catch_unwind(AssertUnwindSafe(|| self.inner.call(request))) else {
            return ready(Ok(internal_error(id))).boxed();
        };
        let finish = move |outcome: Result<Outcome<S::Error>, Box<dyn Any + Send>>| {
            let Ok(answer) = outcome else { return Ok(internal_error(id)) };
            let answer = answer?;
            if let Some(shut) = shut.filter(|_| answer.as_ref().is_some_and(Response::is_ok)) {
                shut.store(true, Ordering::SeqCst);
            }
            Ok(answer.map(|it| if starts { with_notebooks(it) } else { discreet(it) }))
        };
        AssertUnwindSafe(answer).catch_unwind().map(finish).boxed()
    }
}

fn internal_error(id: Option<Id>) -> Option<Response> {
    id.map(|id| Response::from_error(id, Error::internal_error()))
}

/// Emacs sends `"params": null` where there are none, which tower-lsp refuses.
fn without_null(request: Request) -> Request {
    if request.params() != Some(&Value::Null) {
        return request;
    }
    let (method, id, _) = request.into_parts();
    let named = Request::build(method);
    match id {
        Some(id) => named.id(id).finish(),
        None => named.finish(),
    }
}

/// What some clients send and lsp-types does not take. Refused as a whole, there would be no server, or a text that the
/// client does not have.
fn lenient(request: Request) -> Request {
    if !matches!(request.method(), "initialize" | "textDocument/didChange") {
        return request;
    }
    let (method, id, params) = request.into_parts();
    let mut params = params.unwrap_or_default();
    if method == "initialize" {
        mend_start(&mut params);
    } else {
        mend_ranges(&mut params);
    }
    let named = Request::build(method).params(params);
    match id {
        Some(id) => named.id(id).finish(),
        None => named.finish(),
    }
}

fn mend_start(params: &mut Value) {
    let Some(params) = params.as_object_mut() else { return };
    let is_uri = |it: &Value| it.as_str().is_some_and(|it| it.parse::<Url>().is_ok());
    params.retain(|name, it| match name.as_str() {
        "processId" => it.as_u64().is_some_and(|it| u32::try_from(it).is_ok()),
        "rootUri" => is_uri(it),
        "trace" => matches!(it.as_str(), Some("off" | "messages" | "verbose")),
        _ => true,
    });
    // The protocol says `diagnostics`, lsp-types `diagnostic`.
    if let Some(can) = params.get_mut("capabilities").and_then(|it| it.get_mut("workspace")?.as_object_mut())
        && let Some(pulls) = can.remove("diagnostics").filter(Value::is_object)
    {
        can.insert("diagnostic".to_owned(), pulls);
    }
    if let Some(folders) = params.get_mut("workspaceFolders").and_then(Value::as_array_mut) {
        folders.retain(|it| is_uri(&it["uri"]));
    }
}

fn mend_ranges(params: &mut Value) {
    let changes = params.get_mut("contentChanges").and_then(Value::as_array_mut);
    for range in changes.into_iter().flatten().filter_map(|it| it.get_mut("range")) {
        for place in ["/start/line", "/start/character", "/end/line", "/end/character"] {
            let Some(number) = range.pointer_mut(place) else { continue };
            if number.as_u64().is_none_or(|it| it > u64::from(u32::MAX)) {
                *number = json!(number.as_f64().unwrap_or(0.0).clamp(0.0, f64::from(u32::MAX)) as u32);
            }
        }
    }
}

/// lsp-types 0.94 has no field for notebooks.
fn with_notebooks(response: Response) -> Response {
    let (id, result) = response.into_parts();
    match result {
        Ok(mut result) => {
            if let Some(capabilities) = result.get_mut("capabilities").and_then(Value::as_object_mut) {
                capabilities.insert("notebookDocumentSync".to_owned(), notebooks::sync());
            }
            Response::from_ok(id, result)
        }
        Err(error) => discreet(Response::from_error(id, error)),
    }
}

/// serde's messages quote what they could not read, and tower-lsp's data what it does not know: that can be source text.
fn discreet(response: Response) -> Response {
    let Some(error) = response.error() else { return response };
    let message = match error.code {
        ErrorCode::InvalidParams => "the parameters of this request cannot be read".into(),
        _ => error.message.clone(),
    };
    Response::from_error(response.id().clone(), Error { message, ..Error::new(error.code) })
}

/// The exit code that the protocol asks for.
pub(super) fn exit_code(shut: &AtomicBool) -> u8 {
    u8::from(!shut.load(Ordering::SeqCst))
}

fn exit_soon(shut: Arc<AtomicBool>, writing: Arc<AtomicBool>) {
    let end = move || {
        for _ in 0..FLUSHES {
            thread::sleep(FLUSH);
            if !writing.load(Ordering::SeqCst) {
                break;
            }
        }
        exit(exit_code(&shut));
    };
    // Without a thread the end comes without the pause.
    if let Err(_no_thread) = thread::Builder::new().name("exit".to_owned()).spawn(end.clone()) {
        end();
    }
}

/// Ends the process when the client's is gone, however it went.
pub(super) fn watch(process: Option<u32>) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, test_kill_process};
        let Some(client) = process.and_then(|it| i32::try_from(it).ok()).and_then(Pid::from_raw) else { return };
        let look = move || {
            while test_kill_process(client) != Err(rustix::io::Errno::SRCH) {
                thread::sleep(LOOK);
            }
            exit(1);
        };
        // A system without another thread has no vanished clients to care about first.
        let _ = thread::Builder::new().name("watch".to_owned()).spawn(look);
    }
    #[cfg(not(unix))]
    let _ = process;
}

/// Ends the process: it could not do anything useful.
pub(super) fn give_up() -> ! {
    exit(2)
}

#[allow(clippy::exit, reason = "tokio's thread that reads stdin cannot be ended otherwise")]
fn exit(code: u8) -> ! {
    std::process::exit(i32::from(code));
}
