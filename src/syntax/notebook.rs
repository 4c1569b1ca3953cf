//! The cells of a Jupyter notebook (nbformat 4), each at its place in the file.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::document::Document;
use super::injection::{Builder, Injection, Writing};
use super::language::Language;
use super::parse::parse;
use crate::text::Span;

/// The entries of an object as they are written: of two with one name the last one counts. Outputs are read no further.
type Entries<'n> = BTreeMap<String, &'n RawValue>;

/// What runs a cell that begins with `%%NAME`, where that is another language than the notebook's.
const MAGIC: &[(&str, &str)] = &[("bash", "bash"), ("sh", "bash"), ("script bash", "bash")];
/// Cells that begin with these share the notebook's names.
const OWN: &[&str] = &["time", "capture", "prun", "debug"];

/// The code of a notebook: all cells of its own language are one program, the others are apart.
///
/// The first one is there in every notebook; nothing is when the text is none.
pub(super) fn injections(file: &Document) -> Vec<Injection> {
    let text = file.text();
    let Ok(notebook) = serde_json::from_str::<Entries<'_>>(text.trim_start_matches('\u{feff}')) else {
        return Vec::new();
    };
    let cells = notebook.get("cells").and_then(|it| serde_json::from_str::<Vec<Entries<'_>>>(it.get()).ok());
    let Some(cells) = cells else { return Vec::new() };
    let own_language = language(notebook.get("metadata").copied());
    let (mut own, mut others) = (Builder::default(), Vec::new());
    for (at, entries) in cells.iter().enumerate() {
        let is_code = entries.get("cell_type").is_some_and(|it| it.get() == "\"code\"");
        let Some(source) = entries.get("source").filter(|_| is_code) else { continue };
        // serde lends a part of the text itself.
        let start = source.get().as_ptr() as usize - text.as_ptr() as usize;
        let mut cell = Builder::default();
        let writing = read(&mut cell, text, start, source.get());
        cell.block(at as u32 + 1, writing);
        let language = runner(cell.text(), own_language);
        let is_own = own_language.is_some() && language.map(|it| &it.name) == own_language.map(|it| &it.name);
        // Kernels of Python take commands.
        let takes_commands = is_own && language.is_some_and(|it| it.comment == "#");
        let lines = Lines { is_program: takes_commands, comment: language.map_or("", |it| it.comment.as_str()) };
        let shell = lines.hide_commands(&mut cell);
        // One that cannot be parsed would take the others with it, and does not run.
        let parses = || {
            own_language.and_then(|it| parse(it.grammar(), cell.text())).is_some_and(|it| !it.root_node().has_error())
        };
        match is_own && parses() {
            true => own.append(cell),
            false => others.push(cell.build(file, language)),
        }
        let of_shell = Language::named("bash");
        others.extend(shell.into_iter().map(|line| line.build(file, of_shell)));
    }
    others.insert(0, own.build(file, own_language));
    others
}

/// The number of the cell that holds a place of the file, from 0.
pub(super) fn cell_at(text: &str, at: u32) -> Option<usize> {
    let notebook: Entries<'_> = serde_json::from_str(text.trim_start_matches('\u{feff}')).ok()?;
    let cells: Vec<&RawValue> = serde_json::from_str(notebook.get("cells")?.get()).ok()?;
    let holds = |cell: &&RawValue| {
        // serde lends a part of the text itself.
        let start = cell.get().as_ptr() as usize - text.as_ptr() as usize;
        (start..start + cell.get().len()).contains(&(at as usize))
    };
    cells.iter().position(holds)
}

