//! `is`: texts that are written as a standard says.

use std::net::{Ipv4Addr, Ipv6Addr};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use email_address::{EmailAddress, Options};
use fluent_uri::Uri;

use super::moment;
use crate::jsonpath;
use crate::scenario::decode::Decoder;
use crate::scenario::yaml::Node;
use crate::value::Value;

/// What a text may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// RFC 9562, of any version
    Uuid,
    /// RFC 5321 section 4.1.2, with RFC 6531
    Email,
    /// RFC 3339 `full-date`
    Date,
    /// RFC 3339 `date-time`
    DateTime,
    /// RFC 3986, with its scheme
    Uri,
    /// RFC 791, four decimal numbers
    Ipv4,
    /// RFC 4291 section 2.2
    Ipv6,
    /// RFC 1123 section 2.1
    Hostname,
    /// RFC 4648 section 4
    Base64,
    /// RFC 7519; its signature is not checked
    Jwt,
}

const ALL: [(&str, Format); 10] = [
    ("uuid", Format::Uuid),
    ("email", Format::Email),
    ("date", Format::Date),
    ("date_time", Format::DateTime),
    ("uri", Format::Uri),
    ("ipv4", Format::Ipv4),
    ("ipv6", Format::Ipv6),
    ("hostname", Format::Hostname),
    ("base64", Format::Base64),
    ("jwt", Format::Jwt),
];

/// Reads the operand of `is`.
pub(super) fn decode(d: &Decoder<'_>, node: &Node) -> Option<Format> {
    let name = d.plain(node, "the name of a format")?.value;
    let format = Format::named(&name);
    if format.is_none() {
        let all = || ALL.iter().map(|(known, _)| *known);
        let names = all().map(|known| format!("`{known}`")).collect::<Vec<_>>().join(", ");
        let meant = crate::diagnostic::suggest::closest(&name, all());
        let label = meant.map(|meant| format!("did you mean `{meant}`?")).unwrap_or_default();
        let help = format!("`is` knows {names}");
        let shown = crate::value::cut(&name, 40);
        d.error_help(node.at, format!("`{shown}` is no format"), &label, &help);
    }
    format
}

impl Format {
    /// The format that has this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// The name that the language has for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        ALL.iter().find(|(_, format)| *format == self).map_or("", |(name, _)| name)
    }

    /// The name that people have for it, with its article.
    #[must_use]
    pub fn called(self) -> &'static str {
        match self {
            Self::Uuid => "a UUID",
            Self::Email => "an e-mail address",
            Self::Date => "a date (RFC 3339)",
            Self::DateTime => "a date and time (RFC 3339)",
            Self::Uri => "a URI with its scheme",
            Self::Ipv4 => "an IPv4 address",
            Self::Ipv6 => "an IPv6 address",
            Self::Hostname => "a host name",
            Self::Base64 => "base64",
            Self::Jwt => "a JSON Web Token",
        }
    }

    /// Whether a text is so.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        self.fault(text).is_none()
    }

    /// What is wrong with a text; the words show nothing of it.
    #[must_use]
    pub fn fault(self, text: &str) -> Option<&'static str> {
        match self {
            Self::Uuid => uuid(text),
            Self::Email => email(text),
            Self::Date => (!moment::is_date(text)).then_some("a date is written like `2026-01-31`"),
            Self::DateTime => date_time(text),
            Self::Uri => uri(text),
            Self::Ipv4 => (text.parse::<Ipv4Addr>().is_err())
                .then_some("an IPv4 address is four numbers from 0 to 255, such as `192.0.2.1`"),
            Self::Ipv6 => (text.parse::<Ipv6Addr>().is_err())
                .then_some("an IPv6 address is written like `2001:db8::1`, without brackets"),
            Self::Hostname => hostname(text),
            Self::Base64 => base64(text),
            Self::Jwt => jwt(text),
        }
    }
}

fn uuid(text: &str) -> Option<&'static str> {
    let groups: Vec<&str> = text.split('-').collect();
    let is_hex = |group: &&str| group.bytes().all(|byte| byte.is_ascii_hexdigit());
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    (lengths != [8, 4, 4, 4, 12] || !groups.iter().all(is_hex))
        .then_some("a UUID is 8, 4, 4, 4 and 12 hexadecimal digits with `-` between them")
}

/// With a domain of one word, such as `root@localhost`: the RFC has no rule against it.
fn email(text: &str) -> Option<&'static str> {
    let options = Options::default().without_display_text().with_no_minimum_sub_domains();
    EmailAddress::parse_with_options(text, options).is_err().then_some(
        "an e-mail address is written like `alice@example.com`, without a name before it",
    )
}

