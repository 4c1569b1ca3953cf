//! Whether an env file goes into a package of the folder that it lies in.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::Match;
use ignore::gitignore::GitignoreBuilder;

use super::surroundings::{GitState, Surroundings};
use super::{Repairs, Safety, ignore_env_file, ignore_lines};
use crate::syntax::{Document, Packager, Patterns};
use crate::text::{Edit, line_ending};

/// An env file in a package.
pub struct Shipped<'a> {
    /// What packs it.
    pub packager: &'static Packager,
    /// The manifest of the package.
    pub manifest: &'a Document,
    /// What takes the file in.
    by: By<'a>,
}

/// What takes a file into a package.
enum By<'a> {
    /// Patterns of the manifest reach it.
    Named,
    /// This file leaves out others.
    Ignore(&'a Document),
    /// An order of the manifest.
    Order,
    /// Nothing leaves it out.
    Default,
}

/// What would take the env file at `env` into a package.
pub fn shipped<'a>(env: &Path, around: &'a Surroundings) -> Vec<Shipped<'a>> {
    if env.is_absolute() {
        return Vec::new();
    }
    Packager::all().iter().filter_map(|it| taken(it, env, around)).collect()
}

fn taken<'a>(packager: &'static Packager, env: &Path, around: &'a Surroundings) -> Option<Shipped<'a>> {
    let file = |folder: &Path, name: &str| -> Option<&'a Document> {
        let path = folder.join(name);
        around.beside.packing.iter().map(Arc::as_ref).find(|it| !name.is_empty() && it.path() == path)
    };
    let folder = env.ancestors().skip(1).find(|it| file(it, &packager.manifest).is_some())?;
    let manifest = file(folder, &packager.manifest)?;
    let ignore = file(folder, &packager.ignore);
    let read = packager.read(manifest.text(), ignore.is_some())?;
    let inside = env.strip_prefix(folder).ok()?;
    let name = Path::new(env.file_name()?);
    if verdict(&packager.never, name) == Some(true) {
        return None;
    }
    let found = |by| Some(Shipped { packager, manifest, by });
    if packager.orders {
        return (verdict(&orders(manifest.text()), inside) == Some(true)).then_some(By::Order).and_then(found);
    }
    // What the folders around and in the package leave out, the innermost first.
    let left_out = |from: &dyn Fn(&Path) -> bool| {
        let folders = env.ancestors().skip(1).filter(|it| from(it));
        let says = folders.filter_map(|it| {
            let own = file(it, &packager.ignore).filter(|_| it.starts_with(folder));
            let text = own.or_else(|| file(it, ".gitignore").filter(|_| packager.git != Patterns::Nothing))?.text();
            verdict(&lines(text), env.strip_prefix(it).ok()?)
        });
        says.into_iter().next() == Some(true)
    };
    let (only, without) = packager.patterns(&read);
    if verdict(&without, inside) == Some(true) {
        return None;
    }
    if let Some(only) = only {
        let at_folder = |it: &String| match it.strip_prefix('!') {
            Some(rest) => format!("!/{}", rest.trim_start_matches("./").trim_start_matches('/')),
            None => format!("/{}", it.trim_start_matches("./").trim_start_matches('/')),
        };
        let only = only.into_iter().filter(|it| ![".", "./", "/"].contains(&it.as_str()));
        let only: Vec<String> = only.map(|it| if packager.anchored { at_folder(&it) } else { it }).collect();
        let in_package = |it: &Path| it != folder && it.starts_with(folder);
        let is_taken = verdict(&only, inside) == Some(true) && !left_out(&in_package);
        return is_taken.then_some(By::Named).and_then(found);
    }
    let is_ignored = around.git == GitState::Ignored;
    let goes = match packager.git {
        Patterns::Files => matches!(around.git, GitState::Tracked | GitState::Untracked),
        // Its own patterns take the place of those of git.
        Patterns::Patterns => !left_out(&|_| true) && (!is_ignored || ignore.is_some()),
        Patterns::Nothing => {
            let text = ignore.map_or("", Document::text);
            let by_git = !packager.includes.is_empty() && text.lines().any(|it| it.trim() == packager.includes);
            verdict(&lines(text), inside) != Some(true) && !(by_git && is_ignored)
        }
    };
    goes.then_some(ignore.map_or(By::Default, By::Ignore)).and_then(found)
}

