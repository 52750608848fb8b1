//! The journal of a run, and what is made of it afterwards.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::support::{Ran, demo, run};

/// `good`, and `bad`, which fails while `${broken}` is 1; `rows` fails in its second row then.
fn folder(url: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a file");
    };
    write(
        "callsheet.yaml",
        &format!(
            "default_environment: local\nenvironments: {{ local: {{ base_url: \"{url}\" }} }}\nvars: {{ broken: 1 }}\n\
             scenarios: [s]\nreport: {{ junit: out/junit.xml }}\n"
        ),
    );
    fs::create_dir(folder.path().join("s")).expect("a folder");
    write("s/good.yaml", "name: good\nsteps: [{ request: GET /get }]\n");
    write(
        "s/bad.yaml",
        "name: bad\nsteps:\n  - request: GET /get\n    query: { n: \"${broken}\" }\n    expect: { json: { $.args.n: \"0\" } }\n  - request: GET /get\n",
    );
    write(
        "s/rows.yaml",
        "name: rows\ncases: [{ n: 0 }, { n: 1 }]\nsteps:\n  - request: GET /get\n    query: { n: \"${n * broken | int}\" }\n    expect: { json: { $.args.n: \"0\" } }\n",
    );
    folder
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The names of the scenarios that ran.
fn ran_scenarios(ran: &Ran) -> Vec<&str> {
    let names =
        ran.stdout.lines().filter_map(|line| line.strip_prefix("  ok  ")?.split_once(" › "));
    names.map(|(_, name)| name.split(" (").next().unwrap_or_default()).collect()
}

