//! The arguments of what looks after a project: `init`, `config`, `doctor`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Subcommand, ValueEnum};
use jiff::Timestamp;

use super::time::moment;
use crate::accounts::usage::Finding;

/// Sets up a project.
#[derive(Debug, clap::Args)]
pub struct Init {
    /// Also take over what another tool was told to leave alone
    #[arg(long, value_enum, value_name = "TOOL")]
    pub from: Vec<OtherTool>,
    /// A report of that tool which lists what is known
    #[arg(long, value_name = "FILE", requires = "from")]
    pub report: Vec<PathBuf>,
    /// Do not ask before files are changed
    #[arg(long)]
    pub yes: bool,
    /// List what is found today in a baseline, without asking: only new findings are reported from then on
    #[arg(long)]
    pub with_baseline: bool,
    /// Show what would change, and change nothing
    #[arg(long, conflicts_with = "yes")]
    pub dry_run: bool,
    /// What `store init` has now.
    #[arg(long, hide = true)]
    pub passphrase: bool,
}

/// A tool whose settings can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OtherTool {
    /// `.gitleaks.toml`, `.gitleaksignore`, reports
    Gitleaks,
    /// `.secrets.baseline`
    DetectSecrets,
}

/// Shows settings.
#[derive(Debug, clap::Args)]
pub struct Config {
    /// The file or folder they count for
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// How they are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = false)]
    pub format: Shown,
    /// Print a JSON Schema instead: of aikeys.toml and `[tool.aikeys]`, or with `=policy` of /etc/aikeys/policy.toml
    #[arg(long, value_enum, value_name = "OF", num_args = 0..=1, require_equals = true, default_missing_value = "settings")]
    pub schema: Option<Schema>,
}

/// A file that has a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// aikeys.toml, and `[tool.aikeys]` in pyproject.toml
    Settings,
    /// /etc/aikeys/policy.toml
    Policy,
}

/// Looks at everything.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = false)]
    pub format: Shown,
    /// Also ask the stores about the references of `.env`
    #[arg(long)]
    pub network: bool,
}

/// How what is known is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shown {
    /// For people
    Human,
    /// One object
    Json,
}

/// Lists keys.
#[derive(Debug, clap::Args)]
pub struct Inventory {
    /// A folder of the workspace
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table", hide_possible_values = false)]
    pub format: InventoryFormat,
    /// Write it into a file
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Write aikeys.lock: the variables of providers that are in use, without values
    #[arg(long, conflicts_with_all = ["output", "ask", "format"])]
    pub write_lock: bool,
    /// Also ask the stores which versions the references have, and since when
    #[arg(long)]
    pub ask: bool,
}

/// How an inventory is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum InventoryFormat {
    /// For people
    Table,
    /// One object
    Json,
    /// For table programs
    Csv,
    /// One page that needs nothing else
    Html,
}

/// Says what happened to secrets.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Audit {
    /// What to show of this machine's own log
    #[command(subcommand)]
    pub action: Option<AuditAction>,
    /// A log of a store, or a folder of them: of an audit device of Vault or OpenBao, of CloudTrail (also packed), of
    /// Google Cloud (`gcloud logging read --format json`); `-` is standard input
    #[arg(long, value_name = "LOG")]
    pub store: Vec<PathBuf>,
    /// The secrets, by their variables or as references [default: all that this workspace refers to]
    #[arg(value_name = "NAME|REF", requires = "store")]
    pub secrets: Vec<String>,
    /// Only what happened since then: 7d, 12h, 2w, or a day like 2026-05-31
    #[arg(long, value_name = "TIME", value_parser = moment, requires = "store")]
    pub since: Option<Timestamp>,
    /// How it is written
    #[arg(
        long,
        value_enum,
        value_name = "FORMAT",
        default_value = "table",
        hide_possible_values = false,
        requires = "store"
    )]
    pub format: AuditFormat,
}

/// How an answer from logs is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// For people
    Table,
    /// One object
    Json,
}

/// Asks accounts.
#[derive(Debug, clap::Args)]
pub struct Usage {
    /// A folder of the workspace
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// How far back: 24h, 7d, 2w, or a day (YYYY-MM-DD)
    #[arg(long, value_name = "TIME", value_parser = moment, default_value = "7d")]
    pub since: Timestamp,
    /// Only keys of these providers, by their ids
    #[arg(long, value_name = "ID", value_delimiter = ',')]
    pub provider: Vec<String>,
    /// Exit with 1 where one of these is found
    #[arg(long, value_name = "FINDING", value_delimiter = ',', value_parser = findings())]
    pub fail_on: Vec<String>,
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "table", hide_possible_values = false)]
    pub format: UsageFormat,
}

fn findings() -> PossibleValuesParser {
    PossibleValuesParser::new(Finding::ALL.map(Finding::id))
}

/// How the use of keys is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum UsageFormat {
    /// For people
    Table,
    /// One object
    Json,
    /// For scrapers
    Openmetrics,
}

/// What is shown of the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditAction {
    /// The last lines
    Tail {
        /// How many
        #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
        lines: usize,
        /// As they stand in the log: an object a line
        #[arg(long)]
        json: bool,
    },
    /// How often what happened to which secret, and when for the last time
    Stats,
}
