//! `stores` and `store …`: what can be done with a store by hand.

use std::io::{self, IsTerminal, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, anyhow, bail, ensure};
use jiff::Timestamp;

use super::args::StoreAction;
use super::run::env_file;
use crate::moves::audit::{self, Happened, Line};
use crate::project::{Workspace, read_values};
use crate::secrets::{Secret, SecretRef, discreet};
use crate::stores::{StoreError, Stores, Version, VersionState, store_id};

/// A value is not larger: no store of these takes more.
const LARGEST: u64 = 64 << 10;

/// Lists the stores that keys can move to, then those that could be set up.
pub(super) fn stores(out: &mut dyn Write) -> Result<()> {
    let workspace = Workspace::open(Path::new("."))?;
    let stores = Stores::of(&workspace);
    if let Some(problem) = stores.problem() {
        bail!("{problem}");
    }
    if !stores.destinations().is_empty() {
        stores.preferred()?;
    }
    for to in stores.destinations() {
        let place = to.reference.unwrap_or_else(|| "the key itself, in a file that git ignores".to_owned());
        writeln!(out, "{:<10} {}", to.store, place.replace("{name}", "NAME"))?;
    }
    for (store, setup) in stores.others() {
        writeln!(out, "{store:<10} not set up: {setup}")?;
    }
    for (store, why) in stores.refused() {
        writeln!(out, "{store:<10} not allowed: {}", super::report::visible(&why))?;
    }
    if workspace.waits_for_trust() {
        writeln!(out, "\nthe stores in this workspace's aikeys.toml have no effect until you run `aikeys-lsp trust`")?;
    }
    Ok(())
}

/// Does one thing with a store.
pub(super) fn store(action: &StoreAction, out: &mut dyn Write) -> Result<u8> {
    let workspace = Workspace::open(Path::new("."))?;
    let stores = Stores::of(&workspace);
    match action {
        StoreAction::Init { passphrase, yes } => {
            stores.allowed("local")?;
            super::store_init::init(Path::new("."), *passphrase, *yes, out, &mut super::ask)?;
        }
        StoreAction::Put { reference, replace } => {
            let at = parsed(reference)?;
            let value = typed(&at.to_string())?;
            put(&stores, &at, &value, *replace)?;
            stores.remember([(&at, Ok(true))]);
            writeln!(out, "{at} holds the value")?;
        }
        StoreAction::Get { reference, reveal } => {
            let at = parsed(reference)?;
            ensure!(
                *reveal || !io::stdout().is_terminal(),
                "this would show the secret on the terminal: let another program read it, or add `--reveal`"
            );
            let line = |what| Line::now(what, workspace.name(), &at.to_string(), store_id(&at.backend));
            let value = stores.get(&at).inspect_err(|error| {
                audit::note(&[line(Happened::Refused).because(&error.to_string())]);
            })?;
            let what = if io::stdout().is_terminal() { Happened::Revealed } else { Happened::Resolved };
            audit::note(&[line(what).of(&value)]);
            write!(out, "{}", value.expose())?;
            if io::stdout().is_terminal() {
                writeln!(out)?;
            }
        }
        StoreAction::List { reference } => list(&stores, &parsed(reference)?, out)?,
        StoreAction::Check { references, env_file } => {
            let all = match references.is_empty() {
                true => named_in(&workspace, env_file.as_deref())?,
                false => references.iter().map(|it| Ok((String::new(), parsed(it)?))).collect::<Result<_>>()?,
            };
            return check(&stores, &all, out);
        }
        StoreAction::Copy { from, to, replace } => {
            let (from, to) = (parsed(from)?, parsed(to)?);
            let value = stores.get(&from)?;
            put(&stores, &to, &value, *replace)?;
            stores.remember([(&to, Ok(true))]);
            writeln!(out, "{to} holds what {from} holds")?;
        }
    }
    Ok(super::CLEAN)
}

fn put(stores: &Stores, at: &SecretRef, value: &Secret, replace: bool) -> Result<()> {
    let put = if replace { stores.replace(at, value) } else { stores.put(at, value) };
    match put {
        Err(error @ StoreError::Taken { .. }) => Err(anyhow!("{error}: `--replace` puts this one in its place")),
        put => Ok(put?),
    }
}

