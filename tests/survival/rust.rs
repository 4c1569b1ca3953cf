//! Rust programs: one workspace, built once before the moves and once after each.

use super::corpus::{self, Case, Store};
use super::journey::{Journey, Moved};
use super::process::Place;
use super::report::{Report, Trouble};
use super::scripts::stores;
use super::standin::Standin;
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub fn run() -> Result<Report> {
    let cases = corpus::load("rust")?;
    let standin = Standin::start()?;
    let folder = tempfile::tempdir()?;
    let shop = Shop::open(folder.path())?;
    let mut report = Report::new("rust", cases.len());

    let journeys =
        |step: &str| -> Result<Vec<Journey<'_>>> { cases.iter().map(|case| shop.lay(case, step, &standin)).collect() };
    let first = journeys("before")?;
    let errors = shop.build(&cases)?;
    let mut before = BTreeMap::new();
    for journey in &first {
        if let Some(what) = errors.get(&journey.case.name) {
            report.trouble(Trouble::Corpus, journey.case, "before", what);
        } else if let Some(output) = journey.before(&mut report)? {
            before.insert(&journey.case.name, output);
        }
    }
    for store in [Store::Env, Store::Local] {
        let mut moved: Vec<(Journey<'_>, Moved)> = Vec::new();
        for journey in journeys(store.name())? {
            if before.contains_key(&journey.case.name) && stores(journey.case).contains(&store) {
                let result = journey.fix(store, &mut report).with_context(|| journey.case.name.clone())?;
                moved.push((journey, result));
            }
        }
        if moved.is_empty() {
            continue;
        }
        let errors = shop.build(&cases)?;
        for (journey, result) in &moved {
            match (errors.get(&journey.case.name), before.get(&journey.case.name)) {
                (Some(what), _) => journey.judge(result, Some(format!("does not compile\n{what}")), &mut report),
                (None, Some(before)) => journey.after(result, before, &mut report)?,
                (None, None) => {}
            }
        }
    }
    Ok(report)
}

/// The workspace in which all programs are built. Its target folder is thrown away with it: everything that
/// costs time depends on the keys, and what does not takes two seconds.
struct Shop {
    root: PathBuf,
    homes: PathBuf,
}

impl Shop {
    fn open(folder: &Path) -> Result<Shop> {
        let shop = Shop { root: folder.join("shop"), homes: folder.join("homes") };
        let source = corpus::folder("rust");
        for name in [
            "Cargo.toml",
            "sdk/Cargo.toml",
            "sdk/src/lib.rs",
            "sdk/src/http.rs",
            "sdk/src/openai.rs",
            "sdk/src/anthropic.rs",
            "sdk/src/providers.rs",
        ] {
            let target = shop.root.join(name);
            fs::create_dir_all(target.parent().context("a file without a folder")?)?;
            fs::copy(source.join(name), target)?;
        }
        Ok(shop)
    }

    /// Lays the program afresh, with the package file that most programs share.
    fn lay<'a>(&self, case: &'a Case, step: &str, standin: &'a Standin) -> Result<Journey<'a>> {
        let root = self.root.join(&case.name);
        if root.exists() {
            fs::remove_dir_all(&root)?;
        }
        let home = self.homes.join(step).join(&case.name);
        let binary = Some(self.root.join("target/debug").join(&case.name));
        let journey = Journey {
            case,
            place: Place { root, home, tools: None, environment: Vec::new() },
            standin,
            start: &["$BIN"],
            binary,
        };
        journey.lay()?;
        let manifest = journey.place.root.join("Cargo.toml");
        if !manifest.exists() {
            let name = &case.name;
            let text = format!(
                "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
                 [dependencies]\ntinyai.workspace = true\n"
            );
            fs::write(manifest, text)?;
        }
        Ok(journey)
    }

    /// Builds all programs; the errors of those that do not compile, by name.
    fn build(&self, cases: &[Case]) -> Result<BTreeMap<String, String>> {
        for case in cases {
            fs::remove_file(self.root.join("target/debug").join(&case.name)).ok();
        }
        // dotenvy is a dependency of the product too, so it is there already, as a rule.
        let mut log = self.cargo(&["--offline"])?;
        if log.contains("--offline") {
            log = self.cargo(&[])?;
        }
        let mut errors = BTreeMap::new();
        for case in cases {
            if self.root.join("target/debug").join(&case.name).is_file() {
                continue;
            }
            let mine: Vec<&str> =
                log.lines().filter(|line| line.starts_with(&format!("{}/", case.name))).take(6).collect();
            errors.insert(case.name.clone(), mine.join("\n"));
        }
        ensure!(errors.len() < cases.len(), "cargo built nothing, which must not be:\n{log}");
        Ok(errors)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let output = Command::new(cargo)
            .args(["build", "--workspace", "--keep-going", "--quiet", "--message-format", "short"])
            .args(arguments)
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", self.root.join("target"))
            .env_remove("RUSTFLAGS")
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env_remove("CARGO_BUILD_TARGET")
            .output()
            .context("cannot start cargo: this test builds programs and needs it in the search path")?;
        Ok(String::from_utf8_lossy(&output.stderr).into_owned())
    }
}
