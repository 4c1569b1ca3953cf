//! `--fix` and `--diff-only`: show the plan, ask, carry it out, say what happened.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::baseline::Baselines;
use super::report;
use crate::fixes::Destination;
use crate::moves::{self, Outcome, Plan, Reach, Refused};
use crate::project::{Workspace, is_variable_name};
use crate::rules::{self, Finding};
use crate::secrets::discreet;
use crate::stores::Stores;
use crate::syntax::Document;
use crate::text::{Edit, Span, apply};

/// What the user asked of `--fix`.
#[derive(Clone, Debug, Default)]
pub struct FixOptions {
    /// The store's id; `None` takes the preferred one.
    pub to: Option<String>,
    /// The variable.
    pub name: Option<String>,
    /// Only these rules; none means all.
    pub select: Vec<String>,
    /// Not these rules.
    pub ignore: Vec<String>,
    /// Do not ask.
    pub yes: bool,
    /// Show the diff and stop.
    pub diff_only: bool,
    /// Where else the keys are looked for.
    pub reach: Reach,
}

/// How `--fix` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fixed {
    /// Nothing could be fixed, or only the diff was asked for, or the user said no.
    Unchanged,
    /// Files were changed; check again.
    Changed,
    /// The same, and a key that was to go from everywhere still stands somewhere.
    ChangedInPart,
    /// A store or a file refused.
    Failed,
}

/// Plans and carries out the moves in these documents of a workspace.
///
/// `is_named` tells the paths the user named: tests and fixtures are left alone unless they were. What the baseline lists
/// stays.
pub fn fix(
    workspace: &Workspace,
    docs: &[&Document],
    options: &FixOptions,
    is_named: &dyn Fn(&Path) -> bool,
    baselines: &Baselines,
    out: &mut dyn Write,
    ask: &mut dyn FnMut(&mut dyn Write) -> io::Result<bool>,
) -> anyhow::Result<Fixed> {
    let stores = Stores::of(workspace);
    let to = destination(&stores, options.to.as_deref())?;
    let tests: RefCell<BTreeSet<PathBuf>> = RefCell::default();
    let keep = |path: &Path, findings: &mut Vec<Finding>| {
        let test = crate::syntax::Language::of_path(path).is_some_and(|language| language.is_test_path(path));
        baselines.take_known(workspace, path, findings);
        findings.retain(|finding| {
            let named = |rules: &[String]| rules::names_rule(rules, finding.rule);
            let wanted = (options.select.is_empty() || named(&options.select)) && !named(&options.ignore);
            // What lies in an env file lies well: who wants it elsewhere names the file, or the rule.
            let lies_well = finding.secret.is_some() && rules::is_env_file(path);
            let asked = !lies_well || is_named(path) || named(&options.select);
            wanted && asked && finding.rule != "unused-ignore"
        });
        if test && !is_named(path) && !findings.is_empty() {
            findings.clear();
            tests.borrow_mut().insert(path.to_owned());
        }
    };
    let mut plan = moves::plan(workspace, &stores, docs, &to, options.name.as_deref(), &keep, options.reach);
    let reason = "a test: name the file to move its keys".to_owned();
    plan.refused.extend(tests.take().into_iter().map(|path| Refused { path, line: 1, reason: reason.clone() }));
    if options.diff_only {
        write_diff(workspace, &plan, out)?;
        write_refused(&plan, out)?;
        return Ok(Fixed::Unchanged);
    }
    if plan.moves.is_empty() {
        write_refused(&plan, out)?;
        return Ok(Fixed::Unchanged);
    }
    write_plan(&plan, out)?;
    if !options.yes && !ask(out)? {
        writeln!(out, "nothing was changed")?;
        return Ok(Fixed::Unchanged);
    }
    let outcome = moves::carry_out(workspace, &stores, &plan);
    write_outcome(workspace, &plan, &outcome, out)?;
    let elsewhere = |path: &Path| !workspace.keeps_secrets(path) && !docs.iter().any(|doc| doc.path() == path);
    let stays = plan.refused.iter().any(|it| elsewhere(&it.path));
    Ok(match outcome.errors.is_empty() {
        true if options.reach == Reach::Everywhere && stays => Fixed::ChangedInPart,
        true => Fixed::Changed,
        false => Fixed::Failed,
    })
}

