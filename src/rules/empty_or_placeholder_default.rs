//! A missing variable becomes an empty text or a placeholder.

use super::context::Context;
use super::reads::{Read, severity_here};
use super::{Finding, Rule, Severity};
use crate::fixes::{is_sent_home, read_loudly};
use crate::secrets::{Placeholder, classify};
use crate::syntax::Fact;
use crate::text::{Span, line_before};

pub(super) static RULE: Rule = Rule {
    id: "empty-or-placeholder-default",
    severity: Severity::Warning,
    cwe: &[1188, 754],
    docs: "A missing key becomes an empty text or a placeholder.

The program starts, and fails at the first request with a message that does not name the variable: \
`Illegal header value b'Bearer '`, or a 401 that looks like a wrong key. \
A default that the program asks about afterwards is not flagged.

Read the variable so that a missing one stops the program and is named.",
    check,
    fixes: |context, finding| read_loudly(context.doc, finding.span, context.variable_in(finding.span)),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    for read in context.reads() {
        let Some((span, what)) = default(context, read) else { continue };
        if read.is_guarded(context) || read.fills_a_form(context) || is_handled(context, read, span) {
            continue;
        }
        let severity = match read.client() {
            // The SDK says itself what is missing.
            Some(client) if client.reads_env => Severity::Hint,
            _ => severity_here(context, RULE.severity),
        };
        let message = format!("{} becomes {what} when it is not set", read.name);
        findings.push(context.plain_finding(RULE.id, severity, span, message, Some(read.provider)));
    }
}

/// What is missing is asked for, named or wanted by nobody.
fn is_handled(context: &Context<'_>, read: &Read<'_>, span: Span) -> bool {
    let behind = context.doc.text()[span.end as usize..].trim_start_matches(')');
    is_asked_behind(behind)
        || is_sent_home(context.doc, context.facts(), read.span)
        || is_named_where_missing(context, read)
        || is_asked_elsewhere(context, read)
        || is_for_others(context, read)
}

/// Something else steps in for an empty text, or it is cut to a list, which is empty then.
fn is_asked_behind(behind: &str) -> bool {
    let tails = [".trim()", ".strip()"];
    let rest = tails.iter().find_map(|it| behind.strip_prefix(it)).unwrap_or(behind).trim_start_matches(')');
    rest.starts_with(".split(") || ["||", "or "].iter().any(|it| rest.trim_start().starts_with(it))
}

/// `if (!process.env.OPENAI_API_KEY) return null`: the file asks for the variable before it goes on.
fn is_asked_elsewhere(context: &Context<'_>, read: &Read<'_>) -> bool {
    let asks = |it: &&Read<'_>| it.name == read.name && it.span != read.span && it.default.is_none();
    context.reads().iter().filter(asks).any(|it| it.is_wanted(context))
}

/// A text of the program says that the variable has to be set.
fn is_named_where_missing(context: &Context<'_>, read: &Read<'_>) -> bool {
    let places: Vec<Span> =
        context.doc.places_of(read.name, None).filter(|it| !read.span.contains(*it)).take(MOST).collect();
    let facts = context.doc.facts_near(&places);
    places.iter().any(|place| {
        let text = facts.literal_at(*place).map_or("", |(_, value)| context.doc.slice(value)).to_ascii_lowercase();
        text.contains(' ') && SAID.iter().any(|word| text.contains(word))
    })
}

/// How many places of a variable are looked at.
const MOST: usize = 20;
/// What a message about a missing variable says.
const SAID: [&str; 9] = ["set ", "missing", "requir", " not ", "need", "provide", "configure", "empty", "export "];

/// Settings that other files read: what those do where it is empty is not known here.
fn is_for_others(context: &Context<'_>, read: &Read<'_>) -> bool {
    let (doc, facts) = (context.doc, context.facts());
    let Some(&(name, _)) = facts.bindings_around(read.span).first() else { return false };
    // It may be called by another field's name, and still be given on.
    let uses = doc.places_of(doc.slice(name), None).filter(|it| !it.overlaps(name) && !read.span.contains(*it));
    let mut uses = uses.filter(|it| !line_before(&doc.text()[..it.start as usize]).contains("export"));
    let is_file = !doc.is_inside() && facts.body_around(read.span).is_none();
    is_file && facts.calls_around(read.span).is_empty() && uses.next().is_none()
}

/// The read with its default, and what that is.
fn default(context: &Context<'_>, read: &Read<'_>) -> Option<(Span, &'static str)> {
    let language = context.doc.language()?;
    if let Some(span) = read.with_method(context, &language.read.empty) {
        return Some((span, "an empty text"));
    }
    let default = read.default?;
    let literal = context.facts().within(default).find_map(|fact| match *fact {
        Fact::Literal { span, value } if default.contains(span) => Some((span, context.doc.slice(value))),
        _ => None,
    });
    // More than the literal and what wraps it is another read, or a question.
    let rest = literal.map_or("", |(span, _)| &context.doc.text()[default.start as usize..span.start as usize]);
    if !is_wrapping(rest) {
        return None;
    }
    let what = match literal {
        Some((_, text)) => match classify(context.catalogue(), text)? {
            Placeholder::Empty => "an empty text",
            Placeholder::Template | Placeholder::Masked | Placeholder::Fixture => "a placeholder",
            // What local servers want, a reference, a server's own default.
            _ => return None,
        },
        None if is_empty(context.doc.slice(default)) => "an empty text",
        None => return None,
    };
    Some((read.span, what))
}

/// `""`, `String::new()`, `|_| "".into()`.
fn is_empty(text: &str) -> bool {
    (text.contains("\"\"") || text.contains("''") || text.contains("String::")) && is_wrapping(text)
}

/// Nothing but what makes a value of a literal.
fn is_wrapping(text: &str) -> bool {
    let words = ["String", "new", "default", "to_string", "to_owned", "into", "from", "str", "_", "b", "r", "u", "f"];
    let mut names = text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    names.all(|name| words.contains(&name))
}
