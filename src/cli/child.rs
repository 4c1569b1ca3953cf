//! A program that is watched to its end: its signals, its output without secrets, and what was given out for its time.

use std::io::{self, Write};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;

use super::mask::Mask;
use crate::secrets::Secret;
use crate::stores::{Lease, Stores};

/// Starts the command and waits for its end. With `masks`, these secrets are replaced in what it prints.
pub(super) fn watch(
    mut command: Command,
    masks: Option<Vec<(String, Secret)>>,
    stores: &Stores,
    leases: &[Lease],
) -> anyhow::Result<ExitCode> {
    if masks.is_some() {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
    }
    let (ends, ended) = channel();
    let status = thread::scope(|scope| {
        scope.spawn(move || keep(stores, leases, &ended));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let status = runtime.block_on(finish(command, masks.unwrap_or_default()));
        drop(ends);
        status
    });
    for lease in leases {
        if let Err(error) = stores.revoke(lease) {
            writeln!(io::stderr(), "warning: {} could not be given back, and ends by itself: {error}", lease.at)?;
        }
    }
    Ok(code(status?))
}

/// Renews leases until the program has ended.
fn keep(stores: &Stores, leases: &[Lease], ended: &Receiver<()>) {
    let renewed = leases.iter().filter(|lease| lease.renewable && lease.seconds > 0);
    // At half of the time there is enough left for a second try.
    let Some(pause) = renewed.clone().map(|lease| (lease.seconds / 2).max(1)).min() else { return };
    while ended.recv_timeout(Duration::from_secs(pause)) == Err(RecvTimeoutError::Timeout) {
        for lease in renewed.clone() {
            if let Err(error) = stores.renew(lease) {
                let _ = writeln!(io::stderr(), "warning: {} may end before the program: {error}", lease.at);
            }
        }
    }
}

async fn finish(command: Command, masks: Vec<(String, Secret)>) -> io::Result<ExitStatus> {
    let mut signals = Signals::listen()?;
    let mut child = tokio::process::Command::from(command).spawn()?;
    let out = child.stdout.take().map(|pipe| copy(pipe, io::stdout(), Mask::new(&masks)));
    let err = child.stderr.take().map(|pipe| copy(pipe, io::stderr(), Mask::new(&masks)));
    let copied = async {
        if let (Some(out), Some(err)) = (out, err) {
            tokio::join!(out, err);
        }
    };
    let (status, ()) = tokio::join!(signals.wait(&mut child), copied);
    status
}

/// Copies what comes, secrets masked. Who no longer reads is not written to: the program then meets a closed pipe as well.
async fn copy(mut from: impl AsyncRead + Unpin, mut to: impl Write, mut mask: Mask) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if to.write_all(&mask.take(&buffer[..read])).and_then(|()| to.flush()).is_err() {
            return;
        }
    }
    let _ = to.write_all(&mask.rest()).and_then(|()| to.flush());
}

/// The exit code as a shell has it: of a program that a signal ended, 128 and the signal.
fn code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map(|it| 128 + it);
    #[cfg(not(unix))]
    let signal = None;
    let code = status.code().or(signal).unwrap_or(1);
    u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The signals that are for the program.
#[cfg(unix)]
struct Signals(Vec<(rustix::process::Signal, tokio::signal::unix::Signal)>);

#[cfg(unix)]
impl Signals {
    fn listen() -> io::Result<Signals> {
        use rustix::process::Signal;
        use tokio::signal::unix::{SignalKind, signal};
        let kinds = [
            (Signal::INT, SignalKind::interrupt()),
            (Signal::QUIT, SignalKind::quit()),
            (Signal::TERM, SignalKind::terminate()),
            (Signal::HUP, SignalKind::hangup()),
            (Signal::USR1, SignalKind::user_defined1()),
            (Signal::USR2, SignalKind::user_defined2()),
        ];
        kinds.into_iter().map(|(kind, of)| Ok((kind, signal(of)?))).collect::<io::Result<_>>().map(Signals)
    }

    async fn wait(&mut self, child: &mut Child) -> io::Result<ExitStatus> {
        loop {
            tokio::select! {
                status = child.wait() => return status,
                signal = next(&mut self.0) => send(signal, child),
            }
        }
    }
}

#[cfg(unix)]
async fn next(signals: &mut [(rustix::process::Signal, tokio::signal::unix::Signal)]) -> rustix::process::Signal {
    let waiting = signals.iter_mut().map(|(kind, signal)| {
        Box::pin(async move {
            signal.recv().await;
            *kind
        })
    });
    futures::future::select_all(waiting).await.0
}

#[cfg(unix)]
fn send(signal: rustix::process::Signal, child: &Child) {
    use std::io::IsTerminal;

    use rustix::process::{Pid, Signal, kill_process};
    // What is typed on a terminal reaches the program as well: it must not come twice.
    let typed = matches!(signal, Signal::INT | Signal::QUIT) && io::stdin().is_terminal();
    let pid = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    if let (Some(pid), false) = (pid, typed) {
        // A program that has ended meanwhile needs none.
        let _ = kill_process(pid, signal);
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn listen() -> io::Result<Signals> {
        Ok(Signals)
    }

    async fn wait(&mut self, child: &mut Child) -> io::Result<ExitStatus> {
        child.wait().await
    }
}
