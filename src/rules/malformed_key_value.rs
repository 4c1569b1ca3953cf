//! A value of an env file that holds a key, and beside it what makes the key useless.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::secrets::{EnvLine, env_line_at, env_lines, env_value_span, scan};
use crate::text::{Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "malformed-key-value",
    severity: Severity::Error,
    cwe: &[20],
    docs: "A value holds a key and something beside it, so that the key cannot work.

A blank or a line break goes into the header of each request: HTTP libraries refuse that, and some print the header with the \
key. `Bearer` is added by the client once more. Quotes within quotes, and quotes of a text program, belong to the value. \
Two keys in one value are what a rotation leaves behind.

Leave nothing but the key: that is the fix here, where one key stands in the value.",
    check,
    fixes: |context, finding| repair(context, finding).unwrap_or_default(),
};

/// What stands beside a key. Of several the last one here is said.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Spoiler {
    End,
    Blank,
    Break,
    Unseen,
    Quotes,
    Typographic,
    Bearer,
    Name,
    Another,
}

impl Spoiler {
    fn says(self) -> &'static str {
        match self {
            Spoiler::End => "`,` or `;` behind the key is a part of the value",
            Spoiler::Blank => "a blank stands beside the key, and HTTP libraries refuse such a header",
            Spoiler::Break => "a line break stands beside the key, and HTTP libraries refuse such a header",
            Spoiler::Unseen => "a character that cannot be seen stands beside the key",
            Spoiler::Quotes => "quotes stand around the key within the value",
            Spoiler::Typographic => "typographic quotes stand around the key, and loaders take them for a part of it",
            Spoiler::Bearer => "`Bearer` stands before the key, and the client adds another one",
            Spoiler::Name => "the variable stands in its own value, before the key",
            Spoiler::Another => "two keys stand in one value",
        }
    }

    /// It spoils a value whatever its variable is for.
    fn always(self) -> bool {
        [Spoiler::Blank, Spoiler::Break, Spoiler::Unseen, Spoiler::Typographic].contains(&self)
    }
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    // In a template the key itself is wrong.
    if !context.is_env_file() {
        return;
    }
    for line in env_lines(context.doc.text()) {
        let Some((spoiler, _)) = problem(context, &line) else { continue };
        let name = context.doc.slice(line.name);
        let message = format!("{name} cannot work: {}", spoiler.says());
        let provider = context.catalogue().provider_of_env(name);
        let mut finding = context.plain_finding(RULE.id, RULE.severity, line.value, message, provider);
        if spoiler == Spoiler::Another {
            finding.notes.push("which of the two keys is meant, nothing tells: leave one of them".to_owned());
        }
        findings.push(finding);
    }
}

/// The value cannot work, whatever reads it.
pub(super) fn is_malformed(context: &Context<'_>, line: &EnvLine) -> bool {
    problem(context, line).is_some()
}

/// What is wrong with a value, and where its key stands.
fn problem(context: &Context<'_>, line: &EnvLine) -> Option<(Spoiler, Span)> {
    let inner = env_value_span(context.doc.text(), line);
    let name = context.doc.slice(line.name);
    let catalogue = context.catalogue();
    let named = catalogue.provider_of_env(name).is_some() || catalogue.provider_of_public(name).is_some();
    let sure = |span: Span| context.tokens().iter().any(|it| it.span == span && !it.needs_context);
    let tokens: Vec<Span> =
        context.tokens().iter().map(|it| it.span).filter(|it| inner.contains(*it) && sure(*it)).collect();
    let (spoiler, key) = match tokens[..] {
        [] => (glued(context, inner).then_some(Spoiler::Another)?, inner),
        [key] if key == inner => (glued(context, inner).then_some(Spoiler::Another)?, inner),
        [key] => {
            let before = context.doc.slice(Span { end: key.start, ..inner });
            let behind = context.doc.slice(Span { start: key.end, ..inner });
            let found = [head(before, name)?, tail(behind)?].into_iter().flatten().max()?;
            (found, key)
        }
        [first, second] => {
            let rest = [
                Span { end: first.start, ..inner },
                Span::new(first.end as usize, second.start as usize),
                Span { start: second.end, ..inner },
            ];
            // A list has signs between its parts, and programs that take one turn.
            let blank = rest.iter().all(|it| context.doc.slice(*it).chars().all(is_blank));
            (blank.then_some(Spoiler::Another)?, inner)
        }
        _ => return None,
    };
    (named || spoiler.always()).then_some((spoiler, key))
}

