//! Numbers as YAML writes them, with all their digits.

use serde_json::Number;

/// The number that a plain scalar is by the core schema of YAML 1.2, digit by digit; none if it is text.
pub(super) fn parse(text: &str) -> Option<Number> {
    let (minus, digits) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    if let Some(hex) = digits.strip_prefix("0x") {
        return radix(minus, hex, 16);
    }
    if let Some(octal) = digits.strip_prefix("0o") {
        return radix(minus, octal, 8);
    }
    decimal(minus, digits)
}

fn radix(minus: &str, digits: &str, radix: u32) -> Option<Number> {
    if !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let value = u128::from_str_radix(digits, radix).ok()?;
    format!("{minus}{value}").parse().ok()
}

fn decimal(minus: &str, text: &str) -> Option<Number> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let empty = whole.is_empty() && fraction.unwrap_or_default().is_empty();
    if empty || !is_digits(whole) || !fraction.is_none_or(is_digits) {
        return None;
    }
    // `0123` is a number of who knows which base: it stays text.
    if fraction.is_none() && exponent.is_none() && whole.len() > 1 && whole.starts_with('0') {
        return None;
    }
    let mut json = String::from(minus);
    let whole = whole.trim_start_matches('0');
    json.push_str(if whole.is_empty() { "0" } else { whole });
    if let Some(fraction) = fraction.filter(|fraction| !fraction.is_empty()) {
        json.push('.');
        json.push_str(fraction);
    }
    if let Some(exponent) = exponent {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if digits.is_empty() || !is_digits(digits) {
            return None;
        }
        json.push('e');
        json.push_str(exponent);
    }
    json.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(|number| number.to_string()).as_deref(), expected, "{text}");
    }

    #[test]
    fn numbers_keep_their_digits() {
        check("12345678901234567890123", Some("12345678901234567890123"));
        check("1.10", Some("1.10"));
        check("-0.1000000000000000055511151231257827", Some("-0.1000000000000000055511151231257827"));
        check(".5", Some("0.5"));
        check("+7.", Some("7"));
        check("0x1F", Some("31"));
        check("0o17", Some("15"));
        check("1e400", Some("1e+400"));
        check("00.5", Some("0.5"));
    }

    #[test]
    fn text_is_no_number() {
        for text in ["", "-", ".", "0123", "1_000", "12:30", "2024-01-01", "0b11", "1e", "e5", "0x", "0xg", ".nan", "1.2.3", "٣"] {
            check(text, None);
        }
    }
}
