//! A line of an env file that the loaders in use here read differently.

use std::sync::LazyLock;

use regex::Regex;

use super::context::Context;
use super::env_file_in_git::listed;
use super::malformed_key_value::is_malformed;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::secrets::{EnvLine, Placeholder, SecretRef, classify, env_lines, env_value, env_value_span};
use crate::syntax::{EnvLoader, Expands, Takes};
use crate::text::{Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "loader-divergent-value",
    severity: Severity::Warning,
    cwe: &[436],
    docs: "The loaders of env files that are in use here read a line differently.

Env files are no one format. A `#` without a blank before it begins a comment for some loaders; `docker run --env-file` keeps \
quotes; `$NAME` is a variable to some; a shell minds blanks around `=`. One program then has the key, and the other sends \
something else. Nothing is said where one loader is in use, or where all of them agree.

Write the line so that all of them read the same: that is the fix here.",
    check,
    fixes: |context, finding| repair(context, finding).unwrap_or_default(),
};

/// What a line has that loaders differ on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    /// `NAME: value`
    Colon,
    /// `NAME = value`
    Blanks,
    /// `value#more`
    Hash,
    /// `"value"`
    Quotes,
    /// `${NAME}`, `$NAME`
    Variable,
}

/// One line on which loaders differ.
struct Divergence {
    point: Point,
    name: Span,
    value: Span,
    /// The value, or from the name to the value.
    span: Span,
    message: String,
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for it in divergences(context) {
        let provider = context.catalogue().provider_of_env(context.doc.slice(it.name));
        let by_hand = way(context, &it).err();
        let mut finding = context.plain_finding(RULE.id, RULE.severity, it.span, it.message, provider);
        finding.notes.extend(by_hand.map(str::to_owned));
        findings.push(finding);
    }
}

fn divergences(context: &Context<'_>) -> Vec<Divergence> {
    // A shell reads `.envrc`, and no loader.
    if !context.is_env_file() || context.around.beside.loaders.len() < 2 || context.doc.path().ends_with(".envrc") {
        return Vec::new();
    }
    let lines = env_lines(context.doc.text());
    let mut found: Vec<Divergence> = lines.iter().filter_map(|line| assigned(context, line)).collect();
    found.extend(with_colon(context, &lines));
    found.sort_by_key(|it| it.span);
    found
}

/// The first point of a line on which the loaders differ.
fn assigned(context: &Context<'_>, line: &EnvLine) -> Option<Divergence> {
    let text = context.doc.text();
    // What cannot work is mended first.
    if !is_ours(context, line.name, line.value, &env_value(text, line)) || is_malformed(context, line) {
        return None;
    }
    let around = Span { start: line.name.start, end: line.value.start };
    let inner = env_value_span(text, line);
    let (value, bare) = (context.doc.slice(inner), inner == line.value);
    let is_reference = SecretRef::parse(value).is_some() || value.starts_with("ref+");
    let single = text[line.value.range()].starts_with('\'');
    let split = |reads: &dyn Fn(&EnvLoader) -> bool, some, others| said(context, reads, some, others);
    let taken = context.doc.slice(around).contains([' ', '\t']).then(|| {
        split(
            &|it| it.blanks == Takes::Takes,
            ["reads this line", "read this line"],
            ["does not, for the blanks around `=`", "do not, for the blanks around `=`"],
        )
    });
    // A reference with a `#` is malformed whatever loads it.
    let cut = (bare && !is_reference && value.contains('#')).then(|| {
        split(
            &|it| !it.cuts,
            ["reads all of this value", "read all of this value"],
            ["reads a comment behind `#`", "read a comment behind `#`"],
        )
    });
    // Nothing resolves a reference for `docker run`.
    let kept = (!bare && !is_reference).then(|| {
        split(
            &|it| !it.quotes,
            ["takes the quotes off", "take the quotes off"],
            ["keeps them in the value", "keep them in the value"],
        )
    });
    let put_in = variable(value).filter(|_| !is_reference).map(|braces| {
        let puts_in = |it: &EnvLoader| {
            let here = !single || it.expands_in_single;
            here && (it.expands == Expands::All || it.expands == Expands::Braces && braces)
        };
        split(
            &puts_in,
            ["puts a variable in for `$`", "put a variable in for `$`"],
            ["reads `$` as it is written", "read `$` as it is written"],
        )
    });
    let all = [
        (Point::Blanks, around, taken),
        (Point::Hash, line.value, cut),
        (Point::Quotes, line.value, kept),
        (Point::Variable, line.value, put_in),
    ];
    let (point, span, message) =
        all.into_iter().find_map(|(point, span, message)| Some((point, span, message.flatten()?)))?;
    Some(Divergence { point, name: line.name, value: line.value, span, message })
}

