//! What the rules about workflows share: the scripts in a file of steps, and the secrets that they are given.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::context::Context;
use crate::secrets::Provider;
use crate::syntax::{Command, Document, Fact, Facts, Pipeline, Value, Writing, script_commands};
use crate::text::Span;

/// A file of steps.
pub(super) struct Steps<'d> {
    /// What runs it.
    pub pipeline: &'static Pipeline,
    /// Its scripts, in order.
    pub all: Vec<Step<'d>>,
    /// The variables of all of them.
    pub top: Option<Given<'d>>,
}

/// An entry that is a script.
pub(super) struct Step<'d> {
    /// The entry with its name.
    pub entry: Span,
    /// The texts that one shell runs, one after the other.
    pub scripts: Vec<Script>,
    /// What gives it variables, the nearest first.
    pub given: Vec<Given<'d>>,
    /// The first of them stands beside it, in the same step.
    pub has_own: bool,
}

/// A text for a shell.
pub(super) struct Script {
    /// Where it stands.
    pub span: Span,
    /// Its lines are lines.
    pub has_lines: bool,
}

/// The variables of an entry.
#[derive(Clone)]
pub(super) struct Given<'d> {
    /// The entry with its name.
    pub entry: Span,
    /// Its value.
    pub value: Span,
    /// What it gives, by name. Most are never asked for.
    variables: Rc<OnceCell<HashMap<&'d str, Span>>>,
}

/// A secret in a script.
#[derive(Clone, Copy)]
pub(super) struct Key<'d> {
    /// What it is called, for messages.
    pub name: &'d str,
    /// Whose key it is.
    pub provider: &'d Provider,
}

/// The scripts of a file of steps.
pub(super) fn steps<'d>(context: &Context<'d>) -> Option<Steps<'d>> {
    steps_at(context, None)
}

/// The script at a place, or all of them.
pub(super) fn steps_at<'d>(context: &Context<'d>, place: Option<Span>) -> Option<Steps<'d>> {
    let doc = context.doc;
    let pipeline = Pipeline::of_path(doc.path()).filter(|_| doc.language().is_some())?;
    let facts = doc.facts();
    let mut runs: Vec<(Span, Span)> = Vec::new();
    let mut givers: Vec<(Span, Span)> = Vec::new();
    for fact in facts.iter() {
        let Fact::Binding { span, name, value } = *fact else { continue };
        let is = |names: &[String]| names.iter().any(|it| it == bare(doc, name));
        if is(&pipeline.scripts) && place.is_none_or(|it| span.contains(it)) {
            runs.push((span, value));
        } else if is(&pipeline.variables) {
            givers.push((span, value));
        }
    }
    let mut given: HashMap<Option<Span>, Vec<Given<'d>>> = HashMap::new();
    for (entry, value) in givers {
        given.entry(outer(facts, entry)).or_default().push(Given { entry, value, variables: Rc::default() });
    }
    let all = runs.into_iter().filter_map(|(entry, value)| step(doc, facts, &given, entry, value)).collect();
    let top = given.remove(&None).and_then(|it| it.into_iter().next());
    Some(Steps { pipeline, all, top })
}

fn step<'d>(
    doc: &'d Document,
    facts: &Facts,
    given: &HashMap<Option<Span>, Vec<Given<'d>>>,
    entry: Span,
    value: Span,
) -> Option<Step<'d>> {
    let own = |literal: Span| outer(facts, literal) == Some(value);
    let literals = facts.within(value).filter_map(|fact| match *fact {
        Fact::Literal { value: text, .. } if own(text) => Some(script(doc, text)),
        _ => None,
    });
    let scripts: Vec<Script> = literals.collect();
    let around: Vec<Span> = facts.bindings_around(entry).into_iter().map(|(_, value)| value).collect();
    let beside = given.get(&around.first().copied()).map_or(&[][..], Vec::as_slice);
    let at = beside.partition_point(|it| it.entry.start < entry.start);
    let near = beside[..at].last().into_iter().chain(beside.get(at));
    let mut found: Vec<Given<'d>> = near.filter(|it| is_same_item(doc, it.entry, entry)).take(1).cloned().collect();
    let has_own = !found.is_empty();
    let above = around.iter().skip(1).copied().map(Some).chain((!around.is_empty()).then_some(None));
    found.extend(above.filter_map(|it| given.get(&it)?.first().cloned()));
    (!scripts.is_empty()).then_some(Step { entry, scripts, given: found, has_own })
}

