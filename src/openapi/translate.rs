//! The schemas of OpenAPI 3.0, which are a dialect of their own, as those of 2020-12.

use crate::value::{Map, Value};

/// Who sends what a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Side {
    Request,
    Response,
}

/// A document of OpenAPI 3.0, its schemas as 2020-12 has them for one side; all keeps its place.
pub(super) fn translated(value: &Value, side: Side) -> Value {
    match value {
        Value::Object(members) => object(members, side),
        Value::Array(items) => items.iter().map(|item| translated(item, side)).collect(),
        other => other.clone(),
    }
}

fn object(members: &Map<String, Value>, side: Side) -> Value {
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
                "properties" => named(value, side),
                _ => translated(value, side),
            };
            (key.clone(), value)
        })
        .collect();
    exclusive(&mut found, "exclusiveMinimum", "minimum");
    exclusive(&mut found, "exclusiveMaximum", "maximum");
    of_one_side(&mut found, side);
    nullable(found)
}

fn named(value: &Value, side: Side) -> Value {
    match value {
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| (name.clone(), translated(value, side));
            Value::Object(members.iter().map(member).collect())
        }
        other => translated(other, side),
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

/// A member that is only written is not required of a response, and one that is only read not of a request.
fn of_one_side(schema: &mut Map<String, Value>, side: Side) {
    let other = match side {
        Side::Request => "readOnly",
        Side::Response => "writeOnly",
    };
    let Some(Value::Object(properties)) = schema.get("properties") else { return };
    let is_others = |name: &Value| {
        let property = name.as_str().and_then(|name| properties.get(name));
        property.and_then(|property| property.get(other)) == Some(&Value::Bool(true))
    };
    let Some(Value::Array(required)) = schema.get("required") else { return };
    let kept: Vec<Value> = required.iter().filter(|name| !is_others(name)).cloned().collect();
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
        assert_eq!(translated(&schema, Side::Response), expected);
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
    fn what_only_the_other_side_sends_is_not_required() {
        let schema = json!({ "required": ["a", "b"], "properties": { "a": { "writeOnly": true }, "b": { "readOnly": true } } });
        let required = |side| translated(&schema, side)["required"].clone();
        assert_eq!(required(Side::Response), json!(["b"]));
        assert_eq!(required(Side::Request), json!(["a"]));
    }

    #[test]
    fn what_is_no_schema_stays() {
        let properties = json!({ "properties": { "nullable": { "type": "boolean" }, "enum": { "type": "string" } } });
        check(properties.clone(), properties);
        let example = json!({ "example": { "nullable": true, "type": "string" } });
        check(example.clone(), example);
    }
}