/// The last of the patterns that reaches a path says whether it fits; none may.
fn verdict(patterns: &[String], path: &Path) -> Option<bool> {
    let mut builder = GitignoreBuilder::new("");
    for pattern in patterns {
        // A pattern that nobody can read reaches nothing.
        let _ = builder.add_line(None, pattern);
    }
    match builder.build().ok()?.matched_path_or_any_parents(path, false) {
        Match::Ignore(_) => Some(true),
        Match::Whitelist(_) => Some(false),
        Match::None => None,
    }
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The orders of a manifest as patterns of what is taken.
fn orders(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let Some((order, words)) = words.split_first() else { continue };
        let (sign, order) = match *order {
            "exclude" => ("!", "include"),
            "recursive-exclude" => ("!", "recursive-include"),
            "global-exclude" => ("!", "global-include"),
            "prune" => ("!", "graft"),
            other => ("", other),
        };
        let folder = words.first().map_or("", |it| it.trim_matches(['.', '/']));
        match order {
            "include" => all.extend(words.iter().map(|it| format!("{sign}/{it}"))),
            "global-include" => all.extend(words.iter().map(|it| format!("{sign}**/{it}"))),
            "recursive-include" => {
                let folder = if folder.is_empty() { String::new() } else { format!("/{folder}") };
                all.extend(words.iter().skip(1).map(|it| format!("{sign}{folder}/**/{it}")));
            }
            "graft" if folder.is_empty() => all.push(format!("{sign}/**")),
            "graft" => all.push(format!("{sign}/{folder}/**")),
            _ => {}
        }
    }
    all
}

impl Shipped<'_> {
    /// What to do where there is no edit.
    pub fn how(&self) -> Option<String> {
        let manifest = self.manifest.path().display().to_string();
        match self.by {
            By::Named => Some(format!("take the pattern that reaches it out of {manifest}")),
            By::Default if !self.packager.how.is_empty() => Some(self.packager.how.replace("{manifest}", &manifest)),
            _ => None,
        }
    }

    /// Leaves the env file out of the package.
    pub fn leave_out(&self, env: &Path, around: &Surroundings) -> Repairs {
        let name = env.file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let (doc, line) = match self.by {
            By::Named => return Repairs::default(),
            By::Default if around.git == GitState::Tracked && self.packager.git == Patterns::Files => {
                return Repairs::default();
            }
            By::Default if self.packager.git != Patterns::Nothing => return ignore_env_file(env, around),
            By::Default => return Repairs::default(),
            By::Ignore(doc) => (doc, None),
            By::Order => (self.manifest, Some(format!("global-exclude {name}"))),
        };
        let (text, ending) = (doc.text(), line_ending(doc.text()));
        let (at, lines) = match line {
            None => ignore_lines(text, Path::new(&name)),
            Some(line) => {
                let gap = if text.is_empty() || text.ends_with('\n') { "" } else { ending };
                (text.len(), format!("{gap}{line}{ending}"))
            }
        };
        let title = format!("Leave {name} out in {}", doc.path().display());
        Repairs::of_edits(doc.path(), [Edit::insert(at, lines)], title, Safety::Offered)
    }
}

/// The files that tell, in the folders from the root to that of an env file.
pub fn packing_files(env: &Path) -> Vec<PathBuf> {
    let folders = env.ancestors().skip(1).filter(|_| !env.is_absolute());
    folders.flat_map(|folder| Packager::files().into_iter().map(|name| folder.join(name))).collect()
}
