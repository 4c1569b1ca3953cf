//! Where a variable of the environment stands in a document: reads, writes, lines of env files, entries of settings.

use crate::secrets::{env_lines, is_env_file, is_env_template};
use crate::syntax::{Document, Fact, HostKind};
use crate::text::Span;

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
    let span = word_around(doc.text(), offset as usize)?;
    let name = doc.slice(span);
    let known = is_name(name) && variable_places(doc, name).iter().any(|(it, _)| *it == span);
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

/// Settings classes with a field that is filled from `name` under another spelling: a rename would miss them.
pub fn spelled_otherwise(doc: &Document, name: &str) -> Option<Span> {
    let fields = doc.facts().iter().filter_map(|fact| match *fact {
        Fact::Setting { name, .. } => Some(name),
        _ => None,
    });
    let other = |span: &Span| doc.slice(*span) != name && doc.slice(*span).eq_ignore_ascii_case(name);
    fields.into_iter().find(other)
}

fn own_places(doc: &Document, name: &str) -> Vec<(Span, Role)> {
    if is_env_file(doc.path()) || is_env_template(doc.path()) {
        return in_env_file(doc, name);
    }
    let words = doc.places_of(name, None);
    match doc.language() {
        Some(language) if language.shell => words.filter_map(|it| in_shell(doc, it)).collect(),
        Some(language) if !language.read.expression.is_empty() => words.filter_map(|it| in_code(doc, it)).collect(),
        // What notebooks printed is no place of a variable.
        None if doc.host().is_some_and(|host| host.kind == HostKind::Notebook) => Vec::new(),
        _ => words.filter(|it| is_mention(doc.text(), *it)).map(|it| (it, Role::Name)).collect(),
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
    doc.places_of(name, None).filter_map(place).collect()
}

fn in_code(doc: &Document, span: Span) -> Option<(Span, Role)> {
    let roles = doc.facts().around(span).filter_map(|fact| match *fact {
        Fact::EnvRead { name, .. } | Fact::EnvEmbed { name, .. } if name.contains(span) => Some(Role::Read),
        Fact::EnvWrite { name, .. } | Fact::EnvRemove { name: Some(name), .. } if name.contains(span) => {
            Some(Role::Write)
        }
        Fact::Setting { name, .. } if name == span => Some(Role::Read),
        // A list of names, an argument of somebody's own reader.
        Fact::Literal { value, .. } if value == span && is_name(doc.slice(span)) => Some(Role::Name),
        _ => None,
    });
    // What reads or sets it says more than that it is a text.
    Some((span, roles.min()?))
}

fn in_shell(doc: &Document, span: Span) -> Option<(Span, Role)> {
    let (before, behind) = (&doc.text()[..span.start as usize], &doc.text()[span.end as usize..]);
    let role = match () {
        () if before.ends_with(['$', '{', '#', '!']) => Role::Read,
        () if behind.starts_with(['=', '[']) || behind.starts_with("+=") => Role::Write,
        () => Role::Name,
    };
    is_mention(doc.text(), span).then_some((span, role))
}

/// A name with a `_` is said of nothing else; another one is a word, unless what stands around it says so.
fn is_mention(text: &str, span: Span) -> bool {
    let (before, behind) = (&text[..span.start as usize], &text[span.end as usize..]);
    // `${{ secrets.NAME }}` is the name of something that lies elsewhere.
    let elsewhere = ["secrets.", "vars.", "inputs.", "outputs.", "secrets['", "secrets[\"", "/", "-"];
    if elsewhere.iter().any(|it| before.ends_with(it)) || behind.starts_with(['-', '/']) {
        return false;
    }
    let line = before.rsplit('\n').next().unwrap_or("").trim_start_matches([' ', '\t', '-', '"', '\'']);
    let named = || matches!(line, "" | "export " | "ENV " | "ARG ") && behind.starts_with(['=', ':', '"', '\'']);
    is_name(&text[span.range()])
        || before.ends_with('$')
        || before.ends_with("${")
        || before.ends_with("env.")
        || named()
}

/// `OPENAI_API_KEY`
fn is_name(text: &str) -> bool {
    text.contains('_') && text.bytes().all(|it| it.is_ascii_alphanumeric() || it == b'_')
}

/// The word of letters, digits and `_` that touches a place.
fn word_around(text: &str, at: usize) -> Option<Span> {
    let part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    let start = at - bytes.get(..at)?.iter().rev().take_while(|it| part(it)).count();
    let end = at + bytes[at..].iter().take_while(|it| part(it)).count();
    (start < end && !bytes[start].is_ascii_digit()).then(|| Span::new(start, end))
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
                "services:\n  a:\n    environment:\n      A_|KEY: ${A_KEY}\n      - A_KEY",
                vec![(3, Name), (3, Name), (4, Name)],
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
