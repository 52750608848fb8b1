//! What a `Set-Cookie` field says (RFC 6265bis section 5.6), before any rule of the session. It is bytes: names and
//! values need not be UTF-8.

use std::time::{Duration, SystemTime};

use super::{SameSite, date};

/// The longest value of an attribute, in bytes; a longer one is as if it were not there.
const LONGEST_ATTRIBUTE: usize = 1024;

/// A `Set-Cookie` field in its parts. Where an attribute comes several times, the last one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetCookie {
    /// The name; empty where there is no `=`.
    pub name: Vec<u8>,
    /// The value.
    pub value: Vec<u8>,
    /// The Domain attribute as it was sent.
    pub domain: Option<Vec<u8>>,
    /// The Path attribute as it was sent.
    pub path: Option<Vec<u8>>,
    /// The Secure attribute.
    pub secure: bool,
    /// The HttpOnly attribute.
    pub http_only: bool,
    /// The SameSite attribute; none where it is not there or not known.
    pub same_site: Option<SameSite>,
    /// The Max-Age attribute in seconds; none where it is no number.
    pub max_age: Option<i64>,
    /// The Expires attribute; none where it is no date.
    pub expires: Option<SystemTime>,
}

impl SetCookie {
    /// Takes the field apart; there is nothing that cannot be read.
    #[must_use]
    pub fn parse(field: &[u8]) -> Self {
        let mut parts = field.split(|byte| *byte == b';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = match split(pair) {
            (name, Some(value)) => (name, value),
            (value, None) => (&b""[..], value),
        };
        let mut cookie = Self { name: name.into(), value: value.into(), ..Self::default() };
        for part in parts {
            let (name, value) = split(part);
            let value = value.unwrap_or_default();
            if value.len() <= LONGEST_ATTRIBUTE {
                cookie.attribute(name, value);
            }
        }
        cookie
    }

    fn attribute(&mut self, name: &[u8], value: &[u8]) {
        match name.to_ascii_lowercase().as_slice() {
            // Sections 5.6.1 and 5.6.2: what cannot be read is as if it were not there.
            b"expires" => self.expires = date::parse(value).or(self.expires),
            b"max-age" => self.max_age = seconds(value).or(self.max_age),
            b"domain" => self.domain = Some(value.into()),
            b"path" => self.path = Some(value.into()),
            b"secure" => self.secure = true,
            b"httponly" => self.http_only = true,
            b"samesite" => {
                self.same_site = SameSite::from_name(&String::from_utf8_lossy(value));
            }
            _ => {}
        }
    }

    /// When it expires: Max-Age before Expires (section 5.7, step 6); none is a session cookie.
    #[must_use]
    pub fn expires_at(&self, now: SystemTime) -> Option<SystemTime> {
        match self.max_age {
            Some(seconds @ 1..) => Some(after(now, seconds.unsigned_abs())),
            Some(_) => Some(SystemTime::UNIX_EPOCH),
            None => self.expires,
        }
    }
}

/// So late that no clock knows it is as late as can be told.
fn after(now: SystemTime, seconds: u64) -> SystemTime {
    const MOST: u64 = 100 * 366 * 24 * 60 * 60;
    now.checked_add(Duration::from_secs(seconds.min(MOST))).unwrap_or(now)
}

/// The text before the first `=` and the one after it, without blanks around.
fn split(part: &[u8]) -> (&[u8], Option<&[u8]>) {
    match part.iter().position(|byte| *byte == b'=') {
        Some(at) => (trim(&part[..at]), Some(trim(&part[at + 1..]))),
        None => (trim(part), None),
    }
}

