//! References in a text: where they stand, what is known of them, and the pages that show them. No store is asked.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::session::Session;
use crate::fixes::Checked;
use crate::project::{Workspace, answer, recall};
use crate::rules::is_env_file;
use crate::secrets::{SecretRef, env_lines, env_value_span, is_env_template, without_keys};
use crate::stores::{Stores, store_name};
use crate::syntax::Document;
use crate::text::Span;

/// A reference, and the page that shows the secret.
pub struct Link {
    /// The reference.
    pub span: Span,
    /// The page's address.
    pub page: String,
    /// What the page is, for who sees the link.
    pub title: String,
}

impl Session {
    /// The references of a document that a page shows, and the variables of providers with the pages of their keys.
    pub fn links(&self, uri: &str) -> Vec<Link> {
        let Some(open) = self.document(uri) else { return Vec::new() };
        let Some(workspace) = &open.workspace else { return Vec::new() };
        let names = if has_values(open.doc.path()) { env_lines(open.doc.text()) } else { Vec::new() };
        let mut links: Vec<Link> = names.iter().filter_map(|line| key_page(&open.doc, workspace, line.name)).collect();
        let all = all(&open.doc);
        if all.is_empty() {
            return links;
        }
        let stores = Stores::of(workspace);
        let link = |(span, at): (Span, SecretRef)| {
            let title = format!("Look at it in {}", store_name(&at.backend));
            Some(Link { span, page: stores.page(&at)?, title })
        };
        links.extend(all.into_iter().filter_map(link));
        links
    }
}

/// The page on which the keys are made that a provider's variable holds.
fn key_page(doc: &Document, workspace: &Workspace, name: Span) -> Option<Link> {
    let provider = workspace.catalogue().provider_of_env(doc.slice(name)).filter(|it| !it.keys_page.is_empty())?;
    let title = format!("Keys of {}: make, look at, revoke", provider.name);
    Some(Link { span: name, page: provider.keys_page.clone(), title })
}

/// An env file, or the template of one: its values can be references.
pub(super) fn has_values(path: &Path) -> bool {
    is_env_file(path) || is_env_template(path)
}

/// All references of a document, in order: in code they are a part of some text.
pub(super) fn all(doc: &Document) -> Vec<(Span, SecretRef)> {
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
pub(super) fn at(doc: &Document, offset: u32) -> Option<(Span, SecretRef)> {
    all(doc).into_iter().find(|(span, _)| span.start <= offset && offset <= span.end)
}

/// What is known of a reference, as markdown.
pub(super) fn described(at: &SecretRef, workspace: &Workspace) -> String {
    let shown = |part: &str| without_keys(part).replace('`', "'");
    let mut text = format!("**{}**: `{}`", capital(store_name(&at.backend)), shown(&at.path));
    if let Some(field) = &at.field {
        text.push_str(&format!(", field `{}`", shown(field)));
    }
    for (name, value) in &at.params {
        text.push_str(&format!(", {} `{}`", shown(name), shown(value)));
    }
    // Another program may have asked meanwhile.
    let answers = recall();
    text.push_str(&match answer(&answers, workspace.root(), at) {
        Some(Checked { time, problem: None }) => format!("\n\nthere when last asked, {time}"),
        Some(Checked { time, problem: Some(problem) }) => format!("\n\n{problem} (when last asked, {time})"),
        None => "\n\nnever asked: run `aikeys-lsp store check`, or the same command of your editor".to_owned(),
    });
    if let Some(page) = Stores::of(workspace).page(at) {
        text.push_str(&format!("\n\n[look at it in {}](<{page}>)", store_name(&at.backend)));
    }
    text
}

fn capital(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_found_in_every_text() {
        let found = |path: &str, text: &str| -> Vec<String> {
            let doc = Document::new(path, text);
            all(&doc).into_iter().map(|(span, _)| doc.slice(span).to_owned()).collect()
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
