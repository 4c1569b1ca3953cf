//! Settings that are added to a file of settings, which stays what it was besides.

use toml::de::{DeTable, DeValue};

use crate::text::{line_ending, toml_quoted};

/// The text of a file of settings, `aikeys.toml` or one with `[tool.aikeys]`, with a text under a key; `None` where it
/// has the key already, or cannot be edited.
pub fn with_value(text: &str, is_own: bool, key: &str, value: &str) -> Option<String> {
    let parsed = DeTable::parse(text).ok()?;
    if table(parsed.get_ref(), is_own).is_some_and(|it| it.contains_key(key)) {
        return None;
    }
    with_line(text, is_own, key, &toml_quoted(value))
}

/// The same with texts that join a list; `None` where all of them are in it.
pub fn with_items(text: &str, is_own: bool, key: &str, items: &[String]) -> Option<String> {
    let parsed = DeTable::parse(text).ok()?;
    let list = table(parsed.get_ref(), is_own).and_then(|it| it.get(key));
    let is_there = |item: &String| match list.map(toml::Spanned::get_ref) {
        Some(DeValue::Array(all)) => all.iter().any(|it| it.get_ref().as_str() == Some(item)),
        _ => false,
    };
    let new: Vec<String> = items.iter().filter(|item| !is_there(item)).map(|item| toml_quoted(item)).collect();
    if new.is_empty() {
        return None;
    }
    match list {
        None => with_line(text, is_own, key, &format!("[{}]", new.join(", "))),
        Some(list) => {
            let DeValue::Array(all) = list.get_ref() else { return None };
            let comma = if all.is_empty() { "" } else { ", " };
            let at = list.span().start + 1;
            let after = format!("{}{}{comma}{}", &text[..at], new.join(", "), &text[at..]);
            DeTable::parse(&after).is_ok().then_some(after)
        }
    }
}

fn table<'t, 'i>(whole: &'t DeTable<'i>, is_own: bool) -> Option<&'t DeTable<'i>> {
    let inner = |table: &'t DeTable<'i>, key: &str| match table.get(key)?.get_ref() {
        DeValue::Table(inner) => Some(inner),
        _ => None,
    };
    if is_own { Some(whole) } else { inner(inner(whole, "tool")?, "aikeys") }
}

/// Above all tables, behind the comments at the top; or right behind the head of our own table.
fn with_line(text: &str, is_own: bool, key: &str, value: &str) -> Option<String> {
    let (ending, line) = (line_ending(text), format!("{key} = {value}"));
    let (mut at, mut is_found) = (0, is_own);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    if is_own {
        let is_comment = |line: &&&str| line.trim_start().starts_with('#');
        let comments = lines.iter().take_while(is_comment).count();
        let blank = lines.get(comments).is_some_and(|line| comments > 0 && line.trim().is_empty());
        at = lines.iter().take(comments + usize::from(blank)).map(|line| line.len()).sum();
    } else if let Some(head) = lines.iter().position(|line| is_head(line)) {
        at = lines.iter().take(head + 1).map(|line| line.len()).sum();
        is_found = true;
    }
    let after = match is_found {
        true => {
            let start = if at == 0 || text[..at].ends_with('\n') { "" } else { ending };
            format!("{}{start}{line}{ending}{}", &text[..at], &text[at..])
        }
        false => {
            let start = if text.ends_with('\n') { "" } else { ending };
            format!("{text}{start}{ending}[tool.aikeys]{ending}{line}{ending}")
        }
    };
    // What looks like the head of a table may be a line of a text.
    let is_there = table(DeTable::parse(&after).ok()?.get_ref(), is_own).is_some_and(|it| it.contains_key(key));
    is_there.then_some(after)
}

/// `[tool.aikeys]`, a comment behind it or not.
fn is_head(line: &str) -> bool {
    let rest = line.trim().strip_prefix("[tool.aikeys]");
    rest.is_some_and(|rest| rest.trim_start().is_empty() || rest.trim_start().starts_with('#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_stay_what_they_were() {
        let value = |text: &str, is_own| with_value(text, is_own, "baseline", "b.json");
        assert_eq!(value("", true).as_deref(), Some("baseline = \"b.json\"\n"));
        assert_eq!(
            value("# mine\n\nfail-on = \"error\"\n[severity]\n", true).as_deref(),
            Some("# mine\n\nbaseline = \"b.json\"\nfail-on = \"error\"\n[severity]\n")
        );
        assert_eq!(value("baseline = \"other\"\n", true), None);
        assert_eq!(value("fail-on = ", true), None, "what cannot be read is not edited");
        assert_eq!(
            value("[tool.aikeys]\nignore = []\n", false).as_deref(),
            Some("[tool.aikeys]\nbaseline = \"b.json\"\nignore = []\n")
        );
        assert_eq!(value("a = '''\n[tool.aikeys]\n'''\n", false), None, "a text is no table");
        let other = value("[tool.aikeys.severity]\nunused-ignore = \"off\"", false).expect("there is a place");
        assert!(toml::from_str::<toml::Table>(&other).is_ok_and(|it| it["tool"]["aikeys"].get("baseline").is_some()));
    }

    #[test]
    fn lists_grow() {
        let items = |text: &str| with_items(text, true, "exclude", &["a/".to_owned(), "b\\.c".to_owned()]);
        assert_eq!(items("").as_deref(), Some("exclude = [\"a/\", 'b\\.c']\n"));
        assert_eq!(items("exclude = []\n").as_deref(), Some("exclude = [\"a/\", 'b\\.c']\n"));
        assert_eq!(items("exclude = [\n  \"a/\",\n]\n").as_deref(), Some("exclude = ['b\\.c', \n  \"a/\",\n]\n"));
        assert_eq!(items("exclude = ['a/', 'b\\.c']\n"), None);
    }
}
