//! `cookies`: what the session holds for the last URL.

use std::time::SystemTime;

use super::evidence::Evidence;
use super::explain::{Looked, absent};
use super::operand::{Context, Domain};
use super::target::Target;
use crate::outcome::{Actual, Fault, Subject};
use crate::scenario::expectation::{CookieAttribute, CookieExpectation};
use crate::scenario::matcher::Matcher;
use crate::session::Cookie;
use crate::value::Value;

impl Context<'_> {
    pub(super) fn cookie(
        &self,
        name: &str,
        expected: &CookieExpectation,
        evidence: &Evidence<'_>,
        faults: &mut Vec<Fault>,
    ) {
        let cookie = evidence.cookies(name).next();
        let before = faults.len();
        for (attribute, matcher) in &expected.attributes {
            match (attribute, cookie) {
                (CookieAttribute::Exists, _) => self.exists(name, cookie, matcher, faults),
                (_, Some(cookie)) => self.attribute(cookie, *attribute, matcher, faults),
                // That it is not there is told once.
                (_, None) if faults.len() > before => {}
                (_, None) => {
                    let subject = || Subject::Cookie(name.to_owned(), None);
                    let looked = Looked { subject: &subject, missing: &absent };
                    let domain = domain(*attribute);
                    self.matcher(matcher, Target::Missing, domain, &looked, faults);
                }
            }
        }
    }

    fn exists(
        &self,
        name: &str,
        cookie: Option<&Cookie>,
        matcher: &Matcher,
        faults: &mut Vec<Fault>,
    ) {
        let there = Value::Bool(cookie.is_some());
        match self.judge(matcher, Target::Node(&there), Domain::Json) {
            Ok(verdict) if verdict.holds() => {}
            Ok(_) => {
                let actual = match cookie {
                    Some(cookie) => Actual::Value(Value::from(cookie.value())),
                    None => Actual::Absent,
                };
                let subject = Subject::Cookie(name.to_owned(), None);
                let wanted = ("exists", Value::Bool(cookie.is_none()));
                faults.push(Fault::Miss(self.plain_miss(matcher.at, subject, wanted, actual)));
            }
            Err(fault) => faults.push(*fault),
        }
    }

    fn attribute(
        &self,
        cookie: &Cookie,
        attribute: CookieAttribute,
        matcher: &Matcher,
        faults: &mut Vec<Fault>,
    ) {
        let value = match attribute {
            CookieAttribute::Secure => Some(Value::Bool(cookie.secure)),
            CookieAttribute::HttpOnly => Some(Value::Bool(cookie.http_only)),
            CookieAttribute::SameSite => {
                Some(cookie.same_site.map(crate::session::SameSite::name).into())
            }
            CookieAttribute::Persistent => Some(Value::Bool(cookie.expires.is_some())),
            CookieAttribute::ExpiresIn => cookie.expires.map(milliseconds_left),
            CookieAttribute::Value
            | CookieAttribute::Domain
            | CookieAttribute::Path
            | CookieAttribute::Exists => None,
        };
        let text = cookie.value();
        let target = match attribute {
            CookieAttribute::Value => Target::Text(&text),
            CookieAttribute::Domain => Target::Text(&cookie.domain),
            CookieAttribute::Path => Target::Text(&cookie.path),
            _ => value.as_ref().map_or(Target::Missing, Target::Node),
        };
        let subject = || Subject::Cookie(cookie.name().into_owned(), key(attribute));
        let looked = Looked { subject: &subject, missing: &absent };
        self.matcher(matcher, target, domain(attribute), &looked, faults);
    }
}

fn milliseconds_left(expires: SystemTime) -> Value {
    // One that expired since the session was asked has nothing left.
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
