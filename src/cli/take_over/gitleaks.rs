//! Gitleaks: `.gitleaks.toml`, `.gitleaksignore`, and the reports that it takes as a baseline.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;

use super::{Allow, Taken, Test, text_of, there_is_something};
use crate::project::Workspace;
use crate::secrets::Secret;

const SETTINGS: &str = ".gitleaks.toml";
const IGNORE: &str = ".gitleaksignore";
/// What reports are called in most places.
const REPORTS: [&str; 3] = ["gitleaks-baseline.json", ".gitleaks-baseline.json", "gitleaks-report.json"];

/// What matters of the settings; they have more.
#[derive(Deserialize)]
struct Settings {
    allowlist: Option<Allowlist>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
    #[serde(default)]
    rules: Vec<Rule>,
    extend: Option<toml::Table>,
}

#[derive(Deserialize)]
struct Rule {
    #[serde(default)]
    id: String,
    allowlist: Option<Allowlist>,
    #[serde(default)]
    allowlists: Vec<Allowlist>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Allowlist {
    #[serde(default)]
    description: String,
    #[serde(default)]
    condition: String,
    #[serde(default)]
    regex_target: String,
    #[serde(default)]
    paths: Vec<String>,
    #[serde(default)]
    regexes: Vec<String>,
    #[serde(default)]
    stopwords: Vec<String>,
    #[serde(default)]
    commits: Vec<String>,
    #[serde(default)]
    target_rules: Vec<String>,
}

/// A finding of a report.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Known {
    #[serde(default)]
    file: String,
    #[serde(default)]
    start_line: usize,
    #[serde(default)]
    secret: String,
}

pub(super) fn read(workspace: &Workspace, reports: &[PathBuf], taken: &mut Taken) -> Result<Vec<Allow>> {
    let root = workspace.root();
    let mut allows = Vec::new();
    let mut is_there = false;
    if let Some(text) = text_of(root, Path::new(SETTINGS))? {
        is_there = true;
        settings(&text, workspace, taken, &mut allows)?;
    }
    if let Some(text) = text_of(root, Path::new(IGNORE))? {
        is_there = true;
        allows.extend(text.lines().filter_map(|line| ignored(line.trim(), workspace, taken)));
    }
    let own = REPORTS.iter().map(|name| root.join(name)).filter(|path| path.is_file());
    for path in own.chain(reports.iter().cloned()) {
        is_there = true;
        report(&path, root, &mut allows)?;
    }
    there_is_something("gitleaks", "no .gitleaks.toml, .gitleaksignore or gitleaks-baseline.json", is_there)?;
    Ok(allows)
}

fn settings(text: &str, workspace: &Workspace, taken: &mut Taken, allows: &mut Vec<Allow>) -> Result<()> {
    let settings: Settings = toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start).min(text.len());
        let line = text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1;
        anyhow!("{SETTINGS}:{line}: these settings cannot be read: mend them, or take the file away")
    })?;
    if settings.extend.is_some_and(|it| it.contains_key("path")) {
        taken.say(format!("{SETTINGS}: `extend.path` has no equivalent: what that file allows was not read"));
    }
    for list in settings.allowlist.into_iter().chain(settings.allowlists) {
        let rules = list.target_rules.clone();
        allowlist(list, &rules, workspace, taken, allows);
    }
    for rule in settings.rules {
        for list in rule.allowlist.into_iter().chain(rule.allowlists) {
            allowlist(list, std::slice::from_ref(&rule.id), workspace, taken, allows);
        }
    }
    Ok(())
}

