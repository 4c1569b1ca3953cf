//! The cells of a Jupyter notebook (nbformat 4), each at its place in the file.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::document::Document;
use super::injection::{Builder, Injection, Writing};
use super::language::Language;
use crate::text::Span;

/// A notebook as it is written, read no further than needed: outputs can be large.
#[derive(Deserialize)]
struct Notebook<'n> {
    #[serde(borrow)]
    cells: Vec<Cell<'n>>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Cell<'n> {
    cell_type: String,
    #[serde(borrow)]
    source: &'n RawValue,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Metadata {
    kernelspec: Kernel,
    language_info: Kernel,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Kernel {
    /// Of the language, in `language_info`; of the kernel, in `kernelspec`.
    name: String,
    language: String,
}

/// What a cell is run by when it begins with `%%NAME`, where that is another language than the notebook's.
const MAGIC: &[(&str, &str)] =
    &[("bash", "bash"), ("sh", "bash"), ("script bash", "bash"), ("javascript", "javascript"), ("js", "javascript")];
/// Cells that begin with these are the notebook's own code.
const OWN: &[&str] = &["time", "timeit", "capture", "prun", "debug", "python", "python3", "px"];

/// The code of a notebook: all cells of its own language are one program, those of another one are apart.
///
/// The first one is there in every notebook; nothing is when the text is none.
pub(super) fn injections(file: &Document) -> Vec<Injection> {
    let text = file.text();
    let Ok(notebook) = serde_json::from_str::<Notebook<'_>>(text.trim_start_matches('\u{feff}')) else {
        return Vec::new();
    };
    let Metadata { kernelspec, language_info } = &notebook.metadata;
    let named = [&language_info.name, &kernelspec.language].into_iter().find(|it| !it.is_empty());
    let Some(language) = Language::named(named.map_or("python", String::as_str)) else { return Vec::new() };
    let (mut own, mut others) = (Builder::default(), Vec::new());
    for (at, cell) in notebook.cells.iter().enumerate().filter(|(_, cell)| cell.cell_type == "code") {
        // serde lends a part of the text itself.
        let start = cell.source.get().as_ptr() as usize - text.as_ptr() as usize;
        let source = Source::new(text, start, cell.source.get());
        let number = at as u32 + 1;
        match source.language(text, language) {
            None => {}
            Some(it) if std::ptr::eq(it, language) => {
                own.separate();
                let shell = source.add(&mut own, text, number, language);
                let of_shell = Language::named("bash");
                others.extend(shell.into_iter().filter_map(|lines| Some(lines.build(file, of_shell?))));
            }
            Some(other) => {
                let mut apart = Builder::default();
                source.add(&mut apart, text, number, other);
                others.push(apart.build(file, other));
            }
        }
    }
    others.insert(0, own.build(file, language));
    others
}

/// The source of one cell: a string, or a list of strings.
struct Source {
    /// The texts of the strings, as they are written.
    strings: Vec<Span>,
    writing: Writing,
}

impl Source {
    /// Reads valid JSON that begins at `start`.
    fn new(text: &str, start: usize, json: &str) -> Source {
        let mut strings: Vec<Span> = Vec::new();
        let (mut open, mut escaped) = (None, false);
        for (at, byte) in json.bytes().enumerate() {
            match (byte, open) {
                _ if escaped => escaped = false,
                (b'\\', Some(_)) => escaped = true,
                (b'"', None) => open = Some(start + at + 1),
                (b'"', Some(from)) => {
                    strings.push(Span::new(from, start + at));
                    open = None;
                }
                _ => {}
            }
        }
        let between = match strings.as_slice() {
            [first, second, ..] => Some(text[first.end as usize..second.start as usize].to_owned()),
            _ => None,
        };
        Source { strings, writing: Writing::Json(between) }
    }

