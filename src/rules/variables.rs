//! Where a variable of the environment stands in a document: reads, writes, lines of env files, entries of settings.

use crate::secrets::{env_lines, is_env_file, is_env_template};
use crate::syntax::{Document, Fact, HostKind};
use crate::text::{Span, word_at};

/// What happens to a variable at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// An env file sets it.
    Line,
    /// Code sets it or takes it out.
    Write,
    /// Code reads it.
    Read,
    /// Settings or texts name it: `environment:` of Compose, `env:` of a workflow, a list of names.
    Name,
}

/// The variable whose name stands at `offset`, and where.
pub fn variable_at(doc: &Document, offset: u32) -> Option<(Span, String)> {
    let place = Span { start: offset, end: offset };
    if let Some((code, inner)) = doc.injection_at(place) {
        let (span, name) = variable_at(code.doc(), inner.start)?;
        return Some((code.outer(span), name));
    }
    let span = word_at(doc.text(), offset as usize)?;
    let name = doc.slice(span);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let known = variable_places(doc, name).iter().any(|(it, _)| *it == span);
    known.then(|| (span, name.to_owned()))
}

/// Every place of the variable `name`, in order.
pub fn variable_places(doc: &Document, name: &str) -> Vec<(Span, Role)> {
    if !doc.text().contains(name) {
        return Vec::new();
    }
    let codes = doc.injections();
    let mut places: Vec<(Span, Role)> = own_places(doc, name);
    places.retain(|(span, _)| !codes.iter().any(|code| code.touches(*span)));
    for code in codes {
        places.extend(variable_places(code.doc(), name).into_iter().map(|(span, role)| (code.outer(span), role)));
    }
    places.sort_unstable();
    places.dedup_by_key(|(span, _)| *span);
    places
}

/// A field of a settings class that may be filled from `name` under another spelling: a rename would miss it.
pub fn spelled_otherwise(doc: &Document, name: &str) -> Option<Span> {
    let prefixes = doc.language()?.settings.as_ref().map_or(&[][..], |it| &it.prefix);
    let has_prefix = prefixes.iter().any(|it| doc.text().contains(it.as_str()));
    let lower = name.to_ascii_lowercase();
    let fields = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::Setting { name, .. } => Some(name),
        _ => None,
    });
    let other = |span: &Span| {
        let field = doc.slice(*span).to_ascii_lowercase();
        doc.slice(*span) != name && (field == lower || has_prefix && lower.ends_with(&format!("_{field}")))
    };
    fields.into_iter().find(other)
}

/// Whole words that are `name`, in order: also those that are no place of a variable.
pub fn words(text: &str, name: &str) -> Vec<Span> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let whole = |at: &usize| !text[..*at].ends_with(part) && !text[at + name.len()..].starts_with(part);
    text.match_indices(name).map(|(at, _)| at).filter(whole).map(|at| Span::new(at, at + name.len())).collect()
}

fn own_places(doc: &Document, name: &str) -> Vec<(Span, Role)> {
    if is_env_file(doc.path()) || is_env_template(doc.path()) {
        return in_env_file(doc, name);
    }
    let words = words(doc.text(), name).into_iter();
    match (doc.language(), doc.host().map(|it| it.kind)) {
        (Some(language), _) if language.shell => words.filter_map(|it| in_shell(doc, it)).collect(),
        (Some(language), _) if !language.read.expression.is_empty() => {
            words.filter_map(|it| in_code(doc, it)).collect()
        }
        (Some(_), _) => words.filter_map(|it| in_settings(doc, it)).collect(),
        // Written for people, who say a name with a `_` of nothing else.
        (None, Some(HostKind::Document)) if is_name(name) => words.map(|it| (it, Role::Name)).collect(),
        // What notebooks printed is no place of a variable.
        _ => Vec::new(),
    }
}

fn in_env_file(doc: &Document, name: &str) -> Vec<(Span, Role)> {
    let lines = env_lines(doc.text());
    let place = |span: Span| match lines.iter().find(|line| line.line.contains(span)) {
        Some(line) if line.name == span => Some((span, Role::Line)),
        // `URL=https://${HOST}/`
        Some(line) if line.value.contains(span) => {
            doc.text()[..span.start as usize].ends_with(['$', '{']).then_some((span, Role::Name))
        }
        Some(_) => None,
        // `# NAME=`
        None => Some((span, Role::Name)),
    };
    words(doc.text(), name).into_iter().filter_map(place).collect()
}

