//! References in a text: what is known of them, and the pages that show them. No store is asked.

use super::session::Session;
use crate::fixes::Checked;
use crate::project::{Workspace, answer, has_values, recall, references_of};
use crate::secrets::{SecretRef, env_lines, without_keys};
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
        let all = references_of(&open.doc);
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
