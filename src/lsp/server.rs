//! tower-lsp's handlers. They hold no state: the first thing each does is to send an event to the main loop.

use std::sync::mpsc::Sender;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::lsp_types::{
    CodeAction, CodeActionParams, CodeActionResponse, CodeLens, CodeLensParams, CompletionParams, CompletionResponse,
    DidChangeConfigurationParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams,
    DocumentDiagnosticParams, DocumentDiagnosticReportResult, DocumentLink, DocumentLinkParams, ExecuteCommandParams,
    FileEvent, GotoDefinitionParams, GotoDefinitionResponse, Hover, HoverParams, InitializeParams, InitializeResult,
    InitializedParams, Location, PrepareRenameResponse, ReferenceParams, RenameParams, TextDocumentPositionParams,
    WorkspaceDiagnosticParams, WorkspaceDiagnosticReportResult, WorkspaceEdit, WorkspaceFoldersChangeEvent,
};
use tower_lsp::{LanguageServer, async_trait};

use super::carry::Stored;
use super::check::Report;
use super::convert::notebooks;
use super::haste::Read;
use super::history::Learned;
use super::outbox::Applied;
use super::seek::Counted;
use super::undo::Found;
use crate::inventory::Survey;

/// Where the answer to a request goes.
pub(super) type Reply<T> = oneshot::Sender<Result<T>>;

/// Everything that happens to the server, in order.
pub(super) enum Event {
    /// `initialize`
    Initialize(Box<InitializeParams>, Reply<InitializeResult>),
    /// `initialized`
    Initialized,
    /// `textDocument/didOpen`
    Opened(DidOpenTextDocumentParams),
    /// `textDocument/didChange`
    Changed(DidChangeTextDocumentParams),
    /// `textDocument/didSave`
    Saved(DidSaveTextDocumentParams),
    /// `textDocument/didClose`
    Closed(DidCloseTextDocumentParams),
    /// `workspace/didChangeConfiguration`
    Configured(DidChangeConfigurationParams),
    /// `workspace/didChangeWatchedFiles`
    Watched(Vec<FileEvent>),
    /// `workspace/didChangeWorkspaceFolders`
    Folders(WorkspaceFoldersChangeEvent),
    /// `textDocument/diagnostic`
    Diagnose(DocumentDiagnosticParams, Reply<DocumentDiagnosticReportResult>),
    /// `textDocument/codeAction`
    Actions(Box<CodeActionParams>, Reply<Option<CodeActionResponse>>),
    /// `textDocument/hover`
    Hover(HoverParams, Reply<Option<Hover>>),
    /// `textDocument/completion`
    Complete(CompletionParams, Reply<Option<CompletionResponse>>),
    /// `textDocument/documentLink`
    Links(DocumentLinkParams, Reply<Option<Vec<DocumentLink>>>),
    /// `textDocument/definition`
    Define(GotoDefinitionParams, Reply<Option<GotoDefinitionResponse>>),
    /// `textDocument/references`
    Refer(ReferenceParams, Reply<Option<Vec<Location>>>),
    /// `textDocument/prepareRename`
    PrepareRename(TextDocumentPositionParams, Reply<Option<PrepareRenameResponse>>),
    /// `textDocument/rename`
    Rename(RenameParams, Reply<Option<WorkspaceEdit>>),
    /// `textDocument/codeLens`
    Lenses(CodeLensParams, Reply<Option<Vec<CodeLens>>>),
    /// `codeAction/resolve`
    Resolve(Box<CodeAction>, Reply<CodeAction>),
    /// `workspace/diagnostic`
    DiagnoseAll(WorkspaceDiagnosticParams, Reply<WorkspaceDiagnosticReportResult>),
    /// `notebookDocument/…`
    Notebook(notebooks::Message),
    /// `workspace/executeCommand`
    Execute(ExecuteCommandParams, Reply<Option<Value>>),
    /// A command was refused, for this reason.
    Refused(String),
    /// The store of a move has answered.
    Stored(Box<Stored>, Reply<Option<Value>>),
    /// The client has answered to the edit of a move.
    Edited(Box<Stored>, Applied, Reply<Option<Value>>),
    /// The stores were asked about references.
    Asked(Report, Reply<Option<Value>>),
    /// The last move is known.
    Found(Box<Found>, Reply<Option<Value>>),
    /// The client has answered to the edit that puts it back.
    PutBack(Box<Found>, Applied, Reply<Option<Value>>),
    /// It is known where else some keys stand.
    Counted(Counted, Reply<Option<Vec<CodeLens>>>),
    /// All files were checked.
    Surveyed(Option<Survey>, Duration),
    /// A text was parsed that someone typed.
    Parsed(Read),
    /// A search of git's history has ended.
    Searched(Learned),
}

