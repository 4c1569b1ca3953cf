//! Which findings are known already, and what has become of the list: `--baseline`, `--write-baseline`, `--prune-baseline`.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};

use super::args::Check;
use super::report::{Summary, counted};
use super::verdict::looks_at_all;
use super::{CLEAN, FAILED};
use crate::checks::changed::is_new;
use crate::checks::{Checked, CheckedFile, Found, Kind, Met, shown};
use crate::project::{
    Baseline, Entry, Organisation, Seen, Terms, Workspace, baseline_text, entries_after, lies_below, write_atomic,
};
use crate::rules::{Finding, names_rule, secrets};
use crate::syntax::Document;

/// Where the known findings are listed.
#[derive(Debug, Default)]
pub enum Baselines {
    /// In the files that the settings name.
    #[default]
    OfSettings,
    /// In this one, for all.
    Named(Arc<Baseline>, Home),
    /// Nowhere.
    None,
}

/// How baselines fit the findings.
#[derive(Debug, Default)]
pub struct Fit {
    /// Findings that are hidden.
    pub known: usize,
    /// The baselines, each with its entries that list a finding.
    used: Vec<Used>,
}

#[derive(Debug)]
struct Used {
    baseline: Arc<Baseline>,
    home: Home,
    met: HashSet<Entry>,
}

/// Where the paths of a baseline begin: at the top of the repository that it lies in, which may have others inside.
#[derive(Clone, Debug)]
pub struct Home {
    /// The folder of the baseline, links resolved.
    folder: PathBuf,
    top: Option<PathBuf>,
}

impl Home {
    fn of(baseline: &Path) -> Home {
        let folder = baseline.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(folder).unwrap_or_default();
        Home { top: folder.ancestors().find(|it| it.join(".git").exists()).map(Path::to_owned), folder }
    }

    /// The settings of a workspace name it for that one alone.
    fn of_settings(baseline: &Baseline) -> Home {
        Home { top: None, ..Home::of(baseline.path()) }
    }

    /// Where the paths of a workspace's files begin: at its own root where the baseline lies elsewhere.
    fn root<'h>(&'h self, workspace: &'h Workspace) -> &'h Path {
        self.top.as_deref().filter(|top| workspace.root().starts_with(top)).unwrap_or(workspace.root())
    }

    /// The path of a file as the baseline has it.
    fn path(&self, workspace: &Workspace, relative: &Path) -> PathBuf {
        let full = workspace.root().join(relative);
        full.strip_prefix(self.root(workspace)).map_or_else(|_| relative.to_owned(), Path::to_owned)
    }

    /// Files of several repositories would have the same paths.
    fn is_one(&self, baseline: &Path, checked: &Checked) -> Result<()> {
        let inside = |it: &Arc<Workspace>| self.top.as_ref().is_some_and(|top| it.root().starts_with(top));
        ensure!(
            checked.workspaces.len() < 2 || checked.workspaces.iter().all(inside),
            "{}: a baseline outside of the repositories cannot tell their files apart: check one at a time, each with its \
             own",
            super::visible(baseline)
        );
        Ok(())
    }
}

/// The history has several versions of a file, one behind the other: their findings are counted as one file's.
#[derive(Default)]
struct Versions {
    path: PathBuf,
    seen: Seen,
}

impl Versions {
    fn of(&mut self, path: &Path) -> &mut Seen {
        if self.path != path {
            *self = Versions { path: path.to_owned(), seen: Seen::new() };
        }
        &mut self.seen
    }
}

impl Baselines {
    /// What the arguments ask for.
    pub(super) fn of(args: &Check) -> Result<Baselines> {
        Ok(match &args.baseline {
            _ if args.no_baseline => Baselines::None,
            None => Baselines::OfSettings,
            Some(path) => match Baseline::read(path)? {
                Some(baseline) => {
                    let baseline = baseline.under(&Arc::new(Organisation::load()?));
                    Baselines::Named(Arc::new(baseline), Home::of(path))
                }
                None => bail!("{}: there is no such baseline: `--write-baseline` writes one", path.display()),
            },
        })
    }

