use std::collections::HashMap;

use serde_json::json;

use super::*;

/// Documents by their URIs.
struct Shelf(HashMap<&'static str, Value>);

impl Documents for Shelf {
    fn get(&self, uri: &str) -> Result<Arc<Value>, String> {
        let found = self.0.get(uri).map(|value| Arc::new(value.clone()));
        found.ok_or_else(|| format!("there is no `{uri}`"))
    }
}

fn read(schema: &Value) -> Result<Schema, Vec<Wrong>> {
    let other = json!({ "$defs": { "name": { "type": "string" } }, "type": "integer" });
    let broken = json!({ "$defs": { "name": { "type": "text" } } });
    let shelf = [("file:///a/other.json", other), ("file:///a/broken.json", broken)];
    let documents: Arc<dyn Documents> = Arc::new(Shelf(HashMap::from(shelf)));
    let document = Document { uri: "file:///a/schema.json", value: schema };
    let schemas = Schemas::read(document, &[""], Dialect::Draft202012, &documents)?;
    schemas.at("").map_err(|wrong| vec![wrong])
}

#[track_caller]
fn check(schema: Value, value: Value, expected: &[&str]) {
    let told = match read(&schema).expect("a schema").judge(&value) {
        Verdict::Holds => Vec::new(),
        Verdict::Breaks(all, _) => all
            .iter()
            .map(|it| match &it.found {
                Some(found) => format!("{}: {}, found {found}", it.path, it.wanted),
                None => format!("{}: {}", it.path, it.wanted),
            })
            .collect(),
        Verdict::Endless => vec!["endless".to_owned()],
    };
    assert_eq!(told, expected, "{schema} {value}");
}

#[track_caller]
fn check_wrong(schema: Value, expected: &[&str]) {
    let wrong = read(&schema).expect_err("what is wrong");
    let told: Vec<String> = wrong
        .iter()
        .map(|it| {
            format!("{}#{} {}", it.uri.trim_start_matches("file:///a/"), it.pointer, it.message)
        })
        .collect();
    assert_eq!(told, expected, "{schema}");
}

#[test]
fn every_value_that_is_not_as_the_schema_says_is_told_with_its_path() {
    let schema = json!({
        "type": "object",
        "required": ["id", "name"],
        "additionalProperties": false,
        "properties": {
            "id": { "type": "integer", "minimum": 1 },
            "name": { "type": ["string", "null"], "maxLength": 3 },
            "items": { "items": { "properties": { "price": { "type": "number" } } } },
        },
    });
    check(schema.clone(), json!({ "id": 1, "name": null }), &[]);
    check(
        schema,
        json!({ "id": 0, "items": [{ "price": 1 }, { "price": "1" }], "it's": 7 }),
        &[
            "$.name: it to be there",
            "$.id: at least 1, found 0",
            "$.items[1].price: a number, found \"1\"",
            "$['it\\'s']: no such member, found 7",
        ],
    );
}

#[test]
fn what_is_wanted_is_said_in_words() {
    check(json!({ "enum": [1, "a"] }), json!(2), &["$: one of 1, \"a\", found 2"]);
    check(json!({ "const": { "a": 1 } }), json!(2), &["$: {\"a\":1}, found 2"]);
    check(json!({ "pattern": "^a" }), json!("b"), &["$: a text that matches `^a`, found \"b\""]);
    check(json!({ "format": "date" }), json!("b"), &["$: the format `date`, found \"b\""]);
    check(json!({ "format": "uuid" }), json!("b"), &["$: the format `uuid`, found \"b\""]);
    check(json!({ "minItems": 1 }), json!([]), &["$: at least 1 element, found []"]);
    check(json!({ "multipleOf": 0.1 }), json!(0.3), &[]);
    check(
        json!({ "not": { "type": "null" } }),
        json!(null),
        &["$: anything but what is as `not` says, found null"],
    );
    check(
        json!({ "uniqueItems": true }),
        json!([1, 1.0]),
        &["$: elements that all differ, found [1,1.0]"],
    );
    check(json!({ "items": false }), json!([1]), &["$[0]: nothing here, found 1"]);
    check(
        json!({ "propertyNames": { "maxLength": 1 } }),
        json!({"ab": 1}),
        &["$: each name to be at most 1 character, found \"ab\""],
    );
}

#[test]
fn of_alternatives_the_closest_one_says_what_is_wrong() {
    let schema = json!({ "oneOf": [
        { "properties": { "kind": { "const": "card" }, "number": { "type": "string" } } },
        { "properties": { "kind": { "const": "cash" } }, "required": ["coins", "notes"] },
        { "type": "null" },
    ] });
    check(
        schema,
        json!({ "kind": "card", "number": 7 }),
        &[
            "$: one of the 3 schemas of `oneOf` (the closest wants `$.number` to be a string), found {\"kind\":\"card\",\"number\":7}",
        ],
    );
}

#[test]
fn big_numbers_keep_their_digits() {
    let big: Value = serde_json::from_str("12345678901234567890123").expect("a number");
    let more: Value = serde_json::from_str("12345678901234567890124").expect("a number");
    check(json!({ "type": "integer", "maximum": big }), big.clone(), &[]);
    let told = format!("$: at most {big}, found {more}");
    check(json!({ "type": "integer", "maximum": big }), more.clone(), &[&told]);
    let told = format!("$: {big}, found {more}");
    check(json!({ "const": big }), more, &[&told]);
}

#[test]
fn a_reference_leads_within_the_document_or_to_another() {
    check(json!({ "$ref": "other.json" }), json!("a"), &["$: an integer, found \"a\""]);
    check(
        json!({ "items": { "$ref": "other.json#/$defs/name" } }),
        json!([1]),
        &["$[0]: a string, found 1"],
    );
    let named = json!({ "$defs": { "a": { "$anchor": "it", "type": "null" } }, "$ref": "#it" });
    check(named, json!(1), &["$: null, found 1"]);
    let tree = json!({ "properties": { "child": { "$ref": "#" } }, "required": ["name"] });
    check(tree, json!({ "name": 1, "child": { } }), &["$.child.name: it to be there"]);
}

#[test]
fn what_is_wrong_with_a_schema_is_told_with_its_place() {
    check_wrong(
        json!({ "properties": { "a": { "type": "text" } } }),
        &[
            "schema.json#/properties/a/type `type` of a schema is \"text\": expected one of \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\", \"string\"",
        ],
    );
    check_wrong(
        json!({ "items": { "pattern": "(" } }),
        &["schema.json#/items/pattern `(` is no regular expression"],
    );
    check_wrong(
        json!({ "$schema": "http://x.test/" }),
        &["schema.json#/$schema `$schema` names no draft that is known: \"http://x.test/\""],
    );
    check_wrong(
        json!({ "items": { "$ref": "#/$defs/a" } }),
        &["schema.json#/items/$ref `$ref` leads to nothing: there is no `/$defs/a`"],
    );
    check_wrong(
        json!({ "$ref": "http://x.test/a.json" }),
        &["schema.json#/$ref there is no `http://x.test/a.json`"],
    );
    check_wrong(
        json!({ "$ref": "broken.json#/$defs/name" }),
        &[
            "broken.json#/$defs/name/type `type` of a schema is \"text\": expected one of \"array\", \"boolean\", \"integer\", \"null\", \"number\", \"object\", \"string\"",
        ],
    );
    check_wrong(json!(7), &["schema.json# the schema is 7: expected a boolean or an object"]);
}

#[test]
fn a_schema_that_leads_back_to_itself_is_refused() {
    let back = |at: &str, reference: &str| {
        format!("schema.json#{at}/$ref `{reference}` leads back to where it stands")
    };
    check_wrong(json!({ "$ref": "#" }), &[&back("", "#")]);
    check_wrong(json!({ "allOf": [{ "$ref": "#" }] }), &[&back("/allOf/0", "#")]);
    let two = json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "not": { "$ref": "#/$defs/a" } } }, "items": { "$ref": "#/$defs/a" } });
    check_wrong(two, &[&back("/$defs/b/not", "#/$defs/a")]);
}

