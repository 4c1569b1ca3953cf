//! Why something in a line is found, or is not.

use super::context::Context;
use super::{Finding, check, found, hardcoded_ai_key};
use crate::fixes::{Surroundings, Whose, is_prose, whose, whose_in_text};
use crate::secrets::{SHORTEST_SECRET, classify, discreet, looks_generated, looks_secret, redact, scan};
use crate::syntax::{Document, Fact};
use crate::text::{Disjoint, Span};

/// Something in a line that could be a key, or that reads one.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Where it stands.
    pub span: Span,
    /// What it is, without any of it.
    pub what: String,
    /// What was noticed, in the order in which it counts.
    pub hints: Vec<String>,
    /// What is reported of it, before the settings.
    pub finding: Option<Finding>,
}

/// Everything in `line` that was looked at, in order, with what speaks for a key and what against.
pub fn why(doc: &Document, around: &Surroundings, line: Span) -> Vec<Seen> {
    let context = Context::new(doc, around);
    let reported = check(doc, around);
    let mut seen: Vec<Seen> = Vec::new();
    let mut taken = Disjoint::default();
    for finding in found(&context).into_iter().filter(|finding| line.overlaps(finding.span)) {
        taken.add(finding.span);
        let is_reported = reported.iter().any(|it| it.rule == finding.rule && it.span == finding.span);
        let mut hints = hints(&context, finding.span, finding.secret.is_some());
        if !is_reported {
            hints.push("a comment silences it".to_owned());
        }
        let what = match finding.secret {
            Some(_) => described(&context, finding.span),
            None => "code".to_owned(),
        };
        seen.push(Seen { span: finding.span, what, hints, finding: is_reported.then_some(finding) });
    }
    for span in texts(&context, line) {
        if taken.add(span) {
            let hints = hints(&context, span, true);
            seen.push(Seen { span, what: described(&context, span), hints, finding: None });
        }
    }
    seen.sort_by_key(|it| it.span);
    seen
}

/// The texts of a line that are long enough for a key: in literals, else by their characters alone.
fn texts(context: &Context<'_>, line: Span) -> Vec<Span> {
    let text = context.doc.slice(line);
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(|c: char| c.is_whitespace() || "\"'`,;()[]{}<>=&".contains(c)) {
        let span = Span::new(line.start as usize + at, line.start as usize + at + word.len());
        if word.len() >= SHORTEST_SECRET {
            found.push(span);
        }
        at = span.end as usize - line.start as usize + text[at + word.len()..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

fn described(context: &Context<'_>, span: Span) -> String {
    let text = context.doc.slice(span);
    let has = |class: fn(char) -> bool| text.chars().any(class);
    let kinds = [
        (has(|c| c.is_ascii_lowercase()), "small letters"),
        (has(|c| c.is_ascii_uppercase()), "capitals"),
        (has(|c| c.is_ascii_digit()), "digits"),
        (has(|c| !c.is_ascii_alphanumeric()), "other signs"),
    ];
    let kinds: Vec<&str> = kinds.iter().filter(|(has, _)| *has).map(|(_, kind)| *kind).collect();
    format!("a text of {} characters ({})", text.chars().count(), kinds.join(", "))
}

fn hints(context: &Context<'_>, span: Span, could_be_key: bool) -> Vec<String> {
    let mut hints = Vec::new();
    if could_be_key {
        shapes(context, span, &mut hints);
    }
    places(context, span, &mut hints);
    hints
}

/// What the text itself says.
fn shapes(context: &Context<'_>, span: Span, hints: &mut Vec<String>) {
    let (catalogue, text) = (context.catalogue(), context.doc.slice(span));
    for token in scan(catalogue, context.doc.text().as_bytes()).iter().filter(|token| token.span.overlaps(span)) {
        let (provider, shape) = catalogue.shape(token.shape);
        let shown = redact(context.doc.slice(token.span), Some(shape));
        let needs = if token.needs_context { ", which counts only where its provider is named" } else { "" };
        hints.push(format!("{shown} has the shape of {}{needs}", hardcoded_ai_key::name_key(provider, shape)));
    }
    let whole: Vec<String> = catalogue
        .shapes()
        .filter(|&id| !catalogue.shape(id).1.stands_alone() && catalogue.shape(id).1.is_whole(text))
        .map(|id| catalogue.shape(id).0.name.clone())
        .collect();
    match whole.as_slice() {
        [] => {}
        [one] => hints.push(format!("{one} gives out keys of this shape, and so may others")),
        [one, two, rest @ ..] => {
            hints.push(format!("{one}, {two} and {} more give out keys of this shape", rest.len()));
        }
    }
    if let Some(placeholder) = classify(catalogue, text) {
        let kind = format!("{placeholder:?}").to_lowercase();
        hints.push(format!("it is taken for a placeholder ({kind})"));
    } else if !looks_secret(catalogue, text) {
        hints.push("it is too plain for a key".to_owned());
    } else if !looks_generated(text) {
        hints.push("no generator makes such texts, so only a shape can tell".to_owned());
    }
}

/// What its place says.
fn places(context: &Context<'_>, span: Span, hints: &mut Vec<String>) {
    let doc = context.doc;
    if doc.language().is_none() {
        hints.push("the file is of no language that is parsed: only shapes count".to_owned());
        return;
    }
    if is_prose(doc, doc.facts(), span) {
        hints.push("it stands in a comment or a docstring".to_owned());
    }
    let facts = doc.facts();
    for (name, _) in facts.bindings_around(span).into_iter().take(2) {
        hints.push(format!("it is bound to {:?}", doc.slice(name).trim_matches(['"', '\''])));
    }
    for (callee, _) in facts.calls_around(span).into_iter().take(2) {
        hints.push(format!("it is an argument of {}", doc.slice(callee)));
    }
    for fact in facts.around(span) {
        if let Fact::EnvRead { name, default, .. } = *fact {
            let name = doc.slice(name);
            let what = if default.is_some_and(|it| it.contains(span)) { "steps in for" } else { "reads" };
            let of = context.catalogue().provider_of_env(name).map_or("no provider", |provider| &provider.name);
            hints.push(format!("it {what} {name}, a variable of {of}"));
        }
    }
    let literal = facts.literal_at(span).filter(|(_, value)| *value == span);
    let asked = match literal {
        Some(_) => whose(doc, facts, context.around, span),
        None => whose_in_text(doc, context.around, span),
    };
    hints.push(match asked {
        Some(Whose::Known(provider)) => format!("its place asks for a key of {}", provider.name),
        Some(Whose::Unknown) => "its place asks for an API key, and does not say whose".to_owned(),
        None if context.candidates().is_empty() => "nothing in the file speaks of keys of providers".to_owned(),
        None => "its place does not ask for a key".to_owned(),
    });
    hints.iter_mut().for_each(|hint| *hint = discreet(hint));
}