fn date_time(text: &str) -> Option<&'static str> {
    if moment::is_date_time(text) {
        return None;
    }
    Some(match moment::is_date(text) {
        true => "it is a date alone: `is: date`",
        false => {
            "it is written like `2026-01-31T12:00:00Z`, with `Z` or an offset such as `+02:00`"
        }
    })
}

fn uri(text: &str) -> Option<&'static str> {
    if Uri::parse(text).is_ok() {
        return None;
    }
    Some(match fluent_uri::UriRef::parse(text) {
        Ok(_) => "it has no scheme, such as `https:`",
        Err(_) if text.is_ascii() => "it has a character that must be percent-encoded",
        Err(_) => "it has a letter beyond ASCII that must be percent-encoded",
    })
}

/// Letters, digits and hyphens; the last label is no number, so that no name is taken for an address.
fn hostname(text: &str) -> Option<&'static str> {
    let byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let mut labels = text.split('.');
    if text.len() > 253 || labels.clone().any(|label| label.len() > 63) {
        return Some("a host name has 253 characters at most, and 63 between two dots");
    }
    if labels.clone().any(str::is_empty) {
        return Some("nothing stands before, between or after its dots");
    }
    if !text.bytes().all(|one| byte(one) || one == b'.') {
        return Some("a host name is letters, digits, `-` and dots");
    }
    if labels.clone().any(|label| label.starts_with('-') || label.ends_with('-')) {
        return Some("no part of a host name begins or ends with `-`");
    }
    let is_number = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
    labels.next_back().is_some_and(is_number).then_some("a host name does not end in a number")
}

fn base64(text: &str) -> Option<&'static str> {
    if STANDARD.decode(text).is_ok() {
        return None;
    }
    let outside = |c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c));
    Some(match text.find(outside).map(|at| text.as_bytes()[at]) {
        Some(b'-' | b'_') => "it is base64url: base64 has `+` and `/`, and no `-` and `_`",
        Some(_) => "it has a character that base64 has not",
        None if !text.len().is_multiple_of(4) => {
            "its length is no multiple of four: base64 is filled up with `=`"
        }
        None => "its end is not that of base64",
    })
}

