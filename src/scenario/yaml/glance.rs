//! One cheap look at the bytes: what must not be in a text at all, and whether it needs a closer look.

use std::sync::Arc;

use super::lex::{self, Piece};
use crate::diagnostic::Diagnostic;
use crate::source::{Source, Span};

/// More of one kind are not shown.
const MAX_SHOWN: usize = 20;
/// Brackets and leading indicators that no text of this many levels can do without.
const FEW: usize = 60;

/// What the look gave.
pub(super) struct Glance {
    /// Warnings, and errors after which reading can go on.
    pub(super) found: Vec<Diagnostic>,
    /// There may be tags, or too many levels.
    pub(super) suspicious: bool,
}

/// Looks at the text.
///
/// # Errors
/// Characters that YAML forbids and several documents: after these, nothing more can be said with sense.
pub(super) fn glance(source: &Arc<Source>) -> Result<Glance, Vec<Diagnostic>> {
    if source.text().len() > super::MAX_BYTES {
        return Err(vec![super::file::too_large(
            source.name(),
            source.text().len() as u64,
            super::MAX_BYTES,
        )]);
    }
    let mut look = Look::at(source.text());
    // One of a kind for each line: they come in pairs and swarms.
    for places in [&mut look.control, &mut look.marks, &mut look.bidi] {
        places.dedup_by_key(|at| source.line_at(*at).start);
    }
    let bidi = shown(&look.bidi, |at| hidden_direction(source, at));
    let mut errors = shown(&look.control, |at| control(source, at));
    errors.extend(shown(&look.marks, |at| byte_order_mark(source, at)));
    if look.markers
        && let Some(at) = second_document(source.text())
    {
        errors.push(several_documents(source, at));
    }
    if !errors.is_empty() {
        errors.extend(bidi);
        return Err(super::in_order(errors));
    }
    let suspicious = look.tags || look.brackets > FEW || look.lead > FEW;
    Ok(Glance { found: bidi, suspicious })
}

#[derive(Default)]
struct Look {
    control: Vec<usize>,
    marks: Vec<usize>,
    bidi: Vec<usize>,
    /// Whether a line begins with `---` or `...`.
    markers: bool,
    /// Whether a `!` stands where a tag may begin.
    tags: bool,
    /// The deepest that brackets can go, seen from above; a template's do not count.
    brackets: usize,
    /// Brackets that lines before this one may have left open.
    left_open: usize,
    /// Brackets that are open in this line.
    open: usize,
    /// A quote or a comment in this line: what closes after it may be text.
    unsure: bool,
    /// The longest beginning of a line of blanks and `-`, `?`.
    lead: usize,
}

impl Look {
    fn at(text: &str) -> Self {
        let mut look = Self::default();
        let bytes = text.as_bytes();
        let mut previous = b'\n';
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if matches!(previous, b'\n' | b'\r') {
                look.line(bytes, at);
            }
            match byte {
                b'[' | b'{' if previous != b'$' => {
                    look.open += 1;
                    look.brackets = look.brackets.max(look.left_open + look.open);
                }
                // Only what opened in the same line is closed for certain.
                b']' | b'}' if !look.unsure => look.open = look.open.saturating_sub(1),
                b'"' | b'\'' | b'#' => look.unsure = true,
                b'!' => look.tags |= !matches!(previous, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9'),
                b'\t' | b'\n' | b'\r' | b' '..=b'~' => {}
                0x80.. => look.wide(bytes, at),
                _ => look.control.push(at),
            }
            previous = byte;
            at += 1;
        }
        look
    }

    fn line(&mut self, bytes: &[u8], start: usize) {
        self.left_open += std::mem::take(&mut self.open);
        self.unsure = false;
        self.markers |= lex::is_marker(bytes, start);
        let lead = bytes[start..]
            .iter()
            .take_while(|&&byte| matches!(byte, b' ' | b'\t' | b'-' | b'?'))
            .count();
        self.lead = self.lead.max(lead);
    }

