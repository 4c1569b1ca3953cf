//! The inventory: what is known of each key, each reference and each variable of a provider.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::survey::{Key, Reached, Surveyed, keys_of, survey, with_env_files};
use super::uses::{Place, Uses, receiver, uses};
use crate::fixes::key_at;
use crate::project::{Owners, Workspace};
use crate::secrets::{Provider, SecretRef, scan, without_keys};
use crate::stores::store_id;
use crate::syntax::Document;
use crate::text::Span;

/// A key, a reference, or a variable of a provider that has no value here. No value is in it.
pub struct Entry {
    /// What it is.
    pub kind: Kind,
    /// The same for the same key everywhere; of a reference over its text, of a variable over its name.
    pub fingerprint: String,
    /// The provider's id.
    pub provider: Option<String>,
    /// The provider's name, or that nobody knows it.
    pub name: String,
    /// What may be shown of it: prefix and last characters, the reference, the variable.
    pub shown: String,
    /// What the key can do: `api`, `admin`, `service-account` …; none where no shape tells.
    pub class: Option<&'static str>,
    /// The variables that hold it.
    pub variables: BTreeSet<String>,
    /// Where it stands.
    pub defined: BTreeSet<Place>,
    /// Where it is read, named and sent.
    pub uses: Uses,
    /// Where the value lies.
    pub store: String,
    /// The version that is asked for, or that the store said it has.
    pub version: Option<String>,
    /// Since when it is known to be in use, `YYYY-MM-DD`, and what tells so: `commit`, `file`, `store`.
    pub since: Option<(String, &'static str)>,
    /// How far it got, the worst first: `pushed`, `committed`, `source`, `env`, `store`, `none`; `shipped`, `public`.
    pub exposure: Vec<&'static str>,
    /// Who owns it: by `CODEOWNERS`, else who wrote the commit.
    pub owner: Option<String>,
    /// The reference.
    pub reference: Option<SecretRef>,
}

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A value that stands in files here.
    Key,
    /// A name for a value in a store.
    Reference,
    /// A variable that code reads, and to which nothing here gives a value.
    Variable,
}

impl Kind {
    /// For programs.
    pub fn id(self) -> &'static str {
        match self {
            Kind::Key => "key",
            Kind::Reference => "reference",
            Kind::Variable => "variable",
        }
    }
}

/// The inventory of a workspace, and what could not be looked at.
pub struct Inventory {
    /// The worst exposed first.
    pub entries: Vec<Entry>,
    /// How many files were looked at.
    pub looked: usize,
    /// Reasons for exit code 2.
    pub problems: Vec<String>,
}

/// How long authors are looked for in git's history.
const PATIENCE: Duration = Duration::from_millis(500);

/// Takes the inventory of a workspace.
pub fn inventory(workspace: &Arc<Workspace>) -> Inventory {
    let root = workspace.root().to_owned();
    let surveyed = survey(&[root], &mut |_| {});
    let files = with_env_files(workspace, surveyed.files);
    let keys = keys_of(workspace, &files);
    let mut entries: Vec<Entry> = keys.iter().map(|key| of_key(workspace, key)).collect();
    let names: BTreeSet<String> = entries.iter().flat_map(|it| it.variables.iter().cloned()).collect();
    let mut all = uses(workspace, &names);
    for entry in &mut entries {
        for name in &entry.variables {
            if let Some(uses) = all.get(name) {
                entry.uses.read.extend(uses.read.iter().cloned());
                entry.uses.named.extend(uses.named.iter().cloned());
                entry.uses.sent.extend(uses.sent.iter().cloned());
            }
        }
    }
    all.retain(|name, uses| !names.contains(name) && !uses.read.is_empty());
    entries.extend(all.into_iter().filter_map(|(name, uses)| of_variable(workspace, name, uses)));
    let owners = Owners::of(workspace);
    let until = Instant::now() + PATIENCE;
    for entry in &mut entries {
        own(workspace, &owners, entry, until);
    }
    entries.sort_by(|a, b| order(a).cmp(&order(b)));
    Inventory { entries, looked: surveyed.looked, problems: surveyed.problems }
}

fn order(entry: &Entry) -> (usize, Kind, &str, &str) {
    let levels = [Reached::Pushed, Reached::Committed, Reached::Source, Reached::Env, Reached::Store].map(Reached::id);
    let level = entry.exposure.first().and_then(|it| levels.iter().position(|level| level == it));
    (level.unwrap_or(levels.len()), entry.kind, &entry.name, &entry.shown)
}

