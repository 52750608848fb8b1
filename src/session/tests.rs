//! A table for each rule: what a response sets, what the next request carries, and what is told of it.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use url::Url;

use super::{Cookie, CookieFate, SameSite, Session, SetCookie};
use crate::http::Cookies;

const HTTP: &str = "http://shop.test/";
const HTTPS: &str = "https://shop.test/";

fn url(text: &str) -> Url {
    Url::parse(text).expect(text)
}

/// A session after these URLs have set these.
fn after(set: &[(&str, &str)]) -> Session {
    let mut session = Session::new();
    for (from, field) in set {
        session.receive(&url(from), &[field.as_bytes()]);
    }
    session
}

fn header(session: &mut Session, to: &str) -> Option<String> {
    let header = session.cookie_header(&url(to));
    header.map(|value| value.as_bytes().escape_ascii().to_string())
}

/// The Cookie field that a request to `then` carries after `from` has set these.
#[track_caller]
fn check(from: &str, fields: &[&str], then: &str, expected: Option<&str>) {
    let set: Vec<_> = fields.iter().map(|field| (from, *field)).collect();
    assert_eq!(header(&mut after(&set), then).as_deref(), expected, "{fields:?}");
}

/// What is told of the cookies: `a was refused: its … (5.7 step 10)`.
fn told(session: &mut Session) -> Vec<String> {
    let notes = session.take_notes().into_iter();
    notes
        .map(|note| match note.fate.reason() {
            Some(reason) => {
                format!(
                    "{} {}: {} ({})",
                    note.name,
                    note.fate.verb(),
                    reason.message,
                    reason.section
                )
            }
            None => format!("{} {}", note.name, note.fate.verb()),
        })
        .collect()
}

/// What is told of the last of these fields.
#[track_caller]
fn check_told(from: &str, fields: &[&str], expected: &str) {
    let set: Vec<_> = fields.iter().map(|field| (from, *field)).collect();
    assert_eq!(told(&mut after(&set)).pop().as_deref(), Some(expected), "{fields:?}");
}

fn cookie(name: &str, path: &str) -> Cookie {
    Cookie {
        name: name.into(),
        value: "v".into(),
        domain: "shop.test".into(),
        host_only: true,
        path: path.into(),
        secure: false,
        http_only: true,
        same_site: Some(SameSite::Lax),
        expires: None,
    }
}

/// One that has so many milliseconds left.
fn short(left: u64) -> Cookie {
    let expires = Some(SystemTime::now() + Duration::from_millis(left));
    Cookie { expires, ..cookie("short", "/") }
}

#[test]
fn a_cookie_goes_back_to_where_its_attributes_say() {
    let shop = "http://shop.test/a/b";
    check(shop, &["a=1"], "http://shop.test/a/c", Some("a=1"));
    check(shop, &["a=1"], "http://shop.test/", None);
    check(shop, &["a=1; Path=/"], "http://shop.test/", Some("a=1"));
    check(shop, &["a=1; Path=/"], "http://www.shop.test/", None);
    check(shop, &["a=1; Path=/; Domain=shop.test"], "http://www.shop.test/", Some("a=1"));
    check(shop, &["a=1; Path=/; Domain=.SHOP.test"], "http://www.shop.test/", Some("a=1"));
    check(shop, &["a=1; Path=/; Domain="], "http://www.shop.test/", None);
    check("https://shop.test/", &["a=1; Secure"], "http://shop.test/", None);
    check("https://shop.test/", &["a=1; Secure"], "https://shop.test/", Some("a=1"));
}

#[test]
fn without_a_path_it_is_the_folder_of_the_request() {
    for (from, fields, path) in [
        ("http://shop.test", "a=1", "/"),
        ("http://shop.test/x", "a=1", "/"),
        ("http://shop.test/x/", "a=1", "/x"),
        ("http://shop.test/x/y?z=/q/", "a=1", "/x"),
        ("http://shop.test/x/y", "a=1; Path=", "/x"),
        ("http://shop.test/x/y", "a=1; Path=y", "/x"),
        ("http://shop.test/x/y", "a=1; Path=/z; Path=y", "/x"),
        ("http://shop.test/x/y", "a=1; Path=y; Path=/z", "/z"),
    ] {
        assert_eq!(after(&[(from, fields)]).all()[0].path, path, "{from} {fields}");
    }
}

