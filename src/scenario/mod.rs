//! From YAML text to a [`Scenario`]: located tree, model, decoding, checks.

pub mod yaml;
