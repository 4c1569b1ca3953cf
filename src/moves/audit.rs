//! The audit log: a line for each time a secret was moved, resolved, shown, rotated or refused. Names and fingerprints, never a value.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::project::{private_folder, state_folder};
use crate::secrets::{Secret, fingerprint, without_keys};

/// What happened to a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Happened {
    /// It left a source, and lies in a store.
    Moved,
    /// A program got it.
    Resolved,
    /// It was printed.
    Revealed,
    /// A new key took its place; the fingerprint is the new one's.
    Rotated,
    /// Its provider does not take it any more.
    Revoked,
    /// Nobody got it, or an agent may not write it down.
    Refused,
    /// It leaked, and somebody looked where it stands.
    Traced,
}

/// A line of the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Line {
    /// Seconds since 1970, in UTC.
    pub time: u64,
    /// What happened.
    pub event: Happened,
    /// The user's name on this machine.
    #[serde(default)]
    pub who: String,
    /// What was run: `run python`, `--fix`, `language server`. Without arguments: they can hold keys.
    #[serde(default)]
    pub command: String,
    /// The workspace's name.
    pub workspace: String,
    /// The variable; of a secret that has none, its reference.
    pub name: String,
    /// The store.
    pub store: String,
    /// Of the key, where there is one and it is long enough.
    pub fingerprint: Option<String>,
    /// Why it was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Happened {
    /// For people and programs.
    pub fn id(self) -> &'static str {
        match self {
            Happened::Moved => "moved",
            Happened::Resolved => "resolved",
            Happened::Revealed => "revealed",
            Happened::Rotated => "rotated",
            Happened::Revoked => "revoked",
            Happened::Refused => "refused",
            Happened::Traced => "traced",
        }
    }
}

impl Line {
    /// What happened now, to a secret of this name in this store.
    pub fn now(event: Happened, workspace: &str, name: &str, store: &str) -> Line {
        Line {
            time: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |it| it.as_secs()),
            event,
            who: ["USER", "LOGNAME", "USERNAME"]
                .iter()
                .find_map(|it| env::var(it).ok())
                .unwrap_or_else(|| "unknown".to_owned()),
            command: command(),
            workspace: workspace.to_owned(),
            name: name.to_owned(),
            store: store.to_owned(),
            fingerprint: None,
            why: None,
        }
    }

    /// With the fingerprint of its value.
    pub fn of(self, value: &Secret) -> Line {
        Line { fingerprint: fingerprint(value.expose()).map(|it| it.hex), ..self }
    }

    /// With the reason.
    pub fn because(self, why: &str) -> Line {
        Line { why: Some(why.to_owned()), ..self }
    }
}

/// Where the log lies.
pub fn path() -> Option<PathBuf> {
    state_folder().map(|folder| folder.join("audit.jsonl"))
}

/// Adds lines. A log that cannot be written stops nothing: a move is safe already, and a program has to start.
pub fn note(lines: &[Line]) {
    let Some((folder, path)) = state_folder().zip(path()) else { return };
    if lines.is_empty() || private_folder(&folder).is_err() {
        return;
    }
    // What is quoted can be a key.
    let text = |line: &Line| {
        let clean = |text: &str| without_keys(text).into_owned();
        let line = Line {
            who: clean(&line.who),
            command: clean(&line.command),
            workspace: clean(&line.workspace),
            name: clean(&line.name),
            why: line.why.as_deref().map(clean),
            ..line.clone()
        };
        serde_json::to_string(&line).map(|it| it + "\n").unwrap_or_default()
    };
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    if let Ok(mut file) = options.open(path) {
        // In one piece: two processes may write at once.
        let _ = file.write_all(lines.iter().map(text).collect::<String>().as_bytes());
    }
}

/// The lines of the log, the oldest first, and how many cannot be read.
pub fn read() -> std::io::Result<(Vec<Line>, usize)> {
    let text = match path().map(fs::read) {
        None => return Ok((Vec::new(), 0)),
        Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), 0)),
        Some(text) => text?,
    };
    let text = String::from_utf8_lossy(&text);
    let all = text.lines().filter(|it| !it.trim().is_empty()).map(serde_json::from_str::<Line>);
    let (good, bad): (Vec<_>, Vec<_>) = all.partition(Result::is_ok);
    Ok((good.into_iter().filter_map(Result::ok).collect(), bad.len()))
}

/// What this process was started as.
fn command() -> String {
    let args: Vec<String> = env::args_os().skip(1).take(200).map(|it| it.to_string_lossy().into_owned()).collect();
    let is_word = |it: &&String| !it.starts_with('-');
    match args.first().map(String::as_str) {
        Some("run") => {
            let program = args.iter().skip_while(|it| *it != "--").nth(1);
            let name = program.and_then(|it| Path::new(it).file_name()).map(|it| it.to_string_lossy().into_owned());
            format!("run {}", name.unwrap_or_default())
        }
        Some(word @ ("store" | "hook")) => format!("{word} {}", args.get(1).filter(is_word).map_or("", String::as_str)),
        Some(word) if !word.starts_with('-') && !args.iter().any(|it| it == "--fix") => word.to_owned(),
        _ if args.iter().any(|it| it == "--fix") => "--fix".to_owned(),
        _ => "language server".to_owned(),
    }
}
