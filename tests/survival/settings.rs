//! Files of settings: what their reader makes of them must be the same before and after the move.
//!
//! Each reader is played by its documented rules, which values it looks at and what stands for a variable there.

use super::corpus::{self, Case};
use super::journey::Journey;
use super::process::Place;
use super::report::{Report, Trouble};
use super::scripts::{side_by_side, stores};
use super::standin::Standin;
use anyhow::{Context, Result, bail, ensure};
use regex::{Captures, Regex};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

type Variables = BTreeMap<String, String>;

pub fn run() -> Result<Report> {
    let cases = corpus::load("settings")?;
    let (folder, standin) = (tempfile::tempdir()?, Standin::start()?);
    side_by_side("settings", &cases, |case, report| survive(case, folder.path(), &standin, report))
}

fn survive(case: &Case, folder: &Path, standin: &Standin, report: &mut Report) -> Result<()> {
    let reader = case.spec.reader.context("case.toml names no reader")?;
    let file = case.spec.file.as_ref().context("case.toml names no file")?;
    for store in stores(case) {
        let folder = folder.join(&case.name).join(store.name());
        let place = Place {
            root: folder.join("work").join(&case.name),
            home: folder.join("home"),
            tools: None,
            environment: Vec::new(),
        };
        let journey = Journey { case, place, standin, start: &[], binary: None };
        journey.lay()?;
        let path = journey.place.root.join(file);
        let before = reader.render(&path, &Variables::new())?;
        let stands = |key: &str| case.original(file).is_some_and(|text| text.contains(key));
        let unseen = |key: &str| stands(key) && !before.to_string().contains(key);
        let missing = case.keys.iter().find(|(_, key)| unseen(key));
        if let Some((name, _)) = missing {
            report.trouble(Trouble::Corpus, case, "before", &format!("the reader does not see {name}"));
            continue;
        }
        let moved = journey.fix(store, report)?;
        let after = reader.render(&path, &journey.given(&moved)?);
        let problem = match after {
            Ok(after) if after == before => None,
            Ok(after) => Some(format!("read {after}, not {before}")),
            Err(error) => Some(format!("{error:#}")),
        };
        journey.judge(&moved, problem, report);
    }
    Ok(())
}

/// A program that reads settings.
#[derive(serde::Deserialize, Clone, Copy, PartialEq, Eq, Debug)]
#[serde(rename_all = "lowercase")]
pub enum Reader {
    Compose,
    Claude,
    Cursor,
    Gemini,
    Opencode,
    Litellm,
}

impl Reader {
    /// What the program has in hand after it has read the file, started with these variables.
    fn render(self, path: &Path, variables: &Variables) -> Result<Value> {
        let text = fs::read_to_string(path)?;
        match self {
            Reader::Compose => {
                let mut known = beside(path)?;
                known.extend(variables.clone());
                filled(yaml(&text)?, &|text| compose(text, &known))
            }
            Reader::Litellm => filled(yaml(&text)?, &|text| match text.strip_prefix("os.environ/") {
                Some(name) => variables.get(name).cloned().with_context(|| format!("{name} is not set")),
                None => Ok(text.to_owned()),
            }),
            Reader::Opencode => {
                let form = Regex::new(r"\{env:([^}]+)\}")?;
                let text = form.replace_all(&text, |it: &Captures<'_>| value(variables, &it[1]));
                Ok(serde_json::from_str(&without_comments(&text))?)
            }
            Reader::Gemini => {
                let form = Regex::new(r"\$(?:(\w+)|\{([^}]+)\})")?;
                let put = |it: &Captures<'_>| {
                    let name = it.get(1).or_else(|| it.get(2)).map_or("", |it| it.as_str());
                    variables.get(name).cloned().unwrap_or_else(|| it[0].to_owned())
                };
                filled(serde_json::from_str(&without_comments(&text))?, &|text| Ok(form.replace_all(text, put).into()))
            }
            Reader::Claude => {
                let form = Regex::new(r"\$\{(\w+)(?::-([^}]*))?\}")?;
                let put = |it: &Captures<'_>| {
                    let fallback = it.get(2).map_or_else(|| it[0].to_owned(), |it| it.as_str().to_owned());
                    variables.get(&it[1]).cloned().unwrap_or(fallback)
                };
                servers(&serde_json::from_str(&text)?, &|text| Ok(form.replace_all(text, put).into()))
            }
            Reader::Cursor => {
                let form = Regex::new(r"\$\{env:([^}]+)\}")?;
                let put = |it: &Captures<'_>| value(variables, &it[1]);
                servers(&serde_json::from_str(&text)?, &|text| Ok(form.replace_all(text, put).into()))
            }
        }
    }
}

