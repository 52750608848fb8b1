//! `expect`: what must hold of a response.

mod bytes;
mod snapshot;
mod transport;
pub(super) mod markup;
mod schema;
pub(super) mod openapi;

use std::fmt;

use super::decode::{Decoder, Keys, Located, Text, found};
use super::expected_error;
use super::matcher::{self, Domain, Matcher};
use super::yaml::{At, Kind, Node};
use crate::diagnostic::Diagnostic;
use crate::jsonpath::JsonPath;
use crate::source::Span;

/// What must hold of a response; all of it is checked.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    /// The status; none means that 400 and above fail.
    pub status: Option<Status>,
    /// Header fields, names in lower case.
    pub headers: Vec<(Located<String>, HeaderExpectation)>,
    /// What the session holds for the last URL.
    pub cookies: Vec<(Located<String>, CookieExpectation)>,
    /// What the last response sets.
    pub set_cookies: Vec<(Located<String>, CookieExpectation)>,
    /// The JSON body.
    pub json: Vec<(Located<JsonPath>, Matcher)>,
    /// What the JSON body holds at least.
    pub like: Option<Matcher>,
    /// The decoded text.
    pub body: Option<Matcher>,
    /// The decoded bytes.
    pub bytes: Option<Box<BytesExpectation>>,
    /// What selectors and XPaths find in the body.
    pub markup: Option<Box<MarkupExpectation>>,
    /// The response as it was when somebody said that it is right.
    pub snapshot: Option<Box<SnapshotExpectation>>,
    /// The JSON Schema of the body.
    pub schema: Option<Box<SchemaExpectation>>,
    /// The OpenAPI document that allows the exchange.
    pub openapi: Option<Box<OpenApiReference>>,
    /// The time of the whole exchange, in milliseconds.
    pub duration: Option<Matcher>,
    /// The last URL.
    pub url: Option<Matcher>,
    /// The redirects that were followed.
    pub redirects: Option<Redirects>,
    /// Expressions that must be true.
    pub check: Vec<Text>,
    /// How the answer came.
    pub transport: Option<Box<TransportExpectation>>,
    /// The kind of the error that the request must end in; then there is nothing else.
    pub error: Option<Box<Located<Matcher>>>,
}

impl Expectations {
    /// These and the common ones; where only one thing can be said, these say it.
    pub(super) fn with(self, common: &Self) -> Self {
        fn both<T: Clone>(mut own: Vec<T>, common: &[T]) -> Vec<T> {
            own.extend_from_slice(common);
            own
        }
        Self {
            status: self.status.or_else(|| common.status.clone()),
            headers: both(self.headers, &common.headers),
            cookies: both(self.cookies, &common.cookies),
            set_cookies: both(self.set_cookies, &common.set_cookies),
            json: both(self.json, &common.json),
            like: self.like.or_else(|| common.like.clone()),
            body: self.body.or_else(|| common.body.clone()),
            bytes: self.bytes.or_else(|| common.bytes.clone()),
            markup: match (self.markup, &common.markup) {
                (Some(own), Some(common)) => Some(Box::new(own.with(common))),
                (own, common) => own.or_else(|| common.clone()),
            },
            snapshot: self.snapshot.or_else(|| common.snapshot.clone()),
            schema: self.schema.or_else(|| common.schema.clone()),
            openapi: self.openapi.or_else(|| common.openapi.clone()),
            duration: self.duration.or_else(|| common.duration.clone()),
            url: self.url.or_else(|| common.url.clone()),
            redirects: self.redirects.or_else(|| common.redirects.clone()),
            check: both(self.check, &common.check),
            transport: self.transport.or_else(|| common.transport.clone()),
            error: self.error.or_else(|| common.error.clone()),
        }
    }
}

/// What the status must be.
#[derive(Clone, Debug)]
pub struct Status {
    /// Its place.
    pub at: At,
    /// What is wanted.
    pub wanted: WantedStatus,
}

/// The ways to say a status.
#[derive(Clone, Debug)]
pub enum WantedStatus {
    /// One of these.
    OneOf(Vec<StatusPattern>),
    /// A matcher on the number.
    Matcher(Matcher),
}

