//! Status, headers, cookies, body, redirects, time, checks.

use std::time::{Duration, SystemTime};

use serde_json::json;

use super::super::testing::{Answer, cookie, told};
use crate::session::Cookie;

#[track_caller]
fn check(keys: &str, answer: &Answer, lines: &[&str]) {
    let indented: String = keys.lines().map(|line| format!("  {line}\n")).collect();
    assert_eq!(told(&format!("expect:\n{indented}"), answer), lines, "{keys}");
}

#[test]
fn a_step_that_says_nothing_of_the_status_fails_from_400_on() {
    check("body: ''", &Answer::new(399), &[]);
    check(
        "body: ''",
        &Answer::new(404),
        &[
            "[GET /account] status is 404 -- expected a status below 400, as the step says nothing of the status",
        ],
    );
}

#[test]
fn a_status_is_a_code_a_class_a_list_or_a_matcher() {
    let answer = Answer::new(404);
    check("status: 404", &answer, &[]);
    check("status: 4xx", &answer, &[]);
    check("status: [200, 4xx]", &answer, &[]);
    check("status: {gte: 400, lt: 500}", &answer, &[]);
    check("status: 200", &answer, &["[200] status is 404 -- expected 200"]);
    check("status: 2xx", &answer, &["[2xx] status is 404 -- expected 2xx"]);
    check(
        "status: [200, 3xx]",
        &answer,
        &["[[200, 3xx]] status is 404 -- expected one of 200, 3xx"],
    );
    check(
        "status: {lt: 400}",
        &answer,
        &["[400] status is 404 -- expected a status less than 400"],
    );
    check(
        "status: ${five}",
        &answer,
        &["[${five}] status is 404 -- expected 5, the value of `five`"],
    );
}

#[test]
fn a_header_is_text_whose_name_has_no_case() {
    let answer = Answer::new(200).header("content-length", "214").header("x-v", "1.2");
    check("headers: {Content-Length: 214, X-V: 1.2}", &answer, &[]);
    check("headers: {content-length: '${214}'}", &answer, &[]);
    check(
        "headers: {content-length: {gt: 99, between: [1, 300], length: 3, matches: '^2'}}",
        &answer,
        &[],
    );
    check("headers: {x-w: {exists: false}}", &answer, &[]);
    check(
        "headers: {Location: /account}",
        &answer,
        &[
            "[/account] header `location` is missing -- expected \"/account\"",
            "note: the response has `content-length`, `x-v`",
        ],
    );
    check("headers: {x-v: 2}", &answer, &["[2] header `x-v` is \"1.2\" -- expected \"2\""]);
    check(
        "headers: {x-v: {exists: false}}",
        &answer,
        &["[false] header `x-v` is there -- expected it not to be there"],
    );
    let dated = Answer::new(200).header("last-modified", "Mon").header("age", "12");
    check(
        "headers: {last-modified: {not: {gt: 5}}}",
        &dated,
        &[
            "[5] header `last-modified` is \"Mon\" -- expected something not greater than \"5\"",
            "note: a text that is no number cannot be compared with one",
        ],
    );
    check(
        "headers: {age: {lt: 9}}",
        &dated,
        &["[9] header `age` is \"12\" -- expected something less than \"9\""],
    );
}

#[test]
fn of_several_values_one_must_do_or_all_in_order() {
    let answer = Answer::new(200).header("vary", "a").header("vary", "b");
    check("headers: {vary: b}", &answer, &[]);
    check("headers: {vary: {not: a}}", &answer, &[]);
    check("headers: {vary: [a, {starts_with: b}]}", &answer, &[]);
    check(
        "headers: {vary: {equals: c, length: 2}}",
        &answer,
        &["[c] header `vary` is sent 2 times: \"a\", \"b\" -- expected \"c\" in one of its values"],
    );
    check(
        "headers: {vary: [b, b]}",
        &answer,
        &["[b] value 1 of header `vary` is \"a\" -- expected \"b\""],
    );
    check(
        "headers: {vary: [a]}",
        &answer,
        &[
            "[[a]] header `vary` has 2 values -- expected 1 value",
            "note: `[0]` is \"a\"\n`[1]` is \"b\"",
        ],
    );
    check(
        "headers: {allow: [a]}",
        &answer,
        &["[[a]] header `allow` is missing -- expected 1 value", "note: the response has `vary`"],
    );
}

