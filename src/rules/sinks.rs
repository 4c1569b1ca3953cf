//! What the rules about leaks share: where the value of a provider's variable leaves the program as it is.

use std::sync::LazyLock;

use regex::Regex;

use super::context::Context;
use super::reads::{mentions, severity_here};
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::secrets::Provider;
use crate::syntax::{Document, Fact, Facts, Sinks, glob};
use crate::text::{Edit, Span, whole_words};

/// A key in the program: the value of a provider's variable, or a literal.
pub(super) struct Source<'d> {
    /// What it is, for messages: `the value of OPENAI_API_KEY`.
    pub what: String,
    /// The read or the literal.
    pub span: Span,
    /// Whose key it is.
    pub provider: &'d Provider,
    /// It, and the names that it is bound to, as far as they stand in the same function or file.
    pub places: Vec<Span>,
    /// Those of the places where it stands as it is.
    pub exits: Vec<Exit>,
    /// The arguments of the calls that it goes into, the outermost of each statement.
    calls: Vec<Span>,
}

/// A place where code gives a value on as it is.
pub(super) struct Exit {
    /// The place.
    pub place: Span,
    /// What is called with it, the innermost first.
    callees: Vec<Span>,
    /// It becomes a part of a text.
    pub in_text: bool,
}

impl Exit {
    /// The code gives on what stands at `place`, where it does.
    pub fn of(doc: &Document, facts: &Facts, place: Span) -> Option<Exit> {
        let operand = operand(doc, facts, place)?;
        let callees = facts.calls_around(operand).into_iter().map(|(callee, _)| callee).collect();
        let in_text = is_template(facts, place, Span::new(0, doc.text().len()));
        Some(Exit { place, callees, in_text })
    }

    /// Which of `sinks` gets it, through functions that give it on.
    pub fn sink<'d>(&self, doc: &'d Document, sinks: &[String]) -> Option<&'d str> {
        let through = &doc.language()?.sinks.through;
        for callee in &self.callees {
            let name = doc.slice(*callee).trim_start_matches("new ");
            // `*Error` is a type.
            let last = name.rsplit(['.', ':', ' ']).next().unwrap_or(name);
            let is_kind = |it: &str| {
                let end = it.strip_prefix('*').filter(|it| it.bytes().all(|byte| byte.is_ascii_alphabetic()));
                let type_name = end.is_some_and(|it| it.starts_with(char::is_uppercase));
                !type_name || last.starts_with(char::is_uppercase)
            };
            if sinks.iter().any(|it| glob(it, name) && is_kind(it)) {
                return Some(name);
            }
            if !through.iter().any(|it| glob(it, name)) {
                return None;
            }
        }
        None
    }
}

/// Every key in the program, outside of tests.
pub(super) fn sources<'d>(context: &Context<'d>) -> Vec<Source<'d>> {
    let (doc, facts) = (context.doc, context.facts());
    let is_test = doc.language().is_none_or(|language| language.is_test_path(doc.path()));
    if is_test {
        return Vec::new();
    }
    let source = |what, span, provider, places: Vec<Span>| {
        let facts = doc.facts_near(&places);
        let exits = places.iter().filter_map(|place| Exit::of(doc, &facts, *place)).collect();
        let outermost = |place: &Span| {
            let calls = facts.calls_around(*place);
            calls.iter().map(|(_, arguments)| *arguments).rfind(|it| it.len() <= LONGEST_CALL)
        };
        let calls = places.iter().filter_map(outermost).collect();
        Source { what, span, provider, places, exits, calls }
    };
    let mut found: Vec<Source<'d>> = Vec::new();
    for read in context.reads() {
        let places = std::iter::once(read.span).chain(names(context, read.span)).collect();
        found.push(source(format!("the value of {}", read.name), read.span, read.provider, places));
    }
    // Another finding speaks of the literal itself.
    let mut add = |secret: Span, provider: &'d Provider, what: String| {
        let Some((literal, _)) = facts.literal_at(secret) else { return };
        found.push(source(what, literal, provider, names(context, literal)));
    };
    for token in context.tokens().iter().take(MOST).filter(|token| !context.is_doubtful(token)) {
        let (provider, shape) = context.catalogue().shape(token.shape);
        add(token.span, provider, format!("the {} {}", provider.name, shape.name));
    }
    for finding in context.by_place().iter().take(MOST) {
        let provider = finding.provider.as_deref().and_then(|it| context.catalogue().provider(it));
        if let (Some(secret), Some(provider)) = (finding.secret, provider) {
            add(secret, provider, format!("the {} key", provider.name));
        }
    }
    found.sort_by_key(|source| source.span);
    found.dedup_by_key(|source| source.span);
    found
}

