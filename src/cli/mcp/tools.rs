//! The tools: `check_text`, `check_path`, `explain`. They read, and only below the folder that the server was started in.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Failure, INVALID_PARAMS};
use crate::checks::{self, Checked, Named, Options, shown};
use crate::cli::args::Format;
use crate::cli::baseline::Baselines;
use crate::cli::explain;
use crate::cli::report::{self, Report, Summary, visible};
use crate::project::lies_below;
use crate::secrets::without_keys;

/// All tools, as `tools/list` has them.
pub(super) fn list() -> Value {
    let tool = |name: &str, title: &str, what: &str, properties: Value, required: &[&str]| {
        json!({
            "name": name,
            "title": title,
            "description": what,
            "inputSchema": {
                "type": "object",
                "properties": properties,
                "required": required,
                "additionalProperties": false,
            },
            "annotations": {
                "title": title,
                "readOnlyHint": true,
                "destructiveHint": false,
                "idempotentHint": true,
                "openWorldHint": false,
            },
        })
    };
    json!([
        tool(
            "check_text",
            "Check a text for AI keys",
            "Finds literal AI keys and unsafe env handling in a text, for example before it is written into a file. The \
             answer is JSON with the findings; it holds no key.",
            json!({
                "text": { "type": "string", "description": "The text" },
                "file_name": {
                    "type": "string",
                    "description": "The file that it is meant for, below the current folder: its name says the language \
                                    and which settings count",
                },
            }),
            &["text"],
        ),
        tool(
            "check_path",
            "Check files for AI keys",
            "Finds literal AI keys and unsafe env handling in a file or a folder, with the settings that count there. The \
             answer is JSON with the findings; it holds no key.",
            json!({ "path": { "type": "string", "description": "A file or folder below the current folder; `.` is all of it" } }),
            &["path"],
        ),
        tool(
            "explain",
            "Explain a rule",
            "Says what a rule finds, why that is bad and what to do.",
            json!({ "rule": { "type": "string", "description": "The rule's id, as findings have it" } }),
            &["rule"],
        ),
    ])
}

/// Runs a tool. What is wrong with its arguments is said in the result, where the model reads it.
pub(super) fn call(folder: &Path, params: &Value) -> Result<Value, Failure> {
    let nothing = json!({});
    let arguments = params.get("arguments").unwrap_or(&nothing);
    let text = |name: &str| arguments.get(name).and_then(Value::as_str);
    let run: &dyn Fn() -> Result<Answer, String> = match params["name"].as_str() {
        Some("check_text") => &|| {
            let name = text("file_name").filter(|it| !it.is_empty()).unwrap_or("text.txt");
            check_text(folder, text("text").ok_or("`text` is missing")?, name)
        },
        Some("check_path") => &|| check_path(folder, text("path").ok_or("`path` is missing")?),
        Some("explain") => &|| explained(text("rule").ok_or("`rule` is missing")?),
        _ => return Err(Failure::new(INVALID_PARAMS, "there is no such tool: `tools/list` names them")),
    };
    Ok(match run() {
        Ok(Answer::Text(text)) => json!({ "content": [{ "type": "text", "text": text }] }),
        Ok(Answer::Findings(json)) => {
            let structured: Value = serde_json::from_str(&json).unwrap_or_default();
            json!({ "content": [{ "type": "text", "text": json }], "structuredContent": structured })
        }
        Err(why) => json!({
            "content": [{ "type": "text", "text": visible(&without_keys(&why)) }],
            "isError": true,
        }),
    })
}

enum Answer {
    Text(String),
    /// As `--format json` has them.
    Findings(String),
}

fn check_text(folder: &Path, text: &str, name: &str) -> Result<Answer, String> {
    let path = inside(folder, name)?;
    findings(checks::check_text(&path, text.as_bytes().to_vec(), &Options::default()))
}

fn check_path(folder: &Path, name: &str) -> Result<Answer, String> {
    let path = inside(folder, name)?;
    // A link must not lead out either.
    match (fs::canonicalize(&path), fs::canonicalize(folder)) {
        (Ok(real), Ok(root)) if !real.starts_with(&root) => return Err(outside(name)),
        _ => {}
    }
    let options = Options { named: Named::UnlessExcluded, ..Options::default() };
    findings(checks::check(&[path], &options, &mut |_| {}))
}

/// The path in the folder; an error when it leads out of it.
fn inside(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let path: PathBuf = folder.join(name).components().collect();
    if path == folder {
        return Ok(PathBuf::from("."));
    }
    if lies_below(folder, &path) && !has_parent(name) { Ok(shown(&path)) } else { Err(outside(name)) }
}

/// What is not there cannot be resolved.
fn has_parent(name: &str) -> bool {
    Path::new(name).components().any(|part| part == std::path::Component::ParentDir)
}

fn outside(name: &str) -> String {
    format!(
        "{name}: this lies outside of the folder that the server was started in: name a path below it, without `..`"
    )
}

fn findings(mut checked: Checked) -> Result<Answer, String> {
    let known = Baselines::OfSettings.apply(&mut checked).map_err(|error| format!("{error:#}"))?.known;
    let mut summary = Summary {
        files: checked.looked,
        in_baseline: known,
        unparsed: checked.unparsed,
        problems: checked.problems.clone(),
        ..Summary::default()
    };
    summary.count(checked.files.iter().flat_map(|file| &file.findings).map(|found| found.finding.severity));
    let mut json = Vec::new();
    let report = Report { files: &checked.files, summary, started: Timestamp::now() };
    report::write(Format::Json, &mut json, &report).map_err(|error| error.to_string())?;
    String::from_utf8(json).map(Answer::Findings).map_err(|error| error.to_string())
}

fn explained(rule: &str) -> Result<Answer, String> {
    // A place in a file is no rule.
    if rule.contains(':') {
        return Err("this is no rule: `rule` is an id as findings have it".to_owned());
    }
    let mut text = Vec::new();
    explain::explain(&mut text, rule).map_err(|error| format!("{error:#}"))?;
    Ok(Answer::Text(String::from_utf8_lossy(&text).into_owned()))
}
