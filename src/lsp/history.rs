//! Looks into git's history for secrets: the part of a check that is too slow to wait for.

use std::sync::Arc;

use crate::project::Workspace;
use crate::rules::Finding;
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
}

impl Learned {
    /// A search that failed.
    pub fn nothing(uri: String) -> Learned {
        Learned { uri, committed: Vec::new() }
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
        Learned { committed: self.findings.iter().zip(before).filter_map(learn).collect(), uri: self.uri }
    }
}
