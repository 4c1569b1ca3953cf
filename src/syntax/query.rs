//! A query: the patterns of a file in `grammars/`, in tree-sitter's language for them.
//!
//! Tree-sitter's own reader follows every pattern through the tables of the grammar: up to half a second a language, at
//! each start. Here a pattern is only read, and `matching` compares it with the tree. Of the language this knows what
//! `grammars/` uses; tests ask tree-sitter whether a pattern can match at all, and where it does.

use std::collections::HashSet;
use std::sync::OnceLock;

use regex::Regex;
use tree_sitter::Language;

/// Patterns, and what their captures are called.
#[derive(Debug)]
pub struct Query {
    pub(super) patterns: Vec<Pattern>,
    /// Patterns that begin at a node of a kind, by [`slot`], in their order.
    by_kind: Vec<Vec<usize>>,
    names: Vec<String>,
}

/// One pattern of a query.
#[derive(Debug)]
pub(super) struct Pattern {
    /// What the outermost node is: one of these.
    pub root: Vec<Shape>,
    pub conditions: Vec<Condition>,
}

/// A node that a pattern asks for below another one.
#[derive(Debug)]
pub(super) struct Step {
    /// What it is: one of these.
    pub options: Vec<Shape>,
    pub times: Times,
    /// No named node stands between it and what it follows.
    pub next: bool,
    /// No named node stands behind it.
    pub last: bool,
    /// Where it matches is the same to the rest of the pattern: one place will do.
    pub anywhere: bool,
}

/// How many nodes a step asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    One,
    /// It may be missing.
    Optional,
    /// All that follow each other, if any.
    Any,
}

/// What a node has to be.
#[derive(Debug, Default)]
pub(super) struct Shape {
    /// `None` is any named node that is no error.
    pub kind: Option<u16>,
    pub field: Option<u16>,
    /// Fields that it does not have.
    pub without: Vec<u16>,
    pub captures: Vec<usize>,
    pub children: Vec<Step>,
}

/// What holds of each text of a capture, or does not.
#[derive(Debug)]
pub(super) struct Condition {
    pub capture: usize,
    holds: bool,
    test: Test,
}

#[derive(Debug)]
enum Test {
    /// It is one of these.
    Is(HashSet<String>),
    /// It looks like this; a regex is compiled when a text first asks for it.
    Matches(String, OnceLock<Regex>),
}

/// Errors have the highest number, which would make a long list.
fn slot(kind: u16) -> usize {
    usize::from(kind.wrapping_add(1))
}

impl Query {
    /// Reads the patterns of a file.
    pub fn new(grammar: &Language, text: &str) -> Result<Query, String> {
        let mut reader = Reader { grammar, text, at: 0, names: Vec::new(), conditions: Vec::new() };
        let mut patterns = Vec::new();
        while reader.peek().is_some() {
            let root = reader.one()?;
            if root.is_empty() {
                return reader.wrong("a condition stands in a pattern");
            }
            patterns.push(Pattern { root, conditions: std::mem::take(&mut reader.conditions) });
        }
        let shapes = patterns.iter().flat_map(|it| &it.root);
        let slots = shapes.filter_map(|it| it.kind).map(slot).max().map_or(0, |it| it + 1);
        let begins =
            |pattern: &Pattern, at: usize| pattern.root.iter().any(|it| it.kind.is_none_or(|kind| slot(kind) == at));
        let at = |slot| (0..patterns.len()).filter(|&it| begins(&patterns[it], slot)).collect();
        // The last list is that of all other kinds.
        let by_kind = (0..=slots).map(at).collect();
        Ok(Query { patterns, by_kind, names: reader.names })
    }

    /// What the captures are called.
    pub fn capture_names(&self) -> &[String] {
        &self.names
    }

    /// The patterns that may match at a node of this kind.
    pub(super) fn beginning_at(&self, kind: u16) -> &[usize] {
        self.by_kind.get(slot(kind)).or(self.by_kind.last()).map_or(&[], Vec::as_slice)
    }
}

impl Condition {
    pub fn is_met_by(&self, text: &str) -> bool {
        self.holds
            == match &self.test {
                Test::Is(words) => words.contains(text),
                Test::Matches(regex, compiled) => compiled
                    .get_or_init(|| Regex::new(regex).unwrap_or_else(|error| panic!("grammars: {error}")))
                    .is_match(text),
            }
    }
}

impl Shape {
    fn is_captured(&self) -> bool {
        !self.captures.is_empty() || self.children.iter().any(Step::is_captured)
    }
}

impl Step {
    fn is_captured(&self) -> bool {
        self.options.iter().any(Shape::is_captured)
    }
}

struct Reader<'a> {
    grammar: &'a Language,
    text: &'a str,
    at: usize,
    names: Vec<String>,
    conditions: Vec<Condition>,
}

impl<'a> Reader<'a> {
    fn wrong<T>(&self, what: &str) -> Result<T, String> {
        let line = self.text[..self.at].matches('\n').count() + 1;
        Err(format!("line {line}: {what}"))
    }

