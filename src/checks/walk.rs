//! Walking: which files of a folder a check looks at, and what it passes by.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};

use ignore::{DirEntry, WalkBuilder, WalkState};

use super::look::Looker;
use super::{Build, Event, Met, Options, Run, Target, What, shown, threads};
use crate::project::{BUILD, SETTINGS, VERSION_CONTROL, odd_ignore_file};
use crate::rules::is_env_file;

/// What is passed by in a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Filters {
    /// What git ignores, and build output.
    Git,
    /// Nothing: this is build output that was asked for.
    None,
}

/// Looks at every file below a folder. Returns the folders of build output that are to be walked as well.
pub(super) fn walk(folder: &Target, filters: Filters, run: &Run<'_>, events: &Sender<Event>) -> Vec<Target> {
    // The walker takes neither an empty path nor a link.
    let from = if folder.path.as_os_str().is_empty() { PathBuf::from(".") } else { folder.path.join(".") };
    let mut builder = WalkBuilder::new(&from);
    builder.hidden(false).threads(threads());
    if filters == Filters::None {
        builder.standard_filters(false);
    }
    let say = {
        let events = events.clone();
        move |odd: &Path| {
            let why = "this is no file that can be read: what lies beside it was not checked";
            // Nobody reads on when the check has ended.
            let _ = events.send(Event::Problem(format!("{}: {why}", shown(odd).display())));
        }
    };
    if let Some(odd) = folder.real.ancestors().find_map(odd_ignore_file) {
        say(&odd);
        return Vec::new();
    }
    builder.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|it| it.is_dir());
        let odd = if is_folder { odd_ignore_file(entry.path()) } else { None };
        odd.iter().for_each(|odd| say(odd));
        odd.is_none()
    });
    let build: Mutex<Vec<Target>> = Mutex::default();
    let tracked = match filters {
        Filters::Git => folder.workspace.tracked_below(&inside(folder)),
        Filters::None => Vec::new(),
    };
    let met: Mutex<HashSet<PathBuf>> = Mutex::default();
    builder.build_parallel().run(|| {
        let mut walker = Walker {
            folder,
            from: from.clone(),
            filters,
            run,
            events: events.clone(),
            looker: Looker::new(run, events),
            build: &build,
            met: (!tracked.is_empty()).then_some(&met),
        };
        Box::new(move |entry| walker.meet(entry))
    });
    // What is in git is public, whatever an ignore rule says of it.
    let met = met.into_inner().unwrap_or_default();
    let missed = tracked.into_iter().map(|path| folder.workspace.root().join(path)).filter(|path| !met.contains(path));
    let mut looker = Looker::new(run, events);
    for target in missed.filter_map(|real| at(folder, real)) {
        let named = run.named.contains(&target.real);
        if !named
            && target.real.is_file()
            && !target.real.is_symlink()
            && !is_excluded(&target, Entry::File, run.options)
        {
            looker.look_at(&target);
        }
    }
    build.into_inner().unwrap_or_default()
}

/// A place below a folder, as it is shown.
fn at(folder: &Target, real: PathBuf) -> Option<Target> {
    let path = folder.path.join(real.strip_prefix(&folder.real).ok()?);
    Some(Target { path, real, workspace: Arc::clone(&folder.workspace), met: Met::Walked })
}

/// A named path is not to be checked.
pub(super) fn is_excluded(target: &Target, entry: Entry, options: &Options) -> bool {
    is_build(&inside(target), options) || is_passed_by(target, entry)
}

/// A path leads into build output or vendored code, which nobody asked for.
pub(super) fn is_build(path: &Path, options: &Options) -> bool {
    options.build == Build::Skipped && path.iter().any(|part| BUILD.iter().any(|name| part == *name))
}

/// A setting excludes a path, and nobody else wants it to be looked at.
pub(super) fn is_passed_by(target: &Target, entry: Entry) -> bool {
    target.workspace.passes_by(&inside(target), entry == Entry::Folder).unwrap_or(false)
}

/// A setting excludes a path.
pub(super) fn is_excluded_by_settings(target: &Target) -> bool {
    target.workspace.is_excluded(&inside(target), false).unwrap_or(false)
}

/// The path from the workspace's root.
fn inside(target: &Target) -> PathBuf {
    target.real.strip_prefix(target.workspace.root()).unwrap_or(&target.real).to_owned()
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    File,
    Folder,
}

