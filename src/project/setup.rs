//! Setting up a project: what each file would become. Changes nothing; what is there stays, and a second time finds
//! nothing to do.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::config::SETTINGS;
use super::env_file::is_variable_name;
use super::files::{FileError, check_writable, lies_below, read_small, write_atomic};
use super::holding::{BUILD, VERSION_CONTROL, files, walk};
use super::workspace::Workspace;
use crate::fixes::{self, GitState, ignore_lines, leaves_out};
use crate::secrets::{EnvWords, discreet, env_lines};
use crate::text::{apply, line_ending};

/// What a project gets.
#[derive(Default)]
pub struct Setup {
    /// The files that change.
    pub files: Vec<Planned>,
    /// What the user has to do, or is to know.
    pub notes: Vec<String>,
}

/// A file as it would be. It has no `Debug`: its text is somebody's.
pub struct Planned {
    /// From the workspace's root, as it is shown.
    pub path: PathBuf,
    /// As it is; `None` when it is not there.
    pub before: Option<String>,
    /// As it would be.
    pub after: String,
    /// The folder that it must stay in, and its place.
    place: (PathBuf, PathBuf),
    mode: u32,
}

/// The hook, for the shells of all systems that git runs on.
const HOOK: &str = "#!/bin/sh
# Written by `aikeys-lsp init`: no key gets into a commit. `git commit --no-verify` passes it by.
if command -v aikeys-lsp >/dev/null 2>&1; then
    exec aikeys-lsp --check --staged
fi
echo \"aikeys-lsp is not installed here: this commit was not checked for keys\" >&2
";
/// What the hook runs.
const COMMAND: &str = "aikeys-lsp --check --staged";

const MINIMAL: &str =
    "# Settings of aikeys-lsp. `aikeys-lsp config PATH` shows what counts for a path, and where it comes from.
# An editor completes this file after `aikeys-lsp config --schema > aikeys.schema.json`, with this as the first line:
# #:schema ./aikeys.schema.json

# The least severity that makes a check fail: error, warning, info, hint or off.
fail-on = \"warning\"
";

/// Programs that run hooks themselves: what shows that one does, and how it runs ours.
const RUNNERS: [(&str, &[&str], &str); 3] = [
    (
        "pre-commit",
        &[".pre-commit-config.yaml", ".pre-commit-config.yml"],
        "add to `repos`: {repo: local, hooks: [{id: aikeys, name: aikeys, language: system, entry: aikeys-lsp --check \
         --force-exclude, types: [text], require_serial: true}]}",
    ),
    ("husky", &[".husky"], "add a line to .husky/pre-commit: aikeys-lsp --check --staged"),
    (
        "lefthook",
        &["lefthook.yml", "lefthook.yaml", ".lefthook.yml", ".lefthook.yaml", "lefthook.toml", "lefthook.json"],
        "add under `pre-commit: commands:` this one: aikeys: {run: aikeys-lsp --check --staged}",
    ),
];

const EXTENSION: &str = "aikeys.aikeys-lsp";
/// A source is not larger; what is, was generated.
const LARGEST: u64 = 1 << 20;

impl Setup {
    /// What the project around a workspace still needs.
    pub fn of(workspace: &Workspace) -> Setup {
        let mut setup = Setup::default();
        // What cannot be done in one place is said, and the rest is done.
        for step in [Setup::hook, Setup::ignore_files, Setup::example, Setup::settings, Setup::editor] {
            if let Err(error) = step(&mut setup, workspace) {
                setup.note(format!("passed over: {error}"));
            }
        }
        setup
    }

    /// A file of the workspace gets this text.
    pub fn change(
        &mut self,
        workspace: &Workspace,
        path: &Path,
        edit: impl FnOnce(&str) -> Option<String>,
    ) -> Result<(), FileError> {
        let root = workspace.root().to_owned();
        let full = root.join(path);
        self.plan(path, (root, full), 0o644, edit)
    }

