//! `run -- CMD`: resolve the env file and become the command.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, bail, ensure};

use super::args::{Choice, Run};
use super::child;
use super::mask::secrets_of;
use super::report::visible;
use crate::moves::audit::{self, Happened, Line};
use crate::moves::resolve;
use crate::project::{Workspace, values_to_run_with};
use crate::secrets::{Secret, SecretRef, discreet, is_reference};
use crate::stores::{Stores, store_id};

/// Replaces this process by the command, with the env file's variables in its environment.
///
/// Variables that are set already keep their value, as with every dotenv loader, unless they hold a reference. The process
/// stays where its output is masked, or where a secret was given out for a time: it is kept alive, and given back at the
/// end. Else this returns only when the command could not be started.
pub fn run(args: &Run) -> anyhow::Result<ExitCode> {
    let (program, arguments) =
        args.command.split_first().context("name a command behind `--`: aikeys-lsp run -- python app.py")?;
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let workspace = opened(&here, args.trust_workspace)?;
    let stores = Stores::of(&workspace);
    let given = environment(&env_files(&workspace, &args.env_files, &here)?, &args.choice)?;
    let mut child = Command::new(program);
    child.args(arguments);
    for name in given.without {
        child.env_remove(name);
    }
    let values = resolved(&workspace, &stores, given.values, Happened::Resolved)?;
    for (name, value, _) in &values {
        child.env(name, value.expose());
    }
    let leases = stores.leases();
    let started = if args.mask || !leases.is_empty() {
        let masks = args.mask.then(|| secrets_of(workspace.catalogue(), &values));
        child::watch(child, masks.as_deref(), &stores, &leases)
    } else {
        become_it(child)
    };
    started.or_else(|error| not_started(&program.display().to_string(), error))
}

/// Says why the program does not run, with the exit code that shells have for it.
fn not_started(program: &str, error: io::Error) -> anyhow::Result<ExitCode> {
    let code = match error.kind() {
        ErrorKind::NotFound => 127,
        ErrorKind::PermissionDenied => 126,
        _ => return Err(error).with_context(|| format!("{program} cannot be started")),
    };
    writeln!(io::stderr(), "error: {}", visible(&format!("{program} cannot be started: {error}")))?;
    Ok(ExitCode::from(code))
}

/// The workspace here, whose own stores count where the caller's user says so.
pub(super) fn opened(here: &Path, trusted: bool) -> anyhow::Result<Workspace> {
    let workspace = Workspace::open(here)?;
    Ok(if trusted { workspace.trusting() } else { workspace })
}

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// It stands there as it is.
    Plain,
    /// A store gave it.
    Store,
}

/// What changes in a program's environment.
pub(super) struct Given {
    /// Variables that it gets besides those that are set: those of the env file, and those that are set to references.
    pub values: Vec<(String, Secret)>,
    /// Names of variables that it must not have.
    pub without: Vec<String>,
}

/// What the env files and the user's choice make of the environment. Asks no store.
pub(super) fn environment(envs: &[PathBuf], choice: &Choice) -> anyhow::Result<Given> {
    let named = |names: &[String], name: &str| names.iter().any(|it| it == name);
    let wanted = |name: &str| (choice.only.is_empty() || named(&choice.only, name)) && !named(&choice.without, name);
    let mut values: Vec<(String, Secret)> = Vec::new();
    for env in envs {
        let own = values_to_run_with(env)?;
        values.retain(|(name, _)| !own.iter().any(|(it, _)| it == name));
        values.extend(own);
    }
    for name in choice.only.iter().chain(&choice.without) {
        let known = values.iter().any(|(it, _)| it == name) || std::env::var_os(name).is_some();
        let files: Vec<String> = envs.iter().map(|it| it.display().to_string()).collect();
        ensure!(known, "{} sets no {}, and the environment neither", files.join(", "), discreet(name));
    }
    values.retain(|(name, _)| wanted(name) && std::env::var_os(name).is_none());
    // What is no text is no reference.
    let set =
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let set = set.map(|(name, value)| (name, Secret::new(value)));
    let (set, left): (Vec<_>, Vec<_>) =
        set.filter(|(_, value)| is_reference(value.expose())).partition(|(name, _)| wanted(name));
    values.extend(set);
    let without = left.into_iter().map(|(name, _)| name).chain(choice.without.iter().cloned()).collect();
    Ok(Given { values, without })
}

