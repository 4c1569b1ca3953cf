//! The one thread that owns the session: events in, answers and letters out, strictly in order.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::mpsc::UnboundedSender;
use tower_lsp::jsonrpc::{Error, ErrorCode};
use tower_lsp::lsp_types::{
    CodeAction, CodeActionParams, CodeActionResponse, CompletionParams, CompletionResponse,
    DidChangeTextDocumentParams, DocumentDiagnosticParams, DocumentDiagnosticReportResult, DocumentLink,
    DocumentLinkParams, Hover, HoverParams, InitializeParams, InitializeResult, MessageType, Url,
};

use super::convert::{self, Abilities};
use super::everything::Everything;
use super::guard;
use super::history::{History, Learned};
use super::outbox::{Letter, Token};
use super::seek::Spread;
use super::server::{Event, Reply};
use super::session::{STALE, Session};
use crate::secrets::without_keys;

/// As much as the command line has, which asks the same rules. In bytes.
pub(super) const STACK: usize = 8 << 20;
/// How many changes and questions can come before their documents are opened: nobody means more.
const EARLY: usize = 64;
/// What git's history adds to a mark can wait until the mark is drawn: a client that is told to ask again drops the
/// answers that it has not looked at yet.
const SHOWN: Duration = Duration::from_millis(500);
/// A message that fits into one line, in bytes.
const LINE: usize = 120;
/// The protocol's `RequestFailed`: a well-formed request that could not be carried out.
const REQUEST_FAILED: i64 = -32803;

/// Starts the thread.
pub(super) fn start(inbox: Receiver<Event>, events: Sender<Event>, letters: UnboundedSender<Letter>) {
    let main = MainLoop {
        session: Session::new(),
        abilities: Abilities::default(),
        verbose: false,
        early: BTreeMap::new(),
        asked_early: BTreeSet::new(),
        tokens: 0,
        everything: Everything::default(),
        spread: Spread::default(),
        searching: false,
        parsing: 0,
        waiting: BTreeMap::new(),
        events,
        letters,
    };
    // Without this thread no request would ever be answered: better no server at all.
    let thread = thread::Builder::new().name("main loop".to_owned()).stack_size(STACK);
    if thread.spawn(move || main.run(&inbox)).is_err() {
        guard::give_up();
    }
}

pub(super) struct MainLoop {
    pub(super) session: Session,
    pub(super) abilities: Abilities,
    /// The client's log gets a line for each event.
    verbose: bool,
    /// Changes of documents that are not open yet.
    early: BTreeMap<Url, Vec<DidChangeTextDocumentParams>>,
    /// Documents whose findings were asked for and that are not open yet.
    asked_early: BTreeSet<String>,
    /// How many progresses were shown.
    tokens: u32,
    /// What is known of all files.
    pub(super) everything: Everything,
    /// Where else keys stand.
    pub(super) spread: Spread,
    /// git's history is being searched: one search at a time, the others wait, the last one of each document.
    searching: bool,
    /// How many texts are parsed aside.
    pub(super) parsing: usize,
    waiting: BTreeMap<String, History>,
    pub(super) events: Sender<Event>,
    pub(super) letters: UnboundedSender<Letter>,
}

impl MainLoop {
    fn run(mut self, inbox: &Receiver<Event>) {
        while let Ok(event) = self.next(inbox) {
            event.into_iter().for_each(|it| self.take(it));
            // All that waits is applied before anything is checked: that is the debouncing.
            while let Ok(event) = inbox.try_recv() {
                self.take(event);
            }
            self.publish();
        }
    }

    /// A panic costs its event only: a dropped reply is answered as an internal error.
    fn take(&mut self, event: Event) {
        let (name, started) = (event.name(), Instant::now());
        let version = event.version();
        // The panic hook has told where it was.
        let _ = catch_unwind(AssertUnwindSafe(|| self.handle(event)));
        if self.verbose {
            let version = version.map_or_else(String::new, |it| format!(" version {it}"));
            let milliseconds = started.elapsed().as_secs_f64() * 1000.0;
            self.post(Letter::Log(MessageType::LOG, format!("{name}{version}: {milliseconds:.1} ms")));
        }
    }

