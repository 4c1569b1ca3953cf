//! Whose key a literal is, told by the place where it stands.

use std::borrow::Cow;

use super::instead;
use super::nearby::{self, is_relayed, provider_of_host, provider_of_model};
use crate::fixes::Surroundings;
use crate::secrets::{Client, Format, Provider, Shape, has_word, nearest_name};
use crate::syntax::{Document, Fact, Facts};
use crate::text::Span;

/// A place that takes one provider's key.
#[derive(Clone, Copy, Debug)]
pub struct Slot<'a> {
    /// Whose key.
    pub provider: &'a Provider,
    /// The SDK entry point that the literal is passed to.
    pub client: Option<&'a Client>,
    /// The variable that is read or written here.
    pub variable: Option<&'a str>,
    /// The call's arguments, where the literal itself is one.
    pub arguments: Option<Span>,
    /// The text of the call's arguments, where there is a client.
    pub call: &'a str,
}

/// Whose key the place of a literal asks for.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    /// This provider's.
    Known(&'a Provider),
    /// A name says that it is an API key; nothing says whose.
    Unknown,
}

/// Whose key the literal text at `value` must be; `None` when neither its place nor the name it is bound to tells.
pub fn whose<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Whose<'a>> {
    if let Some(slot) = by_itself(doc, facts, around, value) {
        let elsewhere =
            is_sent_elsewhere(around, &slot) || slot.variable.is_some() && is_relayed(doc, around, slot.provider);
        return Some(if elsewhere { Whose::Unknown } else { Whose::Known(slot.provider) });
    }
    if let Some(provider) = instead::of_variable(doc, facts, around, value) {
        return Some(Whose::Known(provider));
    }
    let mentions = mentions(doc, facts, value);
    if let Some(slot) = mentions.as_ref().and_then(|mentions| by_flow(doc, around, mentions)) {
        return Some(Whose::Known(slot.provider));
    }
    let called = mentions.is_some_and(|(mentions, facts)| mentions.iter().any(|it| is_called_key(doc, &facts, *it)));
    let called = (called || is_called_key(doc, facts, value)).then_some(Whose::Unknown);
    // A name that stands nearby may tell more than that it is a key.
    nearby::whose(doc, around, value).filter(|_| !is_sent_home(doc, facts, value)).or(called)
}

/// Whose key `value`, a part of a text or a comment, must be; `None` when the words before it do not tell.
pub fn whose_in_text<'a>(doc: &Document, around: &'a Surroundings, value: Span) -> Option<Whose<'a>> {
    nearby::whose(doc, around, value)
}

/// The slot that the literal text at `value` fills, itself or by the name that it is bound to.
pub fn slot_at<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    by_itself(doc, facts, around, value).or_else(|| by_flow(doc, around, &mentions(doc, facts, value)?))
}

/// The slot that the expression at `value` fills by its place: an argument, a variable that is set, a header.
pub fn use_at<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    by_place(doc, facts, around, value).or_else(|| by_header(doc, facts, around, value))
}

fn by_itself<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    by_place(doc, facts, around, value)
        .or_else(|| by_header(doc, facts, around, value))
        .or_else(|| by_name(doc, facts, around, value))
}

fn by_place<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    by_variable(doc, facts, around, value)
        .or_else(|| by_client(doc, facts, around, value))
        .or_else(|| by_attribute(doc, facts, around, value))
}

/// How many mentions of a name are looked at.
pub(super) const MENTIONS: usize = 50;

/// Mentions of a name, and what stands around them.
type Mentions<'a> = (Vec<Span>, Cow<'a, Facts>);

/// Somewhere in the file the name of the literal fills a slot: one hop.
fn by_flow<'a>(doc: &'a Document, around: &'a Surroundings, (mentions, facts): &Mentions<'_>) -> Option<Slot<'a>> {
    let mut slots = mentions.iter().filter_map(|mention| use_at(doc, facts, around, *mention));
    slots.next().map(|slot| Slot { arguments: None, ..slot })
}

