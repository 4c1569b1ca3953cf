//! What the rules about leaks share: the keys of a program, the names that hold them, and where code gives them on.

use super::carriers::carriers;
use super::context::Context;
use super::objects::is_assigned;
use super::reads::mentions;
use crate::secrets::Provider;
use crate::syntax::{Document, Fact, Facts, Sinks, glob};
use crate::text::{LONGEST_LINE, Span, line_before, line_behind, past_comments, whole_words};

/// A key in the program: the value of a provider's variable, or a literal.
pub(super) struct Source<'d> {
    /// What it is, for messages: `the value of OPENAI_API_KEY`.
    pub what: String,
    /// It stands in the text.
    pub is_literal: bool,
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
    /// It, with the methods that do not change it.
    pub operand: Span,
    /// What is called with it, with the arguments, the innermost first.
    pub callees: Vec<(Span, Span)>,
    /// It becomes a part of a text.
    pub in_text: bool,
    /// The text or the list with the value in it, whose name stands at the place.
    pub made: Option<Span>,
}

impl Exit {
    /// The code gives on what stands at `place`, where it does.
    pub fn of(doc: &Document, facts: &Facts, place: Span) -> Option<Exit> {
        Exit::behind(doc, facts, place, &doc.language()?.sinks.tails)
    }

    /// The same with other methods behind it.
    pub fn behind(doc: &Document, facts: &Facts, place: Span, tails: &[String]) -> Option<Exit> {
        let operand = operand(doc, facts, place, tails)?;
        let callees = facts.calls_around(operand);
        let in_text = is_template(facts, place, Span::new(0, doc.text().len()));
        Some(Exit { place, operand, callees, in_text, made: None })
    }

    /// Which of `sinks` gets it, through functions that give it on.
    pub fn sink<'d>(&self, doc: &'d Document, sinks: &[String]) -> Option<&'d str> {
        self.sink_through(doc, sinks, &[])
    }

    /// The same, `more` giving it on as well.
    pub fn sink_through<'d>(&self, doc: &'d Document, sinks: &[String], more: &[String]) -> Option<&'d str> {
        let Sinks { through, tails, picks, .. } = &doc.language()?.sinks;
        for (callee, arguments) in &self.callees {
            let name = name_of(doc, *callee);
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
            // What is made of that is another value: `str(key)[-4:]`, `vars(it).items()`.
            let mut behind = &doc.text()[arguments.end as usize..];
            while let Some(len) = tail(behind, tails) {
                behind = &behind[len..];
            }
            let picks = picks.iter().any(|it| glob(it, name)) && is_picked(doc.slice(*arguments));
            if picks || !through.iter().chain(more).any(|it| glob(it, name)) || behind.starts_with(['[', '.']) {
                return None;
            }
        }
        None
    }

    /// The innermost call that gets it.
    pub fn call<'d>(&self, doc: &'d Document) -> Option<&'d str> {
        self.callees.first().map(|(callee, _)| name_of(doc, *callee))
    }
}

