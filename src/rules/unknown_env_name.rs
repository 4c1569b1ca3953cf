//! A key under a name that nothing reads, while the name that is read has no value.

use std::collections::BTreeMap;
use std::path::Path;

use super::context::Context;
use super::plaintext_at_rest::is_for_tests;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::secrets::{Catalogue, EnvLine, Provider, env_lines, is_env_file, is_env_template, scan};
use crate::syntax::{Document, Language, handed_on};
use crate::text::{Edit, whole_words};

pub(super) static RULE: Rule = Rule {
    id: "unknown-env-name",
    severity: Severity::Warning,
    cwe: &[1099],
    docs: "An env file gives a key a name that nothing reads, and the name that is read has no value.

The program says that its key is missing although it is there, and the next thing that people do is to paste the key into \
the code. Said only where no file of the workspace mentions the name, where code names the right variable or builds a \
client that reads it, and where env files are not handed on as a whole (`env_file`).

Rename the line: that is the fix here.",
    check,
    fixes: |context, finding| repair(context, finding).unwrap_or_default(),
};

/// The texts whose mention in other files decides whether a key of an env file has a name that is read, and whether only code
/// counts. None for most files.
pub fn wanted_mentions(catalogue: &Catalogue, text: &str) -> BTreeMap<String, bool> {
    let mut wanted: BTreeMap<String, bool> = BTreeMap::new();
    for (line, provider) in strays(catalogue, text) {
        let name = &text[line.name.range()];
        wanted.extend(names(provider).map(|it| (it.to_owned(), true)));
        wanted.extend(builders(provider).map(|it| (it, true)));
        wanted.extend(spellings(name).map(|it| (it, false)));
    }
    if !wanted.is_empty() {
        wanted.extend(handed_on().iter().map(|it| (it.clone(), false)));
    }
    wanted
}

/// A name as others may spell it: settings of Spring and of pydantic.
fn spellings(name: &str) -> [String; 4] {
    let lower = name.to_ascii_lowercase();
    [name.to_owned(), lower.replace('_', "."), lower.replace('_', "-"), lower]
}

/// Those of [`wanted_mentions`] that another file mentions.
pub fn mentions<'w>(
    path: &Path,
    text: &'w str,
    wanted: &'w BTreeMap<String, bool>,
) -> impl Iterator<Item = &'w String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_name = |it: &str| it.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let is_code = Language::of_path(path).is_some_and(|it| !it.clients.is_empty());
    let is_env = is_env_file(path) || is_env_template(path);
    let counts = move |it: &&String| match wanted.get(*it) {
        Some(true) => is_code,
        _ => !is_env,
    };
    wanted.keys().filter(counts).filter(move |it| match is_name(it) {
        true => whole_words(text, it, part).next().is_some(),
        false if it.ends_with('(') => builds(text, it),
        false => text.contains(it.as_str()),
    })
}

/// A client is built, and no key given to it.
fn builds(text: &str, builder: &str) -> bool {
    let mut calls = text.match_indices(builder).map(|(at, it)| &text[at + it.len()..]);
    calls.any(|rest| {
        let arguments = rest.split(')').next().unwrap_or("").to_ascii_lowercase();
        !["key", "token", "**", "..."].iter().any(|it| arguments.contains(it))
    })
}

