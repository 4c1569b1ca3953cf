//! The summary of a job of GitHub Actions: Markdown that is read on its page, where annotations are cut off.

use std::io::{self, Write};

use super::checkout::in_checkout;
use super::{Place, Report, characters, slashed, visible};
use crate::checks::{CheckedFile, Found};
use crate::verify::Life;

/// GitHub takes 1 MiB for a step, and drops all of what is longer. Other commands of the step want some of it.
const LARGEST: usize = 512 * 1024;

/// Counts, a table, and what to do next.
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    writeln!(out, "## aikeys-lsp: {}\n", escaped(&report.summary.sentence()))?;
    for problem in &report.summary.problems {
        writeln!(out, "- could not be checked: {}", escaped(problem))?;
    }
    if !report.summary.problems.is_empty() {
        writeln!(out)?;
    }
    if report.founds().next().is_none() {
        return Ok(());
    }
    writeln!(out, "| | where | what |\n|---|---|---|")?;
    let (mut written, mut shown) = (0, 0);
    for (file, found) in report.founds() {
        let row = row(file, found);
        written += row.len();
        if written > LARGEST {
            break;
        }
        out.write_all(row.as_bytes())?;
        shown += 1;
    }
    let left = report.summary.findings.saturating_sub(shown);
    if left > 0 {
        writeln!(out, "\n{left} more are not shown here: the log of this step and `--output json=FILE` have all.")?;
    }
    writeln!(out, "\n### What to do\n")?;
    let live = report.founds().any(|(_, found)| found.verified == Some(Life::Live));
    if live {
        writeln!(out, "1. Revoke the keys that are alive: whoever reads this repository can use them.")?;
    }
    if report.founds().any(|(_, found)| found.finding.secret.is_some()) {
        writeln!(out, "1. Rotate every key that was pushed: git keeps it, whatever the next commit says.")?;
    }
    if report.founds().any(|(_, found)| !found.fixes.is_empty()) {
        writeln!(
            out,
            "1. Run `aikeys-lsp --check --fix` on your machine: it moves keys so that the program still runs."
        )?;
    }
    writeln!(out, "1. `aikeys-lsp explain RULE` says what a rule finds, and how a line says that it is meant so.")
}

fn row(file: &CheckedFile, found: &Found) -> String {
    let finding = &found.finding;
    let line = Place::of(&file.doc, finding, characters).line;
    let path = escaped(&slashed(&in_checkout(file)));
    let notes = finding.notes.iter().map(|note| format!("<br>{}", escaped(note))).collect::<String>();
    let (severity, rule, message) = (finding.severity.name(), finding.rule, escaped(&finding.message));
    format!("| {severity} | <code>{path}:{line}</code> | {message} (`{rule}`){notes} |\n")
}

/// `text` as nothing but text: neither Markdown nor HTML, and nobody is mentioned.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            // Behind it a name is a mention, also where the sign is written as a number.
            '@' => out.push_str("&#64;&#8203;"),
            ' ' | ',' | '.' | ';' | '/' | '\'' | '-' => out.push(c),
            c if c.is_ascii_punctuation() => out.push_str(&format!("&#{};", u32::from(c))),
            c => out.push(c),
        }
    }
    // Addresses are made into links by what they begin with.
    out.replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn names_are_neither_markdown_nor_html() {
        assert_eq!(escaped("src/a-b.py"), "src/a-b.py");
        let shown = escaped("</code>|![x](https://a.b)`*_~#1 @you\n<img>\\|www.a.b");
        for sign in ["<", ">", "|", "[", "]", "(", "`", "*", "_", "~", "\\", "://", "\n", "@", "www."] {
            assert!(!shown.contains(sign), "{sign} in {shown}");
        }
    }
}
