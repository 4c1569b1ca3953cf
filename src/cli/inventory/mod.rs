//! `inventory`: every key and reference of a workspace, for people, programs and browsers.

mod page;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::args::{Inventory as Args, InventoryFormat};
use super::{CLEAN, FAILED, visible};
use crate::fixes::LOCK;
use crate::inventory::{Entry, Inventory, Kind, Place, inventory, lock_text};
use crate::project::{Workspace, check_writable, is_bare, read_small, write_atomic};
use crate::secrets::without_keys;
use crate::stores::{Stores, Version};
use crate::text::counted;

/// Prints the inventory, or writes it into a file.
pub(super) fn command(args: &Args, out: &mut dyn Write) -> Result<u8> {
    fs::metadata(&args.path).with_context(|| visible(&args.path))?;
    let workspace = Arc::new(Workspace::open(&args.path)?);
    let mut found = inventory(&workspace);
    if args.write_lock {
        return write_lock(&workspace, &found, out);
    }
    if args.ask {
        ask(&workspace, &mut found);
    }
    let text = match args.format {
        InventoryFormat::Table => table(&found),
        InventoryFormat::Json => format!("{:#}\n", as_json(&workspace, &found)),
        InventoryFormat::Csv => as_csv(&found)?,
        InventoryFormat::Html => page::page(&workspace, &found),
    };
    match &args.output {
        Some(path) => {
            fs::write(path, text).with_context(|| format!("{} cannot be written", visible(path)))?;
        }
        None => write!(out, "{text}")?,
    }
    for problem in &found.problems {
        writeln!(std::io::stderr(), "error: {problem}")?;
    }
    Ok(if found.problems.is_empty() { CLEAN } else { FAILED })
}

/// Writes the list of keys, where all could be looked at: else entries would be lost.
fn write_lock(workspace: &Workspace, found: &Inventory, out: &mut dyn Write) -> Result<u8> {
    let root = workspace.root();
    ensure!(!is_bare(root), "this is a bare repository, which has no files: write the list in a clone of it");
    for problem in &found.problems {
        writeln!(std::io::stderr(), "error: {problem}")?;
    }
    ensure!(found.problems.is_empty(), "{LOCK} is not written: not all could be looked at");
    let path = root.join(LOCK);
    check_writable(root, &path)?;
    let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
    ensure!(
        real == path || fs::canonicalize(root).is_ok_and(|it| real == it.join(LOCK)),
        "{LOCK} is a link: write it where it leads to"
    );
    let old = read_small(&path)?;
    let today = workspace.surroundings(Path::new("")).today;
    let text = lock_text(workspace.lock().map(|it| &**it), &found.entries, workspace.catalogue(), &today);
    write_atomic(root, &path, old.as_deref(), text.as_bytes(), 0o644)?;
    writeln!(out, "wrote {LOCK}: commit it")?;
    Ok(CLEAN)
}

/// Asks the stores for the versions of what is referred to: their numbers and times, and no value.
fn ask(workspace: &Workspace, found: &mut Inventory) {
    let stores = Stores::of(workspace);
    for entry in &mut found.entries {
        let Some(reference) = &entry.reference else { continue };
        match stores.versions(reference) {
            Ok(versions) => {
                if let Some(Version { id, created, .. }) = versions.into_iter().next() {
                    entry.version = entry.version.take().or(Some(id));
                    entry.since = created.map(|it| (it.strftime("%Y-%m-%d").to_string(), "store"));
                }
            }
            Err(error) => found.problems.push(without_keys(&format!("{reference}: {error}")).into_owned()),
        }
    }
}

