//! The answers, each in its agent's own words.
//!
//! Claude Code and Codex: silence leaves the call to the user's permissions; an `allow` would skip their questions, and
//! Codex refuses one. Gemini CLI: the same. Cursor's editor takes silence of a hook that may refuse for a failure, so
//! that one is always answered.

use serde_json::{Value, json};

use super::call::{Call, Event};
use crate::cli::args::Agent;

/// The answer to a call that was refused for this reason, or is fine.
pub(super) fn answer(call: &Call, refused: &Option<String>) -> String {
    let answer = match (call.agent, refused) {
        (Agent::Cursor, None) if call.event == Event::Other => json!({}),
        (Agent::Cursor, None) => json!({ "permission": "allow" }),
        (Agent::Cursor, Some(reason)) => {
            json!({ "permission": "deny", "user_message": reason, "agent_message": reason })
        }
        (_, None) => return String::new(),
        (Agent::Claude | Agent::Codex, Some(reason)) => json!({
            "hookSpecificOutput": {
                "hookEventName": "PreToolUse",
                "permissionDecision": "deny",
                "permissionDecisionReason": reason,
            }
        }),
        (Agent::Gemini, Some(reason)) => json!({ "decision": "deny", "reason": reason }),
    };
    line(&answer)
}

fn line(answer: &Value) -> String {
    format!("{answer}\n")
}
