//! Where in a long text what was looked for is, or nearly is.

use super::{Actual, MASK, Miss, SHOWN};
use crate::template;
use crate::value::Value;

/// So many characters are shown on each side.
const AROUND: usize = 30;

/// Fewer characters in common say nothing.
const LEAST: usize = 4;

impl Miss {
    /// In a text that is not shown as a whole: where it has what it should not have, or nearly what it should.
    pub(super) fn nearby(&self) -> Option<String> {
        let Actual::Value(Value::String(text)) = &self.actual else { return None };
        let is_cut = text.chars().nth(SHOWN).is_some();
        let operand = self.wanted.operand.as_str().filter(|operand| !operand.contains(MASK))?;
        if !is_cut || self.is_secret() {
            return None;
        }
        match self.wanted.operator.as_str() {
            "excludes" | "not includes" => {
                let at = text.find(operand)?;
                Some(found(text, at, operand.len()))
            }
            "not matches" => {
                let hit = template::pattern(operand).ok()?.find(text).map(|hit| hit.range())?;
                Some(found(text, hit.start, hit.len()))
            }
            "includes" | "starts_with" | "ends_with" => nearest(text, operand),
            _ => None,
        }
    }
}

fn found(text: &str, at: usize, length: usize) -> String {
    format!("it is in line {}: {}", line(text, at), excerpt(text, at, length))
}

fn line(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// The same in capitals or small letters; else the longest beginning that is there.
fn nearest(text: &str, wanted: &str) -> Option<String> {
    let plain = |text: &str| text.to_ascii_lowercase();
    let (small, small_wanted) = (plain(text), plain(wanted));
    if let Some(at) = small.find(&small_wanted) {
        let is_other = text[at..at + wanted.len()] != *wanted;
        let what = if is_other { "with other capitals, it is" } else { "it is" };
        return Some(format!(
            "{what} in line {}: {}",
            line(text, at),
            excerpt(text, at, wanted.len())
        ));
    }
    let ends: Vec<usize> = small_wanted.char_indices().map(|(at, _)| at).skip(LEAST).collect();
    let (at, length) =
        ends.iter().rev().find_map(|end| Some((small.find(&small_wanted[..*end])?, *end)))?;
    Some(format!("the nearest is in line {}: {}", line(text, at), excerpt(text, at, length)))
}

/// The piece with what stands around it, in one line.
fn excerpt(text: &str, at: usize, length: usize) -> String {
    let start = text[..at].char_indices().rev().nth(AROUND - 1).map_or(0, |(start, _)| start);
    let rest = &text[at + length..];
    let end = at + length + rest.char_indices().nth(AROUND).map_or(rest.len(), |(end, _)| end);
    let piece: Vec<&str> = text[start..end].split_whitespace().collect();
    let before = if start > 0 { "…" } else { "" };
    let after = if end < text.len() { "…" } else { "" };
    crate::value::shown(&Value::from(format!("{before}{}{after}", piece.join(" "))), 2 * SHOWN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_nearest_is_shown_with_its_line() {
        let text = format!("{}\n<h1>Herman Melville - Moby-Dick</h1>\n", "x".repeat(200));
        let check = |wanted: &str, expected: Option<&str>| {
            assert_eq!(nearest(&text, wanted).as_deref(), expected, "{wanted}");
        };
        let around = "\"…xxxxxxxxxxxxxxxxxxxxxxxxx <h1>Herman Melville - Moby-Dick</h1>\"";
        check("herman", Some(&format!("with other capitals, it is in line 2: {around}")));
        check("Herman", Some(&format!("it is in line 2: {around}")));
        check(
            "Moby Duck",
            Some("the nearest is in line 2: \"…xxxxxxx <h1>Herman Melville - Moby-Dick</h1>\""),
        );
        check("whale", None);
        check("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", None);
    }
}
