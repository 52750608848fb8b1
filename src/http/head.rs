//! The raw head of an HTTP/1 answer: bounded while it comes, examined line by line where hyper's verdict is not
//! enough.
//!
//! hyper is told to skip header lines that it cannot read, because a `Set-Cookie` with control characters must cost
//! that cookie and not the response. Every other such line fails the response, as RFC 9112 §5 wants: the count of
//! lines here and of headers there tells whether one was skipped.

use std::fmt;

use super::failure::{FailureKind, Fault, Limit, ProtocolFault, fault};

/// The most header lines of an answer.
pub(super) const MAX_HEADERS: usize = 1_000;
/// The largest head, in bytes.
pub(super) const MAX_HEAD: usize = 256 * 1024;
/// The most interim (1xx) answers before the final one.
const MAX_INTERIM: usize = 32;

/// The bytes of the head so far. Interim answers are counted and dropped.
#[derive(Debug, Default)]
pub(super) struct Head {
    bytes: Vec<u8>,
    lines: usize,
    interim: usize,
    continued: bool,
    complete: bool,
    line_start: usize,
    scanned: usize,
}

/// A limit that the head passed; it travels through hyper as an I/O error.
#[derive(Clone, Copy, Debug)]
pub(super) struct HeadFault(pub(super) Limit);

impl fmt::Display for HeadFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a limit on the answer's head was reached: {}",
            FailureKind::TooLarge(self.0).class()
        )
    }
}

impl std::error::Error for HeadFault {}

impl HeadFault {
    pub(super) fn told(self) -> Fault {
        let message = match self.0 {
            Limit::HeadCount => format!("the answer has more than {MAX_HEADERS} header lines"),
            Limit::Informational => {
                format!("the server sent more than {MAX_INTERIM} interim (1xx) answers")
            }
            _ => format!("the answer's head is larger than {} KiB", MAX_HEAD / 1024),
        };
        fault(FailureKind::TooLarge(self.0), message)
    }
}

impl Head {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        (self.lines, self.interim, self.line_start, self.scanned) = (0, 0, 0, 0);
        (self.continued, self.complete) = (false, false);
    }

    /// A `100 Continue` came: the server asks for the body.
    pub(super) fn continued(&self) -> bool {
        self.continued
    }

    /// Nothing came, not even an interim answer.
    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty() && self.interim == 0
    }

    /// The empty line at its end was seen.
    pub(super) fn is_complete(&self) -> bool {
        self.complete
    }

    /// The bytes so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Header lines, without the status line.
    pub(super) fn header_lines(&self) -> usize {
        self.lines.saturating_sub(1)
    }

    /// Takes what was read and says how many bytes of it belong to heads.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<usize, HeadFault> {
        self.bytes.extend_from_slice(bytes);
        while let Some(length) = self.bytes[self.scanned..].iter().position(|byte| *byte == b'\n') {
            let end = self.scanned + length;
            self.scanned = end + 1;
            let line = self.bytes[self.line_start..end]
                .strip_suffix(b"\r")
                .unwrap_or(&self.bytes[self.line_start..end]);
            let empty = line.is_empty();
            self.line_start = self.scanned;
            if !empty {
                self.lines += 1;
                continue;
            }
            // RFC 9112 §2.2: empty lines before the status line are ignored.
            if self.lines == 0 {
                continue;
            }
            if !self.is_interim() {
                let beyond = self.bytes.len() - self.scanned;
                self.bytes.truncate(self.scanned);
                self.complete = true;
                return self.bounded().map(|()| bytes.len() - beyond);
            }
            self.interim += 1;
            self.continued |= self.bytes.trim_ascii_start().get(9..12) == Some(b"100");
            self.bytes.drain(..self.scanned);
            (self.lines, self.line_start, self.scanned) = (0, 0, 0);
            if self.interim > MAX_INTERIM {
                return Err(HeadFault(Limit::Informational));
            }
        }
        self.scanned = self.bytes.len();
        self.bounded().map(|()| bytes.len())
    }

    fn bounded(&self) -> Result<(), HeadFault> {
        if self.header_lines() > MAX_HEADERS {
            return Err(HeadFault(Limit::HeadCount));
        }
        if self.bytes.len() > MAX_HEAD {
            return Err(HeadFault(Limit::HeadSize));
        }
        Ok(())
    }

    /// 1xx without 101, which is a final answer (RFC 9110 §15.2).
    fn is_interim(&self) -> bool {
        let line = self.bytes.trim_ascii_start();
        line.starts_with(b"HTTP/1.")
            && line.get(8..10) == Some(b" 1")
            && line.get(9..12) != Some(b"101")
    }

    /// Looks at each line. The values of `Set-Cookie` lines that no header can hold are returned; any other line
    /// that is not a field line is the fault.
    pub(super) fn examine(&self) -> Result<Vec<Vec<u8>>, Fault> {
        let mut lines = self
            .bytes
            .split(|byte| *byte == b'\n')
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .skip_while(|line| line.is_empty());
        if let Some(line) = lines.next()
            && let Some(why) = status_line_defect(line)
        {
            return Err(malformed(why, line));
        }
        let mut refused = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            let Some(why) = field_line_defect(line) else { continue };
            match cookie_value(line) {
                Some(value) => refused.push(value.to_vec()),
                None => return Err(malformed(why, line)),
            }
        }
        Ok(refused)
    }
}

