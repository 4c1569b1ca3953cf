//! Types that hold a key in one of their fields, and show their fields in a text that nobody wrote.
//!
//! A name proves nothing: the file has to show that a key gets there, or goes from there to a provider.

use std::collections::HashMap;

use super::context::Context;
use super::flow::{is_still, opener, tail};
use crate::fixes::{setting_variable, use_at};
use crate::secrets::{Provider, speaks};
use crate::syntax::{Document, Fact, Facts, Field, Type, Types, glob};
use crate::text::Span;

/// The types of a document, and those of their fields that hold a key and are shown.
#[derive(Default)]
pub(super) struct Holders<'d> {
    /// In order.
    pub types: Vec<Type>,
    /// In order, each field once.
    pub all: Vec<Holder<'d>>,
}

/// A field that holds a key.
pub(super) struct Holder<'d> {
    /// Its type, by its place among the types.
    pub of: usize,
    /// It, by its place among the fields.
    pub field: usize,
    /// What it holds, for messages.
    pub what: String,
    /// Whose key that is.
    pub provider: &'d Provider,
}

impl Holders<'_> {
    /// The type and the field.
    pub fn parts(&self, holder: &Holder<'_>) -> (&Type, &Field) {
        let of = &self.types[holder.of];
        (of, &of.fields[holder.field])
    }
}

/// Every field that holds a key and is shown, outside of tests.
pub(super) fn holders<'d>(context: &Context<'d>) -> Holders<'d> {
    let doc = context.doc;
    let Some(language) = doc.language().filter(|it| !it.is_test_path(doc.path())) else { return Holders::default() };
    let table = &language.types;
    let says = |words: &String| words.split(' ').all(|word| doc.text().contains(word));
    let speaks = || !context.sources().is_empty() || speaks(context.catalogue(), doc.text().as_bytes());
    if !table.shows.iter().any(says) || !speaks() {
        return Holders::default();
    }
    let types = doc.types();
    let tests = table.tests.iter().filter_map(|it| doc.text().find(it.as_str())).min().unwrap_or(usize::MAX);
    let holds = |of: &Type| of.fields.iter().any(|it| is_open(doc, table, it));
    let shown = |of: &Type| (of.declared as usize) <= tests && holds(of) && is_shown(doc, table, of);
    let mut open: Vec<(usize, usize)> = (0..types.len())
        .filter(|at| shown(&types[*at]))
        .flat_map(|at| (0..types[at].fields.len()).map(move |field| (at, field)))
        .filter(|&(at, field)| is_open(doc, table, &types[at].fields[field]))
        .filter(|&(at, field)| {
            let own = doc.slice(types[at].fields[field].name).starts_with('_');
            !own || !table.private.iter().any(|it| types[at].is_said(doc, it))
        })
        .take(MOST)
        .collect();
    if open.is_empty() {
        return Holders::default();
    }
    let mut all: Vec<Holder<'d>> = Vec::new();
    let mut add = |(of, field): (usize, usize), what: String, provider: &'d Provider| {
        all.push(Holder { of, field, what, provider });
    };
    for (key, what, provider) in given(context, table, &types, &open) {
        add(key, what, provider);
    }
    for &(of, field) in &open {
        let one = &types[of];
        if let Some((name, provider)) = filled(context, table, one, &one.fields[field]) {
            add((of, field), format!("the value of {name}"), provider);
        }
    }
    let known = |all: &[Holder<'_>], it: &(usize, usize)| all.iter().any(|holder| (holder.of, holder.field) == *it);
    open.retain(|it| !known(&all, it));
    let mut made: HashMap<usize, Vec<(Span, Span)>> = HashMap::new();
    for (of, field) in open {
        let made = made.entry(of).or_insert_with(|| objects(doc, table, &types[of]));
        if let Some(provider) = sent(context, table, &types[of], &types[of].fields[field], made) {
            all.push(Holder { of, field, what: format!("the key that goes to {}", provider.name), provider });
        }
    }
    all.sort_by_key(|it| (it.of, it.field));
    all.dedup_by_key(|it| (it.of, it.field));
    Holders { types, all }
}

