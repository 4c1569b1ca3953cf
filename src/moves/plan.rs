//! `--fix`: what would change in all files, worked out on texts in memory, and then carried out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::surroundings;
use crate::fixes::{Deposit, Destination, EnvEntry, Fix, Safety, Surroundings, is_covered, key_at};
use crate::project::{Held, Packages, Workspace, holding, starting};
use crate::rules::{self, Finding};
use crate::secrets::{Secret, identity};
use crate::stores::Stores;
use crate::syntax::{Document, Language};
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
    /// The files that start these programs and do not give them a variable, a sentence each.
    pub missing: Vec<String>,
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
    pub(super) files: Vec<PathBuf>,
    pub(super) deposit: Option<(PathBuf, Deposit, Secret)>,
}

impl PlannedMove {
    /// The key that it stores.
    pub fn key(&self) -> Option<&Secret> {
        self.deposit.as_ref().map(|(.., secret)| secret)
    }

    /// The env file that gets a line, from the root.
    pub fn env(&self) -> Option<&Path> {
        self.deposit.as_ref().map(|(env, ..)| env.as_path())
    }
}

/// A finding that `--fix` leaves.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Where.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u32,
    /// Why.
    pub reason: String,
}

impl std::fmt::Debug for PlannedFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PlannedFile({})", self.path.display())
    }
}

/// Rounds per file: each takes at least one key out, so this many keys in one file are moved at once.
const ROUNDS: usize = 500;

/// Leaves of the findings of a file those that are wanted.
pub type Keep<'k> = &'k dyn Fn(&Path, &mut Vec<Finding>);

/// Which places of a file are repaired.
#[derive(Clone, Copy)]
enum Wanted<'w> {
    /// What is found.
    Findings(Keep<'w>),
    /// Every place of a key.
    Key(&'w Secret),
    /// The places of a key that nothing finds.
    Quiet(&'w Secret),
}

/// How far a key is followed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reach {
    /// In the given documents.
    #[default]
    Given,
    /// With all others of its file.
    File,
    /// To every file of the workspace where it stands.
    Everywhere,
}

/// Plans the moves of the findings that `keep` leaves of all of a file's. `name` is the variable the user named.
pub fn plan(
    workspace: &Workspace,
    stores: &Stores,
    docs: &[&Document],
    to: &Destination,
    name: Option<&str>,
    keep: Keep<'_>,
    reach: Reach,
) -> Plan {
    let open = BTreeMap::new();
    let mut planner = Planner::new(workspace, stores, to, &open);
    for doc in docs {
        planner.repair(doc, name, Wanted::Findings(keep));
        planner.repair_rest(doc);
    }
    for doc in docs.iter().filter(|doc| planner.plan.moves.iter().any(|it| it.path == doc.path())) {
        planner.plan.committed.extend(committed(workspace, doc, keep));
    }
    if reach == Reach::Everywhere {
        planner.follow();
    }
    planner.done()
}

/// Plans the move of one key of `doc`, as `deposit` names it, from wherever it stands. `open` are texts that count before
/// those of the disk, by their paths from the root.
pub fn plan_key(
    workspace: &Workspace,
    stores: &Stores,
    doc: &Document,
    to: &Destination,
    deposit: &Deposit,
    open: &BTreeMap<PathBuf, Arc<Document>>,
) -> Plan {
    let mut planner = Planner::new(workspace, stores, to, open);
    let secret = key_at(doc, deposit.secret);
    planner.repair(doc, Some(&deposit.name), Wanted::Key(&secret));
    planner.follow();
    planner.done()
}

/// Plans the moves of all keys of a file. `open` as in [`plan_key`].
pub fn plan_file(
    workspace: &Workspace,
    stores: &Stores,
    doc: &Document,
    to: &Destination,
    open: &BTreeMap<PathBuf, Arc<Document>>,
) -> Plan {
    let keep = |_: &Path, findings: &mut Vec<Finding>| findings.retain(|it| it.secret.is_some());
    let mut planner = Planner::new(workspace, stores, to, open);
    planner.repair(doc, None, Wanted::Findings(&keep));
    planner.done()
}

/// A plan that is being made.
struct Planner<'w> {
    workspace: &'w Workspace,
    stores: &'w Stores,
    to: &'w Destination,
    /// Texts that count before those of the disk.
    open: &'w BTreeMap<PathBuf, Arc<Document>>,
    plan: Plan,
    /// Files before and after.
    texts: BTreeMap<PathBuf, (String, String)>,
    /// The lines that env files will have.
    planned: BTreeMap<PathBuf, Vec<EnvEntry>>,
    /// The files of a package are read once: planning changes none.
    packages: Packages,
}

