//! How literals are written, as far as most languages agree.

/// The length of what stands in the brackets that `text` begins with, perhaps behind a `!`.
pub(super) fn closed(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

/// What stands between the quotes of a literal, and whether a `\` means nothing in it.
pub(super) fn content(literal: &str) -> (&str, bool) {
    let Some(open) = literal.find(['"', '\'', '`']) else { return (literal, true) };
    let (prefix, rest) = literal.split_at(open);
    let quote = if rest.len() >= 6 && (rest.starts_with("\"\"\"") || rest.starts_with("'''")) { 3 } else { 1 };
    let end = rest.rfind(&rest[..1]).map_or(rest.len(), |last| (last + 1).saturating_sub(quote).max(quote));
    (rest.get(quote..end).unwrap_or(""), prefix.contains(['r', 'R']))
}

/// A text with what its escapes stand for.
pub(super) fn unescaped(content: &str) -> String {
    let (mut out, mut rest) = (String::new(), content);
    while let Some(c) = rest.chars().next() {
        let used = if c == '\\' { escape(rest, &mut out) } else { c.len_utf8() };
        if c != '\\' {
            out.push(c);
        }
        rest = &rest[used..];
    }
    out
}

/// What an escape stands for; how many bytes it has.
pub(super) fn escape(text: &str, out: &mut String) -> usize {
    let Some(kind) = text[1..].chars().next() else { return 1 };
    let mut code = |digits: &str, used: usize| {
        out.extend(u32::from_str_radix(digits, 16).ok().and_then(char::from_u32));
        used
    };
    let digits = |from: usize, to: usize| text.get(from..to).unwrap_or("");
    match kind {
        'x' => code(digits(2, 4), digits(2, 4).len() + 2),
        'u' if text[2..].starts_with('{') => match text.find('}') {
            Some(end) => code(digits(3, end), end + 1),
            None => 2,
        },
        'u' => code(digits(2, 6), digits(2, 6).len() + 2),
        // The line goes on.
        '\n' | '\r' => text.len() - text[1..].trim_start().len(),
        'n' | 't' | 'r' => {
            out.push(' ');
            2
        }
        _ => {
            out.push(kind);
            1 + kind.len_utf8()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_read_as_their_languages_read_them() {
        assert_eq!(content(r#""a""#), ("a", false));
        assert_eq!(content(r"rb'a\n'"), (r"a\n", true));
        assert_eq!(content("\"\"\"a\"b\"\"\""), ("a\"b", false));
        assert_eq!(content("r#\"a\"b\"#"), ("a\"b", true));
        for broken in ["", "\"", "'''", "f\"", "\"\"\"\""] {
            content(broken);
        }
        assert_eq!(unescaped(r"a\x2db\u002dc\u{2d}\\"), r"a-b-c-\");
        assert_eq!(unescaped("a\\\n    b\\n"), "ab ");
        for broken in ["\\", "\\x", "\\x2", "\\u{", "\\u{zz}", "\\uß", "\\xß", "\\xaß"] {
            unescaped(broken);
        }
        assert_eq!(closed("(a(b), c) d"), 9);
        assert_eq!(closed("!(a"), 3);
    }
}