/// How many fields are looked at, and how many places of a name.
const MOST: usize = 1_000;

/// The text form of the type is made of its fields, and by nobody.
fn is_shown(doc: &Document, table: &Types, of: &Type) -> bool {
    let text = doc.text();
    let name = doc.slice(of.name);
    let hidden = |it: &String| doc.slice(of.span).contains(it.as_str());
    let left_out = |it: &String| of.head.iter().any(|piece| doc.slice(*piece).contains(it.as_str()));
    table.shows.iter().any(|words| of.is_said(doc, words))
        && !table.hides.iter().any(hidden)
        && !table.leaves_out.iter().any(left_out)
        && !table.replaces.iter().any(|it| text.contains(&it.replace("{type}", name)))
}

/// The field is a text that is shown as it is.
fn is_open(doc: &Document, table: &Types, field: &Field) -> bool {
    let text = doc.slice(field.span);
    let name = doc.slice(field.name);
    let is_name = name.chars().all(|c| c.is_alphanumeric() || c == '_');
    // Half of a pair, which everybody may read.
    let is_public = name.to_ascii_lowercase().replace('_', "").ends_with("publickey");
    is_name
        && !is_public
        && table.is_text(doc.slice(field.kind))
        && !table.leaves_out.iter().any(|it| text.contains(it.as_str()))
}

type Found<'d> = ((usize, usize), String, &'d Provider);

/// Fields that a key of the program is given to: as a default, where an object is made, in the type's own code.
fn given<'d>(context: &Context<'d>, table: &Types, types: &[Type], open: &[(usize, usize)]) -> Vec<Found<'d>> {
    let doc = context.doc;
    let mut found = Vec::new();
    // A key in the text has to move first.
    for source in context.sources().iter().filter(|it| !it.is_literal) {
        let mut add = |at: (usize, usize)| found.push((at, source.what.clone(), source.provider));
        if let Some(at) =
            open.iter().find(|(of, field)| is_default(doc, table, &types[*of].fields[*field], source.span))
        {
            add(*at);
        }
        for exit in &source.exits {
            let place = exit.place;
            let Some((owner, name)) = owner(doc, exit.operand).or_else(|| assigned(doc, table, exit.operand)) else {
                continue;
            };
            let fits = |&&(of, field): &&(usize, usize)| {
                let one = &types[of];
                let is_it = match name {
                    Name::Is(name) => doc.slice(one.fields[field].name) == name,
                    Name::At(at) => field == at,
                };
                is_it && is_called(doc, table, one, owner, place)
            };
            let still = || place == source.span || is_still(doc, source.span, place);
            if let Some(at) = open.iter().find(fits).filter(|_| still()) {
                add(*at);
            }
        }
    }
    found
}

/// The word stands for the type at a place.
fn is_called(doc: &Document, table: &Types, of: &Type, word: &str, place: Span) -> bool {
    let own = || table.own.iter().chain(&table.itself).any(|it| it == word);
    word == doc.slice(of.name) || own() && of.parts.iter().any(|part| part.contains(place))
}

/// The value is the default in a field's declaration, as it is.
fn is_default(doc: &Document, table: &Types, field: &Field, value: Span) -> bool {
    let start = field.kind.end.max(field.name.end);
    if !field.span.contains(value) || value.start < start {
        return false;
    }
    let before = doc.slice(Span { start, end: value.start });
    let mut words = before.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|it| !it.is_empty());
    let wraps = before.contains('=') && words.all(|word| table.wrappers.iter().any(|it| it == word));
    wraps && is_whole(doc, value)
}

/// Nothing behind a value makes something else of it.
fn is_whole(doc: &Document, value: Span) -> bool {
    let Some((sinks, comment)) = doc.language().map(|it| (&it.sinks, &it.comment)) else { return false };
    let mut rest = &doc.text()[value.end as usize..];
    while let Some(len) = tail(rest, &sinks.tails) {
        rest = &rest[len..];
    }
    let ends = rest.trim_start_matches([' ', '\t']).starts_with([')', ',', ';', '}', '\n', '\r']);
    ends || rest.is_empty()
        || rest.trim_start().starts_with(comment.as_str())
        || sinks.instead.iter().any(|it| rest.trim_start().starts_with(it.as_str()))
}

