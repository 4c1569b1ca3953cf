//! A workspace: a root folder with its settings, git, env files and destinations.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::agents::agents;
use super::baseline::Baseline;
use super::config::{Config, ProjectError};
use super::contract::Contracts;
use super::env_file::broken_line;
use super::files::{absolute, lies_below, read_small, writable};
use super::git::Git;
use super::launching::launchers;
use super::organisation::Organisation;
use super::package::Packages;
use crate::fixes::{Destination, EnvEntry, EnvFile, GitState, Lock, Surroundings};
use crate::rules::{is_app_secrets, is_env_file};
use crate::secrets::{Catalogue, Provider, Secret, SecretRef, discreet, env_lines, env_value, identity};
use crate::syntax::{AgentSettings, Document, Host, Language, Pipeline, Reader};

/// A root folder and what belongs to it.
pub struct Workspace {
    root: PathBuf,
    name: String,
    git: Option<Git>,
    problem: Option<ProjectError>,
    catalogue: Arc<Catalogue>,
    configs: Mutex<HashMap<PathBuf, Arc<Config>>>,
    baselines: Mutex<HashMap<PathBuf, Arc<Baseline>>>,
    contracts: Contracts,
    pub(super) lock: Option<Arc<Lock>>,
    pub(super) lock_problem: Option<ProjectError>,
    organisation: Arc<Organisation>,
    today: String,
    trusted: bool,
    pub(super) selected: Vec<String>,
}

/// Reads the value behind a reference, where that needs no network.
pub(crate) type Resolve<'r> = &'r dyn Fn(&SecretRef) -> Option<Secret>;

impl Workspace {
    /// The workspace of a path: the git top folder around it, else the nearest folder with settings, else the folder itself.
    pub fn open(path: &Path) -> Result<Workspace, ProjectError> {
        Workspace::open_under(path, Organisation::load()?)
    }

    /// The same for who has to work on: where the organisation's policy cannot be read, the strictest one holds.
    pub fn open_strictly(path: &Path) -> Result<Workspace, ProjectError> {
        Workspace::open_under(path, Organisation::load().unwrap_or_else(|_| Organisation::strictest()))
    }

    fn open_under(path: &Path, organisation: Organisation) -> Result<Workspace, ProjectError> {
        let path = absolute(path);
        let folder = if path.is_dir() { path } else { path.parent().map_or(path.clone(), Path::to_owned) };
        let (top, git, problem) = match Git::discover(&folder) {
            Some(Ok(git)) => (Some(git.top().to_owned()), Some(git), None),
            Some(Err((top, error))) => (Some(top), None, Some(error)),
            None => (None, None, None),
        };
        let settings = || folder.ancestors().find(|it| it.join("aikeys.toml").is_file()).map(Path::to_owned);
        let root = top.or_else(settings).unwrap_or_else(|| folder.clone());
        let mut workspace = Workspace { git, problem, ..Workspace::at(root, organisation) };
        workspace.load_providers()?;
        workspace.load_lock();
        Ok(workspace)
    }

    fn at(root: PathBuf, organisation: Organisation) -> Workspace {
        let name = root.file_name().map_or_else(|| "workspace".to_owned(), |name| clean(&name.to_string_lossy()));
        Workspace {
            root,
            name,
            git: None,
            problem: None,
            catalogue: Catalogue::built_in_shared(),
            configs: Mutex::default(),
            baselines: Mutex::default(),
            contracts: Contracts::default(),
            lock: None,
            lock_problem: None,
            organisation: Arc::new(organisation),
            today: today(),
            trusted: false,
            selected: Vec::new(),
        }
    }

    /// The workspace of a bare repository, with the settings that stand at the top of its newest commit.
    pub fn bare(root: &Path, settings: Option<&str>) -> Result<Workspace, ProjectError> {
        let mut workspace = Workspace::at(root.to_owned(), Organisation::load()?);
        let mut config = match settings {
            Some(text) => Config::of_text(root.join("aikeys.toml"), text, &workspace.catalogue)?,
            None => Config::default(),
        };
        workspace.add_providers(&root.join("aikeys.toml"), std::mem::take(&mut config.providers))?;
        if let Ok(mut configs) = workspace.configs.lock() {
            configs.insert(root.to_owned(), Arc::new(config));
        }
        Ok(workspace)
    }

    /// The editor's user trusts this folder: its own settings say where keys may go.
    pub fn trusting(self) -> Workspace {
        Workspace { trusted: true, ..self }
    }

