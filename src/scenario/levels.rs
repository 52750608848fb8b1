//! Which key belongs where, so that a key at the wrong level is told where it belongs.

use super::{expectation, sessions, settings, step};

/// The kind of map that has this key, for "`timeout` is a key of a step".
pub(super) fn home(key: &str) -> Option<&'static str> {
    if key == "base_url" {
        return Some(
            "a scenario, and of an environment of the project file: `environments: {local: {base_url: URL}}`, `default_environment: local`",
        );
    }
    [&super::KEYS, &step::KEYS, &settings::KEYS, &expectation::KEYS, &sessions::KEYS]
        .into_iter()
        .find(|keys| keys.known.contains(&key))
        .map(|keys| keys.what)
}
