//! The schema of `aikeys.toml` says what the program reads: what is fine here is fine there, and an unknown key nowhere.

use std::path::Path;

use serde_json::Value;

/// What is wrong with a value, by the words of JSON Schema that the schema uses.
fn wrong(schema: &Value, root: &Value, value: &Value, at: &str) -> Option<String> {
    let words = schema.as_object()?;
    for (word, rule) in words {
        let problem = match word.as_str() {
            "$ref" => {
                let path = rule.as_str().expect("a reference").trim_start_matches('#');
                wrong(root.pointer(path).expect("a definition"), root, value, at)
            }
            "allOf" => rule.as_array().expect("a list").iter().find_map(|it| wrong(it, root, value, at)),
            "oneOf" | "anyOf" => {
                let fits = rule.as_array().expect("a list").iter().any(|it| wrong(it, root, value, at).is_none());
                (!fits).then(|| format!("{at}: none of {word}"))
            }
            "type" => {
                let is = match rule.as_str().expect("one type") {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "boolean" => value.is_boolean(),
                    "integer" => value.is_i64(),
                    other => panic!("{other}: no type that is known here"),
                };
                (!is).then(|| format!("{at}: no {rule}"))
            }
            "enum" => (!rule.as_array().expect("a list").contains(value)).then(|| format!("{at}: not in {rule}")),
            "const" => (rule != value).then(|| format!("{at}: not {rule}")),
            "required" => {
                let all = rule.as_array().expect("a list");
                let missing = all.iter().find(|it| value.get(it.as_str().unwrap_or("")).is_none());
                missing.map(|it| format!("{at}: {it} is missing"))
            }
            "items" => value.as_array().into_iter().flatten().find_map(|it| wrong(rule, root, it, &format!("{at}[]"))),
            "properties" | "additionalProperties" => {
                let known = schema.get("properties").and_then(Value::as_object);
                value.as_object().into_iter().flatten().find_map(|(key, it)| {
                    let at = format!("{at}.{key}");
                    match (word.as_str(), known.and_then(|known| known.get(key))) {
                        ("properties", Some(rule)) => wrong(rule, root, it, &at),
                        ("additionalProperties", None) if rule == &Value::Bool(false) => Some(format!("{at}: unknown")),
                        ("additionalProperties", None) => wrong(rule, root, it, &at),
                        _ => None,
                    }
                })
            }
            "description" | "title" | "default" | "$schema" | "definitions" | "format" | "minimum" => None,
            other => panic!("{other}: a word that is not known here"),
        };
        if problem.is_some() {
            return problem;
        }
    }
    None
}

fn judged(text: &str) -> Option<String> {
    judged_by(&aikeys::project::schema(), text)
}

fn judged_by(schema: &Value, text: &str) -> Option<String> {
    let value: Value = toml::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    wrong(schema, schema, &value, "")
}

#[test]
fn settings_that_the_program_reads_fit_the_schema() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("text");
    let examples: Vec<&str> = readme.split("```toml\n").skip(1).filter_map(|it| it.split("```").next()).collect();
    assert!(examples.len() >= 2);
    for text in examples {
        assert_eq!(judged(text), None, "{text}");
    }
    let full = r#"
        fail-on = "off"
        select = ["hardcoded-ai-key"]
        ignore = []
        baseline = "b.json"
        exclude = ["a/"]
        severity = { unused-ignore = "error" }
        [[per-path]]
        paths = ["x"]
        ignore = ["unused-ignore"]
        severity = { hardcoded-ai-key = "off" }
        [names]
        openai = "X"
        [[provider]]
        id = "gateway"
        name = "Gateway"
        env = "GATEWAY_API_KEY"
        [[provider.key]]
        id = "gateway.api"
        name = "key"
        format = "distinctive"
        regex = "gw-[a-z0-9]{32}"
        anchors = ["gw-"]
        boundary = "alnum"
        confidence = "high"
        severity = "high"
        [[provider.client]]
        lang = "python"
        package = "gateway"
        symbol = "Gateway"
        [stores]
        default = "vault"
        [stores.vault]
        address = "https://vault.example"
        [stores.aws]
        region = "eu-west-1"
        [stores.gcp]
        project = "p"
        [stores.keyring]
        service = "s"
    "#;
    assert_eq!(judged(full), None);
}

#[test]
fn a_policy_has_a_schema_of_its_own() {
    let schema = aikeys::project::policy_schema();
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("text");
    let example = readme.split("```toml /etc/aikeys/policy.toml\n").nth(1).expect("an example");
    assert_eq!(judged_by(&schema, example.split("```").next().unwrap_or("")), None);
    for text in ["allowed-stores = [\"vualt\"]", "plaintext-env = 1", "required-rules = [\"no-such-rule\"]", "x = 1"] {
        assert!(judged_by(&schema, text).is_some(), "{text}");
    }
}

#[test]
fn what_the_program_refuses_does_not_fit() {
    for text in [
        "fial-on = \"error\"",
        "fail-on = \"never\"",
        "select = [\"no-such-rule\"]",
        "ignore = \"unused-ignore\"",
        "[severity]\nno-such-rule = \"off\"",
        "[severity]\nunused-ignore = 3",
        "[[per-path]]\nignore = []",
        "[stores.vault]\naddres = \"x\"",
        "[[provider]]\nid = \"x\"",
    ] {
        assert!(judged(text).is_some(), "{text}");
    }
}
