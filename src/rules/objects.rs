//! Objects that hold a key: clients, settings, parsed arguments, lists of names and values.

use super::context::Context;
use super::flow::{Exit, is_another, is_still, tail};
use super::holders::{goes_to, objects};
use super::masked::{is_left_out, is_masked, is_plain};
use crate::fixes::use_at;
use crate::secrets::Provider;
use crate::syntax::{Document, Fact, Sinks, glob};
use crate::text::Span;

/// Objects of one name.
pub(super) struct Object<'d> {
    /// What is in it, for messages: `the value of OPENAI_API_KEY`.
    pub what: String,
    /// Whose key that is.
    pub provider: &'d Provider,
    /// Where the name got the object.
    made: Span,
    /// Where the name stands for it.
    places: Vec<Span>,
    /// It shows what is in it only where it is opened.
    closed: bool,
    /// What the key is called in it, where it is opened.
    key: Option<String>,
    /// What the key is called in it, in every way that code writes it.
    names: Vec<String>,
}

/// An object that leaves the program whole.
pub(super) struct Whole<'d> {
    /// What is in it.
    pub what: String,
    /// Whose key that is.
    pub provider: &'d Provider,
    /// The object.
    pub place: Span,
    /// What the key is called in it, where it is opened.
    pub key: Option<&'d str>,
    /// What carries it out.
    pub callee: &'d str,
}

/// Every object with a key that one of `sinks` gets whole, outside of tests, in order.
pub(super) fn wholes<'d>(context: &'d Context<'_>, sinks: fn(&Sinks) -> &[String]) -> Vec<Whole<'d>> {
    let doc = context.doc;
    let Some(language) = doc.language().filter(|it| !it.is_test_path(doc.path())) else { return Vec::new() };
    let (sinks, table) = (sinks(&language.sinks), &language.objects);
    let tails: Vec<String> = language.sinks.tails.iter().chain(&table.opened).cloned().collect();
    let mut found = Vec::new();
    for object in context.objects() {
        let facts = doc.facts_near(&object.places);
        for &place in &object.places {
            let Some(exit) = Exit::behind(doc, &facts, place, &tails) else { continue };
            let opened = || {
                let rest = doc.slice(Span { start: place.end, ..exit.operand });
                tail(rest, &table.opened).is_some()
                    || exit.call(doc).is_some_and(|it| table.opens.iter().any(|open| glob(open, it)))
            };
            let Some(callee) = exit.sink_through(doc, sinks, &table.opens) else { continue };
            let sink = facts.calls_around(exit.operand).into_iter().find(|(it, _)| doc.slice(*it).ends_with(callee));
            let call = sink.map_or(exit.operand, |(it, arguments)| Span { start: it.start, ..arguments });
            if is_left_out(doc, call, place, &object.names)
                || is_plain(doc, &exit, opened())
                || object.places.iter().any(|it| it.start < place.start && is_masked(context, *it, &object.names))
            {
                continue;
            }
            if object.closed && !opened() || !is_still(doc, object.made, place) {
                continue;
            }
            let Object { what, provider, key, .. } = object;
            found.push(Whole { what: what.clone(), provider, place, key: key.as_deref(), callee });
        }
    }
    found.sort_by_key(|it| it.place);
    found.dedup_by_key(|it| it.place);
    found
}

/// Every object with a key.
pub(super) fn all<'d>(context: &Context<'d>) -> Vec<Object<'d>> {
    let doc = context.doc;
    if doc.language().is_none_or(|it| it.is_test_path(doc.path()) || it.objects.opens.is_empty()) {
        return Vec::new();
    }
    let mut found = made(context);
    found.extend(parsed(context));
    found.extend(of_types(context));
    found
}

