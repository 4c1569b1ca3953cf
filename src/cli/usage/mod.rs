//! `usage`: what the providers' accounts say of the keys of a workspace.

mod metrics;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::args::{Usage as Args, UsageFormat};
use super::{CLEAN, FAILED, FOUND, report, visible};
use crate::accounts::usage::{Finding, Held, Line, Matched, Told, dollars};
use crate::accounts::{Account, AccountError, RemoteKey, known};
use crate::fixes::key_at;
use crate::inventory::{Key, keys_and_problems};
use crate::moves::audit::{self, Happened, Line as Noted};
use crate::project::Workspace;
use crate::rotation::{Journal, journals};
use crate::secrets::{Catalogue, Secret, SecretRef, discreet, scan, without_keys};
use crate::stores::{Stores, store_id};
use crate::text::counted;

/// What is known of the keys of one provider.
struct OfProvider {
    id: String,
    name: String,
    held: Vec<Held>,
    state: State,
    lines: Vec<Line>,
}

/// What became of asking.
enum State {
    Asked,
    /// Nobody knows how to ask.
    NoInterface,
    /// Why there is no answer.
    Failed(String),
}

/// All of it.
struct Report {
    since: Timestamp,
    providers: Vec<OfProvider>,
    problems: Vec<String>,
    /// Those of this workspace.
    rotations: Vec<Journal>,
}

/// Asks, and prints what was said.
pub(super) fn command(args: &Args, out: &mut dyn Write) -> Result<u8> {
    fs::metadata(&args.path).with_context(|| visible(&args.path))?;
    let now = Timestamp::now();
    let since = args.since;
    for id in &args.provider {
        if Catalogue::built_in().provider(id).is_none() {
            bail!("there is no provider `{}`: see `aikeys-lsp providers`", discreet(id));
        }
    }
    let workspace = Arc::new(Workspace::open(&args.path)?);
    if let Some(error) = workspace.lock_problem() {
        bail!("{error}");
    }
    let stores = Stores::of(&workspace);
    let (mut held, problems) = held(&workspace, &stores, &args.provider);
    for id in &args.provider {
        held.entry(id.clone()).or_default();
    }
    let (rotations, _) = journals();
    let rotations = rotations.into_iter().filter(|it| it.root == workspace.root()).collect();
    let mut report = Report { since, providers: Vec::new(), problems, rotations };
    for (id, held) in held {
        report.ask(id, held, &stores, now);
    }
    match args.format {
        UsageFormat::Table => write!(out, "{}", report.table())?,
        UsageFormat::Json => writeln!(out, "{:#}", report.json())?,
        UsageFormat::Openmetrics => write!(out, "{}", metrics::text(&report))?,
    }
    out.flush()?;
    for problem in &report.problems {
        writeln!(std::io::stderr(), "error: {}", report::visible(problem))?;
    }
    let is_wanted = |(finding, _): &(Finding, String)| args.fail_on.iter().any(|it| *it == finding.id());
    Ok(match report.problems.is_empty() {
        false => FAILED,
        true if report.findings().any(|(_, _, it)| is_wanted(it)) => FOUND,
        true => CLEAN,
    })
}

