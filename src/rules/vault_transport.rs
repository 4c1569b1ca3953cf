//! The way to a store of secrets is open to all who lie on it.

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Fix, Repairs, Safety, argument_of_store, is_loopback, is_private};
use crate::secrets::{Opens, env_lines, env_value_span, host_of, is_env_template};
use crate::syntax::{Fact, Facts};
use crate::text::{Change, Edit, Span};

pub(super) static RULE: Rule = Rule {
    id: "vault-transport",
    severity: Severity::Warning,
    cwe: &[319, 295],
    docs: "A store of secrets is reached without encryption, or without a look at its certificate.

The token that opens it, and every secret that it gives out, then cross the network for all to read, or go to whoever answers.

Write `https://`. For a certificate of your own, name the authority that signed it (VAULT_CACERT, AWS_CA_BUNDLE) and leave \
the check on. Servers on this machine are not flagged; in a network of your own it is a hint.",
    check,
    fixes: |context, finding| with_https(context, finding).unwrap_or_default(),
};

const PLAIN: &str = "http://";

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let text = context.doc.text();
    if !context.catalogue().speaks_of_store(text.as_bytes()) {
        return;
    }
    let places = places(context);
    if places.is_empty() {
        return;
    }
    let env = context.is_env_file() || is_env_template(context.doc.path());
    if env {
        in_env_file(context, findings);
    } else if let Some(language) = context.doc.language().filter(|it| !it.is_test_path(context.doc.path())) {
        let facts = context.doc.facts_near(&places);
        addresses(context, &facts, findings);
        unchecked(context, &facts, &language.clients, findings);
    }
}

/// Where an address without encryption stands, or what switches a check off.
fn places(context: &Context<'_>) -> Vec<Span> {
    let text = context.doc.text();
    let names = context.catalogue().stores().flat_map(|(_, opens)| &opens.unchecked).map(String::as_str);
    let words: Vec<&str> = names.chain([PLAIN]).chain(SWITCHES).collect();
    let places = words.into_iter().flat_map(|word| {
        memchr::memmem::find_iter(text.as_bytes(), word).map(|at| Span::new(at, at + word.len())).collect::<Vec<_>>()
    });
    let mut places: Vec<Span> = places.collect();
    places.sort();
    places
}

/// What the switches of SDKs are called.
const SWITCHES: [&str; 6] =
    ["verify", "strictSSL", "rejectUnauthorized", "ssl_verify", "NODE_TLS_REJECT_UNAUTHORIZED", "-tls-skip-verify"];

/// `VAULT_ADDR=http://…`, `VAULT_SKIP_VERIFY=true`
fn in_env_file(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let text = context.doc.text();
    for line in env_lines(text) {
        let (name, value) = (&text[line.name.range()], env_value_span(text, &line));
        if let Some(opens) = of_address(context, name) {
            findings.extend(address(context, opens, value));
        }
        if let Some(opens) = of_switch(context, name).filter(|_| is_on(context.doc.slice(value))) {
            findings.push(switched_off(context, opens, value, name));
        }
    }
}

/// Literals that are the address of a store, by the name of what gets them or by the call that takes them.
fn addresses(context: &Context<'_>, facts: &Facts, findings: &mut Vec<Finding>) {
    for fact in facts.iter() {
        let Fact::Literal { value, .. } = *fact else { continue };
        let Some(at) = context.doc.slice(value).find(PLAIN) else { continue };
        let start = value.start + at as u32;
        // `export VAULT_ADDR=http://…` in a text for another shell.
        let before = context.doc.slice(Span { start: value.start, end: start });
        let named =
            before.strip_suffix('=').and_then(|it| it.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next());
        let opens = match named {
            Some(name) => of_address(context, name),
            None if at > 0 => None,
            None => whose_address(context, facts, value),
        };
        if let Some(opens) = opens {
            findings.extend(address(context, opens, Span { start, ..value }));
        }
    }
}

fn whose_address<'c>(context: &Context<'c>, facts: &Facts, value: Span) -> Option<&'c Opens> {
    let names = facts.around(value).filter_map(|fact| match *fact {
        Fact::EnvRead { name, default: Some(of), .. }
        | Fact::EnvWrite { name, value: of, .. }
        | Fact::Binding { name, value: of, .. } => (of.contains(value) && of.len() <= value.len() + 80).then_some(name),
        _ => None,
    });
    names
        .map(|name| context.doc.slice(name).trim_matches(['"', '\'']))
        .find_map(|name| of_address(context, name))
        .or_else(|| {
            let (provider, _) = argument_of_store(context.doc, facts, context.around, value, "address")?;
            provider.opens.as_ref()
        })
}

