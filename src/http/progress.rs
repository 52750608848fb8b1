//! How far a hop has come, kept outside its future so that a time-out can tell it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::failure::{FailureKind, Fault, Phase, fault};
use super::meter::Meter;
use super::timing::Timing;
use super::wire::{Secured, Wire};
use crate::scenario::quantity::shown as told;

/// The state of the hop under way.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) start: Instant,
    pub(super) phase: Phase,
    pub(super) timing: Timing,
    pub(super) remote: Option<SocketAddr>,
    pub(super) reused: bool,
    /// The connection was opened for this hop, with TLS 1.3.
    pub(super) tls13: bool,
    /// Body bytes of the answer so far.
    pub(super) received: u64,
    /// Of how many, where a Content-Length says so.
    pub(super) expected: Option<u64>,
    /// Body bytes of the request.
    pub(super) body_len: u64,
    /// Who watches from outside.
    meter: Meter,
    watched: Option<(Arc<Wire>, u64, u64)>,
}

impl Progress {
    pub(super) fn new(start: Instant, body_len: u64) -> Self {
        Self {
            start,
            phase: Phase::Dns,
            timing: Timing::default(),
            remote: None,
            reused: false,
            tls13: false,
            received: 0,
            expected: None,
            body_len,
            meter: Meter::default(),
            watched: None,
        }
    }

    /// Watched by this one.
    pub(super) fn metered(self, meter: &Meter) -> Self {
        Self { meter: meter.clone(), ..self }
    }

    /// Counts this connection's bytes from here on.
    pub(super) fn watch(&mut self, wire: &Arc<Wire>) {
        let (read, written) = wire.traffic();
        self.remote = wire.peer.address();
        self.meter.watch(wire);
        self.watched = Some((Arc::clone(wire), read, written));
    }

    /// Bytes read and written since [`Progress::watch`].
    pub(super) fn traffic(&self) -> (u64, u64) {
        let Some((wire, read, written)) = &self.watched else { return (0, 0) };
        let now = wire.traffic();
        (now.0.saturating_sub(*read), now.1.saturating_sub(*written))
    }

    /// What the TLS handshake of the connection came to.
    pub(super) fn secured(&self) -> Option<Secured> {
        self.watched.as_ref().and_then(|(wire, _, _)| wire.secured.get().cloned())
    }

    /// The first bytes that came on the connection, below TLS.
    pub(super) fn greeting(&self) -> Vec<u8> {
        self.watched.as_ref().map(|(wire, _, _)| wire.greeting()).unwrap_or_default()
    }

    /// A byte of an HTTP/1 answer came: bytes below TLS may be session tickets, and in HTTP/2 anything.
    fn answer_began(&self) -> bool {
        self.watched.as_ref().is_some_and(|(wire, _, _)| wire.answer().began.is_some())
    }

    /// The failure of the request's time-out, struck here.
    pub(super) fn timed_out(&self, limit: Duration, host: &str) -> Fault {
        let (_, written) = self.traffic();
        let mut phase = self.phase;
        if phase == Phase::Head && written < self.body_len {
            phase = Phase::Send;
        }
        let limit = told(limit);
        let connected = match self.timing.connect {
            Some(time) => format!("connected in {}", told(time)),
            None => "on a kept-alive connection".to_owned(),
        };
        let message = match phase {
            Phase::Dns => format!("no answer within {limit}: still looking up `{host}`"),
            Phase::Connect => format!("no answer within {limit}: still connecting to `{host}`"),
            Phase::Tls => {
                format!("no answer within {limit}: {connected}, the TLS handshake did not end")
            }
            Phase::Send => {
                let of = self.body_len;
                format!(
                    "no answer within {limit}: {connected}, about {written} of {of} bytes of the request's body sent"
                )
            }
            Phase::Head if !self.answer_began() => {
                format!(
                    "no answer within {limit}: {connected}, request sent, no byte of the answer"
                )
            }
            Phase::Head => {
                format!(
                    "no whole answer within {limit}: {connected}, request sent, the head of the answer did not end"
                )
            }
            Phase::Body | Phase::Redirects => {
                let of = self
                    .expected
                    .map_or_else(|| "an unknown number".to_owned(), |bytes| bytes.to_string());
                format!(
                    "no whole answer within {limit}: first byte after {}, then {} of {of} bytes of the body",
                    told(self.timing.first_byte),
                    self.received,
                )
            }
        };
        fault(FailureKind::Timeout(phase), message)
    }
}
