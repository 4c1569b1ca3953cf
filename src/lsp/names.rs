//! Names of variables to choose from: where code reads one, and where a line of an env file begins.

use std::collections::BTreeSet;

use super::completion::{Completion, Sort};
use super::open::Open;
use super::scope::Scope;
use crate::project::Workspace;
use crate::project::has_values;
use crate::rules::{is_env_template, variable_at, variable_places};
use crate::secrets::{Provider, SecretRef, env_lines, env_value, without_keys};
use crate::syntax::Document;
use crate::text::{Edit, Span, apply, word_at};

/// How far before a name the word stands that makes it one of the environment: `Environment.GetEnvironmentVariable("`.
const NEAR: usize = 40;
/// In longer texts nothing is completed: they are parsed once for it.
const LONGEST: usize = 1 << 20;
/// A name that nothing else has.
const STAND_IN: &str = "A_NAME_THAT_IS_TYPED";

/// The names that fit at a place, those of env files first.
pub(super) fn names(
    open: &Open,
    workspace: &Workspace,
    scope: &dyn Fn() -> Option<Scope>,
    offset: u32,
) -> Vec<Completion> {
    let doc = &open.doc;
    let Some(typed) = typed_name(doc.text(), offset as usize) else { return Vec::new() };
    let in_env = has_values(doc.path());
    let fits = if in_env { begins_line(doc.text(), typed) } else { reads_variable(doc, typed) };
    if !fits {
        return Vec::new();
    }
    let mut all: Vec<(String, String, Option<String>)> = Vec::new();
    let providers = || workspace.catalogue().providers.iter().filter(|it| it.status != "retired");
    if !in_env {
        let files = scope().map(|it| it.env_files(doc.path())).unwrap_or_default();
        let (templates, real): (Vec<_>, Vec<_>) = files.iter().partition(|it| is_env_template(it.doc.path()));
        for file in real.into_iter().chain(templates) {
            let text = file.doc.text();
            for line in env_lines(text) {
                let name = file.doc.slice(line.name).to_owned();
                let value = env_value(text, &line);
                let path = file.doc.path().display();
                let detail = match SecretRef::parse(&value) {
                    Some(reference) => format!("{path} refers to {reference}"),
                    None if value.is_empty() => format!("{path} names it"),
                    None => format!("{path} holds a value"),
                };
                let about = workspace.catalogue().provider_of_env(&name).map(about);
                all.push((name, without_keys(&detail).into_owned(), about));
            }
        }
    }
    for provider in providers() {
        all.push((provider.env.clone(), provider.name.clone(), Some(about(provider))));
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    if in_env {
        let own = Span::new(typed.start as usize, typed.end as usize);
        let set = env_lines(doc.text()).into_iter().map(|line| line.name).filter(|it| *it != own);
        seen.extend(set.map(|span| doc.slice(span).to_owned()));
    }
    all.retain(|(name, ..)| without_keys(name) == *name && seen.insert(name.clone()));
    let sign = if in_env && !doc.text()[typed.end as usize..].starts_with('=') { "=" } else { "" };
    let completion = |(label, detail, about): (String, String, Option<String>)| Completion {
        insert: format!("{label}{sign}"),
        filter: label.clone(),
        label,
        detail,
        about,
        sort: Sort::Variable,
        replace: typed,
    };
    all.into_iter().map(completion).collect()
}

/// What there is to know of the keys of a provider.
fn about(provider: &Provider) -> String {
    let mut text = format!("The key of {}.", provider.name);
    if !provider.keys_page.is_empty() {
        text.push_str(&format!(" Keys are made and revoked at <{}>.", provider.keys_page));
    }
    if !provider.aliases.is_empty() {
        text.push_str(&format!("\n\nAlso read: `{}`.", provider.aliases.join("`, `")));
    }
    text
}

/// The name around a place, as far as it is there.
fn typed_name(text: &str, at: usize) -> Option<Span> {
    let word = word_at(text, at)?;
    (!text[word.range()].starts_with(|c: char| c.is_ascii_digit())).then_some(word)
}

fn begins_line(text: &str, typed: Span) -> bool {
    let before = text[..typed.start as usize].rsplit('\n').next().unwrap_or("");
    let behind = text[typed.end as usize..].split('\n').next().unwrap_or("").trim_end();
    let before = before.trim_start_matches('\u{feff}').trim_start();
    matches!(before, "" | "export ") && (behind.is_empty() || behind.starts_with('='))
}

/// A name that stood there would be that of a variable: it is tried out.
fn reads_variable(doc: &Document, typed: Span) -> bool {
    let before = &doc.text()[..typed.start as usize];
    let near = before.char_indices().rev().nth(NEAR).map_or(0, |(at, _)| at);
    let near = before[near..].rsplit('\n').next().unwrap_or("");
    let opens = near.ends_with(['"', '\'', '`', '.', '[', '(']) && near.to_ascii_lowercase().contains("env");
    let shell = near.ends_with('$') || near.ends_with("${");
    if !(opens || shell) || doc.text().len() > LONGEST {
        return false;
    }
    let edit = Edit::replace(typed, format!("{STAND_IN}{}", closing(near, &doc.text()[typed.end as usize..])));
    let tried = doc.with_text(apply(doc.text(), std::slice::from_ref(&edit)));
    match variable_at(&tried, typed.start) {
        Some((span, name)) => name == STAND_IN && span.start == typed.start && is_read(&tried, span),
        None => false,
    }
}

/// What closes a text that is being typed, and the brackets around it, where nothing does yet.
fn closing(near: &str, behind: &str) -> String {
    let Some(quote) = near.chars().next_back().filter(|it| ['"', '\'', '`'].contains(it)) else { return String::new() };
    if behind.split('\n').next().unwrap_or("").contains(quote) {
        return String::new();
    }
    let mut open = Vec::new();
    for c in near.chars() {
        match c {
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => drop(open.pop()),
            _ => {}
        }
    }
    std::iter::once(quote).chain(open.into_iter().rev()).collect()
}

fn is_read(doc: &Document, span: Span) -> bool {
    use crate::rules::Role;
    let found = variable_places(doc, STAND_IN).into_iter().find(|(it, _)| *it == span);
    // In settings a name is one behind `$` only.
    found.is_some_and(|(_, role)| role == Role::Read || doc.text()[..span.start as usize].ends_with(['$', '{']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(path: &str, text: &str) -> bool {
        let at = text.find('|').expect("a place");
        let doc = Document::new(path, text.replace('|', ""));
        let Some(typed) = typed_name(doc.text(), at) else { return false };
        if has_values(doc.path()) { begins_line(doc.text(), typed) } else { reads_variable(&doc, typed) }
    }

    #[test]
    fn names_are_offered_where_a_variable_is_read() {
        for (path, text) in [
            ("a.py", "import os\nk = os.environ[\"|\"]"),
            ("a.py", "import os\nk = os.getenv('OPEN|')\nprint(k)"),
            ("a.py", "import os\nk = os.environ[\"OP|\nprint(k)\n"),
            ("a.rs", "fn f() { let k = std::env::var(\"|\n}"),
            ("a.ts", "const k = process.env.|;"),
            ("a.ts", "const k = process.env.OP|\nconst b = 1;"),
            ("a.js", "const k = process.env['|'];"),
            ("a.rs", "fn f() { let k = std::env::var(\"|\"); }"),
            ("a.go", "package a\nimport \"os\"\nvar k = os.Getenv(\"|\")"),
            ("a.rb", "k = ENV.fetch(\"|\")"),
            ("a.sh", "echo \"$|\""),
            ("compose.yaml", "environment:\n  A: ${|}"),
            (".env", "A=1\nOPEN|"),
            (".env", "|"),
            (".env", "export |=x"),
        ] {
            assert!(fits(path, text), "{path}: {text}");
        }
        for (path, text) in [
            ("a.py", "environment = '|'"),
            ("a.py", "import os\nk = os.environ['A'].|"),
            ("a.ts", "const k = envelope.|"),
            ("a.py", "x.|"),
            (".env", "A=|"),
            (".env", "# |"),
            ("compose.yaml", "environment:\n  |"),
        ] {
            assert!(!fits(path, text), "{path}: {text}");
        }
    }
}
