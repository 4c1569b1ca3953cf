//! One program's way: it runs, its key moves, it runs again. What must hold is asserted after each step.

use super::corpus::{Case, Store, contains};
use super::process::{Done, PRODUCT, Place};
use super::report::{Outcome, Report, Trouble};
use super::standin::Standin;
use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// What the programs do with their keys, which a move does not change.
const LEAKS: &str = "client-object-logged,debug-shows-key,dotenv-loaded-late,environment-dumped,help-shows-key,key-in-error,key-in-prompt,key-in-url,key-logged,\
                     key-in-experiment-log,key-on-command-line,key-persisted,plaintext-base-url,span-records-key,tls-check-off";

/// One program in one workspace, on its way to one store.
pub struct Journey<'a> {
    pub case: &'a Case,
    pub place: Place,
    pub standin: &'a Standin,
    /// The command, where `case.toml` has none.
    pub start: &'a [&'a str],
    /// The built program, where there is one.
    pub binary: Option<PathBuf>,
}

/// What the fix left behind.
pub struct Moved {
    store: Store,
    stays: Option<Stays>,
    /// The product said that the program must be started through it.
    needs_run: bool,
}

/// A key is in the sources still.
enum Stays {
    /// `case.toml` allows it, and the product said why.
    Allowed,
    Unexpected(String),
}

