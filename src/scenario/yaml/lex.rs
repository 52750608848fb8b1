//! A lexical reading of YAML: pieces with their places, for messages and spans.
//!
//! It takes any text, also what is no YAML; libyaml decides what is. It runs in linear time and only when there is
//! something to say, or when a glance at the text gives cause.

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// An unquoted scalar, possibly over several lines.
    Plain,
    /// A scalar in quotes of this kind, and whether they close.
    Quoted { double: bool, closed: bool },
    /// The head of a block scalar: `|` or `>` with its indicators.
    Block,
    /// `!name`, `!!name`, `!<name>`.
    Tag,
    /// `&name`.
    Anchor,
    /// `*name`.
    Alias,
    /// `[` or `{`.
    Open,
    /// `]` or `}`.
    Close,
    /// `,` between flow entries.
    Comma,
    /// `:` after a key.
    Colon,
    /// `- ` before an item.
    Dash,
    /// `? ` before a key.
    Question,
    /// `---`.
    Start,
    /// `...`.
    End,
    /// A line that begins with `%`.
    Directive,
}

impl Piece {
    /// Whether it is a scalar of any style.
    pub(super) fn is_scalar(self) -> bool {
        matches!(self, Self::Plain | Self::Quoted { .. } | Self::Block)
    }
}

/// A piece and its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lexeme {
    pub(super) piece: Piece,
    pub(super) start: usize,
    pub(super) end: usize,
    /// How many lists and maps are open, its own included.
    pub(super) depth: usize,
    /// Where the innermost `[` or `{` is that holds it.
    pub(super) flow: Option<usize>,
}

/// The pieces of a text, in order.
pub(super) struct Lexer<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    line: usize,
    /// The flow collections that are open.
    flow: Vec<usize>,
    /// The columns of the block collections that are open.
    indents: Vec<usize>,
    /// The column of what may turn out to be a key.
    key: Option<usize>,
    /// Whether a key may begin here: at a line's start, after `- ` and `? `.
    fresh: bool,
}

pub(super) fn lex(text: &str) -> Lexer<'_> {
    Lexer {
        text,
        bytes: text.as_bytes(),
        at: 0,
        line: 0,
        flow: Vec::new(),
        indents: Vec::new(),
        key: None,
        fresh: true,
    }
}

impl Iterator for Lexer<'_> {
    type Item = Lexeme;

    fn next(&mut self) -> Option<Lexeme> {
        self.skip_blank();
        let first = self.byte(0)?;
        let start = self.at;
        let column = start - self.line;
        if self.flow.is_empty() && self.fresh && start == self.line_indent() {
            while self.indents.last().is_some_and(|&indent| indent > column) {
                self.indents.pop();
            }
        }
        if column == 0 && self.is_marker(start) {
            return Some(self.marker(start));
        }
        if column == 0 && first == b'%' && self.flow.is_empty() {
            let end = self.line_end(start);
            return Some(self.piece(Piece::Directive, start, end));
        }
        Some(self.token(first, start, column))
    }
}

