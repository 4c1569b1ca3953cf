//! Reports: one function a format, all over the same findings. None of them holds a key.

mod checkout;
mod excerpt;
mod github;
mod gitlab;
mod human;
mod job;
mod json;
mod junit;
mod line_hash;
mod masks;
mod sarif;

use std::io::{self, Write};

use jiff::Timestamp;
use serde::Serialize;

use super::args::Format;
use crate::checks::{CheckedFile, Found};
use crate::rules::{Finding, Severity};
use crate::syntax::Document;

pub use crate::secrets::{slashed, visible};
pub use crate::text::counted;

pub use excerpt::{Excerpt, excerpt};
pub(super) use masks::masks;

/// What is reported.
pub struct Report<'c> {
    /// The files with findings, by path.
    pub files: &'c [CheckedFile],
    /// The numbers.
    pub summary: Summary,
    /// When the run began.
    pub started: Timestamp,
}

/// The numbers of a run.
#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Files looked at.
    pub files: usize,
    /// Findings reported.
    pub findings: usize,
    /// Of them, errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Infos.
    pub infos: usize,
    /// Hints.
    pub hints: usize,
    /// Findings that the baseline lists.
    pub in_baseline: usize,
    /// Entries of the baseline that match nothing any more.
    pub baseline_unmatched: usize,
    /// Files too large to be parsed: only distinctive keys were looked for.
    pub unparsed: usize,
    /// What could not be checked, and why.
    pub problems: Vec<String>,
    /// The files are versions of files, as the history has them.
    #[serde(skip)]
    pub versions: bool,
}

/// Writes a report.
pub fn write(format: Format, out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    match format {
        Format::Human => human::write(out, report),
        Format::Json => json::write(out, report),
        Format::Jsonl => json::write_lines(out, report),
        Format::Sarif => sarif::write(out, report),
        Format::Github => github::write(out, report),
        Format::GithubSummary => job::write(out, report),
        Format::Gitlab => gitlab::write_quality(out, report),
        Format::GitlabSecrets => gitlab::write_secrets(out, report),
        Format::Junit => junit::write(out, report),
    }
}

impl Report<'_> {
    /// Every finding with its file.
    fn founds(&self) -> impl Iterator<Item = (&CheckedFile, &Found)> {
        self.files.iter().flat_map(|file| file.findings.iter().map(move |found| (file, found)))
    }
}

impl Summary {
    /// Counts findings.
    pub fn count(&mut self, findings: impl IntoIterator<Item = Severity>) {
        for severity in findings {
            self.findings += 1;
            *match severity {
                Severity::Error => &mut self.errors,
                Severity::Warning => &mut self.warnings,
                Severity::Info => &mut self.infos,
                Severity::Hint => &mut self.hints,
            } += 1;
        }
    }

    /// How many findings of each severity.
    pub fn counts(&self) -> String {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "info"), (self.hints, "hint")];
        let found = counts.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| counted(n, what));
        found.collect::<Vec<String>>().join(", ")
    }

    /// The numbers as a sentence.
    pub fn sentence(&self) -> String {
        let found = if self.findings == 0 { "nothing found".to_owned() } else { self.counts() };
        let what = if self.versions { "blob" } else { "file" };
        let mut parts = vec![format!("{found} in {}", counted(self.files, what))];
        if self.in_baseline > 0 {
            parts.push(format!("{} in the baseline", self.in_baseline));
        }
        if self.baseline_unmatched > 0 {
            parts.push(format!("{} of the baseline no longer found (`--prune-baseline`)", self.baseline_unmatched));
        }
        if self.unparsed > 0 {
            parts.push(format!(
                "{} too large to parse: only distinctive keys were looked for",
                counted(self.unparsed, "file")
            ));
        }
        if !self.problems.is_empty() {
            parts.push(format!("{} could not be checked", self.problems.len()));
        }
        parts.join("; ")
    }
}

/// Where a finding stands: all from 1, the end behind its last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
}

impl Place {
    /// The place of a finding, its columns counted with `measure`: bytes, characters, UTF-16 units.
    fn of(doc: &Document, finding: &Finding, measure: fn(&str) -> usize) -> Place {
        let at = |offset: u32| {
            let line = doc.lines().line_of(offset);
            let start = doc.lines().span(line).start as usize;
            (line as usize + 1, measure(&doc.text()[start..offset as usize]) + 1)
        };
        let ((line, column), (end_line, end_column)) = (at(finding.span.start), at(finding.span.end));
        Place { line, column, end_line, end_column }
    }
}

/// Where a weakness of MITRE's list is explained.
fn cwe_uri(number: u16) -> String {
    format!("https://cwe.mitre.org/data/definitions/{number}.html")
}

fn characters(text: &str) -> usize {
    text.chars().count()
}

fn utf16(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Lines of cells, each column as wide as it must be.
pub fn aligned(lines: &[Vec<String>]) -> String {
    let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
    let width = |at: usize| lines.iter().filter_map(|line| line.get(at)).map(|it| it.chars().count()).max();
    let widths: Vec<usize> = (0..columns).map(|at| width(at).unwrap_or(0)).collect();
    let mut text = String::new();
    for line in lines {
        let padded = line.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        text.push_str(padded.collect::<Vec<_>>().join("  ").trim_end());
        text.push('\n');
    }
    text
}
