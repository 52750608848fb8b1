//! What hyper, h2 and the socket say when an exchange breaks, in the words of [`FailureKind`].

use std::io;

use http::{HeaderMap, header};

use super::channel::Tls;
use super::failure::{
    FailureKind, Fault, Limit, Phase, ProtocolFault, Refusal, TlsFault, fault, find,
};
use super::head::{HeadFault, shown};
use super::origin::Origin;
use super::progress::Progress;
use super::tls;
use super::upload::FileChanged;
use super::wire::Wire;

/// The failure behind a hyper error. `wire` is given for HTTP/1, whose head was tapped.
pub(super) fn explain(
    error: &hyper::Error,
    origin: &Origin,
    progress: &Progress,
    wire: Option<&Wire>,
) -> Fault {
    if let Some(limit) = find::<HeadFault>(error) {
        return limit.told();
    }
    if let Some(changed) = find::<FileChanged>(error) {
        return fault(FailureKind::Refused(Refusal::File), changed.to_string());
    }
    if error.is_user() && progress.body_len > 0 && find::<io::Error>(error).is_some() {
        return fault(FailureKind::Refused(Refusal::File), "the request's body could not be read")
            .because(error);
    }
    if let Some(alert) = find::<rustls::Error>(error) {
        let plain = Tls::default();
        let settings = origin.route.tls.as_ref().unwrap_or(&plain);
        return tls::explain_tls(alert, settings, &origin.host, &[]).because(error);
    }
    if let Some(broken) = find::<h2::Error>(error) {
        return explain_http2(broken, origin, progress).because(error);
    }
    let explained = if progress.phase == Phase::Body {
        explain_body(error, progress)
    } else {
        explain_head(error, origin, progress, wire)
    };
    explained.because(error)
}

fn protocol(what: ProtocolFault, message: impl Into<String>) -> Fault {
    fault(FailureKind::Protocol(what), message)
}

fn is_reset(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe)
}

/// Before the head of the answer was complete.
fn explain_head(
    error: &hyper::Error,
    origin: &Origin,
    progress: &Progress,
    wire: Option<&Wire>,
) -> Fault {
    // hyper's own bound is as large as that of the tap, and may be met first.
    if error.is_parse_too_large() {
        return HeadFault(Limit::HeadSize).told();
    }
    let io = find::<io::Error>(error);
    // hyper and h2 say "broken pipe" of an HTTP/2 connection that merely ended.
    if io.is_some_and(|io| {
        io.kind() == io::ErrorKind::ConnectionReset || wire.is_some() && is_reset(io)
    }) {
        return protocol(
            ProtocolFault::ConnectionReset,
            "the server reset the connection instead of answering",
        );
    }
    // In TLS 1.3 the client is done before the server has looked at its certificate; a server that accepts sends
    // session tickets first (RFC 8446 §4.4.2.4, §4.6.1).
    if progress.tls13 && !progress.reused && progress.traffic().0 == 0 {
        let message = format!(
            "`{}` closed the connection right after the TLS handshake, without a byte",
            origin.host
        );
        return fault(FailureKind::Tls(TlsFault::Handshake), message).remedy(
            "servers that want a client certificate do this: `tls: {cert: FILE, key: FILE}`",
        );
    }
    let Some(wire) = wire else {
        return protocol(ProtocolFault::ClosedBeforeResponse, closed(progress));
    };
    let answer = wire.answer();
    let head = &answer.head;
    if head.is_empty() {
        return protocol(ProtocolFault::ClosedBeforeResponse, closed(progress));
    }
    if head.bytes().is_empty() {
        let message = "the server closed the connection after an interim (1xx) answer";
        return protocol(ProtocolFault::ClosedBeforeResponse, message);
    }
    if let Err(defect) = head.examine() {
        // A line that is cut off is no defect of that line.
        if head.is_complete()
            || !error.is_incomplete_message()
            || !head.bytes().starts_with(b"HTTP/")
        {
            return defect;
        }
    }
    if error.is_incomplete_message() && !head.is_complete() {
        let message = format!(
            "the server closed the connection in the middle of the answer's head, after {} bytes: `{}`",
            head.bytes().len(),
            shown(head.bytes()),
        );
        return protocol(ProtocolFault::ClosedBeforeResponse, message);
    }
    if head.is_complete() {
        // Each line is well-formed, so what hyper refuses is what the lines say together (RFC 9112 §6).
        return protocol(
            ProtocolFault::Framing,
            "the answer's Content-Length and Transfer-Encoding do not say where its body ends",
        );
    }
    protocol(
        ProtocolFault::MalformedHead,
        format!("the answer's head is malformed: `{}`", shown(head.bytes())),
    )
}

