//! Checking the history: every blob once, and each finding with the commit that brought it. Prints nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use memchr::{memchr, memmem, memrchr};

use super::check::{Build, Checked, CheckedFile, Found, Kind, Met, Named, Options, Past, TICK, shown, threads};
use super::look::document;
use crate::fixes::{GitState, Surroundings};
use crate::project::{BUILD, BlobId, CommitInfo, History, Log, Next, ProjectError, Source, Workspace, is_binary};
use crate::rules::{self, Finding, has_hint, hints, is_app_secrets, is_env_file, is_env_template};
use crate::secrets::{scan, without_keys};
use crate::syntax::{Document, is_parsed, largest};
use crate::text::Span;

/// A repository, and which of its paths are to be checked.
struct Target {
    history: History,
    scopes: Vec<Scope>,
}

/// A path that the user named.
struct Scope {
    /// From the root of the repository.
    inside: PathBuf,
    /// As it is shown.
    path: PathBuf,
}

/// A place in a blob that could be a key, told by its line: the same line in the next version of a file is no news.
#[derive(Clone, Copy)]
struct Clue {
    line: u64,
    /// It counts only in a file that is parsed.
    parsed: bool,
}

/// Checks what all commits brought. `tick` is called now and then with the number of blobs looked at so far.
pub(super) fn check(paths: &[PathBuf], options: &Options, tick: &mut dyn FnMut(usize)) -> Checked {
    let mut checked = Checked::default();
    let looked = AtomicUsize::new(0);
    for target in targets(paths, &mut checked) {
        let (sender, done) = channel::<()>();
        let part = thread::scope(|scope| {
            let work = scope.spawn(|| {
                let _sender = sender;
                repository(&target, options, &looked)
            });
            while done.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                tick(looked.load(Ordering::Relaxed));
            }
            work.join()
        });
        match part {
            Ok(Ok(mut part)) => {
                checked.files.append(&mut part.files);
                checked.workspaces.append(&mut part.workspaces);
                checked.unparsed += part.unparsed;
                checked.problems.append(&mut part.problems);
                checked.skipped.append(&mut part.skipped);
                checked.remarks.append(&mut part.remarks);
            }
            Ok(Err(error)) => checked.problems.push(error.to_string()),
            Err(_) => checked.problems.push("aikeys-lsp failed at this history: please report it".to_owned()),
        }
    }
    checked.looked = looked.into_inner();
    let problems: BTreeSet<String> = checked.problems.iter().map(|it| without_keys(it).into_owned()).collect();
    checked.problems = problems.into_iter().collect();
    // Versions of a file stay in the order of their commits.
    checked.files.sort_by(|a, b| a.path.cmp(&b.path));
    checked.skipped.sort();
    checked
}

/// The repositories of the named paths. A path that is gone by now may still be in the history.
fn targets(paths: &[PathBuf], checked: &mut Checked) -> Vec<Target> {
    let mut targets: Vec<Target> = Vec::new();
    for path in paths {
        let Some(there) = path.ancestors().find(|it| it.as_os_str().is_empty() || it.exists()) else { continue };
        let folder = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        let real = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
        let rest = path.strip_prefix(there).unwrap_or(Path::new(""));
        let history = match History::open(folder) {
            Ok(history) => history,
            Err(error) => {
                checked.problems.push(error.to_string());
                continue;
            }
        };
        let inside =
            if history.is_bare() { Path::new("") } else { real.strip_prefix(history.root()).unwrap_or(Path::new("")) };
        // Paths in a bare repository lead to no file.
        let path = if history.is_bare() { PathBuf::new() } else { shown(path) };
        let inside: PathBuf = inside.join(rest).components().collect();
        let scope = Scope { inside, path };
        match targets.iter_mut().find(|it| it.history.root() == history.root()) {
            Some(target) => target.scopes.push(scope),
            None => targets.push(Target { history, scopes: vec![scope] }),
        }
    }
    targets
}

fn repository(target: &Target, options: &Options, looked: &AtomicUsize) -> Result<Checked, ProjectError> {
    let history = &target.history;
    let workspace = Arc::new(workspace(history)?);
    let mut checked = Checked { workspaces: vec![Arc::clone(&workspace)], ..Checked::default() };
    let mut log = match history.log() {
        Ok(log) => log,
        Err(error) => {
            checked.problems.push(error.to_string());
            return Ok(checked);
        }
    };
    let (clues, problems) = clues(history, &workspace, looked);
    checked.problems.extend(problems);
    let versions = versions(target, &workspace, options, &clues, &mut log, &mut checked);
    let run = Run {
        target,
        workspace,
        options,
        clues: &clues,
        log: &log,
        in_head: Mutex::default(),
        large: AtomicUsize::new(0),
    };
    let (files, problems) = run.judge_all(&versions);
    checked.files = files;
    checked.problems.extend(problems);
    checked.unparsed = run.large.into_inner();
    say_what_is_missing(history, &log, &mut checked);
    checked.problems.append(&mut log.problems);
    Ok(checked)
}

