//! `doctor`: one page for a bug report. No folders, no names of users and hosts, no addresses, no keys.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::args::{Doctor, Shown};
use super::config::VARIABLES;
use super::report::{counted, visible};
use super::{CLEAN, FOUND};
use crate::fixes::GitState;
use crate::project::{
    Baseline, Organisation, ProjectError, Workspace, has_hook, read_small, read_values, user_file, user_stores, walked,
};
use crate::secrets::{SecretRef, discreet};
use crate::stores::Stores;
use crate::syntax::{Language, glob};

/// What was looked at.
struct Line {
    what: &'static str,
    state: State,
    text: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Ok,
    Note,
    Problem,
}

/// The kinds of stores; other names are the user's own.
const KINDS: [&str; 6] = ["env", "local", "vault", "aws", "gcp", "keyring"];

/// Looks, and says what it found. Exit code 1 says that something is wrong.
pub(super) fn doctor(args: &Doctor, out: &mut dyn Write) -> Result<u8> {
    let mut page = Page { lines: Vec::new() };
    page.program();
    page.policy();
    match Workspace::open(Path::new(".")) {
        // That was said already.
        Err(_) if Organisation::load().is_err() => {}
        Err(error) => page.problem("settings", without_folders(&error, None)),
        Ok(workspace) => {
            page.git(&workspace);
            page.settings(&workspace);
            page.loaders(&workspace);
            page.stores(&workspace, args.network);
        }
    }
    page.variables();
    let problems = page.lines.iter().filter(|line| line.state == State::Problem).count();
    let notes = page.lines.iter().filter(|line| line.state == State::Note).count();
    match args.format {
        Shown::Human => {
            for line in &page.lines {
                writeln!(out, "{:<8} {:<9} {}", line.state.name(), line.what, line.text)?;
            }
            let sentence = match problems {
                0 => "nothing is wrong".to_owned(),
                n => counted(n, "problem"),
            };
            writeln!(out, "\n{sentence}; {}", counted(notes, "note"))?;
        }
        Shown::Json => {
            let lines = page.lines.iter().map(|it| json!({"what": it.what, "state": it.state.name(), "text": it.text}));
            let lines: Vec<_> = lines.collect();
            let whole = json!({"version": 1, "lines": lines, "problems": problems, "notes": notes});
            writeln!(out, "{}", serde_json::to_string_pretty(&whole)?)?;
        }
    }
    Ok(if problems > 0 { FOUND } else { CLEAN })
}

impl State {
    fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Note => "note",
            State::Problem => "problem",
        }
    }
}

struct Page {
    lines: Vec<Line>,
}

impl Page {
    fn add(&mut self, what: &'static str, state: State, text: impl AsRef<str>) {
        self.lines.push(Line { what, state, text: visible(&discreet(text.as_ref())) });
    }

    fn ok(&mut self, what: &'static str, text: impl AsRef<str>) {
        self.add(what, State::Ok, text);
    }

    fn note(&mut self, what: &'static str, text: impl AsRef<str>) {
        self.add(what, State::Note, text);
    }

    fn problem(&mut self, what: &'static str, text: impl AsRef<str>) {
        self.add(what, State::Problem, text);
    }

