//! The house: layers, heads of files, pages and tables that must agree.

use std::path::{Path, PathBuf};

/// What each module may use; `src/README.md` has the same table for people.
const LAYERS: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("syntax", &["text"]),
    ("secrets", &["text"]),
    ("fixes", &["text", "syntax", "secrets"]),
    ("rules", &["text", "syntax", "secrets", "fixes"]),
    ("project", &["text", "syntax", "secrets", "fixes", "rules"]),
    ("stores", &["text", "secrets", "fixes", "project"]),
    ("moves", &["text", "syntax", "secrets", "fixes", "rules", "project", "stores"]),
    ("verify", &["secrets"]),
    ("accounts", &["secrets", "verify"]),
    ("checks", &["text", "syntax", "secrets", "fixes", "rules", "project", "stores", "moves", "verify"]),
    ("inventory", &["text", "syntax", "secrets", "fixes", "rules", "project", "stores", "checks"]),
    ("incident", &["text", "secrets", "fixes", "project", "stores", "verify", "accounts", "checks", "inventory"]),
    ("rotation", &["secrets", "fixes", "project", "stores", "moves", "verify", "accounts"]),
    (
        "cli",
        &[
            "text",
            "syntax",
            "secrets",
            "fixes",
            "rules",
            "project",
            "stores",
            "moves",
            "verify",
            "accounts",
            "checks",
            "inventory",
            "incident",
            "rotation",
        ],
    ),
    ("lsp", &["text", "syntax", "secrets", "fixes", "rules", "project", "stores", "moves", "checks", "inventory"]),
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|it| it == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn no_module_uses_one_above_it() {
    let uses = regex::Regex::new(r"\bcrate::([a-z_]+)").expect("a pattern");
    for (module, may) in LAYERS {
        let folder = root().join("src").join(module);
        for file in files(&folder, "rs") {
            for (at, line) in text(&file).lines().enumerate() {
                for used in uses.captures_iter(line).map(|it| it[1].to_owned()) {
                    let fine = used == *module || may.contains(&used.as_str());
                    assert!(fine, "{}:{}: `{module}` may not use `{used}`", file.display(), at + 1);
                }
            }
        }
    }
}

#[test]
fn the_layers_are_the_modules() {
    let lib = text(&root().join("src/lib.rs"));
    let declared: Vec<&str> = lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let listed: Vec<&str> = LAYERS.iter().map(|(module, _)| *module).collect();
    assert_eq!(declared, listed, "src/lib.rs lists the modules in reading order");
    for module in &listed[..5] {
        let guarded = format!("#[deny(clippy::disallowed_methods, clippy::disallowed_types)]\npub mod {module};");
        assert!(lib.contains(&guarded), "the core module `{module}` must deny what touches the world");
    }
}

#[test]
fn files_say_what_they_are() {
    for file in files(&root().join("src"), "rs") {
        let text = text(&file);
        let starts = text.starts_with("//!") || file.ends_with("lib.rs");
        assert!(starts, "{}: a file begins with what it is for (`//!`)", file.display());
        let lines = text.lines().count();
        assert!(lines <= 450, "{}: {lines} lines are too many for one file", file.display());
    }
}

#[test]
fn no_key_stands_in_the_repository() {
    let shapes = aikeys::secrets::Catalogue::built_in();
    for extension in ["rs", "md", "toml", "py", "scm", "lua", "js", "mjs", "sh", "txt", "json", "yml", "yaml"] {
        for folder in ["src", "tests", "editors", "grammars", ".github", ".ci"] {
            for file in files(&root().join(folder), extension) {
                if file.iter().any(|part| part == "node_modules" || part == "target") {
                    continue;
                }
                let Ok(bytes) = std::fs::read(&file) else { continue };
                let tokens = aikeys::secrets::scan(shapes, &bytes);
                let sure = tokens.iter().filter(|token| !token.needs_context).count();
                assert_eq!(sure, 0, "{}: a key-shaped text: tests generate keys", file.display());
            }
        }
    }
}

#[test]
fn the_readme_lists_the_rules() {
    let readme = text(&root().join("README.md"));
    for rule in aikeys::rules::RULES {
        let row = format!("| `{}` | {} | {} |", rule.id, rule.level(), rule.summary());
        assert!(readme.contains(&row), "README.md misses: {row}");
    }
    let table = readme.split("<!-- rules").nth(1).expect("the table is marked").split("\n\n").next().unwrap_or("");
    let rows = table.lines().filter(|line| line.starts_with("| `")).count();
    assert_eq!(rows, aikeys::rules::RULES.len(), "README.md lists rules that are none");
    let all = &aikeys::secrets::Catalogue::built_in().providers;
    let providers = all.iter().filter(|it| it.category != "store").count();
    assert!(readme.contains(&format!("{providers} AI providers")), "README.md counts other than {providers} providers");
}

#[test]
fn we_are_clean_ourselves() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_aikeys-lsp"))
        .args(["--check", "--fail-on", "info", "."])
        .current_dir(root())
        .output()
        .expect("started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}
