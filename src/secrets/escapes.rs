//! Escapes whose last character looks like a part of what stands behind them.

/// How the sign that begins a colour for terminals is written.
const ESC: [&str; 11] =
    ["\x1b", "\\x1b", "\\x1B", "\\033", "\\0033", "\\33", "\\e", "\\E", "\\u001b", "\\u001B", "\\u{1b}"];

/// The text ends with a whole escape: `\n`, `\x27`, `\u0022`, `\033`, `%3D`, or a colour for terminals.
///
/// What stands behind it begins anew.
pub fn ends_escape(before: &[u8]) -> bool {
    let Some((&last, rest)) = before.split_last() else { return false };
    if rest.ends_with(b"\\") && b"nrtabfv0".contains(&last) || ends_colour(before) {
        return true;
    }
    let ends = |sign: &[u8], digits: usize, is_digit: fn(&u8) -> bool| {
        let Some(at) = before.len().checked_sub(digits) else { return false };
        before[at..].iter().all(is_digit) && before[..at].ends_with(sign)
    };
    let octal = |byte: &u8| (b'0'..=b'7').contains(byte);
    ends(b"\\u", 4, u8::is_ascii_hexdigit)
        || ends(b"\\U", 8, u8::is_ascii_hexdigit)
        || ends(b"\\x", 2, u8::is_ascii_hexdigit)
        || ends(b"%", 2, u8::is_ascii_hexdigit)
        || (2..=4).any(|digits| ends(b"\\", digits, octal))
}

/// The text ends with a colour for terminals: `\033[1;32m`.
pub fn ends_colour(before: &[u8]) -> bool {
    let Some(rest) = before.strip_suffix(b"m").or_else(|| before.strip_suffix(b"K")) else { return false };
    let is_number = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b';' | b':');
    let open = &rest[..rest.len() - rest.iter().rev().take_while(is_number).count()];
    let is_esc =
        |it: &[u8]| ESC.iter().any(|esc| it.to_ascii_lowercase().ends_with(esc.to_ascii_lowercase().as_bytes()));
    open.strip_suffix(b"[").is_some_and(|it| is_esc(&it[it.len().saturating_sub(LONGEST)..]))
}

/// The text begins with one.
pub fn starts_colour(behind: &str) -> bool {
    ESC.iter().any(|esc| behind.strip_prefix(esc).is_some_and(|rest| rest.starts_with('[')))
}

/// The longest in [`ESC`].
const LONGEST: usize = 6;

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
        for text in ["", "n", "m", "[32m", "27", "u0022", "\\u002", "\\x2", "%3", "x[1m", "\\9"] {
            assert!(!ends_escape(text.as_bytes()), "{text:?}");
        }
    }
}
