//! All files of the client's folders, aside from the session: their findings, and the keys in them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checks::{self, Options};
use crate::fixes::{Exposure, key_at};
use crate::project::{Workspace, env_files, read_small, references_of};
use crate::rules::{self, Finding, is_env_file};
use crate::secrets::{EnvLines, Identity, SecretRef, fingerprint, identity, scan, slashed, weak_fingerprint};
use crate::syntax::Document;
use crate::text::Span;

/// What was found in all files.
#[derive(Default)]
pub struct Survey {
    /// The files with findings, by path.
    pub files: Vec<Surveyed>,
    /// How many files were looked at.
    pub looked: usize,
    /// What could not be looked at, and why.
    pub problems: Vec<String>,
}

/// A file with findings.
pub struct Surveyed {
    /// Its place.
    pub file: PathBuf,
    /// Its text.
    pub doc: Arc<Document>,
    /// Where it belongs.
    pub workspace: Arc<Workspace>,
    /// Every secret in it, with what may be shown of it.
    pub secrets: Vec<(Span, String)>,
    /// By position; those that the baseline knows are left out.
    pub findings: Vec<Finding>,
    /// The lines of an env file; none of another one.
    lines: EnvLines,
}

impl Surveyed {
    /// The variable that the env file gives the value at a place to.
    pub fn variable(&self, span: Span) -> Option<&str> {
        self.lines.at(span).map(|line| self.doc.slice(line.name))
    }
}

fn lines(doc: &Document) -> EnvLines {
    if is_env_file(doc.path()) { EnvLines::of(doc.text()) } else { EnvLines::default() }
}

/// Checks all files of some folders, as `--check` does. `tick` gets the number of files looked at so far, now and then.
pub fn survey(folders: &[PathBuf], tick: &mut dyn FnMut(usize)) -> Survey {
    // The disk, or what the system makes up: nobody's project, and without an end.
    let is_system = |folder: &PathBuf| {
        folder.parent().is_none() || ["/proc", "/sys", "/dev"].iter().any(|system| folder.starts_with(system))
    };
    let (system, folders): (Vec<PathBuf>, Vec<PathBuf>) = folders.iter().cloned().partition(is_system);
    let folders = &folders[..];
    let checked = checks::check(folders, &Options::default(), tick);
    let mut problems = checked.problems;
    problems
        .extend(system.iter().map(|it| format!("{}: this is a folder of the system: open a project", it.display())));
    let mut files = Vec::new();
    for file in checked.files {
        let mut findings: Vec<Finding> = file.findings.into_iter().map(|it| it.finding).collect();
        problems.extend(file.workspace.take_known(file.doc.path(), &mut findings).err().map(|error| error.to_string()));
        files.push(Surveyed {
            file: as_given(folders, file.workspace.root().join(file.doc.path())),
            lines: lines(&file.doc),
            doc: Arc::new(file.doc),
            workspace: file.workspace,
            secrets: file.secrets,
            findings,
        });
    }
    Survey { files, looked: checked.looked, problems }
}

/// The place of a file below the folder as the client calls it: that can be a link.
fn as_given(folders: &[PathBuf], file: PathBuf) -> PathBuf {
    let given = |folder: &PathBuf| {
        let rest = file.strip_prefix(std::fs::canonicalize(folder).ok()?).ok()?;
        Some(folder.join(rest))
    };
    folders.iter().find_map(given).unwrap_or(file)
}

/// A key or a reference of the workspace, with all its places.
pub struct Key {
    /// The same for the same key everywhere; of a reference and of a short key, over its place.
    pub fingerprint: String,
    /// The provider's id.
    pub provider: Option<String>,
    /// The provider's name, or that nobody knows it.
    pub name: String,
    /// What may be shown of it.
    pub redacted: String,
    /// How far it got.
    pub exposure: Reached,
    /// A fact about that.
    pub note: Option<String>,
    /// The variable that holds it in an env file.
    pub variable: Option<String>,
    /// The oldest commit that holds it.
    pub exposed: Option<Exposure>,
    /// The reference, where it is one.
    pub reference: Option<SecretRef>,
    /// Where it stands: files, their texts, the spans there.
    pub places: Vec<(Arc<Surveyed>, Span)>,
}

