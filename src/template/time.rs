//! Points in time as texts: RFC 3339 where nothing else is said, else as `strftime` writes them.

use std::time::Duration;

use time::format_description::well_known::Rfc3339;
use time::format_description::{OwnedFormatItem, parse_strftime_owned};
use time::parsing::Parsed;
use time::{Date, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};

use crate::value::{Value, cut};

/// A time as it stands in a text.
pub(super) fn text(at: OffsetDateTime, format: Option<&OwnedFormatItem>) -> Result<String, String> {
    let text = match format {
        Some(format) => at.format(format),
        None => at.format(&Rfc3339),
    };
    text.map_err(|error| format!("the time cannot be written so: {error}"))
}

/// A time to the millisecond, as tests compare it.
pub(super) fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_millisecond(now.millisecond()).unwrap_or(now)
}

/// `%Y-%m-%d`
pub(super) fn format(text: &str) -> Result<OwnedFormatItem, String> {
    let wrong = |why: String| format!("`{}` is no date format: {why}", cut(text, 60));
    if !text.contains('%') {
        return Err(wrong("it has no `%`; write it like `%Y-%m-%d`".to_owned()));
    }
    let format = parse_strftime_owned(text).map_err(|error| wrong(error.to_string()))?;
    // Some conversions are read and can never be written.
    self::text(OffsetDateTime::UNIX_EPOCH, Some(&format)).map_err(wrong)?;
    Ok(format)
}

/// `1h`, `3d`
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || {
        format!(
            "`{}` is no duration: write it like `30s`, `15m`, `1h`, `3d` or `2w`",
            cut(text, 60)
        )
    };
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).ok_or_else(wrong)?;
    let number: f64 = text[..end].parse().map_err(|_| wrong())?;
    let seconds = match &text[end..] {
        "ms" => number / 1e3,
        "s" => number,
        "m" => number * 60.0,
        "h" => number * 3600.0,
        "d" => number * 86_400.0,
        "w" => number * 604_800.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| format!("`{text}` is too long"))
}

/// A time that is given: RFC 3339, a date alone, or the seconds since 1970.
pub(super) fn given(value: &Value) -> Result<OffsetDateTime, String> {
    match value {
        Value::Number(number) => {
            let seconds = number.as_i64().and_then(|n| OffsetDateTime::from_unix_timestamp(n).ok());
            seconds.ok_or_else(|| format!("{number} is no time in whole seconds since 1970"))
        }
        Value::String(text) => OffsetDateTime::parse(text, &Rfc3339)
            .or_else(|_| read(text, &format("%Y-%m-%d")?))
            .map_err(|_: String| {
                let text = cut(text, 60);
                format!(
                    "`{text}` is no time: it is written like `2026-01-31T12:00:00Z` or `2026-01-31`; \
                     `to_date` reads other forms"
                )
            }),
        other => Err(format!("a time is a text or a number, and this is {}", crate::value::a_kind(other))),
    }
}

/// The days from today's date to that of the time, both in UTC: never a matter of hours.
pub(super) fn days_from(today: OffsetDateTime, at: OffsetDateTime) -> i64 {
    let day = |at: OffsetDateTime| i64::from(at.to_offset(UtcOffset::UTC).date().to_julian_day());
    day(at) - day(today)
}

/// A time, moved.
pub(super) fn moved(
    at: OffsetDateTime,
    plus: Duration,
    minus: Duration,
) -> Result<OffsetDateTime, String> {
    let moved = at.checked_add(plus.try_into().map_err(|_| too_far())?);
    let moved = moved.and_then(|at| at.checked_sub(minus.try_into().ok()?));
    moved.ok_or_else(too_far)
}

fn too_far() -> String {
    "the time lies outside of the years -9999 to 9999".to_owned()
}

