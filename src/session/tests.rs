//! A table for each rule: what a response sets, what the next request carries, and what is told of it.

use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use url::Url;

use super::{Cookie, CookieFate, SameSite, Session, SetCookie};
use crate::http::Cookies;

mod bounds;
mod files;
mod life;
mod rules;

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
