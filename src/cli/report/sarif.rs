//! SARIF 2.1.0, for code scanning. No snippet: it would hold the key.

use std::collections::HashMap;
use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Place, Report, slashed, utf16};
use crate::cli::check::{CheckedFile, Found};
use crate::project::CommitInfo;
use crate::rules::{RULES, Rule, Severity};

/// Writes one run.
pub(super) fn write(out: &mut dyn Write, report: &Report<'_>) -> io::Result<()> {
    let notifications: Vec<Value> = report
        .summary
        .problems
        .iter()
        .map(|problem| json!({ "level": "error", "message": { "text": problem } }))
        .collect();
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
                "toolExecutionNotifications": notifications,
            }],
            "results": results(report),
        }],
    });
    serde_json::to_writer_pretty(&mut *out, &log)?;
    writeln!(out)
}

fn descriptor(rule: &Rule) -> Value {
    let text = rule.docs.replace('`', "");
    let cwe = rule.cwe.iter().map(|number| format!("external/cwe/cwe-{number}"));
    let tags: Vec<String> = ["security".to_owned(), "secrets".to_owned()].into_iter().chain(cwe).collect();
    json!({
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
    })
}

fn results(report: &Report<'_>) -> Vec<Value> {
    let mut seen = HashMap::new();
    let founds = report.files.iter().flat_map(|file| file.findings.iter().map(move |found| (file, found)));
    founds
        .map(|(file, found)| {
            let identity =
                format!("{}:{}:{}", found.finding.fingerprint.hex, found.finding.rule, slashed(file.doc.path()));
            let ordinal = seen.entry(identity.clone()).or_insert(0);
            *ordinal += 1;
            result(file, found, &format!("{identity}:{ordinal}"))
        })
        .collect()
}

fn result(file: &CheckedFile, found: &Found, identity: &str) -> Value {
    let finding = &found.finding;
    let place = Place::of(&file.doc, finding, utf16);
    let notes: String = finding.notes.iter().map(|note| format!("\n{note}")).collect();
    let mut result = json!({
        "ruleId": finding.rule,
        "ruleIndex": RULES.iter().position(|rule| rule.id == finding.rule),
        "level": level(finding.severity),
        "message": { "text": format!("{}.{}", finding.message, notes) },
        "locations": [{ "physicalLocation": {
            "artifactLocation": artifact(&slashed(&file.path)),
            "region": {
                "startLine": place.line,
                "startColumn": place.column,
                "endLine": place.end_line,
                "endColumn": place.end_column,
            },
        }}],
        "partialFingerprints": { "aikeysKey/v1": identity },
    });
    if let Some(past) = &found.past {
        let CommitInfo { id, date, pushed } = &past.commit;
        result["properties"] = json!({ "commit": id, "date": date, "in_head": past.in_head, "pushed": pushed });
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

/// A path in the current folder is relative to the source root; another one stands for itself.
fn artifact(path: &str) -> Value {
    match path.strip_prefix('/') {
        Some(rest) => json!({ "uri": format!("file:///{}", uri(rest)) }),
        None => json!({ "uri": uri(path), "uriBaseId": "%SRCROOT%" }),
    }
}

/// A path as a URI reference: everything but unreserved characters and `/` is percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::new();
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
