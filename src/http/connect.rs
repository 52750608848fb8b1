//! Opening a connection: look up, connect, encrypt, and set hyper on top.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::failure::{
    ConnectFault, FailureKind, Fault, Limit, Phase, ProtocolFault, Refusal, fault,
};
use super::handshake::{Encrypted, handshake};
use super::head::{MAX_HEAD, MAX_HEADERS};
use super::pool::{Http1, Http2, Origin};
use super::progress::Progress;
use super::tls::{self, Trust};
use super::upload::Upload;
use super::wire::{Socket, Tap, Wire};
use crate::scenario::quantity::shown as told;

/// The head start of an address before the next one is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// HTTP/2 windows: one response may fill its own; four side by side fill the connection's.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

/// Plain or encrypted.
#[derive(Debug)]
pub(super) enum Stream {
    Plain(Socket),
    Tls(Box<Encrypted>),
}

/// What hyper reads and writes.
pub(super) type Io = TokioIo<Tap<Stream>>;

/// A connection of the protocol that was agreed on.
pub(super) enum Dialed {
    One(Http1),
    Two(Http2),
}

/// Opens a connection within the limit. Dns, connect and TLS share it.
pub(super) async fn dial(
    origin: &Origin,
    trust: &Trust,
    limit: Duration,
    progress: &mut Progress,
) -> Result<Dialed, Fault> {
    match tokio::time::timeout(limit, open(origin, trust, progress)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(too_slow(origin, limit, progress)),
    }
}

fn too_slow(origin: &Origin, limit: Duration, progress: &Progress) -> Fault {
    let limit = told(limit);
    let message = match progress.phase {
        Phase::Dns => {
            format!("no address for `{}` within the connect time-out of {limit}", origin.host)
        }
        Phase::Tls => format!(
            "no TLS handshake with `{}` within the connect time-out of {limit}: connected in {}",
            origin.host,
            told(progress.timing.connect.unwrap_or_default()),
        ),
        _ => format!("no connection to `{}` port {} within {limit}", origin.host, origin.port),
    };
    fault(FailureKind::Timeout(progress.phase), message)
}

async fn open(origin: &Origin, trust: &Trust, progress: &mut Progress) -> Result<Dialed, Fault> {
    progress.phase = Phase::Dns;
    // The roots are read before the connection is opened, so that a slow disk is not a slow handshake.
    let config = if origin.https { Some(trust.config().await?) } else { None };
    let start = Instant::now();
    let addresses = resolve(origin).await?;
    progress.timing.dns = Some(start.elapsed());
    progress.phase = Phase::Connect;
    let start = Instant::now();
    let (stream, remote) = connect(addresses).await?;
    progress.timing.connect = Some(start.elapsed());
    progress.remote = Some(remote);
    // Small requests are not held back for the acknowledgement of the ones before.
    let _ = stream.set_nodelay(true);
    let wire = Wire::new(stream, remote);
    progress.watch(&wire);
    let Some(config) = config else {
        return http1_over(Stream::Plain(Socket(Arc::clone(&wire))), wire).await.map(Dialed::One);
    };
    progress.phase = Phase::Tls;
    let start = Instant::now();
    let name = server_name(&origin.host)?;
    let agreed = handshake(config, name, Socket(Arc::clone(&wire)))
        .await
        .map_err(|error| tls::explain(&error, &origin.host, &wire))?;
    progress.timing.tls = Some(start.elapsed());
    progress.tls13 = agreed.tls13;
    let stream = Stream::Tls(Box::new(agreed.stream));
    if agreed.two {
        http2_over(stream, wire).await.map(Dialed::Two)
    } else {
        http1_over(stream, wire).await.map(Dialed::One)
    }
}

/// The addresses of the origin, the families in turn (RFC 8305 §4).
async fn resolve(origin: &Origin) -> Result<VecDeque<SocketAddr>, Fault> {
    if let Some(ip) = origin.ip {
        return Ok(VecDeque::from([SocketAddr::new(ip, origin.port)]));
    }
    let found = tokio::net::lookup_host((origin.host.as_str(), origin.port)).await;
    let found = found.map_err(|error| no_address(&origin.host).because(&error))?;
    let (six, four): (Vec<_>, Vec<_>) = found.partition(SocketAddr::is_ipv6);
    let mut addresses = VecDeque::new();
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    loop {
        let before = addresses.len();
        addresses.extend(six.next());
        addresses.extend(four.next());
        if addresses.len() == before {
            break;
        }
    }
    if addresses.is_empty() { Err(no_address(&origin.host)) } else { Ok(addresses) }
}

