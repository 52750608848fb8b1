//! How Python reads numbers and writes JSON, since both show in httpbin's answers.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// A JSON document as Flask writes it for httpbin: keys sorted, two spaces, ASCII only, a newline at the end.
pub(super) fn pretty(value: &Value) -> String {
    let mut out = String::new();
    write_value(&mut out, value, 0);
    out.push('\n');
    out
}

fn write_value(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Number(number) => out.push_str(&number_text(number.as_str())),
        Value::String(text) => write_text(out, text),
        Value::Array(items) => {
            write_between(out, ('[', ']'), items, depth, |out, item| {
                write_value(out, item, depth + 1)
            });
        }
        Value::Object(members) => write_object(out, members, depth),
    }
}

fn write_object(out: &mut String, members: &Map<String, Value>, depth: usize) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    // By code point, as Python sorts; the order of UTF-8 bytes is the same.
    sorted.sort_unstable_by_key(|(name, _)| *name);
    write_between(out, ('{', '}'), &sorted, depth, |out, (name, value)| {
        write_text(out, name);
        out.push_str(": ");
        write_value(out, value, depth + 1);
    });
}

/// Items on lines of their own between brackets; no items, no lines.
fn write_between<T>(
    out: &mut String,
    (open, close): (char, char),
    items: &[T],
    depth: usize,
    mut write: impl FnMut(&mut String, &T),
) {
    out.push(open);
    for (index, item) in items.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.extend(std::iter::repeat_n("  ", depth + 1));
        write(out, item);
    }
    if !items.is_empty() {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
    out.push(close);
}

fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(character),
            _ => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

/// A JSON number as Python writes it after reading it: integers in full, others as the shortest float.
///
/// A number too big for a float stays as it was sent. Python would write `Infinity`, which is not JSON.
fn number_text(text: &str) -> String {
    if !text.contains(['.', 'e', 'E']) {
        return if text == "-0" { "0".to_owned() } else { text.to_owned() };
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => float_text(number),
        _ => text.to_owned(),
    }
}

/// Python's `repr` of a finite float: an exponent only below 1e-4 and from 1e16 on.
fn float_text(number: f64) -> String {
    let scientific = format!("{number:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else { return scientific };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        let plain = number.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.unsigned_abs())
}

/// What Python's `int` makes of a text; numbers out of range become the nearest in range.
pub(super) fn parse_int(text: &str) -> Option<i128> {
    let text = text.trim();
    let (negative, digits) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let digits = without_underscores(digits)?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse::<i128>().unwrap_or(i128::MAX);
    Some(if negative { -magnitude } else { magnitude })
}

/// What Python's `float` makes of a text.
pub(super) fn parse_float(text: &str) -> Option<f64> {
    without_underscores(text.trim())?.parse().ok()
}

/// Drops underscores between digits; anywhere else they are an error.
fn without_underscores(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
    let fits = |at: usize| digit(at.checked_sub(1)) && digit(at.checked_add(1));
    text.match_indices('_').all(|(at, _)| fits(at)).then(|| text.replace('_', ""))
}
