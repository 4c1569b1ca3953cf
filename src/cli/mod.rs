//! The command line: arguments, reports, exit codes. Findings come from the rules, changes from `moves`.

pub mod args;
pub mod baseline;
pub mod check;
pub mod explain;
mod look;
mod progress;
pub mod report;
mod verdict;
mod walk;

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::process::ExitCode;

use anyhow::{Result, bail};
use args::{Command, Request};

use crate::rules::Rule;
use crate::secrets::Catalogue;

/// Nothing is wrong.
pub const CLEAN: u8 = 0;
/// There are findings.
pub const FOUND: u8 = 1;
/// Something could not be done.
pub const FAILED: u8 = 2;

/// Does what the process was started for. `serve` is the language server.
pub fn main(serve: fn() -> ExitCode) -> ExitCode {
    panic::set_hook(Box::new(|info| {
        // Never the message: it can hold a part of a text, and so a key.
        let place = info.location().map(|it| format!(" at {}:{}", it.file(), it.line())).unwrap_or_default();
        let _ = writeln!(io::stderr(), "error: aikeys-lsp failed{place}");
    }));
    let request = match args::parse(std::env::args_os()) {
        Ok(request) => request,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { FAILED } else { CLEAN });
        }
    };
    match request {
        Request::Serve => return serve(),
        Request::Nothing if !io::stdin().is_terminal() => return serve(),
        _ => {}
    }
    ended(run(request))
}

fn run(request: Request) -> Result<u8> {
    match request {
        Request::Check(check) => verdict::check(&check),
        Request::Command(command) => self::command(command, &mut io::stdout().lock()),
        Request::Nothing | Request::Serve => {
            writeln!(io::stdout(), "{}", args::command().render_help())?;
            Ok(CLEAN)
        }
    }
}

fn command(command: Command, out: &mut dyn Write) -> Result<u8> {
    let catalogue = Catalogue::built_in();
    match command {
        Command::Explain { rule } => match Rule::named(&rule) {
            Some(rule) => explain::explain(out, rule)?,
            None => bail!("there is no rule {rule:?}"),
        },
        Command::Rules => explain::rules(out)?,
        Command::Providers { name: None } => explain::providers(out, catalogue)?,
        Command::Providers { name: Some(name) } => match explain::provider_named(catalogue, &name) {
            Some(provider) => explain::provider(out, provider)?,
            None => {
                let like = explain::providers_like(catalogue, &name);
                let tip = if like.is_empty() { "`aikeys-lsp providers` lists them".to_owned() } else { format!("do you mean {}", like.join(", ")) };
                bail!("there is no provider {:?}: {tip}", report::without_keys(&name));
            }
        },
        Command::Completions { shell } => explain::completions(out, shell)?,
        Command::Run { .. } | Command::Init { .. } | Command::Demo | Command::Store { .. } => bail!("not in this version"),
    }
    Ok(CLEAN)
}

/// The exit code. A broken pipe is success: the reader has seen enough.
fn ended(result: Result<u8>) -> ExitCode {
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) if is_broken_pipe(&error) => ExitCode::from(CLEAN),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {}", report::visible(&format!("{error:#}")));
            ExitCode::from(FAILED)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().filter_map(|cause| cause.downcast_ref::<io::Error>());
    io.into_iter().any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
