//! A value that leaked: whose it is, where it stands, whether it still works, and what is left to do. Prints nothing.
//!
//! It is searched for literally, in every form in which a text can hold it; rules are asked only about what code puts
//! together.

mod behind;
mod past;
mod taken;
mod tree;
mod verdict;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;

pub use behind::{Answer, Asked};
pub use past::{Held, Past, Sighting};
pub use taken::{Taken, Whose, taken};
pub use tree::{Kind, Place, Tree};
pub use verdict::{Step, Verdict, burned, is_burned, steps, verdict, worst_first};

use crate::accounts::Account;
use crate::checks::history;
use crate::project::{History, HistoryError, Part, Workspace};
use crate::secrets::{Forms, Secret, visible};
use crate::verify::{Life, Request, request};

/// The values that leaked, and where they are looked for.
pub struct Case {
    /// Where.
    pub workspace: Arc<Workspace>,
    /// What.
    pub keys: Vec<Taken>,
    /// Nobody is asked, no provider and no store.
    pub offline: bool,
    history: Option<History>,
    /// Why nothing is known of the repository that is there.
    problem: Option<String>,
    forms: Forms,
}

/// What was found, as far as it is there already.
#[derive(Default)]
pub struct Findings {
    /// In files that people write.
    pub tree: Option<Tree>,
    /// In build output, vendored code, git's own files.
    pub made: Option<Tree>,
    /// In stores.
    pub stores: Option<Vec<Asked>>,
    /// What the providers say of each key.
    pub lives: Option<Vec<Life>>,
    /// When each key was last used, as its account says.
    pub used: Option<Vec<Used>>,
    /// In git; none without a repository.
    pub past: Option<Past>,
    /// What could not be looked at.
    pub problems: Vec<String>,
    /// Nothing more comes.
    pub is_whole: bool,
}

/// What a provider's account says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Used {
    /// It is this one.
    Known {
        /// The name that somebody gave it.
        name: String,
        /// The provider's id of it.
        id: String,
        /// When it was last used; none where it never was, or where nobody says.
        last: Option<Timestamp>,
        /// The provider takes it.
        active: bool,
    },
    /// Why nobody knows.
    Unknown(String),
}

/// Asks providers whether keys are alive.
pub type Ask<'o> = dyn Fn(&[Request]) -> Result<Vec<Life>, String> + Sync + 'o;
/// Opens a provider's account by its id.
pub type Opens<'o> = dyn Fn(&str) -> Result<Option<Box<dyn Account>>, String> + Sync + 'o;

/// Whom else to ask.
pub struct Others<'o> {
    /// Asks providers whether keys are alive.
    pub ask: &'o Ask<'o>,
    /// Opens a provider's account by its id; none where it has no interface that tells of keys.
    pub account: &'o Opens<'o>,
}

/// What is told while it is looked.
pub enum News<'f> {
    /// So many files and texts were looked at.
    Looked(usize),
    /// The files are looked through, and who answers at once has answered.
    First(&'f Findings),
}

/// So long the first screen waits for answers of providers and stores.
const FIRST: Duration = Duration::from_secs(8);
/// So long files are looked through, those that people write and then those that tools make.
const FILES: Duration = Duration::from_secs(120);
/// How often somebody is told how far it is.
const TICK: Duration = Duration::from_millis(100);

