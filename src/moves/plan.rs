//! `--fix`: what would change in all files, worked out on texts in memory, and then carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{MoveError, finished, store, surroundings};
use crate::fixes::{Deposit, Destination, EnvEntry, Fix, Safety, Surroundings};
use crate::project::{FileError, Workspace, write_atomic};
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
    deposit: Option<(PathBuf, Deposit, Secret)>,
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

/// Plans the moves of all findings that `keep` lets through. `name` is the variable the user named.
pub fn plan(
    workspace: &Workspace,
    docs: &[&Document],
    to: &Destination,
    name: Option<&str>,
    keep: &dyn Fn(&Path, &Finding) -> bool,
) -> Plan {
    let mut plan = Plan::default();
    let mut texts: BTreeMap<PathBuf, (String, String)> = BTreeMap::new();
    let mut planned: BTreeMap<PathBuf, Vec<EnvEntry>> = BTreeMap::new();
    for doc in docs {
        let path = doc.path().to_owned();
        let mut left: BTreeSet<(u32, String)> = BTreeSet::new();
        for _ in 0..ROUNDS {
            let text = texts.get(&path).map_or_else(|| doc.text().to_owned(), |(_, now)| now.clone());
            let now = Document::with_language(path.clone(), text, doc.language());
            let mut around = surroundings(workspace, &now, vec![to.clone()]);
            around.name = name.map(str::to_owned);
            add_planned(&mut around, &planned, &texts);
            let Some(step) = next_step(workspace, &now, &around, keep, &left) else { break };
            match step {
                Step::Refuse { start, reason, line } => {
                    left.insert((start, reason.clone()));
                    plan.refused.push(Refused { path: path.clone(), line, reason });
                }
                Step::Apply { fix, line } => {
                    let env = around.env.path.clone();
                    apply(workspace, &now, &fix, &mut texts);
                    record(&mut plan, &mut planned, &now, fix, line, env);
                    left.clear();
                    plan.refused.retain(|it| it.path != path);
                }
            }
        }
    }
    plan.files = texts
        .into_iter()
        .filter(|(_, (before, after))| before != after)
        .map(|(path, (before, after))| PlannedFile { path, before, after })
        .collect();
    plan
}

enum Step {
    Apply { fix: Fix, line: u32 },
    Refuse { start: u32, reason: String, line: u32 },
}

/// The first finding that can be fixed, else the first that cannot and was not said yet.
fn next_step(
    workspace: &Workspace,
    doc: &Document,
    around: &Surroundings,
    keep: &dyn Fn(&Path, &Finding) -> bool,
    left: &BTreeSet<(u32, String)>,
) -> Option<Step> {
    let findings = rules::check(doc, around);
    let findings = workspace.judge(doc.path(), findings).unwrap_or_default();
    let mut refuse = None;
    for finding in findings.iter().filter(|finding| keep(doc.path(), finding)) {
        let line = doc.lines().line_of(finding.span.start) + 1;
        let repairs = rules::fixes(doc, around, finding);
        if let Some(fix) = repairs.fixes.into_iter().find(|fix| fix.safety != Safety::Offered) {
            return Some(Step::Apply { fix, line });
        }
        if let Some(reason) = repairs.refused {
            let start = finding.span.start;
            if !left.contains(&(start, reason.clone())) {
                refuse.get_or_insert(Step::Refuse { start, reason, line });
            }
        }
    }
    refuse
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
    for entry in around.entries.iter_mut().chain(&mut around.siblings) {
        if let Some((_, now)) = texts.get(entry.path()) {
            *entry = std::sync::Arc::new(Document::new(entry.path(), now.clone()));
        }
    }
}

fn apply(workspace: &Workspace, doc: &Document, fix: &Fix, texts: &mut BTreeMap<PathBuf, (String, String)>) {
    for (path, edits) in &fix.change.files {
        let (_, now) = texts.entry(path.clone()).or_insert_with(|| {
            let text = if path == doc.path() { doc.text().to_owned() } else { read_text(workspace, path) };
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
    let name = fix.deposit.as_ref().map(|deposit| deposit.name.clone());
    let deposit = fix.deposit.map(|deposit| {
        let secret = Secret::new(doc.slice(deposit.secret));
        let entry = EnvEntry {
            name: deposit.name.clone(),
            identity: Some(identity(secret.expose())),
            is_reference: deposit.reference.is_some(),
        };
        planned.entry(env.clone()).or_default().push(entry);
        (env, deposit, secret)
    });
    plan.moves.push(PlannedMove { path: doc.path().to_owned(), line, title: fix.title, name, deposit });
}

/// Carries a plan out: every key is stored and read back, and only then the files change.
pub fn carry_out(workspace: &Workspace, plan: &Plan) -> Outcome {
    let mut outcome = Outcome::default();
    let mut stored = Vec::new();
    let mut failed: BTreeSet<&Path> = BTreeSet::new();
    for it in &plan.moves {
        let Some((env, deposit, secret)) = &it.deposit else {
            outcome.moved += 1;
            continue;
        };
        match store(workspace, env, deposit, secret, None) {
            Ok(deposited) => stored.push((it, deposited)),
            Err(error) => {
                failed.insert(&it.path);
                outcome.errors.push((it.path.clone(), error));
            }
        }
    }
    // A file whose key could not be stored stays as it is.
    for file in &plan.files {
        if failed.contains(file.path.as_path()) {
            continue;
        }
        if let Err(error) = write(workspace, file) {
            failed.insert(&file.path);
            outcome.errors.push((file.path.clone(), error.into()));
        }
    }
    for (_, deposited) in stored.iter().filter(|(it, _)| !failed.contains(it.path.as_path())) {
        outcome.moved += 1;
        finished(workspace, deposited);
    }
    outcome
}

/// Writes one file; its bytes that are no UTF-8 are the file's own.
fn write(workspace: &Workspace, file: &PlannedFile) -> Result<(), FileError> {
    let path = workspace.root().join(&file.path);
    let old = crate::project::read_small(&path)?;
    let is_new = old.is_none();
    if !is_new && old.as_deref() != Some(file.before.as_bytes()) {
        return Err(FileError::Changed { path: path.display().to_string() });
    }
    write_atomic(workspace.root(), &path, old.as_deref(), file.after.as_bytes(), 0o644)
}