/// Where a name stands that holds the value at `span`, and nothing that was made of it.
fn names(context: &Context<'_>, span: Span) -> Vec<Span> {
    let doc = context.doc;
    let Some(&(name, holder)) = context.facts().bindings_around(span).first() else { return Vec::new() };
    let mut rest = doc.slice(Span { start: span.end.min(holder.end), ..holder });
    let tails = doc.language().map_or(&[][..], |it| &it.sinks.tails);
    while let Some(len) = tail(rest, tails) {
        rest = &rest[len..];
    }
    // Where there is none, something else may stand in.
    let is_value = rest.is_empty() || ["??", "||", "or ", "?:"].iter().any(|it| rest.trim_start().starts_with(it));
    if holder.start != span.start || !is_value {
        return Vec::new();
    }
    let mut places = mentions(context, span);
    places.retain(|place| place.start > span.end);
    let facts = doc.facts_near(&places);
    places.retain(|place| !facts.in_comment(*place) && !is_another(doc, &facts, doc.slice(name), span, *place));
    places
}

/// Between the value and the place something else gets the same name: a parameter, a loop, a pattern.
fn is_another(doc: &Document, facts: &Facts, name: &str, value: Span, place: Span) -> bool {
    let text = doc.text();
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let holds = |head: &str| whole_words(head, name, part).next().is_some();
    let bodies = facts.around(place).filter_map(|fact| match *fact {
        Fact::Deferred { span } if !span.contains(value) => Some(span),
        _ => None,
    });
    for body in bodies {
        // `|key| …` begins with its own.
        let own = text[body.start as usize..].strip_prefix('|').and_then(|it| it.split('|').next()).unwrap_or("");
        if holds(head(&text[..body.start as usize])) || holds(own) {
            return true;
        }
    }
    let binds = |at: Span| {
        let line = text[..at.start as usize].rsplit('\n').next().unwrap_or("");
        // `key, err := get()`
        let behind = text[at.end as usize..].trim_start_matches(|c: char| c.is_alphanumeric() || "_, ".contains(c));
        // A text binds nothing.
        behind.starts_with(":=") || line.matches(['"', '`', '\'']).count().is_multiple_of(2) && BINDS.is_match(line)
    };
    let between = Span { start: value.end, end: place.end };
    doc.places_of(name, Some(between)).any(binds)
}

/// The head of the function whose body begins behind `before`: its last line, and those above that its brackets reach to.
fn head(before: &str) -> &str {
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || c == '{');
    let mut start = before.len();
    for _ in 0..LINES {
        start = before[..start].rfind('\n').unwrap_or(0);
        let count = |sign: char| before[start..].matches(sign).count();
        if start == 0 || count('(') >= count(')') {
            break;
        }
    }
    &before[start..]
}

/// The longest head of a function, in lines.
const LINES: usize = 12;

/// What stands before a name that gets a value of its own.
static BINDS: LazyLock<Regex> = LazyLock::new(|| {
    let words = "for|as|catch|except|lambda|foreach|with|const|let|var|Some|Ok|func";
    Regex::new(&format!(r"(?:\b(?:{words})\b[\s(\[{{&*,$\w]*|\|[\w\s,&]*)$")).expect("a literal pattern")
});

/// The calls that keys go into, the outermost of each statement, each with whose key it is.
pub(super) fn calls_with_keys<'d>(context: &Context<'d>) -> Vec<(Span, &'d Provider)> {
    let calls = context.sources().iter().flat_map(|source| source.calls.iter().map(|call| (*call, source.provider)));
    let mut found: Vec<(Span, &Provider)> = calls.collect();
    found.sort_by_key(|(call, _)| *call);
    found.dedup_by_key(|(call, _)| *call);
    found
}

/// A longer call is a program of its own, in bytes.
const LONGEST_CALL: usize = 2_000;

/// A file with more keys is a list of them.
const MOST: usize = 100;

/// A key that leaves the program.
pub(super) struct Leak<'d> {
    /// What it is, for messages.
    pub what: String,
    /// Whose key it is.
    pub provider: &'d Provider,
    /// The read, or the name that it is bound to.
    pub place: Span,
    /// It is read where it leaves; otherwise it goes by a name.
    pub is_direct: bool,
    /// What carries it out, as code calls it.
    pub callee: &'d str,
}

impl Leak<'_> {
    /// What carries it out, for messages.
    pub fn by(&self) -> String {
        called(self.callee)
    }
}

