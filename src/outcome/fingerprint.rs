//! What stands in for a value that may not be shown.

use std::hash::{BuildHasher, RandomState};

/// Stands in for a masked value where nothing is to be told apart.
pub const MASK: &str = "•••";

/// Short keyed fingerprints: the same value has the same one all over a run, and nobody can go back from it.
///
/// The key is made anew with each `default()`; clones share it, so that the reports of one run agree.
#[derive(Clone, Debug, Default)]
pub struct Fingerprints(RandomState);

impl Fingerprints {
    /// `•••a1f3`
    #[must_use]
    pub fn of(&self, value: &[u8]) -> String {
        // Four digits tell the few values of a run apart, and are too few to guess the value by.
        format!("{MASK}{:04x}", self.0.hash_one(value) & 0xffff)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_one_fingerprint_in_a_run() {
        let run = Fingerprints::default();
        assert_eq!(run.of(b"secret"), run.clone().of(b"secret"));
        assert_eq!(run.of(b"secret").chars().count(), 7);
        let other = |n: u8| run.of(&[n]);
        assert!((1..9).any(|n| other(n) != other(0)));
    }
}
