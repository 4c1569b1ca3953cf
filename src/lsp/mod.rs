//! The language server: `serve` on standard input and output.
//!
//! [`session`] is plain synchronous state; [`convert`] is the only file that knows the protocol's types and the core's.
//! The protocol's side is [`server`], which holds no state: each handler sends an event to the one thread of
//! [`main_loop`], so everything happens in the order in which it was sent.

pub mod carry;
mod cells;
pub mod check;
mod commands;
pub mod completion;
pub mod convert;
mod env_changes;
mod everything;
mod frames;
mod guard;
mod haste;
pub mod history;
mod hover;
mod main_loop;
mod menu;
mod names;
pub mod notebooks;
pub mod offers;
mod open;
mod outbox;
pub mod places;
pub mod references;
pub mod scope;
mod seek;
mod server;
pub mod session;
mod undo;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::io::{duplex, stdin, stdout};
use tower_lsp::{LspService, Server};

use guard::{Guard, Output};

/// After the stream ended, answers that are still worked on are waited for this long.
const LAST_ANSWERS: Duration = Duration::from_secs(2);
/// What lies between the client's stream and tower-lsp.
const PIPE: usize = 1 << 20;
/// tower-lsp's own limit of 4 lets a change wait behind slow requests (measured: 1.5 s; with 256: 0.02 s).
const CONCURRENCY: usize = 256;

/// Serves one client on standard input and output, until it goes.
///
/// A panic is caught and answered; the hook that the command line sets tells its place and never its text.
pub fn serve() -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            // Nothing is left to do when stderr is gone.
            let _ = writeln!(std::io::stderr(), "aikeys-lsp: cannot start: {error}");
            return ExitCode::from(2);
        }
    };
    let shut = Arc::new(AtomicBool::new(false));
    runtime.block_on(serve_streams(Arc::clone(&shut)));
    runtime.shutdown_background();
    ExitCode::from(guard::exit_code(&shut))
}

async fn serve_streams(shut: Arc<AtomicBool>) {
    let (events, inbox) = mpsc::channel();
    let (letters, outbox) = tokio::sync::mpsc::unbounded_channel();
    let (service, socket) = LspService::build(|client| {
        tokio::spawn(outbox::deliver(client, outbox, events.clone()));
        server::Backend::new(events.clone())
    })
    .custom_method("notebookDocument/didOpen", server::Backend::notebook_opened)
    .custom_method("notebookDocument/didChange", server::Backend::notebook_changed)
    .custom_method("notebookDocument/didSave", server::Backend::notebook_saved)
    .custom_method("notebookDocument/didClose", server::Backend::notebook_closed)
    .finish();
    main_loop::start(inbox, events, letters);
    let (reader, writer) = duplex(PIPE);
    let writing = Arc::new(AtomicBool::new(false));
    let output = Output::new(stdout(), Arc::clone(&writing));
    let service = Guard::new(service, shut, writing);
    let serving = Server::new(reader, output, socket).concurrency_level(CONCURRENCY).serve(service);
    let reading = frames::pump(stdin(), writer);
    // The stream has ended, or tower-lsp has.
    if let Either::Left(((), serving)) = select(Box::pin(reading), Box::pin(serving)).await {
        let _late = tokio::time::timeout(LAST_ANSWERS, serving).await;
    }
}
