//! From a request as it was written to one that can be sent.

use std::sync::Arc;

use ::http::Method;
use ::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::body::{self, Content};
use super::connection;
use super::context::{Context, helped, invalid, no_value};
use super::evaluate;
use crate::http;
use crate::outcome::{Fault, Place, SentBody};
use crate::scenario::auth::Auth;
use crate::scenario::decode::{Located, Text, Tree, of_expression};
use crate::scenario::settings::{Settings, merged};
use crate::scenario::step::{CREDENTIALS, Request, has_credentials};
use crate::template::{EvaluationError, Part};
use crate::value::{self, Value};

/// What may stand in a path segment or a query component as it is (RFC 3986 section 2.3, "unreserved").
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request that can be sent.
pub(super) struct Prepared<'s> {
    pub(super) request: http::Request,
    pub(super) settings: http::Settings,
    /// How the request says who sends it.
    pub(super) auth: Option<&'s Located<Auth>>,
    /// Path and query, where they are sent as they were written.
    pub(super) target: Option<String>,
    /// The body for reports.
    pub(super) sent: Option<SentBody>,
}

/// Evaluates all that the request is made of.
pub(super) fn prepare<'s>(
    context: &Context<'_>,
    written: &'s Request,
    outer: &'s Settings,
) -> Result<Prepared<'s>, Fault> {
    let own = &written.settings;
    let method = Method::from_bytes(written.method.as_bytes()).map_err(|_| {
        invalid(context.place(written.at), format!("`{}` is no method", written.method))
    })?;
    let encodes = own.encode_url.or(outer.encode_url).unwrap_or(true);
    let line = url_text(context, written, encodes)?;
    let mut url = url(context, written, &line)?;
    let own_query = url.query().unwrap_or_default().len();
    query(context, &mut url, own, outer)?;
    let target = match encodes {
        true => None,
        false => {
            let more = url.query().unwrap_or_default().get(own_query..).unwrap_or_default();
            Some(target(context, written, &line, more)?)
        }
    };
    let mut headers = HeaderMap::new();
    default_headers(&mut headers);
    let content = match own.body.as_deref().or(outer.body.as_deref()) {
        Some(written) => body::content(context, written)?,
        None => Content::default(),
    };
    if let Some(media) = content.media.and_then(|media| HeaderValue::from_str(&media).ok()) {
        headers.insert(CONTENT_TYPE, media);
    }
    for (name, values) in own.headers_over(outer) {
        set_header(context, &mut headers, name, values.as_deref())?;
    }
    let request = http::Request { method, url, headers, body: content.body };
    let (settings, auth) = (settings(context, own, outer)?, own.auth_over(outer));
    Ok(Prepared { request, settings, auth, target, sent: content.sent })
}

