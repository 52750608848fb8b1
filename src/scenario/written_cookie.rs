//! What no session can hold of a cookie that is set by hand, as far as it is written out.

use super::decode::{Decoder, Text};
use super::session_action::{CookieToSet, SameSite};
use super::yaml::At;

/// Records what is wrong with a cookie; `at` is its place.
pub(super) fn check(d: &Decoder<'_>, at: At, cookie: &CookieToSet) {
    let refuse = |at: At, (message, help): (String, &str)| d.error_help(at, message, "", help);
    if let Some(wrong) = cookie.name.value.literal().and_then(wrong_name) {
        refuse(cookie.name.at, wrong);
    }
    let name = cookie.name.value.source();
    if let Some(wrong) = cookie.value.value.literal().and_then(|value| wrong_value(name, value)) {
        refuse(cookie.value.at, wrong);
    }
    if let Some((path, _)) = written(&cookie.path).filter(|(_, path)| !path.starts_with('/')) {
        let message = format!("`{}` is no path of a cookie", path.value.source().escape_debug());
        refuse(path.at, (message, "it begins with `/`"));
    }
    if let Some((domain, _)) = written(&cookie.domain).filter(|(_, it)| *it == "localhost") {
        let message = "`localhost` has no subdomains that a `domain` could be for".to_owned();
        let help = "leave `domain` out: the cookie is for the host of the base URL then";
        refuse(domain.at, (message, help));
    }
    for (at, wrong) in promises(at, cookie) {
        refuse(at, wrong);
    }
}

/// What SameSite=None and the name's prefix promise, and the cookie does not keep (RFC 6265bis section 5.7, steps 19 to 22).
fn promises(at: At, cookie: &CookieToSet) -> Vec<(At, (String, &'static str))> {
    let name = cookie.name.value.literal().unwrap_or_default();
    let begins = |prefix: &str| {
        name.get(..prefix.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(prefix))
    };
    let (is_host, is_secure) = (begins("__Host-"), begins("__Secure-"));
    let mut broken = Vec::new();
    if !cookie.secure {
        let none = cookie.same_site == Some(SameSite::None);
        let reasons =
            [(none, "`same_site: none`"), (is_host, "`__Host-`"), (is_secure, "`__Secure-`")];
        for (_, what) in reasons.into_iter().filter(|(holds, _)| *holds) {
            let message = format!("{what} wants `secure: true`");
            broken.push((at, (message, "a browser refuses the cookie without it")));
        }
    }
    if let Some(domain) = cookie.domain.as_ref().filter(|_| is_host) {
        let message = "a cookie whose name begins with `__Host-` has no `domain`".to_owned();
        let help = "leave `domain` out: the cookie is for the host of the base URL alone";
        broken.push((domain.at, (message, help)));
    }
    if let Some((path, _)) = written(&cookie.path).filter(|(_, path)| is_host && *path != "/") {
        let message = "a cookie whose name begins with `__Host-` has the path `/`".to_owned();
        broken.push((path.at, (message, "leave `path` out")));
    }
    broken
}

fn written(text: &Option<Text>) -> Option<(&Text, &str)> {
    let text = text.as_ref()?;
    Some((text, text.value.literal()?))
}

/// What is wrong with a cookie's name, and what to do.
#[must_use]
pub fn wrong_name(name: &str) -> Option<(String, &'static str)> {
    let wrong = name.is_empty() || name.contains(['=', ';']) || name.contains(char::is_control);
    wrong.then(|| {
        let message = format!("`{name}` is no cookie name");
        (message, "a cookie's name has no `=`, no `;` and no line break, and is not empty")
    })
}

/// What is wrong with the value of the cookie of this name, and what to do: what would end the value, or the header, cannot
/// be part of it (RFC 6265bis section 5.6).
#[must_use]
pub fn wrong_value(name: &str, value: &str) -> Option<(String, &'static str)> {
    let what = value.chars().find_map(|c| match c {
        ';' => Some("a `;`"),
        '\r' | '\n' => Some("a line break"),
        c if c.is_control() => Some("a control character"),
        _ => None,
    })?;
    let message = format!("the value of cookie `{name}` holds {what}");
    Some((message, "a cookie's value ends there: percent-encode it, as the server expects it"))
}