fn no_address(host: &str) -> Fault {
    fault(FailureKind::Dns, format!("the name `{host}` has no address"))
        .remedy("check the spelling and the network")
}

/// The first of the addresses that accepts. The next one starts when one fails or its head start is over.
async fn connect(mut addresses: VecDeque<SocketAddr>) -> Result<(TcpStream, SocketAddr), Fault> {
    let attempt = |address| async move { (address, TcpStream::connect(address).await) };
    let mut running = FuturesUnordered::new();
    let mut failed = Vec::new();
    loop {
        if let Some(address) = addresses.pop_front() {
            running.push(attempt(address));
        }
        let outcome = if addresses.is_empty() {
            running.next().await
        } else {
            match tokio::time::timeout(HEAD_START, running.next()).await {
                Ok(outcome) => outcome,
                Err(_) => continue,
            }
        };
        match outcome {
            Some((address, Ok(stream))) => return Ok((stream, address)),
            Some((address, Err(error))) => failed.push((address, error)),
            None => {}
        }
        if running.is_empty() && addresses.is_empty() {
            return Err(unreachable(&failed));
        }
    }
}

fn unreachable(failed: &[(SocketAddr, io::Error)]) -> Fault {
    let places =
        failed.iter().map(|(address, _)| address.to_string()).collect::<Vec<_>>().join(" and ");
    if failed.iter().all(|(_, error)| error.kind() == io::ErrorKind::ConnectionRefused) {
        let message = format!("nothing listens at {places} (connection refused)");
        return fault(FailureKind::Connect(ConnectFault::Refused), message)
            .remedy("is the server started?");
    }
    let message = format!("no connection to {places}");
    match failed.iter().find(|(_, error)| error.kind() != io::ErrorKind::ConnectionRefused) {
        Some((_, error)) => {
            fault(FailureKind::Connect(ConnectFault::Failed), format!("{message}: {error}"))
                .because(error)
        }
        None => fault(FailureKind::Connect(ConnectFault::Failed), message),
    }
}

fn server_name(host: &str) -> Result<ServerName<'static>, Fault> {
    let bare = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    ServerName::try_from(bare).map_err(|error| {
        let message = format!("`{host}` is not a name that a certificate can have");
        fault(FailureKind::Refused(Refusal::Url), message).because(&error)
    })
}

async fn http1_over(stream: Stream, wire: Arc<Wire>) -> Result<Http1, Fault> {
    let io = TokioIo::new(Tap { inner: stream, wire: Arc::clone(&wire), http1: true });
    let handshake = http1::Builder::new()
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        // Skipped lines do not go unseen: see `head`.
        .ignore_invalid_headers_in_responses(true)
        .handshake::<_, Upload>(io)
        .await;
    match handshake {
        Ok((sender, driver)) => Ok(Http1::new(sender, driver, wire)),
        Err(error) => Err(no_handshake(&error)),
    }
}

async fn http2_over(stream: Stream, wire: Arc<Wire>) -> Result<Http2, Fault> {
    let io = TokioIo::new(Tap { inner: stream, wire: Arc::clone(&wire), http1: false });
    let handshake = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_header_list_size(u32::try_from(MAX_HEAD).unwrap_or(u32::MAX))
        .handshake::<_, Upload>(io)
        .await;
    let (sender, driver) = handshake.map_err(|error| no_handshake(&error))?;
    // Many exchanges share it, so it lives beside them; it ends when the last sender and stream are gone. Its error
    // reaches every stream that it breaks.
    tokio::spawn(async move {
        let _ = driver.await;
    });
    Ok(Http2 { sender, wire })
}

fn no_handshake(error: &hyper::Error) -> Fault {
    fault(
        FailureKind::Protocol(ProtocolFault::Http2Connection),
        "the connection broke before the request",
    )
    .because(error)
}

/// A URL that http can hold: its own limit is 65,534 bytes.
pub(super) fn uri(text: &str) -> Result<http::Uri, Fault> {
    http::Uri::try_from(text).map_err(|error| {
        if text.len() > usize::from(u16::MAX) - 1 {
            fault(
                FailureKind::TooLarge(Limit::Url),
                format!("the URL has {} bytes; 65534 are allowed", text.len()),
            )
        } else {
            fault(FailureKind::Refused(Refusal::Url), "the URL cannot be sent").because(&error)
        }
    })
}

/// The address that a host already is: `127.0.0.1`, `[::1]`.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(socket) => socket.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(socket) => Pin::new(socket).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