fn parsed(text: &str) -> Result<SecretRef> {
    let what = || format!("{:?} is no reference: write `ref+vault://secret/app#/NAME`", discreet(text));
    SecretRef::parse(text).with_context(what)
}

/// The value on standard input; on a terminal it is asked for, and not shown.
pub(super) fn typed(what: &str) -> Result<Secret> {
    if io::stdin().is_terminal() {
        let value = rpassword::prompt_password(format!("the value of {what} (it is not shown): "))?;
        ensure!(!value.is_empty(), "nothing was typed: nothing was changed");
        return Ok(Secret::new(value));
    }
    let mut bytes = Vec::new();
    io::stdin().take(LARGEST + 1).read_to_end(&mut bytes).context("standard input cannot be read")?;
    ensure!(bytes.len() as u64 <= LARGEST, "the value on standard input is larger than 64 KiB: it is no key");
    let text = String::from_utf8(bytes).ok().context("the value on standard input is no UTF-8 text")?;
    // What `echo` adds is no part of a key.
    let text = text.strip_suffix('\n').map_or(text.as_str(), |it| it.strip_suffix('\r').unwrap_or(it));
    ensure!(!text.is_empty(), "there is no value of {what} on standard input: `printf %s \"$KEY\" | aikeys-lsp …`");
    Ok(Secret::new(text))
}

fn list(stores: &Stores, at: &SecretRef, out: &mut dyn Write) -> Result<()> {
    if at.field.is_some() {
        for version in stores.versions(at)? {
            writeln!(out, "{}", shown(&version))?;
        }
        return Ok(());
    }
    let found = stores.list(at)?;
    ensure!(!found.is_empty(), "{at}: there is nothing");
    for reference in found {
        writeln!(out, "{reference}")?;
    }
    Ok(())
}

fn shown(version: &Version) -> String {
    let created = version.created.map(|time| format!("  {}", second(time))).unwrap_or_default();
    let state = match version.state {
        VersionState::Live => "",
        VersionState::Disabled => "  disabled",
        VersionState::Destroyed => "  destroyed",
    };
    let labels = version.labels.iter().map(|label| format!("  {label}")).collect::<String>();
    format!("{}{created}{state}{labels}", version.id)
}

fn second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// The references of an env file, with their variables.
fn named_in(workspace: &Workspace, named: Option<&Path>) -> Result<Vec<(String, SecretRef)>> {
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let env = env_file(workspace, named, &here)?;
    ensure!(env.exists(), "there is no .env here: name a file with `--env-file`, or a reference");
    let all = read_values(&env)?.into_iter();
    let references = all.filter_map(|(name, value)| Some((name, SecretRef::parse(value.expose())?)));
    let references: Vec<_> = references.collect();
    ensure!(!references.is_empty(), "{}: there is no reference in it", env.display());
    Ok(references)
}

/// Asks for each whether it is there, without reading it. All are asked before the exit code says that one is not.
fn check(stores: &Stores, all: &[(String, SecretRef)], out: &mut dyn Write) -> Result<u8> {
    let mut code = super::CLEAN;
    let references: Vec<SecretRef> = all.iter().map(|(_, at)| at.clone()).collect();
    let answers = stores.exist_all(&references);
    stores.remember(references.iter().zip(&answers).map(|(at, answer)| (at, answer.as_ref().copied())));
    for ((name, at), found) in all.iter().zip(answers) {
        let name = if name.is_empty() { String::new() } else { format!("{name}: ") };
        let shown = super::report::visible(&at.to_string());
        match found {
            Ok(true) => writeln!(out, "{name}{shown} is there{}", newest(stores, at))?,
            Ok(false) => {
                writeln!(out, "{name}{shown} is not there")?;
                code = super::FAILED;
            }
            Err(error) => {
                writeln!(out, "{name}{}", super::report::visible(&error.to_string()))?;
                code = super::FAILED;
            }
        }
    }
    Ok(code)
}

/// The newest version that can be read, where the store has versions.
fn newest(stores: &Stores, at: &SecretRef) -> String {
    let versions = stores.versions(at).unwrap_or_default();
    let live = versions.iter().find(|it| it.state == VersionState::Live);
    let Some((version, created)) = live.and_then(|it| Some((it, it.created?))) else { return String::new() };
    format!(" (version {} of {})", version.id, second(created))
}
