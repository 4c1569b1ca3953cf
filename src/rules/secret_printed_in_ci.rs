//! A step of a workflow shows a secret, or has it in its text.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::steps::{Given, Key, Script, Step, Steps, bare, keys_in, steps, steps_at};
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety};
use crate::secrets::Provider;
use crate::syntax::{Command, Document, Does, Fact, Output, Value};
use crate::text::{Edit, Span, line_ending};

pub(super) static RULE: Rule = Rule {
    id: "secret-printed-in-ci",
    severity: Severity::Error,
    cwe: &[532, 214],
    docs: "A step of a workflow prints a secret, or has it in the text of its script.

Logs of workflows are kept, and those of open projects are public. They hide a secret only where it stands as it is: \
`base64`, `sed` or a quoted form of it is shown. What is put into the text of a script is there for every command to see, \
and a quote in it is run.

Print whether the secret is set. Give it to the step in its `env:`, and write \"$NAME\" in the script.",
    check,
    fixes: |context, finding| repair(context, finding).unwrap_or_default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(steps) = steps(context) else { return };
    let mut dumps: Vec<(Span, Option<&str>)> = Vec::new();
    let mut seen: Option<&str> = None;
    let mut taken: HashSet<Span> = HashSet::new();
    let mut known: HashMap<Span, Option<&str>> = HashMap::new();
    for step in &steps.all {
        let mut traced: Option<Span> = None;
        for script in &step.scripts {
            let commands = steps.commands(context.doc, script);
            for (at, command) in commands.iter().enumerate() {
                let keys: Vec<(&Value, Key<'_>)> =
                    command.values.iter().filter_map(|it| Some((it, steps.key(context, step, it)?))).collect();
                let is_traced = !command.words.is_empty() || command.output == Output::Shown;
                let assigned =
                    || command.assigned.iter().filter(|_| is_traced).find_map(|it| steps.key(context, step, it));
                if let Some(Key { name, provider }) = keys.first().map(|(_, key)| *key).or_else(assigned) {
                    seen = seen.or(Some(name));
                    if let Some(place) = traced.take() {
                        let message = format!("this shows each command with its values, {name} among them");
                        findings.push(shown(context, &steps, place, message, provider, false));
                    }
                }
                let is_quiet =
                    steps.pipeline.quiet.iter().any(|it| context.doc.slice(command.span).contains(it.as_str()));
                match (command.does(context.doc.text()), exit(context.doc, &commands[at..])) {
                    (Some(Does::Prints), _) if is_quiet => taken.extend(keys.iter().map(|(value, _)| value.span)),
                    (Some(Does::Prints), Some(changed)) => {
                        for (value, key) in &keys {
                            let message = format!("{} shows the value of {}", said(context.doc, command), key.name);
                            taken.insert(value.span);
                            findings.push(shown(context, &steps, value.span, message, key.provider, changed));
                        }
                    }
                    (Some(Does::PrintsVariables), Some(changed)) => {
                        for word in command.words.iter().skip(1) {
                            let Some(key) = steps.key_of_variable(context, step, context.doc.slice(*word)) else {
                                continue;
                            };
                            let message = format!("{} shows the value of {}", said(context.doc, command), key.name);
                            findings.push(shown(context, &steps, *word, message, key.provider, changed));
                        }
                    }
                    (Some(Does::Dumps), Some(_)) => {
                        dumps.push((command.span, first_key(context, &steps, step, &mut known)));
                    }
                    _ => {}
                }
                traced = trace(context.doc, command, traced);
            }
            for (span, key) in keys_in(context, steps.pipeline, script.span) {
                if !taken.contains(&span) {
                    let message = format!("the value of {} is put into the text of this script", key.name);
                    let severity = RULE.severity.min(Severity::Warning);
                    findings.push(context.plain_finding(RULE.id, severity, span, message, Some(key.provider)));
                }
            }
        }
    }
    for (place, given) in dumps {
        let project = seen.filter(|_| steps.pipeline.opens.is_empty());
        let Some(name) = given.or(project) else { continue };
        let message = format!("this shows all variables, {name} among them");
        let provider = context.catalogue().provider_of_env(name);
        findings.push(noted(&steps, context.plain_finding(RULE.id, severity(&steps, false), place, message, provider)));
    }
}

/// A key that a step is given. `known` are those of entries that were asked for.
fn first_key<'d>(
    context: &Context<'d>,
    steps: &Steps<'d>,
    step: &Step<'d>,
    known: &mut HashMap<Span, Option<&'d str>>,
) -> Option<&'d str> {
    let mut key = |given: &Given<'d>| {
        *known.entry(given.entry).or_insert_with(|| Some(given.keys(context, steps.pipeline).first()?.1))
    };
    step.given.iter().find_map(&mut key)
}

