//! The command line: arguments, reports, exit codes. Findings come from the rules, changes from `moves`.

pub mod args;
mod audit;
pub mod baseline;
mod child;
mod clean;
mod config;
pub mod demo;
mod doctor;
mod env;
pub mod explain;
pub mod fix;
mod hook;
mod incident;
mod init;
mod inventory;
mod man;
mod mask;
mod mcp;
mod outputs;
mod policy;
mod progress;
pub mod report;
mod rotate;
pub mod run;
mod store;
pub mod store_init;
mod take_over;
pub mod team;
mod trust;
mod undo;
mod usage;
mod verdict;
mod verify;
pub mod version;

use std::io::{self, IsTerminal, Write};
use std::panic;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Result;
use args::{Command, Request};

use crate::accounts::{self, Account};
use crate::project::Workspace;
use crate::secrets::{Secret, SecretRef, discreet};
use crate::stores::Stores;

/// Nothing is wrong.
pub const CLEAN: u8 = 0;
/// There are findings.
pub const FOUND: u8 = 1;
/// Something could not be done.
pub const FAILED: u8 = 2;
/// Who reads has left: 128 and the number of SIGPIPE.
const UNREAD: u8 = 141;

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
            let _ = complain(&error);
            // An agent whose settings are wrong goes on.
            let failed = if std::env::args_os().nth(1).is_some_and(|it| it == "hook") { hook::BROKEN } else { FAILED };
            return ExitCode::from(if error.use_stderr() { failed } else { CLEAN });
        }
    };
    match request {
        Request::Serve => return serve(),
        Request::Nothing if !io::stdin().is_terminal() => return serve(),
        _ => {}
    }
    ended(answer(request))
}

/// Says what is wrong with the arguments, or helps. An argument that could be a key is not repeated.
fn complain(error: &clap::Error) -> io::Result<()> {
    let plain = error.render().to_string();
    let hidden = discreet(&plain);
    match error.use_stderr() && hidden != plain {
        true => write!(io::stderr(), "{hidden}"),
        false => error.print(),
    }
}

fn answer(request: Request) -> Result<ExitCode> {
    let mut out = io::stdout();
    match request {
        Request::Check(check) => verdict::check(&check).map(ExitCode::from),
        Request::Command(command) => self::command(command, &mut out),
        Request::Nothing | Request::Serve => {
            writeln!(out, "{}", args::command().render_help())?;
            Ok(ExitCode::from(CLEAN))
        }
    }
}

fn command(command: Command, out: &mut dyn Write) -> Result<ExitCode> {
    match command {
        Command::Run(args) => return run::run(&args),
        Command::Env(args) => env::env(&args, out)?,
        Command::Stores => store::stores(out)?,
        Command::Store { action } => {
            let code = store::store(&action, out)?;
            out.flush()?;
            return Ok(ExitCode::from(code));
        }
        Command::Policy(args) => {
            let code = policy::policy(&args, out)?;
            out.flush()?;
            return Ok(ExitCode::from(code));
        }
        Command::Trust { remove: true, .. } => trust::remove(out)?,
        Command::Trust { yes, .. } => trust::trust(yes, out, &mut ask)?,
        Command::Undo { yes } => undo::undo(yes, out, &mut ask)?,
        Command::Clean { yes } => clean::clean(yes, out, &mut ask)?,
        Command::Init(args) => init::init(&args, out, &mut ask)?,
        Command::Config(args) => config::config(&args, out)?,
        Command::Doctor(args) => {
            let code = doctor::doctor(&args, out)?;
            out.flush()?;
            return Ok(ExitCode::from(code));
        }
        Command::Audit(args) => {
            let code = audit::audit(&args, out)?;
            out.flush()?;
            return Ok(ExitCode::from(code));
        }
        Command::Inventory(args) => {
            let code = inventory::command(&args, out)?;
            out.flush()?;
            return Ok(ExitCode::from(code));
        }
        Command::Rotate(args) => {
            let code = rotate::rotate(&args, out)?;
            out.flush()?;
            return Ok(ExitCode::from(code));
        }
        Command::Incident(args) => {
            let code = incident::incident(&args, out)?;
            out.flush()?;
            return Ok(ExitCode::from(code));
        }
        Command::Usage(args) => {
            let code = usage::command(&args, out)?;
            return Ok(ExitCode::from(code));
        }
        Command::AddRecipient { keys, name, yes } => {
            team::add_recipient(Path::new("."), &keys, name.as_deref(), yes, out, &mut ask)?;
        }
        Command::Rekey { yes } => team::rekey(Path::new("."), yes, out, &mut ask)?,
        Command::Explain { what } => explain::explain(out, &what)?,
        Command::Rules => explain::rules(out)?,
        Command::Providers { name } => {
            explain::providers(out, Workspace::open(Path::new("."))?.catalogue(), name.as_deref())?;
        }
        Command::Completions { shell } => explain::completions(out, shell)?,
        Command::Man { folder } => man::man(out, folder.as_deref())?,
        Command::Hook(args) => return Ok(ExitCode::from(hook::hook(&args, out))),
        Command::Mcp => mcp::serve(out)?,
        Command::Demo => demo::demo(out)?,
    }
    out.flush()?;
    Ok(ExitCode::from(CLEAN))
}

/// Asks on the terminal. Where there is none, nobody can say yes.
fn ask(out: &mut dyn Write) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        return Err(io::Error::other("there is no terminal to ask on: add --yes to go on without asking"));
    }
    write!(out, "go on? [y/N] ")?;
    out.flush()?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// A path that can be printed.
fn visible(path: &Path) -> String {
    report::visible(&report::slashed(path))
}

/// The exit code. Nobody knows what a reader that left has missed, so that is no success: it ends as programs do that a
/// broken pipe ends.
fn ended(result: Result<ExitCode>) -> ExitCode {
    match result {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::from(UNREAD),
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

/// The key of who manages a provider's keys: a variable of the environment, whose value may be a reference.
fn admin_key(variable: &str, stores: &Stores) -> Option<Result<Secret, String>> {
    let value = std::env::var(variable).ok().filter(|it| !it.is_empty())?;
    Some(match SecretRef::parse(&value) {
        Some(at) => stores.get(&at).map_err(|error| error.to_string()),
        None => Ok(Secret::new(value)),
    })
}

/// A provider's account, opened with the administrator's key of the environment; none where no interface is known.
fn open_account(provider: &str, stores: &Stores) -> Result<Option<Box<dyn Account>>, String> {
    accounts::open(provider, &|variable| admin_key(variable, stores))
}
