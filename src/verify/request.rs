//! The request for a key, made from the catalogue, and what the answer means. Pure.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Life, Question};
use crate::secrets::{Catalogue, Provider, Secret, Validate};

/// A request that holds a key: it has no `Debug`.
pub struct Request {
    /// What is asked.
    pub question: Question,
    validate: &'static Validate,
}

/// The request that tells whether a key of a provider is alive; else why there is none.
///
/// Of the catalogue only what the binary carries counts.
pub fn request(provider: &str, key: &str) -> Result<Request, String> {
    let none = || "no harmless request is known that tells".to_owned();
    let provider = Catalogue::built_in().provider(provider).ok_or_else(none)?;
    let validate = provider.validate.as_ref().filter(|it| it.verified).ok_or_else(none)?;
    if !validate.keys.is_empty() && !validate.keys.iter().any(|id| is_of_shape(provider, id, key)) {
        return Err("no harmless request is known for this kind of key".to_owned());
    }
    if !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("it has characters that a request cannot carry".to_owned());
    }
    let method = match validate.method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        _ => return Err(none()),
    };
    let host = host_of(&validate.url).ok_or("the request needs more than the key: a host or an account")?;
    let parts = "the request needs more than this key: its other half";
    let fill = |template: &str, encoding: Encoding| filled(template, key, encoding).ok_or(parts);
    let mut headers = Vec::new();
    for (name, value) in &validate.headers {
        headers.push((name.clone(), Secret::new(fill(value, Encoding::Plain)?)));
    }
    let form = validate.headers.values().any(|it| it.contains("x-www-form-urlencoded"));
    let encoding = if form { Encoding::Percent } else { Encoding::Plain };
    let body = validate.body.as_deref().map(|body| fill(body, encoding)).transpose()?;
    let url = Secret::new(fill(&validate.url, Encoding::Percent)?);
    let question = Question { method, host, url, headers, body: body.map(Secret::new) };
    Ok(Request { question, validate })
}

impl Request {
    /// What an answer means. Answers can be large: what tells stands at their begin.
    pub fn judge(&self, status: u16, body: &str) -> Life {
        let Validate { live, dead, live_but_limited, live_text, dead_text, .. } = self.validate;
        let body: String = body.split_ascii_whitespace().collect();
        let says = |texts: &[String]| texts.iter().any(|text| body.contains(text.as_str()));
        if (live.contains(&status) && !says(dead_text)) || says(live_text) {
            return Life::Live;
        }
        let refused = dead.contains(&status) || live.contains(&status) && says(dead_text);
        match (refused, live_but_limited.contains(&status)) {
            (true, false) => Life::Dead,
            (false, true) => Life::Live,
            _ => Life::Unknown(format!("{} answered with status {status}", self.question.host)),
        }
    }
}

fn is_of_shape(provider: &Provider, id: &str, key: &str) -> bool {
    provider.keys.iter().any(|shape| shape.id == id && shape.is_whole(key))
}

/// The host of an address with `https`, where it is a plain name.
pub(crate) fn host_of(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://")?;
    let host = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    (!host.is_empty() && host.bytes().all(plain)).then(|| host.to_owned())
}

#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    Percent,
}

/// The template with the key in it; none where it wants something else as well.
fn filled(template: &str, key: &str, encoding: Encoding) -> Option<String> {
    if template.starts_with('{') && template.contains('"') {
        // JSON, in which a brace is no place for anything; no request has a key in it.
        return (!template.contains("{key}")).then(|| template.to_owned());
    }
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, behind)) = rest.split_once('{') {
        let (place, after) = behind.split_once('}')?;
        out.push_str(before);
        match place {
            "key" if matches!(encoding, Encoding::Percent) => out.push_str(&percent(key)),
            "key" => out.push_str(key),
            "base64(key:)" => out.push_str(&STANDARD.encode(format!("{key}:"))),
            "base64(api:key)" => out.push_str(&STANDARD.encode(format!("api:{key}"))),
            _ => return None,
        }
        rest = after;
    }
    out.push_str(rest);
    Some(out)
}

pub(crate) fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
