//! A run that several machines share, some of which are lost.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::support::{callsheet, demo, run};

/// A project of two scenarios, run in two parts whose journals are `a.jsonl` and `b.jsonl`.
fn parts(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("s")).expect("a folder");
    for name in ["one", "two"] {
        let text = format!("name: {name}\nbase_url: {url}\nsteps: [{{ request: GET /get }}]\n");
        fs::write(folder.path().join(format!("s/{name}.yaml")), text).expect("a file");
    }
    let project = format!("scenarios: [s]\nsetup: [{{ request: \"GET {url}/get\" }}]\n");
    fs::write(folder.path().join("callsheet.yaml"), project).expect("a file");
    for (shard, journal) in [("1/2", "a.jsonl"), ("2/2", "b.jsonl")] {
        let ran = run(folder.path(), &["run", "--shard", shard, "--journal", journal]);
        assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    }
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).expect(name)
}

/// Reports of both parts in the formats of which each tells failures its own way.
#[track_caller]
fn check_lost(folder: &Path, why: &str) {
    let formats = ["--junit", "j.xml", "--tap", "t.tap", "--markdown", "m.md"];
    let told = run(folder, &[&["report", "a.jsonl", "b.jsonl"], &formats[..]].concat());
    assert_eq!(told.code, 1, "{}{}", told.stdout, told.stderr);
    assert!(told.stdout.contains("FAIL  shard 2/2"), "{}", told.stdout);
    for name in ["j.xml", "t.tap", "m.md"] {
        let text = read(folder, name);
        assert!(text.contains("shard 2/2") && text.contains(why), "{name}: {text}");
        assert!(!text.contains("› shard"), "{name}: {text}");
    }
}

#[test]
fn a_part_that_broke_off_fails_the_report() {
    let demo = demo();
    let folder = parts(&demo.url);
    let whole = read(folder.path(), "b.jsonl");
    let first = whole.split_inclusive('\n').next().expect("a line");
    fs::write(folder.path().join("b.jsonl"), first).expect("a file");
    check_lost(folder.path(), "it broke off: its journal has no end");
}

#[test]
fn an_empty_journal_is_a_missing_part_and_costs_the_others_nothing() {
    let demo = demo();
    let folder = parts(&demo.url);
    fs::write(folder.path().join("b.jsonl"), "").expect("a file");
    check_lost(folder.path(), "its journal is missing");
    let alone = run(folder.path(), &["report", "b.jsonl"]);
    assert_eq!(alone.code, 2, "{}", alone.stderr);
    assert!(alone.stderr.contains("the run ended before it began"), "{}", alone.stderr);
}

#[test]
fn what_runs_again_says_that_a_part_is_not_known() {
    let demo = demo();
    let folder = parts(&demo.url);
    let three = ["run", "--shard", "3/3", "--journal", "c.jsonl"];
    run(folder.path(), &three);
    run(folder.path(), &["run", "--shard", "1/3", "--journal", "a.jsonl"]);
    let both = ["run", "--rerun-failed", "a.jsonl", "--rerun-failed", "c.jsonl"];
    let again = run(folder.path(), &both);
    assert_eq!(again.code, 4, "{}", again.stderr);
    let warning = "the journal of shard 2/3 is missing: what failed in it does not run again";
    assert!(again.stderr.contains(warning), "{}", again.stderr);
}

#[test]
fn a_part_without_scenarios_has_no_setup_that_did_not_run() {
    let demo = demo();
    let folder = parts(&demo.url);
    let journals = ["a.jsonl", "b.jsonl", "c.jsonl"];
    for (shard, journal) in ["1/3", "2/3", "3/3"].into_iter().zip(journals) {
        run(folder.path(), &["run", "--shard", shard, "--journal", journal]);
    }
    let told = run(folder.path(), &["report", "a.jsonl", "b.jsonl", "c.jsonl"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(told.stdout.contains("4 scenarios: 4 passed;"), "{}", told.stdout);
}

#[test]
fn times_that_no_clock_has_are_read_all_the_same() {
    let demo = demo();
    let folder = parts(&demo.url);
    let times = regex::Regex::new(r#""(start|duration)":[0-9.e-]+"#).expect("a pattern");
    for name in ["a.jsonl", "b.jsonl"] {
        let text = read(folder.path(), name);
        let text = times.replace_all(&text, "\"$1\":1e300");
        fs::write(folder.path().join(name), &*text).expect("a file");
    }
    let told = run(folder.path(), &["report", "a.jsonl", "b.jsonl", "--har", "x.har"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    let timed = ["list", "--shard", "1/1", "--timings", "a.jsonl", "--timings", "b.jsonl"];
    let listed = run(folder.path(), &timed);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
}

#[test]
fn a_cut_run_calls_a_scenario_failed_of_which_a_step_has() {
    let demo = demo();
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!(
        "name: slow\nbase_url: {}\nsteps: [{{ request: GET /get, expect: {{ status: 201 }} }}]\nteardown: [{{ wait: 60s }}]\n",
        demo.url
    );
    fs::write(folder.path().join("slow.yaml"), text).expect("a file");
    let child = callsheet(folder.path())
        .args(["run", "--report", "json=x.json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let id = child.id().to_string();
    for _ in 0..2 {
        std::thread::sleep(Duration::from_millis(1000));
        let killed = Command::new("kill").args(["-INT", &id]).status();
        assert!(killed.expect("kill").success());
    }
    let begun = Instant::now();
    let ran = super::support::ran(child.wait_with_output().expect("it ends"));
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("1 scenario: 1 failed;"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("did not run"), "{}", ran.stdout);
    let json = read(folder.path(), "x.json");
    assert!(json.contains("\"failed\":1") || json.contains("\"failed\": 1"), "{json}");
}
