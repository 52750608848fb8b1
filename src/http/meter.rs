//! How many bytes have passed so far, for those who watch from outside.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::wire::Wire;

/// Counts the bytes of the request under way. Clones count the same.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<Mutex<Option<Watched>>>);

/// A connection, and what it had read and written when the request began.
#[derive(Debug)]
struct Watched {
    wire: Arc<Wire>,
    read: u64,
    written: u64,
}

impl Meter {
    /// Bytes that were sent and received since the request began on its connection, below TLS.
    #[must_use]
    pub fn traffic(&self) -> (u64, u64) {
        let Some(watched) = &*self.lock() else { return (0, 0) };
        let (read, written) = watched.wire.traffic();
        (written.saturating_sub(watched.written), read.saturating_sub(watched.read))
    }

    /// The request goes out on this connection.
    pub(super) fn watch(&self, wire: &Arc<Wire>) {
        let (read, written) = wire.traffic();
        *self.lock() = Some(Watched { wire: Arc::clone(wire), read, written });
    }

    /// The exchange is over: its connection is not kept from being closed.
    pub(super) fn release(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