fn workspace(history: &History) -> Result<Workspace, ProjectError> {
    if !history.is_bare() {
        return Workspace::open(history.root());
    }
    let settings = history.in_head(Path::new("aikeys.toml")).map(|(_, text)| text);
    let settings = settings.map(|text| String::from_utf8_lossy(&text).into_owned());
    Workspace::bare(history.root(), settings.as_deref())
}

fn say_what_is_missing(history: &History, log: &Log, checked: &mut Checked) {
    let root = super::visible(&shown(history.root()));
    let root = if root.is_empty() { ".".to_owned() } else { root };
    if log.shallow {
        checked.remarks.push(format!(
            "{root}: the history ends where this clone was cut off (shallow): `git fetch --unshallow` brings the rest"
        ));
    }
    let objects = super::report::counted(log.missing, "object");
    match (log.missing, history.is_partial()) {
        (0, _) => {}
        (1, true) => {
            checked.remarks.push(format!("{root}: {objects} is not in this clone (partial), and was not checked"))
        }
        (_, true) => {
            checked.remarks.push(format!("{root}: {objects} are not in this clone (partial), and were not checked"))
        }
        (_, false) => checked.problems.push(format!("{root}: {objects} missing: `git fsck` says which")),
    }
}

/// What could be a key in each blob that holds such a thing.
fn clues(history: &History, workspace: &Workspace, looked: &AtomicUsize) -> (HashMap<BlobId, Vec<Clue>>, Vec<String>) {
    let (catalogue, hasher) = (workspace.catalogue(), RandomState::new());
    let found: Mutex<HashMap<BlobId, Vec<Clue>>> = Mutex::default();
    let note = |id: &BlobId, clues: Vec<Clue>| {
        if let Ok(mut found) = found.lock() {
            found.entry(*id).or_insert(clues);
        }
    };
    let clue = |text: &[u8], span: Span, parsed: bool| Clue { line: hasher.hash_one(line(text, span)), parsed };
    let problems = history.each_blob(
        threads(),
        &|id, text, changed| {
            let id = id.to_owned();
            if let Some(changed) = changed
                && !windows(text, changed).any(|part| has_hint(catalogue, &text[part]))
            {
                return Next::Changed;
            }
            let is_utf16 = matches!(text, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
            if is_utf16 {
                note(&id, vec![clue(text, Span::new(0, 0), false)]);
                return Next::Whole;
            }
            if is_binary(text) || text.len() > most() {
                let clues: Vec<Clue> =
                    scan(catalogue, text).iter().map(|token| clue(text, token.span, false)).collect();
                if !clues.is_empty() {
                    note(&id, clues);
                }
                return Next::Whole;
            }
            let hints = hints(catalogue, text);
            if hints.places.is_empty() {
                return if hints.latent { Next::Whole } else { Next::Changed };
            }
            note(&id, hints.places.iter().map(|hint| clue(text, hint.span, hint.parsed)).collect());
            Next::Whole
        },
        looked,
    );
    (found.into_inner().unwrap_or_default(), problems)
}

/// No file is parsed that is larger, whatever its name.
fn most() -> usize {
    let hosts = crate::syntax::Host::all().iter().map(|host| host.largest);
    hosts.chain([largest(Path::new(""))]).max().unwrap_or(0) as usize
}

/// How much of a long line around a key tells it.
const AROUND: usize = 200;

/// The line of a place, or of a long one what lies around it.
fn line(text: &[u8], span: Span) -> &[u8] {
    let (from, to) = (span.range().start.saturating_sub(AROUND), text.len().min(span.range().end + AROUND));
    let start = memrchr(b'\n', &text[from..span.range().start]).map_or(from, |at| from + at + 1);
    let end = memchr(b'\n', &text[span.range().end..to]).map_or(to, |at| span.range().end + at);
    &text[start..end]
}

/// How far around a change something can become a key by it: a name in the line before, pieces in the lines behind.
const NEAR: usize = 256;

/// The lines that changed, with what lies around them.
fn windows<'t>(text: &'t [u8], changed: &'t [Range<usize>]) -> impl Iterator<Item = Range<usize>> + 't {
    let mut changed = changed.iter().peekable();
    std::iter::from_fn(move || {
        let Range { start, mut end } = changed.next()?.clone();
        let start = start.saturating_sub(NEAR);
        let start = memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
        loop {
            let near = text.len().min(end + NEAR);
            let stop = memchr(b'\n', &text[near..]).map_or(text.len(), |at| near + at + 1);
            match changed.next_if(|next| next.start <= stop + NEAR) {
                Some(next) => end = next.end.max(end),
                None => return Some(start..stop),
            }
        }
    })
}

/// The versions of a file in which something could be a key, oldest first.
type Versions = BTreeMap<PathBuf, Vec<(BlobId, usize)>>;

/// Which path each blob has that could hold a key.
fn versions(
    target: &Target,
    workspace: &Workspace,
    options: &Options,
    clues: &HashMap<BlobId, Vec<Clue>>,
    log: &mut Log,
    checked: &mut Checked,
) -> Versions {
    let mut versions = Versions::new();
    let (mut met, mut problems): (HashSet<BlobId>, BTreeSet<String>) = Default::default();
    target.history.each_sighting(log, &mut |path, blob, commit| {
        let clues = clues.get(&blob);
        if clues.is_some() {
            met.insert(blob);
        }
        let counts = |clues: &Vec<Clue>| clues.iter().any(|clue| !clue.parsed || is_parsed(path));
        if !(clues.is_some_and(counts) || is_kept(path)) || !target.scopes.iter().any(|it| path.starts_with(&it.inside))
        {
            return;
        }
        match is_excluded(target, workspace, options, path) {
            Ok(false) => versions.entry(path.to_owned()).or_default().push((blob, commit)),
            Ok(true) => {}
            Err(error) => drop(problems.insert(error.to_string())),
        }
    });
    checked.problems.extend(problems);
    if met.len() < clues.len() {
        let lost = super::report::counted(clues.len() - met.len(), "blob");
        checked.skipped.push((PathBuf::from(lost), "no reference leads to what could hold keys there"));
    }
    versions
}

/// What such a file holds are secrets by their names.
fn is_kept(path: &Path) -> bool {
    is_env_file(path) || is_env_template(path) || is_app_secrets(path)
}

fn is_excluded(target: &Target, workspace: &Workspace, options: &Options, path: &Path) -> Result<bool, ProjectError> {
    if options.named == Named::Always && target.scopes.iter().any(|scope| scope.inside == path) {
        return Ok(false);
    }
    let in_build = || path.iter().any(|part| BUILD.iter().any(|name| part == *name));
    let excluded = workspace.config(path)?.excludes(&workspace.root().join(path), false);
    Ok(excluded || options.build == Build::Skipped && in_build())
}

/// What the threads share that ask the rules.
struct Run<'r> {
    target: &'r Target,
    workspace: Arc<Workspace>,
    options: &'r Options,
    clues: &'r HashMap<BlobId, Vec<Clue>>,
    log: &'r Log,
    /// The fingerprints of the keys that stand in HEAD.
    in_head: Mutex<HashSet<String>>,
    large: AtomicUsize,
}