/// What a command gives on is shown in the end; whether in another form. `commands` begin with it.
fn exit(doc: &Document, commands: &[Command]) -> Option<bool> {
    let mut changed = false;
    for (at, command) in commands.iter().enumerate().take(STAGES) {
        if at > 0 {
            match command.does(doc.text()) {
                Some(Does::GivesOn) => {}
                Some(Does::Changes) => changed = true,
                _ => return None,
            }
        }
        match command.output {
            Output::Shown => return Some(changed),
            Output::Piped => {}
            Output::Elsewhere => return None,
        }
    }
    None
}

/// Nobody puts more commands behind one another.
const STAGES: usize = 8;

/// `set -x` where it counts from here on.
fn trace(doc: &Document, command: &Command, before: Option<Span>) -> Option<Span> {
    let words: Vec<&str> = command.words.iter().take(6).map(|it| doc.slice(*it)).collect();
    if words.first() != Some(&"set") {
        return before;
    }
    let says = |sign: char| {
        let short = |it: &&str| it.starts_with(sign) && it[1..].contains('x') && it.len() < 8;
        let long = |it: &[&str]| it[0].starts_with(sign) && it[0].ends_with('o') && it[1] == "xtrace";
        words.iter().any(short) || words.windows(2).any(long)
    };
    match (says('-'), says('+')) {
        (true, _) => Some(command.span),
        (_, true) => None,
        _ => before,
    }
}

fn shown(
    context: &Context<'_>,
    steps: &Steps<'_>,
    place: Span,
    message: String,
    provider: &Provider,
    changed: bool,
) -> Finding {
    let severity = severity(steps, changed);
    let finding = context.plain_finding(RULE.id, severity, place, message, Some(provider));
    if changed { finding } else { noted(steps, finding) }
}

/// What is hidden as it stands is less bad.
fn severity(steps: &Steps<'_>, changed: bool) -> Severity {
    let hidden = !changed && !steps.pipeline.masks.is_empty();
    if hidden { RULE.severity.min(Severity::Warning) } else { RULE.severity }
}

fn noted(steps: &Steps<'_>, mut finding: Finding) -> Finding {
    finding.notes.extend(Some(steps.pipeline.masks.clone()).filter(|it| !it.is_empty()));
    finding
}

/// The command's name, for messages.
fn said(doc: &Document, command: &Command) -> String {
    let name = command.words.first().map_or("", |it| doc.slice(*it));
    format!("`{name}`")
}

fn repair(context: &Context<'_>, finding: &Finding) -> Option<Repairs> {
    let (doc, steps) = (context.doc, steps_at(context, Some(finding.span))?);
    let holds = |it: &&Script| it.span.contains(finding.span);
    let (step, script) = steps.all.iter().find_map(|step| Some((step, step.scripts.iter().find(holds)?)))?;
    let offer = |title: &str, insert: &str| {
        let edit = Edit::replace(finding.span, insert);
        Some(Repairs::of_edits(doc.path(), [edit], title.to_owned(), Safety::Offered))
    };
    let commands = steps.commands(doc, script);
    if let Some(command) = commands.iter().find(|it| it.span == finding.span && !it.words.is_empty()) {
        let is_alone = command.does(doc.text()) == Some(Does::Dumps) && command.words.len() == 1;
        return if is_alone && is_plain(doc, script) { offer("Print the names alone", NAMES) } else { None };
    }
    let value_at = |at: usize| {
        let mut values = commands[at].values.iter().chain(&commands[at].assigned);
        Some((at, values.find(|value| value.span == finding.span)?))
    };
    let (at, value) = (0..commands.len()).find_map(value_at)?;
    let prints = commands[at].does(doc.text()) == Some(Does::Prints) && exit(doc, &commands[at..]).is_some();
    match (prints, value.is_quoted, is_plain(doc, script)) {
        (true, true, _) => offer("Write *** instead of the value", "***"),
        (true, false, true) => offer("Write *** instead of the value", "\"***\""),
        (false, _, true) => given(context, &steps, step, script, value),
        _ => None,
    }
}

/// The file writes the text of a script as it is: a quote in it ends nothing.
fn is_plain(doc: &Document, script: &Script) -> bool {
    let before = &doc.text()[..script.span.start as usize];
    let line = before.rsplit('\n').next().unwrap_or("");
    script.has_lines || line.ends_with(' ') && !line.contains(['{', '['])
}

/// Prints the names of all variables, in every shell.
const NAMES: &str = "awk 'BEGIN { for (name in ENVIRON) print name }'";