    fn plan(
        &mut self,
        path: &Path,
        place: (PathBuf, PathBuf),
        mode: u32,
        edit: impl FnOnce(&str) -> Option<String>,
    ) -> Result<(), FileError> {
        let planned = self.files.iter_mut().find(|file| file.path == path);
        if let Some(file) = planned {
            if let Some(after) = edit(&file.after) {
                file.after = after;
            }
            return Ok(());
        }
        check_writable(&place.0, &place.1)?;
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).map_err(|_| FileError::NoText { path: path.display().to_string() })
        };
        let before = read_small(&place.1)?.map(text).transpose()?;
        if let Some(after) = edit(before.as_deref().unwrap_or("")) {
            self.files.push(Planned { path: path.to_owned(), before, after, place, mode });
        }
        Ok(())
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.push(discreet(&note.into()));
    }

    fn hook(&mut self, workspace: &Workspace) -> Result<(), FileError> {
        let Some(git) = workspace.git() else {
            self.note("this is no git repository: there is no hook, and no .gitignore");
            return Ok(());
        };
        let there = |names: &[&str]| names.iter().any(|name| workspace.root().join(name).exists());
        if let Some((name, _, how)) = RUNNERS.iter().find(|(_, marks, _)| there(marks)) {
            if has_hook(workspace) != Some(true) {
                self.notes.push(format!("{name} runs the hooks here: {how}"));
            }
            return Ok(());
        }
        let Some((folder, holder)) = git.hooks() else {
            self.notes.push(format!(
                "core.hooksPath leads out of this repository: add a line to its pre-commit hook: {COMMAND}"
            ));
            return Ok(());
        };
        let full = folder.join("pre-commit");
        if !lies_below(&holder, &full) {
            self.notes
                .push("the folder of git's hooks is a link out of the repository: no hook was planned".to_owned());
            return Ok(());
        }
        let path = full.strip_prefix(workspace.root()).unwrap_or(Path::new("pre-commit")).to_owned();
        match read_small(&full)? {
            Some(hook) if memchr::memmem::find(&hook, COMMAND.as_bytes()).is_some() => {
                if !can_run(&full) {
                    self.note(format!("{} is no program, so that git passes it by: `chmod +x` it", path.display()));
                }
                Ok(())
            }
            Some(_) => {
                let path = path.display();
                self.note(format!("{path} is there already and stays as it is: add a line to it: {COMMAND}"));
                Ok(())
            }
            None => self.plan(&path, (holder, full), 0o755, |_| Some(HOOK.to_owned())),
        }
    }

    fn ignore_files(&mut self, workspace: &Workspace) -> Result<(), FileError> {
        let env = Path::new(".env");
        if workspace.git_ignores(env) == Some(false) {
            self.change(workspace, Path::new(".gitignore"), |old| Some(format!("{old}{}", ignore_lines(old, env).1)))?;
        }
        if workspace.git_state(env) == GitState::Tracked {
            self.note("git tracks .env: run `git rm --cached .env`, commit, and rotate its keys");
        }
        let images: BTreeSet<PathBuf> = walked(workspace).into_iter().filter(|path| is_image(path)).collect();
        for image in images {
            let ignore = image.with_file_name(".dockerignore");
            self.change(workspace, &ignore, |old| {
                let lines = ignore_lines(old, env).1;
                (!leaves_out(old, ".env")).then(|| format!("{old}{lines}"))
            })?;
        }
        for agent in workspace.surroundings(env).agents.iter().filter(|agent| !agent.is_denied()) {
            let Some(fix) = fixes::deny(agent) else { continue };
            for (path, edits) in &fix.change.files {
                self.change(workspace, path, |old| Some(apply(old, edits)))?;
            }
        }
        Ok(())
    }

    /// The names of the variables, without a value.
    fn example(&mut self, workspace: &Workspace) -> Result<(), FileError> {
        let names = names(workspace);
        let known = [".env.example", ".env.sample", ".env.template", ".env.dist"];
        let path = known.iter().find(|name| workspace.root().join(name).exists()).unwrap_or(&known[0]);
        self.change(workspace, Path::new(path), |old| {
            let lines = env_lines(old);
            let is_there = |name: &str| lines.iter().any(|line| &old[line.name.range()] == name);
            // A name in a comment is there as well: `# OPENAI_API_KEY=`.
            let is_named = |name: &str| {
                old.lines().any(|line| line.trim_start_matches(['#', ' ']).starts_with(&format!("{name}=")))
            };
            let ending = line_ending(old);
            let new = names.iter().filter(|name| !is_there(name) && !is_named(name));
            let new: String = new.map(|name| format!("{name}={ending}")).collect();
            let start = if old.is_empty() || old.ends_with('\n') { "" } else { ending };
            (!new.is_empty()).then(|| format!("{old}{start}{new}"))
        })
    }

    fn settings(&mut self, workspace: &Workspace) -> Result<(), FileError> {
        if workspace.settings_file().is_some() {
            return Ok(());
        }
        self.change(workspace, Path::new(SETTINGS[0]), |old| old.is_empty().then(|| MINIMAL.to_owned()))
    }

    /// Recommends the extension where VS Code is in use.
    fn editor(&mut self, workspace: &Workspace) -> Result<(), FileError> {
        if !workspace.root().join(".vscode").is_dir() {
            return Ok(());
        }
        let mut unread = false;
        self.change(workspace, Path::new(".vscode/extensions.json"), |old| {
            if old.trim().is_empty() {
                return Some(format!("{{\n  \"recommendations\": [\"{EXTENSION}\"]\n}}\n"));
            }
            if old.contains(EXTENSION) {
                return None;
            }
            let after = recommended(old);
            unread = after.is_none();
            after
        })?;
        if unread {
            self.notes.push(format!(".vscode/extensions.json stays as it is: recommend `{EXTENSION}` there by hand"));
        }
        Ok(())
    }
}

