//! From a path and a method to an endpoint, with Flask's manners: OPTIONS, HEAD, 404 and 405.

use std::time::Duration;

use hyper::{StatusCode, header};

use super::echo::{self, Part};
use super::reply::{self, Reply};
use super::request::Request;
use super::shop::{self, Shop};
use super::{auth, content, cookies, digest, percent, python, redirects, status};

/// The longest that `/delay` waits, in seconds.
const LONGEST_DELAY: f64 = 10.0;

const GET: &[&str] = &["GET"];
const GET_POST: &[&str] = &["GET", "POST"];
const ANY: &[&str] = &["GET", "POST", "PUT", "DELETE", "PATCH", "TRACE"];

/// httpbin's endpoints, with what the path says.
#[derive(Clone, Copy, Debug)]
enum Endpoint<'a> {
    Echo(&'static [Part]),
    Delay(&'a str),
    Cookies,
    SetCookies,
    SetCookie(&'a str, &'a str),
    DeleteCookies,
    Status(&'a str),
    Redirect(redirects::Kind, &'a str),
    RedirectTo,
    ResponseHeaders,
    BasicAuth(&'a str, &'a str),
    Bearer,
    DigestAuth(digest::Wanted<'a>),
    Encoded(content::Coding),
    Bytes(&'a str),
    Json,
    Base64(&'a str),
    Html,
    Xml,
}

/// What is at a path.
enum Found<'a> {
    Bin(Endpoint<'a>),
    Shop(shop::Endpoint<'a>),
}

/// Answers a request.
pub(super) async fn answer(request: &Request, shop: &Shop) -> Reply {
    let Some((found, methods)) = find(&request.path) else {
        let moved = merge_slashes(&request.path).map(|merged| moved(request, &merged));
        let reply = moved.unwrap_or_else(|| reply::failure(StatusCode::NOT_FOUND));
        return reply::finish(request, true, reply);
    };
    let cors = matches!(found, Found::Bin(_));
    let method = request.method.as_str();
    let reply = match found {
        _ if method == "OPTIONS" => allow(reply::html(StatusCode::OK, ""), methods),
        _ if !takes(methods, method) => {
            allow(reply::failure(StatusCode::METHOD_NOT_ALLOWED), methods)
        }
        Found::Bin(endpoint) => bin(endpoint, request).await,
        Found::Shop(endpoint) => shop::answer(endpoint, request, shop),
    };
    reply::finish(request, cors, reply)
}

/// What is at this path, and the methods it takes beside HEAD and OPTIONS.
fn find(path: &str) -> Option<(Found<'_>, &'static [&'static str])> {
    if let Some((endpoint, methods)) = shop::find(path) {
        return Some((Found::Shop(endpoint), methods));
    }
    find_bin(path).map(|(endpoint, methods)| (Found::Bin(endpoint), methods))
}

fn find_bin(path: &str) -> Option<(Endpoint<'_>, &'static [&'static str])> {
    use redirects::Kind::{Absolute, Relative, Split};
    let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
    if let ["anything", rest @ ..] = segments.as_slice() {
        return (rest.first() != Some(&"")).then_some((Endpoint::Echo(echo::ANYTHING), ANY));
    }
    if segments.contains(&"") {
        return None;
    }
    Some(match *segments.as_slice() {
        ["get"] => (Endpoint::Echo(echo::GET), GET),
        ["post"] => (Endpoint::Echo(echo::BODY), &["POST"]),
        ["put"] => (Endpoint::Echo(echo::BODY), &["PUT"]),
        ["patch"] => (Endpoint::Echo(echo::BODY), &["PATCH"]),
        ["delete"] => (Endpoint::Echo(echo::BODY), &["DELETE"]),
        ["headers"] => (Endpoint::Echo(echo::HEADERS), GET),
        ["delay", seconds] => (Endpoint::Delay(seconds), ANY),
        ["cookies"] => (Endpoint::Cookies, GET),
        ["cookies", "set"] => (Endpoint::SetCookies, GET),
        ["cookies", "set", name, value] => (Endpoint::SetCookie(name, value), GET),
        ["cookies", "delete"] => (Endpoint::DeleteCookies, GET),
        ["status", codes] => (Endpoint::Status(codes), ANY),
        ["redirect", times] if is_number(times) => (Endpoint::Redirect(Split, times), GET),
        ["relative-redirect", times] if is_number(times) => {
            (Endpoint::Redirect(Relative, times), GET)
        }
        ["absolute-redirect", times] if is_number(times) => {
            (Endpoint::Redirect(Absolute, times), GET)
        }
        ["redirect-to"] => (Endpoint::RedirectTo, ANY),
        ["response-headers"] => (Endpoint::ResponseHeaders, GET_POST),
        ["basic-auth", user, password] => (Endpoint::BasicAuth(user, password), GET),
        ["digest-auth", qop, user, password] => {
            let algorithm = "MD5";
            (Endpoint::DigestAuth(digest::Wanted { qop, user, password, algorithm }), GET)
        }
        ["digest-auth", qop, user, password, algorithm] => {
            (Endpoint::DigestAuth(digest::Wanted { qop, user, password, algorithm }), GET)
        }
        ["bearer"] => (Endpoint::Bearer, GET),
        ["gzip"] => (Endpoint::Encoded(content::Coding::Gzip), GET),
        ["deflate"] => (Endpoint::Encoded(content::Coding::Deflate), GET),
        ["brotli"] => (Endpoint::Encoded(content::Coding::Brotli), GET),
        ["bytes", length] if is_number(length) => (Endpoint::Bytes(length), GET),
        ["json"] => (Endpoint::Json, GET),
        ["base64", value] => (Endpoint::Base64(value), GET),
        ["html"] => (Endpoint::Html, GET),
        ["xml"] => (Endpoint::Xml, GET),
        _ => return None,
    })
}

/// Whether Flask's `int` takes a segment: digits only, so neither a sign nor a fraction.
fn is_number(segment: &str) -> bool {
    segment.bytes().all(|byte| byte.is_ascii_digit())
}

async fn bin(endpoint: Endpoint<'_>, request: &Request) -> Reply {
    match endpoint {
        Endpoint::Echo(parts) => echo::reply(request, parts),
        Endpoint::Delay(seconds) => delay(request, seconds).await,
        Endpoint::Cookies => cookies::list(request),
        Endpoint::SetCookies => cookies::set_all(request),
        Endpoint::SetCookie(name, value) => cookies::set_one(request, name, value),
        Endpoint::DeleteCookies => cookies::delete(request),
        Endpoint::Status(codes) => status::reply(codes),
        Endpoint::Redirect(kind, times) => redirects::count_down(request, kind, times),
        Endpoint::RedirectTo => redirects::to(request),
        Endpoint::ResponseHeaders => echo::response_headers(request),
        Endpoint::BasicAuth(user, password) => auth::basic(request, user, password),
        Endpoint::Bearer => auth::bearer(request),
        Endpoint::DigestAuth(wanted) => digest::reply(request, wanted),
        Endpoint::Encoded(coding) => content::encoded(request, coding),
        Endpoint::Bytes(length) => content::random_bytes(request, length),
        Endpoint::Json => content::json(),
        Endpoint::Base64(value) => content::base64(value),
        Endpoint::Html => content::html(),
        Endpoint::Xml => content::xml(),
    }
}

/// Waits as long as asked, ten seconds at most, then echoes the request.
async fn delay(request: &Request, seconds: &str) -> Reply {
    let seconds = python::parse_float(seconds).map(|seconds| seconds.min(LONGEST_DELAY));
    // Not a number compares as neither, so `min` gives the limit; Python refuses to sleep that long.
    match seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()) {
        Some(wait) => {
            tokio::time::sleep(wait).await;
            echo::reply(request, echo::DELAY)
        }
        None => reply::internal_error(),
    }
}

/// Whether an endpoint takes a method; HEAD comes with GET.
fn takes(methods: &[&str], method: &str) -> bool {
    methods.contains(&method) || (method == "HEAD" && methods.contains(&"GET"))
}

fn allow(reply: Reply, methods: &[&str]) -> Reply {
    let head = takes(methods, "HEAD").then_some("HEAD");
    let all: Vec<&str> = methods.iter().copied().chain(head).chain(["OPTIONS"]).collect();
    reply::with(reply, header::ALLOW, all.join(", "))
}

/// The path with every run of slashes as one, if that is another path and something is there.
fn merge_slashes(path: &str) -> Option<String> {
    if !path.contains("//") {
        return None;
    }
    let mut merged = String::with_capacity(path.len());
    for character in path.chars() {
        if character != '/' || !merged.ends_with('/') {
            merged.push(character);
        }
    }
    find(&merged).is_some().then_some(merged)
}

/// Sends the client to the path with its slashes merged.
fn moved(request: &Request, merged: &str) -> Reply {
    let mut location = request.base() + &percent::encode_path(merged);
    if !request.query.is_empty() {
        location.push('?');
        location.push_str(&percent::encode_query(&request.query));
    }
    reply::redirect(StatusCode::PERMANENT_REDIRECT, &location)
}
