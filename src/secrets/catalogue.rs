//! All providers, indexed for scanning and for look-up by variable, client and header.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, OnceLock};

use memchr::memmem::Finder;
use regex::Regex;
use regex::bytes::Regex as ByteRegex;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::opens;
use super::placeholder::Placeholders;
use super::provider::{Class, Client, Confidence, Format, Provider, Shape};
use super::scan::is_key;
use super::words::{HEAD, Words};

/// The providers that a check knows.
#[derive(Debug)]
pub struct Catalogue {
    /// Built-in providers first, then the user's.
    pub providers: Vec<Provider>,
    pub(super) placeholders: Placeholders,
    pub(super) anchors: Words<Vec<ShapeId>>,
    /// The signs in anchors that are no key characters.
    pub(super) joints: BTreeSet<u8>,
    /// Anchors that are short or do not begin in a run of key characters, each with its shape.
    pub(super) wide: Vec<(Finder<'static>, ShapeId)>,
    /// What distinctive keys begin with.
    pub(super) begins: Words<()>,
    /// The first words of anchors that are too short to be looked up: `sk` of `sk-…`.
    pub(super) pairs: BTreeSet<[u8; 2]>,
    /// Distinctive shapes without an anchor.
    pub(super) unanchored: Vec<ShapeId>,
    /// Contextual shapes, each once: a key in a slot has one of them or looks generated.
    pub(super) contextual: Vec<ShapeId>,
    /// A file that holds one of them speaks of a provider.
    pub(super) speaking: Words<Speaks>,
    /// Every name of a secret holds one: in small letters.
    pub(super) secret_words: Words<()>,
    /// The words that tell whose key a contextual shape is.
    pub(super) context_words: Words<Vec<ShapeId>>,
    /// Shapes of several providers that are keys wherever they stand.
    pub(super) ambiguous: Vec<Ambiguous>,
    pub(super) by_env: HashMap<String, usize>,
    /// The same by the letters of a variable alone.
    pub(super) by_letters: HashMap<String, usize>,
    secret_name: Regex,
    /// What a file holds that speaks of a store of secrets.
    pub(super) of_stores: Option<ByteRegex>,
}

/// How a word tells that a file speaks of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    /// A variable, a host, a word for keys: wherever it stands.
    Named,
    /// The begin of a client's module: where it is imported.
    Imported,
}

/// A shape by its place in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShapeId {
    /// Index in [`Catalogue::providers`].
    pub provider: usize,
    /// Index in [`Provider::keys`].
    pub key: usize,
}

/// Why a catalogue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// The text is no catalogue.
    #[error("{0}")]
    Broken(String),
    /// A shape does not compile.
    #[error("provider {provider:?}: the shape of {shape:?} is no regular expression that can be used")]
    Regex {
        /// The provider's id.
        provider: String,
        /// The shape's id.
        shape: String,
    },
    /// Two providers or shapes share an id.
    #[error("{0:?} is there twice: ids must be unique")]
    Twice(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    provider: Vec<Provider>,
    placeholders: Placeholders,
    env: EnvNames,
    #[serde(rename = "generic-key")]
    _generic_key: IgnoredAny,
    ambiguous_shape: Vec<Ambiguous>,
}

/// A shape that several providers share.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Ambiguous {
    #[serde(rename = "shape")]
    _shape: String,
    /// Where it is a key wherever it stands.
    #[serde(default)]
    pub(super) regex: String,
    /// Their ids, each perhaps with a remark behind.
    pub(super) providers: Vec<String>,
    #[serde(rename = "advice")]
    _advice: String,
    #[serde(skip)]
    pub(super) compiled: OnceLock<Option<Regex>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct EnvNames {
    secret_name: String,
    #[serde(rename = "client-exposed-prefixes")]
    _client_exposed_prefixes: Vec<String>,
    #[serde(rename = "generic-names")]
    _generic_names: Vec<String>,
    #[serde(rename = "multi-key-names")]
    _multi_key_names: Vec<String>,
}

static BUILT_IN: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::with(Vec::new()).expect("a test loads the built-in catalogue")));