impl Run<'_> {
    /// Each path apart, its versions one after the other: a key is reported where it first stands.
    fn judge_all(&self, versions: &Versions) -> (Vec<CheckedFile>, Vec<String>) {
        let paths: Vec<(&PathBuf, &Vec<(BlobId, usize)>)> = versions.iter().collect();
        let next = AtomicUsize::new(0);
        let out: Mutex<(Vec<CheckedFile>, Vec<String>)> = Mutex::default();
        let work = || {
            while let Some((path, versions)) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                let judged = catch_unwind(AssertUnwindSafe(|| self.judge_path(path, versions)));
                let Ok(mut out) = out.lock() else { return };
                match judged {
                    Ok(Ok(mut files)) => out.0.append(&mut files),
                    Ok(Err(error)) => out.1.push(error.to_string()),
                    Err(_) => {
                        out.1.push(format!("{}: aikeys-lsp failed at this file: please report it", path.display()))
                    }
                }
            }
        };
        thread::scope(|scope| (0..threads().min(paths.len())).for_each(|_| drop(scope.spawn(work))));
        let (mut files, problems) = out.into_inner().unwrap_or_default();
        let in_head = self.in_head.lock().map(|it| it.clone()).unwrap_or_default();
        for found in files.iter_mut().flat_map(|file| &mut file.findings) {
            let Some(past) = &mut found.past else { continue };
            past.in_head |= in_head.contains(&found.finding.fingerprint.hex);
            found.finding.notes.insert(0, told(past));
        }
        (files, problems)
    }

    fn judge_path(&self, path: &Path, versions: &[(BlobId, usize)]) -> Result<Vec<CheckedFile>, ProjectError> {
        let mut files: Vec<CheckedFile> = Vec::new();
        let (mut judged, mut known): (HashSet<u64>, HashSet<(&'static str, String, usize)>) = Default::default();
        let mut kept: HashSet<String> = HashSet::new();
        let head = self.target.history.in_head(path);
        let mut in_head: HashSet<String> = HashSet::new();
        for (blob, commit) in versions {
            let is_head = head.as_ref().is_some_and(|(id, _)| id == blob);
            let lines = || self.clues.get(blob).into_iter().flatten().map(|clue| clue.line);
            if !is_head && !is_kept(path) && lines().all(|line| judged.contains(&line)) {
                continue;
            }
            judged.extend(lines());
            let Some(text) = self.target.history.text(blob) else { continue };
            let Some(mut file) = self.judge(path, text)? else { continue };
            if is_head {
                in_head.extend(file.findings.iter().map(|it| it.finding.fingerprint.hex.clone()));
            }
            let new_kept = self.is_news(&file, &mut kept);
            let mut seen: HashMap<(&'static str, String), usize> = HashMap::new();
            file.findings.retain(|found| {
                let kind = (found.finding.rule, found.finding.fingerprint.hex.clone());
                let ordinal = seen.entry(kind.clone()).or_insert(0);
                *ordinal += 1;
                known.insert((kind.0, kind.1, *ordinal)) || found.finding.secret.is_none() && new_kept
            });
            let Some(commit) = self.log.info(&self.target.history, *commit) else { continue };
            let text_of = |span: Span| file.doc.slice(span).as_bytes();
            let stands = |finding: &Finding| {
                let secret = finding.secret.map(text_of);
                head.as_ref().is_some_and(|(_, text)| match secret {
                    Some(secret) => memmem::find(text, secret).is_some(),
                    None => file.secrets.iter().any(|(span, _)| memmem::find(text, text_of(*span)).is_some()),
                })
            };
            let stand: Vec<bool> = file.findings.iter().map(|found| is_head || stands(&found.finding)).collect();
            for (found, in_head) in file.findings.iter_mut().zip(stand) {
                found.past = Some(Past { commit: commit.clone(), in_head });
            }
            if !file.findings.is_empty() {
                files.push(file);
            }
        }
        if let Ok(mut all) = self.in_head.lock() {
            all.extend(in_head);
        }
        Ok(files)
    }

    /// A file that is made for secrets holds one that no version before it held.
    fn is_news(&self, file: &CheckedFile, kept: &mut HashSet<String>) -> bool {
        let around = self.around(file.doc.path());
        let values = rules::kept(&file.doc, &around).into_iter().map(|span| file.doc.slice(span).to_owned());
        values.fold(false, |news, value| kept.insert(value) || news)
    }

    /// What a version of a file holds. All versions are in git.
    fn judge(&self, path: &Path, text: Vec<u8>) -> Result<Option<CheckedFile>, ProjectError> {
        let (doc, kind) = document(path, Source::new(path, text));
        if kind == Kind::Large {
            self.large.fetch_add(1, Ordering::Relaxed);
        }
        let around = self.around(path);
        let mut findings = rules::check(&doc, &around);
        let of_file = ["env-file-in-git", "app-secrets-file-tracked"];
        findings.retain(|it| (it.secret.is_some() || of_file.contains(&it.rule)) && self.options.wants(it.rule));
        let findings = self.workspace.judge_as(path, findings, GitState::Tracked)?;
        if findings.is_empty() {
            return Ok(None);
        }
        let secrets = rules::secrets(&doc, &around);
        let found = |finding| Found { finding, fixes: Vec::new(), refused: None, past: None };
        Ok(Some(CheckedFile {
            path: self.shown(path),
            workspace: Arc::clone(&self.workspace),
            // A copy without its tree.
            doc: Document::with_language(path.to_owned(), doc.text(), doc.language()),
            kind,
            met: Met::Walked,
            secrets,
            findings: findings.into_iter().map(found).collect(),
        }))
    }

    fn around(&self, path: &Path) -> Surroundings {
        Surroundings {
            git: GitState::Tracked,
            agents: Vec::new(),
            launchers: Vec::new(),
            ..self.workspace.surroundings(path)
        }
    }

    /// A path from the root as the user sees it.
    fn shown(&self, path: &Path) -> PathBuf {
        let scope = self.target.scopes.iter().find_map(|it| Some(it.path.join(path.strip_prefix(&it.inside).ok()?)));
        scope.map_or_else(|| path.to_owned(), |path| path.components().collect())
    }
}

/// What people are told of where a finding comes from.
fn told(past: &Past) -> String {
    let CommitInfo { id, date, pushed } = &past.commit;
    let (short, day) = (id.get(..7).unwrap_or(id), date.get(..10).unwrap_or(date));
    let pushed = match pushed {
        Some(true) => ", pushed",
        Some(false) => ", not pushed",
        None => "",
    };
    let now = if past.in_head { "still in HEAD" } else { "no longer in HEAD" };
    format!("came with commit {short} ({day}{pushed}), {now}: whoever has the history has the key, so rotate it")
}
