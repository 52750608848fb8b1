//! The pieces with many corners: Python's numbers and JSON, percent-encoding, forms.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::multipart::{self, Error};
use super::super::{percent, python};

#[test]
fn json_is_written_as_python_writes_it() -> Result<(), serde_json::Error> {
    let table = [
        ("{}", "{}"),
        ("[]", "[]"),
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("1E5", "100000.0"),
        ("1e15", "1000000000000000.0"),
        ("1e16", "1e+16"),
        ("0.0001", "0.0001"),
        ("0.00001", "1e-05"),
        ("-1.5e-10", "-1.5e-10"),
        ("123456789.123456789", "123456789.12345679"),
        ("5e-324", "5e-324"),
        ("1.7976931348623157e308", "1.7976931348623157e+308"),
        ("123456789012345678901234567890", "123456789012345678901234567890"),
        ("\"\\u00e9\\ud83d\\ude00\\u007f\\b/<\"", "\"\\u00e9\\ud83d\\ude00\\u007f\\b/<\""),
        ("{\"b\":1,\"a\":[{}]}", "{\n  \"a\": [\n    {}\n  ],\n  \"b\": 1\n}"),
    ];
    for (given, expected) in table {
        let value: Value = serde_json::from_str(given)?;
        assert_eq!(python::pretty(&value), format!("{expected}\n"), "{given}");
    }
    Ok(())
}

#[test]
fn numbers_are_read_as_python_reads_them() {
    let integers = [
        ("7", Some(7)),
        (" +0_7 ", Some(7)),
        ("-12", Some(-12)),
        ("_1", None),
        ("1__2", None),
        ("", None),
        ("+-1", None),
        ("1.0", None),
        ("9999999999999999999999999999999999999999", Some(i128::MAX)),
    ];
    for (text, expected) in integers {
        assert_eq!(python::parse_int(text), expected, "{text}");
    }
    for (text, expected) in
        [("1_0.5", Some(10.5)), (".5", Some(0.5)), ("x", None), ("1_.5", None), ("", None)]
    {
        assert_eq!(python::parse_float(text), expected, "{text}");
    }
}

#[test]
fn urls_are_shown_as_werkzeug_shows_them() {
    assert_eq!(percent::path_to_iri("/a b/é%41%zz?#"), "/a%20b/éA%zz%3F%23");
    assert_eq!(percent::query_to_iri("a=%C3%A9%26%ff+%20&b={}"), "a=é%26%FF+%20&b={}");
    assert_eq!(percent::quote_reference("/é ?a=b#c["), "/%C3%A9%20?a=b#c%5B");
}

/// Fields and files of a form, or why it is none, as JSON.
fn parsed(body: &[u8], boundary: &str) -> Value {
    match multipart::parse(&Bytes::copy_from_slice(body), boundary) {
        Ok(form) => {
            let text = |file: &multipart::File| {
                json!([file.name, file.content_type, String::from_utf8_lossy(&file.content)])
            };
            json!([form.fields, form.files.iter().map(text).collect::<Vec<_>>()])
        }
        Err(Error::Malformed) => json!("malformed"),
        Err(Error::TooLarge) => json!("too large"),
    }
}

#[test]
fn forms_are_read_as_werkzeug_reads_them() {
    const NAMED: &str = "Content-Disposition: form-data; name=\"a\"";
    let table: &[(String, Value)] = &[
        (format!("--X\r\n{NAMED}\r\n\r\n1\r\n--X--\r\n"), json!([[["a", "1"]], []])),
        (format!("--X\n{NAMED}\n\n1\n--X--"), json!([[["a", "1"]], []])),
        (format!("before\r\n--X  \r\n{NAMED}\r\n\r\n\r\n--X--after"), json!([[["a", ""]], []])),
        (format!("--X\r\n{NAMED}\r\n\r\n--X--"), json!([[["a", ""]], []])),
        (format!("--X\r\n{NAMED}\r\n\r\nx--X\r\n\r\n--X--"), json!([[["a", "x--X\r\n"]], []])),
        (
            format!("--X\r\n{NAMED}; filename=f\r\nCONTENT-type: t/u\r\n\r\n1\r\n--X--"),
            json!([[], [["a", "t/u", "1"]]]),
        ),
        (
            "--X\r\nContent-Disposition: form-data;\r\n name=b\r\n\r\n1\r\n--X--".into(),
            json!([[["b", "1"]], []]),
        ),
        (
            "--X\r\nContent-Disposition: form-data\r\n\r\n1\r\n--X--".into(),
            json!([[["null", "1"]], []]),
        ),
        (format!("--X\n{NAMED}\n\r\n\r\n1\n--X--"), json!([[["a", "1"]], []])),
        ("--X--".into(), json!([[], []])),
        (String::new(), json!("malformed")),
        (format!("--X\r\n{NAMED}\r\n\r\n1"), json!("malformed")),
        (format!("--X\r\n{NAMED}\r\n"), json!("malformed")),
        ("--X\r\nX: y\r\n\r\n1\r\n--X--".into(), json!("malformed")),
        (format!("--X\r\n{NAMED}\r\n\r\n{}\r\n--X--", "x".repeat(500_001)), json!("too large")),
    ];
    for (body, expected) in table {
        assert_eq!(parsed(body.as_bytes(), "X"), *expected, "{}", &body[..body.len().min(200)]);
    }
}

#[test]
fn parameters_are_read_leniently() {
    let table: &[(&str, &[(&str, &str)])] = &[
        ("a; B=c; d=\"e;f\"", &[("b", "c"), ("d", "e;f")]),
        ("a; n=\"x\\\"y\\\\z%22\"; f=\"C:\\t\"", &[("n", "x\"y\\z\""), ("f", "C:\\t")]),
        ("a; f*=UTF-8''%C3%A9", &[("f", "é")]),
        ("a; n=\"open; b=c", &[]),
        ("a; ;; =x; y; z=1", &[("z", "1")]),
        ("a", &[]),
    ];
    for (value, expected) in table {
        let found = multipart::parameters(value);
        let found: Vec<(&str, &str)> =
            found.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(found, *expected, "{value}");
    }
}

proptest! {
    #[test]
    fn no_form_makes_it_panic(body in "(--X|--|\r\n|\n|[ -~]|name=|;|\"|Content-Disposition: f){0,40}") {
        parsed(body.as_bytes(), "X");
        multipart::boundary(&body);
    }

    #[test]
    fn no_bytes_make_a_form_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        parsed(&body, "-");
    }

    #[test]
    fn no_text_makes_percent_decoding_panic(text in "(%|[0-9a-f]|é|\\PC|&|=){0,40}") {
        percent::parse_pairs(&text);
        percent::path_to_iri(&percent::decode_path(&text));
        percent::query_to_iri(&text);
        python::parse_int(&text);
        python::parse_float(&text);
    }
}
