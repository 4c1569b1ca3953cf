//! `json`: one object. `jsonl`: a finding a line. Paths with `/`, columns in bytes, all from 1.

use std::io::{self, Write};

use serde::Serialize;

use super::{Place, Report, Summary, slashed};
use crate::checks::{CheckedFile, Found};
use crate::verify::Life;

#[derive(Serialize)]
struct Whole<'r> {
    version: u32,
    findings: Vec<Record<'r>>,
    summary: &'r Summary,
}

#[derive(Serialize)]
struct Record<'r> {
    rule: &'r str,
    severity: &'r str,
    message: &'r str,
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    /// The cell of a notebook, and the line in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell_line: Option<u32>,
    provider: Option<&'r str>,
    fingerprint: &'r str,
    /// The fingerprint is over the place, because the value could be guessed from its own.
    weak: bool,
    redacted: Option<&'r str>,
    /// With `--verify`: `live`, `dead` or `unknown`, and why it is unknown.
    #[serde(skip_serializing_if = "Option::is_none")]
    verified: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    verified_reason: Option<&'r str>,
    notes: &'r [String],
    fixes: &'r [String],
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    past: Option<PastRecord<'r>>,
}

/// In a check of the history.
#[derive(Serialize)]
struct PastRecord<'r> {
    commit: &'r str,
    date: &'r str,
    in_head: bool,
    /// `null` where nothing tells.
    pushed: Option<bool>,
}

/// `{"version": 1, "findings": […], "summary": {…}}`
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let whole = Whole { version: 1, findings: records(report).collect(), summary: &report.summary };
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

/// The findings only.
pub(super) fn write_lines(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for record in records(report) {
        serde_json::to_writer(&mut *out, &record)?;
        writeln!(out)?;
    }
    Ok(())
}

fn records<'r>(report: &'r Report<'_>) -> impl Iterator<Item = Record<'r>> {
    report.founds().map(|(file, found)| record(file, found))
}

fn record<'r>(file: &'r CheckedFile, found: &'r Found) -> Record<'r> {
    let finding = &found.finding;
    let place = Place::of(&file.doc, finding, str::len);
    Record {
        rule: finding.rule,
        severity: finding.severity.name(),
        message: &finding.message,
        path: slashed(&file.path),
        line: place.line,
        column: place.column,
        end_line: place.end_line,
        end_column: place.end_column,
        cell: finding.cell.map(|it| it.number),
        cell_line: finding.cell.map(|it| it.line),
        provider: finding.provider.as_deref(),
        fingerprint: &finding.fingerprint.hex,
        weak: finding.fingerprint.weak,
        redacted: finding.redacted.as_deref(),
        verified: found.verified.as_ref().map(Life::name),
        verified_reason: found.verified.as_ref().and_then(Life::reason),
        notes: &finding.notes,
        fixes: &found.fixes,
        past: found.past.as_ref().map(|past| PastRecord {
            commit: &past.commit.id,
            date: &past.commit.date,
            in_head: past.in_head,
            pushed: past.commit.pushed,
        }),
    }
}
