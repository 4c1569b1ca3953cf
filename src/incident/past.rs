//! Where values stand in the history of a repository: in every blob, message and tag, on every branch, and in what no
//! reference leads to any more.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::{Mutex, PoisonError};

use super::Case;
use crate::checks::history::missing;
use crate::project::{BlobId, CommitInfo, History, Log, Next, Said, threads};
use crate::secrets::slashed;

/// What the history holds.
#[derive(Debug, Default)]
pub struct Past {
    /// Of each value.
    pub held: Vec<Held>,
    /// How many commits there are.
    pub commits: usize,
    /// What is not here to be looked at: a clone that was cut off.
    pub lacks: Vec<String>,
    /// What should be here and cannot be read.
    pub problems: Vec<String>,
    /// Histories of their own, which are not looked at.
    pub others: Vec<String>,
}

/// Where one value stands.
#[derive(Debug, Default)]
pub struct Held {
    /// By commit, the oldest first: where it came in.
    pub places: Vec<Sighting>,
    /// How many versions of files, and messages, hold it.
    pub versions: usize,
    /// A remote has it; `None` where nothing tells.
    pub pushed: Option<bool>,
    /// The references that reach it.
    pub names: Vec<String>,
    /// What only notes of where references were lead to.
    pub dropped: Vec<Sighting>,
    /// What is staged for the next commit, and stands in no commit.
    pub staged: Vec<String>,
    /// How many texts nothing leads to.
    pub lost: usize,
}

/// A file, a message or a tag that holds a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The path, or what it is.
    pub path: String,
    /// The first commit that has it so; none of a tag.
    pub commit: Option<CommitInfo>,
    /// How many versions of the file hold it.
    pub versions: usize,
    /// The last commit of HEAD has it.
    pub in_head: bool,
    /// That first commit has no parents.
    pub is_root: bool,
}

impl Held {
    /// Something of git holds it.
    pub fn is_held(&self) -> bool {
        self.is_committed() || !self.staged.is_empty() || self.lost > 0
    }

    /// A commit holds it, or a tag.
    pub fn is_committed(&self) -> bool {
        !self.places.is_empty() || !self.dropped.is_empty()
    }
}

/// The blobs that hold values, with their numbers.
type Hits = HashMap<BlobId, BTreeSet<usize>>;
/// What each value was met as, a file or the message of a commit: its first commit, and in how many versions.
type Met = BTreeMap<(usize, Option<PathBuf>), (usize, usize)>;

pub(super) fn past(case: &Case, history: &History, looked: &AtomicUsize) -> Past {
    let mut past = Past { held: case.keys.iter().map(|_| Held::default()).collect(), ..Past::default() };
    let (hits, problems) = hits(case, history, looked);
    past.problems = problems;
    let mut log = match history.log() {
        Ok(log) => log,
        Err(error) => {
            past.problems.push(error.to_string());
            return past;
        }
    };
    past.commits = log.len();
    let mut unmet: Hits = hits.clone();
    let mut met = sightings(case, history, &mut log, &hits, &mut |blob| drop(unmet.remove(blob)));
    let mut tags: Vec<(usize, String)> = Vec::new();
    history.each_text(&log, &mut |said, text| {
        for hit in case.forms.find(text) {
            match &said {
                Said::Commit(at) => {
                    let entry = met.entry((hit.value, None)).or_insert((*at, 0));
                    entry.1 += 1;
                }
                Said::Tag(name) => tags.push((hit.value, format!("the message of tag {name}"))),
            }
        }
    });
    for (value, held) in past.held.iter_mut().enumerate() {
        tell(case, history, &log, &met, value, held, &hits);
        held.places.extend(tags.iter().filter(|(of, _)| *of == value).map(|(_, path)| Sighting {
            path: case.forms.hidden(path),
            commit: None,
            versions: 1,
            in_head: false,
            is_root: false,
        }));
    }
    if !unmet.is_empty() {
        unreached(case, history, &mut past, unmet);
    }
    let (lacks, problems) = missing(history, &log);
    past.lacks = lacks;
    past.problems.extend(problems);
    past.problems.append(&mut log.problems);
    past.others = others(case, history);
    past
}

/// Looks at every blob once. Where the one that a delta is made of held nothing, only what changed is looked at.
fn hits(case: &Case, history: &History, looked: &AtomicUsize) -> (Hits, Vec<String>) {
    let found: Mutex<Hits> = Mutex::default();
    let near = case.forms.longest();
    let problems = history.each_blob(
        threads(),
        &|id, text, changed| {
            if let Some(changed) = changed {
                let part =
                    |at: &std::ops::Range<usize>| &text[at.start.saturating_sub(near)..text.len().min(at.end + near)];
                if !changed.iter().any(|at| case.forms.stand_in(part(at))) {
                    return Next::Changed;
                }
            }
            let values: BTreeSet<usize> = match case.forms.stand_in(text) {
                true => case.forms.find(text).into_iter().map(|it| it.value).collect(),
                false => BTreeSet::new(),
            };
            if values.is_empty() {
                return Next::Changed;
            }
            found.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), values);
            Next::Whole
        },
        looked,
    );
    (found.into_inner().unwrap_or_else(PoisonError::into_inner), problems)
}

