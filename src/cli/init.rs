//! `init`: sets up a project. All is shown before it is done, nothing that is there is written over, and a second time
//! there is nothing to do.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};

use super::args::Init;
use super::fix::masked;
use super::report::{Summary, counted, visible};
use super::take_over::{Taken, take_over};
use crate::checks::{self, Checked, Options};
use crate::project::{
    Baseline, Entry, Planned, Setup, Terms, Workspace, baseline_text, entries_of, with_items, with_value,
};
use crate::secrets::discreet;

type Ask<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<bool>;

/// Where known findings are listed, unless the settings say otherwise.
const BASELINE: &str = "aikeys-baseline.json";

/// Plans, shows, asks, writes; then asks about what is found already.
pub(super) fn init(args: &Init, out: &mut dyn Write, ask: Ask<'_>) -> Result<()> {
    ensure!(
        !args.passphrase,
        "`init` sets up a project: `aikeys-lsp store init --passphrase` makes the encrypted store and its identity"
    );
    let workspace = Workspace::open(Path::new("."))?;
    workspace.config(Path::new("*"))?;
    let listed = is_named(&workspace)? && baseline_of(&workspace)?.1.is_some();
    let mut setup = Setup::of(&workspace);
    if !args.from.is_empty() {
        let checked = checked(&workspace);
        let taken = take_over(args, &workspace, &checked)?;
        let missed = add(&mut setup, &workspace, &taken)?;
        setup.notes.extend(taken.said.into_iter().chain(missed));
    }
    for file in &setup.files {
        write!(out, "{}", diff(&workspace, file))?;
    }
    for note in &setup.notes {
        writeln!(out, "note: {}", visible(note))?;
    }
    if setup.files.is_empty() {
        writeln!(out, "everything is set up already")?;
    } else if args.dry_run {
        return Ok(());
    } else if !args.yes && !ask(out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(());
    }
    write_all(&setup, out)?;
    accept(args, listed, out, ask)
}

fn write_all(setup: &Setup, out: &mut dyn Write) -> Result<()> {
    for file in &setup.files {
        file.write()?;
        writeln!(out, "wrote {}", super::visible(&file.path))?;
    }
    Ok(())
}

/// What is found today can be listed in a baseline: a decision of its own, because that hides it.
fn accept(args: &Init, listed: bool, out: &mut dyn Write, ask: Ask<'_>) -> Result<()> {
    let workspace = Workspace::open(Path::new("."))?;
    let checked = checked(&workspace);
    for problem in &checked.problems {
        writeln!(out, "warning: {}", visible(problem))?;
    }
    let (path, old) = baseline_of(&workspace)?;
    let named = is_named(&workspace)?;
    let (mut entries, mut new, mut fails) = (BTreeMap::new(), Summary::default(), false);
    for file in &checked.files {
        let findings = || file.findings.iter().map(|found| &found.finding);
        let least = workspace.config(file.doc.path())?.fail_on.clone();
        for (entry, finding) in entries_of(file.doc.path(), findings()).into_iter().zip(findings()) {
            if named && old.as_ref().is_some_and(|old| old.hides(&entry)) {
                continue;
            }
            new.count([finding.severity]);
            fails |= workspace.fails(finding, least.as_deref());
            // One that has ended would hide nothing.
            let terms = old.as_ref().and_then(|old| old.entries().get(&entry)).filter(|it| !it.ended()).cloned();
            entries.insert(entry, terms.unwrap_or_default());
        }
    }
    if !fails {
        writeln!(out, "`aikeys-lsp --check` finds nothing that makes it fail")?;
        return Ok(());
    }
    let (count, shown) = (new.counts(), super::visible(&path));
    if listed || args.dry_run {
        writeln!(out, "`aikeys-lsp --check` finds {count} that the baseline does not list")?;
        return Ok(());
    }
    let files = checked.files.len();
    writeln!(
        out,
        "\n`aikeys-lsp --check` finds {count} in {}. `aikeys-lsp --check --fix` moves keys. {shown} can list them all, \
         so that only new ones make a check fail: that makes no key safe, and those that were committed have to be rotated.",
        counted(files, "file")
    )?;
    let mut setup = Setup::default();
    for (entry, terms) in old.iter().flat_map(Baseline::entries) {
        entries.entry(entry.clone()).or_insert_with(|| terms.clone());
    }
    let missed = list(&mut setup, &workspace, &path, &entries)?;
    for note in &missed {
        writeln!(out, "note: {}", visible(note))?;
    }
    // Of the baseline itself the sentence above says more.
    for file in setup.files.iter().filter(|file| file.path != path) {
        write!(out, "{}", diff(&workspace, file))?;
    }
    if !args.with_baseline {
        if args.yes {
            writeln!(out, "`aikeys-lsp init --yes --with-baseline` lists them")?;
            return Ok(());
        }
        if !ask(out)? {
            writeln!(out, "they stay findings")?;
            return Ok(());
        }
    }
    write_all(&setup, out)?;
    match missed.is_empty() {
        true => writeln!(out, "{shown} hides {count}: commit it")?,
        false => writeln!(out, "{shown} lists {count}, and hides nothing until the settings name it")?,
    }
    Ok(())
}