/// How far a key got, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// A commit on a branch of a remote holds it.
    Pushed,
    /// A commit holds it.
    Committed,
    /// It stands in a file that git would take.
    Source,
    /// It stands in files for secrets only.
    Env,
    /// It is a reference to a store.
    Store,
}

impl Reached {
    /// For programs.
    pub fn id(self) -> &'static str {
        match self {
            Reached::Pushed => "pushed",
            Reached::Committed => "committed",
            Reached::Source => "source",
            Reached::Env => "env",
            Reached::Store => "store",
        }
    }
}

/// Every key of some workspaces, the worst exposed first. git's history is searched for them.
pub fn keys(workspaces: &[Arc<Workspace>]) -> Vec<Key> {
    let mut all: Vec<Key> = workspaces.iter().flat_map(|it| keys_and_problems(it).0).collect();
    sort(&mut all);
    all
}

/// The same of one workspace, with what could not be looked at.
pub fn keys_and_problems(workspace: &Arc<Workspace>) -> (Vec<Key>, Vec<String>) {
    let root = workspace.root().to_owned();
    let surveyed = survey(&[root], &mut |_| {});
    let mut found = keys_of(workspace, &with_env_files(workspace, surveyed.files));
    sort(&mut found);
    (found, surveyed.problems)
}

fn sort(keys: &mut [Key]) {
    keys.sort_by(|a, b| (a.exposure, &a.name, &a.redacted).cmp(&(b.exposure, &b.name, &b.redacted)));
}

/// All env files are among them, also those in which nothing is wrong.
pub(super) fn with_env_files(workspace: &Arc<Workspace>, mut files: Vec<Surveyed>) -> Vec<Arc<Surveyed>> {
    for path in env_files(workspace) {
        let known = files.iter().position(|it| it.doc.path() == path).map(|at| files.swap_remove(at).findings);
        files.extend(env_file(workspace, &path).map(|it| Surveyed { findings: known.unwrap_or_default(), ..it }));
    }
    files.into_iter().map(Arc::new).collect()
}

fn env_file(workspace: &Arc<Workspace>, path: &Path) -> Option<Surveyed> {
    let file = workspace.root().join(path);
    let bytes = read_small(&file).ok().flatten()?;
    let doc = Document::new(path, String::from_utf8_lossy(&bytes).into_owned());
    let secrets = rules::secrets(&doc, &workspace.surroundings(path));
    let (lines, doc) = (lines(&doc), Arc::new(doc));
    Some(Surveyed { file, doc, workspace: Arc::clone(workspace), secrets, findings: Vec::new(), lines })
}

/// The keys and references of some files of a workspace.
pub(super) fn keys_of(workspace: &Workspace, files: &[Arc<Surveyed>]) -> Vec<Key> {
    let mut groups: HashMap<Identity, (String, Key)> = HashMap::new();
    let mut by_reference: BTreeMap<String, Key> = BTreeMap::new();
    for file in files {
        for (span, redacted) in &file.secrets {
            let secret = key_at(&file.doc, *span);
            let value = secret.expose();
            let (_, key) = groups.entry(identity(value)).or_insert_with(|| {
                let path = slashed(file.doc.path());
                let print =
                    fingerprint(value).unwrap_or_else(|| weak_fingerprint("key", &path, span.start as usize)).hex;
                let provider = provider_of(workspace, file, *span);
                (value.to_owned(), Key::new(print, provider, redacted.clone()))
            });
            key.add(file, *span);
        }
        if is_env_file(file.doc.path()) {
            for (span, at) in references_of(&file.doc) {
                let text = at.to_string();
                let provider = file.variable(span).and_then(|it| workspace.catalogue().provider_of_env(it));
                let provider = provider.map(|it| (it.id.clone(), it.name.clone()));
                let key = by_reference.entry(text.clone()).or_insert_with(|| Key::of_reference(&at, provider));
                key.add(file, span);
            }
        }
    }
    let values: BTreeSet<&str> = groups.values().map(|(value, _)| value.as_str()).collect();
    let exposed = workspace.exposures(&values.into_iter().collect::<Vec<_>>()).unwrap_or_default();
    let found = groups.into_values().map(|(value, mut key)| {
        key.judge(workspace, exposed.get(&identity(&value)).and_then(Option::as_ref));
        key
    });
    found.chain(by_reference.into_values()).collect()
}