#[test]
fn a_domain_is_the_host_or_above_it_and_not_everybodys() {
    let shop = "http://www.shop.test/";
    check_told(shop, &["a=1; Domain=shop.test"], "a was stored");
    for (domain, told) in [
        ("other.test", "its Domain is `other.test` and the host is `www.shop.test` (5.7 step 10)"),
        ("hop.test", "its Domain is `hop.test` and the host is `www.shop.test` (5.7 step 10)"),
        (
            "x.www.shop.test",
            "its Domain is `x.www.shop.test` and the host is `www.shop.test` (5.7 step 10)",
        ),
        ("..shop.test", "its Domain is `.shop.test` and the host is `www.shop.test` (5.7 step 10)"),
        ("shöp.test", "its Domain `shöp.test` is not ASCII (5.7 step 8)"),
        ("test", "its Domain `test` is a public suffix, shared by many sites (5.7 step 9)"),
    ] {
        check_told(shop, &[&format!("a=1; Domain={domain}")], &format!("a was refused: {told}"));
    }
    let co_uk =
        "a was refused: its Domain `co.uk` is a public suffix, shared by many sites (5.7 step 9)";
    check_told("http://a.co.uk/", &["a=1; Domain=co.uk"], co_uk);
    check("http://co.uk/", &["a=1; Domain=co.uk"], "http://co.uk/", Some("a=1"));
    check("http://co.uk/", &["a=1; Domain=co.uk"], "http://a.co.uk/", None);
    check("http://localhost/", &["a=1; Domain=localhost"], "http://localhost/", Some("a=1"));
    check("http://localhost/", &["a=1; Domain=localhost"], "http://x.localhost/", None);
}

#[test]
fn the_domain_of_an_address_is_that_address_alone() {
    for host in ["127.0.0.1", "[::1]", "192.168.7.1"] {
        let here = format!("http://{host}:8080/");
        check(&here, &[&format!("a=1; Domain={host}")], &here, Some("a=1"));
        assert!(after(&[(&here, &format!("a=1; Domain={host}"))]).all()[0].host_only);
    }
    let told = "a was refused: its Domain is `7.1` and the host is `192.168.7.1` (5.7 step 10)";
    check_told("http://192.168.7.1/", &["a=1; Domain=7.1"], told);
}

#[test]
fn secure_is_for_https_and_for_this_machine() {
    let told = "a was refused: it is Secure and came over http from shop.test (5.7 step 13)";
    check_told(HTTP, &["a=1; Secure"], told);
    for here in [
        "http://127.0.0.1:80/",
        "http://127.9.9.9/",
        "http://[::1]/",
        "http://localhost/",
        "http://x.localhost/",
    ] {
        check(here, &["a=1; Secure"], here, Some("a=1"));
    }
    check("http://notlocalhost/", &["a=1; Secure"], "http://notlocalhost/", None);
}

#[test]
fn who_is_not_secure_leaves_secure_cookies_alone() {
    let told_for = |first: &str, from: &str, second: &str| {
        told(&mut after(&[("https://shop.test/", first), (from, second)])).pop().expect("a note")
    };
    let refused = "a was refused: it came over http and would hide a Secure cookie of that name for shop.test/ (5.7 step 16)";
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "a=2"), refused);
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "a=2; Path=/deep"), refused);
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "a=; Max-Age=0"), refused);
    let www = "http://www.shop.test/";
    assert_eq!(told_for("a=1; Secure; Path=/", www, "a=2"), refused);
    assert_eq!(told_for("a=1; Secure; Path=/; Domain=shop.test", www, "a=2"), refused);
    // Another name, a wider path, another site, a secure origin: nothing is hidden.
    assert_eq!(told_for("a=1; Secure; Path=/", HTTP, "b=2"), "b was stored");
    assert_eq!(told_for("a=1; Secure; Path=/deep", HTTP, "a=2; Path=/"), "a was stored");
    assert_eq!(told_for("a=1; Secure; Path=/", "http://other.test/", "a=2"), "a was stored");
    assert_eq!(told_for("a=1; Secure; Path=/", HTTPS, "a=2"), "a was replaced");
}

