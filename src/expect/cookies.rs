//! `cookies`: what the session holds for the last URL. `set_cookies`: what the last response says.

use std::borrow::Cow;
use std::time::SystemTime;

use super::evidence::Evidence;
use super::explain::{Looked, absent};
use super::operand::Context;
use super::target::{Domain, Target};
use crate::outcome::{Actual, Fault, Subject};
use crate::scenario::expectation::{CookieAttribute, CookieExpectation};
use crate::scenario::matcher::Matcher;
use crate::session::{Cookie, SameSite, SetCookie};
use crate::value::Value;

/// What can be asked of a cookie, wherever it stands.
struct Asked<'a> {
    value: Cow<'a, str>,
    domain: Option<Cow<'a, str>>,
    path: Option<Cow<'a, str>>,
    secure: bool,
    http_only: bool,
    same_site: Option<SameSite>,
    expires: Option<SystemTime>,
}

impl<'a> Asked<'a> {
    fn held(cookie: &'a Cookie) -> Self {
        Self {
            value: cookie.value(),
            domain: Some(Cow::Borrowed(&cookie.domain)),
            path: Some(Cow::Borrowed(&cookie.path)),
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site,
            expires: cookie.expires,
        }
    }

    fn said(cookie: &'a SetCookie) -> Self {
        let text = |bytes: &'a Vec<u8>| String::from_utf8_lossy(bytes);
        Self {
            value: text(&cookie.value),
            domain: cookie.domain.as_ref().map(text),
            path: cookie.path.as_ref().map(text),
            secure: cookie.secure,
            http_only: cookie.http_only,
            same_site: cookie.same_site,
            expires: cookie.expires_at(SystemTime::now()),
        }
    }
}

/// What is said where it is not there.
type Missing<'a> = &'a dyn Fn() -> Actual;

/// Makes the subject of a miss, given the attribute.
type About<'a> = &'a dyn Fn(Option<&'static str>) -> Subject;

impl Context<'_> {
    pub(super) fn cookie(
        &self,
        name: &str,
        expected: &CookieExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let cookie = evidence.cookies(name).next().map(Asked::held);
        let about = |attribute| Subject::Cookie(name.to_owned(), attribute);
        let missing = || Actual::NoneOf(evidence.cookie_names());
        self.asked((&about, &missing), cookie.as_ref(), expected, faults);
    }

    pub(super) fn set_cookie(
        &self,
        name: &str,
        expected: &CookieExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let field = evidence.set_cookie(name);
        let about = |attribute| Subject::SetCookie(name.to_owned(), attribute);
        let missing = || Actual::NoneOf(evidence.set_cookie_names());
        let field = field.as_ref().map(Asked::said);
        self.asked((&about, &missing), field.as_ref(), expected, faults);
    }

    fn asked(
        &self,
        (about, missing): (About<'_>, Missing<'_>),
        cookie: Option<&Asked<'_>>,
        expected: &CookieExpectation,
        faults: &mut Vec<Fault>,
    ) {
        let before = faults.len();
        for (attribute, matcher) in &expected.attributes {
            match (attribute, cookie) {
                (CookieAttribute::Exists, _) => {
                    self.exists((about, missing), cookie, matcher, faults);
                }
                (_, Some(cookie)) => self.attribute(about, cookie, *attribute, matcher, faults),
                // That it is not there is told once.
                (_, None) if faults.len() > before => {}
                (_, None) => {
                    let subject = || about(None);
                    let looked = Looked { subject: &subject, missing };
                    let domain = domain(*attribute);
                    self.matcher(matcher, Target::Missing, domain, &looked, faults);
                }
            }
        }
    }

    fn exists(
        &self,
        (about, missing): (About<'_>, Missing<'_>),
        cookie: Option<&Asked<'_>>,
        matcher: &Matcher,
        faults: &mut Vec<Fault>,
    ) {
        let there = Value::Bool(cookie.is_some());
        match self.judge(matcher, Target::Node(&there), Domain::Json) {
            Ok(verdict) if verdict.holds() => {}
            Ok(_) => {
                let actual = match cookie {
                    Some(cookie) => Actual::Value(Value::from(cookie.value.as_ref())),
                    None => missing(),
                };
                let wanted = ("exists", Value::Bool(cookie.is_none()));
                faults.push(Fault::Miss(self.plain_miss(matcher.at, about(None), wanted, actual)));
            }
            Err(fault) => faults.push(*fault),
        }
    }

    fn attribute(
        &self,
        about: About<'_>,
        cookie: &Asked<'_>,
        attribute: CookieAttribute,
        matcher: &Matcher,
        faults: &mut Vec<Fault>,
    ) {
        let value = match attribute {
            CookieAttribute::Secure => Some(Value::Bool(cookie.secure)),
            CookieAttribute::HttpOnly => Some(Value::Bool(cookie.http_only)),
            CookieAttribute::SameSite => Some(cookie.same_site.map(SameSite::name).into()),
            CookieAttribute::Persistent => Some(Value::Bool(cookie.expires.is_some())),
            CookieAttribute::ExpiresIn => cookie.expires.map(milliseconds_left),
            CookieAttribute::Value
            | CookieAttribute::Domain
            | CookieAttribute::Path
            | CookieAttribute::Exists => None,
        };
        let text = match attribute {
            CookieAttribute::Value => Some(cookie.value.as_ref()),
            CookieAttribute::Domain => cookie.domain.as_deref(),
            CookieAttribute::Path => cookie.path.as_deref(),
            _ => None,
        };
        let target = match (text, &value) {
            (Some(text), _) => Target::Text(text),
            (None, Some(value)) => Target::Node(value),
            (None, None) => Target::Missing,
        };
        let subject = || about(key(attribute));
        let looked = Looked { subject: &subject, missing: &absent };
        self.matcher(matcher, target, domain(attribute), &looked, faults);
    }
}

fn milliseconds_left(expires: SystemTime) -> Value {
    // One whose time is over, in the field or since the session was asked, has nothing left.
    let left = expires.duration_since(SystemTime::now()).unwrap_or_default();
    Value::from(left.as_secs_f64() * 1e3)
}

fn domain(attribute: CookieAttribute) -> Domain {
    match attribute {
        CookieAttribute::Value | CookieAttribute::Domain | CookieAttribute::Path => Domain::Text,
        CookieAttribute::ExpiresIn => Domain::Duration,
        _ => Domain::Json,
    }
}

fn key(attribute: CookieAttribute) -> Option<&'static str> {
    match attribute {
        CookieAttribute::Value => None,
        CookieAttribute::Domain => Some("domain"),
        CookieAttribute::Path => Some("path"),
        CookieAttribute::Secure => Some("secure"),
        CookieAttribute::HttpOnly => Some("http_only"),
        CookieAttribute::SameSite => Some("same_site"),
        CookieAttribute::ExpiresIn => Some("expires_in"),
        CookieAttribute::Persistent => Some("persistent"),
        CookieAttribute::Exists => Some("exists"),
    }
}
