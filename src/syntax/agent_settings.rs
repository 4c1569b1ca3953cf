//! Files of a project that tell agents where to send keys: what `grammars/readers.toml` says.

use std::path::Path;

use serde::Deserialize;

use super::language::glob;
use super::reader::{agent_settings, ends_like};

/// A kind of file that tells the agents of whoever opens the project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AgentSettings {
    /// What reads it.
    pub name: String,
    /// The ends of the paths of its files.
    files: Vec<String>,
    /// The ends of the names of entries that are addresses.
    addresses: Vec<String>,
    /// Those of entries that are commands which give a key.
    #[serde(default)]
    commands: Vec<String>,
    /// The address of any provider is one of its own.
    #[serde(default)]
    pub others: bool,
    /// Hosts that serve the same to its users, `*` for any part.
    #[serde(default)]
    hosts: Vec<String>,
}

impl AgentSettings {
    /// What is known of the file at this path. Any walk asks this of any file.
    pub fn of_path(path: &Path) -> Option<&'static AgentSettings> {
        let name = path.file_name()?.to_str()?;
        let is_last = |file: &String| glob(file.rsplit('/').next().unwrap_or(""), name);
        agent_settings().iter().find(|it| it.files.iter().any(is_last) && ends_like(&it.files, path))
    }

    /// The host serves what the agent asks for, by itself.
    pub fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|it| glob(it, host))
    }

    /// The entry of these names, the outermost first, is an address.
    pub fn is_address(&self, names: &[&str]) -> bool {
        is_end(&self.addresses, names)
    }

    /// The entry of these names is a command.
    pub fn is_command(&self, names: &[&str]) -> bool {
        is_end(&self.commands, names)
    }
}

/// One of `ends` is what the names end with, put together.
fn is_end(ends: &[String], names: &[&str]) -> bool {
    let whole = names.join(".");
    ends.iter().any(|end| whole.strip_suffix(end.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}
