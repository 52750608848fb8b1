//! The contract's page, line by line.

mod matchers;
mod misses;
mod parts;
mod captures;
