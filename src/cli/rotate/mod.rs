//! `rotate`: what a rotation needs from a terminal, and what is said of it.

mod emit;
#[cfg(all(feature = "aws", feature = "verify"))]
mod lambda;
mod listed;
mod pubsub;

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use jiff::Timestamp;

use super::args::{Rotate as Args, Serve};
use super::report::visible;
use super::{CLEAN, FAILED, FOUND, open_account};
use crate::project::Workspace;
use crate::rotation::{
    Due, Hands, Journal, Outcome, Rotation, RotationError, Terms, due, journals, page_of, sure_provider, variables_of,
};
use crate::secrets::{Catalogue, Secret};
use crate::stores::Stores;
use crate::verify::Life;

/// Rotates one key, goes on, goes back, or lists.
pub(super) fn rotate(args: &Args, out: &mut dyn Write) -> Result<u8> {
    match args.serve {
        #[cfg(all(feature = "aws", feature = "verify"))]
        Some(Serve::AwsLambda) => return lambda::serve(args),
        #[cfg(not(all(feature = "aws", feature = "verify")))]
        Some(Serve::AwsLambda) => {
            anyhow::bail!("this aikeys-lsp was built without `aws` and `verify`: build it with them")
        }
        Some(Serve::GcpPubsub) => return pubsub::serve(args),
        None => {}
    }
    let workspace = Workspace::open(Path::new("."))?;
    if let Some(system) = args.emit {
        return emit::command(system, args.output.as_deref(), &workspace, out);
    }
    let stores = Stores::of(&workspace);
    if args.status {
        return listed::status(&workspace, args.json, out);
    }
    let Some(name) = &args.name else {
        let due = due(&workspace)?;
        return match args.yes {
            true => all_due(args, &workspace, &stores, &due, out),
            false => listed::due(&due, args.json, out),
        };
    };
    if args.forget {
        let rotation = Rotation::take_up(&workspace, &stores, name)?;
        let journal = rotation.journal();
        let shown =
            |it: &Option<crate::rotation::Mark>| it.as_ref().map_or(String::new(), |it| format!(" ({})", it.shown));
        let left = format!(
            "what is alive stays alive: the old key{}, the new one{}, and any that is named {}; see {name}'s keys{}",
            shown(&journal.old_key),
            shown(&journal.new_key),
            journal.new_name(),
            page_of(&journal.provider)
        );
        let question = format!("{left}; forget the rotation?");
        ensure!(agree(args, &question).map_err(|why| anyhow!(why))?, "{question} Add `--yes`");
        rotation.forget()?;
        writeln!(out, "forgotten: {}", visible(&left))?;
        return Ok(CLEAN);
    }
    one(args, &workspace, &stores, name, args.resume || args.abort, out)
}

/// Rotates what is overdue, and goes on with what waits. What needs somebody at the keyboard is said.
fn all_due(args: &Args, workspace: &Workspace, stores: &Stores, due: &[Due], out: &mut dyn Write) -> Result<u8> {
    let mut code = CLEAN;
    let (known, wrong) = journals();
    for error in &wrong {
        writeln!(io::stderr(), "error: {}", visible(&error.to_string()))?;
        code = FAILED;
    }
    let is_open = |it: &&Journal| it.root == workspace.root() && !it.step.is_last();
    let open: Vec<&Journal> = known.iter().filter(is_open).collect();
    let waiting = open.iter().map(|it| (it.name().to_owned(), true));
    // Two variables can hold one key, or its halves.
    let mut seen: BTreeSet<String> = open.iter().flat_map(|it| it.names.iter().cloned()).collect();
    let mut new = Vec::new();
    for it in due {
        if !seen.contains(&it.variable) {
            seen.extend(variables_of(&it.variable));
            new.push((it.variable.clone(), false));
        }
    }
    let begun = Timestamp::now().as_second();
    for (name, is_begun) in waiting.chain(new) {
        // It was rotated under another name just now.
        let is_done =
            |it: &Journal| it.root == workspace.root() && it.started.cast_signed() >= begun && it.names.contains(&name);
        if !is_begun && journals().0.iter().any(is_done) {
            continue;
        }
        writeln!(out, "{name}")?;
        let done = one(args, workspace, stores, &name, is_begun, out).or_else(|error| {
            writeln!(io::stderr(), "error: {name}: {}", visible(&format!("{error:#}")))?;
            anyhow::Ok(FAILED)
        });
        code = code.max(done?);
    }
    Ok(code)
}

