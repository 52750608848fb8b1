//! The endpoints that show a request back to its sender, and `/response-headers`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{self, HeaderName};
use hyper::{StatusCode, http::HeaderMap};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::multipart::{self, Form};
use super::reply::{self, Reply};
use super::request::Request;
use super::{percent, python};

/// A member of an echo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Args,
    Data,
    Files,
    Form,
    Headers,
    Json,
    Method,
    Origin,
    Url,
}

/// What `/get` shows.
pub(super) const GET: &[Part] = &[Part::Args, Part::Headers, Part::Origin, Part::Url];
/// What `/headers` shows.
pub(super) const HEADERS: &[Part] = &[Part::Headers];
/// What `/delay` shows.
pub(super) const DELAY: &[Part] =
    &[Part::Args, Part::Data, Part::Files, Part::Form, Part::Headers, Part::Origin, Part::Url];
/// What `/post` and its like show.
pub(super) const BODY: &[Part] = &[
    Part::Args,
    Part::Data,
    Part::Files,
    Part::Form,
    Part::Headers,
    Part::Json,
    Part::Origin,
    Part::Url,
];
/// What `/anything` shows.
pub(super) const ANYTHING: &[Part] = &[
    Part::Args,
    Part::Data,
    Part::Files,
    Part::Form,
    Part::Headers,
    Part::Json,
    Part::Method,
    Part::Origin,
    Part::Url,
];

/// Headers that proxies and hosting add; httpbin hides them unless the query has `show_env`.
const HIDDEN: &[&str] = &[
    "Connect-Time",
    "Total-Route-Time",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Port",
    "X-Forwarded-Proto",
    "X-Forwarded-Protocol",
    "X-Forwarded-Ssl",
    "X-Heroku-Dynos-In-Use",
    "X-Heroku-Queue-Depth",
    "X-Heroku-Queue-Wait-Time",
    "X-Real-Ip",
    "X-Request-Id",
    "X-Request-Start",
    "X-Varnish",
];

/// The type of what is not text, where nobody says a better one.
const BINARY: &str = "application/octet-stream";

/// Shows these parts of the request.
pub(super) fn reply(request: &Request, parts: &[Part]) -> Reply {
    let body = if parts.contains(&Part::Data) { Body::of(request) } else { Ok(Body::default()) };
    match body {
        Ok(body) => {
            let members = parts.iter().map(|part| member(request, &body, *part));
            reply::json(StatusCode::OK, &Value::Object(members.collect()))
        }
        Err(status) => reply::failure(status),
    }
}

fn member(request: &Request, body: &Body, part: Part) -> (String, Value) {
    let (name, value) = match part {
        Part::Args => ("args", grouped(request.args())),
        Part::Data => ("data", json_safe(&body.data, BINARY)),
        Part::Files => ("files", files(&body.form)),
        Part::Form => ("form", grouped(body.form.fields.clone())),
        Part::Headers => ("headers", headers(request)),
        Part::Json => ("json", serde_json::from_slice(&body.data).unwrap_or(Value::Null)),
        Part::Method => ("method", Value::from(request.method.as_str())),
        Part::Origin => ("origin", Value::from(request.origin())),
        Part::Url => ("url", Value::from(request.url())),
    };
    (name.to_owned(), value)
}

/// A body, taken apart by its Content-Type.
#[derive(Debug, Default)]
struct Body {
    /// The bytes that are no form.
    data: bytes::Bytes,
    form: Form,
}

impl Body {
    /// Fails with a status where the form has more in it than Flask takes.
    fn of(request: &Request) -> Result<Self, StatusCode> {
        let (kind, whole) = request.content_type();
        match kind.as_str() {
            "application/x-www-form-urlencoded" => {
                // Text that is not UTF-8 is no form; werkzeug then shows neither form nor data.
                let text = std::str::from_utf8(&request.body).unwrap_or_default();
                let form = Form { fields: percent::parse_pairs(text), files: Vec::new() };
                Ok(Self { data: bytes::Bytes::new(), form })
            }
            "multipart/form-data" => match multipart::boundary(&whole) {
                Some(boundary) => {
                    let form = match multipart::parse(&request.body, &boundary) {
                        Ok(form) => form,
                        // A broken form is an empty one.
                        Err(multipart::Error::Malformed) => Form::default(),
                        Err(multipart::Error::TooLarge) => {
                            return Err(StatusCode::PAYLOAD_TOO_LARGE);
                        }
                    };
                    Ok(Self { data: bytes::Bytes::new(), form })
                }
                None => Ok(Self { data: request.body.clone(), form: Form::default() }),
            },
            _ => Ok(Self { data: request.body.clone(), form: Form::default() }),
        }
    }
}

