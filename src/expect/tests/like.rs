//! `like`: what holds, and what people read of each part that differs.

use serde_json::{Value, json};

use super::super::testing::{Answer, told};

#[track_caller]
fn of(like: &str, body: &Value) -> Vec<String> {
    let indented: String = like.lines().map(|line| format!("    {line}\n")).collect();
    told(&format!("expect:\n  like:\n{indented}"), &Answer::json(body))
}

#[track_caller]
fn check(like: &str, body: Value, holds: bool) {
    let found = of(like, &body);
    assert_eq!(found.is_empty(), holds, "{like} on {body}: {found:#?}");
}

#[track_caller]
fn check_told(like: &str, body: Value, lines: &[&str]) {
    assert_eq!(of(like, &body), lines, "{like} on {body}");
}

#[test]
fn objects_may_have_more_members_and_lists_no_more_elements() {
    check("a: 1", json!({"a": 1.0, "b": 2}), true);
    check("a: 1", json!({"b": 2}), false);
    check("a: null", json!({"b": 2}), false);
    check("a: {}", json!({"a": {"b": 1}}), true);
    check("a: {}", json!({"a": []}), false);
    check("a: []", json!({"a": []}), true);
    check("a: []", json!({"a": [1]}), false);
    check("a: []", json!({"a": {}}), false);
    check("[1, {b: 2}]", json!([1, {"b": 2, "c": 3}]), true);
    check("[1, {b: 2}]", json!([{"b": 2}, 1]), false);
    check("[1]", json!([1, 2]), false);
    check("[1, 2]", json!([1]), false);
    check("[]", json!({}), false);
    check("7", json!(7.0), true);
    check("'7'", json!(7), false);
}

#[test]
fn a_map_of_operators_is_a_matcher_at_any_depth() {
    check("{$type: object, $length: 1}", json!({"a": 1}), true);
    check("a: {$gt: 0, $lt: 2}", json!({"a": 1}), true);
    check("a: {$gt: 0, $lt: 1}", json!({"a": 1}), false);
    check("a: {$exists: false}", json!({"b": 1}), true);
    check("a: {$exists: false}", json!({"a": null}), false);
    check("a: {$length: {$gt: 1}}", json!({"a": [1, 2]}), true);
    check("a: {$length: 2}", json!({"a": [1]}), false);
    check("a: {$each: {id: {$gt: 0}}}", json!({"a": [{"id": 1, "x": 0}, {"id": 2}]}), true);
    check("a: {$each: {id: {$gt: 0}}}", json!({"a": [{"id": 1}, {"x": 2}]}), false);
    check("a: {$any: {id: 2}}", json!({"a": [{"id": 1}, {"id": 2, "x": 2}]}), true);
    check("a: {$none: {id: 3}}", json!({"a": [{"id": 1}, {"x": 2}]}), true);
    check("a: {$none: {id: 1}}", json!({"a": [{"id": 1, "x": 2}]}), false);
    check("a: {$not: {b: 1}}", json!({"a": {"b": 2}}), true);
    check("a: {$not: {b: 1}}", json!({"a": {}}), true);
    check("a: {$not: {b: 1}}", json!({"a": {"b": 1, "c": 2}}), false);
    check("a: {$not: {b: {$gt: 1}}}", json!({"a": {"b": "x"}}), false);
    let unordered = "a: {$unordered: [{b: {$gt: 0}}, {b: 1}]}";
    check(unordered, json!({"a": [{"b": 1, "c": 0}, {"b": 2}]}), true);
    check(unordered, json!({"a": [{"b": 2}, {"b": 2}]}), false);
}

#[test]
fn the_operands_that_are_values_are_exact() {
    check("a: {$equals: {b: 1}}", json!({"a": {"b": 1, "c": 2}}), false);
    check("a: {$equals: {b: 1}}", json!({"a": {"b": 1}}), true);
    check("a: {$in: [{b: 1}, 2]}", json!({"a": {"b": 1}}), true);
    check("a: {$includes: {b: 1}}", json!({"a": {"b": 1, "c": 2}}), true);
    check("a: {$between: [1, 2]}", json!({"a": 2}), true);
}

#[test]
fn data_that_begins_with_a_dollar_has_two() {
    check("$$ref: '#/a'", json!({"$ref": "#/a"}), true);
    check("$$$x: 1", json!({"$$x": 1}), true);
    check("$$gt: 0\nb: 1", json!({"$gt": 0, "b": 1}), true);
    check("$${a}: 1", json!({"${a}": 1}), true);
    check("a$${b}: 1", json!({"a${b}": 1}), true);
}

#[test]
fn templates_keep_their_type_and_give_trees() {
    check("a: ${five}", json!({"a": 5}), true);
    check("a: ${five}", json!({"a": "5"}), false);
    check("a: n${five}", json!({"a": "n5"}), true);
    check("a: ${list}", json!({"a": [1, 2]}), true);
    check("a: ${list}", json!({"a": [1]}), false);
    check("a: \"${{'b': five}}\"", json!({"a": {"b": 5, "c": 6}}), true);
    check("a: \"${{'$gt': five}}\"", json!({"a": 6}), false);
    check("a: \"${{'$gt': five}}\"", json!({"a": {"$gt": 5}}), true);
    check("a: {$gt: \"${five}\"}", json!({"a": 6}), true);
}