fn one(
    args: &Args,
    workspace: &Workspace,
    stores: &Stores,
    name: &str,
    is_begun: bool,
    out: &mut dyn Write,
) -> Result<u8> {
    let mut account = None;
    let mut rotation = if is_begun {
        let rotation = Rotation::take_up(workspace, stores, name)?;
        account = match open_account(&rotation.journal().provider, stores) {
            Err(_) if args.abort || rotation.journal().assisted => None,
            account => account.map_err(|why| anyhow!(why))?,
        };
        rotation
    } else {
        let ready = |provider: &str| {
            account = match open_account(provider, stores) {
                Err(_) if args.assisted => None,
                Err(why) => return Err(format!("{why}; or make and revoke the keys yourself: `--assisted`")),
                Ok(account) => account,
            };
            Ok(())
        };
        Rotation::begin(workspace, stores, name, &terms(args, workspace, name)?, ready)?
    };
    let (account, provider) = (account.as_deref(), rotation.journal().provider.clone());
    if let (Some(known), true) = (crate::accounts::known(&provider), !is_begun && account.is_some())
        && !known.note.is_empty()
    {
        writeln!(out, "{:<10} {}", "note", visible(known.note))?;
    }
    let variables = rotation.journal().variables.clone();
    let ask_life = |values: &[Secret]| match account {
        // No file of a workspace says whom a key is sent to.
        _ if sure_provider(&variables, values).as_ref() != Some(&provider) => None,
        Some(account) if values.len() > 1 => account.life(values),
        _ => life(&provider, values),
    };
    let mut typed = |variables: &[String]| typed(&provider, variables).map_err(|error| error.to_string());
    let mut agree = |question: &str| agree(args, question);
    let mut said = Ok(());
    let mut say = |what: &str, text: &str| {
        said = std::mem::replace(&mut said, Ok(())).and_then(|()| {
            writeln!(out, "{what:<10} {}", visible(text))?;
            out.flush()
        });
    };
    let mut hands = Hands {
        account,
        life: &ask_life,
        typed: &mut typed,
        agree: &mut agree,
        hook: &|command| run_hook(&provider, command),
        unattended: args.due,
        say: &mut say,
        pause: &std::thread::sleep,
    };
    let outcome = if args.abort { rotation.abort(&mut hands) } else { rotation.go(&mut hands) };
    said?;
    ended(outcome, out)
}

fn ended(outcome: Result<Outcome, RotationError>, out: &mut dyn Write) -> Result<u8> {
    Ok(match outcome? {
        Outcome::Ended | Outcome::GivenUp => CLEAN,
        Outcome::Waits(why) => {
            writeln!(out, "{:<10} {}", "waits", visible(&why))?;
            CLEAN
        }
        Outcome::InUse(why) => {
            writeln!(out, "{:<10} {}", "in use", visible(&why))?;
            FOUND
        }
    })
}

/// A new key ends by itself a while after the next one is due, where a list or the settings say when that is; no later than
/// in a year, which is the most that some providers know.
fn terms(args: &Args, workspace: &Workspace, name: &str) -> Result<Terms> {
    const DAY: u64 = 24 * 60 * 60;
    ensure!(args.lifetime != Some(Duration::ZERO), "`--lifetime 0`: such a key would never work");
    let listed = workspace.lock().and_then(|lock| lock.listed.iter().find(|it| it.variable == name)?.rotate_days);
    let set = workspace.config(Path::new(".env"))?.max_key_age_days;
    let most = workspace.organisation().max_key_age_days;
    let days = listed.or(set).into_iter().chain(most).min().filter(|it| *it > 0);
    let spare = |days: u64| Duration::from_secs((days.saturating_mul(3) / 2).clamp(1, 365).saturating_mul(DAY));
    Ok(Terms {
        assisted: args.assisted,
        hook: args.hook.clone(),
        grace: args.grace,
        lifetime: args.lifetime.or(days.map(spare)),
    })
}

#[cfg(feature = "verify")]
fn life(provider: &str, values: &[Secret]) -> Option<Life> {
    let [value] = values else { return None };
    let request = crate::verify::request(provider, value.expose()).ok()?;
    let lives = crate::verify::Verifier::new().and_then(|it| it.ask(std::slice::from_ref(&request)));
    Some(lives.map_or_else(Life::Unknown, |mut it| it.pop().unwrap_or(Life::Unknown(String::new()))))
}

#[cfg(not(feature = "verify"))]
fn life(_: &str, _: &[Secret]) -> Option<Life> {
    None
}

/// The user makes a key. On a terminal the page opens; else the values come on standard input, a line each.
fn typed(provider: &str, variables: &[String]) -> Result<Vec<Secret>> {
    let shown = variables.join(" and ");
    if io::stdin().is_terminal() {
        writeln!(io::stderr(), "make a new key{}", page_of(provider))?;
        if let Some(page) = Catalogue::built_in().provider(provider).and_then(|it| it.page()) {
            open_page(page);
        }
        return variables.iter().map(|it| super::store::typed(it)).collect();
    }
    let all = super::store::typed(&shown)?;
    let values: Vec<Secret> = all.expose().lines().map(|it| Secret::new(it.trim())).collect();
    ensure!(
        values.len() == variables.len(),
        "standard input has another number of lines than values are needed: {shown}"
    );
    Ok(values)
}

/// Opens a page of the catalogue as the system does; where it cannot, its address was said.
fn open_page(page: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    let quiet = Stdio::null;
    let _ = Command::new(opener).arg(page).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
}

fn agree(args: &Args, question: &str) -> Result<bool, String> {
    if args.yes || !io::stdin().is_terminal() {
        return Ok(args.yes);
    }
    let ask = || {
        writeln!(io::stderr(), "{}", visible(question))?;
        super::ask(&mut io::stderr())
    };
    ask().map_err(|error| error.to_string())
}

/// Runs a command as a shell does. It gets no value, and not the administrator's key.
fn run_hook(provider: &str, command: &str) -> Result<(), String> {
    let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut process = Command::new(shell);
    if let Some(known) = crate::accounts::known(provider).filter(|it| it.admin != "AWS_PROFILE") {
        process.env_remove(known.admin);
    }
    match process.arg(flag).arg(command).stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(status.to_string()),
        Err(error) => Err(error.to_string()),
    }
}
