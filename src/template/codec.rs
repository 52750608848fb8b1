//! Texts in other forms: base64, percent-encoding, entities, digests.

use std::fmt::Write as _;

use base64::alphabet;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{DecodeError, Engine as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use quick_xml::escape::resolve_html5_entity;
use sha2::{Digest, Sha256};

use crate::jsonpath;
use crate::value::Value;

/// Padded or not.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// All but the unreserved characters (RFC 3986 section 2.3).
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) fn base64(text: &str) -> String {
    STANDARD.encode(text)
}

/// RFC 4648 section 5, without padding.
pub(super) fn base64url(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// Either alphabet, with padding or without, broken into lines or not.
pub(super) fn base64_decode(text: &str) -> Result<String, String> {
    utf8(base64_bytes(text)?, "what it decodes to")
}

fn base64_bytes(text: &str) -> Result<Vec<u8>, String> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let url = digits.iter().any(|byte| b"-_".contains(byte));
    let alphabet = if url { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let engine = GeneralPurpose::new(alphabet, LENIENT);
    engine.decode(digits).map_err(|error| {
        let why = match error {
            DecodeError::InvalidByte(_, byte) if byte.is_ascii_graphic() => {
                format!("`{}` is out of place in it", char::from(byte))
            }
            DecodeError::InvalidByte(..) => "it has characters that are none of its own".to_owned(),
            _ => "its end is not whole".to_owned(),
        };
        format!("the text is no base64: {why}")
    })
}

fn utf8(bytes: Vec<u8>, what: &str) -> Result<String, String> {
    String::from_utf8(bytes).map_err(|_| format!("{what} is no text in UTF-8"))
}

pub(super) fn urlencode(text: &str) -> String {
    utf8_percent_encode(text, COMPONENT).to_string()
}

/// A plus stays a plus.
pub(super) fn urldecode(text: &str) -> Result<String, String> {
    let escapes = text.split('%').skip(1);
    for escape in escapes {
        let digits = escape.as_bytes().get(..2);
        if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
            return Err("a `%` of the text has no two hex digits behind it".to_owned());
        }
    }
    utf8(percent_encoding::percent_decode_str(text).collect(), "what it decodes to")
}

pub(super) fn html_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

/// What is no entity stays as it is, as in HTML.
pub(super) fn html_unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        rest = after;
        match entity(after) {
            Some((length, character)) => {
                out.push_str(&character);
                rest = &after[length..];
            }
            None => out.push('&'),
        }
    }
    out + rest
}

/// What stands behind the `&`: how much of it is the entity, and its text.
fn entity(text: &str) -> Option<(usize, String)> {
    // The longest name has 31 letters.
    let end = text.bytes().take(33).position(|byte| byte == b';')?;
    let name = &text[..end];
    let Some(number) = name.strip_prefix('#') else {
        return Some((end + 1, resolve_html5_entity(name)?.to_owned()));
    };
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let plain = digits.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let code = u32::from_str_radix(digits, radix).ok().filter(|_| plain)?;
    Some((end + 1, char::from_u32(code)?.to_string()))
}

/// The digest in hex.
pub(super) fn hash<D: Digest>(text: &str) -> String {
    hex(&D::digest(text))
}

/// RFC 2104, in hex.
pub(super) fn hmac_sha256(text: &str, key: &str) -> Result<String, String> {
    let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|error| error.to_string())?;
    Ok(hex(&mac.chain_update(text).finalize().into_bytes()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// The claims of a JSON Web Token (RFC 7519); its signature is not looked at.
pub(super) fn jwt_claims(token: &str) -> Result<Value, String> {
    let wrong = |why: &str| format!("the text is no JSON Web Token: {why}");
    let parts: Vec<&str> = token.split('.').collect();
    let [_, claims, _] = parts.as_slice() else {
        return Err(match parts.len() {
            5 => wrong("it is encrypted, and its claims cannot be read"),
            _ => wrong("it has no three parts with dots between them"),
        });
    };
    let json = base64_bytes(claims).map_err(|_| wrong("its second part is no base64url"))?;
    match jsonpath::parse(&json) {
        Ok(claims @ Value::Object(_)) => Ok(claims),
        _ => Err(wrong("its second part is no JSON object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use md5::Md5;
    use sha1::Sha1;

    #[test]
    fn digests_are_those_of_their_standards() {
        assert_eq!(
            hash::<Sha256>("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(hash::<Sha1>("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
        assert_eq!(hash::<Md5>("abc"), "900150983cd24fb0d6963f7d28e17f72");
        // RFC 4231, test case 2.
        assert_eq!(
            hmac_sha256("what do ya want for nothing?", "Jefe").as_deref(),
            Ok("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        );
    }

    #[test]
    fn base64_is_read_in_either_alphabet() {
        assert_eq!(base64("tea?>~"), "dGVhPz5+");
        assert_eq!(base64url("tea?>~x"), "dGVhPz5-eA");
        for text in ["dGVhPz5+", "dGVhPz5-", "dGVh\r\nPz5+\n"] {
            assert_eq!(base64_decode(text).as_deref(), Ok("tea?>~"), "{text}");
        }
        for (wrong, part) in [("a", "no base64"), ("dGVh!", "no base64"), ("/w==", "UTF-8")] {
            let error = base64_decode(wrong).expect_err(wrong);
            assert!(error.contains(part), "{wrong}: {error}");
        }
    }

    #[test]
    fn percent_encoding_goes_both_ways() {
        assert_eq!(urlencode("a b/ü~"), "a%20b%2F%C3%BC~");
        assert_eq!(urldecode("a%20b%2F%c3%BC+").as_deref(), Ok("a b/ü+"));
        for wrong in ["%", "%2", "%zz", "%+1", "%ff"] {
            assert!(urldecode(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn entities_go_both_ways() {
        assert_eq!(html_escape("<a b=\"c\">&'"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;");
        for (text, expected) in [
            ("&lt;&quot;&#39;&#x27;&euro;&uuml;&nbsp;", "<\"''€ü\u{a0}"),
            ("a & b &nothing; &#xd800; &amp;lt; &", "a & b &nothing; &#xd800; &lt; &"),
            ("&#+1;&é;", "&#+1;&é;"),
        ] {
            assert_eq!(html_unescape(text), expected);
        }
    }

    #[test]
    fn the_claims_of_a_token_are_read() {
        let token = |claims: &str| format!("e30.{}.sig", base64url(claims));
        let claims = jwt_claims(&token(r#"{"sub":"ü","exp":12345678901234567890123}"#));
        assert_eq!(
            claims.expect("claims").to_string(),
            r#"{"sub":"ü","exp":12345678901234567890123}"#
        );
        for (wrong, part) in [
            ("abc".to_owned(), "three parts"),
            ("a.b.c.d.e".to_owned(), "encrypted"),
            ("a.!.c".to_owned(), "no base64url"),
            (token("[1]"), "no JSON object"),
        ] {
            let error = jwt_claims(&wrong).expect_err(&wrong);
            assert!(error.contains(part), "{wrong}: {error}");
        }
    }
}
