//! `init --from`: what another tool was told to leave alone, as far as there is an equivalent of ours: paths become
//! `exclude`, and findings at its places become entries of the baseline.

mod detect_secrets;
mod gitleaks;
mod patterns;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use regex::{Regex, RegexBuilder};

use super::args::{Init, OtherTool};
use crate::checks::{Checked, CheckedFile};
use crate::project::{Entry, Terms, Workspace, entries_of, read_small, walked};
use crate::rules::Finding;
use crate::secrets::{Secret, discreet};
use crate::text::counted;

/// What is taken over.
#[derive(Default)]
pub(super) struct Taken {
    /// Paths that are not checked.
    pub excludes: Vec<String>,
    /// Findings that are fine, with the reason.
    pub entries: BTreeMap<Entry, Terms>,
    /// What became of everything, a line each.
    pub said: Vec<String>,
}

/// Findings that the other tool leaves alone: those that pass a test of each group.
struct Allow {
    /// Where it says so, for people.
    origin: String,
    /// The reason of an entry.
    reason: String,
    groups: Vec<Vec<Test>>,
}

/// A question about a finding. It has no `Debug`: it can hold a key.
enum Test {
    Path(Regex),
    PathIs(String),
    Secret(Regex),
    Line(Regex),
    LineIs(usize),
    Word(String),
    Sha1(String),
    Value(Secret),
    /// It stands in this text.
    In(Secret),
    Provider(String),
}

/// Reads what the tools' files say, and looks at which findings it is true of.
pub(super) fn take_over(args: &Init, workspace: &Workspace, checked: &Checked) -> Result<Taken> {
    let mut taken = Taken::default();
    let mut tools = args.from.clone();
    tools.dedup();
    for tool in tools {
        let read = match tool {
            OtherTool::Gitleaks => gitleaks::read,
            OtherTool::DetectSecrets => detect_secrets::read,
        };
        let allows = read(workspace, &args.report, &mut taken)?;
        let mut counts: BTreeMap<String, (usize, usize, usize)> = BTreeMap::new();
        for allow in &allows {
            let (fits, new) = taken.add(allow, workspace, checked);
            let count = counts.entry(allow.origin.clone()).or_default();
            *count = (count.0 + 1, count.1 + usize::from(fits), count.2 + new);
        }
        for (origin, (all, matched, found)) in counts {
            let found = counted(found, "finding");
            taken.say(format!(
                "{origin}: {all} read, {matched} of them about findings of ours: {found} for the baseline"
            ));
        }
    }
    Ok(taken)
}

impl Taken {
    fn say(&mut self, what: String) {
        self.said.push(discreet(&what));
    }

    /// Adds the findings that an allowance is about. Returns whether there are some, and how many were not there yet.
    fn add(&mut self, allow: &Allow, workspace: &Workspace, checked: &Checked) -> (bool, usize) {
        let (mut fits, before) = (false, self.entries.len());
        for file in &checked.files {
            let is_left_out = patterns::fit(&self.excludes, file.doc.path());
            let findings = || file.findings.iter().map(|found| &found.finding);
            for (entry, finding) in entries_of(file.doc.path(), findings()).into_iter().zip(findings()) {
                let ours = file.workspace.root() == workspace.root() && finding.secret.is_some();
                if ours && allow.fits(file, finding) {
                    fits = true;
                    // What is left out is not found any more: its entry would match nothing.
                    if !is_left_out {
                        self.entries.entry(entry).or_insert_with(|| Terms::with_reason(&allow.reason));
                    }
                }
            }
        }
        (fits, self.entries.len() - before)
    }

    /// Turns patterns of paths into `exclude`; returns those that have no equal there.
    fn exclude(&mut self, origin: &str, workspace: &Workspace, patterns: Vec<Regex>) -> Vec<Regex> {
        let mut left = Vec::new();
        let files = walked(workspace);
        for pattern in patterns {
            match patterns::glob(&pattern, &files) {
                Some(glob) => {
                    self.say(format!("{origin}: paths like `{pattern}`: exclude = [\"{glob}\"]"));
                    if !self.excludes.contains(&glob) {
                        self.excludes.push(glob);
                    }
                }
                None => left.push(pattern),
            }
        }
        left
    }

    /// Patterns that can be read; of the others it is said that they cannot.
    fn patterns<'p>(&mut self, origin: &str, texts: impl IntoIterator<Item = &'p str>) -> Vec<Regex> {
        let mut read = Vec::new();
        for text in texts {
            match RegexBuilder::new(text).size_limit(1 << 20).build() {
                Ok(pattern) => read.push(pattern),
                Err(_) => {
                    self.say(format!("{origin}: `{text}` has no equivalent: it is no pattern that can be read here"));
                }
            }
        }
        read
    }
}

impl Allow {
    fn fits(&self, file: &CheckedFile, finding: &Finding) -> bool {
        !self.groups.is_empty() && self.groups.iter().all(|tests| tests.iter().any(|test| test.fits(file, finding)))
    }
}

impl Test {
    fn fits(&self, file: &CheckedFile, finding: &Finding) -> bool {
        let path = || file.doc.path().to_string_lossy().replace('\\', "/");
        let line = file.doc.lines().line_of(finding.span.start);
        let secret = finding.secret.map_or("", |span| file.doc.slice(span));
        match self {
            Test::Path(pattern) => pattern.is_match(&path()),
            Test::PathIs(other) => path() == *other,
            Test::Secret(pattern) => pattern.is_match(secret),
            Test::Line(pattern) => pattern.is_match(file.doc.slice(file.doc.lines().span(line))),
            Test::LineIs(number) => line as usize + 1 == *number,
            Test::Word(word) => secret.to_lowercase().contains(word),
            Test::Sha1(hash) => patterns::sha1(secret).is_some_and(|own| own.eq_ignore_ascii_case(hash)),
            Test::Value(value) => secret == value.expose(),
            Test::In(text) => !secret.is_empty() && text.expose().contains(secret),
            Test::Provider(rule) => {
                let provider = finding.provider.as_deref().unwrap_or("");
                let plain = |name: &str| name.replace('-', "");
                let is_google = rule == "gcp-api-key" && ["google", "gemini"].contains(&provider);
                let names = !provider.is_empty() && plain(rule).contains(&plain(provider));
                rule == "generic-api-key" || is_google || names
            }
        }
    }
}

/// The text of a file of the other tool; `None` when it is not there.
fn text_of(root: &Path, name: &Path) -> Result<Option<String>> {
    let Some(bytes) = read_small(&root.join(name))? else { return Ok(None) };
    let text = String::from_utf8(bytes).ok();
    text.map(Some).with_context(|| format!("{}: this is no UTF-8 text", super::visible(name)))
}

fn there_is_something(tool: &str, files: &str, is_there: bool) -> Result<()> {
    ensure!(is_there, "there is nothing of {tool} here: {files}; name a report with `--report FILE`");
    Ok(())
}
