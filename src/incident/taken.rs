//! Which keys stand in what somebody pasted, and whose they are. Pure.

use std::ops::Range;

use serde_json::{Deserializer, Value};

use crate::secrets::{
    Catalogue, Level, Placeholder, Provider, Secret, Shape, classify, encoded, env_lines, env_value, fingerprint,
    is_likely, looks_secret, nearest_name, redact, runs, scan,
};
use crate::text::counted;

/// A key that was found in the input.
#[derive(Debug)]
pub struct Taken {
    /// The key.
    pub value: Secret,
    /// What of the input it is.
    pub part: String,
    /// The variable or field that it was given to.
    pub name: Option<String>,
    /// Whose it is.
    pub whose: Whose,
    /// What may be shown of it.
    pub shown: String,
    /// The same for the same key everywhere.
    pub fingerprint: String,
}

/// Whose key it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whose {
    /// The provider's id, where it is clear.
    pub provider: Option<String>,
    /// The provider's name, or that nobody knows.
    pub name: String,
    /// What its shape is called: `project key`.
    pub kind: Option<String>,
    /// What it can do.
    pub class: Option<&'static str>,
    /// Where it is ended and where a new one is made.
    pub page: Option<String>,
    /// Whose it could be, where that is not clear.
    pub may_be: Vec<String>,
    /// What losing it costs.
    pub level: Level,
}

/// So many keys are answered for at once: each one is asked about.
const MOST: usize = 50;
/// A value has so many different characters at the least.
const DIFFERENT: usize = 6;

/// The keys in a text, or why there is none to be looked for.
pub fn taken(catalogue: &Catalogue, text: &str) -> Result<Vec<Taken>, String> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    if text.is_empty() {
        return Err(
            "there is no value on standard input: `aikeys-lsp incident < FILE`, or paste it where it is asked for"
                .to_owned(),
        );
    }
    let mut found = Search { catalogue, sure: Vec::new(), likely: Vec::new() };
    match fields(text) {
        Some(fields) => fields.iter().for_each(|(name, value)| found.look(value, Some(name))),
        None => found.look(text, None),
    }
    let Search { mut sure, likely, .. } = found;
    if sure.is_empty() {
        sure = likely;
    }
    if sure.is_empty() {
        sure.push(alone(catalogue, text)?);
    }
    let mut all: Vec<Taken> = Vec::new();
    for taken in sure {
        if !all.iter().any(|it| it.value == taken.value) {
            all.push(taken);
        }
    }
    if all.len() > MOST {
        return Err(format!("the input holds {}, and {MOST} are answered for at once", counted(all.len(), "key")));
    }
    Ok(all)
}

