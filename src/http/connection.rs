//! Open connections of HTTP/1 and HTTP/2.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use hyper::client::conn::{http1, http2};

use super::stream::Io;
use super::upload::Upload;
use super::wire::Wire;

/// A connection of the protocol that was agreed on.
pub(super) enum Dialed {
    One(Http1),
    Two(Http2),
}

/// The hyper half of an HTTP/1 connection, driven by the exchange that uses it: no task of its own, so no wake-up
/// between two tasks per event, and a dropped exchange closes its connection at once.
pub(super) type Driver = http1::Connection<Io, Upload>;

/// An HTTP/1 connection, free for one request.
pub(super) struct Http1 {
    pub(super) sender: http1::SendRequest<Upload>,
    pub(super) driver: Box<Driver>,
    /// The driver has ended and must not be polled again.
    pub(super) over: bool,
    pub(super) wire: Arc<Wire>,
    /// When it became free.
    pub(super) since: Instant,
}

impl Http1 {
    pub(super) fn new(sender: http1::SendRequest<Upload>, driver: Driver, wire: Arc<Wire>) -> Self {
        Self { sender, driver: Box::new(driver), over: false, wire, since: Instant::now() }
    }
}

/// An HTTP/2 connection, shared.
#[derive(Clone)]
pub(super) struct Http2 {
    pub(super) sender: http2::SendRequest<Upload>,
    pub(super) wire: Arc<Wire>,
}

/// Drives a connection one step. Ready: it is over and must not be polled again.
pub(super) fn poll(driver: &mut Driver, cx: &mut Context<'_>) -> Poll<hyper::Result<()>> {
    Future::poll(Pin::new(driver), cx)
}
