//! What client and server say of themselves at the start.

use std::path::PathBuf;

use tower_lsp::lsp_types as lsp;

use super::{CHECK, EVERYWHERE, Encoding, KIND, MOVE, UNDO};

/// What the client can do.
#[derive(Clone, Debug, Default)]
pub struct Abilities {
    /// How it counts columns.
    pub encoding: Encoding,
    /// It applies edits that the server sends.
    pub apply_edit: bool,
    /// It takes edits with versions.
    pub document_changes: bool,
    /// It makes files as a part of an edit.
    pub create_files: bool,
    /// It asks for diagnostics.
    pub pull: bool,
    /// It can be told to ask again.
    pub refresh: bool,
    /// It shows actions that cannot be chosen, with the reason.
    pub disabled: bool,
    /// It can be asked to watch files.
    pub watch: bool,
    /// It shows markdown in hovers.
    pub markdown: bool,
    /// It shows that something is being done.
    pub progress: bool,
}

/// What the client says it can do.
pub fn abilities(client: &lsp::ClientCapabilities) -> Abilities {
    let workspace = client.workspace.clone().unwrap_or_default();
    let text = client.text_document.clone().unwrap_or_default();
    let encodings = client.general.as_ref().and_then(|it| it.position_encodings.clone()).unwrap_or_default();
    let edit = workspace.workspace_edit.unwrap_or_default();
    let formats = text.hover.and_then(|it| it.content_format).unwrap_or_default();
    Abilities {
        encoding: if encodings.contains(&lsp::PositionEncodingKind::UTF8) { Encoding::Utf8 } else { Encoding::Utf16 },
        apply_edit: workspace.apply_edit.unwrap_or(false),
        document_changes: edit.document_changes.unwrap_or(false),
        create_files: edit.resource_operations.unwrap_or_default().contains(&lsp::ResourceOperationKind::Create),
        pull: text.diagnostic.is_some(),
        refresh: workspace.diagnostic.and_then(|it| it.refresh_support).unwrap_or(false),
        disabled: text.code_action.and_then(|it| it.disabled_support).unwrap_or(false),
        watch: workspace.did_change_watched_files.and_then(|it| it.dynamic_registration).unwrap_or(false),
        markdown: formats.contains(&lsp::MarkupKind::Markdown),
        progress: client.window.as_ref().and_then(|it| it.work_done_progress).unwrap_or(false),
    }
}

/// What the server can do for such a client.
pub fn initialize_result(abilities: &Abilities) -> lsp::InitializeResult {
    let sync = lsp::TextDocumentSyncOptions {
        open_close: Some(true),
        change: Some(lsp::TextDocumentSyncKind::INCREMENTAL),
        save: Some(lsp::TextDocumentSyncSaveOptions::Supported(true)),
        ..Default::default()
    };
    let kinds = Some(vec![KIND.into(), EVERYWHERE.into()]);
    let actions = lsp::CodeActionOptions { code_action_kinds: kinds, ..Default::default() };
    let pull = lsp::DiagnosticOptions {
        identifier: Some("aikeys".to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: false,
        ..Default::default()
    };
    let folders = lsp::WorkspaceFoldersServerCapabilities {
        supported: Some(true),
        change_notifications: Some(lsp::OneOf::Left(true)),
    };
    lsp::InitializeResult {
        capabilities: lsp::ServerCapabilities {
            position_encoding: Some(match abilities.encoding {
                Encoding::Utf8 => lsp::PositionEncodingKind::UTF8,
                Encoding::Utf16 => lsp::PositionEncodingKind::UTF16,
            }),
            text_document_sync: Some(sync.into()),
            hover_provider: Some(true.into()),
            code_action_provider: Some(actions.into()),
            execute_command_provider: Some(lsp::ExecuteCommandOptions {
                commands: [MOVE, CHECK, UNDO].map(str::to_owned).to_vec(),
                ..Default::default()
            }),
            completion_provider: Some(lsp::CompletionOptions {
                // Behind the sign and behind a quote; `+` where nothing was chosen at `ref`.
                trigger_characters: Some(["=", "\"", "'", "+"].map(str::to_owned).to_vec()),
                ..Default::default()
            }),
            document_link_provider: Some(lsp::DocumentLinkOptions {
                resolve_provider: Some(false),
                work_done_progress_options: Default::default(),
            }),
            diagnostic_provider: abilities.pull.then_some(lsp::DiagnosticServerCapabilities::Options(pull)),
            workspace: Some(lsp::WorkspaceServerCapabilities {
                workspace_folders: Some(folders),
                file_operations: None,
            }),
            ..Default::default()
        },
        server_info: Some(lsp::ServerInfo {
            name: "aikeys-lsp".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}

/// The files whose changes matter to all findings.
pub fn watchers() -> lsp::Registration {
    let globs = ["**/.env*", "**/aikeys.toml", "**/.gitignore", "**/pyproject.toml", "**/*baseline*.json"];
    let watch =
        |glob: &&str| lsp::FileSystemWatcher { glob_pattern: lsp::GlobPattern::String((*glob).to_owned()), kind: None };
    let options = lsp::DidChangeWatchedFilesRegistrationOptions { watchers: globs.iter().map(watch).collect() };
    lsp::Registration {
        id: "aikeys.watch".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}

/// The folders that the client works in.
pub fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    match &params.workspace_folders {
        Some(folders) => paths(folders),
        None => params.root_uri.iter().filter_map(|it| it.to_file_path().ok()).collect(),
    }
}

/// Where folders lie.
pub fn paths(folders: &[lsp::WorkspaceFolder]) -> Vec<PathBuf> {
    folders.iter().filter_map(|it| it.uri.to_file_path().ok()).collect()
}
