//! The schema of `providers.toml`, and of `[[provider]]` in `aikeys.toml`.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::OnceLock;

use regex::bytes::{Regex, RegexBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::opens::Opens;

/// A company or product that hands out keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Provider {
    /// Kebab-case id, unique in the catalogue.
    pub id: String,
    /// The name that messages use.
    pub name: String,
    /// What it sells: `llm`, `search`, `gateway` …
    #[serde(default)]
    pub category: String,
    /// The variable that its SDKs read.
    pub env: String,
    /// Other variables that hold the same key.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Those of the aliases that people write and no SDK reads.
    #[serde(default)]
    pub mistaken: Vec<String>,
    /// Those that name a file with the key, and do not hold it.
    #[serde(default)]
    pub files: Vec<String>,
    /// Variables beside the key: base url, organisation …
    #[serde(default)]
    pub related: Vec<String>,
    /// Host names of its API; `*.` stands for any label.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// How the key is sent, `{key}` standing for it.
    #[serde(default)]
    pub auth: String,
    /// The page where keys are made and revoked.
    #[serde(default)]
    pub keys_page: String,
    /// The base url of its OpenAI-compatible API.
    #[serde(default)]
    pub base_url: String,
    /// `retired` and the like.
    #[serde(default)]
    pub status: String,
    /// How a program logs in without a key, where it runs on a cloud or in a workflow.
    #[serde(default)]
    pub keyless: String,
    /// A fact for people.
    #[serde(default)]
    pub note: String,
    /// The store of secrets that its keys open.
    pub opens: Option<Opens>,
    /// The shapes of its keys.
    #[serde(default, rename = "key")]
    pub keys: Vec<Shape>,
    /// The SDK entry points that take a key.
    #[serde(default, rename = "client")]
    pub clients: Vec<Client>,
    /// The cheapest request that tells a live key from a dead one.
    pub validate: Option<Validate>,
    /// Whether keys can be made and revoked by API.
    pub key_api: Option<KeyApi>,
}

/// One shape of key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Shape {
    /// `provider.shape`, unique in the catalogue.
    pub id: String,
    /// For messages: `project key`.
    pub name: String,
    /// Whether the shape alone names the provider.
    pub format: Format,
    /// The whole key, for the `regex` crate.
    pub regex: String,
    /// A wider shape that counts only with context.
    pub lenient: Option<String>,
    /// Literal texts, one of which every match holds.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// Characters that may not stand next to a match.
    pub boundary: Boundary,
    /// Of two matches in one place the higher one counts.
    #[serde(default)]
    pub priority: u32,
    /// Words that make a contextual shape count.
    #[serde(default)]
    pub context: Vec<String>,
    /// Variables for this shape, where the provider's own is wrong.
    #[serde(default)]
    pub env: Vec<String>,
    /// Character classes a match must hold unless its context names the provider:
    /// `digit`, `upper`.
    #[serde(default)]
    pub require: Vec<String>,
    /// How the last characters check the others, for people.
    #[serde(default)]
    pub checksum: String,
    /// The last six characters are the CRC32 of those between them and the prefix, in base62.
    #[serde(default)]
    pub crc32: bool,
    /// Other products of its maker have keys of the same shape: only context tells that it is one of this provider.
    #[serde(default)]
    pub shared: bool,
    /// How sure the shape is.
    pub confidence: Confidence,
    /// What losing such a key costs.
    pub severity: Level,
    /// What the key can do.
    #[serde(default)]
    pub class: Class,
    /// A fact for people.
    #[serde(default)]
    pub note: String,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
    #[serde(skip)]
    whole: OnceLock<Whole>,
}

/// A shape that covers a text from end to end.
#[derive(Debug)]
struct Whole {
    /// How long such a text can be: this is asked first.
    lengths: RangeInclusive<usize>,
    regex: OnceLock<Option<Regex>>,
}

/// Whether a shape stands alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The shape alone names the provider.
    Distinctive,
    /// The shape is common: something nearby must name the provider.
    Contextual,
    /// No shape is published: only a slot that takes this provider's key counts.
    Opaque,
}

/// The characters that may not touch a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Boundary {
    /// `[A-Za-z0-9_-]`
    #[serde(rename = "b64u")]
    Base64Url,
    /// `[A-Za-z0-9]`
    #[serde(rename = "alnum")]
    Alnum,
    /// `[A-Za-z0-9_]`
    #[serde(rename = "alnum_")]
    Word,
    /// `[A-Za-z0-9+/=]`
    #[serde(rename = "b64")]
    Base64,
    /// Anything may.
    #[serde(rename = "none")]
    None,
}

