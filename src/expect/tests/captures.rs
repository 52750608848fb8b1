//! Captures: what is found is bound, what is not is told.

use serde_json::{Value, json};

use super::super::testing::{Answer, captured, cookie};
use crate::template::Origin;

fn answer() -> Answer {
    let body = json!({"token": "t1", "none": null, "orders": [{"id": 7}, {"id": 8}]});
    Answer::json(&body)
        .header("location", "/orders/7")
        .header("link", "a")
        .header("link", "b")
        .cookie(cookie("session", "abc"))
        .cookie(cookie("session", "old"))
}

#[track_caller]
fn check(source: &str, expected: Value) {
    let (faults, scope) = captured(&format!("capture:\n  it: {source}"), &answer());
    assert_eq!(faults, [""; 0], "{source}");
    let binding = scope.get("it").expect("it is bound");
    assert_eq!(binding.value, expected, "{source}");
    match &binding.origin {
        Origin::Capture { step, source, span } => {
            assert_eq!((step.as_str(), &source.text()[span.start..span.end]), ("Fetch", "it"));
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn check_nothing(source: &str, lines: &[&str]) {
    let (faults, scope) =
        captured(&format!("capture:\n  it: {source}\n  other: $.token"), &answer());
    assert_eq!(faults, lines, "{source}");
    assert!(scope.get("it").is_none());
    assert_eq!(scope.get("other").map(|binding| &binding.value), Some(&json!("t1")));
    let template = crate::template::Template::parse("${it}").expect("a template");
    let error = template.evaluate(&scope).expect_err("it has no value");
    assert_eq!(error.message, "`it` has no value here: step `Fetch` did not capture it");
}

#[test]
fn every_source_gives_its_value() {
    check("$.token", json!("t1"));
    check("$.none", json!(null));
    check("{json: '$.orders[1].id'}", json!(8));
    check("{json: '$.orders[*].id', all: true}", json!([7, 8]));
    check("{json: $.token, all: true}", json!(["t1"]));
    check("{header: Location}", json!("/orders/7"));
    check("{header: link}", json!("a"));
    check("{header: link, all: true}", json!(["a", "b"]));
    check("{cookie: session}", json!("abc"));
    check("{cookie: session, all: true}", json!(["abc", "old"]));
    check("{regex: '\"id\":(\\d)'}", json!("7"));
    check("{regex: '\"id\":(\\d)', group: 0}", json!("\"id\":7"));
    check("{regex: '\"id\":(\\d)', all: true}", json!(["7", "8"]));
    check("{status: true}", json!(200));
    check("{url: true}", json!("http://shop.test/account"));
    check("{value: '${response.json.orders | length + five}'}", json!(7));
    check("{value: 'x-${response.status}'}", json!("x-200"));
}

#[test]
fn a_default_is_taken_where_nothing_is_found() {
    check("{json: $.gone, default: 5}", json!(5));
    check("{json: '$.gone[*]', all: true, default: []}", json!([]));
    check("{header: x, default: '${user}'}", json!("alice"));
    check("{value: '${response.json.gone}', default: null}", json!(null));
}

#[test]
fn what_is_not_found_says_what_there_is() {
    check_nothing(
        "$.tokn",
        &[
            "[$.tokn] nothing to capture as `it`: `$.tokn` is missing -- `$` is an object with `token`, `none`, `orders`",
            "help: did you mean `$.token`?",
        ],
    );
    check_nothing(
        "{json: '$.gone[*]', all: true}",
        &[
            "['$.gone[*]'] nothing to capture as `it`: `$.gone[*]` found nothing -- `$` is an object with `token`, `none`, `orders`",
            "help: did you mean `$.none[*]`?",
        ],
    );
    check_nothing(
        "{header: x-gone}",
        &[
            "[x-gone] nothing to capture as `it`: header `x-gone` is missing -- ",
            "help: a `default` is taken where nothing is found",
        ],
    );
    check_nothing(
        "{cookie: gone}",
        &[
            "[gone] nothing to capture as `it`: the session holds no cookie `gone` for http://shop.test/account -- ",
            "help: a `default` is taken where nothing is found",
        ],
    );
    check_nothing(
        "{regex: 'a(b)?token|\"(t)oken'}",
        &[
            "['a(b)?token|\"(t)oken'] nothing to capture as `it`: group 1 of `a(b)?token|\"(t)oken` found nothing in the body -- ",
            "help: a `default` is taken where nothing is found",
        ],
    );
    check_nothing(
        "{value: '${response.json.gone}'}",
        &[
            "[response.json.gone] `response.json.gone` is not there: `response.json` is an object with `token`, `none`, `orders` -- ",
        ],
    );
}

#[test]
fn a_body_that_is_no_json_gives_no_node() {
    let (faults, _) = captured("capture:\n  it: $.a", &Answer::new(200).body("<p>"));
    assert_eq!(
        faults[0],
        "[$.a] nothing to capture as `it`: the body is not JSON: expected value at line 1 column 1 -- no content type was sent"
    );
}
