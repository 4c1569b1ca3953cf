//! Asking the rules about versions of files: a key is reported where it first stands.

use std::collections::{HashMap, HashSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use memchr::memmem;

use super::clues::Clue;
use super::{Target, Versions, is_kept};
use crate::checks::look::document;
use crate::checks::{CheckedFile, Found, Kind, Met, Options, Past, threads};
use crate::fixes::{GitState, Surroundings};
use crate::project::{BlobId, CommitInfo, Log, ProjectError, Source, Workspace};
use crate::rules::{self, Finding};
use crate::syntax::Document;
use crate::text::Span;

/// What the threads share that ask the rules.
pub(super) struct Run<'r> {
    pub target: &'r Target,
    pub workspace: Arc<Workspace>,
    pub options: &'r Options,
    pub clues: &'r HashMap<BlobId, Vec<Clue>>,
    pub log: &'r Log,
    /// The fingerprints of the keys that stand in HEAD.
    pub in_head: Mutex<HashSet<String>>,
    pub large: AtomicUsize,
}

impl Run<'_> {
    /// Each path apart, its versions one after the other: a key is reported where it first stands.
    pub fn judge_all(&self, versions: &Versions) -> (Vec<CheckedFile>, Vec<String>) {
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
                        out.1.push(format!("{}: aikeys-lsp failed at this file: please report it", path.display()));
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
        let before = kept.len();
        kept.extend(rules::kept(&file.doc, &around).into_iter().map(|span| file.doc.slice(span).to_owned()));
        kept.len() > before
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
        let wanted = |rule: &str| self.options.wants(&self.workspace, rule);
        findings.retain(|it| (it.secret.is_some() || of_file.contains(&it.rule)) && wanted(it.rule));
        let named = self.target.scopes.iter().any(|scope| scope.inside == path);
        if !named && self.workspace.is_excluded(path, false)? {
            findings.retain(|it| self.workspace.organisation().requires(it.rule));
        }
        let findings = self.workspace.judge_as(path, findings, GitState::Tracked)?;
        if findings.is_empty() {
            return Ok(None);
        }
        let secrets = rules::secrets(&doc, &around);
        let found = |finding| Found { finding, fixes: Vec::new(), refused: None, verified: None, past: None };
        Ok(Some(CheckedFile {
            path: self.shown(path),
            workspace: Arc::clone(&self.workspace),
            // A copy without its tree.
            doc: Document::with_language(path.to_owned(), doc.text(), doc.language()),
            kind,
            met: Met::Walked,
            secrets,
            findings: findings.into_iter().map(found).collect(),
            changed: None,
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
