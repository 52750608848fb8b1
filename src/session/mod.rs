//! Between exchanges: the cookies a session holds.
