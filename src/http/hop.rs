//! One request and its answer on one connection, and the second try where a kept connection was lost.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version, header};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming};
use sha2::{Digest as _, Sha256};
use url::{Position, Url};

use super::connection::{Http1, Http2, poll};
use super::failure::{FailureKind, Fault, Limit, Phase, ProtocolFault, fault};
use super::head::{HeadFault, MAX_HEADERS};
use super::pool::{Connections, Leased};
use super::progress::Progress;
use super::protocol::{explain, is_unprocessed, transfer_coding_defect};
use super::proxy::Proxy;
use super::redirect::Carried;
use super::target::uri;
use super::upload::{self, Upload};
use super::{Client, Head, Settings};

/// What of a body is kept that is hashed as it comes.
const BEGINNING: usize = 256 * 1024;

/// What announces a body that is held back (RFC 9110 section 10.1.1).
pub(super) const CONTINUE: &str = "100-continue";

/// What is sent.
pub(super) struct Outgoing<'a> {
    pub(super) method: &'a Method,
    pub(super) url: &'a Url,
    /// Path and query.
    pub(super) target: &'a str,
    /// Complete, as sent.
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a super::Body,
}

/// An answer whose body is still to come.
pub(super) struct Answer {
    pub(super) head: Arc<Head>,
    /// Values of `Set-Cookie` lines that no header can hold.
    pub(super) refused_cookies: Vec<Vec<u8>>,
    body: Incoming,
    line: Line,
    connections: Arc<Connections>,
}

/// The connection in use. Dropped before the end of the body, HTTP/1 is closed and HTTP/2 resets the stream.
enum Line {
    One(Http1),
    Two,
}

/// A try that failed.
struct Lost {
    fault: Fault,
    /// It is certain that the server has not begun with it.
    unsent: bool,
    /// Something of an answer came.
    answered: bool,
    reused: bool,
}

/// Whether a failed try is made again on a new connection (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
fn again(lost: &Lost, repeatable: bool) -> bool {
    lost.unsent || (lost.reused && repeatable && !lost.answered)
}

/// RFC 9110 §9.2.2: what the client may repeat by itself.
fn is_repeatable(method: &Method) -> bool {
    matches!(
        *method,
        Method::GET | Method::HEAD | Method::PUT | Method::DELETE | Method::OPTIONS | Method::TRACE
    )
}

/// Sends a request and waits for the head of its answer. True beside it: it took two tries.
pub(super) async fn send(
    client: &Client,
    connections: Arc<Connections>,
    outgoing: Outgoing<'_>,
    settings: &Settings,
    upload: Upload,
    progress: &mut Progress,
) -> (Result<Answer, Fault>, bool) {
    let repeatable = is_repeatable(outgoing.method);
    let lost = match attempt(
        client,
        &connections,
        &outgoing,
        settings,
        upload,
        repeatable,
        false,
        progress,
    )
    .await
    {
        Ok(answer) => return (Ok(answer), false),
        Err(lost) if again(&lost, repeatable) => lost,
        Err(lost) => return (Err(lost.fault), false),
    };
    drop(lost);
    let upload = match Upload::open(outgoing.body).await {
        Ok(upload) if upload.left() == progress.body_len => upload,
        Ok(_) => return (Err(changed()), true),
        Err(fault) => return (Err(fault), true),
    };
    let outcome =
        attempt(client, &connections, &outgoing, settings, upload, repeatable, true, progress)
            .await;
    (outcome.map_err(|lost| lost.fault), true)
}

fn changed() -> Fault {
    let kind = FailureKind::Refused(super::Refusal::File);
    fault(kind, "the request's file changed its size between two tries")
}