/// What callsheet itself says in every request; a `null` in `headers` takes it away.
fn default_headers(headers: &mut HeaderMap) {
    headers.insert(USER_AGENT, HeaderValue::from_static(http::USER_AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static(http::ACCEPT));
}

fn settings(
    context: &Context<'_>,
    own: &Settings,
    outer: &Settings,
) -> Result<http::Settings, Fault> {
    let base = http::Settings::default();
    Ok(http::Settings {
        follow_redirects: own
            .follow_redirects
            .or(outer.follow_redirects)
            .unwrap_or(base.follow_redirects),
        connect_timeout: own
            .connect_timeout
            .or(outer.connect_timeout)
            .unwrap_or(base.connect_timeout),
        request_timeout: own
            .request_timeout
            .or(outer.request_timeout)
            .unwrap_or(base.request_timeout),
        max_body: own.max_body.or(outer.max_body).unwrap_or(base.max_body),
        compressed: own.compressed.or(outer.compressed).unwrap_or(base.compressed),
        // `Accept-Encoding: null` takes away what callsheet would ask for.
        accept_encoding: !merged(&outer.headers, &own.headers)
            .any(|(name, values)| name.value == ACCEPT_ENCODING.as_str() && values.is_none()),
        hash_body: false,
        channel: connection::channel(context, own.connection(), outer.connection())?,
        home: context.home_host(),
    })
}

/// The URL as it is written, with the values of its expressions.
fn url_text(context: &Context<'_>, written: &Request, encodes: bool) -> Result<String, Fault> {
    let place = || context.place(written.at);
    let mut text = String::new();
    let parts = written.url.value.parts();
    for (index, part) in parts.iter().enumerate() {
        match part {
            Part::Literal(literal) => text.push_str(literal),
            Part::Expression(expression) => {
                let evaluated = expression
                    .evaluate(&context.scope)
                    .map_err(|error| no_value(context, &written.url, error))?;
                let inserted = value::text(&evaluated.value);
                let here = || {
                    let (offset, length) = (expression.offset(), expression.text().len());
                    let error = EvaluationError { message: String::new(), offset, length };
                    let source = context.frame.file.source();
                    let scalar = context.frame.file.span(written.url.at);
                    let span = of_expression(source, scalar, written.url.value.source(), &error);
                    Place { source: Arc::clone(source), span }
                };
                refuse_breaks(&inserted, here, "a URL")?;
                if index == 0 || evaluated.raw || !encodes {
                    text.push_str(&inserted);
                } else if is_dots(&inserted) && stands_alone(&text, parts.get(index + 1)) {
                    // The URL standard resolves even `%2e%2e`: the request would go to another path.
                    let name = expression.text();
                    let message =
                        format!("`{name}` is `{inserted}`, which cannot be a segment of a path");
                    return Err(invalid(place(), message));
                } else {
                    text.extend(utf8_percent_encode(&inserted, COMPONENT));
                }
            }
        }
    }
    if !text.starts_with('/') {
        return Ok(text);
    }
    context.joined(&text).map_err(|message| invalid(place(), message))
}

fn url(context: &Context<'_>, written: &Request, text: &str) -> Result<Url, Fault> {
    let place = || context.place(written.at);
    let url = Url::parse(text).map_err(|error| {
        let text = value::cut(text, 200);
        invalid(place(), format!("`{}` is no URL: {error}", text))
    })?;
    if has_credentials(&url) {
        return Err(invalid(place(), CREDENTIALS.to_owned()));
    }
    Ok(url)
}

/// Path and query of a URL as they are written, and the parameters that come behind them.
fn target(
    context: &Context<'_>,
    written: &Request,
    url: &str,
    more: &str,
) -> Result<String, Fault> {
    let place = || context.place(written.at);
    let after = url.split_once("://").map_or(url, |(_, after)| after);
    let start = after.find(['/', '?', '#']).unwrap_or(after.len());
    let as_written = after[start..].split('#').next().unwrap_or_default();
    let mut target = match as_written.starts_with('/') {
        true => as_written.to_owned(),
        false => format!("/{as_written}"),
    };
    if !more.is_empty() {
        let between = if target.contains('?') { "" } else { "?" };
        target.push_str(between);
        target.push_str(if between.is_empty() { more } else { more.trim_start_matches('&') });
    }
    // RFC 9112 section 3: the request line ends at the first of these.
    let breaks = |c: char| c.is_control() || c == ' ';
    let found = target.chars().find(|c| breaks(*c));
    if found.is_some() || target.parse::<::http::uri::PathAndQuery>().is_err() {
        let what = match found {
            Some(' ') => "a blank".to_owned(),
            Some(_) => "a control character".to_owned(),
            None => "a character that no request can hold".to_owned(),
        };
        let shown = value::cut(&target, 200);
        let message = format!("`{}` cannot be sent as it is: it holds {what}", shown);
        let help = "percent-encode it, or leave `encode_url: false` out";
        return Err(helped(place(), message, help));
    }
    Ok(target)
}

fn is_dots(text: &str) -> bool {
    matches!(text, "." | "..")
}

/// Whether what comes between is a whole segment of the path.
fn stands_alone(before: &str, after: Option<&Part>) -> bool {
    let ends = match after {
        None => true,
        Some(Part::Literal(text)) => text.starts_with(['/', '?', '#']),
        Some(Part::Expression(_)) => false,
    };
    before.ends_with('/') && ends && !before.contains(['?', '#'])
}

/// Parameters go behind a query that the URL has already.
fn query(
    context: &Context<'_>,
    url: &mut Url,
    own: &Settings,
    outer: &Settings,
) -> Result<(), Fault> {
    if own.query.is_empty() && outer.query.is_empty() {
        return Ok(());
    }
    let mut query = url.query().unwrap_or_default().to_owned();
    for (name, values) in merged(&outer.query, &own.query) {
        for tree in values.iter().flatten() {
            let value = scalar(context, tree)?;
            if !query.is_empty() {
                query.push('&');
            }
            query.extend(utf8_percent_encode(&name.value, COMPONENT));
            query.push('=');
            query.extend(utf8_percent_encode(&value, COMPONENT));
        }
    }
    if !query.is_empty() {
        url.set_query(Some(&query));
    }
    Ok(())
}

/// A tree's value.
pub(super) fn value(context: &Context<'_>, tree: &Tree) -> Result<Value, Fault> {
    evaluate(tree, &context.scope).map_err(|(text, error)| no_value(context, text, error))
}

/// A tree's value as text.
pub(super) fn scalar(context: &Context<'_>, tree: &Tree) -> Result<String, Fault> {
    Ok(value::text(&value(context, tree)?))
}

fn set_header(
    context: &Context<'_>,
    headers: &mut HeaderMap,
    name: &Located<String>,
    values: Option<&[Text]>,
) -> Result<(), Fault> {
    let key = HeaderName::from_bytes(name.value.as_bytes()).map_err(|_| {
        invalid(context.place(name.at), format!("`{}` is no header name", name.value))
    })?;
    headers.remove(&key);
    for text in values.unwrap_or_default() {
        let place = || context.place(text.at);
        let value =
            text.value.text(&context.scope).map_err(|error| no_value(context, text, error))?;
        refuse_breaks(&value, place, &format!("header `{key}`"))?;
        let mut sent = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            invalid(place(), format!("the value for header `{key}` holds a control character"))
        })?;
        // What came from a secret is a credential: it does not go to another origin.
        let masks = &context.shared.plan.masks;
        let is_secret = || matches!(masks.text(&value), std::borrow::Cow::Owned(_));
        sent.set_sensitive(text.value.literal().is_none() && is_secret());
        headers.append(&key, sent);
    }
    Ok(())
}

/// What no line of a request can hold, if it is in the text.
pub(super) fn forbidden(text: &str) -> Option<&'static str> {
    if text.contains(['\r', '\n']) {
        Some("a line break")
    } else if text.contains('\0') {
        Some("a NUL character")
    } else {
        None
    }
}

/// A break out of a value would begin a header, or a request, of its own.
pub(super) fn refuse_breaks(
    text: &str,
    place: impl Fn() -> Place,
    what: &str,
) -> Result<(), Fault> {
    match forbidden(text) {
        Some(found) => Err(invalid(place(), format!("the value for {what} holds {found}"))),
        None => Ok(()),
    }
}
