//! Whether a leak is contained, and what is left to do.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::Path;

use super::tree::IN_NAME;
use super::{Answer, Case, Findings, Held, Kind, Taken};
use crate::accounts::known;
use crate::fixes::Burned;
use crate::project::is_variable_name;
use crate::secrets::is_env_template;
use crate::text::counted;
use crate::verify::Life;

/// Whether a leak is contained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Its provider does not take the key any more, and nothing here holds it.
    Contained,
    /// Why not.
    NotContained(Vec<String>),
    /// What is not known.
    Unclear(Vec<String>),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What for, or what to do by hand.
    pub text: String,
    /// The command that does it.
    pub command: Option<String>,
}

/// What is true of one of the values.
pub fn verdict(case: &Case, findings: &Findings, value: usize) -> Verdict {
    let is_public = case.keys[value].whose.class == Some("publishable");
    let life = findings.life(value);
    let is_dead = life == Some(&Life::Dead);
    let mut not = Vec::new();
    if life == Some(&Life::Live) && !is_public {
        not.push("it is alive".to_owned());
    }
    let places = findings.places(value).count();
    if places > 0 && !is_public {
        let holds = if places == 1 { "holds" } else { "hold" };
        not.push(format!("{} of the workspace {holds} it", counted(places, "place")));
    }
    let leading: Vec<String> = findings.leading(value).map(|it| it.reference.to_string()).collect();
    if !leading.is_empty() {
        not.push(format!("{} still {} to it", leading.join(", "), if leading.len() == 1 { "leads" } else { "lead" }));
    }
    if let Some(held) = findings.held(value).filter(|it| it.is_held() && !is_dead && !is_public) {
        let what = match held.pushed {
            Some(true) => "it was pushed",
            _ if held.is_committed() => "git's history holds it",
            _ => "git's objects hold it",
        };
        not.push(format!("{what}, and nobody proved it dead"));
    }
    if !not.is_empty() {
        return Verdict::NotContained(not);
    }
    let mut unclear = Vec::new();
    match life {
        _ if is_public => {}
        Some(Life::Dead) => {}
        Some(Life::Unknown(why)) => unclear.push(format!("nobody knows whether it is alive: {why}")),
        Some(Life::Live) | None => unclear.push("nobody knows whether it is alive".to_owned()),
    }
    unclear.extend(unknown(findings, is_dead || is_public));
    if unclear.is_empty() { Verdict::Contained } else { Verdict::Unclear(unclear) }
}

/// The keys by what they can do to their owner: those that live, then those that cost the most, then by places.
pub fn worst_first(case: &Case, findings: &Findings) -> Vec<usize> {
    let life = |value: usize| match findings.life(value) {
        Some(Life::Live) => 0,
        Some(Life::Unknown(_)) | None => 1,
        Some(Life::Dead) => 2,
    };
    let mut order: Vec<usize> = (0..case.keys.len()).collect();
    order.sort_by_key(|at| (life(*at), Reverse(case.keys[*at].whose.level), Reverse(findings.places(*at).count())));
    order
}

/// What could not be looked at. Where the key is dead, nobody need know what old commits hold.
fn unknown(findings: &Findings, is_dead: bool) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    let files: usize =
        [&findings.tree, &findings.made].iter().map(|it| it.as_ref().map_or(1, |it| it.problems.len())).sum();
    if files > 0 {
        unknown.push("not all files could be looked at".to_owned());
    }
    let silent = |answer: &Answer| matches!(answer, Answer::Silent(_));
    let stores = findings.stores.as_ref().map_or(1, |all| all.iter().filter(|it| silent(&it.answer)).count());
    if stores > 0 {
        unknown.push(format!("{} could not be followed", counted(stores, "reference")));
    }
    let lacks = |it: &super::Past| !it.lacks.is_empty() || !it.problems.is_empty();
    if !is_dead && findings.past.as_ref().is_some_and(lacks) {
        unknown.push("not all of the history could be looked at".to_owned());
    }
    if !findings.problems.is_empty() {
        unknown.push("git's data could not be read".to_owned());
    }
    unknown
}

/// What `aikeys.lock` gets.
pub fn burned(key: &Taken, today: &str) -> Burned {
    Burned { fingerprint: key.fingerprint.clone(), provider: key.whose.provider.clone(), date: today.to_owned() }
}

/// `aikeys.lock` says since when a value is burned.
pub fn is_burned(case: &Case, value: usize) -> Option<&str> {
    let print = &case.keys[value].fingerprint;
    let burned = &case.workspace.lock()?.burned;
    burned.iter().find(|it| it.fingerprint.eq_ignore_ascii_case(print)).map(|it| it.date.as_str())
}

