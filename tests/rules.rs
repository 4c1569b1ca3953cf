//! The specification pages in `tests/rules/`: each is run, and rewritten as the code behaves.
//!
//! A page that changes fails; `UPDATE=1` keeps the new text. See README.md.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use aikeys::fixes::{
    Agent, Audience, Checked, Denial, Destination, EnvEntry, EnvFile, Exposure, Fix, GitState, LOCK, Lock, Safety,
    Surroundings, leaves_out,
};
use aikeys::rules::{self, Finding, RULES, is_env_file, is_env_template};
use aikeys::secrets::{Identity, SecretRef, env_lines, env_value, identity};
use aikeys::syntax::{Document, EnvLoader, Language, Packager, Reader, resolves, tells};
use aikeys::text;

use crate::support::{Keyed, with_keys};

fn pages() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/rules")
}

#[test]
fn pages_say_what_the_code_does() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = Vec::new();
    for rule in RULES {
        let path = pages().join(format!("{}.md", rule.id));
        let old =
            std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{}: every rule has a page", path.display()));
        let new = run(&old, rule.id);
        if old != new {
            if update {
                std::fs::write(&path, &new).expect("written");
            } else {
                wrong.push(diff(&old, &new, rule.id));
            }
        }
    }
    assert!(wrong.is_empty(), "the pages differ (UPDATE=1 keeps the new text):\n{}", wrong.join("\n"));
}

/// Rules about files that nobody programs in.
const OF_FILES: [&str; 30] = [
    "agent-can-read-env",
    "agent-endpoint-override",
    "app-secrets-file-tracked",
    "duplicate-env-key",
    "env-file-in-git",
    "env-file-mode",
    "env-file-shipped",
    "exposed-key-needs-rotation",
    "key-in-agent-config",
    "key-in-agent-permission",
    "key-in-browser",
    "key-in-cassette",
    "key-in-compose",
    "key-in-container-build",
    "key-in-deploy-config",
    "key-in-notebook",
    "key-in-workflow",
    "loader-divergent-value",
    "malformed-key-value",
    "malformed-reference",
    "old-key",
    "overdue-key",
    "plaintext-at-rest",
    "reference-not-resolved",
    "secret-printed-in-ci",
    "secret-scope-too-wide",
    "shared-across-environments",
    "static-key-where-identity-works",
    "template-drift",
    "vanished-key",
];

#[test]
fn every_rule_of_code_shows_both_languages() {
    for rule in RULES.iter().filter(|rule| !OF_FILES.contains(&rule.id)) {
        let text = std::fs::read_to_string(pages().join(format!("{}.md", rule.id))).expect("every rule has a page");
        for language in ["python", "rust"] {
            assert!(text.contains(&format!("```{language}")), "{}: no example in {language}", rule.id);
        }
    }
}

/// What is found in a document of a page.
type Check<'c> = &'c dyn Fn(&Document, &Surroundings) -> Vec<Finding>;

/// One code block of a page.
struct Block {
    info: String,
    code: String,
}

/// A piece of a page: text, or a case of one or more files.
enum Piece {
    Text(String),
    Case(Vec<Block>),
}

fn run(page: &str, rule: &str) -> String {
    let mut out = String::new();
    let mut shown = false;
    for piece in pieces(page) {
        match piece {
            Piece::Text(text) => out.push_str(&text),
            Piece::Case(blocks) => {
                let (text, ids) = case(&blocks, rule);
                shown |= ids.iter().any(|id| id == rule);
                out.push_str(&text);
            }
        }
    }
    assert!(shown, "{rule}: its page never shows it");
    out
}

/// Splits a page; the output blocks of earlier runs are dropped.
fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut lines = page.split_inclusive('\n').peekable();
    let mut blocks: Vec<Block> = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(info) = line.strip_prefix("```") {
            let info = info.trim().to_owned();
            let mut code = String::new();
            for line in lines.by_ref() {
                if line.trim_end() == "```" {
                    break;
                }
                code.push_str(line);
            }
            if info != "diff" && info != "text" {
                blocks.push(Block { info, code });
            }
            continue;
        }
        if line.trim().is_empty() && !blocks.is_empty() {
            continue;
        }
        if !blocks.is_empty() {
            pieces.push(Piece::Case(std::mem::take(&mut blocks)));
        }
        match pieces.last_mut() {
            Some(Piece::Text(text)) => text.push_str(line),
            _ => pieces.push(Piece::Text(line.to_owned())),
        }
    }
    if !blocks.is_empty() {
        pieces.push(Piece::Case(blocks));
    }
    pieces
}