/// The keys and references of a workspace by their providers, values included, and what could not be looked at.
fn held(workspace: &Arc<Workspace>, stores: &Stores, wanted: &[String]) -> (BTreeMap<String, Vec<Held>>, Vec<String>) {
    let (keys, mut problems) = keys_and_problems(workspace);
    let catalogue = Catalogue::built_in();
    let counts = |id: &String| {
        let is_asked = wanted.is_empty() || wanted.contains(id);
        is_asked && catalogue.provider(id).is_some_and(|it| it.category != "store")
    };
    let keys: Vec<(String, &Key)> =
        keys.iter().filter_map(|it| Some((it.provider.clone().filter(&counts)?, it))).collect();
    let burned: BTreeMap<&str, &str> = workspace
        .lock()
        .into_iter()
        .flat_map(|it| &it.burned)
        .map(|it| (it.fingerprint.as_str(), it.date.as_str()))
        .collect();
    // Only where somebody can be asked about it a value is read.
    let references: Vec<SecretRef> =
        keys.iter().filter(|(id, _)| known(id).is_some()).filter_map(|(_, it)| it.reference.clone()).collect();
    let mut values = BTreeMap::new();
    for (at, value) in references.iter().zip(stores.get_all(&references)) {
        let line = |what| Noted::now(what, workspace.name(), &at.to_string(), store_id(&at.backend));
        match value {
            Ok(value) => {
                audit::note(&[line(Happened::Resolved).of(&value)]);
                values.insert(at.clone(), value);
            }
            Err(error) => {
                audit::note(&[line(Happened::Refused).because(&error.to_string())]);
                problems.push(error.to_string());
            }
        }
    }
    let mut all: BTreeMap<String, Vec<Held>> = BTreeMap::new();
    for (id, key) in keys {
        let value = match &key.reference {
            Some(at) => values.get(at).cloned(),
            None => key.places.first().map(|(file, span)| key_at(&file.doc, *span)),
        };
        let value = if id == "aws-bedrock" { value.and_then(|it| whole_of(it, key)) } else { value };
        let print = value.as_ref().filter(|_| key.reference.is_some()).and_then(|it| {
            let print = crate::secrets::fingerprint(it.expose())?;
            Some(print.hex)
        });
        let fingerprint = print.unwrap_or_else(|| key.fingerprint.clone());
        all.entry(id).or_default().push(Held {
            shown: without_keys(&key.redacted).into_owned(),
            variables: key.variable.iter().filter(|it| without_keys(it) == it.as_str()).cloned().collect(),
            burned: burned.get(fingerprint.as_str()).map(|it| (*it).to_owned()),
            fingerprint,
            value,
        });
    }
    (all.into_iter().map(|(id, held)| (id, once(held))).collect(), problems)
}

/// Amazon lists the ids of keys, and never their secrets: of a secret the id beside it tells, where there is one.
fn whole_of(value: Secret, key: &Key) -> Option<Secret> {
    let catalogue = Catalogue::built_in();
    let ids = |text: &str| {
        let found = scan(catalogue, text.as_bytes()).into_iter();
        let ids = found.filter(|it| catalogue.shape(it.shape).1.id == "aws-bedrock.access-key-id");
        ids.map(|it| text[it.span.range()].to_owned()).collect::<BTreeSet<_>>()
    };
    if value.expose().starts_with("ABSK") || !ids(value.expose()).is_empty() {
        return Some(value);
    }
    let (file, _) = key.places.first()?;
    let beside = ids(file.doc.text());
    let id = beside.iter().next().filter(|_| beside.len() == 1)?;
    Some(Secret::new(id.as_str()))
}

/// A key that stands in a file and in a store is one.
fn once(all: Vec<Held>) -> Vec<Held> {
    let mut kept: Vec<Held> = Vec::new();
    for one in all {
        match kept.iter_mut().find(|it| it.value.is_some() && it.value == one.value) {
            Some(known) => known.variables.extend(one.variables),
            None => kept.push(one),
        }
    }
    for one in &mut kept {
        one.variables = std::mem::take(&mut one.variables).into_iter().collect::<BTreeSet<_>>().into_iter().collect();
    }
    kept
}

impl Report {
    fn ask(&mut self, id: String, held: Vec<Held>, stores: &Stores, now: Timestamp) {
        let name = Catalogue::built_in().provider(&id).map_or_else(|| id.clone(), |it| it.name.clone());
        let (state, lines) = match super::open_account(&id, stores) {
            Ok(None) => (State::NoInterface, Vec::new()),
            Ok(Some(account)) => match self.told(&id, &*account, now) {
                Ok(told) => (State::Asked, told.lines(&held, self.since, now)),
                Err(error) => (State::Failed(error.to_string()), Vec::new()),
            },
            Err(why) => (State::Failed(why), Vec::new()),
        };
        if let State::Failed(why) = &state {
            self.problems.push(format!("{name}: {why}"));
        }
        self.providers.push(OfProvider { id, name, held, state, lines });
    }

