//! SARIF 2.1.0, for code scanning. No snippet: it would hold the key.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::checkout::{in_checkout, uri};
use super::line_hash::LineHashes;
use super::{Place, Report, cwe_uri, slashed, utf16};
use crate::checks::{CheckedFile, Found};
use crate::project::CommitInfo;
use crate::rules::{RULES, Rule, Severity};

/// GitHub takes no more results of a run; of those it keeps the first 5,000, and says which.
const MOST: usize = 25_000;

/// Writes one run.
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let left_out = report.summary.findings.saturating_sub(MOST);
    let problems = report.summary.problems.iter();
    let mut notifications: Vec<Value> =
        problems.map(|problem| json!({ "level": "error", "message": { "text": problem } })).collect();
    if left_out > 0 {
        let text = format!("{left_out} results are left out, the least severe ones: GitHub takes {MOST} of a run");
        notifications.push(json!({ "level": "warning", "message": { "text": text } }));
    }
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "aikeys-lsp",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": RULES.iter().map(|rule| descriptor(rule)).collect::<Vec<_>>(),
            }},
            "automationDetails": { "id": "aikeys/" },
            "columnKind": "utf16CodeUnits",
            "invocations": [{
                "executionSuccessful": report.summary.problems.is_empty(),
                "startTimeUtc": in_seconds(report.started),
                "endTimeUtc": in_seconds(Timestamp::now()),
                "toolExecutionNotifications": notifications,
            }],
            "results": results(report),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn in_seconds(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

fn descriptor(rule: &Rule) -> Value {
    let text = rule.docs.replace('`', "");
    let cwe = rule.cwe.iter().map(|number| format!("external/cwe/cwe-{number}"));
    let tags: Vec<String> = ["security".to_owned(), "secrets".to_owned()].into_iter().chain(cwe).collect();
    let mut descriptor = json!({
        "id": rule.id,
        "name": pascal(rule.id),
        "shortDescription": { "text": rule.summary().replace('`', "") },
        "fullDescription": { "text": text },
        "help": { "text": text, "markdown": rule.docs },
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": {
            "tags": tags,
            "precision": "high",
            "security-severity": security_severity(rule.severity),
        },
    });
    if let Some(number) = rule.cwe.first() {
        descriptor["helpUri"] = json!(cwe_uri(*number));
    }
    descriptor
}

fn results(report: &Report<'_>) -> Vec<Value> {
    let mut seen = HashMap::new();
    let mut all = Vec::new();
    for file in report.files.iter().filter(|file| !file.findings.is_empty()) {
        let lines = LineHashes::of_file(file);
        for found in &file.findings {
            let identity =
                format!("{}:{}:{}", found.finding.fingerprint.hex, found.finding.rule, slashed(file.doc.path()));
            let ordinal = seen.entry(identity.clone()).or_insert(0);
            *ordinal += 1;
            let result = result(file, found, &format!("{identity}:{ordinal}"), lines.as_ref());
            all.push((found.finding.severity, result));
        }
    }
    if all.len() > MOST {
        all.sort_by_key(|(severity, _)| Reverse(*severity));
    }
    all.into_iter().map(|(_, result)| result).take(MOST).collect()
}

fn result(file: &CheckedFile, found: &Found, identity: &str, lines: Option<&LineHashes>) -> Value {
    let finding = &found.finding;
    let place = Place::of(&file.doc, finding, utf16);
    let notes: String = finding.notes.iter().map(|note| format!("\n{note}")).collect();
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.id == finding.rule),
        "level": level(finding.severity),
        "message": { "text": format!("{}.{}", finding.message, notes) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": artifact(&in_checkout(file)),
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endLine": place.end_line,
                "endColumn": place.end_column,
            },
        }}],
        "partialFingerprints": { "aikeysKey/v1": identity },
    });
    if let Some(hash) = lines.and_then(|lines| lines.harmless(file, place.line)) {
        result["partialFingerprints"]["primaryLocationLineHash"] = json!(hash);
    }
    if let Some(life) = &found.verified {
        result["properties"]["verified"] = json!(life.name());
    }
    if let Some(past) = &found.past {
        let CommitInfo { id, date, pushed } = &past.commit;
        let known =
            [("commit", json!(id)), ("date", json!(date)), ("in_head", json!(past.in_head)), ("pushed", json!(pushed))];
        for (name, value) in known {
            result["properties"][name] = value;
        }
    }
    result
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info | Severity::Hint => "note",
    }
}

/// GitHub's scale: above 9 critical, from 7 high, from 4 medium, below low.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "9.1",
        Severity::Warning => "6.5",
        Severity::Info => "3.0",
        Severity::Hint => "1.0",
    }
}

/// `hardcoded-ai-key` as `HardcodedAiKey`.
fn pascal(id: &str) -> String {
    let upper =
        |word: &str| word.chars().take(1).flat_map(char::to_uppercase).chain(word.chars().skip(1)).collect::<String>();
    id.split('-').map(upper).collect()
}

/// A path in the checkout is relative to the source root; another one stands for itself.
fn artifact(path: &Path) -> Value {
    match path.is_absolute() {
        true => json!({ "uri": uri(path) }),
        false => json!({ "uri": uri(path), "uriBaseId": "%SRCROOT%" }),
    }
}
