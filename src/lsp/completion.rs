//! What can be completed: names of variables, and in an env file references for the variable of the line. No store is
//! asked.

use std::sync::LazyLock;

use regex::Regex;

use super::names::names;
use super::session::Session;
use crate::project::has_values;
use crate::stores::Stores;
use crate::text::Span;

/// A text to choose from.
pub struct Completion {
    /// The reference, or the name.
    pub label: String,
    /// What it is.
    pub detail: String,
    /// More of that, as markdown.
    pub about: Option<String>,
    /// What it is for an editor.
    pub sort: Sort,
    /// What was typed of it, with its quote.
    pub replace: Span,
    /// A reference in double quotes; without the second one where that stands there already.
    pub insert: String,
    /// What is compared with what was typed.
    pub filter: String,
}

/// What can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// A reference to a store.
    Reference,
    /// The name of a variable.
    Variable,
}

/// The value that is being written.
struct Slot<'t> {
    name: &'t str,
    /// `"`, `'` or nothing.
    quote: &'t str,
    typed: &'t str,
    /// Where the value begins, with its quote.
    start: usize,
    /// The quote is closed right behind.
    closed: bool,
}

impl Session {
    /// What can be completed at a place, the best first: the places where keys can go, filled for the variable, and the
    /// secrets that lie in the encrypted store.
    pub fn completions(&self, uri: &str, offset: u32) -> Vec<Completion> {
        let Some(open) = self.document(uri) else { return Vec::new() };
        let Some(workspace) = &open.workspace else { return Vec::new() };
        let names = names(open, workspace, &|| self.scope(uri), offset);
        if !names.is_empty() {
            return names;
        }
        if !has_values(open.doc.path()) {
            return Vec::new();
        }
        let Some(slot) = slot(open.doc.text(), offset as usize) else { return Vec::new() };
        let stores = Stores::of(workspace);
        let mut all: Vec<(String, String)> = Vec::new();
        let known = stores.known();
        let (same, others) = known.iter().partition::<Vec<_>, _>(|it| it.field.as_deref() == Some(slot.name));
        all.extend(same.iter().map(|it| (it.to_string(), "the encrypted store has it".to_owned())));
        for to in stores.destinations() {
            let Some(reference) = to.reference else { continue };
            all.push((reference.replace("{name}", slot.name), to.label.replace("{name}", slot.name)));
        }
        all.extend(others.iter().map(|it| (it.to_string(), "in the encrypted store".to_owned())));
        let mut seen = std::collections::BTreeSet::new();
        all.retain(|(reference, _)| reference.starts_with(slot.typed) && seen.insert(reference.clone()));
        all.into_iter().map(|(label, detail)| slot.completion(label, detail, offset as usize)).collect()
    }
}

impl Slot<'_> {
    fn completion(&self, label: String, detail: String, at: usize) -> Completion {
        // Another quote than the double one is replaced at both ends.
        let keeps_end = self.closed && self.quote == "\"";
        let end = if self.closed && !keeps_end { at + 1 } else { at };
        let insert = if keeps_end { format!("\"{label}") } else { format!("\"{label}\"") };
        let filter = format!("{}{label}", self.quote);
        Completion {
            label,
            detail,
            about: None,
            sort: Sort::Reference,
            replace: Span::new(self.start, end),
            insert,
            filter,
        }
    }
}

/// The value around a place, if nothing but its end stands behind that.
fn slot(text: &str, at: usize) -> Option<Slot<'_>> {
    static HEAD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"^\u{feff}?[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(["']?)([^"'\s]*)$"#)
            .expect("a literal pattern")
    });
    let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let end = text[at..].find('\n').map_or(text.len(), |it| at + it);
    let head = HEAD.captures(&text[start..at])?;
    let (name, quote, typed) = (head.get(1)?.as_str(), head.get(2)?, head.get(3)?.as_str());
    let rest = text[at..end].trim_end_matches('\r');
    let behind = rest.strip_prefix(quote.as_str()).filter(|_| !quote.is_empty());
    let closed = behind.is_some();
    let free =
        |rest: &str| rest.trim().is_empty() || rest.starts_with([' ', '\t']) && rest.trim_start().starts_with('#');
    let fits = free(behind.unwrap_or(rest));
    fits.then(|| Slot { name, quote: quote.as_str(), typed, start: start + quote.start(), closed })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line becomes: `|` is the place.
    fn completed(line: &str) -> Option<String> {
        let at = line.find('|').expect("a place");
        let text = line.replace('|', "");
        let slot = slot(&text, at)?;
        let it = slot.completion(format!("ref+age://f#/{}", slot.name), String::new(), at);
        let typed = &text[it.replace.start as usize..at];
        assert!(it.filter.starts_with(typed), "editors compare {typed} with {}", it.filter);
        Some(format!("{}{}{}", &text[..it.replace.start as usize], it.insert, &text[it.replace.end as usize..]))
    }

    #[test]
    fn a_reference_is_always_in_double_quotes() {
        for (line, then) in [
            ("A=|", "A=\"ref+age://f#/A\""),
            ("A=\"|", "A=\"ref+age://f#/A\""),
            ("A=\"|\"", "A=\"ref+age://f#/A\""),
            ("A='|'", "A=\"ref+age://f#/A\""),
            ("A='re|", "A=\"ref+age://f#/A\""),
            ("export B = ref+a|", "export B = \"ref+age://f#/B\""),
            ("A=\"ref+age://f#|\" # why", "A=\"ref+age://f#/A\" # why"),
            ("A=| # why", "A=\"ref+age://f#/A\" # why"),
            ("X=1\r\nA=|\r\nY=2", "X=1\r\nA=\"ref+age://f#/A\"\r\nY=2"),
        ] {
            assert_eq!(completed(line).as_deref(), Some(then), "{line}");
        }
        for line in ["A|=", "# A=|", "A=|value", "A=\"|x\"", "A=\"done\"|", "|", "A=\"a b|\"", "A=\"|'"] {
            assert_eq!(completed(line), None, "{line}");
        }
    }
}
