//! The commands of a script for a shell, as far as its words tell: where their output goes, and which values they get.
//!
//! No tree: such scripts stand in files of steps, with expressions in them that are no shell. What is not understood is
//! left out, and what stands in `$(…)` belongs to the word that it is in.

use crate::text::Span;

/// A command with its words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// From its first word to its last one; empty where it is assignments alone.
    pub span: Span,
    /// Its name and its arguments; none that are keywords, assignments or files of redirections.
    pub words: Vec<Span>,
    /// The values in its words, in order.
    pub values: Vec<Value>,
    /// Those in assignments before it, or in a text that is given to one before.
    pub assigned: Vec<Value>,
    /// Where its output goes.
    pub output: Output,
}

/// Where the output of a command goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// To whoever reads what the script says.
    Shown,
    /// To the next command.
    Piped,
    /// To a file, a variable, or who knows where.
    Elsewhere,
}

/// A value that is put into a word as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// All of it: `$NAME`, `${NAME}`, `${{ name }}`.
    pub span: Span,
    /// The variable, or what the expression says.
    pub inside: Span,
    /// It is an expression, which is put in before the script is run.
    pub is_expression: bool,
    /// It stands in double quotes.
    pub is_quoted: bool,
}

/// How a script is written.
pub struct Writing<'w> {
    /// Its lines are lines; otherwise they are blanks.
    pub has_lines: bool,
    /// What begins and ends an expression.
    pub expression: Option<(&'w str, &'w str)>,
}

/// The commands of the script at `script` in a text, in order. Their places are those of the text.
pub fn script_commands(text: &str, script: Span, writing: &Writing<'_>) -> Vec<Command> {
    let Some(text) = text.get(..script.end as usize) else { return Vec::new() };
    let mut scan = Scan {
        bytes: text.as_bytes(),
        text,
        at: script.start as usize,
        writing,
        all: Vec::new(),
        now: Now::default(),
        groups: 0,
        heredocs: Vec::new(),
    };
    while scan.at < text.len() {
        scan.step();
    }
    scan.end_command(Output::Shown);
    let first = |it: &Command| it.words.first().and_then(|it| text.get(it.range())).unwrap_or("");
    let ends = |it: &Command| ["done", "fi", "esac"].contains(&first(it)) && it.output != Output::Shown;
    if scan.all.iter().any(ends) {
        scan.all.iter_mut().for_each(|it| it.output = Output::Elsewhere);
    }
    scan.all
}

struct Scan<'t, 'w> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    writing: &'w Writing<'w>,
    all: Vec<Command>,
    now: Now,
    /// How many groups are open whose output may go elsewhere.
    groups: usize,
    /// The end marks of texts that begin behind this line, and whether values are put into them.
    heredocs: Vec<(String, bool)>,
}

/// The command that is read.
#[derive(Default)]
struct Now {
    words: Vec<Span>,
    values: Vec<Value>,
    assigned: Vec<Value>,
    /// Where the word begins.
    word: Option<usize>,
    /// The next word is a file: one that gets the output, or another one.
    file: Option<bool>,
    hidden: bool,
}

const KEYWORDS: [&str; 9] = ["then", "else", "do", "!", "if", "elif", "while", "until", "time"];

impl Scan<'_, '_> {
    fn step(&mut self) {
        let rest = &self.bytes[self.at..];
        match rest[0] {
            b'\n' => {
                self.end_word();
                self.at += 1;
                if self.writing.has_lines {
                    self.end_command(Output::Shown);
                    self.skip_heredocs();
                }
            }
            b' ' | b'\t' | b'\r' => {
                self.end_word();
                self.at += 1;
            }
            b'\\' if rest.starts_with(b"\\\n") || rest.starts_with(b"\\\r\n") => {
                self.end_word();
                self.at += if rest[1] == b'\r' { 3 } else { 2 };
            }
            b'#' if self.now.word.is_none() => {
                let end = rest.iter().position(|&it| it == b'\n');
                self.at += end.filter(|_| self.writing.has_lines).unwrap_or(rest.len());
            }
            b';' => self.sign(1, Output::Shown),
            b'&' if rest.starts_with(b"&>") => self.redirect(1),
            b'&' if rest.starts_with(b"&&") => self.sign(2, Output::Shown),
            b'&' => self.sign(1, Output::Shown),
            b'|' if rest.starts_with(b"||") => self.sign(2, Output::Shown),
            b'|' => self.sign(if rest.starts_with(b"|&") { 2 } else { 1 }, Output::Piped),
            b'<' | b'>' if rest.get(1) == Some(&b'(') => self.nested(2, b')'),
            b'<' => self.input(),
            b'>' => self.redirect(0),
            b'(' if self.now.word.is_some() => self.nested(1, b')'),
            b'(' => {
                self.groups += 1;
                self.sign(1, Output::Shown);
            }
            b')' => {
                self.sign(1, Output::Shown);
                self.groups = self.groups.saturating_sub(1);
            }
            _ => {
                self.now.word.get_or_insert(self.at);
                self.piece(false);
            }
        }
    }

