//! What may be shown of a text of ours: names and paths are quoted in it, and a name can be a key.

use std::borrow::Cow;
use std::path::Path;

use super::catalogue::Catalogue;
use super::scan::{Token, scan, scan_glued};
use super::secret::redact;
use crate::text::{Edit, Span, apply};

/// The shortest word that could be a key without anything saying so.
const SHORTEST: usize = 16;

/// Up to this length a text is a name, a path or a sentence: there a key can be glued to the word before it.
const SHORT: usize = 1024;

/// `text` with every key in it redacted, as far as shapes tell. A path stays a path.
pub fn without_keys(text: &str) -> Cow<'_, str> {
    let catalogue = Catalogue::built_in();
    let mut edits: Vec<Edit> = Vec::new();
    let mut look = |start: usize, scan: fn(&Catalogue, &[u8]) -> Vec<Token>| {
        for token in scan(catalogue, &text.as_bytes()[start..]) {
            let span = Span::new(start + token.span.start as usize, start + token.span.end as usize);
            let shape = catalogue.shape(token.shape).1;
            if !edits.iter().any(|it: &Edit| it.span.overlaps(span)) {
                edits.push(Edit::replace(span, redact(&text[span.range()], Some(shape))));
            }
        }
    };
    look(0, scan);
    if text.len() <= SHORT {
        // `notes-sk-…`: a shape wants no `-` before it.
        text.match_indices(['-', '_', '.', '=']).for_each(|(at, _)| look(at + 1, scan));
    }
    look(0, scan_glued);
    if edits.is_empty() {
        return Cow::Borrowed(text);
    }
    edits.sort();
    Cow::Owned(apply(text, &edits))
}

/// The same for a sentence: every other word that could be a key is left out as well.
pub fn discreet(text: &str) -> String {
    let text = without_keys(text);
    let hidden = suspicious(&text, Span::new(0, text.len()));
    apply(&text, &hidden.into_iter().map(|span| Edit::replace(span, "…")).collect::<Vec<_>>())
}

/// Words that could be keys of any shape. Where the region was cut out of a line, also what was cut.
pub fn suspicious(text: &str, region: Span) -> Vec<Span> {
    let line = &text[region.range()];
    let is_cut = |neighbour: Option<char>| neighbour.is_some_and(|c| !separates(c));
    let cut_before = is_cut(text[..region.start as usize].chars().next_back());
    let cut_behind = is_cut(text[region.end as usize..].chars().next());
    let mut found = Vec::new();
    let mut start = 0;
    for word in line.split(separates) {
        let end = start + word.len();
        let cut = (start == 0 && cut_before) || (end == line.len() && cut_behind);
        if !word.is_empty() && (cut || is_mixed(word)) {
            found.push(Span::new(region.start as usize + start, region.start as usize + end));
        }
        start = end + line[end..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

/// Ends a word in every language.
fn separates(c: char) -> bool {
    c.is_whitespace() || c.is_control() || r#""'`,;()[]{}<>=|\"#.contains(c)
}

/// Long, and letters with digits, small letters with many capitals, or a number: keys of two parts have one.
///
/// A URL and a path count by their parts; names of variables do not count.
fn is_mixed(word: &str) -> bool {
    if let Some((_, rest)) = word.split_once("://") {
        return rest.split(['/', ':', '@', '?', '&', '#']).any(is_mixed);
    }
    // A line of a file: `pyproject.toml:2`
    let word = match word.rsplit_once(':') {
        Some((file, line)) if line.len() <= 6 && line.bytes().all(|byte| byte.is_ascii_digit()) => file,
        _ => word,
    };
    // `process.env.OPENAI_API_KEY`, `my-app-OPENAI_API_KEY`
    let is_name = |part: &str| is_named(part) || part.bytes().all(|byte| byte.is_ascii_lowercase());
    if word.contains(['.', '-']) && word.split(['.', '-']).all(is_name) {
        return false;
    }
    // Keys with slashes have no dots.
    if word.contains('/') && word.contains('.') {
        return word.split('/').any(is_mixed);
    }
    let has = |class: fn(&u8) -> bool| word.bytes().filter(class).count();
    let (digits, small, large) = (has(u8::is_ascii_digit), has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let number = digits >= SHORTEST;
    let mixed = number || (digits > 0 && small + large > 0) || (small > 0 && large > 3);
    word.len() >= SHORTEST && mixed && !is_named(word)
}

/// What programmers name variables and types. One random word of letters in some hundreds looks so, of 16 of them.
fn is_named(word: &str) -> bool {
    is_variable(word) || is_camel(word)
}

/// `SecretsManagerClient`, `AWSClientOptions`, `getSecretValue`: words of letters, each begun by a few capitals.
fn is_camel(word: &str) -> bool {
    let mut rest = word.trim_start_matches(|c: char| c.is_ascii_lowercase());
    if matches!(word.len() - rest.len(), 1 | 2) {
        return false;
    }
    while !rest.is_empty() {
        let small = rest.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let behind = small.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let (capitals, letters) = (rest.len() - small.len(), small.len() - behind.len());
        if !(1..=4).contains(&capitals) || letters < 3 {
            return false;
        }
        rest = behind;
    }
    true
}

/// `AZURE_OPENAI_KEY_2`: capitals, in several short words.
fn is_variable(word: &str) -> bool {
    let capitals = word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    capitals && word.contains('_') && word.split('_').all(|part| part.len() < SHORTEST)
}

/// A path with `/`, to be shown: the name of a file can hold a key.
pub fn slashed(path: &Path) -> String {
    let path = path.to_string_lossy();
    let path = without_keys(&path);
    if std::path::MAIN_SEPARATOR == '\\' { path.replace('\\', "/") } else { path.into_owned() }
}

/// `text` with everything that a terminal would act on, or that cannot be seen, written as an escape; without keys.
pub fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in without_keys(text).chars() {
        match c {
            '\t' => out.push_str("    "),
            c if c.is_control() => out.extend(c.escape_default()),
            // Direction marks, zero-width characters, line and paragraph separators, the byte order mark; what is no
            // character.
            '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{61c}'
            | '\u{fdd0}'..='\u{fdef}'
            | '\u{fffe}'
            | '\u{ffff}' => {
                out.extend(c.escape_unicode());
            }
            c => out.push(c),
        }
    }
    out
}
