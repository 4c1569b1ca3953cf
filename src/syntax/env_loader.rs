//! What reads env files, and how it differs: what `grammars/readers.toml` says.

use std::path::Path;
use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

use super::language::glob;
use super::launcher::tells;
use super::reader::env_loaders;
use crate::text::whole_words;

/// A program or a library that reads env files.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct EnvLoader {
    /// What people call it.
    pub name: String,
    /// The names of the manifests that name it.
    #[serde(default)]
    manifests: Vec<String>,
    /// Its names there.
    #[serde(default)]
    packages: Vec<String>,
    /// With one of these in the manifest too little is known of it.
    #[serde(default)]
    but: Vec<String>,
    /// It is in use where a program is started so.
    #[serde(default)]
    command: String,
    /// Of two lines with one name it takes the first.
    #[serde(default)]
    pub first: bool,
    /// A comment begins at a `#` also within a word.
    #[serde(default)]
    pub cuts: bool,
    /// Quotes around a value belong to it.
    #[serde(default)]
    pub quotes: bool,
    /// Which variables it puts into a value.
    #[serde(default)]
    pub expands: Expands,
    /// Also between single quotes.
    #[serde(default)]
    pub expands_in_single: bool,
    /// What it does with blanks around `=`.
    #[serde(default)]
    pub blanks: Takes,
    /// What it does with `NAME: value`.
    #[serde(default)]
    pub colon: Takes,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
}

/// Which variables are put into a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Expands {
    /// None: `$` is a character.
    #[default]
    None,
    /// `${NAME}`.
    Braces,
    /// `${NAME}` and `$NAME`.
    All,
}

/// Whether a line gives its variable a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Takes {
    /// It does.
    #[default]
    Takes,
    /// It does not.
    Drops,
}

impl EnvLoader {
    /// A file with this name can say which loaders are in use.
    pub fn is_told_in(path: &Path) -> bool {
        tells(path) || EnvLoader::is_wanted_in(path)
    }

    /// The same of manifests.
    pub fn is_wanted_in(path: &Path) -> bool {
        env_loaders().iter().any(|it| it.is_manifest(path))
    }

    /// The loaders that a file names: a manifest, or one in which people write how programs are started.
    pub fn named_in<'t>(path: &'t Path, text: &'t str) -> impl Iterator<Item = &'static EnvLoader> + 't {
        let tells = tells(path);
        let names = move |it: &&EnvLoader| it.is_manifest(path) && it.is_wanted(text) || tells && it.is_started(text);
        env_loaders().iter().filter(names)
    }

    /// The loaders that a manifest names.
    pub fn wanted_in<'t>(path: &'t Path, text: &'t str) -> impl Iterator<Item = &'static EnvLoader> + 't {
        env_loaders().iter().filter(move |it| it.is_manifest(path) && it.is_wanted(text))
    }

    fn is_manifest(&self, path: &Path) -> bool {
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or("");
        self.manifests.iter().any(|it| glob(it, name))
    }

    fn is_wanted(&self, text: &str) -> bool {
        let part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '/' | '.');
        let names = |package: &String| {
            let is_comment = |at: u32| {
                let line = text[..at as usize].rsplit('\n').next().unwrap_or("");
                line.trim_start().starts_with('#')
            };
            whole_words(text, package, part).any(|it| !is_comment(it.start))
        };
        self.packages.iter().any(names) && !self.but.iter().any(names)
    }

    fn is_started(&self, text: &str) -> bool {
        let compile = || (!self.command.is_empty()).then(|| Regex::new(&self.command).ok()).flatten();
        self.compiled.get_or_init(compile).as_ref().is_some_and(|it| it.is_match(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str, text: &str) -> Vec<&'static str> {
        EnvLoader::named_in(Path::new(path), text).map(|it| it.name.as_str()).collect()
    }

    #[test]
    fn manifests_and_commands_name_loaders() {
        for loader in env_loaders() {
            assert!(loader.command.is_empty() || Regex::new(&loader.command).is_ok(), "{}", loader.name);
        }
        assert_eq!(named("requirements.txt", "python-dotenv==1.0\n"), ["python-dotenv"]);
        assert_eq!(named("requirements.txt", "# python-dotenv\nmy-python-dotenv\n"), [""; 0]);
        assert_eq!(named("package.json", "{\"dependencies\": {\"dotenv\": \"^16\"}}"), ["dotenv"]);
        assert_eq!(named("package.json", "{\"dependencies\": {\"dotenv\": \"^16\", \"next\": \"15\"}}"), [""; 0]);
        assert_eq!(
            named("package.json", "{\"scripts\": {\"a\": \"node --env-file=.env a.js\"}}"),
            ["`node --env-file`"]
        );
        assert_eq!(named("Cargo.toml", "dotenvy = \"0.15\""), ["dotenvy"]);
        assert_eq!(named("Makefile", "run:\n\tset -a; . ./.env; python a.py\n"), ["the shell"]);
        assert_eq!(named("a.sh", "source \"$DIR/.env\"\n"), ["the shell"]);
        assert_eq!(named("a.sh", "cp .env x\n. venv/bin/activate\n"), [""; 0]);
        assert_eq!(named("README.md", "docker run \\\n  --env-file .env x\n"), ["`docker run --env-file`"]);
        assert_eq!(named("Cargo.lock", "dotenvy"), [""; 0]);
    }
}