fn in_code(doc: &Document, span: Span) -> Option<(Span, Role)> {
    let roles = doc.facts().around(span).filter_map(|fact| match *fact {
        Fact::EnvRead { name, .. } | Fact::EnvEmbed { name, .. } if name.contains(span) => Some(Role::Read),
        Fact::EnvWrite { name, .. } | Fact::EnvRemove { name: Some(name), .. } if name.contains(span) => {
            Some(Role::Write)
        }
        Fact::Setting { name, .. } if name == span => Some(Role::Read),
        // A list of names, an argument of somebody's own reader; elsewhere it can be a header, a column, a label.
        Fact::Literal { value, .. } if value == span && is_name(doc.slice(span)) && speaks_of_env(doc, span) => {
            Some(Role::Name)
        }
        _ => None,
    });
    // What reads or sets it says more than that it is a text.
    Some((span, roles.min()?))
}

/// The line says so, or the file reads the variable.
fn speaks_of_env(doc: &Document, span: Span) -> bool {
    let line = doc.slice(doc.lines().span(doc.lines().line_of(span.start)));
    let reads = |fact: &Fact| match *fact {
        Fact::EnvRead { name, .. } => doc.slice(name).trim_matches(['"', '\'', '`']) == doc.slice(span),
        _ => false,
    };
    line.to_ascii_lowercase().contains("env") || doc.facts().iter().any(reads)
}

fn in_shell(doc: &Document, span: Span) -> Option<(Span, Role)> {
    let (before, behind) = (&doc.text()[..span.start as usize], &doc.text()[span.end as usize..]);
    let role = match () {
        () if is_expanded(before) || before.ends_with("${#") || before.ends_with("${!") => Role::Read,
        () if behind.starts_with(['=', '[']) || behind.starts_with("+=") => Role::Write,
        // `unset NAME`, `"NAME is not set"`, but no part of a path or of an option.
        () if is_name(doc.slice(span))
            && !before.ends_with(['/', '-', '.'])
            && !behind.starts_with(['/', '-', '.']) =>
        {
            Role::Name
        }
        () => return None,
    };
    Some((span, role))
}

/// Entries whose own entries are variables of a program: Compose, workflows, pipelines, Kubernetes, containers, agents.
const ENVIRONMENTS: [&str; 7] = ["env", "environment", "args", "variables", "containerEnv", "remoteEnv", "env_vars"];

/// A name in a file of settings: put in by `$`, or an entry of what a program gets.
fn in_settings(doc: &Document, span: Span) -> Option<(Span, Role)> {
    let before = &doc.text()[..span.start as usize];
    let context = before
        .ends_with("env.")
        .then_some(())
        .filter(|()| before[before.floor_char_boundary(before.len().saturating_sub(60))..].contains("${{"));
    if is_expanded(before) || context.is_some() {
        return Some((span, Role::Name));
    }
    let facts = doc.facts();
    let writes = |fact: &Fact| matches!(*fact, Fact::EnvWrite { name, .. } if name == span);
    if facts.around(span).any(writes) || begins_instruction(before) {
        return Some((span, Role::Write));
    }
    let names: Vec<&str> =
        facts.bindings_around(span).iter().map(|(name, _)| doc.slice(*name).trim_matches(['"', '\''])).collect();
    let is_entry = |at: usize| names.get(at).is_some_and(|it| ENVIRONMENTS.contains(it));
    // `environment: [NAME=…]`, `env: {NAME: …}`; `env: [{name: NAME}]`. What it is set to is another matter.
    let in_list = before.trim_end_matches(['"', '\'']).ends_with(['[', '-', ' ', ',', '{']) || before.ends_with('\n');
    let is_value = facts.around(span).any(|fact| matches!(*fact, Fact::Binding { value, .. } if value == span));
    let fits = is_entry(0) && in_list && !is_value || names.first() == Some(&"name") && is_entry(1);
    fits.then_some((span, Role::Name))
}

/// `ENV NAME`, `ARG NAME`
fn begins_instruction(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or("").trim_start();
    matches!(line, "ENV " | "ARG ")
}

/// `$NAME`, `${NAME}`, `$(NAME)`
fn is_expanded(before: &str) -> bool {
    ["$", "${", "$("].iter().any(|it| before.ends_with(it))
}

