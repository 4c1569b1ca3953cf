//! Whether a write or a command is fine: what `--check` would fail on afterwards, and what is new in it.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;

use super::edit::{Written, texts};
use super::refusal::{Problem, Refusal};
use crate::checks::look::document;
use crate::fixes::GitState;
use crate::moves;
use crate::project::{Config, Source, Workspace, read, recall_in};
use crate::rules::{self, Finding, is_app_secrets, is_env_file};
use crate::syntax::Document;

/// A file in its workspace.
struct Place {
    workspace: Workspace,
    relative: PathBuf,
    config: Arc<Config>,
}

/// Why a write is refused: the keys that it would bring. A key that the file has already is no reason.
pub(super) fn write(folder: &Path, path: Option<&Path>, written: &Written) -> Result<Option<Refusal>> {
    let path = folder.join(path.unwrap_or(Path::new("a-file")));
    let place = Place::of(&path)?;
    if place.workspace.passes_by(&place.relative, false)? {
        return Ok(None);
    }
    // A pipe or a device is never opened, and what cannot be read has no old keys.
    let old = match written {
        Written::Moved { from, .. } => read(&folder.join(from)).ok(),
        _ => read(&place.full()).ok(),
    };
    let texts = texts(old, written);
    let (after, _) = document(&place.relative, Source::new(&place.relative, texts.after.into_bytes()));
    let found = place.failing(&after)?;
    if found.is_empty() {
        return Ok(None);
    }
    // What lay in a file for secrets is new anywhere else.
    let before = match written {
        Written::Moved { from, .. } if is_env_file(from) || is_app_secrets(from) => read(&place.full()).ok(),
        _ => texts.before,
    };
    let before = before.map(|source| document(&place.relative, source).0);
    let new = place.added(&after, before.as_ref(), found)?;
    Ok((!new.is_empty()).then(|| place.refusal(&path, &after, &new)))
}

/// Why a command is refused: the keys in it. They stay in transcripts and in the history of the shell.
pub(super) fn command(folder: &Path, command: &str) -> Result<Option<Refusal>> {
    // No such file is meant: its name makes it a command of the shell, its folder says which settings count.
    let place = Place::of(&folder.join("command.sh"))?;
    let doc = Document::new(&*place.relative, command);
    let around = moves::around(&place.workspace, &place.relative, &Default::default);
    let found = place.workspace.judge_as(&place.relative, rules::check(&doc, &around), GitState::NoRepository)?;
    let found: Vec<Finding> = found.into_iter().filter(|it| it.secret.is_some() && place.fails(it)).collect();
    Ok((!found.is_empty()).then(|| Refusal::Command(place.problems(&doc, &found))))
}

impl Place {
    fn of(path: &Path) -> Result<Place> {
        let full = real(path);
        let there = full.ancestors().find(|it| it.exists()).unwrap_or(&full);
        let workspace = Workspace::open_strictly(there)?;
        let relative = full.strip_prefix(workspace.root()).map_or_else(|_| full.clone(), Path::to_owned);
        let config = workspace.config(&relative)?;
        Ok(Place { workspace, relative, config })
    }

    fn full(&self) -> PathBuf {
        self.workspace.root().join(&self.relative)
    }

    /// At or above the severity that makes a check fail.
    fn fails(&self, finding: &Finding) -> bool {
        self.workspace.fails(finding, self.config.fail_on.as_deref())
    }

    /// The keys that a check would fail on, and what git would take.
    fn failing(&self, doc: &Document) -> Result<Vec<Finding>> {
        let around = moves::around(&self.workspace, &self.relative, &|| recall_in(self.workspace.root()));
        let mut found = self.workspace.judge(&self.relative, rules::check(doc, &around))?;
        self.workspace.take_known(&self.relative, &mut found)?;
        if self.workspace.is_excluded(&self.relative, false)? {
            found.retain(|it| self.workspace.organisation().requires(it.rule));
        }
        found.retain(|it| (it.secret.is_some() || rules::is_about_git(it.rule)) && self.fails(it));
        Ok(found)
    }

    /// What is not so already: each key in the file before is worth one after.
    fn added(&self, after: &Document, before: Option<&Document>, found: Vec<Finding>) -> Result<Vec<Finding>> {
        let Some(before) = before else { return Ok(found) };
        let values = |doc: &Document| {
            let around = moves::around(&self.workspace, &self.relative, &Default::default);
            let mut count: HashMap<String, usize> = HashMap::new();
            for (span, _) in rules::secrets(doc, &around) {
                *count.entry(doc.slice(span).to_owned()).or_default() += 1;
            }
            count
        };
        let mut known = values(before);
        let brings_keys = || values(after).iter().any(|(value, count)| known.get(value).is_none_or(|it| it < count));
        let was_so = || Ok::<bool, anyhow::Error>(self.failing(before)?.iter().any(|it| rules::is_about_git(it.rule)));
        let of_file = found.iter().any(|it| it.secret.is_none()) && (brings_keys() || !was_so()?);
        let mut new = found;
        new.retain(|finding| match finding.secret {
            None => of_file,
            Some(span) => match known.get_mut(after.slice(span)) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    false
                }
                _ => true,
            },
        });
        Ok(new)
    }

    fn refusal(&self, path: &Path, doc: &Document, new: &[Finding]) -> Refusal {
        let path = crate::checks::shown(path);
        let problems = self.problems(doc, new);
        match new.iter().find(|it| rules::is_about_git(it.rule)) {
            Some(_) => Refusal::Kept { path, problems },
            None => Refusal::Write { path, problems },
        }
    }

    fn problems(&self, doc: &Document, found: &[Finding]) -> Vec<Problem> {
        let variable = |provider: &String| {
            let own = self.config.names.get(provider).cloned();
            own.or_else(|| self.workspace.catalogue().provider(provider).map(|it| it.env.clone()))
        };
        let problem = |finding: &Finding| Problem {
            line: doc.lines().line_of(finding.span.start) as usize + 1,
            message: finding.message.clone(),
            redacted: finding.redacted.clone(),
            rule: finding.rule,
            variable: finding.provider.as_ref().and_then(variable).filter(|it| !it.is_empty()),
        };
        found.iter().map(problem).collect()
    }
}

/// The place of a path that need not be there: links are resolved as far as it is.
fn real(path: &Path) -> PathBuf {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    for there in full.ancestors() {
        let Ok(mut real) = fs::canonicalize(there) else { continue };
        for part in full.strip_prefix(there).unwrap_or(Path::new("")).components() {
            match part {
                Component::ParentDir => drop(real.pop()),
                part => real.push(part),
            }
        }
        return real;
    }
    full
}
