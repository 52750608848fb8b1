//! Request settings: of a step, or in `defaults`.

use std::time::Duration;

use super::auth::{self, Auth};
use super::body::{self, Body};
use super::connection::{self, Connection};
use super::decode::{Decoder, Keys, Located, Text, Tree, found, meant_boolean};
use super::quantity;
use super::yaml::{At, Entry, Kind, Node};
use crate::diagnostic::Diagnostic;

/// How to send a request; what is none comes from the next outer level.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Header fields by name in lower case; none removes an outer one.
    pub headers: Vec<(Located<String>, Option<Vec<Text>>)>,
    /// Parameters of the query; none removes an outer one.
    pub query: Vec<(Located<String>, Option<Vec<Tree>>)>,
    /// The body.
    pub body: Option<Box<Located<Body>>>,
    /// How requests say who sends them.
    pub auth: Option<Box<Located<Auth>>>,
    /// How many redirects are followed.
    pub follow_redirects: Option<u32>,
    /// The time to connect in, TLS included.
    pub connect_timeout: Option<Duration>,
    /// The time for the whole exchange, redirects included.
    pub request_timeout: Option<Duration>,
    /// Whether to ask for compressed bodies and to decode them.
    pub compressed: Option<bool>,
    /// The largest body that is read, in bytes after decoding.
    pub max_body: Option<u64>,
    /// Whether the URL's path and query are percent-encoded where that is needed.
    pub encode_url: Option<bool>,
    /// How connections are made.
    pub connection: Option<Box<Connection>>,
}

/// What paths are joined to: one without templates is a whole URL.
pub(super) fn base_url(d: &Decoder<'_>, node: &Node) -> Option<Text> {
    let text = d.text(node, "a URL such as `http://127.0.0.1:8080`")?;
    let is_url = |url: url::Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    if let Some(literal) = text.value.literal()
        && !url::Url::parse(literal).is_ok_and(is_url)
    {
        let message = format!("`{}` is no base URL", crate::value::cut(literal, 60));
        d.error_help(node.at, message, "", "write the whole URL, such as `http://127.0.0.1:8080`");
        return None;
    }
    Some(text)
}

/// How many redirects `follow_redirects: true` follows.
pub const DEFAULT_REDIRECTS: u32 = 10;

/// The entries of two maps, the inner ones over the outer ones of the same name.
pub fn merged<'s, T>(
    outer: &'s [(Located<String>, T)],
    inner: &'s [(Located<String>, T)],
) -> impl Iterator<Item = &'s (Located<String>, T)> {
    let hidden = |name: &str| inner.iter().any(|(inner, _)| inner.value == name);
    outer.iter().filter(move |(name, _)| !hidden(&name.value)).chain(inner)
}

impl Settings {
    /// These settings over `outer` ones: the nearer wins, maps are merged by key.
    #[must_use]
    pub fn over(&self, outer: &Self) -> Self {
        Self {
            headers: self.headers_over(outer).cloned().collect(),
            query: merged(&outer.query, &self.query).cloned().collect(),
            body: self.body.clone().or_else(|| outer.body.clone()),
            auth: self.auth_over(outer).cloned().map(Box::new),
            follow_redirects: self.follow_redirects.or(outer.follow_redirects),
            connect_timeout: self.connect_timeout.or(outer.connect_timeout),
            request_timeout: self.request_timeout.or(outer.request_timeout),
            compressed: self.compressed.or(outer.compressed),
            max_body: self.max_body.or(outer.max_body),
            encode_url: self.encode_url.or(outer.encode_url),
            connection: match (&self.connection, &outer.connection) {
                (None, None) => None,
                _ => Some(Box::new(self.connection().over(outer.connection()))),
            },
        }
    }

    /// The headers of these settings over those of outer ones: `auth` takes an outer Authorization away.
    pub fn headers_over<'s>(&'s self, outer: &'s Self) -> impl Iterator<Item = &'s HeaderEntry> {
        let replaced = |(name, _): &&HeaderEntry| self.auth.is_some() && is_authorization(name);
        merged(&outer.headers, &self.headers).filter(move |header| !replaced(header))
    }

    /// How these settings over outer ones say who sends: a nearer Authorization takes an outer `auth` away.
    #[must_use]
    pub fn auth_over<'s>(&'s self, outer: &'s Self) -> Option<&'s Located<Auth>> {
        let hidden = self.headers.iter().any(|(name, _)| is_authorization(name));
        self.auth.as_deref().or_else(|| outer.auth.as_deref().filter(|_| !hidden))
    }

    /// How connections are made.
    #[must_use]
    pub fn connection(&self) -> &Connection {
        self.connection.as_deref().unwrap_or(&connection::NONE)
    }
}

fn is_authorization(name: &Located<String>) -> bool {
    name.value == ::http::header::AUTHORIZATION.as_str()
}

