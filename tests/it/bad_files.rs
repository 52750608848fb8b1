//! What is wrong with files and paths, case by case of a list of hostile ones: each has a golden pair or a test.
//!
//! `CALLSHEET_HOSTILE` names the folder with that list, `bad_files.json`: then every case of it must have a row here.

use std::fs;
use std::time::{Duration, Instant};

use super::support::{demo, root, run, scenario};

/// Where a case is held.
enum Held {
    /// `fixtures/invalid/X.yaml` and `X.txt`.
    Pairs(&'static [&'static str]),
    /// A folder of `fixtures/invalid-project`.
    Project(&'static str),
    /// A test of this name, of a file that cannot be stored or wants more than one run.
    Test(&'static str),
    /// It is not as the list says, and why; what is so instead is held by a test or a pair.
    Otherwise(&'static str, &'static str),
}
use Held::{Otherwise, Pairs, Project, Test};

/// A test that makes files of many megabytes or levels.
const HUGE: Held = Test("what_is_made_to_be_slow_or_huge_is_refused_at_once");

const CASES: &[(&str, Held)] = &[
    ("y01-tab-indent", Pairs(&["tab-indent", "tab-continuation"])),
    ("y02-dup-key", Pairs(&["dup-key", "duplicate-merge"])),
    ("y04-alias-bomb", HUGE),
    ("y05-alias-quadratic", HUGE),
    ("y07-alias-undefined", Pairs(&["alias-undefined"])),
    ("y08-merge-cycle", Pairs(&["merge-cycle"])),
    ("y10-deep-flow-map-100k", HUGE),
    ("y11-deep-block-seq-100k", HUGE),
    ("y13-unterminated-quote", Pairs(&["unterminated-quote", "unterminated-quote-closed-later"])),
    ("y14-unterminated-flow", Pairs(&["unterminated-flow", "unterminated-flow-map"])),
    ("y16-mapping-value-inline", Pairs(&["mapping-value-inline"])),
    (
        "y17-template-unquoted",
        Pairs(&["template-braces", "template-braces-only", "template-in-flow"]),
    ),
    ("y19-bad-escape", Pairs(&["bad-escape", "bad-escape-quoted"])),
    ("y20-surrogate-escape", Pairs(&["surrogate-escape"])),
    ("y22-control-chars", Pairs(&["control-chars"])),
    ("y23-bidi-controls", Pairs(&["bidi-controls"])),
    ("y25-bom-middle", Pairs(&["bom-middle"])),
    ("y26-non-utf8", Pairs(&["non-utf8", "utf16"])),
    ("y28-crlf-cr", Test("windows_and_old_mac_line_ends_are_read_and_counted")),
    ("y29-empty-file", Pairs(&["empty-file", "only-comments", "only-null"])),
    ("y31-multi-document", Pairs(&["multi-document", "multi-document-end"])),
    ("y32-document-storm", HUGE),
    ("y34-custom-tag", Pairs(&["custom-tag", "core-tag"])),
    ("y35-python-tag", Pairs(&["python-tag"])),
    ("y37-octal-version-date", Test("plain_words_stay_as_they_were_written")),
    ("y38-bigint-nan-inf", Pairs(&["nan-inf"])),
    ("y40-huge-file", Test("a_file_of_a_hundred_megabytes_is_refused_without_being_read")),
    ("y41-many-nodes", HUGE),
    ("y43-long-key", Pairs(&["long-key"])),
    ("s01-unknown-key", Pairs(&["unknown-key", "unknown-key-elsewhere", "unknown-key-nowhere"])),
    ("s03-key-wrong-level", Pairs(&["key-wrong-level"])),
    ("s04-case-variant", Pairs(&["unknown-key-case"])),
    ("s06-two-requests", Pairs(&["requests-more", "flow"])),
    ("s07-empty-steps", Pairs(&["empty-steps", "empty-expect", "no-steps"])),
    ("s09-wrong-type", Pairs(&["wrong-type-steps", "wrong-types"])),
    ("s10-status-range", Pairs(&["status-range"])),
    ("s12-variable-later", Pairs(&["variable-later"])),
    ("s13-variable-cycle", Pairs(&["variable-order", "self-reference"])),
    ("s15-template-unknown-function", Pairs(&["functions", "function-arguments", "templates"])),
    ("s16-template-explosion", Pairs(&["text-explosion"])),
    ("s18-secret-short", Project("secrets")),
    ("s19-secret-literal", Pairs(&["credentials", "request-lines"])),
    ("s21-regex-too-big", Pairs(&["matchers"])),
    ("s22-invalid-jsonpath", Pairs(&["jsonpaths", "jsonpath-deep"])),
    ("s24-invalid-xpath-css", Pairs(&["markup"])),
    ("s25-invalid-schema", Pairs(&["schemas", "schemas-more"])),
    ("s27-retry-runaway", Pairs(&["runaway"])),
    ("s28-loop-runaway", Test("what_would_run_for_ever_ends_with_its_place")),
    ("s30-bad-scheme", Pairs(&["schemes"])),
    ("s31-header-crlf", Pairs(&["headers", "requests-more"])),
    ("s33-header-forbidden", Pairs(&["headers"])),
    ("s34-method-bad", Pairs(&["request-lines"])),
    ("s36-json-body-invalid", Pairs(&["json-as-text", "deep-flow"])),
    ("s37-duplicate-step-name", Pairs(&["step-names"])),
    ("s39-depends-cycle", Pairs(&["said-otherwise"])),
    (
        "s40-unreachable-cleanup",
        Otherwise(
            "such a step of `teardown` is reported as not run, with the reason, and nothing is sent: to undo what may not \
             have been done is what teardown is for, and a warning would be there for every one",
            "a_teardown_step_that_would_undo_what_was_never_done_is_skipped_with_the_reason",
        ),
    ),
    ("s42-unknown-version", Pairs(&["said-otherwise"])),
    ("f01-missing-file", Pairs(&["files", "login-file"])),
    (
        "f03-include-bomb",
        Test("files_that_go_too_deep_or_too_far_are_refused_before_anything_is_sent"),
    ),
    ("f04-path-escape", Pairs(&["files", "files-more"])),
    ("f06-special-file", Test("what_is_no_regular_file_is_refused_without_a_hang")),
    ("f07-unreadable", Test("missing_and_empty_places_have_their_own_answers")),
    ("f09-empty-glob", Test("missing_and_empty_places_have_their_own_answers")),
    ("f10-report-path", Test("a_report_is_not_written_over_what_is_run")),
    ("f12-env-file-bad", Test("a_file_that_is_no_dotenv_is_refused_without_showing_it")),
];

/// The names of all tests.
fn tests() -> String {
    let folder = root().join("tests/it");
    let files = super::support::files(&folder, "rs").into_iter();
    files.map(|path| fs::read_to_string(path).expect("a file")).collect()
}

#[test]
fn every_case_is_held_by_a_pair_or_a_test_that_is_there() {
    let tests = tests();
    let is_test = |name: &str| tests.contains(&format!("\nfn {name}() {{"));
    for (id, held) in CASES {
        let missing = match held {
            Pairs(names) => names.iter().find(|name| {
                let path = root().join("fixtures/invalid").join(name);
                !path.with_extension("yaml").is_file() || !path.with_extension("txt").is_file()
            }),
            Project(name) => Some(name)
                .filter(|name| !root().join("fixtures/invalid-project").join(name).is_dir()),
            Test(name) => Some(name).filter(|name| !is_test(name)),
            Otherwise(why, name) => Some(name).filter(|name| why.is_empty() || !is_test(name)),
        };
        assert!(missing.is_none(), "{id}: there is no {missing:?}");
    }
}

#[test]
fn every_case_of_the_list_has_a_row() {
    let Some(folder) = std::env::var_os("CALLSHEET_HOSTILE") else { return };
    let list = std::path::Path::new(&folder).join("bad_files.json");
    let list = fs::read_to_string(list).expect("the list");
    let list: serde_json::Value = serde_json::from_str(&list).expect("JSON");
    let ids = list["cases"].as_array().expect("cases").iter().map(|case| &case["id"]);
    let ids: Vec<&str> = ids.map(|id| id.as_str().expect("an id")).collect();
    for id in &ids {
        assert!(CASES.iter().any(|(known, _)| known == id), "{id} has no row");
    }
    for (id, _) in CASES {
        assert!(ids.contains(id), "{id} is not on the list");
    }
}

#[test]
fn plain_words_stay_as_they_were_written() {
    let demo = demo();
    let folder = scenario(
        "name: words\nsteps:\n  - request: POST /anything\n    headers: { X-Version: 1.10, X-Zip: 0123 }\n    form: { time: 12:30:45, date: 2024-01-01, big: 1_000, id: 12345678901234567890123 }\n    expect:\n      json:\n        $.headers['X-Version']: \"1.10\"\n        $.headers['X-Zip']: \"0123\"\n        $.form: { equals: { time: \"12:30:45\", date: \"2024-01-01\", big: \"1_000\", id: \"12345678901234567890123\" } }\n",
    );
    let ran = run(folder.path(), &["run", "--base-url", &demo.url]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn what_would_run_for_ever_ends_with_its_place() {
    let folder = scenario(
        "name: a\nsteps:\n  - request: GET http://127.0.0.1:1/\n    for_each: { i: \"${range(1000000000)}\" }\n",
    );
    let begun = Instant::now();
    let ran = run(folder.path(), &["run"]);
    assert_eq!(ran.code, 1, "{}", ran.stderr);
    for part in ["range has too many elements", "scenario.yaml:4:23", "0 requests"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn of_very_many_mistakes_the_first_thousand_are_shown() {
    let members: String = (0..1_200).map(|n| format!("      k{n}: ${{x{n}}}\n")).collect();
    let folder = scenario(&format!(
        "name: a\nsteps:\n  - request: POST http://127.0.0.1:1/\n    json:\n{members}"
    ));
    let ran = run(folder.path(), &["check"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("is not defined").count(), 1_000);
    assert!(ran.stderr.contains("\n200 more are not shown\n"));
    let counted = format!("{}{}", ran.stdout, ran.stderr);
    assert!(counted.contains("checked 1 file: 1200 errors"), "{}", ran.stdout);
}

#[test]
fn a_report_is_not_written_over_what_is_run() {
    let text =
        "name: a\nsteps: [{ request: GET http://127.0.0.1:1/, expect: { error: connect } }]\n";
    let folder = scenario(text);
    let project = folder.path().join("callsheet.yaml");
    fs::write(&project, "scenarios: [scenario.yaml]\n").expect("a file");
    for (path, more) in
        [("scenario.yaml", None), ("./scenario.yaml", None), ("callsheet.yaml", Some("--watch"))]
    {
        let report = format!("junit={path}");
        let args = ["run", "--report", &report].into_iter().chain(more);
        let ran = run(folder.path(), &args.collect::<Vec<_>>());
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{path}: {}", ran.stderr);
        let told = format!("error: the report would be written over `{path}`, which is read\n");
        assert_eq!(ran.stderr, told);
    }
    assert_eq!(fs::read_to_string(folder.path().join("scenario.yaml")).expect("a file"), text);
    let ran = run(folder.path(), &["run", "--report", "junit=."]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[test]
fn a_report_goes_through_a_pipe_which_stays_one() {
    use std::os::unix::fs::FileTypeExt;
    let folder = scenario(
        "name: a\nsteps: [{ request: GET http://127.0.0.1:1/, expect: { error: connect } }]\n",
    );
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo");
    assert!(made.success());
    let read = pipe.clone();
    let reader = std::thread::spawn(move || fs::read_to_string(read).expect("a report"));
    let ran = run(folder.path(), &["run", "--report", "junit=pipe"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let there = pipe.symlink_metadata().expect("it is there");
    assert!(there.file_type().is_fifo(), "the pipe was replaced");
    assert!(reader.join().expect("it reads").contains("<testsuite"));
}

#[test]
fn a_file_of_secrets_that_everybody_may_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let folder = scenario("name: a\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n");
    let path = folder.path().join("s.env");
    fs::write(&path, "API_KEY=hunter22\n").expect("a file");
    for (mode, warnings) in [(0o644, 1), (0o640, 0), (0o600, 0)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
        let check = run(folder.path(), &["check", "--secrets-file", "s.env"]);
        assert_eq!(check.code, 0);
        let told = "warning: `s.env` can be read by every user of this machine\n";
        assert_eq!(check.stderr.matches(told).count(), warnings, "{}", check.stderr);
    }
}
