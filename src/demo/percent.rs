//! Percent-encoding as Python and werkzeug do it, which differs from the URL Standard in the details that
//! show in httpbin's `args`, `form` and `url`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

/// What Python's `quote` encodes when it is told to leave the characters of a path segment.
const PATH: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'_')
    .remove(b'.')
    .remove(b'-')
    .remove(b'~')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b'/')
    .remove(b':')
    .remove(b';')
    .remove(b'=')
    .remove(b'@')
    .remove(b'%');

/// The same for a path that was decoded, in which a `%` is itself.
const WHOLE_PATH: &AsciiSet = &PATH.add(b'%');

/// The same for a query, where a question mark is an ordinary character.
const QUERY: &AsciiSet = &PATH.remove(b'?');

/// The same for a whole reference, whose delimiters must survive.
const REFERENCE: &AsciiSet = &QUERY.remove(b'#');

/// Encodes a decoded path, so that decoding it gives the same again.
pub(super) fn encode_path(path: &str) -> String {
    percent_encode(path.as_bytes(), WHOLE_PATH).to_string()
}

/// Encodes what may not stand in a query; what is encoded already stays.
pub(super) fn encode_query(query: &str) -> String {
    percent_encode(query.as_bytes(), QUERY).to_string()
}

/// Encodes what may not stand in a URL reference of unknown shape.
pub(super) fn quote_reference(reference: &str) -> String {
    percent_encode(reference.as_bytes(), REFERENCE).to_string()
}

/// A path's text: bytes that are no UTF-8 become replacement characters, a `%` that escapes nothing stays.
pub(super) fn decode_path(path: &str) -> String {
    percent_decode_str(path).decode_utf8_lossy().into_owned()
}

/// A decoded path as werkzeug shows it in a URL: readable where that is unambiguous.
pub(super) fn path_to_iri(path: &str) -> String {
    unquote_but(&percent_encode(path.as_bytes(), PATH).to_string(), b"/?#")
}

/// A raw query as werkzeug shows it in a URL.
pub(super) fn query_to_iri(query: &str) -> String {
    unquote_but(&encode_query(query), b"&=+#")
}

/// Decodes everything but the escapes of `kept`, of controls, of spaces and of `%` itself: those would change
/// what the URL means.
fn unquote_but(text: &str, kept: &[u8]) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match escape(bytes, at) {
            Some(value)
                if value <= 0x20 || value == b'%' || value == 0x7f || kept.contains(&value) =>
            {
                out.extend_from_slice(&bytes[at..at + 3]);
                at += 3;
            }
            Some(value) => {
                out.push(value);
                at += 3;
            }
            None => {
                out.push(byte);
                at += 1;
            }
        }
    }
    readable(&out)
}

/// The value of the escape at `at`, if there is one.
fn escape(bytes: &[u8], at: usize) -> Option<u8> {
    match bytes.get(at..at + 3)? {
        [b'%', high, low] => {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
        }
        _ => None,
    }
}

/// Text of these bytes, with what is not UTF-8 percent-encoded again.
fn readable(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        out.push_str(chunk.valid());
        out.extend(percent_encode(chunk.invalid(), NON_ALPHANUMERIC));
    }
    out
}

/// The pairs of a query or of an urlencoded form, in order.
pub(super) fn parse_pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| {
        let spaced = part.replace('+', " ");
        let bytes: Vec<u8> = percent_decode_str(&spaced).collect();
        readable(&bytes)
    };
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        })
        .collect()
}
