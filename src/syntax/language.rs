//! A language: its grammar, its query, and how it reads a variable.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{LazyLock, OnceLock};

use serde::Deserialize;
use serde_json::value::RawValue;

use super::query::Query;
use super::tables::{Help, Hot, Objects, Sinks, Unchecked};
use super::types::Types;

/// What `grammars/<name>/` says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Language {
    /// The folder's name.
    #[serde(skip)]
    pub name: String,
    /// `lang` in the catalogue's clients.
    pub clients: String,
    /// File name endings, without the dot.
    pub extensions: Vec<String>,
    /// Whole file names, `*` allowed.
    #[serde(default)]
    pub file_names: Vec<String>,
    /// The ids that editors use.
    pub lsp_ids: Vec<String>,
    /// What begins a comment up to the end of the line.
    pub comment: String,
    /// Texts need no quotes, and its variables are those of the environment.
    #[serde(default)]
    pub shell: bool,
    /// Node kinds that name a thing.
    pub identifiers: Vec<String>,
    /// Words of which each import has one.
    #[serde(default)]
    pub import_words: Vec<String>,
    /// Path parts that mark tests and fixtures.
    #[serde(default)]
    pub test_paths: Vec<String>,
    /// Files that list the packages a program may use: names, `*` allowed.
    #[serde(default)]
    pub manifests: Vec<String>,
    /// Where programs start, relative to the folder of the manifest.
    #[serde(default)]
    pub entries: Vec<String>,
    /// How a program of this language is started, `{file}` standing for the file.
    pub start: String,
    /// How a variable is read.
    pub read: Reading,
    /// Packages that load `.env`.
    #[serde(default, rename = "loader")]
    pub loaders: Vec<Loader>,
    /// Where code of this language may run in a browser.
    pub browser: Option<Browser>,
    /// The classes that fill their fields from variables.
    pub settings: Option<Settings>,
    /// What carries a value out of the program.
    #[serde(default)]
    pub sinks: Sinks,
    /// What shows an object with all that is in it.
    #[serde(default)]
    pub objects: Objects,
    /// How types are declared.
    #[serde(default)]
    pub types: Types,
    /// Words of a file that is parsed where it speaks of a provider, even if it reads no variable.
    #[serde(default)]
    pub looks: Vec<String>,
    /// Where a program says what it can be started with.
    #[serde(default)]
    pub help: Help,
    /// What switches the check of certificates off.
    #[serde(default)]
    pub unchecked: Unchecked,
    /// Where code runs again and again.
    #[serde(default)]
    pub hot: Hot,
    /// How a literal is replaced in each kind of place; `value` is the default.
    #[serde(rename = "idiom")]
    pub idioms: Vec<Idiom>,
    #[serde(skip)]
    grammar: Option<tree_sitter::Language>,
    /// The text of `facts.scm`, behind what it inherits.
    pub facts: String,
    #[serde(skip)]
    query: OnceLock<Query>,
}

/// How a variable is read. In all texts `{name}` is the variable, `{q}` the quote to use.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reading {
    /// An expression that fails loudly: `{module}.environ[…]`.
    pub expression: String,
    /// What stands in an example for people in its stead; empty where only the variable's name is of use.
    pub example: Option<String>,
    /// The module the expression needs, if it needs one.
    pub module: Option<String>,
    /// How that module is imported.
    #[serde(default)]
    pub import: String,
    /// How it is imported when its name is taken, and the name it then has.
    #[serde(default)]
    pub import_as: String,
    /// The name of `import-as`.
    #[serde(default)]
    pub alias: String,
    /// The item of the module that the expression uses: imported alone, it stands for `module.item`.
    #[serde(default)]
    pub item: String,
    /// A function that the expression calls: its name, and the lines that define it.
    #[serde(default)]
    pub helper: String,
    /// See `helper`.
    #[serde(default)]
    pub helper_lines: Vec<String>,
    /// A read that holds one of these goes on with nothing where the variable is missing.
    #[serde(default)]
    pub quiet: Vec<String>,
    /// What stands behind a read that goes on with an empty text.
    #[serde(default)]
    pub empty: Vec<String>,
    /// What stands behind a read that stops without saying which variable is missing.
    #[serde(default)]
    pub unnamed: Vec<String>,
    /// What else stands behind a read without which the program does not go on.
    #[serde(default)]
    pub stops: Vec<String>,
}