#[test]
fn a_report_that_is_made_of_the_journal_is_that_of_the_run() {
    let demo = demo();
    let folder = folder(&demo.url);
    let mut now = vec!["run".to_owned(), "--journal".to_owned(), "run.jsonl".to_owned()];
    let mut then = vec!["report".to_owned(), "run.jsonl".to_owned(), "./run.jsonl".to_owned()];
    let formats = ["junit", "tap", "json", "html", "har", "markdown", "github"];
    for format in formats {
        // That of JUnit is the project file's.
        if format != "junit" {
            now.extend(["--report".to_owned(), format!("{format}=out/{format}")]);
        }
        then.extend([format!("--{format}"), format!("later/{format}")]);
    }
    let words = |words: &[String]| -> Ran {
        run(folder.path(), &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let ran = words(&now);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    let later = words(&then);
    assert_eq!(later.code, 0, "{}{}", later.stdout, later.stderr);
    assert_eq!(read(folder.path(), "later/junit"), read(folder.path(), "out/junit.xml"));
    for format in &formats[1..] {
        let (live, later) = (format!("out/{format}"), format!("later/{format}"));
        assert_eq!(read(folder.path(), &later), read(folder.path(), &live), "{format}");
    }
    // The counts are those of the run, and the failures are told as they were.
    let counts = |ran: &Ran| {
        ran.stdout.lines().find(|line| line.contains(" scenarios: ")).map(str::to_owned)
    };
    assert!(counts(&ran).is_some_and(|told| told.starts_with("4 scenarios: 2 passed, 2 failed; ")));
    let head =
        |line: Option<String>| line.and_then(|line| Some(line.split_once(" in ")?.0.to_owned()));
    assert_eq!(head(counts(&later)), head(counts(&ran)));
    let block = |ran: &Ran| {
        let from = ran.stdout.find("error: `$.args.n`").expect("a failure");
        ran.stdout[from..].split("\n\n").next().unwrap_or_default().to_owned()
    };
    assert_eq!(block(&later), block(&ran));
}

/// What is wrong with these values by a schema that the program prints.
fn wrong(schema: &str, values: &[&str]) -> Vec<String> {
    let printed = run(Path::new("."), &["schema", schema]);
    let schema: serde_json::Value = serde_json::from_str(&printed.stdout).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let wrong = |text: &&str| -> Vec<String> {
        let value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let errors = validator.iter_errors(&value);
        errors.map(|error| format!("{error} at {}", error.instance_path())).collect()
    };
    values.iter().flat_map(wrong).collect()
}

#[test]
fn a_list_is_what_its_schema_describes() {
    let demo = demo();
    let folder = folder(&demo.url);
    let ran = run(folder.path(), &["list", "--json"]);
    assert_eq!(wrong("--list", &[ran.stdout.as_str()]), Vec::<String>::new());
}

#[test]
fn a_journal_and_the_json_report_are_what_their_schemas_describe() {
    let demo = demo();
    let folder = folder(&demo.url);
    let more = ["--journal", "run.jsonl", "--report", "json=run.json"];
    for args in [&["run", "--shard", "1/1", "--repeat", "2"][..], &["run", "--tag", "nobody"]] {
        run(folder.path(), &[args, &more[..]].concat());
    }
    let journal = read(folder.path(), "run.jsonl");
    let lines: Vec<&str> = journal.lines().collect();
    assert!(lines.len() > 20, "{journal}");
    assert_eq!(wrong("--journal", &lines), [""; 0]);
    assert_eq!(wrong("--report", &[&read(folder.path(), "run.json")]), [""; 0]);
    assert!(!wrong("--journal", &["{\"run_begun\":{}}"]).is_empty());
}

#[test]
fn what_failed_runs_again_where_it_lies_outside_of_the_project_s_scenarios_and_from_any_folder() {
    let demo = demo();
    let folder = folder(&demo.url);
    fs::create_dir(folder.path().join("more")).expect("a folder");
    let text = "name: other\nsteps:\n  - request: GET /status/500\n";
    fs::write(folder.path().join("more/other.yaml"), text).expect("a file");
    run(folder.path(), &["run", "more", "--journal", "more.jsonl"]);
    for (from, journal) in [(".", "more.jsonl"), ("s", "../more.jsonl")] {
        let again = run(&folder.path().join(from), &["run", "--rerun-failed", journal]);
        assert_eq!((again.code, again.stderr.as_str()), (1, ""), "{from}");
        assert!(again.stdout.contains("\n1 scenario: 1 failed; "), "{from}: {}", again.stdout);
    }
}

#[test]
fn what_failed_or_did_not_run_runs_again_and_nothing_else() {
    let demo = demo();
    let folder = folder(&demo.url);
    let journal = ["--journal", "run.jsonl"];
    let first = run(
        folder.path(),
        &[&["run", "-j", "1", "--fail-fast", "--repeat", "2"], &journal[..]].concat(),
    );
    assert_eq!(first.code, 1, "{}{}", first.stdout, first.stderr);
    let again = |more: &[&str]| {
        run(folder.path(), &[&["run", "-j", "1", "--rerun-failed", "run.jsonl"], more].concat())
    };
    let listed = run(folder.path(), &["list", "--rerun-failed", "run.jsonl"]);
    assert_eq!(listed.stdout.lines().count(), 4, "{}", listed.stdout);
    let kept = read(folder.path(), "run.jsonl");
    for own in [["--rerun-failed", "run.jsonl"], ["--compare", "run.jsonl"]] {
        let over = run(folder.path(), &[&["run"], &own[..], &journal[..]].concat());
        assert_eq!(over.code, 2, "{}", over.stdout);
        assert!(
            over.stderr.contains("would be written over `run.jsonl`, which is read"),
            "{}",
            over.stderr
        );
        assert_eq!(read(folder.path(), "run.jsonl"), kept);
    }
    let mended = again(&["--var", "broken:=0"]);
    assert_eq!(mended.code, 0, "{}{}", mended.stdout, mended.stderr);
    // The first failed, and nothing ran after it.
    assert_eq!(ran_scenarios(&mended), ["bad", "good", "rows [0]", "rows [1]"]);
    run(folder.path(), &[&["run"], &journal[..]].concat());
    assert_eq!(ran_scenarios(&again(&["--var", "broken:=0"])), ["bad", "rows [1]"]);
    assert_eq!(ran_scenarios(&again(&["--var", "broken:=0", "--name", "row"])), ["rows [1]"]);

    fs::remove_file(folder.path().join("s/bad.yaml")).expect("a file");
    let gone = again(&["--var", "broken:=0"]);
    assert!(gone.stderr.contains("`s/bad.yaml` has no scenario `bad` any more"), "{}", gone.stderr);
    assert_eq!(ran_scenarios(&gone), ["rows [1]"]);

    run(folder.path(), &[&["run", "--var", "broken:=0"], &journal[..]].concat());
    let nothing = again(&[]);
    assert_eq!(nothing.code, 4, "{}{}", nothing.stdout, nothing.stderr);
    assert!(
        nothing.stderr.contains("no scenario failed in the run of `run.jsonl`"),
        "{}",
        nothing.stderr
    );
}

#[test]
fn the_journals_of_all_shards_make_the_report_of_the_whole_run() {
    let demo = demo();
    let folder = folder(&demo.url);
    run(folder.path(), &["run", "--seed", "7"]);
    let times = regex::Regex::new(
        r#"(time|timestamp)="[^"]*"| in [0-9.]+ m?s|  \([0-9.]+ m?s\)|:[0-9]{5}/"#,
    )
    .expect("a pattern");
    let steady = |name: &str| times.replace_all(&read(folder.path(), name), "…").into_owned();
    let whole = steady("out/junit.xml");
    for (shard, journal) in [("1/3", "c.jsonl"), ("2/3", "a.jsonl"), ("3/3", "b.jsonl")] {
        run(folder.path(), &["run", "--seed", "7", "--shard", shard, "--journal", journal]);
    }
    let merged =
        run(folder.path(), &["report", "a.jsonl", "b.jsonl", "c.jsonl", "--junit", "m.xml"]);
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    assert_eq!(steady("m.xml"), whole);

    let journals = folder.path().join("journals");
    fs::create_dir(&journals).expect("a folder");
    let empty = run(folder.path(), &["report", "journals"]);
    assert_eq!(empty.code, 2, "{}", empty.stdout);
    assert!(empty.stderr.contains("no file in it ends in `.jsonl`"), "{}", empty.stderr);
    for name in ["a.jsonl", "b.jsonl", "c.jsonl"] {
        fs::copy(folder.path().join(name), journals.join(name)).expect("a copy");
    }
    let merged = run(folder.path(), &["report", "journals", "--junit", "m.xml"]);
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    assert_eq!(steady("m.xml"), whole);

    let missing = run(folder.path(), &["report", "a.jsonl", "c.jsonl", "--junit", "m.xml"]);
    assert_eq!(missing.code, 1, "{}", missing.stderr);
    assert!(missing.stderr.contains("the journal of shard 3/3 is missing"), "{}", missing.stderr);
    assert!(read(folder.path(), "m.xml").contains("<failure message=\"its journal is missing\""));

    fs::copy(folder.path().join("a.jsonl"), folder.path().join("a2.jsonl")).expect("a copy");
    let twice = run(folder.path(), &["report", "a.jsonl", "a2.jsonl"]);
    assert_eq!(twice.code, 2, "{}", twice.stdout);
    assert!(twice.stderr.contains("is shard 2/3, and so is"), "{}", twice.stderr);

    let other = ["run", "--name", "rows", "--shard", "3/3", "--journal", "other.jsonl"];
    run(folder.path(), &other);
    let other = run(folder.path(), &["report", "a.jsonl", "c.jsonl", "other.jsonl"]);
    assert_eq!(other.code, 2, "{}", other.stdout);
    assert!(other.stderr.contains("are parts of different runs"), "{}", other.stderr);

    run(folder.path(), &["run", "--seed", "7", "--journal", "whole.jsonl"]);
    let mixed = run(folder.path(), &["report", "c.jsonl", "whole.jsonl"]);
    assert!(mixed.stderr.contains("in several journals, so it counts"), "{}", mixed.stderr);
    assert!(!missing.stderr.contains("in several journals"), "{}", missing.stderr);

    let timed = ["--timings", "a.jsonl", "--timings", "b.jsonl", "--timings", "c.jsonl"];
    let listed = |shard: &str| {
        let ran = run(folder.path(), &[&["list", "--shard", shard], &timed[..]].concat());
        ran.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    let mut all = [listed("1/2"), listed("2/2")].concat();
    all.sort();
    assert_eq!(all.len(), 4, "{all:?}");
}

#[test]
fn after_a_kill_the_journal_accounts_for_every_scenario() {
    let demo = demo();
    let folder = folder(&demo.url);
    fs::write(folder.path().join("s/slow.yaml"), "name: slow\nsteps: [{ wait: 60s }]\n")
        .expect("a file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_callsheet"))
        .args(["run", "-j", "1", "--journal", "run.jsonl"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let begun = Instant::now();
    let journal = || fs::read_to_string(folder.path().join("run.jsonl")).unwrap_or_default();
    while journal().matches("scenario_finished").count() < 4 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", journal());
        std::thread::sleep(Duration::from_millis(20));
    }
    child.kill().expect("a signal");
    child.wait().expect("an end");
    let told = run(folder.path(), &["report", "run.jsonl", "--junit", "j.xml"]);
    assert_eq!(told.code, 0, "{}", told.stderr);
    assert!(
        told.stdout.contains("s/slow.yaml › slow (not run: the run broke off)"),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("5 scenarios: 2 passed, 2 failed, 1 not run"), "{}", told.stdout);
    assert!(told.stdout.contains("the run broke off: its journal has no end"), "{}", told.stdout);
    assert!(read(folder.path(), "j.xml").contains("<skipped message=\"the run broke off\"/>"));
}

#[test]
fn a_journal_that_cannot_be_written_costs_the_journal_alone() {
    let demo = demo();
    let folder = folder(&demo.url);
    let ran = run(folder.path(), &["run", "s/good.yaml", "--journal", "s/good.yaml/x.jsonl"]);
    assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stderr.contains("the journal `s/good.yaml/x.jsonl` cannot be written"),
        "{}",
        ran.stderr
    );
    assert!(read(folder.path(), "out/junit.xml").contains("failures=\"0\""));
    // A device that is always full.
    if Path::new("/dev/full").exists() {
        let ran = run(folder.path(), &["run", "s/good.yaml", "--journal", "/dev/full"]);
        assert_eq!(ran.code, 3, "{}{}", ran.stdout, ran.stderr);
        assert_eq!(ran.stderr.matches("cannot be written").count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn what_is_no_journal_is_refused_with_the_reason() {
    let demo = demo();
    let folder = folder(&demo.url);
    let report = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a file");
        let ran = run(folder.path(), &["report", name]);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{}", ran.stderr);
        ran.stderr
    };
    assert_eq!(
        report("a", ""),
        "error: the journal `a`: it is empty: the run ended before it began\n"
    );
    assert!(
        report("b", "{}\n").starts_with("error: the journal `b`: line 1 is no line of a journal: ")
    );
    let ran = run(folder.path(), &["report", "nowhere"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    run(folder.path(), &["run", "--journal", "j"]);
    let over = run(folder.path(), &["report", "j", "--junit", "./j"]);
    assert_eq!(over.code, 2, "{}", over.stderr);
    assert_eq!(over.stderr, "error: the report would be written over `./j`, which is read\n");
}
