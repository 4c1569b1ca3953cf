//! Files of settings after a fix: still a file of their kind, with the same values but for the key's.
//!
//! Every fix of every key is tried, in files as people and programs leave them.

use std::path::Path;

use aikeys::fixes::Surroundings;
use aikeys::rules;
use aikeys::syntax::Document;
use aikeys::text;
use serde_json::Value;

use crate::support::with_keys;

/// A path, a text, and how many of its keys must have a fix.
type Case = (&'static str, &'static str, usize);

const JSON: &[Case] = &[
    (
        ".mcp.json",
        "{\n  // \"a\": \"/*\"\n  \"env\": { \"A\": \"http://x/*y\", \"K\": \"{openai.project}\" }, /* ,] */\n}\n",
        1,
    ),
    (
        ".mcp.json",
        "{\"args\":[\"--key={openai.project}\",\"\\\"quoted\\\" {anthropic.api}\",\"\\u00e9 ☂ 🔑\"],\"env\":{\"OPENAI_API_KEY\":\"{openai.project}\"}}",
        3,
    ),
    (".mcp.json", "{ \"env\": { \"K\": \"{openai.project}\", \"K\": \"{anthropic.api}\" } }", 2),
    (
        ".claude/settings.json",
        "{ \"permissions\": { \"allow\": [ /* a */ \"Bash(K={openai.project} a)\" /* b */ , /* c */ \"b\" // d\n ] } }",
        1,
    ),
    (
        ".claude/settings.json",
        "{ \"permissions\": { \"allow\": [\"a\", // x, y\n  // z\n  \"Bash({openai.project})\" // last\n] } }",
        1,
    ),
    (
        ".claude/settings.json",
        "{ \"permissions\": { \"allow\": [\n\t\"Bash({openai.project} ,])\",\n\n\t\"Bash({anthropic.api} // )\",\n\t\"c\",\n\t],\n\t\"ask\": [ \"Bash({groq.api})\" ] } }",
        3,
    ),
    (
        ".claude/settings.json",
        "{\"permissions\":{\"allow\":[\"{openai.project}\",[\"{anthropic.api}\"],{\"a\":[\"{groq.api}\"]}],\"deny\":[\"x\",\"{openai.project#2}\"]}}",
        4,
    ),
    (
        ".claude/settings.json",
        "{ \"permissions\": { \"allow\": [\"Bash(\\\"{openai.project}\\\" '☂')\", \"Bash({openai.project})\"] } }",
        2,
    ),
    (".vscode/mcp.json", "{ \"servers\": { \"a\": { \"env\": { \"K\": \"{openai.project}\" } } } }", 1),
    (
        ".vscode/mcp.json",
        "// first\n/* second */ {\"servers\":{\"a\":{\"env\":{\"K\":\"{openai.project}\"}}}, \"inputs\":[]}",
        1,
    ),
    (
        ".vscode/mcp.json",
        "{\n\t\"inputs\": [\n\t\t// none\n\t],\n\t\"servers\": { \"inputs\": { \"env\": { \"K\": \"{openai.project}\" } } }\n}",
        1,
    ),
    (".vscode/mcp.json", "{ \"inputs\": {}, \"servers\": { \"a\": { \"env\": { \"K\": \"{openai.project}\" } } } }", 0),
    (
        ".vscode/mcp.json",
        "{ \"inputs\": [], \"inputs\": [], \"servers\": { \"a\": { \"env\": { \"K\": \"{openai.project}\" } } } }",
        0,
    ),
    ("wrangler.jsonc", "{\n  \"vars\": { \"A\": 1, \"OPENAI_API_KEY\": \"{openai.project}\" /* k */ }, // v\n}", 1),
    (
        "wrangler.jsonc",
        "{\"env\":{\"production\":{\"vars\":{\"OPENAI_API_KEY\":\"{openai.project}\",\"B\":[\"{anthropic.api}\"]}}}}",
        1,
    ),
    ("wrangler.jsonc", "{ \"vars\": { \"A\": \"{openai.project}\", \"A\": \"b\" } }", 0),
    ("appsettings.json", "{\n  \"OpenAI\": {\n    \"ApiKey\": \"{openai.project}\" // ours\n  }\n}\n", 1),
    (".vscode/launch.json", "{ \"configurations\": [ { \"env\": { \"K\": \"{openai.project}\", }, }, ], }", 1),
    ("opencode.jsonc", "{ \"a\": [1,, \"{openai.project}\"] }", 0),
    ("opencode.jsonc", "{ \"a\": \"{openai.project}\"", 0),
    ("opencode.jsonc", "{ \"{openai.project}\": 1 }", 0),
];

