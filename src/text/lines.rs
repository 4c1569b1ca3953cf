//! Where lines begin, and positions in lines.

use super::Span;

/// A place in a text: line and column count from 0, the column in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 0.
    pub line: u32,
    /// Byte in the line, from 0.
    pub column: u32,
}

/// Nobody writes longer lines, in bytes.
pub const LONGEST_LINE: usize = 2_000;

/// The last line of `before`; of one that nobody wrote its end.
pub fn line_before(before: &str) -> &str {
    let start = before.floor_char_boundary(before.len().saturating_sub(LONGEST_LINE));
    before[start..].rsplit('\n').next().unwrap_or("")
}

/// What stands behind blanks and comments that begin with `mark`.
pub fn past_comments<'t>(text: &'t str, mark: &str) -> &'t str {
    let mut rest = text.trim_start();
    while !mark.is_empty() && rest.starts_with(mark) {
        rest = rest[line_behind(rest).len()..].trim_start();
    }
    rest
}

/// The first line of `behind`; of one that nobody wrote its beginning.
pub fn line_behind(behind: &str) -> &str {
    let end = behind.floor_char_boundary(LONGEST_LINE.min(behind.len()));
    behind[..end].split('\n').next().unwrap_or("")
}

/// The starts of all lines of one text. A line ends with `\n`, `\r\n` or a lone `\r`,
/// as in the language server protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lines {
    starts: Vec<u32>,
    len: u32,
}

impl Lines {
    /// Finds the lines of `text`.
    pub fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            let crlf = bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n');
            if !crlf {
                starts.push(at as u32 + 1);
            }
        }
        Lines { starts, len: bytes.len() as u32 }
    }

    /// How many lines there are; an empty text has one.
    pub fn count(&self) -> usize {
        self.starts.len()
    }

    /// The line that holds `offset`, from 0.
    pub fn line_of(&self, offset: u32) -> u32 {
        (self.starts.partition_point(|&start| start <= offset) - 1) as u32
    }

    /// The position of a byte offset; past the end it is the end.
    pub fn position(&self, offset: u32) -> Position {
        let offset = offset.min(self.len);
        let line = self.line_of(offset);
        Position { line, column: offset - self.starts[line as usize] }
    }

    /// The bytes of a line with its line ending; past the last line, the empty end.
    pub fn span(&self, line: u32) -> Span {
        let line = line as usize;
        let start = self.starts.get(line).copied().unwrap_or(self.len);
        let end = self.starts.get(line + 1).copied().unwrap_or(self.len);
        Span { start, end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_all_endings() {
        let lines = Lines::new("a\nbb\r\nc\rd");
        assert_eq!(lines.count(), 4);
        assert_eq!(lines.span(1), Span { start: 2, end: 6 });
        assert_eq!(lines.position(3), Position { line: 1, column: 1 });
        assert_eq!(lines.position(99), Position { line: 3, column: 1 });
        assert_eq!(lines.span(9), Span { start: 9, end: 9 });
    }

    #[test]
    fn of_a_long_line_only_what_is_near_counts() {
        assert_eq!((line_before("a\nb c"), line_behind("b c\nd")), ("b c", "b c"));
        let long = "ö".repeat(LONGEST_LINE);
        assert_eq!(line_before(&long).len(), LONGEST_LINE);
        assert_eq!(line_behind(&format!("x{long}")).len(), LONGEST_LINE - 1);
    }
}
