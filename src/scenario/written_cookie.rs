//! What no session can hold of a cookie that is set by hand, as far as it is written out.

use super::decode::{Decoder, Text};
use super::session_action::CookieToSet;
use super::yaml::At;
use crate::cookies::{self, Cookie, Part};

/// Records why a cookie can never be set, or never be sent; what an expression gives is not known yet, and breaks no rule.
pub(super) fn check(d: &Decoder<'_>, written: &CookieToSet, same_site_at: At) {
    let or = |text: &Text, unknown: &str| text.value.literal().unwrap_or(unknown).to_owned();
    let (name, value) = (or(&written.name, "unknown"), or(&written.value, "unknown"));
    if let Some((message, help)) = wrong_name(&name) {
        return d.error_help(written.name.at, message, "", help);
    }
    if let Some((message, help)) = wrong_value(written.name.value.source(), &value) {
        return d.error_help(written.value.at, message, "", help);
    }
    let domain = written.domain.as_ref().map(|domain| or(domain, "shop.test"));
    let cookie = Cookie {
        name: name.into(),
        value: value.into(),
        host_only: domain.is_none(),
        domain: domain.unwrap_or_else(|| "shop.test".to_owned()),
        path: written.path.as_ref().map_or_else(|| "/".to_owned(), |path| or(path, "/")),
        secure: written.secure,
        http_only: written.http_only,
        same_site: written.same_site,
        expires: None,
    };
    let Err((part, why)) = cookies::written(&cookie) else { return };
    let (at, help) = match part {
        Part::Prefix => (written.name.at, "give it what its name promises, or another name"),
        Part::Name => (written.name.at, "write it without blanks around it"),
        Part::Value => {
            (written.value.at, "percent-encode what cannot be in it, as the server expects it")
        }
        Part::Domain => (
            written.domain.as_ref().map_or(written.name.at, |domain| domain.at),
            match cookie.domain.contains(['.', ' ']) {
                true => "name the domain of one site, such as `shop.test`",
                false => "leave `domain` out: the cookie is for the host of the base URL then",
            },
        ),
        Part::Path => (
            written.path.as_ref().map_or(written.name.at, |path| path.at),
            "write it from the root on, such as `/account`",
        ),
        Part::SameSite => (same_site_at, "add `secure: true`, as browsers want it"),
    };
    let name = written.name.value.source().escape_debug();
    let message = format!("cookie `{name}` cannot be set: {why}");
    d.error_help(at, message, "", help);
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
