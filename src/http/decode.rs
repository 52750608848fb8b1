//! Content codings (RFC 9110 §8.4.1), undone within limits of size, depth and time.

use std::io::{self, Read};
use std::time::Instant;

use bytes::{Buf, Bytes};
use flate2::{Decompress, FlushDecompress, Status};
use http::{HeaderMap, header};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::failure::{FailureKind, Fault, Limit, Phase, fault};

/// The codings that are asked for and undone.
pub const ACCEPT_ENCODING: &str = "gzip, br, zstd, deflate";

/// Codings on top of one another; more is an attack or a mistake.
const MAX_CODINGS: usize = 2;
/// Output between two looks at the limits.
const STEP: usize = 64 * 1024;
/// Output up to which decoding stays on the reactor's thread.
const INLINE: u64 = 256 * 1024;
/// RFC 9659 §3: a zstd window on the web is at most this large.
const MAX_WINDOW: u64 = 8 * 1024 * 1024;

/// One content coding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// The codings of a body, in the order in which they were applied.
pub(super) fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, Fault> {
    let mut found = Vec::new();
    for value in headers.get_all(header::CONTENT_ENCODING) {
        let text = String::from_utf8_lossy(value.as_bytes());
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let coding = match name.to_ascii_lowercase().as_str() {
                "identity" => continue,
                "gzip" | "x-gzip" => Coding::Gzip,
                "deflate" => Coding::Deflate,
                "br" => Coding::Brotli,
                "zstd" => Coding::Zstd,
                _ => {
                    let shown: String = name.chars().take(80).collect();
                    let message = format!("the body's content coding `{shown}` is not known");
                    return Err(fault(FailureKind::Decode, message)
                        .remedy("`compressed: false` takes the body as it comes"));
                }
            };
            found.push(coding);
        }
    }
    if found.len() > MAX_CODINGS {
        let message =
            format!("the body has {} content codings; {MAX_CODINGS} are allowed", found.len());
        return Err(fault(FailureKind::TooLarge(Limit::Codings), message));
    }
    Ok(found)
}

/// Undoes the codings. What is large is decoded on another thread.
pub(super) async fn decode(
    body: Bytes,
    codings: Vec<Coding>,
    limit: u64,
    deadline: Instant,
) -> Result<Bytes, Fault> {
    if body.is_empty() {
        return Ok(body);
    }
    if (body.len() as u64) <= INLINE {
        // A small body may hold a large one: then this try is given up and the work begun again elsewhere.
        match undo(body.clone(), &codings, limit.min(INLINE), deadline) {
            Err(Stop::TooLarge) if limit > INLINE => {}
            outcome => return outcome.map_err(|stop| stop.told(limit)),
        }
    }
    let task = tokio::task::spawn_blocking(move || undo(body, &codings, limit, deadline));
    match task.await {
        Ok(outcome) => outcome.map_err(|stop| stop.told(limit)),
        Err(error) => Err(fault(FailureKind::Decode, "the decoder failed").because(&error)),
    }
}

/// Why decoding stopped.
#[derive(Debug)]
enum Stop {
    TooLarge,
    Deadline,
    Broken(Coding, String),
}

impl Stop {
    fn told(self, limit: u64) -> Fault {
        match self {
            Self::TooLarge => {
                let message = format!("the decoded body is larger than {limit} bytes (`max_body`)");
                fault(FailureKind::TooLarge(Limit::DecodedSize), message)
                    .remedy("a larger `max_body` lets it through")
            }
            Self::Deadline => fault(
                FailureKind::Timeout(Phase::Body),
                "the body was not decoded within the request's time-out",
            ),
            Self::Broken(coding, why) => fault(
                FailureKind::Decode,
                format!("the body is not valid {}: {why}", coding.name()),
            ),
        }
    }
}

fn undo(mut body: Bytes, codings: &[Coding], limit: u64, deadline: Instant) -> Result<Bytes, Stop> {
    for &coding in codings.iter().rev() {
        let mut sink = Sink { bytes: Vec::new(), limit, deadline };
        match coding {
            Coding::Gzip => gzip(&body, &mut sink)?,
            Coding::Deflate => deflate(&body, &mut sink)?,
            Coding::Brotli => brotli(&body, &mut sink)?,
            Coding::Zstd => zstd(&body, &mut sink)?,
        }
        body = Bytes::from(sink.bytes);
    }
    Ok(body)
}

/// What was decoded so far.
struct Sink {
    bytes: Vec<u8>,
    limit: u64,
    deadline: Instant,
}

impl Sink {
    /// Takes the next step of a reader; false at its end.
    fn step(&mut self, reader: &mut impl Read) -> Result<bool, StepError> {
        let count =
            reader.take(STEP as u64).read_to_end(&mut self.bytes).map_err(StepError::Read)?;
        self.check().map_err(StepError::Stop)?;
        Ok(count > 0)
    }

    fn check(&self) -> Result<(), Stop> {
        if self.bytes.len() as u64 > self.limit {
            return Err(Stop::TooLarge);
        }
        if Instant::now() >= self.deadline { Err(Stop::Deadline) } else { Ok(()) }
    }

    fn drain(&mut self, coding: Coding, mut reader: impl Read) -> Result<(), Stop> {
        loop {
            match self.step(&mut reader) {
                Ok(true) => {}
                Ok(false) => return Ok(()),
                Err(StepError::Stop(stop)) => return Err(stop),
                Err(StepError::Read(error)) => return Err(broken(coding, &error)),
            }
        }
    }
}

enum StepError {
    Stop(Stop),
    Read(io::Error),
}

