//! Between the protocol's types and the core's. The only file that knows both, with its parts [`answers`] and [`start`].

pub mod answers;
pub mod found;
pub mod notebooks;
pub mod start;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tower_lsp::lsp_types as lsp;

use super::offers::{Does, EditRequest, FileEdits, MoveRequest, Offer};
use super::session::Opened;
pub use answers::{check_of, completions, links, uri_of};
pub use start::{Abilities, abilities, all_watcher, folders, initialize_result, paths, watchers};

use crate::moves::Reach;
use crate::rules::{Finding, Severity};
use crate::syntax::Document;
use crate::text::{self, Edit, Span};

/// The kind of all our actions.
pub const KIND: &str = "quickfix.aikeys";
/// The kind of moves from everywhere, so that they can be asked for alone.
pub const EVERYWHERE: &str = "quickfix.aikeys.everywhere";
/// The kind of the action that does all that needs no decision, and moves no key.
pub const FIX_ALL: &str = "source.fixAll.aikeys";
/// The command that checks all files.
pub const CHECK_ALL: &str = "aikeys.check";
/// The command that lists keys.
pub const KEYS: &str = "aikeys.keys";
/// The command that lists where keys can go.
pub const STORES: &str = "aikeys.stores";
/// The command of moves.
pub const MOVE: &str = "aikeys.move";
/// The command that asks the stores about references.
pub const CHECK: &str = "aikeys.store.check";
/// The command that puts the last move back.
pub const UNDO: &str = "aikeys.undo";

/// How columns are counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Encoding {
    /// In bytes.
    Utf8,
    /// In code units of UTF-16.
    #[default]
    Utf16,
}

/// Where a document lies. `git:/a.py` has a path, and is no file.
pub fn file_of(uri: &lsp::Url) -> Option<PathBuf> {
    if uri.scheme() == "file" { uri.to_file_path().ok() } else { None }
}

/// The same by its text.
pub fn file_at(uri: &str) -> Option<PathBuf> {
    file_of(&uri.parse().ok()?)
}

/// A buffer without a name is `file://` for Neovim, and what is said of it would be shown in another one.
pub fn is_nameless(uri: &lsp::Url) -> bool {
    uri.scheme() == "file" && uri.path().trim_matches('/').is_empty()
}

/// A document that the client opens.
pub fn opened(document: lsp::TextDocumentItem) -> Opened {
    let lsp::TextDocumentItem { uri, language_id, version, text } = document;
    let file = file_of(&uri);
    Opened { file, uri: uri.into(), language: language_id, version, text, is_cell: false }
}

/// Applies a client's changes one after the other.
pub fn apply(doc: &mut Document, changes: Vec<lsp::TextDocumentContentChangeEvent>, encoding: Encoding) {
    for change in changes {
        let all = Span::new(0, doc.text().len());
        let span = change.range.map_or(all, |range| span(doc, range, encoding));
        doc.edit(&Edit::replace(span, change.text));
    }
}

/// The byte at a position; past the end of a line or of the text, that end.
pub fn offset(doc: &Document, at: lsp::Position, encoding: Encoding) -> usize {
    let line = doc.lines().span(at.line);
    let text = doc.slice(line).trim_end_matches(['\n', '\r']);
    let column = at.character as usize;
    let in_line = match encoding {
        Encoding::Utf8 => text.floor_char_boundary(column),
        Encoding::Utf16 => {
            let mut units = 0;
            let fits = |c: &char| {
                units += c.len_utf16();
                units <= column
            };
            text.chars().take_while(fits).map(char::len_utf8).sum()
        }
    };
    line.start as usize + in_line
}

/// The span of a range, the right way round.
pub fn span(doc: &Document, range: lsp::Range, encoding: Encoding) -> Span {
    let (a, b) = (offset(doc, range.start, encoding), offset(doc, range.end, encoding));
    Span::new(a.min(b), a.max(b))
}

/// The position of a byte.
pub fn position(doc: &Document, offset: u32, encoding: Encoding) -> lsp::Position {
    let text::Position { line, column } = doc.lines().position(offset);
    let before = doc.slice(Span { start: offset.saturating_sub(column), end: offset });
    let character = match encoding {
        Encoding::Utf8 => column,
        // Many keys can stand on one long line.
        Encoding::Utf16 if before.is_ascii() => column,
        Encoding::Utf16 => before.encode_utf16().count() as u32,
    };
    lsp::Position { line, character }
}

/// The range of a span.
pub fn range(doc: &Document, span: Span, encoding: Encoding) -> lsp::Range {
    lsp::Range { start: position(doc, span.start, encoding), end: position(doc, span.end, encoding) }
}

