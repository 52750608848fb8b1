//! Signing in and out, and what only those who are signed in may see.

use hyper::{StatusCode, header};
use serde_json::{Value, json};

use super::super::reply::{self, Reply};
use super::super::request::Request;
use super::super::{cookies, random};
use super::store::{Order, Store, USERS, User};
use super::{Answer, Refusal, input, user};

/// The attributes of the session's cookie: scripts cannot read it, other sites cannot post with it.
const ATTRIBUTES: &str = "HttpOnly; Path=/; SameSite=Lax";

/// The id of the session that the request claims.
pub(super) fn id(request: &Request) -> Option<String> {
    cookies::sent(request).shift_remove("session")
}

/// Signs a user in and sends the client to the account.
pub(super) fn login(request: &Request, store: &mut Store) -> Answer {
    let input = input::members(request).map_err(|_| Refusal::WrongPassword)?;
    let text = |name: &str| input.get(name).and_then(Value::as_str).unwrap_or_default();
    let (name, password) = (text("username"), text("password"));
    let user = USERS.iter().find(|user| user.name == name && user.password == password);
    let user = user.ok_or(Refusal::WrongPassword)?;
    let token = random::token().ok_or(Refusal::NoRandomness)?;
    // The session from before ends: an id that somebody planted must not become a signed-in one.
    if let Some(id) = id(request) {
        store.end_session(&id);
    }
    let cookie = format!("session={token}; {ATTRIBUTES}");
    store.begin_session(token, user);
    Ok(reply::with(sent_to("/account"), header::SET_COOKIE, cookie))
}

/// Ends the session, here and in the client, and sends the client to the login.
pub(super) fn logout(request: &Request, store: &mut Store) -> Reply {
    if let Some(id) = id(request) {
        store.end_session(&id);
    }
    let cookie =
        format!("session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; {ATTRIBUTES}");
    reply::with(sent_to("/login"), header::SET_COOKIE, cookie)
}

fn sent_to(path: &str) -> Reply {
    reply::redirect(StatusCode::SEE_OTHER, path)
}

/// Who is signed in, with the orders.
pub(super) fn account(request: &Request, store: &Store) -> Answer {
    let user = user(request, store)?;
    let orders: Vec<Value> = orders_of(store, user).map(Order::to_json).collect();
    let body = json!({ "user": user.name, "role": user.role, "orders": orders });
    Ok(reply::ordered_json(StatusCode::OK, &body))
}

/// All users, for an admin.
pub(super) fn users(request: &Request, store: &Store) -> Answer {
    if !user(request, store)?.is_admin() {
        return Err(Refusal::Forbidden);
    }
    let shown = USERS.iter().map(|user| {
        json!({ "name": user.name, "role": user.role, "orders": orders_of(store, user).count() })
    });
    Ok(reply::ordered_json(StatusCode::OK, &json!({ "users": shown.collect::<Vec<_>>() })))
}

fn orders_of<'a>(store: &'a Store, user: &'static User) -> impl Iterator<Item = &'a Order> {
    store.orders().filter(move |order| order.owner == user.name)
}