    /// A part of a word: a sign, or what is put in there.
    fn piece(&mut self, is_quoted: bool) {
        let rest = &self.bytes[self.at..];
        if let Some((opens, closes)) = self.writing.expression.filter(|it| rest.starts_with(it.0.as_bytes())) {
            let start = self.at + opens.len();
            let len = self.text[start..].find(closes).unwrap_or(self.text.len() - start);
            let end = (start + len + closes.len()).min(self.text.len());
            self.value(Span::new(self.at, end), Span::new(start, start + len), true, is_quoted);
            self.at = end;
            return;
        }
        match rest[0] {
            b'\\' => self.at += 1 + rest.get(1).map_or(0, |&it| if it.is_ascii() { 1 } else { 0 }),
            b'\'' if !is_quoted => {
                let end = rest[1..].iter().position(|&it| it == b'\'');
                self.at += end.map_or(rest.len(), |it| it + 2);
            }
            b'"' if !is_quoted => {
                self.at += 1;
                while self.at < self.bytes.len() && self.bytes[self.at] != b'"' {
                    self.piece(true);
                }
                self.at = (self.at + 1).min(self.bytes.len());
            }
            b'`' => self.nested(1, b'`'),
            b'$' if rest.get(1) == Some(&b'(') => self.nested(2, b')'),
            b'$' => self.variable(is_quoted),
            _ => self.at += 1,
        }
    }

    /// `$NAME`, `$env:NAME`, `${NAME}`, `${NAME:-…}`; a part of it, or a question about it, is no value.
    fn variable(&mut self, is_quoted: bool) {
        let start = self.at;
        let braced = self.bytes.get(start + 1) == Some(&b'{');
        let mut from = start + 1 + usize::from(braced);
        if self.text[from..].starts_with("env:") {
            from += "env:".len();
        }
        let is_part = |it: &u8| it.is_ascii_alphanumeric() || *it == b'_';
        let end = from + self.bytes[from..].iter().position(|it| !is_part(it)).unwrap_or(self.bytes.len() - from);
        let inside = Span::new(from, end);
        if !braced {
            self.at = end.max(start + 1);
            self.value(Span::new(start, self.at), inside, false, is_quoted);
            return;
        }
        let behind = &self.bytes[end..];
        let is_value = behind.starts_with(b"}") || behind.starts_with(b":-") || behind.starts_with(b"-");
        self.at = end;
        self.nested(0, b'}');
        if is_value {
            self.value(Span::new(start, self.at), inside, false, is_quoted);
        }
    }

    fn value(&mut self, span: Span, inside: Span, is_expression: bool, is_quoted: bool) {
        if !inside.is_empty() {
            self.now.values.push(Value { span, inside, is_expression, is_quoted });
        }
    }