/// `OPENAI_API_KEY`. In small letters it could be anything, a key as well.
fn is_name(text: &str) -> bool {
    let part = |it: u8| it.is_ascii_uppercase() || it.is_ascii_digit() || it == b'_';
    text.contains('_') && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The places of the variable that stands at the first `|`, which is taken out.
    fn places(path: &str, text: &str) -> Option<Vec<(u32, Role)>> {
        let at = text.find('|')? as u32;
        let doc = Document::new(path, text.replace('|', ""));
        let (_, name) = variable_at(&doc, at)?;
        let line = |span: Span| doc.lines().line_of(span.start);
        Some(variable_places(&doc, &name).into_iter().map(|(span, role)| (line(span), role)).collect())
    }

    #[test]
    fn a_variable_is_found_where_it_is_read_set_and_named() {
        use Role::{Line, Name, Read, Write};
        for (path, text, then) in [
            (
                "a.py",
                "import os\nk = os.environ['A_|KEY']\nos.getenv(\"A_KEY\", 'A_KEY')\nos.environ['A_KEY'] = 'x'\nA_KEY = 1\n# A_KEY",
                vec![(1, Read), (2, Read), (2, Name), (3, Write)],
            ),
            ("a.ts", "const k = process.env.A_|KEY;\nneeded(['A_KEY', 'A_KEY_TWO']);", vec![(0, Read), (1, Name)]),
            ("a.rs", "fn f() { std::env::var(\"A_K|EY\"); env!(\"A_KEY\"); }", vec![(0, Read), (0, Read)]),
            (
                "a.sh",
                "export A_KEY=1\necho \"$A_|KEY ${A_KEY:-x}\"\nA_KEY=2 run",
                vec![(0, Write), (1, Read), (1, Read), (2, Write)],
            ),
            (".env", "A_|KEY=1\nB=${A_KEY}\n# A_KEY=old\nC=A_KEY", vec![(0, Line), (1, Name), (2, Name)]),
            (
                "compose.yaml",
                "services:\n  a:\n    environment:\n      A_|KEY: ${A_KEY}\n  b:\n    environment:\n      - A_KEY",
                vec![(3, Name), (3, Name), (6, Name)],
            ),
            (
                ".github/workflows/a.yml",
                "env:\n  A_|KEY: ${{ secrets.A_KEY }}\n  B: ${{ env.A_KEY }}",
                vec![(1, Name), (2, Name)],
            ),
            (
                "README.md",
                "Set `A_|KEY`:\n\n```python\nimport os\nos.environ['A_KEY']\n```\n",
                vec![(0, Name), (4, Read)],
            ),
        ] {
            assert_eq!(places(path, text), Some(then), "{path}: {text}");
        }
        // What has the name of a variable and is none.
        for (path, text, count) in [
            ("k8s.yaml", "env:\n- name: A_KEY\n  valueFrom:\n    secretKeyRef:\n      name: s\n      key: A_KEY\n", 1),
            (
                "compose.yaml",
                "services:\n  a:\n    secrets: [A_KEY]\n    image: A_KEY\nsecrets:\n  A_KEY:\n    file: A_KEY\n",
                0,
            ),
            (
                ".github/workflows/a.yml",
                "jobs:\n  a:\n    outputs:\n      A_KEY: x\n    steps:\n    - with:\n        A_KEY: y\n",
                0,
            ),
            (
                "Dockerfile",
                "FROM a\nARG A_KEY\nENV A_KEY=$A_KEY\nRUN --mount=type=secret,id=A_KEY cat /run/secrets/A_KEY\n",
                3,
            ),
            (".gitlab-ci.yml", "a:\n  variables:\n    A_KEY: $A_KEY\n  script: [\"run A_KEY\"]\n", 2),
            (".mcp.json", "{\"mcpServers\": {\"a\": {\"env\": {\"A_KEY\": \"${A_KEY}\"}, \"args\": [\"--x\"]}}}", 2),
            (".gitignore", "A_KEY\n", 0),
            ("h.py", "HEADERS = {\"A_KEY\": 1}\n", 0),
            ("r.py", "REQUIRED_ENV = [\"A_KEY\"]\n", 1),
            ("a.c", "#define A_KEY 1\n", 0),
            ("a.svelte", "<p>{A_KEY}</p>\n", 0),
            ("k.sh", "curl \"$A_KEY/v1\" --a-key /A_KEY\n", 1),
            (".env", "\u{feff}A_KEY=1\n", 1),
        ] {
            let found = variable_places(&Document::new(path, text), "A_KEY");
            assert_eq!(found.len(), count, "{path}: {found:?}");
        }
        for (path, text) in [("a.py", "A_|KEY = 1"), ("a.py", "x = 'a A_|KEY'"), ("a.md", "some wo|rd"), ("a.py", "|")]
        {
            assert_eq!(places(path, text), None, "{path}: {text}");
        }
    }

    #[test]
    fn a_short_name_is_a_word_unless_something_says_so() {
        let count = |path: &str, text: &str| variable_places(&Document::new(path, text), "PORT").len();
        assert_eq!(count("compose.yaml", "environment:\n  PORT: 1\n  X: ${PORT}\n  note: the PORT of it\n"), 2);
        assert_eq!(count("a.py", "import os\nos.environ['PORT']\nuse('PORT')\n"), 1);
        assert_eq!(count("notes.txt", "the PORT"), 0);
    }
}