/// The language that the metadata name; Python where they name none.
fn language(metadata: Option<&RawValue>) -> Option<&'static Language> {
    let metadata: Value = metadata.and_then(|it| serde_json::from_str(it.get()).ok()).unwrap_or_default();
    let name = |part: &str, key: &str| metadata.get(part)?.get(key)?.as_str().map(str::to_ascii_lowercase);
    let names = [name("language_info", "name"), name("kernelspec", "language"), name("kernelspec", "name")];
    let mut names = names.into_iter().flatten().filter(|it| !it.is_empty()).peekable();
    if names.peek().is_none() {
        return Language::named("python");
    }
    names.find_map(|name| match name.contains("python") || name.contains("pyspark") {
        true => Language::named("python"),
        false => Language::named(&name),
    })
}

/// Who runs a cell; `None` when nobody knows.
fn runner(cell: &str, own: Option<&'static Language>) -> Option<&'static Language> {
    let Some(magic) = cell.trim_start().strip_prefix("%%") else { return own };
    let magic = magic.lines().next().unwrap_or("").trim();
    let is = |name: &str| magic == name || magic.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
    if OWN.iter().any(|name| is(name)) {
        return own;
    }
    let (_, language) = MAGIC.iter().find(|(name, _)| is(name))?;
    Language::named(language)
}

/// Takes over a source: a string or a list of strings, in valid JSON that begins at `start`.
fn read(cell: &mut Builder, text: &str, start: usize, json: &str) -> Writing {
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
    for string in &strings {
        let (mut at, end) = (string.start as usize, string.end as usize);
        while at < end {
            let same = memchr::memchr(b'\\', &text.as_bytes()[at..end]).map_or(end, |it| at + it);
            if same > at {
                cell.same(text, Span::new(at, same));
                at = same;
                continue;
            }
            let (c, len) = escape(&text[at..end]);
            cell.escape(c, Span::new(at, at + len));
            at += len;
        }
    }
    Writing::Json(match strings.as_slice() {
        [first, second, ..] => Some(text[first.end as usize..second.start as usize].to_owned()),
        _ => None,
    })
}

/// Tells code from commands to the notebook.
struct Lines<'c> {
    /// The cell is run by the notebook: `%env`, `!pip` and their like are commands in it.
    is_program: bool,
    comment: &'c str,
}

impl Lines<'_> {
    /// Makes comments of commands. Those for the shell are given back.
    fn hide_commands(&self, cell: &mut Builder) -> Vec<Builder> {
        let (mut shell, mut commands) = (Vec::new(), Vec::new());
        let (mut at, mut goes_on, mut open) = (0, false, Open::default());
        let text = cell.text();
        let first = text.len() - text.trim_start().len();
        for line in text.split_inclusive('\n') {
            let sign = at + line.len() - line.trim_start_matches([' ', '\t']).len();
            let command = text[sign..at + line.len()].trim_end();
            let is_magic = command.starts_with("%%") && sign == first;
            let begins = self.is_program && !open.is_open() && begins_command(command);
            let is_command = is_magic || goes_on || begins;
            let more = is_command && command.ends_with('\\');
            // The notebook puts values of its own in these.
            if command.starts_with('!') && begins && !goes_on && !more && !command.contains(['{', '$']) {
                shell.push(sign);
            }
            match is_command {
                true if !command.is_empty() => commands.push(sign),
                true => {}
                false => open.read(line),
            }
            goes_on = more;
            at += line.len();
        }
        let shell = shell.into_iter().map(|sign| cell.behind(sign)).collect();
        for sign in commands {
            cell.command(sign, self.comment);
        }
        shell
    }
}

/// `%env X`, `!pip`, `x = !ls`
fn begins_command(line: &str) -> bool {
    let is_name = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || "_., []".contains(c));
    let assigned = || {
        line.split_once('=').is_some_and(|(name, value)| is_name(name) && value.trim_start().starts_with(['!', '%']))
    };
    line.starts_with(['!', '%']) && !line.starts_with("!=") || assigned()
}

/// What is open at the end of a line of Python: a text of several lines, or brackets.
#[derive(Default)]
struct Open {
    quote: Option<&'static str>,
    brackets: usize,
}

impl Open {
    fn is_open(&self) -> bool {
        self.quote.is_some() || self.brackets > 0
    }

