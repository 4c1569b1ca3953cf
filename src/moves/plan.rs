//! `--fix`: what would change in all files, worked out on texts in memory, and then carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{MoveError, Template, finished, holds, store, surroundings};
use crate::fixes::{Deposit, Destination, EnvEntry, Fix, Safety, Surroundings, is_covered, key_at};
use crate::project::{FileError, FolderLock, Packages, Workspace, check_writable, read_small, write_atomic};
use crate::rules::{self, Finding};
use crate::secrets::{Secret, identity};
use crate::syntax::Document;
use crate::text;

/// All that `--fix` would do.
#[derive(Debug, Default)]
pub struct Plan {
    /// The files whose text changes, by path.
    pub files: Vec<PlannedFile>,
    /// The keys that move.
    pub moves: Vec<PlannedMove>,
    /// What stays, and why.
    pub refused: Vec<Refused>,
    /// The keys that git holds already, a sentence each: moving is not enough.
    pub committed: Vec<String>,
    /// The commands that programs must be started with from now on.
    pub start: BTreeSet<String>,
}

/// A file before and after. Its `Debug` shows no text: the old one holds keys.
pub struct PlannedFile {
    /// From the root.
    pub path: PathBuf,
    /// The text now.
    pub before: String,
    /// The text then.
    pub after: String,
}

/// A key on its way.
#[derive(Debug)]
pub struct PlannedMove {
    /// Where it stands.
    pub path: PathBuf,
    /// The line it stands on, from 1.
    pub line: u32,
    /// What the fix says it does.
    pub title: String,
    /// The variable; `None` where nothing is stored.
    pub name: Option<String>,
    /// All files that it changes: together or not at all.
    files: Vec<PathBuf>,
    deposit: Option<(PathBuf, Deposit, Secret)>,
}

impl PlannedMove {
    /// The env file that gets a line, from the root.
    pub fn env(&self) -> Option<&Path> {
        self.deposit.as_ref().map(|(env, ..)| env.as_path())
    }
}

/// A finding that `--fix` leaves.
#[derive(Debug)]
pub struct Refused {
    /// Where.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// Why.
    pub reason: String,
}

/// How carrying out ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many keys were stored and taken out of the source.
    pub moved: usize,
    /// What went wrong; those files are as they were.
    pub errors: Vec<(PathBuf, MoveError)>,
}

impl std::fmt::Debug for PlannedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlannedFile({})", self.path.display())
    }
}

/// Rounds per file: each takes at least one key out, so this many keys in one file are moved at once.
const ROUNDS: usize = 500;

/// Plans the moves of the findings that `keep` leaves of all of a file's. `name` is the variable the user named.
pub fn plan(
    workspace: &Workspace,
    docs: &[&Document],
    to: &Destination,
    name: Option<&str>,
    keep: &dyn Fn(&Path, &mut Vec<Finding>),
) -> Plan {
    let mut plan = Plan::default();
    let mut texts: BTreeMap<PathBuf, (String, String)> = BTreeMap::new();
    let mut planned: BTreeMap<PathBuf, Vec<EnvEntry>> = BTreeMap::new();
    // The files of a package are read once: planning changes none.
    let packages = Packages::default();
    for doc in docs {
        let path = doc.path().to_owned();
        let mut found = surroundings(workspace, doc, vec![to.clone()], &packages);
        found.name = name.map(str::to_owned);
        for _ in 0..ROUNDS {
            let text = texts.get(&path).map_or_else(|| doc.text().to_owned(), |(_, now)| now.clone());
            let now = Document::with_language(path.clone(), text, doc.language());
            let mut around = found.clone();
            add_planned(&mut around, &planned, &texts);
            match next_step(workspace, &now, &around, keep) {
                Step::Stay(refused) => {
                    plan.refused.extend(refused);
                    break;
                }
                Step::Apply { fix, line } => {
                    let env = around.env.path.clone();
                    // Nothing of this shows in the document itself: once is enough.
                    let elsewhere = !fix.change.files.contains_key(&path);
                    if elsewhere && texts.get(Path::new(".gitignore")).is_some_and(|(_, now)| is_covered(now, &path)) {
                        break;
                    }
                    apply(workspace, &now, &fix, &around, &mut texts);
                    record(&mut plan, &mut planned, &now, fix, line, env);
                    if elsewhere {
                        break;
                    }
                }
            }
        }
    }
    for doc in docs.iter().filter(|doc| plan.moves.iter().any(|it| it.path == doc.path())) {
        plan.committed.extend(committed(workspace, doc, keep));
    }
    plan.files = texts
        .into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|(path, (before, after))| PlannedFile { path, before, after })
        .collect();
    plan
}

