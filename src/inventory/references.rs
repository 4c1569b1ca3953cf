//! References in a text: where they stand.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::rules::is_env_file;
use crate::secrets::{SecretRef, env_lines, env_value_span, is_env_template};
use crate::syntax::Document;
use crate::text::Span;

/// An env file, or the template of one: its values can be references.
pub fn has_values(path: &Path) -> bool {
    is_env_file(path) || is_env_template(path)
}

/// All references of a document, in order: in code they are a part of some text.
pub fn references(doc: &Document) -> Vec<(Span, SecretRef)> {
    static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\b(?:secret)?ref\+[a-z0-9]+://[^\s"'`,;<>|\\()\[\]+]+"#).expect("a literal pattern")
    });
    let text = doc.text();
    let spans: Vec<Span> = match has_values(doc.path()) {
        _ if !text.contains("ref+") => Vec::new(),
        true => env_lines(text).iter().map(|line| env_value_span(text, line)).collect(),
        // A sentence ends with a dot, a reference does not.
        false => REFERENCE.find_iter(text).map(|it| Span::new(it.start(), it.start() + trimmed(it.as_str()))).collect(),
    };
    spans.into_iter().filter_map(|span| Some((span, SecretRef::parse(doc.slice(span))?))).collect()
}

fn trimmed(found: &str) -> usize {
    found.trim_end_matches(['.', ':', '!', '?']).len()
}

/// The reference that stands at a place.
pub fn reference_at(doc: &Document, offset: u32) -> Option<(Span, SecretRef)> {
    references(doc).into_iter().find(|(span, _)| span.start <= offset && offset <= span.end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_every_text() {
        let found = |path: &str, text: &str| -> Vec<String> {
            let doc = Document::new(path, text);
            references(&doc).into_iter().map(|(span, _)| doc.slice(span).to_owned()).collect()
        };
        assert_eq!(
            found(
                "a.yaml",
                "key: ref+vault://secret/app#/X\nsee ref+awssecrets://a/b. (`ref+age://f#/Y`) ref+ preref+a://b"
            ),
            ["ref+vault://secret/app#/X", "ref+awssecrets://a/b", "ref+age://f#/Y"]
        );
        assert_eq!(
            found(".env", "A=\"ref+vault://secret/my app#/X\" # ref+age://no#/Z\nB=1\nC='ref+keyring://a/b'"),
            ["ref+vault://secret/my app#/X", "ref+keyring://a/b"]
        );
    }
}