/// What an argument or an entry is called.
#[derive(Clone, Copy)]
enum Name<'d> {
    /// By its name.
    Is(&'d str),
    /// By its place.
    At(usize),
}

/// What is made of the value at `place`, and what the value is called there: `Config { key: … }`, `Config(key=…)`.
fn owner(doc: &Document, place: Span) -> Option<(&str, Name<'_>)> {
    let (text, through) = (doc.text(), &doc.language()?.sinks.through);
    let mut at = place.start as usize;
    for _ in 0..4 {
        let (open, sign) = opener(&text[..at])?;
        let before = text[..open].trim_end();
        let part = |c: char| c.is_alphanumeric() || c == '_';
        let callee = &before[before.trim_end_matches(|c| part(c) || c == '.' || c == ':').len()..];
        let word = &before[before.trim_end_matches(part).len()..];
        if word.is_empty() || sign == '[' {
            return None;
        }
        if sign == '(' && through.iter().any(|it| glob(it, callee)) {
            at = before.len() - callee.len();
            continue;
        }
        let (commas, last) = commas(&text[open + 1..at]);
        let own = text[open + 1 + last..at].trim_end_matches(['&', '*', '$']).trim();
        let name = match own.strip_suffix(['=', ':']) {
            Some(name) => Name::Is(name.trim()),
            None if !own.is_empty() => return None,
            None if sign == '{' => Name::Is(doc.slice(place)),
            None => Name::At(commas),
        };
        return Some((word, name));
    }
    None
}

/// How many commas stand outside of brackets, and where the last one ends.
fn commas(text: &str) -> (usize, usize) {
    let (mut depth, mut count, mut last) = (0i32, 0, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => (count, last) = (count + 1, at + 1),
            _ => {}
        }
    }
    (count, last)
}

/// `self.key = …`
fn assigned<'d>(doc: &'d Document, table: &Types, place: Span) -> Option<(&'d str, Name<'d>)> {
    let before = doc.text()[..place.start as usize].trim_end().strip_suffix('=')?.trim_end();
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let name = &before[before.trim_end_matches(part).len()..];
    let object = before[..before.len() - name.len()].strip_suffix('.')?;
    let object = &object[object.trim_end_matches(part).len()..];
    table.itself.iter().any(|it| it == object).then_some((object, Name::Is(name)))
}

/// The variable that fills the field: an attribute names it, or its type is filled from those of its fields' names.
fn filled<'d>(context: &Context<'d>, table: &Types, of: &Type, field: &Field) -> Option<(String, &'d Provider)> {
    let doc = context.doc;
    let own = |name: &str| context.catalogue().provider_of_env(name).filter(|it| it.category != "store");
    let said = Span { start: field.span.start, end: field.name.start.max(field.span.start) };
    if let Some(name) = context.variable_in(said) {
        return Some((name.to_owned(), own(name)?));
    }
    let called = |it: &String| doc.text().contains(&it.replace("{type}", doc.slice(of.name)));
    let is_filled =
        || table.fills.iter().any(|it| if it.contains("{type}") { called(it) } else { of.is_said(doc, it) });
    let name = setting_variable(doc, field.name)?;
    let provider = own(&name)?;
    is_filled().then_some((name, provider))
}