/// `200` or `2xx`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusPattern {
    /// A status code.
    Code(u16),
    /// A class by its first digit.
    Class(u16),
}

impl fmt::Display for StatusPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "{code}"),
            Self::Class(class) => write!(f, "{class}xx"),
        }
    }
}

/// What a header field must be.
#[derive(Clone, Debug)]
pub enum HeaderExpectation {
    /// It must hold for one of the values.
    One(Matcher),
    /// All values, in order.
    All(At, Vec<Matcher>),
}

/// What a cookie must be; the attributes that are not given are not looked at.
#[derive(Clone, Debug, Default)]
pub struct CookieExpectation {
    /// Attribute name and matcher, in the order written; `value` and `exists` are among them.
    pub attributes: Vec<(CookieAttribute, Matcher)>,
}

/// What can be asked of a cookie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieAttribute {
    /// Its value.
    Value,
    /// The Domain attribute; in a session the host for a host-only cookie.
    Domain,
    /// The Path attribute; in a session the default path for a cookie without one.
    Path,
    /// Secure.
    Secure,
    /// HttpOnly.
    HttpOnly,
    /// SameSite in lower case; null without one.
    SameSite,
    /// The milliseconds until it expires.
    ExpiresIn,
    /// Whether it has an expiry.
    Persistent,
    /// Whether it is there.
    Exists,
}

pub use bytes::BytesExpectation;
pub use markup::{HtmlExpectation, MarkupExpectation};
pub use openapi::OpenApiReference;
pub use schema::{SchemaExpectation, SchemaSource};
pub(crate) use snapshot::stem;
pub use snapshot::{ENDING, FOLDER, NAME_RULE, SnapshotExpectation, wrong_name};
pub use transport::{CertificatePart, TimingPart, TransportExpectation};

/// What must hold of the redirects that were followed.
#[derive(Clone, Debug)]
pub enum Redirects {
    /// Their number.
    Count(Matcher),
    /// Each of them.
    Each(At, Vec<RedirectExpectation>),
}

/// What must hold of one redirect.
#[derive(Clone, Debug)]
pub struct RedirectExpectation {
    /// Its place.
    pub at: At,
    /// The status.
    pub status: Option<Status>,
    /// The Location field as it was sent.
    pub location: Option<Matcher>,
}

pub(super) const KEYS: Keys = Keys {
    what: "`expect`",
    known: &[
        "status",
        "headers",
        "cookies",
        "set_cookies",
        "json",
        "like",
        "body",
        "html",
        "xml",
        "bytes",
        "snapshot",
        "schema",
        "openapi",
        "duration",
        "url",
        "redirects",
        "http_version",
        "remote_ip",
        "certificate",
        "timing",
        "check",
        "error",
    ],
};

/// Reads `expect`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Expectations> {
    let entries = d.map(node, &KEYS)?;
    if matches!(&node.kind, Kind::Map(all) if all.is_empty()) {
        d.error_help(
            node.at,
            "`expect` is empty: it checks nothing",
            "",
            "say what must hold, such as `status: 200`, or leave it out",
        );
    }
    let mut expect = Expectations::default();
    for entry in &entries {
        let value = &entry.value;
        match entry.key.as_str() {
            "status" => expect.status = status(d, value),
            "headers" => expect.headers = headers(d, value).unwrap_or_default(),
            "cookies" => expect.cookies = cookies(d, value).unwrap_or_default(),
            "set_cookies" => expect.set_cookies = cookies(d, value).unwrap_or_default(),
            "json" => expect.json = json(d, value).unwrap_or_default(),
            "like" => expect.like = matcher::decode_like(d, value),
            "body" => expect.body = matcher::decode(d, value, Domain::Text),
            "bytes" => expect.bytes = bytes::decode(d, value).map(Box::new),
            "snapshot" => expect.snapshot = snapshot::decode(d, value).map(Box::new),
            "schema" => expect.schema = schema::decode(d, value).map(Box::new),
            "openapi" => expect.openapi = openapi::decode(d, value).map(Box::new),
            "duration" => expect.duration = matcher::decode(d, value, Domain::Duration),
            "url" => expect.url = matcher::decode(d, value, Domain::Text),
            "redirects" => expect.redirects = redirects(d, value),
            "check" => expect.check = checks(d, value).unwrap_or_default(),
            "error" => expect.error = expected_error::decode(d, entry).map(Box::new),
            _ => {}
        }
    }
    expect.markup = markup::decode(d, &entries).map(Box::new);
    expect.transport = transport::decode(d, &entries).map(Box::new);
    expected_error::stands_alone(d, &entries);
    Some(expect)
}

