//! Checking files: from paths to findings. Prints nothing.

pub(crate) mod changed;
pub(crate) mod history;
pub(crate) mod look;
mod walk;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use std::{fs, thread};

use crate::project::{self, CommitInfo, Packages, Since, Workspace, threads};
use crate::rules::{Finding, names_rule};
use crate::secrets::without_keys;
use crate::syntax::Document;
use crate::text::Span;
use crate::verify::Life;
use changed::Changed;
use look::{Held, Looker};
use walk::{Entry, Filters, is_excluded, is_excluded_by_settings, walk};

/// What to check for.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Only these rules; none means all.
    pub select: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// What is left out.
    pub named: Named,
    /// What is walked.
    pub build: Build,
    /// What of it counts.
    pub what: What,
}

/// What is checked of the paths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// All that lies there.
    #[default]
    All,
    /// The same, of paths that a program listed: a file that is gone by now is fine.
    Listed,
    /// What the next commit would change, as the index holds it.
    Staged,
    /// What changed since HEAD and this revision went apart.
    Since(String),
}

/// Whether excludes apply to paths that the user named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Named {
    /// A named path is checked in any case.
    #[default]
    Always,
    /// `--force-exclude`: pre-commit names every file.
    UnlessExcluded,
}

/// Whether build output and vendored code is looked into.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Build {
    /// `node_modules`, `site-packages`, `vendor`, `target`, `dist` and their like are passed by.
    #[default]
    Skipped,
    /// They are looked into, also where git ignores them.
    Included,
}

/// What a check found.
#[derive(Default)]
pub struct Checked {
    /// The files with findings, by path.
    pub files: Vec<CheckedFile>,
    /// Where the named paths belong.
    pub workspaces: Vec<Arc<Workspace>>,
    /// How many files were looked at.
    pub looked: usize,
    /// Their places, links resolved.
    pub seen: HashSet<PathBuf>,
    /// How many of them were too large to be parsed.
    pub unparsed: usize,
    /// What could not be checked, and why: reasons for exit code 2.
    pub problems: Vec<String>,
    /// What was passed by, and why.
    pub skipped: Vec<(PathBuf, &'static str)>,
    /// What else there is to know.
    pub remarks: Vec<String>,
}

/// A file with findings. It has no `Debug`: its text holds keys.
pub struct CheckedFile {
    /// Relative to the current folder, as it is shown.
    pub path: PathBuf,
    /// Where it belongs; `doc.path()` is relative to its root.
    pub workspace: Arc<Workspace>,
    /// The text. Nothing is parsed yet.
    pub doc: Document,
    /// What kind of file it is: only [`Kind::Text`] can be edited.
    pub kind: Kind,
    /// How the check came to it.
    pub met: Met,
    /// Every secret in it, suppressed ones as well, with what may be shown of it.
    pub secrets: Vec<(Span, String)>,
    /// By position.
    pub findings: Vec<Found>,
    /// The lines that changed, where only those count.
    pub changed: Option<Changed>,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text, as it lies on the disk.
    Text,
    /// Text that was decoded.
    Utf16,
    /// Too large to be parsed.
    Large,
    /// No text.
    Binary,
}

/// A finding, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// What is wrong.
    pub finding: Finding,
    /// What the fixes do, the best one first.
    pub fixes: Vec<String>,
    /// Why there is no move.
    pub refused: Option<String>,
    /// What its provider said of the key, where it was asked.
    pub verified: Option<Life>,
    /// Where it comes from, in a check of the history.
    pub past: Option<Past>,
}

/// What a check of the history knows of a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Past {
    /// The commit that brought it, when its author made it, and whether it was pushed.
    pub commit: CommitInfo,
    /// The key stands in HEAD.
    pub in_head: bool,
}

/// What the threads report.
enum Event {
    File(Box<CheckedFile>),
    Unparsed,
    Problem(String),
    Skipped(PathBuf, &'static str),
}

/// A path that the user named, and where it belongs.
#[derive(Clone)]
struct Target {
    /// As it is shown.
    pub path: PathBuf,
    /// Its place, links resolved.
    pub real: PathBuf,
    /// Where it belongs.
    pub workspace: Arc<Workspace>,
    /// How the check came to it.
    pub met: Met,
}

/// What the threads of a check share.
struct Run<'r> {
    pub options: &'r Options,
    /// How many files were looked at so far.
    pub looked: AtomicUsize,
    /// Their places.
    pub seen: Mutex<HashSet<PathBuf>>,
    /// The places of the named paths, which a walk around them leaves out: each is looked at once.
    pub named: HashSet<PathBuf>,
    /// What was read around the files with findings.
    pub packages: Packages,
    /// What changed, by the roots of the workspaces, where only that counts.
    pub since: HashMap<PathBuf, Since>,
    /// What is judged when the rest was looked at: git's history is searched once for all of it.
    pub held: Mutex<Vec<Held>>,
}