fn broken(coding: Coding, error: &io::Error) -> Stop {
    let why = match error.kind() {
        io::ErrorKind::UnexpectedEof => "it ends early".to_owned(),
        _ => error.to_string(),
    };
    Stop::Broken(coding, why)
}

/// All members (RFC 1952 §2.2); what follows the last must be another.
fn gzip(body: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    sink.drain(Coding::Gzip, flate2::bufread::MultiGzDecoder::new(body))
}

/// zlib as RFC 9110 §8.4.1.2 defines it, or the bare deflate that some servers send under this name.
fn deflate(body: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    let zlib = matches!(body, [cmf, flg, ..] if cmf & 0x0f == 8 && u16::from_be_bytes([*cmf, *flg]) % 31 == 0);
    let mut state = Decompress::new(zlib);
    // flate2's readers take a truncated stream for a complete one, so the state machine is driven here.
    loop {
        let rest =
            body.get(usize::try_from(state.total_in()).unwrap_or(usize::MAX)..).unwrap_or_default();
        sink.bytes.reserve(STEP);
        let before = (state.total_in(), state.total_out());
        let status = state
            .decompress_vec(rest, &mut sink.bytes, FlushDecompress::None)
            .map_err(|error| Stop::Broken(Coding::Deflate, error.to_string()))?;
        sink.check()?;
        if status == Status::StreamEnd {
            return if state.total_in() == body.len() as u64 {
                Ok(())
            } else {
                Err(Stop::Broken(Coding::Deflate, "bytes follow its end".to_owned()))
            };
        }
        if before == (state.total_in(), state.total_out()) {
            return Err(Stop::Broken(Coding::Deflate, "it ends early".to_owned()));
        }
    }
}

fn brotli(body: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    // RFC 7932 §9.1 reserves this pattern; elsewhere it announces windows of up to a gibibyte.
    if body.first().is_some_and(|byte| byte & 0x7f == 0x11) {
        return Err(Stop::Broken(
            Coding::Brotli,
            "its window is larger than brotli allows".to_owned(),
        ));
    }
    let mut rest = body;
    sink.drain(Coding::Brotli, brotli::Decompressor::new(&mut rest, body.len().clamp(1, 4096)))?;
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Stop::Broken(Coding::Brotli, "bytes follow its end".to_owned()))
    }
}

/// All frames (RFC 8878 §3.1), skippable ones skipped.
fn zstd(body: &[u8], sink: &mut Sink) -> Result<(), Stop> {
    let bad = |why: String| Stop::Broken(Coding::Zstd, why);
    let early = || bad("it ends early".to_owned());
    let mut rest = body;
    let mut decoder = FrameDecoder::new();
    while !rest.is_empty() {
        let magic =
            rest.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes)).ok_or_else(early)?;
        if magic & 0xffff_fff0 == 0x184d_2a50 {
            let length =
                rest.get(4..8).and_then(|bytes| bytes.first_chunk::<4>()).ok_or_else(early)?;
            let end = 8 + u32::from_le_bytes(*length) as usize;
            rest = rest.get(end..).ok_or_else(early)?;
            continue;
        }
        if magic != 0xfd2f_b528 {
            return Err(bad("a frame does not begin with its mark".to_owned()));
        }
        let (window, promised) = zstd_header(rest).ok_or_else(early)?;
        if window > MAX_WINDOW {
            return Err(bad(format!("its window of {window} bytes is larger than {MAX_WINDOW}")));
        }
        let before = sink.bytes.len() as u64;
        decoder.reset(&mut rest).map_err(|error| bad(error.to_string()))?;
        while !decoder.is_finished() {
            let step = BlockDecodingStrategy::UptoBytes(STEP);
            decoder.decode_blocks(&mut rest, step).map_err(|error| bad(error.to_string()))?;
            decoder
                .collect_to_writer(&mut sink.bytes)
                .map_err(|error| broken(Coding::Zstd, &error))?;
            sink.check()?;
        }
        decoder.collect_to_writer(&mut sink.bytes).map_err(|error| broken(Coding::Zstd, &error))?;
        sink.check()?;
        if promised.is_some_and(|promised| promised != sink.bytes.len() as u64 - before) {
            return Err(bad("its content has not the length that its header says".to_owned()));
        }
        let sums = (decoder.get_checksum_from_data(), decoder.get_calculated_checksum());
        if let (Some(said), Some(found)) = sums
            && said != found
        {
            return Err(bad("its checksum does not match".to_owned()));
        }
    }
    Ok(())
}

/// The window that a frame's header asks for, read before anything is allocated for it, and the length of the
/// content if it is said (RFC 8878 §3.1.1.1).
fn zstd_header(frame: &[u8]) -> Option<(u64, Option<u64>)> {
    let mut rest = frame.get(4..)?;
    let descriptor = *rest.first()?;
    rest.advance(1);
    let single_segment = descriptor & 0x20 != 0;
    let mut window = 0;
    if !single_segment {
        let byte = *rest.first()?;
        rest.advance(1);
        let base = 1u64 << (10 + u64::from(byte >> 3));
        window = base + base / 8 * u64::from(byte & 7);
    }
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let size = rest.get(dictionary..)?;
    let content = match descriptor >> 6 {
        0 if single_segment => Some(u64::from(*size.first()?)),
        0 => None,
        1 => Some(u64::from(u16::from_le_bytes(*size.first_chunk()?)) + 256),
        2 => Some(u64::from(u32::from_le_bytes(*size.first_chunk()?))),
        _ => Some(u64::from_le_bytes(*size.first_chunk()?)),
    };
    // A single segment is its own window.
    Some((if single_segment { content.unwrap_or_default() } else { window }, content))
}
