//! `fixtures/invalid/X.yaml` gets exactly the text of `X.txt`.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::support::{callsheet, files, golden, none_differs, ran, root, run, scenario};

#[test]
fn every_invalid_file_gets_its_text_and_nothing_is_sent() {
    let folder = root().join("fixtures/invalid");
    // Fingerprints differ from run to run.
    let prints = regex::Regex::new("•••[0-9a-f]{4}").expect("a pattern");
    let mut differences = Vec::new();
    for file in files(&folder, "yaml") {
        let name = file.file_name().and_then(|name| name.to_str()).expect("a name");
        let check = run(&folder, &["check", name]);
        let errors = check.stderr.contains("error");
        assert_eq!(check.code, if errors { 2 } else { 0 }, "{name}: {}", check.stderr);
        assert!(!check.stderr.is_empty(), "{name} has nothing wrong");
        let told = prints.replace_all(&check.stderr, "•••NNNN");
        differences.extend(golden(&file.with_extension("txt"), &told));
    }
    none_differs(&differences);
}

#[test]
fn every_invalid_project_file_gets_its_text() {
    let folder = root().join("fixtures/invalid-project");
    let mut differences = Vec::new();
    for entry in fs::read_dir(&folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let check = run(&path, &["check"]);
        assert_eq!(check.code, 2, "{}", check.stderr);
        differences.extend(golden(&path.join("expected.txt"), &check.stderr));
    }
    none_differs(&differences);
}

#[test]
fn the_errors_of_all_files_are_shown_at_once_and_nothing_is_sent() {
    let folder = scenario("name: a\nsteps: [{ request: GET http://127.0.0.1:1/, expct: 1 }]\n");
    fs::write(folder.path().join("other.yaml"), "name: b\nsteps: []\nstep: []\n").expect("a file");
    fs::write(
        folder.path().join("good.yaml"),
        "name: c\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n",
    )
    .expect("a file");
    let all = run(folder.path(), &["run"]);
    assert_eq!(all.code, 2);
    assert_eq!(all.stdout, "");
    for part in [
        "scenario.yaml:2:45",
        "did you mean `expect`?",
        "other.yaml:2:8",
        "other.yaml:3:1",
        "did you mean `steps`?",
        "3 errors: nothing was sent",
    ] {
        assert!(all.stderr.contains(part), "{part}: {}", all.stderr);
    }
}

#[test]
fn two_scenarios_of_one_name_are_refused_with_both_places() {
    let text = "name: same\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n";
    let folder = scenario(text);
    fs::write(folder.path().join("second.yaml"), text).expect("a file");
    let check = run(folder.path(), &["check"]);
    assert_eq!(check.code, 2);
    for part in ["two scenarios have the name `same`", "scenario.yaml:1:7", "second.yaml:1:7"] {
        assert!(check.stderr.contains(part), "{part}: {}", check.stderr);
    }
}

#[track_caller]
fn refused_fast(text: &str, part: &str) {
    let folder = scenario(text);
    let begun = Instant::now();
    let check = run(folder.path(), &["check"]);
    let took = begun.elapsed();
    assert_eq!(check.code, 2, "{}", check.stderr);
    assert!(check.stderr.contains(part), "{part}: {}", check.stderr);
    assert!(check.stderr.len() < 20_000, "{} bytes of message", check.stderr.len());
    // A debug build on a busy machine; a release build takes well under a second.
    assert!(took < Duration::from_secs(6), "{took:?}");
}

#[test]
fn what_is_made_to_be_slow_or_huge_is_refused_at_once() {
    refused_fast(&("{a: ".repeat(100_000) + "1" + &"}".repeat(100_000)), "64 levels");
    refused_fast(&("- ".repeat(100_000) + "x"), "64 levels");
    refused_fast(&"--- a\n".repeat(100_000), "document");
    refused_fast(&(0..500_000).map(|n| format!("k{n}: 0\n")).collect::<String>(), "1 MiB");
    let bomb: String = (1..=9)
        .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(",")))
        .collect();
    refused_fast(&format!("a0: &a0 [x]\n{bomb}"), "alias");
    let quadratic =
        format!("a: &a {}\nb: [{}]\n", "x".repeat(20_000), vec!["*a"; 20_000].join(","));
    refused_fast(&quadratic, "alias");
}

#[test]
fn a_file_of_a_hundred_megabytes_is_refused_without_being_read() {
    let folder = scenario("");
    let file = fs::File::create(folder.path().join("scenario.yaml")).expect("a file");
    file.set_len(100 << 20).expect("a length");
    let begun = Instant::now();
    let check = run(folder.path(), &["check"]);
    assert_eq!(check.code, 2);
    assert!(check.stderr.contains("1 MiB"), "{}", check.stderr);
    assert!(begun.elapsed() < Duration::from_secs(3));
}

