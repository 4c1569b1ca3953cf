//! The JSON Schema of `aikeys.toml` and `[tool.aikeys]`, made from the types that read them. Draft 7, which editors know.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::config::{Config, SEVERITIES};
use super::organisation::{Organisation, STORES};
use crate::rules::{RULES, SETS};

/// The whole schema of settings.
pub fn schema() -> Value {
    schema_of::<Config>("aikeys.toml, and [tool.aikeys] in pyproject.toml")
}

/// The schema of an organisation's policy.
pub fn policy_schema() -> Value {
    schema_of::<Organisation>("/etc/aikeys/policy.toml: what an organisation says of aikeys-lsp")
}

fn schema_of<T: schemars::JsonSchema>(title: &str) -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    tidy(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), json!(title));
    }
    schema
}

/// TOML has no null, and a list that may be left out need not be empty.
fn tidy(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Array(types)) = map.get_mut("type") {
                types.retain(|it| it != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    map.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(any)) = map.get_mut("anyOf") {
                any.retain(|it| it.get("type").is_none_or(|it| it != "null"));
                if let [Value::Object(one)] = any.as_slice() {
                    let one = one.clone();
                    map.remove("anyOf");
                    // Beside a reference draft 7 reads nothing.
                    let one = if one.contains_key("$ref") {
                        Map::from_iter([("allOf".to_owned(), json!([one]))])
                    } else {
                        one
                    };
                    map.extend(one);
                }
            }
            map.retain(|key, it| key != "default" || !it.is_null());
            map.values_mut().for_each(tidy);
        }
        Value::Array(all) => all.iter_mut().for_each(tidy),
        _ => {}
    }
}

pub(super) fn severity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "string", "enum": SEVERITIES })
}

pub(super) fn stores(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "array", "items": { "type": "string", "enum": STORES } })
}

pub(super) fn rules(_: &mut SchemaGenerator) -> Schema {
    let ids: Vec<&str> = RULES.iter().map(|rule| rule.id).chain(SETS).collect();
    json_schema!({ "type": "array", "items": { "type": "string", "enum": ids } })
}

pub(super) fn severities(_: &mut SchemaGenerator) -> Schema {
    let rule = |rule: &&crate::rules::Rule| {
        (rule.id.to_owned(), json!({ "description": rule.summary(), "type": "string", "enum": SEVERITIES }))
    };
    let rules: Map<String, Value> = RULES.iter().map(rule).collect();
    json_schema!({ "type": "object", "properties": rules, "additionalProperties": false })
}
