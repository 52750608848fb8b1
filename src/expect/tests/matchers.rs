//! Every operator on values of every kind.

use serde_json::{Value, json};

use super::super::testing::{Answer, faults, told};

/// Whether a matcher holds for `$.x` of a body, which is all of it if it has an `x`, else the value of `x`.
#[track_caller]
fn check(matcher: &str, value: Value, holds: bool) {
    check_path("$.x", matcher, json!({"x": value}), holds);
}

#[track_caller]
fn check_path(path: &str, matcher: &str, body: Value, holds: bool) {
    let keys = format!("expect:\n  json:\n    {path}: {matcher}");
    let found = told(&keys, &Answer::json(&body));
    assert_eq!(found.is_empty(), holds, "{path}: {matcher} on {body}: {found:#?}");
}

/// Neither it nor its opposite holds: the value is of the wrong kind.
#[track_caller]
fn check_wrong_kind(matcher: &str, value: Value) {
    check(matcher, value.clone(), false);
    check(&format!("{{not: {matcher}}}"), value, false);
}

#[track_caller]
fn check_opposite(matcher: &str, value: Value, holds: bool) {
    check(matcher, value.clone(), holds);
    check(&format!("{{not: {matcher}}}"), value, !holds);
}

fn number(text: &str) -> Value {
    serde_json::from_str(text).expect("a number")
}

#[test]
fn equals_compares_by_meaning() {
    check_opposite("1", json!(1), true);
    check_opposite("1.0", json!(1), true);
    check_opposite("1e2", json!(100), true);
    check_opposite("1", json!("1"), false);
    check_opposite("'1'", json!(1), false);
    check_opposite("null", json!(null), true);
    check_opposite("null", json!(0), false);
    check_opposite("[1, [2]]", json!([1, [2.0]]), true);
    check_opposite("[1, 2]", json!([2, 1]), false);
    check_opposite("{equals: {a: 1, b: 2}}", json!({"b": 2, "a": 1}), true);
    check_opposite("{equals: {a: 1}}", json!({"b": 2, "a": 1}), false);
    check_opposite("9007199254740993", number("9007199254740992"), false);
    check_opposite("12345678901234567890.1", number("12345678901234567890.10"), true);
}

#[test]
fn expressions_keep_their_type() {
    check_opposite("'${user}'", json!("alice"), true);
    check_opposite("'${five}'", json!(5), true);
    check_opposite("'${five}'", json!("5"), false);
    check_opposite("'${text_five}'", json!(5), false);
    check_opposite("'n${five}'", json!("n5"), true);
    check_opposite("['${user}', '${five}']", json!(["alice", 5]), true);
    check_opposite("{equals: {name: '${user}'}}", json!({"name": "alice"}), true);
    check_opposite("{in: '${list}'}", json!(2), true);
    check_opposite("{gt: '${five}'}", json!(6), true);
    check_opposite("'${none_here}'", json!(null), true);
}

#[test]
fn order_is_that_of_numbers_or_of_code_points() {
    check_opposite("{gt: 1}", json!(1.5), true);
    check_opposite("{gt: 1}", json!(1), false);
    check_opposite("{gte: 1}", json!(1.0), true);
    check_opposite("{lt: 9007199254740993}", number("9007199254740992"), true);
    check_opposite("{lte: a}", json!("a"), true);
    check_opposite("{gt: Z}", json!("a"), true);
    check_opposite("{between: [1, 3]}", json!(3), true);
    check_opposite("{between: [1, 3]}", json!(1), true);
    check_opposite("{between: [1, 3]}", json!(3.01), false);
    check_wrong_kind("{gt: 1}", json!("2"));
    check_wrong_kind("{gt: '1'}", json!(2));
    check_wrong_kind("{gt: 1}", json!(null));
    check_wrong_kind("{lt: 1}", json!([0]));
    check_wrong_kind("{between: [1, b]}", json!(2));
}

#[test]
fn in_is_one_of_these_values() {
    check_opposite("{in: [1, b, null]}", json!(null), true);
    check_opposite("{in: [1, b]}", json!("1"), false);
    check_opposite("{in: [[1], 2]}", json!([1]), true);
}

#[test]
fn texts_have_parts() {
    check_opposite("{includes: li}", json!("alice"), true);
    check_opposite("{includes: ''}", json!(""), true);
    check_opposite("{excludes: li}", json!("alice"), false);
    check_opposite("{starts_with: a}", json!("alice"), true);
    check_opposite("{starts_with: '${user}'}", json!("alice!"), true);
    check_opposite("{ends_with: a}", json!("alice"), false);
    check_opposite("{matches: '^a.*e$'}", json!("alice"), true);
    check_opposite("{matches: i}", json!("alice"), true);
    check_opposite("{matches: '^${user}$'}", json!("alice"), true);
    check_wrong_kind("{includes: 5}", json!("5"));
    check_wrong_kind("{excludes: 5}", json!("5"));
    check_wrong_kind("{includes: a}", json!(5));
    check_wrong_kind("{starts_with: a}", json!(["a"]));
    check_wrong_kind("{matches: '5'}", json!(5));
}