impl Lexer<'_> {
    fn byte(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied()
    }

    /// Goes over blanks, line breaks and comments.
    fn skip_blank(&mut self) {
        while let Some(byte) = self.byte(0) {
            match byte {
                b' ' | b'\t' => self.at += 1,
                // Between pieces libyaml wants no blank before a comment.
                b'#' => self.at = self.line_end(self.at),
                _ => match break_len(self.bytes, self.at) {
                    0 => break,
                    len => {
                        self.at += len;
                        self.new_line();
                    }
                },
            }
        }
    }

    fn new_line(&mut self) {
        self.line = self.at;
        if self.flow.is_empty() {
            self.fresh = true;
            self.key = None;
        }
    }

    /// Where the text of the current line begins.
    fn line_indent(&self) -> usize {
        self.line + leading(&self.bytes[self.line..])
    }

    fn line_end(&self, from: usize) -> usize {
        (from..self.bytes.len())
            .find(|&at| break_len(self.bytes, at) > 0)
            .unwrap_or(self.bytes.len())
    }

    fn is_marker(&self, at: usize) -> bool {
        is_marker(self.bytes, at)
    }

    fn marker(&mut self, start: usize) -> Lexeme {
        let piece = if self.bytes[start] == b'-' { Piece::Start } else { Piece::End };
        self.flow.clear();
        self.indents.clear();
        self.key = None;
        self.fresh = true;
        self.piece(piece, start, start + 3)
    }

    fn token(&mut self, first: u8, start: usize, column: usize) -> Lexeme {
        let in_flow = !self.flow.is_empty();
        let blank_after = is_blank_at(self.bytes, start + 1);
        match first {
            b'[' | b'{' => {
                self.may_be_key(column);
                self.flow.push(start);
                self.piece(Piece::Open, start, start + 1)
            }
            b']' | b'}' if in_flow => {
                let closed = self.piece(Piece::Close, start, start + 1);
                self.flow.pop();
                closed
            }
            b',' if in_flow => self.piece(Piece::Comma, start, start + 1),
            b'-' | b'?' if blank_after => self.entry(first, start, column),
            b':' if blank_after || in_flow => self.colon(start),
            b'!' | b'&' | b'*' => self.named(first, start, column),
            b'"' | b'\'' => {
                self.may_be_key(column);
                let (end, closed) = self.quoted_end(first, start);
                self.piece(Piece::Quoted { double: first == b'"', closed }, start, end)
            }
            b'|' | b'>' if !in_flow => self.block(start),
            _ => {
                self.may_be_key(column);
                let end = self.plain_end(start);
                self.piece(Piece::Plain, start, end)
            }
        }
    }

    fn entry(&mut self, first: u8, start: usize, column: usize) -> Lexeme {
        self.roll(column);
        self.fresh = true;
        self.key = None;
        let piece = if first == b'-' { Piece::Dash } else { Piece::Question };
        self.piece(piece, start, start + 1)
    }

    fn colon(&mut self, start: usize) -> Lexeme {
        if let Some(column) = self.key.take()
            && self.flow.is_empty()
        {
            self.roll(column);
        }
        self.fresh = false;
        self.piece(Piece::Colon, start, start + 1)
    }

    fn named(&mut self, first: u8, start: usize, column: usize) -> Lexeme {
        self.may_be_key(column);
        let piece = match first {
            b'!' => Piece::Tag,
            b'&' => Piece::Anchor,
            _ => Piece::Alias,
        };
        let in_flow = !self.flow.is_empty();
        let verbatim = self.byte(1) == Some(b'<');
        let ends = |c: char| match piece {
            Piece::Tag => c.is_whitespace() || (in_flow && !verbatim && ",[]{}".contains(c)),
            _ => !(c.is_ascii_alphanumeric() || c == '-' || c == '_'),
        };
        let end = self.text[start + 1..].find(ends).map_or(self.text.len(), |at| start + 1 + at);
        self.piece(piece, start, end)
    }

    /// Opens a block collection at this column if there is none.
    fn roll(&mut self, column: usize) {
        if self.flow.is_empty() && self.indents.last().is_none_or(|&indent| indent < column) {
            self.indents.push(column);
        }
    }

    fn may_be_key(&mut self, column: usize) {
        if self.flow.is_empty() && self.fresh {
            self.key = self.key.or(Some(column));
        }
    }

    fn piece(&mut self, piece: Piece, start: usize, end: usize) -> Lexeme {
        // The line a piece over several lines ends in begins after its last break.
        if matches!(piece, Piece::Plain | Piece::Quoted { .. })
            && let Some(at) = last_break(self.bytes, start, end)
        {
            self.line = at;
            self.fresh = false;
        }
        if !matches!(piece, Piece::Block) {
            self.at = end;
        }
        let depth = self.indents.len() + self.flow.len();
        Lexeme { piece, start, end, depth, flow: self.flow.last().copied() }
    }

    fn quoted_end(&self, quote: u8, start: usize) -> (usize, bool) {
        let mut at = start + 1;
        while let Some(&byte) = self.bytes.get(at) {
            match byte {
                b'\\' if quote == b'"' => at += 2,
                b'\'' if quote == b'\'' && self.bytes.get(at + 1) == Some(&b'\'') => at += 2,
                _ if byte == quote => return (at + 1, true),
                b'\n' if self.is_marker(at + 1) => return (at, false),
                _ => at += 1,
            }
        }
        (self.bytes.len(), false)
    }

    fn plain_end(&self, start: usize) -> usize {
        let in_flow = !self.flow.is_empty();
        let floor = self.indents.last().map_or(0, |indent| indent + 1);
        let (mut at, mut end, mut line) = (start, start, self.line);
        while let Some(&byte) = self.bytes.get(at) {
            let next = self.bytes.get(at + 1).copied();
            match byte {
                b' ' | b'\t' => at += 1,
                b'#' if at > end => break,
                b':' if is_blank_at(self.bytes, at + 1) => break,
                b':' if in_flow && matches!(next, Some(b',' | b'[' | b']' | b'{' | b'}')) => break,
                b',' | b'[' | b']' | b'{' | b'}' if in_flow && at > start => break,
                _ => {
                    let len = break_len(self.bytes, at);
                    if len > 0 {
                        at += len;
                        line = at;
                        continue;
                    }
                    let column = at - line;
                    if line != self.line && ((!in_flow && column < floor) || (column == 0 && self.is_marker(at))) {
                        break;
                    }
                    at += char_len(byte);
                    end = at;
                }
            }
        }
        end.max(start + char_len(self.bytes[start])).min(self.bytes.len())
    }

    /// A block scalar: its piece is the head, and the lines of its text are gone over.
    fn block(&mut self, start: usize) -> Lexeme {
        let line_end = self.line_end(start);
        let head = self.bytes[start..line_end]
            .iter()
            .position(|&byte| matches!(byte, b' ' | b'\t'))
            .map_or(line_end, |len| start + len);
        let explicit = self.bytes[start..head].iter().find(|byte| byte.is_ascii_digit());
        let parent = self.indents.last();
        let least = parent.map_or(1, |indent| indent + 1);
        let mut indent = explicit
            .map(|digit| parent.copied().unwrap_or(0) + usize::from(digit - b'0'));
        self.at = line_end;
        loop {
            let next = self.at + break_len(self.bytes, self.at);
            if next == self.at {
                break;
            }
            let spaces = self.bytes[next..].iter().take_while(|&&byte| byte == b' ').count();
            let end = self.line_end(next);
            if next + spaces < end {
                let floor = *indent.get_or_insert(spaces.max(least));
                if spaces < floor {
                    break;
                }
            }
            self.at = end;
        }
        // The break after the text makes the next piece begin a line.
        self.piece(Piece::Block, start, head)
    }
}