/// Blanks are space and tab here; other white space is a control character.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Section 5.6.2: digits, with or without a `-` before them.
fn seconds(value: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(value).ok()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // A number that is too big for this is so by its digits alone.
    let most = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    Some(text.parse().unwrap_or(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_pair(field: &str, name: &str, value: &str) {
        let cookie = SetCookie::parse(field.as_bytes());
        assert_eq!((cookie.name(), cookie.value()), (name.into(), value.into()), "{field}");
    }

    impl SetCookie {
        fn name(&self) -> String {
            String::from_utf8_lossy(&self.name).into_owned()
        }

        fn value(&self) -> String {
            String::from_utf8_lossy(&self.value).into_owned()
        }
    }

    #[test]
    fn the_pair_ends_at_the_first_semicolon_and_its_name_at_the_first_equals_sign() {
        check_pair("a=b", "a", "b");
        check_pair("a=b=c; d=e", "a", "b=c");
        check_pair(" \ta \t=\t b c ;x", "a", "b c");
        check_pair("a=\"b;c\"", "a", "\"b");
        check_pair("a=", "a", "");
        check_pair("=b", "", "b");
        check_pair("b", "", "b");
        check_pair("===a=b", "", "==a=b");
        check_pair("", "", "");
        check_pair(" ; Path=/", "", "");
        check_pair("a=b, c=d", "a", "b, c=d");
    }

    #[test]
    fn bytes_stay_as_they_are() {
        let cookie = SetCookie::parse(b"\xe9=\xff\x80 \xc3\xa9; Path=/\xe9");
        assert_eq!(cookie.name, b"\xe9");
        assert_eq!(cookie.value, b"\xff\x80 \xc3\xa9");
        assert_eq!(cookie.path.as_deref(), Some(&b"/\xe9"[..]));
    }

    #[test]
    fn attributes_are_known_in_any_case_and_the_last_one_counts() {
        let cookie = SetCookie::parse(
            b"a=b; DOMAIN=x.test; domain = .Y.test ;pAth=/x;Path=/y;Secure=no;HTTPONLY;SameSite=Lax;samesite=sTRICT",
        );
        assert_eq!(cookie.domain.as_deref(), Some(&b".Y.test"[..]));
        assert_eq!(cookie.path.as_deref(), Some(&b"/y"[..]));
        assert!(cookie.secure && cookie.http_only);
        assert_eq!(cookie.same_site, Some(SameSite::Strict));
        let cookie = SetCookie::parse(b"a=b; SameSite=Lax; SameSite=Other; \"Secure\"; Secure x");
        assert_eq!((cookie.same_site, cookie.secure), (None, false));
    }

    #[test]
    fn an_attribute_of_more_than_1024_bytes_is_as_if_it_were_not_there() {
        let path = |length: usize| format!("a=b; Path=/x; Path=/{}", "p".repeat(length - 1));
        let read = |length| SetCookie::parse(path(length).as_bytes()).path.map(|path| path.len());
        assert_eq!(read(1024), Some(1024));
        assert_eq!(read(1025), Some(2));
    }

    #[test]
    fn max_age_is_a_number_of_seconds_or_nothing() {
        #[track_caller]
        fn check(text: &str, expected: Option<i64>) {
            let field = format!("a=b; Max-Age={text}");
            assert_eq!(SetCookie::parse(field.as_bytes()).max_age, expected, "{text}");
        }
        check("0", Some(0));
        check("60", Some(60));
        check("007", Some(7));
        check("-1", Some(-1));
        check("99999999999999999999", Some(i64::MAX));
        check("-99999999999999999999", Some(i64::MIN));
        for odd in ["", "-", "--1", "+1", "1.5", "1,000", "1s", "x", "0x10", "1; Max-Age=x"] {
            check(odd, (odd == "1; Max-Age=x").then_some(1));
        }
    }

    #[test]
    fn max_age_comes_before_expires_and_a_date_that_is_none_is_nothing() {
        let now = SystemTime::now();
        let at = |field: &str| SetCookie::parse(field.as_bytes()).expires_at(now);
        let date = "Fri, 07 Aug 2037 08:04:19 GMT";
        assert_eq!(at("a=b"), None);
        assert_eq!(at("a=b; Expires=soon"), None);
        assert_eq!(at(&format!("a=b; Expires={date}")), date::parse(date.as_bytes()));
        assert_eq!(at(&format!("a=b; Expires={date}; Expires=x")), date::parse(date.as_bytes()));
        assert_eq!(at(&format!("a=b; Max-Age=5; Expires={date}")), Some(after(now, 5)));
        assert_eq!(at(&format!("a=b; Expires={date}; Max-Age=")), date::parse(date.as_bytes()));
        assert_eq!(at("a=b; Max-Age=0"), Some(SystemTime::UNIX_EPOCH));
        assert_eq!(at("a=b; Max-Age=-5"), Some(SystemTime::UNIX_EPOCH));
        assert!(at("a=b; Max-Age=99999999999999999999").is_some_and(|at| at > now));
    }
}
