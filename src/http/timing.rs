//! Where the time of a hop went, and how durations are told to people.

use std::time::Duration;

/// The times of one hop, each measured from its own start except `first_byte` and `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timing {
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

/// `1 ms`, `1.5 s`, `30 s`: for messages.
pub(super) fn told(duration: Duration) -> String {
    let micros = duration.as_micros();
    match micros {
        0..1_000 => format!("{:.1} ms", micros as f64 / 1e3),
        1_000..1_000_000 => format!("{} ms", micros / 1_000),
        _ if duration.subsec_millis() < 50 => format!("{} s", duration.as_secs()),
        _ => format!("{:.1} s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_told_in_the_unit_that_fits() {
        let check = |micros, text: &str| assert_eq!(told(Duration::from_micros(micros)), text);
        check(0, "0.0 ms");
        check(154, "0.2 ms");
        check(1_000, "1 ms");
        check(30_000_000, "30 s");
        check(30_001_500, "30 s");
        check(1_500_000, "1.5 s");
    }
}
