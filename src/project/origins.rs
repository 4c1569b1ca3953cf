//! Which settings count for a path, and where each comes from.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use toml::de::{DeTable, DeValue};

use super::config::{Config, ProjectError, SETTINGS, text_of};
use super::store_settings::{user_file, user_stores};
use super::workspace::Workspace;
use crate::rules::{RULES, Severity, is_pedantic, names_rule};

/// The settings that count for a path.
#[derive(Debug, Default)]
pub struct Counting {
    /// The files of settings that were met on the way up.
    pub files: Vec<Met>,
    /// The settings, each with its origin.
    pub settings: Vec<Setting>,
    /// The rules that are not as severe there as by themselves.
    pub rules: Vec<Differs>,
    /// The pattern that leaves the path out of walks, with its origin.
    pub excluded: Option<(String, String)>,
}

/// A file of settings.
#[derive(Debug)]
pub struct Met {
    /// From the root.
    pub path: PathBuf,
    /// What it counts for, or why it does not.
    pub what: &'static str,
    /// It is the one that counts.
    pub counts: bool,
}

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// `severity.unused-ignore`, `stores.vault.address` …
    pub key: String,
    /// As TOML.
    pub value: String,
    /// `aikeys.toml:3`, or `default`.
    pub origin: String,
    /// Why it has no effect, where it has none.
    pub without_effect: Option<&'static str>,
}

/// A rule that is more or less severe than by itself.
#[derive(Debug)]
pub struct Differs {
    /// Its id.
    pub rule: &'static str,
    /// `off`, `warning` …
    pub severity: &'static str,
    /// What it is by itself.
    pub by_itself: &'static str,
    /// The setting that says so.
    pub origin: String,
}

const DEFAULTS: [(&str, &str); 5] =
    [("fail-on", "\"warning\""), ("select", "default"), ("ignore", "none"), ("exclude", "none"), ("baseline", "none")];

/// A value with its line.
type Values = BTreeMap<String, (String, usize)>;

impl Workspace {
    /// What counts for a path from the root, and why.
    pub fn counting(&self, relative: &Path, is_folder: bool) -> Result<Counting, ProjectError> {
        let inside = if is_folder { relative.join("*") } else { relative.to_owned() };
        let config = self.config(&inside)?;
        // What is in a folder, for settings that are for all in it.
        let (full, folder) = (self.root().join(&inside), self.root().join(relative));
        let mut counting = Counting { files: self.met(&inside, &config)?, ..Counting::default() };
        let nearest = config.file.strip_prefix(self.root()).unwrap_or(&config.file).to_owned();
        let values = if nearest.as_os_str().is_empty() { Values::new() } else { values(&config.file)? };
        let at = |line: usize| format!("{}:{line}", slashed(&nearest));
        let origin = |key: &str| values.get(key).map_or_else(|| slashed(&nearest), |(_, line)| at(*line));
        let of_root = self.settings_file();
        let is_own = |key: &str| !key.starts_with("stores.") && !key.starts_with("provider");
        for (key, (value, line)) in values.iter().filter(|(key, _)| is_own(key)) {
            let index = key.strip_prefix("per-path[").and_then(|it| it.split(']').next()?.parse::<usize>().ok());
            let elsewhere = index.and_then(|at| config.per_path.get(at)).is_some_and(|it| !it.is_for(&full));
            let set = config.max_key_age_days.filter(|_| key == "max-key-age-days");
            let stricter = set.is_some_and(|it| self.organisation().max_key_age(it) != it);
            counting.settings.push(Setting {
                key: key.clone(),
                value: value.clone(),
                origin: at(*line),
                without_effect: match stricter {
                    true => Some("your organisation's policy allows less"),
                    false => elsewhere.then_some("for other paths"),
                },
            });
        }
        for (key, value) in DEFAULTS.iter().filter(|(key, _)| !values.contains_key(*key)) {
            let (key, value) = ((*key).to_owned(), (*value).to_owned());
            counting.settings.push(Setting { key, value, origin: "default".to_owned(), without_effect: None });
        }
        if let Some(file) = of_root {
            let name = slashed(file.strip_prefix(self.root()).unwrap_or(&file));
            let waits = self.waits_for_trust().then_some("until `aikeys-lsp trust`");
            for (key, (value, line)) in super::origins::values(&file)?.into_iter().filter(|(key, _)| !is_own(key)) {
                let without_effect = waits.filter(|_| key.starts_with("stores."));
                counting.settings.push(Setting { key, value, origin: format!("{name}:{line}"), without_effect });
            }
        }
        counting.settings.extend(self.of_user()?);
        counting.settings.extend(self.of_organisation()?);
        for rule in RULES {
            let set = config.severity(rule.id, rule.severity, &full);
            let now = self.organisation().raised(rule.id, rule.severity, set);
            let by_itself = (!is_pedantic(rule.id)).then_some(rule.severity);
            if now == by_itself {
                continue;
            }
            let key = deciding(&config, rule.id, &full);
            let by = self.organisation().file().filter(|_| now != set);
            counting.rules.push(Differs {
                rule: rule.id,
                severity: now.map_or("off", Severity::name),
                by_itself: by_itself.map_or("off", Severity::name),
                origin: by.map_or_else(|| origin(&key), slashed),
            });
        }
        let pattern = config.excluded_by(&folder, is_folder);
        let but = match self.organisation().requires_any() {
            true => ", but for what your organisation's policy requires",
            false => "",
        };
        counting.excluded = pattern.map(|pattern| (pattern, origin("exclude") + but));
        Ok(counting)
    }

