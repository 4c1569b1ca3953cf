//! A check of what changed: the index, the lines since a revision, the files of a list.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::Sender;

use anyhow::{Context, Result};
use gix::diff::blob::{Algorithm, Diff, InternedInput};

use super::look::{Looker, document};
use super::walk::{Entry, is_build, is_excluded, is_passed_by};
use super::{Checked, CheckedFile, Event, Met, Named, Options, Run, Target, What, each, gather, shown};
use crate::project::{Blob, Change, ProjectError, Since, Source, Workspace};
use crate::rules::{Finding, is_app_secrets, is_env_file};
use crate::syntax::Document;
use crate::text::{Lines, Span};

/// The lines of a file that are new since a revision.
pub struct Changed {
    is_new: Vec<bool>,
}

/// A file that is new may be one of so many that are gone, under another name.
const GONE: usize = 200;

/// Checks what is staged of the paths. Reads the index and git's store, and settings from the work tree.
pub fn check_staged(paths: &[PathBuf], options: &Options, tick: &mut dyn FnMut(usize)) -> Checked {
    let mut checked = Checked::default();
    let mut staged: Vec<(Target, Blob)> = Vec::new();
    let all = workspaces(paths, &mut checked);
    for (workspace, below) in all.into_iter().filter(|(it, _)| it.problem().is_none()) {
        let changes = match workspace.staged() {
            Ok(changes) => changes,
            Err(error) => {
                checked.problems.push(error.to_string());
                continue;
            }
        };
        for Change { path, new, is_file, .. } in changes {
            let Some(named) = below.iter().find(|it| path.starts_with(it)) else { continue };
            let met = if *named == path { Met::Named } else { Met::Walked };
            let real = workspace.root().join(&path);
            let target = Target { path: shown(&real), real, workspace: Arc::clone(&workspace), met };
            let always = met == Met::Named && options.named == Named::Always;
            let below = path.strip_prefix(named).unwrap_or(&path);
            if !is_file {
                checked.skipped.push((target.path, "no regular file"));
            } else if !always && (is_build(below, options) || is_passed_by(&target, Entry::File)) {
                checked.skipped.push((target.path, "excluded"));
            } else {
                staged.extend(new.map(|blob| (target, blob)));
            }
        }
    }
    gather(checked, Run::new(options, HashSet::new()), tick, |run, sender| {
        each(&staged, run, |looker, (target, blob)| look_at_blob(looker, target, *blob), sender);
    })
}

/// The workspaces of the paths, each with the paths in it, which need not be there.
fn workspaces(paths: &[PathBuf], checked: &mut Checked) -> Vec<(Arc<Workspace>, Vec<PathBuf>)> {
    let mut found: Vec<(Arc<Workspace>, Vec<PathBuf>)> = Vec::new();
    for path in paths {
        match placed(path) {
            Err(error) => checked.problems.push(error.to_string()),
            Ok((workspace, inside, is_there)) => {
                if !is_there && !workspace.was_here(&inside) {
                    let why = "there is no such file or folder, and git knows none";
                    checked.problems.push(format!("{}: {why}", path.display()));
                    continue;
                }
                match found.iter_mut().find(|(it, _)| it.root() == workspace.root()) {
                    Some((_, below)) => below.push(inside),
                    None => found.push((Arc::new(workspace), vec![inside])),
                }
            }
        }
    }
    // A path that names a file counts before the folder around it.
    found.iter_mut().for_each(|(_, below)| below.sort_by_key(|it| std::cmp::Reverse(it.components().count())));
    checked.workspaces = found.iter().map(|(workspace, _)| Arc::clone(workspace)).collect();
    found
}

/// The workspace of a path, the path from its root, and whether it is there, as a link that leads nowhere is.
fn placed(path: &Path) -> Result<(Workspace, PathBuf, bool), ProjectError> {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = full.ancestors().find(|it| fs::symlink_metadata(it).is_ok()).unwrap_or(&full);
    let workspace = Workspace::open(there)?;
    // What is not there has no links to resolve.
    let rest = full.strip_prefix(there).unwrap_or(Path::new(""));
    let (inside, is_there) = (workspace.relative(there), rest.as_os_str().is_empty());
    Ok((workspace, if is_there { inside } else { inside.join(rest) }, is_there))
}

fn look_at_blob(looker: &mut Looker<'_>, target: &Target, blob: Blob) {
    match target.workspace.text_of(blob) {
        Ok(bytes) => looker.look_at_text(target, bytes),
        Err(error) => looker.problem(&format!("{}: {error}", target.path.display())),
    }
}

/// What changed since a revision, by the roots of the workspaces. Where nothing can be said, nothing is checked.
pub(super) fn since(revision: &str, checked: &mut Checked) -> HashMap<PathBuf, Since> {
    let mut all = HashMap::new();
    for workspace in checked.workspaces.iter().filter(|it| it.problem().is_none()) {
        match workspace.since(revision) {
            Ok(since) => drop(all.insert(workspace.root().to_owned(), since)),
            Err(error) => checked.problems.push(error.to_string()),
        }
    }
    all
}

/// Looks at what changed and lies in no file: a sparse checkout leaves it out.
pub(super) fn look_at_sparse(folders: &[Target], run: &Run<'_>, events: &Sender<Event>) {
    for folder in folders {
        let Some(since) = run.since.get(folder.workspace.root()) else { continue };
        let mut looker = Looker::new(run, events);
        for (path, blob) in since.sparse() {
            let real = folder.workspace.root().join(path);
            let workspace = Arc::clone(&folder.workspace);
            let target = Target { path: shown(&real), real, workspace, met: Met::Walked };
            if target.real.starts_with(&folder.real) && !is_excluded(&target, Entry::File, run.options) {
                look_at_blob(&mut looker, &target, *blob);
            }
        }
    }
}

