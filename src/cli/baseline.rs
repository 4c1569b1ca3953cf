//! Baselines: findings that are known already. The file holds no key, and a diff of it is a line a finding.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow, ensure};
use serde::{Deserialize, Serialize};

use super::check::CheckedFile;
use super::report::slashed;
use crate::rules::Finding;

/// The findings that are not reported.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeSet<Entry>,
}

/// A finding, without its line: it is the same one when text is added above it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// From the workspace's root, with `/`.
    path: String,
    rule: String,
    fingerprint: String,
    /// The how manieth of its kind in the file, from 0.
    ordinal: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u32,
    findings: Vec<Entry>,
}

/// How a baseline fits the findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// Findings that it lists.
    pub known: usize,
    /// Entries that match nothing any more.
    pub unmatched: usize,
}

impl Baseline {
    /// Reads a baseline.
    pub fn read(path: &Path) -> Result<Baseline> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("{shown}: the baseline cannot be read"))?;
        let file: File = serde_json::from_str(&text).map_err(|error| no_baseline(path, &error))?;
        ensure!(
            file.version == 1,
            "{shown}: a baseline of version {}: this version of aikeys-lsp knows 1",
            file.version
        );
        Ok(Baseline { entries: file.findings.into_iter().collect() })
    }

    /// The baseline that lists all findings.
    pub fn of(files: &[CheckedFile]) -> Baseline {
        let mut seen = Seen::new();
        let entries =
            |file: &CheckedFile| entries(file.doc.path(), file.findings.iter().map(|found| &found.finding), &mut seen);
        Baseline { entries: files.iter().flat_map(entries).collect() }
    }

    /// How many findings it lists.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// It lists none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Writes the baseline: an entry a line, sorted.
    pub fn write(&self, path: &Path) -> Result<()> {
        let lines: Vec<String> = self
            .entries
            .iter()
            .map(|entry| Ok(format!("    {}", serde_json::to_string(entry)?)))
            .collect::<Result<_>>()?;
        let lines = if lines.is_empty() { String::new() } else { format!("\n{}\n  ", lines.join(",\n")) };
        let text = format!("{{\n  \"version\": 1,\n  \"findings\": [{lines}]\n}}\n");
        fs::write(path, text).with_context(|| format!("{}: the baseline cannot be written", path.display()))
    }

    /// Takes the findings out that are known.
    pub fn apply(&self, files: &mut Vec<CheckedFile>) -> Fit {
        let (mut known, mut seen) = (0, Seen::new());
        for file in files.iter_mut() {
            known += self.take(file.doc.path(), &mut file.findings, |found| &found.finding, &mut seen);
        }
        files.retain(|file| !file.findings.is_empty());
        Fit { known, unmatched: self.entries.len() - known }
    }

    /// Takes the known ones out of all findings of a file; returns how many.
    pub(super) fn take_known<F>(&self, path: &Path, findings: &mut Vec<F>, finding: fn(&F) -> &Finding) -> usize {
        self.take(path, findings, finding, &mut Seen::new())
    }

    fn take<F>(&self, path: &Path, findings: &mut Vec<F>, finding: fn(&F) -> &Finding, seen: &mut Seen) -> usize {
        let mut entries = entries(path, findings.iter().map(finding), seen).into_iter();
        let all = findings.len();
        findings.retain(|_| entries.next().is_none_or(|entry| !self.entries.contains(&entry)));
        all - findings.len()
    }
}

/// Only where it went wrong: what stands there could be anything.
fn no_baseline(path: &Path, error: &serde_json::Error) -> anyhow::Error {
    let (path, line, column) = (path.display(), error.line(), error.column());
    anyhow!("{path}:{line}:{column}: this is no baseline: write it again with `--write-baseline`")
}

/// How many findings of a kind there were in a file. The history has several versions of one.
type Seen = HashMap<(String, &'static str, String), usize>;

/// An entry a finding, in the order of the findings.
fn entries<'f>(path: &Path, findings: impl Iterator<Item = &'f Finding>, seen: &mut Seen) -> Vec<Entry> {
    let path = slashed(path);
    let mut out = Vec::new();
    for finding in findings {
        let ordinal = seen.entry((path.clone(), finding.rule, finding.fingerprint.hex.clone())).or_insert(0);
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