    fn handle(&mut self, event: Event) {
        // Nothing else is told, or worked out, by facts of before.
        if !matches!(event, Event::Changed(_) | Event::Diagnose(..) | Event::Parsed(_)) {
            self.catch_up();
        }
        match event {
            Event::Initialize(params, reply) => answer(reply, Ok(self.initialize(&params))),
            Event::Initialized => {
                if self.abilities.watch {
                    self.post(Letter::Register(vec![convert::watchers()]));
                }
            }
            Event::Opened(params) if convert::is_nameless(&params.text_document.uri) => {}
            Event::Opened(params) => {
                let (uri, version) = (params.text_document.uri.clone(), params.text_document.version);
                self.forget_published(&uri);
                self.session.open(convert::opened(params.text_document));
                // VS Code asks for a file that it opens a moment later, and does not ask again by itself.
                if self.asked_early.remove(uri.as_str()) {
                    self.pull_again();
                }
                let early = self.early.remove(&uri).unwrap_or_default();
                early.into_iter().filter(|it| it.text_document.version > version).for_each(|it| self.change(it));
            }
            Event::Changed(params) if self.session.shows(params.text_document.uri.as_str()) => self.change(params),
            // Helix tells of an edit in a file that it opens for it before it tells of the file.
            Event::Changed(params) if convert::is_nameless(&params.text_document.uri) => {}
            Event::Changed(params) if self.early.values().map(Vec::len).sum::<usize>() < EARLY => {
                self.early.entry(params.text_document.uri.clone()).or_default().push(params);
            }
            Event::Changed(_) => {}
            Event::Saved(params) => {
                let uri = params.text_document.uri;
                self.session.saved(uri.as_str());
                self.watched(Some(&[uri]));
            }
            Event::Closed(params) => {
                let uri = params.text_document.uri;
                self.session.close(uri.as_str());
                self.early.remove(&uri);
                self.unpublish(uri);
                self.outdate();
            }
            Event::Configured(params) => {
                self.configure(&params.settings);
                self.refresh();
            }
            // Of other files only what was looked for in all of them is not true any more.
            Event::Watched(changes) if changes.is_empty() => self.watched(None),
            Event::Watched(changes) => {
                let uris = changes.into_iter().map(|it| it.uri);
                let changed: Vec<Url> = uris.filter(|it| !self.session.is_made(it)).collect();
                if !changed.is_empty() {
                    self.watched(Some(&changed));
                }
            }
            Event::Folders(change) => {
                self.session.change_folders(convert::paths(&change.added), &convert::paths(&change.removed));
                self.pull_again();
                self.outdate();
            }
            Event::Diagnose(params, reply) => answer(reply, Ok(self.diagnose(&params))),
            Event::Actions(params, reply) => answer(reply, Ok(self.actions(&params))),
            Event::Hover(params, reply) => answer(reply, Ok(self.hover(&params))),
            Event::Complete(params, reply) => answer(reply, Ok(self.completions(&params))),
            Event::Links(params, reply) => answer(reply, Ok(self.links(&params))),
            Event::Execute(params, reply) => self.execute(params, reply),
            Event::Define(params, reply) => self.define(&params, reply),
            Event::Refer(params, reply) => self.refer(&params, reply),
            Event::PrepareRename(params, reply) => answer(reply, Ok(self.prepare_rename(&params))),
            Event::Rename(params, reply) => self.rename(params, reply),
            Event::Lenses(params, reply) => self.lenses(&params, reply),
            Event::Counted(counted, reply) => self.take_counted(counted, reply),
            Event::Resolve(action, reply) => answer(reply, self.resolve(*action)),
            Event::DiagnoseAll(params, reply) => self.diagnose_all(params, reply),
            Event::Surveyed(survey, took) => self.take_survey(survey, took),
            Event::Notebook(message) => self.notebook(message),
            Event::Refused(reason) => {
                if !self.abilities.shows_errors {
                    self.post(Letter::Show(MessageType::ERROR, format!("aikeys: {reason}")));
                }
            }
            Event::Stored(stored, reply) => self.edit(stored, reply),
            Event::Edited(stored, applied, reply) => self.finish(*stored, applied, reply),
            Event::Asked(report, reply) => self.tell_answers(&report, reply),
            Event::Found(found, reply) => self.put_back(found, reply),
            Event::PutBack(found, applied, reply) => self.end_undo(&found, &applied, reply),
            Event::Parsed(read) => self.take_read(read),
            Event::Searched(learned) => {
                self.searching = false;
                if let Some((_, next)) = self.waiting.pop_first() {
                    self.search(next);
                }
                if self.session.learn(learned) {
                    self.pull_later(SHOWN);
                }
            }
        }
    }

    fn change(&mut self, params: DidChangeTextDocumentParams) {
        let encoding = self.abilities.encoding;
        let (uri, version) = (params.text_document.uri, params.text_document.version);
        self.session.change(uri.as_str(), version, |doc| convert::apply(doc, params.content_changes, encoding));
    }

