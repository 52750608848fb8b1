//! A cart, for which nobody needs to sign in. Its cookie goes to `/cart` only.

use hyper::{StatusCode, header};
use serde_json::json;

use super::super::reply::{self, Reply};
use super::super::request::Request;
use super::super::{cookies, random};
use super::store::{self, Store};
use super::{Answer, Refusal, input};

/// Puts a product in the cart; who has none gets one.
pub(super) fn add(request: &Request, store: &mut Store) -> Answer {
    let line = input::line(&input::members(request)?)?;
    let known = id(request).filter(|id| store.cart(id).is_some());
    let is_new = known.is_none();
    let id = match known {
        Some(id) => id,
        None => random::token().ok_or(Refusal::NoRandomness)?,
    };
    if is_new {
        store.begin_cart(id.clone());
    }
    store.add_to_cart(&id, line);
    let reply = content(store, Some(&id));
    if is_new {
        return Ok(reply::with(
            reply,
            header::SET_COOKIE,
            format!("cart={id}; HttpOnly; Path=/cart; SameSite=Lax"),
        ));
    }
    Ok(reply)
}

/// What is in the cart.
pub(super) fn show(request: &Request, store: &Store) -> Reply {
    content(store, id(request).as_deref())
}

fn id(request: &Request) -> Option<String> {
    cookies::sent(request).shift_remove("cart")
}

fn content(store: &Store, id: Option<&str>) -> Reply {
    let lines = id.and_then(|id| store.cart(id)).map(Vec::as_slice).unwrap_or_default();
    let (total, items) = store::lines_to_json(lines);
    reply::ordered_json(StatusCode::OK, &json!({ "total": total, "items": items }))
}
