//! Answers: their kinds, and what is added to every one of them before it leaves.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Method, Response, StatusCode};
use serde_json::Value;

use super::request::Request;
use super::{percent, python};

/// An answer.
pub(super) type Reply = Response<Full<Bytes>>;

const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

/// An answer of this type and body.
pub(super) fn typed(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Reply {
    let mut reply = bare(status, body);
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply
}

/// An answer that says nothing of its type.
pub(super) fn bare(status: StatusCode, body: impl Into<Bytes>) -> Reply {
    let mut reply = Response::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply
}

/// An HTML page.
pub(super) fn html(status: StatusCode, page: impl Into<Bytes>) -> Reply {
    typed(status, HTML, page)
}

/// JSON as httpbin writes it.
pub(super) fn json(status: StatusCode, value: &Value) -> Reply {
    typed(status, JSON, python::pretty(value))
}

/// JSON in the order it was built, as the shop writes it.
pub(super) fn ordered_json(status: StatusCode, value: &Value) -> Reply {
    typed(status, JSON, format!("{value:#}\n"))
}

/// The page that Flask shows for a failure, in this project's words.
pub(super) fn failure(status: StatusCode) -> Reply {
    let (name, sentence) = match status {
        StatusCode::BAD_REQUEST => {
            ("Bad Request", "The server could not make sense of this request.")
        }
        StatusCode::NOT_FOUND => {
            ("Not Found", "There is nothing at this URL. The index at / lists what there is.")
        }
        StatusCode::METHOD_NOT_ALLOWED => (
            "Method Not Allowed",
            "This URL exists, but not for this method. The Allow header lists those it takes.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => {
            ("Request Entity Too Large", "The body is larger than this server reads.")
        }
        _ => {
            ("Internal Server Error", "The request asked for something that this server cannot do.")
        }
    };
    let code = status.as_u16();
    let page = format!(
        "<!doctype html>\n<html lang=en>\n<title>{code} {name}</title>\n<h1>{name}</h1>\n<p>{sentence}</p>\n"
    );
    html(status, page)
}

/// What Flask answers when an endpoint raises an exception.
pub(super) fn internal_error() -> Reply {
    failure(StatusCode::INTERNAL_SERVER_ERROR)
}

/// A redirect with the small page that Flask puts in its body.
pub(super) fn redirect(status: StatusCode, location: &str) -> Reply {
    let link = escape(location);
    let page = format!(
        "<!doctype html>\n<html lang=en>\n<title>Redirecting...</title>\n<h1>Redirecting...</h1>\n\
         <p>This page is now at <a href=\"{link}\">{link}</a>.\n"
    );
    located(html(status, page), location)
}

/// The answer with a Location, made a URI if it was none yet.
pub(super) fn located(reply: Reply, location: &str) -> Reply {
    let clean = |character: char| character.is_ascii() && !character.is_ascii_whitespace();
    if location.chars().all(clean) || location.contains(['\r', '\n']) {
        // A line break is refused below: it must never be encoded into something that was not asked for.
        return with(reply, header::LOCATION, location);
    }
    // A host in another script becomes Punycode, which only a URL parser knows how to do.
    let uri =
        url::Url::parse(location).map_or_else(|_| percent::quote_reference(location), String::from);
    with(reply, header::LOCATION, uri)
}

/// The answer with this header added, or an internal error where the value may not stand in a header.
pub(super) fn with(mut reply: Reply, name: HeaderName, value: impl AsRef<[u8]>) -> Reply {
    match HeaderValue::from_bytes(value.as_ref()) {
        Ok(value) => {
            reply.headers_mut().append(name, value);
            reply
        }
        Err(_) => internal_error(),
    }
}

/// Text that is safe in HTML, between tags and in an attribute.
pub(super) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&#34;")
        .replace('\'', "&#39;")
}

/// The answer as it leaves: its length, no body for HEAD, and for httpbin's endpoints the CORS headers.
pub(super) fn finish(request: &Request, cors: bool, mut reply: Reply) -> Reply {
    let status = reply.status();
    if status.is_informational() {
        // HTTP has no final answer with such a status, and a client would wait for one for ever.
        reply = internal_error();
    }
    if matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        *reply.body_mut() = Full::default();
    } else {
        let length = hyper::body::Body::size_hint(reply.body()).lower();
        reply.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    reply.headers_mut().insert(header::SERVER, HeaderValue::from_static("callsheet-demo"));
    if cors {
        allow_origins(request, &mut reply);
    }
    if request.method == Method::HEAD {
        *reply.body_mut() = Full::default();
    }
    reply
}

/// httpbin lets every page of every site read its answers.
fn allow_origins(request: &Request, reply: &mut Reply) {
    let headers = reply.headers_mut();
    let origin = request.headers.get(header::ORIGIN).cloned();
    let origin = origin.unwrap_or_else(|| HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    if request.method != Method::OPTIONS {
        return;
    }
    let methods = HeaderValue::from_static("GET, POST, PUT, DELETE, PATCH, OPTIONS");
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, methods);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("3600"));
    if let Some(asked) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
    }
}
