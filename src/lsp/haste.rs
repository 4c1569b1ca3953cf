//! Typing in a large file. A quote or a bracket that opens has the rest of the file parsed anew, which takes longer than
//! the time between two letters: findings are told by the facts of before until nobody types, or somebody asks for more.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use super::commands::aside;
use super::main_loop::MainLoop;
use super::server::Event;
use super::session::Session;
use crate::syntax::{Parsed, Unparsed};

/// So long nobody types until what was put off is parsed.
const PAUSE: Duration = Duration::from_millis(150);

/// A text that was parsed aside.
pub(super) struct Read {
    uri: String,
    revision: u64,
    parsed: Parsed,
}

impl MainLoop {
    /// The next event; none when nothing happened for a moment. An error is the end.
    pub(super) fn next(&mut self, inbox: &Receiver<Event>) -> Result<Option<Event>, RecvTimeoutError> {
        if self.parsing > 0 || !self.session.is_behind() {
            return inbox.recv().map(Some).map_err(|_| RecvTimeoutError::Disconnected);
        }
        match inbox.recv_timeout(PAUSE) {
            Err(RecvTimeoutError::Timeout) => {
                self.read_aside();
                Ok(None)
            }
            event => event.map(Some),
        }
    }

    /// Whoever goes on typing meanwhile does not wait.
    fn read_aside(&mut self) {
        for (uri, revision, unparsed) in self.session.unparsed() {
            let events = self.events.clone();
            let is_begun = aside("parse", move || {
                // What a parser fails at is plain text.
                let parsed = catch_unwind(AssertUnwindSafe(|| unparsed.parse())).unwrap_or_default();
                // Without a main loop the process is about to end.
                let _ = events.send(Event::Parsed(Read { uri, revision, parsed }));
            });
            self.parsing += usize::from(is_begun);
        }
    }

    pub(super) fn take_read(&mut self, read: Read) {
        self.parsing -= 1;
        if self.session.take_read(read) {
            self.pull_again();
        }
    }

    /// Parses at once what was put off: somebody asks for more than findings.
    pub(super) fn catch_up(&mut self) {
        if self.session.settle() {
            self.pull_again();
        }
    }
}

impl Session {
    /// Findings were told by facts of before.
    fn is_behind(&self) -> bool {
        self.documents.values().any(|it| it.doc.is_behind())
    }

    /// From now on all facts are those of the texts. Whether other ones were told.
    pub fn settle(&mut self) -> bool {
        let mut told = false;
        for open in self.documents.values_mut() {
            if open.doc.settle() {
                self.revision += 1;
                (open.revision, open.dirty, told) = (self.revision, true, true);
            }
        }
        told
    }

    /// The texts whose parse was put off, with their names and revisions.
    fn unparsed(&self) -> Vec<(String, u64, Unparsed)> {
        let unparsed = self.documents.iter().filter_map(|(uri, open)| Some((uri, open.revision, open.doc.unparsed()?)));
        unparsed.map(|(uri, revision, it)| (uri.clone(), revision, it)).collect()
    }

    /// Takes a parse, unless someone went on typing.
    fn take_read(&mut self, read: Read) -> bool {
        let open = self.documents.get_mut(&read.uri).filter(|it| it.revision == read.revision);
        let Some(open) = open else { return false };
        open.doc.take_parsed(read.parsed);
        self.revision += 1;
        (open.revision, open.dirty) = (self.revision, true);
        true
    }
}