/// What gets the value at `value` is called an API key, whoever gave it out.
fn is_called_key(doc: &Document, facts: &Facts, value: Span) -> bool {
    let variable = variable_around(doc, facts, value);
    let bound = facts.bindings_around(value).into_iter().filter(|(_, holder)| is_direct(doc, *holder, value));
    let mut names = variable.into_iter().chain(bound.map(|(name, _)| doc.slice(name)));
    !is_sent_home(doc, facts, value) && (names.any(is_key_name) || is_token_of_client(doc, facts, value))
}

/// `NewcoClient(access_token="…")`
fn is_token_of_client(doc: &Document, facts: &Facts, value: Span) -> bool {
    let Some((name, _)) = facts.bindings_around(value).into_iter().next() else { return false };
    let Some((callee, arguments)) = facts.calls_around(value).into_iter().next() else { return false };
    let class = doc.slice(callee).rsplit(['.', ':']).next().unwrap_or("");
    arguments.contains(name)
        && ["access_token", "auth_token", "secret_key", "token", "key"].contains(&doc.slice(name))
        && ["Client", "LLM", "Chat"].iter().any(|word| class.contains(word))
}

/// A name says that it holds an API key, and not one that everybody may read.
pub(super) fn is_key_name(name: &str) -> bool {
    let name = name.trim_matches(['"', '\'']).to_ascii_lowercase().replace('-', "_");
    let public = ["public", "publishable", "anon_"].iter().any(|word| name.contains(word));
    let called = ["api_key", "apikey", "api_keys", "api_token", "apitoken"].iter().any(|word| name.ends_with(word));
    // The header of a vendor: `x-vendor-key`.
    !public && (called || name.starts_with("x_") && name.ends_with("_key"))
}

/// An argument of a call to a server on this machine.
pub fn is_sent_home(doc: &Document, facts: &Facts, value: Span) -> bool {
    facts.calls_around(value).into_iter().take(2).any(|(_, call)| points_home(doc, call))
}

/// The client is told another server than its maker's, and nobody knows whose that is.
fn is_sent_elsewhere(around: &Surroundings, slot: &Slot<'_>) -> bool {
    let told = slot.call.match_indices("https://").any(|(at, _)| {
        let before = &slot.call[..at];
        let sign = before.trim_end_matches(['"', '\'', '`', ' ']);
        let name = nearest_name(sign).map_or("", |it| &sign[it]).to_ascii_lowercase();
        before.ends_with(['"', '\'', '`']) && sign.ends_with(['=', ':']) && name.contains("base")
    });
    told && slot.variable.is_none() && provider_of_host(around, slot.call).is_none()
}

/// What is longer is no call of a client, but a program in the arguments of a function, in bytes.
const LONGEST_CALL: usize = 20_000;

/// Where the name of the literal at `value` stands as code, with what stands around there.
fn mentions<'a>(doc: &'a Document, facts: &Facts, value: Span) -> Option<Mentions<'a>> {
    // Where nothing is named there is nothing to follow.
    if doc.language()?.identifiers.is_empty() {
        return None;
    }
    let (name, holder) = facts.bindings_around(value).into_iter().next()?;
    let word = doc.slice(name);
    let plain = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !plain || !is_direct(doc, holder, value) {
        return None;
    }
    // A field is one everywhere, another name in its function.
    let is_field = |name: Span| doc.text()[..name.start as usize].ends_with('.');
    let scope = facts.body_around(value).filter(|_| !is_field(name));
    let mentions = doc
        .places_of(word, scope)
        .filter(|it| !it.overlaps(name) && !it.overlaps(holder) && is_field(*it) == is_field(name));
    let mut mentions: Vec<Span> = mentions.take(MENTIONS).collect();
    if mentions.is_empty() {
        return None;
    }
    let facts = doc.facts_near(&mentions);
    mentions.retain(|mention| facts.literal_at(*mention).is_none_or(|(whole, _)| is_formatted(doc, whole)));
    Some((mentions, facts))
}

/// A string that takes values by their names.
fn is_formatted(doc: &Document, whole: Span) -> bool {
    let start = doc.text()[..whole.start as usize].trim_end();
    doc.slice(whole).starts_with(['f', 'F']) || start.ends_with("format!(")
}