fn closed(progress: &Progress) -> String {
    let on = if progress.reused { "the kept-alive connection" } else { "the connection" };
    format!("the server closed {on} without a byte of an answer")
}

/// After the head.
fn explain_body(error: &hyper::Error, progress: &Progress) -> Fault {
    let read = progress.received;
    let of = progress.expected.map_or_else(String::new, |bytes| format!(" of {bytes}"));
    let Some(io) = find::<io::Error>(error) else {
        let message = format!("the connection ended after {read}{of} bytes of the body");
        return protocol(ProtocolFault::BodyTruncated, message);
    };
    match io.kind() {
        io::ErrorKind::UnexpectedEof if io.to_string().contains("close_notify") => fault(
            FailureKind::Tls(TlsFault::Truncated),
            format!(
                "the connection was cut off after {read} bytes of a body that only its end ends"
            ),
        ),
        io::ErrorKind::UnexpectedEof => {
            let message = match progress.expected {
                Some(_) => format!("the body ended after {read}{of} bytes"),
                None => format!("the body ended after {read} bytes, without its last chunk"),
            };
            protocol(ProtocolFault::BodyTruncated, message)
        }
        _ if is_reset(io) => {
            let message =
                format!("the server reset the connection after {read}{of} bytes of the body");
            protocol(ProtocolFault::ConnectionReset, message)
        }
        _ => protocol(
            ProtocolFault::Framing,
            format!("the body's chunks are malformed after {read} bytes: {io}"),
        ),
    }
}

fn explain_http2(error: &h2::Error, origin: &Origin, progress: &Progress) -> Fault {
    let host = &origin.host;
    if progress.greeting().starts_with(b"HTTP/1") {
        let message = format!("`{host}` answered HTTP/2 with HTTP/1");
        return protocol(ProtocolFault::Http2Protocol, message)
            .remedy("it does not speak HTTP/2 without TLS: leave `http: 2-prior-knowledge` out");
    }
    let reason =
        error.reason().map_or_else(|| "no reason".to_owned(), |reason| format!("{reason:?}"));
    if error.is_go_away() && error.is_remote() {
        let message = format!("`{host}` ended the HTTP/2 connection (GOAWAY, {reason})");
        return protocol(ProtocolFault::Http2Goaway, message);
    }
    if error.is_reset() && error.is_remote() {
        let message = format!("`{host}` reset the request's HTTP/2 stream ({reason})");
        return protocol(ProtocolFault::Http2StreamReset, message);
    }
    if error.is_library() || error.reason().is_some() {
        return protocol(
            ProtocolFault::Http2Protocol,
            format!("`{host}` broke the HTTP/2 protocol ({reason})"),
        );
    }
    match error.get_io() {
        // A broken pipe is h2's own word for a connection that ended under a stream.
        Some(io) if io.kind() == io::ErrorKind::ConnectionReset => protocol(
            ProtocolFault::ConnectionReset,
            format!("`{host}` reset the HTTP/2 connection"),
        ),
        _ if progress.phase == Phase::Body => {
            let message = format!(
                "the HTTP/2 connection ended after {} bytes of the body",
                progress.received
            );
            protocol(ProtocolFault::BodyTruncated, message)
        }
        _ => protocol(ProtocolFault::ClosedBeforeResponse, closed(progress)),
    }
}

/// The server says that it has not begun with this stream, so any method may be repeated: a stream that it refused
/// (RFC 9113 §8.7), or one above the last that its GOAWAY names (§6.8). h2 gives a GOAWAY without an error to the
/// streams above it only; those below go on, and end with the connection.
pub(super) fn is_unprocessed(error: &hyper::Error) -> bool {
    find::<h2::Error>(error).is_some_and(|error| {
        error.is_remote()
            && (error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
                || error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR))
    })
}

/// RFC 9112 §6.1: nothing but `chunked` was asked for, and it stands once. Any other transfer coding would be taken
/// for the body's bytes.
pub(super) fn transfer_coding_defect(headers: &HeaderMap) -> Option<Fault> {
    let mut values = headers.get_all(header::TRANSFER_ENCODING).iter();
    let first = values.next()?;
    if values.next().is_none() && first.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") {
        return None;
    }
    let all: Vec<_> = headers
        .get_all(header::TRANSFER_ENCODING)
        .iter()
        .map(|value| shown(value.as_bytes()))
        .collect();
    let message = format!(
        "the answer's Transfer-Encoding is `{}`; only `chunked` is understood",
        all.join(", ")
    );
    Some(protocol(ProtocolFault::Framing, message))
}
