//! Every language: its query compiles, its captures are in the vocabulary, and they stand where the carets say.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use aikeys::syntax::{Area, Document, Fact, Language, VOCABULARY};
use tree_sitter::{Parser, Query, QueryCursor, StreamingIterator, Tree};

fn known(capture: &str) -> bool {
    if capture.starts_with('_') {
        return true;
    }
    VOCABULARY.iter().any(|(head, members)| {
        let heads: Vec<String> = match head.strip_suffix(".*") {
            Some(family) => {
                let Some(rest) = capture.strip_prefix(family).and_then(|it| it.strip_prefix('.')) else { return false };
                vec![format!("{family}.{}", rest.split('.').next().unwrap_or(""))]
            }
            None => vec![(*head).to_owned()],
        };
        heads.iter().any(|head| capture == head || members.iter().any(|member| capture == format!("{head}.{member}")))
    })
}

#[test]
fn captures_are_in_the_vocabulary() {
    for language in Language::all() {
        for capture in language.query().capture_names() {
            assert!(
                known(capture),
                "grammars/{}/facts.scm: @{capture} is no capture of grammars/README.md",
                language.name
            );
            let idiom = capture.split('.').nth(1);
            if let (true, Some(idiom)) =
                (capture.starts_with("slot.") || capture.starts_with("within.") || capture.starts_with("wants."), idiom)
            {
                let there = language.idioms.iter().any(|it| it.id == idiom);
                assert!(there, "grammars/{}: @{capture} speaks of no idiom of language.toml", language.name);
            }
        }
        assert!(language.idioms.iter().any(|it| it.id == "value"), "grammars/{}: no idiom `value`", language.name);
    }
}

/// `# ^^^ binding.name` under a line: a fact of that kind has a member exactly there.
#[test]
fn facts_stand_where_the_carets_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grammars");
    let mut checked = 0;
    for language in Language::all() {
        let path = folder.join(format!("{}.{}", language.name, language.extensions[0]));
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}: every language has one", path.display()));
        let doc = Document::new(path.file_name().expect("a name"), text.clone());
        let members: Vec<(String, u32, u32)> = doc.facts().iter().flat_map(members).collect();
        let mut target = 0;
        for (at, line) in text.lines().enumerate() {
            let marker = line.trim_start().strip_prefix(language.comment.as_str()).filter(|rest| rest.contains('^'));
            let Some(rest) = marker else {
                target = doc.lines().span(at as u32).start;
                continue;
            };
            let caret = line.find('^').expect("just seen") as u32;
            let len = rest[rest.find('^').expect("just seen")..].chars().take_while(|c| *c == '^').count() as u32;
            let expected = rest.trim().trim_matches('^').trim().trim_start_matches('^').trim();
            let (negative, expected) = expected.strip_prefix('!').map_or((false, expected), |it| (true, it));
            let found = members
                .iter()
                .any(|(name, start, end)| name == expected && *start == target + caret && *end == target + caret + len);
            assert_eq!(found, !negative, "{}:{}: {expected} ({}..{})", path.display(), at + 1, caret, caret + len);
            checked += 1;
        }
    }
    assert!(checked > 40, "only {checked} carets were checked");
}

fn members(fact: &Fact) -> Vec<(String, u32, u32)> {
    let it = |name: &str, span: aikeys::text::Span| (name.to_owned(), span.start, span.end);
    match fact {
        Fact::Literal { value, .. } => vec![it("string.value", *value)],
        Fact::Binding { name, value, .. } => vec![it("binding.name", *name), it("binding.value", *value)],
        Fact::Call { callee, .. } => vec![it("call.callee", *callee)],
        Fact::EnvRead { name, default, .. } => {
            let default = default.map(|span| it("env.read.default", span));
            std::iter::once(it("env.read.name", *name)).chain(default).collect()
        }
        Fact::EnvWrite { name, value, .. } => vec![it("env.write.name", *name), it("env.write.value", *value)],
        Fact::Setting { name, .. } => vec![it("setting.name", *name)],
        Fact::Subclass { of, .. } => vec![it("subclass.of", *of)],
        Fact::EnvLoad { span, .. } => vec![it("env.load", *span)],
        Fact::EnvEmbed { span, name } => vec![it("env.embed", *span), it("env.embed.name", *name)],
        Fact::Joined { span } => vec![it("joined", *span)],
        Fact::Folded { span } => vec![it("folded", *span)],
        Fact::Template { span } => vec![it("template", *span)],
        Fact::EnvRemove { span, .. } => vec![it("env.remove", *span)],
        Fact::EnvOverride { span } => vec![it("env.override", *span)],
        Fact::Import { name, .. } => vec![it("import.name", *name)],
        Fact::Comment { span } => vec![it("comment", *span)],
        Fact::Prologue { span } => vec![it("prologue", *span)],
        Fact::Entry { body } => vec![it("entry.body", *body)],
        Fact::Slot { span, idiom, .. } => vec![it(&format!("slot.{idiom}"), *span)],
        Fact::Within { span, idiom } => vec![it(&format!("within.{idiom}"), *span)],
        Fact::LiteralOnly { name, .. } => vec![it("literal-only.name", *name)],
        Fact::Wants { span, idiom, .. } => vec![it(&format!("wants.{idiom}"), *span)],
        Fact::Renamed { of, to, .. } => vec![it("renamed.of", *of), it("renamed.to", *to)],
        Fact::Droppable { span } => vec![it("droppable", *span)],
        Fact::Deferred { span } => vec![it("deferred", *span)],
    }
}