#[test]
fn a_chain_of_references_that_is_too_long_is_refused() {
    let chain = |length: usize| {
        let mut defs = crate::value::Map::new();
        for index in 0..length {
            let next = json!({ "allOf": [{ "$ref": format!("#/$defs/d{}", index + 1) }] });
            defs.insert(format!("d{index}"), next);
        }
        defs.insert(format!("d{length}"), json!({ "type": "string" }));
        json!({ "$defs": defs, "$ref": "#/$defs/d0" })
    };
    check(chain(40), json!(1), &["$: a string, found 1"]);
    for length in [60, 20_000] {
        let wrong = read(&chain(length)).expect_err("what is wrong");
        assert!(wrong[0].message.contains("more than 100 schemas look at one value"), "{wrong:?}");
    }
}

#[test]
fn what_multiplies_comes_to_an_end() {
    // Alternatives that both go deeper: each level doubles what there is to tell.
    let both = json!({ "type": "object", "properties": { "a": { "$ref": "#" } } });
    let schema = json!({ "anyOf": [both.clone(), both] });
    let body = (0..100).fold(json!(1), |inner, _| json!({ "a": inner }));
    match read(&schema).expect("a schema").judge(&body) {
        Verdict::Breaks(all, None) => assert_eq!(all.len(), 1),
        other => panic!("{other:?}"),
    }
    // A list of as many mistakes as it has elements.
    let schema = read(&json!({ "items": { "type": "string" } })).expect("a schema");
    match schema.judge(&Value::from(vec![1; 1_000])) {
        Verdict::Breaks(all, Some(1_000)) => assert_eq!(all.len(), MOST_BREACHES),
        other => panic!("{other:?}"),
    }
    assert!(matches!(schema.judge(&Value::from(vec![1; 1_000_000])), Verdict::Breaks(_, None)));
}