/// Reads a status, or a matcher on it.
pub(super) fn status(d: &Decoder<'_>, node: &Node) -> Option<Status> {
    let wanted = match &node.kind {
        Kind::Map(_) => WantedStatus::Matcher(matcher::decode(d, node, Domain::Json)?),
        Kind::Text(text) if text.contains("${") => {
            WantedStatus::Matcher(matcher::decode(d, node, Domain::Json)?)
        }
        Kind::List(items) if items.is_empty() => {
            let help = "name one, such as `200` or `2xx`";
            d.error_help(node.at, "the list of statuses is empty", "", help);
            return None;
        }
        Kind::List(items) => {
            let all: Vec<_> = items.iter().map(|item| status_pattern(d, item)).collect();
            WantedStatus::OneOf(all.into_iter().collect::<Option<_>>()?)
        }
        _ => WantedStatus::OneOf(vec![status_pattern(d, node)?]),
    };
    Some(Status { at: node.at, wanted })
}

fn status_pattern(d: &Decoder<'_>, node: &Node) -> Option<StatusPattern> {
    match &node.kind {
        Kind::Number(number) => {
            // 600 to 999 have no meaning in RFC 9110 section 15, but servers send them.
            if let Some(code) = number.as_u64().filter(|code| (100..=999).contains(code)) {
                return u16::try_from(code).ok().map(StatusPattern::Code);
            }
        }
        Kind::Text(text) => {
            if let [class @ b'1'..=b'5', b'x', b'x'] = text.as_bytes() {
                return Some(StatusPattern::Class(u16::from(class - b'0')));
            }
        }
        _ => {}
    }
    let message = format!("expected a status, found {}", found(node));
    let meant = match &node.kind {
        // `200 OK` is how a status line has it.
        Kind::Text(text) => text.split_whitespace().next().map(str::to_lowercase),
        _ => None,
    };
    let is_code = |text: &String| text.parse().is_ok_and(|code: u16| (100..=999).contains(&code));
    let is_class = |text: &String| matches!(text.as_bytes(), [b'1'..=b'5', b'x', b'x']);
    let label = match meant.filter(|text| is_code(text) || is_class(text)) {
        Some(meant) if is_code(&meant) => format!("write `{meant}` alone, without quotes"),
        Some(meant) => format!("did you mean `{meant}`?"),
        None => String::new(),
    };
    d.error_help(
        node.at,
        message,
        &label,
        "a status is a number from 100 to 599 (up to 999 is let through), or a class such as `2xx`",
    );
    None
}

/// What lists nothing checks nothing.
fn not_empty<'n, T>(d: &Decoder<'_>, node: &Node, items: &'n [T]) -> Option<&'n [T]> {
    if items.is_empty() {
        let help = "say what must hold, or leave it out";
        d.error_help(node.at, "an empty expectation checks nothing", "", help);
        return None;
    }
    Some(items)
}

fn headers(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<String>, HeaderExpectation)>> {
    let mut headers: Vec<(Located<String>, HeaderExpectation)> = Vec::new();
    for entry in not_empty(d, node, d.entries(node, "the headers")?)? {
        let name = super::settings::header_name(d, entry.at, &entry.key);
        let expectation = match &entry.value.kind {
            Kind::List(items) => {
                let all: Vec<_> =
                    items.iter().map(|item| matcher::decode(d, item, Domain::Text)).collect();
                all.into_iter()
                    .collect::<Option<_>>()
                    .map(|all| HeaderExpectation::All(entry.value.at, all))
            }
            _ => matcher::decode(d, &entry.value, Domain::Text).map(HeaderExpectation::One),
        };
        if let (Some(name), Some(expectation)) = (name, expectation) {
            super::settings::refuse_second(d, &headers, &name);
            headers.push((name, expectation));
        }
    }
    headers.shrink_to_fit();
    Some(headers)
}

