//! Where in a schema other schemas stand.

use crate::diagnostic::suggest::closest;
use crate::value::{Map, Value};

/// What the value of a keyword is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// A schema, or a list of schemas.
    Schemas,
    /// A map from names to schemas.
    Named,
    /// A value that only looks like a schema.
    Data,
    /// Whatever it is, it is not looked at, unless a `$ref` leads there.
    Other,
}

const SCHEMAS: [&str; 16] = [
    "allOf",
    "anyOf",
    "oneOf",
    "prefixItems",
    "items",
    "not",
    "if",
    "then",
    "else",
    "additionalItems",
    "additionalProperties",
    "propertyNames",
    "contains",
    "unevaluatedItems",
    "unevaluatedProperties",
    "contentSchema",
];

const NAMED: [&str; 6] =
    ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"];

const DATA: [&str; 9] = [
    "const",
    "enum",
    "default",
    "example",
    "examples",
    "$vocabulary",
    "dependentRequired",
    "required",
    "type",
];

/// What the value of this keyword is, in any draft.
#[must_use]
pub fn holds(keyword: &str) -> Holds {
    let kinds =
        [(Holds::Schemas, SCHEMAS.as_slice()), (Holds::Named, &NAMED), (Holds::Data, &DATA)];
    let kind = kinds.into_iter().find(|(_, keywords)| keywords.contains(&keyword));
    kind.map_or(Holds::Other, |(kind, _)| kind)
}

/// The keywords of all drafts that [`holds`] has no word of its own for.
const OTHERS: [&str; 37] = [
    "$schema",
    "$id",
    "id",
    "$ref",
    "$anchor",
    "$dynamicRef",
    "$dynamicAnchor",
    "$recursiveRef",
    "$recursiveAnchor",
    "$comment",
    "title",
    "description",
    "deprecated",
    "readOnly",
    "writeOnly",
    "nullable",
    "discriminator",
    "multipleOf",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "maxContains",
    "minContains",
    "maxProperties",
    "minProperties",
    "format",
    "contentEncoding",
    "contentMediaType",
    "externalDocs",
    "xml",
];

/// The keyword that this one is nearly, if it is none itself: to a validator a slip of the finger is an annotation.
#[must_use]
pub fn meant(keyword: &str) -> Option<&'static str> {
    let known = || SCHEMAS.iter().chain(&NAMED).chain(&DATA).chain(&OTHERS).copied();
    match known().any(|known| known == keyword) {
        true => None,
        false => closest(keyword, known()),
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
