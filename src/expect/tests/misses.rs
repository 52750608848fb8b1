//! What people read when an expectation does not hold.

use serde_json::{Value, json};

use super::super::testing::{Answer, told};

#[track_caller]
fn check(path: &str, matcher: &str, body: Value, lines: &[&str]) {
    let keys = format!("expect:\n  json:\n    {path}: {matcher}");
    assert_eq!(told(&keys, &Answer::json(&body)), lines, "{path}: {matcher} on {body}");
}

/// The label beside a value that does not matter.
#[track_caller]
fn check_label(matcher: &str, value: Value, label: &str) {
    let keys = format!("expect:\n  json:\n    $.x: {matcher}");
    let found = told(&keys, &Answer::json(&json!({"x": value})));
    let found = found.first().and_then(|line| line.split_once(" -- ")).map(|(_, label)| label);
    assert_eq!(found, Some(label), "{matcher}");
}

#[test]
fn the_contracts_own_example() {
    check(
        "$.user",
        "${user}",
        json!({"user": "bob"}),
        &["[${user}] `$.user` is \"bob\" -- expected \"alice\", the value of `user`"],
    );
}

#[test]
fn every_operator_has_its_phrase() {
    check_label("alice", json!(1), "expected \"alice\"");
    check_label("{not: 1}", json!(1), "expected anything but 1");
    check_label("{gt: 0}", json!(0), "expected something greater than 0");
    check_label("{gte: 1}", json!(0), "expected at least 1");
    check_label("{lt: 0}", json!(0), "expected something less than 0");
    check_label("{lte: 0}", json!(1), "expected at most 0");
    check_label("{not: {gt: 0}}", json!(1), "expected something not greater than 0");
    check_label("{between: [1, 2]}", json!(3), "expected something between 1 and 2");
    check_label("{not: {between: [1, 2]}}", json!(1), "expected something not between 1 and 2");
    check_label("{in: [1, a]}", json!(3), "expected one of 1, \"a\"");
    check_label("{not: {in: [1, a]}}", json!(1), "expected none of 1, \"a\"");
    check_label("{includes: b}", json!("a"), "expected something that includes \"b\"");
    check_label("{excludes: a}", json!("a"), "expected something without \"a\"");
    check_label("{not: {includes: a}}", json!("a"), "expected something without \"a\"");
    check_label("{starts_with: b}", json!("a"), "expected a text that starts with \"b\"");
    check_label(
        "{not: {ends_with: a}}",
        json!("a"),
        "expected a text that does not end with \"a\"",
    );
    check_label("{matches: '^A'}", json!("a"), "expected a text that matches `^A`");
    check_label("{not: {matches: a}}", json!("a"), "expected a text that does not match `a`");
    check_label("{length: 3}", json!("a"), "expected 3 characters");
    check_label("{is: email}", json!("a"), "expected an e-mail address");
    check_label(
        "{not: {is: date}}",
        json!("2026-01-31"),
        "expected anything but a date (RFC 3339)",
    );
    let approx = "{approx: {value: 1.5, within: 0.1}}";
    check_label(approx, json!(2), "expected something within 0.1 of 1.5");
    check_label(
        &format!("{{not: {approx}}}"),
        json!(1.5),
        "expected something not within 0.1 of 1.5",
    );
    check_label("{before: 2026-01-31}", json!(2e9), "expected a time before \"2026-01-31\"");
    check_label("{not: {after: 0}}", json!(1), "expected a time not after 0");
    check_label("{length: 1}", json!([]), "expected 1 element");
    check_label("{length: {gt: 1}}", json!({}), "expected a count greater than 1");
    check_label("{length: {lte: 1}}", json!([1, 2]), "expected at most 1");
    check_label("{not: {length: 1}}", json!([1]), "expected something whose length is not 1");
    check_label("{empty: true}", json!("a"), "expected it to be empty");
    check_label("{empty: false}", json!(""), "expected it not to be empty");
    check_label("{not: {empty: true}}", json!(""), "expected it not to be empty");
    check_label("{exists: false}", json!(""), "expected it not to be there");
    check_label("{type: integer}", json!(""), "expected an integer");
    check_label("{type: [string, null]}", json!(1), "expected a string or null");
    check_label("{not: {type: 'null'}}", json!(null), "expected anything but null");
    check_label(
        "{any: {gt: 1}}",
        json!([1]),
        "expected an array with an element that is greater than 1",
    );
    check_label("{none: 1}", json!([1]), "expected no element that is 1");
    check_label("{each: 1}", json!(1), "expected an array whose elements are each 1");
    check_label(
        "{not: {each: {gt: 0, lt: 5}}}",
        json!([1]),
        "expected an array whose elements are not each greater than 0 and less than 5",
    );
    check_label(
        "{not: {gt: 0, lt: 5}}",
        json!(1),
        "expected anything but what is greater than 0 and less than 5",
    );
    check_label(
        "{unordered: [1, {gt: 2}]}",
        json!([1]),
        "expected an array of 1, {\"gt\":2}, in any order",
    );
    check_label("{sorted: desc}", json!([1, 2]), "expected an array in descending order");
    check_label("{unique: true}", json!([1, 1]), "expected an array without equal elements");
}