/// A second argument says what is taken: `(config, ["model"])`, and not `(config, null, 2)`.
fn is_picked(arguments: &str) -> bool {
    let inner = arguments.strip_prefix('(').unwrap_or(arguments);
    let mut depth = 0i32;
    let comma = inner.char_indices().find(|(_, sign)| {
        match sign {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        depth == 0 && *sign == ','
    });
    let second = comma.map_or("", |(at, _)| inner[at + 1..].trim_start());
    let word = second.split([',', ')']).next().unwrap_or("").trim_end();
    !["", "null", "undefined"].contains(&word)
}

/// What is called, without the word for a new object.
fn name_of(doc: &Document, callee: Span) -> &str {
    doc.slice(callee).trim_start_matches("new ")
}

/// Every key in the program, outside of tests.
pub(super) fn sources<'d>(context: &Context<'d>) -> Vec<Source<'d>> {
    let (doc, facts) = (context.doc, context.facts());
    let is_test = doc.language().is_none_or(|language| language.is_test_path(doc.path()));
    if is_test {
        return Vec::new();
    }
    let source = |is_literal, what, span, provider, places: Vec<Span>| {
        let facts = doc.facts_near(&places);
        let mut exits: Vec<Exit> = places.iter().filter_map(|place| Exit::of(doc, &facts, *place)).collect();
        let outermost = |facts: &Facts, place: &Span| {
            let calls = facts.calls_around(*place);
            calls.iter().map(|(_, arguments)| *arguments).rfind(|it| it.len() <= LONGEST_CALL)
        };
        let mut calls: Vec<Span> = places.iter().filter_map(|place| outermost(&facts, place)).collect();
        for carrier in carriers(doc, &facts, span, &exits) {
            let facts = doc.facts_near(&carrier.places);
            calls.extend(carrier.places.iter().filter_map(|place| outermost(&facts, place)));
            let all = carrier.places.iter().filter(|_| !carrier.has_entries);
            let made = Some(carrier.value);
            exits.extend(all.filter_map(|place| Some(Exit { made, ..Exit::of(doc, &facts, *place)? })));
        }
        Source { is_literal, what, span, provider, places, exits, calls }
    };
    let mut found: Vec<Source<'d>> = Vec::new();
    for read in context.reads().iter().take(MOST).filter(|it| !it.names_a_file()) {
        let places = std::iter::once(read.span).chain(names(context, read.span)).collect();
        found.push(source(false, format!("the value of {}", read.name), read.span, read.provider, places));
    }
    // Another finding speaks of the literal itself.
    let mut add = |secret: Span, provider: &'d Provider, what: String| {
        let Some((literal, _)) = facts.literal_at(secret) else { return };
        found.push(source(true, what, literal, provider, names(context, literal)));
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
    let Some(sinks) = doc.language().map(|it| &it.sinks) else { return Vec::new() };
    while let Some(len) = tail(rest, &sinks.tails) {
        rest = &rest[len..];
    }
    // Where there is none, something else may stand in.
    let is_value = rest.is_empty() || sinks.instead.iter().any(|it| rest.trim_start().starts_with(it.as_str()));
    if holder.start != span.start || !is_value {
        return Vec::new();
    }
    let mut places = mentions(context, span);
    // What an entry or an argument is called is no variable.
    let (text, begin) = (doc.text(), Span { start: name.end, end: span.start.max(name.end) });
    let sign = doc.slice(begin).trim_end();
    let call = context.facts().calls_around(span).first().map(|(_, arguments)| arguments.start as usize);
    let is_argument = || call.is_some() && call == opener(&text[..name.start as usize]).map(|(at, _)| at);
    let is_entry = sign.ends_with(':') || sign.ends_with("=>") || is_argument();
    places.retain(|it| it.start > span.end && (!is_entry || text[..it.start as usize].ends_with('.')));
    let facts = doc.facts_near(&places);
    places.retain(|place| !facts.in_comment(*place) && !is_another(doc, &facts, doc.slice(name), span, *place));
    places
}

/// Between the value and the place something else gets the same name: a parameter, a loop, a pattern.
pub(super) fn is_another(doc: &Document, facts: &Facts, name: &str, value: Span, place: Span) -> bool {
    let text = doc.text();
    if is_parameter(text, facts, place) {
        return true;
    }
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
    let Some(sinks) = doc.language().map(|it| &it.sinks) else { return false };
    let binds = |at: Span| {
        let line = line_before(&text[..at.start as usize]);
        // `key, err := get()`
        let behind = text[at.end as usize..].trim_start_matches(|c: char| c.is_alphanumeric() || "_, ".contains(c));
        // A text binds nothing.
        let is_code = || line.matches(['"', '`', '\'']).count().is_multiple_of(2);
        sinks.binds_behind.iter().any(|it| behind.starts_with(it.as_str())) || is_code() && is_bound(sinks, line)
    };
    let between = Span { start: value.end, end: place.end };
    doc.places_of(name, Some(between)).any(binds)
}

/// The name at `place` is that of a parameter: `(key, value) => …`, `function (key) { … }`.
fn is_parameter(text: &str, facts: &Facts, place: Span) -> bool {
    if facts.literal_at(place).is_some() {
        return false;
    }
    let (mut start, mut end) = (place.start as usize, place.end as usize);
    if text[end..].trim_start().starts_with("=>") {
        return true;
    }
    // `({ key }) => …`
    for _ in 0..3 {
        let Some((open, sign)) = opener(&text[..start]) else { return false };
        let Some(len) = closing(&text[end..]) else { return false };
        (start, end) = (open, end + len);
        if sign == '(' {
            let line = line_behind(&text[end..]);
            let kind = line.find("=>").into_iter().chain(line.find('{')).min().map(|it| &line[..it]);
            let is_kind = |it: &str| it.chars().all(|c| c.is_alphanumeric() || " _:<>[]|.?*&".contains(c));
            let is_call = facts.calls_around(place).iter().any(|(_, arguments)| arguments.start as usize == open);
            return !is_call && kind.is_some_and(is_kind);
        }
    }
    false
}

