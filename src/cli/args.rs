//! The arguments, and nothing that is done with them.

mod agent;
mod incident;
mod policy;
mod project;
mod rotate;
mod run;
mod store;
mod time;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

pub use agent::{Agent, Hook};
pub use incident::Incident;
pub use policy::{Policy, PolicyFormat, PolicyStore};
pub use project::{
    Audit, AuditAction, AuditFormat, Config, Doctor, Init, Inventory, InventoryFormat, OtherTool, Schema, Shown, Usage,
    UsageFormat,
};
pub use rotate::{Rotate, Serve, System};
pub use run::{Choice, Env, EnvFormat, Run};
pub use store::StoreAction;

use super::version;
use crate::project::SEVERITIES;
use crate::rules::{RULES, SETS};

/// What the user asked for.
#[derive(Debug)]
pub enum Request {
    /// Check files, and with `--fix` repair them.
    Check(Box<Check>),
    /// A subcommand.
    Command(Command),
    /// Speak the language server protocol.
    Serve,
    /// There was no argument.
    Nothing,
}

/// Finds literal AI keys and unsafe env handling, and moves the keys to a safe place so that the program still runs.
///
/// Without arguments it is a language server on standard input and output. Exit codes of a check: 0 nothing at or above
/// `--fail-on`, 1 findings, 2 something could not be checked.
#[derive(Debug, Parser)]
#[command(
    name = "aikeys-lsp",
    bin_name = "aikeys-lsp",
    version,
    long_version = version::long(),
    args_conflicts_with_subcommands = true,
    max_term_width = 110
)]
#[command(
    override_usage = "aikeys-lsp --check [OPTIONS] [PATH]...\n       aikeys-lsp <COMMAND>\n       aikeys-lsp --stdio"
)]
struct Whole {
    #[command(flatten)]
    check: Check,
    /// Language server on standard input and output
    #[arg(long)]
    stdio: bool,
    /// Editors pass the id of their process; `initialize` has it as well.
    #[arg(long = "clientProcessId", hide = true)]
    _client: Option<u32>,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Finds literal AI keys and unsafe env handling.
///
/// Exit codes: 0 nothing at or above `--fail-on`, 1 findings, 2 something could not be checked, 141 the reader of the
/// report left.
#[derive(Debug, Parser)]
#[command(name = "aikeys-lsp", bin_name = "aikeys-lsp", version, long_version = version::long(), max_term_width = 110)]
#[command(override_usage = "aikeys-lsp --check [OPTIONS] [PATH]...")]
pub struct Check {
    /// Files and folders to check [default: .]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Check files and report what is wrong
    #[arg(long)]
    pub check: bool,
    /// Also move the keys: shows its plan and asks first
    #[arg(long)]
    pub fix: bool,
    /// Show what `--fix` would do as a diff and change nothing
    #[arg(long)]
    pub diff_only: bool,
    /// Let `--fix` move the keys of these files from every other file of the workspace as well
    #[arg(long)]
    pub everywhere: bool,
    /// Do not ask before `--fix` changes files, or `--verify` sends keys
    #[arg(long)]
    pub yes: bool,
    /// Where `--fix` moves keys: `env`, `local`, `vault` … (`aikeys-lsp stores` lists them)
    #[arg(long, value_name = "STORE")]
    pub to: Option<String>,
    /// The variable that the moved key gets
    #[arg(long, value_name = "VAR")]
    pub name: Option<String>,
    /// How findings are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = false)]
    pub format: Format,
    /// Write the report to a file: in another format beside the one of `--format`, or instead of standard output, which
    /// `-` stands for
    #[arg(long, value_name = "[FORMAT=]FILE", value_parser = Output::parse)]
    pub output: Vec<Output>,
    /// Colours in the terminal
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto", global = true)]
    pub color: Color,
    /// Print findings and errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Name what was skipped, and why
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Only these rules; `default` and `pedantic` are sets of them
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rules(), hide_possible_values = true)]
    pub select: Vec<String>,
    /// Not these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',', value_parser = rules(), hide_possible_values = true)]
    pub ignore: Vec<String>,
    /// The least severity that makes the exit code 1 [default: warning]
    #[arg(long, value_name = "SEVERITY", value_parser = PossibleValuesParser::new(SEVERITIES))]
    pub fail_on: Option<String>,
    /// Findings that this file lists are not reported [default: the `baseline` of aikeys.toml]
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,
    /// Report also what the baseline of aikeys.toml lists
    #[arg(long, conflicts_with = "baseline")]
    pub no_baseline: bool,
    /// List all findings in this file instead of reporting them
    #[arg(long, value_name = "FILE", conflicts_with = "baseline")]
    pub write_baseline: Option<PathBuf>,
    /// Ask the providers whether the keys found are alive: each key is sent to its own provider, who logs it
    #[arg(long, conflicts_with_all = ["fix", "diff_only", "write_baseline", "prune_baseline"])]
    pub verify: bool,
    /// Take out of the baseline what is no longer found, instead of reporting
    #[arg(long, conflicts_with_all = ["write_baseline", "no_baseline", "fix", "diff_only"])]
    pub prune_baseline: bool,
    /// Exit 0 whatever was found
    #[arg(long)]
    pub exit_zero: bool,
    /// Check the text on standard input under this name
    #[arg(long, value_name = "NAME", group = "what", conflicts_with = "paths")]
    pub stdin_filename: Option<PathBuf>,
    /// Check what is staged for the next commit, as git's index holds it
    #[arg(long, group = "what", conflicts_with_all = MOVES)]
    pub staged: bool,
    /// Report findings on lines that changed since HEAD and this revision went apart
    #[arg(long, value_name = "REV", group = "what", conflicts_with_all = MOVES)]
    pub since: Option<String>,
    /// Check the files that this one lists, a NUL or a line end behind each; `-` is standard input
    #[arg(long, value_name = "FILE", group = "what", conflicts_with = "paths")]
    pub files_from: Option<PathBuf>,
    /// Check what every commit brought instead of the files as they are
    #[arg(long, group = "what", conflicts_with = "everywhere")]
    pub history: bool,
    /// Leave out excluded files also when they are named
    #[arg(long)]
    pub force_exclude: bool,
    /// Also look into node_modules, site-packages, dist-packages, vendor, target and dist
    #[arg(long)]
    pub include_build: bool,
}