#[test]
fn the_deepest_body_fits_on_the_stack_whatever_looks_at_it() {
    let mut defs = crate::value::Map::new();
    for index in 0..90 {
        defs.insert(format!("d{index}"), json!({ "$ref": format!("#/$defs/d{}", index + 1) }));
    }
    defs.insert("d90".to_owned(), json!({ "type": "array", "items": { "$ref": "#/$defs/d0" } }));
    let schema = json!({ "$defs": defs, "$ref": "#/$defs/d0" });
    let body = (0..126).fold(json!(1), |inner, _| json!([inner]));
    let path = format!("${}: an array, found 1", "[0]".repeat(126));
    check(schema, body, &[&path]);
}

#[test]
fn every_draft_has_its_own_rules() {
    let of = |draft: &str, mut schema: Value| {
        schema["$schema"] = json!(draft);
        schema
    };
    let draft_4 = of(
        "http://json-schema.org/draft-04/schema#",
        json!({ "minimum": 1, "exclusiveMinimum": true }),
    );
    check(draft_4, json!(1), &["$: more than 1, found 1"]);
    let draft_7 = of(
        "http://json-schema.org/draft-07/schema#",
        json!({ "items": [{ "type": "string" }], "additionalItems": false }),
    );
    check(
        draft_7,
        json!([1, 2]),
        &["$[0]: a string, found 1", "$: at most 1 element, found [1,2]"],
    );
    let of_2019 = of(
        "https://json-schema.org/draft/2019-09/schema",
        json!({ "unevaluatedProperties": false, "allOf": [{ "properties": { "a": true } }] }),
    );
    check(of_2019, json!({ "a": 1, "b": 2 }), &["$.b: no such member, found 2"]);
}