/// What a table and a file of values separated by commas say of an entry, by column.
fn columns(entry: &Entry) -> [(&'static str, String); 14] {
    let join = |all: Vec<String>| all.join("; ");
    let places = |all: &BTreeSet<Place>| join(all.iter().map(shown).collect());
    let (since, by) = entry.since.clone().unwrap_or_default();
    let sent = entry.uses.sent.iter().map(|(place, to)| format!("{to} at {}", shown(place))).collect();
    [
        ("provider", entry.name.clone()),
        ("kind", entry.kind.id().to_owned()),
        ("key", entry.shown.clone()),
        ("class", entry.class.unwrap_or("").to_owned()),
        ("variable", join(entry.variables.iter().cloned().collect())),
        ("exposure", entry.exposure.join(" ")),
        ("since", if by.is_empty() { since } else { format!("{since} ({by})") }),
        ("store", entry.store.clone()),
        ("version", entry.version.clone().unwrap_or_default()),
        ("owner", entry.owner.clone().unwrap_or_default()),
        ("defined", places(&entry.defined)),
        ("read", places(&entry.uses.read)),
        ("sent", join(sent)),
        ("fingerprint", entry.fingerprint.clone()),
    ]
}

fn shown(place: &Place) -> String {
    format!("{}:{}", place.path, place.line)
}

/// For people: the columns that hold something, each as wide as it must be.
fn table(found: &Inventory) -> String {
    const LEFT_OUT: [&str; 2] = ["kind", "fingerprint"];
    if found.entries.is_empty() {
        return format!("no key, no reference and no variable of a provider in {}\n", counted(found.looked, "file"));
    }
    let rows: Vec<Vec<(&str, String)>> = found.entries.iter().map(|it| columns(it).to_vec()).collect();
    let wanted: Vec<usize> = (0..rows[0].len())
        .filter(|at| !LEFT_OUT.contains(&rows[0][*at].0) && rows.iter().any(|row| !row[*at].1.is_empty()))
        .collect();
    let head: Vec<String> = wanted.iter().map(|at| rows[0][*at].0.to_uppercase()).collect();
    let short = |cell: &str| match cell.split_once("; ") {
        Some((first, rest)) => format!("{first} +{}", rest.split("; ").count()),
        None => cell.to_owned(),
    };
    let cells = rows.iter().map(|row| wanted.iter().map(|at| super::report::visible(&short(&row[*at].1))).collect());
    let lines: Vec<Vec<String>> = std::iter::once(head).chain(cells).collect();
    let mut text = super::report::aligned(&lines);
    text.push('\n');
    text.push_str(&summary(found));
    text.push('\n');
    text
}

/// `3 keys, 1 reference, 2 variables without a value`
fn summary(found: &Inventory) -> String {
    let count = |kind: Kind| found.entries.iter().filter(|it| it.kind == kind).count();
    format!(
        "{}, {}, {} without a value here",
        counted(count(Kind::Key), "key"),
        counted(count(Kind::Reference), "reference"),
        counted(count(Kind::Variable), "variable")
    )
}

fn as_json(workspace: &Workspace, found: &Inventory) -> Value {
    let place = |it: &Place| json!({"path": it.path, "line": it.line});
    let places = |all: &BTreeSet<Place>| all.iter().map(place).collect::<Vec<_>>();
    let entry = |it: &Entry| {
        json!({
            "kind": it.kind.id(),
            "fingerprint": it.fingerprint,
            "provider": it.provider,
            "name": it.name,
            "shown": it.shown,
            "class": it.class,
            "variables": it.variables,
            "defined": places(&it.defined),
            "read": places(&it.uses.read),
            "named": places(&it.uses.named),
            "sent": it.uses.sent.iter().map(|(at, to)| json!({"to": to, "at": place(at)})).collect::<Vec<_>>(),
            "store": it.store,
            "reference": it.reference.as_ref().map(|it| without_keys(&it.to_string()).into_owned()),
            "version": it.version,
            "since": it.since.as_ref().map(|(date, _)| date),
            "since-by": it.since.as_ref().map(|(_, by)| by),
            "exposure": it.exposure,
            "owner": it.owner,
        })
    };
    json!({
        "version": 1,
        "workspace": without_keys(workspace.name()),
        "files": found.looked,
        "entries": found.entries.iter().map(entry).collect::<Vec<_>>(),
        "problems": found.problems,
    })
}

/// A table program takes what begins so for a formula.
const FORMULA: [char; 4] = ['=', '+', '-', '@'];

fn as_csv(found: &Inventory) -> Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut is_first = true;
    for entry in &found.entries {
        let columns = columns(entry);
        if std::mem::take(&mut is_first) {
            writer.write_record(columns.iter().map(|(name, _)| name))?;
        }
        let plain = |cell: &String| if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell.clone() };
        writer.write_record(columns.iter().map(|(_, cell)| plain(cell)))?;
    }
    Ok(String::from_utf8_lossy(&writer.into_inner()?).into_owned())
}