/// What is said of an address without encryption.
fn address(context: &Context<'_>, opens: &Opens, value: Span) -> Option<Finding> {
    let text = context.doc.slice(value);
    let host = host_of(text, PLAIN)?;
    let made_up = ["example.com", "example.org", ".example", ".test", ".invalid", "localstack", "moto", "your"];
    if is_loopback(host) || made_up.iter().any(|word| host.contains(word)) {
        return None;
    }
    let span = Span { end: value.start + (PLAIN.len() + host.len()) as u32, ..value };
    let (severity, place) =
        if is_private(host) { (Severity::Hint, "this network") } else { (RULE.severity, "the network") };
    let message = format!("the token for {} and what it gives out cross {place} in clear text", opens.name);
    Some(context.plain_finding(RULE.id, severity, span, message, None))
}

/// `VAULT_SKIP_VERIFY=1`, `hvac.Client(verify=False)`, `-tls-skip-verify`.
fn unchecked(context: &Context<'_>, facts: &Facts, language: &str, findings: &mut Vec<Finding>) {
    let _ = language;
    let mut last: Option<Span> = None;
    for fact in facts.iter() {
        let (name, value) = match *fact {
            Fact::EnvWrite { name, value, .. } | Fact::Binding { name, value, .. } => (name, value),
            _ => continue,
        };
        if last.is_some_and(|last| last.overlaps(value)) {
            continue;
        }
        let (word, text) = (context.doc.slice(name).trim_matches(['"', '\'']), context.doc.slice(value));
        let text = text.trim_matches(['"', '\'', '`']);
        let by_name = of_switch(context, word).filter(|_| is_on(text));
        let opens = by_name.or_else(|| by_runtime(context, word, text)).or_else(|| {
            let (provider, client) = argument_of_store(context.doc, facts, context.around, value, "unchecked")?;
            let off = |arg: &String| {
                arg.split_once('=').is_some_and(|(name, off)| off == text && (name == word || name == "0"))
            };
            provider.opens.as_ref().filter(|_| client.args.iter().any(off))
        });
        if let Some(opens) = opens {
            findings.push(switched_off(context, opens, value, word));
            last = Some(value);
        }
    }
}

/// A switch for all connections of a program that speaks of a store.
fn by_runtime<'c>(context: &Context<'c>, name: &str, value: &str) -> Option<&'c Opens> {
    let mut stores = context.catalogue().stores();
    let reached = |opens: &&Opens| opens.only && opens.is_reached(context.doc.text());
    let is_switch = name == "NODE_TLS_REJECT_UNAUTHORIZED" && value == "0";
    is_switch.then(|| stores.find_map(|(_, opens)| Some(opens).filter(reached))).flatten()
}

fn switched_off(context: &Context<'_>, opens: &Opens, value: Span, name: &str) -> Finding {
    let message = format!("{name} takes whoever answers for {}: its certificate is not looked at", opens.name);
    let mut finding = context.plain_finding(RULE.id, RULE.severity, value, message, None);
    if !opens.trust.is_empty() {
        finding
            .notes
            .push(format!("name the authority that signed the certificate in {}, and leave the check on", opens.trust));
    }
    finding
}

fn of_address<'c>(context: &Context<'c>, name: &str) -> Option<&'c Opens> {
    context.catalogue().stores().map(|(_, opens)| opens).find(|it| it.addresses.iter().any(|it| it == name))
}

fn of_switch<'c>(context: &Context<'c>, name: &str) -> Option<&'c Opens> {
    context.catalogue().stores().map(|(_, opens)| opens).find(|it| it.unchecked.iter().any(|it| it == name))
}

fn is_on(value: &str) -> bool {
    ["1", "t", "true", "yes", "on"].iter().any(|it| value.eq_ignore_ascii_case(it))
}

/// `https` in the place of `http`.
fn with_https(context: &Context<'_>, finding: &Finding) -> Option<Repairs> {
    let scheme = Span { end: finding.span.start + "http".len() as u32, ..finding.span };
    if !context.doc.slice(finding.span).starts_with(PLAIN) {
        return None;
    }
    let mut change = Change::default();
    change.add(context.doc.path().to_owned(), [Edit::replace(scheme, "https")]).ok()?;
    let title = "Write https:// (check that the server speaks it)".to_owned();
    let fix = Fix { title, safety: Safety::Offered, change, deposit: None, start: None };
    Some(Repairs { fixes: vec![fix], refused: None })
}
