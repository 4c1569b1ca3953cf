//! The end of a check: baseline, reports, exit code.

use std::io::{self, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;

use super::args::{Check, Format};
use super::baseline::{self, Baselines, Fit};
use super::fix::{self, FixOptions, Fixed};
use super::progress::Progress;
use super::report::{Report, Summary, visible};
use super::{CLEAN, FAILED, FOUND};
use super::{outputs, verify};
use crate::checks::changed;
use crate::checks::history;
use crate::checks::{self, Build, Checked, CheckedFile, Kind, Met, Named, Options, What};
use crate::moves::Reach;
use crate::project::Workspace;
use crate::stores::Stores;
use crate::syntax::Document;

/// Checks, repairs where it was asked to, reports, and says how it ended.
pub(super) fn check(args: &Check) -> Result<u8> {
    let baselines = Baselines::of(args)?;
    fix::check_name(args.name.as_deref())?;
    ensure!(
        !args.history || !(args.fix || args.diff_only),
        "`--history` changes nothing: a key that a commit holds is known to all who have the history, so rotate it; \
         `--fix` without `--history` moves the keys that stand in files now"
    );
    ensure!(!args.everywhere || args.fix || args.diff_only, "`--everywhere` goes with `--fix` or `--diff-only`");
    ensure!(
        !(args.fix && args.files_from.as_deref() == Some(Path::new("-"))),
        "`--fix` reads the list of `--files-from` twice: write it into a file"
    );
    outputs::check(args)?;
    if args.verify {
        verify::is_possible()?;
    }
    let started = Timestamp::now();
    let mut checked = checked(args)?;
    // Also where nothing is found that could move there.
    for workspace in &checked.workspaces {
        let stores = Stores::of(workspace);
        // A policy may leave no place for keys, which is no reason not to look for them.
        let moves = args.to.is_some() || args.fix || args.diff_only;
        if moves || !stores.destinations().is_empty() {
            fix::destination(&stores, args.to.as_deref())?;
        }
    }
    if let Some(path) = &args.write_baseline {
        warn(args, &checked)?;
        return baseline::write(args, path, &checked);
    }
    if args.prune_baseline {
        warn(args, &checked)?;
        return baseline::prune(args, &baselines, &mut checked);
    }
    let mut fit = baselines.apply(&mut checked)?;
    let (mut failed, mut stays) = (false, false);
    if args.fix || args.diff_only {
        match repair(args, &checked, &baselines)? {
            Fixed::Unchanged if args.diff_only => {
                warn(args, &checked)?;
                return Ok(exit_code(args, &checked));
            }
            Fixed::Unchanged => {}
            fixed => {
                (failed, stays) = (fixed == Fixed::Failed, fixed == Fixed::ChangedInPart);
                checked = self::checked(args)?;
                fit = baselines.apply(&mut checked)?;
            }
        }
    }
    changed::keep_changed(&mut checked.files);
    // Of the rest nothing was looked for.
    let gone = if looks_at_all(args) { fit.judge(args, &mut checked)? } else { 0 };
    warn(args, &checked)?;
    if args.verify {
        verify::verify(args, &mut checked)?;
    }
    let summary = Summary { versions: args.history, ..summary(&checked, &fit, gone) };
    failed |= !outputs::write(args, &Report { files: &checked.files, summary, started })?;
    let code = exit_code(args, &checked);
    Ok(if failed { FAILED } else { code.max(if stays && !args.exit_zero { FOUND } else { CLEAN }) })
}

/// Moves the keys of every workspace; the worst end counts. The plan goes where it does not mix with a machine's report.
fn repair(args: &Check, checked: &Checked, baselines: &Baselines) -> Result<Fixed> {
    ensure!(args.stdin_filename.is_none(), "text on standard input cannot be repaired: name the file");
    let options = FixOptions {
        to: args.to.clone(),
        name: args.name.clone(),
        select: args.select.clone(),
        ignore: args.ignore.clone(),
        yes: args.yes,
        diff_only: args.diff_only,
        reach: if args.everywhere { Reach::Everywhere } else { Reach::Given },
    };
    let mut workspaces: Vec<&Workspace> = Vec::new();
    for file in &checked.files {
        if !workspaces.iter().any(|it| it.root() == file.workspace.root()) {
            workspaces.push(&file.workspace);
        }
    }
    let (mut stdout, mut stderr) = (io::stdout(), io::stderr());
    let out: &mut dyn Write = if args.format == Format::Human || args.diff_only { &mut stdout } else { &mut stderr };
    let mut ended = Fixed::Unchanged;
    for workspace in workspaces {
        let inside = |file: &&CheckedFile| file.workspace.root() == workspace.root() && file.kind == Kind::Text;
        let files: Vec<&CheckedFile> = checked.files.iter().filter(inside).collect();
        let docs: Vec<&Document> = files.iter().map(|file| &file.doc).collect();
        let is_named = |path: &Path| files.iter().any(|file| file.doc.path() == path && file.met == Met::Named);
        ended = ended.max(fix::fix(workspace, &docs, &options, &is_named, baselines, out, &mut super::ask)?);
    }
    out.flush()?;
    Ok(ended)
}

fn checked(args: &Check) -> Result<Checked> {
    let options = Options {
        select: args.select.clone(),
        ignore: args.ignore.clone(),
        named: if args.force_exclude { Named::UnlessExcluded } else { Named::Always },
        build: if args.include_build { Build::Included } else { Build::Skipped },
        what: what(args),
    };
    if let Some(name) = &args.stdin_filename {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
        return Ok(checks::check_text(name, bytes, &options));
    }
    let paths = args.files_from.as_deref().map_or_else(|| Ok(args.targets()), changed::listed)?;
    let mut progress = Progress::new(args.quiet);
    if args.history {
        return Ok(history::check(&paths, &options, &mut |blobs| progress.tick(blobs)));
    }
    let tick = &mut |files| progress.tick(files);
    Ok(match options.what {
        What::Staged => changed::check_staged(&paths, &options, tick),
        _ => checks::check(&paths, &options, tick),
    })
}

/// Not a part of the files, nor what they once were.
pub(super) fn looks_at_all(args: &Check) -> bool {
    what(args) == What::All && !args.history && args.stdin_filename.is_none()
}

fn what(args: &Check) -> What {
    match &args.since {
        Some(revision) => What::Since(revision.clone()),
        None if args.staged => What::Staged,
        None if args.files_from.is_some() => What::Listed,
        None => What::All,
    }
}

/// What could not be checked, and with `--verbose` what was passed by.
fn warn(args: &Check, checked: &Checked) -> io::Result<()> {
    let mut err = io::stderr().lock();
    for remark in &checked.remarks {
        writeln!(err, "warning: {}", visible(remark))?;
    }
    for problem in &checked.problems {
        writeln!(err, "warning: {}", visible(problem))?;
    }
    if args.verbose {
        for (path, why) in &checked.skipped {
            writeln!(err, "skipped: {}: {why}", visible(&path.to_string_lossy()))?;
        }
    }
    Ok(())
}

fn summary(checked: &Checked, fit: &Fit, gone: usize) -> Summary {
    let mut summary = Summary {
        files: checked.looked,
        in_baseline: fit.known,
        baseline_unmatched: gone,
        unparsed: checked.unparsed,
        problems: checked.problems.clone(),
        ..Summary::default()
    };
    summary.count(checked.files.iter().flat_map(|file| &file.findings).map(|found| found.finding.severity));
    summary
}

fn exit_code(args: &Check, checked: &Checked) -> u8 {
    let fails = checked.files.iter().any(|file| {
        let settings = || file.workspace.config(file.doc.path()).ok()?.fail_on.clone();
        let least = args.fail_on.clone().or_else(settings);
        file.findings.iter().any(|found| file.workspace.fails(&found.finding, least.as_deref()))
    });
    match checked.problems.is_empty() {
        false => FAILED,
        true if fails && !args.exit_zero => FOUND,
        true => CLEAN,
    }
}
