//! Commands, options and exit codes.

use std::fs;

use super::support::{callsheet, demo, ran, root, run, scenario};

#[test]
fn check_counts_what_it_found_and_sends_nothing() {
    let check = run(&root(), &["check"]);
    assert_eq!((check.code, check.stderr.as_str()), (0, ""));
    assert!(
        check.stdout.starts_with("checked ") && check.stdout.ends_with("0 errors, 0 warnings\n"),
        "{}",
        check.stdout
    );
}

#[test]
fn list_shows_files_names_and_tags() {
    let list = run(&root(), &["list"]);
    assert_eq!(list.code, 0);
    assert!(list.stdout.contains("scenarios/shop/sign-in.yaml"), "{}", list.stdout);
    assert!(list.stdout.contains("[shop, smoke, auth]"), "{}", list.stdout);
    let json: serde_json::Value =
        serde_json::from_str(&run(&root(), &["list", "--json"]).stdout).expect("JSON");
    let scenarios = json["scenarios"].as_array().expect("a list");
    assert_eq!(scenarios.len(), list.stdout.lines().count());
    assert_eq!(scenarios[0]["file"], "scenarios/httpbin/auth.yaml");
    assert_eq!(scenarios[0]["steps"], 7);
}

#[test]
fn an_empty_project_file_is_a_project_all_keys_are_optional() {
    let folder = scenario("name: a\nsteps: [{ request: GET http://127.0.0.1:1/ }]\n");
    fs::write(folder.path().join("callsheet.yaml"), "# nothing yet\n").expect("a file");
    let check = run(folder.path(), &["check"]);
    assert_eq!((check.code, check.stderr.as_str()), (0, ""));
    assert!(check.stdout.starts_with("checked 2 files"), "{}", check.stdout);
}

#[test]
fn from_a_folder_below_the_project_the_same_scenarios_run_under_the_same_identity() {
    let demo = demo();
    let folder = tempfile::tempdir().expect("a folder");
    let inner = folder.path().join("scenarios/shop");
    fs::create_dir_all(&inner).expect("a folder");
    fs::write(folder.path().join("callsheet.yaml"), "scenarios: [scenarios]\n").expect("a file");
    fs::write(inner.join("a.yaml"), "name: a\nsteps: [{ request: GET /get }]\n").expect("a file");
    for (args, shown) in
        [(vec!["run"], "../../scenarios/shop/a.yaml"), (vec!["run", "a.yaml"], "ok  a.yaml")]
    {
        let args = [args, vec!["--base-url", &demo.url, "--report", "junit=j.xml"]].concat();
        let ran = run(&inner, &args);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        assert!(ran.stdout.contains(shown), "{}", ran.stdout);
        let junit = fs::read_to_string(inner.join("j.xml")).expect("the report");
        assert!(junit.contains("classname=\"scenarios/shop/a.yaml\""), "{junit}");
    }
}

#[test]
fn usage_errors_exit_with_2_and_help_with_0() {
    let folder = tempfile::tempdir().expect("a folder");
    for args in [
        &["run", "--jobs", "0"][..],
        &["fly"],
        &["run", "--var", "x"],
        &["run", "--report", "pdf=x"],
        &[],
    ] {
        let ran = run(folder.path(), args);
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(ran.stdout.is_empty() && !ran.stderr.is_empty(), "{args:?}");
    }
    let help = run(folder.path(), &["--help"]);
    assert_eq!(help.code, 0);
    assert!(help.stdout.contains("130  interrupted"), "{}", help.stdout);
    let twice = run(&root(), &["run", "--report", "junit=a.xml", "--report", "junit=./a.xml"]);
    assert_eq!(twice.code, 2);
    assert!(twice.stderr.contains("two reports go to one path: `./a.xml`"), "{}", twice.stderr);
    let around = ["run", "--report", "junit=new/a.xml", "--journal", "src/../new/a.xml"];
    let twice = run(&root(), &around);
    assert_eq!(twice.code, 2, "{}", twice.stdout);
    assert!(twice.stderr.contains("two reports go to one path"), "{}", twice.stderr);
}