    /// The one that counts for a file.
    fn for_file(&self, workspace: &Workspace, path: &Path) -> Result<Option<(Arc<Baseline>, Home)>> {
        Ok(match self {
            Baselines::OfSettings => workspace.baseline(path)?.map(|it| (Arc::clone(&it), Home::of_settings(&it))),
            Baselines::Named(baseline, home) => Some((Arc::clone(baseline), home.clone())),
            Baselines::None => None,
        })
    }

    /// Takes the known ones out of all findings of a file. What cannot be read was said before.
    pub(super) fn take_known(&self, workspace: &Workspace, path: &Path, findings: &mut Vec<Finding>) {
        if let Ok(Some((baseline, home))) = self.for_file(workspace, path) {
            baseline.take_known(&home.path(workspace, path), findings, |finding| finding);
        }
    }

    /// Takes the known findings out.
    pub(super) fn apply(&self, checked: &mut Checked) -> Result<Fit> {
        let mut fit = Fit::default();
        if let Baselines::Named(baseline, home) = self {
            home.is_one(baseline.path(), checked)?;
            fit.used(baseline, home);
        }
        let mut versions = Versions::default();
        for file in &mut checked.files {
            let seen = versions.of(&file.path);
            let Some((baseline, home)) = self.for_file(&file.workspace, file.doc.path())? else { continue };
            // Of several of a kind those that were there before are the known ones.
            let mut findings = std::mem::take(&mut file.findings);
            findings.sort_by_key(|found| is_new(file, &found.finding));
            let path = home.path(&file.workspace, file.doc.path());
            let known = baseline.take_known_after(&path, &mut findings, |found| &found.finding, seen);
            findings.sort_by_key(|found| found.finding.span);
            file.findings = findings;
            fit.known += known.iter().filter(|(_, hides)| *hides).count();
            fit.used(&baseline, &home).met.extend(known.into_iter().map(|(entry, _)| entry));
        }
        checked.files.retain(|file| !file.findings.is_empty());
        if let Baselines::OfSettings = self {
            for workspace in &checked.workspaces {
                for baseline in workspace.baselines()? {
                    fit.used(&baseline, &Home::of_settings(&baseline));
                }
            }
        }
        Ok(fit)
    }
}

impl Fit {
    fn used(&mut self, baseline: &Arc<Baseline>, home: &Home) -> &mut Used {
        let at = self.used.iter().position(|it| it.baseline.path() == baseline.path()).unwrap_or_else(|| {
            self.used.push(Used { baseline: Arc::clone(baseline), home: home.clone(), met: HashSet::new() });
            self.used.len() - 1
        });
        &mut self.used[at]
    }

    /// Adds to the findings what is wrong with the baselines. An entry is gone only where its whole workspace was checked:
    /// else nobody knows. Returns how many are.
    pub(super) fn judge(&self, args: &Check, checked: &mut Checked) -> Result<usize> {
        let scope = Scope::of(args);
        let mut gone = 0;
        for Used { baseline, home, met } in &self.used {
            let Some(workspace) = workspace_of(baseline, checked) else { continue };
            let mut findings = baseline.ended();
            if checked.problems.is_empty() && scope.is_whole(&workspace) {
                let is_gone = |entry: &&Entry| !met.contains(entry) && is_gone(args, checked, &scope, home, entry);
                let left: Vec<&Entry> = baseline.entries().keys().filter(is_gone).collect();
                gone += left.len();
                let places = places(checked);
                findings.extend(left.into_iter().map(|entry| {
                    let moved = places.get(&(entry.rule.clone(), entry.fingerprint.clone()));
                    baseline.gone(entry, moved.map(String::as_str))
                }));
            }
            let relative = workspace.relative(baseline.path());
            let mut findings = workspace.judge(&relative, findings)?;
            findings.retain(|finding| is_wanted(args, finding.rule));
            findings.sort_by_key(|finding| finding.span);
            add(checked, baseline, &workspace, &relative, findings);
        }
        checked.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(gone)
    }
}

