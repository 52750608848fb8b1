//! Points in time, as `before` and `after` compare them.

use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::scenario::decode::{Decoder, Tree};
use crate::scenario::yaml::{Kind, Node};
use crate::value::{Number, Value, a_kind, cut};

/// Beyond this year seconds are no seconds: they count milliseconds, as JavaScript does.
const FAR: i64 = 253_402_300_800;

/// Reads the operand of `before` and `after`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Tree> {
    if !matches!(node.kind, Kind::Number(_) | Kind::Text(_)) {
        d.expected("a time", node);
        return None;
    }
    let tree = d.tree(node)?;
    if let Tree::Literal(value) = &tree
        && let Err(message) = read(value)
    {
        let help = "an expression gives one as well: `${now()}`, `${now(plus='1h')}`, `${'31.01.2026' | to_date('%d.%m.%Y')}`";
        d.error_help(node.at, message, "", help);
        return None;
    }
    Some(tree)
}

/// The point in time that a value says: RFC 3339, a date alone (its midnight in UTC), the date of an HTTP field
/// (RFC 9110 section 5.6.7), or the seconds since 1970 as a number.
///
/// # Errors
/// Why it is none.
pub fn read(value: &Value) -> Result<OffsetDateTime, String> {
    match value {
        Value::Number(number) => seconds(number),
        Value::String(text) => of_text(text).ok_or_else(|| {
            let shown = cut(text, 60);
            format!(
                "`{shown}` is no time: it is written like `2026-01-31T12:00:00Z` or `2026-01-31`"
            )
        }),
        other => {
            Err(format!("a time is a text or a number of seconds, and this is {}", a_kind(other)))
        }
    }
}

/// As [`read`], of a text that is no JSON, such as a header: digits are seconds there.
#[must_use]
pub fn of_plain_text(text: &str) -> Option<OffsetDateTime> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match digits.then(|| text.parse().ok()).flatten() {
        Some(number) => seconds(&number).ok(),
        None => of_text(text),
    }
}

/// The time as messages show it.
#[must_use]
pub fn shown(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_else(|_| at.to_string())
}

/// RFC 3339 `full-date`
pub(super) fn is_date(text: &str) -> bool {
    text.len() == 10 && is_date_time(&format!("{text}T00:00:00Z"))
}

/// RFC 3339 `date-time`; its parser takes anything for the `T`.
pub(super) fn is_date_time(text: &str) -> bool {
    matches!(text.as_bytes().get(10), Some(b'T' | b't')) && parse(text).is_some()
}

fn parse(text: &str) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

fn of_text(text: &str) -> Option<OffsetDateTime> {
    if is_date_time(text) {
        return parse(text);
    }
    if is_date(text) {
        return parse(&format!("{text}T00:00:00Z"));
    }
    httpdate::parse_http_date(text).ok().map(OffsetDateTime::from)
}

fn seconds(number: &Number) -> Result<OffsetDateTime, String> {
    let is_far = |seconds: f64| seconds.abs() >= FAR as f64;
    let at = match (number.as_i64(), number.as_f64()) {
        (Some(whole), _) => OffsetDateTime::from_unix_timestamp(whole).ok(),
        (None, Some(seconds)) if !is_far(seconds) => {
            OffsetDateTime::UNIX_EPOCH.checked_add(Duration::seconds_f64(seconds))
        }
        _ => None,
    };
    at.ok_or_else(|| {
        let why = "a number is the seconds since 1970, and these end beyond the year 9999";
        match number.as_f64().is_some_and(|number| !is_far(number / 1e3)) {
            true => format!("{number} is no time: {why}; does it count milliseconds?"),
            false => format!("{number} is no time: {why}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, expected: &str) {
        match read(&value) {
            Ok(at) => assert_eq!(shown(at), expected, "{value}"),
            Err(message) => assert!(message.contains(expected), "{value}: {message}"),
        }
    }

    #[test]
    fn a_time_is_written_in_any_of_these_ways() {
        check(json!("2026-01-31T12:00:00Z"), "2026-01-31T12:00:00Z");
        check(json!("2026-01-31t12:00:00.5+02:00"), "2026-01-31T12:00:00.5+02:00");
        check(json!("2026-01-31"), "2026-01-31T00:00:00Z");
        check(json!("Sun, 06 Nov 1994 08:49:37 GMT"), "1994-11-06T08:49:37Z");
        check(json!("Sunday, 06-Nov-94 08:49:37 GMT"), "1994-11-06T08:49:37Z");
        check(json!("Sun Nov  6 08:49:37 1994"), "1994-11-06T08:49:37Z");
        check(json!(0), "1970-01-01T00:00:00Z");
        check(json!(1.5), "1970-01-01T00:00:01.5Z");
        check(json!(-1), "1969-12-31T23:59:59Z");
        check(json!(1_769_860_800_000_i64), "does it count milliseconds?");
        check(json!(1e300), "beyond the year 9999");
        for text in ["", "tomorrow", "12:00", "2026-01-31 12:00:00", "2026-02-30", "1769860800"] {
            check(json!(text), "is no time: it is written like");
        }
        check(json!(true), "and this is a boolean");
        check(json!(null), "and this is null");
    }

    #[test]
    fn digits_in_a_header_are_seconds() {
        assert_eq!(of_plain_text("60").map(shown).as_deref(), Some("1970-01-01T00:01:00Z"));
        assert_eq!(of_plain_text("2026-01-31").map(shown).as_deref(), Some("2026-01-31T00:00:00Z"));
        assert_eq!(of_plain_text(""), None);
        assert_eq!(of_plain_text("6x"), None);
    }
}