    fn told(&self, id: &str, account: &dyn Account, now: Timestamp) -> Result<Told, AccountError> {
        let keys = account.keys()?;
        let replaced = keys.iter().filter_map(|it| Some((it.id.clone(), self.replaced_at(id, it)?))).collect();
        let keys = keys.into_iter().map(|key| {
            let tells = account.tells_last_use(&key);
            (key, tells)
        });
        let can = account.abilities();
        let from = Told::wanted(self.since, now, can.last_used);
        Ok(Told { keys: keys.collect(), uses: can.usage.then(|| account.usage(from)).transpose()?, replaced })
    }

    /// When a rotation of this workspace replaced a key.
    fn replaced_at(&self, provider: &str, key: &RemoteKey) -> Option<Timestamp> {
        let own = self.rotations.iter().filter(|it| it.provider == provider);
        own.filter_map(|it| it.replaced(key)).max()
    }

    fn findings(&self) -> impl Iterator<Item = (&OfProvider, &Line, &(Finding, String))> {
        let lines = self.providers.iter().flat_map(|it| it.lines.iter().map(move |line| (it, line)));
        lines.flat_map(|(of, line)| line.findings.iter().map(move |found| (of, line, found)))
    }

    /// For people: a table, then what is odd.
    fn table(&self) -> String {
        let mut rows: Vec<Vec<String>> = vec![
            ["PROVIDER", "KEY", "ID", "VARIABLE", "LAST USE", "REQUESTS", "COST", "STATE"].map(str::to_owned).to_vec(),
        ];
        let since = day(self.since);
        for of in &self.providers {
            for line in &of.lines {
                rows.push(row(of, line));
            }
            for held in of.held.iter().filter(|_| of.lines.is_empty()) {
                let state = match &of.state {
                    State::NoInterface => "no interface",
                    _ => "not asked",
                };
                let cells = [&of.name, &held.shown, "", &held.variables.join(", "), "", "", "", state];
                rows.push(cells.iter().map(|it| report::visible(it)).collect());
            }
        }
        if rows.len() == 1 {
            return "no key of a provider, and no reference to one\n".to_owned();
        }
        let mut text = report::aligned(&rows);
        for (of, line, (finding, what)) in self.findings() {
            let name = match &line.matched {
                Matched::One(key) => format!("{} ({})", key.id, key.name),
                _ => String::new(),
            };
            text.push_str(&format!("\n{}: {} {}: {}", finding.id(), of.name, report::visible(&name), what));
        }
        let lines = || self.providers.iter().flat_map(|it| &it.lines);
        let cost = lines().filter_map(|it| it.cost).fold(0.0, |sum, it| sum + it);
        let requests: u64 = lines().filter_map(|it| it.requests).sum();
        let (keys, found) = (rows.len() - 1, self.findings().count());
        let break_before = if found > 0 { "\n" } else { "" };
        text.push_str(&format!(
            "{break_before}\n{}, since {since}: {}, {}; {}\n",
            counted(keys, "key"),
            counted(usize::try_from(requests).unwrap_or(usize::MAX), "request"),
            dollars(cost),
            counted(found, "finding")
        ));
        text
    }