#[test]
fn each_part_that_differs_is_told_with_its_path_and_its_place() {
    check_told(
        "user: {name: ada, id: {$gt: 9}}\ntags: [a, b]\nopen: true",
        json!({"user": {"id": 7, "nmae": "Ada"}, "tags": ["a", "c"], "open": "true"}),
        &[
            "[ada] `$.user.name` is missing -- expected \"ada\"",
            "note: `$.user` is an object with `id`, `nmae`",
            "help: did you mean `$.user.nmae`?",
            "[9] `$.user.id` is 7 -- expected something greater than 9",
            "[b] `$.tags[1]` is \"c\" -- expected \"b\"",
            "[true] `$.open` is \"true\" -- expected true",
            "note: a string never equals a boolean",
        ],
    );
    check_told(
        "a: {b: 1}",
        json!({"a": "x"}),
        &["[b] `$.a` is \"x\" -- expected an object like {\"b\":1}"],
    );
    check_told(
        "a: {b: {$gt: 1, $lt: 9}}",
        json!({"a": {}}),
        &[
            "[1] `$.a.b` is missing -- expected something greater than 1",
            "note: `$.a` is an object without members",
        ],
    );
    check_told("a: 1", json!([1]), &["[a] `$` is [1] -- expected an object like {\"a\":1}"]);
    check_told(
        "a: {gt: 1}",
        json!({"a": 2}),
        &[
            "[gt] `$.a` is 2 -- expected an object like {\"gt\":1}",
            "note: below `like` an operator begins with `$`: `$gt`",
        ],
    );
}

#[test]
fn lists_are_aligned_by_what_they_have_in_common() {
    check_told(
        "[{id: 1}, {id: 2}]",
        json!([{"id": 0}, {"id": 1, "x": 1}, {"id": 2}]),
        &["[[{id: 1}, {id: 2}]] `$[0]` is one too many: {\"id\":0} -- expected just 2 elements"],
    );
    check_told(
        "[1, 2, 3]",
        json!([1, 3]),
        &["[2] `$[1]` is missing -- expected 2", "note: `$` is an array of 2 elements"],
    );
    check_told(
        "- {id: 1, sku: {$is: uuid}}\n- {id: 2}",
        json!([{"id": 1, "sku": "x"}, {"id": 3}]),
        &[
            "[uuid] `$[0].sku` is \"x\" -- expected a UUID",
            "note: a UUID is 8, 4, 4, 4 and 12 hexadecimal digits with `-` between them",
            "[2] `$[1].id` is 3 -- expected 2",
        ],
    );
}

#[test]
fn operators_on_elements_tell_the_way_to_them() {
    check_told(
        "a: {$each: {id: {$gt: 1}}}",
        json!({"a": [{"id": 2}, {"id": 1}, {}]}),
        &[
            "[1] `$.a[1].id` is 1 -- expected something greater than 1",
            "note: these miss too\n`[2]` is {}",
        ],
    );
    check_told(
        "a: {$unordered: [{id: 1}, {id: {$lt: 0}}]}",
        json!({"a": [{"id": 1}, {"id": 2}]}),
        &[
            "[[{id: 1}, {id: {$lt: 0}}]] `$.a` is [{\"id\":1},{\"id\":2}] -- expected an array of {\"id\":1}, {\"id\":{\"$lt\":0}}, in any order",
            "diff: expected {\"id\":{\"$lt\":0}}, and no element is left for it\n`[1]` has no partner: {\"id\":2}",
        ],
    );
    check_told(
        "a: {$not: {b: 1}}",
        json!({"a": {"b": 1}}),
        &["[b] `$.a` is {\"b\":1} -- expected anything but an object like {\"b\":1}"],
    );
}

#[test]
fn what_a_template_gave_is_told_with_its_part() {
    check_told(
        "a: ${five}\nb: \"${{'c': 1}}\"\nd: ${list}",
        json!({"a": 6, "b": {"c": 2}, "d": [1, 3]}),
        &[
            "[${five}] `$.a` is 6 -- expected 5, the value of `five`",
            "[\"${{'c': 1}}\"] `$.b.c` is 2 -- expected 1",
            "[${list}] `$.d[1]` is 3 -- expected 2, the value of `list[1]`",
        ],
    );
}

#[test]
fn a_body_that_is_no_json_is_told_once() {
    let answer = Answer::new(200).body("<html>");
    let found = told("expect:\n  like: {a: 1, b: 2}", &answer);
    assert_eq!(
        found[0].split(" -- ").next(),
        Some("[a] the body is not JSON: expected value at line 1 column 1")
    );
    assert_eq!(found.len(), 2, "{found:?}");
    let found = told("expect:\n  json: {$.a: 1}\n  like: {a: 1}", &answer);
    assert_eq!(found.iter().filter(|line| line.contains("not JSON")).count(), 1, "{found:?}");
}

#[test]
fn a_body_that_differs_everywhere_ends_after_the_first_differences() {
    let list: Value = (0..5_000).collect();
    let like: String = (0..5_000).map(|n| format!("- {}\n", n + 10_000)).collect();
    assert_eq!(of(&like, &list).len(), 100);
}
