//! Escapes whose last character looks like a part of what stands behind them.

use super::words::is_escape_letter;

/// How the sign that begins a colour for terminals is written.
const ESC: [&[u8]; 7] = [b"\x1b", b"\\x1b", b"\\x1B", b"\\033", b"\\e", b"\\u001b", b"\\u001B"];

/// The text ends with a whole escape: `\n`, `\x27`, `\u0022`, `\033`, `%3D`, or a colour for terminals.
///
/// What stands behind it begins anew.
pub fn ends_escape(before: &[u8]) -> bool {
    let Some((&last, rest)) = before.split_last() else { return false };
    if is_escape_letter(last) && rest.ends_with(b"\\") {
        return true;
    }
    if last == b'm' || last == b'K' {
        let digits = rest.iter().rev().take_while(|byte| byte.is_ascii_digit() || matches!(byte, b';' | b':')).count();
        let open = &rest[..rest.len() - digits];
        if open.strip_suffix(b"[").is_some_and(|it| ESC.iter().any(|esc| it.ends_with(esc))) {
            return true;
        }
    }
    let ends = |sign: &[u8], digits: usize, is_digit: fn(&u8) -> bool| {
        let Some(at) = before.len().checked_sub(digits) else { return false };
        before[at..].iter().all(is_digit) && before[..at].ends_with(sign)
    };
    let octal = |byte: &u8| (b'0'..=b'7').contains(byte);
    ends(b"\\u", 4, u8::is_ascii_hexdigit)
        || ends(b"\\x", 2, u8::is_ascii_hexdigit)
        || ends(b"%", 2, u8::is_ascii_hexdigit)
        || ends(b"\\", 3, octal)
}

#[cfg(test)]
mod tests {
    use super::ends_escape;

    #[test]
    fn whole_escapes_end_words() {
        for text in [
            "\\n",
            "\\x27",
            "\\u0022",
            "\\u00e9",
            "\\033",
            "%3D",
            "%22",
            "\x1b[32m",
            "\\u001b[38;5;124m",
            "\\033[0m",
            "\\e[K",
        ] {
            assert!(ends_escape(text.as_bytes()), "{text:?}");
        }
        for text in ["", "n", "m", "[32m", "27", "u0022", "\\u002", "\\x2", "%3", "x[1m", "\\09"] {
            assert!(!ends_escape(text.as_bytes()), "{text:?}");
        }
    }
}