const COOKIE_KEYS: Keys = Keys {
    what: "a cookie",
    known: &[
        "value",
        "domain",
        "path",
        "secure",
        "http_only",
        "same_site",
        "expires_in",
        "persistent",
        "exists",
    ],
};

fn cookies(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<String>, CookieExpectation)>> {
    let entries = not_empty(d, node, d.entries(node, "the cookies")?)?;
    let cookie = |entry: &super::yaml::Entry| {
        let name = super::settings::no_template(d, entry);
        let cookie = cookie(d, &entry.value);
        Some((name?, cookie?))
    };
    Some(entries.iter().filter_map(cookie).collect())
}

fn cookie(d: &Decoder<'_>, node: &Node) -> Option<CookieExpectation> {
    let operators = |key: &str| key != "exists" && matcher::KEYS.known.contains(&key);
    let is_matcher = match &node.kind {
        Kind::Map(entries) if entries.is_empty() => {
            let help = "say what must hold, such as `exists: true`";
            d.error_help(node.at, "an empty expectation checks nothing", "", help);
            return None;
        }
        Kind::Map(entries) => entries.iter().any(|entry| operators(&entry.key)),
        _ => true,
    };
    if let (true, Kind::Map(entries)) = (is_matcher, &node.kind) {
        let attribute = |key: &str| COOKIE_KEYS.known.contains(&key);
        if let Some(entry) = entries.iter().find(|entry| attribute(&entry.key)) {
            let message = format!("`{}` stands beside a matcher on the cookie's value", entry.key);
            let help =
                "put the matcher below `value`, such as `{value: {starts_with: x}, path: /}`";
            d.error_help(entry.at, message, "", help);
            return None;
        }
    }
    if is_matcher {
        let value = matcher::decode(d, node, Domain::Text)?;
        return Some(CookieExpectation { attributes: vec![(CookieAttribute::Value, value)] });
    }
    let mut attributes = Vec::new();
    for entry in d.map(node, &COOKIE_KEYS)? {
        let (attribute, domain) = match entry.key.as_str() {
            "value" => (CookieAttribute::Value, Domain::Text),
            "domain" => (CookieAttribute::Domain, Domain::Text),
            "path" => (CookieAttribute::Path, Domain::Text),
            "secure" => (CookieAttribute::Secure, Domain::Json),
            "http_only" => (CookieAttribute::HttpOnly, Domain::Json),
            "same_site" => (CookieAttribute::SameSite, Domain::Json),
            "expires_in" => (CookieAttribute::ExpiresIn, Domain::Duration),
            "persistent" => (CookieAttribute::Persistent, Domain::Json),
            _ => (CookieAttribute::Exists, Domain::Json),
        };
        if !can_hold(d, attribute, &entry.value) {
            continue;
        }
        if let Some(matcher) = matcher::decode(d, &entry.value, domain) {
            attributes.push((attribute, matcher));
        }
    }
    Some(CookieExpectation { attributes })
}

/// Whether an attribute can ever have the value that is written.
fn can_hold(d: &Decoder<'_>, attribute: CookieAttribute, node: &Node) -> bool {
    let is_template = matches!(&node.kind, Kind::Text(text) if text.contains("${"));
    let is_scalar = !is_template && !matches!(node.kind, Kind::Map(_) | Kind::List(_));
    match attribute {
        CookieAttribute::Secure
        | CookieAttribute::HttpOnly
        | CookieAttribute::Persistent
        | CookieAttribute::Exists
            if is_scalar =>
        {
            d.boolean(node).is_some()
        }
        CookieAttribute::SameSite if is_scalar => {
            let known = ["strict", "lax", "none"];
            let is_known = match &node.kind {
                Kind::Text(text) => known.contains(&text.as_str()),
                kind => matches!(kind, Kind::Null),
            };
            if !is_known {
                let found = found(node);
                let message = format!("`same_site` is `strict`, `lax` or `none`, found {found}");
                d.error_help(node.at, message, "", "write it in lower case");
            }
            is_known
        }
        _ => true,
    }
}

