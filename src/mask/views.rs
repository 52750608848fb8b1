//! A text as it is, and as it reads once its encodings are undone; each place is known in the text as it is.

use std::borrow::Cow;
use std::ops::Range;

/// Encodings upon encodings are undone so often.
const DEPTH: usize = 4;

/// A reading of a text.
pub(super) struct View<'t> {
    bytes: Cow<'t, [u8]>,
    /// Where each byte, and the end, stands in the text; empty where nothing was undone.
    places: Vec<usize>,
}

impl View<'_> {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The piece of the text that a piece of this stands for.
    pub(super) fn range(&self, range: Range<usize>) -> Range<usize> {
        match self.places.is_empty() {
            true => range,
            false => self.place(range.start)..self.place(range.end),
        }
    }

    fn place(&self, at: usize) -> usize {
        if self.places.is_empty() { at } else { self.places[at] }
    }

    /// What it reads once these are undone; none if there is nothing to undo.
    fn undone(&self, undo: &[Undo]) -> Option<View<'static>> {
        let bytes = self.bytes();
        let first = (0..bytes.len()).find(|at| undone(&bytes[*at..], undo).is_some())?;
        let mut out = bytes[..first].to_vec();
        let mut places: Vec<usize> = (0..first).map(|at| self.place(at)).collect();
        let mut at = first;
        while at < bytes.len() {
            let (taken, Unit { bytes: unit, length }) =
                undone(&bytes[at..], undo).unwrap_or((1, Unit::byte(bytes[at])));
            out.extend_from_slice(&unit[..length]);
            places.extend(std::iter::repeat_n(self.place(at), length));
            at += taken;
        }
        places.push(self.place(bytes.len()));
        Some(View { bytes: Cow::Owned(out), places })
    }
}

/// Calls `visit` for every reading of a text that there is.
pub(super) fn each(bytes: &[u8], visit: &mut dyn FnMut(&View<'_>)) {
    let raw = View { bytes: Cow::Borrowed(bytes), places: Vec::new() };
    visit(&raw);
    let form = raw.undone(&[percent, plus]);
    for one in [percent, backslash, entity, quotes] {
        raw.undone(&[one]).iter().for_each(&mut *visit);
    }
    form.iter().for_each(&mut *visit);
    for start in [Some(raw), form].into_iter().flatten() {
        let mut next = start.undone(&ALL);
        for _ in 1..DEPTH {
            let Some(view) = &next else { break };
            visit(view);
            next = view.undone(&ALL);
        }
        next.iter().for_each(&mut *visit);
    }
}

/// What a value reads once all is undone; none if that is the value itself.
pub(super) fn settled(bytes: &[u8]) -> Option<Vec<u8>> {
    let raw = View { bytes: Cow::Borrowed(bytes), places: Vec::new() };
    let mut view = raw.undone(&ALL)?;
    for _ in 1..DEPTH {
        match view.undone(&ALL) {
            Some(next) => view = next,
            None => break,
        }
    }
    Some(view.bytes.into_owned())
}

/// The bytes that a piece stands for.
struct Unit {
    bytes: [u8; 4],
    length: usize,
}

impl Unit {
    fn byte(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(code: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let length = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Self { bytes, length })
    }
}

/// Undoes an encoding at the beginning of a text: how many bytes it takes, and what they stand for.
type Undo = fn(&[u8]) -> Option<(usize, Unit)>;

/// A plus may be a plus, so that it is undone apart.
const ALL: [Undo; 4] = [percent, backslash, entity, quotes];

fn undone(rest: &[u8], undo: &[Undo]) -> Option<(usize, Unit)> {
    match rest.first() {
        Some(b'%' | b'+' | b'\\' | b'&' | b'\'' | b'"') => undo.iter().find_map(|undo| undo(rest)),
        _ => None,
    }
}

/// `%2F`
fn percent(rest: &[u8]) -> Option<(usize, Unit)> {
    let digits = rest.strip_prefix(b"%")?.get(..2)?;
    Some((3, Unit::byte(u8::try_from(number(digits, 16)?).ok()?)))
}

/// The blank of a form.
fn plus(rest: &[u8]) -> Option<(usize, Unit)> {
    rest.starts_with(b"+").then(|| (1, Unit::byte(b' ')))
}

/// `\"`, `\/`, `\n`, `\x1b`, `\u00fc`, `\u{fc}`: those of JSON, of YAML, of Rust and of shells.
fn backslash(rest: &[u8]) -> Option<(usize, Unit)> {
    let (kind, tail) = rest.strip_prefix(b"\\")?.split_first()?;
    let simple = match kind {
        b'"' | b'\'' | b'\\' | b'/' => *kind,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'b' => 8,
        b'f' => 12,
        b'0' => 0,
        b'x' => {
            let byte = u8::try_from(number(tail.get(..2)?, 16)?).ok()?;
            return Some((4, Unit::byte(byte)));
        }
        b'u' => return unicode(tail).map(|(taken, unit)| (taken + 2, unit)),
        _ => return None,
    };
    Some((2, Unit::byte(simple)))
}

/// What stands after `\u`.
fn unicode(tail: &[u8]) -> Option<(usize, Unit)> {
    if let Some(braced) = tail.strip_prefix(b"{") {
        let end = braced.iter().take(7).position(|byte| *byte == b'}')?;
        return Some((end + 2, Unit::character(number(&braced[..end], 16)?)?));
    }
    let first = number(tail.get(..4)?, 16)?;
    if !(0xd800..0xdc00).contains(&first) {
        return Some((4, Unit::character(first)?));
    }
    let second = number(tail.get(4..)?.strip_prefix(b"\\u")?.get(..4)?, 16)?;
    let code = 0x10000 + ((first - 0xd800) << 10) + second.checked_sub(0xdc00)?;
    Some((10, Unit::character(code)?))
}

/// `&quot;`, `&#34;`, `&#x22;`
fn entity(rest: &[u8]) -> Option<(usize, Unit)> {
    let name = rest.strip_prefix(b"&")?;
    let end = name.iter().take(9).position(|byte| *byte == b';')?;
    let code = match &name[..end] {
        b"quot" => 0x22,
        b"amp" => 0x26,
        b"apos" => 0x27,
        b"lt" => 0x3c,
        b"gt" => 0x3e,
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    Some((end + 2, Unit::character(code)?))
}

/// A quote within quotes: `'\''` of shells, `''` of YAML, `""` of CSV.
fn quotes(rest: &[u8]) -> Option<(usize, Unit)> {
    let (taken, quote) = match rest {
        [b'\'', b'\\', b'\'', b'\'', ..] => (4, b'\''),
        [b'\'', b'\'', ..] => (2, b'\''),
        [b'"', b'"', ..] => (2, b'"'),
        _ => return None,
    };
    Some((taken, Unit::byte(quote)))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let digits = std::str::from_utf8(digits).ok()?;
    // A sign is none.
    digits.bytes().all(|byte| byte.is_ascii_alphanumeric()).then_some(())?;
    u32::from_str_radix(digits, radix).ok()
}
