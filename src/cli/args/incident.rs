//! The arguments of `incident`. The value is none of them: others on the machine can read those.

use std::path::PathBuf;

use super::Shown;

/// Answers what a leaked value asks for.
#[derive(Debug, clap::Args)]
pub struct Incident {
    /// A folder of the workspace, or a bare repository
    #[arg(value_name = "PATH", default_value = ".")]
    pub path: PathBuf,
    /// Ask nobody: no provider whether it is alive, no store, no account
    #[arg(long)]
    pub offline: bool,
    /// Note its fingerprint in aikeys.lock, so that checks report it wherever it comes back
    #[arg(long)]
    pub burn: bool,
    /// How it is written
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "human", hide_possible_values = false)]
    pub format: Shown,
}
