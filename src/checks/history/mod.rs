//! Checking the history: every blob once, and each finding with the commit that brought it. Prints nothing.

mod clues;
mod versions;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use clues::{Clue, clues};
use versions::Run;

use super::walk::is_build;
use super::{Checked, Named, Options, TICK, shown};
use crate::project::{BlobId, History, Log, ProjectError, Workspace};
use crate::rules::{is_app_secrets, is_env_file, is_env_template};
use crate::secrets::without_keys;
use crate::secrets::{slashed, visible};
use crate::syntax::is_parsed;
use crate::text::counted;

/// A repository, and which of its paths are to be checked.
struct Target {
    history: History,
    scopes: Vec<Scope>,
}

/// A path that the user named.
struct Scope {
    /// From the root of the repository.
    inside: PathBuf,
    /// As it is shown.
    path: PathBuf,
    /// It lies on the disk; another one may have been there once.
    is_there: bool,
}

/// Checks what all commits brought. `tick` is called now and then with the number of blobs looked at so far.
pub(crate) fn check(paths: &[PathBuf], options: &Options, tick: &mut dyn FnMut(usize)) -> Checked {
    let mut checked = Checked::default();
    let looked = AtomicUsize::new(0);
    for target in targets(paths, &mut checked) {
        let (sender, done) = channel::<()>();
        let part = thread::scope(|scope| {
            let work = scope.spawn(|| {
                let _sender = sender;
                repository(&target, options, &looked)
            });
            while done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                tick(looked.load(Ordering::Relaxed));
            }
            work.join()
        });
        match part {
            Ok(Ok(mut part)) => {
                checked.files.append(&mut part.files);
                checked.workspaces.append(&mut part.workspaces);
                checked.unparsed += part.unparsed;
                checked.problems.append(&mut part.problems);
                checked.skipped.append(&mut part.skipped);
                checked.remarks.append(&mut part.remarks);
            }
            Ok(Err(error)) => checked.problems.push(error.to_string()),
            Err(_) => checked.problems.push("aikeys-lsp failed at this history: please report it".to_owned()),
        }
    }
    checked.looked = looked.into_inner();
    let problems: BTreeSet<String> = checked.problems.iter().map(|it| without_keys(it).into_owned()).collect();
    checked.problems = problems.into_iter().collect();
    // Versions of a file stay in the order of their commits.
    checked.files.sort_by(|a, b| a.path.cmp(&b.path));
    checked.skipped.sort();
    checked
}

/// The repositories of the named paths. A path that is gone by now may still be in the history.
fn targets(paths: &[PathBuf], checked: &mut Checked) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for path in paths {
        let Some(there) = path.ancestors().find(|it| it.as_os_str().is_empty() || it.exists()) else { continue };
        let folder = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
        let history = match History::open(folder) {
            Ok(history) => history,
            Err(error) => {
                checked.problems.push(error.to_string());
                continue;
            }
        };
        let inside =
            if history.is_bare() { Path::new("") } else { real.strip_prefix(history.root()).unwrap_or(Path::new("")) };
        // Paths in a bare repository lead to no file.
        let path = if history.is_bare() { PathBuf::new() } else { shown(path) };
        let inside: PathBuf = inside.join(rest).components().collect();
        // Git starts some hooks in its own folder.
        let (inside, path) = match inside.starts_with(".git") {
            true => (PathBuf::new(), shown(history.root())),
            false => (inside, path),
        };
        let scope = Scope { inside, path, is_there: rest.as_os_str().is_empty() };
        match targets.iter_mut().find(|it| it.history.root() == history.root()) {
            Some(target) => target.scopes.push(scope),
            None => targets.push(Target { history, scopes: vec![scope] }),
        }
    }
    targets
}

fn repository(target: &Target, options: &Options, looked: &AtomicUsize) -> Result<Checked, ProjectError> {
    let history = &target.history;
    let workspace = Arc::new(workspace(history)?);
    let mut checked = Checked { workspaces: vec![Arc::clone(&workspace)], ..Checked::default() };
    let mut log = match history.log() {
        Ok(log) => log,
        Err(error) => {
            checked.problems.push(error.to_string());
            return Ok(checked);
        }
    };
    let (clues, problems) = clues(history, &workspace, looked);
    checked.problems.extend(problems);
    let versions = versions(target, &workspace, options, &clues, &mut log, &mut checked);
    let run = Run {
        target,
        workspace,
        options,
        clues: &clues,
        log: &log,
        in_head: Mutex::default(),
        large: AtomicUsize::new(0),
    };
    let (files, problems) = run.judge_all(&versions);
    checked.files = files;
    checked.problems.extend(problems);
    checked.unparsed = run.large.into_inner();
    let (remarks, problems) = missing(history, &log);
    checked.remarks.extend(remarks);
    checked.problems.extend(problems);
    checked.problems.append(&mut log.problems);
    Ok(checked)
}