/// What is called, for messages: its name, and nothing that stands in a call before it.
pub(super) fn called(callee: &str) -> String {
    let name = callee.rsplit(|c: char| !c.is_alphanumeric() && !"_.:!$>-".contains(c)).next().unwrap_or("");
    let name = name.trim_start_matches(['.', ':', '-', '>']);
    if name.is_empty() || name.len() > LONG { "this call".to_owned() } else { format!("`{name}`") }
}

/// A longer name is not repeated in messages.
const LONG: usize = 40;

/// Every key that one of `sinks` gets as it is, outside of tests, in order.
fn leaks<'d>(context: &Context<'d>, sinks: fn(&Sinks) -> &[String]) -> Vec<Leak<'d>> {
    let doc = context.doc;
    let Some(sinks) = doc.language().map(|it| sinks(&it.sinks)).filter(|it| !it.is_empty()) else { return Vec::new() };
    let mut found = Vec::new();
    for Source { what, span, provider, exits, .. } in context.sources() {
        for exit in exits {
            let (place, is_direct) = (exit.place, exit.place == *span);
            let Some(callee) = exit.sink(doc, sinks).filter(|_| is_direct || is_still(doc, *span, place)) else {
                continue;
            };
            found.push(Leak { what: what.clone(), provider, place, is_direct, callee });
        }
    }
    found.sort_by_key(|leak| leak.place);
    found.dedup_by_key(|leak| leak.place);
    found
}

/// The findings about such keys: `message` says it of what leaves and of what carries it out.
pub(super) fn report(
    context: &Context<'_>,
    rule: &Rule,
    sinks: fn(&Sinks) -> &[String],
    message: fn(&Leak<'_>) -> String,
) -> Vec<Finding> {
    let finding = |leak: Leak<'_>| {
        // Whoever reads it on the way is less sure.
        let severity = if leak.is_direct { rule.severity } else { rule.severity.min(Severity::Warning) };
        let severity = severity_here(context, severity);
        context.plain_finding(rule.id, severity, leak.place, message(&leak), Some(leak.provider))
    };
    leaks(context, sinks).into_iter().map(finding).collect()
}

/// The value at a place stands there as it is, and not in a question or a part of it: all that stands for it, with the
/// methods that do not change it.
fn operand(doc: &Document, facts: &Facts, place: Span) -> Option<Span> {
    let (text, sinks) = (doc.text(), &doc.language()?.sinks);
    if let Some((_, value)) = facts.literal_at(place)
        && !is_template(facts, place, value)
    {
        let (before, after) = (&text[..place.start as usize], &text[place.end as usize..]);
        let named = sinks.captures && before.ends_with('{') && !before.ends_with("{{") && after.starts_with(['}', ':']);
        let end = after[..(value.end - place.end) as usize].find('}')?;
        let named = named && !is_part(&after[..end]);
        return named.then(|| Span::new(place.start as usize - 1, place.end as usize + end + 1));
    }
    let mut end = place.end as usize;
    while let Some(len) = tail(&text[end..], &sinks.tails) {
        end += len;
    }
    if !is_given(text, facts, place) {
        return None;
    }
    let before = text[..place.start as usize].trim_end_matches(['&', '*', '$']);
    let marks = before.len() - before.trim_end_matches(['%', '?']).len();
    // `%key` of a log's field, and `"…" % key`.
    let before = if marks == 1 && before[..before.len() - 1].trim_end().ends_with(['(', ',', '=']) {
        &before[..before.len() - 1]
    } else {
        before
    };
    let before = before.trim_end();
    let is_assigned = before.ends_with('=') && !["==", "!=", "<=", ">="].iter().any(|it| before.ends_with(it));
    let is_argument = before.ends_with(['(', ',', '[', '{', '+', '%', ':']) || before.ends_with("=>");
    // `"key " . $key`
    let is_joined = before.ends_with(" .") || text[end..].starts_with(" . ");
    // `puts key`
    let bare = facts.calls_around(place).first().map(|(_, arguments)| *arguments);
    let bare = bare.filter(|it| it.start == place.start || it.end as usize == end);
    let is_first = bare.is_some_and(|it| it.start == place.start);
    let begins = is_argument || is_assigned || is_joined || is_first;
    let after = text[end..].trim_start();
    let is_format = after.starts_with([':', '!']) || after.starts_with("=}");
    let is_format = is_format && is_template(facts, place, Span::new(0, text.len()));
    let is_format = is_format && !is_part(after.split('}').next().unwrap_or(""));
    let ends = after.starts_with([')', ',', ']', '}', '+']) || is_format || is_joined;
    let ends = ends || bare.is_some_and(|it| it.end as usize == end);
    (begins && ends).then(|| Span::new(place.start as usize, end))
}