impl Journey<'_> {
    pub fn lay(&self) -> Result<()> {
        fs::create_dir_all(&self.place.root)?;
        fs::create_dir_all(&self.place.home)?;
        self.case.lay(&self.place.root)?;
        if self.case.spec.git {
            self.git(&["init", "--quiet"])?;
            for path in &self.case.spec.track {
                self.git(&["add", "--force", path])?;
            }
        }
        Ok(())
    }

    /// Runs the untouched program; gives its output when it did what its `case.toml` says.
    pub fn before(&self, report: &mut Report) -> Result<Option<String>> {
        let (done, arrived) = self.start("before", false)?;
        if done.code != Some(0) {
            let what = format!("{}\n{}", done.ending(), last_lines(&done.text()));
            report.trouble(Trouble::Corpus, self.case, "before", &what);
            return Ok(None);
        }
        if arrived != self.case.expected()? {
            let what = format!("sent {arrived:?}, not {:?}", self.case.expected()?);
            report.trouble(Trouble::Corpus, self.case, "before", &what);
            return Ok(None);
        }
        Ok(Some(done.stdout))
    }

    /// Moves the keys and looks at what that did to the files.
    pub fn fix(&self, store: Store, report: &mut Report) -> Result<Moved> {
        let mut promise = |what: String| report.trouble(Trouble::Promise, self.case, store.name(), &what);
        if store == Store::Local {
            let done = self.product(&["store", "init", "--yes"])?;
            if done.code != Some(0) {
                promise(format!("init: {}\n{}", done.ending(), last_lines(&done.text())));
            }
            if self.case.leaks(done.text().as_bytes()) {
                promise("init prints the key".to_owned());
            }
        }
        let done = self.product(&["--check", "--fix", "--yes", "--to", store.name(), "--ignore", LEAKS, "."])?;
        let text = done.text();
        if self.case.leaks(text.as_bytes()) {
            promise("--fix prints the key".to_owned());
        }
        let left = self.left_in_sources(store)?;
        let (stays, elsewhere): (Vec<_>, Vec<_>) = left
            .into_iter()
            .partition(|path| self.case.original(path).is_some_and(|text| self.case.leaks(text.as_bytes())));
        for path in elsewhere {
            promise(format!("the key was written to {path}"));
        }
        let wanted = i32::from(!stays.is_empty());
        if done.code != Some(wanted) {
            promise(format!("--fix: {}, not {wanted}\n{}", done.ending(), last_lines(&text)));
        }
        for what in self.files(store, !stays.is_empty())? {
            promise(what);
        }
        for key in self.lost(store)? {
            promise(format!("the key {key} is lost: it is neither in a file nor given by `run`"));
        }
        let again = self.product(&["--check", "--ignore", LEAKS, "."])?;
        if self.case.leaks(again.text().as_bytes()) {
            promise("--check prints the key".to_owned());
        }
        if stays.is_empty() && again.code != Some(0) {
            promise(format!("a second --check: {}\n{}", again.ending(), last_lines(&again.text())));
        }
        let has_reason = |word: &String| text.to_lowercase().contains(word);
        let stays = (!stays.is_empty()).then(|| {
            if self.case.spec.may_refuse.as_ref().is_some_and(has_reason) {
                Stays::Allowed
            } else {
                Stays::Unexpected(format!("the key stays in {}\n{}", stays.join(", "), last_lines(&text)))
            }
        });
        Ok(Moved { store, stays, needs_run: text.contains("aikeys-lsp run") })
    }

    /// Runs the program again: the same keys must arrive, the same text must come out.
    pub fn after(&self, moved: &Moved, before: &str, report: &mut Report) -> Result<()> {
        let through = self.through(moved);
        let (done, arrived) = self.start(moved.store.name(), through)?;
        let how = if through { "through `run`" } else { "by itself" };
        let problem = if done.code != Some(0) {
            Some(format!("started {how}: {}\n{}", done.ending(), last_lines(&done.text())))
        } else if arrived != self.case.expected()? {
            Some(format!("started {how}: sent {arrived:?}, not {:?}", self.case.expected()?))
        } else if done.stdout != before {
            Some(format!("started {how}: printed {:?}, not {before:?}", done.stdout))
        } else {
            None
        };
        self.judge(moved, problem, report);
        Ok(())
    }

    /// The program is started through the product.
    fn through(&self, moved: &Moved) -> bool {
        let has_env = self.place.root.join(".env").exists();
        match moved.store {
            Store::Env if self.case.spec.direct => false,
            Store::Env => moved.needs_run && has_env,
            _ => has_env,
        }
    }

    /// The variables that a program gets which is started now.
    pub fn given(&self, moved: &Moved) -> Result<BTreeMap<String, String>> {
        if !self.through(moved) {
            return Ok(BTreeMap::new());
        }
        let (_, given) = self.environment()?;
        Ok(given.lines().filter_map(|line| line.split_once('=')).map(|(a, b)| (a.to_owned(), b.to_owned())).collect())
    }

    /// Notes the outcome; for programs that could not even be built, `problem` says so.
    pub fn judge(&self, moved: &Moved, problem: Option<String>, report: &mut Report) {
        let unexpected = match &moved.stays {
            Some(Stays::Unexpected(what)) => Some(what.clone()),
            _ => None,
        };
        let outcome = match problem.or(unexpected) {
            Some(what) => {
                report.trouble(Trouble::Survival, self.case, moved.store.name(), &what);
                Outcome::Broken
            }
            None if moved.stays.is_some() => Outcome::Refused,
            None => Outcome::Survived,
        };
        report.moved(self.case, moved.store, outcome);
    }

    fn start(&self, step: &str, through: bool) -> Result<(Done, Vec<String>)> {
        let token = format!("{}.{step}", self.case.name);
        let url = self.standin.url(&token);
        let binary = self.binary.as_ref().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let default: Vec<String> = self.start.iter().map(|word| (*word).to_owned()).collect();
        let words = if self.case.spec.run.is_empty() { &default } else { &self.case.spec.run };
        let mut keys = self.case.keys.clone();
        let mut command = Vec::new();
        if through {
            command.extend([PRODUCT, "run", "--"].map(str::to_owned));
        }
        for word in words {
            let word = word.replace("$STANDIN_URL", &url).replace("$BIN", &binary);
            command.push(super::corpus::fill(&word, &self.case.name, &mut keys)?);
        }
        let done = self.place.run(&command, Some(&url))?;
        Ok((done, self.standin.take(&token)))
    }

    fn product(&self, arguments: &[&str]) -> Result<Done> {
        let words: Vec<String> = std::iter::once(PRODUCT).chain(arguments.iter().copied()).map(str::to_owned).collect();
        self.place.run(&words, None)
    }

    fn git(&self, arguments: &[&str]) -> Result<Done> {
        let words: Vec<String> = std::iter::once("git").chain(arguments.iter().copied()).map(str::to_owned).collect();
        self.place.run(&words, None).context("this test needs git: install it and run again")
    }

    /// Where a key can still be read. `.env` is the place for it, unless an encrypted store was asked for.
    fn left_in_sources(&self, store: Store) -> Result<Vec<String>> {
        let env_may_hold = store == Store::Env || self.case.spec.env_unchanged;
        let mut left = Vec::new();
        for (root, is_home) in [(&self.place.root, false), (&self.place.home, true)] {
            for path in files_below(root)? {
                let shown = path.strip_prefix(root)?.display().to_string();
                if shown == ".env" && env_may_hold && !is_home {
                    continue;
                }
                if self.case.leaks(&fs::read(&path)?) {
                    left.push(if is_home { format!("~/{shown}") } else { shown });
                }
            }
        }
        Ok(left)
    }

    /// `.env` and `.gitignore`: what was there stays, what is new is safe.
    fn files(&self, store: Store, key_stays: bool) -> Result<Vec<String>> {
        let mut wrong = Vec::new();
        for name in [".env", ".gitignore", ".env.example"] {
            let now = fs::read_to_string(self.place.root.join(name)).unwrap_or_default();
            let original = self.case.original(name).unwrap_or_default();
            if !keeps_lines(original, &now) {
                wrong.push(format!("{name} lost lines that were there"));
            }
        }
        let env = self.place.root.join(".env");
        let text = fs::read_to_string(&env).ok();
        if self.case.spec.env_unchanged && text.as_deref() != self.case.original(".env") {
            wrong.push(".env was changed".to_owned());
        }
        let Some(text) = text else {
            if !key_stays && self.case.original(".env").is_none() {
                wrong.push("there is no .env after the move".to_owned());
            }
            return Ok(wrong);
        };
        let refers = store == Store::Env || text.contains("=\"ref+");
        if !refers && !key_stays && !self.case.spec.env_unchanged {
            wrong.push(".env holds no reference to the store".to_owned());
        }
        let mode = mode(&env)?;
        if mode != 0o600 {
            wrong.push(format!(".env has the mode {mode:o}, not 600"));
        }
        if self.case.spec.track.is_empty() {
            if !self.case.spec.git {
                self.git(&["init", "--quiet"])?;
            }
            if self.git(&["check-ignore", "--quiet", ".env"])?.code != Some(0) {
                wrong.push(".gitignore does not cover .env".to_owned());
            }
            if !self.case.spec.git {
                fs::remove_dir_all(self.place.root.join(".git"))?;
            }
        }
        Ok(wrong)
    }

    /// Keys of the sources that are in no source any more and that `run` does not give to a program.
    fn lost(&self, store: Store) -> Result<Vec<String>> {
        let (done, given) = self.environment()?;
        let mut lost = Vec::new();
        if self.case.leaks(done.text().as_bytes()) {
            lost.push(format!("printed by `run` ({})", store.name()));
        }
        for (name, key) in &self.case.keys {
            let is_given = given.lines().any(|line| line.split_once('=').is_some_and(|(_, value)| value == key));
            if !is_given && !self.in_a_source(key)? {
                lost.push(name.clone());
            }
        }
        Ok(lost)
    }

    /// What `run` gives to a program.
    fn environment(&self) -> Result<(Done, String)> {
        let list = self.place.home.join("environment.txt");
        let command =
            [PRODUCT, "run", "--", "sh", "-c", "printenv > \"$1\"", "sh", &list.to_string_lossy()].map(str::to_owned);
        let done = self.place.run(&command, None)?;
        let given = fs::read_to_string(&list).unwrap_or_default();
        fs::remove_file(&list).ok();
        Ok((done, given))
    }

    /// The key, or its last piece where it stood in pieces, is in a source.
    fn in_a_source(&self, key: &str) -> Result<bool> {
        let was_whole = self.case.files.values().any(|text| text.contains(key));
        let key = if was_whole { key } else { &key[key.len().saturating_sub(24)..] };
        for path in files_below(&self.place.root)? {
            if path.file_name().is_none_or(|name| name != ".env") && contains(&fs::read(&path)?, key.as_bytes()) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Every line of the first text stands in the second, in that order.
fn keeps_lines(original: &str, now: &str) -> bool {
    let mut lines = now.lines();
    original.lines().all(|wanted| lines.any(|line| line == wanted))
}

fn files_below(root: &Path) -> Result<Vec<PathBuf>> {
    let (mut folders, mut files) = (vec![root.to_owned()], Vec::new());
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_type()? {
                kind if kind.is_dir() && entry.file_name() != ".git" => folders.push(entry.path()),
                kind if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    Ok(files)
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(8)..].join("\n")
}

#[cfg(unix)]
fn mode(path: &Path) -> Result<u32> {
    use std::os::unix::fs::PermissionsExt;
    Ok(fs::metadata(path)?.permissions().mode() & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Result<u32> {
    Ok(0o600)
}
