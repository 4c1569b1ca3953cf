//! Looking at one file: read it, leave it at once if it can hold nothing, else ask the rules.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, PoisonError};

use super::changed::Changed;
use super::walk::{Entry, is_excluded_by_settings, is_passed_by};
use super::{CheckedFile, Event, Found, Kind, Met, Run, Target};
use crate::fixes::Surroundings;
use crate::moves;
use crate::project::{ProjectError, ReadError, Source, is_binary, read, recall_in, same_length};
use crate::rules::{EXPOSED, Finding, check, fixes, kept_keys, needs_look, secrets};
use crate::secrets::scan;
use crate::stores::Stores;
use crate::syntax::{Document, largest};
use crate::text::Span;

/// Looks at files, one after the other, with one buffer.
pub(super) struct Looker<'l> {
    run: &'l Run<'l>,
    events: Sender<Event>,
    buffer: Vec<u8>,
    /// How much of the buffer is of this file.
    filled: usize,
}

/// A file with keys that git's history may hold.
pub(super) struct Held {
    pub target: Target,
    pub doc: Document,
    kind: Kind,
    pub around: Surroundings,
    /// Where its keys stand.
    pub keys: Vec<Span>,
}

/// The part of a large or binary file that is searched at a time, and how much of it is searched again with the next.
const WINDOW: usize = 1 << 20;
const OVERLAP: usize = 16 << 10;