    fn program(&mut self) {
        let features = [
            ("vault", cfg!(feature = "vault")),
            ("aws", cfg!(feature = "aws")),
            ("gcp", cfg!(feature = "gcp")),
            ("keyring", cfg!(feature = "keyring")),
            ("verify", cfg!(feature = "verify")),
        ];
        let with: Vec<&str> = features.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        let with = if with.is_empty() { "no feature".to_owned() } else { with.join(", ") };
        let build = if cfg!(debug_assertions) { "debug" } else { "release" };
        let (version, os, arch) = (env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
        self.ok("program", format!("aikeys-lsp {version}, {build} build with {with}, {os} {arch}"));
    }

    fn policy(&mut self) {
        match Organisation::load() {
            Err(error) => self.problem("policy", without_folders(&error, None)),
            Ok(policy) if policy.file().is_none() => self.ok("policy", "no policy of an organisation"),
            Ok(policy) => {
                let subjects = policy.subjects();
                let subjects = if subjects.is_empty() { "nothing".to_owned() } else { subjects.join(", ") };
                let whose = match policy.is_of_the_system() {
                    true => "an organisation's policy is there",
                    false => "AIKEYS_POLICY names a policy, which anybody can unset",
                };
                self.ok("policy", format!("{whose}; it says something of {subjects}"));
            }
        }
    }

    fn git(&mut self, workspace: &Workspace) {
        let Some(kinds) = workspace.git_kinds() else {
            let is_bare = ["HEAD", "objects", "refs"].iter().all(|name| workspace.root().join(name).exists());
            return match is_bare {
                true => self.note("git", "this is a bare repository: it has no files to check"),
                false => self.note("git", "no repository here: what was committed is not known, and there is no hook"),
            };
        };
        match kinds.is_empty() {
            true => self.ok("git", "a repository"),
            false => self.note("git", format!("a repository, {}: what it leaves out is not seen", kinds.join(", "))),
        }
        let env = Path::new(".env");
        let is_there = fs::symlink_metadata(workspace.root().join(env)).is_ok();
        match (workspace.git_state(env), is_there) {
            (GitState::Tracked, _) => {
                self.problem("git", "git tracks .env: run `git rm --cached .env`, commit, and rotate its keys");
            }
            (GitState::Untracked, true) => {
                self.problem("git", "the next `git add` takes .env: `aikeys-lsp init` lets .gitignore cover it");
            }
            (GitState::Untracked, false) => {
                self.note("git", ".gitignore does not cover .env: `aikeys-lsp init` adds it");
            }
            _ => self.ok("git", ".env is ignored"),
        }
        match has_hook(workspace) {
            Some(true) => self.ok("hook", "commits are checked"),
            _ => self.note("hook", "nothing checks a commit: `aikeys-lsp init` adds a hook"),
        }
    }

    fn settings(&mut self, workspace: &Workspace) {
        let root = workspace.root();
        let mut folders: BTreeSet<PathBuf> = BTreeSet::from([PathBuf::new()]);
        let is_settings =
            |path: &Path| path.file_name().is_some_and(|it| it == "aikeys.toml" || it == "pyproject.toml");
        for path in walked(workspace).into_iter().filter(|path| is_settings(path)) {
            folders.insert(path.parent().unwrap_or(Path::new("")).to_owned());
        }
        let mut count = 0;
        for folder in folders {
            match workspace.settings_file_for(&folder.join("*")) {
                Err(error) => self.problem("settings", without_folders(&error, Some(root))),
                Ok(Some(file)) if file.parent() == Some(root.join(&folder).as_path()) => {
                    count += 1;
                    self.ok("settings", name_of(&workspace.relative(&file)));
                }
                Ok(_) => {}
            }
        }
        if count == 0 {
            self.ok("settings", "none in this workspace: defaults");
        }
        match (user_file(), user_stores()) {
            (_, Err(error)) => self.problem("settings", format!("your own: {}", without_folders(&error, None))),
            (Some(path), Ok(_)) if path.is_file() => self.ok("settings", "your own are there"),
            _ => self.ok("settings", "no settings of your own"),
        }
        match workspace.baseline(Path::new("*")) {
            Err(error) => self.problem("baseline", without_folders(&error, Some(root))),
            Ok(Some(baseline)) => self.baseline(&baseline),
            Ok(None) => {}
        }
    }

    fn baseline(&mut self, baseline: &Baseline) {
        let (all, ended) = (baseline.entries().len(), baseline.ended().len());
        match ended {
            0 => self.ok("baseline", format!("it hides {}", counted(all, "finding"))),
            n => self.note("baseline", format!("it lists {}, of which {n} ended", counted(all, "finding"))),
        }
    }

    /// Which libraries load `.env`, and which `.env` there is.
    fn loaders(&mut self, workspace: &Workspace) {
        let root = workspace.root();
        let mut found: BTreeSet<(String, String)> = BTreeSet::new();
        let files = walked(workspace);
        for language in Language::all().iter().filter(|it| !it.loaders.is_empty()) {
            for path in &files {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if !language.manifests.iter().any(|pattern| glob(pattern, &name)) {
                    continue;
                }
                let text = read_small(&root.join(path)).ok().flatten().unwrap_or_default();
                let text = String::from_utf8_lossy(&text);
                for loader in language.loaders.iter().filter(|it| !it.package.is_empty() && text.contains(&it.package))
                {
                    found.insert((name_of(path), loader.package.clone()));
                }
            }
        }
        for (path, package) in &found {
            self.ok("loaders", format!("{package}, by {path}"));
        }
        let envs = files.iter().map(|path| path.with_file_name(".env")).chain([PathBuf::from(".env")]);
        let envs: BTreeSet<PathBuf> = envs.filter(|path| root.join(path).exists()).collect();
        for name in envs.iter().map(|path| name_of(path)).collect::<BTreeSet<_>>() {
            self.ok("loaders", format!("{name} is there"));
        }
        if found.is_empty() && !envs.is_empty() {
            self.note(
                "loaders",
                "no manifest names a library that loads .env: start programs with `aikeys-lsp run -- …`",
            );
        }
    }

    fn stores(&mut self, workspace: &Workspace, network: bool) {
        let stores = Stores::of(workspace);
        if stores.problem().is_some() || !stores.destinations().is_empty() && stores.preferred().is_err() {
            self.problem("stores", "their settings cannot be used: `aikeys-lsp stores` says why");
            return;
        }
        let kind =
            |store: &str| if KINDS.contains(&store) { store.to_owned() } else { "a program of yours".to_owned() };
        let to: Vec<String> = stores.destinations().iter().map(|it| kind(&it.store)).collect();
        match to.is_empty() {
            true => self.note("stores", "the policy of the organisation allows no store that is set up here"),
            false => self.ok("stores", format!("keys can go to: {}", to.join(", "))),
        }
        let others: Vec<&str> = stores.others().iter().map(|(store, _)| *store).collect();
        if !others.is_empty() {
            self.ok("stores", format!("not set up: {}", others.join(", ")));
        }
        if workspace.waits_for_trust() {
            self.note("trust", "the stores in this workspace's aikeys.toml have no effect until `aikeys-lsp trust`");
        } else if workspace.trusts_own_stores() {
            self.ok("trust", "the stores in this workspace's aikeys.toml count");
        }
        let env = workspace.root().join(workspace.env_path(Path::new("*")));
        let values = if env.is_file() { read_values(&env) } else { return };
        let Ok(values) = values else {
            self.problem("stores", ".env cannot be read: `aikeys-lsp store check` says where");
            return;
        };
        let all: Vec<SecretRef> = values.iter().filter_map(|(_, value)| SecretRef::parse(value.expose())).collect();
        match (all.len(), network) {
            (0, _) => self.ok("stores", ".env holds no reference"),
            (n, false) => {
                self.ok("stores", format!(".env holds {}: `--network` asks for them", counted(n, "reference")));
            }
            (n, true) => {
                let there = stores.exist_all(&all).iter().filter(|answer| matches!(answer, Ok(true))).count();
                match there == n {
                    true => self.ok("stores", format!("{} of .env found", counted(n, "reference"))),
                    false => self.problem(
                        "stores",
                        format!(
                            "{} of {n} references of .env not found: `aikeys-lsp store check` says which",
                            n - there
                        ),
                    ),
                }
            }
        }
    }

    fn variables(&mut self) {
        let set: Vec<&str> = VARIABLES.into_iter().filter(|name| std::env::var_os(name).is_some()).collect();
        if !set.is_empty() {
            self.ok("stores", format!("variables that are set: {}", set.join(", ")));
        }
    }
}

/// An error without the folders that it names.
fn without_folders(error: &ProjectError, root: Option<&Path>) -> String {
    let text = error.to_string();
    let here = std::env::current_dir().unwrap_or_default();
    let known = [root.map(Path::to_owned), Some(here), user_file().and_then(|it| it.parent().map(Path::to_owned))];
    let mut text = text;
    for folder in known.into_iter().flatten() {
        let folder = folder.to_string_lossy().into_owned();
        if folder.len() > 1 {
            text = text.replace(&format!("{folder}/"), "").replace(&folder, "this folder");
        }
    }
    let is_place = |word: &str| word.trim_start_matches(['"', '\'', '(', '`']).starts_with('/');
    let shown = |word: &str| match word.rsplit_once('/') {
        _ if is_place(word) => "…".to_owned(),
        Some((_, name)) if !word.contains("://") => format!("…/{name}"),
        _ => word.to_owned(),
    };
    text.split(' ').map(shown).collect::<Vec<_>>().join(" ")
}

/// A file by its name: folders are called after customers and projects.
fn name_of(path: &Path) -> String {
    let name = super::visible(path.file_name().map_or(path, Path::new));
    if path.parent().is_none_or(|it| it.as_os_str().is_empty()) { name } else { format!("…/{name}") }
}
