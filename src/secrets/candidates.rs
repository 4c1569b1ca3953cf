//! Finding what could be a key without a distinctive shape, in any bytes: its surroundings must speak of keys.

use regex::Regex;

use super::catalogue::{Ambiguous, Catalogue, Speaks};
use super::scan::{BLOCK, INFIX, LONGEST, RUN, is_key, mask};
use super::strength::{is_wordy, looks_generated, looks_secret};
use super::words::{Hit, has_word, is_escape_letter, nearest_name};
use crate::text::Span;

/// From here on a run with slashes is rather base64 than a path.
const LONG: usize = 40;
/// How far before a literal the name of its slot begins at the most: a name, an annotation, a wrapper, other arguments.
const NEAR: usize = 200;
/// The places of `text` that could be a key without a distinctive shape: long, quoted or behind a name for keys, with
/// digits and letters, in a text that speaks of a provider.
///
/// It speaks of one by a variable, a host, an import or the words "API key" in a name. Another word that people use for
/// other things as well has to stand before the literal, beside a word for secrets.
pub fn slot_candidates(catalogue: &Catalogue, text: &[u8], runs: &[Span]) -> Vec<Span> {
    let mut found = unnamed_candidates(catalogue, text, runs);
    if !found.is_empty() && !speaks(catalogue, text) {
        found.retain(|run| is_named(catalogue, text, *run));
    }
    found
}

/// What [`slot_candidates`] finds, and what it would find if the text spoke of a provider.
pub fn unnamed_candidates(catalogue: &Catalogue, text: &[u8], runs: &[Span]) -> Vec<Span> {
    let quote = |byte: Option<&u8>| matches!(byte, Some(b'"' | b'\'' | b'`'));
    let fills = |run: &&Span| {
        let span = run.range();
        // Some keys have parts: `id.secret`, `id:secret`, `…==`.
        let part = |byte: &u8| is_key(*byte) || matches!(byte, b'.' | b':' | b'=' | b'~');
        let before = || text[..span.start].iter().rev().take(INFIX).find(|byte| !part(byte));
        let after = || text[span.end..].iter().take(LONGEST).find(|byte| !part(byte));
        let percent = || PERCENT.iter().any(|it| text[..span.start].ends_with(it));
        let beside = || quote(before()) || quote(after()) || percent() || follows_name(catalogue, &text[..span.start]);
        let run = &text[span.clone()];
        let mixed = run.iter().any(u8::is_ascii_digit) && run.iter().any(u8::is_ascii_alphabetic);
        let path = run.contains(&b'/') && run.len() < LONG && run.split(|&byte| byte == b'/').all(|it| it.len() < RUN);
        mixed && !path && beside()
    };
    let word = |run: &Span| std::str::from_utf8(&text[run.range()]).unwrap_or("");
    let random = |run: &&Span| looks_generated(word(run)) || !is_wordy(word(run));
    let runs: Vec<Span> = runs.iter().map(|run| without_sign(text, *run)).collect();
    let mut found: Vec<Span> = runs.iter().filter(fills).filter(random).copied().collect();
    let shaped = |run: &Span| catalogue.contextual.iter().any(|&id| catalogue.shape(id).1.is_whole(word(run)));
    found.retain(|run| looks_secret(catalogue, word(run)) && (looks_generated(word(run)) || shaped(run)));
    found
}

/// `-` steps in for a missing variable in `${X:-…}`, and is no part of what follows.
fn without_sign(text: &[u8], run: Span) -> Span {
    let signed = text[run.range()].starts_with(b"-") && text[..run.range().start].ends_with(b":");
    Span { start: run.start + u32::from(signed), ..run }
}

/// Quotes that are brackets: `%q(…)`.
const PERCENT: [&[u8]; 4] = [b"%q(", b"%Q(", b"%q{", b"%("];

/// The runs that are keys of one of several providers, with the names of those.
///
/// They begin with `sk-`: nothing else that is random does.
pub fn ambiguous(catalogue: &Catalogue, text: &[u8], runs: &[Span]) -> Vec<(Span, Vec<String>)> {
    let mut found = Vec::new();
    for run in runs {
        let start = run.range().start;
        let escaped = usize::from(text[..start].ends_with(b"\\") && is_escape_letter(text[start]));
        let span = Span::new(start + escaped, run.range().end);
        let Some(key) = std::str::from_utf8(&text[span.range()]).ok().filter(|key| key.starts_with("sk-")) else {
            continue;
        };
        let whole = |shape: &&Ambiguous| {
            let regex = shape.compiled.get_or_init(|| Regex::new(&format!(r"\A(?:{})\z", shape.regex)).ok());
            regex.as_ref().is_some_and(|regex| regex.is_match(key))
        };
        let shapes: Vec<&Ambiguous> = catalogue.ambiguous.iter().filter(whole).collect();
        if shapes.is_empty() || !looks_secret(catalogue, key) || !looks_generated(key) {
            continue;
        }
        let ids = shapes.iter().flat_map(|shape| &shape.providers).filter_map(|id| id.split(' ').next());
        found.push((span, ids.filter_map(|id| catalogue.provider(id)).map(|it| it.name.clone()).collect()));
    }
    found
}

