//! `audit --store`: who read a secret, as the logs of its store have it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::log::{self, Lost, STDIN};
use super::readers::{Held, Question, Reader, Secret};
use super::trail::{self, Store};
use super::{plain, time_of};
use crate::cli::args::{Audit, AuditFormat};
use crate::cli::{CLEAN, FAILED, visible};
use crate::project::{Workspace, references_in_use, references_of_variables};
use crate::secrets::{SecretRef, discreet};
use crate::stores::store_name;
use crate::text::counted;

/// How many of a reader's sessions, addresses and programs the table names.
const NAMED: usize = 3;

/// Answers. Exit code 2 says that a log could not be read as a whole.
pub(super) fn command(args: &Audit, out: &mut dyn Write) -> Result<u8> {
    let mut question = Question::new(asked(&args.secrets)?, args.since);
    let mut code = CLEAN;
    let mut looked = 0;
    for path in files(&args.store, &mut code)? {
        match hear(&path, &mut question) {
            Ok(lost) => code = code.max(told(&path, &lost)?),
            Err(error) => {
                writeln!(io::stderr(), "error: {}: {}", name(&path), plain(&format!("{error:#}")))?;
                code = FAILED;
            }
        }
        looked += 1;
    }
    question.end();
    match args.format {
        AuditFormat::Table => write!(out, "{}", table(&question, looked))?,
        AuditFormat::Json => writeln!(out, "{:#}", as_json(&question))?,
    }
    out.flush()?;
    for note in notes(&question) {
        writeln!(io::stderr(), "note: {}", plain(&note))?;
    }
    Ok(code)
}

/// The secrets that are asked for: of arguments, else all that the workspace refers to.
fn asked(words: &[String]) -> Result<BTreeMap<SecretRef, BTreeSet<String>>> {
    let workspace = Workspace::open(Path::new("."))?;
    let mut named: BTreeMap<SecretRef, BTreeSet<String>> = BTreeMap::new();
    let variables = references_of_variables(&workspace);
    for (variable, all) in &variables {
        for at in all {
            named.entry(at.clone()).or_default().insert(variable.clone());
        }
    }
    if words.is_empty() {
        for at in references_in_use(&workspace) {
            named.entry(at).or_default();
        }
        ensure!(
            !named.is_empty(),
            "nothing in this workspace refers to a store: name the secret, as in \
             `aikeys-lsp audit --store LOG ref+vault://secret/app`"
        );
        return Ok(named);
    }
    let mut wanted: BTreeMap<SecretRef, BTreeSet<String>> = BTreeMap::new();
    for word in words {
        match (reference(word), variables.get(word)) {
            (Some(at), _) => drop(wanted.insert(at.clone(), named.remove(&at).unwrap_or_default())),
            (None, Some(all)) => {
                for at in all {
                    wanted.entry(at.clone()).or_default().insert(word.clone());
                }
            }
            (None, None) => bail!(
                "{}: no env file here has a variable of this name with a reference: name another one, or the secret itself, \
                 as in `ref+vault://secret/app`",
                discreet(word)
            ),
        }
    }
    Ok(wanted)
}

/// Also as Amazon and Google write it.
fn reference(word: &str) -> Option<SecretRef> {
    let google = || {
        let (project, name) = word.strip_prefix("projects/")?.split_once("/secrets/")?;
        let name = name.split('/').next().filter(|it| !it.is_empty())?;
        Some(SecretRef::new("gcpsecrets", format!("{project}/{name}"), None))
    };
    let is_amazons = word.starts_with("arn:") && word.contains(":secretsmanager:") && word.contains(":secret:");
    let amazon = || is_amazons.then(|| SecretRef::new("awssecrets", word, None));
    SecretRef::parse(word).or_else(amazon).or_else(google)
}

/// The files of logs; of a folder (CloudTrail has one a day) all that lie in it.
fn files(named: &[PathBuf], code: &mut u8) -> Result<Vec<PathBuf>> {
    let mut all = Vec::new();
    for path in named {
        if !path.is_dir() {
            all.push(path.clone());
            continue;
        }
        let before = all.len();
        let mut entries = ignore::WalkBuilder::new(path);
        entries.standard_filters(false).hidden(true).follow_links(false).sort_by_file_path(Path::cmp);
        for entry in entries.build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|it| it.is_file()) => all.push(entry.into_path()),
                Ok(_) => {}
                Err(error) => {
                    writeln!(io::stderr(), "error: {}", plain(&error.to_string()))?;
                    *code = FAILED;
                }
            }
        }
        ensure!(all.len() > before, "{}: no file lies in this folder", visible(path));
    }
    Ok(all)
}