fn of_key(workspace: &Workspace, key: &Key) -> Entry {
    let mut variables = BTreeSet::new();
    let mut uses = Uses::default();
    let (mut shipped, mut public) = (false, false);
    let mut class = None;
    for (file, span) in &key.places {
        // What is shown is no key, whatever somebody called a variable.
        variables.extend(file.variable(*span).filter(|it| without_keys(it) == *it).map(str::to_owned));
        shipped |= file.findings.iter().any(|it| it.rule == "env-file-shipped");
        public |= file.findings.iter().any(|it| PUBLIC.contains(&it.rule) && it.span.overlaps(line(&file.doc, *span)));
        if key.reference.is_none() {
            class = class.or_else(|| class_of(workspace, file, *span));
            uses.sent.extend(sent(workspace, &file.doc, *span).map(|to| (Place::of(&file.doc, *span), to)));
        }
    }
    let is_public = |name: &String| workspace.catalogue().provider_of_public(name).is_some();
    public |= variables.iter().any(is_public);
    let mut exposure = vec![key.exposure.id()];
    exposure.extend(shipped.then_some("shipped"));
    exposure.extend(public.then_some("public"));
    let store = match &key.reference {
        Some(reference) => store_id(&reference.backend).to_owned(),
        None if key.exposure == Reached::Env => "env".to_owned(),
        None => "source".to_owned(),
    };
    Entry {
        kind: if key.reference.is_some() { Kind::Reference } else { Kind::Key },
        fingerprint: key.fingerprint.clone(),
        provider: key.provider.clone(),
        name: key.name.clone(),
        shown: without_keys(&key.redacted).into_owned(),
        class,
        variables,
        defined: key.places.iter().map(|(file, span)| Place::of(&file.doc, *span)).collect(),
        uses,
        store,
        version: key
            .reference
            .as_ref()
            .and_then(|it| it.params.iter().find(|(name, _)| name.starts_with("version")))
            .map(|(_, version)| without_keys(version).into_owned()),
        since: since(key),
        exposure,
        owner: key.exposed.as_ref().map(|it| it.author.clone()).filter(|it| !it.is_empty()),
        reference: key.reference.clone(),
    }
}

/// The rules that say so of what browsers load.
const PUBLIC: [&str; 2] = ["secret-under-public-prefix", "key-in-browser"];

fn line(doc: &Document, span: Span) -> Span {
    doc.lines().span(doc.lines().line_of(span.start))
}

fn class_of(workspace: &Workspace, file: &Surveyed, span: Span) -> Option<&'static str> {
    let value = key_at(&file.doc, span);
    let token = scan(workspace.catalogue(), value.expose().as_bytes()).into_iter().next()?;
    Some(workspace.catalogue().shape(token.shape).1.class.id())
}

/// What gets a key that stands in code.
fn sent(workspace: &Workspace, doc: &Document, span: Span) -> Option<String> {
    let around = workspace.surroundings(doc.path());
    match doc.injection_at(span) {
        Some((code, inner)) => receiver(code.doc(), &around, inner),
        None => doc.language().and_then(|_| receiver(doc, &around, span)),
    }
}

/// The oldest commit tells; else when the file was written to, as of keys that nobody committed.
fn since(key: &Key) -> Option<(String, &'static str)> {
    if let Some(exposed) = &key.exposed {
        return Some((exposed.date.clone(), "commit"));
    }
    if key.reference.is_some() {
        return None;
    }
    let written = |(file, _): &(Arc<Surveyed>, Span)| fs::metadata(&file.file).ok()?.modified().ok();
    let oldest = key.places.iter().filter_map(written).min()?;
    Some((Timestamp::try_from(oldest).ok()?.strftime("%Y-%m-%d").to_string(), "file"))
}

fn of_variable(workspace: &Workspace, name: String, uses: Uses) -> Option<Entry> {
    let catalogue = workspace.catalogue();
    let provider: &Provider = catalogue.provider_of_env(&name).or_else(|| catalogue.provider_of_public(&name))?;
    let is_public = catalogue.provider_of_public(&name).is_some();
    Some(Entry {
        kind: Kind::Variable,
        fingerprint: String::new(),
        provider: Some(provider.id.clone()),
        name: provider.name.clone(),
        shown: name.clone(),
        class: None,
        variables: BTreeSet::from([name]),
        defined: BTreeSet::new(),
        uses,
        store: "none".to_owned(),
        version: None,
        since: None,
        exposure: if is_public { vec!["none", "public"] } else { vec!["none"] },
        owner: None,
        reference: None,
    })
}

/// By the file in which it stands, else by one that reads it; else who wrote that read.
fn own(workspace: &Workspace, owners: &Owners, entry: &mut Entry, until: Instant) {
    let places: Vec<&Place> = entry.defined.iter().chain(&entry.uses.read).chain(&entry.uses.named).collect();
    let by_file = places.iter().find_map(|it| owners.of_file(Path::new(&it.path)));
    let by_git = || {
        let name = entry.variables.first()?;
        let read = entry.uses.read.first().filter(|_| Instant::now() < until)?;
        workspace.author_of(Path::new(&read.path), name)
    };
    entry.owner = by_file.map(str::to_owned).or_else(|| entry.owner.clone()).or_else(by_git);
    entry.owner = entry.owner.take().map(|it| without_keys(&it).into_owned());
}
