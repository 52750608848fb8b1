//! One exchange: hop after hop until there is a response or a failure, within one limit of time.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Version, header};
use sha2::{Digest as _, Sha256};
use url::{Position, Url};

use super::channel::Channel;
use super::credentials::{Credentials, NoCredentials, Unsigned};
use super::failure::{Failure, FailureKind, Fault, Phase, RedirectFault, fault};
use super::hop::{self, Answer, Outgoing};
use super::hosts::{self, HostPattern};
use super::meter::Meter;
use super::pool::Pool;
use super::progress::Progress;
use super::proxy::{Proxy, ProxyEnvironment};
use super::redirect::{self, Carried, Decision};
use super::route::Route;
use super::timing::Timing;
use super::trust::{Roots, Trust};
use super::upload::{Body, Upload};
use super::wire::Secured;
use super::{decode, timing};

/// The body of an answer that is only a redirect is read up to here, so that its connection can be kept.
const REDIRECT_BODY: u64 = 64 * 1024;

/// A hop is made again so often at most: for a challenge, one that is stale, an Expect that was refused.
const MOST_REPEATS: u32 = 3;

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

/// Sends requests. Clones share connections and what is known of servers; one client serves a run.
///
/// Its connections belong to the tokio runtime in which they were opened: one client, one runtime.
#[derive(Clone)]
pub struct Client {
    pub(super) inner: Arc<Inner>,
}

/// What clones share.
pub(super) struct Inner {
    pub(super) pool: Pool,
    pub(super) trust: Trust,
    pub(super) proxies: ProxyEnvironment,
    /// The hosts that requests may go to; none are all.
    allowed: Option<Vec<HostPattern>>,
}

/// A request, before cookies, Host and the headers that describe the body.
#[derive(Clone, Debug)]
pub struct Request {
    /// GET, POST, …
    pub method: Method,
    /// http or https; a name and password in it are not used.
    pub url: Url,
    /// Sent as they are. `Host` and `Cookie` replace what would be made of the URL and the session. `Content-Length`
    /// and `Transfer-Encoding` are always the client's. Values marked sensitive do not go to another origin.
    pub headers: HeaderMap,
    /// The content.
    pub body: Body,
}

/// Limits and habits of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The most redirects followed; 0 takes a 3xx as the response.
    pub follow_redirects: u32,
    /// For each connection: looking up, connecting and the TLS handshake together.
    pub connect_timeout: Duration,
    /// For the whole exchange, redirects and reading included.
    pub request_timeout: Duration,
    /// The largest body in bytes, on the wire and after decoding.
    pub max_body: u64,
    /// Content codings are undone.
    pub compressed: bool,
    /// Where `compressed`, the codings are asked for unless the request has an Accept-Encoding.
    pub accept_encoding: bool,
    /// The body is hashed as it comes, and not kept but for its beginning. One with a content coding is kept.
    pub hash_body: bool,
    /// How connections are made.
    pub channel: Arc<Channel>,
    /// The host of the base URL, to which requests may go whatever hosts the client allows.
    pub home: Option<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            follow_redirects: 10,
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_body: 64 * 1024 * 1024,
            compressed: true,
            accept_encoding: true,
            hash_body: false,
            channel: Arc::default(),
            home: None,
        }
    }
}

/// Where cookies come from and go to. Asked at every hop.
pub trait Cookies: Send {
    /// The Cookie header for this URL, if there are cookies for it.
    fn cookie_header(&mut self, url: &Url) -> Option<HeaderValue>;
    /// The request to this URL has a Cookie header of its own, so that no other is asked for.
    fn passed_over(&mut self, _: &Url) {}
    /// The values of the Set-Cookie fields of an answer from this URL, also of those that no header can hold.
    fn receive(&mut self, url: &Url, set_cookie: &[&[u8]]);
}

/// What stands around an exchange.
pub struct Around<'a> {
    /// Where cookies come from and go to.
    pub cookies: &'a mut dyn Cookies,
    /// What says who sends.
    pub credentials: &'a mut dyn Credentials,
    /// Counts the bytes.
    pub meter: &'a Meter,
    /// Path and query of the first request, where they are to be sent as they are and not as the URL has them.
    pub target: Option<String>,
}

/// No cookies.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCookies;

impl Cookies for NoCookies {
    fn cookie_header(&mut self, _: &Url) -> Option<HeaderValue> {
        None
    }

    fn receive(&mut self, _: &Url, _: &[&[u8]]) {}
}

/// All that happened.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Each request that was begun, in order. Empty only if the first was refused before anything was sent.
    pub hops: Vec<Hop>,
    /// The last answer, or why there is none.
    pub result: Result<Response, Failure>,
    /// From the call to the result.
    pub duration: Duration,
    /// Requests sent a second time because a kept connection was lost.
    pub retried: u32,
}