    /// The next character behind blanks and comments.
    fn peek(&mut self) -> Option<char> {
        loop {
            let rest = self.text[self.at..].trim_start();
            self.at = self.text.len() - rest.len();
            if !rest.starts_with(';') {
                return rest.chars().next();
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    fn takes(&mut self, sign: char) -> bool {
        let is_there = self.peek() == Some(sign);
        if is_there {
            self.at += sign.len_utf8();
        }
        is_there
    }

    fn word(&mut self) -> Result<&'a str, String> {
        self.peek();
        let rest = &self.text[self.at..];
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '?');
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        self.at += word.len();
        if word.is_empty() { self.wrong("a name is missing") } else { Ok(word) }
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        self.at += 1;
        let mut chars = self.text[self.at..].char_indices();
        while let Some((at, sign)) = chars.next() {
            match sign {
                '"' => {
                    self.at += at + 1;
                    return Ok(text);
                }
                '\\' => text.extend(chars.next().map(|(_, escaped)| match escaped {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    other => other,
                })),
                other => text.push(other),
            }
        }
        self.wrong("a quote is open")
    }

    fn kind(&self, name: &str, named: bool) -> Result<u16, String> {
        match self.grammar.id_for_node_kind(name, named) {
            0 => self.wrong(&format!("no node is called {name}")),
            kind if self.grammar.node_kind_is_supertype(kind) => self.wrong(&format!("{name} is many kinds of nodes")),
            kind => Ok(kind),
        }
    }

    fn field(&self, name: &str) -> Result<u16, String> {
        self.grammar
            .field_id_for_name(name)
            .map_or_else(|| self.wrong(&format!("no field is called {name}")), |it| Ok(it.get()))
    }

    /// A node with what stands behind it; `None` is a condition, which is noted.
    fn step(&mut self) -> Result<Option<Step>, String> {
        let mut options = match self.peek() {
            Some('"') => {
                let name = self.quoted()?;
                vec![Shape { kind: Some(self.kind(&name, false)?), ..Shape::default() }]
            }
            Some('[') => self.alternatives()?,
            Some('(') => {
                self.at += 1;
                match self.peek() {
                    Some('#') => return self.condition().map(|()| None),
                    Some('(' | '[' | '"') => self.group()?,
                    _ => vec![self.node()?],
                }
            }
            _ => {
                let field = self.word()?;
                let field = self.field(field)?;
                if !self.takes(':') {
                    return self.wrong("`:` is missing");
                }
                let Some(mut step) = self.step()? else { return self.wrong("a node is missing") };
                step.options.iter_mut().for_each(|it| it.field = Some(field));
                return Ok(Some(step));
            }
        };
        let times = match self.peek() {
            Some('?') => Times::Optional,
            Some('*') => Times::Any,
            _ => Times::One,
        };
        self.at += usize::from(times != Times::One);
        while self.takes('@') {
            let name = self.word()?;
            let capture = self.capture(name);
            options.iter_mut().for_each(|it| it.captures.push(capture));
        }
        Ok(Some(Step { options, times, next: false, last: false, anywhere: false }))
    }

    fn capture(&mut self, name: &str) -> usize {
        self.names.iter().position(|it| it == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        })
    }

    /// `[(a) (b)]`
    fn alternatives(&mut self) -> Result<Vec<Shape>, String> {
        self.at += 1;
        let mut all = Vec::new();
        while !self.takes(']') {
            all.extend(self.one()?);
        }
        Ok(all)
    }

    /// `((a) (#condition))`
    fn group(&mut self) -> Result<Vec<Shape>, String> {
        let mut all = Vec::new();
        while !self.takes(')') {
            let one = self.one()?;
            if !all.is_empty() && !one.is_empty() {
                return self.wrong("nodes beside each other need one around them");
            }
            all.extend(one);
        }
        Ok(all)
    }

    /// A node that is there once; nothing for a condition.
    fn one(&mut self) -> Result<Vec<Shape>, String> {
        match self.step()? {
            Some(step) if step.times != Times::One => self.wrong("here a node is there once"),
            step => Ok(step.map(|it| it.options).unwrap_or_default()),
        }
    }

    /// `(kind !field . child)`
    fn node(&mut self) -> Result<Shape, String> {
        let name = self.word()?;
        let mut shape =
            Shape { kind: if name == "_" { None } else { Some(self.kind(name, true)?) }, ..Shape::default() };
        let mut next = false;
        while !self.takes(')') {
            if self.takes('!') {
                let field = self.word()?;
                shape.without.push(self.field(field)?);
            } else if self.takes('.') {
                next = true;
            } else if let Some(step) = self.step()? {
                if step.times == Times::Any
                    && (!next || step.options.iter().any(|it| it.is_captured() || !it.children.is_empty()))
                {
                    return self.wrong("what is repeated is a node alone, behind a `.`");
                }
                shape.children.push(Step { next: std::mem::take(&mut next), ..step });
            }
        }
        if let Some(last) = shape.children.last_mut() {
            last.last = next;
        }
        let mut followed_closely = false;
        for step in shape.children.iter_mut().rev() {
            step.anywhere = !step.is_captured() && !followed_closely;
            followed_closely = step.next;
        }
        Ok(shape)
    }

    /// `(#any-of? @capture "a" "b")`
    fn condition(&mut self) -> Result<(), String> {
        self.at += 1;
        let name = self.word()?;
        if !self.takes('@') {
            return self.wrong("a condition is about a capture");
        }
        let capture = self.word()?;
        let capture = self.capture(capture);
        let mut words = Vec::new();
        while self.peek() == Some('"') {
            words.push(self.quoted()?);
        }
        if !self.takes(')') {
            return self.wrong("`)` is missing");
        }
        let (holds, test) = name.strip_prefix("not-").map_or((true, name), |it| (false, it));
        let test = match (test, words.as_slice()) {
            ("eq?", [_]) | ("any-of?", [_, ..]) => Test::Is(words.into_iter().collect()),
            ("match?", [regex]) => Test::Matches(regex.clone(), OnceLock::new()),
            _ => return self.wrong(&format!("no condition is written #{name}")),
        };
        self.conditions.push(Condition { capture, holds, test });
        Ok(())
    }
}
