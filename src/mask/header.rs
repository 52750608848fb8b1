//! Headers whose values are secret because of their names.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// How the value of a header is masked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Bearer •••a1f3`
    Credentials,
    /// `session=•••a1f3; theme=•••0b21`
    Cookie,
    /// `session=•••a1f3; Path=/`
    SetCookie,
    /// All of it, as its owner said so.
    Whole,
}

/// The headers that carry credentials.
const SECRET: [HeaderName; 4] =
    [header::AUTHORIZATION, header::PROXY_AUTHORIZATION, header::COOKIE, header::SET_COOKIE];

impl Kind {
    /// None where the value may be shown.
    #[must_use]
    pub fn of(name: &HeaderName, value: &HeaderValue) -> Option<Self> {
        match *name {
            header::AUTHORIZATION | header::PROXY_AUTHORIZATION => Some(Self::Credentials),
            header::COOKIE => Some(Self::Cookie),
            header::SET_COOKIE => Some(Self::SetCookie),
            _ => value.is_sensitive().then_some(Self::Whole),
        }
    }
}

/// Calls `visit` for each secret in the headers: tokens, passwords, the values of cookies.
pub fn secrets(headers: &HeaderMap, visit: &mut dyn FnMut(&[u8])) {
    for name in SECRET {
        for value in headers.get_all(&name) {
            match Kind::of(&name, value) {
                Some(Kind::Credentials) => credentials(value.as_bytes(), visit),
                Some(Kind::Cookie) => {
                    value
                        .as_bytes()
                        .split(|byte| *byte == b';')
                        .for_each(|pair| cookie(pair, visit));
                }
                Some(Kind::SetCookie) => set_cookie(value.as_bytes(), visit),
                Some(Kind::Whole) | None => {}
            }
        }
    }
}

/// As [`secrets`], of the value of a Set-Cookie line.
pub fn set_cookie(line: &[u8], visit: &mut dyn FnMut(&[u8])) {
    cookie(line.split(|byte| *byte == b';').next().unwrap_or_default(), visit);
}

fn credentials(value: &[u8], visit: &mut dyn FnMut(&[u8])) {
    let value = value.trim_ascii();
    let Some(at) = value.iter().position(|byte| *byte == b' ') else { return visit(value) };
    let (scheme, token) = (&value[..at], value[at..].trim_ascii());
    visit(token);
    if scheme.eq_ignore_ascii_case(b"basic")
        && let Ok(pair) = STANDARD.decode(token)
    {
        visit(&pair);
        if let Some(colon) = pair.iter().position(|byte| *byte == b':') {
            visit(&pair[colon + 1..]);
        }
    }
}

/// What stands in JSON for itself is no secret: it would be masked in every body.
const WORDS: [&[u8]; 3] = [b"true", b"false", b"null"];

fn cookie(pair: &[u8], visit: &mut dyn FnMut(&[u8])) {
    let at = pair.iter().position(|byte| *byte == b'=').map_or(0, |at| at + 1);
    let value = pair[at..].trim_ascii();
    if WORDS.contains(&value) {
        return;
    }
    visit(value);
    if let Some(inner) = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")) {
        visit(inner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: HeaderName, value: &'static str, expected: &[&str]) {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_static(value));
        let mut found = Vec::new();
        secrets(&headers, &mut |secret| found.push(String::from_utf8_lossy(secret).into_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn tokens_passwords_and_the_values_of_cookies_are_secret() {
        check(header::AUTHORIZATION, "Bearer abcd", &["abcd"]);
        check(header::AUTHORIZATION, "abcd", &["abcd"]);
        check(
            header::PROXY_AUTHORIZATION,
            "basic Ym9iOmh1bnRlcjI=",
            &["Ym9iOmh1bnRlcjI=", "bob:hunter2", "hunter2"],
        );
        check(header::COOKIE, "a=b=c; d=\"e\";f; on=true", &["b=c", "\"e\"", "e", "f"]);
        check(header::SET_COOKIE, "a=bc; Path=/; HttpOnly", &["bc"]);
        check(header::LOCATION, "/abcd", &[]);
    }
}