impl Run<'_> {
    /// The file counts: it changed, or that does not matter.
    pub(super) fn concerns(&self, target: &Target) -> bool {
        if !matches!(self.options.what, What::Since(_)) {
            return true;
        }
        let relative = target.real.strip_prefix(target.workspace.root()).unwrap_or(&target.real);
        self.since.get(target.workspace.root()).is_some_and(|it| it.touches(&target.workspace, relative))
    }
}

/// A path that is not there is a file that git knew.
pub(crate) fn is_deleted(path: &Path) -> bool {
    placed(path).is_ok_and(|(workspace, inside, is_there)| !is_there && workspace.was_here(&inside))
}

impl Changed {
    /// Compares a document with what the revision held under its name; or, where that is nothing, with what is gone and
    /// most like it.
    pub(super) fn of(workspace: &Workspace, doc: &Document, since: &Since, problem: &dyn Fn(&str)) -> Changed {
        let text = |blob: Blob| -> Result<String, ProjectError> {
            let bytes = workspace.text_of(blob)?;
            Ok(document(doc.path(), Source::new(doc.path(), bytes)).0.text().to_owned())
        };
        if let Some(old) = since.old(doc.path()) {
            return match text(old) {
                Ok(old) => Changed::between(&old, doc.text()),
                Err(error) => {
                    problem(&format!("{}: all of its lines count as new: {error}", doc.path().display()));
                    Changed::all(doc)
                }
            };
        }
        let mut best = Changed::all(doc);
        let lines = best.is_new.len();
        // Moved as it is, which needs no comparison.
        if since.held(doc.text().as_bytes()) {
            best.is_new.fill(false);
            return best;
        }
        for old in since.gone(doc.path().file_name()).take(GONE).filter_map(|blob| text(blob).ok()) {
            if best.count() * 2 <= lines {
                break;
            }
            let changed = Changed::between(&old, doc.text());
            // Half of it is the same: git calls that a renamed file, too.
            if changed.count() * 2 <= lines && changed.count() < best.count() {
                best = changed;
            }
        }
        best
    }

    fn all(doc: &Document) -> Changed {
        Changed { is_new: vec![true; doc.lines().count()] }
    }

    /// Other line ends make no other line.
    fn between(old: &str, new: &str) -> Changed {
        let mut input: InternedInput<&str> = InternedInput::default();
        let (of_old, of_new) = (Lines::new(old), Lines::new(new));
        input.update_before(lines_of(old, &of_old));
        input.update_after(lines_of(new, &of_new));
        let diff = Diff::compute(Algorithm::Histogram, &input);
        Changed { is_new: (0..input.after.len() as u32).map(|line| diff.is_added(line)).collect() }
    }

    fn count(&self) -> usize {
        self.is_new.iter().filter(|it| **it).count()
    }

    /// One of the lines of a place is new.
    fn touches(&self, doc: &Document, span: Span) -> bool {
        let lines = doc.lines();
        let (first, last) = (lines.line_of(span.start) as usize, lines.line_of(span.end.max(span.start)) as usize);
        (first..=last).any(|line| self.is_new.get(line).is_none_or(|it| *it))
    }
}

/// Lines as findings count them, without their ends.
fn lines_of<'t>(text: &'t str, lines: &Lines) -> impl Iterator<Item = &'t str> {
    (0..lines.count() as u32).map(|line| text[lines.span(line).range()].trim_end_matches(['\r', '\n']))
}

/// A finding stands on a line that changed, where only those count. What is said of a whole file that keeps secrets counts
/// when a secret changed.
pub(crate) fn is_new(file: &CheckedFile, finding: &Finding) -> bool {
    let Some(changed) = &file.changed else { return true };
    let doc = &file.doc;
    let keeps_secrets = is_env_file(doc.path()) || is_app_secrets(doc.path());
    let of_file = keeps_secrets && finding.secret.is_none() && doc.lines().line_of(finding.span.start) == 0;
    changed.touches(doc, finding.span) || of_file && file.secrets.iter().any(|(span, _)| changed.touches(doc, *span))
}

/// Leaves the findings on lines that changed.
pub(crate) fn keep_changed(files: &mut Vec<CheckedFile>) {
    for file in files.iter_mut() {
        let findings = std::mem::take(&mut file.findings);
        file.findings = findings.into_iter().filter(|found| is_new(file, &found.finding)).collect();
    }
    files.retain(|file| !file.findings.is_empty());
}

/// The paths of a list, a NUL behind each, or else a line each. `-` is standard input.
pub(crate) fn listed(list: &Path) -> Result<Vec<PathBuf>> {
    let mut bytes = Vec::new();
    if list == Path::new("-") {
        io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
    } else {
        bytes = fs::read(list).with_context(|| format!("{}: the list cannot be read", list.display()))?;
    }
    let end = if bytes.contains(&0) { 0 } else { b'\n' };
    let lines = bytes.split(|byte| *byte == end);
    let lines = lines.map(|line| if end == b'\n' { line.strip_suffix(b"\r").unwrap_or(line) } else { line });
    Ok(lines.filter(|line| !line.is_empty()).map(path_of).collect())
}

#[cfg(unix)]
fn path_of(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