/// The variable that is read with this default, or written.
pub(super) fn variable_around<'a>(doc: &'a Document, facts: &Facts, value: Span) -> Option<&'a str> {
    let variables = facts.around(value).filter_map(|fact| match *fact {
        Fact::EnvRead { name, default: Some(of), .. } | Fact::EnvWrite { name, value: of, .. } => Some((name, of)),
        _ => None,
    });
    let outermost = variables.filter(|(_, of)| of.contains(value)).last();
    outermost.map(|(name, _)| doc.slice(name))
}

fn by_variable<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    let variable = variable_around(doc, facts, value)?;
    let provider = around.catalogue.provider_of_name(variable)?;
    Some(Slot { provider, client: None, variable: Some(variable), arguments: None, call: "" })
}

/// The client whose key argument holds the literal.
fn by_client<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    let is_short = |(name, arguments): &(Span, Span)| name.len().max(arguments.len()) <= LONGEST_CALL;
    let calls: Vec<_> = facts.calls_around(value).into_iter().take(2).filter(is_short).collect();
    for &(name, arguments) in &calls {
        let call = doc.slice(arguments);
        for (provider, client) in called(doc, facts, around, name, arguments) {
            if !takes(doc, facts, client, arguments, value) {
                continue;
            }
            if points_home(doc, arguments) {
                return None;
            }
            // The host may stand beside a wrapped key, or in an earlier call of a chain.
            let mut beside = calls.iter().flat_map(|(name, arguments)| [doc.slice(*arguments), doc.slice(*name)]);
            let host = provider_of_host(around, call).or_else(|| beside.find_map(|it| provider_of_host(around, it)));
            let provider = host.or_else(|| provider_of_model(around, call)).unwrap_or(provider);
            return Some(Slot { provider, client: Some(client), variable: None, arguments: Some(arguments), call });
        }
    }
    None
}

/// The clients that a call of `name` may build.
fn called<'a>(
    doc: &'a Document,
    facts: &Facts,
    around: &'a Surroundings,
    name: Span,
    arguments: Span,
) -> Vec<(&'a Provider, &'a Client)> {
    let Some(language) = doc.language() else { return Vec::new() };
    let (callee, call) = (&original(doc, facts, doc.slice(name)), doc.slice(arguments));
    let is = |client: &Client| {
        is_called(&client.symbol, callee)
            && client.host.as_ref().is_none_or(|host| call.contains(host.as_str()))
            && is_imported(doc, facts, client)
            && (callee.contains(['.', ':']) || !client.symbol.contains('.') || is_item(doc, facts, callee))
    };
    clients(around, &language.clients).filter(|(_, client)| is(client)).collect()
}

/// The provider of a client that is built here without a key, and the variable that it reads in its stead.
pub fn reads_by_itself<'a>(
    doc: &'a Document,
    facts: &Facts,
    around: &'a Surroundings,
    name: Span,
    arguments: Span,
) -> Option<(&'a Provider, &'a str)> {
    let call = doc.slice(arguments);
    // `default_headers['…']` is another provider's, on the way.
    let own = |client: &Client| client.reads_env && client.args.iter().any(|arg| !arg.contains('['));
    let (provider, client) = called(doc, facts, around, name, arguments).into_iter().find(|(_, client)| own(client))?;
    // An argument by its place, and what comes in by `**`, can be the key.
    let by_name = call.trim_matches(['(', ')']).split(',').all(|it| it.trim().is_empty() || it.contains('='));
    let has_key = client.args.iter().any(|arg| call.contains(arg.as_str())) || call.contains("**");
    let known = by_name && !has_key && !call.contains("_url") && !call.contains("client");
    known.then(|| (provider, client.env.as_deref().unwrap_or(&provider.env)))
}