/// The variable that the user named can be one.
pub(super) fn check_name(name: Option<&str>) -> anyhow::Result<()> {
    match name.filter(|name| !is_variable_name(name)).map(discreet) {
        Some(name) => anyhow::bail!("`--name` {name:?} is no name of a variable: use letters, digits and `_`"),
        None => Ok(()),
    }
}

/// The store that the user named, else the preferred one.
pub(super) fn destination(stores: &Stores, to: Option<&str>) -> anyhow::Result<Destination> {
    Ok(to.map_or_else(|| stores.preferred(), |to| stores.destination(to))?)
}

fn write_plan(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "the plan:")?;
    for it in &plan.moves {
        let unnamed = it.name.as_ref().filter(|name| !it.title.contains(name.as_str()));
        let name = unnamed.map(|name| format!(" as {name}")).unwrap_or_default();
        let what = report::visible(&format!("{}{name}", it.title));
        writeln!(out, "  {}:{}: {what}", super::visible(&it.path), it.line)?;
    }
    let files: BTreeSet<_> = plan.files.iter().map(|file| super::visible(&file.path)).collect();
    writeln!(out, "  changes {}", files.into_iter().collect::<Vec<_>>().join(", "))?;
    let stores: BTreeSet<_> = plan.moves.iter().filter_map(|it| it.env()).map(super::visible).collect();
    for env in stores {
        writeln!(out, "  writes {env}, its .example, and .gitignore where git would take it")?;
    }
    write_refused(plan, out)
}

fn write_refused(plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    for it in &plan.refused {
        writeln!(out, "  {}:{}: stays: {}", super::visible(&it.path), it.line, it.reason)?;
    }
    Ok(())
}

fn write_outcome(workspace: &Workspace, plan: &Plan, outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
    for (path, error) in &outcome.errors {
        let error = report::visible(&error.to_string());
        writeln!(out, "error: {}: {error}; this file is as it was", super::visible(path))?;
    }
    let stored = plan.moves.iter().any(|it| it.name.is_some());
    match outcome.moved {
        n if n > 0 && !stored => return writeln!(out, "done: no key had to move"),
        0 => return writeln!(out, "nothing was moved"),
        1 => writeln!(out, "moved the key in 1 place")?,
        n => writeln!(out, "moved the keys in {n} places")?,
    }
    for committed in &plan.committed {
        writeln!(out, "{}", super::visible(std::path::Path::new(committed)))?;
    }
    for missing in
        plan.missing.iter().chain(&moves::copies_left(workspace, plan.moves.iter().filter_map(|it| it.key())))
    {
        writeln!(out, "{}", report::visible(missing))?;
    }
    let root = workspace.root();
    let below = std::env::current_dir().is_ok_and(|here| here.canonicalize().is_ok_and(|here| here != root));
    let place = if below { format!(" in {}", super::visible(root)) } else { String::new() };
    for start in &plan.start {
        writeln!(out, "start the program{place} with: {start}")?;
    }
    Ok(())
}

/// The plan as a unified diff, every key masked.
fn write_diff(workspace: &Workspace, plan: &Plan, out: &mut dyn Write) -> io::Result<()> {
    for file in &plan.files {
        let name = super::visible(&file.path);
        let [old, new] = [&file.before, &file.after].map(|text| masked(workspace, &file.path, text));
        let diff = similar::TextDiff::from_lines(&old, &new);
        write!(out, "{}", diff.unified_diff().header(&format!("a/{name}"), &format!("b/{name}")))?;
    }
    Ok(())
}

/// A text as it may be shown: every key in it masked, and nothing that a terminal would act on.
pub(super) fn masked(workspace: &Workspace, path: &Path, text: &str) -> String {
    let doc = Document::new(path, text);
    let secrets = rules::secrets(&doc, &workspace.surroundings(path));
    let masks = report::masks(&doc, &secrets, Span::new(0, text.len()));
    let edits: Vec<_> = masks.into_iter().map(|(span, shown)| Edit::replace(span, shown)).collect();
    let shown = |line: &str| {
        report::visible(line.trim_end_matches(['\r', '\n'])) + if line.ends_with('\n') { "\n" } else { "" }
    };
    apply(text, &edits).split_inclusive('\n').map(shown).collect()
}