/// A finding as an editor shows it.
pub fn diagnostic(doc: &Document, finding: &Finding, encoding: Encoding) -> lsp::Diagnostic {
    let severity = match finding.severity {
        Severity::Error => lsp::DiagnosticSeverity::ERROR,
        Severity::Warning => lsp::DiagnosticSeverity::WARNING,
        Severity::Info => lsp::DiagnosticSeverity::INFORMATION,
        Severity::Hint => lsp::DiagnosticSeverity::HINT,
    };
    let lines = std::iter::once(&finding.message).chain(&finding.notes);
    lsp::Diagnostic {
        range: range(doc, finding.span, encoding),
        severity: Some(severity),
        code: Some(lsp::NumberOrString::String(finding.rule.to_owned())),
        source: Some("aikeys".to_owned()),
        message: lines.map(String::as_str).collect::<Vec<_>>().join("\n"),
        tags: (finding.rule == "unused-ignore").then(|| vec![lsp::DiagnosticTag::UNNECESSARY]),
        ..Default::default()
    }
}

/// The answer to a pull.
pub fn report(
    diagnostics: Vec<lsp::Diagnostic>,
    id: String,
    previous: Option<&str>,
) -> lsp::DocumentDiagnosticReportResult {
    let report = if previous == Some(id.as_str()) {
        let unchanged_document_diagnostic_report = lsp::UnchangedDocumentDiagnosticReport { result_id: id };
        lsp::DocumentDiagnosticReport::Unchanged(lsp::RelatedUnchangedDocumentDiagnosticReport {
            related_documents: None,
            unchanged_document_diagnostic_report,
        })
    } else {
        let full_document_diagnostic_report =
            lsp::FullDocumentDiagnosticReport { result_id: Some(id), items: diagnostics };
        lsp::DocumentDiagnosticReport::Full(lsp::RelatedFullDocumentDiagnosticReport {
            related_documents: None,
            full_document_diagnostic_report,
        })
    };
    lsp::DocumentDiagnosticReportResult::Report(report)
}

/// The client wants actions of a kind of ours.
pub fn wants_actions(only: Option<&[lsp::CodeActionKind]>, kind: &str) -> bool {
    let covers = |wanted: &lsp::CodeActionKind| {
        let rest = kind.strip_prefix(wanted.as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.') || wanted.as_str().is_empty())
    };
    only.is_none_or(|only| only.iter().any(covers))
}

/// Offers as an editor's menu shows them: the first one that does something is preferred.
pub fn actions(
    uri: &lsp::Url,
    version: i32,
    doc: &Document,
    offers: Vec<Offer>,
    abilities: &Abilities,
) -> Vec<lsp::CodeActionOrCommand> {
    let mut actions = Vec::new();
    let mut preferred = Some(true);
    for offer in offers {
        let mut action = lsp::CodeAction {
            title: offer.title.clone(),
            kind: Some(kind(&offer.does).into()),
            diagnostics: Some(vec![diagnostic(doc, &offer.finding, abilities.encoding)]),
            ..Default::default()
        };
        match offer.does {
            Does::Move(fix, reach) => {
                action.command =
                    Some(command(uri, version, doc, &offer.finding, (fix, reach), offer.title, abilities.encoding));
            }
            Does::Edit(_) if abilities.resolves_edits => {
                action.data = edit_data(uri, version, doc, &offer.finding, &offer.title, abilities.encoding);
            }
            Does::Edit(files) => action.edit = workspace_edit(&files, abilities),
            Does::ClearOutput if abilities.clears_outputs => {
                let (title, command) = (offer.title, found::CLEAR_OUTPUT.to_owned());
                action.command = Some(lsp::Command { title, command, arguments: Some(vec![serde_json::json!(uri)]) });
            }
            Does::Rotate(name) if abilities.rotates => {
                let (title, command) = (offer.title, found::ROTATE.to_owned());
                action.command = Some(lsp::Command {
                    title,
                    command,
                    arguments: Some(vec![serde_json::json!(name), serde_json::json!(uri)]),
                });
            }
            Does::ClearOutput | Does::Rotate(_) => continue,
            Does::Nothing(reason) if abilities.disabled => action.disabled = Some(lsp::CodeActionDisabled { reason }),
            Does::Nothing(_) => continue,
        }
        if action.disabled.is_none() {
            action.is_preferred = preferred.take();
        }
        actions.push(action.into());
    }
    actions
}

/// The kind of the action for an offer.
pub fn kind(does: &Does) -> &'static str {
    if matches!(does, Does::Move(_, Reach::Everywhere)) { EVERYWHERE } else { KIND }
}

