//! The edits that put a read of a variable where a key stands.

use std::path::{Path, PathBuf};

use super::loading::{depends_on, line_start};
use super::mentions::{follow, unused_imports};
use super::pieces::{is_partial, joined};
use super::place::{Place, takes_literals_only};
use super::reading::{Needs, quote, reading};
use super::refer::refer;
use super::{Surroundings, settings};
use crate::syntax::{Browser, Document, Fact, HostKind, Idiom, Language, glob};
use crate::text::{Edit, LONGEST_LINE, Span, line_ending};

/// A document without the key.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Rewrite {
    /// The edits, without those of the head.
    pub edits: Vec<Edit>,
    /// The edits of other files: mentions of a constant.
    pub others: Vec<(PathBuf, Vec<Edit>)>,
    /// What the head of the file needs.
    pub needs: Needs,
    /// Where the variable is read now.
    pub read: Span,
}

impl Rewrite {
    /// One edit alone.
    pub(super) fn of(edit: Edit) -> Rewrite {
        Rewrite { read: edit.span, edits: vec![edit], others: Vec::new(), needs: Needs::default() }
    }
}

/// Why there is no edit where nothing is known about the text.
pub(super) const BY_HAND: &str = "no literal of a language that is known: take the key out by hand, and rotate it";

/// Replaces the key at `secret` by a read of `name`; the error is a reason for the user.
pub(super) fn rewrite(doc: &Document, around: &Surroundings, secret: Span, name: &str) -> Result<Rewrite, String> {
    if let Some(reader) = doc.reader_at(doc.facts(), secret) {
        return refer(doc, around, reader, secret, name);
    }
    let language = doc.language().ok_or(BY_HAND)?;
    if let Some(command) = doc.command_at(secret) {
        return drop_command(doc, command, secret, name);
    }
    let (literal, value, secret) = match (doc.facts().literal_at(secret), joined(doc, secret)) {
        (Some((literal, value)), _) => (literal, value, secret),
        (None, Some(whole)) => (whole, whole, whole),
        (None, None) => return Err(BY_HAND.to_owned()),
    };
    let on_page = doc.host().is_some_and(|host| host.kind == HostKind::Page);
    if let Some(browser) = language.browser.as_ref().filter(|browser| on_page || runs_there(doc, around, browser)) {
        return Err(browser.refuse.clone());
    }
    if is_other(doc, language) {
        return Err(format!("{} is another thing in this file: give it another name first", language.read.helper));
    }
    let lines = doc.lines();
    if lines.span(lines.line_of(literal.start)).len() > LONGEST_LINE + literal.len() {
        return Err("a program wrote this line: take the key out of what it was made from".to_owned());
    }
    if literal != secret
        && let Some(reason) = is_partial(doc, literal, secret)
    {
        return Err(reason);
    }
    if let Some(statement) = write_statement(doc, literal, value, secret, name) {
        let mut dropped = drop_statement(doc, language, statement);
        dropped.edits.extend(unused_imports(doc, statement));
        return Ok(dropped);
    }
    if let Some((span, quote)) = read_with_default(doc, secret, literal, value)? {
        let (read, needs) = reading(doc, language, name, quote, span.start);
        let mut edits = vec![Edit::replace(span, read)];
        edits.extend(unused_imports(doc, span));
        return Ok(Rewrite { edits, others: Vec::new(), needs, read: span });
    }
    if let Some(reason) = nowhere(doc, language) {
        return Err(reason);
    }
    if let Some(field) = settings::field(doc, around, secret) {
        if field.variable != name {
            let (variable, env) = (&field.variable, around.env.path.display());
            let taken = around.env.entries.iter().any(|entry| entry.name == *variable);
            return Err(if taken {
                format!("this field reads {variable}, which holds another value in {env}: take its default out by hand")
            } else {
                format!("this field reads {variable}, whatever its default says: move the key under that name")
            });
        }
        return Ok(Rewrite { edits: vec![field.edit], others: Vec::new(), needs: Needs::default(), read: field.span });
    }
    let place = Place::of(doc, around, language, literal);
    let idiom = if takes_literals_only(doc, secret) { language.idiom("literal-only") } else { place.idiom };
    if !idiom.refuse.is_empty() {
        return Err(idiom.refuse.clone());
    }
    let takes_values = doc.facts().within(literal).any(|fact| matches!(fact, Fact::Template { .. }));
    // An escape beside the key is a part of the text.
    let beside = [Span { end: value.start, ..literal }, Span { start: value.end, ..literal }];
    let escaped = literal != value && beside.iter().any(|it| doc.slice(*it).contains('\\'));
    if secret == value && !idiom.whole.is_empty() && !takes_values && !escaped {
        whole(doc, around, language, &place, literal, name)
    } else {
        part(doc, language, idiom, literal, secret, name)
    }
}

