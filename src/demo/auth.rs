//! httpbin's authentication endpoints.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::{StatusCode, header};
use serde_json::json;

use super::reply::{self, Reply};
use super::request::Request;
use super::status;

/// Lets in who sends this user and password.
pub(super) fn basic(request: &Request, user: &str, password: &str) -> Reply {
    if credentials(request).as_ref().is_some_and(|given| given.0 == user && given.1 == password) {
        return reply::json(StatusCode::OK, &json!({ "authenticated": true, "user": user }));
    }
    status::unauthorized()
}

/// The user and password of a Basic Authorization.
pub(super) fn credentials(request: &Request) -> Option<(String, String)> {
    let header = request.header(header::AUTHORIZATION)?;
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// The token of a Bearer Authorization.
pub(super) fn token(request: &Request) -> Option<String> {
    request.header(header::AUTHORIZATION)?.strip_prefix("Bearer ").map(str::to_owned)
}

/// Lets in who sends any bearer token.
pub(super) fn bearer(request: &Request) -> Reply {
    match token(request) {
        Some(token) => {
            reply::json(StatusCode::OK, &json!({ "authenticated": true, "token": token }))
        }
        None => reply::with(
            reply::html(StatusCode::UNAUTHORIZED, ""),
            header::WWW_AUTHENTICATE,
            "Bearer",
        ),
    }
}
