//! Opening a connection: look up, connect, encrypt, and set hyper on top.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::pki_types::ServerName;
use tokio::net::{TcpStream, UnixStream};

use super::channel::{Tls, Version};
use super::connection::{Dialed, Http1, Http2};
use super::failure::{
    ConnectFault, FailureKind, Fault, Phase, ProtocolFault, Refusal, TlsFault, fault,
};
use super::handshake::handshake;
use super::head::{MAX_HEAD, MAX_HEADERS};
use super::origin::{Origin, literal};
use super::progress::Progress;
use super::proxy::{Proxy, tunnel};
use super::route::{Through, Via};
use super::stream::Stream;
use super::tls;
use super::transport::{Peer, Transport};
use super::trust::Trust;
use super::upload::Upload;
use super::wire::{Socket, Tap, Wire};
use crate::scenario::files::reason;
use crate::scenario::quantity::shown as told;

/// The head start of an address before the next one is tried beside it (RFC 8305 §5).
const HEAD_START: Duration = Duration::from_millis(250);
/// HTTP/2 windows: one response may fill its own; four side by side fill the connection's.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 8 * 1024 * 1024;

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
    let route = &origin.route;
    // The roots are read before the connection is opened, so that a slow disk is not a slow handshake.
    let config = match &route.tls {
        Some(tls) => Some((tls, trust.config(tls, route.version).await?)),
        None => None,
    };
    let wire = reach(origin, progress).await?;
    progress.watch(&wire);
    let mut stream = Stream::Plain(Socket(Arc::clone(&wire)));
    if let Via::Proxy(through) = &route.via {
        let start = Instant::now();
        stream = beyond(through, origin, trust, stream, &wire).await?;
        // To the server it is one way.
        progress.timing.connect = progress.timing.connect.map(|time| time + start.elapsed());
    }
    let two = match config {
        None => route.version == Version::PriorKnowledge,
        Some((tls, config)) => {
            progress.phase = Phase::Tls;
            let (encrypted, two) = encrypt(origin, tls, config, stream, &wire, progress).await?;
            stream = encrypted;
            two
        }
    };
    if two {
        http2_over(stream, wire).await.map(Dialed::Two)
    } else {
        http1_over(stream, wire).await.map(Dialed::One)
    }
}

/// Connects to the server, or to the proxy before it.
async fn reach(origin: &Origin, progress: &mut Progress) -> Result<Arc<Wire>, Fault> {
    let start = Instant::now();
    let (addresses, proxy) = match &origin.route.via {
        Via::Socket(path) => {
            progress.phase = Phase::Connect;
            let stream =
                UnixStream::connect(path).await.map_err(|error| no_socket(path, &error))?;
            progress.timing.connect = Some(start.elapsed());
            return Ok(Wire::new(Transport::Unix(stream), Peer::Path(path.clone())));
        }
        Via::Name => (resolve(&origin.host, origin.ip, origin.port).await?, None),
        Via::Address(address) => (VecDeque::from([*address]), None),
        Via::Proxy(through) => {
            let (proxy, port) = (&through.proxy, through.proxy.port());
            let found = match through.address {
                Some(address) => VecDeque::from([address]),
                None => resolve(proxy.host(), literal(proxy.host()), port)
                    .await
                    .map_err(|fault| of_proxy(fault, proxy))?,
            };
            (found, Some(proxy))
        }
    };
    progress.timing.dns = Some(start.elapsed());
    progress.phase = Phase::Connect;
    let start = Instant::now();
    let connected = connect(addresses).await.map_err(|fault| match proxy {
        Some(proxy) => of_proxy(fault, proxy),
        None => fault,
    });
    let (stream, remote) = connected?;
    progress.timing.connect = Some(start.elapsed());
    // Small requests are not held back for the acknowledgement of the ones before.
    let _ = stream.set_nodelay(true);
    Ok(Wire::new(Transport::Tcp(stream), Peer::Address(remote)))
}

