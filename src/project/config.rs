//! `aikeys.toml`, and `[tool.aikeys]` in `pyproject.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use schemars::JsonSchema;
use serde::Deserialize;

use super::env_file::is_variable_name;
use super::files::{FileError, read_small};
use super::schema;
use super::store_settings::StoreSettings;
use crate::rules::{Rule, SETS, Severity, is_pedantic, names_rule};
use crate::secrets::{Catalogue, Provider, discreet};

/// The settings of a folder and all below it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Findings at or above this make `--check` exit 1.
    #[serde(default)]
    #[schemars(schema_with = "schema::severity")]
    pub fail_on: Option<String>,
    /// Only these rules.
    #[serde(default)]
    #[schemars(schema_with = "schema::rules")]
    pub select: Vec<String>,
    /// Not these rules.
    #[serde(default)]
    #[schemars(schema_with = "schema::rules")]
    pub ignore: Vec<String>,
    /// The file of the findings that are known already, from the folder of these settings.
    pub baseline: Option<PathBuf>,
    /// Paths that are not checked, as in `.gitignore`.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// The severity of a rule.
    #[serde(default)]
    #[schemars(schema_with = "schema::severities")]
    pub severity: BTreeMap<String, String>,
    /// Settings for some paths.
    #[serde(default)]
    pub per_path: Vec<PerPath>,
    /// The variable for a provider's key, by the provider's id.
    #[serde(default)]
    pub names: BTreeMap<String, String>,
    /// The hosts, besides those of the providers, that agents may send keys to.
    #[serde(default)]
    pub trusted_hosts: Vec<String>,
    /// How many days a key may live; 90 where nothing says.
    pub max_key_age_days: Option<u64>,
    /// The user's own providers.
    #[serde(default, rename = "provider")]
    pub providers: Vec<Provider>,
    /// Where the user's stores are; without effect until the user trusts the workspace.
    pub stores: Option<StoreSettings>,
    /// The file that says so; empty where none does.
    #[serde(skip)]
    pub(super) file: PathBuf,
    #[serde(skip)]
    excluded: Option<Gitignore>,
}

/// Settings for the paths that match.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct PerPath {
    /// Patterns as in `.gitignore`.
    pub paths: Vec<String>,
    /// Not these rules.
    #[serde(default)]
    #[schemars(schema_with = "schema::rules")]
    pub ignore: Vec<String>,
    /// The severity of a rule.
    #[serde(default)]
    #[schemars(schema_with = "schema::severities")]
    pub severity: BTreeMap<String, String>,
    #[serde(skip)]
    matcher: Option<Gitignore>,
}