pub(super) const KEYS: Keys = Keys {
    what: "the request settings",
    known: &[
        "headers",
        "query",
        "json",
        "form",
        "multipart",
        "text",
        "xml",
        "graphql",
        "file",
        "base64",
        "auth",
        "follow_redirects",
        "timeouts",
        "compressed",
        "max_body",
        "encode_url",
        "http",
        "tls",
        "proxy",
        "resolve",
        "unix_socket",
    ],
};

/// Reads `defaults`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Settings> {
    Some(from_entries(d, &d.map(node, &KEYS)?))
}

/// Reads the settings among the keys of a map; other keys are left alone.
pub(super) fn from_entries(d: &Decoder<'_>, entries: &[&Entry]) -> Settings {
    let mut settings = Settings::default();
    let mut body: Option<&Entry> = None;
    for entry in entries {
        let value = &entry.value;
        match entry.key.as_str() {
            "headers" => settings.headers = headers(d, value).unwrap_or_default(),
            "query" => settings.query = query(d, value).unwrap_or_default(),
            "follow_redirects" => settings.follow_redirects = follow_redirects(d, value),
            "timeouts" => timeouts(d, value, &mut settings),
            "compressed" => settings.compressed = d.boolean(value),
            "max_body" => settings.max_body = max_body(d, value),
            "auth" => settings.auth = auth::decode(d, value).map(Box::new),
            "encode_url" => settings.encode_url = d.boolean(value),
            kind if body::KINDS.contains(&kind) => {
                if let Some(first) = body {
                    body::second(d, first, entry);
                } else {
                    body = Some(entry);
                    settings.body = body::decode(d, entry).map(Box::new);
                }
            }
            _ => settings.connection.get_or_insert_default().read(d, entry),
        }
    }
    auth::refuse_both(d, &settings);
    settings
}

/// A scalar, or a list of them, each as it was written.
pub(super) fn texts(d: &Decoder<'_>, node: &Node, what: &str) -> Option<Vec<Tree>> {
    let one = |node: &Node| match &node.kind {
        Kind::List(_) | Kind::Map(_) => {
            d.expected(what, node);
            None
        }
        _ => d.text_value(node, what),
    };
    match &node.kind {
        Kind::List(items) => items.iter().map(one).collect(),
        _ => Some(vec![one(node)?]),
    }
}

type QueryEntry = (Located<String>, Option<Vec<Tree>>);

fn query(d: &Decoder<'_>, node: &Node) -> Option<Vec<QueryEntry>> {
    let entry = |entry: &Entry| {
        let name = no_template(d, entry)?;
        let values = match entry.value.kind {
            Kind::Null => None,
            _ => Some(texts(d, &entry.value, "a parameter's text")?),
        };
        Some((name, values))
    };
    Some(d.entries(node, "the query")?.iter().filter_map(entry).collect())
}

/// A key that is data, but may not hold expressions.
pub(super) fn no_template(d: &Decoder<'_>, entry: &Entry) -> Option<Located<String>> {
    if entry.key.contains("${") {
        d.error_help(
            entry.at,
            "a key cannot hold `${…}` here",
            "",
            "only the data maps of `json` and `form` may have templates in their keys",
        );
        return None;
    }
    Some(Located { at: entry.at, value: entry.key.clone() })
}

/// A header and its values; none removes an outer one.
pub type HeaderEntry = (Located<String>, Option<Vec<Text>>);

/// Reads `headers`.
pub(super) fn headers(d: &Decoder<'_>, node: &Node) -> Option<Vec<HeaderEntry>> {
    let mut headers: Vec<HeaderEntry> = Vec::new();
    for entry in d.entries(node, "the headers")? {
        let name = header_name(d, entry.at, &entry.key).filter(|name| allowed(d, name));
        let values = match &entry.value.kind {
            Kind::Null => Some(None),
            Kind::List(items) => {
                let all: Vec<_> = items.iter().map(|item| header_value(d, item)).collect();
                all.into_iter().collect::<Option<Vec<_>>>().map(Some)
            }
            _ => header_value(d, &entry.value).map(|value| Some(vec![value])),
        };
        if let (Some(name), Some(values)) = (name, values) {
            warn_misplaced(d, entry, &name);
            refuse_second(d, &headers, &name);
            headers.push((name, values));
        }
    }
    headers.shrink_to_fit();
    Some(headers)
}

/// A setting written one level too deep would be sent as a header: legal, but hardly meant.
fn warn_misplaced(d: &Decoder<'_>, entry: &Entry, name: &Located<String>) {
    let plain = entry.key.as_str();
    let setting = name.value == plain && (KEYS.known.contains(&plain) || plain == "timeout");
    if setting {
        let message = format!("`{plain}` is sent as a header here");
        let help =
            format!("if you meant the setting `{plain}`, move it one level up, beside `headers`");
        d.report(Diagnostic::warning(message).at(d.source(), d.span(entry.at), "").help(help));
    }
}