/// How many independent sources agree on a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One source.
    Low,
    /// Two.
    Medium,
    /// Three or more.
    High,
}

/// What a lost key costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing: it is public.
    None,
    /// Little.
    Low,
    /// Some money.
    Medium,
    /// The account's money.
    High,
    /// More keys, or a whole cloud account.
    Critical,
}

/// What a key can do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// It calls the API.
    #[default]
    Api,
    /// It makes and deletes other keys.
    Admin,
    /// It belongs to a machine account.
    ServiceAccount,
    /// It stands for a person's session.
    Oauth,
    /// It is meant to be public: never a finding.
    Publishable,
}

/// An SDK entry point that takes a key.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Client {
    /// The language, as in `grammars/`; `ecma` covers JavaScript and TypeScript.
    pub lang: String,
    /// The package that the file imports.
    pub package: String,
    /// The module or path that is imported, where it is not the package's name: `google.genai`.
    pub module: Option<String>,
    /// The class, function or method: `genai.Client`, `OpenAIConfig::with_api_key`.
    pub symbol: String,
    /// Argument names and positions that take the key.
    #[serde(default)]
    pub args: Vec<String>,
    /// The variable that this SDK reads, where it is not the provider's.
    pub env: Option<String>,
    /// Left out, the argument is read from that variable.
    #[serde(default)]
    pub reads_env: bool,
    /// Without a key it works as well: a server on this machine asks for none.
    #[serde(default)]
    pub optional: bool,
    /// The host that the call must name for the row to count.
    pub host: Option<String>,
    /// `attribute`: the key is assigned to the symbol; `address`: the arguments are where a store is; `unchecked`:
    /// `name=value` switches the check of its certificate off.
    pub kind: Option<String>,
}

/// The request that tells whether a key is alive.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Validate {
    /// `GET` or `POST`.
    #[serde(default)]
    pub method: String,
    /// Where to.
    #[serde(default)]
    pub url: String,
    /// What goes with it, `{key}` standing for the key.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What is posted.
    pub body: Option<String>,
    /// The shapes of keys that it is for; none means all of the provider.
    #[serde(default)]
    pub keys: Vec<String>,
    /// The status of an answer to a live key.
    #[serde(default)]
    pub live: Vec<u16>,
    /// To a live key that may not do this. Where it is in `dead` as well it tells nothing.
    #[serde(default)]
    pub live_but_limited: Vec<u16>,
    /// To a key that is no more. Left out where keys of another region or account get the same answer.
    #[serde(default)]
    pub dead: Vec<u16>,
    /// Texts in an answer that mean a live key, whatever its status; blanks do not count.
    #[serde(default)]
    pub live_text: Vec<String>,
    /// Texts in an answer that mean a dead key.
    #[serde(default)]
    pub dead_text: Vec<String>,
    /// The request was confirmed in a source; an unverified one is never sent.
    #[serde(default)]
    pub verified: bool,
}

/// Whether keys can be managed by API.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct KeyApi {
    /// Keys can be made.
    #[serde(default)]
    pub create: bool,
    /// Keys can be revoked or disabled.
    #[serde(default)]
    pub revoke: bool,
    /// A fact for people.
    #[serde(default)]
    pub note: String,
}

impl Provider {
    /// The page where keys are made and revoked, where there is one.
    pub fn page(&self) -> Option<&str> {
        Some(self.keys_page.as_str()).filter(|it| !it.is_empty())
    }

    /// An address in a text (`https://…`) leads to the provider.
    pub fn is_addressed(&self, text: &str) -> bool {
        hosts_in(text).any(|host| self.has_host(host))
    }

    /// The host is one of the provider's.
    pub fn has_host(&self, host: &str) -> bool {
        let own = self.hosts.iter().map(String::as_str).chain(hosts_in(&self.base_url).take(1));
        own.filter(|own| own.len() > 5 && own.contains('.')).any(|own| match own.strip_prefix('*') {
            Some(end) => host.len() > end.len() && host.to_ascii_lowercase().ends_with(end),
            None => host.eq_ignore_ascii_case(own),
        })
    }
}

/// The hosts of the addresses in a text.
pub fn hosts_in(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| c.is_whitespace() || "/\\?#\"'`<>()[],;|".contains(c);
    text.match_indices("://").filter_map(move |(at, separator)| {
        let authority = text[at + separator.len()..].split(ends).next()?;
        let host = authority.rsplit('@').next()?.split(':').next()?;
        (!host.is_empty()).then_some(host)
    })
}

impl Client {
    /// What a file that uses it imports: a dotted path.
    pub fn module(&self) -> String {
        self.module.clone().unwrap_or_else(|| self.package.replace('-', "_"))
    }