/// A package that puts `.env` into the environment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Loader {
    /// The name in manifests.
    pub package: String,
    /// The module that code imports.
    pub module: String,
    /// The import that the call needs.
    #[serde(default)]
    pub import: String,
    /// The statement that loads.
    #[serde(default)]
    pub call: String,
    /// Where it goes: `first` (before the imports), `imports` (after them), `entry` (first in the entry function), or
    /// `itself`: it loads without a call.
    pub at: String,
    /// How an import in the file begins that shows that this form of the call fits.
    #[serde(default)]
    pub beside: String,
}

/// Classes that fill their fields from variables: `@setting` in `facts.scm`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// The module that they come from.
    pub module: String,
    /// The packages that bring it, as manifests name them.
    pub packages: Vec<String>,
    /// Calls that hold a default beside other things.
    pub fields: Vec<String>,
    /// The default in such a call that stands for none.
    pub required: String,
    /// Types that a default is wrapped in.
    pub wrappers: Vec<String>,
    /// Settings of a field that name its variable, the strongest first.
    pub aliases: Vec<String>,
    /// Settings of a class: what its variables begin with.
    pub prefix: Vec<String>,
    /// That it tells upper from lower case.
    pub exact: Vec<String>,
    /// The env files that it reads.
    pub files: Vec<String>,
    /// The same, given where the class is used.
    pub given_files: Vec<String>,
    /// What it does with names it has no field for, and the values that let them pass.
    pub open: Vec<String>,
    /// See `open`.
    pub open_values: Vec<String>,
    /// Words in a class that make its names or values unclear.
    pub unclear: Vec<String>,
    /// Why no other name may stand in the env file: `{place}` and `{env}` are filled in.
    pub refuse: String,
}

/// Code that everyone may read, in a place where no variables are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Browser {
    /// Packages that build for it, as manifests name them.
    pub packages: Vec<String>,
    /// Parts of paths, `*` allowed, that are for the server all the same.
    pub server: Vec<String>,
    /// Settings of clients that let them run there.
    pub flags: Vec<String>,
    /// Packages of pages: code that imports one most often runs there.
    pub shows: Vec<String>,
    /// How reads begin that a build tool puts values into.
    pub inlined: Vec<String>,
    /// Why there is no edit.
    pub refuse: String,
}

/// How a literal in one kind of place is replaced.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Idiom {
    /// The `<idiom>` of `@slot.<idiom>` and `@within.<idiom>`.
    pub id: String,
    /// Replaces the place when the key is all of the literal. `{read}` is the reading expression.
    #[serde(default)]
    pub whole: String,
    /// Replaces it when the key is a part of the literal.
    pub part: Option<Part>,
    /// A statement that goes first into the slot's body. `{param}` is the slot's name.
    #[serde(default)]
    pub body: String,
    /// What every other mention of the slot's name becomes.
    #[serde(default)]
    pub uses: String,
    /// Added to the arguments of a call whose format string mentions the slot's name.
    #[serde(default)]
    pub captured: String,
    /// The idioms that take over where what gets the value demands them: `@wants.<idiom>`.
    #[serde(default)]
    pub gives_way: Vec<String>,
    /// Why there is no edit here.
    #[serde(default)]
    pub refuse: String,
}

/// A literal that keeps its text around the key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Part {
    /// Goes before the literal.
    #[serde(default)]
    pub before: String,
    /// Stands for the key.
    pub insert: String,
    /// Goes behind the literal.
    #[serde(default)]
    pub after: String,
    /// An argument that the call around the literal gets, `{var}` being the variable in lower case.
    #[serde(default)]
    pub argument: String,
    /// What its quotes become.
    #[serde(default)]
    pub quotes: String,
    /// Characters of the literal that get a `\\` before them.
    #[serde(default)]
    pub escape: String,
    /// Characters of the literal that are doubled.
    #[serde(default)]
    pub double: String,
}