/// The name in lower case, if it is a token (RFC 9110 section 5.1).
pub(super) fn header_name(d: &Decoder<'_>, at: At, name: &str) -> Option<Located<String>> {
    match ::http::HeaderName::from_bytes(name.as_bytes()) {
        Ok(name) => Some(Located { at, value: name.as_str().to_owned() }),
        Err(_) => {
            let message = format!("`{}` is no header name", name.escape_debug());
            d.error_help(
                at,
                message,
                "",
                "a header's name has letters, digits, `-` and `_`, and no blank",
            );
            None
        }
    }
}

/// Two spellings of one name are one name.
pub(super) fn refuse_second<T>(
    d: &Decoder<'_>,
    headers: &[(Located<String>, T)],
    name: &Located<String>,
) {
    if let Some((first, _)) = headers.iter().find(|(known, _)| known.value == name.value) {
        let diagnostic = Diagnostic::error(format!("header `{}` is given twice", name.value))
            .at(d.source(), d.span(name.at), "again here")
            .also(d.source(), d.span(first.at), "first here");
        d.report(
            diagnostic.help(
                "upper and lower case are the same in a header's name; a list sends one header several times",
            ),
        );
    }
}

/// Framing is the client's (RFC 9112 section 6): set by hand it is request smuggling.
fn allowed(d: &Decoder<'_>, name: &Located<String>) -> bool {
    let framing = [
        "connection",
        "content-length",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ];
    let allowed = !framing.contains(&name.value.as_str());
    if !allowed {
        let message = format!("header `{}` cannot be set by hand", name.value);
        d.error_help(name.at, message, "", "callsheet sets it itself: leave it out");
    }
    allowed
}

fn header_value(d: &Decoder<'_>, node: &Node) -> Option<Text> {
    let text = d.text(node, "a header's text")?;
    let literal = |part: &crate::template::Part| match part {
        crate::template::Part::Literal(text) => text.contains(['\r', '\n', '\0']),
        crate::template::Part::Expression(_) => false,
    };
    if text.value.parts().iter().any(literal) {
        d.error_help(
            node.at,
            "a header's value cannot hold a line break or a NUL character",
            "",
            "write it on one line; a block text (`|`) ends with a line break, `|-` does not",
        );
        return None;
    }
    Some(text)
}

fn follow_redirects(d: &Decoder<'_>, node: &Node) -> Option<u32> {
    match &node.kind {
        Kind::Bool(true) => Some(DEFAULT_REDIRECTS),
        Kind::Bool(false) => Some(0),
        Kind::Number(number) => match number.as_u64().and_then(|n| u32::try_from(n).ok()) {
            Some(number) if number <= 100 => Some(number),
            _ => {
                d.error(
                    node.at,
                    format!("`follow_redirects` is a whole number from 0 to 100, found `{number}`"),
                    "",
                );
                None
            }
        },
        _ => {
            d.error(
                node.at,
                format!("`follow_redirects` is `true`, `false` or a number, found {}", found(node)),
                meant_boolean(node),
            );
            None
        }
    }
}

const TIMEOUT_KEYS: Keys = Keys { what: "`timeouts`", known: &["connect", "request"] };

fn timeouts(d: &Decoder<'_>, node: &Node, settings: &mut Settings) {
    for entry in d.map(node, &TIMEOUT_KEYS).unwrap_or_default() {
        let duration = timeout(d, &entry.value);
        match entry.key.as_str() {
            "connect" => settings.connect_timeout = duration,
            _ => settings.request_timeout = duration,
        }
    }
}

/// A day is the longest time that is waited for anything: what is longer is a slip.
pub const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// A duration that something may take.
pub(super) fn timeout(d: &Decoder<'_>, node: &Node) -> Option<Duration> {
    let duration = duration(d, node)?;
    if duration > LONGEST {
        d.error(node.at, "the time is longer than 24h", "");
        return None;
    }
    Some(duration)
}

/// A duration above zero.
pub(super) fn duration(d: &Decoder<'_>, node: &Node) -> Option<Duration> {
    let text = d.plain(node, "a duration like `500ms` or `10s`")?;
    match quantity::duration(&text.value) {
        Ok(duration) if !duration.is_zero() => Some(duration),
        Ok(_) => {
            let help = "write a longer one, such as `10s`, or leave it out";
            d.error_help(node.at, "a duration of zero leaves no time", "", help);
            None
        }
        Err(message) => {
            d.error(node.at, message, "");
            None
        }
    }
}

fn max_body(d: &Decoder<'_>, node: &Node) -> Option<u64> {
    let text = d.plain(node, "a size like `10MiB`")?;
    quantity::size(&text.value).map_err(|message| d.error(node.at, message, "")).ok()
}