#[test]
fn a_path_that_finds_no_node_says_how_far_it_went() {
    check(
        "$.users[*].name.first",
        "{length: 2}",
        json!({"users": [{"id": 1, "nmae": {}}, {"id": 2}]}),
        &[
            "[2] `$.users[*].name.first` has 0 elements -- expected 2 elements",
            "note: `$.users[*]` finds 2 nodes; the first, `$.users[0]`, is an object with `id`, `nmae`",
            "help: did you mean `$.users[*].nmae.first`?",
        ],
    );
    check(
        "$.users[?@.id > 2].id",
        "{any: 3}",
        json!({"users": [{"id": 1}, {"id": 2}]}),
        &[
            "[3] `$.users[?@.id > 2].id` found nothing -- expected an array with an element that is 3",
            "note: `$.users` is an array of 2 elements",
        ],
    );
    check(
        "$.users[0].id",
        "1",
        json!({"users": []}),
        &[
            "[1] `$.users[0].id` is missing -- expected 1",
            "note: `$.users` is an array without elements",
        ],
    );
}

#[test]
fn a_path_that_looks_at_too_much_is_told() {
    let deep: Value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    check(
        "$..*..*..*..*..*..*",
        "{length: 1}",
        deep,
        &[
            "[$..*..*..*..*..*..*] `$..*..*..*..*..*..*` was not followed to its end: the path looks at more than 50 million nodes, or finds more than 10 million -- ",
            "help: name the way to what is wanted, with fewer `..` and `*`",
        ],
    );
}

#[test]
fn a_missing_node_says_how_far_the_path_went() {
    check(
        "$.user.name",
        "{type: string, length: 3}",
        json!({"user": {"id": 1, "nmae": "x"}}),
        &[
            "[string] `$.user.name` is missing -- expected a string",
            "note: `$.user` is an object with `id`, `nmae`",
            "help: did you mean `$.user.nmae`?",
        ],
    );
    check(
        "$['user'].adress[\"zip\"]",
        "1",
        json!({"user": {"address": {}}}),
        &[
            "[1] `$['user'].adress[\"zip\"]` is missing -- expected 1",
            "note: `$['user']` is an object with `address`",
            "help: did you mean `$['user'].address[\"zip\"]`?",
        ],
    );
    check(
        "$.orders[2].id",
        "{exists: true}",
        json!({"orders": [1, 2]}),
        &[
            "[true] `$.orders[2].id` is missing -- expected it to be there",
            "note: `$.orders` is an array of 2 elements",
        ],
    );
    check(
        "$.a.b",
        "1",
        json!({"a": "x"}),
        &["[1] `$.a.b` is missing -- expected 1", "note: `$.a` is a string"],
    );
    check(
        "$.a",
        "1",
        json!({}),
        &["[1] `$.a` is missing -- expected 1", "note: `$` is an object without members"],
    );
}