impl Case {
    /// Looks for keys in the workspace of a path.
    pub fn open(path: &Path, keys: Vec<Taken>, offline: bool) -> Result<Case, String> {
        let (found, problem) = match History::open(path) {
            Ok(found) => (Some(found), None),
            Err(HistoryError::None { .. }) => (None, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let workspace = match &found {
            Some(found) if found.is_bare() => history::workspace(found),
            _ => Workspace::open(path),
        };
        let workspace = workspace.map_err(|error| error.to_string())?;
        let values: Vec<&Secret> = keys.iter().map(|it| &it.value).collect();
        let forms = Forms::of(&values).ok_or("these are too many values for one search")?;
        let problem = problem.or_else(|| workspace.problem().map(ToString::to_string));
        Ok(Case { workspace: Arc::new(workspace), keys, offline, history: found, problem, forms })
    }

    /// A text that can be printed: nothing of the values is in it, in whatever form.
    pub fn hidden(&self, text: &str) -> String {
        visible(&self.forms.hidden(text))
    }

    /// There are no files, only a history.
    pub fn is_bare(&self) -> bool {
        self.history.as_ref().is_some_and(History::is_bare)
    }

    /// There is a repository whose history can be read.
    pub fn has_history(&self) -> bool {
        self.history.is_some()
    }

    /// The question to the provider of each key, or why it is not asked.
    pub fn questions(&self) -> Vec<Result<Request, String>> {
        let question = |key: &Taken| match &key.whose.provider {
            _ if self.offline => Err("nobody was asked (`--offline`)".to_owned()),
            Some(provider) => request(provider, key.value.expose()),
            None if key.whose.may_be.is_empty() => Err("it is not known whose key it is".to_owned()),
            None => Err("several providers come into question: give it with its variable, `NAME=value`".to_owned()),
        };
        self.keys.iter().map(question).collect()
    }
}

/// What comes from the threads.
enum Answered {
    Tree(Tree),
    Made(Tree),
    Stores(Vec<Asked>),
    Lives(Vec<Life>),
    Used(Vec<Used>),
    Past(Past),
}

/// Looks everywhere at once, and asks everybody. `news` is told how far it is, and once what the first screen says.
pub fn examine(
    case: &Case,
    questions: Vec<Result<Request, String>>,
    others: &Others<'_>,
    news: &mut dyn FnMut(News<'_>),
) -> Findings {
    let (begun, looked) = (Instant::now(), AtomicUsize::new(0));
    let counter = &looked;
    let mut findings = Findings { problems: case.problem.iter().cloned().collect(), ..Findings::default() };
    thread::scope(|scope| {
        let (sender, parts) = channel();
        let local = sender.clone();
        let files = scope.spawn(move || look(case, counter, &local));
        let ours = sender.clone();
        let asked = scope.spawn(move || {
            let _ = ours.send(Answered::Lives(lives(questions, others)));
            let _ = ours.send(Answered::Used(used(case, others)));
        });
        let stores = scope.spawn(move || drop(sender.send(Answered::Stores(behind::behind(case)))));
        let mut is_told = false;
        loop {
            match parts.recv_timeout(TICK) {
                Ok(part) => findings.take(part),
                Err(RecvTimeoutError::Timeout) => news(News::Looked(looked.load(Ordering::Relaxed))),
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let answered = findings.lives.is_some() && findings.stores.is_some() && findings.used.is_some();
            if !is_told && findings.tree.is_some() && (answered || begun.elapsed() > FIRST) {
                is_told = true;
                news(News::First(&findings));
            }
        }
        for (what, ended) in
            [("files and history", files.join()), ("providers", asked.join()), ("stores", stores.join())]
        {
            if ended.is_err() {
                findings.problems.push(format!("aikeys-lsp failed at {what}: please report it"));
            }
        }
    });
    findings.is_whole = true;
    findings
}

impl Findings {
    fn take(&mut self, part: Answered) {
        match part {
            Answered::Tree(it) => self.tree = Some(it),
            Answered::Made(it) => self.made = Some(it),
            Answered::Stores(it) => self.stores = Some(it),
            Answered::Lives(it) => self.lives = Some(it),
            Answered::Used(it) => self.used = Some(it),
            Answered::Past(it) => self.past = Some(it),
        }
    }

    /// The places of a value in files.
    pub fn places(&self, value: usize) -> impl Iterator<Item = &Place> {
        let trees = [&self.tree, &self.made].into_iter().flatten();
        trees.flat_map(move |it| it.places.get(value).into_iter().flatten())
    }

    /// The references that lead to a value.
    pub fn leading(&self, value: usize) -> impl Iterator<Item = &Asked> {
        let holds = move |it: &&Asked| matches!(&it.answer, Answer::Holds(values) if values.contains(&value));
        self.stores.iter().flatten().filter(holds)
    }

    /// What is known of whether a key is alive.
    pub fn life(&self, value: usize) -> Option<&Life> {
        self.lives.as_ref()?.get(value)
    }

    /// What of git holds a value.
    pub fn held(&self, value: usize) -> Option<&Held> {
        self.past.as_ref()?.held.get(value)
    }
}

/// Files first: the history takes longer, and so does what tools make.
fn look(case: &Case, looked: &AtomicUsize, to: &Sender<Answered>) {
    let nothing = || Tree { places: vec![Vec::new(); case.keys.len()], ..Tree::default() };
    let tree = |part| if case.is_bare() { nothing() } else { tree::tree(case, part, Instant::now() + FILES, looked) };
    let _ = to.send(Answered::Tree(tree(Part::Own)));
    let _ = to.send(Answered::Made(tree(Part::Made)));
    if let Some(history) = &case.history {
        let _ = to.send(Answered::Past(past::past(case, history, looked)));
    }
}

fn lives(questions: Vec<Result<Request, String>>, others: &Others<'_>) -> Vec<Life> {
    let (mut lives, mut requests, mut places) = (Vec::new(), Vec::new(), Vec::new());
    for (at, question) in questions.into_iter().enumerate() {
        match question {
            Ok(request) => {
                requests.push(request);
                places.push(at);
                lives.push(Life::Unknown("it was not asked".to_owned()));
            }
            Err(why) => lives.push(Life::Unknown(why)),
        }
    }
    if requests.is_empty() {
        return lives;
    }
    let answers = (others.ask)(&requests).unwrap_or_else(|why| vec![Life::Unknown(why); requests.len()]);
    places.into_iter().zip(answers).for_each(|(at, life)| lives[at] = life);
    lives
}

/// Each account is asked once for all its keys.
fn used(case: &Case, others: &Others<'_>) -> Vec<Used> {
    let mut known = BTreeMap::new();
    let one = |key: &Taken| {
        let Some(provider) = key.whose.provider.as_deref().filter(|_| !case.offline) else {
            return Used::Unknown("no account was asked".to_owned());
        };
        let keys = known.entry(provider.to_owned()).or_insert_with(|| {
            let account = (others.account)(provider)?.ok_or("its provider has no interface that tells")?;
            account.keys().map_err(|error| error.to_string())
        });
        let keys = match keys {
            Ok(keys) => keys,
            Err(why) => return Used::Unknown(why.clone()),
        };
        let fitting: Vec<_> = keys.iter().filter(|it| it.can_be(key.value.expose())).collect();
        match fitting[..] {
            [] => Used::Unknown("the account knows no such key (any more), or it is another account's".to_owned()),
            [it] => Used::Known { name: it.name.clone(), id: it.id.clone(), last: it.last_used, active: it.active },
            _ => Used::Unknown(format!("{} keys of the account look like it", fitting.len())),
        }
    };
    case.keys.iter().map(one).collect()
}