    /// Its arguments take the key.
    pub fn takes_key(&self) -> bool {
        matches!(self.kind.as_deref(), None | Some("attribute"))
    }
}

impl Shape {
    /// The compiled shape; `None` where it does not compile, which a test excludes for
    /// the built-in catalogue and loading excludes for a user's.
    pub fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.regex)).as_ref()
    }

    /// The literal text that every match begins with, as far as an anchor tells.
    pub fn prefix(&self) -> &str {
        let starts = |anchor: &&String| {
            self.regex.starts_with(regex::escape(anchor).as_str()) || self.regex.starts_with(anchor.as_str())
        };
        self.anchors.iter().find(starts).map_or("", String::as_str)
    }

    /// What its expression begins with before anything may differ; without an anchor it is too common to be looked for.
    pub(super) fn literal_begin(&self) -> &str {
        let end = self.regex.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
        match end.map(|end| self.regex.split_at(end)) {
            Some((begin, rest)) if rest.starts_with(['?', '*', '{']) => &begin[..begin.len().saturating_sub(1)],
            Some((begin, _)) => begin,
            None => &self.regex,
        }
    }

    /// `value`, and nothing more, has this shape, or its lenient form.
    pub fn is_whole(&self, value: &str) -> bool {
        let all = || match &self.lenient {
            Some(lenient) => format!("{}|{lenient}", self.regex),
            None => self.regex.clone(),
        };
        let whole = self.whole.get_or_init(|| {
            let hir = regex_syntax::Parser::new().parse(&all()).ok();
            let lengths = hir.and_then(|it| Some(it.properties().minimum_len()?..=it.properties().maximum_len()?));
            Whole { lengths: lengths.unwrap_or(0..=usize::MAX), regex: OnceLock::new() }
        });
        let regex = || whole.regex.get_or_init(|| compile(&format!(r"\A(?:{})\z", all()))).as_ref();
        whole.lengths.contains(&value.len()) && regex().is_some_and(|regex| regex.is_match(value.as_bytes()))
    }

    /// The checksum in a key of this shape fits; `None` where the shape has none.
    pub fn checksum_fits(&self, key: &str) -> Option<bool> {
        const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        let start = key.find('_').filter(|_| self.crc32)? + 1;
        let end = key.len().checked_sub(6).filter(|&end| end > start)?;
        let mut rest = crc32fast::hash(key.as_bytes().get(start..end)?) as usize;
        let mut tail = *b"000000";
        for digit in tail.iter_mut().rev() {
            *digit = DIGITS[rest % 62];
            rest /= 62;
        }
        Some(key.as_bytes()[end..] == tail)
    }

    /// `value` holds the character classes that [`Shape::require`] names.
    pub fn has_required(&self, value: &[u8]) -> bool {
        let body = value.get(self.prefix().len()..).unwrap_or(value);
        self.require.iter().all(|class| match class.as_str() {
            "digit" => body.iter().any(u8::is_ascii_digit),
            "upper" => body.iter().any(u8::is_ascii_uppercase),
            _ => true,
        })
    }
}

/// Keys are ASCII, and machines for bytes are made ten times faster than those for all letters of the world.
fn compile(regex: &str) -> Option<Regex> {
    let bytes = RegexBuilder::new(regex).unicode(false).build();
    bytes.or_else(|_| Regex::new(regex)).ok()
}

impl Boundary {
    /// `byte` may not stand beside a match.
    pub fn forbids(self, byte: u8) -> bool {
        match self {
            Boundary::Base64Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Boundary::Alnum => byte.is_ascii_alphanumeric(),
            Boundary::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Boundary::Base64 => byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='),
            Boundary::None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::secrets::{Catalogue, sample};

    #[test]
    fn a_checksum_tells_keys_from_what_was_made_up() {
        let catalogue = Catalogue::built_in();
        let fits = |id: &str, key: &str| {
            let id = catalogue.shape_named(id).expect("it is there");
            catalogue.shape(id).1.checksum_fits(key)
        };
        let body = "0".repeat(30);
        let hash = crc32fast::hash(body.as_bytes());
        let digits: Vec<char> = ('0'..='9').chain('A'..='Z').chain('a'..='z').collect();
        let tail: String = (0..6).rev().map(|at| digits[(u64::from(hash) / 62u64.pow(at) % 62) as usize]).collect();
        assert_eq!(fits("github-models.classic", &format!("ghp_{body}{tail}")), Some(true));
        let random = sample("github-models.classic", 1).expect("a sample");
        assert_eq!(fits("github-models.classic", &random), Some(false));
        let other = sample("openai.project", 1).expect("a sample");
        assert_eq!(fits("openai.project", &other), None);
    }
}