#[test]
fn same_site_none_wants_secure() {
    let told = "a was refused: it is SameSite=None and not Secure (5.7 step 19)";
    check_told(HTTPS, &["a=1; SameSite=None"], told);
    check_told(HTTPS, &["a=1; SameSite=None; Secure"], "a was stored");
    check_told(HTTPS, &["a=1; SameSite=Whatever"], "a was stored");
}

#[test]
fn prefixes_hold_what_they_promise_in_any_case() {
    for (field, told) in [
        ("__Secure-a=1; Secure", "__Secure-a was stored"),
        (
            "__Secure-a=1",
            "__Secure-a was refused: its name begins with `__Secure-` and it is not Secure (5.7 step 20)",
        ),
        (
            "__SECURE-a=1",
            "__SECURE-a was refused: its name begins with `__Secure-` and it is not Secure (5.7 step 20)",
        ),
        ("__Host-a=1; Secure; Path=/", "__Host-a was stored"),
        ("__Host-a=1; Secure; Path=x", "__Host-a was stored"),
        (
            "__Host-a=1; Secure",
            "__Host-a was refused: its name begins with `__Host-` and it has no Path, where it must be / (5.7 step 21)",
        ),
        (
            "__host-a=1; Path=/",
            "__host-a was refused: its name begins with `__Host-` and it is not Secure (5.7 step 21)",
        ),
        (
            "__Host-a=1; Secure; Path=/x",
            "__Host-a was refused: its name begins with `__Host-` and its Path is /x, where it must be / (5.7 step 21)",
        ),
        (
            "__Host-a=1; Secure; Path=/; Domain=shop.test",
            "__Host-a was refused: its name begins with `__Host-` and its Domain is shop.test, where there may be none (5.7 step 21)",
        ),
        (
            "__secure-a",
            " was refused: it has no name, and its value begins with `__Secure-` (5.7 step 22)",
        ),
        (
            "=__HOST-a=1; Secure; Path=/",
            " was refused: it has no name, and its value begins with `__Host-` (5.7 step 22)",
        ),
        ("a=__Host-b", "a was stored"),
    ] {
        check_told(HTTPS, &[field], told);
    }
}

#[test]
fn name_and_value_have_4096_bytes_at_most() {
    let field = |length: usize| format!("abc={}", "v".repeat(length - 3));
    check_told(HTTP, &[&field(4096)], "abc was stored");
    let told =
        "abc was refused: its name and value have 4097 bytes and the limit is 4096 (5.7 step 4)";
    check_told(HTTP, &[&field(4097)], told);
}

#[test]
fn a_path_of_more_than_1024_bytes_is_no_path() {
    let path = |length: usize| format!("a=1; Path=/{}", "p".repeat(length - 1));
    assert_eq!(after(&[(HTTP, &path(1024))]).all()[0].path.len(), 1024);
    assert_eq!(after(&[(HTTP, &path(1025))]).all()[0].path, "/");
}

#[test]
fn a_cookie_is_kept_for_400_days_at_most() {
    let days = |field: &str| {
        let expires = after(&[(HTTP, field)]).all()[0].expires.expect("an expiry");
        let left = expires.duration_since(SystemTime::now()).expect("in the future");
        (left + Duration::from_secs(60)).as_secs() / 86_400
    };
    assert_eq!(days("a=1; Max-Age=34560000"), 400);
    assert_eq!(days("a=1; Max-Age=34473600"), 399);
    assert_eq!(days("a=1; Max-Age=34646400"), 400);
    assert_eq!(days("a=1; Max-Age=99999999999999999999"), 400);
    assert_eq!(days("a=1; Expires=Fri, 07 Aug 9999 08:04:19 GMT"), 400);
}

#[test]
fn a_cookie_without_a_name_is_its_value_and_one_without_both_is_none() {
    check(HTTP, &["a"], HTTP, Some("a"));
    check(HTTP, &["=a"], HTTP, Some("a"));
    check(HTTP, &["a", "b"], HTTP, Some("b"));
    check(HTTP, &["a="], HTTP, Some("a="));
    let told = " was refused: it has neither a name nor a value (5.7 step 2)";
    for nothing in ["", "=", " = ; Path=/", ";"] {
        check_told(HTTP, &[nothing], told);
    }
}