    fn json(&self) -> Value {
        let account = |it: &OfProvider| {
            let (state, why) = match &it.state {
                State::Asked => ("asked", None),
                State::NoInterface => ("no-interface", None),
                State::Failed(why) => ("failed", Some(report::visible(why))),
            };
            json!({"provider": it.id, "name": it.name, "state": state, "why": why})
        };
        let unasked = |of: &OfProvider| {
            let none = Matched::NoValue;
            let line = |at| Line {
                held: Some(at),
                matched: none.clone(),
                last_used: None,
                requests: None,
                cost: None,
                findings: Vec::new(),
            };
            (0..of.held.len()).filter(|_| of.lines.is_empty()).map(|at| key_json(of, &line(at))).collect::<Vec<_>>()
        };
        let lines = |of: &OfProvider| of.lines.iter().map(|it| key_json(of, it)).chain(unasked(of)).collect::<Vec<_>>();
        json!({
            "version": 1,
            "since": self.since.to_string(),
            "accounts": self.providers.iter().map(account).collect::<Vec<_>>(),
            "keys": self.providers.iter().flat_map(lines).collect::<Vec<_>>(),
            "problems": self.problems.iter().map(|it| report::visible(it)).collect::<Vec<_>>(),
        })
    }
}

fn key_json(of: &OfProvider, line: &Line) -> Value {
    let held = line.held.map(|at| &of.held[at]);
    let key = match &line.matched {
        Matched::One(key) => Some(key),
        _ => None,
    };
    let (matched, candidates) = match &line.matched {
        Matched::One(_) => ("one", Vec::new()),
        Matched::Several(ids) => ("several", ids.iter().map(|it| report::visible(it)).collect()),
        Matched::None => ("none", Vec::new()),
        Matched::NoValue => ("unknown", Vec::new()),
    };
    let text = |it: &Option<String>| it.as_deref().map(report::visible);
    let time = |it: Option<Timestamp>| it.map(|it| it.to_string());
    json!({
        "provider": of.id,
        "matched": matched,
        "candidates": candidates,
        "fingerprint": held.map(|it| &it.fingerprint),
        "shown": held.map(|it| &it.shown),
        "variables": held.map(|it| &it.variables),
        "burned": held.and_then(|it| it.burned.as_ref()),
        "id": key.map(|it| report::visible(&it.id)),
        "name": key.map(|it| report::visible(&it.name)),
        "scope": key.and_then(|it| text(&it.scope)),
        "owner": key.and_then(|it| text(&it.owner)),
        "active": key.map(|it| it.active),
        "created": key.and_then(|it| time(it.created)),
        "expires": key.and_then(|it| time(it.expires)),
        "last-used": time(line.last_used),
        "requests": line.requests,
        "cost-dollars": line.cost,
        "findings": line.findings.iter().map(|(it, what)| json!({"finding": it.id(), "message": what})).collect::<Vec<_>>(),
    })
}

/// What a table says of a key.
fn row(of: &OfProvider, line: &Line) -> Vec<String> {
    let held = line.held.map(|at| &of.held[at]);
    let (id, state) = match &line.matched {
        Matched::One(key) => (key.id.clone(), state(key)),
        Matched::Several(ids) => (ids.join(" or "), "not clear which"),
        Matched::None => (String::new(), "none of this account"),
        Matched::NoValue => (String::new(), "value not known"),
    };
    let shown = match (held, &line.matched) {
        (Some(held), _) => held.shown.clone(),
        (None, Matched::One(key)) => shortened(&key.redacted),
        (None, _) => String::new(),
    };
    let cells = [
        of.name.clone(),
        shown,
        id,
        held.map(|it| it.variables.join(", ")).unwrap_or_default(),
        line.last_used.map(day).unwrap_or_default(),
        line.requests.map(|it| it.to_string()).unwrap_or_default(),
        line.cost.map(dollars).unwrap_or_default(),
        state.to_owned(),
    ];
    cells.iter().map(|it| report::visible(it)).collect()
}

/// Some providers write a sign for each character that they hide.
fn shortened(redacted: &str) -> String {
    match (redacted.find('*'), redacted.rfind('*')) {
        (Some(first), Some(last)) => format!("{}…{}", &redacted[..first], &redacted[last + 1..]),
        _ => redacted.to_owned(),
    }
}

fn state(key: &RemoteKey) -> &'static str {
    match key.expires {
        Some(end) if end <= Timestamp::now() => "expired",
        _ if key.active => "active",
        _ => "inactive",
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