/// What a key is put into: a client, or a list of names and values.
fn made<'d>(context: &Context<'d>) -> Vec<Object<'d>> {
    let doc = context.doc;
    let Some(language) = doc.language() else { return Vec::new() };
    let table = &language.objects;
    let mut found = Vec::new();
    for source in context.sources() {
        let operands: Vec<Span> = source.exits.iter().map(|it| it.operand).collect();
        let facts = &*doc.facts_near(&operands);
        for exit in &source.exits {
            let bound = facts.bindings_around(exit.operand).into_iter();
            let bound: Vec<_> = bound.filter(|(name, it)| it.len() <= LONGEST && is_assigned(doc, *name)).collect();
            let call = facts.calls_around(exit.operand).first().map(|(_, arguments)| *arguments);
            let is_list = |value: Span| {
                let text = doc.slice(value);
                table.lists && text.starts_with('{') && text.ends_with('}') && call.is_none_or(|it| !value.contains(it))
            };
            let client = || {
                let slot = use_at(doc, facts, context.around, exit.operand)?;
                let client = slot.client.filter(|it| it.kind.is_none())?;
                let arguments = slot.arguments?;
                table.clients.contains(&client.package).then_some(arguments)
            };
            let client = client();
            let is_client = |value: Span| {
                let arguments = client.filter(|it| it.end == value.end && value.contains(*it));
                let head = arguments.map(|it| doc.slice(Span { start: value.start, end: it.start }));
                head.is_some_and(|it| it.starts_with(table.new.as_str()) && !it.contains(['(', '.']))
            };
            let Some((name, value)) = bound.into_iter().find(|(_, it)| is_list(*it) || is_client(*it)) else {
                continue;
            };
            found.push(Object {
                what: source.what.clone(),
                provider: source.provider,
                made: value,
                places: places(doc, name, value),
                closed: is_client(value) && table.closed,
                key: None,
                names: entry(doc, value, exit.operand).into_iter().collect(),
            });
        }
    }
    found
}

/// What a value is called in a list of names and values: `"api_key": …`, `{ apiKey }`.
fn entry(doc: &Document, list: Span, operand: Span) -> Option<String> {
    let before = doc.slice(Span { start: list.start, end: operand.start.max(list.start) });
    let part = |c: char| c.is_alphanumeric() || "_-$".contains(c);
    if doc.slice(operand).chars().all(part) && before.trim_end().ends_with(['{', ',']) {
        return Some(doc.slice(operand).to_owned());
    }
    let name = before[..before.rfind([':', '='])?].trim_end().trim_end_matches(['"', '\'']);
    let name = &name[name.trim_end_matches(part).len()..];
    (!name.is_empty()).then(|| name.to_owned())
}

/// The name is that of a variable: no argument, no entry, no field.
pub(super) fn is_assigned(doc: &Document, name: Span) -> bool {
    let before = &doc.text()[..name.start as usize];
    let touches = before.trim_end_matches([' ', '\t']).ends_with(['"', '\'', '`', '.']);
    !touches && !before.trim_end().ends_with(['(', ',', '{', '['])
}

/// What is longer is a program of its own, in bytes.
const LONGEST: usize = 2_000;

/// Where the name stands, in its function or in the file.
pub(super) fn places(doc: &Document, name: Span, value: Span) -> Vec<Span> {
    let scope = doc.facts_near(&[value]).body_around(value);
    let places = doc.places_of(doc.slice(name), scope).filter(|it| it.start >= value.end);
    let mut places: Vec<Span> = places.take(MOST).collect();
    let facts = doc.facts_near(&places);
    places.retain(|it| !facts.in_comment(*it) && !is_another(doc, &facts, doc.slice(name), value, *it));
    places
}

/// How many places of a name are looked at.
const MOST: usize = 50;