impl<'w> Planner<'w> {
    fn new(
        workspace: &'w Workspace,
        stores: &'w Stores,
        to: &'w Destination,
        open: &'w BTreeMap<PathBuf, Arc<Document>>,
    ) -> Planner<'w> {
        Planner {
            workspace,
            stores,
            to,
            open,
            plan: Plan::default(),
            texts: BTreeMap::new(),
            planned: BTreeMap::new(),
            packages: Packages::default(),
        }
    }

    /// Adds what can be done in a file.
    fn repair(&mut self, doc: &Document, name: Option<&str>, wanted: Wanted<'_>) {
        let path = doc.path().to_owned();
        let mut found = surroundings(self.workspace, self.stores, doc, vec![self.to.clone()], &self.packages);
        found.name = name.map(str::to_owned);
        found.overlay(&|path| self.open.get(path).cloned());
        for _ in 0..ROUNDS {
            let text = self.texts.get(&path).map_or_else(|| doc.text().to_owned(), |(_, now)| now.clone());
            let now = Document::with_language(path.clone(), text, doc.language());
            let mut around = found.clone();
            add_planned(&mut around, &self.planned, &self.texts);
            match next_step(self.workspace, &now, &around, wanted) {
                Step::Stay(refused) => {
                    self.plan.refused.extend(refused);
                    break;
                }
                Step::Apply { fix, line } => {
                    let in_place = fix.deposit.as_ref().is_some_and(|it| it.in_place);
                    let env = if in_place { path.clone() } else { around.env.path.clone() };
                    // Nothing of this shows in the document itself: once is enough.
                    let elsewhere = !fix.change.files.contains_key(&path);
                    let ignores = |(_, now): &(String, String)| is_covered(now, &path);
                    if elsewhere && self.texts.get(Path::new(".gitignore")).is_some_and(ignores) {
                        break;
                    }
                    apply(self.workspace, &now, &fix, &around, &mut self.texts);
                    record(&mut self.plan, &mut self.planned, &now, *fix, line, env);
                    if elsewhere {
                        break;
                    }
                }
            }
        }
    }

    /// Adds the places in a file where a key stands that moves from it, and that nothing else tells to be one: an output
    /// of a notebook.
    fn repair_rest(&mut self, doc: &Document) {
        for (name, key) in self.keys(|it| it.path == doc.path()) {
            if self.texts.get(doc.path()).is_some_and(|(_, now)| now.contains(key.expose())) {
                self.repair(doc, Some(&name), Wanted::Quiet(&key));
            }
        }
    }

    /// Adds the other places of the keys that move by now.
    fn follow(&mut self) {
        let keys = self.keys(|_| true);
        let secrets: Vec<&Secret> = keys.iter().map(|(_, secret)| secret).collect();
        for held in holding(self.workspace, &secrets, self.open) {
            match held {
                Held::Text(doc) => {
                    for (name, secret) in keys.iter().filter(|(_, secret)| doc.text().contains(secret.expose())) {
                        self.repair(&doc, Some(name), Wanted::Key(secret));
                    }
                }
                // Where it goes, or was already.
                Held::Not(path, _) if self.planned.contains_key(&path) => {}
                Held::Not(path, reason) => {
                    self.plan.refused.push(Refused { path, line: 1, reason: reason.to_owned() });
                }
            }
        }
    }

    /// The keys of these moves, each once, with its variable.
    fn keys(&self, of: impl Fn(&PlannedMove) -> bool) -> Vec<(String, Secret)> {
        let mut keys: Vec<(String, Secret)> = Vec::new();
        let moves = self.plan.moves.iter().filter(|it| of(it));
        for (_, deposit, secret) in moves.filter_map(|it| it.deposit.as_ref()) {
            if !keys.iter().any(|(_, known)| known == secret) {
                keys.push((deposit.name.clone(), secret.clone()));
            }
        }
        keys
    }

    fn done(self) -> Plan {
        let changed = self.texts.into_iter().filter(|(_, (before, after))| before != after);
        let files = changed.map(|(path, (before, after))| PlannedFile { path, before, after }).collect();
        let mut plan = Plan { files, ..self.plan };
        plan.refused.sort();
        plan.refused.dedup();
        plan.missing = missing(self.workspace, &plan);
        plan
    }
}

