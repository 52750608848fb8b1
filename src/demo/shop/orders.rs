//! Orders: one's own, and for an admin everybody's.

use hyper::{StatusCode, header};
use serde_json::{Value, json};

use super::super::reply;
use super::super::request::Request;
use super::store::{Order, Store};
use super::{Answer, Refusal, input, user};

/// The orders that the user may see.
pub(super) fn list(request: &Request, store: &Store) -> Answer {
    let user = user(request, store)?;
    let mine = store.orders().filter(|order| user.is_admin() || order.owner == user.name);
    let orders: Vec<Value> = mine.map(Order::to_json).collect();
    Ok(reply::ordered_json(StatusCode::OK, &json!({ "orders": orders })))
}

/// One order.
pub(super) fn show(request: &Request, store: &Store, id: &str) -> Answer {
    Ok(reply::ordered_json(StatusCode::OK, &allowed(request, store, id)?.to_json()))
}

/// Places an order.
pub(super) fn place(request: &Request, store: &mut Store) -> Answer {
    let user = user(request, store)?;
    let lines = input::lines(&input::members(request)?)?;
    if store.is_full() {
        return Err(Refusal::Full);
    }
    let order = store.add_order(user.name, "processing", lines);
    let created = reply::ordered_json(StatusCode::CREATED, &order.to_json());
    Ok(reply::with(created, header::LOCATION, format!("/orders/{}", order.id)))
}

/// Deletes an order.
pub(super) fn remove(request: &Request, store: &mut Store, id: &str) -> Answer {
    allowed(request, store, id)?;
    store.remove_order(id);
    Ok(reply::bare(StatusCode::NO_CONTENT, ""))
}

/// The order of this id, if there is one and the user may see it.
fn allowed<'a>(request: &Request, store: &'a Store, id: &str) -> Result<&'a Order, Refusal> {
    let user = user(request, store)?;
    let order = store.order(id).ok_or(Refusal::NoSuchOrder)?;
    if user.is_admin() || order.owner == user.name { Ok(order) } else { Err(Refusal::Forbidden) }
}