/// What stands right before is a name for keys and a sign that assigns: `MISTRAL_API_KEY=`, `Bearer `, `?key=`.
fn follows_name(catalogue: &Catalogue, before: &[u8]) -> bool {
    // Perhaps behind the first part of a key, as in `id.secret`.
    let before = match before.strip_suffix(b".") {
        Some(id) => &id[..id.iter().rposition(|&byte| !is_key(byte)).map_or(0, |at| at + 1)],
        None => before,
    };
    let before = before.strip_suffix(b"-").filter(|it| it.ends_with(b":")).unwrap_or(before);
    let end = before.iter().rposition(|byte| !b" \t\"'\\=:>".contains(byte)).map_or(0, |at| at + 1);
    if end == before.len() || before.len() - end > GAP || !before[..end].last().is_some_and(u8::is_ascii_alphanumeric) {
        return false;
    }
    // The sign before the name tells whether its first letter is one of an escape.
    let start = before[..end].iter().rposition(|&byte| !byte.is_ascii_alphanumeric() && byte != b'_' && byte != b'-');
    let start = start.map_or(0, |at| if before[at].is_ascii() { at } else { at + 1 });
    let name = std::str::from_utf8(&before[start..end]).unwrap_or("");
    let name = nearest_name(name).map_or("", |it| &name[it]);
    let lower = name.to_ascii_lowercase();
    ["key", "keys", "token", "bearer", "bot", "secret"].iter().any(|word| lower.ends_with(word))
        || catalogue.has_secret_word(&lower) && catalogue.provider_of_name(name).is_some()
}

/// The most that stands between a name and its value.
const GAP: usize = 8;

/// Before a run stands a provider's variable, however it is written, or before one of the shape of a provider's key a
/// word for the provider and one for secrets.
fn is_named(catalogue: &Catalogue, text: &[u8], run: Span) -> bool {
    let before = String::from_utf8_lossy(&text[run.range().start.saturating_sub(NEAR)..run.range().start]);
    // The header of a vendor: `x-vendor-key`.
    let name = nearest_name(&before).map_or("", |it| &before[it]).to_ascii_lowercase();
    if name.starts_with("x-") && name.ends_with("-key") {
        return true;
    }
    let lower = before.to_ascii_lowercase();
    if !catalogue.has_secret_word(&lower) {
        return false;
    }
    let mut names =
        before.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|name| name.len() >= SHORTEST_NAME);
    let is_variable = |name: &str| {
        catalogue.has_secret_word(&name.to_ascii_lowercase()) && catalogue.provider_of_name(name).is_some()
    };
    let mut options = before
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-')
        .filter(|name| name.len() >= SHORTEST_NAME && name.contains('-'));
    // `--mistral-api-key`
    if names.any(is_variable) || options.any(|name| is_variable(&name.replace('-', "_"))) {
        return true;
    }
    let Ok(run) = std::str::from_utf8(&text[run.range()]) else { return false };
    catalogue.context_words.find(lower.as_bytes()).any(|hit| {
        has_word(&before, &lower[hit.start..hit.end]) && hit.of.iter().any(|&id| catalogue.shape(id).1.is_whole(run))
    })
}

/// No variable is shorter: `GH_TOKEN`, `XAI_KEY`.
const SHORTEST_NAME: usize = 6;

/// The text names an API key, a provider's variable or host, or imports its package.
pub fn speaks(catalogue: &Catalogue, text: &[u8]) -> bool {
    let name = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let speaks = |hit: Hit<'_, Speaks>| {
        let before = &text[..hit.start];
        let whole = !name(text.get(hit.end));
        whole && (*hit.of == Speaks::Named || !name(before.last()) && is_imported(before))
    };
    let mut inside = 0;
    for at in (0..text.len()).step_by(BLOCK) {
        // Words begin where letters and digits do.
        let letters =
            mask(&text[at..], |byte| ((byte | 0x20).wrapping_sub(b'a') < 26) | (byte.wrapping_sub(b'0') < 10));
        let mut starts = letters & !(letters << 1 | inside);
        inside = letters >> (BLOCK - 1);
        while starts != 0 {
            if catalogue.speaking.at(text, at + starts.trailing_zeros() as usize).any(speaks) {
                return true;
            }
            starts &= starts - 1;
        }
    }
    false
}

/// The line or statement before a module is empty but for a quote, as in a list of imports, or imports.
fn is_imported(before: &[u8]) -> bool {
    let start = memchr::memrchr2(b'\n', b';', before).map_or(0, |it| it + 1);
    let imports = |word: &[u8]| [&b"import"[..], b"from", b"use", b"using", b"extern", b"require"].contains(&word);
    let mut words = before[start..].split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
    before[start..].iter().all(|byte| byte.is_ascii_whitespace() || matches!(byte, b'"' | b'@')) || words.any(imports)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secrets::{runs, sample};

    #[test]
    fn variables_and_hosts_speak_of_their_providers() {
        let catalogue = Catalogue::built_in();
        let key = sample("mistral.api", 7).expect("the shape has a sample");
        let found = |text: &str| !slot_candidates(catalogue, text.as_bytes(), &runs(text.as_bytes())).is_empty();
        for name in catalogue.by_env.keys() {
            let title = format!("{}{}", &name[..1], name[1..].to_ascii_lowercase());
            for name in [name.clone(), name.to_ascii_lowercase(), title] {
                assert!(found(&format!("{name} = \"{key}\"")), "{name}");
            }
        }
        for host in catalogue.providers.iter().filter(|it| it.category != "local").flat_map(|it| &it.hosts) {
            let host = host.replace('*', "customer");
            assert!(!host.contains('.') || found(&format!("send(\"https://{host}/v1\", \"{key}\")")), "{host}");
        }
        assert!(!found(&format!("send(\"https://example.org/v1\", \"{key}\")")));
        for import in [
            "import mistralai\n",
            "const { Mistral } = require(\"@mistralai/mistralai\")\n",
            "x = 1; import mistralai\n",
            "x=1;import mistralai\n",
            "from mistralai import X\n",
        ] {
            assert!(found(&format!("{import}y = f(\"{key}\")")), "{import}");
        }
        assert!(!found(&format!("# mistralai\ny = f(\"{key}\")")));
    }
}