/// In which file each finding that is new stands.
fn places(checked: &Checked) -> BTreeMap<(String, String), String> {
    let all = checked.files.iter().flat_map(|file| file.findings.iter().map(move |found| (file, &found.finding)));
    let strong = all.filter(|(_, finding)| !finding.fingerprint.weak);
    strong.map(|(file, it)| ((it.rule.to_owned(), it.fingerprint.hex.clone()), super::visible(&file.path))).collect()
}

/// The workspace that a baseline lies in, or the first one of those that are checked.
fn workspace_of(baseline: &Baseline, checked: &Checked) -> Option<Arc<Workspace>> {
    let real = fs::canonicalize(baseline.path()).ok()?;
    let around = checked.workspaces.iter().filter(|it| real.starts_with(it.root()));
    around.max_by_key(|it| it.root().as_os_str().len()).or(checked.workspaces.first()).cloned()
}

fn add(
    checked: &mut Checked,
    baseline: &Baseline,
    workspace: &Arc<Workspace>,
    relative: &Path,
    findings: Vec<Finding>,
) {
    if findings.is_empty() {
        return;
    }
    let found = findings.into_iter().map(|finding| Found {
        finding,
        fixes: Vec::new(),
        refused: None,
        verified: None,
        past: None,
    });
    let path = shown(baseline.path());
    match checked.files.iter_mut().find(|file| file.path == path && file.doc.text() == baseline.text()) {
        Some(file) => file.findings.extend(found),
        None => {
            let doc = Document::new(relative, baseline.text());
            let secrets = secrets(&doc, &workspace.surroundings(relative));
            checked.files.push(CheckedFile {
                path,
                workspace: Arc::clone(workspace),
                doc,
                kind: Kind::Text,
                met: Met::Walked,
                secrets,
                findings: found.collect(),
                changed: None,
            });
        }
    }
}

/// What was looked at: the places of the paths that the user named.
struct Scope {
    real: Vec<PathBuf>,
}

impl Scope {
    /// A part of the files says nothing of the rest.
    fn of(args: &Check) -> Scope {
        let named = if looks_at_all(args) { args.targets() } else { Vec::new() };
        Scope { real: named.iter().filter_map(|path| fs::canonicalize(path).ok()).collect() }
    }

    fn is_whole(&self, workspace: &Workspace) -> bool {
        self.covers(workspace.root())
    }

    fn covers(&self, path: &Path) -> bool {
        self.real.iter().any(|real| path.starts_with(real))
    }
}

/// Writes all findings into a baseline. What is there already keeps its end and its reason; what is gone goes, as far as it
/// was looked for.
pub(super) fn write(args: &Check, path: &Path, checked: &Checked) -> Result<u8> {
    let (old, home) = (Baseline::read(path)?, Home::of(path));
    home.is_one(path, checked)?;
    let scope = Scope::of(args);
    let (mut entries, mut summary) = (BTreeMap::new(), Summary::default());
    let (mut kept, mut ended, mut versions) = (0, 0, Versions::default());
    for file in &checked.files {
        let findings = || file.findings.iter().map(|found| &found.finding);
        let seen = versions.of(&file.path);
        let place = home.path(&file.workspace, file.doc.path());
        for (entry, finding) in entries_after(&place, findings(), seen).into_iter().zip(findings()) {
            let terms = old.as_ref().and_then(|old| old.entries().get(&entry)).cloned().unwrap_or_default();
            kept += usize::from(terms.until.is_some() || terms.reason.is_some());
            match terms.ended() {
                true => ended += 1,
                false => summary.count([finding.severity]),
            }
            entries.insert(entry, terms);
        }
    }
    let (written, mut gone) = (entries.len(), 0);
    for (entry, terms) in old.iter().flat_map(Baseline::entries) {
        match entries.contains_key(entry) {
            true => {}
            false if is_gone(args, checked, &scope, &home, entry) => gone += 1,
            false => drop(entries.insert(entry.clone(), terms.clone())),
        }
    }
    let elsewhere = entries.len() - written;
    let text = baseline_text(&entries)?;
    replace(path, old.as_ref(), &text)
        .with_context(|| format!("{}: the baseline cannot be written", path.display()))?;
    let mut err = io::stderr().lock();
    write!(err, "wrote {} to {}", counted(written, "finding"), super::visible(path))?;
    let some = |count: usize, what: &str| if count == 0 { String::new() } else { format!("; {count} {what}") };
    if summary.findings > 0 {
        write!(err, ": it hides {}", summary.counts())?;
    }
    write!(err, "{}", some(kept, "with the end or the reason that stood there"))?;
    write!(err, "{}", some(ended, "ended by `until`, and reported as before"))?;
    write!(err, "{}", some(gone, "no longer found, and taken out"))?;
    write!(err, "{}", some(elsewhere, "of files that were not checked stay"))?;
    writeln!(err, "{}", some(checked.problems.len(), "could not be checked, and may hold more"))?;
    Ok(if checked.problems.is_empty() { CLEAN } else { FAILED })
}

