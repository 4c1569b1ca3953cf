//! Carrying out a plan: every key is stored and read back, and only then the files change.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::plan::{Plan, PlannedFile, PlannedMove};
use super::{MoveError, Template, finished, is_kept, record, store};
use crate::fixes::Deposit;
use crate::project::{FileError, FolderLock, Workspace, check_writable, read_small, write_atomic};
use crate::secrets::Secret;
use crate::stores::Stores;

/// How carrying out ended.
#[derive(Debug, Default)]
pub struct Outcome {
    /// How many keys were stored and taken out of the source.
    pub moved: usize,
    /// What went wrong; those files are as they were.
    pub errors: Vec<(PathBuf, MoveError)>,
}

/// Carries a plan out: every key is stored and read back, and only then the files change.
pub fn carry_out(workspace: &Workspace, stores: &Stores, plan: &Plan) -> Outcome {
    carry_out_beside(workspace, stores, plan, &mut || {})
}

/// The same; `meanwhile` is called between any two steps, where other programs can do something as well.
pub fn carry_out_beside(workspace: &Workspace, stores: &Stores, plan: &Plan, meanwhile: &mut dyn FnMut()) -> Outcome {
    let mut work = Work { workspace, stores, plan, failed: BTreeSet::new(), outcome: Outcome::default() };
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
        let template = Template::in_plan(plan, env);
        let deposited = store(workspace, stores, env, deposit, secret, None, template);
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
    let done: Vec<_> = stored.iter().filter(|(it, _)| work.can(it)).collect();
    let keys: Vec<_> = done.iter().map(|(_, deposited)| deposited).collect();
    let changed = plan.files.iter().filter(|file| !work.failed.contains(file.path.as_path()));
    let files: Vec<_> = changed.map(|it| (it.path.as_path(), it.before.as_str(), it.after.as_str())).collect();
    record(workspace, &keys, &files);
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
    stores: &'p Stores,
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
        let written = write(self.workspace, self.stores, self.plan, file);
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
fn write(workspace: &Workspace, stores: &Stores, plan: &Plan, file: &PlannedFile) -> Result<(), MoveError> {
    let root = workspace.root();
    let _lock = FolderLock::take(root)?;
    for (env, deposit, secret) in file.needs(plan) {
        if !is_kept(stores, &root.join(env), deposit, secret)? {
            return Err(MoveError::Gone { path: env.display().to_string(), name: deposit.name.clone() });
        }
    }
    let old = check(workspace, file)?;
    Ok(write_atomic(root, &root.join(&file.path), old.as_deref(), file.after.as_bytes(), 0o644)?)
}