/// The workspace of a repository, also of a bare one.
pub(crate) fn workspace(history: &History) -> Result<Workspace, ProjectError> {
    if !history.is_bare() {
        return Workspace::open(history.root());
    }
    let settings = history.in_head(Path::new("aikeys.toml")).map(|(_, text)| text);
    let settings = settings.map(|text| String::from_utf8_lossy(&text).into_owned());
    Workspace::bare(history.root(), settings.as_deref())
}

/// What of the history is not in this clone: remarks, and problems where it should be.
pub(crate) fn missing(history: &History, log: &Log) -> (Vec<String>, Vec<String>) {
    let (mut remarks, mut problems) = (Vec::new(), Vec::new());
    let root = visible(&slashed(&shown(history.root())));
    let root = if root.is_empty() { ".".to_owned() } else { root };
    if log.shallow {
        remarks.push(format!(
            "{root}: the history ends where this clone was cut off (shallow): `git fetch --unshallow` brings the rest"
        ));
    }
    if log.others > 0 {
        let tags = counted(log.others, "reference");
        remarks.push(format!("{root}: {tags} to a text or a folder and to no commit: not checked"));
    }
    let objects = counted(log.missing, "object");
    match (log.missing, history.is_partial()) {
        (0, _) => {}
        (1, true) => remarks.push(format!("{root}: {objects} is not in this clone (partial), and was not checked")),
        (_, true) => remarks.push(format!("{root}: {objects} are not in this clone (partial), and were not checked")),
        (_, false) => problems.push(format!("{root}: {objects} missing: `git fsck` says which")),
    }
    (remarks, problems)
}

/// The versions of a file in which something could be a key, oldest first.
type Versions = BTreeMap<PathBuf, Vec<(BlobId, usize)>>;

/// Which path each blob has that could hold a key.
fn versions(
    target: &Target,
    workspace: &Workspace,
    options: &Options,
    clues: &HashMap<BlobId, Vec<Clue>>,
    log: &mut Log,
    checked: &mut Checked,
) -> Versions {
    let mut versions = Versions::new();
    let (mut met, mut problems): (HashSet<BlobId>, BTreeSet<String>) = Default::default();
    let mut unmet: Vec<&Scope> = target.scopes.iter().filter(|scope| !scope.is_there).collect();
    target.history.each_sighting(log, &mut |path, blob, commit| {
        unmet.retain(|scope| !path.starts_with(&scope.inside));
        let clues = clues.get(&blob);
        if clues.is_some() {
            met.insert(blob);
        }
        let counts = |clues: &Vec<Clue>| clues.iter().any(|clue| !clue.parsed || is_parsed(path));
        if !(clues.is_some_and(counts) || is_kept(path)) || !target.scopes.iter().any(|it| path.starts_with(&it.inside))
        {
            return;
        }
        match is_excluded(target, workspace, options, path) {
            Ok(false) => versions.entry(path.to_owned()).or_default().push((blob, commit)),
            Ok(true) => {}
            Err(error) => drop(problems.insert(error.to_string())),
        }
    });
    checked.problems.extend(problems);
    let nowhere = |scope: &Scope| format!("{}: it is not there, and no commit had it", scope.inside.display());
    checked.problems.extend(unmet.into_iter().map(nowhere));
    if met.len() < clues.len() {
        let lost = counted(clues.len() - met.len(), "blob");
        checked.skipped.push((PathBuf::from(lost), "no reference leads to what could hold keys there"));
    }
    versions
}

/// What such a file holds are secrets by their names.
fn is_kept(path: &Path) -> bool {
    is_env_file(path) || is_env_template(path) || is_app_secrets(path)
}

fn is_excluded(target: &Target, workspace: &Workspace, options: &Options, path: &Path) -> Result<bool, ProjectError> {
    if options.named == Named::Always && target.scopes.iter().any(|scope| scope.inside == path) {
        return Ok(false);
    }
    // Whoever names a folder wants what is in it.
    let below = |scope: &Scope| path.strip_prefix(&scope.inside).is_ok_and(|below| !is_build(below, options));
    Ok(workspace.passes_by(path, false)? || !target.scopes.iter().any(below))
}
