//! A file's text before and after what an agent would write.

use serde_json::{Value, json};

use crate::project::Source;

/// What would stand in a file. It has no `Debug`: it can hold keys.
pub(super) enum Written {
    /// This and nothing else.
    Whole(String),
    /// These pieces in the place of others.
    Pieces(Vec<Piece>),
    /// The text of another file, with these pieces.
    Moved {
        /// The other file.
        from: std::path::PathBuf,
        /// What changes on the way.
        pieces: Vec<Piece>,
    },
    /// A cell of a notebook.
    Cell(Cell),
}

/// A text in the place of another one.
pub(super) struct Piece {
    pub old: String,
    pub new: String,
    /// Also where it stands again.
    pub everywhere: bool,
}

/// A cell, and which one it is.
pub(super) struct Cell {
    pub id: Option<String>,
    /// From 0.
    pub number: Option<usize>,
    /// The part of the cell that is replaced; all of it where there is none.
    pub old: Option<String>,
    pub source: String,
    pub is_code: bool,
    pub is_new: bool,
}

/// The texts before and after.
pub(super) struct Texts {
    pub before: Option<Source>,
    pub after: String,
}

/// Applies what is written. What cannot be applied, because the file is another one than the agent thinks or none that
/// can be read, is judged by itself: the piece that goes and the one that comes.
pub(super) fn texts(before: Option<Source>, written: &Written) -> Texts {
    match written {
        Written::Whole(text) => Texts { before, after: text.clone() },
        Written::Pieces(pieces) | Written::Moved { pieces, .. } => {
            let text = before.as_ref().and_then(text_of);
            match text.map_or_else(|| applied("", pieces), |text| applied(text, pieces)) {
                Some(after) => Texts { before, after },
                None => {
                    let joined = |part: fn(&Piece) -> &str| pieces.iter().map(part).collect::<Vec<_>>().join("\n");
                    Texts { before: Some(Source::Text(joined(|it| &it.old))), after: joined(|it| &it.new) }
                }
            }
        }
        Written::Cell(cell) => {
            let notebook = before.as_ref().and_then(text_of).and_then(|text| {
                serde_json::from_str::<Value>(text.trim_start_matches('\u{feff}'))
                    .ok()
                    .filter(|it| it["cells"].is_array())
            });
            let notebook = notebook.unwrap_or_else(|| json!({ "cells": [], "metadata": {}, "nbformat": 4 }));
            // Written the same way, so that what did not change is the same text.
            let before = Some(Source::Text(notebook.to_string()));
            Texts { before, after: with_cell(notebook, cell).to_string() }
        }
    }
}

fn text_of(source: &Source) -> Option<&str> {
    match source {
        Source::Text(text) => Some(text),
        _ => None,
    }
}

/// The text with all pieces in place; `None` when one does not fit. Agents write line ends as `\n`, whatever the file has.
fn applied(text: &str, pieces: &[Piece]) -> Option<String> {
    let plain = |text: &str| text.replace("\r\n", "\n");
    let mut text = text.to_owned();
    for piece in pieces {
        if piece.old.is_empty() {
            // A new file, or lines at the end of one.
            text.push_str(&piece.new);
            continue;
        }
        if !text.contains(&piece.old) {
            text = plain(&text);
        }
        let old = if text.contains(&piece.old) { piece.old.clone() } else { plain(&piece.old) };
        if !text.contains(&old) {
            return None;
        }
        text = if piece.everywhere { text.replace(&old, &piece.new) } else { text.replacen(&old, &piece.new, 1) };
    }
    Some(text)
}

fn with_cell(mut notebook: Value, cell: &Cell) -> Value {
    let Some(cells) = notebook["cells"].as_array_mut() else { return notebook };
    // Cells of old notebooks have no id, and are called by their numbers.
    let number = || cell.id.as_ref()?.strip_prefix("cell-")?.parse().ok();
    let by_id = cell.id.as_ref().and_then(|id| cells.iter().position(|it| it["id"] == id.as_str()));
    let at = by_id.or(cell.number).or_else(number);
    let kind = if cell.is_code { "code" } else { "markdown" };
    match at.and_then(|at| cells.get_mut(at)).filter(|_| !cell.is_new) {
        Some(old) => {
            let source = match &old["source"] {
                Value::Array(lines) => lines.iter().filter_map(Value::as_str).collect(),
                source => source.as_str().unwrap_or("").to_owned(),
            };
            let fits = cell.old.as_ref().filter(|it| source.contains(it.as_str()));
            old["source"] = match fits {
                Some(part) => source.replacen(part.as_str(), &cell.source, 1).into(),
                None => cell.source.as_str().into(),
            };
        }
        None => {
            let new = json!({ "cell_type": kind, "metadata": {}, "outputs": [], "source": cell.source });
            let at = match (by_id, cell.number) {
                (Some(before), _) => before + 1,
                (None, number) => number.unwrap_or(cells.len()),
            };
            cells.insert(at.min(cells.len()), new);
        }
    }
    notebook
}
