//! Baselines: findings that are known already. The file holds no key, and a diff of it is a line a finding.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::config::{ProjectError, text_of};
use super::organisation::Organisation;
use super::workspace::{Workspace, today};
use crate::rules::{Finding, is_date, unused_entry};
use crate::secrets::{discreet, without_keys};
use crate::text::Span;

/// The findings that are not reported.
#[derive(Debug)]
pub struct Baseline {
    path: PathBuf,
    text: String,
    today: String,
    entries: BTreeMap<Entry, Terms>,
    /// What it requires is known to nobody.
    organisation: Arc<Organisation>,
}

/// A finding, without its line: it is the same one when text is added above it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// From the workspace's root, with `/`. Another name makes another finding.
    pub path: String,
    /// The rule's id.
    pub rule: String,
    /// The finding's fingerprint.
    pub fingerprint: String,
    /// The how manieth of its kind in the file, from 0.
    pub ordinal: usize,
}

/// What somebody wrote of an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The last day it holds.
    pub until: Option<String>,
    /// Why the finding is fine.
    pub reason: Option<String>,
    /// Where the entry stands in its file.
    span: Span,
}

/// An entry as it is written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    path: String,
    rule: String,
    fingerprint: String,
    ordinal: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File<'t> {
    version: u32,
    #[serde(borrow)]
    findings: Vec<&'t RawValue>,
}

impl Baseline {
    /// Reads a baseline; `None` when there is no such file.
    pub fn read(path: &Path) -> Result<Option<Baseline>, ProjectError> {
        text_of(path)?.map(|text| Baseline::parse(path, text)).transpose()
    }

    /// Understands the text of one.
    pub fn parse(path: &Path, text: String) -> Result<Baseline, ProjectError> {
        let wrong = |message: String| ProjectError::Catalogue { path: path.display().to_string(), message };
        // Only where it went wrong: what stands there could be anything.
        let broken = |at: usize, error: &serde_json::Error| {
            let before = &text.as_bytes()[..at];
            let lines = before.iter().filter(|&&byte| byte == b'\n').count();
            ProjectError::Config {
                path: path.display().to_string(),
                line: lines + error.line().max(1),
                message: "this is no baseline: mend it, or take it away and write it again with `--write-baseline`"
                    .to_owned(),
            }
        };
        let file: File<'_> = serde_json::from_str(&text).map_err(|error| broken(0, &error))?;
        if file.version != 1 {
            return Err(wrong(format!("a baseline of version {}: this version of aikeys-lsp knows 1", file.version)));
        }
        let mut entries = BTreeMap::new();
        for raw in file.findings {
            let start = raw.get().as_ptr() as usize - text.as_ptr() as usize;
            let row: Row = serde_json::from_str(raw.get()).map_err(|error| broken(start, &error))?;
            let span = Span::new(start, start + raw.get().len());
            if let Some(until) = row.until.as_ref().filter(|until| !is_date(until)) {
                let lines = text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count();
                return Err(ProjectError::Config {
                    path: path.display().to_string(),
                    line: lines + 1,
                    message: discreet(&format!("{until:?} is no date: write \"until\":\"2027-01-31\"")),
                });
            }
            let terms = Terms { until: row.until, reason: row.reason, span };
            let Row { path, rule, fingerprint, ordinal, .. } = row;
            let entry = Entry { path, rule, fingerprint, ordinal };
            // Merged from two sides it may be there twice: the first end counts.
            let is_later = |known: &Terms| match (&known.until, &terms.until) {
                (Some(known), Some(new)) => new >= known,
                (known, new) => known.is_some() || new.is_none(),
            };
            if !entries.get(&entry).is_some_and(is_later) {
                entries.insert(entry, terms);
            }
        }
        Ok(Baseline { path: path.to_owned(), today: today(), entries, text, organisation: Arc::default() })
    }

    /// The same under the policy of an organisation: it hides nothing that this requires.
    pub fn under(self, organisation: &Arc<Organisation>) -> Baseline {
        Baseline { organisation: Arc::clone(organisation), ..self }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// As it lies there.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All entries, in the order in which they are written.
    pub fn entries(&self) -> &BTreeMap<Entry, Terms> {
        &self.entries
    }

    /// It lists this finding, and the entry has not ended.
    pub fn hides(&self, entry: &Entry) -> bool {
        let is_open = self.entries.get(entry).is_some_and(|terms| !terms.has_ended(&self.today));
        is_open && !self.organisation.requires(&entry.rule)
    }

    /// Takes the findings of a file out that it hides. Returns the entries of all findings that it lists, with whether
    /// they hid something: one that has ended does not.
    pub fn take_known<F>(&self, path: &Path, findings: &mut Vec<F>, finding: fn(&F) -> &Finding) -> Vec<(Entry, bool)> {
        self.take_known_after(path, findings, finding, &mut Seen::new())
    }

    /// The same, where some findings of the file were counted before.
    pub fn take_known_after<F>(
        &self,
        path: &Path,
        findings: &mut Vec<F>,
        finding: fn(&F) -> &Finding,
        seen: &mut Seen,
    ) -> Vec<(Entry, bool)> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        let mut all = entries_after(path, findings.iter().map(finding), seen).into_iter();
        let mut known = Vec::new();
        findings.retain(|_| {
            let Some(entry) = all.next().filter(|entry| self.entries.contains_key(entry)) else { return true };
            let hides = self.hides(&entry);
            known.push((entry, hides));
            !hides
        });
        known
    }

