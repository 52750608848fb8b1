//! The contract's page, line by line.

mod matchers;
mod like;
mod transport;
mod misses;
mod parts;
mod captures;
