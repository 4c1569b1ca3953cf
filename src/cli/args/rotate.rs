//! The arguments of `rotate`.

use std::path::PathBuf;
use std::time::Duration;

use super::time::duration;

use clap::ValueEnum;

/// Puts a new key in the place of an old one.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").args(["name", "status", "due", "emit", "serve"]).required(true))]
pub struct Rotate {
    /// The variable of `.env` that holds the key, or a reference to it
    #[arg(value_name = "NAME")]
    pub name: Option<String>,
    /// Go on with a rotation that stopped or waits
    #[arg(long, requires = "name", conflicts_with_all = ["abort", "forget", "assisted", "hook", "grace", "lifetime"])]
    pub resume: bool,
    /// Put the old key back, and end the new one
    #[arg(long, requires = "name", conflicts_with_all = ["forget", "assisted", "hook", "grace", "lifetime"])]
    pub abort: bool,
    /// Forget a rotation that can neither go on nor back; keys and files stay as they are
    #[arg(long, requires = "name", conflicts_with_all = ["assisted", "hook", "grace", "lifetime"])]
    pub forget: bool,
    /// Make and revoke the keys yourself: the new one is typed, or comes on standard input
    #[arg(long, requires = "name")]
    pub assisted: bool,
    /// Run this once the new key is written: what makes programs take it (`kubectl rollout restart …`)
    #[arg(long, value_name = "COMMAND")]
    pub hook: Option<String>,
    /// For how long the old key stays after that [default: 1h where the provider tells the last use, else 24h]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub grace: Option<Duration>,
    /// For how long the new key lives, where the provider can do that [default: what aikeys.lock or the settings allow]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub lifetime: Option<Duration>,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// List the rotations of this workspace, and what each waits for
    #[arg(long, conflicts_with_all = ["assisted", "hook", "grace", "lifetime", "yes"])]
    pub status: bool,
    /// List the keys of aikeys.lock that are older than they may be; with `--yes` rotate them, and go on with those that wait
    #[arg(long)]
    pub due: bool,
    /// Print a job that rotates what is due, for a system that starts it; nothing in it holds a key
    #[arg(long, value_enum, value_name = "SYSTEM", conflicts_with_all = ["name", "due", "status", "yes", "json"])]
    pub emit: Option<System>,
    /// Write the job's files into this folder instead
    #[arg(long, value_name = "FOLDER", requires = "emit")]
    pub output: Option<PathBuf>,
    /// Answer the system that drives rotations: what the job of `--emit` starts
    #[arg(long, value_enum, value_name = "SYSTEM", conflicts_with_all = ["name", "due", "status", "yes", "json", "emit"])]
    pub serve: Option<Serve>,
    /// The field of the secret that holds the key, with `--serve aws-lambda`
    #[arg(long, value_name = "FIELD", requires = "serve")]
    pub field: Option<String>,
    /// Whose keys they are, with `--serve aws-lambda` [default: as the key looks]
    #[arg(long, value_name = "PROVIDER", requires = "serve")]
    pub provider: Option<String>,
    /// One object instead, with `--status` or `--due`
    #[arg(long, conflicts_with_all = ["name", "yes"])]
    pub json: bool,
}

/// What starts a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum System {
    /// A workflow, every day
    GithubActions,
    /// A service and a timer, every day
    Systemd,
    /// A function that AWS Secrets Manager calls
    AwsLambda,
    /// A service that Google Cloud Secret Manager notifies
    GcpPubsub,
}

/// What drives rotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Serve {
    /// AWS Secrets Manager, through Lambda
    AwsLambda,
    /// Google Cloud Secret Manager, through Pub/Sub
    GcpPubsub,
}