fn value(variables: &Variables, name: &str) -> String {
    variables.get(name).cloned().unwrap_or_default()
}

/// The `.env` that lies beside the file.
fn beside(path: &Path) -> Result<Variables> {
    let env = path.with_file_name(".env");
    if !env.exists() {
        return Ok(Variables::new());
    }
    Ok(dotenvy::from_path_iter(env)?.collect::<Result<_, _>>()?)
}

/// Every text of the tree, but no name of an entry.
fn filled(tree: Value, put: &dyn Fn(&str) -> Result<String>) -> Result<Value> {
    Ok(match tree {
        Value::String(text) => Value::String(put(&text)?),
        Value::Array(all) => Value::Array(all.into_iter().map(|it| filled(it, put)).collect::<Result<_>>()?),
        Value::Object(all) => {
            let each = all.into_iter().map(|(name, it)| Ok((name, filled(it, put)?)));
            Value::Object(each.collect::<Result<Map<_, _>>>()?)
        }
        other => other,
    })
}

/// What clients of MCP put variables into: these entries of each server, and nothing else.
fn servers(tree: &Value, put: &dyn Fn(&str) -> Result<String>) -> Result<Value> {
    let mut tree = tree.clone();
    let Some(all) = tree.get_mut("mcpServers").and_then(Value::as_object_mut) else { bail!("no `mcpServers`") };
    for server in all.values_mut() {
        for entry in ["command", "args", "env", "url", "headers"] {
            if let Some(entry) = server.get_mut(entry) {
                *entry = filled(entry.take(), put)?;
            }
        }
    }
    Ok(tree)
}

/// `$X`, `${X}`, `${X:-d}`, `${X-d}`, `${X:?e}`, `${X?e}`, `${X:+r}`, `$$`.
fn compose(text: &str, known: &Variables) -> Result<String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, behind)) = rest.split_once('$') {
        out.push_str(before);
        if let Some(behind) = behind.strip_prefix('$') {
            out.push('$');
            rest = behind;
        } else if let Some(inner) = behind.strip_prefix('{') {
            let end = closing(inner).with_context(|| format!("a brace stays open in {text:?}"))?;
            out.push_str(&expanded(&inner[..end], known)?);
            rest = &inner[end + 1..];
        } else {
            let end = behind.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(behind.len());
            ensure!(end > 0, "a sign stands alone in {text:?}");
            out.push_str(&value(known, &behind[..end]));
            rest = &behind[end..];
        }
    }
    Ok(out + rest)
}

fn closing(text: &str) -> Option<usize> {
    let mut open = 0;
    text.char_indices().find_map(|(at, c)| match c {
        '{' => {
            open += 1;
            None
        }
        '}' if open == 0 => Some(at),
        '}' => {
            open -= 1;
            None
        }
        _ => None,
    })
}

fn expanded(inner: &str, known: &Variables) -> Result<String> {
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(inner.len());
    let (name, how) = inner.split_at(end);
    let found = known.get(name).filter(|it| !how.starts_with(':') || !it.is_empty());
    let how = how.trim_start_matches(':');
    Ok(match (how.chars().next(), found) {
        (None | Some('-' | '?'), Some(found)) => found.clone(),
        (None | Some('+'), None) => String::new(),
        (Some('-'), None) | (Some('+'), Some(_)) => compose(&how[1..], known)?,
        (Some('?'), None) => bail!("{name}: {}", &how[1..]),
        (Some(_), _) => bail!("`${{{inner}}}` is no variable"),
    })
}

fn yaml(text: &str) -> Result<Value> {
    Ok(serde_json::to_value(serde_yaml_ng::from_str::<serde_yaml_ng::Value>(text)?)?)
}

/// JSON from JSON with comments and last commas.
fn without_comments(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(c) = rest.chars().next() {
        let taken = if c == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let taken = end.map_or(rest.len(), |end| end + 2);
            out.push_str(&rest[..taken]);
            taken
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else {
            if c == '}' || c == ']' {
                let kept = out.trim_end().trim_end_matches(',').len();
                out.truncate(kept);
            }
            out.push(c);
            c.len_utf8()
        };
        rest = &rest[taken..];
    }
    out
}
