//! The request's body: nothing, bytes in memory, or files that are streamed.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use sha2::{Digest as _, Sha256};
use tokio::fs::File;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio::time::Sleep;

use super::failure::{FailureKind, Fault, Refusal, fault};
use super::wire::Wire;

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
    /// These pieces, one after the other.
    Pieces(Arc<[Piece]>),
}

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// These bytes.
    Bytes(Bytes),
    /// This file, streamed.
    File(PathBuf),
}

const PIECE: usize = 64 * 1024;

/// A larger body is announced first (RFC 9110 section 10.1.1): what is refused by its head need not be sent.
pub(super) const LARGE: u64 = 1024 * 1024;

/// So long the server may take to ask for an announced body; many never do.
const PATIENCE: Duration = Duration::from_secs(1);

impl Body {
    /// The SHA-256 of all of it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub async fn sha256(&self) -> io::Result<[u8; 32]> {
        let mut hash = Sha256::new();
        match self {
            Self::Empty => {}
            Self::Bytes(bytes) => hash.update(bytes),
            Self::File(path) => hash_file(path, &mut hash).await?,
            Self::Pieces(pieces) => {
                for piece in &**pieces {
                    match piece {
                        Piece::Bytes(bytes) => hash.update(bytes),
                        Piece::File(path) => hash_file(path, &mut hash).await?,
                    }
                }
            }
        }
        Ok(hash.finalize().into())
    }
}

async fn hash_file(path: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut file = File::open(path).await?;
    let mut buffer = vec![0; PIECE];
    loop {
        match file.read(&mut buffer).await? {
            0 => return Ok(()),
            count => hash.update(&buffer[..count]),
        }
    }
}

/// The body on its way through hyper.
#[derive(Debug, Default)]
pub(super) struct Upload {
    pieces: VecDeque<Source>,
    left: u64,
    gate: Option<Gate>,
}

#[derive(Debug)]
enum Source {
    Bytes(Bytes),
    File(Box<Streamed>),
}

/// A file being sent.
#[derive(Debug)]
struct Streamed {
    file: File,
    path: PathBuf,
    left: u64,
    buffer: Box<[u8]>,
}

/// Holds an announced body back until the server asks for it, or has had its time.
#[derive(Debug)]
struct Gate {
    wire: Arc<Wire>,
    patience: Pin<Box<Sleep>>,
}

impl Gate {
    /// Stays pending once the final answer is there: nobody wants the body then.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (asked, answered) = {
            let head = &self.wire.answer().head;
            (head.continued(), head.is_complete())
        };
        let out_of_patience = self.patience.as_mut().poll(cx).is_ready();
        match !answered && (asked || out_of_patience) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

impl Upload {
    /// Opens the body: a missing file is found before anything is sent.
    pub(super) async fn open(body: &Body) -> Result<Self, Fault> {
        let mut upload = Self::default();
        match body {
            Body::Empty => {}
            Body::Bytes(bytes) => upload.push(Source::Bytes(bytes.clone())),
            Body::File(path) => upload.push(open_file(path).await?),
            Body::Pieces(pieces) => {
                for piece in &**pieces {
                    upload.push(match piece {
                        Piece::Bytes(bytes) => Source::Bytes(bytes.clone()),
                        Piece::File(path) => open_file(path).await?,
                    });
                }
            }
        }
        Ok(upload)
    }

    fn push(&mut self, source: Source) {
        let length = source.left();
        if length > 0 {
            self.left += length;
            self.pieces.push_back(source);
        }
    }

    /// Bytes still to be sent.
    pub(super) fn left(&self) -> u64 {
        self.left
    }

    /// Nothing is sent before the server asks for it on this connection, but not for ever.
    pub(super) fn hold(&mut self, wire: &Arc<Wire>) {
        let patience = Box::pin(tokio::time::sleep(PATIENCE));
        self.gate = Some(Gate { wire: Arc::clone(wire), patience });
    }
}

async fn open_file(path: &Path) -> Result<Source, Fault> {
    let opened = async {
        let file = File::open(path).await?;
        let about = file.metadata().await?;
        if about.is_dir() {
            return Err(io::Error::other("it is a folder"));
        }
        Ok((file, about.len()))
    };
    let (file, left) = opened.await.map_err(|error| {
        let message = format!("the file `{}` cannot be sent: {error}", path.display());
        fault(FailureKind::Refused(Refusal::File), message)
    })?;
    let buffer = vec![0; PIECE].into_boxed_slice();
    Ok(Source::File(Box::new(Streamed { file, path: path.to_owned(), left, buffer })))
}

impl Source {
    fn left(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(streamed) => streamed.left,
        }
    }

    /// The next bytes, at least one.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        match self {
            Self::Bytes(bytes) => Poll::Ready(Ok(std::mem::take(bytes))),
            Self::File(streamed) => streamed.poll_next(cx),
        }
    }
}

impl Streamed {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
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
        if let Some(gate) = &mut self.gate {
            ready!(gate.poll(cx));
            self.gate = None;
        }
        let Some(source) = self.pieces.front_mut() else { return Poll::Ready(None) };
        let next = ready!(source.poll_next(cx));
        if source.left() == 0 || next.is_err() {
            self.pieces.pop_front();
        }
        Poll::Ready(Some(next.map(|bytes| {
            self.left -= bytes.len() as u64;
            Frame::data(bytes)
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
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
