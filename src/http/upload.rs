//! The request's body: nothing, bytes in memory, or a file that is streamed.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::fs::File;
use tokio::io::{AsyncRead, ReadBuf};

use super::failure::{FailureKind, Fault, Refusal, fault};

/// What a request carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Bytes),
    /// This file, streamed. Its length is read when it is opened; a file that changes size meanwhile is a failure.
    File(PathBuf),
}

const PIECE: usize = 64 * 1024;

/// The body on its way through hyper.
#[derive(Debug)]
pub(super) enum Upload {
    Empty,
    Bytes(Bytes),
    File(Box<Streamed>),
}

/// A file being sent.
#[derive(Debug)]
pub(super) struct Streamed {
    file: File,
    path: PathBuf,
    left: u64,
    buffer: Box<[u8]>,
}

impl Upload {
    /// Opens the body: a missing file is found before anything is sent.
    pub(super) async fn open(body: &Body) -> Result<Self, Fault> {
        match body {
            Body::Empty => Ok(Self::Empty),
            Body::Bytes(bytes) if bytes.is_empty() => Ok(Self::Empty),
            Body::Bytes(bytes) => Ok(Self::Bytes(bytes.clone())),
            Body::File(path) => Self::open_file(path).await.map_err(|error| {
                let message = format!("the file `{}` cannot be sent: {error}", path.display());
                fault(FailureKind::Refused(Refusal::File), message)
            }),
        }
    }

    async fn open_file(path: &Path) -> io::Result<Self> {
        let file = File::open(path).await?;
        let about = file.metadata().await?;
        if about.is_dir() {
            return Err(io::Error::other("it is a folder"));
        }
        if about.len() == 0 {
            return Ok(Self::Empty);
        }
        let buffer = vec![0; PIECE].into_boxed_slice();
        Ok(Self::File(Box::new(Streamed {
            file,
            path: path.to_owned(),
            left: about.len(),
            buffer,
        })))
    }

    /// Bytes still to be sent.
    pub(super) fn left(&self) -> u64 {
        match self {
            Self::Empty => 0,
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(streamed) => streamed.left,
        }
    }
}

impl Streamed {
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut buf = ReadBuf::new(&mut self.buffer);
        ready!(Pin::new(&mut self.file).poll_read(cx, &mut buf))?;
        let bytes = Bytes::copy_from_slice(buf.filled());
        let count = bytes.len() as u64;
        if count == 0 || count > self.left {
            return Poll::Ready(Err(io::Error::other(FileChanged(self.path.clone()))));
        }
        self.left -= count;
        Poll::Ready(Ok(bytes))
    }
}

impl HttpBody for Upload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match std::mem::replace(&mut *self, Self::Empty) {
            Self::Empty => Poll::Ready(None),
            Self::Bytes(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            Self::File(mut streamed) => {
                let piece = streamed.poll_piece(cx);
                if piece.is_pending() || streamed.left > 0 {
                    *self = Self::File(streamed);
                }
                piece.map(|piece| Some(piece.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left())
    }
}

/// The file has not the length that was promised to the server.
#[derive(Debug)]
pub(super) struct FileChanged(PathBuf);

impl std::fmt::Display for FileChanged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the file `{}` changed its size while it was sent", self.0.display())
    }
}

impl std::error::Error for FileChanged {}