    /// See [`Workspace::trusting`].
    pub(super) fn is_trusted(&self) -> bool {
        self.trusted
    }

    /// What the organisation says of all workspaces.
    pub fn organisation(&self) -> &Arc<Organisation> {
        &self.organisation
    }

    /// The root folder, absolute.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The repository around it.
    pub(super) fn git(&self) -> Option<&Git> {
        self.git.as_ref()
    }

    /// Something says where the workspace ends, a repository or settings: around a lone file may lie a home or a whole disk.
    pub fn is_bounded(&self) -> bool {
        self.git.is_some() || self.settings_file().is_some()
    }

    /// What is special about the repository; `None` outside of one.
    pub fn git_kinds(&self) -> Option<Vec<&'static str>> {
        self.git.as_ref().map(Git::kinds)
    }

    /// The file that holds the settings of the root.
    pub fn settings_file(&self) -> Option<PathBuf> {
        self.settings_file_for(Path::new("*")).ok()?
    }

    /// The file that holds the settings for a path from the root.
    pub fn settings_file_for(&self, relative: &Path) -> Result<Option<PathBuf>, ProjectError> {
        let config = self.config(relative)?;
        Ok((!config.file.as_os_str().is_empty()).then(|| config.file.clone()))
    }

    /// The workspace's name as a store's path has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Why nothing is known of the repository that is here.
    pub fn problem(&self) -> Option<&ProjectError> {
        self.problem.as_ref()
    }

    /// All providers, with the user's own.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// `path` from the root; itself when it lies elsewhere.
    pub fn relative(&self, path: &Path) -> PathBuf {
        let path = absolute(path);
        path.strip_prefix(&self.root).map(Path::to_owned).unwrap_or(path)
    }

    /// The settings for a path from the root: those of the nearest folder that has some.
    pub fn config(&self, relative: &Path) -> Result<Arc<Config>, ProjectError> {
        let path = self.root.join(relative);
        self.folder_config(path.parent().filter(|it| it.starts_with(&self.root)).unwrap_or(&self.root))
    }

    /// A folder has no settings of its own, as somebody saw who listed it: nobody need look there for them.
    pub fn has_no_settings(&self, folder: &Path) {
        if let (Some(parent), true) = (folder.parent(), folder != self.root)
            && let Ok(config) = self.folder_config(parent)
            && let Ok(mut configs) = self.configs.lock()
        {
            configs.entry(folder.to_owned()).or_insert(config);
        }
    }

    /// Every folder is looked at once. Not by recursion: a repository can be thousands of folders deep.
    fn folder_config(&self, folder: &Path) -> Result<Arc<Config>, ProjectError> {
        let known = |folder: &Path| self.configs.lock().ok().and_then(|it| it.get(folder).cloned());
        let (mut met, mut found) = (Vec::new(), None);
        for folder in folder.ancestors() {
            found = known(folder);
            if found.is_some() {
                break;
            }
            met.push(folder);
            found = self.own_config(folder)?;
            if found.is_some() || folder == self.root {
                break;
            }
        }
        let found = found.unwrap_or_default();
        if let Ok(mut configs) = self.configs.lock() {
            configs.extend(met.into_iter().map(|it| (it.to_owned(), Arc::clone(&found))));
        }
        Ok(found)
    }

    /// The settings that stand in a folder itself.
    fn own_config(&self, folder: &Path) -> Result<Option<Arc<Config>>, ProjectError> {
        match Config::of_folder(folder, &self.catalogue)? {
            Some((path, config))
                if folder != self.root && (!config.providers.is_empty() || config.stores.is_some()) =>
            {
                Err(ProjectError::Catalogue {
                    path: path.display().to_string(),
                    message: format!(
                        "providers and stores count for the whole workspace: write them into {}",
                        self.root.join("aikeys.toml").display()
                    ),
                })
            }
            found => Ok(found.map(|(_, config)| Arc::new(config))),
        }
    }

    /// Where the baseline for a path from the root lies, as its settings say.
    pub fn baseline_path(&self, relative: &Path) -> Result<Option<PathBuf>, ProjectError> {
        let config = self.config(relative)?;
        let Some(named) = &config.baseline else { return Ok(None) };
        let path = config.file.parent().unwrap_or(&self.root).join(named);
        // Nor may it be a link that leads out.
        let is_inside = fs::canonicalize(&path).map_or(true, |real| real.starts_with(&self.root));
        match lies_below(&self.root, &path) && is_inside {
            true => Ok(Some(path)),
            false => Err(ProjectError::Catalogue {
                path: config.file.display().to_string(),
                message: "the baseline lies outside of the workspace: name a file in it, or use `--baseline`"
                    .to_owned(),
            }),
        }
    }

    /// The baseline for a path from the root: that of the settings that count for it. Each is read once.
    pub fn baseline(&self, relative: &Path) -> Result<Option<Arc<Baseline>>, ProjectError> {
        let Some(path) = self.baseline_path(relative)? else { return Ok(None) };
        if let Some(known) = self.baselines.lock().ok().and_then(|it| it.get(&path).cloned()) {
            return Ok(Some(known));
        }
        let Some(found) = Baseline::read(&path)?.map(|it| Arc::new(it.under(&self.organisation))) else {
            return Err(ProjectError::Catalogue {
                path: path.display().to_string(),
                message: "there is no such baseline, and the settings name it: write it with `aikeys-lsp --check \
                          --write-baseline`, or take `baseline` out of the settings"
                    .to_owned(),
            });
        };
        if let Ok(mut baselines) = self.baselines.lock() {
            baselines.insert(path, Arc::clone(&found));
        }
        Ok(Some(found))
    }

    /// The baselines that the settings name which were met so far, those of the root among them.
    pub fn baselines(&self) -> Result<Vec<Arc<Baseline>>, ProjectError> {
        self.baseline(Path::new("*"))?;
        let known = self.configs.lock().map(|it| it.values().cloned().collect::<Vec<_>>()).unwrap_or_default();
        let named = known.iter().filter(|config| config.baseline.is_some());
        let folders: BTreeSet<PathBuf> = named.filter_map(|it| it.file.parent().map(Path::to_owned)).collect();
        let mut found: Vec<Arc<Baseline>> = Vec::new();
        for folder in folders {
            let inside = folder.strip_prefix(&self.root).unwrap_or(&folder).join("*");
            found.extend(self.baseline(&inside)?.filter(|it| !found.iter().any(|other| Arc::ptr_eq(it, other))));
        }
        found.sort_by(|a, b| a.path().cmp(b.path()));
        Ok(found)
    }

    /// How git sees a path from the root.
    pub fn git_state(&self, relative: &Path) -> GitState {
        self.git.as_ref().map_or(GitState::NoRepository, |git| git.state(relative))
    }

    /// The id of the commit that is checked out; none outside a repository, and before the first commit.
    pub fn head(&self) -> Option<String> {
        self.git.as_ref().and_then(Git::head)
    }

    /// The files below a folder that git tracks, by their paths from the root; none outside a repository.
    pub fn tracked_below(&self, relative: &Path) -> Vec<PathBuf> {
        self.git.as_ref().map(|git| git.tracked_below(relative)).unwrap_or_default()
    }

    /// An ignore rule of git covers a path from the root; `None` outside a repository.
    pub fn git_ignores(&self, relative: &Path) -> Option<bool> {
        self.git.as_ref().and_then(|git| git.ignores(relative))
    }

    /// The right place for a key: an env file, or a framework's file of secrets that git does not take.
    pub fn keeps_secrets(&self, relative: &Path) -> bool {
        is_env_file(relative) || is_app_secrets(relative) && self.git_ignores(relative) != Some(false)
    }

    /// Env files changed: what they declare is read again.
    pub fn forget_contracts(&self) {
        self.contracts.forget();
    }

    /// What a check needs to know around a path from the root. Cheap: each folder's templates are read once.
    pub fn surroundings(&self, relative: &Path) -> Surroundings {
        let tells_agents = AgentSettings::of_path(relative).is_some();
        let git = if is_env_file(relative) || is_app_secrets(relative) || tells_agents {
            self.git_state(relative)
        } else {
            GitState::NoRepository
        };
        Surroundings {
            catalogue: Arc::clone(&self.catalogue),
            workspace: self.name.clone(),
            git,
            agents: if is_env_file(relative) { agents(&self.root) } else { Vec::new() },
            launchers: if is_env_file(relative) { launchers(&self.root, relative) } else { Vec::new() },
            contract: if reads_variables(relative) { self.contracts.of(self, relative) } else { Arc::default() },
            copied: Reader::copying(relative).map(|copies| self.copied(relative, copies)).unwrap_or_default(),
            audited: Pipeline::of_path(relative).is_some_and(|it| self.has_one_of(&it.audited)),
            trusted_hosts: match self.config(relative) {
                Ok(config) if tells_agents => config.trusted_hosts.clone(),
                _ => Vec::new(),
            },
            lock: self.lock.clone(),
            today: self.today.clone(),
            no_inline_ignore: self.organisation.no_inline_ignore,
            plaintext_forbidden: self.organisation.forbids_plaintext(),
            ..Surroundings::bare()
        }
    }

    /// What a fix needs to know besides: env file, manifests, entry files, destinations.
    pub fn surroundings_for_fix(
        &self,
        doc: &Document,
        destinations: Vec<Destination>,
        resolve: Resolve<'_>,
        packages: &Packages,
    ) -> Surroundings {
        let relative = doc.path();
        let names = self.config(relative).map(|config| config.names.clone()).unwrap_or_default();
        let gitignore = read_small(&self.root.join(".gitignore")).ok().flatten();
        let mut around = Surroundings {
            env: self.env_file(relative, resolve),
            destinations,
            broken: is_env_file(relative).then(|| broken_line(doc.text())).flatten(),
            gitignore: gitignore.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
            names,
            ..self.surroundings(relative)
        };
        let inside = doc.injections().first().and_then(|code| code.doc().language());
        if let Some(language) = doc.language().or(inside) {
            packages.add(&mut around, &self.root, relative, language);
        } else if is_env_file(relative) && around.destinations.iter().any(|to| to.reference.is_some()) {
            packages.add_readers(&mut around, &self.root, relative);
        }
        around
    }

    /// The env file for a document: the nearest one up to the root, else one at the root.
    pub fn env_path(&self, relative: &Path) -> PathBuf {
        let folders = relative.ancestors().skip(1);
        let there = |folder: &&Path| fs::symlink_metadata(self.root.join(folder).join(".env")).is_ok();
        folders.into_iter().find(there).unwrap_or(Path::new("")).join(".env")
    }

    fn env_file(&self, relative: &Path, resolve: Resolve<'_>) -> EnvFile {
        let path = self.env_path(relative);
        let full = self.root.join(&path);
        let git = self.git_state(&path);
        let refused = |why: String| EnvFile { path: path.clone(), entries: Vec::new(), refused: Some(why), git };
        match writable(&self.root, &full) {
            Err(error) => return refused(error.to_string()),
            // A link is as safe as the file that it leads to.
            Ok(target) if target != full => {
                let (link, target) = (path.display(), self.relative(&target));
                let why = match self.git_state(&target) {
                    GitState::Tracked => "which git tracks: take that file out of git first (`git rm --cached`)",
                    GitState::Untracked => "which git does not ignore: ignore that file first",
                    GitState::Ignored | GitState::NoRepository => "",
                };
                if !why.is_empty() {
                    return refused(format!("{link} leads to {}, {why}", target.display()));
                }
            }
            Ok(_) => {}
        }
        let text = match read_small(&full) {
            Ok(bytes) => String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned(),
            Err(error) => return refused(error.to_string()),
        };
        let entry = |line: &crate::secrets::EnvLine| {
            let value = env_value(&text, line);
            let reference = SecretRef::parse(&value);
            let known = match &reference {
                Some(reference) => resolve(reference).map(|secret| identity(secret.expose())),
                None => Some(identity(&value)),
            };
            let name = text[line.name.range()].to_owned();
            (!value.is_empty()).then_some(EnvEntry { name, identity: known, reference })
        };
        let entries = env_lines(&text).iter().filter_map(entry).collect();
        EnvFile { path, entries, refused: None, git }
    }

    fn load_providers(&mut self) -> Result<(), ProjectError> {
        let Some((from, config)) = Config::of_folder(&self.root, &self.catalogue)? else { return Ok(()) };
        self.add_providers(&from, config.providers)
    }

    fn add_providers(&mut self, from: &Path, own: Vec<Provider>) -> Result<(), ProjectError> {
        if !own.is_empty() {
            let catalogue = Catalogue::with(own).map_err(|error| ProjectError::Catalogue {
                path: from.display().to_string(),
                message: discreet(&error.to_string()),
            })?;
            self.catalogue = Arc::new(catalogue);
        }
        Ok(())
    }
}

/// Code, in whose programs clients are known.
fn reads_variables(path: &Path) -> bool {
    Language::of_path(path).is_some_and(|it| !it.clients.is_empty()) || Host::of_path(path).is_some()
}

/// Other characters than those of store paths become `-`.
fn clean(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '-' }).collect()
}

/// Today's date in UTC, `YYYY-MM-DD`.
pub(super) fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}