/// The texts of JSON, of several lines of it, or of a line out of it, with their names.
fn fields(text: &str) -> Option<Vec<(String, String)>> {
    fn walk(name: &str, value: Value, all: &mut Vec<(String, String)>) {
        match value {
            Value::String(text) => all.push((name.to_owned(), text)),
            Value::Array(items) => items.into_iter().for_each(|it| walk(name, it, all)),
            Value::Object(fields) => fields.into_iter().for_each(|(name, it)| walk(&name, it, all)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    if !text.starts_with(['{', '[', '"']) {
        return None;
    }
    let parse = |text: &str| Deserializer::from_str(text).into_iter::<Value>().collect::<Result<Vec<_>, _>>().ok();
    let line = || parse(&format!("{{{}}}", text.trim_end_matches(',')));
    let mut all = Vec::new();
    parse(text).or_else(line)?.into_iter().for_each(|it| walk("", it, &mut all));
    Some(all)
}

struct Search<'c> {
    catalogue: &'c Catalogue,
    sure: Vec<Taken>,
    /// What has no shape, and no name that says that it is a secret.
    likely: Vec<Taken>,
}

impl Search<'_> {
    /// Looks through a text, which is the value of a field of that name.
    fn look(&mut self, text: &str, field: Option<&str>) {
        let bytes = text.as_bytes();
        let name =
            |at: usize| field.filter(|it| !it.is_empty()).map(str::to_owned).or_else(|| name_before(&text[..at]));
        let mut met: Vec<Range<usize>> = private_keys(text);
        for at in &met {
            self.sure.extend(of(self.catalogue, &text[at.clone()], name(at.start), "").ok());
        }
        for token in scan(self.catalogue, bytes) {
            let (at, value) = (token.span.range(), &text[token.span.range()]);
            if met.iter().any(|it| it.start < at.end && at.start < it.end) {
                continue;
            }
            let name = name(at.start);
            let is_named = name.as_deref().is_some_and(|it| says_secret(self.catalogue, it));
            if is_named || is_likely(self.catalogue, bytes, &token) || value.len() == text.len() {
                met.push(at);
                self.sure.extend(of(self.catalogue, value, name, "").ok());
            }
        }
        for hidden in encoded(self.catalogue, bytes, &runs(bytes)) {
            let at = hidden.span.range();
            if !met.iter().any(|it| it.start < at.end && at.start < it.end) {
                let how = if text[at.clone()].bytes().all(|it| it.is_ascii_hexdigit()) { "hex" } else { "base64" };
                self.sure.extend(of(self.catalogue, hidden.key.expose(), name(at.start), how).ok());
                met.push(at);
            }
        }
        for at in words(text) {
            let (value, name) = (&text[at.clone()], name(at.start));
            if met.iter().any(|it| it.start < at.end && at.start < it.end) || !looks_secret(self.catalogue, value) {
                continue;
            }
            let is_named = name.as_deref().is_some_and(|it| says_secret(self.catalogue, it));
            let to = if is_named { &mut self.sure } else { &mut self.likely };
            to.extend(of(self.catalogue, value, name, "").ok());
        }
    }
}

/// A name that is given to secrets.
fn says_secret(catalogue: &Catalogue, name: &str) -> bool {
    catalogue.provider_of_env(name).is_some() || catalogue.is_secret_name(name)
}

/// What stands before a value and gives it a name: `NAME=`, `name: `, `Bearer `.
fn name_before(before: &str) -> Option<String> {
    let line = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
    let mut at = nearest_name(line)?;
    // `Authorization: Bearer …`
    if SCHEMES.iter().any(|it| line[at.clone()].eq_ignore_ascii_case(it)) && line[at.end..].starts_with(' ') {
        at = nearest_name(&line[..at.start])?;
    }
    let near =
        line[at.end..].len() <= GAP && line[at.clone()].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    near.then(|| line[at].to_owned())
}

/// What is said before a key that is sent.
const SCHEMES: [&str; 4] = ["Bearer", "Basic", "Token", "Key"];
/// The most that stands between a name and its value: ` = "Bearer `.
const GAP: usize = 12;

/// The words of a text that could be values: between blanks, quotes, brackets and signs that assign.
fn words(text: &str) -> Vec<Range<usize>> {
    let ends = |c: char| c.is_whitespace() || "\"'`,;()[]{}<>|".contains(c);
    let mut found = Vec::new();
    let mut at = 0;
    for word in text.split(ends) {
        let (mut start, end) = (at, at + word.len());
        at = end + text[end..].chars().next().map_or(0, char::len_utf8);
        // `=` also pads base64.
        if let Some(sign) = word.find(['=', ':']) {
            let rest = word[sign..].trim_start_matches(['=', ':', '>']);
            let name = &word[..sign];
            if !rest.is_empty() && name.bytes().all(|it| it.is_ascii_alphanumeric() || b"_-.".contains(&it)) {
                start = end - rest.len();
            }
        }
        found.push(start..end);
    }
    found
}

/// What every private key in text has at both ends.
const PRIVATE: &str = "PRIVATE KEY-----";

/// The private keys of a text, from their first line to their last one.
fn private_keys(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("-----BEGIN ").map(|at| from + at) {
        let head = text[at..].find(PRIVATE).map(|it| at + it + PRIVATE.len());
        let end = head.and_then(|head| text[head..].find(PRIVATE).map(|it| head + it + PRIVATE.len()));
        from = end.unwrap_or(text.len());
        found.extend(end.map(|end| at..end));
    }
    found
}

/// The whole input is one value, of a shape that nobody knows.
fn alone(catalogue: &Catalogue, text: &str) -> Result<Taken, String> {
    if text.lines().count() > 1 {
        return Err(format!(
            "none of the {} looks like a key: give the value alone",
            counted(text.lines().count(), "line")
        ));
    }
    let line = env_lines(text).into_iter().next().filter(|it| it.value.len() > 1 && it.line.len() == text.len());
    let name = line.map(|it| text[it.name.range()].to_owned());
    let value = line
        .map_or_else(|| text.trim_matches([' ', '\t', '"', '\'', '`', ',', ';']).to_owned(), |it| env_value(text, &it));
    of(catalogue, &value, name, "")
}

fn of(catalogue: &Catalogue, value: &str, name: Option<String>, encoding: &str) -> Result<Taken, String> {
    let why = match classify(catalogue, value) {
        Some(Placeholder::Reference) => "this is no key but a reference: give the value that lies behind it",
        Some(Placeholder::Masked) => "the middle of this key is left out: give all of it",
        Some(Placeholder::PublicExample) => "this is an example that its provider publishes, and opens nothing",
        _ => "",
    };
    if !why.is_empty() {
        return Err(why.to_owned());
    }
    let mut different: Vec<char> = value.chars().collect();
    different.sort_unstable();
    different.dedup();
    let print = fingerprint(value).filter(|_| different.len() >= DIFFERENT);
    let print = print
        .ok_or("the value is too short or too simple: it would stand in many places by chance, and could be guessed")?;
    let (whose, shape) = whose(catalogue, value, name.as_deref());
    let how = if encoding.is_empty() { String::new() } else { format!(", written in {encoding}") };
    let part = match &name {
        Some(name) => format!("the value of {name}{how}"),
        None => format!("a value{how}"),
    };
    let shown = if value.contains(PRIVATE) { "a private key".to_owned() } else { redact(value, shape) };
    Ok(Taken { value: Secret::new(value), part, name, whose, shown, fingerprint: print.hex })
}

/// Whose a key is: by a shape of its own, else by the name that it was given, else by all shapes that it has.
fn whose<'c>(catalogue: &'c Catalogue, value: &str, name: Option<&str>) -> (Whose, Option<&'c Shape>) {
    // Some shapes have the name of their field in them.
    let written = name.map(|name| format!("\"{name}\": \"{value}\""));
    let is_whole = |shape: &Shape| shape.is_whole(value) || written.as_deref().is_some_and(|it| shape.is_whole(it));
    let fitting: Vec<(&Provider, &Shape)> =
        catalogue.shapes().map(|it| catalogue.shape(it)).filter(|(_, shape)| is_whole(shape)).collect();
    let bytes = value.as_bytes();
    let token = scan(catalogue, bytes).into_iter().find(|it| it.span.len() == value.len());
    let own = token.filter(|it| is_likely(catalogue, bytes, it)).map(|it| catalogue.shape(it.shape));
    // What everybody may read is no finding, and has a shape all the same.
    let own = own.or_else(|| fitting.iter().find(|(_, it)| it.stands_alone()).copied());
    let named = name.and_then(|it| catalogue.provider_of_env(it));
    let of_named =
        named.map(|named| (named, fitting.iter().find(|(it, _)| it.id == named.id).map(|(_, shape)| *shape)));
    let found = own.map(|(provider, shape)| (provider, Some(shape))).or(of_named);
    if let Some((provider, shape)) = found {
        let whose = Whose {
            provider: Some(provider.id.clone()),
            name: provider.name.clone(),
            kind: shape.map(|it| it.name.clone()),
            class: shape.map(|it| it.class.id()),
            page: provider.page().map(str::to_owned),
            may_be: Vec::new(),
            level: shape.map_or(Level::High, |it| it.severity),
        };
        return (whose, shape);
    }
    let mut may_be: Vec<String> = fitting.iter().map(|(it, _)| it.name.clone()).collect();
    may_be.sort();
    may_be.dedup();
    let level = fitting.iter().map(|(_, it)| it.severity).max().unwrap_or(Level::Medium);
    let name = "unknown provider".to_owned();
    (Whose { provider: None, name, kind: None, class: None, page: None, may_be, level }, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::sample;

    fn key(shape: &str) -> String {
        sample(shape, 3).expect("a sample")
    }

    /// The names, providers and values that are taken out of a text.
    fn of_text(text: &str) -> Vec<(Option<String>, Option<String>, String)> {
        let all = taken(Catalogue::built_in(), text).expect("keys");
        all.into_iter().map(|it| (it.name, it.whose.provider, it.value.expose().to_owned())).collect()
    }

    #[test]
    fn a_key_is_found_in_what_people_paste() {
        let groq = key("groq.api");
        for (text, name) in [
            ("{K}", None),
            ("  \"{K}\",\r\n", None),
            ("\u{feff}`{K}`\n", None),
            ("GROQ_API_KEY={K}", Some("GROQ_API_KEY")),
            ("# mine\nexport GROQ_API_KEY='{K}' # old\nPORT=80\n", Some("GROQ_API_KEY")),
            ("  - name: x\n    groq_api_key: {K}\n", Some("groq_api_key")),
            ("  \"api_key\": \"{K}\",", Some("api_key")),
            ("{\"a\": {\"b\": [\"Bearer {K}\"]}}\n{\"c\": 1}\n", Some("b")),
            ("curl -H 'Authorization: Bearer {K}'", Some("Authorization")),
            ("client = Groq(api_key=\"{K}\")", Some("api_key")),
        ] {
            let found = of_text(&text.replace("{K}", &groq));
            assert_eq!(found, [(name.map(str::to_owned), Some("groq".to_owned()), groq.clone())], "{text}");
        }
    }

    #[test]
    fn a_name_tells_whose_a_common_shape_is() {
        let mistral = key("mistral.api");
        assert_eq!(of_text(&format!("MISTRAL_API_KEY={mistral}\n"))[0].1.as_deref(), Some("mistral"));
        let alone = taken(Catalogue::built_in(), &mistral).expect("a value").remove(0);
        assert!(alone.whose.provider.is_none() && alone.whose.may_be.len() > 1, "{:?}", alone.whose);
        // Of several values those count that a name or a shape tells.
        let text = format!(
            "PORT=80\nTRACE_ID=a81bc81bdead4e5dabff90865d1e13b1\nMISTRAL_API_KEY={mistral}\nX={}\n",
            key("groq.api")
        );
        let names: Vec<Option<String>> = of_text(&text).into_iter().map(|it| it.0).collect();
        assert_eq!(names, [Some("X".to_owned()), Some("MISTRAL_API_KEY".to_owned())]);
    }

    #[test]
    fn encoded_keys_and_private_keys_are_taken_whole() {
        let groq = key("groq.api");
        let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("GROQ_API_KEY={groq}\n"));
        let found = taken(Catalogue::built_in(), &base64).expect("a key").remove(0);
        assert_eq!((found.value.expose(), found.part.as_str()), (groq.as_str(), "a value, written in base64"));
        let body = "MIIabcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789\\n".repeat(9);
        let pem = format!("-----BEGIN PRIVATE KEY-----\\n{body}-----END PRIVATE KEY-----\\n");
        let json = format!("{{\"type\": \"service_account\", \"private_key\": \"{pem}\"}}");
        let found = taken(Catalogue::built_in(), &json).expect("a key").remove(0);
        assert_eq!((found.whose.provider.as_deref(), found.shown.as_str()), (Some("google-vertex"), "a private key"));
        assert!(!format!("{found:?}").contains("MIIabc"), "it is not shown");
    }
}