macro_rules! languages {
    ($($name:literal => $grammar:expr,)*) => {
        static LANGUAGES: LazyLock<Vec<Language>> = LazyLock::new(|| {
            // `src/build.rs` puts the folders together.
            let text = include_str!(concat!(env!("OUT_DIR"), "/languages.json"));
            let mut all: HashMap<&str, &RawValue> =
                serde_json::from_str(text).unwrap_or_else(|error| panic!("grammars: {error}"));
            let languages = vec![$(load($name, all.remove($name), tree_sitter::Language::from($grammar)),)*];
            assert!(all.is_empty(), "grammars without a row in src/syntax/language.rs: {:?}", all.keys());
            languages
        });
    };
}

// One row a language: everything else about it lies in its folder.
languages! {
    "bash" => tree_sitter_bash::LANGUAGE,
    "csharp" => tree_sitter_c_sharp::LANGUAGE,
    "dockerfile" => tree_sitter_containerfile::LANGUAGE,
    "go" => tree_sitter_go::LANGUAGE,
    "java" => tree_sitter_java::LANGUAGE,
    "javascript" => tree_sitter_javascript::LANGUAGE,
    "json" => tree_sitter_json::LANGUAGE,
    "php" => tree_sitter_php::LANGUAGE_PHP,
    "python" => tree_sitter_python::LANGUAGE,
    "ruby" => tree_sitter_ruby::LANGUAGE,
    "rust" => tree_sitter_rust::LANGUAGE,
    "toml" => tree_sitter_toml_ng::LANGUAGE,
    "tsx" => tree_sitter_typescript::LANGUAGE_TSX,
    "typescript" => tree_sitter_typescript::LANGUAGE_TYPESCRIPT,
    "yaml" => tree_sitter_yaml::LANGUAGE,
}

fn load(name: &str, folder: Option<&RawValue>, grammar: tree_sitter::Language) -> Language {
    let json = folder.map_or("", RawValue::get);
    let language = serde_json::from_str(json).unwrap_or_else(|error| panic!("grammars/{name}: {error}"));
    Language { name: name.to_owned(), grammar: Some(grammar), ..language }
}

impl Language {
    /// Every language, in the order of their rows.
    pub fn all() -> &'static [Language] {
        &LANGUAGES
    }

    /// The language of a path by its name.
    pub fn of_path(path: &Path) -> Option<&'static Language> {
        let name = path.file_name()?.to_str()?;
        let extension = path.extension().and_then(|it| it.to_str()).unwrap_or("");
        let is = |language: &&Language| {
            language.file_names.iter().any(|it| glob(it, name)) || language.extensions.iter().any(|it| it == extension)
        };
        Language::all().iter().find(is)
    }

    /// The language that people call so: by its name, a file name ending or an editor's id, in any case.
    pub fn named(name: &str) -> Option<&'static Language> {
        let name = name.to_ascii_lowercase();
        let is = |language: &&Language| {
            language.name == name || language.extensions.iter().chain(&language.lsp_ids).any(|it| *it == name)
        };
        Language::all().iter().find(is)
    }

    /// The language with an editor's id.
    pub fn of_lsp_id(id: &str) -> Option<&'static Language> {
        Language::all().iter().find(|language| language.lsp_ids.iter().any(|it| it == id))
    }

    /// The idiom with this id, else the default one.
    pub fn idiom(&self, id: &str) -> &Idiom {
        let named = |id: &str| self.idioms.iter().find(|it| it.id == id);
        named(id).or_else(|| named("value")).expect("a test demands the idiom `value` of every language")
    }

    /// The grammar.
    pub fn grammar(&self) -> &tree_sitter::Language {
        self.grammar.as_ref().expect("`load` sets it")
    }

    /// The query of `facts.scm`, which is read once.
    pub fn query(&self) -> &Query {
        self.query.get_or_init(|| {
            Query::new(self.grammar(), &self.facts)
                .unwrap_or_else(|error| panic!("grammars/{}/facts.scm: {error}", self.name))
        })
    }

    /// A path where tests, fixtures or recorded traffic lie.
    pub fn is_test_path(&self, path: &Path) -> bool {
        let parts = path.iter().filter_map(|part| part.to_str());
        parts.into_iter().any(|part| self.test_paths.iter().any(|pattern| glob(pattern, part)))
    }
}

/// `*` stands for any text, in at most two places.
pub(crate) fn glob(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, rest)) => name.strip_prefix(start).is_some_and(|tail| {
            rest.is_empty() || (0..=tail.len()).any(|at| tail.is_char_boundary(at) && glob(rest, &tail[at..]))
        }),
    }
}