impl Exchange {
    /// Whether a server was believed without a look at its certificate: `verify: false`.
    #[must_use]
    pub fn is_unverified(&self) -> bool {
        self.hops.iter().any(Hop::is_unverified)
    }
}

/// One request and what is known of its answer.
#[derive(Clone, Debug)]
pub struct Hop {
    /// The method sent.
    pub method: Method,
    /// The URL asked.
    pub url: Url,
    /// As sent. In HTTP/2, Host was sent as `:authority`.
    pub headers: HeaderMap,
    /// Bytes of the request's body.
    pub body_len: u64,
    /// The answer's head, if it came.
    pub answer: Option<Arc<Head>>,
    /// Values of `Set-Cookie` lines with bytes that no header may have; they are in no header of `answer`.
    pub refused_cookies: Vec<Vec<u8>>,
    /// Where the time went.
    pub timing: Timing,
    /// The address that was connected to: the server's, or the proxy's. A unix socket has none.
    pub remote: Option<SocketAddr>,
    /// A kept connection was used.
    pub reused: bool,
    /// It was sent a second time because a kept connection was lost.
    pub retried: bool,
    /// How its connection was made.
    pub channel: Arc<Channel>,
    /// The proxy that it went through.
    pub proxy: Option<Proxy>,
    /// What TLS came to; none over plain HTTP.
    pub tls: Option<Secured>,
}

impl Hop {
    /// Whether the server was believed without a look at its certificate.
    #[must_use]
    pub fn is_unverified(&self) -> bool {
        self.tls.as_ref().is_some_and(|tls| !tls.verified)
    }
}

/// Status, version and headers of an answer.
#[derive(Clone, Debug)]
pub struct Head {
    /// The status code.
    pub status: StatusCode,
    /// The HTTP version of the answer.
    pub version: Version,
    /// The headers as received.
    pub headers: HeaderMap,
}

/// The last answer, read to its end and decoded.
#[derive(Clone, Debug)]
pub struct Response {
    /// Shared with the last hop.
    pub head: Arc<Head>,
    /// After decoding. What is told of a long one has its beginning alone.
    pub body: Bytes,
    /// Bytes of the whole body after decoding.
    pub size: u64,
    /// Bytes of the body before decoding.
    pub wire_size: u64,
    /// The SHA-256 of the whole body, where it was hashed as it came.
    pub sha256: Option<[u8; 32]>,
    /// The URL that answered.
    pub url: Url,
}

impl Response {
    /// The status code.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The HTTP version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.head.version
    }

    /// The headers as received.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.headers
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new()
    }
}

impl Client {
    /// A client that trusts what the platform trusts.
    #[must_use]
    pub fn new() -> Self {
        Self::with_roots(Roots::Platform)
    }

    /// A client that trusts these authorities.
    #[must_use]
    pub fn with_roots(roots: Roots) -> Self {
        Self::with(roots, ProxyEnvironment::default())
    }

    /// A client that trusts these authorities and knows what the environment says of proxies.
    #[must_use]
    pub fn with(roots: Roots, proxies: ProxyEnvironment) -> Self {
        Self::allowing(roots, proxies, None)
    }

    /// As [`Client::with`], for a project whose requests go to these hosts only.
    #[must_use]
    pub fn allowing(
        roots: Roots,
        proxies: ProxyEnvironment,
        allowed: Option<Vec<HostPattern>>,
    ) -> Self {
        let trust = Trust::new(roots);
        Self { inner: Arc::new(Inner { pool: Pool::default(), trust, proxies, allowed }) }
    }

    /// As [`Client::exchange_with`], without credentials.
    pub async fn exchange(
        &self,
        request: Request,
        settings: &Settings,
        cookies: &mut dyn Cookies,
    ) -> Exchange {
        let (credentials, meter) = (&mut NoCredentials, &Meter::default());
        let around = Around { cookies, credentials, meter, target: None };
        self.exchange_with(request, settings, around).await
    }

