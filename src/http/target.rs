//! The target of a request (RFC 9112 §3.2), as hyper takes it.

use super::failure::{FailureKind, Fault, Limit, Refusal, fault};

/// A URL that http can hold: its own limit is 65,534 bytes.
pub(super) fn uri(text: &str) -> Result<http::Uri, Fault> {
    http::Uri::try_from(text).map_err(|error| {
        if text.len() > usize::from(u16::MAX) - 1 {
            fault(
                FailureKind::TooLarge(Limit::Url),
                format!("the URL has {} bytes; 65534 are allowed", text.len()),
            )
        } else {
            fault(FailureKind::Refused(Refusal::Url), "the URL cannot be sent").because(&error)
        }
    })
}
