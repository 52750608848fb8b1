//! The bytes of one connection: a socket that can be looked at from outside hyper, and a tap on HTTP/1 heads.
//!
//! hyper owns the I/O object, so what must be known beside it lives in a shared [`Wire`]: the socket itself (to see
//! a FIN before the reactor does), counters (to know whether one byte of an answer came) and the raw head of the
//! answer (to say which line is wrong).

use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

use super::certificate::Certificate;
use super::head::{Head, HeadFault};
use super::transport::{Peer, Transport};

/// A short read says that the kernel's buffer is empty where readiness is edge-triggered as epoll and kqueue do it.
const SHORT_READ_EMPTIES: bool = cfg!(unix);

/// What is known of a connection beside hyper.
#[derive(Debug)]
pub(super) struct Wire {
    stream: Transport,
    /// Who is at the other end.
    pub(super) peer: Peer,
    /// What the TLS handshake came to.
    pub(super) secured: OnceLock<Secured>,
    greeted: AtomicBool,
    mode: AtomicU8,
    read: AtomicU64,
    written: AtomicU64,
    broken: AtomicBool,
    greeting: Mutex<Vec<u8>>,
    answer: Mutex<Answer>,
}

/// What a TLS handshake came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secured {
    /// `TLS 1.3`
    pub version: &'static str,
    /// Whether the server's certificate was looked at.
    pub verified: bool,
    /// What that says; none if it could not be read.
    pub certificate: Option<Arc<Certificate>>,
}

/// The answer as the tap has seen it so far.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The raw lines of the head.
    pub(super) head: Head,
    /// When its first byte came.
    pub(super) began: Option<Instant>,
}

const PASS: u8 = 0;
const HEAD: u8 = 1;

/// What a look at an idle connection shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Open, and nothing to read.
    Quiet,
    /// Something to read.
    Bytes,
    /// Closed or broken.
    Dead,
}

impl Wire {
    pub(super) fn new(stream: Transport, peer: Peer) -> Arc<Self> {
        Arc::new(Self {
            stream,
            peer,
            secured: OnceLock::new(),
            greeted: AtomicBool::new(false),
            mode: AtomicU8::new(PASS),
            read: AtomicU64::new(0),
            written: AtomicU64::new(0),
            broken: AtomicBool::new(false),
            greeting: Mutex::default(),
            answer: Mutex::default(),
        })
    }

    /// Asks the kernel, not the reactor: the FIN of a server that closed a moment ago is seen.
    pub(super) fn look(&self) -> Look {
        let mut byte = [MaybeUninit::uninit(); 1];
        match self.stream.peek(&mut byte) {
            Ok(0) => Look::Dead,
            Ok(_) => Look::Bytes,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Look::Quiet,
            Err(_) => Look::Dead,
        }
    }

    /// The next bytes read are the head of an answer (HTTP/1).
    pub(super) fn expect_head(&self) {
        let mut answer = self.answer();
        answer.head.clear();
        answer.began = None;
        self.mode.store(HEAD, Relaxed);
    }

    /// The answer's raw head.
    pub(super) fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes read and written since the connection was opened, below TLS.
    pub(super) fn traffic(&self) -> (u64, u64) {
        (self.read.load(Relaxed), self.written.load(Relaxed))
    }

