//! The reader as a whole: whatever stands in a file is read, or said to be wrong at a place of the text.

use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::diagnostic::render;

/// Every scenario of the repository, good and bad.
fn corpus() -> Vec<String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let files = ["scenarios", "fixtures/invalid", "fixtures/failing"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(root.join(folder)).expect("a folder"))
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.filter_map(|path| std::fs::read_to_string(path).ok()).collect()
}

/// What one file has and another may get.
const PIECES: [&str; 24] = [
    "",
    " ",
    "\n",
    "\n  ",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "'",
    "\"",
    "${",
    "${x}",
    "&a ",
    "*a",
    "<<: ",
    "!t ",
    "|\n",
    "expect: ",
    "error: timeout",
    "1e999",
    "\u{0}",
    "é",
];

#[derive(Clone, Debug)]
struct Edit {
    at: Index,
    length: usize,
    by: &'static str,
}

fn edited(mut text: String, edits: &[Edit]) -> String {
    for Edit { at, length, by } in edits {
        let places: Vec<usize> =
            text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let start = at.index(places.len());
        let end = (start + length).min(places.len() - 1);
        text.replace_range(places[start]..places[end], by);
    }
    text
}

fn edit() -> impl Strategy<Value = Edit> {
    (any::<Index>(), 0..12_usize, select(&PIECES[..])).prop_map(|(at, length, by)| Edit {
        at,
        length,
        by,
    })
}

/// Whether all places begin and end where characters do.
fn are_between_characters(diagnostics: &[Diagnostic]) -> bool {
    let labels = diagnostics.iter().flat_map(|it| it.primary.iter().chain(&it.related));
    let mut labels = labels.map(|label| label.source.text().get(label.span.start..label.span.end));
    labels.all(|text| text.is_some())
}

#[test]
fn places_are_between_characters_also_where_these_have_several_bytes() {
    let long = format!("name: a\nvars:\n  {}é{}: 1\n", "x".repeat(19), "x".repeat(1100));
    for text in
        [&long, "é: a\n  b: c\nd\n", "é: 1\n- a\n", "- é\nb: 1\n", "é # c\nb\n", "\"é\" é\n"]
    {
        let read = read(Arc::new(Source::new("a.yaml", "a.yaml", text)), &std::env::temp_dir());
        assert!(!read.diagnostics.is_empty());
        assert!(are_between_characters(&read.diagnostics), "{:?}", read.diagnostics);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_edit_of_a_scenario_is_read_or_told(file in select(corpus()), edits in prop::collection::vec(edit(), 0..5)) {
        let text = edited(file, &edits);
        let source = Arc::new(Source::new("a.yaml", "a.yaml", text.as_str()));
        let read = read(Arc::clone(&source), &std::env::temp_dir());
        prop_assert_eq!(read.value.is_none(), read.diagnostics.iter().any(Diagnostic::is_error));
        prop_assert!(are_between_characters(&read.diagnostics), "{:?}", read.diagnostics);
        drop(render::text(&read.diagnostics, true));
    }
}