/// The provider that the field's value goes to.
fn sent<'d>(
    context: &Context<'d>,
    table: &Types,
    of: &Type,
    field: &Field,
    made: &[(Span, Span)],
) -> Option<&'d Provider> {
    let (doc, name) = (context.doc, context.doc.slice(field.name));
    let text = doc.text();
    let uses: Vec<Span> =
        doc.places_of(name, None).take(MOST).filter(|it| text[..it.start as usize].ends_with('.')).take(USES).collect();
    if uses.is_empty() {
        return None;
    }
    let facts = doc.facts();
    let is_object = |object: &str, place: Span| {
        if table.itself.iter().any(|it| it == object) {
            return of.parts.iter().any(|part| part.contains(place));
        }
        made.iter().any(|(name, scope)| doc.slice(*name) == object && scope.contains(place))
    };
    uses.into_iter().find_map(|place| {
        let before = &text[..place.start as usize - 1];
        let object = &before[before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_').len()..];
        let start = before.len() - object.len();
        if object.is_empty() || text[..start].ends_with(['.', ')', ']']) || !is_object(object, place) {
            return None;
        }
        let value = Span { start: start as u32, end: place.end };
        goes_to(context, facts, value)
    })
}

/// How many places of a field are looked at.
const USES: usize = 50;

/// The provider whose key the expression at `value` must be, as it is.
pub(super) fn goes_to<'d>(context: &Context<'d>, facts: &Facts, value: Span) -> Option<&'d Provider> {
    let doc = context.doc;
    if !is_whole(doc, value) || facts.in_comment(value) {
        return None;
    }
    let slot = use_at(doc, facts, context.around, value)?;
    // What a key is called by its provider is none: `aws_access_key_id=…`.
    let name = facts.bindings_around(value).first().map_or("", |(name, _)| doc.slice(*name));
    if name.ends_with("_id") || name.ends_with("Id") {
        return None;
    }
    // What is made of it is something else.
    let through = &doc.language()?.sinks.through;
    let direct = slot.arguments.is_none_or(|arguments| {
        let calls = facts.calls_around(value);
        calls
            .first()
            .is_some_and(|(callee, of)| *of == arguments || through.iter().any(|it| glob(it, doc.slice(*callee))))
    });
    (direct && slot.provider.category != "store").then_some(slot.provider)
}

/// The names that stand for an object of a type, each with where that holds.
pub(super) fn objects(doc: &Document, table: &Types, of: &Type) -> Vec<(Span, Span)> {
    let (text, facts) = (doc.text(), doc.facts());
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let whole = Span::new(0, text.len());
    let mut found = Vec::new();
    for place in doc.places_of(doc.slice(of.name), None).filter(|it| *it != of.name).take(USES) {
        let (before, behind) = (&text[..place.start as usize], &text[place.end as usize..]);
        let makes = behind.trim_start().starts_with(['(', '{'])
            || behind.strip_prefix("::").or_else(|| behind.strip_prefix('.')).is_some_and(|rest| {
                let name = &rest[..rest.find(|c| !part(c)).unwrap_or(rest.len())];
                table.makes.iter().any(|it| it == name)
            });
        let start = before.trim_end().strip_suffix("new").map_or(place.start, |it| it.len() as u32);
        let bound = facts.bindings_around(place).into_iter().find(|(_, value)| value.start == start);
        if let (true, Some((name, value))) = (makes, bound) {
            let scope = facts.body_around(place).unwrap_or(whole);
            found.push((name, Span { start: value.end, end: scope.end.max(value.end) }));
            continue;
        }
        // `config: &Config` of a function
        let typed = before.trim_end_matches(['&', ' ', '*']);
        let typed = typed.strip_suffix("mut").map_or(typed, |it| it.trim_end_matches(['&', ' ']));
        let Some(named) = typed.strip_suffix(':').map(str::trim_end) else { continue };
        let name = &named[named.trim_end_matches(part).len()..];
        let is_parameter = behind.trim_start().starts_with([',', ')', '=', '\n']);
        let body = facts.within(Span { start: place.end, end: (place.end as usize + HEAD).min(text.len()) as u32 });
        let body = body.into_iter().find_map(|fact| match *fact {
            Fact::Deferred { span } => Some(span),
            _ => None,
        });
        if let (false, true, Some(body)) = (name.is_empty(), is_parameter, body) {
            found.push((Span::new(named.len() - name.len(), named.len()), body));
        }
    }
    found
}

/// How far behind a parameter the body of its function begins at the most, in bytes.
const HEAD: usize = 300;
