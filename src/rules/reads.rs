//! What the rules about missing variables share: where a provider's variable is read, and what happens without it.

use super::Severity;
use super::context::Context;
use crate::fixes::{Slot, slot_at};
use crate::secrets::{Client, Provider};
use crate::syntax::{Document, Fact, HostKind};
use crate::text::{Span, line_before};

/// A read of a provider's variable.
#[derive(Clone, Copy)]
pub(super) struct Read<'c> {
    /// The read with its default.
    pub span: Span,
    /// The variable.
    pub name: &'c str,
    /// What stands in for a missing one.
    pub default: Option<Span>,
    /// Whose key the variable holds.
    pub provider: &'c Provider,
    /// The place that the value fills.
    pub slot: Option<Slot<'c>>,
}

/// Every read of a provider's variable, outside of tests, in order.
pub(super) fn reads<'d>(context: &Context<'d>) -> Vec<Read<'d>> {
    let is_test = context.doc.language().is_none_or(|language| language.is_test_path(context.doc.path()));
    if context.variables().is_empty() || is_test {
        return Vec::new();
    }
    let mut found: Vec<Read<'d>> = Vec::new();
    for fact in context.facts().iter() {
        let Fact::EnvRead { span, name, default } = *fact else { continue };
        let name = context.doc.slice(name);
        let ours = |provider: &&Provider| provider.category != "store";
        let Some(provider) = context.catalogue().provider_of_env(name).filter(ours) else { continue };
        // A read with its default holds the read alone.
        if !found.iter().rev().take(4).any(|read| read.span.contains(span)) {
            let slot = slot_at(context.doc, context.facts(), context.around, span);
            found.push(Read { span, name, default, provider, slot });
        }
    }
    found
}

/// Somebody runs it step by step, and sees at once what is missing.
pub(super) fn is_notebook(doc: &Document) -> bool {
    doc.host().is_some_and(|host| host.kind == HostKind::Notebook)
}

impl<'d> Read<'d> {
    /// The client that gets the value.
    pub fn client(&self) -> Option<&'d Client> {
        self.slot.and_then(|slot| slot.client)
    }

    /// The variable holds a path.
    pub fn names_a_file(&self) -> bool {
        self.provider.files.iter().any(|it| it == self.name)
    }

    /// The value is what a person finds in a field and may change.
    pub fn fills_a_form(&self, context: &Context<'_>) -> bool {
        let doc = context.doc;
        let is_form = |name: Span| ["value", "placeholder", "initial"].contains(&doc.slice(name));
        let bound = context.facts().bindings_around(self.span);
        if bound.first().is_some_and(|(name, _)| is_form(*name)) {
            return true;
        }
        // By its name: `text_input("Key", value=default)`
        let mentions = self.mentions(context);
        let facts = doc.facts_near(&mentions);
        mentions.iter().any(|mention| {
            let bound =
                facts.bindings_around(*mention).first().is_some_and(|(name, value)| is_form(*name) && value == mention);
            let callee = facts.calls_around(*mention).first().map_or("", |(callee, _)| doc.slice(*callee));
            let callee = callee.to_ascii_lowercase();
            bound && ["input", "textbox", "textfield", "text_area"].iter().any(|it| callee.ends_with(it))
        })
    }

    /// What stands behind the read.
    pub fn behind<'c>(&self, context: &'c Context<'_>) -> &'c str {
        &context.doc.text()[self.span.end as usize..]
    }

    /// The read and the first of `methods` that stands behind it.
    pub fn with_method(&self, context: &Context<'_>, methods: &[String]) -> Option<Span> {
        let method = methods.iter().find(|method| self.behind(context).starts_with(method.as_str()))?;
        Some(Span { end: self.span.end + method.len() as u32, ..self.span })
    }

    /// Only whether there is a value is asked.
    pub fn is_compared(&self, context: &Context<'_>) -> bool {
        let before = context.doc.text()[..self.span.start as usize].trim_end();
        let asks = [" is None", " is not None", " ==", " !=", ".is_ok()", ".is_err()", ".is_some()", ".is_none()"];
        asks.iter().any(|it| self.behind(context).starts_with(it))
            || ["!!", "bool(", "Boolean("].iter().any(|it| before.ends_with(it))
    }

    /// It has a name, and what has that name is only compared.
    pub fn is_only_compared(&self, context: &Context<'_>) -> bool {
        let text = context.doc.text();
        let mentions = self.mentions(context);
        let compares = |mention: &Span| {
            let before = text[..mention.start as usize].trim_end();
            let behind = &text[mention.end as usize..];
            // `is None` is where a program gives up.
            let asks = [" is not None", " ==", " !="].iter().any(|it| behind.starts_with(it));
            asks || ["==", "!="].iter().any(|it| before.ends_with(it))
        };
        !mentions.is_empty() && mentions.iter().all(compares)
    }

    /// The program goes on with nothing where the variable is missing.
    pub fn is_quiet(&self, context: &Context<'_>) -> bool {
        let words = context.doc.language().map_or(&[][..], |language| &language.read.quiet);
        words.iter().any(|word| context.doc.slice(self.span).contains(word.as_str()))
    }

    /// The program asks whether there is a value: where it is read, or by the name that it is bound to.
    pub fn is_guarded(&self, context: &Context<'_>) -> bool {
        let text = context.doc.text();
        if asks_before(&text[..self.span.start as usize]) {
            return true;
        }
        self.mentions(context)
            .into_iter()
            .any(|mention| asks_before(&text[..mention.start as usize]) || asks_behind(&text[mention.end as usize..]))
    }

    /// `if (!process.env.OPENAI_API_KEY) return`: nothing behind it is done without a value.
    pub fn is_wanted(&self, context: &Context<'_>) -> bool {
        let before = context.doc.text()[..self.span.start as usize].trim_end_matches(['(', ' ']);
        let condition = ["if (!", "if(!", "if not", "unless"].iter().any(|it| before.ends_with(it));
        let behind = self.behind(context).trim_start_matches(|c: char| c.is_whitespace() || "){:".contains(c));
        condition && ["return", "throw", "raise", "sys.exit", "process.exit"].iter().any(|it| behind.starts_with(it))
    }

    /// Where the name that the value is bound to is mentioned.
    pub fn mentions(&self, context: &Context<'_>) -> Vec<Span> {
        mentions(context, self.span)
    }
}

