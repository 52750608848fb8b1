//! The forms in which a value is looked for.

use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::views;
use crate::value::Value;

/// The lines of a secret that has several are secret themselves, as each may be indented; shorter ones are not.
const SHORTEST_LINE: usize = 8;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Form {
    pub(super) bytes: Vec<u8>,
    /// A base64 digit before it, and one behind, that holds bits of the value.
    before: bool,
    after: bool,
}

impl Form {
    fn plain(bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), before: false, after: false }
    }

    /// The place of all that tells of the value.
    pub(super) fn around(&self, found: Range<usize>, bytes: &[u8]) -> Range<usize> {
        let is_digit = |at: usize| {
            bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+/-_".contains(byte))
        };
        let before = self.before && found.start > 0 && is_digit(found.start - 1);
        let after = self.after && is_digit(found.end);
        found.start - usize::from(before)..found.end + usize::from(after)
    }
}

/// All forms of a value; the views of a text do the rest.
pub(super) fn forms(value: &[u8]) -> Vec<Form> {
    let mut all =
        vec![Form::plain(value), Form::plain(hex(value, false)), Form::plain(hex(value, true))];
    base64(value, &mut all);
    if let Ok(text) = std::str::from_utf8(value) {
        // To a URL a backslash is a slash.
        all.push(Form::plain(text.replace('\\', "/")));
        // Whole JSON documents are put into base64: tokens, data URLs.
        let quoted = Value::from(text).to_string();
        base64(&quoted.as_bytes()[1..quoted.len() - 1], &mut all);
        if text.trim_end().contains(['\n', '\r']) {
            let lines = text.lines().map(str::trim).filter(|line| line.len() >= SHORTEST_LINE);
            all.extend(lines.map(Form::plain));
        }
    }
    // A value that looks encoded itself is undone with the text around it.
    let settled: Vec<Form> =
        all.iter().filter_map(|form| views::settled(&form.bytes)).map(Form::plain).collect();
    all.extend(settled.into_iter().filter(|form| form.bytes.len() >= super::SHORTEST));
    let mut seen = std::collections::HashSet::new();
    all.retain(|form| seen.insert(form.clone()));
    all
}

fn hex(value: &[u8], upper: bool) -> String {
    let digits = |byte: &u8| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
    value.iter().map(digits).collect()
}

/// Base64 at each of the three places that bytes may have in a group: the digits that nothing else has a part in.
fn base64(value: &[u8], all: &mut Vec<Form>) {
    for offset in 0..3 {
        let shifted = [&[0; 2][..offset], value].concat();
        let start = (offset * 8).div_ceil(6);
        let end = shifted.len() * 8 / 6;
        for engine in [&STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
            if let Some(digits) = engine.encode(&shifted).get(start..end) {
                let (before, after) = (offset > 0, !shifted.len().is_multiple_of(3));
                all.push(Form { bytes: digits.into(), before, after });
            }
        }
    }
}