impl Catalogue {
    /// The catalogue that the binary carries.
    pub fn built_in() -> &'static Catalogue {
        &BUILT_IN
    }

    /// The same, to be held.
    pub fn built_in_shared() -> Arc<Catalogue> {
        Arc::clone(&BUILT_IN)
    }

    /// The built-in catalogue and the user's own providers.
    pub fn with(own: Vec<Provider>) -> Result<Catalogue, CatalogueError> {
        let built_in = include_str!(concat!(env!("OUT_DIR"), "/providers.json"));
        let mut file: File =
            serde_json::from_str(built_in).map_err(|error| CatalogueError::Broken(error.to_string()))?;
        check_own(&own)?;
        file.provider.extend(own);
        let mut ids = BTreeSet::new();
        for provider in &file.provider {
            let shapes = provider.keys.iter().map(|shape| &shape.id);
            if let Some(twice) = std::iter::once(&provider.id).chain(shapes).find(|id| !ids.insert((*id).clone())) {
                return Err(CatalogueError::Twice(twice.clone()));
            }
        }
        let secret_name =
            Regex::new(&file.env.secret_name).map_err(|error| CatalogueError::Broken(error.to_string()))?;
        let mut catalogue = index(file.provider, file.placeholders, secret_name);
        catalogue.ambiguous = file.ambiguous_shape.into_iter().filter(|it| !it.regex.is_empty()).collect();
        Ok(catalogue)
    }

    /// A shape with its provider.
    pub fn shape(&self, id: ShapeId) -> (&Provider, &Shape) {
        let provider = &self.providers[id.provider];
        (provider, &provider.keys[id.key])
    }

    /// A shape by its name, `openai.project`.
    pub fn shape_named(&self, name: &str) -> Option<ShapeId> {
        self.shapes().find(|&id| self.shape(id).1.id == name)
    }

    /// A provider by its id.
    pub fn provider(&self, id: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == id)
    }

    /// The provider whose key the variable `name` holds. Case does not count, so that `openai_api_key` is found as well.
    pub fn provider_of_env(&self, name: &str) -> Option<&Provider> {
        self.by_env.get(&name.to_ascii_uppercase()).map(|&at| &self.providers[at])
    }

    /// `text`, in small letters, holds a word that a variable for secrets has.
    pub(super) fn has_secret_word(&self, text: &str) -> bool {
        self.secret_words.find(text.as_bytes()).next().is_some()
    }

    /// `name` is what people call a variable that holds a secret.
    pub fn is_secret_name(&self, name: &str) -> bool {
        self.secret_name.is_match(name)
    }

    /// Every shape.
    pub fn shapes(&self) -> impl Iterator<Item = ShapeId> + '_ {
        self.providers
            .iter()
            .enumerate()
            .flat_map(|(provider, it)| (0..it.keys.len()).map(move |key| ShapeId { provider, key }))
    }
}

fn check_own(own: &[Provider]) -> Result<(), CatalogueError> {
    for provider in own {
        for shape in &provider.keys {
            if shape.regex().is_none() {
                return Err(CatalogueError::Regex { provider: provider.id.clone(), shape: shape.id.clone() });
            }
        }
    }
    Ok(())
}

fn index(providers: Vec<Provider>, placeholders: Placeholders, secret_name: Regex) -> Catalogue {
    let mut anchors: BTreeMap<String, Vec<ShapeId>> = BTreeMap::new();
    let mut context_words: BTreeMap<String, Vec<ShapeId>> = BTreeMap::new();
    let mut contextual: Vec<ShapeId> = Vec::new();
    let (mut wide, mut unanchored, mut by_env) = (Vec::new(), Vec::new(), HashMap::new());
    for (at, provider) in providers.iter().enumerate() {
        let names = std::iter::once(&provider.env).chain(&provider.aliases);
        for name in names.chain(provider.keys.iter().flat_map(|shape| &shape.env)) {
            by_env.entry(name.to_ascii_uppercase()).or_insert(at);
        }
        for (key, shape) in provider.keys.iter().enumerate() {
            let id = ShapeId { provider: at, key };
            if shape.format == Format::Contextual && !contextual.iter().any(|&it| same_shape(&providers, it, shape)) {
                contextual.push(id);
            }
            if shape.format == Format::Contextual {
                for word in &shape.context {
                    context_words.entry(word.clone()).or_default().push(id);
                }
            }
            if shape.format != Format::Distinctive {
                continue;
            }
            for anchor in &shape.anchors {
                if anchor.starts_with('-') || anchor.len() < HEAD {
                    wide.push((Finder::new(anchor.as_bytes()).into_owned(), id));
                } else {
                    anchors.entry(anchor.clone()).or_default().push(id);
                }
            }
            if shape.anchors.is_empty() {
                unanchored.push(id);
            }
        }
    }
    let distinctive = providers.iter().flat_map(|it| &it.keys).filter(|shape| shape.format == Format::Distinctive);
    let prefixes = distinctive.map(Shape::literal_begin).filter(|it| it.len() >= HEAD).map(str::to_owned);
    let begins: BTreeSet<String> = anchors.keys().cloned().chain(prefixes).collect();
    let speaking = Words::new(speaking(&providers, by_env.keys()));
    let variables = by_env.keys().map(|name| name.to_ascii_lowercase());
    let secret_words = Words::new(variables.chain(SECRET_WORDS.map(str::to_owned)).map(|word| (word, ())));
    Catalogue {
        of_stores: opens::words(&providers),
        providers,
        placeholders,
        begins: Words::new(begins.into_iter().map(|begin| (begin, ()))),
        pairs: anchors.keys().filter_map(|it| it.split_once(['-', '_'])?.0.as_bytes().try_into().ok()).collect(),
        joints: anchors.keys().flat_map(|anchor| anchor.bytes()).filter(|&byte| !is_key(byte)).collect(),
        anchors: Words::new(anchors),
        wide,
        unanchored,
        contextual,
        speaking,
        secret_words,
        ambiguous: Vec::new(),
        context_words: Words::new(context_words),
        by_letters: letters(&by_env),
        by_env,
        secret_name,
    }
}