    /// Sends a request and follows it to its end. Dropping the future closes what is open; nothing half-used is
    /// kept.
    pub async fn exchange_with(
        &self,
        request: Request,
        settings: &Settings,
        around: Around<'_>,
    ) -> Exchange {
        let Around { cookies, credentials, meter, target } = around;
        let start = Instant::now();
        let mut trip = Trip {
            client: self,
            settings,
            begun: start,
            deadline: start.checked_add(settings.request_timeout).unwrap_or(start + timing::FAR),
            hops: Vec::with_capacity(1),
            progress: Progress::new(start, 0),
            retried: 0,
            followed: 0,
            credentials,
            meter,
            target,
            at_home: true,
            repeated: 0,
            announces: true,
            left: false,
        };
        let first = request.url.clone();
        let outcome = {
            // Pinned here, the future is not moved into the time-out: it is kilobytes.
            let run = std::pin::pin!(trip.run(request, cookies));
            tokio::time::timeout(settings.request_timeout, run).await
        };
        let outcome = outcome.unwrap_or_else(|_| Err(trip.timed_out()));
        trip.note();
        meter.release();
        let duration = start.elapsed();
        let result = outcome.map_err(|fault| {
            let url = trip.hops.last().map_or(&first, |hop| &hop.url);
            fault.at(url, duration)
        });
        Exchange { hops: trip.hops, result, duration, retried: trip.retried }
    }
}

/// An exchange under way.
struct Trip<'a> {
    client: &'a Client,
    settings: &'a Settings,
    begun: Instant,
    deadline: Instant,
    hops: Vec<Hop>,
    progress: Progress,
    retried: u32,
    followed: u32,
    credentials: &'a mut dyn Credentials,
    meter: &'a Meter,
    /// What stands in for path and query of the URL.
    target: Option<String>,
    /// No hop led to another origin so far.
    at_home: bool,
    /// Hops that were made again on account of their answer.
    repeated: u32,
    /// A large body is announced before it is sent.
    announces: bool,
    /// A redirect led to another host than that of the first URL.
    left: bool,
}