/// Why a workspace cannot be checked. Names the file, the line, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The file is not as it must be.
    #[error("{path}:{line}: {message}")]
    Config {
        /// The file.
        path: String,
        /// From 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// The user's providers cannot be used.
    #[error("{path}: {message}")]
    Catalogue {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// Git's data cannot be read, or it knows nothing of what was asked for.
    #[error("{path}: {message}")]
    Git {
        /// The file or folder.
        path: String,
        /// What is wrong.
        message: String,
    },
}

#[derive(Deserialize)]
struct PyProject {
    tool: Option<Tool>,
}

#[derive(Deserialize)]
struct Tool {
    aikeys: Option<Config>,
}

/// What can be said of a severity, here and on the command line. Nothing is as severe as `off`.
pub const SEVERITIES: [&str; 5] = ["error", "warning", "info", "hint", "off"];

/// The files of a folder that can hold settings.
pub(crate) const SETTINGS: [&str; 2] = ["aikeys.toml", "pyproject.toml"];

impl Config {
    /// The settings that a folder's own files make; `None` when it has none. They may name the catalogue's providers and
    /// those that they bring.
    pub(super) fn of_folder(folder: &Path, catalogue: &Catalogue) -> Result<Option<(PathBuf, Config)>, ProjectError> {
        let [own, python] = SETTINGS.map(|name| folder.join(name));
        if let Some(text) = text_of(&own)? {
            let config = toml::from_str(&text).map_err(|error| at_line(&own, &text, &error))?;
            return Config::checked(own, &text, config, catalogue).map(Some);
        }
        let Some(text) = text_of(&python)?.filter(|text| text.contains("aikeys")) else { return Ok(None) };
        let file: PyProject = toml::from_str(&text).map_err(|error| at_line(&python, &text, &error))?;
        let config = file.tool.and_then(|tool| tool.aikeys);
        config.map(|config| Config::checked(python, &text, config, catalogue)).transpose()
    }

    /// The settings in the text of an `aikeys.toml`.
    pub(super) fn of_text(path: PathBuf, text: &str, catalogue: &Catalogue) -> Result<Config, ProjectError> {
        let config = toml::from_str(text).map_err(|error| at_line(&path, text, &error))?;
        Config::checked(path, text, config, catalogue).map(|(_, config)| config)
    }

    fn checked(
        path: PathBuf,
        text: &str,
        mut config: Config,
        catalogue: &Catalogue,
    ) -> Result<(PathBuf, Config), ProjectError> {
        let wrong = |word: &str, message: String| {
            // A pattern can be a sign that stands in every line.
            let forms = [format!("\"{word}\""), format!("'{word}'"), word.to_owned()];
            let line = forms.iter().find_map(|form| text.lines().position(|line| line.contains(form.as_str())));
            let line = line.map_or(1, |at| at + 1);
            ProjectError::Config { path: path.display().to_string(), line, message: discreet(&message) }
        };
        let lists = config.per_path.iter().flat_map(|it| &it.ignore).chain(&config.select).chain(&config.ignore);
        let lists = lists.filter(|it| !SETS.contains(&it.as_str()));
        let tables = config.per_path.iter().flat_map(|it| it.severity.keys()).chain(config.severity.keys());
        for rule in lists.chain(tables) {
            if Rule::named(rule).is_none() {
                return Err(wrong(rule, format!("there is no rule {rule:?}: `aikeys-lsp rules` lists them")));
            }
        }
        let own = |stores: &StoreSettings| match (stores.exec.is_empty(), &stores.local) {
            (false, _) => Some("exec"),
            (true, Some(_)) => Some("local"),
            (true, None) => None,
        };
        if let Some(table) = config.stores.as_ref().and_then(own) {
            return Err(wrong(
                table,
                "programs of stores belong into your own settings, not into a repository".to_owned(),
            ));
        }
        let severities = config.severity.values().chain(config.per_path.iter().flat_map(|it| it.severity.values()));
        for severity in severities.chain(&config.fail_on) {
            if !SEVERITIES.contains(&severity.as_str()) {
                return Err(wrong(
                    severity,
                    format!("{severity:?} is no severity: write error, warning, info, hint or off"),
                ));
            }
        }
        if let Some(name) = config.names.values().find(|name| !is_variable_name(name)) {
            return Err(wrong(name, format!("{name:?} is no name of a variable: use letters, digits and `_`")));
        }
        let known = |id: &String| catalogue.providers.iter().chain(&config.providers).any(|it| it.id == *id);
        if let Some(id) = config.names.keys().find(|id| !known(id)) {
            return Err(wrong(id, format!("there is no provider {id:?}: `aikeys-lsp providers` lists them")));
        }
        let folder = path.parent().unwrap_or(Path::new("")).to_owned();
        let matcher = |globs: &[String]| {
            let mut builder = GitignoreBuilder::new(&folder);
            builder.allow_unclosed_class(false);
            for glob in globs {
                builder.add_line(None, glob).map_err(|_| wrong(glob, format!("{glob:?} is no path pattern")))?;
            }
            builder.build().map_err(|error| wrong("exclude", error.to_string()))
        };
        config.excluded = Some(matcher(&config.exclude)?);
        for per_path in &mut config.per_path {
            per_path.matcher = Some(matcher(&per_path.paths)?);
        }
        config.file.clone_from(&path);
        Ok((path, config))
    }

    /// An absolute path is not to be checked.
    pub fn excludes(&self, path: &Path, is_folder: bool) -> bool {
        self.excluded.as_ref().is_some_and(|it| matched(it, path, is_folder))
    }

    /// The pattern that excludes an absolute path.
    pub(super) fn excluded_by(&self, path: &Path, is_folder: bool) -> Option<String> {
        let matcher = self.excluded.as_ref().filter(|_| self.excludes(path, is_folder))?;
        match matcher.matched_path_or_any_parents(path, is_folder) {
            ignore::Match::Ignore(glob) => Some(glob.original().to_owned()),
            _ => None,
        }
    }

    /// The severity of a rule at an absolute path; `None` when it is off there.
    pub fn severity(&self, rule: &str, given: Severity, path: &Path) -> Option<Severity> {
        let named = |rules: &[String]| names_rule(rules, rule);
        if named(&self.ignore) || !(self.select.is_empty() || named(&self.select)) {
            return None;
        }
        let mut severity = self.severity.get(rule);
        for per_path in &self.per_path {
            if per_path.is_for(path) {
                if named(&per_path.ignore) {
                    return None;
                }
                severity = per_path.severity.get(rule).or(severity);
            }
        }
        match severity {
            None if is_pedantic(rule) && self.select.is_empty() => None,
            None => Some(given),
            Some(name) => Severity::named(name),
        }
    }
}

impl PerPath {
    /// These settings are for an absolute path.
    pub(super) fn is_for(&self, path: &Path) -> bool {
        self.matcher.as_ref().is_some_and(|it| matched(it, path, false))
    }
}

fn matched(matcher: &Gitignore, path: &Path, is_folder: bool) -> bool {
    path.starts_with(matcher.path()) && matcher.matched_path_or_any_parents(path, is_folder).is_ignore()
}

pub(super) fn text_of(path: &Path) -> Result<Option<String>, ProjectError> {
    let Some(bytes) = read_small(path)? else { return Ok(None) };
    String::from_utf8(bytes).map(Some).map_err(|_| ProjectError::Config {
        path: path.display().to_string(),
        line: 1,
        message: "this is no UTF-8 text".to_owned(),
    })
}

pub(super) fn at_line(path: &Path, text: &str, error: &toml::de::Error) -> ProjectError {
    let start = error.span().map_or(0, |span| span.start).min(text.len());
    let line = text.as_bytes()[..start].iter().filter(|&&byte| byte == b'\n').count() + 1;
    ProjectError::Config { path: path.display().to_string(), line, message: discreet(error.message()) }
}
