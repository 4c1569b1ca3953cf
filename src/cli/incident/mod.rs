//! `incident`: what there is to know and to do about a value that leaked, on one screen.

mod json;
mod screen;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};

use super::args::{Incident as Args, Shown};
use super::progress::Progress;
use super::{CLEAN, FAILED, FOUND};
use crate::incident::{Case, Findings, News, Others, Taken, Verdict, burned, examine, taken, verdict};
use crate::moves::audit::{self, Happened, Line};
use crate::project::{Source, Workspace};
use crate::secrets::{Catalogue, Secret, discreet};
use crate::stores::Stores;
use crate::verify::{Life, Request};

/// A value is not larger, nor is a file of some of them.
const LARGEST: u64 = 64 << 10;

/// Reads the value, looks for it, says what was found. The exit code is the verdict.
pub(super) fn incident(args: &Args, out: &mut dyn Write) -> Result<u8> {
    there_is(&args.path)?;
    let text = typed(args.offline)?;
    let workspace = Workspace::open(&args.path);
    let catalogue = workspace.as_ref().map_or(Catalogue::built_in(), |it| it.catalogue());
    let keys = taken(catalogue, text.expose()).map_err(|why| anyhow!("{why}"))?;
    drop(text);
    if args.burn {
        note_burned(&workspace?, &keys)?;
    }
    let case = Case::open(&args.path, keys, args.offline).map_err(|why| anyhow!("{why}"))?;
    let questions = case.questions();
    announce(&questions)?;
    let stores = Stores::of(&case.workspace);
    let account = |provider: &str| super::open_account(provider, &stores);
    let others = Others { ask: &ask, account: &account };
    let mut progress = Progress::new(false);
    let mut told = None;
    let found = examine(&case, questions, &others, &mut |news| match news {
        News::Looked(count) => progress.tick(count),
        News::First(found) if args.format == Shown::Human => {
            progress = Progress::new(false);
            told = Some(screen::first(&case, found, out));
        }
        News::First(_) => {}
    });
    drop(progress);
    match args.format {
        Shown::Human => {
            let told = told.unwrap_or_else(|| screen::first(&case, &found, out))?;
            screen::rest(&case, &found, &told, out)?;
        }
        Shown::Json => writeln!(out, "{:#}", json::report(&case, &found))?,
    }
    let lines = case.keys.iter().map(|key| {
        let name = key.name.as_deref().unwrap_or(&key.whose.name);
        Line::now(Happened::Traced, case.workspace.name(), &case.hidden(name), "none").of(&key.value)
    });
    audit::note(&lines.collect::<Vec<_>>());
    Ok(code(&case, &found))
}

/// What was meant as the value may have become the path: then it is in the history of a shell by now.
fn there_is(path: &Path) -> Result<()> {
    fs::metadata(path).map(drop).with_context(|| {
        format!(
            "{}: this is no folder here; the value is never an argument, it is read from standard input (one that was \
             typed as an argument is in your shell's history now)",
            discreet(&path.to_string_lossy())
        )
    })
}

/// What stands on standard input; on a terminal it is asked for, and not shown.
fn typed(offline: bool) -> Result<Secret> {
    if io::stdin().is_terminal() {
        let asks = if offline { "nobody is asked" } else { "its provider is asked whether it is alive" };
        let value = rpassword::prompt_password(format!("the value that leaked (it is not shown; {asks}): "))?;
        ensure!(!value.trim().is_empty(), "nothing was typed");
        return Ok(Secret::new(value));
    }
    let mut bytes = Vec::new();
    io::stdin().take(LARGEST + 1).read_to_end(&mut bytes).context("standard input cannot be read")?;
    ensure!(
        bytes.len() as u64 <= LARGEST,
        "standard input is larger than 64 KiB: give the value, or the lines with keys"
    );
    match Source::new(Path::new("input.txt"), bytes) {
        Source::Text(text) | Source::Utf16(text) => Ok(Secret::new(text)),
        Source::Large(_) | Source::Binary(_) => Err(anyhow!("standard input is no text: give the value itself")),
    }
}

fn note_burned(workspace: &Workspace, keys: &[Taken]) -> Result<()> {
    let today = workspace.surroundings(Path::new("")).today;
    let all: Vec<_> = keys.iter().map(|key| burned(key, &today)).collect();
    let new = workspace.burn(&all)?;
    let what = if new > 0 { "has its fingerprint now: commit it" } else { "has its fingerprint already" };
    writeln!(io::stderr(), "note: {} {what}", crate::fixes::LOCK)?;
    Ok(())
}

/// Before anything is sent: what goes where.
fn announce(questions: &[Result<Request, String>]) -> io::Result<()> {
    let hosts: BTreeSet<&str> = questions.iter().flatten().map(|it| it.question.host.as_str()).collect();
    if hosts.is_empty() {
        return Ok(());
    }
    let hosts: Vec<&str> = hosts.into_iter().collect();
    writeln!(
        io::stderr(),
        "note: each key is sent over TLS to its own provider, who logs it, to see whether it is alive: {} \
         (`--offline` asks nobody)",
        hosts.join(", ")
    )
}

#[cfg(feature = "verify")]
fn ask(requests: &[Request]) -> Result<Vec<Life>, String> {
    crate::verify::Verifier::new()?.ask(requests)
}

#[cfg(not(feature = "verify"))]
fn ask(_: &[Request]) -> Result<Vec<Life>, String> {
    Err("this aikeys-lsp was built without `--verify`".to_owned())
}

/// The worst verdict of all.
fn code(case: &Case, found: &Findings) -> u8 {
    let each = (0..case.keys.len()).map(|value| match verdict(case, found, value) {
        Verdict::Contained => CLEAN,
        Verdict::NotContained(_) => FOUND,
        Verdict::Unclear(_) => FAILED,
    });
    let all: BTreeSet<u8> = each.collect();
    [FOUND, FAILED].into_iter().find(|code| all.contains(code)).unwrap_or(CLEAN)
}