/// `rules` are gitleaks' rules that it is for; none means all.
fn allowlist(list: Allowlist, rules: &[String], workspace: &Workspace, taken: &mut Taken, allows: &mut Vec<Allow>) {
    let origin = match rules {
        [] => SETTINGS.to_owned(),
        rules => format!("{SETTINGS} ({})", rules.join(", ")),
    };
    let is_and = list.condition.eq_ignore_ascii_case("and");
    if !list.commits.is_empty() {
        taken.say(format!("{origin}: `commits` have no equivalent: a finding counts wherever it stands now"));
        if is_and {
            return;
        }
    }
    let text = |all: &[String]| all.to_vec();
    let mut paths = taken.patterns(&origin, text(&list.paths).iter().map(String::as_str));
    let regexes = taken.patterns(&origin, text(&list.regexes).iter().map(String::as_str));
    // What all have to agree on counts only where each can be read.
    let is_lost = |read: &[regex::Regex], written: &[String]| read.is_empty() && !written.is_empty();
    if is_and && (is_lost(&paths, &list.paths) || is_lost(&regexes, &list.regexes)) {
        return;
    }
    let are_alone = !is_and || (regexes.is_empty() && list.stopwords.is_empty());
    if rules.is_empty() && are_alone {
        paths = taken.exclude(&origin, workspace, paths);
    }
    let target: fn(regex::Regex) -> Test = match list.regex_target.as_str() {
        // What a rule of gitleaks matches around the secret is not known here: the line holds it.
        "line" | "match" => Test::Line,
        _ => Test::Secret,
    };
    let words = list.stopwords.iter().map(|word| Test::Word(word.to_lowercase()));
    let mut groups = vec![
        paths.into_iter().map(Test::Path).collect::<Vec<_>>(),
        regexes.into_iter().map(target).collect(),
        words.collect(),
    ];
    groups.retain(|group| !group.is_empty());
    if groups.is_empty() {
        return;
    }
    if !is_and {
        groups = vec![groups.into_iter().flatten().collect()];
    }
    if !rules.is_empty() {
        groups.push(rules.iter().cloned().map(Test::Provider).collect());
    }
    let reason = match list.description.trim() {
        "" => format!("allowed in {SETTINGS}"),
        words => format!("allowed in {SETTINGS}: {}", crate::secrets::discreet(words)),
    };
    allows.push(Allow { origin, reason, groups });
}

/// `path:rule:line`, or `commit:path:rule:line`.
fn ignored(line: &str, workspace: &Workspace, taken: &mut Taken) -> Option<Allow> {
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let mut parts = line.rsplitn(3, ':');
    let (number, rule, path) = (parts.next()?, parts.next(), parts.next());
    let (Ok(number), Some(rule), Some(path)) = (number.parse::<usize>(), rule, path) else {
        taken.say(format!("{IGNORE}: `{line}` has no equivalent: it is no fingerprint with a path and a line"));
        return None;
    };
    let is_commit = |it: &str| it.len() >= 7 && it.bytes().all(|byte| byte.is_ascii_hexdigit());
    let (path, what) = match path.split_once(':').filter(|(commit, _)| is_commit(commit)) {
        None => (path, Test::LineIs(number)),
        // What stands on that line today can be anything: what stood there counts.
        Some((commit, path)) => {
            let text = workspace.text_at(commit, Path::new(path)).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            match number.checked_sub(1).and_then(|at| text.lines().nth(at)) {
                Some(line) => (path, Test::In(Secret::new(line.to_owned()))),
                None => {
                    taken.say(format!("{IGNORE}: {path}:{number}: git has no such line in commit {commit}"));
                    return None;
                }
            }
        }
    };
    let groups = vec![vec![Test::PathIs(path.to_owned())], vec![Test::Provider(rule.to_owned())], vec![what]];
    Some(Allow { origin: IGNORE.to_owned(), reason: format!("listed in {IGNORE}"), groups })
}

/// By its value, where the report has it: lines move.
fn report(path: &Path, root: &Path, allows: &mut Vec<Allow>) -> Result<()> {
    let shown = super::super::visible(&crate::checks::shown(path));
    let text = text_of(Path::new(""), path)?.with_context(|| format!("{shown}: there is no such file"))?;
    let all: Vec<Known> = serde_json::from_str(&text)
        .map_err(|error| anyhow!("{shown}:{}: this is no report of gitleaks in JSON", error.line()))?;
    allows.extend(all.into_iter().map(|known| {
        let file = Path::new(&known.file);
        let file = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let is_hidden = known.secret.is_empty() || known.secret.contains("REDACTED") || known.secret.ends_with("...");
        let what = if is_hidden { Test::LineIs(known.start_line) } else { Test::Value(Secret::new(known.secret)) };
        Allow {
            origin: shown.clone(),
            reason: format!("listed in {shown}"),
            groups: vec![vec![Test::PathIs(file)], vec![what]],
        }
    }));
    Ok(())
}