/// `%env NAME=KEY` in a notebook goes: what loads the variable sets it.
fn drop_command(doc: &Document, command: Span, secret: Span, name: &str) -> Result<Rewrite, String> {
    let by_hand = "this line is a command to the notebook: take the key out by hand, and rotate it";
    let (before, behind) = (Span { end: secret.start, ..command }, Span { start: secret.end, ..command });
    let mut words =
        doc.slice(before).split(|c: char| c.is_whitespace() || c == '=').skip(1).filter(|it| !it.is_empty());
    let sets = doc.slice(before)[1..].starts_with("env ") || doc.slice(before)[1..].starts_with("set_env ");
    if !sets || words.next() != Some(name) || words.next().is_some() || !doc.slice(behind).trim().is_empty() {
        return Err(by_hand.to_owned());
    }
    let line = line_start(doc.text(), command.start as usize) as u32;
    // A block must not become empty.
    if line < command.start {
        let len = doc.slice(command).trim_end().len() as u32;
        return Ok(Rewrite::of(Edit::replace(Span { end: command.start + len, ..command }, "pass")));
    }
    Ok(Rewrite::of(Edit::replace(command, "")))
}

/// The name of the helper is mentioned, and neither imported nor that of a function of the file.
fn is_other(doc: &Document, language: &Language) -> bool {
    let helper = language.read.helper.as_str();
    if helper.is_empty() {
        return false;
    }
    let head = format!("function {helper}(");
    let is_own = |line: &str| line.starts_with(&head) || line.starts_with(&format!("export {head}"));
    let imported =
        |it: &Span| doc.facts().imports().any(|fact| matches!(*fact, Fact::Import { span, .. } if span.contains(*it)));
    let mentions = doc.mentions(helper);
    !mentions.is_empty() && !mentions.iter().any(imported) && !doc.text().lines().any(is_own)
}

/// The package is built for a browser, and nothing says that this file is not.
fn runs_there(doc: &Document, around: &Surroundings, browser: &Browser) -> bool {
    let flagged = browser.flags.iter().any(|flag| doc.text().contains(flag.as_str()));
    flagged
        || !is_for_server(doc.path(), browser)
            && browser.packages.iter().any(|package| depends_on(&around.manifests, package))
}

/// The path says that the file is for the server.
pub fn is_for_server(path: &Path, browser: &Browser) -> bool {
    let on_server =
        |part: &std::ffi::OsStr| browser.server.iter().any(|pattern| part.to_str().is_some_and(|it| glob(pattern, it)));
    path.iter().any(on_server)
}

/// Why nothing in this file can read a variable.
fn nowhere(doc: &Document, language: &Language) -> Option<String> {
    let found = doc.facts().iter().find_map(|fact| match fact {
        Fact::Within { idiom, .. } if idiom == "nowhere" => Some(language.idiom(idiom)),
        _ => None,
    });
    found.map(|idiom| idiom.refuse.clone())
}

fn whole(
    doc: &Document,
    around: &Surroundings,
    language: &Language,
    place: &Place<'_>,
    literal: Span,
    name: &str,
) -> Result<Rewrite, String> {
    let (read, needs) = reading(doc, language, name, quote(doc, literal), literal.start);
    let idiom = place.idiom;
    let param = place.name.map_or("", |span| doc.slice(span));
    let read =
        if idiom.whole.contains("\"{{read}}") { reading(doc, language, name, '\'', literal.start).0 } else { read };
    // `return"…"` needs no blank; a name does.
    let glued = doc.text()[..place.span.start as usize].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let blank = if glued { " " } else { "" };
    let text = blank.to_owned() + &idiom.whole.replace("{read}", &read).replace("{param}", param);
    let mut edits = vec![Edit::replace(place.span, text)];
    let mut at = place.span;
    if !idiom.body.is_empty() {
        let body = place.body.ok_or("this function has no body to read the variable in")?;
        let statement =
            idiom.body.replace("{read}", &reading(doc, language, name, '"', literal.start).0).replace("{param}", param);
        let (edit, span) = first_statement(doc, body, &statement)
            .ok_or("the function's body stands on the line of its head: give it lines of its own")?;
        edits.push(edit);
        at = span;
    }
    let mut others = Vec::new();
    if !idiom.uses.is_empty() {
        if around.siblings_cut {
            return Err(format!(
                "this package has more files than the {} that are searched for {param}: take the key out by hand",
                around.siblings.len()
            ));
        }
        edits.extend(follow(doc, idiom, param, Some(place.span))?);
        let files = around.siblings.iter().filter(|file| file.text().contains(param));
        for file in files {
            let edits = follow(file, idiom, param, None)?;
            if !edits.is_empty() {
                others.push((file.path().to_owned(), edits));
            }
        }
    }
    Ok(Rewrite { edits, others, needs, read: at })
}

