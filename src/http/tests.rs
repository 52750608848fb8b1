//! Exchanges over real loopback sockets.
