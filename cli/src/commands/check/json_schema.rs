//! The JSON Schema of a complaint: fields and defaults from the Avro schema, bounds from the rule book.
//!
//! It refuses nothing that is valid. What JSON Schema can't express (lengths in bytes, letters of every script) it states
//! more loosely, so `ombud check FILE` has the last word.

use anyhow::{Context, Result};
use ombud_contract::{
    catalogue::Topic,
    validate::{
        EARLIEST_RECEIVED, LATEST_RECEIVED, MAX_ATTRIBUTE_BYTES, MAX_ATTRIBUTE_NAME_BYTES, MAX_ATTRIBUTES,
        MAX_ID_BYTES, MAX_NARRATIVE_BYTES, MAX_TEXT_BYTES,
    },
};
use serde_json::{Map, Value, json};

/// A control character. Looked for, not anchored: in some dialects `$` lets a line end by.
const CONTROL: &str = "[\\u0000-\\u001f\\u007f-\\u009f]";

/// The schema, draft 2020-12.
///
/// # Errors
/// The Avro schema has a type that has none here; a test reads it.
pub(crate) fn json_schema() -> Result<Value> {
    let avro = serde_json::to_value(&Topic::Raw.newest_schema().1)?;
    let fields = avro["fields"].as_array().context("read the Avro schema: it is no record")?;
    let mut properties = Map::new();
    let mut required = Vec::new();
    for field in fields {
        let name = field["name"].as_str().context("read the Avro schema: a field has no name")?;
        let mut property = of_type(&field["type"]).with_context(|| format!("read the type of {name}"))?;
        property.extend(bounds(name));
        if let Some(doc) = field.get("doc") {
            property.insert("description".into(), doc.clone());
        }
        match field.get("default") {
            Some(default) => drop(property.insert("default".into(), default.clone())),
            None => required.push(name),
        }
        properties.insert(name.to_owned(), property.into());
    }
    Ok(json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:ombud:complaints.raw:v2",
        "title": avro["name"],
        "description": avro["doc"],
        "$comment": "Written by `ombud check --json-schema`. Lengths are meant in bytes of UTF-8, which `ombud check FILE` counts.",
        "type": "object",
        "properties": properties,
        "required": required,
    }))
}

fn of_type(avro: &Value) -> Result<Map<String, Value>> {
    let schema = match avro {
        Value::String(name) => match name.as_str() {
            "string" => json!({ "type": "string" }),
            "boolean" => json!({ "type": "boolean" }),
            "int" => json!({ "type": "integer", "minimum": i32::MIN, "maximum": i32::MAX }),
            "long" => json!({ "type": "integer" }),
            other => anyhow::bail!("{other} has no counterpart"),
        },
        Value::Array(branches) => {
            let mut types = Vec::new();
            for branch in branches.iter().filter(|branch| **branch != "null") {
                types.push(of_type(branch)?.remove("type").context("a branch has no type")?);
            }
            types.push("null".into());
            json!({ "type": types })
        }
        Value::Object(complex) => match complex.get("type") {
            Some(map) if map == "map" => {
                let values = of_type(complex.get("values").unwrap_or(&Value::Null))?;
                json!({ "type": "object", "additionalProperties": values })
            }
            Some(inner) => return of_type(inner),
            None => anyhow::bail!("no type"),
        },
        _ => anyhow::bail!("no type"),
    };
    let Value::Object(schema) = schema else { anyhow::bail!("no object") };
    Ok(schema)
}