#[expect(clippy::too_many_arguments, reason = "one call site, and each is a different thing")]
async fn attempt(
    client: &Client,
    connections: &Arc<Connections>,
    outgoing: &Outgoing<'_>,
    settings: &Settings,
    upload: Upload,
    repeatable: bool,
    fresh: bool,
    progress: &mut Progress,
) -> Result<Answer, Lost> {
    // Nothing was sent, and a second try would end as this one does.
    let hopeless = |fault| Lost { fault, unsent: false, answered: false, reused: false };
    let trust = &client.inner.trust;
    let leased = connections
        .lease(repeatable, fresh, trust, settings.connect_timeout, progress)
        .await
        .map_err(hopeless)?;
    progress.phase = Phase::Head;
    match leased {
        Leased::One(lease) => {
            let request = http1_request(outgoing, connections.origin.route.forwarder(), upload)
                .map_err(hopeless)?;
            progress.watch(&lease.connection.wire);
            progress.reused = lease.idle.is_some();
            let outcome = send_one(lease.connection, request, connections, progress).await;
            if let (Err(lost), Some(idle)) = (&outcome, lease.idle)
                && !lost.answered
            {
                connections.lost(idle);
            }
            outcome
        }
        Leased::Two(lease) => {
            let request = http2_request(outgoing, upload).map_err(hopeless)?;
            progress.watch(&lease.connection.wire);
            progress.reused = lease.idle.is_some();
            send_two(lease.connection, request, connections, progress).await
        }
    }
}

/// Origin form (RFC 9112 §3.2.1); to a proxy, absolute form (§3.2.2), and with its credentials, which are in no other
/// request.
fn http1_request(
    outgoing: &Outgoing<'_>,
    forwarder: Option<&Proxy>,
    upload: Upload,
) -> Result<Request<Upload>, Fault> {
    let (url, target) = (outgoing.url, outgoing.target);
    let mut request = Request::new(upload);
    *request.method_mut() = outgoing.method.clone();
    *request.headers_mut() = outgoing.headers.clone();
    let Some(proxy) = forwarder else {
        *request.uri_mut() = uri(target)?;
        return Ok(request);
    };
    let host = &url[Position::BeforeHost..Position::AfterPort];
    *request.uri_mut() = uri(&format!("{}://{host}{target}", url.scheme()))?;
    if let Some(credentials) = proxy.authorization() {
        request.headers_mut().insert(header::PROXY_AUTHORIZATION, credentials.clone());
    }
    Ok(request)
}

/// RFC 9113 §8.3.1: the authority stands in a pseudo-header, and a Host given by the caller becomes it.
fn http2_request(outgoing: &Outgoing<'_>, upload: Upload) -> Result<Request<Upload>, Fault> {
    let mut headers = outgoing.headers.clone();
    let host = headers.remove(header::HOST);
    let authority = host.as_ref().and_then(|host| host.to_str().ok()).unwrap_or_default();
    let path = outgoing.target;
    let mut request = Request::new(upload);
    *request.method_mut() = outgoing.method.clone();
    *request.uri_mut() = uri(&format!("{}://{authority}{path}", outgoing.url.scheme()))?;
    *request.version_mut() = Version::HTTP_2;
    // RFC 9113 §8.2.2
    // Expect is held back for HTTP/1 alone: here the server can end the stream.
    for name in
        ["connection", "expect", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"]
    {
        headers.remove(name);
    }
    *request.headers_mut() = headers;
    Ok(request)
}

async fn send_one(
    mut connection: Http1,
    mut request: Request<Upload>,
    connections: &Arc<Connections>,
    progress: &mut Progress,
) -> Result<Answer, Lost> {
    connection.wire.expect_head();
    if request.headers().get(header::EXPECT).is_some_and(|value| value == CONTINUE) {
        request.body_mut().hold(&connection.wire);
    }
    let response = connection.sender.try_send_request(request);
    let outcome = drive(&mut connection, pin!(response)).await;
    let response = match outcome {
        Ok(response) => response,
        Err(mut lost) => {
            let unsent = lost.take_message().is_some();
            let answered = !connection.wire.answer().head.is_empty();
            let fault =
                explain(&lost.into_error(), &connections.origin, progress, Some(&connection.wire));
            return Err(Lost { fault, unsent, answered, reused: progress.reused });
        }
    };
    let (parts, body) = response.into_parts();
    let refused_cookies = {
        let answer = connection.wire.answer();
        let began = answer.began.unwrap_or(progress.start);
        progress.timing.first_byte = began.saturating_duration_since(progress.start);
        // Equal counts: hyper skipped no line.
        if answer.head.header_lines() == parts.headers.len() {
            Ok(Vec::new())
        } else {
            answer.head.examine()
        }
    };
    let answered = |fault| Lost { fault, unsent: false, answered: true, reused: progress.reused };
    let refused_cookies = refused_cookies.map_err(answered)?;
    if let Some(fault) = transfer_coding_defect(&parts.headers) {
        return Err(answered(fault));
    }
    let head = checked(parts).map_err(answered)?;
    Ok(Answer {
        head,
        refused_cookies,
        body,
        line: Line::One(connection),
        connections: Arc::clone(connections),
    })
}

async fn send_two(
    mut connection: Http2,
    request: Request<Upload>,
    connections: &Arc<Connections>,
    progress: &mut Progress,
) -> Result<Answer, Lost> {
    let response = match connection.sender.try_send_request(request).await {
        Ok(response) => response,
        Err(mut lost) => {
            let returned = lost.take_message().is_some();
            let error = lost.into_error();
            let unsent = returned || is_unprocessed(&error);
            let fault = explain(&error, &connections.origin, progress, None);
            return Err(Lost { fault, unsent, answered: false, reused: progress.reused });
        }
    };
    progress.timing.first_byte = progress.start.elapsed();
    let (parts, body) = response.into_parts();
    let answered = |fault| Lost { fault, unsent: false, answered: true, reused: progress.reused };
    let head = checked(parts).map_err(answered)?;
    let (refused_cookies, line) = (Vec::new(), Line::Two);
    Ok(Answer { head, refused_cookies, body, line, connections: Arc::clone(connections) })
}

fn checked(parts: http::response::Parts) -> Result<Arc<Head>, Fault> {
    // No Upgrade is ever offered (RFC 9110 §7.8: only then may the server switch).
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let kind = FailureKind::Protocol(ProtocolFault::UnexpectedUpgrade);
        return Err(fault(kind, "the server switched protocols (101), which nobody asked for"));
    }
    // HTTP/1 is stopped while it reads; of HTTP/2 h2 bounds the bytes alone.
    if parts.headers.len() > MAX_HEADERS {
        return Err(HeadFault(Limit::HeadCount).told());
    }
    Ok(Arc::new(Head { status: parts.status, version: parts.version, headers: parts.headers }))
}