    /// Passes by what stands in brackets, which open in the next `skip` bytes.
    fn nested(&mut self, skip: usize, close: u8) {
        self.now.word.get_or_insert(self.at);
        self.at = (self.at + skip).min(self.bytes.len());
        let mut open = vec![close];
        while let (Some(&close), Some(&byte)) = (open.last(), self.bytes.get(self.at)) {
            let in_text = close == b'"' || close == b'\'';
            self.at += 1;
            match byte {
                _ if byte == close => _ = open.pop(),
                _ if close == b'\'' => {}
                b'\\' => self.at += 1,
                b'(' if !in_text || self.bytes[self.at - 2] == b'$' => open.push(b')'),
                b'`' => open.push(b'`'),
                b'"' | b'\'' if !in_text => open.push(byte),
                _ => {}
            }
        }
        self.at = self.at.min(self.bytes.len());
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// `<`, `<<<`, `<<END`
    fn input(&mut self) {
        self.end_word();
        let signs = self.bytes[self.at..].iter().take_while(|&&it| it == b'<').count();
        self.at += signs;
        if signs == 2 {
            let rest = self.text[self.at..].trim_start_matches(['-', ' ']);
            let end = rest.find(|c: char| c.is_whitespace() || ";|&<>()".contains(c)).unwrap_or(rest.len());
            let mark = rest[..end].replace(['\'', '"', '\\'], "");
            let is_plain = mark.len() == end;
            self.heredocs.push((mark, is_plain));
        }
        self.now.file = Some(false);
    }

    /// `>`, `>>`, `2>`, `>&2`, `&>`
    fn redirect(&mut self, skip: usize) {
        let number =
            self.now.word.map(|it| &self.text[it..self.at]).filter(|it| it.bytes().all(|it| it.is_ascii_digit()));
        let is_output = number.is_none_or(|it| it == "1");
        match number {
            Some(_) => self.now.word = None,
            None => self.end_word(),
        }
        self.at += skip;
        while self.bytes.get(self.at).is_some_and(|it| *it == b'>' || *it == b'|') {
            self.at += 1;
        }
        let rest = &self.bytes[self.at..];
        if rest.first() == Some(&b'&') && rest.get(1).is_some_and(u8::is_ascii_digit) {
            self.at += 2;
            return;
        }
        self.at += usize::from(rest.first() == Some(&b'&'));
        self.now.file = Some(is_output);
    }

    fn end_word(&mut self) {
        let Some(start) = self.now.word.take() else { return };
        let word = &self.text[start..self.at];
        if let Some(is_output) = self.now.file.take() {
            let shown = ["/dev/stderr", "/dev/stdout", "/dev/tty"].contains(&word.trim_matches(['"', '\'']));
            self.now.hidden |= is_output && !shown;
            return;
        }
        if self.now.words.is_empty() && (KEYWORDS.contains(&word) || is_assignment(word)) {
            self.now.assigned.append(&mut self.now.values);
            return;
        }
        let is_function = |it: &Span| self.text[it.range()].ends_with("()") || &self.text[it.range()] == "function";
        if word == "{" && self.now.words.first().is_none_or(is_function) {
            self.groups += 1;
            self.now.words.clear();
            return;
        }
        if self.now.words.is_empty() && word == "}" {
            self.groups = self.groups.saturating_sub(1);
            return;
        }
        self.now.words.push(Span::new(start, self.at));
    }

    fn sign(&mut self, len: usize, output: Output) {
        self.end_word();
        self.at += len;
        self.end_command(output);
    }

    fn end_command(&mut self, output: Output) {
        self.end_word();
        let Now { words, values, assigned, hidden, .. } = std::mem::take(&mut self.now);
        let span = match (words.first(), words.last(), assigned.first()) {
            (Some(first), Some(last), _) => Span { start: first.start, end: last.end },
            (_, _, Some(value)) => Span { end: value.span.start, ..value.span },
            _ => return,
        };
        let output = if hidden || self.groups > 0 { Output::Elsewhere } else { output };
        let word_of = |it: &Value| words[..words.partition_point(|word| word.start <= it.span.start)].last();
        let values = values.into_iter().filter(|it| word_of(it).is_some_and(|word| word.contains(it.span))).collect();
        self.all.push(Command { span, words, values, assigned, output });
    }

    /// Passes by the texts that begin behind a line. What is put into one is given to no word.
    fn skip_heredocs(&mut self) {
        for (mark, is_plain) in std::mem::take(&mut self.heredocs) {
            while self.at < self.bytes.len() {
                let end = self.bytes[self.at..].iter().position(|&it| it == b'\n');
                let end = end.map_or(self.bytes.len(), |it| self.at + it + 1);
                if self.text[self.at..end].trim() == mark {
                    self.at = end;
                    break;
                }
                while is_plain && self.at < end {
                    self.piece(true);
                }
                self.at = self.at.max(end);
            }
            let (assigned, span) = (std::mem::take(&mut self.now.values), Span::at(self.at));
            self.now = Now::default();
            if !assigned.is_empty() {
                let (words, values, output) = (Vec::new(), Vec::new(), Output::Elsewhere);
                self.all.push(Command { span, words, values, assigned, output });
            }
        }
    }
}

fn is_assignment(word: &str) -> bool {
    let name = word.split('=').next().unwrap_or("");
    name.len() < word.len()
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, Vec<String>, Output)> {
        let writing = Writing { has_lines: true, expression: Some(("${{", "}}")) };
        let all = script_commands(text, Span::new(0, text.len()), &writing);
        let slice = |span: Span| text[span.range()].to_owned();
        let command = |it: Command| {
            (slice(it.span), it.values.iter().map(|it| slice(it.inside).trim().to_owned()).collect(), it.output)
        };
        all.into_iter().map(command).collect()
    }