/// Runs one case: the last block is the document, those before lie around it. Returns its text and the rules it shows.
fn case(blocks: &[Block], page: &str) -> (String, Vec<String>) {
    let (main, beside) = blocks.split_last().expect("a case has a block");
    let (path, attributes) = path_of(&main.info);
    let source = without_notes(&main.code, &path);
    let all: String = blocks.iter().map(|it| it.code.as_str()).collect();
    let keys = with_keys(&(source.clone() + &all));
    let expand = |text: &str| with_keys(text).text;
    let doc = Document::new(path.clone(), expand(&source));
    let mut around = Surroundings::bare();
    around.git = git(&attributes);
    around.agents = agents(&attributes);
    around.beside.audience = match attributes.split(' ').find_map(|it| it.strip_prefix("open-to=")) {
        Some("everyone") => Some(Audience::Everyone),
        Some("group") => Some(Audience::Group),
        _ => None,
    };
    if path == Path::new(LOCK) {
        let lock = Lock::parse(&expand(&source)).expect("a list of keys");
        let texts: Vec<&str> = beside.iter().map(|it| it.code.as_str()).collect();
        let is_used = |name: &str| texts.iter().any(|it| it.contains(name));
        let mentioned = lock.listed.iter().map(|it| (it.variable.clone(), is_used(&it.variable))).collect();
        around.beside.mentioned = Some(mentioned);
        around.lock = Some(std::sync::Arc::new(lock));
    }
    let unchanged = attributes.split(' ').find_map(|it| it.strip_prefix("unchanged="));
    around.beside.unchanged = unchanged.map(|days| days.parse().expect("a number of days"));
    around.exposed = exposed(&attributes, &doc, &around);
    if attributes.split(' ').any(|it| it == "local") {
        let reference = Some("ref+age://.aikeys/secrets.age#/{name}".to_owned());
        around.destinations =
            vec![Destination { store: "local".into(), label: "the encrypted store".into(), reference }];
    }
    for block in beside {
        let (path, _) = path_of(&block.info);
        if path == Path::new(LOCK) {
            around.lock = Some(std::sync::Arc::new(Lock::parse(&expand(&block.code)).expect("a list of keys")));
        }
        lay(&mut around, &path, &expand(&block.code), &doc);
    }
    if attributes.split(' ').any(|it| it == "missing") {
        let problem = Some("secret/app has no field OPENAI_API_KEY".to_owned());
        let checked = Checked { time: "2026-01-01 12:00".to_owned(), problem };
        around.checked.insert("ref+vault://secret/app#/OPENAI_API_KEY".to_owned(), checked);
    }
    let check = |doc: &Document, around: &Surroundings| {
        let mut found = rules::check(doc, around);
        // Off by themselves: each has its own page.
        found.retain(|it| it.rule == page || !rules::is_pedantic(it.rule));
        found
    };
    let findings = check(&doc, &around);
    for finding in &findings {
        one_fix_removes_one_finding(&check, &doc, &around, finding, &keys);
    }
    let mut out = String::new();
    for block in beside {
        let _ = write!(out, "```{}\n{}```\n\n", block.info, block.code);
    }
    let _ = write!(out, "```{}\n{}```\n\n", main.info, keys.without_keys(&noted(&doc, &findings)));
    let choice = attributes.split(' ').find_map(|it| it.strip_prefix("offered"));
    let repaired = repaired(&check, &doc, &around, &findings, &keys, choice);
    if !repaired.is_empty() {
        let _ = writeln!(out, "{repaired}");
    }
    (out, findings.iter().map(|it| it.rule.to_owned()).collect())
}