/// The value of the innermost entry around a place that is not that entry itself.
fn outer(facts: &Facts, place: Span) -> Option<Span> {
    facts.bindings_around(place).first().map(|(_, value)| *value)
}

/// What an entry's value holds itself, by name.
pub(super) fn entries<'d>(doc: &'d Document, facts: &Facts, value: Span) -> HashMap<&'d str, Span> {
    let inside = facts.within(value).filter_map(|fact| match *fact {
        Fact::Binding { span, name, value: it } if outer(facts, span) == Some(value) => Some((bare(doc, name), it)),
        _ => None,
    });
    inside.collect()
}

/// A name without its quotes.
pub(super) fn bare(doc: &Document, name: Span) -> &str {
    doc.slice(name).trim_matches(['"', '\''])
}

/// How many lines of one item are looked at.
const LINES: usize = 400;

/// No line between two entries of one list stands further out than they do: both are of one item.
fn is_same_item(doc: &Document, one: Span, other: Span) -> bool {
    let (first, last) = if one.start < other.start { (one, other) } else { (other, one) };
    let column = |at: Span| at.start - doc.lines().span(doc.lines().line_of(at.start)).start;
    let most = column(first).min(column(last)) as usize;
    let between = doc.slice(Span { start: first.start, end: last.start });
    let is_text = |line: &str| !line.trim().is_empty() && !line.trim().starts_with('#');
    let is_further_out = |line: &str| is_text(line) && line.len() - line.trim_start().len() < most;
    let mut lines = between.rsplit('\n').take(LINES + 1).peekable();
    // Before the last one stands its indentation, or the sign of its item.
    let own = lines.next().filter(|_| lines.peek().is_some());
    if own.is_some_and(|it| !it.trim().is_empty()) {
        return false;
    }
    let mut looked = 0;
    while let Some(line) = lines.next() {
        looked += 1;
        // The rest of the first one's line is no line between.
        let is_first = lines.peek().is_none() && looked < LINES;
        if !is_first && is_further_out(line) {
            return false;
        }
    }
    looked < LINES
}

/// A text for a shell without its head (`|`), and whether its lines are lines.
fn script(doc: &Document, value: Span) -> Script {
    let text = doc.slice(value);
    let is_block = text.starts_with(['|', '>']);
    let head = if is_block { text.find('\n').map_or(text.len(), |it| it + 1) } else { 0 };
    Script { span: Span { start: value.start + head as u32, ..value }, has_lines: text.starts_with('|') }
}