    /// A write failed. What the server may have said before is still read, but the connection is not used again.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Relaxed)
    }

    /// The first bytes the server sent, below TLS.
    pub(super) fn greeting(&self) -> Vec<u8> {
        self.greeting.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What came so far was the proxy's: the server's first bytes are still to come.
    pub(super) fn await_greeting(&self) {
        self.greeting.lock().unwrap_or_else(PoisonError::into_inner).clear();
        self.greeted.store(false, Relaxed);
    }

    fn has_read(&self, bytes: &[u8]) {
        self.read.fetch_add(bytes.len() as u64, Relaxed);
        if !bytes.is_empty() && !self.greeted.swap(true, Relaxed) {
            let mut greeting = self.greeting.lock().unwrap_or_else(PoisonError::into_inner);
            greeting.extend_from_slice(&bytes[..bytes.len().min(64)]);
        }
    }

    fn tap(&self, bytes: &mut [u8]) -> Result<(), HeadFault> {
        if self.mode.load(Relaxed) == PASS || bytes.is_empty() {
            return Ok(());
        }
        let mut answer = self.answer();
        if answer.began.is_none() {
            answer.began = Some(Instant::now());
        }
        let count = answer.head.push(bytes)?;
        if answer.head.is_complete() {
            self.mode.store(PASS, Relaxed);
        }
        // hyper's parser skips a line with any other control character, but gives up at a NUL. The raw head keeps
        // it, and what the line means is decided there.
        for byte in bytes[..count].iter_mut().filter(|byte| **byte == 0) {
            *byte = 1;
        }
        Ok(())
    }
}

/// The socket as hyper or rustls reads and writes it.
#[derive(Debug)]
pub(super) struct Socket(pub(super) Arc<Wire>);

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &*self.0;
        loop {
            ready!(wire.stream.poll_read_ready(cx))?;
            let before = buf.filled().len();
            let room = buf.remaining();
            let mut got = None;
            // As tokio's own `TcpStream` does, a read that did not fill the buffer clears the readiness with it,
            // which saves the read that would only say "nothing left". The inner result is in `got`.
            let outcome = wire.stream.try_io(Interest::READABLE, || {
                let count = wire.stream.try_read_buf(buf)?;
                got = Some(count);
                if SHORT_READ_EMPTIES && count > 0 && count < room {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Ok(())
            });
            match (got, outcome) {
                (Some(_), _) => {
                    wire.has_read(&buf.filled()[before..]);
                    return Poll::Ready(Ok(()));
                }
                (None, Err(error)) if error.kind() != io::ErrorKind::WouldBlock => {
                    return Poll::Ready(Err(error));
                }
                (None, _) => {}
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = &*self.0;
        loop {
            ready!(wire.stream.poll_write_ready(cx))?;
            match wire.stream.try_write_vectored(slices) {
                Ok(count) => {
                    wire.written.fetch_add(count as u64, Relaxed);
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // A connection that is already gone has nothing to be shut.
        let _ = self.0.stream.shutdown();
        Poll::Ready(Ok(()))
    }
}

/// Above TLS: keeps the raw head of an HTTP/1 answer, and does not let a failed write hide an answer.
#[derive(Debug)]
pub(super) struct Tap<S> {
    pub(super) inner: S,
    pub(super) wire: Arc<Wire>,
    /// HTTP/2 takes no part in any of it.
    pub(super) http1: bool,
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        Poll::Ready(self.wire.tap(&mut buf.filled_mut()[before..]).map_err(io::Error::other))
    }
}

impl<S: AsyncWrite + Unpin> Tap<S> {
    /// RFC 9112 §9.5: a server may answer and close before it has read the request. The failed write is swallowed
    /// so that hyper goes on to read: either the answer or the end of the connection, which then is the failure.
    fn forgive(&self, outcome: Poll<io::Result<usize>>, count: usize) -> Poll<io::Result<usize>> {
        match outcome {
            Poll::Ready(Err(error)) if self.http1 && is_gone(&error) => {
                self.wire.broken.store(true, Relaxed);
                Poll::Ready(Ok(count))
            }
            outcome => outcome,
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write(cx, bytes);
        self.forgive(outcome, bytes.len())
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.inner).poll_write_vectored(cx, slices);
        self.forgive(outcome, slices.iter().map(|slice| slice.len()).sum())
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.inner).poll_flush(cx)) {
            Err(error) if self.http1 && is_gone(&error) => {
                self.wire.broken.store(true, Relaxed);
                Poll::Ready(Ok(()))
            }
            outcome => Poll::Ready(outcome),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

fn is_gone(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | NotConnected)
}