/// What is left to do about one of the values, in order.
pub fn steps(case: &Case, findings: &Findings, value: usize) -> Vec<Step> {
    let key = &case.keys[value];
    if key.whose.class == Some("publishable") {
        return Vec::new();
    }
    let mut steps = Vec::new();
    let mut add = |text: String, command: Option<String>| steps.push(Step { text, command });
    let is_dead = findings.life(value) == Some(&Life::Dead);
    let names = names(case, findings, value);
    if !is_dead {
        let account = key.whose.provider.as_deref().and_then(known).filter(|it| it.abilities.create);
        // It leaked: nobody waits for programs that still have the old one.
        let how = if account.is_some() { "--grace 0m" } else { "--assisted --grace 0m" };
        for name in names.iter().take(SHOWN) {
            let command = format!("aikeys-lsp rotate {name} {how}");
            add("a new key in its place, then this one ends".to_owned(), Some(command));
        }
        add(by_hand(key.whose.page.as_deref(), names.is_empty()), None);
    }
    places(findings, value, key.whose.provider.is_some(), &mut add);
    for asked in findings.leading(value) {
        let command = format!("aikeys-lsp store put --replace {}", quoted(&asked.reference.to_string()));
        add("the new key where the reference leads".to_owned(), Some(command));
    }
    if let Some(held) = findings.held(value) {
        in_git(held, is_dead, &mut add);
    }
    if is_burned(case, value).is_none() && !case.is_bare() {
        let command = "aikeys-lsp incident --burn".to_owned();
        add("checks report it wherever it comes back".to_owned(), Some(command));
    }
    if !matches!(verdict(case, findings, value), Verdict::Contained) {
        add("look again when all that is done".to_owned(), Some("aikeys-lsp incident".to_owned()));
    }
    steps
}

/// So many of a kind are named.
const SHOWN: usize = 3;

fn by_hand(page: Option<&str>, only: bool) -> String {
    let (way, make) = if only {
        ("", "make a new key, then end this one")
    } else {
        ("or by hand: ", "make a new one, then end this one")
    };
    match page {
        Some(page) => format!("{way}{make}: {page}"),
        None => format!("{way}{make} where it was made"),
    }
}

/// The variables of env files that hold it, or a reference to it: those can be rotated.
fn names(case: &Case, findings: &Findings, value: usize) -> BTreeSet<String> {
    let lines = findings.places(value).filter(|it| !is_env_template(&it.file));
    let mut names: BTreeSet<String> = lines.filter_map(|it| it.variable.clone()).collect();
    names.extend(findings.leading(value).flat_map(|it| it.names.iter().cloned()));
    names.retain(|it| is_variable_name(it) && case.hidden(it) == *it);
    names
}

fn places(findings: &Findings, value: usize, is_known: bool, add: &mut dyn FnMut(String, Option<String>)) {
    let sources: BTreeSet<&Path> =
        findings.places(value).filter(|it| it.is_source && is_known).map(|it| it.file.as_path()).collect();
    if !sources.is_empty() {
        let shown = sources.iter().take(SHOWN).map(|it| quoted(&it.to_string_lossy()));
        let more = if sources.len() > SHOWN { " …" } else { "" };
        let command = format!("aikeys-lsp --check --fix {}{more}", shown.collect::<Vec<_>>().join(" "));
        add("code reads the variable instead of the key".to_owned(), Some(command));
    }
    let mut said: BTreeSet<(&str, Option<usize>)> = BTreeSet::new();
    for place in findings.places(value).filter(|it| !(it.is_source && is_known)) {
        if said.len() >= 2 * SHOWN || !said.insert((&place.path, place.line)) {
            continue;
        }
        let at = place.line.map_or_else(|| place.path.clone(), |line| format!("{}:{line}", place.path));
        let what = match place.kind {
            Kind::Env => "the new key into",
            Kind::Made => "make anew",
            Kind::OfGit => "take it out of",
            _ if place.written == IN_NAME => "rename",
            _ => "take it out by hand:",
        };
        add(format!("{what} {at}"), None);
    }
}

fn in_git(held: &Held, is_dead: bool, add: &mut dyn FnMut(String, Option<String>)) {
    let oldest = held.places.iter().find_map(|it| Some((it.commit.as_ref()?, it.is_root)));
    let from = oldest.map(
        |(it, is_root)| if is_root { "--root".to_owned() } else { format!("{}^", it.id.get(..7).unwrap_or(&it.id)) },
    );
    let only_stash = !held.names.is_empty() && held.names.iter().all(|it| it == "stash");
    match (held.pushed, from) {
        (Some(true), _) => {
            let why = if is_dead { "which opens nothing any more" } else { "so only its end helps" };
            add(format!("cannot be undone: whoever has a copy of what was pushed has the key, {why}"), None);
        }
        (_, Some(_)) if only_stash => {
            add("a stash holds it: drop that one".to_owned(), Some("git stash list".to_owned()));
        }
        (Some(false), Some(from)) => {
            let command = format!("git rebase -i {from}");
            add("not pushed yet: take it out of these commits before you push".to_owned(), Some(command));
        }
        _ => {}
    }
    for path in held.staged.iter().take(SHOWN) {
        add("it is staged for the next commit".to_owned(), Some(format!("git restore --staged {}", quoted(path))));
    }
    if !held.dropped.is_empty() || held.lost > 0 {
        let command = "git reflog expire --expire=now --all && git gc --prune=now".to_owned();
        add("forget what no branch leads to any more, also what you might want back".to_owned(), Some(command));
    }
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('-') {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}
