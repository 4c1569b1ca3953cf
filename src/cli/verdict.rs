//! The end of a check: baseline, reports, exit code.

use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

use anstream::{AutoStream, ColorChoice, StripStream};
use anyhow::{Context, Result, ensure};

use super::args::{Check, Color, Format};
use super::baseline::{Baseline, Fit};
use super::check::{self, Build, Checked, CheckedFile, Kind, Met, Named, Options};
use super::fix::{self, FixOptions, Fixed};
use super::history;
use super::progress::Progress;
use super::report::{self, Report, Summary, counted, visible};
use super::{CLEAN, FAILED, FOUND};
use crate::moves::Reach;
use crate::project::Workspace;
use crate::rules::Severity;
use crate::stores::Stores;
use crate::syntax::Document;

/// Checks, repairs where it was asked to, reports, and says how it ended.
pub(super) fn check(args: &Check) -> Result<u8> {
    let baseline = args.baseline.as_deref().map(Baseline::read).transpose()?.unwrap_or_default();
    fix::check_name(args.name.as_deref())?;
    ensure!(
        !args.history || !(args.fix || args.diff_only),
        "`--history` changes nothing: a key that a commit holds is known to all who have the history, so rotate it; \
         `--fix` without `--history` moves the keys that stand in files now"
    );
    ensure!(!args.everywhere || args.fix || args.diff_only, "`--everywhere` goes with `--fix` or `--diff-only`");
    let mut checked = checked(args)?;
    // Also where nothing is found that could move there.
    for workspace in &checked.workspaces {
        fix::destination(&Stores::of(workspace), args.to.as_deref())?;
    }
    if let Some(path) = &args.write_baseline {
        warn(args, &checked)?;
        return write_baseline(path, &checked);
    }
    let mut fit = baseline.apply(&mut checked.files);
    let (mut failed, mut stays) = (false, false);
    if args.fix || args.diff_only {
        match repair(args, &checked, &baseline)? {
            Fixed::Unchanged if args.diff_only => {
                warn(args, &checked)?;
                return Ok(exit_code(args, &checked));
            }
            Fixed::Unchanged => {}
            fixed => {
                (failed, stays) = (fixed == Fixed::Failed, fixed == Fixed::ChangedInPart);
                checked = self::checked(args)?;
                fit = baseline.apply(&mut checked.files);
            }
        }
    }
    warn(args, &checked)?;
    let summary = Summary { versions: args.history, ..summary(&checked, fit) };
    write(args, &Report { files: &checked.files, summary })?;
    let code = exit_code(args, &checked);
    Ok(if failed { FAILED } else { code.max(if stays && !args.exit_zero { FOUND } else { CLEAN }) })
}

/// Moves the keys of every workspace; the worst end counts. The plan goes where it does not mix with a machine's report.
fn repair(args: &Check, checked: &Checked, baseline: &Baseline) -> Result<Fixed> {
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
        ended = ended.max(fix::fix(workspace, &docs, &options, &is_named, baseline, out, &mut super::ask)?);
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
    };
    if let Some(name) = &args.stdin_filename {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).context("standard input cannot be read")?;
        return Ok(check::check_text(name, bytes, &options));
    }
    let mut progress = Progress::new(args.quiet);
    if args.history {
        return Ok(history::check(&args.targets(), &options, &mut |blobs| progress.tick(blobs)));
    }
    Ok(check::check(&args.targets(), &options, &mut |files| progress.tick(files)))
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

fn write_baseline(path: &Path, checked: &Checked) -> Result<u8> {
    let baseline = Baseline::of(&checked.files);
    baseline.write(path)?;
    let shown = visible(&path.to_string_lossy());
    let count = counted(baseline.len(), "finding");
    match checked.problems.len() {
        0 => writeln!(io::stderr(), "wrote {count} to {shown}")?,
        n => writeln!(io::stderr(), "wrote {count} to {shown}; {n} could not be checked, and may hold more")?,
    }
    Ok(if checked.problems.is_empty() { CLEAN } else { FAILED })
}

fn summary(checked: &Checked, fit: Fit) -> Summary {
    let mut summary = Summary {
        files: checked.looked,
        in_baseline: fit.known,
        baseline_unmatched: fit.unmatched,
        unparsed: checked.unparsed,
        problems: checked.problems.clone(),
        ..Summary::default()
    };
    summary.count(checked.files.iter().flat_map(|file| &file.findings).map(|found| found.finding.severity));
    summary
}

/// The report goes to standard output unless a file takes its place; other files get theirs besides.
fn write(args: &Check, report: &Report<'_>) -> Result<()> {
    for output in &args.output {
        let mut bytes = StripStream::new(Vec::new());
        report::write(output.format.unwrap_or(args.format), &mut bytes, report)?;
        fs::write(&output.path, bytes.into_inner())
            .with_context(|| format!("{}: the report cannot be written", output.path.display()))?;
    }
    let choice = match args.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let mut out = io::BufWriter::new(AutoStream::new(io::stdout(), choice).lock());
    if args.output.iter().all(|output| output.format.is_some()) {
        report::write(args.format, &mut out, report)?;
    }
    let sentence = report.summary.sentence();
    if args.format == Format::Human && !args.quiet {
        writeln!(out, "{sentence}")?;
    }
    out.flush()?;
    if args.format != Format::Human && !args.quiet {
        writeln!(io::stderr(), "{sentence}")?;
    }
    Ok(())
}

fn exit_code(args: &Check, checked: &Checked) -> u8 {
    let fails = checked.files.iter().any(|file| {
        let settings = || file.workspace.config(file.doc.path()).ok()?.fail_on.clone();
        let least = args.fail_on.clone().or_else(settings);
        let least = least.map_or(Some(Severity::Warning), |name| Severity::named(&name));
        least.is_some_and(|least| file.findings.iter().any(|found| found.finding.severity >= least))
    });
    match checked.problems.is_empty() {
        false => FAILED,
        true if fails && !args.exit_zero => FOUND,
        true => CLEAN,
    }
}