#[test]
fn what_is_wrong_with_an_option_is_told_without_the_words_of_a_parser() {
    let folder = scenario(
        "name: n\nvars: { limits: 3 }\nsteps:\n  - request: GET http://127.0.0.1:1/${limits}\n",
    );
    let check = |args: &[&str], wanted: &str| {
        let ran = run(folder.path(), args);
        let told = ran.stderr + &ran.stdout;
        assert!(told.contains(wanted), "{args:?}: {told}");
    };
    check(&["run", "--fail-fast=0"], "0 is not in 1..");
    check(&["run", "--seed", "x"], "a seed is a whole number");
    check(&["run", "--var", "n:=three"], "no JSON; a text is written `NAME=TEXT`\n");
    check(&["report", "scenario.yaml"], "it is no JSON; `callsheet run --journal PATH` writes");
    check(&["list", "-t", "!slow"], "join tags with `and`, `or`, `not`");
    check(&["check", "--var", "limit=3"], "did you mean `limits`?");
    check(&["check", "--var", "other=3"], "0 errors, 0 warnings");
}

#[test]
fn variables_of_the_command_line_win_and_are_text_unless_written_as_json() {
    let demo = demo();
    let folder = scenario(
        "name: vars\nvars: { id: 1, n: 2 }\nsteps:\n  - request: POST /anything\n    json: { id: \"${id}\", n: \"${n}\" }\n    capture: { n: $.json.id }\n  - request: POST /anything\n    json: { id: \"${id}\", n: \"${n}\" }\n    expect: { json: { $.json: { equals: { id: \"007\", n: [1] } } } }\n",
    );
    let args = ["run", "--base-url", &demo.url, "--var", "id=007", "--var", "n:=[1]"];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
}

#[test]
fn environments_have_their_base_url_and_variables() {
    let demo = demo();
    let folder = scenario(
        "name: env\nsteps:\n  - request: GET /anything/${tenant}\n    expect: { url: { ends_with: /blue } }\n",
    );
    let project = format!(
        "default_environment: local\nenvironments:\n  local: {{ base_url: \"http://127.0.0.1:1\" }}\n  staging: {{ base_url: \"{}\", vars: {{ tenant: blue }} }}\n",
        demo.url
    );
    fs::write(folder.path().join("callsheet.yaml"), project).expect("a file");
    let local = run(folder.path(), &["run"]);
    assert_eq!(local.code, 2);
    assert!(
        local.stderr.contains("environment `staging` defines it: run with `--env staging`"),
        "{}",
        local.stderr
    );
    let staging = run(folder.path(), &["run", "--env", "staging"]);
    assert_eq!(staging.code, 0, "{}{}", staging.stdout, staging.stderr);
    let wrong = run(folder.path(), &["run", "--env", "stagin"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.stderr.contains("did you mean `staging`?"), "{}", wrong.stderr);
}

#[test]
fn a_failed_step_ends_its_scenario_but_not_the_teardown_and_not_the_others() {
    let demo = demo();
    let folder = scenario(
        "name: fails\nsteps:\n  - request: GET /status/500\n  - request: GET /get\nteardown:\n  - request: GET /status/404\n  - request: GET /uuid-of-nothing\n    expect: { status: 404 }\n",
    );
    fs::write(folder.path().join("z.yaml"), "name: passes\nsteps: [{ request: GET /get }]\n")
        .expect("a file");
    let ran =
        run(folder.path(), &["run", "--base-url", &demo.url, "--report", "junit=out/junit.xml"]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("2 scenarios: 1 passed, 1 failed"), "{}", ran.stdout);
    let junit = fs::read_to_string(folder.path().join("out/junit.xml")).expect("the report");
    assert!(junit.contains("failures=\"2\"") && junit.contains("skipped=\"1\""), "{junit}");
    assert!(junit.contains("file=\"scenario.yaml\"") && junit.contains("line=\"3\""), "{junit}");
}

#[test]
fn continue_on_failure_lets_the_next_steps_run() {
    let demo = demo();
    let folder = scenario(
        "name: goes on\nsteps:\n  - request: GET /status/500\n    continue_on_failure: true\n  - request: GET /get\n",
    );
    let ran = run(folder.path(), &["run", "--base-url", &demo.url]);
    assert_eq!(ran.code, 1);
    assert!(ran.stdout.contains("2 steps: 1 passed, 1 failed"), "{}", ran.stdout);
}

#[test]
fn a_report_that_cannot_be_written_is_exit_3_and_the_story_is_told_all_the_same() {
    let demo = demo();
    let folder = scenario("name: ok\nsteps: [{ request: GET /get }]\n");
    let ran = run(
        folder.path(),
        &["run", "--base-url", &demo.url, "--report", "junit=scenario.yaml/x.xml"],
    );
    assert_eq!(ran.code, 3);
    assert!(ran.stderr.contains("cannot be written"), "{}", ran.stderr);
    assert!(ran.stdout.contains("1 passed"), "{}", ran.stdout);
}

#[test]
fn a_signal_stops_the_run_tells_how_far_it_came_and_exits_as_a_shell_expects() {
    let demo = demo();
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let folder =
            scenario("name: waits\nsteps: [{ request: GET /get }, { request: GET /delay/10 }]\n");
        let child = callsheet(folder.path())
            .args(["run", "--base-url", &demo.url])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        std::thread::sleep(std::time::Duration::from_millis(1000));
        let id = child.id().to_string();
        let killed = std::process::Command::new("kill").args([&format!("-{signal}"), &id]).status();
        assert!(killed.expect("kill").success());
        let ran = ran(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, code, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains("interrupted"), "{}", ran.stdout);
    }
}

