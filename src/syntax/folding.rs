//! The texts that code makes of literals and constants, without running it.
//!
//! Facts tell where such an expression stands; in it only names, literals and a few signs matter, and those read alike in
//! every language.

use std::collections::HashMap;

use super::document::Document;
use super::facts::Fact;
use super::joins::{JOINS, PLAIN, SILENT};
use super::literal::{closed, content, escape, unescaped};
use crate::text::Span;

/// A text that code makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folded {
    /// From the first piece to the last one.
    pub span: Span,
    /// The text. [`UNKNOWN`] stands for what only a running program knows.
    pub text: String,
    /// It is made of literals as they are, and of nothing else.
    pub literal: bool,
}

/// A part of a text that is not known.
pub const UNKNOWN: char = '\0';

/// Nobody hides a key in more: an expression beyond that is passed over.
const LONGEST: usize = 6_000;
const MOST: usize = 80;
/// How many names are followed one after the other.
const DEEPEST: usize = 4;

/// Every text that is made in `doc` of more than one literal.
pub fn folded(doc: &Document) -> Vec<Folded> {
    let folder = Folder::new(doc);
    let (mut found, mut known): (Vec<Folded>, u32) = (Vec::new(), 0);
    for fact in doc.facts().iter() {
        let (Fact::Joined { span } | Fact::Folded { span }) = *fact else { continue };
        // In what is known as a whole there is nothing else.
        let Some(folded) = (span.start >= known).then(|| folder.fold(span)).flatten() else { continue };
        if !folded.text.contains(UNKNOWN) {
            known = span.end;
        }
        found.push(folded);
    }
    found
}

/// The text that the expression around `pieces` makes of them.
pub fn folded_at(doc: &Document, pieces: Span) -> Option<Folded> {
    let folder = Folder::new(doc);
    let around = doc.facts().around(pieces).filter_map(|fact| match *fact {
        Fact::Joined { span } | Fact::Folded { span } => folder.fold(span),
        _ => None,
    });
    around.filter(|folded| folded.span == pieces).last()
}

/// A piece of a text.
#[derive(Debug)]
enum Part {
    /// A text; whether it is a literal as it is.
    Text(String, bool),
    /// A place that one of the next parts fills.
    Place,
    /// A literal with places.
    Template(Vec<Part>),
}

struct Folder<'d> {
    doc: &'d Document,
    /// What each name is given first.
    values: HashMap<&'d str, Span>,
}

impl<'d> Folder<'d> {
    fn new(doc: &'d Document) -> Folder<'d> {
        let mut values = HashMap::new();
        for fact in doc.facts().iter() {
            if let Fact::Binding { name, value, .. } = *fact
                && value.len() <= LONGEST
            {
                values.entry(doc.slice(name).trim_matches(['"', '\''])).or_insert(value);
            }
        }
        Folder { doc, values }
    }

    fn fold(&self, whole: Span) -> Option<Folded> {
        let expression = (whole.len() <= LONGEST).then(|| self.read(whole, 0)).flatten()?;
        let span = |part: Option<&(Span, Part)>| part.map(|part| part.0);
        let span = Span { end: span(expression.parts.last())?.end, ..span(expression.parts.first())? };
        let Text { all, parts, literal } = expression.text();
        (parts > 1 || !literal).then_some(Folded { span, text: all, literal })
    }

    /// The parts of an expression, in the order of the text.
    fn read(&self, span: Span, depth: usize) -> Option<Expression> {
        let mut literals = self.doc.facts().within(span).filter_map(|fact| match *fact {
            Fact::Literal { span, .. } => Some((span, true)),
            Fact::Comment { span } => Some((span, false)),
            _ => None,
        });
        let mut next = literals.next();
        let (mut out, mut at) = (Expression::default(), span.start);
        while at < span.end && out.parts.len() < MOST {
            while next.is_some_and(|(it, _)| it.start < at) {
                next = literals.next();
            }
            if let Some((it, is_literal)) = next.filter(|(it, _)| it.start == at) {
                at = it.end.max(at + 1);
                if is_literal {
                    self.literal(it, depth, &mut out);
                }
                continue;
            }
            let rest = self.doc.slice(Span { start: at, end: span.end });
            let Some(first) = rest.chars().next() else { break };
            let used = match first {
                _ if first.is_alphabetic() || first == '_' => self.name(rest, at, depth, &mut out),
                '0'..='9' => {
                    out.unknown(at);
                    rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len())
                }
                ',' | '%' => {
                    out.lists |= first == ',';
                    out.joins |= first == '%';
                    1
                }
                _ if first.is_whitespace() || "+([{}])&.:\\;=|!$".contains(first) => 1,
                '<' if rest.starts_with("<<") => 2,
                // An empty literal has no fact.
                _ if rest.starts_with("\"\"") || rest.starts_with("''") => 2,
                // Whatever it does, it does not put together.
                _ => {
                    out.unknown(at);
                    first.len_utf8()
                }
            };
            at += used as u32;
        }
        let apart = out.lists && !out.joins && depth == 0;
        (out.parts.len() < MOST && !apart).then_some(out)
    }