/// What a format makes of a value is a part of it, or its place in memory: `:.4`, `:p`.
fn is_part(format: &str) -> bool {
    format.contains(":.") || format.contains(":p")
}

/// The bracket around a place is that of the call that the facts know, or groups and lists: no index, and no call that
/// stands in the words of a macro.
fn is_given(text: &str, facts: &Facts, place: Span) -> bool {
    let Some((at, sign)) = opener(&text[..place.start as usize]) else { return true };
    let named = text[..at].ends_with(|c: char| c.is_alphanumeric() || "_)]>".contains(c));
    match sign {
        '(' if named => facts.calls_around(place).first().is_some_and(|(_, arguments)| arguments.start as usize == at),
        '[' => !named,
        _ => true,
    }
}

/// What code gives at `place` becomes a part of a text within `whole`.
fn is_template(facts: &Facts, place: Span, whole: Span) -> bool {
    facts.around(place).any(|fact| matches!(*fact, Fact::Template { span } if whole.contains(span)))
}

/// How much of `rest` is one of `tails`, or `.expect("…")`.
fn tail(rest: &str, tails: &[String]) -> Option<usize> {
    if let Some(inside) = rest.strip_prefix(".expect(\"") {
        return Some(".expect(\"".len() + inside.find("\")")? + 2);
    }
    let fits = |it: &&String| {
        // `a != b` asks.
        rest.strip_prefix(it.as_str()).is_some_and(|behind| !(it.as_str() == "!" && behind.starts_with('=')))
    };
    tails.iter().find(fits).map(String::len)
}

/// The name at `place` has the value that was read: nothing gives it another one in between.
pub(super) fn is_still(doc: &Document, read: Span, place: Span) -> bool {
    let name = doc.slice(place);
    let facts = doc.facts();
    let between = Span { start: read.end.min(place.start), end: place.start };
    // What an argument, an entry or a field is called is another name.
    let is_own =
        |it: Span| !doc.text()[..it.start as usize].trim_end().ends_with(['(', ',', '{', '[', '"', '\'', '`', '.']);
    !facts.within(between).any(|fact| {
        let Fact::Binding { name: it, value, .. } = *fact else { return false };
        doc.slice(it) == name && is_own(it) && !value.contains(place)
    })
}

/// Writes `***` where the value leaves; a person decides.
pub(super) fn hide(doc: &Document, place: Span) -> Repairs {
    let facts = doc.facts();
    let Some(edit) = operand(doc, facts, place).and_then(|operand| hidden(doc, facts, operand)) else {
        return Repairs::default();
    };
    Repairs::of_edits(doc.path(), [edit], "Write *** instead of the value".to_owned(), Safety::Offered)
}

fn hidden(doc: &Document, facts: &Facts, operand: Span) -> Option<Edit> {
    let text = doc.text();
    if let Some((_, value)) = facts.literal_at(operand)
        && !is_template(facts, operand, value)
    {
        return Some(Edit::replace(operand, "***"));
    }
    // `{key}` in a text, all of it.
    let template = facts.around(operand).filter_map(|fact| match *fact {
        Fact::Template { span } => Some(span),
        _ => None,
    });
    if let Some(template) = template.min_by_key(|span| span.len())
        && doc.slice(template).trim_start_matches('$').starts_with(['{', '#'])
    {
        return Some(Edit::replace(template, "***"));
    }
    let before = text[..operand.start as usize].trim_end_matches(['&', '*', '$']);
    let start = before.len();
    // `{ key }` and `%key` name their entry by the value.
    if before.ends_with(['%', '?']) || before.trim_end().ends_with('{') || in_braces(before) {
        return None;
    }
    Some(Edit::replace(Span::new(start, operand.end as usize), "\"***\""))
}

/// A list of entries without names: `{ a, b`.
fn in_braces(before: &str) -> bool {
    before.trim_end().ends_with(',') && opener(before).is_none_or(|(_, sign)| sign == '{')
}

/// The last bracket before a place that is open there: where it stands, and which it is.
fn opener(before: &str) -> Option<(usize, char)> {
    let start = before.floor_char_boundary(before.len().saturating_sub(LOOK));
    let mut depth = 0;
    before[start..].char_indices().rev().find_map(|(at, sign)| {
        match sign {
            ')' | ']' | '}' => depth += 1,
            '(' | '[' | '{' if depth == 0 => return Some((start + at, sign)),
            '(' | '[' | '{' => depth -= 1,
            _ => {}
        }
        None
    })
}

/// How far back a bracket is looked for, in bytes.
const LOOK: usize = 2_000;
