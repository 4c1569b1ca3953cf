//! Texts as files of settings hold them.

/// A text as TOML holds it in one line, by the fewest escapes.
pub fn toml_quoted(text: &str) -> String {
    if text.contains(['\\', '"']) && !text.contains('\'') && !text.chars().any(char::is_control) {
        return format!("'{text}'");
    }
    let escaped = text.chars().map(|c| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04X}", u32::from(c)),
        c => c.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::toml_quoted;

    #[test]
    fn what_is_quoted_is_read_again() {
        for (text, quoted) in [
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("it's", "\"it's\""),
            ("a\\.b", "'a\\.b'"),
            ("say \"x\"", "'say \"x\"'"),
            ("'\"\\", "\"'\\\"\\\\\""),
            ("a\n\u{7f}\u{1}\"", "\"a\\u000A\\u007F\\u0001\\\"\""),
        ] {
            assert_eq!(toml_quoted(text), quoted);
            let read: toml::Table = toml::from_str(&format!("x = {quoted}")).expect("it is TOML");
            assert_eq!(read["x"].as_str(), Some(text));
        }
    }
}