    fn read(&mut self, line: &str) {
        let mut rest = line;
        while let Some(c) = rest.chars().next() {
            let mut taken = c.len_utf8();
            match self.quote {
                Some(quote) if rest.starts_with(quote) => {
                    self.quote = None;
                    taken = quote.len();
                }
                Some(_) if c == '\\' => taken += rest[taken..].chars().next().map_or(0, char::len_utf8),
                Some(_) => {}
                None if c == '#' => break,
                None => match ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote)) {
                    Some(quote) => {
                        self.quote = Some(quote);
                        taken = quote.len();
                    }
                    None if "([{".contains(c) => self.brackets += 1,
                    None if ")]}".contains(c) => self.brackets = self.brackets.saturating_sub(1),
                    None => {}
                },
            }
            rest = &rest[taken..];
        }
        // A text in one quote ends with its line.
        self.quote = self.quote.filter(|quote| quote.len() == 3);
    }
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
                    let edit = Edit::replace(Span::new(start, end), "a\\nb\nnew\n\"1\\");
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
        for text in ["", "{", "[]", "{\"cells\": 1}", "{\"cells\": [1]}", "{\"worksheets\": []}"] {
            assert!(Document::new("a.ipynb", text).injections().is_empty(), "{text}");
        }
    }

    #[test]
    fn metadata_of_all_kinds_name_the_language() {
        let language = |metadata: &str| {
            let text =
                format!(r#"{{"metadata": {metadata}, "cells": [{{"cell_type": "code", "source": "x"}}, {{}}]}}"#);
            let doc = Document::new("a.ipynb", text);
            doc.injections()[0].doc().language().map(|it| it.name.as_str())
        };
        for python in [
            "{}",
            "null",
            r#"{"kernelspec": null}"#,
            r#"{"kernelspec": {"name": 3}, "language_info": {}}"#,
            r#"{"language_info": {"name": "ipython"}}"#,
            r#"{"language_info": {"name": "pyspark"}, "kernelspec": {"language": "python"}}"#,
            r#"{"kernelspec": {"name": "python3"}}"#,
        ] {
            assert_eq!(language(python), Some("python"), "{python}");
        }
        assert_eq!(language(r#"{"kernelspec": {"language": "typescript", "name": "deno"}}"#), Some("typescript"));
        assert_eq!(language(r#"{"kernelspec": {"language": "julia"}}"#), None);
    }

    #[test]
    fn commands_are_told_from_code() {
        let commands = |source: &str| {
            let text = serde_json::json!({"cells": [{"cell_type": "code", "source": source}]}).to_string();
            let doc = Document::new("a.ipynb", text);
            let all: Vec<&Injection> = doc.injections().iter().collect();
            let of = |code: &Injection| {
                let lines = code.doc().text().split_inclusive('\n').scan(0, |at, line| {
                    *at += line.len();
                    Some(Span::new(*at - line.len(), *at))
                });
                lines.filter(|line| code.doc().command_at(*line).is_some()).count()
            };
            all.iter().map(|code| of(code)).sum::<usize>()
        };
        for (source, count) in [
            ("%env X=1\n!ls\nx = 1", 2),
            ("x = !ls\ny = %pwd\nz.a, b = !ls", 3),
            ("!ls \\\n  -l\nx = 1", 2),
            ("    %env X=1\n", 1),
            ("%%time\nx = 1", 1),
            ("\n%%capture\nx = 1", 1),
            ("s = \"\"\"\n%env X=1\n! a\n\"\"\"\n", 0),
            ("x = (a\n  % b)\ny = [1,\n!= 2]", 0),
            ("a != b\nx = y % z\nif x == '%':\n    pass", 0),
            ("x = '\"\"\"'\n%env X=1", 1),
            ("# \"\"\"\n%env X=1", 1),
            ("é = !ls\n!echo \\\n é\n", 1),
        ] {
            assert_eq!(commands(source), count, "{source}");
        }
    }
}
