//! The coding agents that work in a workspace.

use std::path::Path;

use super::files::read_small;
use crate::fixes::{Agent, Denial};

/// Name, what shows that it works here, where its rules stand, and how they deny. Sources: the agents' own manuals.
const AGENTS: &[(&str, &[&str], &[&str], Denial)] = &[
    (
        "Claude Code",
        &[".claude", "CLAUDE.md"],
        &[".claude/settings.json", ".claude/settings.local.json"],
        Denial::Permissions,
    ),
    ("Gemini CLI", &[".gemini", "GEMINI.md"], &[".geminiignore"], Denial::IgnoreFile),
    ("Codex", &[".codex"], &[], Denial::Nothing),
];

/// Who works in the workspace at `root`.
pub(super) fn agents(root: &Path) -> Vec<Agent> {
    let works_here = |marks: &[&str]| marks.iter().any(|mark| root.join(mark).exists());
    let text = |path: &&str| {
        let bytes = read_small(&root.join(path)).ok().flatten();
        (path.into(), bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let here = AGENTS.iter().filter(|(_, marks, ..)| works_here(marks));
    here.map(|(name, _, files, denial)| Agent {
        name: (*name).to_owned(),
        files: files.iter().map(text).collect(),
        denial: *denial,
    })
    .collect()
}
