//! Before the compiler: what is written for people in TOML, as JSON, which a program reads at its start in a tenth of the
//! time.

use std::path::Path;
use std::{env, fs};

const PROVIDERS: &str = "src/secrets/providers.toml";
const GRAMMARS: &str = "grammars";
const READERS: &str = "grammars/readers.toml";

fn main() {
    println!("cargo::rerun-if-changed={PROVIDERS}");
    println!("cargo::rerun-if-changed={GRAMMARS}");
    write("providers.json", &table(Path::new(PROVIDERS)));
    let (mut languages, mut hosts) = (toml::Table::new(), toml::Table::new());
    for entry in fs::read_dir(GRAMMARS).expect("the grammars are there") {
        let path = entry.expect("it can be read").path();
        let name = path.file_name().and_then(|it| it.to_str()).unwrap_or("").to_owned();
        if path.join("host.toml").exists() {
            hosts.insert(name, toml::Value::Table(host(&path)));
        } else if path.is_dir() && !name.starts_with('_') {
            // A name with `_` is inherited only.
            languages.insert(name, toml::Value::Table(language(&path)));
        }
    }
    write("languages.json", &languages);
    write("hosts.json", &hosts);
    write("readers.json", &table(Path::new(READERS)));
}

/// A language with what it inherits: keys of its own win, queries are put together.
fn language(folder: &Path) -> toml::Table {
    let own = table(&folder.join("language.toml"));
    let facts = fs::read_to_string(folder.join("facts.scm")).expect("every language has a query");
    let mut all = match own.get("inherits").and_then(toml::Value::as_str) {
        Some(base) => language(&Path::new(GRAMMARS).join(base)),
        None => toml::Table::new(),
    };
    let inherited = all.get("facts").and_then(toml::Value::as_str).unwrap_or("").to_owned();
    all.extend(own);
    all.insert("facts".to_owned(), toml::Value::String(inherited + &facts));
    all.remove("inherits");
    all
}

/// A file that holds code of languages, with the query for it where it has a grammar.
fn host(folder: &Path) -> toml::Table {
    let mut all = table(&folder.join("host.toml"));
    if let Ok(injections) = fs::read_to_string(folder.join("injections.scm")) {
        all.insert("injections".to_owned(), toml::Value::String(injections));
    }
    all
}

fn table(path: &Path) -> toml::Table {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn write(name: &str, table: &toml::Table) {
    let json = serde_json::to_string(table).expect("a table has no other keys than strings");
    let folder = env::var("OUT_DIR").expect("cargo sets it");
    fs::write(Path::new(&folder).join(name), json).expect("cargo made the folder");
}
