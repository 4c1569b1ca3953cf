//! Nobody looks at the certificate of what a key is sent to.

use super::context::Context;
use super::flow::calls_with_keys;
use super::reads::severity_here;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, is_at_home};
use crate::syntax::Facts;
use crate::text::{Span, line_before};

pub(super) static RULE: Rule = Rule {
    id: "tls-check-off",
    severity: Severity::Error,
    cwe: &[295],
    docs: "A key is sent to whoever answers: the check of certificates is off.

A proxy of a company makes people do it. Then the proxy reads the key, and so does everyone else on the way.

Switch the check on, and name the certificate of the proxy: `verify=\"/path/to/ca.pem\"`, `NODE_EXTRA_CA_CERTS`, \
`add_root_certificate`.",
    check,
    fixes: |_, _| Repairs::default(),
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let (doc, sources) = (context.doc, context.sources());
    let (Some(language), Some(source)) = (doc.language(), sources.first()) else { return };
    let mut places: Vec<(Span, _)> = Vec::new();
    let whole = Span::new(0, doc.text().len());
    for (call, provider) in calls_with_keys(context).into_iter().filter(|(call, _)| !is_at_home(doc.slice(*call))) {
        places.extend(all(context, &language.unchecked.call, call).map(|it| (it, provider)));
    }
    // A client is made in the function that has the key.
    let clients: Vec<Span> = all(context, &language.unchecked.client, whole).collect();
    let facts = doc.facts_near(&clients);
    for place in clients {
        let body = facts.body_around(place);
        let calls = body.map(|it| callers(context, it)).unwrap_or_default();
        let is_called = |key: Span| {
            doc.facts_near(&[key]).body_around(key).is_some_and(|it| calls.iter().any(|call| it.contains(*call)))
        };
        let is_here = |key: &Span| body.is_none_or(|it| it.contains(*key)) || is_called(*key);
        places.extend(sources.iter().find(|it| it.places.iter().any(is_here)).map(|it| (place, it.provider)));
    }
    places.extend(all(context, &language.unchecked.program, whole).map(|it| (it, source.provider)));
    places.sort_by_key(|(place, _)| *place);
    places.dedup_by_key(|(place, _)| *place);
    let spans: Vec<Span> = places.iter().map(|(place, _)| *place).collect();
    let facts = doc.facts_near(&spans);
    for (place, provider) in places.into_iter().filter(|(place, _)| is_code(&facts, *place)) {
        let message = format!("the {} key goes to whoever answers: the check of certificates is off", provider.name);
        let severity = severity_here(context, RULE.severity);
        findings.push(context.plain_finding(RULE.id, severity, place, message, Some(provider)));
    }
}

/// Where the function is called that has this body: `func client() *http.Client {`.
fn callers(context: &Context<'_>, body: Span) -> Vec<Span> {
    let head = line_before(&context.doc.text()[..body.start as usize]);
    let part = |c: char| c.is_alphanumeric() || c == '_';
    let names = head.match_indices('(').map(|(at, _)| &head[head[..at].trim_end_matches(part).len()..at]);
    let names = names.filter(|name| name.len() > 2);
    names.flat_map(|name| context.doc.places_of(name, None).take(MOST)).collect()
}

/// How many calls of a function are looked at.
const MOST: usize = 20;

/// It stands in no comment and in no text.
fn is_code(facts: &Facts, place: Span) -> bool {
    !facts.in_comment(place) && facts.literal_at(place).is_none()
}

/// Where one of `words` stands in a part of the text.
fn all<'c>(context: &'c Context<'_>, words: &'c [String], part: Span) -> impl Iterator<Item = Span> + 'c {
    let text = context.doc.slice(part).as_bytes();
    words.iter().flat_map(move |word| {
        let places = memchr::memmem::find_iter(text, word.as_bytes());
        // `skip_verify=False` says the opposite.
        let whole = move |at: &usize| {
            !at.checked_sub(1)
                .is_some_and(|it| text[it].is_ascii_alphanumeric() || text[it] == b'_' || text[it] == b'-')
        };
        let span = move |at: usize| Span::new(part.start as usize + at, part.start as usize + at + word.len());
        places.filter(whole).map(span)
    })
}
