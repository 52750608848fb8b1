//! Where in a schema other schemas stand.

use crate::value::{Map, Value};

/// What the value of a keyword is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Holds {
    /// A schema, or a list of schemas.
    Schemas,
    /// A map from names to schemas.
    Named,
    /// A value that only looks like a schema.
    Data,
    /// Whatever it is, it is not looked at, unless a `$ref` leads there.
    Other,
}

/// What the value of this keyword is, in any draft.
pub(super) fn holds(keyword: &str) -> Holds {
    match keyword {
        "allOf"
        | "anyOf"
        | "oneOf"
        | "prefixItems"
        | "items"
        | "not"
        | "if"
        | "then"
        | "else"
        | "additionalItems"
        | "additionalProperties"
        | "propertyNames"
        | "contains"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "contentSchema" => Holds::Schemas,
        "properties" | "patternProperties" | "$defs" | "definitions" | "dependentSchemas"
        | "dependencies" => Holds::Named,
        "const" | "enum" | "default" | "example" | "examples" | "$vocabulary"
        | "dependentRequired" | "required" | "type" => Holds::Data,
        _ => Holds::Other,
    }
}

/// Whether what stands at this keyword looks at the same value as the schema around it.
fn is_in_place(keyword: &str) -> bool {
    matches!(
        keyword,
        "allOf"
            | "anyOf"
            | "oneOf"
            | "not"
            | "if"
            | "then"
            | "else"
            | "dependentSchemas"
            | "dependencies"
    )
}

/// A schema within another one.
pub(super) struct Child<'v> {
    pub(super) schema: &'v Value,
    /// Whether it looks at the same value as the schema around it.
    pub(super) in_place: bool,
}

/// The schemas that stand directly in a schema.
pub(super) fn children(schema: &Map<String, Value>) -> Vec<Child<'_>> {
    let mut found = Vec::new();
    for (keyword, value) in schema {
        let in_place = is_in_place(keyword);
        let mut add = |schema| found.push(Child { schema, in_place });
        match (holds(keyword), value) {
            (Holds::Schemas, Value::Array(items)) => items.iter().for_each(add),
            (Holds::Schemas, value) => add(value),
            // `dependencies` may also name members.
            (Holds::Named, Value::Object(named)) => {
                named.values().filter(|value| !value.is_array()).for_each(add);
            }
            (Holds::Named | Holds::Data | Holds::Other, _) => {}
        }
    }
    found
}
