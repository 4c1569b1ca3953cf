//! Why something is refused, and what to do instead: for an agent that reads it, and for its user.

use std::path::{Path, PathBuf};

use crate::cli::visible;
use crate::secrets::without_keys;

/// What is refused.
pub(super) enum Refusal {
    /// A file would hold a key.
    Write {
        /// As the user knows it.
        path: PathBuf,
        /// Where, and which.
        problems: Vec<Problem>,
    },
    /// A file for secrets would hold some, and git would take it.
    Kept {
        /// As the user knows it.
        path: PathBuf,
        /// Which.
        problems: Vec<Problem>,
    },
    /// A command holds a key.
    Command(Vec<Problem>),
    /// An env file would be read.
    Read {
        /// Which, as it was named.
        name: String,
    },
}

/// One key.
pub(super) struct Problem {
    /// From 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// What may be shown of the key.
    pub redacted: Option<String>,
    /// Which rule says so.
    pub rule: &'static str,
    /// What its provider's programs read.
    pub variable: Option<String>,
}

/// So many keys are named; an agent needs no more to see what is meant.
const NAMED: usize = 3;

/// All refusals as one reason.
pub(super) fn joined(refusals: Vec<Refusal>) -> Option<String> {
    let mut reasons: Vec<String> = refusals.iter().map(reason).collect();
    reasons.dedup();
    // Paths and names are quoted, and each of them can be a key.
    (!reasons.is_empty()).then(|| without_keys(&reasons.join("\n")).into_owned())
}

fn reason(refusal: &Refusal) -> String {
    match refusal {
        Refusal::Write { path, problems } => format!(
            "aikeys-lsp stopped this write: {} would hold {}.\n{}\n{} The value belongs into `.env`, which git has to \
             ignore: ask the user to put it there by hand. Keys that stand in files already are moved by `aikeys-lsp \
             --check --fix`. If this is no key, ask the user instead of writing it another way.",
            visible(path),
            keys(problems.len()),
            listed(problems),
            read_instead(problems)
        ),
        Refusal::Kept { path, problems } => format!(
            "aikeys-lsp stopped this write to {}.\n{}\nLet .gitignore cover the file first, then write it again; if git \
             tracks it, `git rm --cached` takes it out. A template such as `.env.example` has the names without values.",
            visible(path),
            listed(problems)
        ),
        Refusal::Command(problems) => format!(
            "aikeys-lsp stopped this command: it holds {}.\n{}\n{} A command stays in transcripts and in the history of \
             the shell. `aikeys-lsp run -- COMMAND` starts a program with the variables of `.env`; a value that is not \
             there yet is put there by the user, by hand. If this is no key, ask the user instead of writing it another \
             way.",
            keys(problems.len()),
            listed(problems),
            read_instead(problems)
        ),
        Refusal::Read { name } => format!(
            "aikeys-lsp stopped this: {} names an env file, and what an agent reads goes to its provider and into \
             transcripts. `.env.example` has the names of the variables. `aikeys-lsp run -- COMMAND` starts a program \
             with their values, `aikeys-lsp --check` says what is wrong in files, without values. The user asked for \
             this with `--deny-env-reads`.",
            visible(Path::new(name))
        ),
    }
}

fn keys(count: usize) -> String {
    if count == 1 { "a key".to_owned() } else { format!("{count} keys") }
}

fn listed(problems: &[Problem]) -> String {
    let line = |problem: &Problem| {
        let redacted = problem.redacted.as_ref().map(|it| format!(" ({it})")).unwrap_or_default();
        format!("- line {}: {}{redacted} [{}]", problem.line, problem.message, problem.rule)
    };
    let mut lines: Vec<String> = problems.iter().take(NAMED).map(line).collect();
    if problems.len() > NAMED {
        lines.push(format!("- and {} more", problems.len() - NAMED));
    }
    lines.join("\n")
}

fn read_instead(problems: &[Problem]) -> String {
    let mut names: Vec<&str> = problems.iter().filter_map(|it| it.variable.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    match names.as_slice() {
        [] => "Read it from the environment instead.".to_owned(),
        names => format!("Read {} from the environment instead.", names.join(", ")),
    }
}
