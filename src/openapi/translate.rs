//! The schemas of OpenAPI 3.0, which are a dialect of their own, as those of 2020-12.

use crate::value::{Map, Value};

/// A document of OpenAPI 3.0, its schemas as 2020-12 has them; all keeps its place.
pub(super) fn translated(value: &Value) -> Value {
    match value {
        Value::Object(members) => object(members),
        Value::Array(items) => items.iter().map(translated).collect(),
        other => other.clone(),
    }
}

fn object(members: &Map<String, Value>) -> Value {
    // In 3.0 what stands beside a `$ref` does not count.
    if let Some(reference @ Value::String(_)) = members.get("$ref") {
        return Value::Object([("$ref".to_owned(), reference.clone())].into_iter().collect());
    }
    let mut found: Map<String, Value> = members
        .iter()
        .map(|(key, value)| {
            let value = match key.as_str() {
                "example" | "examples" | "default" | "enum" => value.clone(),
                // The keys of this map are names, also where they are words of schemas.
                "properties" => named(value),
                _ => translated(value),
            };
            (key.clone(), value)
        })
        .collect();
    exclusive(&mut found, "exclusiveMinimum", "minimum");
    exclusive(&mut found, "exclusiveMaximum", "maximum");
    not_written(&mut found);
    nullable(found)
}

fn named(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), translated(value));
            Value::Object(members.iter().map(member).collect())
        }
        other => translated(other),
    }
}

/// `exclusiveMinimum: true` says something of `minimum`.
fn exclusive(schema: &mut Map<String, Value>, exclusive: &str, limit: &str) {
    let Some(Value::Bool(is_exclusive)) = schema.get(exclusive) else { return };
    let is_exclusive = *is_exclusive;
    schema.shift_remove(exclusive);
    if is_exclusive && let Some(limit) = schema.shift_remove(limit) {
        schema.insert(exclusive.to_owned(), limit);
    }
}

/// A member that is only written is not required of a response.
fn not_written(schema: &mut Map<String, Value>) {
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    let is_written = |name: &Value| {
        let property = name.as_str().and_then(|name| properties.get(name));
        property.and_then(|property| property.get("writeOnly")) == Some(&Value::Bool(true))
    };
    let Some(Value::Array(required)) = schema.get("required") else { return };
    let kept: Vec<Value> = required.iter().filter(|name| !is_written(name)).cloned().collect();
    schema.insert("required".to_owned(), Value::Array(kept));
}

/// `nullable: true` allows null beside the `type`; where there is none, beside all the rest.
fn nullable(mut schema: Map<String, Value>) -> Value {
    if !matches!(schema.get("nullable"), Some(Value::Bool(_))) {
        return Value::Object(schema);
    }
    let is_nullable = schema.shift_remove("nullable") == Some(Value::Bool(true));
    if !is_nullable {
        return Value::Object(schema);
    }
    if let Some(Value::Array(options)) = schema.get_mut("enum")
        && !options.contains(&Value::Null)
    {
        options.push(Value::Null);
    }
    if let Some(kind @ Value::String(_)) = schema.get("type") {
        let kinds = Value::Array(vec![kind.clone(), Value::from("null")]);
        schema.insert("type".to_owned(), kinds);
        return Value::Object(schema);
    }
    let is_closed = ["allOf", "anyOf", "oneOf"].iter().any(|key| schema.contains_key(*key));
    match is_closed {
        true => serde_json::json!({ "anyOf": [schema, { "type": "null" }] }),
        false => Value::Object(schema),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(schema: Value, expected: Value) {
        assert_eq!(translated(&schema), expected);
    }

    #[test]
    fn schemas_of_3_0_become_those_of_2020_12() {
        check(json!({ "type": "string", "nullable": true }), json!({ "type": ["string", "null"] }));
        check(json!({ "type": "string", "nullable": false }), json!({ "type": "string" }));
        check(
            json!({ "type": "string", "enum": ["a"], "nullable": true }),
            json!({ "type": ["string", "null"], "enum": ["a", null] }),
        );
        check(
            json!({ "allOf": [{ "$ref": "#/a" }], "nullable": true }),
            json!({ "anyOf": [{ "allOf": [{ "$ref": "#/a" }] }, { "type": "null" }] }),
        );
        check(
            json!({ "minimum": 1, "exclusiveMinimum": true, "maximum": 2, "exclusiveMaximum": false }),
            json!({ "maximum": 2, "exclusiveMinimum": 1 }),
        );
        check(json!({ "$ref": "#/a", "description": "x" }), json!({ "$ref": "#/a" }));
        check(
            json!({ "required": ["a", "b"], "properties": { "a": { "writeOnly": true }, "b": {} } }),
            json!({ "required": ["b"], "properties": { "a": { "writeOnly": true }, "b": {} } }),
        );
    }

    #[test]
    fn what_is_no_schema_stays() {
        let properties = json!({ "properties": { "nullable": { "type": "boolean" }, "enum": { "type": "string" } } });
        check(properties.clone(), properties);
        let example = json!({ "example": { "nullable": true, "type": "string" } });
        check(example.clone(), example);
    }
}
