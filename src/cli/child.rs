//! A program that is watched to its end: its signals, its output without secrets, and what was given out for its time.

use std::io::{self, PipeReader, Read, Write};
use std::process::{Command, ExitCode, ExitStatus};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use tokio::process::Child;
use tokio::sync::watch;

use super::mask::Mask;
use crate::secrets::Secret;
use crate::stores::{Lease, Stores};

/// What a process that the program left behind may still print at once, when the program has ended.
const QUIET: Duration = Duration::from_millis(500);

/// Starts the command and waits for its end. With `masks`, these secrets are replaced in what it prints.
pub(super) fn watch(
    command: Command,
    masks: Option<&[(String, Secret)]>,
    stores: &Stores,
    leases: &[Lease],
) -> io::Result<ExitCode> {
    let (ends, ended) = channel();
    let status = thread::scope(|scope| {
        scope.spawn(move || keep(stores, leases, &ended));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let status = runtime.block_on(finish(command, masks));
        drop(ends);
        status
    });
    give_back(stores, leases);
    Ok(code(status?))
}

/// Ends what was given out for a time.
pub(super) fn give_back(stores: &Stores, leases: &[Lease]) {
    for lease in leases {
        if let Err(error) = stores.revoke(lease) {
            let _ =
                writeln!(io::stderr(), "warning: {} could not be given back, and ends by itself: {error}", lease.at);
        }
    }
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

async fn finish(mut command: Command, masks: Option<&[(String, Secret)]>) -> io::Result<ExitStatus> {
    let mut signals = Signals::listen()?;
    let mut copies = Vec::new();
    if let Some(masks) = masks {
        let (out, err) = (io::pipe()?, io::pipe()?);
        command.stdout(out.1).stderr(err.1);
        let mask = || Mask::new(masks).map_err(io::Error::other);
        copies = vec![Copied::start(out.0, io::stdout, mask()?), Copied::start(err.0, io::stderr, mask()?)];
    }
    let mut child = tokio::process::Command::from(command).spawn()?;
    let (status, sent) = signals.wait(&mut child).await?;
    let copied = futures::future::join_all(copies.iter_mut().map(Copied::end));
    // Who sends a signal ends this as well, also where nobody reads.
    tokio::select! {
        () = signals.any() => {}
        () = tokio::time::sleep(QUIET), if sent => {}
        _ = copied => {}
    }
    Ok(status)
}

/// A stream that is copied in a thread of its own: where nobody reads, only that waits.
struct Copied {
    to: Box<dyn Write>,
    mask: Arc<Mutex<Mask>>,
    /// The thread writes now.
    writes: watch::Receiver<bool>,
}

impl Copied {
    fn start<W: Write + 'static>(from: PipeReader, to: fn() -> W, mask: Mask) -> Copied {
        let mask = Arc::new(Mutex::new(mask));
        let (state, writes) = watch::channel(false);
        let copied = Copied { to: Box::new(to()), mask: mask.clone(), writes };
        thread::spawn(move || copy(from, to(), &mask, &state));
        copied
    }

    /// The stream's end; or nothing came for a while, though somebody could still write.
    async fn end(&mut self) {
        loop {
            let writes = *self.writes.borrow_and_update();
            let changed = match writes {
                true => self.writes.changed().await.is_ok(),
                false => tokio::time::timeout(QUIET, self.writes.changed()).await.is_ok_and(|it| it.is_ok()),
            };
            if !changed {
                break;
            }
        }
        if let Ok(mut mask) = self.mask.try_lock() {
            let _ = self.to.write_all(&mask.rest()).and_then(|()| self.to.flush());
        }
    }
}

/// Copies what comes, secrets masked. Who no longer reads is not written to: the program then meets a closed pipe as well.
fn copy(mut from: PipeReader, mut to: impl Write, mask: &Mutex<Mask>, writes: &watch::Sender<bool>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut buffer) {
        writes.send_replace(true);
        let Ok(mut mask) = mask.lock() else { return };
        if to.write_all(&mask.take(&buffer[..read])).and_then(|()| to.flush()).is_err() {
            return;
        }
        drop(mask);
        writes.send_replace(false);
    }
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
        // What `nohup` and shells ignore for a program stays ignored, for the program too.
        let ignored = ignored();
        let heard = kinds.into_iter().filter(|(kind, _)| ignored >> (kind.as_raw() - 1) & 1 == 0);
        heard.map(|(kind, of)| Ok((kind, signal(of)?))).collect::<io::Result<_>>().map(Signals)
    }

    /// A signal that would end this process.
    async fn any(&mut self) {
        next(&mut self.0).await;
    }

    /// The program's end, and whether it got a signal before.
    async fn wait(&mut self, child: &mut Child) -> io::Result<(ExitStatus, bool)> {
        let mut sent = false;
        loop {
            tokio::select! {
                status = child.wait() => return Ok((status?, sent)),
                signal = next(&mut self.0) => {
                    send(signal, child);
                    sent = true;
                }
            }
        }
    }
}

/// The signals that are ignored, a bit each. Only Linux tells it without unsafe code.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    line.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok()).unwrap_or(0)
}

#[cfg(unix)]
async fn next(signals: &mut [(rustix::process::Signal, tokio::signal::unix::Signal)]) -> rustix::process::Signal {
    if signals.is_empty() {
        return std::future::pending().await;
    }
    let waiting = signals.iter_mut().map(|(kind, signal)| {
        Box::pin(async move {
            signal.recv().await;
            *kind
        })
    });
    futures::future::select_all(waiting).await.0
}

/// What is typed on the terminal reaches this process, and the program as well: it must not come twice. Nobody can tell
/// whether it was typed: so `kill -INT` at this process alone, in the foreground of a terminal, does not reach the program.
/// `kill -TERM` does, and `kill -INT` at the process group.
#[cfg(unix)]
fn is_in_front() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|it| rustix::termios::tcgetpgrp(it) == Ok(rustix::process::getpgrp()))
}

#[cfg(unix)]
fn send(signal: rustix::process::Signal, child: &Child) {
    use rustix::process::{Pid, Signal, kill_process};
    let typed = matches!(signal, Signal::INT | Signal::QUIT) && is_in_front();
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

    async fn wait(&mut self, child: &mut Child) -> io::Result<(ExitStatus, bool)> {
        Ok((child.wait().await?, false))
    }

    async fn any(&mut self) {
        std::future::pending().await
    }
}
