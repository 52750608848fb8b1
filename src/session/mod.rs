//! Between exchanges: the cookies a session holds.

use std::time::SystemTime;

/// A cookie that a session holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value, as it was received.
    pub value: String,
    /// The domain it is for, or the host for a host-only cookie; without a leading dot.
    pub domain: String,
    /// Whether it is sent to that host alone, not to its subdomains.
    pub host_only: bool,
    /// Its path.
    pub path: String,
    /// Whether it is sent over secure connections only.
    pub secure: bool,
    /// Whether it is kept from scripts.
    pub http_only: bool,
    /// `strict`, `lax` or `none`; none where the server did not say.
    pub same_site: Option<&'static str>,
    /// When it expires; none is a session cookie.
    pub expires: Option<SystemTime>,
}