    fn initialize(&mut self, params: &InitializeParams) -> InitializeResult {
        guard::watch(params.process_id);
        self.abilities = convert::abilities(&params.capabilities);
        self.session.change_folders(convert::folders(params), &[]);
        if let Some(options) = &params.initialization_options {
            // Only here: later settings may come from a file of the repository.
            let trusted = options.get("aikeys").unwrap_or(options).get("workspaceTrusted").and_then(Value::as_bool);
            if let Some(trusted) = trusted {
                self.session.trust(trusted);
            }
            self.abilities.take_options(options.get("aikeys").unwrap_or(options));
            self.configure(options);
        }
        convert::initialize_result(&self.abilities)
    }

    /// `{aikeys: {logLevel, store}}`; whatever else stands there is not for this version.
    fn configure(&mut self, settings: &Value) {
        let settings = settings.get("aikeys").unwrap_or(settings);
        if let Some(level) = settings.get("logLevel").and_then(Value::as_str) {
            self.verbose = matches!(level, "debug" | "trace");
        }
        if let Some(store) = settings.get("store").and_then(Value::as_str) {
            self.session.prefer((!store.is_empty()).then(|| store.to_owned()));
        }
    }

    pub(super) fn refresh(&mut self) {
        self.session.refresh();
        self.tell_refreshed();
    }

    /// Everything around the documents was looked up again.
    pub(super) fn tell_refreshed(&mut self) {
        self.pull_again();
        self.outdate();
        if self.abilities.refresh_lenses {
            self.post(Letter::RefreshLenses);
        }
    }

    /// A name for a progress that no other one has.
    pub(super) fn new_token(&mut self, of: &str) -> Token {
        self.tokens += 1;
        Token::New(format!("aikeys.{of}.{}", self.tokens))
    }

    pub(super) fn pull_again(&self) {
        self.pull_later(Duration::ZERO);
    }

    fn pull_later(&self, later: Duration) {
        if self.abilities.pull && self.abilities.refresh {
            self.post(Letter::Refresh(later));
        }
    }

    /// Checks what changed, once, and says so even when nothing is new: the client knows then which version was looked at.
    fn publish(&mut self) {
        for uri in self.session.take_dirty() {
            if !self.abilities.pull {
                // The panic hook has told where it was.
                let _ = catch_unwind(AssertUnwindSafe(|| self.publish_one(&uri)));
            }
        }
        for problem in self.session.take_problems() {
            self.post(Letter::Show(MessageType::WARNING, format!("aikeys: {problem}")));
        }
    }

    fn publish_one(&mut self, name: &str) {
        let diagnostics = self.check(name);
        let (Some(open), Ok(uri)) = (self.session.document(name), name.parse()) else { return };
        self.post(Letter::Publish(uri, diagnostics, Some(open.version)));
    }

    fn check(&mut self, uri: &str) -> Vec<tower_lsp::lsp_types::Diagnostic> {
        let (findings, history) = self.session.findings(uri);
        match history {
            Some(history) if self.searching => drop(self.waiting.insert(uri.to_owned(), history)),
            Some(history) => self.search(history),
            None => {}
        }
        let Some(open) = self.session.document(uri) else { return Vec::new() };
        findings.iter().map(|it| convert::diagnostic(&open.doc, it, self.abilities.encoding)).collect()
    }

    /// Searches git's history aside: typing goes on.
    fn search(&mut self, history: History) {
        let events = self.events.clone();
        let search = move || {
            let uri = history.uri.clone();
            let learned = catch_unwind(AssertUnwindSafe(|| history.search())).unwrap_or_else(|_| Learned::nothing(uri));
            // Without a main loop the process is about to end.
            let _ = events.send(Event::Searched(learned));
        };
        self.searching = thread::Builder::new().name("history".to_owned()).spawn(search).is_ok();
    }

    fn diagnose(&mut self, params: &DocumentDiagnosticParams) -> DocumentDiagnosticReportResult {
        if !self.abilities.refresh {
            // It would never ask again.
            self.session.settle();
        }
        let uri = params.text_document.uri.as_str();
        if self.session.document(uri).is_none() {
            if self.asked_early.len() >= EARLY {
                self.asked_early.clear();
            }
            self.asked_early.insert(uri.to_owned());
        }
        let id = self.session.result_id(uri);
        let previous = params.previous_result_id.as_deref();
        let diagnostics = if previous == Some(id.as_str()) { Vec::new() } else { self.check(uri) };
        convert::report(diagnostics, id, previous)
    }