/// Takes out of the baselines what matches nothing any more, as far as it was looked for. Adds nothing.
pub(super) fn prune(args: &Check, baselines: &Baselines, checked: &mut Checked) -> Result<u8> {
    let fit = baselines.apply(checked)?;
    let scope = Scope::of(args);
    ensure!(!fit.used.is_empty(), "there is no baseline to prune: name it with `--baseline`, or in aikeys.toml");
    for Used { baseline, home, met } in &fit.used {
        let gone = |entry: &Entry| !met.contains(entry) && is_gone(args, checked, &scope, home, entry);
        let left: BTreeMap<Entry, Terms> =
            baseline.entries().iter().filter(|(entry, _)| !gone(entry)).map(|(a, b)| (a.clone(), b.clone())).collect();
        let count = baseline.entries().len() - left.len();
        if count > 0 {
            let root = workspace_of(baseline, checked).map(|it| it.root().to_owned());
            let inside = root.filter(|root| lies_below(root, baseline.path()));
            let folder = inside.unwrap_or_else(|| baseline.path().parent().unwrap_or(Path::new("")).to_owned());
            let text = baseline_text(&left)?;
            write_atomic(&folder, baseline.path(), Some(baseline.text().as_bytes()), text.as_bytes(), 0o644)?;
        }
        let (path, left) = (super::visible(&shown(baseline.path())), left.len());
        writeln!(io::stderr(), "took {count} out of {path}: it lists {left}")?;
    }
    if !checked.problems.is_empty() {
        writeln!(io::stderr(), "{} could not be checked: no entry is known to be gone", checked.problems.len())?;
        return Ok(FAILED);
    }
    Ok(CLEAN)
}

/// Old or new, never half of it: reasons and ends are somebody's work. The user named this file: a device will do as well.
fn replace(path: &Path, old: Option<&Baseline>, text: &str) -> Result<()> {
    if fs::metadata(path).is_ok_and(|it| !it.is_file()) {
        return Ok(fs::write(path, text)?);
    }
    let real = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(write_atomic(folder, &real, old.map(|old| old.text().as_bytes()), text.as_bytes(), 0o644)?)
}

/// It was looked for, and is not there. Of a file that nobody looked at nothing is known while it is there; nor is it of
/// one that never was there, because a baseline from elsewhere may list what other repositories have.
fn is_gone(args: &Check, checked: &Checked, scope: &Scope, home: &Home, entry: &Entry) -> bool {
    let is_gone_from = |it: &Arc<Workspace>| {
        let root = home.root(it);
        let file = root.join(&entry.path);
        scope.covers(&file)
            && match file.exists() {
                true => fs::canonicalize(&file).is_ok_and(|real| checked.seen.contains(&real)),
                false => home.folder.starts_with(root) || it.was_here(Path::new(&entry.path)),
            }
    };
    checked.workspaces.iter().any(is_gone_from) && checked.problems.is_empty() && is_wanted(args, &entry.rule)
}

fn is_wanted(args: &Check, rule: &str) -> bool {
    let named = |rules: &[String]| names_rule(rules, rule);
    (args.select.is_empty() || named(&args.select)) && !named(&args.ignore)
}
