//! httpbin's cookie endpoints, and cookies as werkzeug reads and writes them.

use std::fmt::Write as _;

use hyper::{StatusCode, header};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::reply::{self, Reply};
use super::request::Request;

/// Cookies of analytics scripts, which httpbin hides unless the query has `show_env`.
const HIDDEN: &[&str] = &[
    "__utma",
    "__utmb",
    "__utmz",
    "_gauges_unique",
    "_gauges_unique_day",
    "_gauges_unique_hour",
    "_gauges_unique_month",
    "_gauges_unique_year",
];

/// The characters, beside letters and digits, that need no quotes in a value.
const PLAIN: &str = "_!#$%&'()*+-./:<=>?@[]^`{|}~";

/// Lists the cookies that were sent.
pub(super) fn list(request: &Request) -> Reply {
    let show_all = request.arg("show_env", false).is_some();
    let cookies = sent(request).into_iter();
    let shown = cookies.filter(|(name, _)| show_all || !HIDDEN.contains(&name.as_str()));
    let members: Map<String, Value> =
        shown.map(|(name, value)| (name, Value::from(value))).collect();
    reply::json(StatusCode::OK, &json!({ "cookies": members }))
}

/// Sets a cookie for each argument and sends the client to the list.
pub(super) fn set_all(request: &Request) -> Reply {
    let mut reply = to_list();
    for (name, value) in first_of_each(request.args()) {
        reply = set(request, reply, &name, &value);
    }
    reply
}

/// Sets one cookie and sends the client to the list.
pub(super) fn set_one(request: &Request, name: &str, value: &str) -> Reply {
    set(request, to_list(), name, value)
}

/// Deletes the cookie of each argument's name and sends the client to the list.
pub(super) fn delete(request: &Request) -> Reply {
    let mut reply = to_list();
    for (name, _) in first_of_each(request.args()) {
        let cookie = format!("{name}=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/");
        reply = add(reply, &cookie);
    }
    reply
}

fn to_list() -> Reply {
    reply::redirect(StatusCode::FOUND, "/cookies")
}

fn set(request: &Request, reply: Reply, name: &str, value: &str) -> Reply {
    let secure = if request.scheme() == "https" { "; Secure" } else { "" };
    add(reply, &format!("{name}={}{secure}; Path=/", quote(value)))
}

/// Adds a cookie, unless an earlier one was so wrong that the answer is an error by now.
fn add(reply: Reply, cookie: &str) -> Reply {
    if reply.status() == StatusCode::FOUND {
        reply::with(reply, header::SET_COOKIE, cookie)
    } else {
        reply
    }
}

/// The cookies of a request; of several with one name, the first.
pub(super) fn sent(request: &Request) -> IndexMap<String, String> {
    first_of_each(parse(&request.header(header::COOKIE).unwrap_or_default()))
}

fn first_of_each(pairs: Vec<(String, String)>) -> IndexMap<String, String> {
    let mut firsts = IndexMap::new();
    for (name, value) in pairs {
        firsts.entry(name).or_insert(value);
    }
    firsts
}

/// Reads a Cookie header; what has not the shape of a cookie is passed over.
fn parse(header: &str) -> Vec<(String, String)> {
    let mut cookies = Vec::new();
    let mut rest = header;
    while !rest.is_empty() {
        if let Some((cookie, after)) = parse_one(rest) {
            cookies.push(cookie);
            rest = after;
        } else {
            rest = rest.split_once(';').map_or("", |(_, after)| after);
        }
    }
    cookies
}

/// The cookie at the start and what follows its semicolon.
fn parse_one(text: &str) -> Option<((String, String), &str)> {
    const SPACE: [char; 2] = [' ', '\t'];
    let text = text.trim_start_matches(SPACE);
    let name_end = text.find([' ', '\t', '=', '"', ';']).unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    if name.is_empty() {
        return None;
    }
    let rest = rest.trim_start_matches(SPACE);
    let (value, rest) = match rest.strip_prefix('=') {
        Some(rest) => parse_value(rest.trim_start_matches(SPACE)),
        None => (String::new(), rest),
    };
    let rest = rest.trim_start_matches(SPACE);
    let rest = if rest.is_empty() { rest } else { rest.strip_prefix(';')? };
    Some(((name.to_owned(), value), rest))
}

fn parse_value(text: &str) -> (String, &str) {
    if let Some(quoted) = text.strip_prefix('"')
        && let Some(end) = closing_quote(quoted)
    {
        return (unquote(&quoted[..end]), &quoted[end + 1..]);
    }
    let end = text.find([' ', '\t', '"', ';']).unwrap_or(text.len());
    (text[..end].to_owned(), &text[end..])
}

/// Where a quoted value ends.
fn closing_quote(quoted: &str) -> Option<usize> {
    let mut escaped = false;
    quoted.bytes().position(|byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// Undoes [`quote`]: `\303` is a byte, a backslash before anything else is dropped.
fn unquote(quoted: &str) -> String {
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (first, after) {
            (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) => {
                ((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'), after)
            }
            (b'\\', [escaped, after @ ..]) => (*escaped, after),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A value that any client can send back: quoted, with octal escapes, where it has more than plain characters.
fn quote(value: &str) -> String {
    if value.chars().all(|character| character.is_ascii_alphanumeric() || PLAIN.contains(character))
    {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for byte in value.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', char::from(byte)]),
            0..=0x19 | b',' | b';' | 0x7f.. => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\{byte:03o}");
            }
            _ => quoted.push(char::from(byte)),
        }
    }
    quoted.push('"');
    quoted
}
