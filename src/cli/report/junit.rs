//! JUnit's XML, which every CI system shows as tests: a suite a file, a case a finding.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::checkout::in_checkout;
use super::{Place, Report, characters, counted, slashed, visible};
use crate::checks::{CheckedFile, Found};
use crate::rules::Severity;

/// What could not be checked is an error. A run that found nothing is a test that passes: CI takes none for a mistake.
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let mut whole = quick_junit::Report::new("aikeys-lsp");
    for file in report.files.iter().filter(|file| !file.findings.is_empty()) {
        let path = visible(&slashed(&in_checkout(file)));
        let mut suite = TestSuite::new(path.as_str());
        suite.add_test_cases(file.findings.iter().map(|found| case(file, found, &path)));
        whole.add_test_suite(suite);
    }
    let mut general = TestSuite::new("aikeys-lsp");
    for problem in &report.summary.problems {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(visible(problem)).set_type("unchecked");
        general.add_test_case(named("could not be checked", "aikeys-lsp", status));
    }
    if whole.test_suites.is_empty() && general.test_cases.is_empty() {
        let name = format!("nothing found in {}", counted(report.summary.files, "file"));
        general.add_test_case(named(&name, "aikeys-lsp", TestCaseStatus::success()));
    }
    if !general.test_cases.is_empty() {
        whole.add_test_suite(general);
    }
    let text = whole.to_string().map_err(io::Error::other)?;
    // Jenkins' schema has no such number for all suites together; the first one in the text is it.
    out.write_all(text.replacen(&format!(" skipped=\"{}\"", whole.skipped), "", 1).as_bytes())
}

fn named(name: &str, class: &str, status: TestCaseStatus) -> TestCase {
    let mut case = TestCase::new(name, status);
    case.set_classname(class);
    case
}

/// Errors and warnings fail; what is only said is skipped, with what is said.
fn case(file: &CheckedFile, found: &Found, path: &str) -> TestCase {
    let finding = &found.finding;
    let place = Place::of(&file.doc, finding, characters);
    let mut status = match finding.severity {
        Severity::Error | Severity::Warning => TestCaseStatus::non_success(NonSuccessKind::Failure),
        Severity::Info | Severity::Hint => TestCaseStatus::skipped(),
    };
    let said = finding.notes.iter().chain(&found.fixes).map(|text| format!("\n{text}")).collect::<String>();
    let message = visible(&finding.message);
    let text = format!("{path}:{}:{}: {message}", place.line, place.column);
    let lines = said.lines().skip(1).map(|line| format!("\n{}", visible(line))).collect::<String>();
    status.set_message(message).set_type(finding.rule).set_description(format!("{text}{lines}"));
    named(&format!("{} at {}:{}", finding.rule, place.line, place.column), path, status)
}