#[test]
fn lists_include_elements_and_objects_members() {
    check_opposite("{includes: 2}", json!([1, 2.0]), true);
    check_opposite("{includes: '2'}", json!([1, 2]), false);
    check_opposite("{excludes: 3}", json!([1, 2]), true);
    check_opposite("{includes: {id: 2}}", json!([{"id": 1}, {"id": 2, "n": "b"}]), true);
    check_opposite("{includes: {id: 2, n: a}}", json!([{"id": 1, "n": "a"}, {"id": 2}]), false);
    check_opposite("{includes: [1]}", json!([[1], 2]), true);
    check_opposite("{includes: {a: 1}}", json!({"a": 1, "b": 2}), true);
    check_opposite("{includes: {a: {b: 1}}}", json!({"a": {"b": 1, "c": 2}}), false);
    check_opposite("{excludes: {a: 1}}", json!({"a": 2}), true);
    check_wrong_kind("{includes: a}", json!({"a": 1}));
    check_wrong_kind("{excludes: {a: 1}}", json!(7));
}

#[test]
fn length_counts_code_points_elements_and_members() {
    check_opposite("{length: 2}", json!("é👍"), true);
    check_opposite("{length: 2}", json!([1, 2]), true);
    check_opposite("{length: {gt: 1, lt: 3}}", json!({"a": 1, "b": 2}), true);
    check_opposite("{length: '${five}'}", json!("alice"), true);
    check_opposite("{length: {lt: 1KiB}}", json!("alice"), true);
    check_wrong_kind("{length: 1}", json!(5));
    check_wrong_kind("{length: 0}", json!(null));
}

#[test]
fn empty_is_without_any_of_these() {
    for empty in [json!(""), json!([]), json!({})] {
        check_opposite("{empty: true}", empty.clone(), true);
        check_opposite("{empty: false}", empty, false);
    }
    check_opposite("{empty: false}", json!([0]), true);
    check_wrong_kind("{empty: true}", json!(null));
    check_wrong_kind("{empty: false}", json!(0));
}

#[test]
fn types_are_those_of_json_and_integer() {
    check_opposite("{type: integer}", json!(1.0), true);
    check_opposite("{type: integer}", json!(1.5), false);
    check_opposite("{type: number}", json!(1.5), true);
    check_opposite("{type: [string, null]}", json!(null), true);
    check_opposite("{type: null}", json!(null), true);
    check_opposite("{type: array}", json!([]), true);
    check_opposite("{type: object}", json!([]), false);
    check_opposite("{type: boolean}", json!("true"), false);
}

#[test]
fn each_any_and_none_look_at_elements() {
    check_opposite("{each: {gt: 0}}", json!([1, 2]), true);
    check_opposite("{each: {gt: 0}}", json!([1, 0]), false);
    check_opposite("{each: {gt: 0}}", json!([]), true);
    check_opposite("{any: 2}", json!([1, 2]), true);
    check_opposite("{any: 2}", json!([]), false);
    check_opposite("{none: 2}", json!([1, 3]), true);
    check_opposite("{none: 2}", json!([1, 2]), false);
    check_opposite("{none: 2}", json!([]), true);
    check_opposite("{each: {each: 1}}", json!([[1], [1, 1]]), true);
    check_wrong_kind("{each: {gt: 0}}", json!({"a": 1}));
    check_wrong_kind("{none: 1}", json!("1"));
}

#[test]
fn an_element_of_the_wrong_kind_counts_only_where_no_other_settles_it() {
    check_wrong_kind("{each: {gt: 0}}", json!([1, "a"]));
    check_opposite("{each: {gt: 0}}", json!(["a", 0]), false);
    check_opposite("{any: {gt: 0}}", json!(["a", 1]), true);
    check_wrong_kind("{any: {gt: 0}}", json!(["a", 0]));
    check_wrong_kind("{none: {gt: 0}}", json!(["a", 0]));
    check_opposite("{none: {gt: 0}}", json!(["a", 1]), false);
    check_wrong_kind("{gt: 1, lt: 5}", json!("a"));
    check_opposite("{type: number, gt: 5}", json!("a"), false);
}