/// The rule book's bounds of a field.
fn bounds(field: &str) -> Map<String, Value> {
    let without = |pattern| json!({ "type": "string", "pattern": pattern });
    let bounds = match field {
        "complaint_id" => json!({ "minLength": 1, "maxLength": MAX_ID_BYTES, "not": without(CONTROL) }),
        // Not blank, and no NUL.
        "narrative" => {
            json!({ "maxLength": MAX_NARRATIVE_BYTES, "pattern": "\\S", "not": without("\\u0000") })
        }
        "received_at" | "regulator_sent_at" | "notice_at" => {
            json!({ "minimum": EARLIEST_RECEIVED, "exclusiveMaximum": LATEST_RECEIVED })
        }
        "submission" => json!({ "minimum": 1 }),
        "language" => json!({
            "maxLength": MAX_TEXT_BYTES,
            "pattern": "^([A-Za-z]{2,8}|[xXiI])(-[A-Za-z0-9]{1,8})*$",
            "not": without(CONTROL),
        }),
        "attributes" => json!({
            "maxProperties": MAX_ATTRIBUTES,
            "propertyNames": { "maxLength": MAX_ATTRIBUTE_NAME_BYTES },
            "additionalProperties": { "type": "string", "maxLength": MAX_ATTRIBUTE_BYTES },
        }),
        "channel" | "legal_entity" | "customer_ref" | "external_ref" | "known_product" => {
            json!({ "maxLength": MAX_TEXT_BYTES, "not": without(CONTROL) })
        }
        _ => json!({}),
    };
    match bounds {
        Value::Object(bounds) => bounds,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::PathBuf};

    use super::*;

    fn folder() -> PathBuf {
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/complaints.raw")
    }

    fn read(path: PathBuf) -> Value {
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Whether `schema` takes `value`: the keywords that the schema uses, as the standard defines them.
    fn takes(schema: &Value, value: &Value) -> bool {
        schema.as_object().unwrap().iter().all(|(keyword, rule)| match (keyword.as_str(), value) {
            ("$schema" | "$id" | "$comment" | "title" | "description" | "default", _) => true,
            ("type", _) => {
                let one = |name: &Value| match name.as_str().unwrap() {
                    "object" => value.is_object(),
                    "string" => value.is_string(),
                    "integer" => value.is_i64(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("{other}"),
                };
                rule.as_array().map_or_else(|| one(rule), |names| names.iter().any(one))
            }
            ("not", _) => !takes(rule, value),
            ("required", Value::Object(it)) => {
                rule.as_array().unwrap().iter().all(|name| it.contains_key(name.as_str().unwrap()))
            }
            ("properties", Value::Object(it)) => {
                it.iter().all(|(name, value)| rule.get(name).is_none_or(|schema| takes(schema, value)))
            }
            ("additionalProperties", Value::Object(it)) => it.values().all(|value| takes(rule, value)),
            ("propertyNames", Value::Object(it)) => it.keys().all(|name| takes(rule, &json!(name))),
            ("maxProperties", Value::Object(it)) => it.len() as u64 <= rule.as_u64().unwrap(),
            ("minLength", Value::String(it)) => it.chars().count() as u64 >= rule.as_u64().unwrap(),
            ("maxLength", Value::String(it)) => it.chars().count() as u64 <= rule.as_u64().unwrap(),
            ("pattern", Value::String(it)) => {
                // The one escape that regular expressions of JSON Schema write differently.
                let pattern = rule.as_str().unwrap().replace("\\u00", "\\x");
                regex::Regex::new(&pattern).unwrap().is_match(it)
            }
            ("minimum", Value::Number(it)) => it.as_i64() >= rule.as_i64(),
            ("maximum", Value::Number(it)) => it.as_i64() <= rule.as_i64(),
            ("exclusiveMaximum", Value::Number(it)) => it.as_i64() < rule.as_i64(),
            // A keyword holds only for values of its type.
            (
                "required"
                | "properties"
                | "additionalProperties"
                | "propertyNames"
                | "maxProperties"
                | "minLength"
                | "maxLength"
                | "pattern"
                | "minimum"
                | "maximum"
                | "exclusiveMaximum",
                _,
            ) => true,
            (other, _) => panic!("the test does not know {other}"),
        })
    }

    #[test]
    fn the_file_in_the_catalogue_is_what_is_generated() {
        let path = folder().join("v2.schema.json");
        assert_eq!(read(path), json_schema().unwrap(), "write it with `ombud check --json-schema`");
    }

    #[test]
    fn every_valid_example_is_taken_and_every_invalid_one_is_refused_that_it_can_tell() {
        let schema = json_schema().unwrap();
        let examples = |kind: &str| {
            let entries = fs::read_dir(folder().join("examples").join(kind)).unwrap();
            entries.map(|entry| entry.unwrap().path()).collect::<Vec<PathBuf>>()
        };
        for path in examples("valid") {
            assert!(takes(&schema, &read(path.clone())), "{}", path.display());
        }
        for path in examples("invalid") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            // No pattern for letters of all scripts is known to every validator, and no keyword compares two fields.
            let beyond = ["narrative-without-letters", "notice-at-after-received"];
            let is_beyond = beyond.iter().any(|reason| name.starts_with(reason));
            assert_eq!(takes(&schema, &read(path)), is_beyond, "{name}");
        }
    }

    #[test]
    fn every_field_is_described() {
        let schema = json_schema().unwrap();
        let properties = schema["properties"].as_object().unwrap();
        assert_eq!(schema["required"], json!(["complaint_id", "narrative", "received_at"]));
        assert!(properties.values().all(|property| property["description"].is_string()), "{properties:?}");
        assert_eq!(properties["language"]["default"], "und");
    }
}