#[test]
fn control_characters_refuse_the_cookie_but_for_the_tab() {
    check(HTTP, &["a\t=\tb\tc"], HTTP, Some("a=b\\tc"));
    for byte in (0..32).chain([127]).filter(|byte| *byte != b'\t') {
        let c = char::from(byte);
        for field in [format!("a=b{c}c"), format!("a=b; Path=/{c}"), format!("a=b{c}")] {
            let told =
                format!("a was refused: it holds a control character (0x{byte:02x}) (5.6 step 1)");
            check_told(HTTP, &[&field], &told);
        }
    }
}

#[test]
fn bytes_that_are_no_utf_8_go_back_as_they_came() {
    let mut session = Session::new();
    session.receive(&url(HTTP), &[b"\xe9=\xff\x80\xc3\xa9"]);
    assert_eq!(header(&mut session, HTTP).as_deref(), Some("\\xe9=\\xff\\x80\\xc3\\xa9"));
    assert_eq!(session.all()[0].value, b"\xff\x80\xc3\xa9");
    assert_eq!(session.close_browser().len(), 1);
}

#[test]
fn for_the_host_alone_and_with_its_subdomains_are_two_cookies() {
    let set = ["a=1", "a=2; Domain=shop.test"];
    check(HTTP, &set, HTTP, Some("a=1; a=2"));
    check(HTTP, &set, "http://www.shop.test/", Some("a=2"));
    check(HTTP, &["a=1", "a=2; Domain=shop.test", "a=; Max-Age=0"], HTTP, Some("a=2"));
}

#[test]
fn longer_paths_come_first_then_older_cookies_and_an_update_keeps_its_place() {
    let all = ["z=1; Path=/", "a=2; Path=/", "deep=3; Path=/x", "z=4; Path=/"];
    check("http://shop.test/x", &all, "http://shop.test/x", Some("deep=3; z=4; a=2"));
    let mixed = ["a=1; Domain=shop.test", "b=2", "c=3; Domain=shop.test", "a=4; Domain=shop.test"];
    check(HTTP, &mixed, HTTP, Some("a=4; b=2; c=3"));
    let names: Vec<_> =
        after(&mixed.map(|field| (HTTP, field))).all().into_iter().map(|c| c.name).collect();
    assert_eq!(names, [b"a", b"b", b"c"]);
}

#[test]
fn an_expired_cookie_deletes_and_one_set_again_goes_last() {
    check(HTTP, &["a=1", "b=2", "a=; Max-Age=0"], HTTP, Some("b=2"));
    check(HTTP, &["a=1", "b=2", "a=; Max-Age=0", "a=3"], HTTP, Some("b=2; a=3"));
    check(HTTP, &["a=1; Max-Age=0"], HTTP, None);
    check(HTTP, &["a=1; Max-Age="], HTTP, Some("a=1"));
    check_told(HTTP, &["a=1", "a=; Max-Age=0"], "a was deleted: its Max-Age is 0 (5.7)");
    check_told(HTTP, &["a=1; Max-Age=-7"], "a has expired: its Max-Age is -7 (5.7)");
    let mut session = after(&[(HTTP, "a=1"), (HTTP, "a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT")]);
    let told = told(&mut session).pop().expect("a note");
    assert!(
        told.starts_with("a was deleted: its Expires is 1970-01-01 00:00:00 UTC and it is 2"),
        "{told}"
    );
}

#[test]
fn a_cookie_whose_time_is_over_is_told_with_both_times() {
    let mut session = after(&[(HTTP, "b=2")]);
    session.put(&short(20)).expect("kept");
    assert_eq!(session.all().len(), 2);
    session.take_notes();
    std::thread::sleep(Duration::from_millis(25));
    assert_eq!(session.all().len(), 1);
    assert_eq!(header(&mut session, HTTP).as_deref(), Some("b=2"));
    let told = told(&mut session);
    assert!(
        told[0].starts_with("short has expired: its time was over at 2")
            && told[0].contains(" and it is 2"),
        "{told:?}"
    );
    assert_eq!(told[1..], ["b was sent"]);
}

