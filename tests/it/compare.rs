//! `--compare`: which steps became slower than in earlier runs.

use std::fs;

use serde_json::Value;

use super::support::{demo, run, scenario};

/// Twelve steps; the last waits as long as it is told.
fn steps() -> String {
    let quick: String = (0..11)
        .map(|number| format!("  - {{ name: Quick {number}, request: GET /delay/0.03 }}\n"))
        .collect();
    format!(
        "name: Times\nvars: {{ pause: 0.03 }}\nsteps:\n{quick}  - {{ name: Slow, request: \"GET /delay/${{pause}}\" }}\n"
    )
}

#[test]
fn a_step_that_became_slower_is_told_and_others_are_not() {
    let demo = demo();
    let folder = scenario(&steps());
    let go = |options: &[&str]| {
        let always = ["run", "--base-url", demo.url.as_str(), "--progress", "never"];
        run(folder.path(), &[&always[..], options].concat())
    };
    fs::create_dir(folder.path().join("before")).expect("a folder");
    for journal in ["before/1.jsonl", "before/2.jsonl"] {
        let ran = go(&["--journal", journal]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }
    let reports =
        ["--report", "json=r.json", "--report", "html=r.html", "--report", "markdown=r.md"];
    let slow =
        [&["--var", "pause=0.3", "--compare", "before", "--journal", "now.jsonl"], &reports[..]];
    let ran = go(&slow.concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let told: Vec<&str> =
        ran.stdout.lines().skip_while(|line| !line.starts_with("compared")).collect();
    assert!(
        told[0].starts_with("compared: 12 steps, 1 slower than noise explains (up to "),
        "{told:?}"
    );
    let line = "  scenario.yaml:15  Times › Slow: 3";
    assert!(
        told[1].starts_with(line) && told[1].contains(" times as long as before ("),
        "{told:?}"
    );
    assert_eq!(told.len(), 2, "{told:?}");
    for report in ["r.html", "r.md"] {
        let text = fs::read_to_string(folder.path().join(report)).expect("a report");
        assert!(text.contains("times as long as before"), "{report}");
    }
    let json = fs::read(folder.path().join("r.json")).expect("a report");
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    assert_eq!(json["comparison"]["compared"], 12);
    assert_eq!(json["comparison"]["slower"][0]["step"], "Slow");

    // The same later, from the journals; and the other way round nothing became slower.
    let later = run(folder.path(), &["report", "now.jsonl", "--compare", "before"]);
    assert!(later.stdout.ends_with(&format!("{}\n", told.join("\n"))), "{}", later.stdout);
    let back = run(folder.path(), &["report", "before/1.jsonl", "--compare", "now.jsonl"]);
    assert!(
        back.stdout.contains("compared: 12 steps, none slower than noise explains"),
        "{}",
        back.stdout
    );
}

#[test]
fn a_journal_that_cannot_be_read_is_told_before_anything_is_sent() {
    let folder = scenario("name: a\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n");
    let ran = run(folder.path(), &["run", "--compare", "nowhere.jsonl"]);
    assert_eq!((ran.code, ran.stdout.as_str()), (2, ""));
    assert!(ran.stderr.starts_with("error: the journal `nowhere.jsonl`: "), "{}", ran.stderr);
    fs::write(folder.path().join("other.jsonl"), "").expect("a file");
    let ran = run(folder.path(), &["run", "--compare", "other.jsonl"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}
