//! GitLab: code quality, which every edition shows in a merge request, and the report of a secret detection.

use std::collections::HashMap;
use std::io::{self, Write};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checkout::in_checkout;
use super::{Place, Report, characters, cwe_uri, slashed};
use crate::checks::{CheckedFile, Found};
use crate::rules::{RULES, Severity};
use crate::secrets::weak_fingerprint;
use crate::verify::Life;

/// The schema of the secret detection report.
const SCHEMA: &str = "15.0.7";
/// What GitLab's own analyzer names where there is no commit.
const NO_COMMIT: &str = "0000000";
/// GitLab takes no longer names.
const LONGEST_NAME: usize = 255;
const LONGEST_SOLUTION: usize = 7000;

/// A list of findings, with names that stay the same when lines move.
pub(super) fn write_quality(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let all: Vec<Value> = identified(report).map(|(file, found, identity)| quality(file, found, &identity)).collect();
    serde_json::to_writer_pretty(&mut *out, &all)?;
    writeln!(out)
}

fn quality(file: &CheckedFile, found: &Found, identity: &str) -> Value {
    let finding = &found.finding;
    let notes: String = finding.notes.iter().map(|note| format!(". {note}")).collect();
    json!({
        // GitLab does not show the name of the check.
        "description": format!("{}: {}{notes}", finding.rule, finding.message),
        "check_name": finding.rule,
        "fingerprint": identity,
        "severity": match (finding.severity, &found.verified) {
            (Severity::Error, Some(Life::Live)) => "blocker",
            (Severity::Error, _) => "critical",
            (Severity::Warning, _) => "major",
            (Severity::Info, _) => "minor",
            (Severity::Hint, _) => "info",
        },
        "location": {
            "path": slashed(&in_checkout(file)),
            "lines": { "begin": Place::of(&file.doc, finding, characters).line },
        },
    })
}

/// The findings that are secrets, as the `secret_detection` report of schema 15.
pub(super) fn write_secrets(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let secrets = identified(report).filter(|(_, found, _)| found.finding.secret.is_some());
    let vulnerabilities: Vec<Value> =
        secrets.map(|(file, found, identity)| vulnerability(file, found, &identity)).collect();
    let tool = json!({
        "id": "aikeys-lsp",
        "name": "aikeys-lsp",
        "version": env!("CARGO_PKG_VERSION"),
        "vendor": { "name": "aikeys-lsp" },
    });
    let problems = &report.summary.problems;
    let messages: Vec<Value> = problems.iter().map(|it| json!({ "level": "warn", "value": it })).collect();
    let whole = json!({
        "version": SCHEMA,
        "scan": {
            "analyzer": tool,
            "scanner": tool,
            "type": "secret_detection",
            "status": if problems.is_empty() { "success" } else { "failure" },
            "start_time": without_zone(report.started),
            "end_time": without_zone(Timestamp::now()),
            "messages": messages,
        },
        "vulnerabilities": vulnerabilities,
    });
    serde_json::to_writer_pretty(&mut *out, &whole)?;
    writeln!(out)
}

fn vulnerability(file: &CheckedFile, found: &Found, identity: &str) -> Value {
    let finding = &found.finding;
    let place = Place::of(&file.doc, finding, characters);
    let rule = RULES.iter().find(|rule| rule.id == finding.rule);
    let cwes = rule.map(|rule| rule.cwe).unwrap_or_default();
    let cwes = cwes.iter().map(|number| {
        let name = format!("CWE-{number}");
        json!({ "type": "cwe", "name": name, "value": number.to_string(), "url": cwe_uri(*number) })
    });
    // The first one names the finding for GitLab: the rule, and whose key it is.
    let of = finding.provider.as_deref().map(|provider| format!("/{provider}")).unwrap_or_default();
    let own = json!({
        "type": "aikeys_rule_id",
        "name": format!("aikeys {}{of}", finding.rule),
        "value": format!("{}{of}", finding.rule),
    });
    let name = rule.map_or(finding.rule, |rule| rule.summary()).replace('`', "");
    let notes: String = finding.notes.iter().map(|note| format!("\n\n{note}")).collect();
    let brought = found.past.as_ref().map(|past| past.commit.id.clone());
    let commit = brought.or_else(|| file.workspace.head()).unwrap_or_else(|| NO_COMMIT.to_owned());
    let mut out = json!({
        "id": identity,
        "name": name.chars().take(LONGEST_NAME).collect::<String>(),
        "description": format!("{}{notes}", finding.message),
        "severity": match (finding.severity, &found.verified) {
            (_, Some(Life::Live)) | (Severity::Error, _) => "Critical",
            (Severity::Warning, _) => "Medium",
            (Severity::Info, _) => "Low",
            (Severity::Hint, _) => "Info",
        },
        "identifiers": std::iter::once(own).chain(cwes).collect::<Vec<_>>(),
        "location": {
            "file": slashed(&in_checkout(file)),
            "start_line": place.line,
            "end_line": place.end_line,
            "commit": { "sha": commit },
        },
    });
    if !found.fixes.is_empty() {
        out["solution"] = json!(found.fixes.join("\n").chars().take(LONGEST_SOLUTION).collect::<String>());
    }
    if let Some(life) = &found.verified {
        out["details"] = json!({ "verified": { "name": "Verified", "type": "text", "value": life.name() } });
    }
    out
}

/// Every finding with a name that no other one has, and that tells no line.
fn identified<'r>(report: &'r Report<'_>) -> impl Iterator<Item = (&'r CheckedFile, &'r Found, String)> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    report.founds().map(move |(file, found)| {
        let place = format!("{}:{}", slashed(file.doc.path()), found.finding.fingerprint.hex);
        let ordinal = seen.entry(format!("{place}:{}", found.finding.rule)).or_insert(0);
        *ordinal += 1;
        (file, found, weak_fingerprint(found.finding.rule, &place, *ordinal).hex)
    })
}

/// `2026-11-28T13:00:00`, in UTC.
fn without_zone(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}
