//! Why an exchange failed, as data: a kind that scenarios match, a finer class for reports, a message and a remedy.

use std::fmt;
use std::time::Duration;

use url::Url;

/// What went wrong. The set is closed: every transport error is one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The name has no address.
    Dns,
    /// No connection.
    Connect(ConnectFault),
    /// No trusted, encrypted channel.
    Tls(TlsFault),
    /// A limit of time was reached in this phase.
    Timeout(Phase),
    /// The server broke HTTP, or the connection broke in the middle of it.
    Protocol(ProtocolFault),
    /// Something is larger than it may be.
    TooLarge(Limit),
    /// The body's coding is unknown or broken.
    Decode,
    /// A redirect that cannot be followed.
    Redirects(RedirectFault),
    /// Refused here, before anything was sent.
    Refused(Refusal),
}

/// Kinds of [`FailureKind::Connect`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectFault {
    /// Nothing listens there.
    Refused,
    /// Unreachable, reset, no route.
    Failed,
    /// The proxy is not there, or does not let the request through.
    Proxy,
}

/// Kinds of [`FailureKind::Tls`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsFault {
    /// The certificate's time is over.
    CertExpired,
    /// The certificate's time has not begun.
    CertNotYetValid,
    /// The certificate is for other names.
    CertName,
    /// Nobody trusted has signed the certificate.
    CertUntrusted,
    /// The certificate is not for servers.
    CertPurpose,
    /// Not TLS, or no common version of it.
    Protocol,
    /// The handshake broke off.
    Handshake,
    /// The server wants a client certificate.
    ClientCertRequired,
    /// A body that only the end of the connection ends was not ended by TLS's own mark.
    Truncated,
}

/// Where in an exchange a time-out struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Looking up the name.
    Dns,
    /// Opening the connection.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the answer's head.
    Head,
    /// Reading the answer's body.
    Body,
    /// Redirects were followed, and together they took too long.
    Redirects,
}

/// Kinds of [`FailureKind::Protocol`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProtocolFault {
    /// Closed before the head of the answer was complete.
    ClosedBeforeResponse,
    /// The connection was reset.
    ConnectionReset,
    /// Status line or header lines that are not HTTP.
    MalformedHead,
    /// Content-Length, Transfer-Encoding or chunks that contradict or break their syntax.
    Framing,
    /// The body ended early.
    BodyTruncated,
    /// `101 Switching Protocols` that nobody asked for.
    UnexpectedUpgrade,
    /// HTTP/2: the peer broke the protocol.
    Http2Protocol,
    /// HTTP/2: the connection broke.
    Http2Connection,
    /// HTTP/2: the server said good-bye to the connection.
    Http2Goaway,
    /// HTTP/2: the server reset the request's stream.
    Http2StreamReset,
}

/// Kinds of [`FailureKind::TooLarge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Limit {
    /// The head of the answer, in bytes.
    HeadSize,
    /// Header lines.
    HeadCount,
    /// Interim (1xx) answers.
    Informational,
    /// The body on the wire, in bytes.
    BodySize,
    /// The body after decoding, in bytes.
    DecodedSize,
    /// Content codings on top of one another.
    Codings,
    /// The URL, in bytes.
    Url,
}

/// Kinds of [`FailureKind::Redirects`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RedirectFault {
    /// More than allowed.
    TooMany,
    /// Neither http nor https.
    UnsupportedScheme,
    /// No URL, or one that clients read differently.
    InvalidLocation,
    /// 307 or 308 would send the body to another origin.
    BodyCrossOrigin,
}

/// Kinds of [`FailureKind::Refused`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The URL is not http or https, or has no host.
    Url,
    /// The body's file cannot be read, or changed while it was sent.
    File,
    /// The settings of the connection cannot be used.
    Settings,
    /// A host that the project does not allow.
    Host,
}

impl FailureKind {
    /// The name that `expect: error:` matches.
    #[must_use]
    pub fn kind(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "tls",
            Self::Timeout(_) => "timeout",
            Self::Protocol(_) => "protocol",
            Self::TooLarge(_) => "too_large",
            Self::Decode => "decode",
            Self::Redirects(_) => "redirects",
            Self::Refused(_) => "refused",
        }
    }

    /// The finer name, for reports: `http.body_truncated`, `tls.cert_expired`, …
    #[must_use]
    pub fn class(self) -> &'static str {
        match self {
            Self::Dns => "connect.dns",
            Self::Connect(ConnectFault::Refused) => "connect.refused",
            Self::Connect(ConnectFault::Failed) => "connect.failed",
            Self::Connect(ConnectFault::Proxy) => "connect.proxy",
            Self::Tls(fault) => fault.class(),
            Self::Timeout(phase) => phase.class(),
            Self::Protocol(fault) => fault.class(),
            Self::TooLarge(limit) => limit.class(),
            Self::Decode => "decode.content_coding",
            Self::Redirects(RedirectFault::TooMany) => "redirect.too_many",
            Self::Redirects(RedirectFault::UnsupportedScheme) => "redirect.unsupported_scheme",
            Self::Redirects(RedirectFault::InvalidLocation) => "redirect.invalid_location",
            Self::Redirects(RedirectFault::BodyCrossOrigin) => "redirect.body_cross_origin",
            Self::Refused(Refusal::Url) => "request.url",
            Self::Refused(Refusal::File) => "request.file",
            Self::Refused(Refusal::Settings) => "request.settings",
            Self::Refused(Refusal::Host) => "request.host",
        }
    }
}

