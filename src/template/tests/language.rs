//! The language itself: texts, names, operators, places.

use super::super::*;
use super::{check, check_failing, check_invalid, scope};
use serde_json::json;

#[test]
fn text_is_text_and_a_lone_expression_keeps_its_type() {
    check("plain", json!("plain"));
    check("", json!(""));
    check("${count}", json!(3));
    check("${ count }", json!(3));
    check("n=${count}", json!("n=3"));
    check("${user}-${count}", json!("alice-3"));
    check("${orders[0].id}", json!("a/1"));
    check("${none_here}", json!(null));
    let nested: Value =
        serde_json::from_str("123456789012345678901234567890123456789012345").expect("a number");
    check("${nested.big[0]}", nested);
    check("${big}", serde_json::from_str("12345678901234567890123.10").expect("a number"));
}

#[test]
fn dollars_and_braces_outside_of_expressions_are_text() {
    check("$5 {a} }", json!("$5 {a} }"));
    check("$${user}", json!("${user}"));
    check("$$${user}", json!("$${user}"));
    check("a$", json!("a$"));
}

#[test]
fn strings_inside_an_expression_may_hold_braces() {
    check("${ '}' }", json!("}"));
    check("${ \"a\\\"}\" ~ user }", json!("a\"}alice"));
    check("${ {'a': {'b': 1}}.a.b }", json!(1));
}

#[test]
fn jinja_does_arithmetic_comparison_filters_and_tests() {
    check("${count * 2 + 1}", json!(7));
    check("${count > 2 and user == 'alice'}", json!(true));
    check("${user | upper}", json!("ALICE"));
    check("${'many' if count > 2 else 'few'}", json!("many"));
    check("${orders | length}", json!(2));
    check("${missing is defined}", json!(false));
    check("${missing | default('x')}", json!("x"));
    check("${missing if missing is defined else 'y'}", json!("y"));
    check("${orders | json}", json!("[{\"id\":\"a/1\"},{\"id\":\"b\"}]"));
    check("${ [1, 2] }", json!([1, 2]));
}

#[test]
fn what_is_no_expression_is_refused_at_its_place() {
    check_invalid("a ${user", 2, "`${` has no closing `}`");
    check_invalid("${}", 0, "`${}` is empty");
    check_invalid("x ${ user | uper }", 12, "unknown filter `uper`");
    check_invalid("${ user | safe }", 10, "unknown filter `safe`");
    check_invalid("${ uuuid() }", 3, "unknown function `uuuid`");
    check_invalid("${ user is emty }", 11, "unknown test `emty`");
    let error = Template::parse("${ user + }").expect_err("no expression");
    assert!(error.message.starts_with("`user +` is no expression: "), "{error}");
}

#[test]
fn a_name_without_a_value_is_an_error_that_says_who_did_not_set_it() {
    check_failing(
        "${orders[0].nmae}",
        "`orders[0].nmae` is not there: `orders[0]` is an object with `id`",
    );
    check_failing("${user['x'] == 1}", "`user['x']` is not there: `user` is a string");
    check_failing(
        "${count + none}",
        "`count + none` cannot be worked out: `+` cannot be used with number and null",
    );
    check_failing("${missing}", "`missing` has no value here");
    check_failing("${token}", "`token` has no value here: step `Sign in` did not capture it");
    check_failing(
        "${token | upper}",
        "`token` has no value here: step `Sign in` did not capture it",
    );
    check_failing("${orders[7]}", "`orders[7]` is not there: `orders` is an array of 2 elements");
}

#[test]
fn the_command_line_wins_over_captures() {
    let mut scope = scope();
    scope.bind("user", json!("bob"), Origin::CommandLine);
    scope.bind("user", json!("carol"), Origin::Program);
    assert_eq!(scope.get("user").map(|binding| &binding.value), Some(&json!("bob")));
}

#[test]
fn names_are_found_with_their_places_and_nothing_else_is_taken_for_one() {
    let uses = |text: &str| {
        let template = Template::parse(&format!("${{{text}}}")).expect(text);
        let expression = template.expressions().next().expect("an expression").clone();
        expression
            .uses()
            .iter()
            .filter_map(|used| match &used.kind {
                UseKind::Name { member, .. } => {
                    Some((used.name.clone(), used.offset, member.clone()))
                }
                _ => None,
            })
            .collect::<Vec<_>>()
    };
    let name = |name: &str, offset| (name.to_owned(), offset, None);
    assert_eq!(uses("a.b.c + d['e'].f"), [("a".to_owned(), 0, Some("b".to_owned())), name("d", 8)]);
    assert_eq!(
        uses("'x' if not y else z | replace('a', w)"),
        [name("y", 11), name("z", 18), name("w", 35)]
    );
    assert_eq!(uses("range(lower=1, upper=n)"), [name("n", 21)]);
    assert_eq!(uses("1e5 + true"), []);
}