    fn actions(&self, params: &CodeActionParams) -> Option<CodeActionResponse> {
        let uri = &params.text_document.uri;
        let only = params.context.only.as_deref();
        let wanted = |kind| convert::wants_actions(only, kind);
        let open = self.session.document(uri.as_str())?;
        // Only who asks for it by name gets what changes all of the file.
        let is_named = only.is_some_and(|only| only.iter().any(|it| it.as_str().starts_with("source")));
        let all = (is_named && wanted(convert::FIX_ALL)).then(|| self.session.all_repairs(uri.as_str())).flatten();
        let all = all.and_then(|files| convert::fix_all(&files, &self.abilities));
        if !wanted(convert::KIND) && !wanted(convert::EVERYWHERE) {
            return is_named.then(|| all.into_iter().collect());
        }
        // The edits are made now, for what lies on the disk now.
        if !self.abilities.resolves_edits {
            self.session.forget_packages();
        }
        let span = convert::span(&open.doc, params.range, self.abilities.encoding);
        let mut offers = self.session.offers(uri.as_str(), span);
        offers.retain(|it| wanted(convert::kind(&it.does)));
        let mut actions = convert::actions(uri, open.version, &open.doc, offers, &self.abilities);
        actions.extend(all);
        Some(actions)
    }

    /// The edit of an action that was offered without.
    fn resolve(&self, action: CodeAction) -> tower_lsp::jsonrpc::Result<CodeAction> {
        let encoding = self.abilities.encoding;
        let document = |uri: &str| self.session.document(uri).map(|it| &it.doc);
        let Some(request) = action.data.as_ref().and_then(|it| convert::edit_request(it, document, encoding)) else {
            return Ok(action);
        };
        let files = self.session.edits_of(&request).ok_or_else(|| failed(STALE.to_owned()))?;
        Ok(CodeAction { edit: convert::workspace_edit(&files, &self.abilities), ..action })
    }

    pub(super) fn unpublish(&self, uri: Url) {
        if !self.abilities.pull {
            self.post(Letter::Publish(uri, Vec::new(), None));
        }
    }

    fn hover(&self, params: &HoverParams) -> Option<Hover> {
        if cfg!(debug_assertions) && std::env::var("AIKEYS_TEST_PANIC").is_ok_and(|it| it == "hover") {
            panic!("a test asked for this: the text of a panic is never shown");
        }
        let at = &params.text_document_position_params;
        let uri = at.text_document.uri.as_str();
        let open = self.session.document(uri)?;
        let offset = convert::offset(&open.doc, at.position, self.abilities.encoding);
        let (span, text) = self.session.hover(uri, offset as u32)?;
        Some(convert::hover(&open.doc, span, text, &self.abilities))
    }

    fn completions(&self, params: &CompletionParams) -> Option<CompletionResponse> {
        let at = &params.text_document_position;
        let uri = at.text_document.uri.as_str();
        let open = self.session.document(uri)?;
        let offset = convert::offset(&open.doc, at.position, self.abilities.encoding);
        let all = self.session.completions(uri, offset as u32);
        (!all.is_empty()).then(|| convert::completions(&open.doc, all, self.abilities.encoding))
    }

    fn links(&self, params: &DocumentLinkParams) -> Option<Vec<DocumentLink>> {
        let uri = params.text_document.uri.as_str();
        let open = self.session.document(uri)?;
        Some(convert::links(&open.doc, self.session.links(uri), self.abilities.encoding))
    }

    pub(super) fn post(&self, letter: Letter) {
        let letter = match letter {
            // Paths and names are quoted.
            Letter::Show(level, text) => Letter::Show(level, on_one_line(&without_keys(&text))),
            other => other,
        };
        // Without an outbox the process is about to end.
        let _ = self.letters.send(letter);
    }
}

pub(super) fn answer<T>(reply: Reply<T>, result: tower_lsp::jsonrpc::Result<T>) {
    // A client may cancel what it asked.
    let _ = reply.send(result);
}

pub(super) fn failed(reason: String) -> Error {
    Error {
        code: ErrorCode::ServerError(REQUEST_FAILED),
        message: without_keys(&reason).into_owned().into(),
        data: None,
    }
}

/// Short messages are one line: Neovim asks for a key after two, and Helix shows none of its ends.
fn on_one_line(text: &str) -> String {
    if text.len() > LINE { text.to_owned() } else { text.replace(":\n", ": ").replace('\n', "; ") }
}