/// Two keys of one kind with nothing between them.
fn glued(context: &Context<'_>, value: Span) -> bool {
    const BEGIN: usize = 3;
    // Nobody makes longer keys.
    const LONGEST: usize = 1_000;
    let text = context.doc.slice(value);
    let is_key = |part: &str| {
        let found = scan(context.catalogue(), part.as_bytes());
        found.iter().any(|it| it.span.len() == part.len() && !it.needs_context)
    };
    let is_short = text.is_ascii() && text.len() <= LONGEST;
    let Some(begin) = text.get(..BEGIN).filter(|_| is_short) else { return false };
    text.match_indices(begin).any(|(at, _)| at > 0 && is_key(&text[..at]) && is_key(&text[at..]))
}

/// What stands before a key; `None` where that is no spoiler.
fn head(mut text: &str, name: &str) -> Option<Option<Spoiler>> {
    let mut found = None;
    let word = |text: &str, word: &str| text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
    while let Some(first) = text.chars().next() {
        let (spoiler, len) = if let Some(it) = sign(first) {
            (it, first.len_utf8())
        } else if word(text, "bearer ") {
            (Spoiler::Bearer, "bearer ".len())
        } else if text.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')) {
            (Spoiler::Name, name.len() + 1)
        } else {
            return None;
        };
        found = found.max(Some(spoiler));
        text = &text[len..];
    }
    Some(found)
}

/// What stands behind a key; `None` where that is no spoiler.
fn tail(mut text: &str) -> Option<Option<Spoiler>> {
    let mut found = None;
    while let Some(first) = text.chars().next() {
        let (spoiler, len) = if let Some(it) = sign(first) {
            (it, first.len_utf8())
        } else if ["\\n", "\\r", "\\t"].iter().any(|it| text.starts_with(it)) {
            (Spoiler::Break, 2)
        } else if [",", ";"].contains(&text.trim_end()) {
            (Spoiler::End, text.len())
        } else {
            return None;
        };
        found = found.max(Some(spoiler));
        text = &text[len..];
    }
    Some(found)
}

fn sign(c: char) -> Option<Spoiler> {
    match c {
        '"' | '\'' | '`' => Some(Spoiler::Quotes),
        '“' | '”' | '„' | '‘' | '’' | '‚' | '«' | '»' => Some(Spoiler::Typographic),
        '\n' | '\r' => Some(Spoiler::Break),
        ' ' | '\t' => Some(Spoiler::Blank),
        c => is_blank(c).then_some(Spoiler::Unseen),
    }
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Takes out what stands beside the key.
fn repair(context: &Context<'_>, finding: &Finding) -> Option<Repairs> {
    let line = env_line_at(context.doc.text(), finding.span)?;
    let (spoiler, key) = problem(context, &line).filter(|(spoiler, _)| *spoiler != Spoiler::Another)?;
    let bare = |c: char| c.is_ascii_alphanumeric() || "_./:@%+=,-".contains(c);
    // The quotes of the file stay where the key needs them.
    let all =
        if context.doc.slice(key).chars().all(bare) { line.value } else { env_value_span(context.doc.text(), &line) };
    let beside = [Span { end: key.start, ..all }, Span { start: key.end, ..all }];
    let edits = beside.into_iter().filter(|it| !it.is_empty()).map(|it| Edit::replace(it, ""));
    // A program may give the whole value for the header.
    let safety = if spoiler == Spoiler::Bearer { Safety::Offered } else { Safety::Safe };
    let title = "Leave nothing but the key in this value".to_owned();
    Some(Repairs::of_edits(context.doc.path(), edits, title, safety))
}
