//! The practice server, tested through a real listener; what has many corners also piece by piece.

mod client;
mod httpbin;
mod shop;
mod server;
mod pieces;
