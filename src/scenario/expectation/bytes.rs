//! `bytes`: what must hold of a body that is no text.

use super::super::decode::{Decoder, Keys, Text};
use super::super::matcher::{self, Domain, Matcher};
use super::super::yaml::Node;

/// What must hold of the decoded bytes of a body.
#[derive(Clone, Debug)]
pub struct BytesExpectation {
    /// Their number.
    pub length: Option<Matcher>,
    /// Their SHA-256, in hex.
    pub sha256: Option<Text>,
    /// The first of them, in hex.
    pub starts_with: Option<Text>,
}

const KEYS: Keys = Keys { what: "`bytes`", known: &["length", "sha256", "starts_with"] };

/// Of what is not held whole there is a beginning; nobody compares more of it by hand.
const LONGEST_START: usize = 1024;

/// Reads `bytes`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<BytesExpectation> {
    let entries = super::not_empty(d, node, d.entries(node, KEYS.what)?)?;
    d.map(node, &KEYS)?;
    let find = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value);
    let sha256 = "a SHA-256 in hex";
    let start = "bytes in hex, such as `89504e47`";
    Some(BytesExpectation {
        length: find("length").and_then(|node| matcher::decode(d, node, Domain::Count)),
        sha256: find("sha256").and_then(|node| literal(d, d.text(node, sha256)?, check_sha256)),
        starts_with: find("starts_with")
            .and_then(|node| literal(d, d.text(node, start)?, |text| from_hex(text).map(|_| ()))),
    })
}

/// What is no template is looked at now.
fn literal(
    d: &Decoder<'_>,
    text: Text,
    check: impl Fn(&str) -> Result<(), String>,
) -> Option<Text> {
    if let Some(Err(message)) = text.value.literal().map(check) {
        d.error(text.at, message, "");
        return None;
    }
    Some(text)
}

/// A SHA-256 in hex, in lower case.
///
/// # Errors
/// What is wrong with it.
fn check_sha256(text: &str) -> Result<(), String> {
    let digits = text.trim();
    let is_hash = digits.len() == 64 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    let shown = || crate::value::cut(digits, 70).escape_debug().to_string();
    let wrong = || format!("`{}` is no SHA-256: that has 64 hexadecimal digits", shown());
    if is_hash { Ok(()) } else { Err(wrong()) }
}

impl BytesExpectation {
    /// The SHA-256 that a text says, in lower case.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn sha256(text: &str) -> Result<String, String> {
        check_sha256(text).map(|()| text.trim().to_ascii_lowercase())
    }

    /// The bytes that a text says.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn starts_with(text: &str) -> Result<Vec<u8>, String> {
        from_hex(text)
    }
}

fn from_hex(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> =
        text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b':').collect();
    let pair = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok().filter(|_| !pair.starts_with('+'))
    };
    let bytes: Option<Vec<u8>> = digits.chunks(2).map(pair).collect();
    let shown = || crate::value::cut(text, 40).escape_debug().to_string();
    let is_whole = !digits.is_empty() && digits.len().is_multiple_of(2);
    match bytes.filter(|bytes| is_whole && bytes.len() <= LONGEST_START) {
        Some(bytes) => Ok(bytes),
        None if digits.len() > 2 * LONGEST_START => {
            Err(format!("`starts_with` looks at {LONGEST_START} bytes at most"))
        }
        None => Err(format!(
            "`{}` is not hexadecimal: write two digits a byte, such as `89504e47`",
            shown()
        )),
    }
}