#[test]
fn what_replaces_another_value_is_told() {
    check_told(HTTP, &["a=1", "a=2"], "a was replaced");
    check_told(HTTP, &["a=1", "a=1"], "a was stored");
    check_told(HTTP, &["a=1", "a=2; Path=/x"], "a was stored");
}

#[test]
fn a_response_sets_50_cookies_at_most() {
    let fields: Vec<String> = (0..51).map(|number| format!("n{number}=1")).collect();
    let mut fields: Vec<&[u8]> = fields.iter().map(String::as_bytes).collect();
    // One that is refused does not count.
    fields.insert(0, b"x=1; Domain=other.test");
    let mut session = Session::new();
    session.receive(&url(HTTP), &fields);
    assert_eq!(session.all().len(), 50);
    let last = told(&mut session).pop().expect("a note");
    assert_eq!(
        last,
        "n50 was refused: the response set 50 cookies before it, which is the limit (5.3)"
    );
    session.receive(&url(HTTP), &[b"n50=1"]);
    assert_eq!(session.all().len(), 51);
}

#[test]
fn a_site_has_180_cookies_at_most_and_the_least_used_insecure_one_goes_first() {
    let mut session = Session::new();
    let add = |session: &mut Session, name: &str, rest: &str| {
        session.receive(&url("https://www.shop.test/"), &[format!("{name}=1{rest}").as_bytes()]);
    };
    add(&mut session, "secure", "; Secure; Path=/");
    add(&mut session, "used", "; Domain=shop.test; Path=/used");
    for number in 0..177 {
        add(&mut session, &format!("n{number}"), "; Path=/x");
    }
    session.receive(&url("https://other.test/"), &[b"elsewhere=1"]);
    assert!(header(&mut session, "http://a.shop.test/used").is_some());
    add(&mut session, "n177", "; Path=/x");
    session.take_notes();
    assert_eq!(session.all().len(), 181);
    add(&mut session, "one-more", "; Path=/x");
    let notes = told(&mut session);
    assert_eq!(
        notes,
        [
            "one-more was stored",
            "n0 was evicted: shop.test has 181 cookies, the limit is 180, and it was not used for longest of those that \
         are not Secure (5.7)",
        ]
    );
    let names: Vec<_> = session.all().into_iter().map(|c| c.name().into_owned()).collect();
    assert_eq!(names.len(), 181);
    assert!(names.contains(&"secure".to_owned()) && names.contains(&"used".to_owned()));
}

#[test]
fn what_is_expired_makes_room_before_anything_else() {
    let mut session = Session::new();
    session.put(&short(500)).expect("kept");
    for number in 0..179 {
        session.receive(&url(HTTP), &[format!("n{number}=1").as_bytes()]);
    }
    assert_eq!(session.all().len(), 180);
    session.take_notes();
    std::thread::sleep(Duration::from_millis(510));
    session.receive(&url(HTTP), &[b"last=1"]);
    assert_eq!(session.all().len(), 180);
    assert!(told(&mut session).iter().any(|told| told.starts_with("short has expired")));
}

#[test]
fn a_cookie_header_has_8190_bytes_at_most() {
    let with_last = |length: usize| {
        let mut session = Session::new();
        // 4000 + 2 + 4000 + 2 and the last one.
        for (name, length) in [("a", 4000), ("b", 4000), ("c", length - 8004)] {
            let field = format!("{name}={}", "v".repeat(length - 2));
            session.receive(&url(HTTP), &[field.as_bytes()]);
        }
        session.take_notes();
        let length = session.cookie_header(&url(HTTP)).map(|header| header.len());
        (length, told(&mut session))
    };
    let all = ["a was sent", "b was sent", "c was sent"];
    assert_eq!(with_last(8190), (Some(8190), all.map(str::to_owned).into()));
    let (length, notes) = with_last(8191);
    assert_eq!(length, Some(8002));
    let held =
        "c was not sent: with it the Cookie header has 8191 bytes and the limit is 8190 (6.1)";
    assert!(notes.contains(&held.to_owned()), "{notes:?}");
}