/// Which files start a program that reads a variable from now on, and do not give it.
fn missing(workspace: &Workspace, plan: &Plan) -> Vec<String> {
    let is_program =
        |path: &Path| Language::of_path(path).is_some_and(|it| !it.identifiers.is_empty() && !it.is_test_path(path));
    let mut programs: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for it in plan.moves.iter().filter(|it| is_program(&it.path)) {
        if let Some(name) = &it.name {
            programs.entry(name).or_default().push(&it.path);
        }
    }
    if programs.is_empty() {
        return Vec::new();
    }
    let mut missing = Vec::new();
    for (path, text, starter) in starting(workspace) {
        let changed = plan.files.iter().find(|file| file.path == path);
        let text = changed.map_or(text, |file| file.after.clone());
        for (name, programs) in &programs {
            if starter.starts(&text, programs, workspace.name()) && !starter.gives(&text, name) {
                let how = starter.how.replace("{name}", name);
                missing.push(format!("{} starts this without {name}: {how}", path.display()));
            }
        }
    }
    missing
}

/// What is to be said of the keys of a document that a commit holds.
fn committed(workspace: &Workspace, doc: &Document, keep: Keep<'_>) -> Vec<String> {
    let findings = rules::check(doc, &super::around(workspace, doc.path(), &BTreeMap::new));
    let mut findings = workspace.judge(doc.path(), findings).unwrap_or_default();
    keep(doc.path(), &mut findings);
    workspace.annotate(doc, &mut findings);
    let known = findings.iter().filter(|it| it.notes.first().is_some_and(|note| note.starts_with("already committed")));
    let line = |it: &Finding| doc.lines().line_of(it.span.start) + 1;
    known.map(|it| format!("{}:{}: {}", doc.path().display(), line(it), it.notes.join("; "))).collect()
}

enum Step {
    Apply { fix: Box<Fix>, line: u32 },
    Stay(Vec<Refused>),
}

/// The first finding that can be fixed, else all that cannot.
fn next_step(workspace: &Workspace, doc: &Document, around: &Surroundings, wanted: Wanted<'_>) -> Step {
    let findings = match wanted {
        Wanted::Key(secret) => rules::places_of(doc, around, secret),
        Wanted::Quiet(secret) => rules::quiet_places_of(doc, around, secret),
        Wanted::Findings(keep) => {
            let mut findings = workspace.judge(doc.path(), rules::check(doc, around)).unwrap_or_default();
            keep(doc.path(), &mut findings);
            findings
        }
    };
    let mut refused = Vec::new();
    for finding in &findings {
        let line = doc.lines().line_of(finding.span.start) + 1;
        let repairs = rules::fixes(doc, around, finding);
        let (offered, safe): (Vec<_>, Vec<_>) =
            repairs.fixes.into_iter().partition(|fix| fix.safety == Safety::Offered);
        if let Some(fix) = safe.into_iter().next() {
            return Step::Apply { fix: Box::new(fix), line };
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
        // A line that keeps a reference from now on held the key before.
        around.env.entries.retain(|entry| !entries.iter().any(|it| it.name == entry.name));
        around.env.entries.extend(entries.iter().cloned());
    }
    if let Some((_, now)) = texts.get(Path::new(".gitignore")) {
        around.gitignore = Some(now.clone());
    }
    for entry in around.entries.iter_mut().chain(&mut around.siblings) {
        if let Some((_, now)) = texts.get(entry.path()) {
            *entry = Arc::new(Document::new(entry.path(), now.clone()));
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
            reference: deposit.reference.clone(),
        };
        planned.entry(env.clone()).or_default().push(entry);
        (env, deposit, secret)
    });
    plan.moves.push(PlannedMove { path: doc.path().to_owned(), line, title: fix.title, name, files, deposit });
}