struct Walker<'w> {
    folder: &'w Target,
    from: PathBuf,
    filters: Filters,
    run: &'w Run<'w>,
    events: Sender<Event>,
    looker: Looker<'w>,
    build: &'w Mutex<Vec<Target>>,
    /// Which files were met, where git may track more.
    met: Option<&'w Mutex<HashSet<PathBuf>>>,
}

impl Walker<'_> {
    fn meet(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        let entry = match entry {
            Ok(entry) => entry,
            // What goes away during the walk is no risk.
            Err(error) if error.io_error().is_some_and(|it| it.kind() == ErrorKind::NotFound) => {
                return WalkState::Continue;
            }
            Err(error) => {
                self.send(Event::Problem(error.to_string()));
                return WalkState::Continue;
            }
        };
        let Some(kind) = entry.file_type() else { return WalkState::Continue };
        if kind.is_dir() {
            return self.meet_folder(&entry);
        }
        // Env files are looked at by their folder, because git may ignore them.
        if !is_env_file(Path::new(entry.file_name())) {
            self.meet_file(entry.path(), kind);
        }
        WalkState::Continue
    }

    fn meet_folder(&mut self, entry: &DirEntry) -> WalkState {
        let target = self.target(entry.path());
        if entry.depth() > 0 && self.run.named.contains(&target.real) {
            return WalkState::Skip;
        }
        let name = entry.file_name().to_str().unwrap_or("");
        let is_build = BUILD.contains(&name) && self.filters == Filters::Git;
        if entry.depth() > 0 && (is_build || VERSION_CONTROL.contains(&name)) {
            if is_build && self.run.options.build == Build::Skipped {
                self.send(Event::Skipped(target.path, "build output or vendored code: see --include-build"));
            }
            return WalkState::Skip;
        }
        if entry.depth() > 0 && is_passed_by(&target, Entry::Folder) {
            self.send(Event::Skipped(target.path, "excluded"));
            return WalkState::Skip;
        }
        // What is in a repository inside this one did not change in this one.
        if entry.depth() > 0 && matches!(self.run.options.what, What::Since(_)) && entry.path().join(".git").exists() {
            self.send(Event::Skipped(target.path, "a repository of its own"));
            return WalkState::Skip;
        }
        let hidden = self.hidden(&target, entry.path());
        if let Err(error) = target.workspace.config(&inside(&target).join("*")) {
            self.send(Event::Problem(error.to_string()));
        }
        for (path, kind) in hidden {
            self.meet_file(&path, kind);
        }
        WalkState::Continue
    }

    /// What git may ignore and is looked at all the same: env files, and build output that was asked for.
    fn hidden(&self, target: &Target, folder: &Path) -> Vec<(PathBuf, fs::FileType)> {
        let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
        let (mut hidden, mut settings) = (Vec::new(), false);
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name();
            settings |= SETTINGS.iter().any(|it| name == *it);
            let wanted = self.run.options.build == Build::Included && self.filters == Filters::Git;
            if wanted && BUILD.iter().any(|it| name == *it) {
                let target = self.target(&entry.path());
                let is_folder = entry.file_type().is_ok_and(|it| it.is_dir());
                if let (false, true, Ok(mut build)) =
                    (self.run.named.contains(&target.real), is_folder, self.build.lock())
                {
                    build.push(target);
                }
            } else if is_env_file(Path::new(&name)) {
                hidden.extend(entry.file_type().ok().filter(|it| !it.is_dir()).map(|kind| (entry.path(), kind)));
            }
        }
        if !settings {
            target.workspace.has_no_settings(&target.real);
        }
        hidden
    }

    fn meet_file(&mut self, path: &Path, kind: fs::FileType) {
        let target = self.target(path);
        if let Some(Ok(mut met)) = self.met.map(Mutex::lock) {
            met.insert(target.real.clone());
        }
        if !kind.is_file() {
            self.send(Event::Skipped(target.path, if kind.is_symlink() { "a link" } else { "no regular file" }));
        } else if !self.run.named.contains(&target.real) {
            self.looker.look_at(&target);
        }
    }

    /// A path of the walk, as it is shown and where it is.
    fn target(&self, path: &Path) -> Target {
        let rest = path.strip_prefix(&self.from).unwrap_or(path);
        Target {
            path: self.folder.path.join(rest),
            real: self.folder.real.join(rest),
            workspace: Arc::clone(&self.folder.workspace),
            met: Met::Walked,
        }
    }

    fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }
}