#[test]
fn elements_and_lengths_are_named() {
    check(
        "$.total",
        "{each: {gt: 0}}",
        json!({"total": [1, 2, 3, 0, -1]}),
        &[
            "[0] `$.total[3]` is 0 -- expected something greater than 0",
            "note: these miss too\n`[4]` is -1",
        ],
    );
    check(
        "$.orders[*].total",
        "{each: {gt: 0}}",
        json!({"orders": [{"total": 1}, {"total": 0}]}),
        &["[0] `[1]` of `$.orders[*].total` is 0 -- expected something greater than 0"],
    );
    check(
        "$.orders[*].total",
        "{each: {gt: 0}}",
        json!({"orders": []}),
        &[
            "[gt] `$.orders[*].total` found nothing -- expected at least one node, for `each` to look at",
            "note: `$.orders` is an array without elements",
        ],
    );
    check(
        "$.orders",
        "{length: 3}",
        json!({"orders": [1, 2]}),
        &["[3] `$.orders` has 2 elements -- expected 3 elements"],
    );
    check(
        "$.a",
        "{length: 3}",
        json!({"a": "é"}),
        &["[3] `$.a` has 1 character -- expected 3 characters"],
    );
    check(
        "$.a",
        "{each: {length: {gt: 1}}}",
        json!({"a": ["ab", "c"]}),
        &["[1] `$.a[1]` has 1 character -- expected a count greater than 1"],
    );
    check(
        "$.a",
        "{none: {gt: 1}}",
        json!({"a": [1, 2]}),
        &["[gt] `$.a[1]` is 2 -- expected no element that is greater than 1"],
    );
}

#[test]
fn of_nested_lists_the_elements_beside_the_first_are_told() {
    check(
        "$.a",
        "{each: {each: 1}}",
        json!({"a": [[1], [1, 2, 3], [4]]}),
        &["[1] `$.a[1][1]` is 2 -- expected 1", "note: these miss too\n`[2]` is 3"],
    );
    check(
        "$.a",
        "{each: {equals: {b: 1}}}",
        json!({"a": [{"b": 1}, {"b": 1, "c": 2}, {"b": 3}]}),
        &[
            "[b] `$.a[1]` is {\"b\":1,\"c\":2} -- expected {\"b\":1}",
            "diff: `$.c`: expected nothing, found 2",
        ],
    );
}

#[test]
fn what_is_not_there_is_not_told_to_be_there() {
    check(
        "$.a[*].id",
        "{exists: true}",
        json!({"a": []}),
        &[
            "[true] `$.a[*].id` found nothing -- expected it to be there",
            "note: `$.a` is an array without elements",
        ],
    );
    check(
        "$.a",
        "{not: {exists: true}}",
        json!({}),
        &[
            "[true] `$.a` is missing -- expected it not to be there",
            "note: `$` is an object without members",
            "note: where nothing is there only `exists: false` holds, and no `not`",
        ],
    );
}

#[test]
fn long_values_and_long_lists_are_cut() {
    let long: Vec<u32> = (0..200).collect();
    let operand: String = (0..30).map(|n| format!("{n}, ")).collect();
    let keys = format!("expect:\n  json:\n    $.a: {{in: [{operand}]}}");
    let found = told(&keys, &Answer::json(&json!({"a": long})));
    assert!(found[0].contains("… (691 characters) -- expected one of 0, 1, "), "{found:?}");
    assert!(found[0].ends_with("8, 9, 20 more"), "{found:?}");
    let members: serde_json::Map<String, Value> =
        (0..20).map(|n| (format!("m{n}"), json!(n))).collect();
    let found = told("expect:\n  json:\n    $.other: 1", &Answer::json(&Value::Object(members)));
    assert!(found[1].ends_with("`m11` and 8 more"), "{found:?}");
    let list = |from: u32| -> Value { (from..from + 50).collect() };
    let keys = format!("expect:\n  json:\n    $.a: {}", list(0));
    let found = told(&keys, &Answer::json(&json!({"a": list(100)})));
    assert!(found[0].contains("`$.a` differs in 20 places or more"), "{found:?}");
    assert!(found[1].ends_with("(these are the first 20)"), "{found:?}");
}