    /// Reads a name: a call, a constant, or a part of a path. How many bytes were read.
    fn name(&self, rest: &str, at: u32, depth: usize, out: &mut Expression) -> usize {
        let end = |text: &str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let (word, behind) = rest.split_at(end(rest));
        let after = behind.trim_start();
        if after.starts_with('(') || after.starts_with('!') && !after.starts_with("!=") {
            out.joins |= JOINS.contains(&word);
            if PLAIN.contains(&word) {
                return word.len();
            }
            out.unknown(at);
            return word.len() + (behind.len() - after.len()) + closed(after);
        }
        let member = after.strip_prefix("::").or(after.strip_prefix('.')).map(str::trim_start);
        // `HEAD . "…"` adds.
        if let Some(member) = member.filter(|member| end(member) > 0) {
            let method = &member[..end(member)];
            let called = member[method.len()..].starts_with('(') && PLAIN.contains(&method);
            if !called || SILENT.contains(&word) {
                return word.len();
            }
        }
        if SILENT.contains(&word) {
            return word.len();
        }
        // `[…].join`, without an argument.
        if word == "join" && self.doc.text()[..at as usize].ends_with('.') {
            out.joins = true;
            return word.len();
        }
        let here = Span::new(at as usize, at as usize + word.len());
        // `PARTS[0]`, `parts["head"]`.
        if let Some((index, used)) =
            behind.strip_prefix('[').and_then(|it| Some((&it[..it.find(']')?], it.find(']')? + 2)))
        {
            let list = || Some(self.constant(word, depth)?.parts.into_iter().nth(index.parse().ok()?)?.1);
            let entry = || self.constant(index.trim_matches(['"', '\'']), depth)?.one();
            match list().or_else(entry) {
                Some(part) => out.parts.push((here, part.constant())),
                None => out.unknown(at),
            }
            return word.len() + used;
        }
        match self.constant(word, depth) {
            Some(value) => out.parts.extend(value.parts.into_iter().map(|(_, part)| (here, part.constant()))),
            None => out.unknown(at),
        }
        word.len()
    }

    /// The parts of what a name is given.
    fn constant(&self, name: &str, depth: usize) -> Option<Expression> {
        let value = *self.values.get(name).filter(|_| depth < DEEPEST)?;
        let value = self.read(value, depth + 1)?;
        let known = |part: &(Span, Part)| !matches!(&part.1, Part::Text(text, _) if text.contains(UNKNOWN));
        value.parts.iter().all(known).then_some(value)
    }

    /// Reads a literal: a part, or what stands between parts.
    fn literal(&self, span: Span, depth: usize, out: &mut Expression) {
        let text = self.doc.text();
        let behind = text[span.end as usize..].trim_start();
        let (content, raw) = content(self.doc.slice(span));
        let joined = text[..span.start as usize].trim_end().ends_with(".join(");
        let joins = behind.strip_prefix('.').is_some_and(|it| it.starts_with("join("));
        if joins || joined && behind.starts_with(')') && !out.parts.is_empty() {
            (out.separator, out.joins) = (unescaped(content), true);
            return;
        }
        let (mut parts, mut plain, mut rest) = (Vec::new(), String::new(), content);
        while let Some(c) = rest.chars().next() {
            let place = match c {
                '{' if !rest.starts_with("{{") => {
                    rest.find('}').and_then(|end| Some((self.place(&rest[1..end], depth)?, end + 1)))
                }
                '%' if rest.starts_with("%s") => Some((Part::Place, 2)),
                // `${name}` is looked at without its sign, `$name` where it is known.
                '$' if rest.starts_with("${") => {
                    rest = &rest[1..];
                    continue;
                }
                '$' => {
                    let name = &rest[1..];
                    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
                    self.constant(&name[..end], depth).and_then(Expression::one).map(|part| (part, end + 1))
                }
                _ => None,
            };
            let used = match place {
                Some((part, used)) => {
                    parts.push(Part::Text(std::mem::take(&mut plain), false));
                    parts.push(part);
                    used
                }
                None if c == '\\' && !raw => escape(rest, &mut plain),
                None => {
                    plain.push(c);
                    let doubled = "{}".contains(c) && rest[1..].starts_with(c);
                    c.len_utf8() + usize::from(doubled)
                }
            };
            rest = &rest[used..];
        }
        if parts.is_empty() {
            let is_plain = plain == content;
            return out.parts.push((span, Part::Text(plain, is_plain)));
        }
        parts.push(Part::Text(plain, false));
        out.parts.push((span, Part::Template(parts)));
    }