/// Runs a future and the connection that it waits for in one task.
async fn drive<F: Future + Unpin>(connection: &mut Http1, mut future: F) -> F::Output {
    poll_fn(move |cx| step(connection, &mut future, cx)).await
}

fn step<F: Future + Unpin>(
    connection: &mut Http1,
    future: &mut F,
    cx: &mut Context<'_>,
) -> Poll<F::Output> {
    let mut future = pin!(future);
    if let Poll::Ready(output) = future.as_mut().poll(cx) {
        return Poll::Ready(output);
    }
    // Its error, if it is one, comes out of the future as well.
    if !connection.over && poll(&mut connection.driver, cx).is_ready() {
        connection.over = true;
    }
    future.poll(cx)
}

impl Answer {
    /// Reads the body, at most `limit` bytes, and gives the connection back. One that is hashed is not kept but for its
    /// beginning.
    pub(super) async fn collect(
        mut self,
        limit: u64,
        mut hash: Option<&mut Sha256>,
        progress: &mut Progress,
    ) -> Result<Bytes, Fault> {
        progress.phase = Phase::Body;
        progress.expected = self.body.size_hint().exact();
        let mut first = Bytes::new();
        let mut whole = Vec::new();
        while !self.body.is_end_stream() {
            let frame = match self.frame().await {
                None => break,
                Some(Ok(frame)) => frame,
                Some(Err(error)) => {
                    let wire = match &self.line {
                        Line::One(connection) => Some(&*connection.wire),
                        Line::Two => None,
                    };
                    return Err(explain(&error, &self.connections.origin, progress, wire));
                }
            };
            // Trailers are read and dropped (RFC 9110 §6.5.1).
            let Ok(mut data) = frame.into_data() else { continue };
            progress.received += data.len() as u64;
            if progress.received > limit {
                let message = format!("the body is larger than {limit} bytes (`max_body`)");
                let fault = fault(FailureKind::TooLarge(Limit::BodySize), message);
                return Err(fault.remedy("a larger `max_body` lets it through"));
            }
            if let Some(hash) = &mut hash {
                hash.update(&data);
                data.truncate(BEGINNING.saturating_sub(first.len().max(whole.len())));
                // Where bytes come faster than they are hashed, nothing else would have its turn.
                tokio::task::yield_now().await;
            }
            if first.is_empty() {
                first = data;
                continue;
            }
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&data);
        }
        self.finish().await;
        Ok(if whole.is_empty() { first } else { Bytes::from(whole) })
    }

    async fn frame(&mut self) -> Option<hyper::Result<Frame<Bytes>>> {
        match &mut self.line {
            Line::One(connection) => drive(connection, self.body.frame()).await,
            Line::Two => self.body.frame().await,
        }
    }

    /// Lets hyper come to rest, and gives an HTTP/1 connection back if it is free for another request: not after
    /// `Connection: close`, not while the request is still being sent, not if bytes follow the answer.
    async fn finish(self) {
        drop(self.body);
        let Line::One(mut connection) = self.line else { return };
        poll_fn(|cx| {
            connection.over = connection.over || poll(&mut connection.driver, cx).is_ready();
            Poll::Ready(())
        })
        .await;
        if connection.over {
            // Already closed, and not a word of it before: other requests had better know.
            if !announces_close(&self.head) {
                self.connections.lost(std::time::Duration::ZERO);
            }
        } else if connection.sender.is_ready() && !connection.wire.is_broken() {
            self.connections.give_back(connection);
        }
    }
}