/// The provider's id and name: as a rule found it, by the variable, by the key's shape.
fn provider_of(workspace: &Workspace, file: &Surveyed, span: Span) -> Option<(String, String)> {
    let catalogue = workspace.catalogue();
    let found = file.findings.iter().find(|it| it.secret == Some(span)).and_then(|it| it.provider.as_deref());
    let by_name = || catalogue.provider_of_env(file.variable(span)?);
    let by_shape = || {
        let value = key_at(&file.doc, span);
        let token = scan(catalogue, value.expose().as_bytes()).into_iter().next()?;
        Some(catalogue.shape(token.shape).0)
    };
    let provider = found.and_then(|id| catalogue.provider(id)).or_else(by_name).or_else(by_shape)?;
    Some((provider.id.clone(), provider.name.clone()))
}

impl Key {
    fn new(fingerprint: String, provider: Option<(String, String)>, redacted: String) -> Key {
        let (provider, name) = match provider {
            Some((id, name)) => (Some(id), name),
            None => (None, "unknown provider".to_owned()),
        };
        Key {
            fingerprint,
            provider,
            name,
            redacted,
            exposure: Reached::Env,
            note: None,
            variable: None,
            exposed: None,
            reference: None,
            places: Vec::new(),
        }
    }

    fn of_reference(at: &SecretRef, provider: Option<(String, String)>) -> Key {
        let text = at.to_string();
        let print = weak_fingerprint("reference", &text, 0).hex;
        Key { exposure: Reached::Store, reference: Some(at.clone()), ..Key::new(print, provider, text) }
    }

    fn add(&mut self, file: &Arc<Surveyed>, span: Span) {
        self.variable = self.variable.take().or_else(|| file.variable(span).map(str::to_owned));
        self.places.push((Arc::clone(file), span));
    }

    fn judge(&mut self, workspace: &Workspace, exposed: Option<&Exposure>) {
        let is_kept = |path: &Path| workspace.keeps_secrets(path) || workspace.git_ignores(path) == Some(true);
        let in_source = self.places.iter().any(|(file, _)| !is_kept(file.doc.path()));
        self.exposure = match exposed {
            Some(it) if it.pushed => Reached::Pushed,
            Some(_) => Reached::Committed,
            None if in_source => Reached::Source,
            None => Reached::Env,
        };
        self.exposed = exposed.cloned();
        self.note = exposed.map(|it| {
            let pushed = if it.pushed { "pushed" } else { "not pushed" };
            format!("commit {} of {} holds it ({pushed}): rotate it", it.commit, it.date)
        });
    }
}

/// How many places and commits hold the keys of a document: for the lines above them.
pub struct Spread {
    /// Which key.
    pub key: Identity,
    /// Since when a commit holds it.
    pub committed: Option<String>,
}

/// Which of some keys a commit holds, and since when.
pub fn committed(workspace: &Workspace, keys: &[&str]) -> Vec<Spread> {
    let found = workspace.exposures(keys).unwrap_or_default();
    let spread = |(key, exposure): (Identity, Option<Exposure>)| Spread { key, committed: exposure.map(|it| it.date) };
    found.into_iter().map(spread).collect()
}