/// Gives the secret to the step, and reads it there.
fn given<'d>(
    context: &Context<'d>,
    steps: &Steps<'d>,
    step: &Step<'d>,
    script: &Script,
    value: &Value,
) -> Option<Repairs> {
    let (doc, pipeline) = (context.doc, steps.pipeline);
    let (text, expression) = (doc.text(), doc.slice(value.span));
    let secret = pipeline.secret(doc.slice(value.inside))?;
    // Another shell reads variables in another way.
    let shell = shell(doc, step.entry);
    let is_known = match shell {
        Some(name) => pipeline.shells.iter().any(|it| it == name),
        None => {
            !text.contains(pipeline.other.as_str())
                && all_shells(doc).all(|it| pipeline.shells.iter().any(|own| own == it))
        }
    };
    if !is_known {
        return None;
    }
    let name = secret.to_ascii_uppercase().replace('-', "_");
    let same = |it: &Span| pipeline.secret(inner(pipeline, bare(doc, *it))) == Some(secret);
    let there = step.given.iter().find_map(|it| it.variables(context).get(name.as_str()));
    if there.is_some_and(|it| !same(it)) || is_set_elsewhere(doc.slice(script.span), &name, expression) {
        return None;
    }
    let read = match (value.is_quoted, is_part_behind(text, value.span)) {
        (true, true) => format!("${{{name}}}"),
        (true, false) => format!("${name}"),
        (false, _) => format!("\"${name}\""),
    };
    let mut edits = vec![Edit::replace(value.span, read)];
    if there.is_none() {
        edits.push(declared(doc, step.given.first().filter(|_| step.has_own), step.entry, &name, expression)?);
    }
    let title = format!("Give {name} to this step in its environment, and read it there");
    Some(Repairs::of_edits(doc.path(), edits, title, Safety::Offered))
}

/// What an expression says.
fn inner<'t>(pipeline: &crate::syntax::Pipeline, text: &'t str) -> &'t str {
    let inside = text.trim().strip_prefix(pipeline.opens.as_str());
    inside.and_then(|it| it.strip_suffix(pipeline.closes.as_str())).unwrap_or("")
}

/// The text goes on with what would belong to the name.
fn is_part_behind(text: &str, value: Span) -> bool {
    text[value.end as usize..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
}

/// The script gives another value to the variable.
fn is_set_elsewhere(script: &str, name: &str, expression: &str) -> bool {
    script.match_indices(&format!("{name}=")).any(|(at, it)| {
        let rest = script[at + it.len()..].trim_start_matches(['"', '\'']);
        !rest.starts_with(expression)
    })
}

/// The shells that the file names anywhere: some count for all of it.
fn all_shells(doc: &Document) -> impl Iterator<Item = &str> {
    doc.facts().iter().filter_map(|fact| match *fact {
        Fact::Binding { name, value, .. } if bare(doc, name) == "shell" => Some(bare(doc, value)),
        _ => None,
    })
}

/// What `shell` says beside a script.
fn shell(doc: &Document, entry: Span) -> Option<&str> {
    doc.facts().iter().find_map(|fact| match *fact {
        Fact::Binding { span, name, value } if bare(doc, name) == "shell" && doc.are_beside(span, entry) => {
            Some(bare(doc, value))
        }
        _ => None,
    })
}

/// Adds a variable to the step's own, or gives it some.
fn declared(doc: &Document, own: Option<&Given<'_>>, entry: Span, name: &str, expression: &str) -> Option<Edit> {
    let (text, ending) = (doc.text(), line_ending(doc.text()));
    let indentation = |at: u32| {
        let line = doc.lines().span(doc.lines().line_of(at));
        let before = &text[line.start as usize..at as usize];
        let only = before.trim_start().chars().all(|c| c == '-' || c == ' ');
        only.then(|| " ".repeat(before.chars().count()))
    };
    let line = format!("{name}: {expression}");
    match own {
        Some(own) if doc.slice(own.value).starts_with('{') => {
            let gap = match doc.slice(own.value).as_bytes().get(1) {
                Some(b'}') => " ",
                Some(b' ') => ",",
                _ => ", ",
            };
            Some(Edit::insert(own.value.start as usize + 1, format!(" {name}: \"{expression}\"{gap}")))
        }
        Some(own) => {
            let indent = indentation(own.value.start)?;
            Some(Edit::insert(own.value.start as usize, format!("{line}{ending}{indent}")))
        }
        None => {
            let indent = indentation(entry.start)?;
            Some(Edit::insert(entry.start as usize, format!("env:{ending}{indent}  {line}{ending}{indent}")))
        }
    }
}