fn malformed(why: &str, line: &[u8]) -> Fault {
    let message = format!("the answer's head is malformed: {why}: `{}`", shown(line));
    fault(FailureKind::Protocol(ProtocolFault::MalformedHead), message)
}

/// RFC 9112 §4: `HTTP/1.1 200 OK`.
fn status_line_defect(line: &[u8]) -> Option<&'static str> {
    if !line.starts_with(b"HTTP/") {
        return Some("it does not begin with an HTTP status line");
    }
    if !(line.starts_with(b"HTTP/1.1") || line.starts_with(b"HTTP/1.0"))
        || !matches!(line.get(8), Some(b' ') | None)
    {
        return Some("the version is neither HTTP/1.1 nor HTTP/1.0");
    }
    let code = line.get(9..).unwrap_or_default();
    let end = code.iter().position(|byte| *byte == b' ').unwrap_or(code.len());
    if end != 3 || !code[..3].iter().all(u8::is_ascii_digit) || code[0] == b'0' {
        return Some("the status is not three digits");
    }
    code.iter()
        .any(|byte| is_control(*byte))
        .then_some("the reason phrase holds a control character")
}

/// RFC 9112 §5: `name: value`.
fn field_line_defect(line: &[u8]) -> Option<&'static str> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Some("a header line begins with white space (obsolete folding)");
    }
    let Some(colon) = line.iter().position(|byte| *byte == b':') else {
        return Some("a header line has no colon");
    };
    let (name, value) = (&line[..colon], &line[colon + 1..]);
    if name.is_empty() {
        return Some("a header line has no name");
    }
    if name.last().is_some_and(u8::is_ascii_whitespace) {
        return Some("white space stands before the colon of a header");
    }
    if !name.iter().all(|byte| is_token(*byte)) {
        return Some("a header name holds a character that no name may have");
    }
    value.iter().any(|byte| is_control(*byte)).then_some("a header value holds a control character")
}

fn cookie_value(line: &[u8]) -> Option<&[u8]> {
    let (name, value) = line.split_at_checked(b"set-cookie:".len())?;
    name.eq_ignore_ascii_case(b"set-cookie:").then(|| value.trim_ascii())
}

/// RFC 9110 §5.6.2
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// For messages: escaped and short.
pub(super) fn shown(bytes: &[u8]) -> String {
    let mut text = bytes[..bytes.len().min(80)].escape_ascii().to_string();
    if bytes.len() > 80 {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        let mut head = Head::default();
        for piece in text.as_bytes().chunks(3) {
            head.push(piece).unwrap();
            if head.is_complete() {
                break;
            }
        }
        head
    }

    #[test]
    fn interim_answers_are_dropped_and_the_end_is_found() {
        let head = head(
            "\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\nbody",
        );
        assert!(head.is_complete());
        assert_eq!(head.header_lines(), 2);
        assert!(head.bytes().starts_with(b"HTTP/1.1 200"));
        assert!(head.bytes().ends_with(b"\r\n\r\n"));
        assert_eq!(Head::default().push(b"HTTP/1.1 200 OK\r\n\r\nbody").unwrap(), 19);
        assert!(head.examine().unwrap().is_empty());
    }

    #[test]
    fn a_defect_is_named_with_its_line() {
        #[track_caller]
        fn check(lines: &str, expected: &str) {
            let fault = head(&format!("{lines}\r\n\r\n")).examine().unwrap_err();
            assert!(fault.message.contains(expected), "{}", fault.message);
        }
        check("ICY 200 OK", "does not begin with an HTTP status line: `ICY 200 OK`");
        check("HTTP/9.9 200 OK", "neither HTTP/1.1");
        check("HTTP/1.1 20 OK", "three digits");
        check("HTTP/1.1 000 OK", "three digits");
        check("HTTP/1.1 200 \x1b[2J", "reason phrase");
        check("HTTP/1.1 200 OK\r\nA : b", "before the colon of a header: `A : b`");
        check("HTTP/1.1 200 OK\r\nA: b\r\n c", "obsolete folding");
        check("HTTP/1.1 200 OK\r\nnonsense", "no colon");
        check("HTTP/1.1 200 OK\r\n: b", "no name");
        check("HTTP/1.1 200 OK\r\nX(): b", "character that no name may have");
        check("HTTP/1.1 200 OK\r\nX: a\x00b", "control character: `X: a\\x00b`");
    }

    #[test]
    fn a_cookie_line_costs_the_cookie_only() {
        let head = head("HTTP/1.1 200 OK\r\nSet-Cookie: a=\x01\r\nB: c\r\n\r\n");
        assert_eq!(head.examine().unwrap(), [b"a=\x01".to_vec()]);
    }

    #[test]
    fn limits_hold() {
        let mut many = Head::default();
        let lines = format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(MAX_HEADERS + 1));
        assert_eq!(many.push(lines.as_bytes()).unwrap_err().0, Limit::HeadCount);
        let mut large = Head::default();
        assert_eq!(large.push(&vec![b'a'; MAX_HEAD + 1]).unwrap_err().0, Limit::HeadSize);
        let mut interim = Head::default();
        let lines = "HTTP/1.1 100 Continue\r\n\r\n".repeat(MAX_INTERIM + 1);
        assert_eq!(interim.push(lines.as_bytes()).unwrap_err().0, Limit::Informational);
    }
}