/// What is to be said of the keys of a document that a commit holds.
fn committed(workspace: &Workspace, doc: &Document, keep: &dyn Fn(&Path, &mut Vec<Finding>)) -> Vec<String> {
    let findings = rules::check(doc, &workspace.surroundings(doc.path()));
    let mut findings = workspace.judge(doc.path(), findings).unwrap_or_default();
    keep(doc.path(), &mut findings);
    workspace.annotate(doc, &mut findings);
    let known = findings.iter().filter(|it| it.notes.first().is_some_and(|note| note.starts_with("already committed")));
    let line = |it: &Finding| doc.lines().line_of(it.span.start) + 1;
    known.map(|it| format!("{}:{}: {}", doc.path().display(), line(it), it.notes.join("; "))).collect()
}

enum Step {
    Apply { fix: Fix, line: u32 },
    Stay(Vec<Refused>),
}

/// The first finding that can be fixed, else all that cannot.
fn next_step(
    workspace: &Workspace,
    doc: &Document,
    around: &Surroundings,
    keep: &dyn Fn(&Path, &mut Vec<Finding>),
) -> Step {
    let findings = rules::check(doc, around);
    let mut findings = workspace.judge(doc.path(), findings).unwrap_or_default();
    keep(doc.path(), &mut findings);
    let mut refused = Vec::new();
    for finding in &findings {
        let line = doc.lines().line_of(finding.span.start) + 1;
        let repairs = rules::fixes(doc, around, finding);
        let (offered, safe): (Vec<_>, Vec<_>) =
            repairs.fixes.into_iter().partition(|fix| fix.safety == Safety::Offered);
        if let Some(fix) = safe.into_iter().next() {
            return Step::Apply { fix, line };
        }
        let offer = offered.into_iter().next().map(|fix| format!("left to you: {}", fix.title));
        let reason = repairs.refused.or(offer);
        refused.extend(reason.map(|reason| Refused { path: doc.path().to_owned(), line, reason }));
    }
    Step::Stay(refused)
}

/// What earlier steps planned is there already for the later ones.
fn add_planned(
    around: &mut Surroundings,
    planned: &BTreeMap<PathBuf, Vec<EnvEntry>>,
    texts: &BTreeMap<PathBuf, (String, String)>,
) {
    if let Some(entries) = planned.get(&around.env.path) {
        around.env.entries.extend(entries.iter().cloned());
    }
    if let Some((_, now)) = texts.get(Path::new(".gitignore")) {
        around.gitignore = Some(now.clone());
    }
    for entry in around.entries.iter_mut().chain(&mut around.siblings) {
        if let Some((_, now)) = texts.get(entry.path()) {
            *entry = std::sync::Arc::new(Document::new(entry.path(), now.clone()));
        }
    }
}

fn apply(
    workspace: &Workspace,
    doc: &Document,
    fix: &Fix,
    around: &Surroundings,
    texts: &mut BTreeMap<PathBuf, (String, String)>,
) {
    for (path, edits) in &fix.change.files {
        let (_, now) = texts.entry(path.clone()).or_insert_with(|| {
            // The text that the edits were made for: what it became meanwhile is seen when the plan is carried out.
            let mut seen = std::iter::once(doc).chain(around.siblings.iter().chain(&around.entries).map(AsRef::as_ref));
            let seen = seen.find(|it| it.path() == path).map(|it| it.text().to_owned());
            let text = seen.unwrap_or_else(|| read_text(workspace, path));
            (text.clone(), text)
        });
        *now = text::apply(now, edits);
    }
}

fn read_text(workspace: &Workspace, path: &Path) -> String {
    match crate::project::read(&workspace.root().join(path)) {
        Ok(crate::project::Source::Text(text)) => text,
        _ => String::new(),
    }
}

fn record(
    plan: &mut Plan,
    planned: &mut BTreeMap<PathBuf, Vec<EnvEntry>>,
    doc: &Document,
    fix: Fix,
    line: u32,
    env: PathBuf,
) {
    plan.start.extend(fix.start);
    let files = fix.change.files.into_keys().collect();
    let name = fix.deposit.as_ref().map(|deposit| deposit.name.clone());
    let deposit = fix.deposit.map(|deposit| {
        let secret = key_at(doc, deposit.secret);
        let entry = EnvEntry {
            name: deposit.name.clone(),
            identity: Some(identity(secret.expose())),
            is_reference: deposit.reference.is_some(),
        };
        planned.entry(env.clone()).or_default().push(entry);
        (env, deposit, secret)
    });
    plan.moves.push(PlannedMove { path: doc.path().to_owned(), line, title: fix.title, name, files, deposit });
}

/// Carries a plan out: every key is stored and read back, and only then the files change.
pub fn carry_out(workspace: &Workspace, plan: &Plan) -> Outcome {
    carry_out_beside(workspace, plan, &mut || {})
}