#[test]
fn what_is_no_regular_file_is_refused_without_a_hang() {
    let folder = scenario("name: a\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n");
    let fifo = folder.path().join("pipe.yaml");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status().expect("mkfifo");
    assert!(made.success());
    for path in ["pipe.yaml", "/dev/zero"] {
        let check = run(folder.path(), &["check", path]);
        assert_eq!(check.code, 2, "{path}");
        assert!(check.stderr.contains("not a file"), "{path}: {}", check.stderr);
    }
}

#[test]
fn bytes_that_are_no_utf8_are_told_with_their_place_and_the_likely_encoding() {
    let folder = scenario("");
    fs::write(folder.path().join("scenario.yaml"), b"name: caf\xe9\n").expect("a file");
    let check = run(folder.path(), &["check"]);
    assert_eq!(check.code, 2);
    for part in ["scenario.yaml:1:10", "byte", "UTF-8"] {
        assert!(check.stderr.contains(part), "{part}: {}", check.stderr);
    }
}

#[test]
fn missing_and_empty_places_have_their_own_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = run(folder.path(), &["run", "nope.yaml"]);
    assert_eq!(missing.code, 2);
    assert!(
        missing.stderr.contains("there is no file or folder `nope.yaml`"),
        "{}",
        missing.stderr
    );
    let empty = run(folder.path(), &["run", "."]);
    assert_eq!(empty.code, 4);
    assert!(empty.stderr.contains("no scenarios found"), "{}", empty.stderr);
    assert!(empty.stderr.contains("`callsheet init` writes a first one"), "{}", empty.stderr);
    let unreadable = folder.path().join("loop.yaml");
    std::os::unix::fs::symlink("loop.yaml", &unreadable).expect("a link");
    let unreadable = run(folder.path(), &["run", "loop.yaml"]);
    assert_eq!(unreadable.code, 2);
    assert!(unreadable.stderr.contains("symbolic links"), "{}", unreadable.stderr);
}

#[test]
fn windows_and_old_mac_line_ends_are_read_and_counted() {
    for end in ["\r\n", "\r"] {
        let text =
            ["name: ends", "steps:", "  - request: GET http://127.0.0.1:1/", "    expct: 1", ""]
                .join(end);
        let folder = scenario(&text);
        let check = run(folder.path(), &["check"]);
        assert_eq!(check.code, 2);
        assert!(check.stderr.contains("scenario.yaml:4:5"), "{}", check.stderr);
    }
}

#[test]
fn a_variable_of_the_process_that_is_not_set_stops_a_run_and_warns_a_check() {
    let text = "name: a\nbase_url: ${env.CALLSHEET_TEST_URL}\nsteps: [{ request: GET / }]\n";
    let folder = scenario(text);
    let check = run(folder.path(), &["check"]);
    assert_eq!(check.code, 0, "{}", check.stderr);
    assert!(
        check.stderr.contains("warning: the environment variable `CALLSHEET_TEST_URL` is not set"),
        "{}",
        check.stderr
    );
    assert_eq!(run(folder.path(), &["run"]).code, 2);
    let output = callsheet(folder.path())
        .arg("run")
        .env("CALLSHEET_TEST_URL", "http://127.0.0.1:1")
        .output();
    let set = ran(output.expect("it runs"));
    assert_eq!(set.code, 1, "{}", set.stderr);
}

#[test]
fn paths_of_a_scenario_stay_below_the_projects_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("project");
    fs::create_dir(&inner).expect("a folder");
    fs::write(folder.path().join("outside.txt"), "x").expect("a file");
    let text = "name: a\nsteps:\n  - request: POST http://127.0.0.1:1/\n    file: ../outside.txt\n";
    fs::write(inner.join("a.yaml"), text).expect("a file");
    let check = run(&inner, &["check"]);
    assert_eq!(check.code, 2);
    assert!(check.stderr.contains("outside of the project's folder"), "{}", check.stderr);
    fs::write(folder.path().join("callsheet.yaml"), "scenarios: [project]\n").expect("a file");
    assert_eq!(run(&inner, &["check"]).code, 0);
    assert!(Path::new(&inner).exists());
}

#[test]
fn what_is_wrong_on_the_command_line_is_told_with_a_remedy() {
    let folder = scenario("name: a\n\nsteps: [{ request: GET / }]\n");
    let text = "environments:\n  local: { base_url: http://127.0.0.1:1 }\n";
    fs::write(folder.path().join("callsheet.yaml"), text).expect("a file");
    for (args, message, help) in [
        (["--env", "lokal"], "there is no environment `lokal`", "did you mean `local`?"),
        (["--env", "staging"], "there is no environment `staging`", "the project file has `local`"),
        (
            ["--base-url", "shop.test"],
            "`--base-url shop.test` is no URL",
            "write it like `http://127.0.0.1:8080`",
        ),
        (
            ["scenario.yaml:1", "-elocal"],
            "`scenario.yaml:1` is before the first step",
            "the first step is at line 3",
        ),
    ] {
        let ran = run(folder.path(), &["run", args[0], args[1]]);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stderr.contains(&format!("error: {message}\n")), "{args:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("help: {help}\n")), "{args:?}: {}", ran.stderr);
    }
}
