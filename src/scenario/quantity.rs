//! Durations (`250ms`, `1.5s`, `2m`, `1h`, `30d`, `2w`) and sizes (`512B`, `10KiB`, `1MB`).

use std::time::Duration;

/// Reads a duration.
///
/// # Errors
/// What is wrong with it, in a sentence that shows how it is written.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no duration: write it like `250ms`, `1.5s`, `2m` or `1h`");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let seconds = match unit {
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

/// Reads a size in bytes; a bare number is bytes.
///
/// # Errors
/// What is wrong with it, in a sentence that shows how it is written.
pub fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size: write it like `512B`, `10KiB` or `1MB`");
    let (number, unit) = split(text).ok_or_else(wrong)?;
    let factor: u64 = match unit {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(wrong()),
    };
    let bytes = (number * factor as f64).round();
    // Beyond 2^53 a float has no exact bytes, and nobody has so many.
    if bytes > 9e15 { Err(format!("`{text}` is too large")) } else { Ok(bytes as u64) }
}

/// The number and its unit.
fn split(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(text.len());
    let number = text[..end].parse().ok()?;
    Some((number, &text[end..]))
}

/// A duration as a person reads it: `12 ms`, `1.5 s`, `2 min`.
#[must_use]
pub fn shown(duration: Duration) -> String {
    let ms = duration.as_secs_f64() * 1e3;
    if ms < 9.95 {
        format!("{ms:.1} ms")
    } else if ms < 999.5 {
        format!("{ms:.0} ms")
    } else if ms < 60_000.0 {
        let seconds = format!("{:.2}", ms / 1e3);
        format!("{} s", seconds.trim_end_matches('0').trim_end_matches('.'))
    } else {
        let minutes = duration.as_secs() / 60;
        match (minutes / 60, minutes % 60, duration.as_secs() % 60) {
            (0, minutes, 0) => format!("{minutes} min"),
            (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
            (48.., ..) => format!("{} days", minutes / 60 / 24),
            (hours, 0, _) => format!("{hours} h"),
            (hours, minutes, _) => format!("{hours} h {minutes} min"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        for (text, ms) in [
            ("250ms", 250),
            ("1.5s", 1500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("0s", 0),
            ("2d", 172_800_000),
            ("1w", 604_800_000),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "5", "s", "-1s", "5 s", "1y", "1..5s", "1e3s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, bytes) in
            [("0", 0), ("512B", 512), ("10KiB", 10_240), ("1MB", 1_000_000), ("1.5KiB", 1536)]
        {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "KiB", "1 MB", "1TB", "-1", "99999999GiB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn durations_are_shown_short() {
        for (ms, text) in [
            (0.42, "0.4 ms"),
            (12.0, "12 ms"),
            (1500.0, "1.5 s"),
            (30_000.0, "30 s"),
            (90_000.0, "1 min 30 s"),
            (3_600_000.0, "1 h"),
            (5_400_000.0, "1 h 30 min"),
            (180_000_000.0, "2 days"),
        ] {
            assert_eq!(shown(Duration::from_secs_f64(ms / 1e3)), text);
        }
    }
}