    fn wide(&mut self, bytes: &[u8], at: usize) {
        match bytes[at..] {
            [0xe2, 0x80, 0xaa..=0xae, ..] | [0xe2, 0x81, 0xa6..=0xa9, ..] => self.bidi.push(at),
            [0xef, 0xbb, 0xbf, ..] => self.marks.push(at),
            [0xef, 0xbf, 0xbe | 0xbf, ..] => self.control.push(at),
            [0xc2, 0x80..=0x84 | 0x86..=0x9f, ..] => self.control.push(at),
            // A line may also end with U+2028 or U+2029 or U+0085.
            _ if lex::break_len(bytes, at) > 0 => self.line(bytes, at + lex::break_len(bytes, at)),
            _ => {}
        }
    }
}

fn shown(places: &[usize], make: impl Fn(usize) -> Diagnostic) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = places.iter().take(MAX_SHOWN).map(|&at| make(at)).collect();
    if let Some(more @ 1..) = places.len().checked_sub(MAX_SHOWN)
        && let Some(last) = all.pop()
    {
        all.push(last.note("note", format!("and {more} more like this one")));
    }
    all
}

fn char_at(source: &Source, at: usize) -> (u32, Span) {
    let c = source.text()[at..].chars().next().unwrap_or_default();
    (u32::from(c), Span::new(at, at + c.len_utf8()))
}

fn control(source: &Arc<Source>, at: usize) -> Diagnostic {
    let (code, span) = char_at(source, at);
    let name = match code {
        0 => "NUL ",
        0x1b => "ESC ",
        0x7f => "DEL ",
        _ => "",
    };
    let escape = if code < 0x100 { format!("\\x{code:02x}") } else { format!("\\u{code:04x}") };
    Diagnostic::error(format!("control character {name}(U+{code:04X}) in the text"))
        .at(source, span, "not allowed in YAML")
        .help(format!("remove it, or write it as `{escape}` within double quotes"))
}

fn byte_order_mark(source: &Arc<Source>, at: usize) -> Diagnostic {
    let (_, span) = char_at(source, at);
    Diagnostic::error("byte order mark (U+FEFF) in the middle of the text")
        .at(source, span, "an invisible character")
        .help("remove it; it is often left where two files were joined")
}

fn hidden_direction(source: &Arc<Source>, at: usize) -> Diagnostic {
    let (code, span) = char_at(source, at);
    let line = source.line_at(at);
    let text: String = source.text()[line.start..line.end].trim().chars().map(visible).collect();
    let text: String = text.chars().take(200).collect();
    Diagnostic::warning(format!(
        "invisible character that changes the direction of text (U+{code:04X})"
    ))
    .at(source, span, "what is shown is not what is read")
    .note("note", format!("the line reads `{text}`"))
    .help(format!("remove it, or write it as `\\u{code:04x}` within double quotes"))
}

fn visible(c: char) -> String {
    if matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') || c.is_control() {
        c.escape_unicode().to_string()
    } else {
        c.to_string()
    }
}

/// Where a second document begins.
fn second_document(text: &str) -> Option<usize> {
    let (mut begun, mut ended) = (false, false);
    for lexeme in lex::lex(text) {
        match lexeme.piece {
            Piece::Start if begun => return Some(lexeme.start),
            Piece::End => ended = begun,
            Piece::Directive if !begun => {}
            _ if ended => return Some(lexeme.start),
            _ => begun = true,
        }
    }
    None
}

fn several_documents(source: &Arc<Source>, at: usize) -> Diagnostic {
    let end = source.line_at(at).end;
    let span = if source.text()[at..].starts_with("---") {
        Span::new(at, at + 3)
    } else {
        Span::new(at, end)
    };
    Diagnostic::error("more than one document in a file")
        .at(source, span, "a second document begins here")
        .help("put each scenario in a file of its own")
}