impl<'d> Given<'d> {
    /// What it gives, by name.
    pub fn variables(&self, context: &Context<'d>) -> &HashMap<&'d str, Span> {
        self.variables.get_or_init(|| entries(context.doc, context.doc.facts(), self.value))
    }

    /// Its variables that are keys, in order.
    pub fn keys(&self, context: &Context<'d>, pipeline: &Pipeline) -> Vec<(Span, &'d str)> {
        let is_key = |(name, value): &(&&'d str, &Span)| provider_of(context, pipeline, name, **value).is_some();
        let keys = self.variables(context).iter().filter(is_key);
        let mut keys: Vec<(Span, &str)> = keys.map(|(name, value)| (*value, *name)).collect();
        keys.sort_unstable();
        keys
    }
}

impl<'d> Steps<'d> {
    /// The commands of a script.
    pub fn commands(&self, doc: &Document, script: &Script) -> Vec<Command> {
        let pipeline = self.pipeline;
        let expression = (!pipeline.opens.is_empty()).then_some((pipeline.opens.as_str(), pipeline.closes.as_str()));
        script_commands(doc.text(), script.span, &Writing { has_lines: script.has_lines, expression })
    }

    /// The key that is put in at a place of a script.
    pub fn key(&self, context: &Context<'d>, step: &Step<'d>, value: &Value) -> Option<Key<'d>> {
        let inside = context.doc.slice(value.inside);
        if value.is_expression {
            key_of_secret(context, self.pipeline, inside)
        } else {
            self.key_of_variable(context, step, inside)
        }
    }

    /// The key that a variable has in a step.
    pub fn key_of_variable(&self, context: &Context<'d>, step: &Step<'d>, name: &'d str) -> Option<Key<'d>> {
        let by_name = || context.catalogue().provider_of_env(name).filter(|_| is_foreign(self.pipeline, name));
        let Some(value) = step.given.iter().find_map(|it| it.variables(context).get(name)) else {
            let provider = by_name().filter(|_| self.pipeline.opens.is_empty())?;
            return Some(Key { name, provider });
        };
        let provider = provider_of(context, self.pipeline, name, *value)?;
        Some(Key { name, provider })
    }
}

/// The key in an expression.
pub(super) fn key_of_secret<'d>(context: &Context<'d>, pipeline: &Pipeline, expression: &'d str) -> Option<Key<'d>> {
    let name = pipeline.secret(expression)?;
    let provider = context.catalogue().provider_of_env(&name.replace('-', "_"))?;
    is_foreign(pipeline, name).then_some(Key { name, provider })
}

/// Whose key an entry gives to a variable of this name, if it does.
pub(super) fn provider_of<'d>(
    context: &Context<'d>,
    pipeline: &Pipeline,
    name: &str,
    value: Span,
) -> Option<&'d Provider> {
    let by_name = || context.catalogue().provider_of_env(name).filter(|_| is_foreign(pipeline, name));
    let text = bare(context.doc, value).trim();
    if pipeline.opens.is_empty() {
        // `$OTHER`
        return by_name().filter(|_| text.contains('$'));
    }
    let inside = text.strip_prefix(pipeline.opens.as_str())?.strip_suffix(pipeline.closes.as_str())?;
    pipeline.secret(inside).filter(|it| is_foreign(pipeline, it))?;
    key_of_secret(context, pipeline, inside).map(|it| it.provider).or_else(by_name)
}

fn is_foreign(pipeline: &Pipeline, name: &str) -> bool {
    !pipeline.own.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// The expressions with a key that stand in a part of the text, outside of comments.
pub(super) fn keys_in<'d>(context: &Context<'d>, pipeline: &Pipeline, part: Span) -> Vec<(Span, Key<'d>)> {
    let text = context.doc.slice(part);
    let mut found = Vec::new();
    if pipeline.opens.is_empty() {
        return found;
    }
    for (at, _) in text.match_indices(pipeline.opens.as_str()) {
        let start = at + pipeline.opens.len();
        let rest = &text[start..text.floor_char_boundary(text.len().min(start + LONG))];
        let Some(len) = rest.find(pipeline.closes.as_str()) else { continue };
        let Some(key) = key_of_secret(context, pipeline, &rest[..len]) else { continue };
        let from = part.start as usize;
        let span = Span::new(from + at, from + start + len + pipeline.closes.len());
        if !is_commented(context.doc, span) {
            found.push((span, key));
        }
    }
    found
}

/// No expression that is a secret is longer.
const LONG: usize = 120;

/// Its line is a comment, of the file or of a script in it.
pub(super) fn is_commented(doc: &Document, place: Span) -> bool {
    doc.slice(doc.lines().span(doc.lines().line_of(place.start))).trim_start().starts_with('#')
}
