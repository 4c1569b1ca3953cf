//! Annotations of GitHub Actions: one line a finding.

use std::io::{self, Write};

use super::{Place, Report, characters, slashed, visible};
use crate::rules::Severity;

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
            let path = property(&slashed(&file.path));
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
    Ok(())
}

fn data(text: &str) -> String {
    visible(&text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A"))
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