/// A failure to reach the proxy says so.
fn of_proxy(mut fault: Fault, proxy: &Proxy) -> Fault {
    fault.message = format!("{}, where the proxy `{proxy}` should be", fault.message);
    fault.kind = FailureKind::Connect(ConnectFault::Proxy);
    fault.remedy("is the proxy started? `proxy: none` goes without it")
}

fn no_socket(path: &Path, error: &io::Error) -> Fault {
    let shown = path.display();
    let (kind, message, remedy) = match error.kind() {
        io::ErrorKind::NotFound => (
            ConnectFault::Failed,
            format!("there is no socket `{shown}`"),
            "is the server started?",
        ),
        io::ErrorKind::ConnectionRefused => (
            ConnectFault::Refused,
            format!("nothing listens at the socket `{shown}` (connection refused)"),
            "is the server started?",
        ),
        io::ErrorKind::PermissionDenied => (
            ConnectFault::Failed,
            format!("the socket `{shown}` may not be used (permission denied)"),
            "whoever runs callsheet must be allowed to write to the socket",
        ),
        _ => (
            ConnectFault::Failed,
            format!("no connection to the socket `{shown}`: {}", reason(error)),
            "`unix_socket` is the path of a socket that a server listens at",
        ),
    };
    fault(FailureKind::Connect(kind), message).because(error).remedy(remedy)
}

/// What lies behind the proxy.
async fn beyond(
    through: &Through,
    origin: &Origin,
    trust: &Trust,
    mut stream: Stream,
    wire: &Arc<Wire>,
) -> Result<Stream, Fault> {
    let proxy = &through.proxy;
    if let Some(tls) = &through.tls {
        let config = trust.config(tls, Version::One).await?;
        let agreed = handshake(config, server_name(proxy.host())?, stream, tls.verify)
            .await
            .map_err(|error| tls::explain(&error, tls, proxy.host(), &proxy.to_string(), wire))?;
        stream = Stream::Tls(Box::new(agreed.stream));
    }
    if through.tunnel {
        let authority = format!("{}:{}", origin.host, origin.port);
        stream = tunnel(stream, proxy, &authority).await?;
        wire.await_greeting();
    }
    Ok(stream)
}

/// Shakes hands with the server. True beside the stream: HTTP/2 was agreed on.
async fn encrypt(
    origin: &Origin,
    tls: &Tls,
    config: Arc<rustls::ClientConfig>,
    stream: Stream,
    wire: &Arc<Wire>,
    progress: &mut Progress,
) -> Result<(Stream, bool), Fault> {
    let start = Instant::now();
    let host = tls.server_name.as_deref().unwrap_or(&origin.host);
    let name = server_name(host)?;
    let place = match &origin.route.via {
        Via::Proxy(_) => format!("`{}` port {}", origin.host, origin.port),
        _ => wire.peer.to_string(),
    };
    let agreed = handshake(config, name, stream, tls.verify)
        .await
        .map_err(|error| tls::explain(&error, tls, host, &place, wire))?;
    progress.timing.tls = Some(start.elapsed());
    progress.tls13 = agreed.tls13;
    let _ = wire.secured.set(agreed.secured);
    let two = match (origin.route.version, agreed.two) {
        (Version::Two, None | Some(false)) => {
            let message = format!("`{host}` does not agree to HTTP/2 in the TLS handshake");
            return Err(fault(FailureKind::Tls(TlsFault::Protocol), message)
                .remedy("`http: auto` takes HTTP/1.1 where there is no HTTP/2"));
        }
        (Version::PriorKnowledge, _) => true,
        (_, two) => two == Some(true),
    };
    Ok((Stream::Tls(Box::new(agreed.stream)), two))
}

/// The addresses of a host, the families in turn (RFC 8305 §4).
async fn resolve(host: &str, ip: Option<IpAddr>, port: u16) -> Result<VecDeque<SocketAddr>, Fault> {
    if let Some(ip) = ip {
        return Ok(VecDeque::from([SocketAddr::new(ip, port)]));
    }
    let found = tokio::net::lookup_host((host, port)).await;
    let found = found.map_err(|error| no_address(host).because(&error))?;
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
    if addresses.is_empty() { Err(no_address(host)) } else { Ok(addresses) }
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
