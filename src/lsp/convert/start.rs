//! What client and server say of themselves at the start.

use std::path::PathBuf;

use tower_lsp::lsp_types as lsp;

use super::found::{CLEAR_OUTPUT, ROTATE, SHOW_PLACES};
use super::{CHECK, CHECK_ALL, EVERYWHERE, Encoding, FIX_ALL, KEYS, KIND, MOVE, STORES, UNDO, file_of};

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
    /// It asks for the edits of an action when that is chosen.
    pub resolves_edits: bool,
    /// It can be told to ask for the lines above keys again.
    pub refresh_lenses: bool,
    /// It asks what would be renamed.
    pub prepares_renames: bool,
    /// It shows to its user why a command failed.
    pub shows_errors: bool,
    /// It has a command that shows places.
    pub shows_places: bool,
    /// It has a command that clears the outputs of a cell.
    pub clears_outputs: bool,
    /// It has a command that starts a rotation.
    pub rotates: bool,
}

impl Abilities {
    /// What the client's options for us say of it: the commands that it carries out itself, and whether it shows errors.
    pub fn take_options(&mut self, options: &serde_json::Value) {
        self.shows_errors = options.get("showsErrors").and_then(serde_json::Value::as_bool).unwrap_or(false);
        let named = options.get("commands");
        let has = |command: &str| {
            named.and_then(|it| it.as_array()).is_some_and(|all| all.iter().any(|it| it.as_str() == Some(command)))
        };
        self.shows_places = has(SHOW_PLACES);
        self.clears_outputs = has(CLEAR_OUTPUT);
        self.rotates = has(ROTATE);
    }
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
        resolves_edits: {
            let action = text.code_action.as_ref();
            let resolves = action.and_then(|it| it.resolve_support.as_ref().filter(|_| it.data_support == Some(true)));
            resolves.is_some_and(|it| it.properties.iter().any(|property| property == "edit"))
        },
        refresh_lenses: workspace.code_lens.and_then(|it| it.refresh_support).unwrap_or(false),
        prepares_renames: text.rename.and_then(|it| it.prepare_support).unwrap_or(false),
        shows_errors: false,
        shows_places: false,
        clears_outputs: false,
        rotates: false,
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
    let kinds = Some(vec![KIND.into(), EVERYWHERE.into(), FIX_ALL.into()]);
    let actions = lsp::CodeActionOptions {
        code_action_kinds: kinds,
        resolve_provider: Some(abilities.resolves_edits),
        ..Default::default()
    };
    let pull = lsp::DiagnosticOptions {
        identifier: Some("aikeys".to_owned()),
        inter_file_dependencies: true,
        workspace_diagnostics: true,
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
                commands: [MOVE, CHECK, UNDO, CHECK_ALL, KEYS, STORES].map(str::to_owned).to_vec(),
                ..Default::default()
            }),
            completion_provider: Some(lsp::CompletionOptions {
                // Behind the sign and behind a quote; `+` where nothing was chosen at `ref`; `process.env.`, `${`.
                trigger_characters: Some(["=", "\"", "'", "+", ".", "$", "{"].map(str::to_owned).to_vec()),
                ..Default::default()
            }),
            definition_provider: Some(lsp::OneOf::Left(true)),
            references_provider: Some(lsp::OneOf::Left(true)),
            rename_provider: Some(match abilities.prepares_renames {
                true => lsp::OneOf::Right(lsp::RenameOptions {
                    prepare_provider: Some(true),
                    work_done_progress_options: Default::default(),
                }),
                false => lsp::OneOf::Left(true),
            }),
            code_lens_provider: Some(lsp::CodeLensOptions { resolve_provider: Some(false) }),
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
    let globs = [
        "**/{package.json,Cargo.toml,MANIFEST.in,setup.py,setup.cfg}",
        "**/.{npm,vscode,gcloud,vercel}ignore",
        "**/.env*",
        "**/aikeys.{toml,lock}",
        "**/.gitignore",
        "**/pyproject.toml",
        "**/*baseline*.json",
    ];
    watcher("aikeys.watch", &globs)
}

/// All files: for who asked for the findings of all of them.
pub fn all_watcher() -> lsp::Registration {
    watcher("aikeys.watch.all", &["**/*"])
}

fn watcher(id: &str, globs: &[&str]) -> lsp::Registration {
    let watch =
        |glob: &&str| lsp::FileSystemWatcher { glob_pattern: lsp::GlobPattern::String((*glob).to_owned()), kind: None };
    let options = lsp::DidChangeWatchedFilesRegistrationOptions { watchers: globs.iter().map(watch).collect() };
    lsp::Registration {
        id: id.to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}

/// The folders that the client works in.
pub fn folders(params: &lsp::InitializeParams) -> Vec<PathBuf> {
    match &params.workspace_folders {
        Some(folders) => paths(folders),
        None => params.root_uri.iter().filter_map(file_of).collect(),
    }
}

/// Where folders lie.
pub fn paths(folders: &[lsp::WorkspaceFolder]) -> Vec<PathBuf> {
    folders.iter().filter_map(|it| file_of(&it.uri)).collect()
}
