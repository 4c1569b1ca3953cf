//! Whose key a place asks for by the words before it: in comments, in texts of several lines, in any argument.

use super::slot::{Whose, is_key_name, provider_of_name};
use super::surroundings::Surroundings;
use crate::secrets::{Provider, nearest_name};
use crate::syntax::Document;
use crate::text::Span;

/// How far before and behind a key its host stands at the most.
const NEAR: usize = 300;
/// How many words that say nothing may stand between a name and its value.
const WORDS: usize = 6;

/// Whose key the nearest name before `value` asks for, or the one behind it where only an attribute's words stand before.
pub(super) fn whose<'a>(doc: &Document, around: &'a Surroundings, value: Span) -> Option<Whose<'a>> {
    let (start, end) = (value.start as usize, value.end as usize);
    let window = window(doc.text(), start.saturating_sub(NEAR), end + NEAR);
    let before = &doc.text()[window.start as usize..start];
    let name = match name_before(before) {
        Some(name) => name,
        // `#[arg(default_value = "…")] name: String`
        None => name_behind(&doc.text()[end..window.end as usize])?,
    };
    if let Some(provider) = around.catalogue.provider_of_name(&name) {
        return Some(Whose::Known(provider));
    }
    // `# mistral key: …`
    if ["key", "token", "secret"].contains(&name.as_str())
        && let Some(provider) = provider_of_name(around, &last_words(before), doc.slice(value))
    {
        return Some(Whose::Known(provider));
    }
    let sends = |provider: &Provider| {
        let header = provider.auth.split(':').next().unwrap_or("");
        header.len() > 3 && header.replace('-', "_").eq_ignore_ascii_case(&name)
    };
    let is_sent = AUTH.contains(&name.as_str()) || around.catalogue.providers.iter().any(sends);
    // Every program of one's own listens on this machine.
    let line = line_around(doc, window, value);
    let of_host = || provider_of_host(around, line).filter(|it| it.category != "local" || line.contains("/v1"));
    if let Some(provider) = is_sent.then(of_host).flatten() {
        return Some(Whose::Known(provider));
    }
    if is_key_name(&name)
        && let Some(provider) = provider_of_model_before(around, before)
    {
        return Some(Whose::Known(provider));
    }
    let sent = ["bearer", "authorization", "access_token", "auth_token"].contains(&name.as_str());
    (is_key_name(&name) || sent && speaks_of_models(doc)).then_some(Whose::Unknown)
}

/// The provider whose host `text` names.
pub(super) fn provider_of_host<'a>(around: &'a Surroundings, text: &str) -> Option<&'a Provider> {
    if !text.contains("://") {
        return None;
    }
    around.catalogue.providers.iter().find(|provider| provider.is_addressed(text))
}

/// The file sets another address for the provider's requests, and nobody knows whose that is.
pub(super) fn is_relayed(doc: &Document, around: &Surroundings, provider: &Provider) -> bool {
    let Some(stem) = provider.env.strip_suffix("_API_KEY") else { return false };
    let is_unknown = |rest: &str| {
        let value = rest.trim_start_matches(|c: char| "\\\"'`]=:,) ".contains(c));
        value.starts_with("https://") && provider_of_host(around, value.lines().next().unwrap_or("")).is_none()
    };
    ["_API_BASE", "_BASE_URL", "_API_BASE_URL"].iter().any(|end| {
        let name = format!("{stem}{end}");
        doc.text().match_indices(&name).take(MOST).any(|(at, _)| is_unknown(&doc.text()[at + name.len()..]))
    })
}

/// So many addresses are looked at.
const MOST: usize = 20;

/// The provider that the name of the first model in a call begins with: `model="mistral/large"`.
pub(super) fn provider_of_model<'a>(around: &'a Surroundings, call: &str) -> Option<&'a Provider> {
    provider_before_slash(around, call.split_once("model")?.1)
}

/// The same of the nearest model before a place.
fn provider_of_model_before<'a>(around: &'a Surroundings, before: &str) -> Option<&'a Provider> {
    provider_before_slash(around, before.rsplit_once("model")?.1)
}

fn provider_before_slash<'a>(around: &'a Surroundings, behind: &str) -> Option<&'a Provider> {
    let quotes = ['"', '\''];
    let value = behind.trim_start_matches(quotes).trim_start().strip_prefix(['=', ':'])?.trim_start();
    let (id, _) = value.trim_start_matches(quotes).split_once('/')?;
    around.catalogue.provider(&id.replace('_', "-"))
}