impl Planned {
    /// Writes it, unless somebody else did meanwhile.
    pub fn write(&self) -> Result<(), FileError> {
        let (holder, path) = &self.place;
        if let Some(folder) = path.parent().filter(|folder| !folder.exists() && lies_below(holder, path)) {
            fs::create_dir_all(folder).map_err(FileError::io(folder))?;
        }
        write_atomic(holder, path, self.before.as_deref().map(str::as_bytes), self.after.as_bytes(), self.mode)
    }
}

/// Something checks each commit, as far as one can tell; `None` outside of a repository.
pub fn has_hook(workspace: &Workspace) -> Option<bool> {
    let git = workspace.git()?;
    let names_us = |file: &Path| {
        let text = read_small(file).ok().flatten();
        let mut lines = text.iter().flat_map(|text| text.split(|byte| *byte == b'\n'));
        lines.any(|line| !line.trim_ascii_start().starts_with(b"#") && memchr::memmem::find(line, b"aikeys").is_some())
    };
    let of_runner = RUNNERS.iter().flat_map(|it| it.1).any(|mark| {
        let file = workspace.root().join(mark);
        names_us(&if file.is_dir() { file.join("pre-commit") } else { file })
    });
    Some(
        of_runner
            || git.hooks().is_some_and(|(folder, _)| {
                let hook = folder.join("pre-commit");
                names_us(&hook) && can_run(&hook)
            }),
    )
}

/// Git passes by a hook that is no program.
#[cfg(unix)]
fn can_run(hook: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(hook).is_ok_and(|it| it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn can_run(_: &Path) -> bool {
    true
}

/// Adds the extension to the first list of recommendations; `None` where the result would not be read as before.
fn recommended(old: &str) -> Option<String> {
    let read: serde_json::Value = serde_json::from_str(old).ok()?;
    let list = read.get("recommendations")?.as_array()?.len();
    let at = old.find("\"recommendations\"")?;
    let open = at + old[at..].find('[')? + 1;
    let comma = if list == 0 { "" } else { ", " };
    let after = format!(
        "{}\"{EXTENSION}\"{comma}{}",
        &old[..open],
        old[open..].trim_start_matches(if list == 0 { "\0" } else { " " })
    );
    let now: serde_json::Value = serde_json::from_str(&after).ok()?;
    (now.get("recommendations")?.as_array()?.len() == list + 1).then_some(after)
}

/// The files that git takes, or would.
pub fn walked(workspace: &Workspace) -> Vec<PathBuf> {
    let passed = [&BUILD[..], &VERSION_CONTROL].concat();
    files(walk(workspace.root()).hidden(false), workspace.root(), passed).collect()
}

fn is_image(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    matches!(name.as_str(), "dockerfile" | "containerfile")
        || name.starts_with("dockerfile.")
        || name.ends_with(".dockerfile")
}

/// The variables that `.env` has, in its order, and then the providers' variables that code reads.
fn names(workspace: &Workspace) -> Vec<String> {
    let bytes = read_small(&workspace.root().join(".env")).ok().flatten().unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut names: Vec<String> = env_lines(&text).iter().map(|line| text[line.name.range()].to_owned()).collect();
    let mut read = BTreeSet::new();
    for path in walked(workspace).into_iter().filter(|path| crate::syntax::Language::of_path(path).is_some()) {
        let full = workspace.root().join(&path);
        if fs::metadata(&full).is_ok_and(|meta| meta.len() > LARGEST) {
            continue;
        }
        let Ok(bytes) = fs::read(&full) else { continue };
        let spans = EnvWords::of(&bytes).variables_read(workspace.catalogue());
        read.extend(spans.iter().map(|span| String::from_utf8_lossy(&bytes[span.range()]).into_owned()));
    }
    names.extend(read);
    let mut seen = BTreeSet::new();
    // What stands there by mistake can be a key.
    names.retain(|name| {
        name.contains('_') && is_variable_name(name) && discreet(name) == *name && seen.insert(name.clone())
    });
    names
}