/// The pieces of a text with look-up by place.
#[derive(Debug)]
pub(super) struct Lexemes(Vec<Lexeme>);

impl Lexemes {
    pub(super) fn of(text: &str) -> Self {
        Self(lex(text).collect())
    }

    pub(super) fn all(&self) -> &[Lexeme] {
        &self.0
    }

    /// The number of the first piece that ends after this place.
    pub(super) fn index(&self, at: usize) -> usize {
        self.0.partition_point(|lexeme| lexeme.end <= at)
    }

    /// The piece that holds this place.
    pub(super) fn at(&self, at: usize) -> Option<&Lexeme> {
        self.0.get(self.index(at)).filter(|lexeme| lexeme.start <= at)
    }

    /// The last piece that ends at or before this place.
    pub(super) fn before(&self, at: usize) -> Option<&Lexeme> {
        self.index(at).checked_sub(1).and_then(|index| self.0.get(index))
    }
}

/// The length of the line break that begins here, 0 if none does.
pub(super) fn break_len(bytes: &[u8], at: usize) -> usize {
    match bytes.get(at..).unwrap_or_default() {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r', ..] => 1,
        [0xc2, 0x85, ..] => 2,
        [0xe2, 0x80, 0xa8 | 0xa9, ..] => 3,
        _ => 0,
    }
}

/// Whether `---` or `...` stands here as a marker of documents; the place must be a line's start.
pub(super) fn is_marker(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at..at + 3), Some(b"---" | b"...")) && is_blank_at(bytes, at + 3)
}

/// Whether a word ends here.
pub(super) fn is_blank_at(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), None | Some(b' ' | b'\t')) || break_len(bytes, at) > 0
}

fn leading(bytes: &[u8]) -> usize {
    bytes.iter().take_while(|&&byte| byte == b' ' || byte == b'\t').count()
}

fn last_break(bytes: &[u8], start: usize, end: usize) -> Option<usize> {
    (start..end).rev().find_map(|at| match break_len(bytes, at) {
        0 => None,
        len => Some(at + len),
    })
}

fn char_len(first: u8) -> usize {
    match first {
        0..=0xbf => 1,
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let pieces: Vec<&str> = lex(text).map(|it| &text[it.start..it.end]).collect();
        assert_eq!(pieces, expected, "{text:?}");
    }

    #[test]
    fn pieces() {
        check("a: b # c\nd: e", &["a", ":", "b", "d", ":", "e"]);
        check("- a b\n  c\n- d", &["-", "a b\n  c", "-", "d"]);
        check("a: http://x/#y", &["a", ":", "http://x/#y"]);
        check("a: \"x: \\\" y\"\nb: 'it''s'", &["a", ":", "\"x: \\\" y\"", "b", ":", "'it''s'"]);
        check("a: |\n  x: y\n\n  z\nb: 1", &["a", ":", "|", "b", ":", "1"]);
        check("a: >-2\n   x\n  z\nb: 1", &["a", ":", ">-2", "b", ":", "1"]);
        check("- |\n x\n- y", &["-", "|", "-", "y"]);
        check("a: {b: [1, x y], c: d}", &["a", ":", "{", "b", ":", "[", "1", ",", "x y", "]", ",", "c", ":", "d", "}"]);
        check("a: &x !!str b\nc: *x", &["a", ":", "&x", "!!str", "b", "c", ":", "*x"]);
        check("--- a\n...\n", &["---", "a", "..."]);
        check("a: \"b\nc: 1", &["a", ":", "\"b\nc: 1"]);
        check("é: ü x\rb: 1", &["é", ":", "ü x", "b", ":", "1"]);
        check("{\"a\":1}", &["{", "\"a\"", ":", "1", "}"]);
    }

    #[test]
    fn depth_counts_what_is_open() {
        let deepest = |text| lex(text).map(|it| it.depth).max();
        assert_eq!(deepest("a:\n  b:\n    - c: 1"), Some(4));
        assert_eq!(deepest("- - - x"), Some(3));
        assert_eq!(deepest("[[], {a: {}}]"), Some(3));
        assert_eq!(deepest("a:\n  b: 1\nc:\n  d: 1"), Some(2));
    }
}
