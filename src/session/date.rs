//! Cookie dates (RFC 6265bis section 5.1.1): whatever order, whatever between; only what is missing or out of range is
//! no date.

use std::time::SystemTime;

use time::{Date, Month, Time};

/// The time that a cookie date means, always UTC; none where it is no date.
pub(super) fn parse(text: &[u8]) -> Option<SystemTime> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(|byte| is_delimiter(*byte)).filter(|token| !token.is_empty()) {
        // A token is the first of these that is not there yet.
        if time.is_none() && fill(&mut time, hms(token))
            || day.is_none() && fill(&mut day, number(token, 1..=2))
            || month.is_none() && fill(&mut month, month_of(token))
        {
            continue;
        }
        year = year.or_else(|| number(token, 2..=4));
    }
    let (hour, minute, second) = time?;
    let year = match year? {
        year @ 70..=99 => year + 1900,
        year @ 0..=69 => year + 2000,
        year => year,
    };
    if year < 1601 {
        return None;
    }
    let date = Date::from_calendar_date(i32::from(year), month?, u8::try_from(day?).ok()?).ok()?;
    let small = |number: u16| u8::try_from(number).ok();
    let time = Time::from_hms(small(hour)?, small(minute)?, small(second)?).ok()?;
    Some(date.with_time(time).assume_utc().into())
}

fn fill<T>(slot: &mut Option<T>, found: Option<T>) -> bool {
    *slot = found;
    slot.is_some()
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// `1*2DIGIT ":" 1*2DIGIT ":" 1*2DIGIT`, and after it anything but a digit.
fn hms(token: &[u8]) -> Option<(u16, u16, u16)> {
    let mut parts = token.splitn(3, |byte| *byte == b':');
    let (hour, minute, second) = (parts.next()?, parts.next()?, parts.next()?);
    let exact =
        |part: &[u8]| part.iter().all(u8::is_ascii_digit).then(|| number(part, 1..=2)).flatten();
    Some((exact(hour)?, exact(minute)?, number(second, 1..=2)?))
}

/// A number of so many digits, and after it anything but a digit.
fn number(token: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<u16> {
    let end = token.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(token.len());
    let text = std::str::from_utf8(&token[..end]).ok()?;
    digits.contains(&end).then(|| text.parse().ok()).flatten()
}

fn month_of(token: &[u8]) -> Option<Month> {
    const NAMES: [&[u8; 3]; 12] = [
        b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov",
        b"dec",
    ];
    let name = token.get(..3)?.to_ascii_lowercase();
    let index = NAMES.iter().position(|known| known[..] == name)?;
    Month::try_from(u8::try_from(index + 1).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[track_caller]
    fn check(text: &str, seconds: Option<u64>) {
        let expected = seconds.map(|seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(parse(text.as_bytes()), expected, "{text}");
    }

    #[test]
    fn a_date_is_read_in_any_order_with_anything_between() {
        const WANTED: Option<u64> = Some(1_492_290_082);
        for text in [
            "Sat, 15 Apr 2017 21:01:22 GMT",
            "Saturday, 15-Apr-17 21:01:22 GMT",
            "Sat Apr 15 21:01:22 2017",
            "21:01:22 2017/april/15",
            "15-Sat, Apr 21:01:22 GMT 17",
            "\"15\\Apr\\17\\21:01:22\"",
            "15 APRILFOOL 2017 21:01:22x",
            "15 Apr 17 ::00 21:01:22 11:22:33",
        ] {
            check(text, WANTED);
        }
        check("1-Jan-1970 0:0:0", Some(0));
        check("1 Jan 69 0:0:0", Some(3_124_224_000));
        check("1 Jan 70 0:0:0", Some(0));
        check("29 Feb 2000 0:0:0", Some(951_782_400));
    }

    #[test]
    fn what_is_missing_or_out_of_range_is_no_date() {
        for text in [
            "",
            "15 Apr 2017",
            "Apr 2017 21:01:22",
            "15 2017 21:01:22",
            "15 Apr 21:01:22",
            "32 Apr 2017 21:01:22",
            "0 Apr 2017 21:01:22",
            "31 Apr 2017 21:01:22",
            "29 Feb 2001 21:01:22",
            "15 Apr 1600 21:01:22",
            "15 Apr 20170 21:01:22",
            "15 Apr 2017 24:01:22",
            "15 Apr 2017 21:60:22",
            "15 Apr 2017 21:01:60",
            "15 Apr 2017 21:01:222",
            "15 Apr 2017 21:01",
            "015 Apr 2017 21:01:22",
            "15 Apr 2017 021:01:22",
            "15 Ap 2017 21:01:22",
        ] {
            check(text, None);
        }
    }
}
