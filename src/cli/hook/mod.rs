//! `hook`: what a coding agent is about to do, judged before it does it. No store is asked, and no network.
//!
//! A hook that fails must not lock anybody out, and must not be silent: it says why on standard error and ends with
//! [`BROKEN`], which every agent shows and goes on.

mod answer;
mod call;
mod command;
mod edit;
mod judge;
mod patch;
mod refusal;

use std::io::{self, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use anyhow::{Context, Result, ensure};

use super::args::Hook;
use super::report::visible;
use super::{CLEAN, FAILED};
use crate::moves::audit::{self, Happened, Line};
use crate::secrets::{Catalogue, is_likely, scan, without_keys};
use call::{Act, Call};

/// The hook failed. Each agent goes on: 2 would stop whatever it does, and Gemini CLI takes every other number for that.
pub const BROKEN: u8 = 1;

/// More than an agent sends: a notebook is read up to this size, and its text is escaped once more.
const MOST: u64 = 128 << 20;

/// Answers on standard output; returns the exit code.
pub(super) fn hook(args: &Hook, out: &mut dyn Write) -> u8 {
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let text = answer(args, &mut io::stdin().lock())?;
        out.write_all(text.as_bytes())?;
        out.flush()?;
        Ok::<(), anyhow::Error>(())
    }));
    match answered {
        Ok(Ok(())) => CLEAN,
        // Exit code 2 stops the call, with every agent: what cannot be read and holds a key is no small matter.
        Ok(Err(error)) if error.is::<Unread>() => {
            let _ =
                writeln!(io::stderr(), "aikeys-lsp hook: the call cannot be read, and it holds a key: write no key");
            FAILED
        }
        Ok(Err(error)) => {
            let said = visible(&without_keys(&format!("{error:#}")));
            let _ = writeln!(io::stderr(), "aikeys-lsp hook: nothing was checked: {said}");
            BROKEN
        }
        // What was said of the panic stands on standard error.
        Err(_) => BROKEN,
    }
}

/// What an agent sent is no JSON, and holds a key.
#[derive(Debug, thiserror::Error)]
#[error("the call cannot be read, and it holds a key")]
struct Unread;

fn holds_key(bytes: &[u8]) -> bool {
    let catalogue = Catalogue::built_in();
    scan(catalogue, bytes).iter().any(|token| is_likely(catalogue, bytes, token))
}

/// What the agent gets to read.
fn answer(args: &Hook, input: &mut dyn Read) -> Result<String> {
    let mut bytes = Vec::new();
    input.take(MOST + 1).read_to_end(&mut bytes).context("standard input cannot be read")?;
    ensure!(bytes.len() as u64 <= MOST, "standard input is larger than {} MB", MOST >> 20);
    let call = match Call::read(args.agent, &bytes) {
        Err(error) if holds_key(&bytes) => return Err(error.context(Unread)),
        call => call?,
    };
    let mut refusals = Vec::new();
    for act in &call.acts {
        refusals.extend(match act {
            Act::Write { path, written } => {
                // The name of a file can be a key.
                let name = path.as_ref().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
                let named = judge::command(&call.folder, &name)?;
                judge::write(&call.folder, path.as_deref(), written)?.into_iter().chain(named).collect::<Vec<_>>()
            }
            Act::Run { command } => match judge::command(&call.folder, command)? {
                None if args.deny_env_reads => command::env_read(command).into_iter().collect(),
                found => found.into_iter().collect(),
            },
            Act::Read { path } if args.deny_env_reads => command::env_file(path).into_iter().collect(),
            Act::Read { .. } => Vec::new(),
        });
    }
    let refused = refusal::joined(refusals);
    if let Some(why) = &refused {
        let folder = call.folder.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let why = why.lines().next().unwrap_or_default();
        audit::note(&[Line::now(Happened::Refused, &folder, "", "").because(why)]);
    }
    Ok(answer::answer(&call, &refused))
}
