//! detect-secrets: `.secrets.baseline`, with what was audited and the filters that it was made with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::Value;

use super::{Allow, Taken, Test, text_of, there_is_something};
use crate::project::Workspace;
use crate::text::counted;

const BASELINE: &str = ".secrets.baseline";

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    results: BTreeMap<String, Vec<Known>>,
    #[serde(default)]
    filters_used: Vec<Filter>,
}

/// A place, known by the SHA-1 of the value.
#[derive(Deserialize)]
struct Known {
    hashed_secret: String,
    is_secret: Option<bool>,
}

#[derive(Deserialize)]
struct Filter {
    path: String,
    pattern: Option<Value>,
}

pub(super) fn read(workspace: &Workspace, reports: &[PathBuf], taken: &mut Taken) -> Result<Vec<Allow>> {
    let root = workspace.root();
    let own = Some(root.join(BASELINE)).filter(|path| path.is_file());
    let all: Vec<PathBuf> = own.into_iter().chain(reports.iter().cloned()).collect();
    there_is_something("detect-secrets", "no .secrets.baseline", !all.is_empty())?;
    let mut allows = Vec::new();
    for path in all {
        let shown = crate::cli::visible(&crate::checks::shown(&path));
        let text = text_of(Path::new(""), &path)?.with_context(|| format!("{shown}: there is no such file"))?;
        let file: File = serde_json::from_str(&text)
            .map_err(|error| anyhow!("{shown}:{}: this is no baseline of detect-secrets", error.line()))?;
        let origin = path.file_name().map_or_else(|| shown.clone(), |name| crate::cli::visible(Path::new(name)));
        filters(file.filters_used, &origin, workspace, taken, &mut allows);
        let mut real = 0;
        for (file, known) in file.results {
            for it in known {
                if it.is_secret == Some(true) {
                    real += 1;
                    continue;
                }
                let audited = if it.is_secret == Some(false) { ", audited as no secret" } else { "" };
                allows.push(Allow {
                    origin: origin.clone(),
                    reason: format!("listed in {origin}{audited}"),
                    groups: vec![vec![Test::PathIs(file.replace('\\', "/"))], vec![Test::Sha1(it.hashed_secret)]],
                });
            }
        }
        if real > 0 {
            let what = counted(real, "place");
            taken.say(format!("{origin}: {what} audited as a secret: not taken over, so that they stay findings"));
        }
    }
    Ok(allows)
}

fn filters(all: Vec<Filter>, origin: &str, workspace: &Workspace, taken: &mut Taken, allows: &mut Vec<Allow>) {
    for filter in all {
        let Some(pattern) = filter.pattern else { continue };
        let texts: Vec<String> = match pattern {
            Value::String(text) => vec![text],
            Value::Array(all) => all.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect(),
            _ => Vec::new(),
        };
        let origin = format!("{origin} (filters)");
        let mut patterns = taken.patterns(&origin, texts.iter().map(String::as_str));
        let test: fn(regex::Regex) -> Test = match filter.path.rsplit('.').next().unwrap_or("") {
            "should_exclude_file" => {
                patterns = taken.exclude(&origin, workspace, patterns);
                Test::Path
            }
            "should_exclude_line" => Test::Line,
            "should_exclude_secret" => Test::Secret,
            _ => {
                taken.say(format!("{origin}: `{}` has no equivalent", filter.path));
                continue;
            }
        };
        for pattern in patterns {
            let reason = format!("left out by a filter of {BASELINE}");
            allows.push(Allow { origin: origin.clone(), reason, groups: vec![vec![test(pattern)]] });
        }
    }
}