/// The head of the function whose body begins behind `before`: its last line, and those above that its brackets reach to.
fn head(before: &str) -> &str {
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || c == '{');
    let before = &before[before.floor_char_boundary(before.len().saturating_sub(LONGEST_LINE))..];
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

/// `before` ends in what gives the name behind it a value of its own: a word, or the `|` of a parameter.
fn is_bound(sinks: &Sinks, before: &str) -> bool {
    let is_name = |c: char| c.is_alphanumeric() || c == '_' || c.is_whitespace();
    let pattern = before.trim_end_matches(|c: char| is_name(c) || "([{&*,$".contains(c));
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let last = |word: &String| {
        let places = whole_words(before, word, part).filter(|it| it.start as usize >= pattern.len());
        places.map(|it| it.end).max()
    };
    // `for it in key` reads it.
    let over = |from: u32| sinks.binds_end.iter().filter_map(last).any(|end| end > from);
    sinks.binds.iter().filter_map(last).any(|end| !over(end))
        || before.trim_end_matches(|c: char| is_name(c) || ",&".contains(c)).ends_with('|')
}

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

/// The value at a place stands there as it is, and not in a question or a part of it: all that stands for it, with the
/// methods that do not change it.
pub(super) fn operand(doc: &Document, facts: &Facts, place: Span, tails: &[String]) -> Option<Span> {
    let language = doc.language()?;
    let (text, sinks) = (doc.text(), &language.sinks);
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
    while let Some(len) = tail(&text[end..], tails) {
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
    let is_joined =
        sinks.joins.iter().any(|it| before.ends_with(it.trim_end()) || text[end..].starts_with(it.as_str()));
    // `puts key`
    let bare = facts.calls_around(place).first().map(|(_, arguments)| *arguments);
    let bare = bare.filter(|it| it.start == place.start || it.end as usize == end);
    let is_first = bare.is_some_and(|it| it.start == place.start);
    let begins = is_argument || is_assigned || is_joined || is_first;
    let after = past_comments(&text[end..], &language.comment);
    let is_format = after.starts_with([':', '!']) || after.starts_with("=}");
    let is_format = is_format && is_template(facts, place, Span::new(0, text.len()));
    let is_format = is_format && !is_part(after.split('}').next().unwrap_or(""));
    let ends = after.starts_with([')', ',', ']', '}', '+']) || is_format || is_joined;
    // `text = "key " + key`
    let last = || facts.bindings_around(place).first().is_some_and(|(_, value)| value.end as usize == end);
    let ends = ends || bare.is_some_and(|it| it.end as usize == end) || before.ends_with('+') && last();
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
pub(super) fn is_template(facts: &Facts, place: Span, whole: Span) -> bool {
    facts.around(place).any(|fact| matches!(*fact, Fact::Template { span } if whole.contains(span)))
}

/// How much of `rest` is one of `tails`; `.expect(*)` takes an argument.
pub(super) fn tail(rest: &str, tails: &[String]) -> Option<usize> {
    tails.iter().find_map(|it| match it.strip_suffix("*)") {
        Some(begin) => rest.strip_prefix(begin).and_then(closing).map(|len| begin.len() + len),
        // `a != b` asks.
        None => {
            let behind = rest.strip_prefix(it.as_str())?;
            (it != "!" || !behind.starts_with('=')).then_some(it.len())
        }
    })
}

/// How far it is to behind the bracket that closes what is open before `rest`.
fn closing(rest: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0usize, None);
    for (at, sign) in rest.char_indices().take(LONGEST_ARGUMENT) {
        match (quote, sign) {
            (Some(open), _) => quote = Some(open).filter(|_| open != sign),
            (None, '"') => quote = Some(sign),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') if depth == 0 => return Some(at + 1),
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    None
}

/// A longer argument of a method does more than to give a value on, in characters.
const LONGEST_ARGUMENT: usize = 200;

/// The name at `place` has the value that was read: nothing gives it another one in between.
pub(super) fn is_still(doc: &Document, read: Span, place: Span) -> bool {
    let name = doc.slice(place);
    let facts = doc.facts();
    let between = Span { start: read.end.min(place.start), end: place.start };
    !facts.within(between).any(|fact| {
        let Fact::Binding { name: it, value, .. } = *fact else { return false };
        doc.slice(it) == name && is_assigned(doc, it) && !value.contains(place)
    })
}

/// The last bracket before a place that is open there: where it stands, and which it is.
pub(super) fn opener(before: &str) -> Option<(usize, char)> {
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
