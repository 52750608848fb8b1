//! Proxies: which one, what of the environment holds, and the tunnel through one.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use url::Url;

use super::failure::{ConnectFault, FailureKind, Fault, fault};
use super::stream::Stream;
use super::target::uri;
use crate::scenario::hosts::is_loopback;

/// The head of a proxy's answer to CONNECT.
const MAX_ANSWER: usize = 16 * 1024;

/// An HTTP proxy.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    https: bool,
    host: String,
    port: u16,
    authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Reads `http://user:password@host:port`; the port is that of the scheme where it is left out.
    ///
    /// # Errors
    /// What is wrong with it, without the credentials.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url =
            Url::parse(text).map_err(|error| format!("a proxy's URL does not parse: {error}"))?;
        let https = match url.scheme() {
            "http" => false,
            "https" => true,
            other => {
                return Err(format!("a proxy is spoken to in `http` or `https`, not `{other}`"));
            }
        };
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err("a proxy's URL has no host".to_owned());
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err("a proxy's URL ends after its port".to_owned());
        }
        let has_credentials = !url.username().is_empty() || url.password().is_some();
        let authorization = has_credentials.then(|| basic(&url));
        Ok(Self { https, host: host.to_owned(), port, authorization })
    }

    /// Whether TLS is spoken with the proxy itself.
    pub(super) fn https(&self) -> bool {
        self.https
    }

    /// As URLs write it.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The Proxy-Authorization header (RFC 9110 §11.7.2): for the proxy's eyes only.
    #[must_use]
    pub fn authorization(&self) -> Option<&HeaderValue> {
        self.authorization.as_ref()
    }

    /// Changes the text that is shown of it.
    pub fn names(&mut self, change: &mut dyn FnMut(&mut String)) {
        change(&mut self.host);
    }

    /// Whether it was given a name and a password.
    #[must_use]
    pub fn has_credentials(&self) -> bool {
        self.authorization.is_some()
    }
}

/// `http://host:port`, without credentials.
impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.https { "https" } else { "http" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self})")
    }
}

/// RFC 7617 §2.
fn basic(url: &Url) -> HeaderValue {
    let mut pair: Vec<u8> = percent_decode_str(url.username()).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(url.password().unwrap_or_default()));
    let text = format!("Basic {}", STANDARD.encode(pair));
    // Base64 has nothing that a header may not hold.
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// What the environment says of proxies.
#[derive(Debug, Default)]
pub struct ProxyEnvironment {
    http: Option<Named>,
    https: Option<Named>,
    /// `NO_PROXY`, as a matcher that lets nothing through that it names.
    no: Option<Matcher>,
}

/// A proxy, or what is wrong with it, and the variable that names it.
#[derive(Clone, Debug)]
struct Named {
    variable: &'static str,
    proxy: Result<Proxy, String>,
}

impl ProxyEnvironment {
    /// `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`; in lower case they go first, as curl has it. In CGI
    /// `HTTP_PROXY` is the request's header `Proxy` (httpoxy, CVE-2016-5385) and not looked at.
    #[must_use]
    pub fn of(variables: &HashMap<String, String>) -> Self {
        let cgi = variables.contains_key("REQUEST_METHOD");
        let first = |names: [&'static str; 2]| {
            let set = |name: &&'static str| !(cgi && *name == "HTTP_PROXY");
            names.into_iter().filter(set).find_map(|name| {
                let value = variables.get(name)?.trim();
                (!value.is_empty()).then_some((name, value))
            })
        };
        let named = |(variable, value): (&'static str, &str)| {
            let whole = match value.contains("://") {
                true => value.to_owned(),
                false => format!("http://{value}"),
            };
            Named { variable, proxy: Proxy::parse(&whole) }
        };
        let all = first(["all_proxy", "ALL_PROXY"]);
        let http = first(["http_proxy", "HTTP_PROXY"]).or(all).map(named);
        let https = first(["https_proxy", "HTTPS_PROXY"]).or(all).map(named);
        let no = first(["no_proxy", "NO_PROXY"])
            .map(|(_, list)| Matcher::builder().all("http://proxy.invalid").no(list).build());
        Self { http, https, no }
    }

