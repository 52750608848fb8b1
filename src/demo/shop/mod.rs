//! A small shop to test: signing in, roles, orders and a cart, with all its state in memory.

mod store;
mod input;
mod session;
mod orders;
mod cart;
mod exports;
mod staff;
mod page;

use std::sync::{Mutex, MutexGuard, PoisonError};

use hyper::StatusCode;
use serde_json::{Value, json};

use self::store::{Product, Store, User};
use super::reply::{self, Reply};
use super::request::Request;

/// The shop of one server.
#[derive(Debug)]
pub(super) struct Shop {
    store: Mutex<Store>,
}

impl Shop {
    /// A shop as it opens: its users, products and first orders, nobody signed in.
    pub(super) fn new() -> Self {
        Self { store: Mutex::new(Store::new()) }
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A panic elsewhere cannot leave the store half changed in a way that matters here.
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The shop's endpoints, with what the path says.
#[derive(Clone, Copy, Debug)]
pub(super) enum Endpoint<'a> {
    Index,
    Login,
    Logout,
    Account,
    Orders,
    Order(&'a str),
    Cart,
    StaffLogin,
    Token,
    Exports,
    Export(&'a str),
    Users,
    Products,
    Health,
}

/// The shop's endpoint at this path, and the methods it takes beside HEAD and OPTIONS.
pub(super) fn find(path: &str) -> Option<(Endpoint<'_>, &'static [&'static str])> {
    Some(match path {
        "/" => (Endpoint::Index, &["GET"]),
        "/login" => (Endpoint::Login, &["GET", "POST"]),
        "/logout" => (Endpoint::Logout, &["POST"]),
        "/account" => (Endpoint::Account, &["GET"]),
        "/orders" => (Endpoint::Orders, &["GET", "POST"]),
        "/cart" => (Endpoint::Cart, &["GET", "POST"]),
        "/staff/login" => (Endpoint::StaffLogin, &["GET", "POST"]),
        "/token" => (Endpoint::Token, &["POST"]),
        "/exports" => (Endpoint::Exports, &["POST"]),
        "/admin/users" => (Endpoint::Users, &["GET"]),
        "/products" => (Endpoint::Products, &["GET"]),
        "/health" => (Endpoint::Health, &["GET"]),
        _ => {
            let below = |prefix: &str| {
                path.strip_prefix(prefix).filter(|id| !id.is_empty() && !id.contains('/'))
            };
            match below("/orders/") {
                Some(id) => (Endpoint::Order(id), &["GET", "DELETE"]),
                None => (Endpoint::Export(below("/exports/")?), &["GET"]),
            }
        }
    })
}

/// Answers for the shop; the method is one that the endpoint takes.
pub(super) fn answer(endpoint: Endpoint<'_>, request: &Request, shop: &Shop) -> Reply {
    let mut guard = shop.store();
    let store = &mut *guard;
    let answer = match (endpoint, request.method.as_str()) {
        (Endpoint::Index, _) => Ok(reply::html(StatusCode::OK, page::index())),
        (Endpoint::Login, "POST") => session::login(request, store),
        (Endpoint::Login, _) => Ok(reply::html(StatusCode::OK, page::LOGIN)),
        (Endpoint::Logout, _) => Ok(session::logout(request, store)),
        (Endpoint::Account, _) => session::account(request, store),
        (Endpoint::Orders, "POST") => orders::place(request, store),
        (Endpoint::Orders, _) => orders::list(request, store),
        (Endpoint::Order(id), "DELETE") => orders::remove(request, store, id),
        (Endpoint::Order(id), _) => orders::show(request, store, id),
        (Endpoint::Cart, "POST") => cart::add(request, store),
        (Endpoint::Cart, _) => Ok(cart::show(request, store)),
        (Endpoint::StaffLogin, "POST") => staff::login(request, store),
        (Endpoint::StaffLogin, _) => staff::form(),
        (Endpoint::Token, _) => exports::token(request, store),
        (Endpoint::Exports, _) => exports::start(request, store),
        (Endpoint::Export(id), _) => exports::show(request, store, id),
        (Endpoint::Users, _) => session::users(request, store),
        (Endpoint::Products, _) => products(request),
        (Endpoint::Health, _) => {
            Ok(reply::ordered_json(StatusCode::OK, &json!({ "status": "ok" })))
        }
    };
    answer.unwrap_or_else(Refusal::into_reply)
}

/// Why the shop does not do what was asked.
#[derive(Debug)]
enum Refusal {
    /// Nobody is signed in.
    NotSignedIn,
    /// The one who signs in is not known.
    WrongPassword,
    /// Somebody is signed in who may not.
    Forbidden,
    /// A form without its token.
    Forged,
    /// The client that wants a token is not known.
    WrongClient,
    /// No token of the shop's was sent.
    NoToken,
    /// There is no such order.
    NoSuchOrder,
    /// There is no such export.
    NoSuchExport,
    /// The input is wrong; what, and the fields with what is wrong with each.
    Invalid(&'static str, Vec<(String, &'static str)>),
    /// Memory for orders is bounded.
    Full,
    /// The system gives no random numbers, and an id that can be guessed is worse than none.
    NoRandomness,
}

impl Refusal {
    fn into_reply(self) -> Reply {
        let (status, error) = match self {
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not signed in"),
            Self::WrongPassword => (StatusCode::UNAUTHORIZED, "wrong username or password"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "not allowed"),
            Self::Forged => (StatusCode::FORBIDDEN, "the form's token is missing or wrong"),
            // The words are those of RFC 6749 section 5.2.
            Self::WrongClient => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::NoToken => {
                let body = json!({ "error": "no token, or not one of the shop's" });
                let reply = reply::ordered_json(StatusCode::UNAUTHORIZED, &body);
                return reply::with(reply, hyper::header::WWW_AUTHENTICATE, "Bearer");
            }
            Self::NoSuchExport => (StatusCode::NOT_FOUND, "no such export"),
            Self::NoSuchOrder => (StatusCode::NOT_FOUND, "no such order"),
            Self::Full => (StatusCode::SERVICE_UNAVAILABLE, "the shop takes no more orders"),
            Self::NoRandomness => (StatusCode::INTERNAL_SERVER_ERROR, "no random numbers"),
            Self::Invalid(error, fields) => {
                let fields: Value =
                    fields.into_iter().map(|(name, wrong)| (name, Value::from(wrong))).collect();
                let body = json!({ "error": error, "fields": fields });
                return reply::ordered_json(StatusCode::UNPROCESSABLE_ENTITY, &body);
            }
        };
        reply::ordered_json(status, &json!({ "error": error }))
    }
}

/// The answer, or why there is none.
type Answer = Result<Reply, Refusal>;

/// One page of the products.
fn products(request: &Request) -> Answer {
    let mut wrong = Vec::new();
    let mut number = |name: &str, default, most| match request.arg(name, false) {
        None => default,
        Some(text) => {
            text.parse().ok().filter(|number| (1..=most).contains(number)).unwrap_or_else(|| {
                wrong.push((name.to_owned(), input::COUNT));
                default
            })
        }
    };
    let (page, size): (usize, usize) = (number("page", 1, 1000), number("size", 5, 100));
    if !wrong.is_empty() {
        return Err(Refusal::Invalid("the query is not valid", wrong));
    }
    let all = store::PRODUCTS;
    let items: Vec<Value> =
        all.iter().skip((page - 1) * size).take(size).map(Product::to_json).collect();
    let pages = all.len().div_ceil(size);
    let body =
        json!({ "page": page, "size": size, "pages": pages, "total": all.len(), "items": items });
    Ok(reply::ordered_json(StatusCode::OK, &body))
}

/// Who is signed in.
fn user(request: &Request, store: &Store) -> Result<&'static User, Refusal> {
    session::id(request).and_then(|id| store.session(&id)).ok_or(Refusal::NotSignedIn)
}
