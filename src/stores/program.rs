//! Starts a program of the user's own: no shell, the value on standard input, an end to everything.

use std::io;
use std::path::PathBuf;
use std::pin::pin;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use etcetera::BaseStrategy;
use futures::future::{Either, select, try_join3};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zeroize::Zeroizing;

use crate::secrets::{Secret, discreet};

/// More than any key, and as much as the cloud's stores take.
pub(super) const MOST: usize = 64 << 10;
/// What is kept of a program's messages, and what of that is shown.
const MOST_SAID: usize = 8 << 10;
const MOST_SHOWN: usize = 200;
/// What a program may still write once it has ended: a child of its own can hold the pipe open for ever.
const GRACE: Duration = Duration::from_millis(500);

/// A program that has ended.
pub(super) struct Ended {
    /// Its exit code; none when a signal ended it.
    pub code: Option<i32>,
    /// What it printed.
    pub printed: Zeroizing<Vec<u8>>,
    said: Vec<u8>,
}

impl Ended {
    /// What it printed, without the newline behind it; `None` if that is no text.
    pub fn value(&self) -> Option<Secret> {
        let text = std::str::from_utf8(&self.printed).ok()?;
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        Some(Secret::new(text))
    }

    /// How it ended and what it said, without keys and without `secret`.
    pub fn reason(&self, secret: Option<&Secret>) -> String {
        let code = self.code.map_or("was ended by a signal".to_owned(), |code| format!("ended with exit code {code}"));
        let mut said = String::from_utf8_lossy(&self.said).into_owned();
        for secret in secret.into_iter().map(Secret::expose).filter(|it| !it.is_empty()) {
            said = said.replace(secret, "…");
        }
        let words: Vec<&str> = said.split(|c: char| c.is_whitespace() || c.is_control()).collect();
        let said = discreet(&words.into_iter().filter(|it| !it.is_empty()).collect::<Vec<_>>().join(" "));
        let shown: String = said.chars().take(MOST_SHOWN).collect();
        match (shown.is_empty(), shown.len() < said.len()) {
            (true, _) => format!("{code} and said nothing"),
            (false, true) => format!("{code}: {} …", shown.trim_end()),
            (false, false) => format!("{code}: {shown}"),
        }
    }
}

/// Why there is nothing to look at.
pub(super) enum Failed {
    /// It was not started.
    NotStarted(io::Error),
    /// It printed more than [`MOST`].
    TooMuch,
    /// The system failed meanwhile.
    System(io::Error),
}

/// Runs a program to its end, with the user's environment, in the user's home: a workspace is no place for it to find
/// settings or programs in. Dropping the future ends the program with all that it started.
pub(super) async fn run(argv: &[String], input: Option<&Secret>) -> Result<Ended, Failed> {
    let (program, arguments) = argv.split_first().ok_or_else(|| Failed::NotStarted(io::ErrorKind::NotFound.into()))?;
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
    command.current_dir(home());
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn().map_err(Failed::NotStarted)?;
    let group = Group::of(&child);
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let mut printed = Zeroizing::new(Vec::with_capacity(MOST + 1));
    let mut said = Vec::new();
    let status = {
        let feed = async {
            if let (Some(mut stdin), Some(input)) = (stdin, input) {
                // A program that reads nothing has closed its end.
                let _ = stdin.write_all(input.expose().as_bytes()).await;
            }
            Ok(())
        };
        let talk = pin!(try_join3(feed, take(stdout, &mut printed), keep(stderr, &mut said)));
        let wait = pin!(child.wait());
        match select(talk, wait).await {
            Either::Left((talked, wait)) => {
                talked?;
                wait.await
            }
            Either::Right((status, talk)) => {
                if let Ok(talked) = timeout(GRACE, talk).await {
                    talked?;
                }
                status
            }
        }
    };
    let status: ExitStatus = status.map_err(Failed::System)?;
    group.has_ended();
    Ok(Ended { code: status.code(), printed, said })
}

/// Reads all, if that is not too much.
async fn take(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> Result<(), Failed> {
    let Some(from) = from else { return Ok(()) };
    from.take(MOST as u64 + 1).read_to_end(into).await.map_err(Failed::System)?;
    if into.len() > MOST { Err(Failed::TooMuch) } else { Ok(()) }
}

/// Reads all, and keeps the beginning.
async fn keep(from: Option<impl AsyncRead + Unpin>, into: &mut Vec<u8>) -> Result<(), Failed> {
    let Some(mut from) = from else { return Ok(()) };
    let mut part = [0; 4096];
    loop {
        let count = from.read(&mut part).await.map_err(Failed::System)?;
        if count == 0 {
            return Ok(());
        }
        let room = MOST_SAID.saturating_sub(into.len()).min(count);
        into.extend_from_slice(&part[..room]);
    }
}

fn home() -> PathBuf {
    let home = etcetera::choose_base_strategy().map(|it| it.home_dir().to_owned());
    home.ok().filter(|it| it.is_dir()).unwrap_or_else(std::env::temp_dir)
}

/// A program and all that it started, until it has ended by itself.
struct Group(Option<u32>);

impl Group {
    fn of(child: &Child) -> Group {
        Group(child.id())
    }

    fn has_ended(mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let Some(id) = self.0 else { return };
        #[cfg(unix)]
        if let Some(group) = i32::try_from(id).ok().and_then(rustix::process::Pid::from_raw) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        // Elsewhere the program alone ends.
        #[cfg(not(unix))]
        let _ = id;
    }
}
