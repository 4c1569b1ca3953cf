//! What an agent is about to do, out of the JSON that it sends.
//!
//! The names of tools and fields are those of all agents together: they do not clash, agents take over each other's
//! hooks (Cursor starts those of Claude Code), and a field has had several names.

use std::path::PathBuf;

use anyhow::{Result, bail};
use serde_json::{Map, Value};

use super::edit::{Cell, Piece, Written};
use super::patch;
use crate::cli::args::Agent;

/// One call of an agent's hook.
pub(super) struct Call {
    /// Who answers are for.
    pub agent: Agent,
    /// What is about to happen.
    pub event: Event,
    /// Where relative paths begin.
    pub folder: PathBuf,
    /// What it would do. Nothing, where the tool is none that writes, runs or reads.
    pub acts: Vec<Act>,
}

/// When the hook was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// Before a tool is used.
    Tool,
    /// Before a command runs.
    Command,
    /// Before a file is read.
    Read,
    /// At a time when there is nothing to check.
    Other,
}

/// What a tool would do. It has no `Debug`: it can hold keys.
pub(super) enum Act {
    /// Write a file. The path is missing where the agent named it in a way that is not known.
    Write {
        /// The file.
        path: Option<PathBuf>,
        /// What would stand in it.
        written: Written,
    },
    /// Run a command.
    Run {
        /// As the shell gets it.
        command: String,
    },
    /// Read a file, or the files of a pattern.
    Read {
        /// The file or the pattern.
        path: String,
    },
}

/// A kind of tool.
enum Tool {
    Text,
    Patch,
    Notebook,
    Command,
    Read,
}

/// The tools by their names, small and without `_`. Sources: the agents' manuals and sources, see `.github/examples/agents`.
const TOOLS: &[(&[&str], Tool)] = &[
    (
        &[
            "write",
            "writefile",
            "createfile",
            "edit",
            "editfile",
            "multiedit",
            "replace",
            "strreplace",
            "searchreplace",
        ],
        Tool::Text,
    ),
    (&["applypatch"], Tool::Patch),
    (&["notebookedit", "editnotebook"], Tool::Notebook),
    (&["bash", "shell", "runshellcommand", "localshell", "shellcommand", "execcommand", "powershell"], Tool::Command),
    (&["read", "readfile", "readmanyfiles", "grep", "grepsearch", "searchfilecontent"], Tool::Read),
];

const PATHS: [&str; 7] =
    ["file_path", "path", "absolute_path", "target_file", "notebook_path", "target_notebook", "filePath"];
const PATTERNS: [&str; 5] = ["glob", "include", "include_pattern", "paths", "file_paths"];
const TEXTS: [&str; 4] = ["content", "contents", "file_text", "text"];
const PATCHES: [&str; 3] = ["command", "patch", "input"];
const COMMANDS: [&str; 2] = ["command", "cmd"];

impl Call {
    /// Reads what stands on standard input.
    pub(super) fn read(agent: Agent, bytes: &[u8]) -> Result<Call> {
        let whole: Map<String, Value> = match serde_json::from_str(&readable(bytes)) {
            Ok(Value::Object(whole)) => whole,
            Ok(_) => bail!("standard input is no JSON object: an agent starts this program, as its hook"),
            // The error's own text could quote the input.
            Err(error) => bail!(
                "standard input is no JSON (line {}, column {}): an agent starts this program, as its hook",
                error.line(),
                error.column()
            ),
        };
        let text = |name: &str| whole.get(name).and_then(Value::as_str).filter(|it| !it.is_empty());
        // Its editor runs the hooks of other agents as well, and reads its own answers only.
        let agent = if text("cursor_version").is_some() { Agent::Cursor } else { agent };
        let event = match text("hook_event_name").map(str::to_ascii_lowercase).as_deref() {
            Some("pretooluse" | "beforetool") => Event::Tool,
            Some("beforeshellexecution") => Event::Command,
            Some("beforereadfile" | "beforetabfileread") => Event::Read,
            Some(_) => Event::Other,
            None if text("tool_name").is_some() => Event::Tool,
            None => bail!("`hook_event_name` is missing: this is no hook of an agent that is known here"),
        };
        let root = || whole.get("workspace_roots")?.get(0)?.as_str().filter(|it| !it.is_empty());
        let folder = match text("cwd").or_else(root) {
            Some(folder) => PathBuf::from(folder),
            None => std::env::current_dir()?,
        };
        let acts = match event {
            Event::Tool => acts(text("tool_name").unwrap_or(""), whole.get("tool_input")),
            Event::Command => run(&whole).into_iter().collect(),
            Event::Read => reads(&whole),
            Event::Other => Vec::new(),
        };
        Ok(Call { agent, event, folder, acts })
    }
}

/// What JavaScript writes is JSON but for halves of characters, and a file can begin with a mark. Neither may let a call
/// through unseen.
fn readable(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let mut out = String::with_capacity(text.len());
    let (mut at, mut from) = (0, 0);
    while let Some(found) = memchr::memchr(b'\\', &text.as_bytes()[at..]) {
        at += found;
        at += match (unit(at), unit(at + 6)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                out.push_str(&text[from..at]);
                out.push_str("\\ufffd");
                from = at + 6;
                6
            }
            // `\\` stands for itself.
            _ => 1 + text[at + 1..].chars().next().map_or(0, char::len_utf8),
        };
    }
    out.push_str(&text[from..]);
    out
}

