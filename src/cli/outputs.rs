//! Where reports go: standard output, files, and the file that GitHub collects summaries in.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anstream::{AutoStream, ColorChoice, StripStream};
use anyhow::{Result, bail};

use super::args::{Check, Color, Format, Output};
use super::report::{self, Report};
use super::visible;

/// The variable with the file that GitHub shows on the page of a job. Every command of a step adds to it.
const SUMMARY: &str = "GITHUB_STEP_SUMMARY";

/// Two reports in one file would be none.
pub(super) fn check(args: &Check) -> Result<()> {
    let mut taken: Vec<PathBuf> = Vec::new();
    for output in &args.output {
        let path = &output.path;
        if path.as_os_str().is_empty() {
            bail!("`--output` has no file: `--output sarif=FILE`, `-` for standard output");
        }
        let place = if is_stdout(path) { PathBuf::from("-") } else { place(path) };
        if taken.contains(&place) {
            bail!("two reports go to {}: give each its own `--output`", visible(path));
        }
        taken.push(place);
    }
    Ok(())
}

/// The file behind a path, links resolved as far as it is there.
fn place(path: &Path) -> PathBuf {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let beside = || {
        Some(real(path.parent().filter(|it| *it != Path::new("")).unwrap_or(Path::new(".")))?.join(path.file_name()?))
    };
    real(path).or_else(beside).or_else(|| std::path::absolute(path).ok()).unwrap_or_else(|| path.to_owned())
}

fn is_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

/// Writes all reports; `false` where a file could not be written, which stderr says.
///
/// The report of `--format` goes to standard output unless a file or another report takes its place.
pub(super) fn write(args: &Check, report: &Report<'_>) -> Result<bool> {
    let mut all_written = true;
    for output in args.output.iter().filter(|output| !is_stdout(&output.path)) {
        if let Err(error) = to_file(output, args.format, report) {
            all_written = false;
            writeln!(io::stderr(), "error: {}: the report cannot be written: {error}", visible(&output.path))?;
        }
    }
    let choice = match args.color {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let printed = args.output.iter().find(|output| is_stdout(&output.path));
    let format = printed.and_then(|output| output.format).unwrap_or(args.format);
    let is_printed = printed.is_some() || args.output.iter().all(|output| output.format.is_some());
    let mut out = io::BufWriter::new(AutoStream::new(io::stdout(), choice).lock());
    if is_printed {
        report::write(format, &mut out, report)?;
    }
    let sentence = report.summary.sentence();
    if format == Format::Human && !args.quiet {
        writeln!(out, "{sentence}")?;
    }
    out.flush()?;
    if format != Format::Human && !args.quiet {
        writeln!(io::stderr(), "{sentence}")?;
    }
    Ok(all_written)
}

fn to_file(output: &Output, default: Format, report: &Report<'_>) -> io::Result<()> {
    let format = output.format.unwrap_or(default);
    let mut bytes = StripStream::new(Vec::new());
    report::write(format, &mut bytes, report)?;
    let collects = format == Format::GithubSummary
        && std::env::var_os(SUMMARY).is_some_and(|it| place(Path::new(&it)) == place(&output.path));
    let mut file = match collects {
        true => OpenOptions::new().create(true).append(true).open(&output.path)?,
        false => File::create(&output.path)?,
    };
    file.write_all(&bytes.into_inner())
}
