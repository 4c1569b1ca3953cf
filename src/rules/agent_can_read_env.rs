//! An env file with live keys beside a coding agent that may read it.

use super::context::Context;
use super::env_file_in_git::{listed, secrets};
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, deny};

pub(super) static RULE: Rule = Rule {
    id: "agent-can-read-env",
    severity: Severity::Hint,
    cwe: &[552, 312],
    docs: "A coding agent works in this folder, and no rule keeps it from reading the keys in this file.

What an agent reads goes to its provider, and into transcripts that stay on the disk. \
Files that only ignore (`.gitignore` and their like) were shown not to hold an agent back.

Write the rule that the agent honours: that is the fix here. An agent that may run commands can still print the file. \
Its hook, `aikeys-lsp hook AGENT --deny-env-reads`, refuses commands that name the file. An encrypted store is better: \
after `aikeys-lsp store init` the env file holds references only, and `aikeys-lsp run` resolves them.",
    check,
    fixes: |context, _| {
        let open = context.around.agents.iter().filter(|agent| !agent.is_denied());
        Repairs { fixes: open.filter_map(deny).collect(), refused: None }
    },
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if !context.is_env_file() {
        return;
    }
    let names: Vec<String> =
        context.around.agents.iter().filter(|agent| !agent.is_denied()).map(|agent| agent.name.clone()).collect();
    if names.is_empty() {
        return;
    }
    let keys = secrets(context);
    if keys.is_empty() {
        return;
    }
    let message = format!("{} can read this file, and it holds {}", listed(&names), listed(&keys));
    findings.push(context.plain_finding(RULE.id, RULE.severity, context.first_line(), message, None));
}
