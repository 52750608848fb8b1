//! Where a connection leads.

use std::net::IpAddr;

use url::Url;

use super::failure::{FailureKind, Fault, Refusal, fault};
use super::route::Route;

/// One scheme, host and port, reached in one way.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) route: Route,
    /// As in the URL: an IPv6 address has its brackets.
    pub(super) host: String,
    pub(super) ip: Option<IpAddr>,
    pub(super) port: u16,
}

impl Origin {
    /// The origin of a URL. Refused if it is neither http nor https.
    pub(super) fn new(url: &Url, route: Route) -> Result<Self, Fault> {
        let refused = |message: String| fault(FailureKind::Refused(Refusal::Url), message);
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("the scheme `{}` is neither http nor https", url.scheme());
            return Err(refused(message));
        }
        let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else {
            return Err(refused(format!("the URL `{url}` has no host")));
        };
        Ok(Self { route, host: host.to_owned(), ip: literal(host), port })
    }
}

/// The address that a host already is: `127.0.0.1`, `[::1]`.
pub(super) fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}
