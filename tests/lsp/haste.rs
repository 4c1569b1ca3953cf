//! Typing in a large file: a parse that would take long is put off, and nothing is changed by what was known before.

use std::hash::{DefaultHasher, Hash, Hasher};

use aikeys::syntax::Document;
use aikeys::text::{Edit, Span};
use serde_json::json;

use super::client::{Client, editor};
use super::project::{Project, key};

/// What opens something that goes on to the end of the file, and what ends it.
const PIECES: [&str; 12] = ["\"", "'", "(", ")", "{", "}", "\n", "x", "é", "\"\"\"", "/*", "`"];

fn texts() -> [(&'static str, String); 3] {
    let (python, rust, typescript) = (key(1), key(2), key(3));
    let many = |text: &str| text.repeat(400);
    [
        (
            "app.py",
            many("def f(a, b=1):\n    return {\"a\": a, \"b\": [b, \"…\"]}\n\n")
                + &format!("api_key = \"{python}\"\nclient = OpenAI(api_key=api_key)\n"),
        ),
        (
            "src/app.rs",
            many("fn f(a: u8) -> Vec<u8> {\n    vec![a, g(\"é\", 1)]\n}\n\n")
                + &format!("const OPENAI_API_KEY: &str = \"{rust}\";\n"),
        ),
        (
            "app.ts",
            many("function f(a: number) {\n  return { a, b: [a, `${a}`] };\n}\n\n")
                + &format!("const apiKey = \"{typescript}\";\n"),
        ),
    ]
}

fn facts(doc: &Document) -> Vec<String> {
    doc.facts().iter().map(|fact| format!("{fact:?}")).collect()
}

/// Numbers that look like chance, the same at each run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, most: usize) -> usize {
        self.0 += 1;
        let mut hasher = DefaultHasher::new();
        self.0.hash(&mut hasher);
        (hasher.finish() >> 8) as usize % most
    }
}

#[test]
fn facts_of_before_are_told_while_someone_types_and_never_after() {
    let mut numbers = Numbers(0);
    for (path, text) in texts() {
        let mut doc = Document::new(path, text.as_str());
        let (before, mut behind) = (facts(&doc), 0);
        for _ in 0..15 {
            let mut back = Vec::new();
            for _ in 0..8 {
                let len = doc.text().len();
                let at = doc.text().floor_char_boundary(numbers.below(len));
                let end = doc.text().floor_char_boundary((at + numbers.below(12) * numbers.below(2)).min(len)).max(at);
                let typed = PIECES[numbers.below(PIECES.len())];
                let gone = doc.text()[at..end].to_owned();
                back.push(Edit::replace(Span::new(at, at + typed.len()), gone));
                doc.edit(&Edit::replace(Span::new(at, end), typed));
                // Whatever is known, it has a place in this text.
                for fact in doc.facts().iter() {
                    let span = fact.span();
                    assert!(doc.text().get(span.range()).is_some(), "{path}: {span:?} is no place of the text");
                }
                behind += usize::from(doc.is_behind());
            }
            while let Some(edit) = back.pop() {
                doc.edit(&edit);
                doc.facts();
            }
            doc.settle();
            assert_eq!(doc.text(), text);
            assert_eq!(facts(&doc), before, "{path}: the facts are those of the text");
            assert!(!doc.is_behind());
        }
        assert!(behind > 0, "{path}: no parse was put off");
    }
}

#[test]
fn what_is_quick_is_not_put_off() {
    for (path, text) in texts() {
        let mut doc = Document::new(path, text);
        doc.facts();
        for letter in ["w", "o", "r", "d"] {
            let at = doc.text().find("a").expect("a name");
            doc.edit(&Edit::insert(at, letter));
            doc.facts();
            assert!(!doc.is_behind(), "{path}: one more letter is a quick parse");
        }
    }
}

#[test]
fn what_was_put_off_is_told_soon_and_no_edit_comes_from_before() {
    let project = Project::new(&[(".gitignore", ".env\n")]);
    let (_, text) = &texts()[0];
    let mut client = Client::start();
    client.initialize(editor());
    let uri = project.uri("app.py");
    client.open(&uri, "python", text);
    assert_eq!(client.published(&uri, 1).len(), 1);
    // What else is going on has ended: whatever comes in between has the text parsed at once.
    std::thread::sleep(std::time::Duration::from_secs(1));
    // From here on the file is read as what stands in the bracket.
    let at = json!({"line": 600, "character": 0});
    let change = json!({"range": {"start": at, "end": at}, "text": "x = f(\n"});
    let document = json!({"uri": uri, "version": 2});
    client.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [change]}));
    // The key is marked in both, one line further down.
    let line = text.lines().count() - 1;
    for _ in 0..2 {
        let found = client.published(&uri, 2);
        assert_eq!(found[0]["range"]["start"]["line"], line, "the mark goes along");
    }
    // Asked at once, before anything was checked, the offer is worked out for the text.
    let gone = json!({"range": {"start": at, "end": {"line": 601, "character": 0}}, "text": ""});
    let document = json!({"uri": uri, "version": 3});
    client.notify("textDocument/didChange", json!({"textDocument": document, "contentChanges": [gone]}));
    let place = json!({"line": line - 1, "character": 14});
    let range = json!({"start": place, "end": place});
    let asked = json!({"textDocument": {"uri": uri}, "range": range, "context": {"diagnostics": []}});
    let offers = client.request("textDocument/codeAction", asked);
    let titles: Vec<&str> = offers.as_array().into_iter().flatten().filter_map(|it| it["title"].as_str()).collect();
    assert!(titles.iter().any(|it| it.contains(".env")), "{titles:?}");
    client.shut_down();
}
