//! `rotate --status` and `rotate --due`.

use std::io::{self, Write};

use anyhow::Result;
use jiff::Timestamp;
use serde_json::json;

use crate::cli::report::visible;
use crate::cli::{CLEAN, FAILED, FOUND};
use crate::project::Workspace;
use crate::rotation::{Due, Journal, Place, Step, journals};
use crate::text::counted;

/// The rotations of a workspace, the oldest first.
pub(super) fn status(workspace: &Workspace, as_json: bool, out: &mut dyn Write) -> Result<u8> {
    let (all, wrong) = journals();
    for error in &wrong {
        writeln!(io::stderr(), "error: {}", visible(&error.to_string()))?;
    }
    let (own, others): (Vec<_>, Vec<_>) = all.iter().partition(|it| it.root == workspace.root());
    if as_json {
        writeln!(out, "{:#}", json!({"version": 1, "rotations": own.iter().map(|it| object(it)).collect::<Vec<_>>()}))?;
    } else {
        if own.is_empty() {
            writeln!(out, "no key of this workspace was rotated on this machine")?;
        }
        for journal in &own {
            writeln!(out, "{}  {}  begun {}", journal.name(), journal.step.id(), time(journal.started))?;
            for done in &journal.log {
                writeln!(out, "  {}  {:<10} {}", time(done.time), visible(&done.step), visible(&done.text))?;
            }
            writeln!(out, "  {}", next(journal))?;
        }
        let open = others.iter().filter(|it| !it.step.is_last()).count();
        if open > 0 {
            writeln!(out, "{} of other workspaces: {}", counted(open, "open rotation"), roots(&others))?;
        }
    }
    Ok(if wrong.is_empty() { CLEAN } else { FAILED })
}

fn roots(others: &[&Journal]) -> String {
    let mut roots: Vec<String> =
        others.iter().filter(|it| !it.step.is_last()).map(|it| visible(&it.root.display().to_string())).collect();
    roots.dedup();
    roots.join(", ")
}

/// What comes next.
fn next(journal: &Journal) -> String {
    let name = journal.name();
    match (journal.step, journal.over()) {
        (Step::Ended, _) => "nothing is left to do".to_owned(),
        (Step::GivenUp, _) => "given up: the old key is in use".to_owned(),
        (Step::Switched, Some(over)) => {
            format!("the old key stays until {}: then `aikeys-lsp rotate {name} --resume`", time(over))
        }
        _ => format!("go on with `aikeys-lsp rotate {name} --resume`, or back with `--abort`"),
    }
}

fn object(it: &Journal) -> serde_json::Value {
    let place = |place: &Place| match place {
        Place::Line(file, variable) => json!({"file": file.to_string_lossy(), "variable": variable}),
        Place::Store(reference) => json!({"reference": reference}),
    };
    json!({
        "variables": it.variables,
        "provider": it.provider,
        "step": it.step.id(),
        "assisted": it.assisted,
        "places": it.places.iter().map(|(_, it)| place(it)).collect::<Vec<_>>(),
        "old": it.old,
        "new": it.new,
        "old-key": it.old_key.as_ref().map(|it| &it.shown),
        "new-key": it.new_key.as_ref().map(|it| &it.shown),
        "started": time(it.started),
        "switched": it.switched.map(time),
        "old-key-stays-until": it.over().map(time),
        "log": it.log.iter().map(|it| json!({"time": time(it.time), "step": it.step, "text": it.text})).collect::<Vec<_>>(),
    })
}

/// The keys that are older than they may be.
pub(super) fn due(all: &[Due], as_json: bool, out: &mut dyn Write) -> Result<u8> {
    if as_json {
        let due = |it: &Due| json!({"variable": it.variable, "provider": it.provider, "age": it.age, "days": it.days});
        writeln!(out, "{:#}", json!({"version": 1, "due": all.iter().map(due).collect::<Vec<_>>()}))?;
    } else {
        for it in all {
            let age = it.age.map_or_else(|| "nobody knows since when".to_owned(), |age| format!("{age} days old"));
            writeln!(out, "{}  {}  {age}, and may live for {}", visible(&it.variable), visible(&it.provider), it.days)?;
        }
        if all.is_empty() {
            writeln!(out, "no key of aikeys.lock is older than it may be")?;
        }
    }
    Ok(if all.is_empty() { CLEAN } else { FOUND })
}

fn time(seconds: u64) -> String {
    let time = i64::try_from(seconds).ok().and_then(|it| Timestamp::from_second(it).ok());
    time.map_or_else(String::new, |it| it.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}
