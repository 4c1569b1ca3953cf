//! How a value can stand in a text: as it is, escaped, encoded. For looking for values that are known.

use std::collections::BTreeSet;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

use super::secret::Secret;
use crate::text::{Disjoint, Span};

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// As it is.
    Plain,
    /// With the escapes of JSON, or of addresses.
    Escaped,
    /// In base64, perhaps with something before it and behind it.
    Base64,
    /// As hex digits.
    Hex,
    /// In UTF-16.
    Utf16,
}

/// Where one of the values stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sighted {
    /// Which value.
    pub value: usize,
    /// How it is written.
    pub form: Form,
    /// The place.
    pub span: Span,
}

/// Some values in all their forms.
pub struct Forms {
    written: Vec<(usize, Form)>,
    finder: AhoCorasick,
    longest: usize,
}

impl Form {
    /// What is said of a place.
    pub fn note(self) -> &'static str {
        match self {
            Form::Plain => "",
            Form::Escaped => "escaped",
            Form::Base64 => "in base64",
            Form::Hex => "in hex",
            Form::Utf16 => "in UTF-16",
        }
    }
}

impl Forms {
    /// All forms of some values. `None` where they are too many or too large for one search.
    pub fn of(values: &[&Secret]) -> Option<Forms> {
        let (mut written, mut texts, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
        for (number, value) in values.iter().enumerate() {
            for (form, text) in forms(searched(value.expose())) {
                if seen.insert(text.clone()) {
                    written.push((number, form));
                    texts.push(text);
                }
            }
        }
        let longest = texts.iter().map(Vec::len).max().unwrap_or(0);
        let finder = AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(&texts).ok()?;
        Some(Forms { written, finder, longest })
    }

    /// The length of the longest one.
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// One of them stands in the text.
    pub fn stand_in(&self, text: &[u8]) -> bool {
        self.finder.is_match(text)
    }

    /// Where they stand, in order.
    pub fn find(&self, text: &[u8]) -> Vec<Sighted> {
        let found = self.finder.find_iter(text).map(|hit| {
            let (value, form) = self.written[hit.pattern().as_usize()];
            Sighted { value, form, span: Span::new(hit.start(), hit.end()) }
        });
        let mut taken = Disjoint::default();
        found.filter(|it| taken.add(it.span)).collect()
    }

    /// The text without them.
    pub fn hidden(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for hit in self.finder.find_iter(text) {
            out.push_str(&text[at..hit.start()]);
            out.push('…');
            at = hit.end();
        }
        out + &text[at..]
    }
}

/// What of a value is looked for: of a private key, whose lines can be broken in any way, one line that no other key has.
fn searched(value: &str) -> &str {
    if !value.contains("PRIVATE KEY-----") {
        return value;
    }
    let lines = value.split(['\n', '\r', '"']).flat_map(|it| it.split("\\n")).map(str::trim);
    let body: Vec<&str> = lines.filter(|it| it.len() >= LINE && !it.contains("-----")).collect();
    body.get(body.len() / 2).copied().unwrap_or(value)
}

/// The lines of a private key are not shorter, but for the last one.
const LINE: usize = 40;

fn forms(value: &str) -> Vec<(Form, Vec<u8>)> {
    let mut all = vec![(Form::Plain, value.as_bytes().to_vec())];
    let json = value.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        '\n' => "\\n".to_owned(),
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    });
    let json: String = json.collect();
    // What some writers of JSON escape besides, each in its own way; other characters as two halves.
    let escaped = |signs: &str, digits: fn(u16) -> String| -> String {
        let each = json.chars().map(|c| match signs.contains(c) || !c.is_ascii() {
            true => c.encode_utf16(&mut [0; 2]).iter().map(|it| digits(*it)).collect(),
            false => c.to_string(),
        });
        each.collect()
    };
    all.push((Form::Escaped, json.replace('/', "\\/").into_bytes()));
    all.push((Form::Escaped, escaped("", |it| format!("\\u{it:04x}")).into_bytes()));
    all.push((Form::Escaped, escaped("+&<>'", |it| format!("\\u{it:04X}")).into_bytes()));
    all.push((Form::Escaped, escaped("&<>", |it| format!("\\u{it:04x}")).into_bytes()));
    all.push((Form::Escaped, json.clone().into_bytes()));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    for keep in ["", "/:@"] {
        let percent = value.bytes().map(|byte| match plain(byte) || keep.as_bytes().contains(&byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        });
        all.push((Form::Escaped, percent.collect::<String>().into_bytes()));
    }
    for before in 0..3 {
        for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
            let bytes = [&[0; 2][..before.min(2)], value.as_bytes()].concat();
            let text = engine.encode(&bytes);
            // The signs at both ends hold bits of what stands beside it.
            let (start, cut) = ([0, 2, 3][before], usize::from(bytes.len() % 3 != 0));
            all.push((Form::Base64, text.as_bytes()[start..text.len() - cut].to_vec()));
        }
    }
    let hex: String = value.bytes().map(|byte| format!("{byte:02x}")).collect();
    all.push((Form::Hex, hex.to_ascii_uppercase().into_bytes()));
    all.push((Form::Hex, hex.into_bytes()));
    all.push((Form::Utf16, value.encode_utf16().flat_map(u16::to_le_bytes).collect()));
    all.push((Form::Utf16, value.encode_utf16().flat_map(u16::to_be_bytes).collect()));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

    fn found(value: &str, text: &[u8]) -> Vec<Form> {
        let forms = Forms::of(&[&Secret::new(value)]).expect("a value");
        assert_eq!(forms.stand_in(text), !forms.find(text).is_empty());
        forms.find(text).into_iter().map(|it| it.form).collect()
    }

    #[test]
    fn a_value_is_found_in_every_form() {
        let value = "abc/DEF+0123\"456_é";
        for before in ["", "x", "xy", "user:", "{\"key\": \""] {
            for behind in ["", "z", "zz", "\"}\n"] {
                let text = format!("{before}{value}{behind}");
                assert_eq!(found(value, BASE64_STANDARD.encode(&text).as_bytes()), [Form::Base64], "{text}");
                assert_eq!(found(value, BASE64_URL_SAFE.encode(&text).as_bytes()), [Form::Base64], "{text}");
            }
        }
        assert_eq!(found(value, format!("k={value};{value}").as_bytes()), [Form::Plain, Form::Plain]);
        for text in [
            r#""abc/DEF+0123\"456_é""#,
            r#""abc\/DEF+0123\"456_é""#,
            r#""abc/DEF+0123\"456_\u00e9""#,
            r#""abc/DEF\u002B0123\"456_\u00E9""#,
            "?key=abc%2FDEF%2B0123%22456_%C3%A9",
        ] {
            assert_eq!(found(value, text.as_bytes()), [Form::Escaped], "{text}");
        }
        let hex: String = value.bytes().map(|byte| format!("{byte:02X}")).collect();
        assert_eq!(found(value, hex.as_bytes()), [Form::Hex]);
        let wide: Vec<u8> = value.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(found(value, &wide), [Form::Utf16]);
        assert_eq!(found(value, b"abc/DEF+0123\"456"), [], "a part of it");
    }

    #[test]
    fn of_a_private_key_one_line_is_looked_for() {
        let line = |c: char| c.to_string().repeat(64);
        let key = |end: &str| {
            let body = ['a', 'b', 'c'].map(line).join(end);
            format!("-----BEGIN PRIVATE KEY-----{end}{body}{end}-----END PRIVATE KEY-----{end}")
        };
        assert_eq!(found(&key("\n"), key("\\n").as_bytes()), [Form::Plain]);
        assert_eq!(found(&key("\\n"), key("\r\n").as_bytes()), [Form::Plain]);
    }

    #[test]
    fn what_is_hidden_is_gone() {
        let (one, two) = (Secret::new("value-0123456789"), Secret::new("other-0123456789"));
        let forms = Forms::of(&[&one, &two]).expect("values");
        let base = BASE64_STANDARD.encode("value-0123456789");
        assert_eq!(forms.hidden(&format!("a value-0123456789 b other-0123456789 {base}")), "a … b … …Q==");
        assert_eq!(forms.find(b"other-0123456789")[0].value, 1);
    }
}