/// Pairs by name: one value as text, several as a list.
fn grouped(pairs: Vec<(String, String)>) -> Value {
    let mut groups: IndexMap<String, Vec<Value>> = IndexMap::new();
    for (name, value) in pairs {
        groups.entry(name).or_default().push(Value::from(value));
    }
    groups.into_iter().map(|(name, values)| (name, one_or_list(values))).collect()
}

fn one_or_list(mut values: Vec<Value>) -> Value {
    match values.pop() {
        Some(only) if values.is_empty() => only,
        Some(last) => {
            values.push(last);
            Value::Array(values)
        }
        None => Value::Null,
    }
}

/// The first file of each name.
fn files(form: &Form) -> Value {
    let mut files = Map::new();
    for file in &form.files {
        if !files.contains_key(&file.name) {
            let content_type = file.content_type.as_deref().unwrap_or(BINARY);
            files.insert(file.name.clone(), json_safe(&file.content, content_type));
        }
    }
    Value::Object(files)
}

/// Text as it is, anything else as a `data:` URL.
fn json_safe(bytes: &[u8], content_type: &str) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => Value::from(format!("data:{content_type};base64,{}", STANDARD.encode(bytes))),
    }
}

/// The request's headers as httpbin shows them.
pub(super) fn headers(request: &Request) -> Value {
    let show_all = request.arg("show_env", false).is_some();
    let shown = request.shown_headers().into_iter();
    shown
        .filter(|(name, _)| show_all || !HIDDEN.contains(&name.as_str()))
        .map(|(name, value)| (name, Value::from(value)))
        .collect()
}

/// Answers with the headers that the query lists, and shows them in the body.
pub(super) fn response_headers(request: &Request) -> Reply {
    let args = request.args();
    let extra = match asked_headers(&args) {
        Ok(extra) => extra,
        Err(why) => {
            let why = format!("{why}\n");
            return reply::typed(StatusCode::BAD_REQUEST, "text/plain; charset=utf-8", why);
        }
    };
    let mut reply = reply::json(StatusCode::OK, &described(&args));
    // Beside those the answer has, not in their place: httpbin sends two Content-Types if asked.
    for (name, value) in &extra {
        reply.headers_mut().append(name, value.clone());
    }
    reply
}

/// The headers that the answer can have, or why one cannot be sent.
fn asked_headers(args: &[(String, String)]) -> Result<HeaderMap, String> {
    let mut extra = HeaderMap::new();
    for (name, value) in args {
        let known = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{}` is no name for a header", name.escape_debug()))?;
        let value = header_value(value).ok_or_else(|| {
            format!("the value of `{known}` holds a character that no header can hold")
        })?;
        // These say how the answer is framed. Only the server knows that; a lie would break the connection.
        if !matches!(
            known,
            header::CONTENT_LENGTH
                | header::TRANSFER_ENCODING
                | header::CONNECTION
                | header::UPGRADE
        ) {
            // A map of headers has an end; a query that reaches it asks for what cannot be sent.
            extra
                .try_append(known, value)
                .map_err(|_| "an answer cannot have so many headers".to_owned())?;
        }
    }
    Ok(extra)
}

/// A header's value in Latin-1, the only characters that WSGI lets through.
fn header_value(text: &str) -> Option<header::HeaderValue> {
    let bytes: Option<Vec<u8>> =
        text.chars().map(|character| u8::try_from(character).ok()).collect();
    header::HeaderValue::from_bytes(&bytes?).ok()
}

/// The body of `/response-headers`: it lists its own length, so it is written until that is true.
fn described(args: &[(String, String)]) -> Value {
    let mut length = 0;
    let mut value = Value::Null;
    // Each round the length can only change by a digit or two; it settles in three.
    for _ in 0..8 {
        value = listing(args, length);
        let now = python::pretty(&value).len();
        if now == length {
            break;
        }
        length = now;
    }
    value
}

fn listing(args: &[(String, String)], length: usize) -> Value {
    let own = [
        ("Content-Type".to_owned(), "application/json".to_owned()),
        ("Content-Length".to_owned(), length.to_string()),
    ];
    let all: Vec<&(String, String)> = own.iter().chain(args).collect();
    let values = |name: &str| -> Vec<Value> {
        let same = all.iter().filter(|(given, _)| given.eq_ignore_ascii_case(name));
        same.map(|(_, value)| Value::from(value.as_str())).collect()
    };
    json!(
        all.iter()
            .map(|(name, _)| (name.clone(), one_or_list(values(name))))
            .collect::<Map<_, _>>()
    )
}