fn acts(name: &str, input: Option<&Value>) -> Vec<Act> {
    let name = name.to_ascii_lowercase().replace('_', "");
    let Some((_, tool)) = TOOLS.iter().find(|(names, _)| names.contains(&name.as_str())) else { return Vec::new() };
    let input = match input {
        Some(Value::Object(input)) => input.clone(),
        // An object written as a text, or the one argument of a tool that takes no object.
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Object(input)) => input,
            _ => Map::from_iter([("command".to_owned(), Value::String(text.clone()))]),
        },
        _ => return Vec::new(),
    };
    match tool {
        Tool::Text => text(&input),
        Tool::Patch => {
            let patch = first(&input, &PATCHES).map(patch::writes).unwrap_or_default();
            patch.into_iter().map(|(path, written)| Act::Write { path: Some(path), written }).collect()
        }
        Tool::Notebook => notebook(&input),
        Tool::Command => run(&input).into_iter().collect(),
        Tool::Read => reads(&input),
    }
}

fn first<'v>(input: &'v Map<String, Value>, names: &[&str]) -> Option<&'v str> {
    names.iter().find_map(|name| input.get(*name)?.as_str())
}

fn path(input: &Map<String, Value>) -> Option<PathBuf> {
    first(input, &PATHS).filter(|it| !it.is_empty()).map(PathBuf::from)
}

/// A whole text, a patch, or pieces in the place of others: the fields tell.
fn text(input: &Map<String, Value>) -> Vec<Act> {
    let edits = input.get("edits").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let mut pieces: Vec<Piece> = edits.iter().filter_map(Value::as_object).filter_map(piece).collect();
    pieces.extend(piece(input));
    let written = match first(input, &TEXTS) {
        Some(whole) if pieces.is_empty() => Written::Whole(whole.to_owned()),
        _ if pieces.is_empty() => return Vec::new(),
        _ => Written::Pieces(pieces),
    };
    vec![Act::Write { path: path(input), written }]
}

fn piece(input: &Map<String, Value>) -> Option<Piece> {
    let is = |name: &str| input.get(name).and_then(Value::as_bool).unwrap_or(false);
    Some(Piece {
        old: first(input, &["old_string", "old_str"]).unwrap_or("").to_owned(),
        new: first(input, &["new_string", "new_str"])?.to_owned(),
        everywhere: is("replace_all") || is("allow_multiple"),
    })
}

fn notebook(input: &Map<String, Value>) -> Vec<Act> {
    let is = |name: &str, value: &str| input.get(name).and_then(Value::as_str) == Some(value);
    let Some(source) = first(input, &["new_source", "new_string"]).filter(|_| !is("edit_mode", "delete")) else {
        return Vec::new();
    };
    let is_new = is("edit_mode", "insert") || input.get("is_new_cell").and_then(Value::as_bool).unwrap_or(false);
    let number = input.get("cell_idx").or_else(|| input.get("cell_number")).and_then(Value::as_u64);
    let cell = Cell {
        id: first(input, &["cell_id"]).map(str::to_owned),
        number: number.and_then(|it| usize::try_from(it).ok()),
        old: first(input, &["old_string"]).filter(|it| !it.is_empty()).map(str::to_owned),
        source: source.to_owned(),
        is_code: !is("cell_type", "markdown") && !is("cell_language", "markdown"),
        is_new,
    };
    vec![Act::Write { path: path(input), written: Written::Cell(cell) }]
}

/// A command is a text, or a program and its arguments.
fn run(input: &Map<String, Value>) -> Option<Act> {
    let command = COMMANDS.iter().find_map(|name| input.get(*name))?;
    let command = match command {
        Value::String(command) => command.clone(),
        Value::Array(words) => words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" "),
        _ => return None,
    };
    Some(Act::Run { command })
}

fn reads(input: &Map<String, Value>) -> Vec<Act> {
    let texts = |value: &Value| match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(texts) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    };
    let named = PATHS.iter().chain(&PATTERNS).filter_map(|name| input.get(*name)).flat_map(texts);
    named.map(|path| Act::Read { path }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_of_characters_do_not_hide_a_call() {
        for (text, then) in [
            (r#"{"a":"\ud83d\udd11"}"#, r#"{"a":"\ud83d\udd11"}"#),
            (r#"{"a":"\ud800x"}"#, r#"{"a":"\ufffdx"}"#),
            (r#"{"a":"\udc00\ud800"}"#, r#"{"a":"\ufffd\ufffd"}"#),
            (r#"{"a":"\\ud800 \n"}"#, r#"{"a":"\\ud800 \n"}"#),
            ("\u{feff}{}", "{}"),
            ("\\", "\\"),
        ] {
            assert_eq!(readable(text.as_bytes()), then);
        }
        assert_eq!(readable(b"{\"a\":\"\xff\"}"), "{\"a\":\"\u{fffd}\"}");
    }
}
