//! What hovering shows, as markdown. Never a value.

use std::fmt::Write;

use super::open::check;
use super::references;
use super::session::Session;
use crate::fixes::{EnvEntry, Repairs, Surroundings};
use crate::project;
use crate::rules::{self, Finding, Rule};
use crate::secrets::{SecretRef, without_keys};
use crate::syntax::{Document, Fact};
use crate::text::Span;

impl Session {
    /// What there is to say about a place: the span it is about, and markdown. No store is asked.
    pub fn hover(&self, uri: &str, offset: u32) -> Option<(Span, String)> {
        let open = self.document(uri)?;
        let (findings, _) = check(open, &self.answers);
        let here = |span: Span| span.start <= offset && offset <= span.end;
        let reference = || project::reference_at(&open.doc, offset);
        if let Some(finding) = findings.iter().find(|it| here(it.span)) {
            let around = self.surroundings(open);
            let repairs = rules::fixes(&open.doc, &around, finding);
            let text = self::finding(finding, &around, &repairs);
            let known = open.workspace.as_ref().zip(reference());
            let known = known.map(|(workspace, (_, at))| references::described(&at, workspace) + "\n\n---\n\n");
            return Some((finding.span, known.unwrap_or_default() + &text));
        }
        let workspace = open.workspace.as_ref()?;
        if let Some((span, at)) = reference() {
            return Some((span, references::described(&at, workspace)));
        }
        let around = || workspace.surroundings_for_fix(&open.doc, Vec::new(), &|_| None, &self.packages.borrow());
        env_read(&open.doc, offset, &around, &|at| references::described(at, workspace))
    }
}

/// A finding: what is wrong, why, and what can be done.
fn finding(finding: &Finding, around: &Surroundings, repairs: &Repairs) -> String {
    let mut text = format!("**{}**: {}\n", finding.rule, finding.message);
    let mut item = |line: String| {
        // Writing to a string cannot fail.
        let _ = write!(text, "\n- {line}");
    };
    if let Some(redacted) = &finding.redacted {
        item(format!("key: `{redacted}`"));
    }
    if let Some(provider) = finding.provider.as_deref().and_then(|id| around.catalogue.provider(id)) {
        item(format!("provider: {}", provider.name));
        if !provider.keys_page.is_empty() {
            item(format!("its keys are made and revoked at <{}>", provider.keys_page));
        }
    }
    let rotate = |note: &&String| note.starts_with("rotate it at ");
    for note in finding.notes.iter().filter(|note| !rotate(note)) {
        item(note.clone());
    }
    for fix in &repairs.fixes {
        item(match &fix.deposit {
            Some(deposit) => format!("{}: the code reads `{}`", fix.title, without_keys(&deposit.name)),
            None => fix.title.clone(),
        });
    }
    if let Some(refused) = &repairs.refused {
        item(format!("not moved: {refused}"));
    }
    if let Some(rule) = Rule::named(finding.rule) {
        text.push_str("\n\n---\n\n");
        text.push_str(rule.docs);
    }
    text
}

/// A variable that the code reads at `offset`: what the env file says of it.
fn env_read(
    doc: &Document,
    offset: u32,
    around: &dyn Fn() -> Surroundings,
    described: &dyn Fn(&SecretRef) -> String,
) -> Option<(Span, String)> {
    // Parsing waits until someone looks at a file that reads variables.
    let reads = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::EnvRead { span, name, .. } if span.start <= offset && offset <= span.end => Some((span, name)),
        _ => None,
    });
    let (span, name) = reads.min_by_key(|(span, _)| span.len())?;
    let name = doc.slice(name).trim_matches(['"', '\'']);
    let around = around();
    let file = around.env.path.display();
    let shown = without_keys(name);
    let text = match around.env.entries.iter().rev().find(|entry| entry.name == name) {
        Some(EnvEntry { reference: Some(reference), .. }) => {
            let text = without_keys(&reference.to_string()).into_owned();
            let known = described(reference);
            format!("`{shown}`: `{file}` refers to `{text}`, which `aikeys-lsp run` resolves\n\n{known}")
        }
        Some(_) => format!("`{shown}`: `{file}` holds a value"),
        None => format!("`{shown}`: `{file}` does not set it"),
    };
    Some((span, text))
}