#[test]
fn raw_is_kept_as_a_mark() {
    let template = Template::parse("${user | raw}").expect("a template");
    let expression = template.expressions().next().expect("an expression");
    assert!(expression.evaluate(&scope()).expect("a value").raw);
}

#[test]
fn no_expression_is_too_deep_for_the_stack() {
    for (start, again, end) in [
        ("", "(", "1"),
        ("x", " | upper", ""),
        ("1", " + 1", ""),
        ("", "not ", "x"),
        ("", "-", "1"),
        ("", "[", "]"),
        ("x", ".a", ""),
        ("x", "[0]", ""),
        ("", "x if x else ", "x"),
        ("x", " is defined", ""),
        ("", "x(", ""),
        ("", "{1: ", ""),
    ] {
        for count in [300, 900, 100_000] {
            let text = format!("${{{start}{}{end}}}", again.repeat(count));
            let Ok(template) = Template::parse(&text) else { continue };
            let _ = template.evaluate(&scope());
        }
        let text = format!("${{{start}{}{end}}}", again.repeat(1001));
        let error = Template::parse(&text).expect_err(&text);
        assert!(error.message.len() < 400, "{error}");
    }
    let list = format!("${{[{}]}}", "1, ".repeat(498));
    assert!(Template::parse(&list).is_ok());
}

const INPUTS: [&str; 14] = [
    "user",
    "count",
    "orders",
    "none_here",
    "big",
    "nested",
    "''",
    "'%C3'",
    "'%ff'",
    "'&#x110000;'",
    "-1.5",
    "true",
    "'2026-01-31'",
    "['a', [1], {}]",
];

const ARGUMENTS: [&str; 14] = [
    "user",
    "count",
    "orders",
    "none",
    "'$..a[?@.b]'",
    "'(a)|.'",
    "'$1'",
    "'%Y-%j %s'",
    "-1",
    "9223372036854775807",
    "''",
    "'email'",
    "plus='99999999w'",
    "format='%H'",
];

proptest::proptest! {
    #[test]
    fn no_call_panics(
        name in 0_usize..200,
        input in proptest::sample::select(&INPUTS[..]),
        arguments in proptest::collection::vec(proptest::sample::select(&ARGUMENTS[..]), 0..4),
    ) {
        let arguments = arguments.join(", ");
        let filters: Vec<_> = callable_names(&UseKind::Filter).collect();
        let functions: Vec<_> = callable_names(&UseKind::Function).collect();
        let (filter, function) = (filters[name % filters.len()], functions[name % functions.len()]);
        for text in [
            format!("${{{input} | {filter}({arguments})}}"),
            format!("${{{input} | {filter}}}"),
            format!("${{{function}({arguments})}}"),
            // What is not written out has to be looked at when it is called.
            format!("${{[{input}] | map('{filter}', {arguments}) | list}}"),
        ] {
            if let Ok(template) = Template::parse(&text) {
                let _ = template.evaluate(&scope());
            }
        }
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "[${}'\"a|.( )\\\\é]{0,40}") {
        let _ = Template::parse(&text);
    }
    #[test]
    fn no_expression_makes_the_evaluation_panic(pieces in proptest::collection::vec(proptest::sample::select(&[
        "${", "}", "$${", "user", ".", "name", "[", "]", "0", "-1", "1e308", "9223372036854775807", "'a'", "\"", "(", ")", " ",
        " + ", " * ", " ** ", " // ", " % ", " ~ ", " | ", "upper", "default", "json", "raw", "length", "first", " if ", " else ", " and ",
        "uuid", "now", "plus=", "file", "fake", "regex", "jsonpath", "date", "base64_decode", "map", "'$.a'", "'%Y'",
        " not ", " in ", " is defined", "==", "<", ",", ":", "{", "none", "true", "range(3)", "é", "\\u", "\n",
    ][..]), 0..14)) {
        let text = pieces.concat();
        for text in [format!("${{{text}}}"), text] {
            if let Ok(template) = Template::parse(&text) {
                for expression in template.expressions() {
                    proptest::prop_assert!(text.get(expression.offset()..).is_some());
                    let _ = expression.evaluate(&scope());
                }
            }
        }
    }
}

#[test]
fn scopes_that_were_cloned_share_their_values_until_a_name_is_bound_anew() {
    let mut scope = scope();
    let recorded = scope.clone();
    let shared = |one: &Scope, other: &Scope, name: &str| match (one.get(name), other.get(name)) {
        (Some(one), Some(other)) => std::ptr::eq(one, other),
        _ => false,
    };
    assert!(shared(&scope, &recorded, "orders"));
    scope.bind("orders", json!([]), Origin::Program);
    assert!(!shared(&scope, &recorded, "orders"));
    assert!(shared(&scope, &recorded, "user"));
}