    /// The proxy for a URL, if there is one.
    pub(super) fn proxy(&self, url: &Url) -> Result<Option<Proxy>, Fault> {
        let named = if url.scheme() == "https" { &self.https } else { &self.http };
        let Some(named) = named else { return Ok(None) };
        if is_loopback(url) || self.is_excepted(url) {
            return Ok(None);
        }
        named.proxy.clone().map(Some).map_err(|message| {
            let variable = named.variable;
            fault(FailureKind::Connect(ConnectFault::Proxy), format!("`{variable}`: {message}"))
                .remedy(format!("correct `{variable}`, or write `proxy: none`"))
        })
    }

    fn is_excepted(&self, url: &Url) -> bool {
        let Some(no) = &self.no else { return false };
        let uri = url.host_str().and_then(|host| format!("http://{host}/").parse().ok());
        uri.is_some_and(|uri| no.intercept(&uri).is_none())
    }
}

/// Asks the proxy for a connection to `authority` (RFC 9110 §9.3.6) and gives the stream back as it then is.
pub(super) async fn tunnel(
    stream: Stream,
    proxy: &Proxy,
    authority: &str,
) -> Result<Stream, Fault> {
    let broken = |error: &hyper::Error| {
        refused(format!("the proxy `{proxy}` did not answer CONNECT with HTTP")).because(error)
    };
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_ANSWER)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let response = sender.send_request(connect_request(proxy, authority)?);
    let mut connection = pin!(connection.without_shutdown());
    let mut response = pin!(response);
    let mut over = None;
    let answer = poll_fn(|cx| {
        if let Poll::Ready(answer) = response.as_mut().poll(cx) {
            return Poll::Ready(answer);
        }
        if over.is_none()
            && let Poll::Ready(ended) = connection.as_mut().poll(cx)
        {
            over = Some(ended);
        }
        response.as_mut().poll(cx)
    });
    let answer = answer.await.map_err(|error| broken(&error))?;
    if !answer.status().is_success() {
        return Err(not_opened(proxy, authority, answer.status()));
    }
    let ended = match over {
        Some(ended) => ended,
        None => connection.await,
    };
    let parts = ended.map_err(|error| broken(&error))?;
    if !parts.read_buf.is_empty() {
        // Nobody speaks before the client does, in TLS as in HTTP/2: these bytes are not the server's.
        return Err(refused(format!("the proxy `{proxy}` sent bytes of its own into the tunnel")));
    }
    Ok(parts.io.into_inner())
}

fn connect_request(proxy: &Proxy, authority: &str) -> Result<Request<Empty<Bytes>>, Fault> {
    let mut request = Request::new(Empty::new());
    *request.method_mut() = Method::CONNECT;
    *request.uri_mut() = uri(authority)?;
    let host = HeaderValue::from_str(authority).unwrap_or_else(|_| HeaderValue::from_static(""));
    request.headers_mut().insert(header::HOST, host);
    request.headers_mut().insert(header::USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
    if let Some(credentials) = proxy.authorization() {
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, credentials.clone());
    }
    Ok(request)
}

fn refused(message: String) -> Fault {
    fault(FailureKind::Connect(ConnectFault::Proxy), message)
}

fn not_opened(proxy: &Proxy, authority: &str, status: StatusCode) -> Fault {
    if status != StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        let message =
            format!("the proxy `{proxy}` does not connect to `{authority}`: it answered {status}");
        return refused(message).remedy("`proxy: none` goes without it");
    }
    if proxy.has_credentials() {
        return refused(format!(
            "the proxy `{proxy}` does not take its URL's name and password (407)"
        ))
        .remedy("correct them in the proxy's URL");
    }
    refused(format!("the proxy `{proxy}` wants a name and a password (407)"))
        .remedy("write them into the proxy's URL: `http://name:password@host:port`")
}
