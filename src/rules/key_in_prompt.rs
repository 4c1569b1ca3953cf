//! A key becomes a part of what a model reads.

use super::context::Context;
use super::flow::is_still;
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::Repairs;
use crate::syntax::glob;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "key-in-prompt",
    severity: Severity::Error,
    cwe: &[201, 200],
    docs: "A key becomes a part of what a model reads.

The provider of the model stores it, and the model can repeat it to everyone who asks.

Keep the key in the code of the tool that needs it: the model only says which tool to call.",
    check,
    fixes: |_, _| Repairs::default(),
};

/// What a model is told by, whatever else stands there.
const PROMPTS: [&str; 8] = [
    "system",
    "prompt",
    "instructions",
    "system_prompt",
    "systemPrompt",
    "system_instruction",
    "systemInstruction",
    "system_message",
];
/// A message has a role beside its content: so far before it is looked for, in bytes.
const ROLE: usize = 120;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let doc = context.doc;
    let through = doc.language().map_or(&[][..], |it| &it.sinks.through);
    for source in context.sources() {
        for exit in source.exits.iter().filter(|exit| exit.in_text) {
            let (place, facts) = (exit.place, doc.facts_near(&[exit.place]));
            let is_prompt = |(name, _): &(Span, Span)| {
                let before = &doc.text()[..name.start as usize];
                let beside = &before[before.floor_char_boundary(before.len().saturating_sub(ROLE))..];
                let behind = doc.text()[name.end as usize..].trim_start_matches(['"', '\'', '`', ' ']);
                let is_entry = before.trim_end().ends_with(['"', '\'', ',', '{', '(']);
                match doc.slice(*name).trim_matches(['"', '\'']) {
                    "content" => is_entry && beside.contains("role"),
                    word => behind.starts_with([':', '=']) && PROMPTS.contains(&word),
                }
            };
            // Calls in between make something else of it.
            let Some((_, value)) = facts.bindings_around(place).into_iter().find(is_prompt) else { continue };
            let calls = facts.calls_around(place).into_iter().filter(|(callee, _)| value.contains(*callee));
            let gives_on = |callee: Span| through.iter().any(|it| glob(it, doc.slice(callee)));
            let is_same = place == source.span || is_still(doc, source.span, place);
            if !is_same || calls.into_iter().any(|(callee, _)| !gives_on(callee)) {
                continue;
            }
            let message = format!("{} becomes a part of what a model reads", source.what);
            let severity = severity_here(context, RULE.severity);
            findings.push(context.plain_finding(RULE.id, severity, place, message, Some(source.provider)));
        }
    }
}
