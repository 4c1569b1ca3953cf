//! What is written for people, and nobody runs.

use crate::syntax::{Document, Fact, Facts, HostKind, Language};
use crate::text::Span;

/// Written for people, and for agents: endings and whole names.
const DOCUMENTS: &[&str] = &["rst", "adoc"];
const RULES: &[&str] = &["README", ".cursorrules", ".windsurfrules", ".clinerules"];

/// The key stands in a document, a comment or a docstring, which nobody runs.
pub fn is_prose(doc: &Document, facts: &Facts, secret: Span) -> bool {
    if doc.language().is_none() {
        // What a program wrote down is no document.
        if !doc.readers().is_empty() {
            return false;
        }
        // Code that nobody reads runs all the same.
        if doc.is_inside() {
            return false;
        }
        if let Some(host) = doc.host() {
            // A notebook that can be read has a program.
            return host.kind == HostKind::Document || host.kind == HostKind::Notebook && !doc.injections().is_empty();
        }
        let part = |part: Option<&std::ffi::OsStr>| part.and_then(|it| it.to_str()).unwrap_or("").to_owned();
        let ending = part(doc.path().extension()).to_ascii_lowercase();
        return DOCUMENTS.contains(&ending.as_str()) || RULES.contains(&part(doc.path().file_name()).as_str());
    }
    if doc.command_at(secret).is_some() {
        return false;
    }
    // In an example for people only the name of the variable is of use.
    let names = |language: &Language| language.read.example.as_ref().is_some_and(String::is_empty);
    if doc.is_example() && doc.language().is_some_and(names) {
        return true;
    }
    let docstring = |fact: &Fact| matches!(fact, Fact::Within { idiom, .. } if idiom == "docstring");
    facts.in_comment(secret) || facts.around(secret).any(docstring)
}