/// `NAME: value`
fn with_colon(context: &Context<'_>, lines: &[EnvLine]) -> Vec<Divergence> {
    static COLON: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?m)^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*):[ \t]+(\S.*?)[ \t\r]*$")
            .expect("a literal pattern")
    });
    let text = context.doc.text();
    let mut found = Vec::new();
    for line in COLON.captures_iter(text) {
        let (Some(name), Some(value)) = (line.get(1), line.get(2)) else { continue };
        let (name, value) = (Span::new(name.start(), name.end()), Span::new(value.start(), value.end()));
        let span = Span { start: name.start, end: value.start };
        if lines.iter().any(|it| it.line.overlaps(span)) || !is_ours(context, name, value, context.doc.slice(value)) {
            continue;
        }
        let message = said(
            context,
            &|it| it.colon == Takes::Takes,
            ["takes `:` for `=`", "take `:` for `=`"],
            ["does not", "do not"],
        );
        found.extend(message.map(|message| Divergence { point: Point::Colon, name, value, span, message }));
    }
    found
}

/// What is said of two sorts of loaders, of one and of several; `None` where there is one sort.
fn said(
    context: &Context<'_>,
    reads: &dyn Fn(&EnvLoader) -> bool,
    some: [&str; 2],
    others: [&str; 2],
) -> Option<String> {
    let (first, second): (Vec<&EnvLoader>, Vec<_>) = context.around.beside.loaders.iter().partition(|it| reads(it));
    let part = |loaders: &[&EnvLoader], does: [&str; 2]| {
        let names: Vec<String> = loaders.iter().map(|it| it.name.clone()).collect();
        format!("{} {}", listed(&names), does[usize::from(names.len() > 1)])
    };
    let differ = !first.is_empty() && !second.is_empty();
    differ.then(|| format!("{}, {}", part(&first, some), part(&second, others)))
}

/// The variable of a provider, with a value that is meant; or a key.
fn is_ours(context: &Context<'_>, name: Span, place: Span, value: &str) -> bool {
    let named = context.catalogue().provider_of_env(context.doc.slice(name)).is_some();
    let meant =
        || !value.is_empty() && classify(context.catalogue(), value).is_none_or(|it| it == Placeholder::Reference);
    named && meant() || context.tokens().iter().any(|it| place.contains(it.span) && !it.needs_context)
}

/// A variable stands in the value: in braces only, or not.
fn variable(value: &str) -> Option<bool> {
    let starts: Vec<char> = value.match_indices('$').filter_map(|(at, _)| value[at + 1..].chars().next()).collect();
    let begins = |c: &char| *c == '{' || c.is_ascii_alphabetic() || *c == '_';
    starts.iter().any(begins).then(|| starts.iter().filter(|it| begins(it)).all(|it| *it == '{'))
}

/// How the line is written so that all loaders in use read the same, or what to do by hand.
fn way(context: &Context<'_>, found: &Divergence) -> Result<(&'static str, Vec<Edit>), &'static str> {
    const NONE: &str = "no way of writing this value is read the same by all of them: start the programs in one way";
    let value = context.doc.slice(found.value);
    let between = Span { start: found.name.end, end: found.value.start };
    let (start, end) = (found.value.start as usize, found.value.end as usize);
    match found.point {
        Point::Colon => Ok(("Write `=`", vec![Edit::replace(between, "=")])),
        Point::Blanks => Ok(("Take the blanks around `=` out", vec![Edit::replace(between, "=")])),
        Point::Hash => {
            let keeps = context.around.beside.loaders.iter().any(|it| it.quotes);
            if keeps || value.contains(['"', '\\', '$', '`']) {
                return Err(NONE);
            }
            let ends = [start, end].map(|at| Edit::insert(at, "\"".to_owned()));
            Ok(("Put the value in quotes", ends.to_vec()))
        }
        Point::Quotes => {
            let bare = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
            let inner = &value[1..value.len() - 1];
            if inner.is_empty() || !inner.chars().all(bare) {
                return Err(NONE);
            }
            let ends = [Span::new(start, start + 1), Span::new(end - 1, end)].map(|it| Edit::replace(it, ""));
            Ok(("Take the quotes off", ends.to_vec()))
        }
        Point::Variable => Err("write the value itself, or let the program put it together"),
    }
}

fn repair(context: &Context<'_>, finding: &Finding) -> Option<Repairs> {
    let found = divergences(context).into_iter().find(|it| it.span == finding.span)?;
    let (title, edits) = way(context, &found).ok()?;
    Some(Repairs::of_edits(context.doc.path(), edits, title.to_owned(), Safety::Safe))
}
