//! Every form of a value is found, and what stands around it stays.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::source::{Source, Span};

fn masks(values: &[&str]) -> Masks {
    let masks = Masks::default();
    values.iter().for_each(|value| masks.add(value.as_bytes()));
    masks
}

/// The text with `[]` for each stand-in.
fn masked(masks: &Masks, text: &str) -> String {
    let stands_in = regex::Regex::new("•••[0-9a-f]{4}").expect("a pattern");
    stands_in.replace_all(&masks.text(text), "[]").into_owned()
}

#[track_caller]
fn check(secret: &str, text: &str, expected: &str) {
    assert_eq!(masked(&masks(&[secret]), text), expected);
}

#[test]
fn a_value_is_found_as_it_is_and_encoded() {
    check("hunter22", "pw=hunter22&x", "pw=[]&x");
    check("a b&ü/", "q=a%20b%26%C3%BC%2F&x q=a+b%26%c3%bc%2f.", "q=[]&x q=[].");
    check("a\"b\\c/d", r#"{"x":"a\"b\\c\/d"}"#, r#"{"x":"[]"}"#);
    check("ü<&>'", r#""\u00fc\u003C\u0026\u003e\u0027""#, "\"[]\"");
    check("𝄞key", r#""\ud834\udd1ekey" \u{1d11e}key"#, "\"[]\" []");
    check("a<\"'&b", "<p>a&lt;&quot;&#39;&amp;b</p> a&#60;&#x22;&apos;&amp;b", "<p>[]</p> []");
    check("it's me", r"curl -d 'it'\''s me' x: 'it''s me'", "curl -d '[]' x: '[]'");
    check("a\u{1b}b\n", r"a\u{1b}b\n $'a\x1bb\n'", "[] $'[]'");
    check("hunter22", "68756e7465723232 68756E7465723232", "[] []");
}

#[test]
fn encodings_upon_encodings_are_undone() {
    check("a\"b/c", r#"{"log":"{\"pw\":\"a\\\"b\/c\"}"}"#, r#"{"log":"{\"pw\":\"[]\"}"}"#);
    check("a b/c", "to=%2Fx%3Fpw%3Da%2520b%252Fc", "to=%2Fx%3Fpw%3D[]");
    check("a\"b/c", "&quot;a\\&quot;b/c&quot;", "&quot;[]&quot;");
    // What looks encoded and is not.
    check("%41\\n&amp;", r#"%41\n&amp; "%41\\n&amp;" %2541%5Cn%26amp%3B"#, r#"[] "[]" []"#);
}

#[test]
fn base64_is_found_wherever_the_value_begins() {
    let secret = "p\"w/ü+?>>~";
    for before in ["", "u", "us", "use", "user:"] {
        for after in ["", "x", "xy", "xyz"] {
            for engine in [&STANDARD, &URL_SAFE] {
                let text = engine.encode(format!("{before}{secret}{after}"));
                let shown = masked(&masks(&[secret]), &format!("<{text}>"));
                assert!(shown.contains("[]"), "{text}: {shown}");
                let left = shown.replace(['[', ']', '='], "").len() - 2;
                // No digit is left that has a bit of the value.
                assert!(
                    left <= before.len() * 8 / 6 + (after.len() * 8).div_ceil(6),
                    "{text}: {shown}"
                );
            }
        }
    }
    check("a+b/c", &format!("v={}", STANDARD.encode("a+b/c").replace('=', "%3D")), "v=[]%3D");
}

#[test]
fn the_longest_stands_in_and_what_overlaps_is_one() {
    let masks = masks(&["abcd", "abcdefgh", "ghijkl"]);
    assert_eq!(masked(&masks, "abcd abcdefgh abcdefghijkl"), "[] [] []");
    let whole = masks.fingerprints().of(b"abcdefgh");
    assert_eq!(masks.text("abcdefgh"), whole);
    assert_eq!(masks.text("61626364"), masks.fingerprints().of(b"abcd"));
}

#[test]
fn what_is_short_or_another_thing_stays() {
    let masks = masks(&["", "abc", "äöü", "hunter22"]);
    let text = "abc äöü hunter2 2 HUNTER22";
    assert_eq!(masks.text(text), text);
    assert!(matches!(masks.text(text), Cow::Borrowed(_)));
    assert!(is_too_short("äöü") && !is_too_short("äöüß"));
}

#[test]
fn the_lines_of_a_secret_are_secret() {
    let secret = "-----BEGIN KEY-----\nMIIEvQIBADANBg\n}\n";
    check(
        secret,
        "key: |\n  -----BEGIN KEY-----\n  MIIEvQIBADANBg\n  }\n",
        "key: |\n  []\n  []\n  }\n",
    );
}

#[test]
fn values_are_masked_as_data() {
    let masks = masks(&["hunter22", "123456"]);
    let mut value = json!({"hunter22": [1, "x hunter22", {"pin": 123_456}], "b": true});
    masks.value(&mut value);
    let shown = masked(&masks, &value.to_string());
    assert_eq!(shown, r#"{"[]":[1,"x []",{"pin":"[]"}],"b":true}"#);
    let structured = Masks::default();
    structured.add_value(&json!({"user": "alice", "keys": ["k1", "key-two"]}));
    assert_eq!(masked(&structured, "alice k1 key-two"), "[] k1 []");
}

#[test]
fn a_part_of_a_run_has_secrets_of_its_own() {
    let run = masks(&["run-secret"]);
    let (one, two) = (run.within(), run.within());
    one.add(b"cookie-1");
    assert_eq!(masked(&one, "run-secret cookie-1"), "[] []");
    assert_eq!(masked(&two, "run-secret cookie-1"), "[] cookie-1");
    run.add(b"cookie-2");
    assert_eq!(two.name("cookie-2").chars().count(), 7);
    assert_eq!(one.name("x cookie-1").chars().count(), 9);
}

#[test]
fn what_is_kept_from_run_to_run_has_one_mark_and_knows_no_secret_of_others() {
    let run = masks(&["run-secret"]);
    let kept = run.kept();
    let (one, two) = (kept.within(), kept.within());
    one.add(b"token-1");
    two.add(b"token-2");
    one.add_here(b"cookie-1");
    run.add(b"token-3");
    assert_eq!(one.text("run-secret token-1 cookie-1 token-2"), "••• ••• ••• token-2");
    assert_eq!(two.text("run-secret token-1 cookie-1 token-3"), "••• token-1 cookie-1 token-3");
    assert_eq!(masked(&run, "run-secret token-1 token-2 token-3 cookie-1"), "[] [] [] [] cookie-1");
}

#[test]
fn a_long_body_ends_before_half_a_secret() {
    let masks = masks(&["hunter22-and-more"]);
    for at in 0..200 {
        let body = format!("{}hunter22-and-more{}", "x".repeat(at), "y".repeat(500));
        let shown = masks.beginning(body.as_bytes(), 200);
        let shown = String::from_utf8(shown).expect("UTF-8");
        assert!(!shown.contains("hunt"), "{at}: {shown}");
        assert!(shown.len() <= 220, "{shown}");
    }
    assert_eq!(masks.beginning(b"short hunter2", 200), b"short hunter2");
}

#[test]
fn half_a_secret_before_a_cut_is_masked_too() {
    check("hunter22", "http://a.test/?pw=hunte…", "http://a.test/?pw=[]…");
    check("hunter22", "hun… hunt… (9 characters)", "hun… []… (9 characters)");
    check("a/b\"c+d", "?pw=a%2Fb%22… ?pw=a%2Fb%2… a/b\\u00…", "?pw=[]… ?pw=a%2Fb%2… a/b\\u00…");
    check("a/bc\"d", "a/bc\\u00… a/bc&quo… a/bc%…", "[]… []… []…");
}

#[test]
fn a_file_keeps_its_lines_and_places() {
    let masks = masks(&["hunter22", "two\nlines"]);
    let text = "pw: hunter22 # x\nb: two\nlines\nc: d\n";
    let original = Arc::new(Source::new("a.yaml", "a.yaml", text));
    let mut sources = Sources::new(masks);
    let mut place = |piece: &str| {
        let start = text.find(piece).expect("a piece");
        let (mut source, mut span) = (Arc::clone(&original), Span::new(start, start + piece.len()));
        sources.mask(&mut source, &mut span);
        (source.position(span.start), source.text()[span.start..span.end].to_owned())
    };
    assert_eq!(place("hunter22").1.chars().count(), 7);
    assert_eq!(place("unter").1.chars().count(), 7);
    assert_eq!(place("# x").1, "# x");
    let (position, piece) = place("c: d");
    assert_eq!((position.line, position.column, piece.as_str()), (4, 1, "c: d"));
}

proptest! {
    #[test]
    fn no_encoder_lets_a_value_through(secret in "[ -~äöü\"\\\\&<%+/']{4,12}", before in ".{0,6}", after in ".{0,6}") {
        let component = percent_encoding::utf8_percent_encode(&secret, percent_encoding::NON_ALPHANUMERIC).to_string();
        let form: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let json = json!(secret).to_string();
        let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&#34;").replace('\'', "&#x27;");
        let masks = masks(&[&secret]);
        for encoded in [&secret, &component, &form, &json[1..json.len() - 1], &html, &secret.escape_debug().to_string()] {
            let text = format!("{before}>{encoded}<{after}");
            let shown = masks.text(&text);
            prop_assert!(!shown.contains(&format!(">{encoded}<")), "{} in {}", encoded, shown);
            prop_assert!(shown.starts_with(&*before) || masks.text(&before) != *before, "{}", shown);
        }
    }
}
