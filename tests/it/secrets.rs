//! Where secrets come from, and what a run says of those that are not there.

use std::fs;

use super::support::{Ran, callsheet, demo, ran, scenario};

/// Runs a scenario that sends `secret.API_KEY` and gets it back.
fn key(url: &str, command: &str, dotenv: &str, process: Option<&str>, file: Option<&str>) -> Ran {
    let folder = scenario(
        "name: a\nvars: { length: 8 }\nsteps:\n  - request: POST /anything\n    text: ${secret.API_KEY}\n    expect:\n      json: { $.data: { starts_with: from, length: \"${length}\" } }\n  - request: GET /status/500\n    headers: { X-Key: \"${secret.API_KEY}\", X-Plain: \"${env.PLAIN}\" }\n",
    );
    fs::write(folder.path().join(".env"), format!("PLAIN=plain\n{dotenv}")).expect("a file");
    let value = [file, process, Some(dotenv)].into_iter().flatten().next().unwrap_or_default();
    let value = value.trim_start_matches("API_KEY=").trim_end().trim_end_matches(" # x");
    let length = value.chars().count();
    let mut program = callsheet(folder.path());
    program.args([command, "--base-url", url, "--var", &format!("length:={length}")]);
    program.envs(process.map(|value| ("API_KEY", value)));
    if let Some(text) = file {
        fs::write(folder.path().join("s.env"), text).expect("a file");
        program.args(["--secrets-file", "s.env"]);
    }
    ran(program.output().expect("it runs"))
}

#[test]
fn the_nearest_source_wins_and_no_value_is_shown() {
    let demo = demo();
    let dotenv = "API_KEY=from-dotenv\n";
    for (process, file) in [
        (None, None),
        (Some("from-env"), None),
        (Some("from-env"), Some("API_KEY=from-file # x\n")),
    ] {
        let ran = key(&demo.url, "run", dotenv, process, file);
        assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("1 passed, 1 failed"), "{}", ran.stdout);
        assert!(
            ran.stdout.contains("-H 'x-key: •••") && ran.stdout.contains("'x-plain: plain'"),
            "{}",
            ran.stdout
        );
        assert!(!ran.stdout.contains("from-"), "{}", ran.stdout);
        assert_eq!(ran.stdout.contains("--secrets-file s.env"), file.is_some());
    }
    // All that is in the file is refused but for the one that wins.
    let wins = key(&demo.url, "run", "API_KEY=\n", Some("from-env"), None);
    assert_eq!(wins.code, 1, "{}", wins.stderr);
}

#[test]
fn a_secret_that_is_not_set_stops_a_run_and_warns_a_check() {
    let url = "http://127.0.0.1:1";
    let check = key(url, "check", "API_KEYS=x\n", None, None);
    assert_eq!(check.code, 0, "{}", check.stderr);
    for part in [
        "warning: the secret `API_KEY` is not set",
        "did you mean `API_KEYS`?",
        "scenario.yaml:5:13",
    ] {
        assert!(check.stderr.contains(part), "{part}: {}", check.stderr);
    }
    assert_eq!(key(url, "run", "", None, None).code, 2);
    for (value, why) in [("", "is empty"), ("abc", "has 3 characters")] {
        for command in ["run", "check"] {
            let short = key(url, command, "", Some(value), None);
            assert_eq!(short.code, 2, "{}", short.stderr);
            assert!(
                short.stderr.contains(&format!("error: the secret `API_KEY` {why}")),
                "{}",
                short.stderr
            );
        }
    }
}

#[test]
fn a_file_that_is_no_dotenv_is_refused_without_showing_it() {
    let url = "http://127.0.0.1:1";
    let broken = key(url, "check", "", Some("from-env"), Some("# fine\nhunter22\n"));
    assert_eq!(broken.code, 2);
    assert!(broken.stderr.contains("error: `s.env:2` has no `=`"), "{}", broken.stderr);
    assert!(!broken.stderr.contains("hunter22"), "{}", broken.stderr);
    let folder =
        scenario("name: a\nvars: { length: 8 }\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n");
    let missing = super::support::run(folder.path(), &["check", "--secrets-file", "none.env"]);
    assert_eq!(missing.code, 2);
    assert!(missing.stderr.contains("cannot read `none.env`"), "{}", missing.stderr);
}

#[test]
fn what_is_too_short_in_a_secrets_file_is_refused_where_nothing_uses_it_too() {
    let folder = scenario("name: a\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n");
    fs::write(folder.path().join("s.env"), "EMPTY=\nSHORT=abc\nLONG=abcd\n").expect("a file");
    fs::write(folder.path().join(".env"), "OTHER=\n").expect("a file");
    assert_eq!(super::support::run(folder.path(), &["check"]).code, 0);
    let check = super::support::run(folder.path(), &["check", "--secrets-file", "s.env"]);
    assert_eq!(check.code, 2, "{}", check.stderr);
    assert!(check.stdout.contains("2 errors"), "{}", check.stdout);
    for part in ["`EMPTY` in `s.env` is empty", "`SHORT` in `s.env` has 3 characters"] {
        assert!(check.stderr.contains(&format!("error: the secret {part}")), "{}", check.stderr);
    }
}

/// Checks a project of these files with `API_KEY` in the environment; gives what is said of it.
fn told_of(files: &[(&str, &str)], args: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let mut program = callsheet(folder.path());
    program.arg("check").args(args).env("API_KEY", "hunter22");
    let ran = ran(program.output().expect("it runs"));
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("•••"), "{}", ran.stderr);
    ran.stderr
}