/// Reads a log. One without any entry that is understood is none.
fn hear(path: &Path, question: &mut Question) -> Result<Lost> {
    if path != Path::new(STDIN) {
        fs::metadata(path).context("cannot be read")?;
    }
    let (mut understood, mut others) = (0_usize, 0_usize);
    let input = log::open(path).context("cannot be read")?;
    let lost = log::entries(input, &mut |entry| match trail::understood(&entry) {
        Some(found) => {
            understood += 1;
            if let Some(entry) = found {
                question.hear(entry);
            }
        }
        None => others += 1,
    })?;
    ensure!(
        understood > 0 || (others == 0 && lost == Lost::default()),
        "no audit log of Vault, OpenBao, CloudTrail or Google Cloud: {}",
        match (&lost.rest, others) {
            (Some(why), 0) => why.clone(),
            _ => format!("no entry of one is among {}", counted(others + lost.lines + usize::from(lost.torn), "line")),
        }
    );
    if understood == 0 {
        writeln!(io::stderr(), "note: {}: it is empty", name(path))?;
    }
    Ok(lost)
}

fn name(path: &Path) -> String {
    if path == Path::new(STDIN) { "standard input".to_owned() } else { visible(path) }
}

/// Says what could not be read. A line that is still being written is missing in no answer.
fn told(path: &Path, lost: &Lost) -> Result<u8> {
    let (mut err, path) = (io::stderr(), name(path));
    if lost.torn {
        writeln!(err, "note: {path}: the last line is not whole")?;
    }
    if lost.lines > 0 {
        writeln!(err, "error: {path}: {} cannot be read", counted(lost.lines, "line"))?;
    }
    if let Some(why) = &lost.rest {
        writeln!(err, "error: {path}: the rest cannot be read: {}", plain(why))?;
    }
    Ok(if lost.lines > 0 || lost.rest.is_some() { FAILED } else { CLEAN })
}

/// What a log of this kind holds; none where no log of this kind was given, or none of the time that is asked for.
fn held<'q>(question: &'q Question, secret: &Secret) -> Option<&'q Held> {
    let ends_before = |it: &&Held| it.last.zip(question.since).is_some_and(|(last, since)| last < since);
    question.logs.get(&secret.store?).filter(|it| !ends_before(it))
}

/// What has to be said of the answer.
fn notes(question: &Question) -> Vec<String> {
    let mut notes = Vec::new();
    for (store, held) in &question.logs {
        if held.reads == 0 && question.secrets.iter().any(|it| it.store == Some(*store)) {
            let why = match store {
                Store::Vault => "an audit device writes every request, so nobody read anything in this time",
                Store::Aws => "a trail can leave out management events that only read",
                Store::Google => {
                    "Google writes them only where Data Access audit logs are switched on for Secret Manager"
                }
            };
            notes.push(format!("the {} says of no secret that anybody read it: {why}", store.log()));
        }
    }
    for secret in question.secrets.iter().filter(|it| !it.projects.is_empty()) {
        let projects: Vec<&str> = secret.projects.iter().map(String::as_str).collect();
        notes.push(format!(
            "{}: the log has the project as {}, so only the name is sure to be the same",
            secret.at,
            projects.join(", ")
        ));
    }
    notes
}