/// A text in a format of its own; without a time of day it is midnight, without an offset UTC.
pub(super) fn read(text: &str, format: &OwnedFormatItem) -> Result<OffsetDateTime, String> {
    let wrong = |why: &str| format!("`{}` does not follow the format: {why}", cut(text, 60));
    let mut parsed = Parsed::new();
    let rest =
        parsed.parse_item(text.as_bytes(), format).map_err(|error| wrong(&error.to_string()))?;
    if !rest.is_empty() {
        return Err(wrong("there is more behind it"));
    }
    if let Ok(at) = OffsetDateTime::try_from(parsed) {
        return Ok(at);
    }
    let date = Date::try_from(parsed).map_err(|_| wrong("it gives no whole date"))?;
    let time = Time::try_from(parsed).unwrap_or(Time::MIDNIGHT);
    let offset = UtcOffset::try_from(parsed).unwrap_or(UtcOffset::UTC);
    Ok(PrimitiveDateTime::new(date, time).assume_offset(offset))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(value: Value, with: &str, expected: Result<&str, &str>) {
        let format = format(with).expect(with);
        let written = given(&value).and_then(|at| text(at, Some(&format)));
        assert_eq!(written.as_deref().map_err(String::as_str), expected, "{value} {with}");
    }

    #[test]
    fn a_time_is_written_as_strftime_does() {
        check(json!("2026-02-03T04:05:06Z"), "%Y-%m-%d %H:%M:%S", Ok("2026-02-03 04:05:06"));
        check(json!("2026-02-03T04:05:06+02:00"), "%d.%m.%y %z", Ok("03.02.26 +0200"));
        check(json!("2026-02-03"), "%A %e %B, day %j", Ok("Tuesday  3 February, day 034"));
        check(json!(0), "%Y-%m-%d", Ok("1970-01-01"));
        check(json!(1.5), "%Y", Err("1.5 is no time in whole seconds since 1970"));
        check(json!(null), "%Y", Err("a time is a text or a number, and this is null"));
    }

    #[track_caller]
    fn check_read(text: &str, with: &str, expected: Result<&str, &str>) {
        let format = format(with).expect(with);
        let read = read(text, &format).and_then(|at| self::text(at, None));
        match expected {
            Ok(expected) => assert_eq!(read.as_deref(), Ok(expected), "{text}"),
            Err(part) => {
                let error = read.expect_err(text);
                assert!(error.contains(part), "{text}: {error}");
            }
        }
    }

    #[test]
    fn a_text_is_read_in_a_format_of_its_own() {
        check_read("03.02.2026", "%d.%m.%Y", Ok("2026-02-03T00:00:00Z"));
        check_read("2026-02-03 04:05", "%Y-%m-%d %H:%M", Ok("2026-02-03T04:05:00Z"));
        check_read(
            "2026-02-03 04:05:06 +0200",
            "%Y-%m-%d %H:%M:%S %z",
            Ok("2026-02-03T04:05:06+02:00"),
        );
        check_read("31.02.2026", "%d.%m.%Y", Err("it gives no whole date"));
        check_read("03.02.2026x", "%d.%m.%Y", Err("there is more behind it"));
        check_read("3rd", "%d.%m.%Y", Err("does not follow the format"));
        check_read("12:00", "%H:%M", Err("it gives no whole date"));
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        let at = |text: &str| given(&json!(text)).expect(text);
        for (today, then, expected) in [
            ("2026-01-31T23:59:59Z", "2026-02-01", 1),
            ("2026-01-31T00:00:00Z", "2026-01-31T23:59:59Z", 0),
            ("2026-03-01", "2026-02-28", -1),
            ("2026-03-01", "2026-03-02T00:30:00+01:00", 0),
        ] {
            assert_eq!(days_from(at(today), at(then)), expected, "{today} {then}");
        }
        let (hour, zero) = (Duration::from_secs(3600), Duration::ZERO);
        let moved =
            |plus, minus| moved(at("2026-01-01"), plus, minus).and_then(|at| text(at, None));
        assert_eq!(moved(hour, zero).as_deref(), Ok("2026-01-01T01:00:00Z"));
        assert_eq!(moved(zero, hour).as_deref(), Ok("2025-12-31T23:00:00Z"));
        assert!(moved(Duration::MAX, zero).is_err());
        assert!(moved(zero, Duration::from_secs(1 << 60)).is_err());
    }

    #[test]
    fn a_format_and_a_duration_are_checked() {
        for wrong in ["", "today", "%", "%Y-%Q", "%!"] {
            assert!(format(wrong).is_err(), "{wrong}");
        }
        assert_eq!(span("1.5h"), Ok(Duration::from_secs(5400)));
        assert_eq!(span("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(span("2w"), Ok(Duration::from_secs(14 * 86_400)));
        for wrong in ["", "1", "h", "1y", "-1h", "1 h", "1.2.3s", "99999999999999999999w"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