/// How a check comes to a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// The user named it.
    Named,
    /// It lies in a folder.
    Walked,
}

/// How often `tick` is called.
const TICK: Duration = Duration::from_millis(100);

/// Checks files and folders. `tick` is called now and then with the number of files looked at so far.
pub fn check(paths: &[PathBuf], options: &Options, tick: &mut dyn FnMut(usize)) -> Checked {
    let mut checked = Checked::default();
    let targets = targets(paths, options, &mut checked);
    let mut run = Run::new(options, targets.iter().map(|target| target.real.clone()).collect());
    if let What::Since(revision) = &options.what {
        run.since = changed::since(revision, &mut checked);
    }
    let (files, folders): (Vec<Target>, Vec<Target>) = targets.into_iter().partition(|target| !target.real.is_dir());
    gather(checked, run, tick, |run, sender| {
        each(&files, run, |looker: &mut Looker<'_>, target| looker.look_at(target), sender);
        for folder in &folders {
            for build in walk(folder, Filters::Git, run, sender) {
                walk(&build, Filters::None, run, sender);
            }
        }
        changed::look_at_sparse(&folders, run, sender);
    })
}

/// Does the work, and takes what it reports.
fn gather<'r>(
    mut checked: Checked,
    run: Run<'r>,
    tick: &mut dyn FnMut(usize),
    work: impl FnOnce(&Run<'r>, &Sender<Event>) + Send,
) -> Checked {
    let (sender, events) = channel();
    let mut problems: BTreeSet<String> = checked.problems.drain(..).collect();
    let wrong = |it: &'_ Arc<Workspace>| [it.problem(), it.lock_problem()].map(|it| it.map(ToString::to_string));
    problems.extend(checked.workspaces.iter().flat_map(wrong).flatten());
    thread::scope(|scope| {
        let run = &run;
        scope.spawn(move || {
            work(run, &sender);
            judge_held(run, &sender);
        });
        loop {
            match events.recv_timeout(TICK) {
                Ok(Event::File(file)) => checked.files.push(*file),
                Ok(Event::Unparsed) => checked.unparsed += 1,
                Ok(Event::Problem(problem)) => drop(problems.insert(problem)),
                Ok(Event::Skipped(path, why)) => checked.skipped.push((path, why)),
                Err(RecvTimeoutError::Timeout) => tick(run.looked.load(Ordering::Relaxed)),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    checked.looked = run.looked.into_inner();
    checked.seen = run.seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    checked.problems = problems.iter().map(|problem| without_keys(problem).into_owned()).collect();
    checked.files.sort_by(|a, b| a.path.cmp(&b.path));
    checked.skipped.sort();
    checked
}

/// Checks one text under a name that need not be there.
pub fn check_text(name: &Path, bytes: Vec<u8>, options: &Options) -> Checked {
    let mut checked = Checked::default();
    let target = match Workspace::open(name).map(|it| it.selecting(&options.select)) {
        Err(error) => {
            checked.problems.push(error.to_string());
            None
        }
        Ok(workspace) => {
            let workspace = Arc::new(workspace);
            checked.workspaces.push(Arc::clone(&workspace));
            Some(Target { path: shown(name), real: name.to_owned(), workspace, met: Met::Named })
        }
    };
    gather(checked, Run::new(options, HashSet::new()), &mut |_| {}, |run, sender| {
        if let Some(target) = target {
            Looker::new(run, sender).look_at_text(&target, bytes);
        }
    })
}

impl Options {
    /// A rule was asked for, here or by the organisation.
    fn wants(&self, workspace: &Workspace, rule: &str) -> bool {
        let named = |rules: &[String]| names_rule(rules, rule);
        let chosen = (self.select.is_empty() || named(&self.select)) && !named(&self.ignore);
        chosen || workspace.organisation().requires(rule)
    }
}

impl Run<'_> {
    fn new(options: &Options, named: HashSet<PathBuf>) -> Run<'_> {
        let (packages, since, held) = (Packages::default(), HashMap::new(), Mutex::default());
        Run { options, looked: AtomicUsize::new(0), seen: Mutex::default(), named, packages, since, held }
    }
}

/// The named paths that can be checked; for the others, why not.
fn targets(paths: &[PathBuf], options: &Options, checked: &mut Checked) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for path in paths {
        let meta = match fs::metadata(path) {
            Ok(meta) => meta,
            Err(_) if options.what == What::Listed && changed::is_deleted(path) => {
                checked.skipped.push((shown(path), "deleted"));
                continue;
            }
            Err(error) => {
                checked.problems.push(format!("{}: {}", path.display(), why_not(path, &error)));
                continue;
            }
        };
        // Never opened: reading a pipe could wait for ever.
        if !meta.is_dir() && !meta.is_file() {
            checked.problems.extend(project::read(path).err().map(|error| error.to_string()));
            continue;
        }
        let real = match fs::canonicalize(path) {
            Ok(real) => real,
            Err(error) => {
                checked.problems.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        if targets.iter().any(|other| other.real == real) {
            continue;
        }
        let known = checked.workspaces.iter().find(|it| belongs(&real, it)).cloned();
        let workspace =
            match known.map_or_else(|| Workspace::open(path).map(|it| Arc::new(it.selecting(&options.select))), Ok) {
                Ok(workspace) => workspace,
                Err(error) => {
                    checked.problems.push(error.to_string());
                    continue;
                }
            };
        if !checked.workspaces.iter().any(|it| Arc::ptr_eq(it, &workspace)) {
            checked.workspaces.push(Arc::clone(&workspace));
        }
        if meta.is_dir() && project::is_bare(&real) {
            let why = "this is a bare repository, which has no files: check a clone of it";
            checked.problems.push(format!("{}: {why}", path.display()));
            continue;
        }
        let mut target = Target { path: shown(path), real, workspace, met: Met::Named };
        let entry = if meta.is_dir() { Entry::Folder } else { Entry::File };
        if options.named == Named::UnlessExcluded && is_excluded(&target, entry, options) {
            checked.skipped.push((target.path, "excluded"));
            continue;
        }
        if options.named == Named::UnlessExcluded && is_excluded_by_settings(&target) {
            target.met = Met::Walked;
        }
        targets.push(target);
    }
    targets
}

fn why_not(path: &Path, error: &std::io::Error) -> String {
    match (error.kind(), fs::symlink_metadata(path)) {
        (std::io::ErrorKind::NotFound, Ok(_)) => "this link leads nowhere".to_owned(),
        (std::io::ErrorKind::NotFound, Err(_)) => "there is no such file or folder".to_owned(),
        _ => error.to_string(),
    }
}

/// A path lies in a workspace and in no repository inside it.
fn belongs(real: &Path, workspace: &Workspace) -> bool {
    let mut between = real.ancestors().skip(1).take_while(|folder| *folder != workspace.root());
    real.starts_with(workspace.root()) && !between.any(|folder| folder.join(".git").exists())
}

/// Looks at files, some at a time.
fn each<T: Sync>(files: &[T], run: &Run<'_>, look: impl Fn(&mut Looker<'_>, &T) + Sync, events: &Sender<Event>) {
    let next = AtomicUsize::new(0);
    let one = || {
        let mut looker = Looker::new(run, events);
        while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
            look(&mut looker, file);
        }
    };
    match files {
        [] => {}
        [_] => one(),
        _ => thread::scope(|scope| (0..threads()).for_each(|_| drop(scope.spawn(one)))),
    }
}

/// Judges the files with keys that git's history may hold: it is searched once a workspace.
fn judge_held(run: &Run<'_>, events: &Sender<Event>) {
    let mut held = run.held.lock().map(|mut it| std::mem::take(&mut *it)).unwrap_or_default();
    while let Some(first) = held.first() {
        let workspace = Arc::clone(&first.target.workspace);
        let (mut files, rest): (Vec<Held>, Vec<Held>) =
            held.into_iter().partition(|it| Arc::ptr_eq(&it.target.workspace, &workspace));
        held = rest;
        let values: BTreeSet<&str> = files.iter().flat_map(|it| it.keys.iter().map(|key| it.doc.slice(*key))).collect();
        let exposed = workspace.exposures(&values.into_iter().collect::<Vec<_>>());
        files.iter_mut().for_each(|file| file.around.exposed.clone_from(&exposed));
        each(&files, run, |looker, file| looker.judge_held(file), events);
    }
}

/// A path as it is shown: without `.`, and relative to the current folder where it lies in it.
pub(crate) fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    path.components().filter(|part| *part != std::path::Component::CurDir).collect()
}
