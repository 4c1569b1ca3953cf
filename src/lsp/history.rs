//! Looks into git's history for secrets: the part of a check that is too slow to wait for.

use std::collections::HashMap;
use std::sync::Arc;

use crate::fixes::Exposure;
use crate::project::Workspace;
use crate::rules::{Finding, kept_keys};
use crate::secrets::{Identity, identity};
use crate::syntax::Document;

/// A search of git's history for secrets: it can take half a second.
pub struct History {
    /// The document it is for.
    pub uri: String,
    /// Where it belongs.
    pub workspace: Arc<Workspace>,
    /// Its text.
    pub doc: Document,
    /// What was found in it.
    pub findings: Vec<Finding>,
}

/// What a search of the history found.
pub struct Learned {
    /// The document it is for.
    pub uri: String,
    /// The note of each secret that was looked for.
    pub committed: Vec<(Identity, Option<String>)>,
    /// What the history holds of the keys that lie in the right place; `None` when there are none.
    pub exposed: Option<HashMap<Identity, Option<Exposure>>>,
}

impl Learned {
    /// A search that failed.
    pub fn nothing(uri: String) -> Learned {
        Learned { uri, committed: Vec::new(), exposed: None }
    }
}

impl History {
    /// Searches. Needs nothing of the session.
    pub fn search(mut self) -> Learned {
        let before: Vec<usize> = self.findings.iter().map(|it| it.notes.len()).collect();
        self.workspace.annotate(&self.doc, &mut self.findings);
        let learn = |(finding, before): (&Finding, usize)| {
            let note = (finding.notes.len() > before).then(|| finding.notes.first().cloned()).flatten();
            Some((identity(self.doc.slice(finding.secret?)), note))
        };
        let keys = kept_keys(&self.doc, &self.workspace.surroundings(self.doc.path()));
        let values: Vec<&str> = keys.iter().map(|key| self.doc.slice(*key)).collect();
        let exposed = (!values.is_empty()).then(|| self.workspace.exposures(&values)).flatten();
        Learned { exposed, committed: self.findings.iter().zip(before).filter_map(learn).collect(), uri: self.uri }
    }
}
