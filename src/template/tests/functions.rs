//! Every function and filter of the format, on good input and bad.

use super::{Scope, check, check_failing, scope, template};
use crate::template::{Draw, Origin, Seed, Turn};
use crate::value::Value;
use serde_json::json;

#[test]
fn texts_change_their_form() {
    for (text, expected) in [
        ("${'tea?>~' | base64}", "dGVhPz5+"),
        ("${'tea?>~x' | base64url}", "dGVhPz5-eA"),
        ("${'dGVhPz5-' | base64_decode}", "tea?>~"),
        ("${'a b/ü' | urlencode}", "a%20b%2F%C3%BC"),
        ("${'a%20b+' | urldecode}", "a b+"),
        ("${'<\"&' | html_escape}", "&lt;&quot;&amp;"),
        ("${'&lt;&uuml;' | html_unescape}", "<ü"),
        ("${'abc' | md5}", "900150983cd24fb0d6963f7d28e17f72"),
        ("${'abc' | sha1}", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        ("${'abc' | sha256}", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "${'what do ya want for nothing?' | hmac_sha256('Jefe')}",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        // A number and a boolean are their text.
        ("${count | base64}", "Mw=="),
        ("${1.5 | base64_decode | default('x') if false else true | base64}", "dHJ1ZQ=="),
        ("${['a', 'b'] | map('base64') | join(' ')}", "YQ== Yg=="),
        ("${['YQ==', 'Yg=='] | map('base64_decode') | join}", "ab"),
    ] {
        check(text, json!(expected));
    }
}

#[test]
fn a_text_of_the_wrong_form_is_told() {
    let cannot = |text: &str, why: &str| {
        check_failing(&format!("${{{text}}}"), &format!("`{text}` cannot be worked out: {why}"));
    };
    cannot("'a' | base64_decode", "the text is no base64: its end is not whole");
    cannot("'/w==' | base64_decode", "what it decodes to is no text in UTF-8");
    cannot("'50%' | urldecode", "a `%` of the text has no two hex digits behind it");
    cannot(
        "orders | base64",
        "`base64` takes a text, and this is an array: write `| json` or `| join` before it",
    );
    cannot(
        "orders[0] | sha256",
        "`sha256` takes a text, and this is an object: write `| json` before it",
    );
    cannot("none_here | urlencode", "`urlencode` takes a text, and this is null");
    cannot("user | hmac_sha256(none_here)", "`hmac_sha256` takes a text, and this is null");
    cannot("user | from_json", "the text is no JSON: expected value at line 1 column 1");
    cannot(
        "user | jwt_claims",
        "the text is no JSON Web Token: it has no three parts with dots between them",
    );
    cannot("orders | jsonpath(user)", "a JSONPath begins with `$`");
    cannot("user | regex(user ~ '(')", "`alice(` is no regular expression: unclosed group");
    cannot(
        "user | date(user)",
        "`alice` is no date format: it has no `%`; write it like `%Y-%m-%d`",
    );
    cannot(
        "user | date('%Y')",
        "`alice` is no time: it is written like `2026-01-31T12:00:00Z` or `2026-01-31`; `to_date` reads other forms",
    );
    cannot(
        "user | days_from_now",
        "`alice` is no time: it is written like `2026-01-31T12:00:00Z` or `2026-01-31`; `to_date` reads other forms",
    );
    cannot(
        "user | to_date('%Y')",
        "`alice` does not follow the format: the 'year' component could not be parsed",
    );
    cannot("user | int", "the text is no number");
    cannot("user | float", "the text is no number");
    cannot("count | split", "value is not a string");
    check_failing("${missing | sha256}", "`missing` has no value here");
    check_failing(
        "${orders[5].id | sha256}",
        "`orders[5]` is not there: `orders` is an array of 2 elements",
    );
}

#[test]
fn data_is_read_searched_and_written() {
    check("${orders | json}", json!(r#"[{"id":"a/1"},{"id":"b"}]"#));
    check("${'[1, {\"a\": null}]' | from_json}", json!([1, {"a": null}]));
    check("${orders | jsonpath('$[0].id')}", json!("a/1"));
    check("${orders | jsonpath('$[*].id')}", json!(["a/1", "b"]));
    check("${orders | jsonpath('$[?@.id == \"x\"]')}", json!([]));
    check("${'order 17' | regex('[0-9]+')}", json!("17"));
    check("${'order 17' | regex('order ([0-9]+)') | int + 1}", json!(18));
    check("${'none' | regex('[0-9]+') | default('0')}", json!("0"));
    check("${orders | jsonpath('$[9]') is defined}", json!(false));
    check(
        "${'2026-01-31' | regex_replace('([0-9]+)-([0-9]+)-([0-9]+)', '$3.$2.$1')}",
        json!("31.01.2026"),
    );
    check("${'e30.eyJzdWIiOiJib2IifQ.x' | jwt_claims}", json!({"sub": "bob"}));
    check("${('e30.eyJzdWIiOiJib2IifQ.x' | jwt_claims).sub}", json!("bob"));
    check("${'a,b' | split(',')}", json!(["a", "b"]));
    check("${' a  b ' | split}", json!(["a", "b"]));
    check("${'42' | int + 1}", json!(43));
    check("${'1.5' | float * 2}", json!(3.0));
    check("${3.7 | int}", json!(3));
    check("${count | string ~ 1}", json!("31"));
    check_failing("${'none' | regex('[0-9]+')}", "`'none' | regex('[0-9]+')` found nothing");
    check_failing("${orders | jsonpath('$[9]')}", "`orders | jsonpath('$[9]')` found nothing");
}

#[test]
fn times_are_written_and_read() {
    check("${'2026-02-03T04:05:06Z' | date('%d.%m.%Y')}", json!("03.02.2026"));
    check("${0 | date('%Y')}", json!("1970"));
    check("${'03.02.2026' | to_date('%d.%m.%Y')}", json!("2026-02-03T00:00:00Z"));
    check("${'03.02.2026' | to_date('%d.%m.%Y') | date('%Y-%m-%d')}", json!("2026-02-03"));
    check("${now(plus='3d') | days_from_now}", json!(3));
    check("${now(minus='1w', format='%Y-%m-%d') | days_from_now}", json!(-7));
    check("${now() > '2020' and now() < now(plus='1h')}", json!(true));
    check("${timestamp() > 1700000000 and timestamp() is integer}", json!(true));
    check("${now() | regex('^[0-9-]+T[0-9:]+([.][0-9]+)?Z$') is defined}", json!(true));
    check_failing(
        "${now(plus=user)}",
        "`now(plus=user)` cannot be worked out: `alice` is no duration: write it like `30s`, `15m`, `1h`, `3d` or `2w`",
    );
}

#[test]
fn files_are_read_where_the_text_stands() {
    check("${file('a.txt')}", json!("text of a"));
    check("${file('a.txt') | length}", json!(9));
    check_failing("${file(user)}", "`file(user)` cannot be worked out: there is no file `alice`");
}

#[test]
fn random_values_have_their_form() {
    for (text, pattern) in [
        ("${uuid()}", "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"),
        ("${random_string(12)}", "^[A-Za-z0-9]{12}$"),
        ("${random_string(0)}", "^$"),
        ("${fake('email')}", "@example[.]com$"),
        ("${random_int(-3, -1)}", "^-[123]$"),
        ("${random_int(-9223372036854775808, 9223372036854775807)}", "^-?[0-9]+$"),
    ] {
        let value = template(text, "a.yaml:1:1").text(&scope()).expect(text);
        assert!(regex::Regex::new(pattern).expect(pattern).is_match(&value), "{text}: {value}");
    }
    check("${random_int(4, 4)}", json!(4));
    check_failing(
        "${random_int(count, 1)}",
        "`random_int(count, 1)` cannot be worked out: no number is at least 3 and at most 1",
    );
    check_failing(
        "${random_string(count * 1000000)}",
        "`random_string(count * 1000000)` cannot be worked out: `random_string` makes up to 1048576 characters",
    );
    check_failing(
        "${fake(user)}",
        "`fake(user)` cannot be worked out: `fake` does not know `alice`",
    );
}

fn drawn(text: &str, place: &str, draw: Draw) -> Value {
    let mut scope = scope();
    scope.set_draw(draw);
    template(text, place).evaluate(&scope).expect(text)
}

#[test]
fn a_random_value_depends_on_seed_and_place_and_on_nothing_else() {
    let draw = |seed, turns| Draw { seed: Seed::new(seed), turns, ..Draw::default() };
    let first = || drawn("${uuid()}", "a.yaml:1:1", draw(1, vec![]));
    assert_eq!(first(), first());
    let others = [
        drawn("${uuid()}", "a.yaml:1:1", draw(2, vec![])),
        drawn("${uuid()}", "a.yaml:1:2", draw(1, vec![])),
        drawn("${ uuid()}", "a.yaml:1:1", draw(1, vec![])),
        drawn("${uuid()}", "a.yaml:1:1", draw(1, vec![Turn::Item(0)])),
    ];
    assert!(others.iter().all(|other| *other != first()), "{others:?}");
    let pair = drawn("${[uuid(), uuid()]}", "a.yaml:1:1", draw(1, vec![]));
    assert_ne!(pair[0], pair[1]);
    assert_eq!(pair[0], first());
}

#[test]
fn what_is_read_out_of_a_secret_is_masked_too() {
    let mut scope = scope();
    let masks = crate::mask::Masks::default();
    masks.add(b"ZGVlcCBzZWNyZXQ=");
    masks.add(br#"{"key": "opened"}"#);
    scope.set_masks(masks.clone());
    scope.bind("coded", json!("ZGVlcCBzZWNyZXQ="), Origin::Program);
    scope.bind("object", json!(r#"{"key": "opened"}"#), Origin::Program);
    let value = |text: &str| template(text, "a.yaml:1:1").evaluate(&scope).expect(text);
    assert_eq!(value("${'cGxhaW4gdGV4dA==' | base64_decode}"), json!("plain text"));
    assert_eq!(value("${coded | base64_decode}"), json!("deep secret"));
    assert_eq!(value("${(object | from_json).key}"), json!("opened"));
    assert_eq!(masks.text("plain text"), "plain text");
    assert!(!masks.text("a deep secret").contains("deep"), "{}", masks.text("a deep secret"));
    assert!(!masks.text("it is opened").contains("opened"));
    // A digest of a secret is none.
    let digest = value("${coded | sha256}").to_string();
    assert_eq!(masks.text(&digest), digest);
}

#[test]
fn what_is_made_is_bounded() {
    fn failing(scope: &Scope, text: &str) -> String {
        let began = std::time::Instant::now();
        let error = template(text, "a.yaml:1:1").evaluate(scope).expect_err(text);
        assert!(began.elapsed().as_secs() < 20, "{text} took {:?}", began.elapsed());
        error.message
    }
    let mut scope = scope();
    scope.bind("text", json!("x".repeat(33 << 20)), Origin::Program);
    scope.bind("part", json!("x".repeat(1 << 20)), Origin::Program);
    scope.bind("hundred", json!((0..100).collect::<Vec<_>>()), Origin::Program);
    for text in [
        "${text}${text}",
        "${[text, text]}",
        "${text ~ text}",
        "${part * 1000}",
        "${hundred | map('replace', '1', part) | join(part)}",
        "${part | replace('x', part)}",
        "${range(100000) | map('string') | join(part)}",
        "${'%1000000000d' | format(1)}",
        "${hundred * 100000}",
        "${part | html_escape | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64 | base64}",
    ] {
        let message = failing(&scope, text);
        assert!(message.contains("64 MiB"), "{text}: {message}");
    }
    let mut deep = json!([]);
    for _ in 0..127 {
        deep = json!([deep]);
    }
    scope.bind("deep", deep, Origin::Program);
    assert!(failing(&scope, "${[deep]}").contains("127 levels"));
    for at in 0..16 {
        scope.bind(format!("copy{at}"), json!("x".repeat(33 << 20)), Origin::Program);
    }
    assert!(failing(&scope, "${user}").contains("512 MiB"));
    (0..16).for_each(|at| scope.unbind(&format!("copy{at}")));
    assert_eq!(template("${user}", "").evaluate(&scope), Ok(json!("alice")));
}