    /// Who runs the cell; `None` when nobody knows.
    fn language(&self, text: &str, own: &'static Language) -> Option<&'static Language> {
        let first = self.strings.first().map_or("", |it| &text[it.range()]);
        let Some(magic) = first.trim_start().strip_prefix("%%") else { return Some(own) };
        let magic = magic.split("\\n").next().unwrap_or("").trim();
        let is = |name: &str| magic == name || magic.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
        if OWN.iter().any(|name| is(name)) {
            return Some(own);
        }
        let (_, language) = MAGIC.iter().find(|(name, _)| is(name))?;
        Language::named(language)
    }

    /// Adds the text of the cell to a program. Lines for the notebook (`%env`, `!pip`) are comments there; those for the
    /// shell are given back.
    fn add(&self, program: &mut Builder, text: &str, cell: u32, language: &Language) -> Vec<Builder> {
        let start = program.at();
        let (mut line, mut shell) = (Line { at: start, goes_on: false }, Vec::new());
        for string in &self.strings {
            let (mut at, end) = (string.start as usize, string.end as usize);
            while at < end {
                let same = memchr::memchr(b'\\', &text.as_bytes()[at..end]).map_or(end, |it| at + it);
                if same > at {
                    program.same(text, Span::new(at, same));
                    at = same;
                    continue;
                }
                let (c, len) = escape(&text[at..end]);
                program.escape(c, Span::new(at, at + len));
                at += len;
                if c == '\n' {
                    shell.extend(self.end(&mut line, program, start, cell, language));
                }
            }
        }
        shell.extend(self.end(&mut line, program, start, cell, language));
        program.block(start, Some(cell), self.writing.clone());
        shell
    }

    /// Ends a line of the program: when it is a command, it becomes a comment.
    fn end(&self, line: &mut Line, program: &mut Builder, start: usize, cell: u32, of: &Language) -> Option<Builder> {
        let text = program.since(line.at);
        let sign = line.at + text.len() - text.trim_start_matches([' ', '\t']).len();
        let command = program.since(sign).trim_end();
        let magic = command.starts_with('%') && (!command.starts_with("%%") || line.at == start);
        let is_command = line.goes_on || magic || command.starts_with('!');
        let goes_on = is_command && command.ends_with('\\');
        // The notebook puts values of its own in these.
        let is_shell = command.starts_with('!') && !line.goes_on && !goes_on && !command.contains(['{', '$']);
        let shell = is_shell.then(|| program.behind(sign, Some(cell), &self.writing));
        if is_command && !command.is_empty() {
            program.command(sign, &of.comment);
        }
        *line = Line { at: program.at(), goes_on };
        shell
    }
}

/// A line of a cell.
struct Line {
    /// Where it begins.
    at: usize,
    /// It belongs to the command before it.
    goes_on: bool,
}

/// The character of an escape, and how long it is written. The JSON is valid.
fn escape(json: &str) -> (char, usize) {
    let unit = |at: usize| json.get(at + 2..at + 6).and_then(|hex| u16::from_str_radix(hex, 16).ok());
    match json.as_bytes().get(1) {
        Some(b'n') => ('\n', 2),
        Some(b't') => ('\t', 2),
        Some(b'r') => ('\r', 2),
        Some(b'b') => ('\u{8}', 2),
        Some(b'f') => ('\u{c}', 2),
        Some(b'u') => {
            let high = unit(0).unwrap_or(0xfffd);
            let pair = (json.get(6..8) == Some("\\u")).then(|| unit(6)).flatten();
            match char::decode_utf16([high, pair.unwrap_or(0)]).next() {
                Some(Ok(c)) if c.len_utf16() == 2 => (c, 12),
                Some(Ok(c)) => (c, 6),
                _ => ('\u{fffd}', 6),
            }
        }
        // A quote, a backslash, a slash.
        Some(&other) if other.is_ascii() => (other as char, 2),
        _ => ('\\', 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Edit, apply};

    /// What a kernel would be given: the sources of all cells of code.
    fn sources(notebook: &str) -> Vec<String> {
        let notebook: serde_json::Value = serde_json::from_str(notebook).expect("it is JSON");
        let cells = notebook["cells"].as_array().expect("it has cells");
        let text = |source: &serde_json::Value| match source.as_array() {
            Some(lines) => lines.iter().filter_map(|line| line.as_str()).collect(),
            None => source.as_str().expect("it is a string").to_owned(),
        };
        cells.iter().filter(|cell| cell["cell_type"] == "code").map(|cell| text(&cell["source"])).collect()
    }

    #[test]
    fn an_edit_of_the_code_is_an_edit_of_its_cell() {
        let cells = [
            r##"["x = \"a\"\n", "# \u00e9 \ud83d\ude00 é 😀\n", "y = '\\\\n'"]"##,
            r#""one = 1\ntwo = \"\t\"\n""#,
            r#"[]"#,
            r#"["last = 1"]"#,
        ];
        for ending in ["\n", "\r\n"] {
            let cell = |source: &str| {
                format!(r#"{{"source":{source},"cell_type":"code"}}"#).replace("\", \"", &format!("\",{ending} \""))
            };
            let all: Vec<String> = cells.iter().map(|it| cell(it)).collect();
            let text = format!("\u{feff}{{ \"cells\": [{}] }}", all.join(&format!(",{ending}")));
            let doc = Document::new("a.ipynb", text.as_str());
            let [code] = doc.injections() else { panic!("one program") };
            let inner = code.doc().text();
            assert_eq!(inner, "x = \"a\"\n# é 😀 é 😀\ny = '\\\\n'\none = 1\ntwo = \"\t\"\nlast = 1");
            let places: Vec<usize> = inner.char_indices().map(|(at, _)| at).chain([inner.len()]).collect();
            // The line's end before `one` is in no cell, and `one` and `last` begin cells.
            let seams = ["\none", "last"].map(|it| inner.find(it).expect("it is there"));
            let plain = text.trim_start_matches('\u{feff}');
            let before = sources(plain).concat();
            for &start in &places {
                for &end in places.iter().filter(|&&end| end >= start && end <= start + 12) {
                    let crosses = |&seam: &usize| start <= seam && seam < end;
                    if seams.iter().any(crosses) {
                        continue;
                    }
                    let edit = Edit::replace(Span::new(start, end), "new\n\"1\\");
                    let outer = code.edit(&edit);
                    let after = sources(&apply(plain, &[Edit { span: shifted(outer.span), ..outer }])).concat();
                    let cut = &inner[start..end];
                    assert_eq!(after.len(), before.len() - cut.len() + edit.insert.len(), "{start}..{end}");
                    assert!(after.contains("new\n\"1\\"), "{start}..{end}");
                    if let Some(back) = code.inner(code.outer(edit.span)).filter(|_| start < end) {
                        assert_eq!(back, edit.span);
                    }
                }
            }
        }
    }

    /// Without the byte order mark.
    fn shifted(span: Span) -> Span {
        Span { start: span.start - 3, end: span.end - 3 }
    }

    #[test]
    fn what_is_no_notebook_has_no_code() {
        for text in
            ["", "{", "[]", "{\"cells\": 1}", "{\"cells\": [{\"cell_type\": \"code\"}]}", "{\"worksheets\": []}"]
        {
            assert!(Document::new("a.ipynb", text).injections().is_empty(), "{text}");
        }
        let julia = r#"{"cells": [], "metadata": {"kernelspec": {"language": "julia"}}}"#;
        assert!(Document::new("a.ipynb", julia).injections().is_empty());
    }
}
