//! An exchange in short: one line for the whole of it, and its heads in full for those who ask.

use std::fmt::Write as _;

use http::{HeaderMap, StatusCode, Version};
use url::Url;

use super::{body, mask, text};
use crate::http::{Exchange, Failure, Hop};
use crate::outcome::{Fingerprints, SentBody, StepOutcome};
use crate::scenario::quantity;

/// The longest URL on a line; the curl command has the whole of it.
const LONGEST_URL: usize = 300;

/// `GET http://a.test/ -> 200 OK in 12 ms, 214 bytes`
pub(super) fn line(exchange: &Exchange) -> String {
    let Some(first) = exchange.hops.first() else {
        return "nothing was sent".to_owned();
    };
    let mut out = format!("{} {}", text::clean(first.method.as_str()), shown(&first.url));
    let mut before: Option<&Hop> = None;
    for hop in &exchange.hops {
        if let Some(before) = before {
            out.push(' ');
            out.push_str(&short(&before.url, &hop.url));
        }
        match &hop.answer {
            Some(answer) => out.push_str(&status(answer.status, answer.version)),
            None => out.push_str(" -> no response"),
        }
        before = Some(hop);
    }
    let took = quantity::shown(exchange.duration);
    // Writing to a string does not fail.
    let _ = match &exchange.result {
        Ok(response) => write!(out, " in {took}, {}", text::size(response.size)),
        // An answer that is no result was not read to its end, or cannot be followed.
        Err(_) if before.is_some_and(|last| last.answer.is_some()) => {
            write!(out, ", broken off after {took}")
        }
        Err(_) => write!(out, " after {took}"),
    };
    if exchange.retried > 0 {
        out.push_str(", sent again as a kept connection was lost");
    }
    if let Some(proxy) = exchange.hops.iter().find_map(|hop| hop.proxy.as_ref()) {
        out.push_str(&text::clean(&format!(", through the proxy {proxy}")));
    }
    if exchange.is_unverified() {
        out.push_str(", certificate not verified");
    }
    out
}

/// ` -> 200 OK`, ` -> HTTP/2 200 OK`
fn status(status: StatusCode, version: Version) -> String {
    let version = match version {
        Version::HTTP_11 => String::new(),
        Version::HTTP_2 => "HTTP/2 ".to_owned(),
        other => format!("{other:?} "),
    };
    match status.canonical_reason() {
        Some(reason) => format!(" -> {version}{} {reason}", status.as_u16()),
        None => format!(" -> {version}{}", status.as_u16()),
    }
}

/// A URL as one piece of a line.
pub(super) fn shown(url: &Url) -> String {
    text::clean(&text::cut(&mask::urls(&mask::readable(url.as_str())), LONGEST_URL)).into_owned()
}

/// Where a redirect leads: the path alone while the origin stays.
fn short(from: &Url, to: &Url) -> String {
    if from.origin() != to.origin() {
        return shown(to);
    }
    let query = to.query().map(|query| format!("?{query}")).unwrap_or_default();
    let path = format!("{}{query}", to.path());
    text::clean(&text::cut(&mask::urls(&mask::readable(&path)), LONGEST_URL)).into_owned()
}

/// The body that came, on one line.
pub(super) fn body_line(exchange: &Exchange, limit: usize) -> Option<String> {
    let response = exchange.result.as_ref().ok()?;
    body::line(&response.body, response.size, answer_headers(exchange), limit)
}

/// Requests and answers line by line, as `curl -v` shows them: `> GET / HTTP/1.1`.
pub(super) fn heads(step: &StepOutcome, prints: &Fingerprints) -> Vec<String> {
    const BODY_LINES: usize = 20;
    let Some(exchange) = step.exchange.as_deref() else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for (number, hop) in exchange.hops.iter().enumerate() {
        let line = format!("{} {}", hop.method, shown(&hop.url));
        out.push(format!("> {}", text::clean(&line)));
        out.extend(header_lines('>', &hop.headers, prints));
        // A body that is sent on after a redirect is the first one again.
        if number == 0 {
            let sent = step.sent_body.as_ref().and_then(SentBody::bytes).unwrap_or_default();
            let lines = body::lines(sent, hop.body_len, &hop.headers, BODY_LINES);
            marked('>', lines, &mut out);
        }
        let Some(answer) = &hop.answer else { continue };
        let line = status(answer.status, Version::HTTP_11);
        let line = format!("< {:?} {}", answer.version, line.trim_start_matches(" -> "));
        out.push(line);
        out.extend(header_lines('<', &answer.headers, prints));
    }
    if let Ok(response) = &exchange.result {
        let lines =
            body::lines(&response.body, response.size, answer_headers(exchange), BODY_LINES);
        marked('<', lines, &mut out);
    }
    out
}

fn header_lines(mark: char, headers: &HeaderMap, prints: &Fingerprints) -> Vec<String> {
    headers
        .iter()
        .map(|(name, value)| format!("{mark} {name}: {}", mask::header(name, value, prints)))
        .collect()
}

/// A body below its head, with the empty line of HTTP between.
fn marked(mark: char, lines: Vec<String>, out: &mut Vec<String>) {
    if lines.is_empty() {
        return;
    }
    out.push(mark.to_string());
    out.extend(lines.into_iter().map(|line| format!("{mark} {line}").trim_end().to_owned()));
}

/// The headers of the last answer.
fn answer_headers(exchange: &Exchange) -> &HeaderMap {
    static NONE: std::sync::LazyLock<HeaderMap> = std::sync::LazyLock::new(HeaderMap::new);
    let answer = exchange.hops.last().and_then(|hop| hop.answer.as_ref());
    answer.map_or(&NONE, |answer| &answer.headers)
}

/// The name of a transport failure in reports.
pub(super) fn class(failure: &Failure) -> String {
    format!("transport.{}", failure.class())
}

#[cfg(test)]
mod tests {
    use super::super::samples::{account, exchange, headers, hop, login, refused};
    use super::*;

    #[track_caller]
    fn check(exchange: &Exchange, expected: &str) {
        assert_eq!(line(exchange), expected);
    }

    #[test]
    fn an_exchange_is_one_line() {
        check(
            &account("text/plain", b"x"),
            "GET http://127.0.0.1:8080/account -> 200 OK in 12 ms, 1 byte",
        );
        let mut broken = login();
        broken.result = Err(refused());
        broken.retried = 1;
        check(
            &broken,
            "POST http://•••@127.0.0.1:8080/login?a=[1] -> 303 See Other /account -> 200 OK, broken off after 12 ms, \
             sent again as a kept connection was lost",
        );
        broken.hops.clear();
        check(&broken, "nothing was sent");
    }

    #[test]
    fn another_origin_is_named_and_an_unusual_answer_too() {
        let on = || Some((302, headers(&[])));
        let to = "https://b.test/in?x=1";
        let hops = vec![
            hop("GET", "http://a.test/", headers(&[]), on()),
            hop("GET", to, headers(&[]), on()),
            hop("GET", "https://b.test/in?x=2", headers(&[]), Some((799, headers(&[])))),
        ];
        check(
            &exchange(hops, b""),
            &format!(
                "GET http://a.test/ -> 302 Found {to} -> 302 Found /in?x=2 -> 799 in 12 ms, 0 bytes"
            ),
        );
        assert_eq!(status(StatusCode::OK, Version::HTTP_2), " -> HTTP/2 200 OK");
        assert_eq!(status(StatusCode::OK, Version::HTTP_10), " -> HTTP/1.0 200 OK");
    }
}