/// The same; `meanwhile` is called between any two steps, where other programs can do something as well.
pub fn carry_out_beside(workspace: &Workspace, plan: &Plan, meanwhile: &mut dyn FnMut()) -> Outcome {
    let mut work = Work { workspace, plan, failed: BTreeSet::new(), outcome: Outcome::default() };
    // What cannot be changed is known before anything is stored.
    for file in &plan.files {
        let ready = check(workspace, file).map_err(MoveError::from);
        work.ended(&file.path, ready);
    }
    let (after, first): (Vec<_>, Vec<_>) = plan.files.iter().partition(|file| file.needs(plan).next().is_some());
    for file in first {
        meanwhile();
        work.write(file);
    }
    let mut stored = Vec::new();
    for it in &plan.moves {
        let Some((env, deposit, secret)) = it.deposit.as_ref().filter(|_| work.can(it)) else { continue };
        meanwhile();
        let example = env.with_file_name(".env.example");
        let changes = plan.files.iter().any(|file| file.path == example);
        let template = if changes { Template::Left } else { Template::Filled };
        let deposited = store(workspace, env, deposit, secret, None, template);
        stored.extend(work.ended(&it.path, deposited).map(|deposited| (it, deposited)));
    }
    let written: Vec<&PlannedFile> = after
        .into_iter()
        .filter(|file| {
            meanwhile();
            work.write(file)
        })
        .collect();
    for file in written {
        work.put_back_if_failed(file);
    }
    work.outcome.moved = plan.moves.iter().filter(|it| work.can(it)).count();
    for (it, deposited) in &stored {
        if work.can(it) {
            finished(workspace, deposited);
        }
    }
    work.outcome
}

/// A plan that is being carried out.
struct Work<'p> {
    workspace: &'p Workspace,
    plan: &'p Plan,
    /// The files that stay as they are.
    failed: BTreeSet<&'p Path>,
    outcome: Outcome,
}

impl<'p> Work<'p> {
    fn can(&self, it: &PlannedMove) -> bool {
        !it.files.iter().any(|path| self.failed.contains(path.as_path()))
    }

    /// Takes note of an error: the file stays as it is, and so do all that change together with it.
    fn ended<T>(&mut self, path: &'p Path, result: Result<T, MoveError>) -> Option<T> {
        let error = match result {
            Ok(done) => return Some(done),
            Err(error) => error,
        };
        self.outcome.errors.push((path.to_owned(), error));
        self.failed.insert(path);
        while let Some(it) = self
            .plan
            .moves
            .iter()
            .find(|it| !self.can(it) && !it.files.iter().all(|path| self.failed.contains(path.as_path())))
        {
            for other in it.files.iter().filter(|other| self.failed.insert(other)) {
                let with = path.display().to_string();
                self.outcome.errors.push((other.clone(), MoveError::Together { with }));
            }
        }
        None
    }

    /// Writes a file whose keys are all in their stores, now.
    fn write(&mut self, file: &'p PlannedFile) -> bool {
        if self.failed.contains(file.path.as_path()) {
            return false;
        }
        let written = write(self.workspace, self.plan, file);
        self.ended(&file.path, written).is_some()
    }

    /// A file that was written before another one of the same move failed gets its old text back.
    fn put_back_if_failed(&mut self, file: &'p PlannedFile) {
        if self.failed.contains(file.path.as_path()) {
            let path = self.workspace.root().join(&file.path);
            let (now, old) = (file.after.as_bytes(), file.before.as_bytes());
            let back = write_atomic(self.workspace.root(), &path, Some(now), old, 0o644);
            self.ended(&file.path, back.map_err(MoveError::from));
        }
    }
}

impl PlannedFile {
    /// The keys that must be in their stores before this file changes.
    fn needs<'p>(&'p self, plan: &'p Plan) -> impl Iterator<Item = &'p (PathBuf, Deposit, Secret)> {
        let here = plan.moves.iter().filter(|it| it.files.contains(&self.path));
        here.filter_map(|it| it.deposit.as_ref())
    }
}

/// The file can be written, and is as it was when the plan was made; `None` when it is not there.
fn check(workspace: &Workspace, file: &PlannedFile) -> Result<Option<Vec<u8>>, FileError> {
    let path = workspace.root().join(&file.path);
    check_writable(workspace.root(), &path)?;
    let old = read_small(&path)?;
    let shown = || path.display().to_string();
    match &old {
        Some(old) if std::str::from_utf8(old).is_err() => Err(FileError::NoText { path: shown() }),
        Some(old) if old != file.before.as_bytes() => Err(FileError::Changed { path: shown() }),
        None if !file.before.is_empty() => Err(FileError::Changed { path: shown() }),
        _ => Ok(old),
    }
}

/// Writes one file, if every key that it loses still is in its store.
fn write(workspace: &Workspace, plan: &Plan, file: &PlannedFile) -> Result<(), MoveError> {
    let root = workspace.root();
    let _lock = FolderLock::take(root)?;
    for (env, deposit, secret) in file.needs(plan) {
        if !holds(root, &root.join(env), &deposit.name, secret) {
            return Err(MoveError::Gone { path: env.display().to_string(), name: deposit.name.clone() });
        }
    }
    let old = check(workspace, file)?;
    Ok(write_atomic(root, &root.join(&file.path), old.as_deref(), file.after.as_bytes(), 0o644)?)
}
