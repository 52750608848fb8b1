//! TLS over a connection that stands already: `hyper-rustls`, given the socket instead of an address to dial.
//!
//! Dialling is this module's neighbour's, so that looking up, connecting and the handshake are timed apart.

use std::future::{Ready, ready};
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_rustls::{FixedServerNameResolver, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ProtocolVersion};
use tower_service::Service;

use super::certificate::Certificate;
use super::stream::{Encrypted, Stream};
use super::wire::Secured;

/// What was agreed on.
pub(super) struct Agreed {
    pub(super) stream: Encrypted,
    /// HTTP/2 or not, by ALPN (RFC 7301); none if the server chose nothing.
    pub(super) two: Option<bool>,
    pub(super) tls13: bool,
    pub(super) secured: Secured,
}

/// Shakes hands in the name of `name`.
pub(super) async fn handshake(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    below: Stream,
    verified: bool,
) -> io::Result<Agreed> {
    let handed = Handed(Some(TokioIo::new(below)));
    let names = Arc::new(FixedServerNameResolver::new(name));
    let mut connector = HttpsConnector::new(handed, config, true, names);
    // The name is fixed and the socket is there: nothing of this URI but its scheme is looked at.
    let stream = connector.call(Uri::from_static("https://host/")).await.map_err(unwrapped)?;
    let (two, tls13, certificate) = match &stream {
        MaybeHttpsStream::Https(tls) => {
            let session = tls.inner().get_ref().1;
            let version = session.protocol_version();
            let two = session.alpn_protocol().map(|name| name == b"h2");
            let own = session.peer_certificates().and_then(<[_]>::first);
            (two, version == Some(ProtocolVersion::TLSv1_3), own.and_then(Certificate::read))
        }
        MaybeHttpsStream::Http(_) => return Err(io::Error::other("the handshake was left out")),
    };
    let version = if tls13 { "TLS 1.3" } else { "TLS 1.2" };
    let secured = Secured { version, verified, certificate: certificate.map(Arc::new) };
    Ok(Agreed { stream: TokioIo::new(stream), two, tls13, secured })
}

/// The handshake's own error, whose kind tells a reset from an end.
fn unwrapped(error: Box<dyn std::error::Error + Send + Sync>) -> io::Error {
    let error = match error.downcast::<io::Error>() {
        Ok(error) => *error,
        Err(error) => io::Error::other(error),
    };
    match error.downcast::<io::Error>() {
        Ok(inner) => inner,
        Err(outer) => outer,
    }
}

/// A "connector" that hands over the socket it was given.
struct Handed(Option<TokioIo<Stream>>);

impl Service<Uri> for Handed {
    type Response = TokioIo<Stream>;
    type Error = io::Error;
    type Future = Ready<io::Result<TokioIo<Stream>>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().ok_or_else(|| io::Error::other("the socket was handed over before")))
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}