    /// What the organisation's policy says.
    fn of_organisation(&self) -> Result<Vec<Setting>, ProjectError> {
        let Some(path) = self.organisation().file() else { return Ok(Vec::new()) };
        let setting = |(key, (value, line)): (String, (String, usize))| Setting {
            key: format!("policy.{key}"),
            value,
            origin: format!("{}:{line}", slashed(path)),
            without_effect: None,
        };
        Ok(values(path)?.into_iter().map(setting).collect())
    }

    /// The user's own stores. What the workspace says of the same one takes its place.
    fn of_user(&self) -> Result<Vec<Setting>, ProjectError> {
        let Some(path) = user_file().filter(|path| path.is_file()) else { return Ok(Vec::new()) };
        user_stores()?;
        let own = self.own_stores()?.filter(|_| self.trusts_own_stores());
        let own = own.and_then(|it| serde_json::to_value(it).ok()).unwrap_or_default();
        let is_replaced = |key: &str| {
            let store = key.split('.').nth(1).unwrap_or("");
            own.get(store).is_some_and(|it| !it.is_null() && *it != Value::Object(serde_json::Map::new()))
        };
        let setting = |(key, (value, line)): (String, (String, usize))| Setting {
            without_effect: is_replaced(&key).then_some("this workspace's own counts"),
            key,
            value,
            origin: format!("your own settings, line {line}"),
        };
        Ok(values(&path)?.into_iter().map(setting).collect())
    }

    fn met(&self, inside: &Path, config: &Config) -> Result<Vec<Met>, ProjectError> {
        let mut met = Vec::new();
        for folder in inside.ancestors().skip(1) {
            let mut beside = false;
            for name in SETTINGS {
                let path = folder.join(name);
                let Some(text) = text_of(&self.root().join(&path))? else { continue };
                let counts = self.root().join(&path) == config.file;
                let has_table = name == SETTINGS[0] || counts || text.contains("tool.aikeys");
                let what = match (counts, has_table, beside) {
                    (true, ..) => "counts",
                    (_, false, _) => "has no [tool.aikeys]",
                    (_, _, true) => "passed over: the aikeys.toml beside it counts",
                    _ if folder.as_os_str().is_empty() => {
                        "passed over, but for providers and stores: a nearer file counts"
                    }
                    _ => "passed over: a nearer file counts",
                };
                beside |= name == SETTINGS[0];
                met.push(Met { path, what, counts });
            }
        }
        Ok(met)
    }
}

/// The setting that decides on a rule, the last one that counts.
fn deciding(config: &Config, rule: &str, path: &Path) -> String {
    let has = |rules: &[String]| names_rule(rules, rule);
    if has(&config.ignore) {
        return "ignore".to_owned();
    }
    if !config.select.is_empty() && !has(&config.select) {
        return "select".to_owned();
    }
    let here = config.per_path.iter().enumerate().filter(|(_, it)| it.is_for(path));
    let mut key = format!("severity.{rule}");
    for (at, per_path) in here {
        if has(&per_path.ignore) {
            return format!("per-path[{at}].ignore");
        }
        if per_path.severity.contains_key(rule) {
            key = format!("per-path[{at}].severity.{rule}");
        }
    }
    key
}

/// All settings of a file, by their names with dots.
fn values(path: &Path) -> Result<Values, ProjectError> {
    let text = text_of(path)?.unwrap_or_default();
    let mut found = Values::new();
    let Ok(parsed) = DeTable::parse(&text) else { return Ok(found) };
    let is_own = path.file_name().is_none_or(|it| it != SETTINGS[1]);
    let whole = DeValue::Table(parsed.into_inner());
    let table = if is_own {
        Some(&whole)
    } else {
        whole.get("tool").and_then(|it| it.get_ref().get("aikeys")).map(toml::Spanned::get_ref)
    };
    if let Some(table) = table {
        collect(&text, table, "", &mut found);
    }
    Ok(found)
}

fn collect(text: &str, value: &DeValue<'_>, at: &str, found: &mut Values) {
    let mut add = |key: String, value: &toml::Spanned<DeValue<'_>>| match value.get_ref() {
        DeValue::Table(_) => collect(text, value.get_ref(), &key, found),
        DeValue::Array(all) if all.iter().any(|it| matches!(it.get_ref(), DeValue::Table(_))) => {
            collect(text, value.get_ref(), &key, found);
        }
        _ => {
            let span = value.span();
            let line = text.as_bytes()[..span.start].iter().filter(|&&byte| byte == b'\n').count() + 1;
            let shown = text[span].split_whitespace().collect::<Vec<_>>().join(" ");
            found.insert(key, (shown, line));
        }
    };
    match value {
        DeValue::Table(table) => {
            let dot = if at.is_empty() { "" } else { "." };
            table.iter().for_each(|(key, value)| add(format!("{at}{dot}{}", key.get_ref()), value));
        }
        DeValue::Array(all) => all.iter().enumerate().for_each(|(index, it)| add(format!("{at}[{index}]"), it)),
        _ => {}
    }
}

fn slashed(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}
