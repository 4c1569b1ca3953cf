//! A key becomes a part of the binary.

use std::iter::successors;
use std::path::Path;

use super::context::Context;
use super::flow::opener;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety, read_loudly};
use crate::secrets::is_env_file;
use crate::syntax::Fact;
use crate::text::Span;

pub(super) static RULE: Rule = Rule {
    id: "compile-time-embed",
    severity: Severity::Error,
    cwe: &[798, 540, 312],
    docs: "A key is read when the program is built, so it becomes a part of the binary.

Whoever has the binary has the key: `strings` shows it. \
It cannot be rotated without a new build, and all who share the binary share the key.

Read the variable when the program runs.",
    check,
    fixes: |context, finding| {
        let embeds = |fact: &Fact| matches!(fact, Fact::EnvEmbed { span, .. } if *span == finding.span);
        if finding.provider.is_none() || !context.facts().iter().any(embeds) {
            return Repairs::default();
        }
        let mut repairs = read_loudly(context.doc, finding.span, context.variable_in(finding.span));
        // The type changes from `&'static str` to `String`: a person has to look.
        repairs.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Offered);
        repairs
    },
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    if context.variables().is_empty() {
        return;
    }
    let mut last: Option<Span> = None;
    for fact in context.facts().iter() {
        let (span, message, provider) = match *fact {
            Fact::EnvEmbed { span, name } => {
                let name = context.doc.slice(name);
                match context.catalogue().provider_of_env(name) {
                    Some(provider) => (span, format!("{name} becomes a part of the binary"), Some(provider)),
                    None if is_env_file(Path::new(name)) => {
                        (span, "the keys of this env file become a part of the binary".to_owned(), None)
                    }
                    None => continue,
                }
            }
            // A build script hands it on.
            Fact::Literal { span, value } => {
                let text = context.doc.slice(value);
                let Some((_, rest)) = text.split_once("rustc-env=") else { continue };
                let name = rest.split('=').next().unwrap_or("");
                let Some(provider) = context.catalogue().provider_of_env(name) else { continue };
                (span, format!("{name} becomes a part of the binary"), Some(provider))
            }
            _ => continue,
        };
        if last.is_none_or(|last| !last.overlaps(span)) {
            let severity = if is_for_tests(context.doc.text(), span) { Severity::Hint } else { RULE.severity };
            findings.push(context.plain_finding(RULE.id, severity, span, message, provider));
            last = Some(span);
        }
    }
}

/// A block around the place, or its own statement, is in no program that is given out: `#[cfg(test)] mod tests { … }`.
fn is_for_tests(text: &str, place: Span) -> bool {
    let marks = ["#[cfg(test)]", "#[cfg(debug_assertions)]"];
    let is_so = |head: &str| head.lines().any(|line| marks.iter().any(|it| line.trim_start().starts_with(it)));
    // What stands between the statement before it and the block.
    let head = |end: usize| {
        let near = &text[text.floor_char_boundary(end.saturating_sub(HEAD))..end];
        near.rsplit([';', '}', '{', ',']).next().unwrap_or("")
    };
    let blocks = successors(Some((place.start as usize, ' ')), |(start, _)| opener(&text[..*start]));
    blocks.take(DEPTH).any(|(start, sign)| !matches!(sign, '(' | '[') && is_so(head(start)))
}

/// How far before a block its head is looked for, in bytes.
const HEAD: usize = 500;
/// So many brackets around a place are looked at.
const DEPTH: usize = 20;