/// For people: a part for each secret.
fn table(question: &Question, files: usize) -> String {
    let mut text = String::new();
    for secret in &question.secrets {
        let variables: Vec<&str> = secret.variables.iter().map(String::as_str).collect();
        let variables = if variables.is_empty() { String::new() } else { format!("  {}", variables.join(", ")) };
        text.push_str(&plain(&format!("{}{variables}", secret.at)));
        text.push('\n');
        match (held(question, secret), secret.store) {
            (None, None) => {
                text.push_str(&format!(
                    "  not known: {} keeps no log that can be read here\n",
                    store_name(&secret.at.backend)
                ));
            }
            (None, Some(store)) => text.push_str(&match question.logs.contains_key(&store) {
                true => format!("  not known: the {} ends before that time\n", store.log()),
                false => format!("  not known: no {} is among the files\n", store.log()),
            }),
            (Some(_), _) if secret.readers.is_empty() => text.push_str("  never read\n"),
            (Some(_), _) => {
                let all = secret.readers.iter().map(|(who, it)| (who.as_str(), "", it));
                text.push_str(&rows("READ BY", all.collect()));
            }
        }
        if !secret.refused.is_empty() {
            let all = secret.refused.iter().map(|((who, why), it)| (who.as_str(), why.as_str(), it));
            text.push_str(&rows("NOT GIVEN TO", all.collect()));
        }
    }
    text.push('\n');
    for (store, held) in &question.logs {
        let span = held.first.zip(held.last).map(|(first, last)| format!(", {} to {}", time_of(first), time_of(last)));
        let entries = if held.entries == 1 { "1 entry".to_owned() } else { format!("{} entries", held.entries) };
        text.push_str(&format!("{}: {entries}{}\n", store.log(), span.unwrap_or_default()));
    }
    text.push_str(&format!("{} looked at\n", counted(files, "file")));
    text
}

/// Readers, the busiest first, with the columns that hold something.
fn rows(title: &str, mut all: Vec<(&str, &str, &Reader)>) -> String {
    all.sort_by_key(|(_, _, reader)| std::cmp::Reverse(reader.times()));
    let some = |all: &BTreeSet<String>| {
        let named: Vec<String> = all.iter().take(NAMED).map(|it| short(it)).collect();
        let more = all.len().saturating_sub(NAMED);
        if more > 0 { format!("{} +{more}", named.join(", ")) } else { named.join(", ") }
    };
    let when = |time: Option<Timestamp>| time.map(time_of).unwrap_or_default();
    let head = [title, "WHY", "TIMES", "FIRST", "LAST", "FROM", "AS", "WITH"].map(str::to_owned);
    let mut lines = vec![head];
    for (who, why, it) in all {
        let (from, known, with) = (some(&it.from), some(&it.known), some(&it.with));
        lines.push([short(who), short(why), it.times().to_string(), when(it.first), when(it.last), from, known, with]);
    }
    let used: Vec<usize> = (0..8).filter(|column| lines[1..].iter().any(|line| !line[*column].is_empty())).collect();
    let width = |column: &usize| lines.iter().map(|line| line[*column].chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for line in &lines {
        let cells = used.iter().map(|column| format!("{:1$}", line[*column], width(column)));
        text.push_str(format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end());
        text.push('\n');
    }
    text
}

/// What a log holds was written by whoever asked: it can be long, and hold a key.
fn short(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = plain(text);
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn as_json(question: &Question) -> Value {
    let moment = |it: Option<Timestamp>| it.map(|it| it.to_string());
    let all = |it: &BTreeSet<String>| it.iter().map(|it| plain(it)).collect::<Vec<_>>();
    let reader = |who: &str, why: Option<&str>, it: &Reader| {
        let mut value = json!({
            "who": plain(who), "times": it.times(), "first": moment(it.first), "last": moment(it.last),
            "from": all(&it.from), "as": all(&it.known), "with": all(&it.with),
        });
        if let Some(why) = why {
            value["why"] = json!(plain(why));
        }
        value
    };
    let secret = |it: &Secret| {
        json!({
            "reference": plain(&it.at.to_string()),
            "variables": all(&it.variables),
            "store": it.store.map(Store::id),
            "logged": held(question, it).is_some(),
            "reads": it.readers.values().map(Reader::times).sum::<u64>(),
            "readers": it.readers.iter().map(|(who, it)| reader(who, None, it)).collect::<Vec<_>>(),
            "refused": it.refused.iter().map(|((who, why), it)| reader(who, Some(why), it)).collect::<Vec<_>>(),
        })
    };
    let log = |(store, it): (&Store, &Held)| json!({"store": store.id(), "entries": it.entries, "first": moment(it.first), "last": moment(it.last)});
    json!({
        "version": 1,
        "since": moment(question.since),
        "logs": question.logs.iter().map(log).collect::<Vec<_>>(),
        "secrets": question.secrets.iter().map(secret).collect::<Vec<_>>(),
        "notes": notes(question).iter().map(|it| plain(it)).collect::<Vec<_>>(),
    })
}
