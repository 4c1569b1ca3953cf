//! The programs that read files of settings: what `grammars/readers.toml` says.

use std::path::Path;
use std::sync::LazyLock;

use serde::Deserialize;

use super::agent_settings::AgentSettings;
use super::document::Document;
use super::env_loader::EnvLoader;
use super::facts::Facts;
use super::language::glob;
use super::launcher::Launcher;
use super::packager::Packager;
use super::pipeline::{Commands, Pipeline};
use super::starter::Starter;
use crate::text::Span;

/// A program that reads a file of settings, and how a key is taken out of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reader {
    /// Its name.
    pub name: String,
    /// The rule that a key in its files is found by.
    pub rule: String,
    /// What a message says of a key there, where "in a file that … reads" is not it.
    #[serde(default)]
    pub place: String,
    /// The ends of the paths of its files, `*` allowed in a part, and `**` for any number of parts.
    pub files: Vec<String>,
    /// What such a file holds, all of it, where its name alone does not tell.
    #[serde(default)]
    pub holds: Vec<String>,
    /// The entries that a key stands in, outer ones first: `permissions.allow`. Without any it is every place.
    #[serde(default)]
    pub under: Vec<String>,
    /// What stands for the variable `{name}`.
    #[serde(default)]
    pub insert: String,
    /// It stands for whole values only.
    #[serde(default)]
    pub whole: bool,
    /// How the entry is taken out; where there is `insert` as well, that is offered beside it.
    pub remove: Option<Removal>,
    /// The file beside this one that names what is not copied, where a step copies all: these entries hold `.`.
    pub copies: Option<Copies>,
    /// What is said of a provider's variable that is taken in here without a value.
    #[serde(default)]
    pub taken: String,
    /// Goes before the value of the outermost entry, unless it stands there.
    #[serde(default)]
    pub lead: String,
    /// A shell puts the variable in, so that single quotes would keep it out.
    #[serde(default)]
    pub shell: bool,
    /// What is to be told to the reader before it can be named so.
    pub declare: Option<Declare>,
    /// What stays of a file whose last entry is taken out.
    #[serde(default)]
    pub empty: String,
    /// What the whole entry becomes: another entry.
    #[serde(default)]
    pub entry: String,
    /// The only variable that the program reads in the place of the entry; `{path}` is the names of the entries around
    /// the key, with `__` between them.
    #[serde(default)]
    pub variable: String,
    /// What a person is told that the fix does beside the move.
    #[serde(default)]
    pub does: String,
    /// A person decides: the program does not run by itself as before.
    #[serde(default)]
    pub offered: bool,
    /// How the program is started, `{file}` standing for the file; without it nothing has to be.
    #[serde(default)]
    pub start: String,
    /// It reads the `.env` beside the file by itself.
    #[serde(default)]
    pub loads: bool,
    /// It would take the reference to a store for the key.
    #[serde(default)]
    pub plain: bool,
    /// What is written over a key that is only read back.
    #[serde(default)]
    pub redact: String,
    /// What keeps a key out of the next such file.
    #[serde(default)]
    pub filter: String,
    /// Why there is no edit here.
    #[serde(default)]
    pub refuse: String,
}

/// How an entry is taken out.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Removal {
    /// A value in a list, with its comma.
    Listed,
    /// An entry of an object, with its comma.
    Entry,
    /// An entry, with its line.
    Line,
    /// An entry of an instruction, with the instruction where it has no other.
    Word,
}

/// Steps that copy all that lies beside the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Copies {
    /// The steps.
    pub steps: Vec<String>,
    /// What stands in a step that copies from another place.
    pub unless: String,
    /// The file that names what is left out.
    pub ignore: String,
}

/// An entry of a list at the top of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Declare {
    /// The list's name.
    pub list: String,
    /// What holds the id in its entries.
    pub id: String,
    /// The name and the value that tell that an entry with the id is one of this kind.
    pub kind: [String; 2],
    /// A new entry.
    pub entry: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Readers {
    resolvers: Vec<String>,
    told: Vec<String>,
    reader: Vec<Reader>,
    starter: Vec<Starter>,
    launcher: Vec<Launcher>,
    env_loader: Vec<EnvLoader>,
    handed_on: Vec<String>,
    pipeline: Vec<Pipeline>,
    commands: Commands,
    packager: Vec<Packager>,
    agent_settings: Vec<AgentSettings>,
}

static READERS: LazyLock<Readers> = LazyLock::new(|| {
    // `src/build.rs` makes it of the table.
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/readers.json")))
        .unwrap_or_else(|error| panic!("grammars/readers.toml: {error}"))
});

/// Every kind of file that starts programs, in the order of their rows.
pub(super) fn starters() -> &'static [Starter] {
    &READERS.starter
}

