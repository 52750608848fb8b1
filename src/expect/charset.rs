//! Bytes to text, in the few charsets that APIs still send.

use std::borrow::Cow;

/// The charset that a Content-Type names.
pub(super) fn label(content_type: &str) -> Option<&str> {
    content_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"'))
    })
}

/// Declarations are looked for in so many bytes (the HTML Standard, section 13.2.3.2).
const DECLARED_WITHIN: usize = 1024;

/// The charset that a text declares at its beginning: `<?xml encoding="…"?>`, `<meta charset="…">`. A mark outweighs it.
pub(super) fn declared(body: &[u8]) -> Option<String> {
    match body {
        [0xef, 0xbb, 0xbf, ..] => return None,
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] => return Some("utf-16".to_owned()),
        _ => {}
    }
    let head = String::from_utf8_lossy(&body[..body.len().min(DECLARED_WITHIN)]);
    let begin = head.trim_start();
    let (of, name) = match begin.starts_with("<?xml") {
        true => (begin.split("?>").next()?, "encoding"),
        false => (
            begin.split("<meta").find(|tag| {
                tag.split('>')
                    .next()
                    .is_some_and(|tag| tag.to_ascii_lowercase().contains("charset"))
            })?,
            "charset",
        ),
    };
    let tag = of.split('>').next()?.to_ascii_lowercase();
    let (_, value) = tag.split_once(name)?;
    let value = value.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let is_name =
        |char: char| char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | ':');
    let label: String = value.chars().take_while(|char| is_name(*char)).collect();
    // Who reads this declaration has not read UTF-16.
    (!label.is_empty() && !label.starts_with("utf-16")).then_some(label)
}

/// The body without the byte order mark of UTF-8.
pub(super) fn without_mark(body: &[u8]) -> &[u8] {
    body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body)
}

/// The text of these bytes; without a charset it is UTF-8.
///
/// # Errors
/// Why they are no text, in a sentence.
pub(super) fn decode<'b>(body: &'b [u8], charset: Option<&str>) -> Result<Cow<'b, str>, String> {
    let charset = charset.unwrap_or("utf-8");
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => {
            let body = without_mark(body);
            std::str::from_utf8(body)
                .map(Cow::Borrowed)
                .map_err(|error| format!("byte {} is not UTF-8", error.valid_up_to()))
        }
        // The Encoding Standard reads all of these as windows-1252, and so do browsers.
        "windows-1252" | "cp1252" | "iso-8859-1" | "iso8859-1" | "latin1" | "us-ascii"
        | "ascii" => Ok(windows_1252(body)),
        // The Encoding Standard, "UTF-16": a mark outweighs the label, and without either it is little-endian.
        "utf-16" | "utf-16le" | "utf-16be" => match body {
            [0xfe, 0xff, rest @ ..] => utf_16(rest, u16::from_be_bytes),
            [0xff, 0xfe, rest @ ..] => utf_16(rest, u16::from_le_bytes),
            _ if charset.eq_ignore_ascii_case("utf-16be") => utf_16(body, u16::from_be_bytes),
            _ => utf_16(body, u16::from_le_bytes),
        },
        _ => Err(format!("its charset `{charset}` is not one that callsheet reads")),
    }
}

fn utf_16(body: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Cow<'_, str>, String> {
    let (pairs, rest) = body.as_chunks();
    let text: Result<String, _> =
        char::decode_utf16(pairs.iter().map(|pair| unit(*pair))).collect();
    match text {
        Ok(text) if rest.is_empty() => Ok(Cow::Owned(text)),
        _ => Err("it is not UTF-16".to_owned()),
    }
}

fn windows_1252(body: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(body) {
        Ok(text) if text.is_ascii() => Cow::Borrowed(text),
        _ => Cow::Owned(body.iter().map(|byte| windows_1252_char(*byte)).collect()),
    }
}

/// Index windows-1252 of the Encoding Standard; the five bytes without a character are C1 controls.
fn windows_1252_char(byte: u8) -> char {
    const HIGH: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => HIGH[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(content_type: &str, body: &[u8], expected: Result<&str, &str>) {
        let text = decode(body, label(content_type));
        assert_eq!(text.as_deref().map_err(String::as_str), expected, "{content_type}");
    }

    #[test]
    fn the_content_type_says_the_charset_and_utf_8_is_the_default() {
        check("text/plain", "é".as_bytes(), Ok("é"));
        check("text/plain", b"\xef\xbb\xbfa", Ok("a"));
        check("text/plain; Charset=\"UTF-8\"", "é".as_bytes(), Ok("é"));
        check("text/plain; charset=iso-8859-1", b"caf\xe9 \x80", Ok("café €"));
        check("text/plain; format=flowed; charset=latin1", b"\xfc", Ok("ü"));
        check("text/plain", b"ab\xff", Err("byte 2 is not UTF-8"));
        check("text/plain;charset=utf-16", b"a\0", Ok("a"));
        check("text/plain;charset=utf-16", b"\xfe\xff\0a", Ok("a"));
        check("text/plain;charset=UTF-16BE", b"\xd8\x3d\xde\x00", Ok("😀"));
        check("text/plain;charset=UTF-16LE", b"\x3d\xd8", Err("it is not UTF-16"));
        check("text/plain;charset=utf-16", b"a\0b", Err("it is not UTF-16"));
        let refused = "its charset `klingon` is not one that callsheet reads";
        check("text/plain;charset=klingon", b"a", Err(refused));
    }
}
