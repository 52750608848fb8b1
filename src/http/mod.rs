//! One HTTP exchange: connect, send, follow redirects, decode, time, fail.
//!
//! [`Client::exchange`] is the whole of it: a [`Request`] and [`Settings`] go in, an [`Exchange`] comes out, and
//! what went wrong is data in it, never a panic and never a log line. The policies are pure functions with tables of
//! tests: `redirect::decide`, `pool::admit`, `hop::again`. hyper and rustls do not show in the interface.
//!
//! The client adds `Host`, the headers that describe the body, the session's `Cookie` and `Accept-Encoding`. It does
//! not add [`USER_AGENT`] and [`ACCEPT`]: the caller does, unless the scenario says `null`.

mod certificate;
mod channel;
mod connect;
mod connection;
mod credentials;
mod decode;
mod exchange;
mod failure;
mod handshake;
mod head;
mod hop;
mod hosts;
mod meter;
mod origin;
mod pool;
mod progress;
mod protocol;
mod proxy;
mod redirect;
mod route;
mod stream;
mod target;
#[cfg(test)]
mod tests;
mod timing;
mod tls;
mod transport;
mod trust;
mod upload;
mod verify;
mod wire;

pub use certificate::Certificate;
pub use channel::{Channel, Identity, Pem, ProxyChoice, Resolve, Tls, Version};
pub use credentials::{Again, Credentials, NoCredentials, Unsigned};
pub use decode::ACCEPT_ENCODING;
pub use exchange::{
    Around, Client, Cookies, Exchange, Head, Hop, NoCookies, Request, Response, Settings,
};
pub use failure::{
    ConnectFault, Failure, FailureKind, Limit, Phase, ProtocolFault, RedirectFault, Refusal,
    TlsFault,
};
pub use hosts::HostPattern;
pub use meter::Meter;
pub use proxy::{Proxy, ProxyEnvironment};
pub use timing::Timing;
pub use trust::Roots;
pub use upload::{Body, Piece};
pub use wire::Secured;

/// The User-Agent header that a request has unless the scenario says otherwise.
pub const USER_AGENT: &str = concat!("callsheet/", env!("CARGO_PKG_VERSION"));
/// The Accept header that a request has unless the scenario says otherwise.
pub const ACCEPT: &str = "*/*";