/// What another tool allowed joins the plan. Returns what has to be done by hand.
fn add(setup: &mut Setup, workspace: &Workspace, taken: &Taken) -> Result<Vec<String>> {
    let mut missed = Vec::new();
    if !taken.excludes.is_empty() {
        let (path, is_own) = settings_of(workspace);
        let mut edited = true;
        setup.change(workspace, &path, |text| {
            let after = with_items(text, is_own, "exclude", &taken.excludes);
            edited = after.is_some() || taken.excludes.iter().all(|it| text.contains(it.as_str()));
            after
        })?;
        if !edited {
            missed.push(format!("write into {}: exclude = {:?}", super::visible(&path), taken.excludes));
        }
    }
    let (path, old) = baseline_of(workspace)?;
    let known = old.as_ref().map(|old| old.entries().clone()).unwrap_or_default();
    let mut entries = known.clone();
    for (entry, terms) in &taken.entries {
        entries.entry(entry.clone()).or_insert_with(|| terms.clone());
    }
    if entries.len() > known.len() {
        missed.extend(list(setup, workspace, &path, &entries)?);
    }
    Ok(missed)
}

/// Plans a baseline, and the setting that names it.
fn list(
    setup: &mut Setup,
    workspace: &Workspace,
    path: &Path,
    entries: &BTreeMap<Entry, Terms>,
) -> Result<Vec<String>> {
    let text = baseline_text(entries)?;
    setup.change(workspace, path, |_| Some(text))?;
    if is_named(workspace)? {
        return Ok(Vec::new());
    }
    let (settings, is_own) = settings_of(workspace);
    let mut missed = Vec::new();
    setup.change(workspace, &settings, |text| {
        let after = with_value(text, is_own, "baseline", BASELINE);
        if after.is_none() {
            missed.push(format!("write into {}: baseline = \"{BASELINE}\"", super::visible(&settings)));
        }
        after
    })?;
    Ok(missed)
}

/// The settings name a baseline.
fn is_named(workspace: &Workspace) -> Result<bool> {
    Ok(workspace.baseline_path(Path::new("*"))?.is_some())
}

/// The baseline of the root, from there, and what it holds.
fn baseline_of(workspace: &Workspace) -> Result<(PathBuf, Option<Baseline>)> {
    let root = workspace.root();
    let path = workspace.baseline_path(Path::new("*"))?.unwrap_or_else(|| root.join(BASELINE));
    let old = Baseline::read(&path)?;
    Ok((path.strip_prefix(root).map(Path::to_owned).unwrap_or(path), old))
}

/// The file of the root's settings, and whether it holds nothing else.
fn settings_of(workspace: &Workspace) -> (PathBuf, bool) {
    let named = workspace.settings_file().and_then(|it| it.file_name().map(PathBuf::from));
    let path = named.unwrap_or_else(|| PathBuf::from("aikeys.toml"));
    let is_own = path == Path::new("aikeys.toml");
    (path, is_own)
}

fn checked(workspace: &Workspace) -> Checked {
    checks::check(&[workspace.root().to_owned()], &Options::default(), &mut |_| {})
}

/// A file as a unified diff, every key masked.
fn diff(workspace: &Workspace, file: &Planned) -> String {
    let name = super::visible(&file.path);
    let [old, new] =
        [file.before.as_deref().unwrap_or(""), &file.after].map(|text| masked(workspace, &file.path, text));
    let from = if file.before.is_some() { format!("a/{name}") } else { "/dev/null".to_owned() };
    let diff = similar::TextDiff::from_lines(&old, &new);
    discreet_lines(&diff.unified_diff().header(&from, &format!("b/{name}")).to_string())
}

/// A word that could be a key is left out, but for the fingerprints of a baseline.
fn discreet_lines(text: &str) -> String {
    text.split_inclusive('\n')
        .map(|line| if line.contains("\"fingerprint\"") { line.to_owned() } else { discreet(line) })
        .collect()
}
