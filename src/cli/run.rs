//! `run -- CMD`: resolve the env file and become the command.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;

use crate::moves::{resolve, resolve_all};
use crate::project::Workspace;
use crate::secrets::{Secret, is_reference};
use crate::stores::Stores;

/// Replaces this process by the command, with the env file's variables in its environment.
///
/// Variables that are set already keep their value, as with every dotenv loader, unless they hold a reference.
/// Returns only when the command could not be started.
pub fn run(env_file: Option<&Path>, command: &[OsString]) -> anyhow::Result<std::process::ExitCode> {
    let (program, arguments) =
        command.split_first().context("name a command behind `--`: aikeys-lsp run -- python app.py")?;
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let workspace = Workspace::open(&here)?;
    let env = match env_file {
        Some(path) => {
            anyhow::ensure!(path.exists(), "{}: there is no such file", path.display());
            path.to_owned()
        }
        None => nearest(&here, workspace.root()),
    };
    let mut child = Command::new(program);
    child.args(arguments);
    let stores = Stores::of(&workspace);
    for (name, value) in resolve_all(&stores, &env, &|name| std::env::var_os(name).is_none())? {
        child.env(name, value.expose());
    }
    let set = std::env::vars().map(|(name, value)| (name, Secret::new(value)));
    let set = set.filter(|(_, value)| is_reference(value.expose())).collect();
    for (name, value) in resolve(&stores, set)? {
        child.env(name, value.expose());
    }
    become_it(child, program)
}

/// The nearest `.env` from here up to the root.
fn nearest(here: &Path, root: &Path) -> PathBuf {
    let folders = here.ancestors().take_while(|it| it.starts_with(root));
    folders.map(|it| it.join(".env")).find(|it| it.exists()).unwrap_or_else(|| here.join(".env"))
}

#[cfg(unix)]
fn become_it(mut child: Command, program: &OsString) -> anyhow::Result<std::process::ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = child.exec();
    Err(error).with_context(|| format!("{} cannot be started", program.display()))
}

#[cfg(not(unix))]
fn become_it(mut child: Command, program: &OsString) -> anyhow::Result<std::process::ExitCode> {
    let status = child.status().with_context(|| format!("{} cannot be started", program.display()))?;
    Ok(u8::try_from(status.code().unwrap_or(1)).map_or(std::process::ExitCode::FAILURE, Into::into))
}
