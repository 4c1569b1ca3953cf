//! Before the compiler: what is written for people in TOML, as JSON, which a program reads at its start in a tenth of the
//! time; and what `--version` says of the build.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

const PROVIDERS: &str = "src/secrets/providers.toml";
const GRAMMARS: &str = "grammars";
const READERS: &str = "grammars/readers.toml";

fn main() {
    println!("cargo::rerun-if-changed={PROVIDERS}");
    println!("cargo::rerun-if-changed={GRAMMARS}");
    let mut providers = table(Path::new(PROVIDERS));
    write("accounts.json", &accounts(&mut providers));
    write("providers.json", &providers);
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
    say_what_is_built();
}

/// The interfaces of the providers' accounts, taken out: a user's own provider, which has the same schema, has none.
fn accounts(providers: &mut toml::Table) -> toml::Table {
    let list = providers.get_mut("provider").and_then(toml::Value::as_array_mut).expect("there are providers");
    let each = list.iter_mut().filter_map(|provider| {
        let account = provider.as_table_mut()?.remove("account")?;
        Some((provider.get("id")?.as_str()?.to_owned(), account))
    });
    each.collect()
}

/// Neither a time nor a path: the same source gives the same program.
fn say_what_is_built() {
    let set = |name| env::var(name).ok();
    let profile = set("PROFILE").unwrap_or_default();
    // What is built many times a day is not built anew for every commit.
    let is_release = profile == "release";
    let commit = if is_release { packaged_commit().or_else(commit) } else { None };
    if is_release {
        println!("cargo::rerun-if-env-changed=SOURCE_DATE_EPOCH");
    }
    let rustc = Command::new(set("RUSTC").unwrap_or_default()).arg("--version").output();
    let rustc = rustc.ok().and_then(|it| String::from_utf8(it.stdout).ok());
    let data = [
        (
            "COMMIT",
            commit
                .filter(|it| it.len() >= 40 && it.bytes().all(|it| it.is_ascii_hexdigit()))
                .map(|it| it[..12].to_owned()),
        ),
        ("DATE", is_release.then(|| set("SOURCE_DATE_EPOCH")).flatten()),
        ("TARGET", set("TARGET")),
        ("PROFILE", Some(profile)),
        ("RUSTC", rustc.and_then(|it| Some(it.strip_prefix("rustc ")?.trim().to_owned()))),
    ];
    for (name, value) in data {
        println!("cargo::rustc-env=AIKEYS_{name}={}", value.as_deref().unwrap_or("unknown"));
    }
}

/// What `cargo package` notes in what it packs.
fn packaged_commit() -> Option<String> {
    let noted: serde_json::Value = serde_json::from_slice(&fs::read(".cargo_vcs_info.json").ok()?).ok()?;
    Some(noted["git"]["sha1"].as_str()?.to_owned())
}

/// The commit at which this folder's repository stands. Git is not started, and a repository around it is another one's.
fn commit() -> Option<String> {
    let read = |path: &Path| {
        let text = fs::read_to_string(path).ok()?;
        // One that is not there would be a reason to build anew each time.
        println!("cargo::rerun-if-changed={}", path.display());
        Some(text)
    };
    let folder = match fs::read_to_string(".git") {
        // A work tree beside the first one.
        Ok(file) => PathBuf::from(file.strip_prefix("gitdir: ")?.trim_end()),
        Err(_) => PathBuf::from(".git"),
    };
    let shared = fs::read_to_string(folder.join("commondir"));
    let shared = shared.map_or_else(|_| folder.clone(), |it| folder.join(it.trim_end()));
    // Moves with every commit, also where the branch is noted elsewhere next time.
    read(&folder.join("logs/HEAD"));
    let head = read(&folder.join("HEAD"))?;
    let Some(branch) = head.trim_end().strip_prefix("ref: ") else { return Some(head.trim_end().to_owned()) };
    let loose = read(&shared.join(branch)).map(|it| it.trim_end().to_owned());
    loose.or_else(|| {
        let packed = read(&shared.join("packed-refs"))?;
        let line = packed.lines().find(|line| line.strip_suffix(branch).is_some_and(|it| it.ends_with(' ')))?;
        Some(line.split(' ').next()?.to_owned())
    })
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
