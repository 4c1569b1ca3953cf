//! What the settings and git make of findings.

use std::path::Path;

use super::config::ProjectError;
use super::git::Committed;
use super::workspace::Workspace;
use crate::fixes::GitState;
use crate::rules::{self, Finding, Severity, is_pedantic, names_rule};
use crate::syntax::Document;

impl Workspace {
    /// Rules that are off by themselves count where the user asks for them here.
    pub fn selecting(mut self, rules: &[String]) -> Workspace {
        self.selected = rules.to_vec();
        self
    }

    /// Applies the settings: rules that are off go, severities change, one step down where git ignores the file.
    pub fn judge(&self, relative: &Path, findings: Vec<Finding>) -> Result<Vec<Finding>, ProjectError> {
        if findings.is_empty() {
            return Ok(findings);
        }
        self.judge_as(relative, findings, self.git_state(relative))
    }

    /// The same, for a file that git sees so.
    pub fn judge_as(
        &self,
        relative: &Path,
        findings: Vec<Finding>,
        git: GitState,
    ) -> Result<Vec<Finding>, ProjectError> {
        self.config(relative)?;
        let judged = findings.into_iter().filter_map(|mut finding| {
            let given = rules::adjusted(finding.severity, finding.secret.is_some(), git);
            let asked = || (is_pedantic(finding.rule) && names_rule(&self.selected, finding.rule)).then_some(given);
            finding.severity = self.severity(relative, finding.rule, given).or_else(asked)?;
            Some(finding)
        });
        Ok(judged.collect())
    }

    /// The severity of a rule at a path from the root, of one that is `given` by itself: what the settings make of it, and
    /// no less than the organisation requires. `None` when it is off there.
    pub fn severity(&self, relative: &Path, rule: &str, given: Severity) -> Option<Severity> {
        let set = self.config(relative).ok()?.severity(rule, given, &self.root().join(relative));
        self.organisation().raised(rule, given, set)
    }

    /// A finding makes a check fail that ends at the severity `least`. What the organisation requires is not told away.
    pub fn fails(&self, finding: &Finding, least: Option<&str>) -> bool {
        let least = least.map_or(Some(Severity::Warning), Severity::named);
        let required = || self.organisation().requires(finding.rule) && finding.severity >= Severity::Warning;
        least.is_some_and(|least| finding.severity >= least) || required()
    }

    /// Settings exclude a path (from the root), and the organisation requires nothing there either.
    pub fn passes_by(&self, relative: &Path, is_folder: bool) -> Result<bool, ProjectError> {
        Ok(!self.organisation().requires_any() && self.is_excluded(relative, is_folder)?)
    }

    /// Settings exclude a path: of what is found there only what the organisation requires counts.
    pub fn is_excluded(&self, relative: &Path, is_folder: bool) -> Result<bool, ProjectError> {
        Ok(self.config(relative)?.excludes(&self.root().join(relative), is_folder))
    }

    /// Says of each secret whether a commit holds it: then moving is not enough.
    pub fn annotate(&self, doc: &Document, findings: &mut [Finding]) {
        let Some(git) = self.git() else { return };
        let secrets: Vec<&str> = findings.iter().filter_map(|it| it.secret).map(|span| doc.slice(span)).collect();
        if secrets.is_empty() || git.state(doc.path()) != GitState::Tracked {
            return;
        }
        let committed = git.committed(doc.path(), &secrets);
        let with_secret = findings.iter_mut().filter(|it| it.secret.is_some());
        for (finding, committed) in with_secret.zip(committed) {
            if let Some(Committed { short, date, pushed, .. }) = committed {
                let pushed = if pushed { "pushed" } else { "not pushed" };
                let note = format!("already committed ({short}, {date}, {pushed}): moving is not enough, rotate it");
                finding.notes.insert(0, note);
            }
        }
    }
}