impl TlsFault {
    fn class(self) -> &'static str {
        match self {
            Self::CertExpired => "tls.cert_expired",
            Self::CertNotYetValid => "tls.cert_not_yet_valid",
            Self::CertName => "tls.cert_name",
            Self::CertUntrusted => "tls.cert_untrusted",
            Self::CertPurpose => "tls.cert_purpose",
            Self::Protocol => "tls.protocol",
            Self::Handshake => "tls.handshake",
            Self::ClientCertRequired => "tls.client_cert_required",
            Self::Truncated => "tls.truncated",
        }
    }
}

impl Phase {
    fn class(self) -> &'static str {
        match self {
            Self::Dns | Self::Connect => "timeout.connect",
            Self::Tls => "timeout.tls",
            Self::Send | Self::Redirects => "timeout.total",
            Self::Head => "timeout.head",
            Self::Body => "timeout.body",
        }
    }
}

impl ProtocolFault {
    fn class(self) -> &'static str {
        match self {
            Self::ClosedBeforeResponse => "http.closed_before_response",
            Self::ConnectionReset => "http.connection_reset",
            Self::MalformedHead => "http.malformed_head",
            Self::Framing => "http.framing",
            Self::BodyTruncated => "http.body_truncated",
            Self::UnexpectedUpgrade => "http.unexpected_upgrade",
            Self::Http2Protocol => "http2.protocol",
            Self::Http2Connection => "http2.connection",
            Self::Http2Goaway => "http2.goaway",
            Self::Http2StreamReset => "http2.stream_reset",
        }
    }
}

impl Limit {
    fn class(self) -> &'static str {
        match self {
            Self::HeadSize => "limit.head_size",
            Self::HeadCount => "limit.head_count",
            Self::Informational => "limit.informational",
            Self::BodySize => "limit.body_size",
            Self::DecodedSize => "limit.decoded_size",
            Self::Codings => "limit.codings",
            Self::Url => "limit.url",
        }
    }
}

/// An exchange that did not end in a response.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What went wrong.
    pub kind: FailureKind,
    /// The URL that was being asked, after the redirects so far.
    pub url: Url,
    /// From the start of the exchange to the failure.
    pub elapsed: Duration,
    /// Lower case, names in backticks, no final stop.
    pub message: String,
    /// What the layer below said, for the curious; empty when the message says it all.
    pub cause: String,
    /// What to do about it, where there is something.
    pub remedy: Option<String>,
}

impl Failure {
    /// The name that `expect: error:` matches.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        self.kind.kind()
    }

    /// The finer name, for reports.
    #[must_use]
    pub fn class(&self) -> &'static str {
        self.kind.class()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// A failure below the exchange, which adds URL and time to it. Boxed: the way of success stays small.
pub(super) type Fault = Box<FaultParts>;

/// The parts of a [`Fault`].
#[derive(Debug)]
pub(super) struct FaultParts {
    pub(super) kind: FailureKind,
    pub(super) message: String,
    pub(super) cause: String,
    pub(super) remedy: Option<String>,
}

/// A fault with a message alone.
pub(super) fn fault(kind: FailureKind, message: impl Into<String>) -> Fault {
    Box::new(FaultParts { kind, message: message.into(), cause: String::new(), remedy: None })
}

impl FaultParts {
    pub(super) fn because(mut self: Box<Self>, error: &(dyn std::error::Error + 'static)) -> Fault {
        self.cause = chain(error);
        self
    }

    pub(super) fn remedy(mut self: Box<Self>, text: impl Into<String>) -> Fault {
        self.remedy = Some(text.into());
        self
    }

    pub(super) fn at(self, url: &Url, elapsed: Duration) -> Failure {
        Failure {
            kind: self.kind,
            url: url.clone(),
            elapsed,
            message: self.message,
            cause: self.cause,
            remedy: self.remedy,
        }
    }
}

/// The whole chain of sources in one line.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let said = error.to_string();
        if !text.ends_with(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = error.source();
    }
    text
}

/// The error of this type in a chain of sources, however deep.
pub(super) fn find<'a, T: std::error::Error + 'static>(
    error: &'a (dyn std::error::Error + 'static),
) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        // `io::Error::source` skips the error that it holds and gives that one's source.
        next = match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
