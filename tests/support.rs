//! What several tests need: generated keys in the place of placeholders.

use std::collections::BTreeMap;

use base64::Engine;
use regex::Regex;

/// Text with keys in it, and how to take them out again.
pub struct Keyed {
    /// The text with keys.
    pub text: String,
    /// Each placeholder with its key.
    pub keys: BTreeMap<String, String>,
}

/// Replaces `{openai.project}` and `{openai.project#2}` by generated keys, `{openai.project:..20}` by a part of one, and
/// `{openai.project:base64}` and `{openai.project:hex}` by one that is encoded.
pub fn with_keys(text: &str) -> Keyed {
    let form = Regex::new(r"\{([a-z0-9-]+\.[a-z0-9-]+)(?:#(\d+))?(?::([a-z0-9.]+))?\}").expect("a literal pattern");
    let mut keys = BTreeMap::new();
    let text = form.replace_all(text, |found: &regex::Captures<'_>| {
        let seed = found.get(2).map_or(1, |it| it.as_str().parse().expect("a number"));
        match aikeys::secrets::sample(&found[1], seed) {
            Some(key) => {
                let form = found.get(3).map(|it| it.as_str());
                keys.entry(found[0].to_owned()).or_insert(form.map_or(key.clone(), |form| formed(&key, form))).clone()
            }
            None => panic!("{} names no shape of the catalogue", &found[0]),
        }
    });
    Keyed { text: text.into_owned(), keys }
}

fn formed(key: &str, form: &str) -> String {
    match (form, form.split_once("..")) {
        ("base64", _) => base64::prelude::BASE64_STANDARD.encode(key),
        ("fingerprint", _) => aikeys::secrets::fingerprint(key).expect("a long key").hex,
        ("hex", _) => key.bytes().map(|byte| format!("{byte:02x}")).collect(),
        (_, Some((from, to))) => {
            key[from.parse().unwrap_or(0)..to.parse().unwrap_or(key.len()).min(key.len())].to_owned()
        }
        _ => panic!("{form}: no form of a key"),
    }
}

impl Keyed {
    /// The same text, or one made from it, with placeholders again.
    pub fn without_keys(&self, text: &str) -> String {
        self.keys.iter().fold(text.to_owned(), |text, (placeholder, key)| text.replace(key, placeholder))
    }

    /// `text` shows more of a key than its shape's prefix and its last four characters.
    pub fn leaks(&self, text: &str) -> bool {
        let catalogue = aikeys::secrets::Catalogue::built_in();
        self.keys.iter().filter(|(placeholder, _)| !placeholder.contains(':')).any(|(placeholder, key)| {
            let id = placeholder.trim_matches(['{', '}']).split('#').next().unwrap_or("");
            let shape = catalogue.shape_named(id).expect("a placeholder names a shape");
            let prefix = catalogue.shape(shape).1.prefix().len();
            let middle = &key[prefix..key.len() - 4];
            (0..=middle.len().saturating_sub(8)).any(|at| text.contains(&middle[at..at + 8]))
        })
    }
}