/// Where the name is mentioned that the value at `span` is bound to.
pub(super) fn mentions(context: &Context<'_>, span: Span) -> Vec<Span> {
    let facts = context.facts();
    let Some(&(name, holder)) = facts.bindings_around(span).first() else { return Vec::new() };
    if holder.len() > span.len() + 80 {
        return Vec::new();
    }
    let is_field = context.doc.text()[..name.start as usize].ends_with('.');
    let scope = facts.body_around(span).filter(|_| !is_field);
    let places = context.doc.places_of(context.doc.slice(name), scope);
    places.filter(|place| !place.overlaps(name) && !holder.contains(*place)).take(MOST).collect()
}

/// `severity`, or a hint in an example or a notebook: there a program may well go on, and somebody looks at it.
pub(super) fn severity_here(context: &Context<'_>, severity: Severity) -> Severity {
    let is_example =
        is_notebook(context.doc) || context.doc.path().iter().any(|part| part == "examples" || part == "example");
    if is_example { Severity::Hint } else { severity }
}

/// How many mentions are looked at.
const MOST: usize = 50;

/// A condition begins right before.
fn asks_before(before: &str) -> bool {
    let words =
        ["if", "elif", "while", "not", "assert", "and", "or", "bool(", "len(", "all([", "any([", "let Ok(", "!"];
    let before = before.trim_end_matches([' ', '(', '[', '&']);
    let line = line_before(before);
    let ends = |word: &&str| {
        let word = word.trim_end_matches(['(', '[']);
        line.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    };
    words.iter().any(ends) || line.trim_start().starts_with("if ") || line.trim_start().starts_with("match ")
}

/// A question follows.
fn asks_behind(behind: &str) -> bool {
    let questions = [
        " is None",
        " is not",
        " ==",
        " !=",
        ".is_empty()",
        ".is_none()",
        ".is_some()",
        " or ",
        " and ",
        " else",
        ".trim().is_empty()",
    ];
    questions.iter().any(|question| behind.starts_with(question))
}