#[test]
fn a_cookie_is_the_first_of_its_name_and_its_value_is_masked() {
    let lasting = Cookie {
        expires: Some(SystemTime::now() + Duration::from_secs(120)),
        ..cookie("keep", "1")
    };
    let answer = Answer::new(200)
        .cookie(cookie("session", "abc"))
        .cookie(cookie("session", "old"))
        .cookie(lasting);
    check("cookies: {session: abc, gone: {exists: false}}", &answer, &[]);
    check(
        "cookies:\n  session: {value: abc, http_only: true, secure: false, same_site: lax, path: /, domain: shop.test, persistent: false, exists: true, expires_in: {exists: false}}",
        &answer,
        &[],
    );
    check("cookies: {keep: {persistent: true, expires_in: {gt: 1m, lte: 2m}}}", &answer, &[]);
    check(
        "cookies: {session: old}",
        &answer,
        &["[old] cookie `session` is ••• -- expected \"old\""],
    );
    check(
        "cookies: {session: '${user}'}",
        &answer,
        &["['${user}'] cookie `session` is ••• -- expected •••, the value of `user`"],
    );
    check(
        "cookies: {gone: {value: x, path: /}}",
        &answer,
        &[
            "[x] cookie `gone` is missing -- expected \"x\"",
            "note: for this URL the session holds `session`, `keep`",
        ],
    );
    check(
        "cookies: {session: {exists: false}}",
        &answer,
        &["[false] cookie `session` is there -- expected it not to be there"],
    );
    check(
        "cookies: {gone: {exists: true}}",
        &answer,
        &[
            "[true] cookie `gone` is missing -- expected it to be there",
            "note: for this URL the session holds `session`, `keep`",
        ],
    );
    check(
        "cookies: {session: {secure: true, path: /a}}",
        &answer,
        &[
            "[true] `secure` of cookie `session` is false -- expected true",
            "[/a] `path` of cookie `session` is \"/\" -- expected \"/a\"",
        ],
    );
    check(
        "cookies: {session: {expires_in: {gt: 1m}}}",
        &answer,
        &["[1m] cookie `session` has no expiry -- expected a time greater than 1 min"],
    );
}

#[test]
fn a_set_cookie_is_the_last_field_of_its_name_as_it_was_sent() {
    let long = format!("long={}", "v".repeat(5000));
    let answer = Answer::new(200)
        .cookie(cookie("held", "1"))
        .header("set-cookie", "session=old; Path=/old; Secure")
        .header(
            "set-cookie",
            "session=abc; Domain=.Elsewhere.test; HttpOnly; SameSite=Lax; Max-Age=60",
        )
        .header("set-cookie", "gone=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=no")
        .header("set-cookie", &long);
    check("set_cookies: {session: abc, held: {exists: false}}", &answer, &[]);
    check(
        "set_cookies:\n  session: {domain: .Elsewhere.test, path: {exists: false}, secure: false, http_only: true, same_site: lax, expires_in: {gt: 59s, lte: 1m}, persistent: true}",
        &answer,
        &[],
    );
    check("set_cookies: {gone: {value: '', expires_in: 0s, path: 'no'}}", &answer, &[]);
    check("set_cookies: {long: {length: 5000}}", &answer, &[]);
    check(
        "set_cookies: {session: old}",
        &answer,
        &["[old] Set-Cookie `session` is ••• -- expected \"old\""],
    );
    check(
        "set_cookies: {session: {path: /, secure: true}, gone: {same_site: lax}}",
        &answer,
        &[
            "[/] `path` of Set-Cookie `session` is missing -- expected \"/\"",
            "[true] `secure` of Set-Cookie `session` is false -- expected true",
            "[lax] Set-Cookie `gone` has no `same_site` -- expected \"lax\"",
        ],
    );
    check(
        "set_cookies: {held: x, long: {expires_in: {gt: 1m}}}",
        &answer,
        &[
            "[x] Set-Cookie `held` is missing -- expected \"x\"",
            "note: the response sets `session`, `gone`, `long`",
            "[1m] Set-Cookie `long` has no expiry -- expected a time greater than 1 min",
        ],
    );
}

#[test]
fn a_body_that_is_no_json_is_told_once() {
    let html = Answer::new(200).header("content-type", "text/html").body("<p>");
    check(
        "json:\n  $.a: {exists: false}\n  $.b: 2",
        &html,
        &[
            "[false] the body is not JSON: expected value at line 1 column 1 -- expected it not to be there",
            "note: the content type is `text/html`",
        ],
    );
    check("json:\n  $.a: 1", &Answer::new(204), &["[1] the response has no body -- expected 1"]);
}

#[test]
fn the_body_is_text_in_its_charset() {
    let answer = Answer::new(200).body("hello\nwörld");
    check("body: {includes: wörld, length: 11}", &answer, &[]);
    check("body: {empty: true}", &Answer::new(204), &[]);
    check("body: hello", &answer, &["[hello] the body is \"hello\\nwörld\" -- expected \"hello\""]);
    let strange = Answer::new(200).header("content-type", "text/plain; charset=koi8-r").body("x");
    check(
        "body: x",
        &strange,
        &[
            "[x] the body is not text: its charset `koi8-r` is not one that callsheet reads -- expected \"x\"",
        ],
    );
}