/// The client's attribute that the literal is assigned to: `dashscope.api_key`.
fn by_attribute<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    let language = &doc.language()?.clients;
    let (name, holder) = facts.bindings_around(value).into_iter().next()?;
    if !is_direct(doc, holder, value) {
        return None;
    }
    let target = &doc.text()[..name.end as usize];
    let mut rows = rows(around, language).filter(|(_, client)| client.kind.as_deref() == Some("attribute"));
    let (provider, client) = rows.find(|(_, client)| {
        let before = target.strip_suffix(client.symbol.as_str());
        let whole = before.is_some_and(|it| !it.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '.'));
        whole && is_imported(doc, facts, client)
    })?;
    Some(Slot { provider, client: Some(client), variable: None, arguments: None, call: "" })
}

/// The value is the literal alone, or little more.
fn is_direct(doc: &Document, holder: Span, value: Span) -> bool {
    holder.len() <= value.len() + 80 || doc.slice(holder).trim_start().starts_with(['"', '\'', 'b', 'r', 'f'])
}

/// The clients of a language.
pub(super) fn rows<'a>(
    around: &'a Surroundings,
    language: &'a str,
) -> impl Iterator<Item = (&'a Provider, &'a Client)> {
    let all = around.catalogue.providers.iter().flat_map(|it| it.clients.iter().map(move |client| (it, client)));
    all.filter(move |(_, client)| client.lang == language)
}

/// Those that are called: rows that ask for a host come first.
fn clients<'a>(around: &'a Surroundings, language: &'a str) -> impl Iterator<Item = (&'a Provider, &'a Client)> {
    let called = move || rows(around, language).filter(|(_, client)| client.kind.is_none());
    called().filter(|(_, client)| client.host.is_some()).chain(called().filter(|(_, client)| client.host.is_none()))
}

/// `callee` without the new name that an import may give to what it begins with.
pub(super) fn original(doc: &Document, facts: &Facts, callee: &str) -> String {
    let (first, rest) = callee.split_at(callee.find(['.', ':', '(']).unwrap_or(callee.len()));
    let renamed = facts.imports().find_map(|fact| match *fact {
        // A module is not called: what is called by such a name is what it gives under the importer's.
        Fact::Import { item: None, alias: Some(_), .. } if rest.is_empty() => None,
        Fact::Import { name, item, alias: Some(alias), .. } if doc.slice(alias) == first => Some(item.unwrap_or(name)),
        _ => None,
    });
    match renamed {
        Some(name) => format!("{}{rest}", doc.slice(name)),
        None => callee.to_owned(),
    }
}

/// `callee` ends in the symbol's last name and holds its first.
pub(super) fn is_called(symbol: &str, callee: &str) -> bool {
    fn names(text: &str) -> impl DoubleEndedIterator<Item = &str> {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|it| !it.is_empty())
    }
    let has = |first: &str| names(callee).any(|it| it == first);
    let is_pair = || names(symbol).count() == 2 && names(callee).nth(1).is_none();
    names(symbol).next_back() == names(callee).next_back()
        && names(symbol).next().is_some_and(|first| has(first) || is_pair())
}

pub(super) fn is_imported(doc: &Document, facts: &Facts, client: &Client) -> bool {
    let wanted = client.module().replace('\\', ".");
    // Some languages load classes by their names.
    if wanted.is_empty() {
        return true;
    }
    let first = |text: &str| text.split('.').next().unwrap_or("").to_owned();
    facts.imports().any(|fact| match *fact {
        Fact::Import { name, item, .. } => {
            let module = doc.slice(name).replace("::", ".").replace('\\', ".");
            let module = module.trim_start_matches('.');
            let dotted = match item {
                Some(item) => format!("{module}.{}", doc.slice(item)),
                None => module.to_owned(),
            };
            dotted.starts_with(&wanted) && (wanted.contains('.') || first(&dotted) == wanted)
        }
        _ => false,
    })
}

/// `callee` is an item that the file imports: `Client` may be anybody's.
pub(super) fn is_item(doc: &Document, facts: &Facts, callee: &str) -> bool {
    facts.imports().any(|fact| match *fact {
        Fact::Import { item, .. } => item.is_some_and(|item| doc.slice(item) == callee || doc.slice(item) == "*"),
        _ => false,
    })
}

