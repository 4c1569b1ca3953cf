//! `audit`: what happened to secrets on this machine; with `--store`, who read them at their store.

mod log;
mod readers;
mod store;
mod trail;

use std::collections::BTreeMap;
use std::io::{self, Write};

use anyhow::{Context, Result, bail};
use jiff::Timestamp;

use super::CLEAN;
use super::args::{Audit, AuditAction};
use super::report::visible;
use crate::moves::audit::{self, Happened, Line};
use crate::secrets::without_keys;
use crate::text::counted;

/// Answers from the log of this machine, or from those of stores.
pub(super) fn audit(args: &Audit, out: &mut dyn Write) -> Result<u8> {
    match &args.action {
        Some(action) => own(action, out).map(|()| CLEAN),
        None if args.store.is_empty() => {
            bail!("say what to show: `aikeys-lsp audit tail`, `audit stats`, or `audit --store LOG` of a store's log")
        }
        None => store::command(args, out),
    }
}

/// Shows the last lines, or counts all.
fn own(action: &AuditAction, out: &mut dyn Write) -> Result<()> {
    let (lines, torn) = audit::read().context("the audit log cannot be read")?;
    if torn > 0 {
        writeln!(io::stderr(), "warning: {} of the audit log cannot be read", counted(torn, "line"))?;
    }
    match action {
        AuditAction::Tail { lines: most, json } => {
            let last = &lines[lines.len().saturating_sub(*most)..];
            if last.is_empty() {
                writeln!(out, "nothing was moved, resolved, shown or refused yet")?;
            }
            for line in last {
                match json {
                    true => writeln!(out, "{}", serde_json::to_string(line)?)?,
                    false => writeln!(out, "{}", shown(line))?,
                }
            }
        }
        AuditAction::Stats => stats(&lines, out)?,
    }
    Ok(())
}

fn time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|it| Timestamp::from_second(it).ok());
    time.map_or_else(String::new, time_of)
}

fn time_of(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// The file may have been written by somebody else.
fn plain(text: &str) -> String {
    visible(&without_keys(text))
}

fn shown(line: &Line) -> String {
    let print = line.fingerprint.as_deref().map_or("", |it| it.get(..12).unwrap_or(it));
    let mut text = format!(
        "{}  {:<8}  {}  {}  {}  by {} with `{}` in {}",
        time(line.time),
        line.event.id(),
        plain(&line.name),
        plain(&line.store),
        plain(print),
        plain(&line.who),
        plain(&line.command),
        plain(&line.workspace),
    );
    if let Some(why) = &line.why {
        text.push_str(": ");
        text.push_str(&plain(why));
    }
    text
}

/// How often what happened to one secret.
#[derive(Default)]
struct Counts {
    events: BTreeMap<Happened, usize>,
    /// In seconds since 1970.
    last: u64,
}

/// How often what happened to which secret, and when for the last time.
fn stats(lines: &[Line], out: &mut dyn Write) -> Result<()> {
    let mut all: BTreeMap<[&str; 3], Counts> = BTreeMap::new();
    for line in lines {
        let counts = all.entry([&line.workspace, &line.name, &line.store]).or_default();
        *counts.events.entry(line.event).or_default() += 1;
        counts.last = line.time.max(counts.last);
    }
    for ([workspace, name, store], Counts { events, last }) in all {
        let counts: Vec<String> = events.iter().map(|(event, count)| format!("{} {count}", event.id())).collect();
        let (workspace, name, store) = (plain(workspace), plain(name), plain(store));
        writeln!(out, "{workspace}  {name}  {store}  {}  last {}", counts.join(", "), time(last))?;
    }
    writeln!(out, "{}", counted(lines.len(), "line"))?;
    Ok(())
}