#[test]
fn the_errors_of_a_file_that_cannot_be_read_do_not_show_its_secrets() {
    let used = "name: a\nsteps:\n  - request: GET http://127.0.0.1:1/\n    headers: { X: '${secret.API_KEY}' }\n";
    let of_form = format!("{used}    expct: hunter22\n");
    let of_yaml = format!("{used}    text: \"hunter22\n");
    let of_vars = |rest: &str| {
        format!("name: a\nsecrets: [key]\nvars:\n  key: hunter22 # x\n{rest}\nsteps: []\n")
    };
    let (one, two) = (of_vars("  1a: hunter22"), of_vars("  b: 'hunter22"));
    for text in [of_form.as_str(), &of_yaml, &one, &two] {
        let told = told_of(&[("a.yaml", text)], &[]);
        assert!(!told.contains("hunter22"), "{told}");
    }
    let var = "name: a\nsecrets:\n  - key\nsteps: [{ request: hunter23 }]\n";
    let told = told_of(&[("a.yaml", var)], &["--var", "key=hunter23"]);
    assert!(!told.contains("hunter23"), "{told}");
    let login = "name: a\nsessions: { b: { login: { use: b.yml } } }\nsteps: [{ request: GET http://127.0.0.1:1/, as: b }]\n";
    let told = told_of(&[("a.yaml", login), ("b.yml", &of_form)], &["a.yaml"]);
    assert!(!told.contains("hunter22"), "{told}");
}

#[test]
fn the_errors_of_a_project_file_do_not_show_its_secrets() {
    for text in [
        "secrets: [API_KEY]\nvars: { 1a: hunter22 }\n",
        "secrets:\n- API_KEY\nvars: { a: 'hunter22 }\n",
        "defaults: { headers: { X: '${secret.API_KEY}' }, hunter22: 1 }\n",
    ] {
        let told = told_of(&[("callsheet.yaml", text)], &[]);
        assert!(!told.contains("hunter22"), "{told}");
    }
    let dotenv = [("callsheet.yaml", "secrets: [KEY]\nvar: hunter23\n"), (".env", "KEY=hunter23")];
    let told = told_of(&dotenv, &[]);
    assert!(!told.contains("hunter23"), "{told}");
}

#[test]
fn files_with_mistakes_show_no_secret_either() {
    let check = |files: &[(&str, &str)]| {
        let folder = scenario("name: a\nsteps:\n  - request: GET /\n");
        for (name, text) in files {
            fs::write(folder.path().join(name), text).expect("a file");
        }
        let mut program = callsheet(folder.path());
        program.args(["check", "--base-url", "http://127.0.0.1:1"]).env("TOKEN", "hunter2-token");
        let ran = ran(program.output().expect("it runs"));
        assert!(ran.code == 2 && ran.stderr.contains("•••"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    };
    let uses = "name: b\nsteps:\n  - request: GET /\n    headers: { A: \"${secret.TOKEN}\" }\n";
    check(&[("b.yaml", &format!("{uses}    jsn: hunter2-token\n"))]);
    check(&[("b.yaml", &format!("{uses}    json: [hunter2-token\n"))]);
    check(&[("callsheet.yaml", "secrets: [TOKEN]\nhunter2-token: 1\n")]);
    check(&[("callsheet.yaml", "vars: { hunter2-token\nsecrets:\n  - TOKEN\n")]);
    let dotenv = ("callsheet.yaml", "secrets: [KEY]\nvars: { a: b, hunter2-key: 1 }\n");
    check(&[dotenv, (".env", "KEY=hunter2-key\n")]);
}

#[test]
fn rows_with_mistakes_show_no_secret_and_are_told_once() {
    let scenario_of = |cases: &str| {
        format!(
            "name: a\ncases: {cases}\nsecrets: [key]\nsteps: [{{ request: \"GET http://127.0.0.1:1/${{user}}\" }}]\n"
        )
    };
    let file = |name: &str, text: &str| (scenario_of(name), name.to_owned(), text.to_owned());
    for ((own, name, text), told) in [
        (
            file("rows.csv", "user,key:int\nbob,hunter22\n"),
            "`rows.csv:2:5`: this is no whole number in column `key`",
        ),
        (
            file("rows.csv", "key,user\nhunter22,bob,x\n"),
            "`rows.csv:2:1`: this row has 3 values, the header has 2",
        ),
        (file("rows.json", "[{\"key\": \"hunter22\", }]"), "`rows.json:1:22`: this is no JSON"),
        (
            file("rows.yaml", "- { key: hunter22, 1a: 2 }\n"),
            "`rows.yaml:1:5`: `1a` is no variable name",
        ),
        (
            (scenario_of("[{ user: bob, key: hunter22 }, 7]"), "x".to_owned(), String::new()),
            "expected a row of variables (a map), found the number `7`",
        ),
    ] {
        let folder = scenario(&own);
        fs::write(folder.path().join(name), text).expect("a file");
        let ran = ran(callsheet(folder.path())
            .args(["check", "scenario.yaml"])
            .output()
            .expect("it runs"));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(told), "{told}\n{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter22"), "{}", ran.stderr);
        assert!(ran.stdout.contains("1 error, "), "{}{}", ran.stderr, ran.stdout);
    }
}

#[test]
fn wrong_arguments_show_no_value_of_a_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["run", "--var", "token:=[hunter2-token"][..],
        &["run", "--var=token:hunter2-token"],
        &["run", "--var", "a b=hunter2-token"],
        &["run", "--var", "token=hunter2-token", "hunter2-token", "--bogus=hunter2-token"],
    ] {
        let ran = ran(callsheet(folder.path()).args(arguments).output().expect("it runs"));
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(!ran.stderr.contains("hunter2"), "{}", ran.stderr);
    }
}
