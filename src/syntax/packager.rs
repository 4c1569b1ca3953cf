//! What packs a folder, and how it chooses files: what `grammars/readers.toml` says.

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::reader::packagers;

/// A program that makes a package of a folder, or sends it away.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Packager {
    /// What people call it.
    pub name: String,
    /// The file that makes a folder a package.
    pub manifest: String,
    /// The entries that a package has: a path, or a path and its value.
    #[serde(default)]
    needs: Vec<String>,
    /// The entries, and the file of patterns, of which one shows that somebody means to publish it.
    #[serde(default)]
    shows: Vec<String>,
    /// The entries, with their values, that keep it from being published.
    #[serde(default)]
    private: Vec<String>,
    /// What the manifest holds where it is not published.
    #[serde(default)]
    but: Vec<String>,
    /// The entries with patterns of all that is taken; they decide alone.
    #[serde(default)]
    only: Vec<String>,
    /// Those patterns begin at the folder.
    #[serde(default)]
    pub anchored: bool,
    /// The entries with patterns of what is left out.
    #[serde(default)]
    without: Vec<String>,
    /// The file with patterns of what is left out.
    #[serde(default)]
    pub ignore: String,
    /// With this line in it, what git ignores is left out as well.
    #[serde(default)]
    pub includes: String,
    /// The names that it never takes.
    #[serde(default)]
    pub never: Vec<String>,
    /// The lines of the manifest are orders.
    #[serde(default)]
    pub orders: bool,
    /// What it asks of git.
    #[serde(default)]
    pub git: Patterns,
    /// It sends the folder to where it runs, and publishes nothing.
    #[serde(default)]
    pub uploads: bool,
    /// What is said of it where it may see the file.
    #[serde(default)]
    pub stops: String,
    /// How a file is left out, where no other file says so, `{manifest}` standing for the manifest.
    #[serde(default)]
    pub how: String,
}

/// What a packager asks of git.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Patterns {
    /// Nothing.
    #[default]
    Nothing,
    /// What `.gitignore` says, where it has no patterns of its own.
    Patterns,
    /// Which files git has or would take.
    Files,
}

/// What a manifest says of a package.
pub struct Manifest {
    value: Value,
}

impl Packager {
    /// Every one of them, in the order of their rows.
    pub fn all() -> &'static [Packager] {
        packagers()
    }

    /// A manifest or a file of patterns.
    pub fn is_told_in(path: &Path) -> bool {
        let is = |name: &str| path.file_name().is_some_and(|it| it == name);
        is(IGNORE) || Packager::all().iter().any(|it| is(&it.manifest) || is(&it.ignore))
    }

    /// The names of those files, each once.
    pub fn files() -> Vec<&'static str> {
        let own = Packager::all().iter().flat_map(|it| [it.manifest.as_str(), it.ignore.as_str()]);
        let mut names: Vec<&str> = own.chain([IGNORE]).filter(|it| !it.is_empty()).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The manifest of a package that somebody means to publish. `has_ignore`: its file of patterns is there.
    pub fn read(&self, text: &str, has_ignore: bool) -> Option<Manifest> {
        let is_plain = self.needs.is_empty();
        let value = match serde_json::from_str(text) {
            _ if is_plain => Value::Null,
            Ok(value) => value,
            Err(_) => toml::from_str(text).ok()?,
        };
        let manifest = Manifest { value };
        let is_public = self.needs.iter().all(|it| manifest.says(it))
            && !self.private.iter().any(|it| manifest.says(it))
            && !self.but.iter().any(|it| text.contains(it.as_str()));
        let is_meant = self.shows.is_empty() || has_ignore || self.shows.iter().any(|it| manifest.says(it));
        (is_public && is_meant).then_some(manifest)
    }

    /// The patterns of what is taken, and of what is left out, where the manifest has some.
    pub fn patterns(&self, manifest: &Manifest) -> (Option<Vec<String>>, Vec<String>) {
        let only: Vec<Vec<String>> = self.only.iter().filter_map(|it| manifest.list(it)).collect();
        let without = self.without.iter().filter_map(|it| manifest.list(it)).flatten().collect();
        ((!only.is_empty()).then(|| only.concat()), without)
    }
}

/// What git ignores.
const IGNORE: &str = ".gitignore";

impl Manifest {
    fn at(&self, path: &str) -> Option<&Value> {
        path.split('.').try_fold(&self.value, |value, part| value.get(part))
    }

    /// It has the entry, with the value behind `=` where there is one.
    fn says(&self, entry: &str) -> bool {
        match entry.split_once('=') {
            None => self.at(entry).is_some(),
            Some((path, wanted)) => self.at(path).is_some_and(|it| match it {
                Value::String(text) => text == wanted,
                other => {
                    let written = other.to_string();
                    written == wanted
                }
            }),
        }
    }

    fn list(&self, path: &str) -> Option<Vec<String>> {
        let all = self.at(path)?.as_array()?;
        Some(all.iter().filter_map(|it| it.as_str().map(str::to_owned)).collect())
    }
}
