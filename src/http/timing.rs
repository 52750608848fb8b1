//! Where the time of a hop went, and how durations are told to people.

use std::time::Duration;

/// The times of one hop, each measured from its own start except `start`, `first_byte` and `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
    /// From the start of the exchange to that of the hop.
    pub start: Duration,
    /// Looking up the name; none on a reused connection.
    pub dns: Option<Duration>,
    /// The TCP handshake; none on a reused connection.
    pub connect: Option<Duration>,
    /// The TLS handshake; none on a reused connection and on plain HTTP.
    pub tls: Option<Duration>,
    /// From the start of the hop to the first byte of the answer (HTTP/2: to its head); zero if none came.
    pub first_byte: Duration,
    /// From the start of the hop to the end of the body.
    pub total: Duration,
}

/// Stands for a limit beyond the clock's range.
pub(super) const FAR: Duration = Duration::from_secs(365 * 24 * 3_600);
