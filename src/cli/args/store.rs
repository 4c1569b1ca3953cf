//! The arguments of `store`.

use std::path::PathBuf;

use clap::Subcommand;

/// What `store` does.
#[derive(Debug, Subcommand)]
pub enum StoreAction {
    /// Make the encrypted store of a workspace, and this machine's identity
    Init {
        /// Put a passphrase before the identity
        #[arg(long)]
        passphrase: bool,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Store the value on standard input, or the one that is typed
    Put {
        /// `ref+vault://secret/app#/NAME` …
        #[arg(value_name = "REF")]
        reference: String,
        /// Take the place of another value; it stays as an older version where the store has versions
        #[arg(long)]
        replace: bool,
    },
    /// Print a value
    Get {
        /// `ref+vault://secret/app#/NAME` …
        #[arg(value_name = "REF")]
        reference: String,
        /// Also to a terminal, where everybody can read it
        #[arg(long)]
        reveal: bool,
    },
    /// List what lies at a place, and the versions of a secret
    List {
        /// `ref+vault://secret/app` …
        #[arg(value_name = "REF")]
        reference: String,
    },
    /// See whether secrets are there, without reading them [default: all of `.env`]
    Check {
        /// `ref+vault://secret/app#/NAME` …
        #[arg(value_name = "REF")]
        references: Vec<String>,
        /// Read this file instead of `.env`
        #[arg(long, value_name = "FILE", conflicts_with = "references")]
        env_file: Option<PathBuf>,
    },
    /// Put what lies under one reference under another one
    Copy {
        /// From here
        #[arg(value_name = "FROM")]
        from: String,
        /// To here
        #[arg(value_name = "TO")]
        to: String,
        /// Take the place of another value; it stays as an older version where the store has versions
        #[arg(long)]
        replace: bool,
    },
}