    #[test]
    fn commands_with_their_values_and_where_their_output_goes() {
        use Output::{Elsewhere, Piped, Shown};
        for (text, expected) in [
            ("echo \"$A $B\" # $C", vec![("echo \"$A $B\"", vec!["A", "B"], Shown)]),
            ("echo $A > f; echo ${A} >&2", vec![("echo $A", vec!["A"], Elsewhere), ("echo ${A}", vec!["A"], Shown)]),
            ("echo $A 2> f", vec![("echo $A", vec!["A"], Shown)]),
            ("echo $A | base64", vec![("echo $A", vec!["A"], Piped), ("base64", vec![], Shown)]),
            (
                "if [ -z $A ]; then echo '$A'; fi",
                vec![("[ -z $A ]", vec!["A"], Shown), ("echo '$A'", vec![], Shown), ("fi", vec![], Shown)],
            ),
            ("echo ${#A} ${A:0:4} ${A:+x} ${A:-y}", vec![("echo ${#A} ${A:0:4} ${A:+x} ${A:-y}", vec!["A"], Shown)]),
            (
                "echo \"$(echo $A | wc -c)\" ${{ secrets.A }}",
                vec![("echo \"$(echo $A | wc -c)\" ${{ secrets.A }}", vec!["secrets.A"], Shown)],
            ),
            ("f() {\n  echo $A\n}\nV=$(f)", vec![("echo $A", vec!["A"], Elsewhere)]),
            ("{ echo $A; } > f", vec![("echo $A", vec!["A"], Elsewhere)]),
            ("cat <<EOF > f\necho x\nEOF\necho $B", vec![("cat", vec![], Elsewhere), ("echo $B", vec!["B"], Shown)]),
            (
                "cat <<'EOF'\n$A\nEOF\ncat <<-EOF\n  $B \"$C\n  EOF\nrun $D",
                vec![
                    ("cat", vec![], Shown),
                    ("cat", vec![], Shown),
                    ("", vec![], Elsewhere),
                    ("run $D", vec!["D"], Shown),
                ],
            ),
            ("K=$A run $B", vec![("run $B", vec!["B"], Shown)]),
            (
                "for i in 1; do echo $A; done > f",
                vec![("for i in 1", vec![], Elsewhere), ("echo $A", vec!["A"], Elsewhere), ("done", vec![], Elsewhere)],
            ),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(a, b, c)| (a.to_owned(), b.into_iter().map(str::to_owned).collect::<Vec<_>>(), c))
                .collect();
            assert_eq!(read(text), expected, "{text}");
        }
    }

    #[test]
    fn any_text_is_read_to_its_end() {
        let pieces =
            ["\"", "'", "$(", "${", ")", "}", "`", "\\", "é", "<<A\n", ">", "&", "|", "#", "${{", "}}", "$", " "];
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    read(&format!("{a}{b}{c}"));
                    read(&format!("echo {a} x{b}{c}é\n{b}"));
                }
            }
        }
    }
}
