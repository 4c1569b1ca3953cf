//! Annotations of GitHub Actions: one line a finding.

use std::io::{self, Write};

use super::checkout::in_checkout;
use super::{Place, Report, characters, counted, slashed, visible};
use crate::rules::Severity;

/// The runner makes no more annotations of a kind from what one step prints.
const SHOWN: usize = 10;

/// `::error file=…,line=…::message`
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    for file in report.files {
        for finding in file.findings.iter().map(|found| &found.finding) {
            let place = Place::of(&file.doc, finding, characters);
            let command = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Info | Severity::Hint => "notice",
            };
            let Place { line, column, end_line, end_column } = place;
            let path = property(&slashed(&in_checkout(file)));
            write!(out, "::{command} file={path},line={line},endLine={end_line}")?;
            // The runner drops columns of an annotation that spans lines.
            if line == end_line {
                write!(out, ",col={column},endColumn={end_column}")?;
            }
            let notes = finding.notes.iter().map(|note| format!("\n{note}")).collect::<String>();
            let message = data(&format!("{}{notes}", finding.message));
            writeln!(out, ",title={}::{message}", property(&format!("aikeys ({})", finding.rule)))?;
        }
    }
    let summary = &report.summary;
    let notices = summary.infos + summary.hints;
    let kinds = [(summary.errors, "error"), (summary.warnings, "warning"), (notices, "notice")];
    let many = kinds.into_iter().filter(|(count, _)| *count > SHOWN).map(|(count, kind)| counted(count, kind));
    let many = many.collect::<Vec<_>>().join(", ");
    if !many.is_empty() {
        let advice = "`--output github-summary=$GITHUB_STEP_SUMMARY` lists all";
        writeln!(out, "{many}: GitHub shows {SHOWN} of a kind for each step; {advice}")?;
    }
    Ok(())
}

fn data(text: &str) -> String {
    visible(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A"))
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