const YAML: &[Case] = &[
    ("serverless.yml", "a: &k {openai.project}\nb: *k\nc: { <<: { d: 1 }, e: *k }\n", 1),
    ("serverless.yml", "a: |\n  first\n  key={openai.project}\nb: >-\n  folded {anthropic.api}\n  more\n", 2),
    ("serverless.yml", "a: 'it''s {openai.project}'\nb: \"\\t{anthropic.api}\\n☂\"\nc: !!str {groq.api}\n", 3),
    (
        "serverless.yml",
        "a: Bearer\n  {openai.project} more\nb: {\n  c: Bearer {anthropic.api},\n  d: [ x{, {groq.api} ]\n}\n",
        0,
    ),
    (
        "serverless.yml",
        "a: Bearer\n  {openai.project}\nb: {\n  d: [ {groq.api} ],\n  e: \"Bearer {anthropic.api}\"\n}\n",
        3,
    ),
    ("serverless.yml", "a: {\n  c: Bearer {anthropic.api},\n}\n", 0),
    ("serverless.yml", "--- # one\na: {openai.project}\n...\n---\nb: [ {anthropic.api} , 2]\n", 2),
    ("serverless.yml", "? a\n: {openai.project}\n? {anthropic.api}\n: b\n", 1),
    ("serverless.yml", "a:\n\t- {openai.project}\n", 0),
    ("serverless.yml", "a: {{ .Values.key }}\nb: {openai.project}\n{{- end }}\n", 0),
    ("resources/application.yml", "a: ${X:{openai.project}}\nb: {anthropic.api}  # c\n", 1),
    (
        ".github/workflows/a.yml",
        "jobs:\n  a:\n    steps:\n      - run: curl -H \"K:{openai.project}\" x\n      - with: { key: {anthropic.api}, b: 2 }\n      - run: >\n          a {groq.api}\n          b\n",
        3,
    ),
    (
        "render.yaml",
        "services:\n- envVars:\n  - key: OPENAI_API_KEY\n    value: \"{openai.project}\" # k\n  - { key: A, value: {anthropic.api} }\n",
        2,
    ),
    (
        "k8s.yaml",
        "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - env:\n    - {name: A, value: {openai.project}}\n    - name: B\n      value: '{anthropic.api}'\n    - name: C\n      value: {groq.api}\n      valueFrom: { x: 1 }\n",
        2,
    ),
    (".aider.conf.yml", "# a\nopenai-api-key:   \"{openai.project}\"   # b\n", 1),
    (".aider.conf.yml", "model: x\nopenai-api-key: {openai.project}\nanthropic-api-key:\n  {anthropic.api}\n", 2),
    (".aider.conf.yml", "openai-api-key: {openai.project}\nopenai-api-key: {openai.project#2}\n", 0),
    (".aider.conf.yml", "{ openai-api-key: {openai.project}, model: x }\n", 0),
    (".aider.conf.yml", "openai-api-key: |\n  {openai.project}\nmodel: x\n", 0),
];

const TOML: &[Case] = &[
    (
        ".codex/config.toml",
        "[model_providers.a]\nname = 'a' # b\nexperimental_bearer_token = '{openai.project}' # c\n",
        1,
    ),
    (
        ".codex/config.toml",
        "model_providers.a = { name = \"a\", experimental_bearer_token = \"{openai.project}\" }\n",
        1,
    ),
    (".codex/config.toml", "[model_providers.a]\nexperimental_bearer_token = \"\"\"{openai.project}\"\"\"\n", 1),
    (".codex/config.toml", "[a]\nexperimental_bearer_token = \"{openai.project}\"\nenv_key = \"X\"\n", 0),
    (
        "wrangler.toml",
        "vars = { A = \"{openai.project}\", B = 1 }\n[env.p.vars]\nA = \"{anthropic.api}\"\n[env.q]\nvars.A = \"{groq.api}\"\n",
        2,
    ),
    ("wrangler.toml", "[vars]\nA = \"\"\"\n{openai.project}\n\"\"\"\nB = [\n  \"{anthropic.api}\",\n]\n", 0),
    ("fly.toml", "[env]\n  A = \"{openai.project}\" # {anthropic.api}\n", 0),
    ("fly.toml", "[env]\n  A = \"{openai.project}\"", 1),
];