/// Signed in three parts, or encrypted in five (RFC 7515 section 7.1, RFC 7516 section 7.1).
fn jwt(text: &str) -> Option<&'static str> {
    let parts: Vec<&str> = text.split('.').collect();
    if !matches!(parts.len(), 3 | 5) {
        return Some("a JSON Web Token has three parts with dots between them, or five");
    }
    let decoded: Result<Vec<Vec<u8>>, _> =
        parts.iter().map(|part| URL_SAFE_NO_PAD.decode(part)).collect();
    let Ok(decoded) = decoded else { return Some("one of its parts is no base64url") };
    let object = |part: &Vec<u8>| match jsonpath::parse(part) {
        Ok(Value::Object(members)) => Some(members),
        _ => None,
    };
    let Some(header) = object(&decoded[0]) else { return Some("its header is no JSON object") };
    let says = |name: &str| header.get(name).is_some_and(Value::is_string);
    if !says("alg") || (parts.len() == 5 && !says("enc")) {
        return Some("its header does not name the algorithm");
    }
    (parts.len() == 3 && object(&decoded[1]).is_none()).then_some("its claims are no JSON object")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(format: Format, right: &[&str], wrong: &[&str]) {
        for text in right {
            assert_eq!(format.fault(text), None, "{text:?}");
        }
        for text in wrong {
            assert!(!format.fits(text), "{text:?}");
        }
        assert_eq!(Format::named(format.name()), Some(format));
    }

    #[test]
    fn uuids_are_those_of_rfc_9562_in_any_version_and_case() {
        check(
            Format::Uuid,
            &[
                "00000000-0000-0000-0000-000000000000",
                "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6",
                "017f22e2-79b0-7cc3-98c4-dc0c0c07398f",
            ],
            &[
                "",
                "f81d4fae7dec11d0a76500a0c91e6bf6",
                "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
                "urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6",
                "f81d4fae-7dec-11d0-a765-00a0c91e6bfg",
                "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
                "f81d4fae-7dec-11d0-a765-00a0c91e6bf6 ",
            ],
        );
    }

    #[test]
    fn e_mail_addresses_are_those_of_rfc_5321() {
        check(
            Format::Email,
            &[
                "alice@example.com",
                "a.b+tag@sub.example.com",
                "\"a b\"@example.com",
                "root@localhost",
                "a@[192.0.2.1]",
                "jos\u{e9}@example.com",
            ],
            &[
                "",
                "alice",
                "@example.com",
                "alice@",
                "a..b@example.com",
                ".a@example.com",
                "a b@example.com",
                "Alice <alice@example.com>",
                "alice@example.com ",
                "a@b@c.com",
            ],
        );
    }

    #[test]
    fn dates_and_times_are_those_of_rfc_3339() {
        check(
            Format::Date,
            &["2026-01-31", "2024-02-29", "0001-01-01"],
            &["", "2026-02-29", "2026-1-31", "26-01-31", "2026-01-31T00:00:00Z", "20260131"],
        );
        check(
            Format::DateTime,
            &[
                "2026-01-31T12:00:00Z",
                "2026-01-31t12:00:00z",
                "2026-01-31T12:00:00.123456789+02:00",
                "1990-12-31T23:59:60Z",
            ],
            &[
                "",
                "2026-01-31",
                "2026-01-31T12:00:00",
                "2026-01-31 12:00:00Z",
                "2026-01-31T25:00:00Z",
                "2026-01-31T12:00Z",
                "Sat, 31 Jan 2026 12:00:00 GMT",
                "2026-01-31T12:00:00Z ",
            ],
        );
    }

    #[test]
    fn uris_are_those_of_rfc_3986() {
        check(
            Format::Uri,
            &[
                "https://example.com/a?b=c#d",
                "urn:isbn:0451450523",
                "mailto:alice@example.com",
                "http://[2001:db8::1]:8080/",
                "data:,a%20b",
            ],
            &[
                "",
                "/account",
                "example.com",
                "//example.com/a",
                "https://example.com/a b",
                "https://example.com/\u{e9}",
                "https://example.com/%zz",
                "1http://example.com",
            ],
        );
    }

    #[test]
    fn addresses_and_host_names() {
        check(
            Format::Ipv4,
            &["127.0.0.1", "255.255.255.255"],
            &["", "256.0.0.1", "1.2.3", "01.2.3.4", "1.2.3.4/8", "::1"],
        );
        check(
            Format::Ipv6,
            &["::1", "2001:db8::1", "::ffff:192.0.2.1"],
            &["", "[::1]", "1::2::3", "fe80::1%eth0", "127.0.0.1", "2001:db8::g"],
        );
        check(
            Format::Hostname,
            &["localhost", "shop.example.com", "3com.com", "xn--bcher-kva.example", "A-1.b"],
            &[
                "",
                "a_b.example",
                "-a.example",
                "a-.example",
                "a..b",
                "example.com.",
                "192.0.2.1",
                "b\u{fc}cher.example",
                "a b",
            ],
        );
        let long = |length: usize| format!("{}.example", "a".repeat(length));
        check(Format::Hostname, &[&long(63)], &[&long(64), &vec!["ab"; 90].join(".")]);
    }

    #[test]
    fn base64_is_that_of_rfc_4648_section_4() {
        check(
            Format::Base64,
            &["", "Zg==", "Zm8=", "Zm9v", "+/+/"],
            &["Zg", "Zg=", "Zh==", "-_-_", "Zm9v\n", "Zm 9v", "===="],
        );
    }

    #[test]
    fn json_web_tokens_are_signed_or_encrypted() {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let signed = |header: &str, claims: &str| format!("{}.{}.c2ln", part(header), part(claims));
        let right = signed("{\"alg\":\"HS256\"}", "{\"sub\":\"alice\"}");
        let unsigned = format!("{}.{}.", part("{\"alg\":\"none\"}"), part("{}"));
        let encrypted =
            format!("{}.a2V5.aXY.dGV4dA.dGFn", part(r#"{"alg":"dir","enc":"A256GCM"}"#));
        check(
            Format::Jwt,
            &[&right, &unsigned, &encrypted],
            &[
                "",
                "a.b",
                "a.b.c",
                &format!("{right}="),
                &format!("Bearer {right}"),
                &signed("{}", "{}"),
                &signed("{\"alg\":1}", "{}"),
                &signed("{\"alg\":\"none\"}", "[]"),
                &signed("[]", "{}"),
                &encrypted
                    .replace(&part(r#"{"alg":"dir","enc":"A256GCM"}"#), &part("{\"alg\":\"dir\"}")),
            ],
        );
    }
}