#[test]
fn unordered_is_one_to_one() {
    check_opposite("{unordered: [1, 2]}", json!([2, 1]), true);
    check_opposite("{unordered: [1, 1]}", json!([1, 2]), false);
    check_opposite("{unordered: [1]}", json!([1, 1]), false);
    check_opposite("{unordered: []}", json!([]), true);
    check_opposite("{unordered: [{gt: 0}, 1]}", json!([1, 2]), true);
    check_opposite("{unordered: [{gt: 0}, {gt: 1}]}", json!([1, 1]), false);
    check_opposite("{unordered: [{equals: {a: 1}}, 5]}", json!([5, {"a": 1}]), true);
    check_wrong_kind("{unordered: [1]}", json!({"a": 1}));
}

#[test]
fn sorted_and_unique_look_at_lists() {
    check_opposite("{sorted: asc}", json!([1, 1, 2.5]), true);
    check_opposite("{sorted: desc}", json!([1, 2]), false);
    check_opposite("{sorted: desc}", json!(["b", "a", "a"]), true);
    check_opposite("{sorted: asc}", json!([]), true);
    check_wrong_kind("{sorted: asc}", json!([1, "a"]));
    check_wrong_kind("{sorted: asc}", json!([2, 1, "a"]));
    check_wrong_kind("{sorted: asc}", json!([true]));
    check_wrong_kind("{sorted: asc}", json!("ab"));
    check_opposite("{unique: true}", json!([1, "1", null, [1], {"a": 1}]), true);
    check_opposite("{unique: true}", json!([1, 2, 1.0]), false);
    check_opposite("{unique: true}", json!([{"a": 1, "b": 0}, {"b": number("-0"), "a": 1}]), false);
    check_wrong_kind("{unique: true}", json!(1));
}

#[test]
fn is_looks_at_texts() {
    check_opposite("{is: uuid}", json!("017f22e2-79b0-7cc3-98c4-dc0c0c07398f"), true);
    check_opposite("{is: uuid}", json!("017f22e2"), false);
    check_opposite("{is: date_time}", json!("2026-01-31T12:00:00Z"), true);
    check_opposite("{is: email}", json!("alice"), false);
    check_wrong_kind("{is: ipv4}", json!(1));
    check_wrong_kind("{is: base64}", json!(null));
    check_wrong_kind("{is: jwt}", json!(["a"]));
}

#[test]
fn approx_counts_with_all_digits_and_includes_its_ends() {
    let approx = "{approx: {value: 0.3, within: 0.1}}";
    check_opposite(approx, number("0.4"), true);
    check_opposite(approx, number("0.2"), true);
    check_opposite(approx, number("0.40000000000000000000000000000001"), false);
    check_opposite(approx, number("0.19999999999999999999999999999999"), false);
    let big = "{approx: {value: 12345678901234567890123, within: 1}}";
    check_opposite(big, number("12345678901234567890124"), true);
    check_opposite(big, number("12345678901234567890125"), false);
    check_opposite("{approx: {value: -1, within: 0}}", json!(-1.0), true);
    check_opposite("{approx: {value: 0, within: 1e-300}}", number("1e-301"), true);
    check_opposite("{approx: {value: 1, within: 1e-9000}}", number("1.0"), true);
    check_opposite("{approx: {value: 1, within: 1e-9000}}", number("1.1"), false);
    check_opposite("{approx: {value: '${five}', within: 1}}", json!(6), true);
    check_wrong_kind(approx, json!("0.3"));
    check_wrong_kind(approx, json!(null));
}

#[test]
fn before_and_after_compare_times_however_they_are_written() {
    check_opposite("{before: 2026-02-01}", json!("2026-01-31T23:59:59Z"), true);
    check_opposite("{before: 2026-02-01}", json!("2026-02-01T00:00:00Z"), false);
    check_opposite("{after: 2026-02-01}", json!("2026-02-01T00:00:00Z"), false);
    check_opposite("{after: 2026-02-01}", json!("2026-02-01T00:00:00.001Z"), true);
    check_opposite("{after: '2026-02-01T01:00:00+02:00'}", json!("2026-01-31T23:30:00Z"), true);
    check_opposite("{before: \"${now(plus='1h')}\"}", json!(0), true);
    check_opposite("{after: 1769860800}", json!("Sat, 31 Jan 2026 12:00:01 GMT"), true);
    check_opposite("{after: 2026-01-31}", json!(1_769_860_800), true);
    check_opposite("{before: 0.5}", json!(0.25), true);
    for value in [json!("tomorrow"), json!("1769860800"), json!(true), json!(1_769_860_800_000_i64)]
    {
        check_wrong_kind("{after: 2026-01-31}", value);
    }
    let date = |value: &str| Answer::new(200).header("x-at", value);
    for (matcher, value, holds) in [
        ("{before: 2026-02-01}", "Sat, 31 Jan 2026 12:00:00 GMT", true),
        ("{after: 2026-02-01}", "Sat, 31 Jan 2026 12:00:00 GMT", false),
        ("{after: 2026-01-31}", "1769860801", true),
        ("{approx: {value: 10, within: 1}}", "10.5", true),
        ("{approx: {value: '${text_five}', within: 1}}", "4", true),
        ("{approx: {value: 10, within: 1}}", "ten", false),
        ("{is: ipv6}", "::1", true),
    ] {
        let found = told(&format!("expect:\n  headers:\n    x-at: {matcher}"), &date(value));
        assert_eq!(found.is_empty(), holds, "{matcher} {value}: {found:?}");
    }
}