/// The variable that the nearest name before `value` is, or that of the provider whose key it is.
pub(super) fn variable_before(doc: &Document, around: &Surroundings, value: Span) -> Option<String> {
    let start = window(doc.text(), (value.start as usize).saturating_sub(NEAR), value.start as usize);
    let name = name_before(doc.slice(start)).map(|name| name.to_ascii_uppercase());
    let is_own = |name: &String| {
        around.catalogue.provider_of_env(name).is_some() || name.len() > 9 && name.ends_with("_API_KEY")
    };
    match (name.filter(is_own), whose(doc, around, value)) {
        (Some(name), _) => Some(name),
        (None, Some(Whose::Known(provider))) => Some(provider.env.clone()),
        _ => None,
    }
}

/// The end of `before` as one name: `mistral key: "` gives `mistral_key`.
fn last_words(before: &str) -> String {
    let line = before.rsplit(['\n', '(', ',', '{']).next().unwrap_or("");
    let words: Vec<&str> = line.split(|c: char| !c.is_alphanumeric()).collect();
    let last: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).rev().take(3).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("_").to_ascii_lowercase()
}

/// The file talks to a model: what it sends as a bearer's token is an AI key.
fn speaks_of_models(doc: &Document) -> bool {
    let words = [
        "https://api.",
        ".ai/",
        "/v1/chat",
        "/completions",
        "/embeddings",
        "/v1/messages",
        "\"model\"",
        "'model'",
        "model=",
        "llm",
        "LLM",
        "prompt",
    ];
    words.iter().any(|word| doc.holds(word, Span::new(0, doc.text().len())))
}

/// What stands before a key that is sent.
const AUTH: &[&str] = &["bearer", "authorization", "token", "access_token", "key", "api_key", "apikey", "x_api_key"];

/// Words that stand between a name and its value, and name nothing.
const FILLERS: &[&str] = &[
    "arg",
    "args",
    "as_bytes",
    "as_ref",
    "as_str",
    "b",
    "br",
    "clap",
    "default",
    "default_value",
    "defaultvalue",
    "env",
    "envdefault",
    "envvar",
    "f",
    "false",
    "field",
    "from",
    "from_static",
    "from_str",
    "help",
    "into",
    "lazylock",
    "lambda",
    "long",
    "move",
    "new",
    "none",
    "ok",
    "option",
    "or",
    "or_else",
    "r",
    "required",
    "return",
    "static",
    "secret",
    "secretstr",
    "secretstring",
    "self",
    "short",
    "some",
    "str",
    "string",
    "to_owned",
    "to_string",
    "to_vec",
    "true",
    "type",
    "u",
    "unwrap",
    "unwrap_or",
    "unwrap_or_else",
];

/// What stands before the type of what a function returns.
const RETURNS: [&str; 4] = ["->", "-> &", "&'static", "'static"];

/// The nearest name before the end of `before` that is no filler, in small letters, with `_` for `-`.
fn name_before(before: &str) -> Option<String> {
    let mut rest = before;
    for _ in 0..WORDS {
        let name = nearest_name(rest)?;
        let gap = &rest[name.end..].replace("{}", "").replace("%s", "");
        // `fn name() -> &'static str { "…"`
        let returns = RETURNS.iter().any(|it| rest[..name.start].trim_end().ends_with(it));
        let gap = if returns { gap.replace('{', "") } else { gap.clone() };
        // Another statement, or another scope.
        if gap.contains([';', '{', '}', '#']) || gap.contains("\n\n") {
            return None;
        }
        let word = rest[name.clone()].trim_matches('-').to_ascii_lowercase().replace('-', "_");
        // `%s` and `\n` of a format.
        let is_sign = word.len() == 1 && rest[..name.start].ends_with(['%', '\\']);
        let says_nothing =
            is_sign || FILLERS.contains(&word.as_str()) || word.bytes().all(|byte| !byte.is_ascii_alphabetic());
        if !says_nothing {
            return Some(word);
        }
        rest = &rest[..name.start];
    }
    None
}

/// The field below an attribute.
fn name_behind(behind: &str) -> Option<String> {
    let (_, field) = behind.split_once(")]")?;
    let field = field.trim_start().trim_start_matches("pub ");
    let (name, _) = field.split_once(':')?;
    (!name.contains(char::is_whitespace)).then(|| name.to_ascii_lowercase())
}

/// The part of the window that belongs to the value: the literal or comment around it, or its line.
fn line_around(doc: &Document, window: Span, value: Span) -> &str {
    let start = doc.text()[window.start as usize..value.start as usize].rfind("\n\n");
    let end = doc.text()[value.end as usize..window.end as usize].find("\n\n");
    let start = start.map_or(window.start, |at| window.start + at as u32);
    let end = end.map_or(window.end, |at| value.end + at as u32);
    doc.slice(Span { start, end })
}

/// `start..end`, cut to the text and to whole letters.
fn window(text: &str, mut start: usize, end: usize) -> Span {
    let mut end = end.min(text.len());
    while !text.is_char_boundary(start) {
        start += 1;
    }
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    Span::new(start, end)
}
