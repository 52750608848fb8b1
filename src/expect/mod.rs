//! Expectations against an exchange, and captures from it.