/// The arguments of a program, one of which is a key.
fn parsed<'d>(context: &Context<'d>) -> Vec<Object<'d>> {
    let doc = context.doc;
    let Some(help) = doc.language().map(|it| &it.help).filter(|it| !it.parses.is_empty()) else { return Vec::new() };
    if !help.parses.iter().any(|it| doc.text().contains(it.trim_start_matches('*'))) {
        return Vec::new();
    }
    let facts = doc.facts();
    let calls = |names: &[String]| {
        let found = facts.iter().filter_map(|fact| match *fact {
            Fact::Call { span, callee, arguments: Some(arguments) } => Some((span, callee, arguments)),
            _ => None,
        });
        found.filter(|(_, callee, _)| names.iter().any(|it| glob(it, doc.slice(*callee)))).collect::<Vec<_>>()
    };
    let options: Vec<(Vec<String>, Span)> =
        calls(&help.calls).into_iter().map(|(_, _, arguments)| (options(doc, arguments), arguments)).collect();
    let mut found = Vec::new();
    for (span, ..) in calls(&help.parses).into_iter().take(MOST) {
        let bound = facts.bindings_around(span).into_iter().find(|(_, value)| *value == span);
        let Some((name, value)) = bound.filter(|(name, _)| is_assigned(doc, *name)) else { continue };
        let places = places(doc, name, value);
        let key = options.iter().find_map(|(names, arguments)| {
            let default = context.sources().iter().find(|it| arguments.contains(it.span));
            if let Some(source) = default.filter(|it| it.exits.iter().any(|exit| exit.place == it.span)) {
                return Some((source.what.clone(), source.provider, names));
            }
            let provider = places.iter().find_map(|place| {
                let field = field(doc, *place)?;
                let is_it = names.iter().any(|it| it == doc.slice(field));
                is_it.then(|| goes_to(context, facts, Span { end: field.end, ..*place })).flatten()
            })?;
            Some((format!("the key that goes to {}", provider.name), provider, names))
        });
        let Some((what, provider, names)) = key else { continue };
        // Somebody takes it out first.
        let taken = places.iter().filter_map(|place| Some((*place, field(doc, *place)?))).any(|(place, field)| {
            let (before, behind) = (&doc.text()[..place.start as usize], &doc.text()[field.end as usize..]);
            let set = behind.trim_start().starts_with('=') && !behind.trim_start().starts_with("==");
            names.iter().any(|it| it == doc.slice(field))
                && (set || before.trim_end().ends_with(help.removes.as_str()) && !help.removes.is_empty())
        });
        if !taken {
            let (key, names) = (names.first().cloned(), names.clone());
            found.push(Object { what, provider, made: value, places, closed: false, key, names });
        }
    }
    found
}

/// The name behind `object.`.
fn field(doc: &Document, object: Span) -> Option<Span> {
    let rest = doc.text()[object.end as usize..].strip_prefix('.')?;
    let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
    (len > 0).then(|| Span { start: object.end + 1, end: object.end + 1 + len as u32 })
}

/// What an option may be called among the arguments: `--api-key <key>` is `api_key` or `apiKey`.
fn options(doc: &Document, arguments: Span) -> Vec<String> {
    let literals = doc.facts().within(arguments).filter_map(|fact| match *fact {
        Fact::Literal { value, .. } => Some(doc.slice(value)),
        _ => None,
    });
    let mut names = Vec::new();
    for text in literals.take(4) {
        for option in text.split([' ', ',']).filter_map(|it| it.strip_prefix("--")) {
            names.push(option.replace('-', "_"));
            let mut parts = option.split('-');
            let first = parts.next().unwrap_or("").to_owned();
            names.push(parts.fold(first, |name, part| {
                let (start, rest) = part.split_at(part.chars().next().map_or(0, char::len_utf8));
                name + &start.to_uppercase() + rest
            }));
        }
        // `dest="key"`
        if text.chars().all(|c| c.is_alphanumeric() || c == '_') && names.is_empty() {
            names.push(text.to_owned());
        }
    }
    names
}

/// Objects of types that show a key.
fn of_types<'d>(context: &Context<'d>) -> Vec<Object<'d>> {
    let doc = context.doc;
    let Some(language) = doc.language() else { return Vec::new() };
    let holders = context.holders();
    let mut found = Vec::new();
    for holder in &holders.all {
        let (of, _) = holders.parts(holder);
        let name = doc.slice(of.name);
        let other = language.types.other.iter().any(|it| doc.text().contains(&it.replace("{type}", name)));
        if other {
            continue;
        }
        let whats = || (holder.what.clone(), holder.provider);
        let names = || vec![doc.slice(holders.parts(holder).1.name).to_owned()];
        for (name, scope) in objects(doc, &language.types, of) {
            let places = doc.places_of(doc.slice(name), Some(scope)).filter(|it| it.start > name.start);
            let places = places.filter(|it| !doc.facts().in_comment(*it)).take(MOST).collect();
            let (what, provider) = whats();
            found.push(Object { what, provider, made: name, places, closed: false, key: None, names: names() });
        }
        for (own, part) in language.types.itself.iter().flat_map(|own| of.parts.iter().map(move |part| (own, *part))) {
            let (what, provider) = whats();
            let places = doc.places_of(own, Some(part)).take(MOST).collect();
            found.push(Object { what, provider, made: of.name, places, closed: false, key: None, names: names() });
        }
    }
    found
}