#[test]
fn the_demo_command_says_where_it_listens() {
    use std::io::{BufRead, BufReader};
    let mut child = callsheet(&root())
        .args(["demo", "--listen", "127.0.0.1:0"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("stdout")).read_line(&mut line).expect("a line");
    let url =
        line.split_whitespace().find(|word| word.starts_with("http://")).expect("a URL").to_owned();
    let ran = run(&root(), &["run", "scenarios/httpbin", "--base-url", &url]);
    child.kill().expect("kill");
    child.wait().expect("wait");
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn an_interrupted_scenario_runs_its_teardown_and_the_report_says_what_did_not_run() {
    let demo = demo();
    let folder = scenario(
        "name: waits\nsetup: [{ request: POST /login, form: { username: bob, password: builder } }]\nsteps:\n  - name: make\n    request: POST /orders\n    json: { items: [{ sku: TEA-01, quantity: 1 }] }\n    capture: { order: $.id }\n  - name: wait\n    request: GET /delay/10\n  - name: after\n    request: GET /get\nteardown:\n  - name: clean\n    request: DELETE /orders/${order}\n  - name: gone\n    request: GET /orders/${order}\n    expect: { status: 404 }\n",
    );
    let child = callsheet(folder.path())
        .args(["run", "-v", "--base-url", &demo.url, "--report", "junit=j.xml"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let id = child.id().to_string();
    let killed = std::process::Command::new("kill").args(["-INT", &id]).status();
    assert!(killed.expect("kill").success());
    let ran = ran(child.wait_with_output().expect("it ends"));
    assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
    for part in ["the run was interrupted", "ok  teardown › clean", "ok  teardown › gone"] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let junit = fs::read_to_string(folder.path().join("j.xml")).expect("the report");
    for part in ["tests=\"6\"", "failures=\"1\"", "skipped=\"1\"", "name=\"after\""] {
        assert!(junit.contains(part), "{part}: {junit}");
    }
}

#[test]
fn after_a_signal_nothing_more_is_sent_for_items_sessions_or_attempts() {
    let demo = demo();
    for (step, states) in [
        (
            "request: GET /delay/10, for_each: { n: [1, 2, 3] }, continue_on_failure: true",
            "3 steps: 1 failed, 2 not run",
        ),
        ("request: GET /delay/10, access: { a: 200, b: 200 }", "2 steps: 1 failed, 1 not run"),
        (
            "request: GET /status/500, retry: { attempts: 2, wait: 10s }",
            "1 step: 1 not run; 1 request ",
        ),
    ] {
        let folder = scenario(&format!(
            "name: waits\nsessions: {{ a: {{}}, b: {{}} }}\nsteps: [{{ {step} }}]\n"
        ));
        let child = callsheet(folder.path())
            .args(["run", "-v", "--base-url", &demo.url])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("it starts");
        std::thread::sleep(std::time::Duration::from_millis(1000));
        let id = child.id().to_string();
        let killed = std::process::Command::new("kill").args(["-INT", &id]).status();
        assert!(killed.expect("kill").success());
        let ran = ran(child.wait_with_output().expect("it ends"));
        assert_eq!(ran.code, 130, "{}{}", ran.stdout, ran.stderr);
        assert!(ran.stdout.contains(states), "{states}\n{}", ran.stdout);
    }
}

#[test]
fn a_run_that_takes_too_long_is_cut_short_and_says_so() {
    let demo = demo();
    let folder = scenario(
        "name: waits\nsteps:\n  - name: wait\n    request: GET /delay/10\n  - name: after\n    request: GET /get\nteardown:\n  - request: GET /get\n",
    );
    fs::write(folder.path().join("z.yaml"), "name: later\nsteps: [{ request: GET /get }]\n")
        .expect("a file");
    let args = [
        "run",
        "-v",
        "-j",
        "1",
        "--timeout",
        "500ms",
        "--base-url",
        &demo.url,
        "--report",
        "junit=j.xml",
    ];
    let begun = std::time::Instant::now();
    let ran = run(folder.path(), &args);
    assert!(begun.elapsed() < std::time::Duration::from_secs(5));
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    for part in [
        "the run did not end within its `--timeout` of 500 ms",
        "ok  teardown › GET /get",
        "timed out: 1 scenario did not run",
    ] {
        assert!(ran.stdout.contains(part), "{part}: {}", ran.stdout);
    }
    let junit = fs::read_to_string(folder.path().join("j.xml")).expect("the report");
    assert!(junit.contains("name=\"later\""), "{junit}");
}

#[test]
fn a_teardown_step_that_would_undo_what_was_never_done_is_skipped_with_the_reason() {
    let demo = demo();
    let folder = scenario(
        "name: early\nsteps:\n  - name: first\n    request: GET /get\n  - name: create\n    request: POST /anything\n    capture: { made: $.url }\nteardown:\n  - name: remove\n    request: DELETE /anything/${made}\n",
    );
    let args = ["run", "scenario.yaml:3", "-v", "--base-url", &demo.url];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("step `create` did not capture it"), "{}", ran.stdout);
}

#[test]
fn what_is_wrong_with_the_arguments_is_told_without_the_values_of_variables() {
    let folder = tempfile::tempdir().expect("a folder");
    for (args, part) in [
        ("run --var token=hunter22 --bogus", "unexpected argument '--bogus'"),
        ("run --var hunter22", "invalid value '…' for '--var <NAME=VALUE>': write it like"),
        ("run --var 1a=hunter22", "'1a=…' for '--var <NAME=VALUE>': `1a` cannot be the name"),
        ("run --var t:=hunter22", "'t:=…' for '--var <NAME=VALUE>': what follows `:=` is no JSON"),
        ("run --vars=t=hunter22", "unexpected argument '--vars'"),
        ("t=hunter22", "unrecognized subcommand 't=…'"),
        ("demo t=hunter22", "unexpected argument 't=…'"),
        // Those of the process may be secret.
        ("run --color hunter23", "invalid value '…' for '--color <WHEN>'"),
        ("demo hunter23", "unexpected argument '…'"),
        ("run --color alway", "invalid value 'alway' for '--color <WHEN>'"),
    ] {
        let mut program = callsheet(folder.path());
        program.args(args.split(' ')).env("API_KEY", "hunter23");
        let ran = ran(program.output().expect("it runs"));
        assert_eq!(ran.code, 2, "{args}");
        assert!(ran.stderr.contains(part), "{args}: {}", ran.stderr);
        assert!(!ran.stderr.contains("hunter"), "{args}: {}", ran.stderr);
    }
}

#[test]
fn shells_get_completions_and_readers_manual_pages() {
    let here = root();
    let here = here.as_path();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = run(here, &["completions", shell]);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{shell}");
        assert!(ran.stdout.contains("rerun-failed"), "{shell}");
    }
    assert_eq!(run(here, &["completions", "dos"]).code, 2);
    for (args, title, part) in [
        (&["man"][..], "CALLSHEET", "callsheet\\-run(1)"),
        (&["man", "run"], "CALLSHEET-RUN", "\\-\\-rerun\\-failed"),
    ] {
        let ran = run(here, args);
        assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{args:?}");
        assert!(ran.stdout.contains(&format!(".TH {title} 1")), "{}", ran.stdout);
        assert!(ran.stdout.contains(part), "{}", ran.stdout);
    }
    let ran = run(here, &["man", "dance"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("`run`, `check`, `list`"), "{}", ran.stderr);
}

#[test]
fn who_takes_the_name_of_a_format_for_an_option_of_run_is_told_the_option() {
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(folder.path(), &["run", "--junit", "junit.xml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("write `--report junit=PATH`"), "{}", ran.stderr);
}

#[test]
fn an_address_that_is_taken_is_a_slip_of_who_names_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let folder = tempfile::tempdir().expect("a folder");
    let ran = run(folder.path(), &["demo", "--listen", &address]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("127.0.0.1:0 for a free port"), "{}", ran.stderr);
}
