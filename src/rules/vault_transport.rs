//! The way to a store of secrets is open to all who lie on it.

use std::cell::OnceCell;

use super::context::Context;
use super::{Finding, Rule, Severity};
use crate::fixes::{Repairs, Safety, is_at_home, is_loopback, is_private, store_of_call, takes_argument};
use crate::secrets::{Client, Opens, env_lines, env_value_span, host_of, is_env_template};
use crate::syntax::{Fact, Facts};
use crate::text::{Disjoint, Edit, Span};

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
    } else if context.doc.language().is_some_and(|it| !it.is_test_path(context.doc.path())) {
        let facts = context.doc.facts_near(&places);
        addresses(context, &facts, findings);
        unchecked(context, &facts, &places, findings);
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
    ["verify", "strictSSL", "rejectUnauthorized", "ssl_verify", "NODE_TLS_REJECT_UNAUTHORIZED", OPTION];
/// The option of Vault's own program.
const OPTION: &str = "-tls-skip-verify";

/// `VAULT_ADDR=http://…`, `VAULT_SKIP_VERIFY=true`
fn in_env_file(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let text = context.doc.text();
    let at_home = OnceCell::new();
    for line in env_lines(text) {
        let (name, value) = (&text[line.name.range()], env_value_span(text, &line));
        if let Some(opens) = of_address(context, name) {
            findings.extend(address(context, opens, value));
        }
        let switch = of_switch(context, name)
            .filter(|_| is_on(context.doc.slice(value)) && !*at_home.get_or_init(|| is_here(context)));
        if let Some(opens) = switch {
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
            let takes =
                |client: &Client| is_kind(client, "address") && takes_argument(context.doc, facts, client, value);
            store_of_call(context.doc, facts, context.around, value, &takes)
        })
}

/// What is said of an address without encryption.
fn address(context: &Context<'_>, opens: &Opens, value: Span) -> Option<Finding> {
    let text = context.doc.slice(value);
    let host = host_of(text, PLAIN)?;
    let made_up = ["example.com", "example.org", ".example", ".test", ".invalid", "localstack", "moto", "your"];
    // `VAULT_IP:8200`
    let placeholder = !host.bytes().any(|byte| byte.is_ascii_lowercase() || byte == b'.') && host.contains('_');
    if is_loopback(host) || placeholder || made_up.iter().any(|word| host.contains(word)) {
        return None;
    }
    let span = Span { end: value.start + (PLAIN.len() + host.len()) as u32, ..value };
    let (severity, place) =
        if is_private(host) { (Severity::Hint, "this network") } else { (RULE.severity, "the network") };
    let message = format!("the token for {} and what it gives out cross {place} in clear text", opens.name);
    Some(context.plain_finding(RULE.id, severity, span, message, None))
}

/// `VAULT_SKIP_VERIFY=1`, `hvac.Client(verify=False)`, `.verify(false)`, `-tls-skip-verify`.
fn unchecked(context: &Context<'_>, facts: &Facts, places: &[Span], findings: &mut Vec<Finding>) {
    let mut taken = Disjoint::default();
    let at_home = OnceCell::new();
    for fact in facts.iter() {
        let (name, value) = match *fact {
            Fact::EnvWrite { name, value, .. } | Fact::Binding { name, value, .. } => {
                (context.doc.slice(name).trim_matches(['"', '\'']), value)
            }
            // The only argument.
            Fact::Call { arguments: Some(arguments), .. } if arguments.len() > 2 => {
                ("0", Span { start: arguments.start + 1, end: arguments.end - 1 })
            }
            _ => continue,
        };
        let text = context.doc.slice(value).trim_matches(['"', '\'', '`']);
        let by_name = of_switch(context, name).filter(|_| is_on(text)).or_else(|| by_runtime(context, name, text));
        let opens = by_name.or_else(|| {
            let off = |client: &Client| client.args.iter().any(|arg| arg.split_once('=') == Some((name, text)));
            store_of_call(context.doc, facts, context.around, value, &|client| {
                is_kind(client, "unchecked") && off(client)
            })
        });
        let goes_home = || {
            let call = facts.calls_around(value).first().map_or("", |(_, arguments)| context.doc.slice(*arguments));
            let told = ["url", "addr", "endpoint"].iter().any(|it| call.to_ascii_lowercase().contains(it));
            if told { is_at_home(call) } else { *at_home.get_or_init(|| is_here(context)) }
        };
        if let Some(opens) = opens.filter(|_| !goes_home() && taken.add(value)) {
            let name = if name == "0" { "this call".to_owned() } else { format!("`{name}`") };
            findings.push(switched_off(context, opens, value, &name));
        }
    }
    let lines = context.doc.lines();
    let line = |place: Span| context.doc.slice(lines.span(lines.line_of(place.start)));
    // A program that is written for it may name the option.
    let is_script = context.doc.language().is_some_and(|it| it.shell || it.identifiers.is_empty());
    let options = places
        .iter()
        .filter(|_| is_script)
        .filter(|place| context.doc.slice(**place) == OPTION && !facts.in_comment(**place))
        .filter(|place| !is_probe(context.doc.text(), **place) && !is_at_home(line(**place)));
    for place in options.filter(|_| !at_home.get_or_init(|| is_here(context))) {
        if let Some((_, opens)) = context.catalogue().stores().find(|(_, opens)| opens.only) {
            findings.push(switched_off(context, opens, *place, OPTION));
        }
    }
}

/// The addresses of stores that the file sets are all of this machine, and it sets one.
fn is_here(context: &Context<'_>) -> bool {
    let names: Vec<&str> = context.catalogue().stores().flat_map(|(_, it)| &it.addresses).map(String::as_str).collect();
    let lines = context.doc.text().lines().filter(|line| !line.trim_start().starts_with(['#', '/']));
    let values = lines.filter_map(|line| {
        let (name, at) = names.iter().find_map(|name| Some((name, line.find(name)?)))?;
        let rest = &line[at + name.len()..];
        let value = rest.trim_start_matches(|c: char| "=:\"'] ".contains(c));
        (value.len() < rest.len()).then_some(value)
    });
    let mut values = values.peekable();
    values.peek().is_some() && values.all(is_at_home)
}

/// A container asks the server in itself whether it is well.
fn is_probe(text: &str, place: Span) -> bool {
    let mut indent = usize::MAX;
    // The lines that hold this one, inner before outer.
    text[..place.start as usize].lines().rev().take(LINES).any(|line| {
        let own = line.len() - line.trim_start().len();
        let holds = own < indent && !line.trim().is_empty();
        indent = if holds { own } else { indent };
        let name = line.trim_start().trim_start_matches("- ").split(':').next().unwrap_or("");
        holds && PROBES.contains(&name)
    })
}

/// So many lines before a place are looked at.
const LINES: usize = 100;

const PROBES: [&str; 4] = ["readinessProbe", "livenessProbe", "startupProbe", "healthcheck"];

fn is_kind(client: &Client, kind: &str) -> bool {
    client.kind.as_deref() == Some(kind)
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
    let title = "Write https:// (check that the server speaks it)".to_owned();
    Some(Repairs::of_edits(context.doc.path(), [Edit::replace(scheme, "https")], title, Safety::Offered))
}