/// The lines with a key whose shape names its provider, under a name that no SDK is known to read: one for each provider,
/// because of several keys nobody can tell which one is meant.
fn strays<'c>(catalogue: &'c Catalogue, text: &str) -> Vec<(EnvLine, &'c Provider)> {
    let tokens: Vec<_> = scan(catalogue, text.as_bytes()).into_iter().filter(|it| !it.needs_context).collect();
    if tokens.is_empty() {
        return Vec::new();
    }
    let mut found: BTreeMap<&str, Vec<(EnvLine, &'c Provider)>> = BTreeMap::new();
    for line in env_lines(text) {
        let name = &text[line.name.range()];
        let at = tokens.partition_point(|it| it.span.start < line.value.start);
        let Some(token) = tokens.get(at).filter(|it| line.value.contains(it.span)) else { continue };
        let (provider, shape) = catalogue.shape(token.shape);
        let is_known = catalogue.provider_of_env(name).is_some_and(|it| !it.mistaken.iter().any(|it| it == name))
            || catalogue.provider_of_public(name).is_some()
            || shape.env.iter().any(|it| it == name)
            || provider.related.iter().any(|it| it == name);
        // `__` makes a path of a name.
        if !is_known && provider.category != "store" && !name.contains("__") {
            found.entry(provider.id.as_str()).or_default().push((line, provider));
        }
    }
    let mut alone: Vec<_> = found.into_values().filter(|it| it.len() == 1).flatten().collect();
    alone.sort_by_key(|(line, _)| line.name);
    alone
}

/// The variables that SDKs read for a key of the provider.
fn names(provider: &Provider) -> impl Iterator<Item = &str> {
    let read = |name: &&String| !name.is_empty() && !provider.mistaken.contains(name);
    std::iter::once(&provider.env).chain(&provider.aliases).filter(read).map(String::as_str)
}

/// What builds a client that reads the provider's own variable: `OpenAI(`.
pub fn builders(provider: &Provider) -> impl Iterator<Item = String> {
    let reading = provider.clients.iter().filter(|it| it.reads_env && it.env.is_none());
    reading.filter_map(|it| Some(format!("{}(", it.symbol.rsplit(['.', ':']).next()?)))
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(mentioned) = &context.around.beside.mentioned else { return };
    // Nobody looked for a name that was not there yet.
    let is_mentioned = |word: &str| *mentioned.get(word).unwrap_or(&true);
    let hands_on = handed_on().iter().any(|it| is_mentioned(it));
    if !context.is_env_file() || is_for_tests(context) || hands_on {
        return;
    }
    let own = env_lines(context.doc.text());
    for (line, provider) in strays(context.catalogue(), context.doc.text()) {
        let name = context.doc.slice(line.name);
        if spellings(name).iter().any(|it| is_mentioned(it)) {
            continue;
        }
        let Some(right) = right_name(context, &own, provider) else { continue };
        let message = format!("nothing here reads {name}, and {right}, which is read, has no value");
        findings.push(context.plain_finding(RULE.id, RULE.severity, line.name, message, Some(provider)));
    }
}

/// The variable of the provider that is read here, where no env file has it.
fn right_name<'p>(context: &Context<'_>, own: &[EnvLine], provider: &'p Provider) -> Option<&'p str> {
    let mentioned = context.around.beside.mentioned.as_ref()?;
    let is_mentioned = |word: &str| mentioned.get(word) == Some(&true);
    let is_built = builders(provider).any(|it| is_mentioned(&it));
    let read = names(provider).find(|it| is_mentioned(it)).or(is_built.then_some(provider.env.as_str()))?;
    let has = |wanted: &str| {
        own.iter().any(|it| context.doc.slice(it.name) == wanted)
            || context.around.beside.env_files.iter().any(|file| file.entries.iter().any(|it| it.name == wanted))
    };
    (!names(provider).any(has)).then_some(read)
}

/// Renames the line, and the one of a template.
fn repair(context: &Context<'_>, finding: &Finding) -> Option<Repairs> {
    let name = context.doc.slice(finding.span);
    let provider = context.catalogue().provider(finding.provider.as_deref()?)?;
    let right = right_name(context, &env_lines(context.doc.text()), provider)?;
    let edits = |doc: &Document| {
        let lines = env_lines(doc.text()).into_iter().filter(|it| doc.slice(it.name) == name);
        lines.map(|it| Edit::replace(it.name, right)).collect::<Vec<_>>()
    };
    let title = format!("Rename {name} to {right}");
    let mut repairs = Repairs::of_edits(context.doc.path(), edits(context.doc), title, Safety::Offered);
    for template in &context.around.beside.templates {
        for fix in &mut repairs.fixes {
            fix.change.add(template.path().to_owned(), edits(template)).ok()?;
        }
    }
    Some(repairs)
}
