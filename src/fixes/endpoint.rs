//! Where a call goes: this machine, a network of one's own, the world; and what SDKs of stores are told of it.

use super::Surroundings;
use super::slot::{is_called, is_imported, is_item, original, rows, takes};
use crate::secrets::{Client, Opens, host_of};
use crate::syntax::{Document, Facts};
use crate::text::Span;

/// The store whose SDK is called around `value`, by a row that is wanted.
pub fn store_of_call<'a>(
    doc: &Document,
    facts: &Facts,
    around: &'a Surroundings,
    value: Span,
    wanted: &dyn Fn(&Client) -> bool,
) -> Option<&'a Opens> {
    let language = &doc.language()?.clients;
    facts.calls_around(value).into_iter().take(3).find_map(|(name, arguments)| {
        let callee = &original(doc, facts, doc.slice(name));
        let call = doc.slice(arguments);
        let mut rows = rows(around, language).filter(|(_, client)| wanted(client));
        let (provider, _) = rows.find(|(_, client)| {
            client.host.as_ref().is_none_or(|host| call.contains(host.as_str()))
                && is_called(&client.symbol, callee)
                && is_imported(doc, facts, client)
                && (callee.contains(['.', ':']) || !client.symbol.contains('.') || is_item(doc, facts, callee))
        })?;
        provider.opens.as_ref()
    })
}

/// `value` is one of the arguments that a row names.
pub fn takes_argument(doc: &Document, facts: &Facts, client: &Client, value: Span) -> bool {
    facts.calls_around(value).into_iter().take(3).any(|(_, arguments)| takes(doc, facts, client, arguments, value))
}

/// The host, with or without its port, is this machine.
pub fn is_loopback(host: &str) -> bool {
    if host == "::1" || host.starts_with("[::1]") {
        return true;
    }
    let host = host.split(':').next().unwrap_or("");
    let numbers =
        host.strip_prefix("127.").is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.'));
    ["localhost", "0.0.0.0", "host.docker.internal"].contains(&host) || host.ends_with(".localhost") || numbers
}

/// The hosts of the addresses that stand in no comment; empty where a program puts one in.
fn hosts(text: &str) -> impl Iterator<Item = &str> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', '/', '*']));
    // Headers that name the page a request comes from.
    let is_from = |before: &str| {
        let before = before.to_ascii_lowercase();
        ["referer", "origin"].iter().any(|it| before.rfind(it).is_some_and(|at| before.len() - at < 20))
    };
    let places = move |line: &'_ str| {
        line.match_indices("://").filter(|(at, _)| !is_from(&line[..*at])).map(|it| it.0).collect::<Vec<_>>()
    };
    lines.flat_map(move |line| places(line).into_iter().map(move |at| host_of(&line[at..], "://").unwrap_or("")))
}

/// All addresses in the text are those of this machine: nobody stands between.
pub fn is_at_home(text: &str) -> bool {
    hosts(text).next().is_some() && hosts(text).all(is_loopback)
}

/// The host is in a network of one's own: a service beside this one, a cluster, an address that no router passes on.
pub fn is_private(host: &str) -> bool {
    let ends = [".local", ".internal", ".svc", ".lan", ".home.arpa", ".consul", ".ts.net"];
    let inside = |block: &str| {
        let second = host.strip_prefix(block).and_then(|rest| rest.split('.').next());
        second.and_then(|it| it.parse::<u8>().ok())
    };
    !host.contains(['.', ':'])
        || ends.iter().any(|end| host.ends_with(end))
        || inside("10.").is_some()
        || inside("192.").is_some_and(|it| it == 168)
        || inside("172.").is_some_and(|it| (16..32).contains(&it))
        || inside("169.").is_some_and(|it| it == 254)
        || inside("100.").is_some_and(|it| (64..128).contains(&it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks() {
        for host in ["localhost:8200", "127.0.0.1", "::1", "vault.localhost"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["vault", "vault.svc", "vault.ns.svc.cluster.local", "10.0.0.5", "192.168.1.4", "172.20.0.1"] {
            assert!(is_private(host) && !is_loopback(host), "{host}");
        }
        for host in ["vault.corp.com", "172.32.0.1", "192.0.2.1", "8.8.8.8", "10.example.com"] {
            assert!(!is_private(host), "{host}");
        }
    }
}
