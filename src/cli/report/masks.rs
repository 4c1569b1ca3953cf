//! What of a source is never shown: its keys, and what could be one.

use super::{visible, without_keys};
use crate::rules::is_env_file;
use crate::secrets::env_lines;
use crate::syntax::Document;
use crate::text::{Edit, Span, apply};

/// The shortest word that could be a key without anything saying so.
const SHORTEST: usize = 16;

/// The parts of `region` that are not shown, sorted and disjoint, each with what stands there instead.
///
/// `secrets` are those that the rules know. Every other word that could be a key is left out as well: a wrong `…` costs
/// little.
pub(in crate::cli) fn masks(doc: &Document, secrets: &[(Span, String)], region: Span) -> Vec<(Span, String)> {
    let unknown = |span: Span| (span, 1, "…".to_owned());
    let mut masks: Vec<(Span, u8, String)> = secrets.iter().map(|(span, shown)| (*span, 0, visible(shown))).collect();
    if is_env_file(doc.path()) {
        masks.extend(env_lines(doc.text()).iter().map(|line| line.value).filter(|it| !it.is_empty()).map(unknown));
    }
    masks.extend(suspicious(doc.text(), region).into_iter().map(unknown));
    masks.retain(|(span, ..)| span.overlaps(region));
    masks.sort();
    // What overlaps is hidden as one. A secret that the rules know says best what it is.
    masks.dedup_by(|(span, rank, instead), (before, known, shown)| {
        let overlap = before.overlaps(*span);
        if overlap {
            *before = union(*before, *span);
            if rank < known {
                (*known, *shown) = (*rank, std::mem::take(instead));
            }
        }
        overlap
    });
    let cut = |span: Span| Span { start: span.start.max(region.start), end: span.end.min(region.end) };
    masks.into_iter().map(|(span, _, instead)| (cut(span), instead)).collect()
}

/// A sentence of ours without what could be a key: it quotes names, and a name can be anything.
pub(super) fn sentence(text: &str) -> String {
    let text = without_keys(text);
    let hidden = suspicious(&text, Span::new(0, text.len()));
    apply(&text, &hidden.into_iter().map(|span| Edit::replace(span, "…")).collect::<Vec<_>>())
}

/// The smallest span that holds both.
pub(super) fn union(a: Span, b: Span) -> Span {
    Span { start: a.start.min(b.start), end: a.end.max(b.end) }
}

/// Words that could be keys of any shape. Where the region was cut out of a line, also what was cut.
fn suspicious(text: &str, region: Span) -> Vec<Span> {
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

/// Long, and letters with digits or small letters with many capitals. A URL counts by its parts; names of variables do
/// not count.
fn is_mixed(word: &str) -> bool {
    if let Some((_, rest)) = word.split_once("://") {
        return rest.split(['/', ':', '@', '?', '&', '#']).any(is_mixed);
    }
    let has = |class: fn(&u8) -> bool| word.bytes().filter(class).count();
    let (digits, small, large) = (has(u8::is_ascii_digit), has(u8::is_ascii_lowercase), has(u8::is_ascii_uppercase));
    let mixed = (digits > 0 && small + large > 0) || (small > 0 && large > 3);
    word.len() >= SHORTEST && mixed && !is_variable(word)
}

/// `AZURE_OPENAI_KEY_2`: capitals, in several short words.
fn is_variable(word: &str) -> bool {
    let capitals = word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    capitals && word.contains('_') && word.split('_').all(|part| part.len() < SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_could_be_keys_are_hidden() {
        let hidden = |text: &str| {
            let doc = Document::new("a.py", text);
            masks(&doc, &[], Span::new(0, text.len()))
                .into_iter()
                .map(|(span, _)| doc.slice(span).to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(hidden("a = \"abcdefgh12345678\", 'x'"), ["abcdefgh12345678"]);
        assert_eq!(
            hidden("https://user:abcdefgh12345678@host/path/v1/more"),
            ["https://user:abcdefgh12345678@host/path/v1/more"]
        );
        for text in [
            "api_key = os.environ[\"AZURE_OPENAI_KEY_2\"]",
            "https://api.openai.com/v1/chat",
            "a_long_name_without_any",
        ] {
            assert_eq!(hidden(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn known_secrets_say_what_they_are() {
        let doc = Document::new("a.py", "x = 'prefix-abcdefgh12345678-more'");
        let masks = masks(&doc, &[(Span::new(12, 28), "p…5678".to_owned())], Span::new(0, 34));
        assert_eq!(masks, [(Span::new(5, 33), "p…5678".to_owned())]);
    }
}
