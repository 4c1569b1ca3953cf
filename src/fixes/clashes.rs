//! What else a file does to the variable that a key would go to.

use crate::syntax::{Document, Fact};
use crate::text::Span;

/// Why the variable `name` would not hold the key wherever it is read.
pub(super) fn clash(doc: &Document, name: &str, secret: Span) -> Option<String> {
    let key = doc.slice(secret);
    let dropped = doc.facts().iter().any(
        |fact| matches!(*fact, Fact::EnvWrite { name: it, value, .. } if value.contains(secret) && doc.slice(it) == name),
    );
    let is_shell = doc.language().is_some_and(|language| language.shell);
    let line = |span: Span| doc.lines().line_of(span.start) + 1;
    doc.facts().iter().find_map(|fact| {
        let (span, what) = match *fact {
            Fact::EnvRemove { span, name: None } => {
                let line = line(span);
                return Some(format!("line {line} empties the environment: hand the key on by hand"));
            }
            Fact::EnvRemove { span, name: Some(removed) } if doc.slice(removed) == name => {
                (span, "is taken out of the environment")
            }
            Fact::EnvWrite { span, name: it, value } if doc.slice(it) == name && !value.contains(secret) => {
                let mut literals = doc.facts().iter().filter_map(|fact| match *fact {
                    Fact::Literal { span, value: text } if value.contains(span) => Some(doc.slice(text)),
                    _ => None,
                });
                let empty = matches!(doc.slice(value), "\"\"" | "''");
                let other = match literals.next() {
                    Some(first) => first != key && literals.all(|it| it != key),
                    None => empty || dropped,
                };
                if !other {
                    return None;
                }
                (span, "gets another value")
            }
            // A shell's variables are those of the environment.
            Fact::Binding { span, name: it, value } if is_shell && doc.slice(it) == name && value.contains(secret) => {
                let sign = doc.slice(Span { start: it.end, end: value.start });
                if !sign.starts_with("+=") {
                    return None;
                }
                (span, "is added to")
            }
            Fact::Binding { span, name: it, value } if is_shell && doc.slice(it) == name && !value.contains(secret) => {
                let given = doc.slice(value);
                if given.contains(name) || given.contains(key) {
                    return None;
                }
                (span, "gets another value")
            }
            _ => return None,
        };
        let line = line(span);
        Some(format!("{name} {what} in line {line}: give this key another name with `--name`"))
    })
}
