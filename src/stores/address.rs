//! Addresses of servers that may get a key.

use std::net::IpAddr;

use super::StoreError;

/// The host of an address that keys may be sent to: `https://`, or `http://` on this machine.
pub(super) fn is_safe(address: &str) -> bool {
    let host = |rest: &str| {
        let rest = rest.split(['/', '?', '#']).next().unwrap_or("");
        let rest = rest.rsplit('@').next().unwrap_or("");
        let host = match rest.strip_prefix('[') {
            Some(six) => six.split(']').next().unwrap_or(""),
            None => rest.split(':').next().unwrap_or(""),
        };
        host.to_ascii_lowercase()
    };
    let lower = address.to_ascii_lowercase();
    if let Some(rest) = lower.strip_prefix("https://") {
        return !host(rest).is_empty();
    }
    lower
        .strip_prefix("http://")
        .map(host)
        .is_some_and(|host| host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()))
}

/// Refuses an address without TLS beyond this machine. `who` is the store, for the message.
pub(super) fn refuse_unsafe(who: &str, address: &str) -> Result<(), StoreError> {
    if is_safe(address) {
        return Ok(());
    }
    let reason = match address.starts_with("http://") {
        true => "anyone between would read the keys: use https://",
        false => "this is no address: write https://HOST:PORT",
    };
    Err(StoreError::Unavailable(format!("{who} at {address}: {reason}")).discreet())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_stays_on_this_machine() {
        for address in ["https://vault.example", "http://127.0.0.1:8200", "http://localhost:8200/", "http://[::1]:1"] {
            assert!(is_safe(address), "{address}");
        }
        for address in [
            "http://vault.example:8200",
            "http://127.0.0.1.evil.example",
            "http://localhost@evil.example/",
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
