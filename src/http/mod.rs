//! One HTTP exchange: connect, send, follow redirects, decode, time, fail.
