//! One request, decoded as a WSGI server and werkzeug would hand it to httpbin.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, Version};

use super::percent;

/// The largest request body that is read.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Both ends of the connection that a request came on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addresses {
    pub(super) peer: SocketAddr,
    pub(super) local: SocketAddr,
}

/// A request with its body.
#[derive(Debug)]
pub(super) struct Request {
    /// The method.
    pub(super) method: Method,
    /// The headers as they came.
    pub(super) headers: HeaderMap,
    /// The decoded path, with exactly one slash before it.
    pub(super) path: String,
    /// The query as it came, without the question mark.
    pub(super) query: String,
    /// The whole body; empty until it was read.
    pub(super) body: Bytes,
    version: Version,
    addresses: Addresses,
}

impl Request {
    /// A request of this head, its body yet to be read.
    pub(super) fn new(head: Parts, addresses: Addresses) -> Self {
        let mut headers = head.headers;
        // HTTP/2 names the host in the request line; programs behind WSGI know only the header.
        if let Some(authority) = head.uri.authority()
            && !headers.contains_key(header::HOST)
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            headers.insert(header::HOST, host);
        }
        let path = format!("/{}", percent::decode_path(head.uri.path()).trim_start_matches('/'));
        let query = head.uri.query().unwrap_or_default().to_owned();
        let (method, version) = (head.method, head.version);
        Self { method, headers, path, query, body: Bytes::new(), version, addresses }
    }

    /// The same request with its body.
    pub(super) fn with_body(mut self, body: Bytes) -> Self {
        self.body = body;
        self
    }

    /// The pairs of the query.
    pub(super) fn args(&self) -> Vec<(String, String)> {
        percent::parse_pairs(&self.query)
    }

    /// The first argument of this name, without regard to case where `any_case` says so.
    ///
    /// httpbin itself looks some arguments up without regard to case and some with.
    pub(super) fn arg(&self, name: &str, any_case: bool) -> Option<String> {
        let is_meant =
            |given: &str| if any_case { given.eq_ignore_ascii_case(name) } else { given == name };
        self.args().into_iter().find(|(given, _)| is_meant(given)).map(|(_, value)| value)
    }

    /// The value of a header, several joined; as Latin-1, which is how WSGI sees bytes.
    pub(super) fn header(&self, name: impl AsRef<str>) -> Option<String> {
        let name = HeaderName::from_bytes(name.as_ref().as_bytes()).ok()?;
        let values: Vec<String> = self.headers.get_all(&name).iter().map(latin1).collect();
        // RFC 9113, section 8.2.3: HTTP/2 splits Cookie into several, which belong together with `; `.
        let between =
            if self.version == Version::HTTP_2 && name == header::COOKIE { "; " } else { "," };
        (!values.is_empty()).then(|| values.join(between))
    }

    /// All headers as werkzeug names and shows them.
    pub(super) fn shown_headers(&self) -> Vec<(String, String)> {
        // Underscores are dropped as gunicorn does: in WSGI they could pass for hyphens.
        let names = self.headers.keys().filter(|name| !name.as_str().contains('_'));
        let shown = names.filter_map(|name| Some((title_case(name.as_str()), self.header(name)?)));
        // WSGI keeps these two apart from the other headers, and there they are never empty.
        shown
            .filter(|(name, value)| {
                !value.is_empty() || !matches!(name.as_str(), "Content-Type" | "Content-Length")
            })
            .collect()
    }

    /// The media type of the body, in lower case and without parameters, and the whole Content-Type.
    pub(super) fn content_type(&self) -> (String, String) {
        let whole = self.header(header::CONTENT_TYPE).unwrap_or_default();
        let kind = whole.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        (kind, whole)
    }

    /// Who sent this: the proxy's word for it if there is one, else the peer's address.
    pub(super) fn origin(&self) -> String {
        self.header("x-forwarded-for")
            .unwrap_or_else(|| self.addresses.peer.ip().to_canonical().to_string())
    }

    /// `https` where a proxy in front says so.
    pub(super) fn scheme(&self) -> &'static str {
        let says = |name: &str, value: &str| self.header(name).is_some_and(|given| given == value);
        let secure = says("x-forwarded-proto", "https")
            || says("x-forwarded-protocol", "ssl")
            || says("x-forwarded-ssl", "on");
        if secure { "https" } else { "http" }
    }

    /// The scheme and host that links to this server begin with.
    pub(super) fn base(&self) -> String {
        let scheme = self.scheme();
        let host = self.header(header::HOST).unwrap_or_else(|| self.addresses.local.to_string());
        let default_port = if scheme == "https" { ":443" } else { ":80" };
        let host = host.strip_suffix(default_port).unwrap_or(&host);
        format!("{scheme}://{}", host.to_ascii_lowercase())
    }

    /// The whole URL as httpbin shows it.
    pub(super) fn url(&self) -> String {
        let mut url = self.base();
        if let Some(forwarded) =
            self.header("x-forwarded-proto").or_else(|| self.header("x-forwarded-protocol"))
            && !forwarded.is_empty()
        {
            url.replace_range(..self.scheme().len(), &forwarded);
        }
        url.push_str(&percent::path_to_iri(&self.path));
        if !self.query.is_empty() {
            url.push('?');
            url.push_str(&percent::query_to_iri(&self.query));
        }
        url
    }
}

/// Reads the body, or gives the status that refuses it.
pub(super) async fn read_body(request: &Request, body: Incoming) -> Result<Bytes, StatusCode> {
    // A body that says it is too long is refused before a byte of it is kept.
    let limit = u64::try_from(BODY_LIMIT).unwrap_or(u64::MAX);
    if body.size_hint().lower() > limit {
        return Err(StatusCode::PAYLOAD_TOO_LARGE);
    }
    if request.method == Method::CONNECT {
        // What follows CONNECT is no body but the tunnel, and nobody says where it ends.
        return Ok(Bytes::new());
    }
    match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(StatusCode::PAYLOAD_TOO_LARGE),
        Err(_) => Err(StatusCode::BAD_REQUEST),
    }
}

/// The bytes of a header's value as characters.
fn latin1(value: &HeaderValue) -> String {
    value.as_bytes().iter().copied().map(char::from).collect()
}

/// `x-request-id` as `X-Request-Id`: Python's `title`, which makes a capital of each letter after a non-letter.
fn title_case(name: &str) -> String {
    let mut after_letter = false;
    name.chars()
        .map(|character| {
            let cased = if after_letter {
                character.to_ascii_lowercase()
            } else {
                character.to_ascii_uppercase()
            };
            after_letter = character.is_ascii_alphabetic();
            cased
        })
        .collect()
}