/// Under which path which commit brought what holds a value, or a path that does.
fn sightings(case: &Case, history: &History, log: &mut Log, hits: &Hits, met: &mut dyn FnMut(&BlobId)) -> Met {
    let mut found = Met::new();
    let mut note = |value: usize, path: &Path, commit: usize| {
        let (_, versions) = found.entry((value, Some(path.to_owned()))).or_insert((commit, 0));
        *versions += 1;
    };
    history.each_sighting(log, &mut |path, blob, commit| {
        for value in hits.get(&blob).into_iter().flatten() {
            note(*value, path, commit);
            met(&blob);
        }
        if let Some(name) = path.to_str().filter(|it| case.forms.stand_in(it.as_bytes())) {
            case.forms.find(name.as_bytes()).iter().for_each(|hit| note(hit.value, path, commit));
        }
    });
    found
}

fn tell(case: &Case, history: &History, log: &Log, met: &Met, value: usize, held: &mut Held, hits: &Hits) {
    let own = met.iter().filter(|((of, _), _)| *of == value);
    let mut own: Vec<(&Option<PathBuf>, usize, usize)> =
        own.map(|((_, path), (at, versions))| (path, *at, *versions)).collect();
    own.sort_by_key(|(_, at, _)| *at);
    let commits: BTreeSet<usize> = own.iter().map(|(_, at, _)| *at).collect();
    held.pushed = commits.iter().map(|at| log.is_pushed(*at)).max().flatten();
    held.versions = own.iter().map(|(_, _, versions)| versions).sum();
    let in_head = |path: &Path| {
        let found = history.in_head(path);
        found.is_some_and(|(blob, _)| hits.get(&blob).is_some_and(|it| it.contains(&value)))
    };
    held.places.extend(own.iter().map(|(path, at, versions)| Sighting {
        path: path.as_ref().map_or("the message of a commit".to_owned(), |it| case.forms.hidden(&slashed(it))),
        commit: log.info(history, *at),
        versions: *versions,
        in_head: path.as_deref().is_some_and(in_head),
        is_root: log.is_root(*at),
    }));
    if !commits.is_empty() {
        held.names = log.reached_by(commits).into_iter().map(|it| case.forms.hidden(it)).collect();
    }
}

/// What no reference leads to: commits that were dropped or changed, what is staged, and what nothing is known of.
fn unreached(case: &Case, history: &History, past: &mut Past, mut hits: Hits) {
    let all = hits.clone();
    if let Ok(mut log) = history.noted() {
        let met = sightings(case, history, &mut log, &all, &mut |blob| drop(hits.remove(blob)));
        for (value, held) in past.held.iter_mut().enumerate() {
            let mut dropped = Held::default();
            tell(case, history, &log, &met, value, &mut dropped, &HashMap::new());
            held.pushed = held.pushed.max(dropped.pushed);
            held.dropped = dropped.places;
        }
    }
    let staged: HashMap<BlobId, PathBuf> = history.staged();
    for (blob, values) in hits {
        for value in values {
            match staged.get(&blob) {
                Some(path) => past.held[value].staged.push(case.forms.hidden(&slashed(path))),
                None => past.held[value].lost += 1,
            }
        }
    }
}

/// What has a history of its own, or keeps its contents elsewhere.
fn others(case: &Case, history: &History) -> Vec<String> {
    let text = |name: &str| {
        let lies = case.workspace.root().join(name);
        let here = (!history.is_bare()).then(|| crate::project::read_small(&lies).ok().flatten()).flatten();
        let text = here.or_else(|| history.in_head(Path::new(name)).map(|(_, text)| text));
        String::from_utf8_lossy(&text.unwrap_or_default()).into_owned()
    };
    let mut others = Vec::new();
    let modules = text(".gitmodules");
    let paths = modules.lines().filter_map(|line| line.trim().strip_prefix("path")?.trim().strip_prefix('='));
    let paths: Vec<String> = paths.map(|it| case.forms.hidden(it.trim())).collect();
    if !paths.is_empty() {
        others.push(format!("the histories of submodules: run it in each of them ({})", paths.join(", ")));
    }
    if text(".gitattributes").contains("filter=lfs") {
        others.push("old versions of files that git LFS keeps, where they are not on this machine".to_owned());
    }
    others
}