#[test]
fn imports_stand_where_their_words_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/grammars");
    let mut imports = 0;
    for entry in fs::read_dir(folder).expect("the samples").filter_map(Result::ok) {
        let text = fs::read_to_string(entry.path()).expect("a text");
        let all = Document::new(entry.file_name(), text.as_str());
        let near = Document::new(entry.file_name(), text.as_str());
        let all: Vec<Fact> = all.facts().imports().cloned().collect();
        let near: Vec<Fact> = near.facts_near(&[]).imports().cloned().collect();
        assert_eq!(near, all, "{}: `import-words` of the language", entry.path().display());
        imports += all.len();
    }
    assert!(imports > 10, "the samples have {imports} imports");
}

type Captures = Vec<(String, usize, usize)>;

/// Tree-sitter's own engine is the oracle of ours. It knows which patterns can never match, and takes them for errors.
#[test]
fn tree_sitter_finds_the_same() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let files = [files(&folder.join("grammars")), files(&folder.join("survival"))].concat();
    let mut matches = 0;
    for language in Language::all() {
        let oracle = Query::new(language.grammar(), &language.facts)
            .unwrap_or_else(|error| panic!("grammars/{}/facts.scm: {error}", language.name));
        let is_of = |path: &&PathBuf| Language::of_path(path).is_some_and(|it| it.name == language.name);
        for path in files.iter().filter(is_of) {
            let whole = fs::read_to_string(path).expect("a text");
            // The first half breaks off in the middle of something.
            for text in [whole.as_str(), &whole[..whole.floor_char_boundary(whole.len() / 2)]] {
                let mut parser = Parser::new();
                parser.set_language(language.grammar()).expect("a grammar of today");
                let tree = parser.parse(text, None).expect("a tree");
                let (found, expected) = (found(language, &tree, text), expected(&oracle, &tree, text));
                let missed: Vec<_> = expected.difference(&found).collect();
                assert!(missed.is_empty(), "{}: {missed:?}", path.display());
                // Of a field that is there twice, tree-sitter finds the first: `ENV NAME=two"pieces"`.
                let more: Vec<_> = found.difference(&expected).collect();
                assert!(more.is_empty() || language.name == "dockerfile", "{}: {more:?}", path.display());
                matches += found.len();
            }
        }
    }
    assert!(matches > 2_000, "only {matches} matches");
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|it| it.expect("an entry").path());
    entries.flat_map(|it| if it.is_dir() { files(&it) } else { vec![it] }).collect()
}

fn found(language: &Language, tree: &Tree, text: &str) -> BTreeSet<Captures> {
    let (query, mut all) = (language.query(), BTreeSet::new());
    query.matches(tree, text, Area::ALL, |captured| {
        let name = |number: usize| query.capture_names()[number].clone();
        all.insert(sorted(captured.iter().map(|(it, at)| (name(*it), at.start as usize, at.end as usize))));
    });
    all
}

fn expected(query: &Query, tree: &Tree, text: &str) -> BTreeSet<Captures> {
    let (mut cursor, mut all) = (QueryCursor::new(), BTreeSet::new());
    let mut matches = cursor.matches(query, tree.root_node(), text.as_bytes());
    while let Some(found) = matches.next() {
        let name = |number: u32| query.capture_names()[number as usize].to_owned();
        all.insert(sorted(
            found.captures().iter().map(|it| (name(it.index), it.node.start_byte(), it.node.end_byte())),
        ));
    }
    all
}

fn sorted(captures: impl Iterator<Item = (String, usize, usize)>) -> Captures {
    let mut all: Captures = captures.collect();
    all.sort();
    all
}
