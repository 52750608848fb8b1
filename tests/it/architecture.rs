//! The tree shows the way of the data; this holds it there.

use std::fs;
use std::path::{Path, PathBuf};

use super::support::root;

/// The modules in the order of the flow: each may use those before it.
const ORDER: [&str; 20] = [
    "source",
    "value",
    "mask",
    "jsonpath",
    "html",
    "xml",
    "diagnostic",
    "template",
    "cookies",
    "schema",
    "openapi",
    "scenario",
    "plan",
    "http",
    "session",
    "outcome",
    "expect",
    "run",
    "report",
    "demo",
];

/// Foreign crates and the only places that may name them.
const WALLS: [(&str, &[&str]); 27] = [
    ("aho_corasick", &["mask"]),
    ("jsonpath_rust", &["jsonpath"]),
    ("jsonschema", &["schema/"]),
    ("serde_yaml", &["scenario/yaml"]),
    ("cookie", &["session"]),
    ("cookie_store", &["session"]),
    ("scraper", &["html"]),
    ("html5ever", &["html"]),
    ("selectors", &["html"]),
    ("cssparser", &["html"]),
    ("roxmltree", &["xml/"]),
    ("xpath_eval", &["xml/"]),
    ("hyper", &["http", "demo"]),
    ("hyper_util", &["http", "demo"]),
    ("hyper_rustls", &["http"]),
    ("psl", &["cookies"]),
    ("quick_xml", &["report", "template/codec"]),
    ("rustls", &["http", "demo/random"]),
    ("maud", &["report/html"]),
    ("minijinja", &["template"]),
    ("similar", &["expect/snapshot"]),
    ("annotate_snippets", &["diagnostic/render"]),
    ("clap", &["bin"]),
    ("clap_complete", &["bin"]),
    ("clap_mangen", &["bin"]),
    ("indicatif", &["bin"]),
    ("signal_hook", &["bin"]),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

/// Every source file: its path below `src` and its text without comments.
fn all() -> Vec<(String, String)> {
    let src = root().join("src");
    let mut paths = Vec::new();
    sources(&src, &mut paths);
    paths.sort();
    let code = |path: &Path| {
        let text = fs::read_to_string(path).expect("a file");
        text.lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    paths
        .iter()
        .map(|path| (path.strip_prefix(&src).expect("below").display().to_string(), code(path)))
        .collect()
}

fn is_test(path: &str) -> bool {
    path.contains("tests")
}

/// The words after each `crate::` of a text, groups `crate::{a, b::c}` included.
fn used(code: &str) -> Vec<String> {
    let word = |text: &str| {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>()
    };
    let mut words = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `foreign_crate::` is another thing.
        if code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => {
                let group = group.split(';').next().unwrap_or_default();
                let mut depth = 0;
                let mut start = true;
                for (at, c) in group.char_indices() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' => start = true,
                        _ if start && depth == 0 && c.is_alphabetic() => {
                            words.push(word(&group[at..]));
                            start = false;
                        }
                        _ => {}
                    }
                }
            }
            None => words.push(word(rest)),
        }
    }
    words
}

#[test]
fn a_stage_uses_the_stages_before_it_and_never_one_after_it() {
    let place = |module: &str| ORDER.iter().position(|known| *known == module);
    for (path, code) in all() {
        let module = path.split(['/', '.']).next().unwrap_or_default().to_owned();
        let Some(own) = place(&module) else {
            assert!(module == "lib" || module == "bin", "`{module}` has no place in the order");
            continue;
        };
        for used in used(&code) {
            let used_place = place(&used).unwrap_or_else(|| panic!("{path} uses crate::{used}"));
            assert!(used_place <= own, "{path} uses `{used}`, which comes after `{module}`");
        }
    }
}

#[test]
fn the_library_lists_its_modules_in_the_order_of_the_flow() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("lib.rs");
    let listed: Vec<&str> =
        lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    assert_eq!(listed, ORDER);
}

#[test]
fn foreign_crates_are_named_behind_their_walls_only() {
    for (path, code) in all() {
        for (name, allowed) in WALLS {
            let names = code.match_indices(&format!("{name}::")).any(|(at, _)| {
                !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
            });
            let inside = allowed.iter().any(|place| path.starts_with(place));
            assert!(!names || inside, "{path} names `{name}`, which is for {allowed:?}");
        }
        let own = path.starts_with("bin");
        for word in ["std::env::", "process::exit", "println!", "eprintln!"] {
            assert!(own || is_test(&path) || !code.contains(word), "{path} has `{word}`");
        }
    }
}

#[test]
fn files_are_short_and_nothing_is_silenced() {
    for (path, _) in all() {
        let text = fs::read_to_string(root().join("src").join(&path)).expect("a file");
        let lines = text.lines().count();
        assert!(lines <= 600 || is_test(&path), "{path} has {lines} lines");
        assert!(!text.contains("#[allow(") && !text.contains("#![allow("), "{path} allows a lint");
    }
}

/// All that is written goes through one file, where it is masked.
#[test]
fn what_is_written_is_written_in_one_place() {
    // The output of a server goes to a log of its own; clap writes help and usage before there is a secret.
    let exceptions = [
        ("server.rs", ".stdout(out)"),
        ("server.rs", ".stderr(err)"),
        ("main.rs", ".use_stderr()"),
    ];
    let writes = ["stdout(", "stderr(", "fs::write", "File::create(", "print!", "println!"];
    for (path, code) in all() {
        let Some(name) = path.strip_prefix("bin/callsheet/") else { continue };
        if name == "output.rs" {
            continue;
        }
        let own = exceptions.iter().filter(|(file, _)| *file == name);
        let code = own.fold(code, |code, (_, excepted)| code.replace(excepted, ""));
        for word in writes {
            assert!(!code.contains(word), "{path} has `{word}`: write through `output`");
        }
    }
}
