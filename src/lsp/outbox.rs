//! What the server sends by itself. Notifications go out in order; a request never holds them up, and has a time limit.

use std::sync::mpsc::Sender;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{sleep, timeout};
use tower_lsp::Client;
use tower_lsp::lsp_types::{
    ApplyWorkspaceEditParams, Diagnostic, MessageType, NumberOrString, ProgressParams, ProgressParamsValue,
    Registration, Url, WorkDoneProgress, WorkDoneProgressBegin, WorkDoneProgressCreateParams, WorkDoneProgressEnd,
    WorkDoneProgressReport, WorkspaceEdit, notification, request,
};

use super::server::Event;

/// Some editors ask their user before they apply an edit.
const EDIT_LIMIT: Duration = Duration::from_secs(60);
/// Everything else is answered at once, or never.
const LIMIT: Duration = Duration::from_secs(5);

/// One message to the client.
pub(super) enum Letter {
    /// The findings of a version of a document.
    Publish(Url, Vec<Diagnostic>, Option<i32>),
    /// For the client's log.
    Log(MessageType, String),
    /// For the user to see.
    Show(MessageType, String),
    /// More that the server wants to hear of.
    Register(Vec<Registration>),
    /// The client should ask for diagnostics again, so much later.
    Refresh(Duration),
    /// The lines above the text should be asked for again.
    RefreshLenses,
    /// Something is being done until the sender is dropped, which says how far it is: what the user sees.
    Progress(Token, String, UnboundedReceiver<String>),
    /// The edit of a move, with its title, and what is made of the client's answer.
    Edit(String, WorkspaceEdit, Box<dyn FnOnce(Applied) -> Event + Send>),
}

/// The name of a progress.
pub(super) enum Token {
    /// The client has to be asked to show it.
    New(String),
    /// The client gave it.
    Given(NumberOrString),
}

/// What a client made of an edit.
pub(super) enum Applied {
    /// It is in the text.
    Yes,
    /// The client said no. Its reason is not repeated: it may quote the text.
    Refused,
    /// The client said nothing.
    Silent,
}

/// Sends letters until the last one.
pub(super) async fn deliver(client: Client, mut letters: UnboundedReceiver<Letter>, events: Sender<Event>) {
    while let Some(letter) = letters.recv().await {
        match letter {
            Letter::Publish(uri, diagnostics, version) => client.publish_diagnostics(uri, diagnostics, version).await,
            Letter::Log(level, text) => client.log_message(level, text).await,
            Letter::Show(level, text) => client.show_message(level, text).await,
            Letter::Register(registrations) => {
                let client = client.clone();
                tokio::spawn(async move {
                    // A client that refuses still says what its user opens, changes and saves.
                    let _ = timeout(LIMIT, client.register_capability(registrations)).await;
                });
            }
            Letter::Refresh(later) => {
                let client = client.clone();
                tokio::spawn(async move {
                    sleep(later).await;
                    // A client that refuses asks again by itself at the next change.
                    let _ = timeout(LIMIT, client.workspace_diagnostic_refresh()).await;
                });
            }
            Letter::RefreshLenses => {
                let client = client.clone();
                tokio::spawn(async move {
                    // The same.
                    let _ = timeout(LIMIT, client.code_lens_refresh()).await;
                });
            }
            Letter::Progress(token, title, said) => {
                tokio::spawn(show_progress(client.clone(), token, title, said));
            }
            Letter::Edit(title, edit, then) => {
                let (client, events) = (client.clone(), events.clone());
                tokio::spawn(async move {
                    let applied = apply(&client, title, edit).await;
                    // Without a main loop the process is about to end.
                    let _ = events.send(then(applied));
                });
            }
        }
    }
}

/// A client that does not want to see it gets nothing more.
async fn show_progress(client: Client, token: Token, title: String, mut said: UnboundedReceiver<String>) {
    let token = match token {
        Token::Given(token) => token,
        Token::New(name) => {
            let token = NumberOrString::String(name);
            let create = WorkDoneProgressCreateParams { token: token.clone() };
            let created = timeout(LIMIT, client.send_request::<request::WorkDoneProgressCreate>(create)).await;
            if !matches!(created, Ok(Ok(()))) {
                return;
            }
            token
        }
    };
    let send = async |value| {
        let value = ProgressParamsValue::WorkDone(value);
        client.send_notification::<notification::Progress>(ProgressParams { token: token.clone(), value }).await;
    };
    send(WorkDoneProgress::Begin(WorkDoneProgressBegin { title, ..Default::default() })).await;
    // Until the sender is dropped.
    while let Some(message) = said.recv().await {
        send(WorkDoneProgress::Report(WorkDoneProgressReport { message: Some(message), ..Default::default() })).await;
    }
    send(WorkDoneProgress::End(WorkDoneProgressEnd::default())).await;
}

async fn apply(client: &Client, title: String, edit: WorkspaceEdit) -> Applied {
    let params = ApplyWorkspaceEditParams { label: Some(title), edit };
    match timeout(EDIT_LIMIT, client.send_request::<request::ApplyWorkspaceEdit>(params)).await {
        Ok(Ok(answer)) if answer.applied => Applied::Yes,
        Ok(_) => Applied::Refused,
        Err(_) => Applied::Silent,
    }
}