fn path_of(info: &str) -> (PathBuf, String) {
    let (language, rest) = info.split_once(' ').unwrap_or((info, ""));
    let name = rest.split(' ').find(|word| word.contains('.') && !word.contains('='));
    let default = match language {
        "python" => "app.py",
        "rust" => "src/main.rs",
        "dotenv" => ".env",
        "toml" => "Cargo.toml",
        "markdown" => "README.md",
        "typescript" => "app.ts",
        "go" => "main.go",
        "java" => "App.java",
        "csharp" => "App.cs",
        "ruby" => "app.rb",
        "php" => "app.php",
        _ => "notes.txt",
    };
    (PathBuf::from(name.unwrap_or(default)), rest.to_owned())
}

/// `agent=claude`: it works here, without any rule.
fn agents(attributes: &str) -> Vec<Agent> {
    let agent = |name: &str, file: Option<&str>, denial| Agent {
        name: name.to_owned(),
        files: file.map(|file| (file.into(), None)).into_iter().collect(),
        denial,
    };
    let known = [
        ("agent=claude", agent("Claude Code", Some(".claude/settings.json"), Denial::Permissions)),
        ("agent=gemini", agent("Gemini CLI", Some(".geminiignore"), Denial::IgnoreFile)),
        ("agent=codex", agent("Codex", None, Denial::Nothing)),
    ];
    known.into_iter().filter(|(word, _)| attributes.contains(word)).map(|(_, agent)| agent).collect()
}

/// `history=head|gone|pushed|none`: git's history holds the keys of the document, or was searched and does not.
fn exposed(attributes: &str, doc: &Document, around: &Surroundings) -> Option<HashMap<Identity, Option<Exposure>>> {
    let how = attributes.split(' ').find_map(|it| it.strip_prefix("history="))?;
    let exposure = || Exposure {
        commit: "3f1c2ab".to_owned(),
        date: "2026-05-02".to_owned(),
        pushed: how == "pushed",
        author: "A. Author".to_owned(),
        path: "app.py".to_owned(),
        in_head: how == "head",
    };
    let keys = rules::kept_keys(doc, around);
    Some(keys.into_iter().map(|key| (identity(doc.slice(key)), (how != "none").then(exposure))).collect())
}

fn git(attributes: &str) -> GitState {
    match attributes {
        it if it.contains("git=tracked") => GitState::Tracked,
        it if it.contains("git=untracked") => GitState::Untracked,
        it if it.contains("git=ignored") => GitState::Ignored,
        _ => GitState::NoRepository,
    }
}