const DOCKER: &[Case] = &[
    (
        "Dockerfile",
        "FROM a\nENV A=1 \\\n  # c\n  B=\"{openai.project}\" \\\n  C='x y'\nENV D {anthropic.api}\nRUN a\n",
        2,
    ),
    (
        "Dockerfile",
        "FROM a\nENV A={openai.project}\nONBUILD RUN x {anthropic.api} && y\nRUN echo 'it' \"{groq.api}\"",
        3,
    ),
    ("Dockerfile", "# escape=`\nFROM a\nRUN x `\n  {openai.project}\n", 1),
    ("Dockerfile", "FROM a\nRUN x 'a' 'b {openai.project}'\nENV A=x{anthropic.api}\nENV B={groq.api}\nCOPY $B .\n", 0),
];

#[test]
fn every_fix_keeps_what_json_says() {
    each(JSON, json);
}

#[test]
fn every_fix_keeps_what_yaml_says() {
    each(YAML, yaml);
}

#[test]
fn every_fix_keeps_what_toml_says() {
    each(TOML, toml);
}

#[test]
fn every_fix_keeps_the_instructions() {
    each(DOCKER, docker);
}

/// One character is missing, somewhere.
#[test]
fn no_fix_harms_what_is_broken() {
    let mut tried = 0;
    for (cases, read) in [(JSON, json as fn(&str) -> Option<Value>), (YAML, yaml), (TOML, toml), (DOCKER, docker)] {
        for (case, (path, text, _)) in cases.iter().enumerate() {
            let keyed = with_keys(text);
            let places = keyed.text.char_indices().filter(|(at, _)| at % STEP == case % STEP);
            for (at, c) in places {
                let mut text = keyed.text.clone();
                text.replace_range(at..at + c.len_utf8(), "");
                let doc = Document::new(*path, text);
                fixed(&doc, &read, &|text| format!("{path} without its byte {at}:\n{}", keyed.without_keys(text)));
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "only {tried} files");
}

/// One place in so many is tried.
const STEP: usize = 20;

fn each(cases: &[Case], read: impl Fn(&str) -> Option<Value>) {
    for (path, text, expected) in cases {
        for (form, write) in FORMS {
            let keyed = with_keys(text);
            let doc = Document::new(*path, write(&keyed.text));
            let shown = |text: &str| format!("{path} ({form}):\n{}", keyed.without_keys(text));
            let (fixed, reasons) = fixed(&doc, &read, &shown);
            assert_eq!(fixed, *expected, "keys with a fix in {}\n{reasons:#?}", shown(doc.text()));
        }
    }
}

type Form = fn(&str) -> String;

/// How editors write the same file.
const FORMS: &[(&str, Form)] = &[
    ("LF", str::to_owned),
    ("CRLF", |text| text.replace('\n', "\r\n")),
    ("both", |text| {
        let lines = text.split_inclusive('\n').enumerate();
        lines.map(|(at, line)| if at % 2 == 0 { line.replace('\n', "\r\n") } else { line.to_owned() }).collect()
    }),
    ("byte order mark", |text| format!("\u{feff}{text}")),
    ("no last line ending", |text| text.trim_end_matches('\n').to_owned()),
];

/// Tries each fix of each key: how many keys have one, and why the others have none.
fn fixed(
    doc: &Document,
    read: &impl Fn(&str) -> Option<Value>,
    shown: &dyn Fn(&str) -> String,
) -> (usize, Vec<String>) {
    let around = Surroundings::bare();
    let findings = rules::check(doc, &around);
    let (mut count, mut reasons) = (0, Vec::new());
    for finding in &findings {
        let repairs = rules::fixes(doc, &around, finding);
        assert!(
            !repairs.fixes.is_empty() || repairs.refused.is_some(),
            "neither a fix nor a reason in {}",
            shown(doc.text())
        );
        let Some(secret) = finding.secret.filter(|_| finding.rule != "key-in-comment-or-docs") else { continue };
        count += usize::from(!repairs.fixes.is_empty());
        reasons.extend(repairs.refused.clone());
        for fix in &repairs.fixes {
            let deposit = fix.deposit.as_ref().expect("a key is stored before it goes");
            assert_eq!(deposit.secret, secret);
            let after = text::apply(doc.text(), &fix.change.files[Path::new(doc.path())]);
            let (old, new) = (read(doc.text()), read(&after));
            assert!(old.is_some() == new.is_some() || old.is_none(), "{:?} broke {}", fix.title, shown(&after));
            let (Some(old), Some(new)) = (old, new) else { continue };
            let id = deposit.name.to_ascii_lowercase().replace('_', "-");
            let stands_for = |text: &str| text.contains(&deposit.name) || text.contains(&id) || text == "sync";
            let left = without(&new, &stands_for).unwrap_or(Value::Null);
            let key = doc.slice(secret);
            let is_key = |text: &str| text.contains(key) || stands_for(text);
            let others = without(&old, &is_key).unwrap_or(Value::Null);
            // Of a key that stands twice one place is left.
            if doc.text().matches(key).count() == 1 {
                assert_eq!(others, left, "{:?} changed more in {}", fix.title, shown(&after));
            }
        }
    }
    (count, reasons)
}

/// A value without all that holds such a text, and what is empty then.
fn without(value: &Value, is_gone: &dyn Fn(&str) -> bool) -> Option<Value> {
    match value {
        Value::String(text) if is_gone(text) => None,
        Value::Array(all) => {
            let left: Vec<Value> = all.iter().filter_map(|it| without(it, is_gone)).collect();
            (!left.is_empty()).then_some(Value::Array(left))
        }
        Value::Object(all) => {
            let left: serde_json::Map<String, Value> = all
                .iter()
                .filter(|(name, value)| !is_gone(name) || value.is_number())
                .filter_map(|(name, value)| Some((name.clone(), without(value, is_gone)?)))
                // What a new entry of `inputs` says besides its name.
                .filter(|(name, value)| !(name == "type" && value == "promptString" || name == "password"))
                .collect();
            (!left.is_empty()).then_some(Value::Object(left))
        }
        other => Some(other.clone()),
    }
}

/// JSON as its readers take it: with comments, and with commas behind the last entry.
fn json(text: &str) -> Option<Value> {
    let mut out = String::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while let Some(c) = rest.chars().next() {
        let len = match c {
            '"' => {
                let end = rest[1..].char_indices().scan(false, |escaped, (at, c)| {
                    let ends = c == '"' && !*escaped;
                    *escaped = c == '\\' && !*escaped;
                    Some((at, ends))
                });
                end.into_iter().find(|(_, ends)| *ends).map_or(rest.len(), |(at, _)| at + 2)
            }
            '/' if rest.starts_with("//") => {
                rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
                continue;
            }
            '/' if rest.starts_with("/*") => {
                rest = &rest[rest.find("*/").map_or(rest.len(), |at| at + 2)..];
                continue;
            }
            ']' | '}' => {
                let before = out.trim_end().len();
                if out[..before].ends_with(',') {
                    out.truncate(before - 1);
                }
                1
            }
            other => other.len_utf8(),
        };
        out.push_str(&rest[..len]);
        rest = &rest[len..];
    }
    serde_json::from_str(&out).ok()
}

fn toml(text: &str) -> Option<Value> {
    serde_json::to_value(toml::from_str::<toml::Table>(text).ok()?).ok()
}

/// What an instruction means is not read here; that it is one is.
fn docker(text: &str) -> Option<Value> {
    (!Document::new("Dockerfile", text).facts().broken).then_some(Value::Null)
}

/// The documents of a file.
fn yaml(text: &str) -> Option<Value> {
    use serde::Deserialize as _;
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    let all: Result<Vec<serde_yaml_ng::Value>, _> = documents.map(serde_yaml_ng::Value::deserialize).collect();
    serde_json::to_value(all.ok()?).ok()
}