/// The edits of several files as one.
pub fn workspace_edit(files: &[FileEdits], abilities: &Abilities) -> Option<lsp::WorkspaceEdit> {
    let edits = |file: &FileEdits| {
        let edit = |edit: &Edit| lsp::TextEdit {
            range: range(&file.doc, edit.span, abilities.encoding),
            new_text: edit.insert.clone(),
        };
        file.edits.iter().map(edit).collect::<Vec<_>>()
    };
    if !abilities.document_changes {
        let changes = files.iter().map(|file| Some((found::address(file)?, edits(file)))).collect::<Option<_>>()?;
        return Some(lsp::WorkspaceEdit { changes: Some(changes), ..Default::default() });
    }
    let mut operations = Vec::new();
    for file in files {
        let uri = found::address(file)?;
        if file.is_new && abilities.create_files {
            // Without these options Neovim and Helix empty a file that is there.
            let options = lsp::CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(true) };
            let create = lsp::CreateFile { uri: uri.clone(), options: Some(options), annotation_id: None };
            operations.push(lsp::DocumentChangeOperation::Op(lsp::ResourceOp::Create(create)));
        }
        operations.push(lsp::DocumentChangeOperation::Edit(lsp::TextDocumentEdit {
            text_document: lsp::OptionalVersionedTextDocumentIdentifier { uri, version: file.version },
            edits: edits(file).into_iter().map(lsp::OneOf::Left).collect(),
        }));
    }
    let changes = lsp::DocumentChanges::Operations(operations);
    Some(lsp::WorkspaceEdit { document_changes: Some(changes), ..Default::default() })
}

/// The argument of a move's command: where to look again, and nothing of what stands there.
#[derive(Serialize, Deserialize)]
struct MoveArgument {
    uri: lsp::Url,
    version: i32,
    range: lsp::Range,
    rule: String,
    fix: usize,
    title: String,
    #[serde(default)]
    everywhere: bool,
    #[serde(default)]
    file: bool,
}

fn command(
    uri: &lsp::Url,
    version: i32,
    doc: &Document,
    finding: &Finding,
    (fix, reach): (usize, Reach),
    title: String,
    encoding: Encoding,
) -> lsp::Command {
    let range = range(doc, finding.span, encoding);
    let argument = MoveArgument {
        uri: uri.clone(),
        version,
        range,
        rule: finding.rule.to_owned(),
        fix,
        title: title.clone(),
        everywhere: reach == Reach::Everywhere,
        file: reach == Reach::File,
    };
    lsp::Command { title, command: MOVE.to_owned(), arguments: serde_json::to_value(argument).ok().map(|it| vec![it]) }
}

/// The move that a command names; `None` when the document is not open or the argument is none of ours.
pub fn move_request<'d>(
    arguments: Vec<serde_json::Value>,
    document: impl FnOnce(&str) -> Option<&'d Document>,
    encoding: Encoding,
) -> Option<MoveRequest> {
    let argument: MoveArgument = serde_json::from_value(arguments.into_iter().next()?).ok()?;
    let MoveArgument { uri, version, range, rule, fix, title, everywhere, file } = argument;
    let reach = match (everywhere, file) {
        (true, _) => Reach::Everywhere,
        (false, true) => Reach::File,
        (false, false) => Reach::Given,
    };
    let span = span(document(uri.as_str())?, range, encoding);
    Some(MoveRequest { uri: uri.into(), version, rule, span, fix, title, reach })
}

/// What an action of edits is remembered by until it is chosen: where to look again, and nothing of what stands there.
#[derive(Serialize, Deserialize)]
struct EditData {
    uri: lsp::Url,
    version: i32,
    range: lsp::Range,
    rule: String,
    title: String,
}

fn edit_data(
    uri: &lsp::Url,
    version: i32,
    doc: &Document,
    finding: &Finding,
    title: &str,
    encoding: Encoding,
) -> Option<serde_json::Value> {
    let (uri, rule, title) = (uri.clone(), finding.rule.to_owned(), title.to_owned());
    serde_json::to_value(EditData { uri, version, range: range(doc, finding.span, encoding), rule, title }).ok()
}

/// The edits that an action's data name; `None` when the document is not open or the data are none of ours.
pub fn edit_request<'d>(
    data: &serde_json::Value,
    document: impl FnOnce(&str) -> Option<&'d Document>,
    encoding: Encoding,
) -> Option<EditRequest> {
    let EditData { uri, version, range, rule, title } = EditData::deserialize(data).ok()?;
    let span = span(document(uri.as_str())?, range, encoding);
    Some(EditRequest { uri: uri.into(), version, rule, span, title })
}

/// The action that does all that needs no decision.
pub fn fix_all(files: &[FileEdits], abilities: &Abilities) -> Option<lsp::CodeActionOrCommand> {
    let action = lsp::CodeAction {
        title: "Do all that needs no decision (aikeys)".to_owned(),
        kind: Some(FIX_ALL.into()),
        edit: Some(workspace_edit(files, abilities)?),
        ..Default::default()
    };
    Some(action.into())
}

/// What hovering shows.
pub fn hover(doc: &Document, at: Span, value: String, abilities: &Abilities) -> lsp::Hover {
    let kind = if abilities.markdown { lsp::MarkupKind::Markdown } else { lsp::MarkupKind::PlainText };
    lsp::Hover {
        contents: lsp::HoverContents::Markup(lsp::MarkupContent { kind, value }),
        range: Some(range(doc, at, abilities.encoding)),
    }
}
