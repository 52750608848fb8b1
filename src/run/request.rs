//! From a request as it was written to one that can be sent.

use std::sync::Arc;

use ::http::Method;
use ::http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::connection;
use super::context::{Context, invalid, no_value, text};
use super::evaluate;
use crate::http;
use crate::outcome::{Fault, Place};
use crate::scenario::decode::{Located, Text, Tree, of_expression};
use crate::scenario::settings::{Body, Settings, merged};
use crate::scenario::step::{CREDENTIALS, Request, has_credentials};
use crate::template::{EvaluationError, Part};
use crate::value::{self, Value};

/// What may stand in a path segment or a query component as it is (RFC 3986 section 2.3, "unreserved").
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request that can be sent.
pub(super) struct Prepared {
    pub(super) request: http::Request,
    pub(super) settings: http::Settings,
}

impl Prepared {
    /// The body, if it is held in memory.
    pub(super) fn body_for_reports(&self) -> Option<Bytes> {
        match &self.request.body {
            http::Body::Bytes(bytes) => Some(bytes.clone()),
            http::Body::Empty | http::Body::File(_) => None,
        }
    }
}

/// Evaluates all that the request is made of.
pub(super) fn prepare(context: &Context<'_>, written: &Request) -> Result<Prepared, Fault> {
    let outer = &context.defaults;
    let own = &written.settings;
    let method = Method::from_bytes(written.method.as_bytes()).map_err(|_| {
        invalid(context.place(written.at), format!("`{}` is no method", written.method))
    })?;
    let mut url = url(context, written)?;
    query(context, &mut url, own, outer)?;
    let mut headers = HeaderMap::new();
    default_headers(&mut headers);
    let (body, content_type) = match own.body.as_ref().or(outer.body.as_ref()) {
        Some(written) => body(context, written)?,
        None => (http::Body::Empty, None),
    };
    if let Some(content_type) = content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, values) in merged(&outer.headers, &own.headers) {
        set_header(context, &mut headers, name, values.as_deref())?;
    }
    let request = http::Request { method, url, headers, body };
    Ok(Prepared { request, settings: settings(context, own, outer)? })
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
        channel: connection::channel(context, &own.connection, &outer.connection)?,
    })
}

fn url(context: &Context<'_>, written: &Request) -> Result<Url, Fault> {
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
                    let source = context.scenario.source();
                    let scalar = context.scenario.span(written.url.at);
                    let span = of_expression(source, scalar, written.url.value.source(), &error);
                    Place { source: Arc::clone(source), span }
                };
                refuse_breaks(&inserted, here, "a URL")?;
                if index == 0 || evaluated.raw {
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
    let text = if text.starts_with('/') {
        let Some(base) = &context.base_url else {
            let message = format!("`{text}` has no base URL to be joined to");
            return Err(invalid(place(), message));
        };
        format!("{}{text}", base.strip_suffix('/').unwrap_or(base))
    } else {
        text
    };
    let url = Url::parse(&text).map_err(|error| {
        let text = value::cut(&text, 200);
        invalid(place(), format!("`{}` is no URL: {error}", text.escape_debug()))
    })?;
    if has_credentials(&url) {
        return Err(invalid(place(), CREDENTIALS.to_owned()));
    }
    Ok(url)
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
fn value(context: &Context<'_>, tree: &Tree) -> Result<Value, Fault> {
    evaluate(tree, &context.scope).map_err(|(text, error)| no_value(context, text, error))
}

/// A tree's value as text.
fn scalar(context: &Context<'_>, tree: &Tree) -> Result<String, Fault> {
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
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| {
            invalid(place(), format!("the value for header `{key}` holds a control character"))
        })?;
        headers.append(&key, value);
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
fn refuse_breaks(text: &str, place: impl Fn() -> Place, what: &str) -> Result<(), Fault> {
    match forbidden(text) {
        Some(found) => Err(invalid(place(), format!("the value for {what} holds {found}"))),
        None => Ok(()),
    }
}

/// The body and its media type.
fn body(
    context: &Context<'_>,
    written: &Located<Body>,
) -> Result<(http::Body, Option<&'static str>), Fault> {
    let place = || context.place(written.at);
    Ok(match &written.value {
        Body::Json(tree) => {
            let value = value(context, tree)?;
            (http::Body::Bytes(value.to_string().into()), Some("application/json"))
        }
        Body::Form(fields) => {
            let mut form = form_urlencoded::Serializer::new(String::new());
            for (name, values) in fields {
                let key = text(context, name)?;
                for tree in values {
                    form.append_pair(&key, &scalar(context, tree)?);
                }
            }
            let bytes = http::Body::Bytes(form.finish().into());
            (bytes, Some("application/x-www-form-urlencoded"))
        }
        Body::Text(template) => {
            let text = text(context, template)?;
            (http::Body::Bytes(text.into()), Some("text/plain; charset=utf-8"))
        }
        Body::File(file) => {
            let path = text(context, &file.path)?;
            let path = file
                .resolve(&context.shared.plan.root, &path)
                .map_err(|message| invalid(place(), message))?;
            (http::Body::File(path), Some("application/octet-stream"))
        }
    })
}
