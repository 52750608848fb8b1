//! Pieces of text that all the reports share: cleaning, counting, cutting.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::Duration;

use anstyle::{AnsiColor, Style as Paint};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use crate::scenario::quantity;

/// What went well.
pub(super) const GOOD: Paint = AnsiColor::Green.on_default().bold();
/// What did not.
pub(super) const BAD: Paint = AnsiColor::Red.on_default().bold();
/// What matters less.
pub(super) const DIM: Paint = Paint::new().dimmed();
/// What heads other lines.
pub(super) const HEAD: Paint = Paint::new().bold();

/// The text in this style; as it is where there are no colours.
pub(super) fn paint(style: Paint, text: &str, color: bool) -> String {
    if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
}

/// The text on one line, with everything escaped that a terminal would obey and not show.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(garbles) { Cow::Owned(escaped(text)) } else { Cow::Borrowed(text) }
}

/// The same, but line breaks stay.
pub(super) fn clean_lines(text: &str) -> String {
    text.split('\n').map(clean).collect::<Vec<_>>().join("\n")
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // As JSON has it: a value that stands in JSON has such escapes already.
            c if garbles(c) => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                // Writing to a string does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }),
            c => out.push(c),
        }
    }
    out
}

/// Controls, what turns the direction of writing, what has no form of its own, and what is no character. The joiners
/// that scripts and emoji need are not among them.
pub(super) fn garbles(c: char) -> bool {
    c.is_control()
        || u32::from(c) & 0xfffe == 0xfffe
        || matches!(c,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The text, cut to so many characters.
pub(super) fn cut(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// The text, cut to so many columns of a terminal.
pub(super) fn fit(text: &str, columns: usize) -> Cow<'_, str> {
    if text.width() <= columns {
        return Cow::Borrowed(text);
    }
    let mut used = 1;
    let kept = text.chars().take_while(|c| {
        used += c.width().unwrap_or(0);
        used <= columns
    });
    let mut kept: String = kept.collect();
    if columns > 0 {
        kept.push('…');
    }
    Cow::Owned(kept)
}

/// `1 step`, `3 steps`
pub(super) fn count(number: usize, thing: &str) -> String {
    format!("{number} {thing}{}", if number == 1 { "" } else { "s" })
}

/// `214 bytes`, `3.4 MiB`
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["KiB", "MiB", "GiB"];
    if bytes == 1 {
        return "1 byte".to_owned();
    }
    let mut amount = bytes as f64;
    let mut unit = "bytes";
    // Up to here people compare sizes to the byte.
    if bytes >= 10_000 {
        for larger in UNITS {
            if amount < 1024.0 {
                break;
            }
            amount /= 1024.0;
            unit = larger;
        }
        return format!("{amount:.1} {unit}");
    }
    format!("{bytes} {unit}")
}

/// So many milliseconds, as an outcome keeps its times.
pub(super) fn milliseconds(count: f64) -> Duration {
    Duration::try_from_secs_f64(count / 1e3).unwrap_or_default()
}

/// `0.24 s`, `2 min 3 s`
pub(super) fn seconds(duration: Duration) -> String {
    if duration.as_secs() < 60 {
        format!("{:.2} s", duration.as_secs_f64())
    } else {
        quantity::shown(duration)
    }
}

/// The parts that are there, with commas.
pub(super) fn list(parts: &[(usize, &str)]) -> String {
    let mut out = String::new();
    for (number, word) in parts.iter().filter(|(number, _)| *number > 0) {
        let comma = if out.is_empty() { "" } else { ", " };
        // Writing to a string does not fail.
        let _ = write!(out, "{comma}{number} {word}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(clean(text), expected);
        }
        check("plain é → 日本 👩‍👧", "plain é → 日本 👩‍👧");
        check("\u{1b}[31mred", r"\u001b[31mred");
        check("a\r\n\tb\0\u{7f}\u{9b}", r"a\r\n\tb\u0000\u007f\u009b");
        check("user\u{202e}nimda", r"user\u202enimda");
        check("\u{2066}\u{feff}\u{e0041}\u{2028}", r"\u2066\ufeff\udb40\udc41\u2028");
    }

    #[test]
    fn cutting_counts_characters_and_fitting_counts_columns() {
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("äöü!", 3), "äöü…");
        assert_eq!(fit("日本語", 6), "日本語");
        assert_eq!(fit("日本語", 5), "日本…");
        assert_eq!(fit("日本語", 4), "日…");
        assert_eq!(fit("abc", 0), "");
    }

    #[test]
    fn quantities_are_told_in_words() {
        assert_eq!(count(1, "step"), "1 step");
        assert_eq!(count(0, "step"), "0 steps");
        assert_eq!(size(1), "1 byte");
        assert_eq!(size(9_999), "9999 bytes");
        assert_eq!(size(64 << 20), "64.0 MiB");
        assert_eq!(seconds(Duration::from_millis(240)), "0.24 s");
        assert_eq!(seconds(Duration::from_secs(123)), "2 min 3 s");
        assert_eq!(list(&[(2, "passed"), (0, "failed"), (1, "not run")]), "2 passed, 1 not run");
    }
}