#[test]
fn structures_show_where_they_differ() {
    check(
        "$.a",
        "{equals: {b: 1, c: {d: 2}}}",
        json!({"a": {"b": 2, "c": {"d": 2}, "e": null}}),
        &[
            "[b] `$.a` is {\"b\":2,\"c\":{\"d\":2},\"e\":null} -- expected {\"b\":1,\"c\":{\"d\":2}}",
            "diff: `$.b`: expected 1, found 2\n`$.e`: expected nothing, found null",
        ],
    );
    let long = "x".repeat(200);
    check(
        "$.a",
        &format!("['{long}', 1]"),
        json!({"a": [long, 2]}),
        &[
            &format!(
                "[['{long}', 1]] `$.a` differs in one place -- expected [\"{}… (206 characters)",
                "x".repeat(118)
            ),
            "diff: `$[1]`: expected 1, found 2",
        ],
    );
    check(
        "$.a",
        "{unordered: [1, 2, {gt: 8}]}",
        json!({"a": [2, 3, 4]}),
        &[
            "[[1, 2, {gt: 8}]] `$.a` is [2,3,4] -- expected an array of 1, 2, {\"gt\":8}, in any order",
            "diff: expected 1, and no element is left for it\nexpected {\"gt\":8}, and no element is left for it\n`[1]` has no partner: 3\n`[2]` has no partner: 4",
        ],
    );
    check(
        "$.a",
        "{unique: true}",
        json!({"a": [1, 2, 1.0]}),
        &[
            "[true] `$.a` has equal elements -- expected an array without equal elements",
            "note: `[0]` is 1\n`[2]` is 1.0",
        ],
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_told() {
    let body = || json!({"n": 5, "s": "5", "l": [1, "a"], "o": {}});
    let check_note = |path: &str, matcher: &str, note: &str| {
        let keys = format!("expect:\n  json:\n    {path}: {matcher}");
        let found = told(&keys, &Answer::json(&body()));
        assert_eq!(found.get(1).map(String::as_str), Some(note), "{path}: {matcher}: {found:?}");
    };
    check_note("$.s", "5", "note: a string never equals a number");
    check_note("$.s", "{not: {gt: 1}}", "note: a string and a number have no order");
    check_note("$.n", "{matches: a}", "note: `matches` looks at strings, and this is a number");
    check_note("$.l", "{none: {gt: 1}}", "note: a string and a number have no order");
    check_note("$.l", "{any: {gt: 1}}", "note: a string and a number have no order");
    check_note("$.s", "{not: {gt: 1, lt: 0}}", "note: a string and a number have no order");
    check_note("$.n", "{between: [1, b]}", "note: a number and a string have no order");
    check_note(
        "$.n",
        "{length: 1}",
        "note: `length` looks at strings, arrays and objects, and this is a number",
    );
    check_note("$.o", "{each: 1}", "note: `each` looks at arrays, and this is an object");
    check_note(
        "$.l",
        "{sorted: asc}",
        "note: `sorted` compares numbers with numbers and strings with strings",
    );
    check_note(
        "$.s",
        "{includes: 5}",
        "note: `includes` cannot look for a number in what is a string",
    );
}

#[test]
fn every_miss_is_told_in_the_order_of_the_file() {
    let keys = "expect:\n  json:\n    $.a: {gt: 5, lt: 0}\n    $.b: 1\n  status: 201";
    let found = told(keys, &Answer::json(&json!({"a": 3, "b": 1})));
    assert_eq!(
        found,
        [
            "[5] `$.a` is 3 -- expected something greater than 5",
            "[0] `$.a` is 3 -- expected something less than 0",
            "[201] status is 200 -- expected 201",
        ]
    );
}
