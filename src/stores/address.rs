//! Addresses of servers that may get a key.

use std::net::IpAddr;

use super::StoreError;

/// Keys may be sent to this address: `https://`, or `http://` on this machine. No user, no password, and nothing that
/// another reader of addresses could take for something else.
pub(super) fn is_safe(address: &str) -> bool {
    let lower = address.to_ascii_lowercase();
    let plain =
        |host: &str| !host.is_empty() && host.chars().all(|it| it.is_ascii_alphanumeric() || "-._:[]".contains(it));
    match lower.split_once("://") {
        Some(("https", rest)) => plain(authority(rest)),
        Some(("http", rest)) => plain(authority(rest)) && is_loopback(host(rest)),
        _ => false,
    }
}

/// The address leads to this machine.
#[cfg(feature = "gcp")]
pub(super) fn is_local(address: &str) -> bool {
    address.split_once("://").is_some_and(|(_, rest)| is_loopback(host(rest)))
}

fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or("")
}

/// Without the port and the brackets of version 6.
fn host(rest: &str) -> &str {
    let rest = authority(rest);
    match rest.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or(""),
        None => rest.split(':').next().unwrap_or(""),
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Refuses an address without TLS beyond this machine, also where a proxy would carry it there. `who` is the store, for
/// the message.
pub(super) fn refuse_unsafe(who: &str, address: &str) -> Result<(), StoreError> {
    let plain = address.to_ascii_lowercase().starts_with("http://");
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let here = host(rest);
    let reason = if authority(rest).contains('@') {
        // A password can stand in it.
        return Err(StoreError::Unavailable(format!("{who}: no user stands in its address: write https://HOST:PORT")));
    } else if !is_safe(address) && plain {
        "anyone between would read the keys: use https://".to_owned()
    } else if !is_safe(address) {
        "this is no address: write https://HOST:PORT".to_owned()
    } else if plain && has_proxy() && !bypasses(here) {
        format!("HTTP_PROXY would carry the keys away from this machine: set NO_PROXY={here}")
    } else {
        return Ok(());
    };
    Err(StoreError::Unavailable(format!("{who} at {address}: {reason}")).discreet())
}

fn has_proxy() -> bool {
    ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].iter().any(|it| variable(it).is_some())
}

fn bypasses(host: &str) -> bool {
    let list = variable("NO_PROXY").or_else(|| variable("no_proxy")).unwrap_or_default();
    list.split(',').map(str::trim).any(|it| it == "*" || it == host)
}

/// An environment variable that says something.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|it| !it.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for address in ["https://vault.example", "http://127.0.0.1:8200", "http://localhost:8200/", "HTTP://[::1]:1"] {
            assert!(is_safe(address), "{address}");
        }
        for address in [
            "http://vault.example:8200",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example/",
            "http://evil.example\\@127.0.0.1",
            "http://127.0.0.1\t.evil.example",
            "http:///evil.example",
            "https://user:word@vault.example",
            "http://evil.example/localhost",
            "vault.example:8200",
            "https://",
            "ftp://localhost",
            "http://",
            "",
        ] {
            assert!(!is_safe(address), "{address}");
        }
    }
}