/// The values that the stores have for references, all asked at the same time. The audit log says that they were given to
/// a program, or printed.
pub(super) fn resolved(
    workspace: &Workspace,
    stores: &Stores,
    values: Vec<(String, Secret)>,
    what: Happened,
) -> anyhow::Result<Vec<(String, Secret, Source)>> {
    let source = |value: &Secret| if is_reference(value.expose()) { Source::Store } else { Source::Plain };
    let sources: Vec<Source> = values.iter().map(|(_, value)| source(value)).collect();
    let backends: Vec<String> = values.iter().map(|(_, value)| backend(value)).collect();
    let resolved = resolve(stores, values).map_err(anyhow::Error::from).and_then(|resolved| {
        let broken = resolved.iter().find(|(_, value)| value.expose().contains('\0'));
        match broken {
            Some((name, _)) => bail!("the value of {name} holds a NUL byte, which no variable can"),
            None => Ok(resolved),
        }
    });
    let line = |what, name: &str, backend: &str| Line::now(what, workspace.name(), name, backend);
    match &resolved {
        Ok(resolved) => {
            let all = resolved.iter().zip(&backends).zip(&sources);
            // What stands in an env file is read by every program that may; printing it is another thing.
            let noted = all.filter(|(_, source)| **source == Source::Store || what == Happened::Revealed);
            let lines = noted.map(|(((name, value), backend), _)| line(what, name, backend).of(value));
            audit::note(&lines.collect::<Vec<_>>());
        }
        Err(error) => audit::note(&[line(Happened::Refused, "", "").because(&format!("{error:#}"))]),
    }
    if resolved.is_err() {
        // Nobody will use what the others gave.
        child::give_back(stores, &stores.leases());
    }
    Ok(resolved?.into_iter().zip(sources).map(|((name, value), source)| (name, value, source)).collect())
}

/// The store that a value lies in.
fn backend(value: &Secret) -> String {
    SecretRef::parse(value.expose()).map_or_else(|| "env".to_owned(), |it| store_id(&it.backend).to_owned())
}

/// The env files that the user named, else the nearest one.
pub(super) fn env_files(workspace: &Workspace, named: &[PathBuf], here: &Path) -> anyhow::Result<Vec<PathBuf>> {
    match named {
        [] => Ok(vec![env_file(workspace, None, here)?]),
        named => named.iter().map(|it| env_file(workspace, Some(it), here)).collect(),
    }
}

/// The env file that the user named, else the nearest one.
pub(super) fn env_file(workspace: &Workspace, named: Option<&Path>, here: &Path) -> anyhow::Result<PathBuf> {
    match named {
        Some(path) => {
            ensure!(path.exists(), "{}: there is no such file", path.display());
            Ok(path.to_owned())
        }
        None => Ok(nearest(here, workspace.root())),
    }
}

/// The nearest `.env` from here up to the root.
fn nearest(here: &Path, root: &Path) -> PathBuf {
    let folders = here.ancestors().take_while(|it| it.starts_with(root));
    folders.map(|it| it.join(".env")).find(|it| it.exists()).unwrap_or_else(|| here.join(".env"))
}

#[cfg(unix)]
fn become_it(mut child: Command) -> io::Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(child.exec())
}

#[cfg(not(unix))]
fn become_it(mut child: Command) -> io::Result<ExitCode> {
    let status = child.status()?;
    Ok(u8::try_from(status.code().unwrap_or(1)).map_or(ExitCode::FAILURE, Into::into))
}
