//! What keeps a coding agent from reading env files.

use super::declared::{entries, put_first};
use super::removal::next;
use super::{Fix, Safety, leaves_out};
use crate::syntax::{Document, Fact, glob};
use crate::text::{Change, Edit, Span, line_ending};

use super::surroundings::{Agent, Denial};

/// What Claude Code takes for "read no env file".
const RULES: [&str; 2] = ["Read(./.env)", "Read(./.env.*)"];

impl Agent {
    /// One of its rules speaks of env files.
    pub fn is_denied(&self) -> bool {
        match self.denial {
            Denial::Permissions => self.files.iter().filter_map(|file| file.1.as_deref()).any(denies),
            Denial::IgnoreFile => {
                let text = self.files.first().and_then(|file| file.1.as_deref()).unwrap_or("");
                leaves_out(text, ".env")
            }
            Denial::Nothing => false,
        }
    }
}

/// The rule that keeps an agent from reading env files, where it has such rules.
pub fn deny(agent: &Agent) -> Option<Fix> {
    let (path, text) = agent.files.first()?;
    let old = text.as_deref().unwrap_or("");
    let edit = match agent.denial {
        Denial::Nothing => return None,
        Denial::IgnoreFile => {
            let ending = line_ending(old);
            let start = if old.is_empty() || old.ends_with('\n') { "" } else { ending };
            Edit::insert(old.len(), format!("{start}.env{ending}.env.*{ending}!.env.example{ending}"))
        }
        Denial::Permissions => permission(&Document::new(path, old))?,
    };
    let mut change = Change::default();
    change.add(path.clone(), [edit]).ok()?;
    // An agent that may run commands can still print the file.
    let title = format!("Deny {} to read env files (its shell still can: an encrypted store keeps them)", agent.name);
    Some(Fix { title, safety: Safety::Offered, change, deposit: None, start: None })
}

/// A rule of `permissions.deny` is about reading env files.
fn denies(settings: &str) -> bool {
    let doc = Document::new("settings.json", settings);
    let deny = value_of(&doc, "permissions", None).and_then(|it| value_of(&doc, "deny", Some(it)));
    let rule = |rule: &str| {
        let path = rule.strip_prefix("Read(").and_then(|it| it.strip_suffix(')'));
        rule == "Read" || path.is_some_and(is_env)
    };
    deny.is_some_and(|deny| {
        doc.facts().within(deny).any(|fact| matches!(*fact, Fact::Literal { value, .. } if rule(doc.slice(value))))
    })
}

/// A pattern for paths is one for `.env` as well.
fn is_env(pattern: &str) -> bool {
    let pattern = pattern.trim_start_matches("./").trim_start_matches('/').trim_start_matches("**/");
    pattern == "**" || glob(pattern, ".env")
}

/// Adds the rules to the settings; `None` when they cannot be read.
fn permission(doc: &Document) -> Option<Edit> {
    let rules = RULES.map(|rule| format!("\"{rule}\"")).join(", ");
    let ending = line_ending(doc.text());
    if doc.text().trim().is_empty() {
        let lines = ["{", "  \"permissions\": {", &format!("    \"deny\": [{rules}]"), "  }", "}", ""];
        return Some(Edit::insert(doc.text().len(), lines.join(ending)));
    }
    if doc.facts().broken {
        return None;
    }
    let permissions = value_of(doc, "permissions", None);
    // A list of rules, or an object that holds one.
    let (open, bracket, text) = match (permissions, permissions.and_then(|it| value_of(doc, "deny", Some(it)))) {
        (_, Some(deny)) => (deny.start, '[', rules),
        (Some(permissions), None) => (permissions.start, '{', format!("\"deny\": [{rules}]")),
        (None, None) => (next(doc, 0)?, '{', format!("\"permissions\": {{ \"deny\": [{rules}] }}")),
    };
    doc.text()[open as usize..].starts_with(bracket).then(|| put_first(doc, open + 1, &text))
}

/// The value of the first entry of this name, in `within` where that is given.
fn value_of(doc: &Document, key: &str, within: Option<Span>) -> Option<Span> {
    let mut entries = entries(doc, key).filter(|(span, _)| within.is_none_or(|it| it.contains(*span)));
    entries.next().map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::apply;

    fn agent(text: &str) -> Agent {
        let files = vec![(".claude/settings.json".into(), Some(text.to_owned()))];
        Agent { name: "Claude Code".to_owned(), files, denial: Denial::Permissions }
    }

    #[test]
    fn settings_get_the_rule_and_stay_what_they_were() {
        for text in [
            "",
            "{}",
            "{ }\n",
            "{\n  \"model\": \"x\"\n}\n",
            "{\"permissions\": {}}",
            "{\n  \"permissions\": {\n    \"allow\": [\"Bash(ls)\"]\n  }\n}\n",
            "{\n  \"permissions\": {\n    \"deny\": [\n      \"Bash(rm:*)\"\n    ]\n  }\n}\n",
            "{\"permissions\": {\"deny\": []}, \"env\": {\"deny\": 1}}",
            "{\r\n  \"permissions\": {\"deny\": [\"WebFetch\"]}\r\n}\r\n",
        ] {
            assert!(!agent(text).is_denied(), "{text}");
            let fix = deny(&agent(text)).expect("there is a rule");
            let (_, edits) = fix.change.files.iter().next().expect("one file");
            let after = apply(text, edits);
            let read: serde_json::Value =
                serde_json::from_str(&after).unwrap_or_else(|error| panic!("{error}: {after}"));
            assert_eq!(read["permissions"]["deny"][0], RULES[0], "{after}");
            assert!(agent(&after).is_denied(), "{after}");
            let mut old: serde_json::Value = serde_json::from_str(text).unwrap_or_else(|_| serde_json::json!({}));
            for (key, value) in old.as_object_mut().into_iter().flatten().filter(|(key, _)| *key != "permissions") {
                assert_eq!(read[key], *value);
            }
        }
        assert!(deny(&agent("{ \"permissions\": ")).is_none(), "what cannot be read is not edited");
        for other in ["{ \"permissions\": 3 }", "{\"permissions\": []}", "{\"permissions\": {\"deny\": {}}}", "[]"] {
            assert!(deny(&agent(other)).is_none(), "{other}");
        }
    }

    #[test]
    fn only_a_rule_about_env_files_denies_them() {
        let deny =
            |rule: &str| agent(&format!(r#"{{"hooks": {{"deny": []}}, "permissions": {{"deny": ["{rule}"]}}}}"#));
        for rule in ["Read", "Read(.env)", "Read(./.env)", "Read(./.env*)", "Read(**/.env)", "Read(**)", "Read(./**)"] {
            assert!(deny(rule).is_denied(), "{rule}");
        }
        for rule in ["Read(**/.env.example)", "Bash(cat .env)", "Write(.env)", "Read(./secrets/**)"] {
            assert!(!deny(rule).is_denied(), "{rule}");
        }
        let ignore = |text: &str| Agent {
            name: "Gemini CLI".to_owned(),
            files: vec![(".geminiignore".into(), Some(text.to_owned()))],
            denial: Denial::IgnoreFile,
        };
        assert!(ignore("node_modules\n**/.env\n").is_denied() && ignore("/.env*").is_denied());
        assert!(!ignore(".envrc\n.env.example\n").is_denied() && !ignore(".env\n!.env\n").is_denied());
    }
}