/// The literal is one of the arguments that take the key.
pub(super) fn takes(doc: &Document, facts: &Facts, client: &Client, arguments: Span, value: Span) -> bool {
    let inner = facts.bindings_around(value).into_iter().next();
    let call = doc.slice(arguments);
    // `f("name", "value")` binds as well; there both are arguments.
    let is_argument = |name: Span| {
        position(call, name.start - arguments.start).1 == 1
            && call[..(name.start - arguments.start) as usize].ends_with(['"', '\''])
    };
    let named = inner.map(|(name, _)| name).filter(|name| arguments.contains(*name) && !is_argument(*name));
    match named.map(|name| doc.slice(name)) {
        Some(name) => client.args.iter().any(|arg| arg == name),
        None => client.args.iter().any(|arg| arg.parse() == Ok(position(call, value.start - arguments.start).0)),
    }
}

/// How many commas of the outermost level stand before `offset`, and how many brackets are open there.
fn position(arguments: &str, offset: u32) -> (usize, usize) {
    let (mut depth, mut commas, mut quote) = (0, 0, None);
    for byte in arguments.bytes().take(offset as usize) {
        match (quote, byte) {
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'(' | b'[' | b'{') => depth += 1,
            (None, b')' | b']' | b'}') => depth -= 1,
            (None, b',') if depth == 1 => commas += 1,
            _ => {}
        }
    }
    (commas, depth)
}

/// The base url is a server on this machine or this network: no provider's key goes there.
fn points_home(doc: &Document, call: Span) -> bool {
    [
        "://localhost",
        "://127.",
        "://0.0.0.0",
        "://[::1]",
        "://192.168.",
        "://10.",
        ".local",
        ".internal",
        "://host.docker",
    ]
    .iter()
    .any(|home| doc.holds(home, call))
}

/// A name that is a provider's variable, or that speaks of a provider and has the shape of its key.
fn by_name<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    let bound = facts.bindings_around(value).into_iter().filter(|(_, holder)| is_direct(doc, *holder, value));
    let provider =
        bound.map(|(name, _)| doc.slice(name)).find_map(|name| provider_of_name(around, name, doc.slice(value)))?;
    Some(Slot { provider, client: None, variable: None, arguments: None, call: "" })
}

pub(super) fn provider_of_name<'a>(around: &'a Surroundings, name: &str, text: &str) -> Option<&'a Provider> {
    if let Some(provider) = around.catalogue.provider_of_name(name) {
        return Some(provider);
    }
    if !around.catalogue.is_secret_name(name) && !name.to_ascii_lowercase().ends_with("key") {
        return None;
    }
    let speaks = |shape: &Shape| {
        shape.format == Format::Contextual
            && shape.context.iter().any(|word| has_word(name, word))
            && shape.is_whole(text)
    };
    around.catalogue.providers.iter().find(|provider| provider.keys.iter().any(speaks))
}

/// A request header, in a file that speaks to the provider's host.
fn by_header<'a>(doc: &'a Document, facts: &Facts, around: &'a Surroundings, value: Span) -> Option<Slot<'a>> {
    let (name, _) = facts.bindings_around(value).into_iter().next()?;
    let name = doc.slice(name).to_ascii_lowercase();
    let bearer = ["bearer_auth", "auth_bearer", "--oauth2-bearer"].contains(&name.as_str());
    let name = if bearer { "authorization" } else { name.as_str() };
    let sends = |provider: &Provider| {
        let header = provider.auth.split(':').next().unwrap_or("");
        !header.is_empty() && header.eq_ignore_ascii_case(name)
    };
    let slot = |provider| Slot { provider, client: None, variable: None, arguments: None, call: "" };
    // Nobody else has such a header.
    let mut own = around.catalogue.providers.iter().filter(|provider| sends(provider));
    if let (Some(provider), None) = (own.next(), own.next()) {
        return Some(slot(provider));
    }
    let speaks = |provider: &&Provider| {
        sends(provider)
            && provider.category != "local"
            && provider.hosts.iter().any(|host| {
                let host = host.trim_start_matches('*');
                host.contains('.') && doc.holds(host, Span::new(0, doc.text().len()))
            })
    };
    let mut found = around.catalogue.providers.iter().filter(speaks);
    let provider = found.next()?;
    found.next().is_none().then(|| slot(provider))
}