/// Every kind of file in which people write how they start programs.
pub(super) fn launchers() -> &'static [Launcher] {
    &READERS.launcher
}

/// Everything that reads env files.
pub(super) fn env_loaders() -> &'static [EnvLoader] {
    &READERS.env_loader
}

/// What hands all variables of an env file on, or makes the names of variables: what such files read is not told by names.
pub fn handed_on() -> &'static [String] {
    &READERS.handed_on
}

/// Every kind of file whose steps are scripts.
pub(super) fn pipelines() -> &'static [Pipeline] {
    &READERS.pipeline
}

/// Every kind of file that tells agents where to send keys.
pub(super) fn agent_settings() -> &'static [AgentSettings] {
    &READERS.agent_settings
}

/// Everything that packs a folder.
pub(super) fn packagers() -> &'static [Packager] {
    &READERS.packager
}

/// What commands of a shell do.
pub(super) fn commands() -> &'static Commands {
    &READERS.commands
}

/// What resolves references, and the files in which people write that down.
pub(super) fn resolvers() -> (&'static [String], &'static [String]) {
    (&READERS.resolvers, &READERS.told)
}

/// The path ends like one of the patterns.
pub(super) fn ends_like(patterns: &[String], path: &Path) -> bool {
    let parts: Vec<&str> = path.iter().filter_map(|part| part.to_str()).collect();
    let is_end = |pattern: &String| {
        let wanted: Vec<&str> = pattern.split('/').collect();
        (0..parts.len()).any(|from| fits(&wanted, &parts[from..]))
    };
    patterns.iter().any(is_end)
}

impl Reader {
    /// Every reader, in the order of their rows.
    pub fn all() -> &'static [Reader] {
        &READERS.reader
    }

    /// What is known of files with this path that copy all that lies beside them. Any walk asks this of any file.
    pub fn copying(path: &Path) -> Option<&'static Copies> {
        static COPYING: LazyLock<Vec<&Reader>> =
            LazyLock::new(|| Reader::all().iter().filter(|it| it.copies.is_some()).collect());
        let name = path.file_name()?.to_str()?;
        let reader = COPYING.iter().find(|it| it.files.iter().any(|file| glob(file, name)))?;
        reader.copies.as_ref()
    }

    /// Its files are such ones as this.
    pub(super) fn reads(&self, path: &Path, text: &str) -> bool {
        ends_like(&self.files, path) && self.holds.iter().all(|it| text.contains(it))
    }
}

/// The parts of a path are those of the pattern.
fn fits(pattern: &[&str], parts: &[&str]) -> bool {
    match (pattern.split_first(), parts.split_first()) {
        (None, rest) => rest.is_none(),
        (Some((&"**", rest)), _) => (0..=parts.len()).any(|skip| fits(rest, &parts[skip..])),
        (Some((first, rest)), Some((part, parts))) => glob(first, part) && fits(rest, parts),
        (Some(_), None) => false,
    }
}

impl Document {
    /// Who reads what stands at `span`. `facts` hold what stands around it.
    pub fn reader_at(&self, facts: &Facts, span: Span) -> Option<&'static Reader> {
        let mut entries: Option<Vec<&str>> = None;
        self.readers().iter().copied().find(|reader| {
            let is_under = |path: &String| {
                let mut names = entries.get_or_insert_with(|| self.entries_around(facts, span)).iter();
                path.split('.').all(|part| names.any(|name| name.eq_ignore_ascii_case(part)))
            };
            reader.under.is_empty() || reader.under.iter().any(is_under)
        })
    }

    /// The names of the entries around `span`, outer ones first.
    pub fn entries_around(&self, facts: &Facts, span: Span) -> Vec<&str> {
        let bindings = facts.bindings_around(span).into_iter().rev();
        bindings.map(|(name, _)| self.slice(name).trim_matches(['"', '\''])).collect()
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn patterns_are_the_ends_of_paths() {
        let fits = |pattern: &str, path: &str| {
            let split = |text: &'static str| text.split('/').collect::<Vec<_>>();
            let (pattern, path) = (split(pattern.to_owned().leak()), split(path.to_owned().leak()));
            (0..path.len()).any(|from| super::fits(&pattern, &path[from..]))
        };
        assert!(fits(".mcp.json", "a/.mcp.json"));
        assert!(!fits(".mcp.json", "a/b.mcp.json"));
        assert!(fits(".claude/**/*.jsonl", "x/.claude/a.jsonl"));
        assert!(fits(".claude/**/*.jsonl", ".claude/projects/b/a.jsonl"));
        assert!(!fits(".claude/**/*.jsonl", ".claude.jsonl"));
    }
}
