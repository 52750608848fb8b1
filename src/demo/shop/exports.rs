//! Exports, which take a while: they are started, and asked for until they are done.

use hyper::{StatusCode, header};
use serde_json::{Value, json};

use super::super::reply;
use super::super::request::Request;
use super::super::{auth, random};
use super::store::Store;
use super::{Answer, Refusal, input};

/// The client that gets a token.
pub(super) const CLIENT: (&str, &str) = ("reports", "tea-and-cake");

/// How often an export is asked for before it is done.
const WORK: u32 = 2;

/// Gives a token to the client that names itself (RFC 6749 section 4.4), in the header or in the form.
pub(super) fn token(request: &Request, store: &mut Store) -> Answer {
    let input = input::members(request).map_err(|_| Refusal::WrongClient)?;
    let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let given = auth::credentials(request);
    let (id, secret) = given.unwrap_or_else(|| (text("client_id"), text("client_secret")));
    if (id.as_str(), secret.as_str()) != CLIENT || text("grant_type") != "client_credentials" {
        return Err(Refusal::WrongClient);
    }
    let token = random::token().ok_or(Refusal::NoRandomness)?;
    store.begin_token(token.clone());
    let body = json!({ "access_token": token, "token_type": "Bearer", "expires_in": 3600 });
    Ok(reply::ordered_json(StatusCode::OK, &body))
}

/// Starts an export.
pub(super) fn start(request: &Request, store: &mut Store) -> Answer {
    check(request, store)?;
    let id = store.begin_export();
    let body = json!({ "id": id, "state": "running" });
    let accepted = reply::ordered_json(StatusCode::ACCEPTED, &body);
    Ok(reply::with(accepted, header::LOCATION, format!("/exports/{id}")))
}

/// How far an export is.
pub(super) fn show(request: &Request, store: &mut Store, id: &str) -> Answer {
    check(request, store)?;
    let orders = store.orders().count();
    let asked = store.ask_export(id).ok_or(Refusal::NoSuchExport)?;
    let body = match asked <= WORK {
        true => json!({ "id": id, "state": "running" }),
        false => json!({ "id": id, "state": "done", "orders": orders }),
    };
    Ok(reply::ordered_json(StatusCode::OK, &body))
}

fn check(request: &Request, store: &Store) -> Result<(), Refusal> {
    let token = auth::token(request).ok_or(Refusal::NoToken)?;
    if store.is_token(&token) { Ok(()) } else { Err(Refusal::NoToken) }
}
