//! The arguments of `run` and `env`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::ValueEnum;

/// Starts a program.
#[derive(Debug, clap::Args)]
pub struct Run {
    /// Read this file instead of `.env`; of several, the later ones win
    #[arg(long = "env-file", value_name = "FILE")]
    pub env_files: Vec<PathBuf>,
    /// Which variables
    #[command(flatten)]
    pub choice: Choice,
    /// Replace secrets in what the program prints by `<NAME>`; its output is then no terminal
    #[arg(long)]
    pub mask: bool,
    /// Let the stores of this workspace's aikeys.toml count this time: editors say so where their user trusts the folder
    #[arg(long)]
    pub trust_workspace: bool,
    /// The program and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<OsString>,
}

/// Which variables of an env file.
#[derive(Debug, Default, clap::Args)]
pub struct Choice {
    /// Only this variable; may be given several times
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Not this variable, wherever it comes from; may be given several times
    #[arg(long, value_name = "NAME")]
    pub without: Vec<String>,
}

/// Prints variables.
#[derive(Debug, clap::Args)]
pub struct Env {
    /// Read this file instead of `.env`; of several, the later ones win
    #[arg(long = "env-file", value_name = "FILE")]
    pub env_files: Vec<PathBuf>,
    /// Which variables
    #[command(flatten)]
    pub choice: Choice,
    /// How they are written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "shell", hide_possible_values = false)]
    pub format: EnvFormat,
    /// Also to a terminal, where everybody can read them
    #[arg(long)]
    pub reveal: bool,
    /// Only variables whose secrets lie in a store
    #[arg(long)]
    pub references: bool,
    /// Let the stores of this workspace's aikeys.toml count this time: editors say so where their user trusts the folder
    #[arg(long)]
    pub trust_workspace: bool,
}

/// How variables are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EnvFormat {
    /// `export NAME='value'`, for `eval` and `source`
    Shell,
    /// The same, for `.envrc`
    Direnv,
    /// Lines of an env file
    Dotenv,
    /// Masks on standard output, values into the file `$GITHUB_ENV`
    Github,
    /// One object
    Json,
}