impl Event {
    /// For logs.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Event::Initialize(..) => "initialize",
            Event::Initialized => "initialized",
            Event::Opened(_) => "textDocument/didOpen",
            Event::Changed(_) => "textDocument/didChange",
            Event::Saved(_) => "textDocument/didSave",
            Event::Closed(_) => "textDocument/didClose",
            Event::Configured(_) => "workspace/didChangeConfiguration",
            Event::Watched(_) => "workspace/didChangeWatchedFiles",
            Event::Folders(_) => "workspace/didChangeWorkspaceFolders",
            Event::Diagnose(..) => "textDocument/diagnostic",
            Event::Actions(..) => "textDocument/codeAction",
            Event::Hover(..) => "textDocument/hover",
            Event::Complete(..) => "textDocument/completion",
            Event::Links(..) => "textDocument/documentLink",
            Event::Define(..) => "textDocument/definition",
            Event::Refer(..) => "textDocument/references",
            Event::PrepareRename(..) => "textDocument/prepareRename",
            Event::Rename(..) => "textDocument/rename",
            Event::Lenses(..) => "textDocument/codeLens",
            Event::Resolve(..) => "codeAction/resolve",
            Event::DiagnoseAll(..) => "workspace/diagnostic",
            Event::Notebook(_) => "notebookDocument",
            Event::Refused(_) => "refused",
            Event::Counted(..) => "counted",
            Event::Surveyed(..) => "surveyed",
            Event::Parsed(_) => "parsed",
            Event::Execute(..) => "workspace/executeCommand",
            Event::Stored(..) => "stored",
            Event::Edited(..) => "edited",
            Event::Asked(..) => "asked",
            Event::Found(..) => "found",
            Event::PutBack(..) => "put back",
            Event::Searched(_) => "searched",
        }
    }

    /// For logs.
    pub(super) fn version(&self) -> Option<i32> {
        match self {
            Event::Opened(params) => Some(params.text_document.version),
            Event::Changed(params) => Some(params.text_document.version),
            _ => None,
        }
    }
}

/// The protocol's side of the server.
pub(super) struct Backend {
    events: Sender<Event>,
}

impl Backend {
    /// Sends all events there.
    pub(super) fn new(events: Sender<Event>) -> Backend {
        Backend { events }
    }

    fn tell(&self, event: Event) {
        // Without a main loop the process is about to end.
        let _ = self.events.send(event);
    }

    // No `await` before the event is sent: handlers start in order, and go on in any.
    async fn ask<T>(&self, event: impl FnOnce(Reply<T>) -> Event) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        self.tell(event(reply));
        // The reply goes unused when the main loop panicked over this event.
        answer.await.unwrap_or_else(|_| Err(Error::internal_error()))
    }
}

/// tower-lsp 0.20 knows no notebooks.
impl Backend {
    pub(super) async fn notebook_opened(&self, params: notebooks::DidOpen) {
        self.tell(Event::Notebook(notebooks::Message::Opened(params)));
    }

    pub(super) async fn notebook_changed(&self, params: notebooks::DidChange) {
        self.tell(Event::Notebook(notebooks::Message::Changed(params)));
    }

    pub(super) async fn notebook_saved(&self, params: notebooks::DidSave) {
        self.tell(Event::Notebook(notebooks::Message::Saved(params)));
    }

    pub(super) async fn notebook_closed(&self, params: notebooks::DidClose) {
        self.tell(Event::Notebook(notebooks::Message::Closed(params)));
    }
}

#[async_trait]
impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        self.ask(|reply| Event::Initialize(Box::new(params), reply)).await
    }

    async fn initialized(&self, _: InitializedParams) {
        self.tell(Event::Initialized);
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        self.tell(Event::Opened(params));
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        self.tell(Event::Changed(params));
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        self.tell(Event::Saved(params));
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.tell(Event::Closed(params));
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        self.tell(Event::Configured(params));
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        self.tell(Event::Watched(params.changes));
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        self.tell(Event::Folders(params.event));
    }

    async fn diagnostic(&self, params: DocumentDiagnosticParams) -> Result<DocumentDiagnosticReportResult> {
        self.ask(|reply| Event::Diagnose(params, reply)).await
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        self.ask(|reply| Event::Actions(Box::new(params), reply)).await
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        self.ask(|reply| Event::Hover(params, reply)).await
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        self.ask(|reply| Event::Complete(params, reply)).await
    }

    async fn document_link(&self, params: DocumentLinkParams) -> Result<Option<Vec<DocumentLink>>> {
        self.ask(|reply| Event::Links(params, reply)).await
    }

    async fn goto_definition(&self, params: GotoDefinitionParams) -> Result<Option<GotoDefinitionResponse>> {
        self.ask(|reply| Event::Define(params, reply)).await
    }

    async fn references(&self, params: ReferenceParams) -> Result<Option<Vec<Location>>> {
        self.ask(|reply| Event::Refer(params, reply)).await
    }

    async fn prepare_rename(&self, params: TextDocumentPositionParams) -> Result<Option<PrepareRenameResponse>> {
        self.ask(|reply| Event::PrepareRename(params, reply)).await
    }

    async fn rename(&self, params: RenameParams) -> Result<Option<WorkspaceEdit>> {
        self.ask(|reply| Event::Rename(params, reply)).await
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        self.ask(|reply| Event::Lenses(params, reply)).await
    }

    async fn code_action_resolve(&self, action: CodeAction) -> Result<CodeAction> {
        self.ask(|reply| Event::Resolve(Box::new(action), reply)).await
    }

    async fn workspace_diagnostic(&self, params: WorkspaceDiagnosticParams) -> Result<WorkspaceDiagnosticReportResult> {
        self.ask(|reply| Event::DiagnoseAll(params, reply)).await
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<Value>> {
        let answer = self.ask(|reply| Event::Execute(params, reply)).await;
        if let Err(error) = &answer {
            self.tell(Event::Refused(error.message.to_string()));
        }
        answer
    }
}
