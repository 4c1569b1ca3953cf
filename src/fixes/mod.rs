//! Repairs as data: a change to files, and what must be stored before it. Touches no file.

mod agents;
mod at_rest;
mod beside;
mod clashes;
mod contract;
mod declared;
mod endpoint;
mod instead;
mod load_first;
mod loading;
mod lock;
mod mentions;
mod move_key;
mod naming;
mod nearby;
mod packing;
mod pieces;
mod place;
mod prose;
mod reading;
mod refer;
mod removal;
mod rewrite;
mod settings;
mod shown;
mod slot;
mod surroundings;

use std::path::Path;

pub use agents::deny;
pub use at_rest::encrypt;
pub use beside::{Audience, Beside};
pub use contract::{Contract, add_to_template, is_named};
pub use endpoint::{is_at_home, is_loopback, is_private, store_of_call, takes_argument};
pub use load_first::{load_first, loads_itself};
pub use loading::line_start;
pub use lock::{Burned, LOCK, Listed, Lock};
pub use move_key::{read_loudly, repairs as move_secret};
pub use packing::{Shipped, packing_files, shipped};
pub use pieces::{assembled, is_joined, key_at};
pub use prose::is_prose;
pub use refer::reason;
pub use rewrite::is_for_server;
pub use settings::variable_of as setting_variable;
pub use shown::keep_out;
pub use slot::{Slot, Whose, is_sent_home, reads_by_itself, slot_at, use_at, whose, whose_in_text};
pub use surroundings::{Agent, Checked, Denial, Destination, EnvEntry, EnvFile, Exposure, GitState, Surroundings};

use crate::secrets::{SecretRef, is_env_file};
use crate::syntax::Document;
use crate::text::{Change, Edit, Span, line_ending};

/// One way to repair a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, for a menu. Never holds a key.
    pub title: String,
    /// Who may apply it.
    pub safety: Safety,
    /// The edits, applied together, after the deposit.
    pub change: Change,
    /// What must be stored and read back first.
    pub deposit: Option<Deposit>,
    /// The command that the program must be started with from now on, where nothing else loads the value.
    pub start: Option<String>,
}

/// Who may apply a fix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Safety {
    /// `--fix` and people: the program runs as before.
    Safe,
    /// `--fix` and people: the program runs when it is started with [`Fix::start`].
    NeedsRun,
    /// People only.
    Offered,
}

/// A secret that goes to a store. Names the secret by its place: a fix never holds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deposit {
    /// Where the secret stands in the document.
    pub secret: Span,
    /// The variable's name.
    pub name: String,
    /// The store's id: `env`, `local` …
    pub store: String,
    /// What `.env` says instead of the value; `None` where `.env` is the store.
    pub reference: Option<SecretRef>,
    /// The secret stands in the env file itself, and the fix's edit writes the reference there.
    pub in_place: bool,
}

/// What can be done about a finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repairs {
    /// The best one first.
    pub fixes: Vec<Fix>,
    /// Why there is no move, in words for the user.
    pub refused: Option<String>,
}

impl Repairs {
    /// One fix that changes one file and stores nothing; none where its edits collide.
    pub fn of_edits(path: &Path, edits: impl IntoIterator<Item = Edit>, title: String, safety: Safety) -> Repairs {
        let mut change = Change::default();
        if change.add(path.to_owned(), edits).is_err() {
            return Repairs::default();
        }
        Repairs { fixes: vec![Fix { title, safety, change, deposit: None, start: None }], refused: None }
    }
}

/// Lets `.gitignore` cover an env file.
pub fn ignore_env_file(path: &Path, around: &Surroundings) -> Repairs {
    let (at, text) = ignore_lines(around.gitignore.as_deref().unwrap_or(""), path);
    let name = path.display();
    let title = match around.git {
        GitState::Tracked => format!("Ignore {name} (then run `git rm --cached -- {name}` and rotate its keys)"),
        _ => format!("Ignore {name} in .gitignore"),
    };
    let safety = if around.git == GitState::Tracked { Safety::Offered } else { Safety::Safe };
    Repairs::of_edits(Path::new(".gitignore"), [Edit::insert(at, text)], title, safety)
}

/// What is added to a `.gitignore`, and where, so that it covers the env file at `path`.
pub fn ignore_lines(gitignore: &str, path: &Path) -> (usize, String) {
    let ending = line_ending(gitignore);
    let name = path.file_name().map_or_else(|| ".env".to_owned(), |name| name.to_string_lossy().into_owned());
    let start = if gitignore.is_empty() || gitignore.ends_with('\n') { "" } else { ending };
    // Other files of this name are other files, but for env files.
    let whole = path.to_string_lossy().replace('\\', "/");
    let lines: Vec<&str> = match name.as_str() {
        ".env" => vec![".env", ".env.*", "!.env.example"],
        other if is_env_file(path) => vec![other],
        _ => vec![&whole],
    };
    (gitignore.len(), format!("{start}{}", lines.iter().map(|line| format!("{line}{ending}")).collect::<String>()))
}

/// Lines of a `.gitignore` that cover the env file, as far as one can tell without git.
pub fn is_covered(gitignore: &str, path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let whole = path.to_string_lossy().replace('\\', "/");
    gitignore.lines().map(|line| line.trim().trim_start_matches('/')).any(|line| line == name || line == whole)
}

/// Lines of an ignore file keep a file of this name out: the last one that fits counts, `!` lets it in.
pub fn leaves_out(ignore: &str, name: &str) -> bool {
    let fits = |line: &str| {
        let pattern = line.trim_start_matches(['!', '/']).trim_start_matches("**/").trim_end_matches('/');
        crate::syntax::glob(pattern, name)
    };
    let mut lines = ignore.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.rfind(|line| fits(line)).is_some_and(|line| !line.starts_with('!'))
}

/// Takes a suppression out, with its line where nothing else stands on it.
pub fn drop_comment(doc: &Document, marker: Span) -> Repairs {
    let comment = doc.facts().iter().find_map(|fact| match *fact {
        crate::syntax::Fact::Comment { span } if span.contains(marker) => Some(span),
        _ => None,
    });
    let Some(comment) = comment else { return Repairs::default() };
    let text = doc.text();
    let start = loading::line_start(text, comment.start as usize);
    let before = &text[start..comment.start as usize];
    let span = if before.trim().is_empty() {
        let end = text[comment.end as usize..].find('\n').map_or(text.len(), |it| comment.end as usize + it + 1);
        Span::new(start, end)
    } else {
        Span::new(start + before.trim_end().len(), comment.end as usize)
    };
    Repairs::of_edits(doc.path(), [Edit::replace(span, "")], "Delete this comment".to_owned(), Safety::Safe)
}
