//! The first half of a move, aside from the session: the keys go to their stores, and the edits are ready.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::offers::{FileEdits, Move, Work};
use crate::moves::{self, Deposited, Plan, Reach};
use crate::stores::Stores;
use crate::syntax::Document;
use crate::text::{Edit, Span, apply, counted};

/// A move whose keys lie in their stores.
pub struct Stored {
    /// The move; its files are those that the client has to change.
    pub plan: Move,
    /// What was stored.
    pub deposited: Vec<Deposited>,
    /// What the user has to know of places that stay.
    pub told: Option<String>,
}

impl Stored {
    /// Remembers the move, so that it can be put back, and notes it in the audit log.
    pub fn finish(&self) {
        let (workspace, files) = (&self.plan.workspace, &self.plan.files);
        let after: Vec<String> = files.iter().map(|it| apply(it.doc.text(), &it.edits)).collect();
        let texts = files.iter().zip(&after).map(|(it, after)| (it.doc.path(), it.doc.text(), after.as_str()));
        if self.plan.is_remembered {
            moves::record(workspace, &self.deposited.iter().collect::<Vec<_>>(), &texts.collect::<Vec<_>>());
        }
        for deposited in &self.deposited {
            moves::finished(workspace, deposited);
        }
    }

    /// All edits. Those of env files go first: should an editor stop half way, the source still has the key.
    pub fn files(&self) -> Vec<FileEdits> {
        let env = |deposited: &Deposited| {
            let edit = deposited.env_edit.clone()?;
            let env = self.plan.env.iter().find(|it| it.doc.path() == deposited.env)?;
            Some(FileEdits { edits: vec![edit], ..env.clone() })
        };
        self.deposited.iter().filter_map(env).chain(self.plan.files.iter().cloned()).collect()
    }
}

/// Stores the keys of a move. The error is for the user; then nothing has to be edited.
pub fn store(mut plan: Move) -> Result<Stored, String> {
    let env: BTreeMap<PathBuf, Arc<Document>> =
        plan.env.iter().map(|it| (it.doc.path().to_owned(), Arc::clone(&it.doc))).collect();
    let (workspace, doc) = (&plan.workspace, &plan.doc);
    let stores = Stores::of(workspace);
    match &plan.work {
        Work::One(fix) => {
            let env = env.get(&workspace.env_path(doc.path())).map(|it| it.text());
            let deposited = moves::deposit(workspace, &stores, doc, fix, env);
            let deposited = deposited.map_err(|error| error.to_string())?.ok_or("this fix stores nothing")?;
            let told = moves::copies_left(workspace, std::iter::once(deposited.key()));
            Ok(Stored { plan, deposited: vec![deposited], told })
        }
        Work::Wide { reach, to, deposit, open } => {
            let texts = open.iter().map(|it| (it.doc.path().to_owned(), Arc::clone(&it.doc))).collect();
            let planned = match reach {
                Reach::File => moves::plan_file(workspace, &stores, doc, to, &texts),
                _ => moves::plan_key(workspace, &stores, doc, to, deposit, &texts),
            };
            let planned = with_own(planned, doc)?;
            let deposited =
                moves::deposit_all(workspace, &stores, &planned, &env).map_err(|error| error.to_string())?;
            let mut told = told(&planned, *reach, &deposit.name);
            let copies = moves::copies_left(workspace, deposited.iter().map(Deposited::key));
            told.extend(copies.map(|copies| format!("\n{copies}")));
            let root = workspace.root();
            let files = planned.files.iter().map(|file| {
                let open = open.iter().find(|it| it.doc.path() == file.path);
                let doc = Arc::new(Document::new(&file.path, file.before.as_str()));
                FileEdits {
                    uri: open.and_then(|it| it.uri.clone()),
                    file: root.join(&file.path),
                    version: open.and_then(|it| it.version),
                    is_new: false,
                    doc,
                    edits: edits(&file.before, &file.after),
                }
            });
            plan.files = files.collect();
            plan.files.sort_by_key(|it| it.doc.path() != plan.doc.path());
            Ok(Stored { plan, deposited, told: Some(told) })
        }
    }
}

/// The plan, if it moves anything from the document itself.
fn with_own(planned: Plan, doc: &Document) -> Result<Plan, String> {
    if planned.moves.iter().any(|it| it.path == doc.path()) {
        return Ok(planned);
    }
    let here = planned.refused.into_iter().find(|it| it.path == doc.path());
    Err(here.map_or_else(|| super::session::STALE.to_owned(), |it| it.reason))
}

/// What was done, and what stays, a line each.
fn told(plan: &Plan, reach: Reach, name: &str) -> String {
    let files = plan.files.len();
    let mut told = match reach {
        Reach::File => format!("{} of this file moved", counted(plan.moves.len(), "secret")),
        _ => format!("{name} is read in {} of {} now", counted(plan.moves.len(), "place"), counted(files, "file")),
    };
    for it in &plan.refused {
        told.push_str(&format!("\nstays in {}:{}: {}", it.path.display(), it.line, it.reason));
    }
    for missing in &plan.missing {
        told.push_str(&format!("\n{missing}"));
    }
    for start in &plan.start {
        told.push_str(&format!("\nstart with: {start}"));
    }
    told
}

/// What changes in a file, line by line.
pub(super) fn edits(before: &str, after: &str) -> Vec<Edit> {
    let diff = similar::TextDiff::from_lines(before, after);
    let starts = |lines: &mut dyn Iterator<Item = &str>| {
        let mut all = vec![0];
        for line in lines {
            all.push(all[all.len() - 1] + line.len());
        }
        all
    };
    let old = starts(&mut (0..diff.old_len()).filter_map(|at| diff.old_slice(at)));
    let new = starts(&mut (0..diff.new_len()).filter_map(|at| diff.new_slice(at)));
    let changed = diff.ops().iter().filter(|op| op.tag() != similar::DiffTag::Equal);
    let edit = |op: &similar::DiffOp| {
        let (from, to) = (op.old_range(), op.new_range());
        Edit::replace(Span::new(old[from.start], old[from.end]), &after[new[to.start]..new[to.end]])
    };
    changed.map(edit).collect()
}