impl<'l> Looker<'l> {
    pub(super) fn new(run: &'l Run<'l>, events: &Sender<Event>) -> Looker<'l> {
        Looker { run, events: events.clone(), buffer: Vec::new(), filled: 0 }
    }

    /// Looks at a regular file.
    pub(super) fn look_at(&mut self, target: &Target) {
        if !self.run.concerns(target) {
            return;
        }
        self.run.looked.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut seen) = self.run.seen.lock() {
            seen.insert(target.real.clone());
        }
        match self.has_candidate(target) {
            Ok(false) => {}
            Ok(true) => match read(&target.real) {
                Ok(source) => self.judge_safely(target, source),
                Err(error) => self.problem(&shown_error(target, &error)),
            },
            // What goes away during the walk is no risk.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.problem(&format!("{}: {error}", target.path.display())),
        }
    }

    /// Looks at a text that lies in no file.
    pub(super) fn look_at_text(&mut self, target: &Target, bytes: Vec<u8>) {
        self.run.looked.fetch_add(1, Ordering::Relaxed);
        let source = Source::new(&target.real, bytes);
        let is_text = matches!(source, Source::Text(_) | Source::Utf16(_));
        if is_text || !scan(target.workspace.catalogue(), source.bytes()).is_empty() {
            self.judge_safely(target, source);
        }
    }

    /// Something in the file could be a key or a suppression. Nearly every file holds neither, and is read no further.
    fn has_candidate(&mut self, target: &Target) -> io::Result<bool> {
        let mut file = File::open(&target.real)?;
        let size = file.metadata()?.len();
        let largest = largest(&target.real);
        // Files of /proc say 0.
        let most = if size == 0 { largest } else { size.min(largest + 1) };
        self.fill(&mut file, 0, most as usize)?;
        let bytes = &self.buffer[..self.filled];
        let is_utf16 = matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..]);
        if is_utf16 {
            return Ok(true);
        }
        if !is_binary(bytes) && bytes.len() as u64 <= largest {
            return Ok(needs_look(target.workspace.catalogue(), &target.real, bytes));
        }
        self.has_key(target, &mut file)
    }

    /// A file that is not parsed holds a distinctive key.
    fn has_key(&mut self, target: &Target, file: &mut File) -> io::Result<bool> {
        file.seek(SeekFrom::Start(0))?;
        let mut kept = 0;
        loop {
            let read = self.fill(file, kept, WINDOW)?;
            if !scan(target.workspace.catalogue(), &self.buffer[..self.filled]).is_empty() {
                return Ok(true);
            }
            if read == 0 {
                return Ok(false);
            }
            kept = self.filled.min(OVERLAP);
            self.buffer.copy_within(self.filled - kept..self.filled, 0);
        }
    }

    /// Reads up to `most` bytes behind the first `kept` of the buffer; returns how many.
    fn fill(&mut self, file: &mut File, kept: usize, most: usize) -> io::Result<usize> {
        // What stands there from another file need not be cleared.
        if self.buffer.len() < kept + most {
            self.buffer.resize(kept + most, 0);
        }
        self.filled = kept;
        while self.filled < kept + most {
            match file.read(&mut self.buffer[self.filled..kept + most]) {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.filled - kept)
    }

    fn judge_safely(&self, target: &Target, source: Source) {
        self.safely(target, || self.judge(target, source));
    }

    /// A fault in a rule costs one file, and says so.
    fn safely(&self, target: &Target, judge: impl FnOnce() -> Result<Option<CheckedFile>, ProjectError>) {
        match catch_unwind(AssertUnwindSafe(judge)) {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(file))) => self.send(Event::File(Box::new(file))),
            Ok(Err(error)) => self.problem(&error.to_string()),
            Err(_) => {
                self.problem(&format!("{}: aikeys-lsp failed at this file: please report it", target.path.display()));
            }
        }
    }

    /// Judges a file that was held back.
    pub(super) fn judge_held(&self, held: &Held) {
        let Held { target, doc, kind, around, .. } = held;
        self.safely(target, || self.judge_document(target, doc, *kind, around));
    }

    fn judge(&self, target: &Target, source: Source) -> Result<Option<CheckedFile>, ProjectError> {
        let workspace = &target.workspace;
        let relative = workspace.relative(&target.real);
        workspace.config(&relative)?;
        if target.met == Met::Walked && is_passed_by(target, Entry::File) {
            self.send(Event::Skipped(target.path.clone(), "excluded"));
            return Ok(None);
        }
        let (doc, kind) = document(&relative, source);
        if kind == Kind::Large {
            self.send(Event::Unparsed);
        }
        let around = moves::around(workspace, &relative, &|| recall_in(workspace.root()));
        let keys = if self.run.options.wants(workspace, EXPOSED) { kept_keys(&doc, &around) } else { Vec::new() };
        if keys.is_empty() {
            return self.judge_document(target, &doc, kind, &around);
        }
        let held = Held { target: target.clone(), doc, kind, around, keys };
        self.run.held.lock().unwrap_or_else(PoisonError::into_inner).push(held);
        Ok(None)
    }

    fn judge_document(
        &self,
        target: &Target,
        doc: &Document,
        kind: Kind,
        around: &Surroundings,
    ) -> Result<Option<CheckedFile>, ProjectError> {
        let (workspace, relative) = (&target.workspace, doc.path());
        let mut findings = workspace.judge(relative, check(doc, around))?;
        let excluded = target.met == Met::Walked && is_excluded_by_settings(target);
        let required = |it: &Finding| workspace.organisation().requires(it.rule);
        findings.retain(|it| self.run.options.wants(workspace, it.rule) && (!excluded || required(it)));
        if findings.is_empty() {
            return Ok(None);
        }
        workspace.annotate(doc, &mut findings);
        let secrets = secrets(doc, around);
        let stores = Stores::of(workspace);
        let around = moves::surroundings(workspace, &stores, doc, stores.destinations(), &self.run.packages);
        let found = |finding: Finding| {
            let repairs = fixes(doc, &around, &finding);
            let titles = repairs.fixes.into_iter().map(|fix| fix.title).collect();
            Found { finding, fixes: titles, refused: repairs.refused, verified: None, past: None }
        };
        let findings = findings.into_iter().map(found).collect();
        let since = self.run.since.get(workspace.root());
        let changed = since.map(|since| Changed::of(workspace, doc, since, &|problem| self.problem(problem)));
        let (path, workspace, met) = (target.path.clone(), Arc::clone(workspace), target.met);
        // A copy without its tree: trees are large, and there can be many files.
        let doc = Document::with_language(relative, doc.text(), doc.language());
        Ok(Some(CheckedFile { path, workspace, doc, kind, met, secrets, findings, changed }))
    }

    pub(super) fn problem(&self, text: &str) {
        self.send(Event::Problem(text.to_owned()));
    }

    fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }
}

/// What is not parsed is plain text, whatever its name says.
pub(crate) fn document(path: &Path, source: Source) -> (Document, Kind) {
    match source {
        Source::Text(text) => (Document::new(path, text), Kind::Text),
        Source::Utf16(text) => (Document::new(path, text), Kind::Utf16),
        Source::Large(bytes) => (Document::plain(path, same_length(bytes)), Kind::Large),
        Source::Binary(bytes) => (Document::plain(path, same_length(bytes)), Kind::Binary),
    }
}

/// The error under the path that the user knows.
fn shown_error(target: &Target, error: &ReadError) -> String {
    let path = target.path.display();
    match error {
        ReadError::Kind { kind, .. } => format!("{path}: this is {kind}, not a file"),
        ReadError::TooLarge { .. } => format!("{path}: larger than 4 GB: check its parts"),
        ReadError::Io { error, .. } => format!("{path}: {error}"),
    }
}
