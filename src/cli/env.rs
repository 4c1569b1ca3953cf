//! `env`: the variables of an env file, references resolved, for another program to read.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};

use anyhow::{Context, ensure};

use super::args::{Env, EnvFormat};
use super::mask::{SHORTEST, secrets_of};
use super::run::{Source, env_files, environment, opened, resolved};
use crate::moves::audit::Happened;
use crate::project::is_variable_name;
use crate::secrets::{Secret, discreet, is_reference};
use crate::stores::Stores;

/// Writes the variables as `--format` says. Never to a terminal, unless the user asks for that.
pub(super) fn env(args: &Env, out: &mut dyn Write) -> anyhow::Result<()> {
    ensure!(
        args.reveal || !io::stdout().is_terminal(),
        "this would show secrets on the terminal: let another program read it, or add `--reveal`"
    );
    let here = std::env::current_dir().context("the current folder cannot be read")?;
    let workspace = opened(&here, args.trust_workspace)?;
    let envs = env_files(&workspace, &args.env_files, &here)?;
    let mut given = environment(&envs, &args.choice)?;
    given.values.retain(|(_, value)| !args.references || is_reference(value.expose()));
    if matches!(args.format, EnvFormat::Shell | EnvFormat::Direnv | EnvFormat::Dotenv) {
        for (name, _) in &given.values {
            let files = || envs.iter().map(|it| it.display().to_string()).collect::<Vec<_>>().join(", ");
            ensure!(is_variable_name(name), "{}: {} is no name of a variable", files(), discreet(name));
        }
    }
    let stores = Stores::of(&workspace);
    let what = if args.reveal && io::stdout().is_terminal() { Happened::Revealed } else { Happened::Resolved };
    let values = resolved(&workspace, &stores, given.values, what)?;
    for lease in stores.leases() {
        let (at, seconds) = (&lease.at, lease.seconds);
        writeln!(io::stderr(), "warning: {at} ends in {seconds} seconds: only `run` keeps it for a program's time")?;
    }
    if args.format == EnvFormat::Github {
        let masks = secrets_of(workspace.catalogue(), &values);
        return github(&values, &masks, out);
    }
    if args.format == EnvFormat::Json {
        let all: serde_json::Map<_, _> = values.iter().map(|(n, v, _)| (n.clone(), v.expose().into())).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&all)?)?;
        return Ok(());
    }
    for (name, value, _) in &values {
        match args.format {
            EnvFormat::Dotenv => writeln!(out, "{name}={}", for_dotenv(name, value.expose())?)?,
            _ => writeln!(out, "export {name}={}", for_shell(value.expose()))?,
        }
    }
    Ok(())
}

/// Masks first, on standard output, where the runner reads them; then the variables for the next steps, in its file.
fn github(values: &[(String, Secret, Source)], masks: &[(String, Secret)], out: &mut dyn Write) -> anyhow::Result<()> {
    let path = std::env::var_os("GITHUB_ENV").filter(|it| !it.is_empty());
    let path = path.context("GITHUB_ENV is not set: this format works in a step of GitHub Actions")?;
    for (_, mask) in masks {
        // The brace of a JSON text stands in every log.
        for line in mask.expose().lines().filter(|line| line.trim().len() >= SHORTEST) {
            writeln!(out, "::add-mask::{}", line.replace('%', "%25").replace('\r', "%0D"))?;
        }
    }
    out.flush()?;
    let mut text = String::new();
    for (name, value, _) in values {
        let value = value.expose();
        // The end must be a line that the value does not have.
        let end = (0..).map(|n| format!("aikeys-{n}")).find(|end| !value.contains(end.as_str())).unwrap_or_default();
        text.push_str(&format!("{name}<<{end}\n{value}\n{end}\n"));
    }
    let shown = std::path::Path::new(&path).display().to_string();
    let mut file = OpenOptions::new().append(true).create(true).open(&path).with_context(|| shown.clone())?;
    file.write_all(text.as_bytes()).with_context(|| shown)
}

/// In single quotes nothing means anything to a shell but the quote.
fn for_shell(value: &str) -> String {
    format!("'{}'", value.replace('\'', "'\\''"))
}

/// In the quotes that all loaders read back the same.
fn for_dotenv(name: &str, value: &str) -> anyhow::Result<String> {
    crate::project::env_value_written(value)
        .with_context(|| format!("the value of {name} has characters that env loaders read differently: use `run`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shells_take_every_value_as_it_is() {
        assert_eq!(for_shell("a'b $c\n"), "'a'\\''b $c\n'");
    }
}