#[test]
fn a_cookie_that_is_held_back_says_why() {
    let mut session = after(&[
        ("http://shop.test/shop", "p=1; Path=/shop"),
        ("https://shop.test/shop", "s=1; Path=/; Secure"),
        ("http://www.shop.test/", "w=1; Domain=www.shop.test; Path=/"),
        ("http://other.test/", "h=1; Path=/"),
        ("http://shop.test/shop", "ok=1; Path=/"),
    ]);
    session.take_notes();
    session.cookie_header(&url("http://shop.test/account"));
    let notes = session.take_notes();
    let foreign: Vec<_> =
        notes.iter().filter(|note| note.is_foreign).map(|note| &note.name).collect();
    assert_eq!(foreign, ["h"]);
    session.cookie_header(&url("http://shop.test/account"));
    assert_eq!(
        told(&mut session),
        [
            "ok was sent",
            "p was not sent: its Path is /shop and the request's is /account (5.8.3 step 1)",
            "s was not sent: it is Secure and the request goes over http (5.8.3 step 1)",
            "w was not sent: its Domain is www.shop.test and the request's host is shop.test (5.8.3 step 1)",
            "h was not sent: its host is other.test and the request's host is shop.test (5.8.3 step 1)",
        ]
    );
}

#[test]
fn a_cookie_header_of_the_requests_own_holds_the_others_back() {
    let mut session = after(&[(HTTP, "a=1"), (HTTP, "b=1; Path=/x")]);
    session.take_notes();
    session.passed_over(&url(HTTP));
    let expected = "a was not sent: the request has a Cookie header of its own (5.8.1)";
    assert_eq!(told(&mut session), [expected]);
    session.passed_over(&url("http://other.test/"));
    assert_eq!(told(&mut session), [" was not looked for"]);
}

#[test]
fn one_whose_time_is_over_makes_no_place_for_its_like_and_hides_nothing() {
    let mut session = Session::new();
    session.put(&Cookie { secure: true, ..short(20) }).expect("kept");
    session.put(&cookie("b", "/")).expect("kept");
    std::thread::sleep(Duration::from_millis(25));
    session.receive(&url(HTTP), &[b"short=2"]);
    assert_eq!(header(&mut session, HTTP).as_deref(), Some("b=v; short=2"));
}

#[test]
fn a_bad_cookie_is_refused_with_its_reason_and_the_rest_stands() {
    let mut session = Session::new();
    session.receive(&url(HTTP), &[b"a=1; Domain=other.test", b"b=\x7f", b"", b"c=1"]);
    assert_eq!(header(&mut session, HTTP).as_deref(), Some("c=1"));
    let notes = session.take_notes();
    let refused = notes.iter().filter(|note| matches!(note.fate, CookieFate::Refused(_)));
    assert_eq!(refused.count(), 3);
    assert!(session.take_notes().is_empty());
}

#[test]
fn cookies_are_set_and_deleted_by_hand() {
    let mut session = Session::new();
    let here = url("http://shop.test/x");
    session.set(&here, &cookie("a", "/")).expect("kept");
    session.set(&here, &cookie("a", "/x")).expect("kept");
    assert_eq!(session.matching(&here), [cookie("a", "/x"), cookie("a", "/")]);
    assert_eq!(session.delete("a", None, Some("/x")).len(), 1);
    assert_eq!(session.delete("a", Some("shop.test"), None).len(), 1);
    assert_eq!(session.delete("a", None, None).len(), 0);
    assert!(session.matching(&here).is_empty());
    let elsewhere =
        session.set(&url("http://other.test/"), &cookie("a", "/")).expect_err("refused");
    assert_eq!(elsewhere, "its Domain is `shop.test` and the host is `other.test`");
}

