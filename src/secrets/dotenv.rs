//! Env files, line by line: what dotenvy does not keep (places, comments, order) and an edit needs.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use crate::text::Span;

/// One assignment of an env file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnvLine {
    /// The variable.
    pub name: Span,
    /// The value as written, quotes included, trailing blanks and comment left out. A quoted value may span lines.
    pub value: Span,
    /// The whole line or lines, without the line ending.
    pub line: Span,
}

/// `.env`, `.env.local`, `prod.env` … but no template.
pub fn is_env_file(path: &Path) -> bool {
    static NAMES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:\.env(?:\..+)?|.+\.env|\.envrc|\.dev\.vars|\.env\.keys)$").expect("a literal pattern")
    });
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    // Nearly no name has one of these, and a walk asks for every file.
    (name.contains(".env") || name == ".dev.vars") && NAMES.is_match(name) && !is_env_template(path)
}

/// `.env.example` and its like: meant to be committed.
pub fn is_env_template(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let ends = [".example", ".sample", ".template", ".dist", ".defaults", ".schema", ".vault", "-example", ".tmpl"];
    name.contains("env")
        && (ends.iter().any(|end| name.ends_with(end)) || name.starts_with("example.") || name.contains(".example."))
}

/// `.streamlit/secrets.toml`, `terraform.tfvars` …: a framework reads its secrets there.
pub fn is_app_secrets(path: &Path) -> bool {
    let mut parts = path.iter().rev().filter_map(|part| part.to_str());
    let (name, folder) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    match name {
        "secrets.toml" => folder == ".streamlit",
        "token" => folder == ".huggingface",
        "kaggle.json" | "local.settings.json" | "secrets.json" => true,
        _ => name.ends_with(".tfvars") || name.starts_with("application-local."),
    }
}

/// The assignments of an env file, in order. Lines that are none are passed over.
pub fn env_lines(text: &str) -> Vec<EnvLine> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line_end = text[at..].find('\n').map_or(text.len(), |it| at + it);
        let next = match assignment(text, at, line_end) {
            Some(it) => {
                found.push(it);
                text[it.line.end as usize..].find('\n').map_or(text.len(), |n| it.line.end as usize + n)
            }
            None => line_end,
        };
        at = next + 1;
    }
    found
}

/// Where the value of a line stands as people mean it: quotes gone.
pub fn env_value_span(text: &str, line: &EnvLine) -> Span {
    let raw = &text[line.value.range()];
    let quoted = raw.len() >= 2 && ['"', '\'', '`'].iter().any(|&it| raw.starts_with(it) && raw.ends_with(it));
    if quoted { Span { start: line.value.start + 1, end: line.value.end - 1 } } else { line.value }
}

/// The value of a line as people mean it: quotes gone, nothing expanded. For comparing and classifying; a program's
/// loader may see another one.
pub fn env_value(text: &str, line: &EnvLine) -> String {
    text[env_value_span(text, line).range()].to_owned()
}

/// The assignments of an env file, for who asks about many places.
#[derive(Clone, Debug, Default)]
pub struct EnvLines(Vec<EnvLine>);

impl EnvLines {
    /// Reads a text once.
    pub fn of(text: &str) -> EnvLines {
        EnvLines(env_lines(text))
    }

    /// The line whose value holds `span`.
    pub fn at(&self, span: Span) -> Option<EnvLine> {
        let behind = self.0.partition_point(|line| line.value.start <= span.start);
        self.0[..behind].last().copied().filter(|line| line.value.contains(span))
    }
}

/// The line whose value holds `span`.
pub fn env_line_at(text: &str, span: Span) -> Option<EnvLine> {
    EnvLines::of(text).at(span)
}

fn assignment(text: &str, start: usize, end: usize) -> Option<EnvLine> {
    let bytes = text.as_bytes();
    let blank = |at: usize| matches!(bytes.get(at), Some(b' ' | b'\t'));
    let mut at = start;
    if text[at..].starts_with('\u{feff}') {
        at += 3;
    }
    while at < end && blank(at) {
        at += 1;
    }
    let line_start = at;
    if text[at..end].starts_with("export ") {
        at += "export ".len();
    }
    let name_start = at;
    while at < end && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'_' | b'.' | b'-')) {
        at += 1;
    }
    let name = Span::new(name_start, at);
    while at < end && blank(at) {
        at += 1;
    }
    if name.is_empty() || bytes.get(at) != Some(&b'=') || at >= end {
        return None;
    }
    at += 1;
    while at < end && blank(at) {
        at += 1;
    }
    let value = value(text, at, end);
    let line_end = text[value.end as usize..].find('\n').map_or(text.len(), |it| value.end as usize + it);
    let line_end =
        if text[..line_end].ends_with('\r') && line_end > value.end as usize { line_end - 1 } else { line_end };
    Some(EnvLine { name, value, line: Span::new(line_start, line_end) })
}

fn value(text: &str, start: usize, end: usize) -> Span {
    let bytes = text.as_bytes();
    if let Some(&quote @ (b'"' | b'\'' | b'`')) = bytes.get(start).filter(|_| start < end) {
        let mut at = start + 1;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if quote == b'"' => at += 1,
                byte if byte == quote => return Span::new(start, at + 1),
                _ => {}
            }
            at += 1;
        }
    }
    let mut stop = end;
    if let Some(comment) = text[start..end].find(" #") {
        stop = start + comment;
    }
    if text[start..end].starts_with('#') {
        stop = start;
    }
    let trimmed = text[start..stop].trim_end().len();
    Span::new(start, start + trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_places() {
        let text = "# head\r\nA=1\r\nexport B = \"two # no comment\" # yes\r\n\r\nC='x\ny'\nD\nE=last";
        let lines: Vec<_> = env_lines(text)
            .iter()
            .map(|it| (&text[it.name.range()], env_value(text, it), &text[it.line.range()]))
            .collect();
        assert_eq!(
            lines,
            [
                ("A", "1".to_owned(), "A=1"),
                ("B", "two # no comment".to_owned(), "export B = \"two # no comment\" # yes"),
                ("C", "x\ny".to_owned(), "C='x\ny'"),
                ("E", "last".to_owned(), "E=last"),
            ]
        );
        let at = |word: &str| {
            let start = text.find(word).expect("it is there");
            let line = env_line_at(text, Span::new(start, start + word.len()));
            line.map(|it| &text[it.name.range()])
        };
        assert_eq!([at("1"), at("two # no"), at("y'"), at("last")], [Some("A"), Some("B"), Some("C"), Some("E")]);
        assert_eq!([at("# head"), at("# yes"), at("B = \"two"), at("D")], [None; 4]);
    }
}
