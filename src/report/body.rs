//! Bodies, as far as they go on a line or a few.

use http::{HeaderMap, header};
use serde::de::IgnoredAny;

use super::{mask, text};

/// Longer ones are not looked through for whether they are JSON.
const PARSED: usize = 1 << 17;

/// The body on one line of about `limit` characters; none if there is none. `size` is that of the whole body, of which
/// the beginning may be at hand.
pub(super) fn line(body: &[u8], size: u64, headers: &HeaderMap, limit: usize) -> Option<String> {
    if size == 0 {
        return None;
    }
    let Some(content) = readable(body, limit).filter(|_| !body.is_empty()) else {
        return Some(described(size, headers));
    };
    let shown = if is_json(body) { compact(content, limit) } else { content.to_owned() };
    let mut line = text::clean(&mask::urls(&text::cut(&shown, limit))).into_owned();
    // White space may have filled all that was looked at.
    if content.len() < body.len() && !line.ends_with('…') {
        line.push('…');
    }
    Some(line)
}

/// The first lines of the body, and what was left out; empty if there is none. `size` is that of the whole body, of
/// which the beginning may be at hand.
pub(super) fn lines(body: &[u8], size: u64, headers: &HeaderMap, limit: usize) -> Vec<String> {
    const LONGEST: usize = 200;
    if size == 0 {
        return Vec::new();
    }
    let content = readable(body, limit * (LONGEST + 1)).filter(|_| !body.is_empty());
    let Some(content) = content else {
        return vec![described(size, headers)];
    };
    let all = content.lines().count();
    let shown = content.lines().take(limit);
    let mut out: Vec<String> = shown
        .map(|line| text::clean(&mask::urls(&text::cut(line, LONGEST))).into_owned())
        .collect();
    if all > limit || content.len() < body.len() {
        out.push(format!("… ({} in all)", text::size(size)));
    }
    out
}

/// The beginning of a body that is text, enough for so many characters.
fn readable(body: &[u8], limit: usize) -> Option<&str> {
    // A little more than is shown, so that cutting can be seen; white space may go.
    let enough = limit.saturating_mul(16).max(4096).min(body.len());
    let content = match std::str::from_utf8(&body[..enough]) {
        Ok(content) => content,
        // The last character may have been cut through; anything else is not UTF-8.
        Err(error) if error.error_len().is_none() && enough < body.len() => {
            std::str::from_utf8(&body[..error.valid_up_to()]).ok()?
        }
        Err(_) => return None,
    };
    (!content.contains('\0')).then_some(content)
}

/// `214 bytes of image/png`
pub(super) fn described(size: u64, headers: &HeaderMap) -> String {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()))
        .filter(|media_type| !media_type.trim().is_empty());
    match media_type {
        Some(media_type) => {
            let media_type = text::cut(media_type.trim(), 100);
            format!("{} of {}", text::size(size), text::clean(&media_type))
        }
        None => format!("{} of binary data", text::size(size)),
    }
}

fn is_json(body: &[u8]) -> bool {
    let begins = body.trim_ascii_start().first();
    matches!(begins, Some(b'{' | b'['))
        && (body.len() > PARSED || serde_json::from_slice::<IgnoredAny>(body).is_ok())
}

/// JSON without the white space between its tokens. The tokens stay as they were sent, to the digit.
fn compact(json: &str, limit: usize) -> String {
    let mut out = String::new();
    let (mut inside, mut escaped) = (false, false);
    let tokens = json.chars().filter(|&c| {
        let keep = inside || !c.is_ascii_whitespace();
        if inside && !escaped && c == '\\' {
            escaped = true;
        } else {
            inside ^= c == '"' && !escaped;
            escaped = false;
        }
        keep
    });
    out.extend(tokens.take(limit + 1));
    out
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[track_caller]
    fn check(body: &[u8], expected: Option<&str>) {
        assert_eq!(line(body, body.len() as u64, &HeaderMap::new(), 20).as_deref(), expected);
    }

    #[test]
    fn json_is_compact_and_text_is_one_line() {
        check(b"", None);
        check(b"{ \"a b\" : [ 1.00 , \"\\\" \" ] }", Some(r#"{"a b":[1.00,"\" "]}"#));
        check(b"{ not json }", Some("{ not json }"));
        check(b"a\r\nb\x1b[0m", Some("a\\r\\nb\\u001b[0m"));
        check(b"[1111111111, 2222222222, 3]", Some("[1111111111,22222222…"));
        check("ääääääääääääääääääääää".as_bytes(), Some("ääääääääääääääääääää…"));
    }

    #[test]
    fn what_is_no_text_is_described() {
        check(b"\xff\xfe", Some("2 bytes of binary data"));
        check(b"a\0b", Some("3 bytes of binary data"));
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("image/png"));
        assert_eq!(line(&[0; 214], 214, &headers, 20).as_deref(), Some("214 bytes of image/png"));
    }

    #[test]
    fn a_long_body_that_is_cut_through_a_character_is_still_text() {
        let body = format!("x{}", "é".repeat(5_000));
        let shown = line(body.as_bytes(), body.len() as u64, &HeaderMap::new(), 3);
        assert_eq!(shown.as_deref(), Some("xéé…"));
        let spaced = format!("[{}1]", " ".repeat(9_000));
        assert_eq!(
            line(spaced.as_bytes(), spaced.len() as u64, &HeaderMap::new(), 3).as_deref(),
            Some("[…")
        );
    }

    #[test]
    fn lines_are_counted() {
        let none = HeaderMap::new();
        assert_eq!(lines(b"a\nb\nc\n", 6, &none, 2), ["a", "b", "… (6 bytes in all)"]);
        assert_eq!(lines(b"a\nb", 3, &none, 2), ["a", "b"]);
        // What was masked has another length.
        assert_eq!(lines(b"a\nb", 9, &none, 2), ["a", "b"]);
        assert_eq!(lines(b"", 9, &none, 2), ["9 bytes of binary data"]);
        assert!(lines(b"", 0, &none, 2).is_empty());
    }
}