fn lay(around: &mut Surroundings, path: &Path, text: &str, doc: &Document) {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or("");
    if is_env_file(doc.path()) {
        let wanted = rules::wanted_mentions(&around.catalogue, doc.text());
        let none = || wanted.keys().map(|it| (it.clone(), false)).collect();
        let mentioned = around.beside.mentioned.get_or_insert_with(none);
        mentioned.extend(rules::mentions(path, text, &wanted).map(|it| (it.clone(), true)));
        around.beside.loaders.extend(EnvLoader::named_in(path, text));
        if Packager::is_told_in(path) {
            around.beside.packing.push(std::sync::Arc::new(Document::plain(path, text)));
        }
        if is_env_template(path) {
            around.beside.templates.push(std::sync::Arc::new(Document::new(path, text)));
            return;
        }
        if is_env_file(path) {
            around.beside.env_files.push(EnvFile::of_text(path, text));
        }
    }
    let contract = std::sync::Arc::make_mut(&mut around.contract);
    if is_env_template(path) {
        contract.templates.push(std::sync::Arc::new(Document::new(path, text)));
    } else if !contract.templates.is_empty() {
        contract.declare(text);
    }
    if tells(path) && is_env_file(doc.path()) {
        if !resolves(text) {
            around.launchers.push(std::sync::Arc::new(Document::new(path, text)));
        }
    } else if name == ".dockerignore" {
        around.copied.retain(|it| !leaves_out(text, it));
    } else if name == "aikeys.toml" {
        let hosts =
            text.split_once("trusted-hosts = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |it| it.0);
        around.trusted_hosts = hosts.split(',').map(|it| it.trim().trim_matches('"').to_owned()).collect();
    } else if name == "zizmor.yml" {
        around.audited = true;
    } else if is_env_file(path) && name != ".env" && Reader::copying(doc.path()).is_some() {
        around.copied.push(path.to_string_lossy().into_owned());
    } else if name == ".env" {
        around.copied.push(name.to_owned());
        let entry = |line| {
            let value = env_value(text, &line);
            let reference = SecretRef::parse(&value);
            EnvEntry { name: text[line.name.range()].to_owned(), identity: Some(identity(&value)), reference }
        };
        around.env.entries = env_lines(text).into_iter().map(entry).collect();
    } else if Language::of_path(path)
        .is_some_and(|it| is_env_file(doc.path()) || doc.language().is_some_and(|own| own.name == it.name))
    {
        let other = std::sync::Arc::new(Document::new(path, text));
        around.entries.push(std::sync::Arc::clone(&other));
        around.siblings.push(other);
    } else {
        around.manifests.push_str(text);
    }
}

/// The document with each finding noted on its line.
fn noted(doc: &Document, findings: &[Finding]) -> String {
    let comment = doc.language().map_or("#", |it| it.comment.as_str());
    let mut notes: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for finding in findings {
        let line = doc.lines().line_of(finding.span.start);
        notes.entry(line).or_default().push(format!(
            "{}: [{}] {}",
            finding.severity.name(),
            finding.rule,
            finding.message
        ));
    }
    let mut out = String::new();
    for (at, line) in doc.text().split_inclusive('\n').enumerate() {
        let end = line.trim_end_matches(['\r', '\n']);
        out.push_str(end);
        for note in notes.get(&(at as u32)).into_iter().flatten() {
            let _ = write!(out, "  {comment} {note}");
        }
        out.push_str(&line[end.len()..]);
    }
    out
}

fn without_notes(code: &str, path: &Path) -> String {
    let comment = Language::of_path(path).map_or("#", |it| it.comment.as_str()).to_owned();
    let note = regex::Regex::new(&format!(r"(?m)(?:  {comment} (?:error|warning|info|hint): \[[a-z-]+\].*)$"))
        .expect("a pattern");
    note.replace_all(code, "").into_owned()
}

/// What `--fix` would do to all findings, one after the other; or a person that chooses the first offer, or the last.
fn repaired(
    check: Check<'_>,
    doc: &Document,
    around: &Surroundings,
    findings: &[Finding],
    keys: &Keyed,
    choice: Option<&str>,
) -> String {
    let mut texts: BTreeMap<PathBuf, (String, String)> = BTreeMap::new();
    let mut around = around.clone();
    let mut said: Vec<String> = Vec::new();
    let mut refusals: Vec<String> = Vec::new();
    let mut now = Document::new(doc.path(), doc.text());
    for _ in 0..=findings.len() {
        let found = check(&now, &around);
        refusals.clear();
        let mut step: Option<Fix> = None;
        for finding in &found {
            let repairs = rules::fixes(&now, &around, finding);
            refusals.extend(repairs.refused.clone());
            let mut fixes = repairs.fixes.into_iter();
            step = step.or_else(|| match choice {
                None => fixes.find(|it| it.safety != Safety::Offered),
                Some("=last") => fixes.last(),
                Some(_) => fixes.next(),
            });
        }
        let Some(fix) = step else { break };
        let offered = if fix.safety == Safety::Offered { "offered: " } else { "" };
        said.push(format!("{offered}{}", fix.title));
        if let Some(deposit) = &fix.deposit {
            let value = now.slice(deposit.secret);
            let line = match &deposit.reference {
                Some(reference) => format!("deposit {value} -> {reference}"),
                None => format!("deposit {value} -> .env as {}", deposit.name),
            };
            said.push(line);
            around.env.entries.push(EnvEntry {
                name: deposit.name.clone(),
                identity: Some(identity(value)),
                reference: deposit.reference.clone(),
            });
        }
        for (path, edits) in &fix.change.files {
            let beside = around.beside.templates.iter().chain(&around.contract.templates).chain(&around.beside.packing);
            let others = around.entries.iter().chain(&around.launchers).chain(beside);
            let lock = around.lock.iter().map(|it| &it.doc);
            let mut others = others.chain(lock);
            let old = others.find(|it| it.path() == path).map(|it| it.text().to_owned());
            let old = if path == doc.path() { now.text().to_owned() } else { old.unwrap_or_default() };
            let new = text::apply(&old, edits);
            texts.entry(path.clone()).or_insert_with(|| (old, String::new())).1.clone_from(&new);
            if path == doc.path() {
                now = Document::new(path, new.clone());
            }
            if resolves(&new) {
                around.launchers.clear();
            }
            if path == Path::new(LOCK) {
                around.lock = Lock::parse(&new).ok().map(std::sync::Arc::new);
            }
            let contract = std::sync::Arc::make_mut(&mut around.contract);
            let beside =
                around.beside.templates.iter_mut().chain(&mut contract.templates).chain(&mut around.beside.packing);
            let others = around.entries.iter_mut().chain(&mut around.siblings).chain(beside);
            for other in others.filter(|it| it.path() == path) {
                *other = std::sync::Arc::new(Document::new(path, new.clone()));
            }
        }
    }
    said.extend(refusals.into_iter().map(|reason| format!("refused: {reason}")));
    if said.is_empty() {
        return String::new();
    }
    let mut out = format!("```text\n{}\n```\n", keys.without_keys(&said.join("\n")));
    let diffs: String = texts.iter().map(|(path, (old, new))| diff(old, new, &path.display().to_string())).collect();
    if !diffs.is_empty() {
        let _ = write!(out, "\n```diff\n{}```\n", keys.without_keys(&diffs));
    }
    out
}

fn diff(old: &str, new: &str, name: &str) -> String {
    similar::TextDiff::from_lines(old, new).unified_diff().context_radius(1).header(name, name).to_string()
}

/// The text cannot be parsed, or some code in it.
fn is_broken(doc: &Document) -> bool {
    let is_notebook = doc.path().extension().is_some_and(|it| it == "ipynb");
    doc.facts().broken
        || doc.injections().iter().any(|code| code.doc().facts().broken)
        || is_notebook && serde_json::from_str::<serde_json::Value>(doc.text()).is_err()
}

/// What a program does with a key: a literal that is printed is one finding, and a variable that is printed another. And
/// what it needs: that it stops without a variable is told once it does.
const LEAKS: [&str; 13] = [
    "client-object-logged",
    "debug-shows-key",
    "dotenv-loaded-late",
    "env-not-declared",
    "key-in-error",
    "key-in-experiment-log",
    "key-in-prompt",
    "key-in-url",
    "key-logged",
    "key-on-command-line",
    "key-persisted",
    "secret-printed-in-ci",
    "span-records-key",
];

/// Where an object leaves whole: what its type no longer shows does not leave.
const OF_OBJECTS: [&str; 2] = ["client-object-logged", "key-in-experiment-log"];

/// Every fix takes its finding away and no other, breaks no syntax, and nothing printable holds the key.
fn one_fix_removes_one_finding(
    check: Check<'_>,
    doc: &Document,
    around: &Surroundings,
    finding: &Finding,
    keys: &Keyed,
) {
    let before = check(doc, around);
    let repairs = rules::fixes(doc, around, finding);
    let printed = format!("{finding:?} {repairs:?}");
    assert!(!keys.leaks(&printed), "a key is shown by the finding {} or its fixes", finding.rule);
    for fix in &repairs.fixes {
        let Some(edits) = fix.change.files.get(doc.path()) else { continue };
        let after = Document::new(doc.path(), text::apply(doc.text(), edits));
        let follows = |it: &&Finding| finding.rule == "debug-shows-key" && OF_OBJECTS.contains(&it.rule);
        let counts = |it: &&Finding| (LEAKS.contains(&finding.rule) || !LEAKS.contains(&it.rule)) && !follows(it);
        let before: Vec<&Finding> = before.iter().filter(counts).collect();
        let found = check(&after, around);
        let left: Vec<&Finding> = found.iter().filter(counts).collect();
        let said: Vec<String> = left.iter().map(|it| format!("{} at {:?}", it.rule, it.span)).collect();
        let text = keys.without_keys(after.text());
        assert_eq!(left.len() + 1, before.len(), "{:?} leaves {said:?}:\n{text}", fix.title);
        let broken = is_broken(&after) && !is_broken(doc);
        assert!(!broken, "{:?} breaks the syntax:\n{}", fix.title, keys.without_keys(after.text()));
    }
}