/// The first of several names with the same letters counts.
fn letters(by_env: &HashMap<String, usize>) -> HashMap<String, usize> {
    let mut names: Vec<_> = by_env.iter().collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.into_iter().map(|(name, &at)| (name.replace('_', ""), at)).collect()
}

fn same_shape(providers: &[Provider], id: ShapeId, shape: &Shape) -> bool {
    providers[id.provider].keys[id.key].regex == shape.regex
}

/// How names say that they hold an API key.
const KEY_WORDS: [&str; 25] = [
    "Authorization",
    "authorization",
    "bearer_auth",
    "api_key",
    "API_KEY",
    "Api_Key",
    "apikey",
    "APIKEY",
    "apiKey",
    "ApiKey",
    "APIKey",
    "api-key",
    "Api-Key",
    "API-KEY",
    "API-Key",
    "Api-key",
    "api_token",
    "API_TOKEN",
    "apiToken",
    "ApiToken",
    "APIToken",
    "api-token",
    "Api-Token",
    "API-Token",
    "API-TOKEN",
];

/// What people call secrets.
const SECRET_WORDS: [&str; 5] = ["key", "secret", "token", "pat", "password"];

/// What modules begin with that are called after a host.
const DOMAINS: [&str; 5] = ["com", "dev", "io", "net", "org"];

/// Variables, also in small letters, hosts, the begins of modules, and what keys are called.
fn speaking<'p>(providers: &'p [Provider], variables: impl Iterator<Item = &'p String>) -> BTreeMap<String, Speaks> {
    // `google.genai` may be imported `from google`.
    let is_package = |begin: &str| begin.starts_with(|c: char| c.is_ascii_lowercase()) && !DOMAINS.contains(&begin);
    let begin = |client: &Client| match client.module().split_once('.') {
        Some((begin, rest)) if is_package(begin) && !rest.contains('/') => begin.to_owned(),
        _ => client.module(),
    };
    let (loaded, imported): (Vec<_>, Vec<_>) =
        providers.iter().flat_map(|it| &it.clients).partition(|client| client.module().is_empty());
    // Those of Go have the address of their repository, and PHP may write all of a class's name.
    let (addressed, modules): (Vec<_>, Vec<_>) =
        imported.into_iter().map(begin).partition(|it| it.contains('/') && it.contains('.'));
    let symbols = loaded.into_iter().map(|client| client.symbol.clone());
    let remote = providers.iter().filter(|it| it.category != "local");
    let hosts = remote.flat_map(|it| &it.hosts).map(|host| host.trim_start_matches('*').to_owned());
    let variables = variables.flat_map(|name| [name.clone(), name.to_ascii_lowercase()]);
    let called = KEY_WORDS.map(str::to_owned).into_iter();
    let named = variables.chain(hosts.filter(|host| host.contains('.'))).chain(called);
    let named = named.chain(addressed).chain(symbols).map(|word| (word, Speaks::Named));
    // The host of a customer begins with a name of theirs: `.openai.azure.com`.
    let bare = |word: String| word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric()).to_owned();
    modules.into_iter().map(|word| (word, Speaks::Imported)).chain(named).map(|(word, how)| (bare(word), how)).collect()
}

impl Class {
    /// For people and programs.
    pub fn id(self) -> &'static str {
        match self {
            Class::Api => "api",
            Class::Admin => "admin",
            Class::ServiceAccount => "service-account",
            Class::Oauth => "oauth",
            Class::Publishable => "publishable",
        }
    }
}

impl Shape {
    /// The shape alone is proof enough.
    pub fn stands_alone(&self) -> bool {
        self.format == Format::Distinctive && self.confidence > Confidence::Low
    }
}
