//! Where code reads variables, and what gets the values.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::fixes::{Surroundings, slot_at};
use crate::project::{Workspace, documents_where};
use crate::rules::{Role, is_env_file, is_env_template, variable_places};
use crate::secrets::{EnvWords, slashed};
use crate::syntax::{Document, Fact};
use crate::text::Span;

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, from the root of its workspace, with `/`.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
}

/// What programs and settings do with one variable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uses {
    /// Code reads it.
    pub read: BTreeSet<Place>,
    /// Settings name it, or code sets it: compose files, workflows, scripts.
    pub named: BTreeSet<Place>,
    /// What gets the value, and where: `OpenAI (openai.OpenAI)`.
    pub sent: BTreeSet<(Place, String)>,
}

impl Place {
    pub(super) fn of(doc: &Document, span: Span) -> Place {
        Place { path: slashed(doc.path()), line: doc.lines().line_of(span.start) as usize + 1 }
    }
}

/// The uses of variables in a workspace: of those in `names`, and of those of all providers.
pub(super) fn uses(workspace: &Workspace, names: &BTreeSet<String>) -> BTreeMap<String, Uses> {
    let catalogue = Arc::clone(workspace.catalogue());
    let finders: Vec<_> = names.iter().map(|it| memchr::memmem::Finder::new(it.as_bytes())).collect();
    let speaks = |bytes: &[u8]| {
        finders.iter().any(|it| it.find(bytes).is_some()) || !EnvWords::of(bytes).variables_read(&catalogue).is_empty()
    };
    let mut all: BTreeMap<String, Uses> = BTreeMap::new();
    for doc in documents_where(workspace, &speaks, &BTreeMap::new()) {
        // What is written for people runs nowhere, and tests read what they like.
        let is_test = doc.language().is_some_and(|it| it.is_test_path(doc.path()));
        if is_env_file(doc.path()) || is_env_template(doc.path()) || doc.is_example() || is_test {
            continue;
        }
        let read = EnvWords::of(doc.text().as_bytes()).variables_read(&catalogue);
        let mut own: BTreeSet<&str> = read.iter().map(|it| doc.slice(*it)).filter(|it| it.contains('_')).collect();
        own.extend(names.iter().map(String::as_str).filter(|it| doc.text().contains(*it)));
        let around = workspace.surroundings(doc.path());
        for name in own {
            let places = variable_places(&doc, name);
            if places.is_empty() {
                continue;
            }
            let uses = all.entry(name.to_owned()).or_default();
            for (span, role) in places {
                let place = Place::of(&doc, span);
                match role {
                    Role::Read => drop(uses.read.insert(place)),
                    Role::Write | Role::Name | Role::Line => drop(uses.named.insert(place)),
                }
            }
            sent(&doc, &doc, &|span| span, &around, name, uses);
            for code in doc.injections() {
                sent(&doc, code.doc(), &|span| code.outer(span), &around, name, uses);
            }
        }
    }
    all
}

/// What gets the value of a variable in code.
fn sent(
    file: &Document,
    code: &Document,
    outer: &dyn Fn(Span) -> Span,
    around: &Surroundings,
    name: &str,
    uses: &mut Uses,
) {
    if code.language().is_none() {
        return;
    }
    for fact in code.facts().iter() {
        let Fact::EnvRead { span, name: read, .. } = *fact else { continue };
        if code.slice(read).trim_matches(['"', '\'', '`']) == name
            && let Some(to) = receiver(code, around, span)
        {
            uses.sent.insert((Place::of(file, outer(span)), to));
        }
    }
}

/// What gets the value at a place: `OpenAI (openai.OpenAI)`.
pub(super) fn receiver(code: &Document, around: &Surroundings, value: Span) -> Option<String> {
    let slot = slot_at(code, code.facts(), around, value)?;
    // Where only a name tells, nothing is known to get it.
    let client = slot.client?;
    Some(format!("{} ({})", slot.provider.name, client.symbol))
}
