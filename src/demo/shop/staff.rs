//! A second door, with a token against forged requests, as most frameworks put into their forms.

use hyper::{StatusCode, header};
use serde_json::Value;

use super::super::reply;
use super::super::request::Request;
use super::super::{cookies, random};
use super::store::Store;
use super::{Answer, Refusal, input, session};

/// The form; its token is that of a cookie.
pub(super) fn form() -> Answer {
    let token = random::token().ok_or(Refusal::NoRandomness)?;
    let page = super::page::STAFF.replace("{token}", &token);
    let cookie = format!("csrf={token}; HttpOnly; Path=/staff; SameSite=Strict");
    Ok(reply::with(reply::html(StatusCode::OK, page), header::SET_COOKIE, cookie))
}

/// Signs in who sends the token of the form and the cookie.
pub(super) fn login(request: &Request, store: &mut Store) -> Answer {
    let input = input::members(request).map_err(|_| Refusal::Forged)?;
    let sent = input.get("csrf").and_then(Value::as_str);
    match cookies::sent(request).shift_remove("csrf") {
        Some(token) if !token.is_empty() && sent == Some(token.as_str()) => {
            session::login(request, store)
        }
        _ => Err(Refusal::Forged),
    }
}