    /// Entries that have ended, as findings in the baseline itself.
    pub fn ended(&self) -> Vec<Finding> {
        let ended = self.entries.iter().filter(|(_, terms)| terms.has_ended(&self.today));
        ended
            .map(|(_, terms)| {
                let until = terms.until.as_deref().unwrap_or_default();
                unused_entry(terms.span, format!("this entry ended on {until}: it hides nothing any more"))
            })
            .collect()
    }

    /// An entry that matches nothing any more, as a finding. `moved_to` is a file in which the same key is reported.
    pub fn gone(&self, entry: &Entry, moved_to: Option<&str>) -> Finding {
        let why = match moved_to {
            None => format!("nothing in {} matches this entry any more", entry.path),
            Some(new) => format!(
                "nothing in {} matches this entry any more, and the same key counts as new in {new}: an entry stays with \
                 its file",
                entry.path
            ),
        };
        let message = format!("{why}: `aikeys-lsp --check --prune-baseline` takes it out");
        unused_entry(self.entries.get(entry).map_or(Span::at(0), |terms| terms.span), message)
    }
}

impl Workspace {
    /// Takes the findings of a file out that the baseline of its settings knows.
    pub fn take_known(&self, relative: &Path, findings: &mut Vec<Finding>) -> Result<(), ProjectError> {
        if let Some(baseline) = self.baseline(relative)? {
            baseline.take_known(relative, findings, |finding| finding);
        }
        Ok(())
    }
}

impl Default for Terms {
    fn default() -> Terms {
        Terms { until: None, reason: None, span: Span::at(0) }
    }
}

impl Terms {
    /// It is fine, because of this.
    pub fn with_reason(reason: &str) -> Terms {
        Terms { reason: Some(reason.to_owned()), ..Terms::default() }
    }

    fn has_ended(&self, today: &str) -> bool {
        self.until.as_deref().is_some_and(|until| until < today)
    }

    /// Its end has passed.
    pub fn ended(&self) -> bool {
        self.has_ended(&today())
    }
}

/// A baseline as it is written: an entry a line, sorted.
pub fn baseline_text(entries: &BTreeMap<Entry, Terms>) -> Result<String, serde_json::Error> {
    let row = |(entry, terms): (&Entry, &Terms)| {
        let Entry { path, rule, fingerprint, ordinal } = entry.clone();
        let Terms { until, reason, .. } = terms.clone();
        Ok(format!("    {}", serde_json::to_string(&Row { path, rule, fingerprint, ordinal, until, reason })?))
    };
    let lines: Vec<String> = entries.iter().map(row).collect::<Result<_, serde_json::Error>>()?;
    let lines = if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
    Ok(format!("{{\n  \"version\": 1,\n  \"findings\": [{lines}]\n}}\n"))
}

/// How many findings of a rule and a fingerprint a file had so far.
pub type Seen = HashMap<(&'static str, String), usize>;

/// An entry a finding, in the order of the findings. `path` is from the workspace's root.
pub fn entries_of<'f>(path: &Path, findings: impl Iterator<Item = &'f Finding>) -> Vec<Entry> {
    entries_after(path, findings, &mut Seen::new())
}

/// The same, where some findings of the file were counted before.
pub fn entries_after<'f>(path: &Path, findings: impl Iterator<Item = &'f Finding>, seen: &mut Seen) -> Vec<Entry> {
    let path = without_keys(&path.to_string_lossy()).replace(std::path::MAIN_SEPARATOR, "/");
    let mut out = Vec::new();
    for finding in findings {
        let ordinal = seen.entry((finding.rule, finding.fingerprint.hex.clone())).or_insert(0);
        out.push(Entry {
            path: path.clone(),
            rule: finding.rule.to_owned(),
            fingerprint: finding.fingerprint.hex.clone(),
            ordinal: *ordinal,
        });
        *ordinal += 1;
    }
    out
}
