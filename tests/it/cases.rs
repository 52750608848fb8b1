//! A scenario runs once for each row of its data.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::support::{Ran, demo, run, scenario};

#[track_caller]
fn run_files(files: &[(&str, &str)], args: &[&str]) -> Ran {
    let demo = demo();
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap_or(Path::new(""))).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    let options = ["run", "--base-url", &demo.url, "--progress", "never"];
    run(folder.path(), &[&options, args].concat())
}

const SIGN_IN: &str = "
name: sign in
cases: CASES
vars: { greeting: \"hello ${user}\", password: none, extra: 1 }
steps:
  - request: POST /login
    form: { username: \"${user}\", password: \"${password}\" }
    follow_redirects: false
    expect: { status: \"${status}\" }
  - request: POST /anything/${case.index}
    json: { greeting: \"${greeting}\", extra: \"${extra}\", status: \"${status}\" }
    expect:
      json:
        $.json.greeting: hello ${user}
        $.json.status: { type: integer }
  - request: GET /cookies
    expect: { json: { $.cookies: { not: { equals: { old: \"1\" } } } } }
  - request: GET /cookies/set?old=1
";

const ROWS: &str = "user,password,status:int\nalice,wonderland,303\nbob,builder,303\nbob,\"wrong, and so on\",401\n";

#[test]
fn rows_of_every_source_are_scenarios_of_their_own_in_fresh_sessions() {
    let json = "[{\"user\": \"alice\", \"password\": \"wonderland\", \"status\": 303}, {\"user\": \"bob\", \"password\": \"builder\", \"status\": 303}, {\"user\": \"bob\", \"password\": \"wrong, and so on\", \"status\": 401}]";
    let yaml = "- { user: alice, password: wonderland, status: 303 }\n- { user: bob, password: builder, status: 303 }\n- { user: bob, password: 'wrong, and so on', status: 401 }\n";
    let inline = "[{ user: alice, password: wonderland, status: 303 }, { user: bob, password: builder, status: 303 }, { user: bob, password: \"wr${'ong, and so on'}\", status: 401 }]";
    for cases in ["data/rows.csv", "data/rows.json", "data/rows.yml", inline] {
        let text = SIGN_IN.replace("CASES", cases);
        let files = [
            ("a.yaml", text.as_str()),
            ("data/rows.csv", ROWS),
            ("data/rows.json", json),
            ("data/rows.yml", yaml),
        ];
        let ran = run_files(&files, &["a.yaml"]);
        assert_eq!(ran.code, 0, "{cases}\n{}{}", ran.stdout, ran.stderr);
        for told in [
            "a.yaml › sign in [alice, wonderland]",
            "a.yaml › sign in [bob, builder]",
            "3 scenarios: 3 passed",
        ] {
            assert!(ran.stdout.contains(told), "{cases}\n{}", ran.stdout);
        }
    }
}

#[test]
fn a_failing_row_says_which_one_it_is_and_where_its_values_are_from() {
    let text = SIGN_IN.replace("CASES", "rows.csv");
    let rows = format!("{ROWS}root,toor,401\n");
    let ran = run_files(&[("a.yaml", &text), ("rows.csv", &rows)], &["a.yaml"]);
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for told in [
        "FAIL  a.yaml › sign in [root, toor] › POST /login",
        "user: \"root\", from row 4 of `cases` at rows.csv:5",
        "4 scenarios: 3 passed, 1 failed",
    ] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
}

#[test]
fn rows_with_equal_first_values_are_told_apart_and_secret_ones_not_named() {
    let text = "
name: a
secrets: [password]
cases: [{ password: wonderland, user: alice }, { password: builder, user: bob }, { password: different, user: bob }]
steps: [{ request: POST /anything, json: \"${password}\" }]
";
    let ran = run_files(&[("a.yaml", text)], &["a.yaml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for told in ["a [alice] ", "a [bob, row 2]", "a [bob, row 3]"] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
    assert!(!ran.stdout.contains("wonderland"), "{}", ran.stdout);
}

#[test]
fn a_row_and_a_scenario_of_one_name_are_refused() {
    let rows = "name: a\ncases: [{ x: 1 }, { x: 2 }]\nsteps: [{ request: GET /get }]\n";
    let other = "name: a [2]\nsteps: [{ request: GET /get }]\n";
    let ran = run_files(&[("a.yaml", rows), ("b.yaml", other)], &[]);
    assert_eq!(ran.code, 2, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("error: two scenarios have the name `a [2]`"), "{}", ran.stderr);
    assert!(ran.stderr.ends_with("\n1 error: nothing was sent\n"), "{}", ran.stderr);
}

#[test]
fn a_hundred_thousand_rows_are_read_in_seconds_and_one_more_is_refused() {
    let rows = |count: usize| {
        let rows = (0..count).map(|row| format!("user-{row},{row},some text that is not short\n"));
        format!("user,number:int,note\n{}", rows.collect::<String>())
    };
    let text = "name: a\ncases: rows.csv\nsteps: [{ request: GET http://127.0.0.1:1/${user}/${number} }]\n";
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(
        folder.path().join("a.yaml"),
        text.replace("GET http", "GET \"http")
            .replace("number}", "number}\"")
            .replace("GET \"", "\"GET "),
    )
    .expect("a file");
    fs::write(folder.path().join("rows.csv"), rows(100_000)).expect("a file");
    let begun = Instant::now();
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    fs::write(folder.path().join("rows.csv"), rows(100_001)).expect("a file");
    let checked = run(folder.path(), &["check"]);
    assert_eq!(checked.code, 2, "{}", checked.stderr);
    assert!(
        checked.stderr.contains("`cases` has 100001 rows, more than 100000"),
        "{}",
        checked.stderr
    );
}

#[test]
fn a_row_with_a_secret_has_the_same_name_in_every_run_so_that_it_runs_again_where_it_failed() {
    let demo = demo();
    let folder = scenario(
        "name: Who can sign in
cases: [{ user: alice, password: wonderland }, { user: bob, password: nope }, { user: wonderland-7, n: 1 }]
steps:
  - request: GET /get?user=${user}&key=${secret.ALICE_PASSWORD}
    expect: { json: { $.args.user: nobody } }
",
    );
    std::fs::write(folder.path().join("secrets"), "ALICE_PASSWORD=wonderland\n").expect("a file");
    let run_it = |args: &[&str]| {
        let always = ["--secrets-file", "secrets"];
        run(folder.path(), &[args, &always[..]].concat())
    };
    let listed = run_it(&["list", "--base-url", &demo.url]);
    let listed = listed.stdout + &listed.stderr;
    for name in ["Who can sign in [alice]", "Who can sign in [bob, nope]", "Who can sign in [1]"] {
        assert!(listed.contains(name), "{listed}");
    }
    let base = ["--base-url", &demo.url, "--journal"];
    let first = run_it(&[&["run"], &base[..], &["a.jsonl"]].concat());
    assert_eq!(first.code, 1, "{}", first.stderr);
    assert!(first.stdout.contains("--name '^Who can sign in \\[alice\\]$'"), "{}", first.stdout);
    let again = run_it(&[&["run", "--rerun-failed", "a.jsonl"], &base[..], &["b.jsonl"]].concat());
    assert!(again.stdout.contains("3 scenarios: 3 failed"), "{}{}", again.stdout, again.stderr);
}

#[test]
fn a_name_that_holds_a_secret_has_one_mark_in_every_run() {
    let demo = demo();
    let folder = scenario(
        "name: Orders of wonderland
steps:
  - request: GET /status/500?key=${secret.ALICE_PASSWORD}
",
    );
    std::fs::write(folder.path().join("secrets"), "ALICE_PASSWORD=wonderland\n").expect("a file");
    let args = ["--secrets-file", "secrets", "--base-url", &demo.url, "--journal"];
    let first = run(folder.path(), &[&["run"], &args[..], &["a.jsonl"]].concat());
    assert!(first.stdout.contains("› Orders of •••"), "{}", first.stdout);
    let again = ["run", "--rerun-failed", "a.jsonl"];
    let again = run(folder.path(), &[&again[..], &args[..], &["b.jsonl"]].concat());
    assert!(again.stdout.contains("1 scenario: 1 failed"), "{}{}", again.stdout, again.stderr);
}