fn json(d: &Decoder<'_>, node: &Node) -> Option<Vec<(Located<JsonPath>, Matcher)>> {
    let mut paths = Vec::new();
    for entry in not_empty(d, node, d.entries(node, "the JSON expectations")?)? {
        let path = json_path(d, entry.at, &entry.key);
        let matcher = matcher::decode(d, &entry.value, Domain::Json);
        if let (Some(value), Some(matcher)) = (path, matcher) {
            paths.push((Located { at: entry.at, value }, matcher));
        }
    }
    paths.shrink_to_fit();
    Some(paths)
}

/// The path with its usual slips mended: no `$` before it, a `-` in a name without brackets.
fn meant_path(text: &str) -> String {
    let mut meant = "$".to_owned();
    let steps = text.strip_prefix('$').unwrap_or(text).trim_start_matches('.');
    for (index, step) in steps.split('.').enumerate() {
        let (name, rest) = step.split_at(step.find('[').unwrap_or(step.len()));
        match name.is_empty() {
            true if index == 0 => {}
            true => meant.push('.'),
            false if name == "*" => meant.push_str(".*"),
            false => meant.push_str(&crate::jsonpath::member(name)),
        }
        meant.push_str(rest);
    }
    meant
}

/// The place of a byte of a text that stands at another place; all of that where it is written in another way.
fn within(d: &Decoder<'_>, at: At, text: &str, offset: usize) -> Span {
    let span = d.span(at);
    let written = &d.source().text()[span.start..span.end];
    match written.find(text) {
        // Past the last character is its closing quote, or the colon.
        Some(start) => {
            let at = span.start + start + offset;
            let next = d.source().text()[at..].chars().next().map_or(0, char::len_utf8);
            Span::new(at, at + next)
        }
        None => span,
    }
}

/// Reads a JSONPath.
pub(super) fn json_path(d: &Decoder<'_>, at: At, text: &str) -> Option<JsonPath> {
    if text.contains("${") {
        let shown = crate::value::cut(text, 60);
        let help = "it is known before the run: ask for all nodes, and say which with `any`, `includes` or `check`";
        d.error_help(at, format!("`{shown}`: a JSONPath holds no expressions"), "", help);
        return None;
    }
    match d.parsed_path(text) {
        Ok(path) => Some(path),
        Err(error) => {
            let span = within(d, at, text, error.offset);
            let shown = crate::value::cut(text, 60);
            let message = format!("`{shown}` is no JSONPath: {}", error.message);
            let diagnostic = Diagnostic::error(message).at(d.source(), span, "");
            let meant = meant_path(text);
            let is_path = d.parsed_path(&meant).is_ok();
            d.report(match error.help {
                _ if is_path => diagnostic.help(format!("did you mean `{meant}`?")),
                Some(help) => diagnostic.help(help),
                None => diagnostic,
            });
            None
        }
    }
}

const REDIRECT_KEYS: Keys = Keys { what: "a redirect", known: &["status", "location"] };

fn redirects(d: &Decoder<'_>, node: &Node) -> Option<Redirects> {
    let Kind::List(items) = &node.kind else {
        return Some(Redirects::Count(matcher::decode(d, node, Domain::Count)?));
    };
    let mut each = Vec::new();
    for item in items {
        if let Kind::Map(entries) = &item.kind {
            not_empty(d, item, entries)?;
        }
        let mut redirect = RedirectExpectation { at: item.at, status: None, location: None };
        for entry in d.map(item, &REDIRECT_KEYS)? {
            match entry.key.as_str() {
                "status" => redirect.status = status(d, &entry.value),
                _ => redirect.location = matcher::decode(d, &entry.value, Domain::Text),
            }
        }
        each.push(redirect);
    }
    Some(Redirects::Each(node.at, each))
}

fn checks(d: &Decoder<'_>, node: &Node) -> Option<Vec<Text>> {
    let mut checks = Vec::new();
    for item in not_empty(d, node, d.list(node, "`${expressions}`")?)? {
        let Some(text) = d.text(item, "an expression") else { continue };
        match text.value.parts() {
            [crate::template::Part::Expression(_)] => checks.push(text),
            _ => d.error_help(
                item.at,
                "a check is one expression",
                "",
                "write it like `${response.status == 200}`",
            ),
        }
    }
    Some(checks)
}