#[test]
fn cookies_of_a_file_hold_to_the_rules_that_need_no_origin() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut Cookie), expected: Result<usize, &str>) {
        let mut cookie = cookie("a", "/");
        change(&mut cookie);
        let mut session = Session::new();
        let result = session.put(&cookie).map(|_| session.all().len());
        assert_eq!(result, expected.map_err(str::to_owned), "{cookie:?}");
    }
    let past = SystemTime::now() - Duration::from_secs(5);
    let far = SystemTime::now() + Duration::from_secs(4000 * 86_400);
    check(|_| {}, Ok(1));
    check(|c| c.secure = true, Ok(1));
    check(|c| c.host_only = false, Ok(1));
    check(|c| c.name = "a=b".into(), Err("its name holds a `=`"));
    check(|c| c.value = "a;b".into(), Err("it holds a `;`"));
    check(|c| c.value = " a".into(), Err("it begins or ends with a blank"));
    check(|c| c.value = "a\nb".into(), Err("it holds a control character (0x0a)"));
    check(|c| c.value = vec![b'v'; 4095], Ok(1));
    check(
        |c| c.value = vec![b'v'; 4096],
        Err("its name and value have 4097 bytes and the limit is 4096"),
    );
    check(|c| (c.domain, c.host_only) = ("co.uk".into(), true), Ok(1));
    check(
        |c| (c.domain, c.host_only) = ("co.uk".into(), false),
        Err("its Domain `co.uk` is a public suffix, shared by many sites"),
    );
    check(|c| (c.domain, c.host_only) = ("127.0.0.1".into(), false), Ok(1));
    for (written, kept) in [
        ("SHOP.Test", "shop.test"),
        (".shop.test", "shop.test"),
        ("bücher.test", "xn--bcher-kva.test"),
    ] {
        let mut session = Session::new();
        session.put(&Cookie { domain: written.into(), ..cookie("a", "/") }).expect("kept");
        assert_eq!(session.all()[0].domain, kept);
    }
    check(|c| c.domain = "no host".into(), Err("its domain `no host` is no host"));
    check(|c| c.domain = String::new(), Err("its domain `` is no host"));
    check(|c| c.path = "x".into(), Err("its path `x` does not begin with `/`"));
    check(
        |c| c.name = "__Host-a".into(),
        Err("its name begins with `__Host-` and it is not Secure"),
    );
    check(|c| c.expires = Some(past), Ok(0));
    check(|c| c.expires = Some(far), Ok(1));
    let mut session = Session::new();
    session.put(&Cookie { expires: Some(far), ..cookie("a", "/") }).expect("kept");
    assert_eq!(session.all()[0].expires, Some(far), "a file's expiry is its own");
    session.put(&cookie("b", "/")).expect("kept");
    session.put(&Cookie { value: "w".into(), ..cookie("a", "/") }).expect("kept");
    assert_eq!(session.all().iter().map(|c| &c.value[..]).collect::<Vec<_>>(), [b"w", b"v"]);
    session.put(&Cookie { expires: Some(past), ..cookie("a", "/") }).expect("dropped");
    assert_eq!(session.all().len(), 1);
}

#[test]
fn a_closed_browser_keeps_what_has_an_expiry() {
    let mut session =
        after(&[(HTTP, "a=1"), (HTTP, "b=2; Max-Age=60"), (HTTP, "c=3; Domain=shop.test")]);
    assert_eq!(session.close_browser().len(), 2);
    assert_eq!(header(&mut session, HTTP).as_deref(), Some("b=2"));
    let copy = session.clone();
    session.reset();
    assert_eq!((session.all().len(), copy.all().len()), (0, 1));
}

proptest! {
    #[test]
    fn any_bytes_are_a_field_and_what_is_kept_can_be_sent(
        fields in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[a-c]?=?[ -~]{0,5}(; ?(path|domain|max-age|expires|secure|samesite|)=?[ -~]{0,9}){0,3}".prop_map(String::into_bytes),
        ], 0..6),
        to in prop_oneof![Just(HTTP), Just(HTTPS), Just("http://[::1]/a/b"), Just("http://localhost/")],
    ) {
        let url = url(to);
        let mut session = Session::new();
        let raw: Vec<&[u8]> = fields.iter().map(Vec::as_slice).collect();
        session.receive(&url, &raw);
        let kept = session.matching(&url);
        prop_assert_eq!(session.cookie_header(&url).is_some(), !kept.is_empty());
        for cookie in session.all() {
            let bytes = [&cookie.name[..], &cookie.value].concat();
            prop_assert!(crate::cookies::control("", &bytes).is_ok() && !bytes.contains(&b';'));
            let field = cookie.pair();
            let again = SetCookie::parse(&field);
            let same = (again.name, again.value) == (cookie.name.clone(), cookie.value.clone());
            // What has no name may hold a `=`, and is sent as it is (section 5.8.3, step 4).
            prop_assert!(same || cookie.name.is_empty() && field == cookie.value);
            prop_assert!(::http::HeaderValue::from_bytes(&field).is_ok());
        }
    }
}