/// Adds an argument to the innermost call around `span`.
pub(super) fn add_argument(doc: &Document, span: Span, argument: &str) -> Option<Edit> {
    let (_, arguments) = doc.facts().calls_around(span).into_iter().next()?;
    let close = arguments.end as usize - 1;
    let before = doc.text()[..close].trim_end();
    let comma = if before.ends_with(',') { " " } else { ", " };
    Some(Edit::insert(before.len(), format!("{comma}{argument}")))
}

fn part(
    doc: &Document,
    language: &Language,
    idiom: &Idiom,
    literal: Span,
    secret: Span,
    name: &str,
) -> Result<Rewrite, String> {
    let part = idiom.part.as_ref().ok_or("the key is a part of a longer literal here: split it first")?;
    let own = quote(doc, literal);
    // In a template of backticks every quote may stand.
    let free = !part.quotes.is_empty() || doc.slice(literal).starts_with('`');
    let other = match own {
        own if free => own,
        '"' => '\'',
        _ => '"',
    };
    let (read, needs) = reading(doc, language, name, other, literal.start);
    // Doubled braces would end an escape such as `\u{1F600}`.
    if !part.double.is_empty() && ["\\u{", "\\N{"].iter().any(|it| doc.slice(literal).contains(it)) {
        return Err("the literal holds an escape in braces beside the key: split it first".to_owned());
    }
    let variable = name.to_ascii_lowercase();
    let text = |template: &str| template.replace("{read}", &read).replace("{var}", &variable);
    let mut edits = vec![Edit::insert(literal.start as usize, text(&part.before))];
    for (at, c) in doc.slice(literal).char_indices() {
        let at = literal.start as usize + at;
        let beside = !(secret.start as usize..secret.end as usize).contains(&at);
        if beside && part.double.contains(c) {
            edits.push(Edit::insert(at, c.to_string()));
        }
        if beside && part.escape.contains(c) {
            edits.push(Edit::insert(at, "\\".to_owned()));
        }
    }
    edits.push(Edit::replace(secret, text(&part.insert)));
    if !part.quotes.is_empty() {
        let (open, close) = (literal.start as usize, literal.end as usize - 1);
        edits.push(Edit::replace(Span::new(open, open + 1), part.quotes.clone()));
        edits.push(Edit::replace(Span::new(close, close + 1), part.quotes.clone()));
    }
    edits.push(Edit::insert(literal.end as usize, text(&part.after)));
    if !part.argument.is_empty() {
        let edit = add_argument(doc, secret, &text(&part.argument));
        edits.push(edit.ok_or("this format string stands in no call that takes one more argument")?);
    }
    edits.retain(|edit| !edit.insert.is_empty() || !edit.span.is_empty());
    Ok(Rewrite { edits, others: Vec::new(), needs, read: secret })
}

/// What makes a value of a literal, and changes nothing.
const WRAPS: &[&str] = &[
    "String",
    "str",
    "to_string",
    "to_owned",
    "into",
    "from",
    "_",
    "r",
    "b",
    "u",
    "Some",
    "SecretString",
    "SecretStr",
    "move",
];

