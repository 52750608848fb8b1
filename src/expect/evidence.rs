//! What a response can be asked, each thing read at most once.

use std::borrow::Cow;
use std::cell::OnceCell;

use ::http::{HeaderMap, HeaderValue, StatusCode, Version, header};
use sha2::{Digest as _, Sha256};

use super::charset;
use crate::html;
use crate::http::{Exchange, Hop, Response};
use crate::jsonpath::{self, JsonPath};
use crate::outcome::{Actual, SentBody};
use crate::session::{Cookie, SetCookie};
use crate::value::Value;

/// A response with all that came with it.
#[derive(Debug)]
pub struct Evidence<'a> {
    exchange: &'a Exchange,
    response: &'a Response,
    cookies: &'a [Cookie],
    sent: Option<&'a SentBody>,
    json: OnceCell<Result<Value, Actual>>,
    text: OnceCell<Result<Cow<'a, str>, Actual>>,
    html: OnceCell<Result<html::Document, Actual>>,
}

/// A redirect that was followed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Redirect<'a> {
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
}

impl<'a> Evidence<'a> {
    /// `cookies` are those that the session holds for the response's URL, in the order they would be sent.
    #[must_use]
    pub fn new(exchange: &'a Exchange, response: &'a Response, cookies: &'a [Cookie]) -> Self {
        let (json, text, html) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { exchange, response, cookies, sent: None, json, text, html }
    }

    /// With the body that the step sent.
    #[must_use]
    pub fn with_sent(self, sent: Option<&'a SentBody>) -> Self {
        Self { sent, ..self }
    }

    /// The body that the last request carried: what is redirected may leave it behind.
    pub(super) fn sent(&self) -> Option<&'a SentBody> {
        self.sent.filter(|_| self.hop().is_some_and(|hop| hop.body_len > 0))
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// [`Actual::NoBody`] or [`Actual::NotJson`].
    pub fn json(&self) -> Result<&Value, &Actual> {
        self.json.get_or_init(|| self.parse()).as_ref()
    }

    /// The nodes of these paths without the rest of the body; none where that is no way to find them, or where there
    /// is something to be said of the body.
    pub(super) fn nodes(&self, paths: &[&JsonPath]) -> Option<Vec<Vec<Value>>> {
        if self.json.get().is_some() {
            return None;
        }
        let text = std::str::from_utf8(charset::without_mark(&self.response.body)).ok()?;
        jsonpath::extract(text, paths)?.ok()
    }

    /// The body as text, in the charset that the Content-Type names.
    ///
    /// # Errors
    /// [`Actual::NotText`].
    pub fn text(&self) -> Result<&str, &Actual> {
        let decode = || {
            let label = self.content_type().as_deref().and_then(charset::label).map(str::to_owned);
            charset::decode(&self.response.body, label.as_deref()).map_err(Actual::NotText)
        };
        self.text.get_or_init(decode).as_ref().map(Cow::as_ref)
    }

