//! For people: what, where, an excerpt, what to do.

use std::io::{self, Write};

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use anstream::adapter::strip_str;

use super::{Place, Report, characters, excerpt, slashed, visible};
use crate::checks::{CheckedFile, Found};
use crate::rules::Severity;

/// Writes every finding with colours, which the writer takes out where they are not wanted.
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let renderer = Renderer::styled();
    for file in report.files {
        for found in &file.findings {
            for line in renderer.render(&[group(file, found)]).lines().filter(|line| !is_seam(line)) {
                writeln!(out, "{line}")?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The library marks an excerpt that names no file with a line of its own. The place is in the line above already, and
/// given apart from the excerpt, because columns in a redacted excerpt are not those of the file.
fn is_seam(line: &str) -> bool {
    strip_str(line).to_string().trim() == ":::"
}

fn group<'f>(file: &'f CheckedFile, found: &'f Found) -> Group<'f> {
    let finding = &found.finding;
    let place = Place::of(&file.doc, finding, characters);
    let excerpt = excerpt(file, finding);
    let (kind, mark) = (AnnotationKind::Primary, excerpt.mark);
    let origin = Origin::path(visible(&slashed(&file.path))).line(place.line).char_column(place.column);
    let notes = finding.notes.iter().map(|note| Level::NOTE.message(visible(note)));
    let refused = found.refused.iter().map(|why| Level::NOTE.message(visible(&format!("not moved by itself: {why}"))));
    let fixes = found.fixes.iter().map(|title| Level::HELP.message(visible(title)));
    level(finding.severity)
        .primary_title(visible(&finding.message))
        .id(finding.rule)
        .element(origin)
        .element(Snippet::source(excerpt.text).line_start(place.line).annotation(kind.span(mark)))
        .elements(notes.chain(refused).chain(fixes))
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
        Severity::Hint => Level::NOTE.with_name(Some("hint")),
    }
}
