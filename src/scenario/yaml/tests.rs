//! What the reader takes and what it refuses, whole.

use std::sync::Arc;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::diagnostic::render;

fn source(text: &str) -> Arc<Source> {
    Arc::new(Source::new("a.yaml", "a.yaml", text))
}

#[track_caller]
fn good(text: &str) -> Document {
    match read(source(text)) {
        Ok((document, _)) => document,
        Err(found) => panic!("{}", render::text(&found, false)),
    }
}

#[track_caller]
fn bad(text: &str) -> Vec<Diagnostic> {
    match read(source(text)) {
        Ok((document, _)) => panic!("{:?}", document.root()),
        Err(found) => found,
    }
}

/// The tree as compact JSON, with what tells numbers from text.
fn shape(node: &Node) -> String {
    match &node.kind {
        Kind::Null => "null".into(),
        Kind::Bool(value) => value.to_string(),
        Kind::Number(number) => number.to_string(),
        Kind::Text(text) => format!("{text:?}"),
        Kind::List(items) => format!("[{}]", items.iter().map(shape).collect::<Vec<_>>().join(",")),
        Kind::Map(entries) => {
            let entries: Vec<String> = entries
                .iter()
                .map(|entry| format!("{}:{}", entry.key, shape(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(shape(good(text).root()), expected, "{text:?}");
}

#[test]
fn values() {
    check("a: 1\nb: [x, 'y', \"z\"]\n", r#"{a:1,b:["x","y","z"]}"#);
    check(
        "a: no\nb: on\nc: 0123\nd: 12:30\ne: 2024-01-01\nf: 1_000\ng: 0b11",
        r#"{a:"no",b:"on",c:"0123",d:"12:30",e:"2024-01-01",f:"1_000",g:"0b11"}"#,
    );
    check(
        "a: 0x1F\nb: 0o17\nc: -5\nd: +5\ne: true\nf: ~\ng:",
        "{a:31,b:15,c:-5,d:5,e:true,f:null,g:null}",
    );
    check(
        "a: 12345678901234567890123\nb: 1.10\nc: 1.00000000000000000001",
        "{a:12345678901234567890123,b:1.10,c:1.00000000000000000001}",
    );
    check(
        "a: 1234567890123456789012345678901234567890123\nb: -1e400",
        "{a:1234567890123456789012345678901234567890123,b:-1e+400}",
    );
    check("a: |\n  x\n  y\nb: 2.50", r#"{a:"x\ny\n",b:2.50}"#);
    check("- &x 1.50\n- *x\n- [0b1, 1.250]", r#"[1.50,1.50,["0b1",1.250]]"#);
    check("\"200\": a\nx y: b", r#"{200:"a",x y:"b"}"#);
    check("- \"a\\nb\"\n- - 1\n  - {}\n- []", r#"["a\nb",[1,{}],[]]"#);
    check("%YAML 1.2\n---\na: 1\n...\n", "{a:1}");
}

#[test]
fn line_ends() {
    check("a: 1\r\nb: |\r\n  x\r\n  y\r\n", r#"{a:1,b:"x\ny\n"}"#);
    check("a: 1\rb: |\r  x\r  y\r", r#"{a:1,b:"x\ny\n"}"#);
}

#[test]
fn merge_keys() {
    check("a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a, z: 4}", "{a:{x:1,y:2},b:{y:3,x:1,z:4}}");
    check(
        "a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}",
        "{a:{x:1},b:{x:2,y:2},c:{x:1,y:2}}",
    );
    check("<<: {a: 1}\nb: 2", "{a:1,b:2}");
}

#[track_caller]
fn check_spans(text: &str, expected: &[&str]) {
    fn walk(document: &Document, node: &Node, out: &mut Vec<String>) {
        let slice = |at| {
            let span = document.span(at);
            let place = document.source().position(span.start);
            format!(
                "{}:{} {}",
                place.line,
                place.column,
                &document.source().text()[span.start..span.end]
            )
        };
        out.push(slice(node.at));
        match &node.kind {
            Kind::List(items) => items.iter().for_each(|item| walk(document, item, out)),
            Kind::Map(entries) => {
                for entry in entries {
                    out.push(slice(entry.at));
                    walk(document, &entry.value, out);
                }
            }
            _ => {}
        }
    }
    let document = good(text);
    let mut spans = Vec::new();
    walk(&document, document.root(), &mut spans);
    assert_eq!(spans, expected, "{text:?}");
}

#[test]
fn spans() {
    check_spans("a: 1\n\"b\": 'x y'", &["1:1 a", "1:1 a", "1:4 1", "2:1 \"b\"", "2:6 'x y'"]);
    check_spans(
        "é: \"\\u00e9\"\nb: |\n  x\nc: d",
        &["1:1 é", "1:1 é", "1:4 \"\\u00e9\"", "2:1 b", "2:4 |", "4:1 c", "4:4 d"],
    );
    check_spans(
        "- - x\n  - 2\n- [y]\n- {z: 1}\n- {}\n- []\n-",
        &[
            "1:5 x", "1:5 x", "1:5 x", "2:5 2", "3:3 [y]", "3:4 y", "4:4 z", "4:4 z", "4:7 1",
            "5:3 {}", "6:3 []", "7:2 ",
        ],
    );
    check_spans(
        "a: &n 5\nb: *n\nc:\nd: x",
        &["1:1 a", "1:1 a", "1:7 5", "2:1 b", "1:7 5", "3:1 c", "3:3 ", "4:1 d", "4:4 x"],
    );
    check_spans("a:\r- x\r\n- ''\n", &["1:1 a", "1:1 a", "2:3 x", "2:3 x", "3:3 ''"]);
}

#[test]
fn text_as_it_was_written() {
    let text =
        "- 0123\n- 1.10\n- no\n- 0x1F\n- true\n- ~\n-\n- 'q'\n- &x 1.0\n- *x\n- \"\\t\"\n- +7";
    let document = good(text);
    let Kind::List(items) = &document.root().kind else { panic!() };
    let written: Vec<_> = items.iter().map(|item| document.text(item).unwrap()).collect();
    assert_eq!(
        written,
        ["0123", "1.10", "no", "0x1F", "true", "~", "", "q", "1.0", "1.0", "\t", "+7"]
    );
}

#[track_caller]
fn check_bad(text: &str, expected: &[(&str, usize, usize)]) {
    let found = bad(text);
    let short: Vec<(&str, usize, usize)> = found
        .iter()
        .map(|it| {
            let label = it.primary.as_ref().unwrap();
            let at = label.source.position(label.span.start);
            (it.message.as_str(), at.line, at.column)
        })
        .collect();
    assert_eq!(short, expected, "{}", render::text(&found, false));
}

#[test]
fn all_errors_at_once() {
    check_bad(
        "a: 1\n2: x\na: 2\nb: !env X\nc: {a: 1, a: 2}\na: 3\ntrue: .nan\n",
        &[
            ("a key must be text, not a number", 2, 1),
            ("duplicate key `a`", 3, 1),
            ("unknown tag `!env`", 4, 4),
            ("duplicate key `a`", 5, 11),
            ("duplicate key `a`", 6, 1),
            ("a key must be text, not a boolean", 7, 1),
            ("`.nan` is not a number in JSON", 7, 7),
        ],
    );
}

#[test]
fn several_documents() {
    check_bad("a: 1\n---\nb: 2", &[("more than one document in a file", 2, 1)]);
    check_bad("a: 1\n...\nb: 2", &[("more than one document in a file", 3, 1)]);
    check_bad("--- a\n--- b", &[("more than one document in a file", 2, 1)]);
    quick(|| check_bad(&"--- a\n".repeat(100_000), &[("more than one document in a file", 2, 1)]));
}

#[test]
fn nothing_in_the_file() {
    for text in ["", "# nothing\n", "---", "---\n...\n", "null", "~\n", "\n\n"] {
        check_bad(text, &[("no scenario in this file", 1, 1)]);
    }
}

#[track_caller]
fn quick(work: impl FnOnce()) {
    let start = Instant::now();
    work();
    let limit = if cfg!(debug_assertions) { 20 } else { 1 };
    assert!(start.elapsed() < Duration::from_secs(limit), "{:?}", start.elapsed());
}

#[test]
fn too_many_levels() {
    const MESSAGE: &str = "more than 64 levels of lists and maps";
    quick(|| {
        check_bad(&("{a: ".repeat(100_000) + "1" + &"}".repeat(100_000)), &[(MESSAGE, 1, 257)])
    });
    quick(|| check_bad(&("- ".repeat(100_000) + "x"), &[(MESSAGE, 1, 129)]));
    quick(|| check_bad(&"[".repeat(100_000), &[(MESSAGE, 1, 65)]));
    quick(|| check_bad(&"{\"}\": ".repeat(100_000), &[(MESSAGE, 1, 385)]));
    let nested = |levels: usize| {
        (0..levels).map(|level| format!("{}a:\n", " ".repeat(level))).collect::<String>()
    };
    check_bad(&nested(65), &[(MESSAGE, 65, 66)]);
    good(&nested(64));
    good(&("[".repeat(64) + &"]".repeat(64)));
    check_bad(&("[".repeat(63) + "{a: [b: 1]}" + &"]".repeat(63)), &[(MESSAGE, 1, 68)]);
}

#[test]
fn bombs() {
    let laughs: String = (1..10)
        .map(|level| {
            format!("a{level}: &a{level} [{}]\n", vec![format!("*a{}", level - 1); 9].join(","))
        })
        .collect();
    quick(|| {
        check_bad(
            &format!("a0: &a0 lol\n{laughs}"),
            &[("refused: aliases expand to too many values", 6, 10)],
        )
    });
    let large = format!("a: &a {}\nb: [{}]\n", "x".repeat(20_000), vec!["*a"; 20_000].join(","));
    quick(|| {
        let found = bad(&large);
        assert_eq!(found[0].message, "refused: aliases expand to more than 16 MiB of text");
        let label = found[0].primary.as_ref().unwrap();
        assert_eq!(&large[label.span.start..label.span.end], "*a");
    });
    quick(|| {
        check_bad("a: &a\n  <<: *a", &[("alias `*a` stands inside the value it stands for", 2, 7)])
    });
    quick(|| {
        check_bad(
            "a: &a [1, {b: *a}]",
            &[("alias `*a` stands inside the value it stands for", 1, 15)],
        )
    });
    let many: String = (0..110_000).map(|number| format!("k{number}: 0\n")).collect();
    let (many, _) = many[..MAX_BYTES].rsplit_once('\n').unwrap();
    quick(|| drop(good(many)));
}

#[test]
fn a_thousand_errors_are_not_a_thousand_messages() {
    quick(|| {
        let found = bad(&"a: 1\n".repeat(20_000));
        assert_eq!(found.len(), MAX_SHOWN + 1);
        assert_eq!(found[MAX_SHOWN].message, "and 19899 more like these");
        assert!(render::text(&found, false).len() < 100_000);
    });
    quick(|| drop(render::text(&bad(&"- *a\n".repeat(20_000)), false)));
    quick(|| drop(render::text(&bad(&format!("a:\n{}", " - !x y\n".repeat(20_000))), false)));
    quick(|| drop(render::text(&bad(&"\u{1}".repeat(1_000_000)), false)));
}

#[test]
fn warnings() {
    let (_, found) = read(source("name: \"admin\u{202e}x\"\n")).unwrap();
    assert_eq!(found.len(), 1);
    assert!(!found[0].is_error());
    assert!(render::text(&found, false).contains("a.yaml:1:13"));
}

fn spans_are_in_the_text(document: &Document, node: &Node) {
    let text = document.source().text();
    let span = document.span(node.at);
    assert!(text.get(span.start..span.end).is_some());
    match &node.kind {
        Kind::List(items) => items.iter().for_each(|item| spans_are_in_the_text(document, item)),
        Kind::Map(entries) => {
            for entry in entries {
                let span = document.span(entry.at);
                let written = text.get(span.start..span.end).unwrap();
                let plain = !written
                    .contains(['"', '\'', '\n', '\r', '|', '>', '\u{85}', '\u{2028}', '\u{2029}']);
                assert!(!plain || written == entry.key, "{written:?} {:?} in {text:?}", entry.key);
                spans_are_in_the_text(document, &entry.value);
            }
        }
        Kind::Text(value) => {
            let written = &text[span.start..span.end];
            let plain = !written
                .contains(['"', '\'', '\n', '\r', '|', '>', '\u{85}', '\u{2028}', '\u{2029}']);
            assert!(!plain || written == value, "{written:?} {value:?} in {text:?}");
        }
        Kind::Number(value) => {
            let written = document.text(node).unwrap();
            assert_eq!(number::parse(&written).as_ref(), Some(value), "{written:?} in {text:?}");
        }
        Kind::Bool(value) => assert_eq!(
            document.text(node).unwrap().to_lowercase(),
            value.to_string(),
            "in {text:?}"
        ),
        Kind::Null => assert!(
            matches!(document.text(node).unwrap().as_str(), "" | "~" | "null" | "Null" | "NULL"),
            "in {text:?}"
        ),
    }
}

fn nothing_panics(text: &str) {
    match read(source(text)) {
        Ok((document, warnings)) => {
            drop(render::text(&warnings, false));
            spans_are_in_the_text(&document, document.root());
        }
        Err(found) => {
            assert!(found.iter().any(Diagnostic::is_error));
            drop(render::text(&found, true));
        }
    }
}

/// `PROPTEST_CASES` asks for more.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text(text in "\\PC{0,60}") {
        nothing_panics(&text);
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(prop::sample::select(vec![
        "a", "b", "1", "1.50", "0b1", "~", "null", "true", ".inf", "\"x\"", "'y'", "\"", "'", ": ", ":", "- ", "? ", "\n", "\n  ",
        "\n    ", "\r\n", "\t", " ", "[", "]", "{", "}", ", ", ",", "&x ", "*x", "*y ", "!t ", "!!int ", "| ", "|\n", ">-\n", "#", " # c",
        "<<: ", "---\n", "...\n", "%", "@", "${v}", "{{", "\\d", "é", "\u{2028}", "\u{85}", "\u{202e}", "\u{feff}", "\u{1}",
    ]), 0..24)) {
        nothing_panics(&pieces.concat());
    }
}
