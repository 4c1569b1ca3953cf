//! Names that people make of a provider's variable.

use super::catalogue::Catalogue;
use super::provider::Provider;

impl Catalogue {
    /// The provider whose variable people may have made this name of: `mistralApiKey`, `MISTRAL_API_KEY_STAGING`,
    /// `_openai_api_key2`, `WithMistralAPIKey`, `--mistral-api-key`.
    pub fn provider_of_name(&self, name: &str) -> Option<&Provider> {
        let snake = snake(name).replace('-', "_");
        let mut rest = snake.trim_matches('_');
        if let Some((_, object)) = rest.split_once('_').filter(|(verb, _)| GIVE.contains(verb)) {
            rest = object;
        }
        for _ in 0..3 {
            let plain = rest.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
            let one = plain.strip_suffix(['s', 'S']).unwrap_or(plain);
            if let Some(provider) = [rest, plain, one].into_iter().find_map(|name| self.provider_of_env(name)) {
                return Some(provider);
            }
            // `OpenAIAPIKey`: nobody knows where its words begin.
            if rest.contains(|c: char| c.is_ascii_lowercase())
                && let Some(&at) = self.by_letters.get(&plain.replace('_', "").to_ascii_uppercase())
            {
                return Some(&self.providers[at]);
            }
            let (head, last) = rest.rsplit_once('_')?;
            if DESCRIBE.contains(&last.to_ascii_lowercase().as_str()) {
                return None;
            }
            rest = head;
        }
        None
    }
}

/// What is said of a key is no key.
const DESCRIBE: [&str; 32] = [
    "id",
    "hash",
    "name",
    "names",
    "url",
    "uri",
    "path",
    "file",
    "header",
    "env",
    "var",
    "length",
    "len",
    "prefix",
    "suffix",
    "type",
    "count",
    "regex",
    "pattern",
    "format",
    "help",
    "description",
    "label",
    "field",
    "digest",
    "sha256",
    "md5",
    "fingerprint",
    "index",
    "version",
    "expiry",
    "source",
];

/// What functions that take a key are called before its name.
const GIVE: [&str; 7] = ["with", "With", "set", "Set", "use", "Use", "add"];

/// `mistralApiKey` and `mistralAPIKey` as `mistral_Api_Key`; other names as they are.
fn snake(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut last = ' ';
    for (at, c) in name.char_indices() {
        let word = last.is_ascii_lowercase() || last.is_ascii_digit();
        // The last capital of several begins the next word.
        let next = || name[at + 1..].starts_with(|next: char| next.is_ascii_lowercase());
        if c.is_ascii_uppercase() && (word || last.is_ascii_uppercase() && next()) {
            out.push('_');
        }
        out.push(c);
        last = c;
    }
    out
}
