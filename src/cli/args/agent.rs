//! The arguments of what coding agents start: `hook`.

use clap::ValueEnum;

/// Answers an agent's hook.
#[derive(Debug, clap::Args)]
pub struct Hook {
    /// Whose hook this is
    #[arg(value_enum, value_name = "AGENT", hide_possible_values = false)]
    pub agent: Agent,
    /// Also stop reads of env files, by the agent's tools and by commands that name one
    #[arg(long)]
    pub deny_env_reads: bool,
}

/// A coding agent whose hooks are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Agent {
    /// Claude Code: `PreToolUse`
    Claude,
    /// Codex: `PreToolUse`
    Codex,
    /// Cursor: `preToolUse`, `beforeShellExecution`, `beforeReadFile`
    Cursor,
    /// Gemini CLI: `BeforeTool`
    Gemini,
}