/// RFC 9112 §9.3: the connection ends with this answer, by its version, its option or its framing.
fn announces_close(head: &Head) -> bool {
    let headers = &head.headers;
    let says_close = headers.get_all(header::CONNECTION).iter().any(|value| {
        value
            .as_bytes()
            .split(|byte| *byte == b',')
            .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    });
    let framed = headers.contains_key(header::CONTENT_LENGTH)
        || headers.contains_key(header::TRANSFER_ENCODING)
        || matches!(head.status.as_u16(), 204 | 304);
    says_close || head.version < Version::HTTP_11 || !framed
}

/// The headers of a hop, complete: Host first, then the caller's, then what follows from the body.
pub(super) fn headers(
    url: &Url,
    carried: &Carried,
    cookie: Option<HeaderValue>,
    settings: &Settings,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(carried.len() + 4);
    let of_url = || HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]).ok();
    if let Some(host) = carried.get(&header::HOST).cloned().or_else(of_url) {
        headers.insert(header::HOST, host);
    }
    for (name, value) in carried.iter().filter(|(name, _)| *name != header::HOST) {
        headers.append(name, value.clone());
    }
    if settings.compressed
        && settings.accept_encoding
        && !headers.contains_key(header::ACCEPT_ENCODING)
    {
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(super::ACCEPT_ENCODING));
    }
    if let Some(cookie) = cookie {
        headers.insert(header::COOKIE, cookie);
    }
    headers
}

/// RFC 9110 §8.6: a length for every body, and for the methods that mean one even when it is empty.
pub(super) fn describe_body(headers: &mut HeaderMap, method: &Method, length: u64) {
    headers.remove(header::TRANSFER_ENCODING);
    if length > upload::LARGE && !headers.contains_key(header::EXPECT) {
        headers.insert(header::EXPECT, HeaderValue::from_static(CONTINUE));
    }
    if length > 0 || matches!(*method, Method::POST | Method::PUT | Method::PATCH) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    } else {
        headers.remove(header::CONTENT_LENGTH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_tried_again() {
        #[track_caller]
        fn check(method: Method, unsent: bool, answered: bool, reused: bool, expected: bool) {
            let kind = FailureKind::Protocol(ProtocolFault::ClosedBeforeResponse);
            let lost = Lost { fault: fault(kind, "lost"), unsent, answered, reused };
            assert_eq!(again(&lost, is_repeatable(&method)), expected);
        }
        // A kept connection that was lost.
        for method in [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS] {
            check(method, false, false, true, true);
        }
        check(Method::POST, false, false, true, false);
        check(Method::PATCH, false, false, true, false);
        // A byte of an answer came, or the connection was new.
        check(Method::GET, false, true, true, false);
        check(Method::GET, false, false, false, false);
        // The server has certainly not begun.
        check(Method::POST, true, false, true, true);
        check(Method::POST, true, false, false, true);
    }
}
