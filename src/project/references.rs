//! References in texts: where they stand, and all that a workspace uses. No store is asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::holding::documents_with;
use super::workspace::Workspace;
use crate::secrets::{SecretRef, env_lines, env_value_span, is_env_file, is_env_template};
use crate::syntax::Document;
use crate::text::Span;

/// An env file, or the template of one: its values can be references.
pub fn has_values(path: &Path) -> bool {
    is_env_file(path) || is_env_template(path)
}

/// All references of a document, in order: in code they are a part of some text.
pub fn references_of(doc: &Document) -> Vec<(Span, SecretRef)> {
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

/// The reference that stands at a place.
pub fn reference_at(doc: &Document, offset: u32) -> Option<(Span, SecretRef)> {
    references_of(doc).into_iter().find(|(span, _)| span.start <= offset && offset <= span.end)
}

fn trimmed(found: &str) -> usize {
    found.trim_end_matches(['.', ':', '!', '?']).len()
}

/// The references that a workspace uses: those of every env file and template, and those in programs and settings.
/// Comments, texts for people and tests use none, and what a program puts together is none yet.
pub fn references_in_use(workspace: &Workspace) -> BTreeSet<SecretRef> {
    let docs = documents_with(workspace, &["ref+"], &BTreeMap::new());
    docs.iter().flat_map(used_in).collect()
}

/// The references that the variables of env files and templates have here, by the variable.
pub fn references_of_variables(workspace: &Workspace) -> BTreeMap<String, BTreeSet<SecretRef>> {
    let mut all: BTreeMap<String, BTreeSet<SecretRef>> = BTreeMap::new();
    for doc in documents_with(workspace, &["ref+"], &BTreeMap::new()) {
        let lines = if has_values(doc.path()) { env_lines(doc.text()) } else { Vec::new() };
        for line in lines {
            if let Some(at) = SecretRef::parse(doc.slice(env_value_span(doc.text(), &line))) {
                all.entry(doc.text()[line.name.range()].to_owned()).or_default().insert(at);
            }
        }
    }
    all
}

fn used_in(doc: &Document) -> Vec<SecretRef> {
    let all = references_of(doc);
    if has_values(doc.path()) {
        return all.into_iter().map(|(_, at)| at).collect();
    }
    let runs = |it: &crate::syntax::Language| !it.is_test_path(doc.path());
    if doc.is_example() || all.is_empty() || !doc.language().is_some_and(runs) {
        return Vec::new();
    }
    let spans: Vec<Span> = all.iter().map(|(span, _)| *span).collect();
    let facts = doc.facts_near(&spans);
    let is_used = |(span, _): &(Span, SecretRef)| !facts.in_comment(*span) && !doc.slice(*span).contains(['$', '{']);
    all.into_iter().filter(is_used).map(|(_, at)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_every_text() {
        let found = |path: &str, text: &str| -> Vec<String> {
            let doc = Document::new(path, text);
            references_of(&doc).into_iter().map(|(span, _)| doc.slice(span).to_owned()).collect()
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

    #[test]
    fn comments_and_texts_for_people_use_nothing() {
        let used = |path: &str, text: &str| -> Vec<String> {
            used_in(&Document::new(path, text)).iter().map(ToString::to_string).collect()
        };
        let line = "X: \"ref+vault://secret/app#/X\" # ref+vault://secret/old#/X\n";
        assert_eq!(used("compose.yaml", line), ["ref+vault://secret/app#/X"]);
        assert_eq!(
            used("a.py", "a = \"ref+awssecrets://a\"\nb = f\"ref+awssecrets://{name}\"\n"),
            ["ref+awssecrets://a"]
        );
        assert_eq!(used(".env", "#A=ref+awssecrets://a\nB=ref+awssecrets://b\n"), ["ref+awssecrets://b"]);
        for path in ["README.md", "notes.txt", "tests/test_a.py"] {
            assert!(used(path, "```python\nx = \"ref+vault://secret/app#/X\"\n```\n").is_empty(), "{path}");
        }
    }
}
