//! How connections are made, as a scenario says it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use super::proxy::Proxy;
pub use crate::scenario::connection::HttpVersion as Version;

/// What a step says of its connections. It belongs to the key of the pool: two steps share a connection only where
/// all of it is the same for the host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// The version of HTTP.
    pub version: Version,
    /// Whom to trust, and who to be.
    pub tls: Tls,
    /// Whom to go through.
    pub proxy: ProxyChoice,
    /// Addresses instead of those of the names.
    pub resolve: Vec<Resolve>,
    /// A socket of this machine instead of an address, for the host of the first URL.
    pub unix_socket: Option<PathBuf>,
}

/// `tls`: trust and identity. `verify`, `identity` and `server_name` hold for the host of the first URL only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Authorities trusted beside those of the platform.
    pub ca: Option<Pem>,
    /// The certificate to show to a server that asks.
    pub identity: Option<Identity>,
    /// Whether the server's certificate must be good.
    pub verify: bool,
    /// The name in the handshake and in the certificate, where it is not the URL's (RFC 6066 §3).
    pub server_name: Option<String>,
    /// Nothing older than TLS 1.3.
    pub only_13: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self { ca: None, identity: None, verify: true, server_name: None, only_13: false }
    }
}

/// A client's certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and those between it and the authority.
    pub cert: Pem,
    /// The private key; none if it stands in the file of the certificate.
    pub key: Option<Pem>,
}

/// The text of a PEM file (RFC 7468), with the name by which messages call it.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    /// The file as the user knows it.
    pub name: String,
    /// What it holds.
    pub text: Arc<[u8]>,
}

impl fmt::Debug for Pem {
    /// It may be a private key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({:?})", self.name)
    }
}

/// `proxy`: whom to go through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// What the environment says; never for loopback.
    #[default]
    Environment,
    /// Nobody.
    None,
    /// This one, for every host.
    Given(Proxy),
}

/// One entry of `resolve`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolve {
    /// The host as URLs write it: in lower case, IPv6 in brackets.
    pub host: String,
    /// The port in the URL.
    pub port: u16,
    /// Where to connect.
    pub address: IpAddr,
    /// The port to connect to, if it is another.
    pub at: Option<u16>,
}

impl Channel {
    /// Changes every text that is shown of it.
    pub fn names(&mut self, change: &mut dyn FnMut(&mut String)) {
        let Self { version: _, tls, proxy, resolve, unix_socket } = self;
        let Tls { ca, identity, verify: _, server_name, only_13: _ } = tls;
        let (cert, key) = match identity {
            Some(Identity { cert, key }) => (Some(cert), key.as_mut()),
            None => (None, None),
        };
        ca.iter_mut().chain(cert).chain(key).for_each(|pem| change(&mut pem.name));
        server_name.iter_mut().for_each(&mut *change);
        if let ProxyChoice::Given(proxy) = proxy {
            proxy.names(change);
        }
        resolve.iter_mut().for_each(|entry| change(&mut entry.host));
        if let Some(path) = unix_socket {
            let mut text = path.to_string_lossy().into_owned();
            change(&mut text);
            *path = text.into();
        }
    }

    /// For a host that is not that of the first URL.
    pub(super) fn elsewhere(&self) -> Self {
        let tls = Tls { identity: None, verify: true, server_name: None, ..self.tls.clone() };
        Self { tls, unix_socket: None, ..self.clone() }
    }

    /// For the host of the first URL once it was left: who redirects back does not get the client's certificate.
    pub(super) fn back(&self) -> Self {
        Self { tls: Tls { identity: None, ..self.tls.clone() }, ..self.clone() }
    }
}