#[test]
fn on_a_missing_node_everything_fails_but_exists_false() {
    for matcher in [
        "null",
        "{not: 1}",
        "{not: {exists: true}}",
        "{exists: true}",
        "{empty: true}",
        "{length: 0}",
        "{none: 1}",
        "{each: 1}",
        "{excludes: a}",
        "{in: [null]}",
        "{type: null}",
        "{unordered: []}",
        "{exists: false, type: null}",
        "{is: date}",
        "{approx: {value: 1, within: 1}}",
        "{before: 2026-01-31}",
    ] {
        check_path("$.y", matcher, json!({"x": 1}), false);
        check_path("$.x.y", matcher, json!({"x": 1}), false);
        check_path("$.x[1]", matcher, json!({"x": [0]}), false);
    }
    check_path("$.y", "{exists: false}", json!({"x": 1}), true);
    check_opposite("{exists: true}", json!(null), true);
    check_opposite("{exists: false}", json!(null), false);
}

#[test]
fn a_path_that_is_not_singular_gives_a_list_which_may_be_empty() {
    let none = json!({"x": []});
    for (matcher, holds) in [
        ("{length: 0}", true),
        ("{empty: true}", true),
        ("{exists: false}", true),
        ("{none: 1}", true),
        ("[]", true),
        ("{type: array}", true),
        ("{exists: true}", false),
        ("{empty: false}", false),
        ("{any: 1}", false),
        ("{each: 1}", false),
        ("{not: {each: 1}}", false),
        ("{includes: 1}", false),
        ("{excludes: 1}", true),
    ] {
        check_path("$.x[*].id", matcher, none.clone(), holds);
    }
    let some = json!({"x": [{"id": 1}, {"id": 2}, {"no": 3}]});
    for (matcher, holds) in [
        ("[1, 2]", true),
        ("[2, 1]", false),
        ("{length: 2}", true),
        ("{exists: true}", true),
        ("{exists: false}", false),
        ("{each: {gt: 0}}", true),
        ("{each: {gt: 1}}", false),
        ("{unordered: [2, 1]}", true),
        ("{sorted: asc, unique: true}", true),
        ("{includes: 2}", true),
        ("{gt: 0}", false),
    ] {
        check_path("$.x[*].id", matcher, some.clone(), holds);
    }
}

#[test]
fn an_operand_without_a_value_is_a_fault_at_its_place() {
    let answer = Answer::json(&json!({"x": 1}));
    let check = |matcher: &str, expected: &str| {
        let keys = format!("expect:\n  json:\n    $.x: {matcher}");
        assert_eq!(told(&keys, &answer), [expected], "{matcher}");
    };
    check("'a ${missing}'", "[missing] `missing` has no value here -- ");
    check("{in: '${five}'}", "['${five}'] `in` wants a list, and this is a number -- ");
    check("{not: {gt: '${missing}'}}", "[missing] `missing` has no value here -- ");
    check(
        "{approx: {value: '${user}', within: 1}}",
        "[value] `approx` wants numbers, and this is a string -- ",
    );
    check(
        "{approx: {value: 1, within: '${0 - five}'}}",
        "[value] `within` is -5: nothing is so near -- ",
    );
    check(
        "{before: '${user}'}",
        "['${user}'] `alice` is no time: it is written like `2026-01-31T12:00:00Z` or `2026-01-31` -- ",
    );
    let answer = Answer::json(&json!({"x": "1"}));
    let keys = "expect:\n  json:\n    $.x: {matches: '(${user}'}";
    let found = told(keys, &answer);
    assert!(found[0].contains("`(alice` is no regular expression: "), "{found:?}");
}

#[test]
fn what_passes_makes_no_fault_and_what_fails_makes_at_least_one() {
    let answer = Answer::json(&json!({"x": [1, "a", null]}));
    for matcher in ["{each: {any: 1}}", "{each: {length: 1}}", "{not: {includes: 1}}", "{none: 1}"]
    {
        let keys = format!("expect:\n  json:\n    $.x: {matcher}");
        assert!(!faults(&keys, &answer).is_empty(), "{matcher}");
    }
}