    /// What stands between `{` and `}`: nothing, a literal, or a name with how it is shown.
    fn place(&self, inner: &str, depth: usize) -> Option<Part> {
        let name = inner.split(['!', ':']).next().unwrap_or("").trim().trim_start_matches('$');
        if name.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Part::Place);
        }
        if let Some(text) = name.strip_prefix(['"', '\'']).and_then(|it| it.strip_suffix(['"', '\''])) {
            return Some(Part::Text(text.to_owned(), false));
        }
        let is_path = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.');
        let last = name.rsplit('.').next().filter(|_| is_path)?;
        Some(self.constant(last, depth).and_then(Expression::one).unwrap_or(Part::Text(UNKNOWN.to_string(), false)))
    }
}

/// What is read of an expression.
#[derive(Debug, Default)]
struct Expression {
    /// Each with where it stands.
    parts: Vec<(Span, Part)>,
    separator: String,
    /// It lists parts, and something in it puts lists together.
    lists: bool,
    joins: bool,
}

impl Expression {
    fn unknown(&mut self, at: u32) {
        self.parts.push((Span { start: at, end: at + 1 }, Part::Text(UNKNOWN.to_string(), false)));
    }

    /// All of it as one part.
    fn one(self) -> Option<Part> {
        let text = self.text().all;
        (!text.contains(UNKNOWN)).then_some(Part::Text(text, false))
    }

    /// All of it, put together.
    fn text(self) -> Text {
        let mut text = Text { all: String::new(), parts: 0, literal: true };
        let mut parts = self.parts.into_iter().map(|(_, part)| part);
        while let Some(part) = parts.next() {
            if text.parts > 0 {
                text.all.push_str(&self.separator);
            }
            text.push(part, &mut parts);
        }
        text
    }
}

impl Part {
    /// What a name stands for is no literal where the name stands.
    fn constant(self) -> Part {
        match self {
            Part::Text(text, _) => Part::Text(text, false),
            part => part,
        }
    }
}

/// A text that grows.
struct Text {
    all: String,
    parts: usize,
    literal: bool,
}

impl Text {
    /// Adds a part; a literal with places takes some of those behind it.
    fn push(&mut self, part: Part, rest: &mut impl Iterator<Item = Part>) {
        self.parts += 1;
        match part {
            Part::Text(text, literal) => {
                self.all.push_str(&text);
                self.literal &= literal;
            }
            Part::Template(parts) => {
                self.literal = false;
                for part in parts {
                    let part = if matches!(part, Part::Place) { rest.next().unwrap_or(Part::Place) } else { part };
                    self.push(part, &mut std::iter::empty());
                }
            }
            Part::Place => {
                self.all.push(UNKNOWN);
                self.literal = false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        folded(&Document::new(path, text)).into_iter().map(|it| it.text.replace(UNKNOWN, "?")).collect()
    }

    #[test]
    fn python_is_folded() {
        let all = |text: &str| texts("a.py", text);
        assert_eq!(all("x = 'a' + 'b' + f() + 'c'")[0], "ab?c");
        assert_eq!(all("x = ('a'  # one\n  'b')"), ["ab"]);
        assert_eq!(all("x = '-'.join(['a', 'b'])"), ["a-b"]);
        assert_eq!(all("A = 'a'\nx = f\"{A}b{'c'}{1 + 1}\"")[0], "abc{1 + 1}");
        assert_eq!(all("x = '{}-{}'.format('a', 'b')"), ["a-b"]);
        assert_eq!(all("x = '%s-%s' % ('a', B)")[0], "a-?");
        assert_eq!(all("class P:\n  A = 'a'\n  B = 'b'\nx = P.A + P.B"), ["ab"]);
        assert_eq!(all("p = {'a': 'x', 'b': 'y'}\nz = p['b'] + p['a']"), ["yx"]);
        assert_eq!(all("p = ['x', 'y']\nz = p[1] + p[0]\nw = ''.join(p)"), ["yx", "xy"]);
        assert_eq!(all("x = 'a'\nx += 'b'"), ["ab"]);
        assert_eq!(all("x = ['a', 'b'] + ['c', 'd']"), [""; 0]);
        assert_eq!(all("a = b\nb = a\nx = a + 'c'"), ["?c"]);
    }

    #[test]
    fn rust_is_folded() {
        let all = |text: &str| texts("a.rs", &format!("fn main() {{\n{text}\n}}"));
        assert_eq!(all("let x = \"a\".to_string() + &String::from(\"b\");"), ["ab"]);
        assert_eq!(all("let x = concat!(\"a\", \"b\");"), ["ab"]);
        assert_eq!(all("const A: &str = \"a\"; let x = format!(\"{A}-{}\", \"b\");"), ["a-b"]);
        assert_eq!(all("let x = [\"a\", \"b\"].join(\"-\");"), ["a-b"]);
        assert_eq!(all("let mut x = String::from(\"a\"); x.push_str(\"b\");"), ["ab"]);
        assert_eq!(all("let x = \"a\\\n   b\";"), ["ab"]);
    }
}