/// A subcommand.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a program with the variables of `.env`, references resolved
    Run(Run),
    /// Print the variables of `.env`, references resolved
    Env(Env),
    /// List the stores that keys can move to, and how each is set up
    Stores,
    /// Put, read and look after secrets in a store
    Store {
        /// What to do
        #[command(subcommand)]
        action: StoreAction,
    },
    /// Print the policy of a store that allows just the references in use here
    ///
    /// With `--diff` the exit codes are: 0 the token may do that and no more, 1 there is a difference, 2 it is not known.
    Policy(Policy),
    /// Let the `[stores]` of this workspace's aikeys.toml count, as they are now
    Trust {
        /// Do not ask
        #[arg(long)]
        yes: bool,
        /// No longer
        #[arg(long, conflicts_with = "yes")]
        remove: bool,
    },
    /// Put back what the last move changed in sources; the key stays in its store
    Undo {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Delete the copies of editors and tools (undo, swap, backup, history, checkpoint) that hold keys; shows them and asks first
    Clean {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Set up a project: git hook, ignore files, `.env.example`, settings; shows it all as a diff and asks first
    Init(Init),
    /// Show the settings that count for a path, each with where it comes from
    Config(Config),
    /// Look at settings, git, loaders and stores: a page for a bug report, without paths, names or keys
    Doctor(Doctor),
    /// List every key and reference of a workspace: whose, where it stands, who reads it, how far it got
    Inventory(Inventory),
    /// Ask the providers' accounts when each key of a workspace was last used, how often, and what it cost
    ///
    /// The administrator's key of an account stands in the environment: OPENAI_ADMIN_KEY, ANTHROPIC_ADMIN_KEY,
    /// OPENROUTER_MANAGEMENT_KEY, or a reference to it; of Amazon the usual login counts. Exit codes: 0 all was told, 1 a
    /// finding of `--fail-on` is there, 2 something could not be asked.
    Usage(Usage),
    /// Answer for a leaked value, which standard input gives: whose, where, pushed, alive, what to do
    ///
    /// The value may be a key, `NAME=value`, lines of an env file, JSON or base64; a prompt does not show it. It is looked
    /// for in files, behind references and in the whole history of git, as it is, escaped, and in base64, hex and UTF-16; not
    /// in compressed archives. Exit codes: 0 it is dead and stands nowhere any more, 1 it is not contained, 2 that is not known.
    Incident(Incident),
    /// Put a new key in the place of an old one: make it, try it, write it, and end the old one once nobody uses it
    Rotate(Rotate),
    /// Say what happened to secrets on this machine: moved, resolved, shown, rotated, refused; by whom and with what. With
    /// `--store`: who read them at their store, as its log has it
    Audit(Audit),
    /// Let a teammate read the encrypted store
    AddRecipient {
        /// A public key, which `aikeys-lsp store init` shows there, or a file with public keys
        #[arg(required = true, value_name = "KEY|FILE")]
        keys: Vec<String>,
        /// Whose key this is, for the list
        #[arg(long = "as", value_name = "NAME")]
        name: Option<String>,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Encrypt the store to those whom .aikeys/recipients.txt names now
    Rekey {
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Say what a rule finds, why that is bad and what to do; or what was seen in a line, and what silenced it
    Explain {
        /// The rule, or FILE:LINE
        #[arg(value_name = "RULE|FILE:LINE")]
        what: String,
    },
    /// List the rules
    Rules,
    /// List the providers whose keys are known, or say all about one
    Providers {
        /// Its id, name or variable
        name: Option<String>,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual's main page, or write a page for each command
    Man {
        /// The folder for the pages
        #[arg(value_name = "DIR")]
        folder: Option<PathBuf>,
    },
    /// Answer the hook of a coding agent: no write and no command may hold a key
    ///
    /// An agent starts it and sends a call of a tool on standard input. Exit codes: 0 the call is answered, 1 nothing was
    /// checked, which agents show and go on.
    Hook(Hook),
    /// Serve checks to agents, by the Model Context Protocol on standard input and output
    Mcp,
    /// Show a check and a move on a made-up project
    Demo,
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With an excerpt, for people
    Human,
    /// One object
    Json,
    /// A finding a line
    Jsonl,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// Markdown for the summary of a GitHub job: `--output github-summary=$GITHUB_STEP_SUMMARY`
    GithubSummary,
    /// Code quality of GitLab
    Gitlab,
    /// Secret detection of GitLab: only findings with a secret
    GitlabSecrets,
    /// JUnit's XML: a test case a finding
    Junit,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// A file that a report goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// `None` is the format of `--format`.
    pub format: Option<Format>,
    /// The file.
    pub path: PathBuf,
}

/// What goes with all that lies in files, and not with a part of it.
const MOVES: [&str; 4] = ["fix", "diff_only", "everywhere", "write_baseline"];

/// Reads the arguments. The error knows its exit code and whether it is an answer to `--help`.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Request, clap::Error> {
    request(args).map_err(|mut error| {
        // Of an option that is not there no other one is a better guess: `--include-build` for `--branch`.
        for guess in [ContextKind::SuggestedArg, ContextKind::Suggested] {
            if error.kind() == ErrorKind::UnknownArgument {
                error.remove(guess);
            }
        }
        error
    })
}

fn request(args: impl IntoIterator<Item = OsString>) -> Result<Request, clap::Error> {
    let args: Vec<OsString> = args.into_iter().collect();
    if args.len() <= 1 {
        return Ok(Request::Nothing);
    }
    if is_check(&args) {
        return Ok(Request::Check(Box::new(Check::try_parse_from(args)?)));
    }
    let mut clap = command();
    let whole = Whole::from_arg_matches(&clap.try_get_matches_from_mut(args)?)?;
    match whole.command {
        Some(command) => Ok(Request::Command(command)),
        None if whole.check.paths.is_empty() && whole.stdio => Ok(Request::Serve),
        None => Err(clap.error(ErrorKind::MissingRequiredArgument, missing_check(&whole.check))),
    }
}

/// All arguments, for help and completions.
pub fn command() -> clap::Command {
    Whole::command()
}

/// With one of these flags every other word is a path: a file can be called `run`.
fn is_check(args: &[OsString]) -> bool {
    let mut words = args.iter().skip(1).take_while(|word| *word != "--");
    words.any(|word| ["--check", "--fix", "--diff-only"].iter().any(|flag| word == flag))
}

fn missing_check(check: &Check) -> String {
    match check.paths.first() {
        Some(word) => {
            let word = word.to_string_lossy().escape_debug().to_string();
            format!(
                "there is no command `{word}`\n\n  tip: to check a file or folder, write `aikeys-lsp --check {word}`"
            )
        }
        None => "`--check` is missing: these options go with `aikeys-lsp --check`".to_owned(),
    }
}

fn rules() -> PossibleValuesParser {
    PossibleValuesParser::new(RULES.iter().map(|rule| rule.id).chain(SETS))
}

impl Output {
    fn parse(text: &str) -> Result<Output, String> {
        let Some((name, path)) = text.split_once('=').filter(|(name, _)| !name.contains(['/', '\\', '.'])) else {
            return Ok(Output { format: None, path: PathBuf::from(text) });
        };
        let format = Format::from_str(name, false).map_err(|_| {
            format!("there is no format `{}`: a file with `=` in its name is written `./{text}`", name.escape_debug())
        })?;
        Ok(Output { format: Some(format), path: PathBuf::from(path) })
    }
}

impl Check {
    /// The files and folders to check.
    pub fn targets(&self) -> Vec<PathBuf> {
        if self.paths.is_empty() { vec![PathBuf::from(".")] } else { self.paths.clone() }
    }
}