/// The read that falls back to the key and to nothing else.
fn read_with_default(doc: &Document, secret: Span, literal: Span, value: Span) -> Result<Option<(Span, char)>, String> {
    let mut reads = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::EnvRead { span, default: Some(default), .. } if default.contains(secret) => Some((span, default)),
        _ => None,
    });
    let Some((span, default)) = reads.next() else { return Ok(None) };
    let literals =
        doc.facts().iter().filter(|fact| matches!(fact, Fact::Literal { span, .. } if default.contains(*span)));
    if reads.next().is_some() {
        return Err("this read falls back to another one: untangle them first".to_owned());
    }
    let rest = [Span { end: literal.start, ..default }, Span { start: literal.end, ..default }];
    let mut words = rest.into_iter().flat_map(|span| doc.slice(span).split(|c: char| !c.is_alphanumeric() && c != '_'));
    let wraps = words.all(|word| word.is_empty() || WRAPS.contains(&word));
    if secret != value || literals.count() > 1 || !wraps {
        return Err("the fallback holds more than the key: split it first".to_owned());
    }
    Ok(Some((span, quote(doc, literal))))
}

/// The statement that writes exactly this literal into the variable `name`.
fn write_statement(doc: &Document, literal: Span, value: Span, secret: Span, name: &str) -> Option<Span> {
    doc.facts().iter().find_map(|fact| match *fact {
        Fact::EnvWrite { span, value: written, name: it }
            if written == literal && value == secret && doc.slice(it) == name =>
        {
            Some(span)
        }
        _ => None,
    })
}

/// Takes a statement out with its line, or leaves what an empty block needs.
fn drop_statement(doc: &Document, language: &Language, statement: Span) -> Rewrite {
    let text = doc.text();
    let filler = language.idioms.iter().find(|it| it.id == "statement").map(|it| it.whole.as_str());
    // Without a filler a `;` behind would stand alone.
    let more = u32::from(filler.is_none() && text[statement.end as usize..].starts_with(';'));
    let statement = Span { end: statement.end + more, ..statement };
    let start = line_start(text, statement.start as usize);
    let end = text[statement.end as usize..].find('\n').map_or(text.len(), |it| statement.end as usize + it + 1);
    let rest = text[statement.end as usize..end].trim();
    let alone = text[start..statement.start as usize].trim().is_empty()
        && (rest.is_empty() || rest.starts_with(&language.comment));
    // Without a `;` before it the next line would go on with the one before.
    let next = text[statement.end as usize..].trim_start();
    let goes_on =
        next.starts_with(['(', '[', '`', '/', '+', '-']) && !next.starts_with("//") && !next.starts_with("/*");
    let edit = match filler {
        None if goes_on => Edit::replace(statement, ";"),
        _ if !alone => Edit::replace(statement, filler.unwrap_or("")),
        Some(filler) if only_in_block(doc, language, start, end) => Edit::replace(statement, filler),
        _ => Edit::replace(Span::new(start, end), ""),
    };
    Rewrite { edits: vec![edit], others: Vec::new(), needs: Needs::default(), read: Span::at(statement.end as usize) }
}

/// The line before opens a block, and the line after is not in it. Comments do not count.
fn only_in_block(doc: &Document, language: &Language, start: usize, end: usize) -> bool {
    let text = doc.text();
    let indent = |line: &str| line.len() - line.trim_start().len();
    let here = indent(&text[start..end]);
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with(&language.comment);
    let before = text[..start].lines().rev().find(code);
    let opens = before.is_some_and(|line| {
        let at = line.as_ptr() as usize - text.as_ptr() as usize;
        let comment = doc.facts().iter().find_map(|fact| match *fact {
            Fact::Comment { span } if (at..at + line.len()).contains(&(span.start as usize)) => {
                Some(span.start as usize)
            }
            _ => None,
        });
        text[at..comment.unwrap_or(at + line.len())].trim_end().ends_with([':', '\\'])
    });
    let next = text[end..].lines().find(code);
    opens && next.is_none_or(|line| indent(line) < here)
}

/// Puts a statement first into an indented body, behind its docstring.
fn first_statement(doc: &Document, body: Span, statement: &str) -> Option<(Edit, Span)> {
    let text = doc.text();
    let line = line_start(text, body.start as usize);
    let indent = &text[line..body.start as usize];
    if !indent.trim().is_empty() || text[..line].trim_end().ends_with('\\') {
        return None;
    }
    let ending = line_ending(text);
    let docstring = doc.facts().iter().find_map(|fact| match *fact {
        Fact::Prologue { span } if span.start == body.start => Some(span),
        _ => None,
    });
    Some(match docstring {
        Some(span) => (Edit::insert(span.end as usize, format!("{ending}{indent}{statement}")), span),
        None => (Edit::insert(body.start as usize, format!("{statement}{ending}{indent}")), body),
    })
}
