//! A key that steps in where a variable is missing, in another branch or in the same expression.

use super::slot::MENTIONS;
use super::surroundings::Surroundings;
use crate::secrets::Provider;
use crate::syntax::{Document, Fact, Facts};
use crate::text::Span;

/// The provider whose variable is read by the expression that the literal is a part of, or in another place that gives
/// the same name a value: it steps in where the variable is missing.
pub(super) fn of_variable<'a>(
    doc: &Document,
    facts: &Facts,
    around: &'a Surroundings,
    value: Span,
) -> Option<&'a Provider> {
    let variable = |facts: &Facts, holder: Span| {
        facts.within(holder).find_map(|fact| match *fact {
            Fact::EnvRead { span, name, .. } if holder.contains(span) => {
                around.catalogue.provider_of_env(doc.slice(name))
            }
            _ => None,
        })
    };
    let (name, holder) = facts.bindings_around(value).into_iter().next()?;
    if holder.len() <= value.len() + INSTEAD
        && let Some(provider) = variable(&doc.facts_near(&[holder]), holder)
    {
        return Some(provider);
    }
    let scope = facts.body_around(value);
    // The name itself, and what the expression asks before it takes the literal: `found == "" ? "…" : found`.
    let asked = Span { start: holder.start, end: value.start };
    let asked = if asked.len() <= DIRECT { doc.slice(asked) } else { "" };
    let words = asked.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|it| it.len() > 1).take(WORDS);
    std::iter::once(doc.slice(name)).chain(words).find_map(|word| {
        let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let places: Vec<Span> = if plain { doc.places_of(word, scope).take(MENTIONS).collect() } else { Vec::new() };
        if places.len() < 2 {
            return None;
        }
        let facts = doc.facts_near(&places);
        let others = places.iter().filter(|place| **place != name).flat_map(|place| facts.around(*place));
        let holders = others.filter_map(|fact| match *fact {
            Fact::Binding { name: it, value, .. } if places.contains(&it) => Some(value),
            _ => None,
        });
        let direct = holders.filter(|holder| holder.len() <= DIRECT).collect::<Vec<_>>();
        direct.into_iter().find_map(|holder| variable(&doc.facts_near(&[holder]), holder))
    })
}

/// How many words of an expression are looked at.
const WORDS: usize = 4;

/// How much longer than its literal an expression is that reads a variable first.
const INSTEAD: usize = 160;
/// The longest expression that reads a variable and does nothing else.
const DIRECT: usize = 80;
