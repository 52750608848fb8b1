//! What of an exchange may be shown: the values of Authorization, Cookie and Set-Cookie may not, nor may the name and
//! password in a URL.

use std::borrow::Cow;

use http::{HeaderName, HeaderValue};

use super::text;
use crate::mask::header::Kind;
use crate::mask::{Fingerprints, MASK};

/// A header's value as one line that may be shown.
pub(super) fn header(name: &HeaderName, value: &HeaderValue, prints: &Fingerprints) -> String {
    let plain = String::from_utf8_lossy(value.as_bytes());
    match Kind::of(name, value) {
        None => text::clean(&urls(&plain)).into_owned(),
        Some(kind) => masked(kind, &plain, |value| prints.of(value.as_bytes())),
    }
}

/// The value with what is secret in it replaced.
pub(super) fn masked(kind: Kind, value: &str, stand_in: impl Fn(&str) -> String) -> String {
    let pair = |pair: &str| match pair.trim().split_once('=') {
        Some((name, value)) => format!("{}={}", text::clean(name.trim()), stand_in(value.trim())),
        // A pair without a name is all value.
        None => stand_in(pair.trim()),
    };
    match kind {
        Kind::Whole => stand_in(value),
        Kind::Credentials => match value.split_once(' ') {
            Some((scheme, rest)) if scheme.bytes().all(is_token) => {
                format!("{scheme} {}", stand_in(rest))
            }
            _ => stand_in(value),
        },
        Kind::Cookie => value.split(';').map(pair).collect::<Vec<_>>().join("; "),
        Kind::SetCookie => match value.split_once(';') {
            Some((first, rest)) => format!("{};{}", pair(first), text::clean(rest)),
            None => pair(value),
        },
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The values that a Cookie header gives to a name; what has no name is all value.
pub(super) fn cookie_values<'a>(
    header: &'a HeaderValue,
    name: &'a str,
) -> impl Iterator<Item = &'a [u8]> {
    header.as_bytes().split(|byte| *byte == b';').filter_map(move |pair| {
        let pair = pair.trim_ascii();
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else {
            return name.is_empty().then_some(pair);
        };
        (pair[..at].trim_ascii() == name.as_bytes()).then(|| pair[at + 1..].trim_ascii())
    })
}

/// A URL in which a stand-in reads as it does elsewhere.
pub(super) fn readable(url: &str) -> Cow<'_, str> {
    match url.contains(ENCODED) {
        true => Cow::Owned(url.replace(ENCODED, MASK)),
        false => Cow::Borrowed(url),
    }
}

/// [`MASK`], as a URL has it.
const ENCODED: &str = "%E2%80%A2%E2%80%A2%E2%80%A2";

/// The text with `•••` for the name and password of each URL in it.
pub(super) fn urls(text: &str) -> Cow<'_, str> {
    urls_with(text, MASK)
}

/// The text with `mask` for the name and password of each URL in it.
pub(super) fn urls_with<'a>(text: &'a str, mask: &str) -> Cow<'a, str> {
    if !text.contains("//") || !text.contains('@') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("//") {
        let (before, after) = rest.split_at(at + 2);
        out.push_str(before);
        let end = after
            .find(|c: char| "/?#\\\"'`<>".contains(c) || c.is_whitespace())
            .unwrap_or(after.len());
        // An XPath: `//@id`, `//a[@id]`. The names of a URL have no bracket (RFC 3986, section 3.2.1).
        let is_path =
            |names: &str| !before.ends_with("://") && (names.is_empty() || names.contains('['));
        rest = match after[..end].rfind('@').filter(|at| !is_path(&after[..*at])) {
            Some(at) => {
                out.push_str(mask);
                &after[at..]
            }
            None => after,
        };
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, value: &str, expected: &str) {
        assert_eq!(masked(kind, value, |value| format!("[{}]", value.len())), expected);
    }

    #[test]
    fn what_is_secret_goes_and_the_rest_stays() {
        check(Kind::Credentials, "Bearer abcd", "Bearer [4]");
        check(Kind::Credentials, "abcd", "[4]");
        check(Kind::Credentials, "pass word", "pass [4]");
        check(Kind::Credentials, "\u{1b}x y", "[4]");
        check(Kind::Cookie, "a=bc; d=e=f;g", "a=[2]; d=[3]; [1]");
        check(Kind::SetCookie, "a=bc; Path=/; HttpOnly", "a=[2]; Path=/; HttpOnly");
        check(Kind::SetCookie, "a=\"b\"", "a=[3]");
        check(Kind::Whole, "a=bc; Path=/", "[12]");
    }

    #[test]
    fn urls_lose_their_names_and_passwords() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(urls(text), expected);
        }
        check("http://a.test/x@y", "http://a.test/x@y");
        check(
            "GET http://u:p@a.test/?to=//v:q@b.test now",
            "GET http://•••@a.test/?to=//•••@b.test now",
        );
        check("https://u:p@ss@a.test", "https://•••@a.test");
        check("https://u:[@a.test", "https://•••@a.test");
        check("`//a[@id='7']/@n` and //@id", "`//a[@id='7']/@n` and //@id");
    }

    #[test]
    fn cookie_values_are_found_by_name() {
        let header = HeaderValue::from_static("a=1; session=x=y ;b=2; a=3; bare");
        let values = |name| cookie_values(&header, name).collect::<Vec<_>>();
        assert_eq!(values("session"), [b"x=y"]);
        assert_eq!(values("a"), [b"1", b"3"]);
        assert_eq!(values(""), [b"bare"]);
        assert!(values("ession").is_empty());
    }
}