impl Trip<'_> {
    async fn run(
        &mut self,
        mut request: Request,
        cookies: &mut dyn Cookies,
    ) -> Result<Response, Fault> {
        let mut carried = Carried::new(&request.url, std::mem::take(&mut request.headers));
        loop {
            let answer = self.ask(&request, &carried, cookies).await?;
            if self.is_to_repeat(&request, &carried, &answer).await {
                let _ = answer.collect(REDIRECT_BODY, None, &mut self.progress).await;
                self.note();
                continue;
            }
            let next = match self.decide(&request, &answer) {
                Decision::Stop => return self.finish(answer, request).await,
                Decision::Fail(fault) => return Err(fault),
                Decision::Follow(next) => next,
            };
            if self.followed >= self.settings.follow_redirects {
                let message = format!(
                    "more than {} redirects; the next would be `{}`",
                    self.followed,
                    short(&next.url)
                );
                let remedy = "`follow_redirects` says how many are followed; `false` stops at the first answer";
                let fault = fault(FailureKind::Redirects(RedirectFault::TooMany), message);
                return Err(fault.remedy(remedy));
            }
            self.followed += 1;
            // A redirect is followed whatever its body; only the connection depends on it.
            let _ = answer.collect(REDIRECT_BODY, None, &mut self.progress).await;
            self.note();
            carried.follow(&next);
            self.target = None;
            self.at_home &= !next.other_origin;
            if next.drop_body {
                request.body = Body::Empty;
            }
            (request.method, request.url) = (next.method, next.url);
        }
    }

    /// Whether the same request, with other credentials or without an Expect, may do better.
    async fn is_to_repeat(
        &mut self,
        request: &Request,
        carried: &Carried,
        answer: &Answer,
    ) -> bool {
        let is_wanted = match answer.head.status {
            StatusCode::UNAUTHORIZED if self.at_home => {
                self.credentials.challenged(&request.url, &answer.head).await
            }
            // RFC 9110 section 10.1.1
            StatusCode::EXPECTATION_FAILED if self.announces => {
                let sent = self.hops.last().map(|hop| &hop.headers);
                self.announces = false;
                sent.is_some_and(|headers| headers.contains_key(header::EXPECT))
                    && !carried.has(&header::EXPECT)
            }
            _ => false,
        };
        self.repeated += u32::from(is_wanted);
        is_wanted && self.repeated <= MOST_REPEATS
    }

    fn decide(&self, request: &Request, answer: &Answer) -> Decision {
        if self.settings.follow_redirects == 0 {
            return Decision::Stop;
        }
        let has_body = self.progress.body_len > 0;
        redirect::decide(
            &request.method,
            &request.url,
            has_body,
            answer.head.status,
            &answer.head.headers,
        )
    }

    /// What of the channel holds for this URL.
    fn channel(&mut self, url: &Url) -> Arc<Channel> {
        let channel = &self.settings.channel;
        let first = self.hops.first().map(|hop| hop.url.host_str());
        if first.is_some_and(|host| host != url.host_str()) {
            self.left = true;
            return Arc::new(channel.elsewhere());
        }
        if self.left { Arc::new(channel.back()) } else { Arc::clone(channel) }
    }

    /// One hop, up to the head of its answer.
    async fn ask(
        &mut self,
        request: &Request,
        carried: &Carried,
        cookies: &mut dyn Cookies,
    ) -> Result<Answer, Fault> {
        let (method, url) = (&request.method, &request.url);
        let home = self.settings.home.as_deref();
        hosts::admit(self.client.inner.allowed.as_deref(), home, url, !self.hops.is_empty())?;
        let channel = self.channel(url);
        let target = self.target.as_deref();
        let target = target.unwrap_or(&url[Position::BeforePath..Position::AfterQuery]);
        let route = Route::of(url, &channel, &self.client.inner.proxies)?;
        let proxy = route.proxy().cloned();
        let connections = self.client.inner.pool.connections(url, route)?;
        let upload = Upload::open(&request.body).await?;
        let body_len = upload.left();
        let cookie = if carried.has(&header::COOKIE) {
            cookies.passed_over(url);
            None
        } else {
            cookies.cookie_header(url)
        };
        let mut headers = hop::headers(url, carried, cookie, self.settings);
        hop::describe_body(&mut headers, method, body_len);
        if !self.announces && !carried.has(&header::EXPECT) {
            headers.remove(header::EXPECT);
        }
        if self.at_home {
            let (headers, has_body) = (&mut headers, body_len > 0);
            self.credentials.authorize(Unsigned { method, url, target, headers, has_body });
        }
        self.progress = Progress::new(Instant::now(), body_len).metered(self.meter);
        self.hops.push(Hop {
            method: method.clone(),
            url: url.clone(),
            headers,
            body_len,
            answer: None,
            refused_cookies: Vec::new(),
            timing: Timing::default(),
            remote: None,
            reused: false,
            retried: false,
            channel,
            proxy,
            tls: None,
        });
        let last = self.hops.len() - 1;
        let hop = &mut self.hops[last];
        let outgoing = Outgoing { method, url, target, headers: &hop.headers, body: &request.body };
        let (outcome, retried) = hop::send(
            self.client,
            connections,
            outgoing,
            self.settings,
            upload,
            &mut self.progress,
        )
        .await;
        self.retried += u32::from(retried);
        hop.retried = retried;
        let mut answer = outcome?;
        hop.answer = Some(Arc::clone(&answer.head));
        hop.refused_cookies = std::mem::take(&mut answer.refused_cookies);
        let received = answer.head.headers.get_all(header::SET_COOKIE).iter();
        let received = received.map(HeaderValue::as_bytes);
        let received: Vec<&[u8]> =
            received.chain(hop.refused_cookies.iter().map(Vec::as_slice)).collect();
        if !received.is_empty() {
            cookies.receive(url, &received);
        }
        Ok(answer)
    }

    async fn finish(&mut self, answer: Answer, request: Request) -> Result<Response, Fault> {
        let head = Arc::clone(&answer.head);
        let coded = self.settings.compressed && head.headers.contains_key(header::CONTENT_ENCODING);
        let mut hash = (self.settings.hash_body && !coded).then(Sha256::new);
        let limit = self.settings.max_body;
        let mut body = answer.collect(limit, hash.as_mut(), &mut self.progress).await?;
        self.note();
        let wire_size = self.progress.received;
        // Without a body there is nothing to decode: HEAD, 204, 304 and an empty one (RFC 9110 §8.4).
        if coded && !body.is_empty() {
            let codings = decode::codings(&head.headers)?;
            body = Box::pin(decode::decode(body, codings, limit, self.deadline)).await?;
        }
        let size = if hash.is_some() { wire_size } else { body.len() as u64 };
        let sha256 = hash.map(|hash| hash.finalize().into());
        Ok(Response { head, body, size, wire_size, sha256, url: request.url })
    }

    /// Writes what is known of the hop under way into its record.
    fn note(&mut self) {
        if let Some(hop) = self.hops.last_mut() {
            if hop.timing == Timing::default() {
                let start = self.progress.start;
                self.progress.timing.start = start.saturating_duration_since(self.begun);
                self.progress.timing.total = start.elapsed();
                hop.timing = self.progress.timing;
            }
            hop.remote = self.progress.remote;
            hop.reused = self.progress.reused;
            hop.tls = self.progress.secured();
        }
    }

    fn timed_out(&self) -> Fault {
        let host = self.hops.last().and_then(|hop| hop.url.host_str()).unwrap_or_default();
        let last = self.progress.timed_out(self.settings.request_timeout, host);
        if self.followed == 0 {
            return last;
        }
        let message = format!("{} (after {} redirects)", last.message, self.followed);
        fault(FailureKind::Timeout(Phase::Redirects), message)
    }
}

fn short(url: &Url) -> String {
    let mut text: String = url.as_str().chars().take(200).collect();
    if text.len() < url.as_str().len() {
        text.push('…');
    }
    text
}
