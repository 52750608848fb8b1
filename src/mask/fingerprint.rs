//! What stands in for a value that may not be shown.

use std::hash::{BuildHasher, RandomState};

/// Stands in for a masked value where nothing is to be told apart.
pub const MASK: &str = "•••";

/// Short keyed fingerprints: the same value has the same one all over a run, and nobody can go back from it.
///
/// The key is made anew with each `default()`; clones share it, so that the reports of one run agree.
#[derive(Clone, Debug)]
pub struct Fingerprints(Option<RandomState>);

impl Default for Fingerprints {
    fn default() -> Self {
        Self(Some(RandomState::default()))
    }
}

impl Fingerprints {
    /// The same mark for all values: what is kept from run to run has no fingerprints.
    #[must_use]
    pub fn none() -> Self {
        Self(None)
    }

    /// `•••a1f3`; what is a fingerprint already stays as it is.
    #[must_use]
    pub fn of(&self, value: &[u8]) -> String {
        let Some(key) = &self.0 else { return MASK.to_owned() };
        if let Some(done) = already(value) {
            return done.to_owned();
        }
        // Four digits tell the few values of a run apart, and are too few to guess the value by.
        format!("{MASK}{:04x}", key.hash_one(value) & 0xffff)
    }
}

/// The value as text, where it is a fingerprint.
pub(crate) fn already(value: &[u8]) -> Option<&str> {
    let value = std::str::from_utf8(value).ok()?;
    let digits = value.strip_prefix(MASK)?;
    (digits.len() == 4 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_fingerprint_in_a_run() {
        let run = Fingerprints::default();
        assert_eq!(run.of(b"secret"), run.clone().of(b"secret"));
        assert_eq!(run.of(b"secret").chars().count(), 7);
        assert_eq!(run.of(run.of(b"secret").as_bytes()), run.of(b"secret"));
        let other = |n: u8| run.of(&[n]);
        assert!((1..9).any(|n| other(n) != other(0)));
    }
}
