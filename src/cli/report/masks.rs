//! What of a source is never shown: its keys, and what could be one.

use super::visible;
use crate::rules::is_env_file;
use crate::secrets::{env_lines, suspicious};
use crate::syntax::Document;
use crate::text::Span;

/// The parts of `region` that are not shown, sorted and disjoint, each with what stands there instead.
///
/// `secrets` are those that the rules know. Every other word that could be a key is left out as well: a wrong `…` costs
/// little.
pub(in crate::cli) fn masks(doc: &Document, secrets: &[(Span, String)], region: Span) -> Vec<(Span, String)> {
    let unknown = |span: Span| (span, 1, "…".to_owned());
    let mut masks: Vec<(Span, u8, String)> = secrets
        .iter()
        .filter(|(span, _)| span.overlaps(region))
        .map(|(span, shown)| (*span, 0, visible(shown)))
        .collect();
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

/// The smallest span that holds both.
pub(super) fn union(a: Span, b: Span) -> Span {
    Span { start: a.start.min(b.start), end: a.end.max(b.end) }
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
            "process.env.NEXT_PUBLIC_OPENAI_API_KEY",
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
