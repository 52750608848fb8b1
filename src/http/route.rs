//! The way to an origin: what of a [`Channel`] holds for one URL.

use std::net::SocketAddr;
use std::path::PathBuf;

use url::Url;

use super::channel::{Channel, ProxyChoice, Tls, Version};
use super::failure::{FailureKind, Fault, Refusal, fault};
use super::proxy::{Proxy, ProxyEnvironment};

/// How an origin is reached. With the origin's name it is the key of its connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) version: Version,
    /// None for http.
    pub(super) tls: Option<Tls>,
    pub(super) via: Via,
}

/// Where the socket leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Via {
    /// To an address of the name.
    Name,
    /// To this address.
    Address(SocketAddr),
    /// To a socket of this machine.
    Socket(PathBuf),
    /// To a proxy.
    Proxy(Box<Through>),
}

/// What a proxy is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Through {
    pub(super) proxy: Proxy,
    /// Where it is, if not at an address of its name.
    pub(super) address: Option<SocketAddr>,
    /// Whom to trust as the proxy, where it is spoken to in TLS.
    pub(super) tls: Option<Tls>,
    /// A connection of its own through the proxy, instead of requests in absolute form (RFC 9112 §3.2.2).
    pub(super) tunnel: bool,
}

impl Route {
    /// The way to a URL.
    pub(super) fn of(
        url: &Url,
        channel: &Channel,
        around: &ProxyEnvironment,
    ) -> Result<Self, Fault> {
        let https = url.scheme() == "https";
        if !https && channel.version == Version::Two {
            let message =
                "`http: 2` is agreed on in the TLS handshake, and an `http://` URL has none";
            return Err(fault(FailureKind::Refused(Refusal::Settings), message)
                .remedy("write `http: 2-prior-knowledge`, or ask for `https://`"));
        }
        let tls = https.then(|| channel.tls.clone());
        Ok(Self { version: channel.version, tls, via: via(url, https, channel, around)? })
    }

    /// The proxy on the way.
    pub(super) fn proxy(&self) -> Option<&Proxy> {
        match &self.via {
            Via::Proxy(through) => Some(&through.proxy),
            _ => None,
        }
    }

    /// The proxy that reads the requests themselves.
    pub(super) fn forwarder(&self) -> Option<&Proxy> {
        match &self.via {
            Via::Proxy(through) if !through.tunnel => Some(&through.proxy),
            _ => None,
        }
    }

    /// Whether one connection may serve several requests at once.
    pub(super) fn may_share(&self) -> bool {
        match self.version {
            Version::One => false,
            Version::Auto => self.tls.is_some(),
            Version::Two | Version::PriorKnowledge => true,
        }
    }
}

/// A socket before an address, both before a proxy of the environment: they say where the server is.
fn via(url: &Url, https: bool, channel: &Channel, around: &ProxyEnvironment) -> Result<Via, Fault> {
    if let Some(path) = &channel.unix_socket {
        return Ok(Via::Socket(path.clone()));
    }
    let given = |host: &str, port: u16| {
        let found = channel.resolve.iter().find(|entry| entry.host == host && entry.port == port);
        found.map(|entry| SocketAddr::new(entry.address, entry.at.unwrap_or(port)))
    };
    let host = url.host_str().unwrap_or_default();
    let address = given(host, url.port_or_known_default().unwrap_or_default());
    let proxy = match (&channel.proxy, address) {
        (ProxyChoice::Given(proxy), _) => Some(proxy.clone()),
        (ProxyChoice::None, _) | (ProxyChoice::Environment, Some(_)) => None,
        (ProxyChoice::Environment, None) => around.proxy(url)?,
    };
    Ok(match (proxy, address) {
        (Some(proxy), _) => {
            let trust = || Tls { ca: channel.tls.ca.clone(), ..Tls::default() };
            let tls = proxy.https().then(trust);
            let address = given(proxy.host(), proxy.port());
            let tunnel = https || channel.version == Version::PriorKnowledge;
            Via::Proxy(Box::new(Through { proxy, address, tls, tunnel }))
        }
        (None, Some(address)) => Via::Address(address),
        (None, None) => Via::Name,
    })
}
