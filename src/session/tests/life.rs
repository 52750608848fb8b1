//! Order, replacement, expiry, and what is told of them.

use super::*;

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
fn a_closed_browser_keeps_what_has_an_expiry() {
    let mut session =
        after(&[(HTTP, "a=1"), (HTTP, "b=2; Max-Age=60"), (HTTP, "c=3; Domain=shop.test")]);
    assert_eq!(session.close_browser().len(), 2);
    assert_eq!(header(&mut session, HTTP).as_deref(), Some("b=2"));
    let copy = session.clone();
    session.reset();
    assert_eq!((session.all().len(), copy.all().len()), (0, 1));
}