    /// The body as text; where the Content-Type names no charset, in the one that the text itself declares.
    pub(super) fn markup(&self) -> Result<Cow<'a, str>, Actual> {
        let body = &self.response.body;
        if body.is_empty() {
            return Err(Actual::NoBody);
        }
        let sent = self.content_type().as_deref().and_then(charset::label).map(str::to_owned);
        let label = sent.or_else(|| charset::declared(body));
        charset::decode(body, label.as_deref()).map_err(Actual::NotText)
    }

    /// The body as a page.
    ///
    /// # Errors
    /// [`Actual::NoBody`], [`Actual::NotText`] or [`Actual::NotHtml`].
    pub(super) fn html(&self) -> Result<&html::Document, Actual> {
        let read = || html::Document::read(&self.markup()?).map_err(too_big);
        self.html.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// JSON is UTF-8 whatever the Content-Type says (RFC 8259, section 8.1).
    fn parse(&self) -> Result<Value, Actual> {
        let body = charset::without_mark(&self.response.body);
        if body.is_empty() {
            return Err(Actual::NoBody);
        }
        jsonpath::parse(body)
            .map_err(|error| Actual::NotJson(error, self.content_type().map(Cow::into_owned)))
    }

    /// What the response says of its body.
    pub(super) fn content_type(&self) -> Option<Cow<'a, str>> {
        self.headers().get(header::CONTENT_TYPE).map(field)
    }

    /// The bytes of the decoded body.
    pub(super) fn size(&self) -> u64 {
        self.response.size
    }

    /// The SHA-256 of the decoded body.
    pub(super) fn sha256(&self) -> [u8; 32] {
        self.response.sha256.unwrap_or_else(|| Sha256::digest(&self.response.body).into())
    }

    /// The first bytes of the decoded body, at most so many.
    pub(super) fn beginning(&self, length: usize) -> &'a [u8] {
        let body = &self.response.body;
        &body[..length.min(body.len())]
    }

    /// The last request.
    pub(super) fn hop(&self) -> Option<&'a Hop> {
        self.exchange.hops.last()
    }

    pub(super) fn version(&self) -> Version {
        self.response.version()
    }

    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn headers(&self) -> &'a HeaderMap {
        self.response.headers()
    }

    /// The values of a header field, in the order they were sent.
    pub(super) fn header(&self, name: &str) -> Vec<Cow<'a, str>> {
        self.headers().get_all(name).iter().map(field).collect()
    }

    /// The names of the header fields, each once.
    pub(super) fn header_names(&self) -> Vec<String> {
        self.headers().keys().map(|name| name.as_str().to_owned()).collect()
    }

    /// The names of the cookies that the session holds.
    pub(super) fn cookie_names(&self) -> Vec<String> {
        each_once(self.cookies.iter().map(|cookie| cookie.name.as_slice()))
    }

    /// The names of the cookies that the response sets.
    pub(super) fn set_cookie_names(&self) -> Vec<String> {
        let all: Vec<SetCookie> = self.set_cookies().collect();
        each_once(all.iter().map(|cookie| cookie.name.as_slice()))
    }

    pub(super) fn url(&self) -> &'a str {
        self.response.url.as_str()
    }

    /// The cookies of a name, in the order they would be sent.
    pub(super) fn cookies<'n>(
        &self,
        name: &'n str,
    ) -> impl Iterator<Item = &'a Cookie> + use<'a, 'n> {
        self.cookies.iter().filter(move |cookie| cookie.name == name.as_bytes())
    }

    /// The last Set-Cookie field of a name, also of those that the client would not take for a header.
    pub(super) fn set_cookie(&self, name: &str) -> Option<SetCookie> {
        let mut all = self.set_cookies();
        all.rfind(|cookie| cookie.name == name.as_bytes())
    }

    fn set_cookies(&self) -> impl DoubleEndedIterator<Item = SetCookie> {
        let taken = self.headers().get_all(header::SET_COOKIE).iter().map(HeaderValue::as_bytes);
        let refused = self.exchange.hops.last().map(|hop| hop.refused_cookies.as_slice());
        let refused = refused.unwrap_or_default().iter().map(Vec::as_slice);
        taken.chain(refused).map(SetCookie::parse)
    }

    /// The whole exchange in milliseconds.
    pub(super) fn duration(&self) -> Value {
        Value::from(self.exchange.duration.as_secs_f64() * 1e3)
    }

    /// A request that was sent again for another reason is no redirect, nor is a 3xx that was taken as the response.
    pub(super) fn redirects(&self) -> Vec<Redirect<'a>> {
        let before = self.exchange.hops.len().saturating_sub(1);
        self.exchange.hops[..before]
            .iter()
            .filter_map(|hop| hop.answer.as_ref())
            .filter(|answer| answer.status.is_redirection())
            .map(|answer| Redirect { status: answer.status, headers: &answer.headers })
            .collect()
    }
}

impl<'a> Redirect<'a> {
    /// The Location field as it was sent.
    pub(super) fn location(&self) -> Option<Cow<'a, str>> {
        self.headers.get(header::LOCATION).map(field)
    }
}

/// Names as texts, the first of each.
fn each_once<'n>(names: impl Iterator<Item = &'n [u8]>) -> Vec<String> {
    let mut once = Vec::new();
    for name in names.map(|name| String::from_utf8_lossy(name).into_owned()) {
        if !once.contains(&name) {
            once.push(name);
        }
    }
    once
}

/// What is said where a page is too much.
pub(super) fn too_big(too_much: html::TooMuch) -> Actual {
    Actual::NotHtml(too_much.to_string())
}

/// A field's value as text: Latin-1 where it is no UTF-8, as in RFC 9110, section 5.5.
pub(super) fn field(value: &HeaderValue) -> Cow<'_, str> {
    let bytes = value.as_bytes();
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Answer;
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check_not_json(body: &str, reason: &str) {
        let answer = Answer::new(200).header("content-type", "text/html").body(body);
        match answer.evidence().json() {
            Err(Actual::NotJson(found, media)) => {
                assert_eq!((found.as_str(), media.as_deref()), (reason, Some("text/html")));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_body_that_is_no_json_says_why_and_where() {
        check_not_json("<html>", "expected value at line 1 column 1");
        check_not_json("{\"a\": 1,\n}", "trailing comma at line 2 column 1");
        check_not_json("{} {}", "trailing characters at line 1 column 4");
        check_not_json("{\n \"a\": 1e400}", "number out of range at line 2 column 7");
        check_not_json(&"7".repeat(5_000), "number out of range at line 1 column 1");
        check_not_json(&"[".repeat(200), "recursion limit exceeded at line 1 column 128");
        assert_eq!(Answer::new(204).evidence().json(), Err(&Actual::NoBody));
    }

    #[test]
    fn json_is_utf_8_whatever_the_charset_and_a_byte_order_mark_is_not_part_of_it() {
        let answer = Answer::new(200)
            .header("content-type", "application/json; charset=iso-8859-1")
            .body("\u{feff}{\"a\":\"é\"}");
        assert_eq!(answer.evidence().json(), Ok(&json!({"a": "é"})));
    }

    #[test]
    fn header_bytes_that_are_no_utf_8_are_latin_1() {
        let value = HeaderValue::from_bytes(b"caf\xe9").expect("a value");
        assert_eq!(field(&value), "café");
        let value = HeaderValue::from_bytes("café".as_bytes()).expect("a value");
        assert_eq!(field(&value), "café");
    }
}