#[test]
fn the_time_is_a_duration_and_the_url_the_last_one() {
    let answer = Answer::new(200).took(812);
    check("duration: {lt: 1s, gt: 800ms}\nurl: http://shop.test/account", &answer, &[]);
    check(
        "duration: {lt: 500ms}",
        &answer,
        &["[500ms] the exchange took 812 ms -- expected a time less than 500 ms"],
    );
    check(
        "duration: {lt: '${soon}'}",
        &answer,
        &[
            "['${soon}'] the exchange took 812 ms -- expected a time less than 20 ms, the value of `soon`",
        ],
    );
    check(
        "duration: {lt: '${user}'}",
        &answer,
        &["['${user}'] `alice` is no duration: write it like `250ms`, `1.5s`, `2m` or `1h` -- "],
    );
    check(
        "url: {ends_with: /x}",
        &answer,
        &[
            "[/x] the last URL is \"http://shop.test/account\" -- expected a text that ends with \"/x\"",
        ],
    );
}

#[test]
fn redirects_are_counted_or_looked_at_one_by_one() {
    let answer = Answer::new(200).redirected(302, Some("../a")).redirected(307, None);
    check("redirects: 2", &answer, &[]);
    check("redirects: {lt: 3}", &answer, &[]);
    check("redirects: [{status: 302, location: ../a}, {status: 3xx}]", &answer, &[]);
    check("redirects: 0", &answer, &["[0] 2 redirects were followed -- expected 0 redirects"]);
    check(
        "redirects: [{status: 303, location: /a}]",
        &answer,
        &[
            "[[{status: 303, location: /a}]] 2 redirects were followed -- expected 1 redirect",
            "[303] status of redirect 1 is 302 -- expected 303",
            "[/a] location of redirect 1 is \"../a\" -- expected \"/a\"",
        ],
    );
    check(
        "redirects: [{status: 302}, {location: /b}]",
        &answer,
        &["[/b] location of redirect 2 is missing -- expected \"/b\""],
    );
    check(
        "redirects: 1",
        &Answer::new(200),
        &["[1] no redirect was followed -- expected 1 redirect"],
    );
    // A redirect that was taken as the response was not followed.
    check("redirects: 0", &Answer::new(302), &[]);
}

#[test]
fn a_check_is_true_or_tells_what_it_saw() {
    let answer = Answer::json(&json!({"n": 1})).header("x-a", "1").header("x-a", "2");
    check(
        "check:\n  - ${response.status == 200 and response.json.n == 1}\n  - ${response.headers['x-a'] == '1, 2'}\n  - ${response.body | length == 7 and response.duration > 1}\n  - ${user == 'alice'}",
        &answer,
        &[],
    );
    check(
        "check: ['${response.status > 200}', '${response.json.n}', '${response.json.m}']",
        &answer,
        &[
            "['${response.status > 200}'] `response.status > 200` is false -- expected true",
            "note: `response.status` is 200",
            "['${response.json.n}'] `response.json.n` is 1 -- a check is true or false, and this is a number",
            "[response.json.m] `response.json.m` is not there: `response.json` is an object with `n` -- ",
        ],
    );
    check("check: ['${response.json is none}']", &Answer::new(204), &[]);
}

#[test]
fn texts_and_numbers_are_kept_apart() {
    let answer = Answer::new(200).header("age", "12abc").header("vary", "a").header("vary", "b");
    check(
        "status: '${text_five}'",
        &answer,
        &["['${text_five}'] status is 200 -- expected \"5\", the value of `text_five`"],
    );
    check(
        "headers: {age: {not: {gt: 5}}}",
        &answer,
        &[
            "[5] header `age` is \"12abc\" -- expected something not greater than \"5\"",
            "note: a text that is no number cannot be compared with one",
        ],
    );
    check(
        "headers: {vary: {lt: 5}}",
        &answer,
        &[
            "[5] header `vary` is sent 2 times: \"a\", \"b\" -- expected something less than \"5\" in one of its values",
        ],
    );
}

#[test]
fn a_check_does_not_tell_headers() {
    let answer = Answer::new(200).header("set-cookie", "session=abc");
    check(
        "check: ['${response.headers == response.url}']",
        &answer,
        &[
            "['${response.headers == response.url}'] `response.headers == response.url` is false -- expected true",
            "note: `response.url` is \"http://shop.test/account\"",
        ],
    );
    check(
        "headers: {set-cookie: {starts_with: x}}",
        &answer,
        &["[x] header `set-cookie` is ••• -- expected a text that starts with \"x\""],
    );
}
