//! Which scenarios run, how often, in which order, and when no more begin.

use std::fs;

use super::support::{Ran, demo, run};

/// Four scenarios: `a` is [smoke, shop], `b` [shop, slow], `c` has no tags, `d` runs for two rows.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let step = "steps: [{ request: GET /get }]\n";
    for (name, more) in [
        ("a", "tags: [smoke, shop]\n"),
        ("b", "tags: [shop, slow]\n"),
        ("c", ""),
        ("d", "tags: [rows]\ncases: [{ user: ann }, { user: bob }]\n"),
    ] {
        let text = format!("name: scenario {name}\n{more}{step}");
        fs::write(folder.path().join(format!("{name}.yaml")), text).expect("a file");
    }
    folder
}

/// The names of the scenarios that `list` tells of, in their order.
#[track_caller]
fn listed(args: &[&str]) -> Vec<String> {
    let folder = folder();
    let ran = run(folder.path(), &[&["list", "--base-url", "http://127.0.0.1:1"], args].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let names = ran.stdout.lines().filter_map(|line| line.split_once("scenario "));
    names.map(|(_, name)| name.split("  ").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn tags_and_names_select_and_all_conditions_hold() {
    assert_eq!(listed(&[]), ["a", "b", "c", "d [ann]", "d [bob]"]);
    assert_eq!(listed(&["--tag", "shop"]), ["a", "b"]);
    assert_eq!(listed(&["-t", "shop and not slow"]), ["a"]);
    assert_eq!(listed(&["-t", "shop", "-t", "slow"]), ["b"]);
    assert_eq!(
        listed(&["-t", "smoke or slow or rows", "--skip-tag", "slow"]),
        ["a", "d [ann]", "d [bob]"]
    );
    assert_eq!(listed(&["--skip-tag", "shop", "--skip-tag", "rows"]), ["c"]);
    assert_eq!(listed(&["--name", r"scenario [bc]|\[bob\]$"]), ["b", "c", "d [bob]"]);
    assert_eq!(listed(&["a.yaml", "d.yaml:4", "--name", "ann"]), ["d [ann]"]);
}

#[test]
fn a_shard_is_a_part_of_what_is_selected_and_every_scenario_is_in_one() {
    assert_eq!(listed(&["--shard", "1/2"]), ["a", "c", "d [bob]"]);
    assert_eq!(listed(&["--shard", "2/2"]), ["b", "d [ann]"]);
    assert_eq!(listed(&["--shard", "2/2", "--tag", "shop"]), ["b"]);
    let mut all: Vec<_> = (1..=4).flat_map(|n| listed(&["--shard", &format!("{n}/4")])).collect();
    all.sort();
    assert_eq!(all, ["a", "b", "c", "d [ann]", "d [bob]"]);
}

#[test]
fn a_shard_says_how_much_it_is_and_one_without_scenarios_is_green() {
    let ran = run_all(&["--shard", "2/3", "--repeat", "2"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.ends_with("shard 2/3: 3 of 10 scenarios\n"), "{}", ran.stdout);
    let ran = run_all(&["--shard", "6/6", "--report", "junit=out.xml"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(
        ran.stdout,
        "0 scenarios; 0 steps; 0 requests in 0.00 s\nshard 6/6: 0 of 5 scenarios\n"
    );
    let ran = run_all(&["--shard", "6/6", "--tag", "nobody"]);
    assert_eq!(ran.code, 4, "{}{}", ran.stdout, ran.stderr);
    let ran = run_all(&["--shard", "3/2"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("there is no part 3 of 2"), "{}", ran.stderr);
}

#[test]
fn where_nothing_is_selected_the_exit_code_is_4_and_a_tag_that_nobody_has_is_told() {
    let folder = folder();
    let ran = run(folder.path(), &["run", "--base-url", "http://127.0.0.1:1", "--tag", "smok"]);
    assert_eq!(ran.code, 4, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stderr.contains("did you mean `smoke`?"), "{}", ran.stderr);
    assert!(ran.stderr.contains("none of 5 scenarios is selected"), "{}", ran.stderr);
    let ran = run(folder.path(), &["run", "--tag", "a and or"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("\n  a and or\n        ^\n"), "{}", ran.stderr);
    let ran = run(folder.path(), &["run", "--name", "("]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}

#[track_caller]
fn run_all(args: &[&str]) -> Ran {
    let (demo, folder) = (demo(), folder());
    run(folder.path(), &[&["run", "--base-url", &demo.url, "--progress", "never"], args].concat())
}

/// The scenarios that ran, in their order.
fn order(ran: &Ran) -> Vec<&str> {
    let names = ran.stdout.lines().filter_map(|line| line.split_once("› scenario "));
    names.map(|(_, name)| name.split(" (").next().unwrap_or_default()).collect()
}

#[test]
fn a_seed_fixes_the_order_and_one_scenario_less_changes_nothing_for_the_others() {
    let shuffled =
        |more: &[&str]| run_all(&[&["-j", "1", "--shuffle", "--seed", "7"], more].concat());
    let (one, other, less) = (shuffled(&[]), shuffled(&[]), shuffled(&["--skip-tag", "smoke"]));
    assert_eq!(one.code, 0, "{}", one.stderr);
    assert!(one.stdout.ends_with("random values of `--seed 7`\n"), "{}", one.stdout);
    assert_eq!(order(&one), order(&other));
    let mut sorted = order(&one);
    assert_ne!(sorted, ["a", "b", "c", "d [ann]", "d [bob]"]);
    assert_eq!(
        order(&less),
        sorted.iter().copied().filter(|name| *name != "a").collect::<Vec<_>>()
    );
    sorted.sort_unstable();
    assert_eq!(sorted, ["a", "b", "c", "d [ann]", "d [bob]"]);
    assert!(run_all(&["--shuffle"]).stdout.contains("--seed "));
}

#[test]
fn repeated_scenarios_are_told_apart() {
    let ran = run_all(&["--repeat", "2", "--tag", "rows"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(order(&ran), ["d [ann] #1", "d [bob] #1", "d [ann] #2", "d [bob] #2"]);
}

#[test]
fn fail_fast_begins_no_more_scenarios_and_says_why() {
    let (demo, folder) = (demo(), folder());
    fs::write(folder.path().join("a.yaml"), "name: a\nsteps: [{ request: GET /status/500 }]\n")
        .expect("a file");
    let args = ["run", "--base-url", &demo.url, "--progress", "never", "-j", "1", "-v"];
    let ran = run(folder.path(), &[&args[..], &["--fail-fast"]].concat());
    assert_eq!(ran.code, 1, "{}", ran.stdout);
    assert!(ran.stdout.contains("5 scenarios: 1 failed, 4 not run"), "{}", ran.stdout);
    assert!(ran.stdout.contains("not run (`--fail-fast`: 1 scenario failed)"), "{}", ran.stdout);
    let ran = run(folder.path(), &[&args[..], &["--fail-fast=2"]].concat());
    assert!(ran.stdout.contains("5 scenarios: 4 passed, 1 failed"), "{}", ran.stdout);
}

#[test]
fn a_skipped_scenario_says_why_and_a_run_of_nothing_else_is_green() {
    let (demo, folder) = (demo(), tempfile::tempdir().expect("a folder"));
    let text = "name: later\nskip: waits for the new shop\nsetup: [{ request: GET /status/500 }]\nsteps: [{ request: GET /get }]\nteardown: [{ request: GET /get }]\n";
    fs::write(folder.path().join("a.yaml"), text).expect("a file");
    let args = ["run", "--base-url", &demo.url, "--progress", "never", "--report", "junit=j.xml"];
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(
        ran.stdout.contains("a.yaml › later (skipped: waits for the new shop)"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("1 scenario: 1 skipped; 2 steps: 2 skipped; 0 requests"),
        "{}",
        ran.stdout
    );
    let report = fs::read_to_string(folder.path().join("j.xml")).expect("a report");
    assert_eq!(
        report.matches("<skipped message=\"waits for the new shop\"/>").count(),
        2,
        "{report}"
    );
}

#[test]
fn scenarios_that_share_a_lock_do_not_run_at_the_same_time() {
    let (demo, folder) = (demo(), tempfile::tempdir().expect("a folder"));
    for number in 0..6 {
        let text =
            format!("name: n{number}\nlock: [stock]\nsteps: [{{ request: GET /delay/0.1 }}]\n");
        fs::write(folder.path().join(format!("{number}.yaml")), text).expect("a file");
    }
    let args = ["run", "--base-url", &demo.url, "--progress", "never"];
    let begun = std::time::Instant::now();
    let ran = run(folder.path(), &args);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(begun.elapsed().as_millis() >= 600, "{:?}", begun.elapsed());
}

/// A scenario that fails twice: an export is done the third time it is asked for, whoever asks.
fn flaky(folder: &std::path::Path, more: &str) {
    let text = format!(
        "
name: flaky
defaults: {{ auth: {{ oauth2: {{ token_url: /token, client_id: reports, client_secret: tea-and-cake }} }} }}
steps:
  - {{ name: Set, request: GET /cookies/set?run=1 }}
  - {{ name: Ask, request: GET /exports/E-1, expect: {{ json: {{ $.state: done }} }} }}
  - {{ name: After, request: GET /get }}
{more}"
    );
    fs::write(folder.join("flaky.yaml"), text).expect("a file");
}

#[test]
fn a_scenario_that_fails_runs_again_in_a_fresh_session_and_is_flaky_if_it_passes_then() {
    let (demo, folder) = (demo(), tempfile::tempdir().expect("a folder"));
    let project = "
setup:
  - request: POST /exports
    auth: { oauth2: { token_url: /token, client_id: reports, client_secret: tea-and-cake } }
";
    fs::write(folder.path().join("callsheet.yaml"), project).expect("a file");
    flaky(
        folder.path(),
        "setup: [{ request: GET /cookies, expect: { json: { $.cookies: { empty: true } } } }]\n",
    );
    let args = ["run", "--base-url", &demo.url, "--progress", "never", "--report", "junit=j.xml"];
    let ran = run(folder.path(), &[&args[..], &["--retries", "3"]].concat());
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for told in [
        "RETRY  flaky.yaml › flaky › Ask",
        "flaky  flaky.yaml › flaky (4 steps, ",
        ", run 3)",
        "2 scenarios: 2 passed (1 flaky); 5 steps: 5 passed;",
    ] {
        assert!(ran.stdout.contains(told), "{told}\n{}", ran.stdout);
    }
    assert_eq!(ran.stdout.matches("RETRY").count(), 2, "{}", ran.stdout);
    let report = fs::read_to_string(folder.path().join("j.xml")).expect("a report");
    assert_eq!(report.matches("<flakyFailure ").count(), 2, "{report}");
    assert!(report.contains("failures=\"0\""), "{report}");
}

#[test]
fn a_scenario_that_fails_every_time_failed_once_with_its_reruns_beside() {
    let (demo, folder) = (demo(), tempfile::tempdir().expect("a folder"));
    let text =
        "name: a\nsteps: [{ request: GET /status/500 }]\nteardown: [{ request: GET /get }]\n";
    fs::write(folder.path().join("a.yaml"), text).expect("a file");
    let args = ["run", "--base-url", &demo.url, "--progress", "never", "--report", "junit=j.xml"];
    let ran = run(folder.path(), &[&args[..], &["--retries", "2", "--fail-fast"]].concat());
    assert_eq!(ran.code, 1, "{}{}", ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("1 scenario: 1 failed; 2 steps: 1 passed, 1 failed; 6 requests"),
        "{}",
        ran.stdout
    );
    let report = fs::read_to_string(folder.path().join("j.xml")).expect("a report");
    assert_eq!(report.matches("<rerunFailure ").count(), 2, "{report}");
    assert_eq!(report.matches("<failure ").count(), 1, "{report}");
}

#[test]
fn the_line_that_repeats_a_failed_row_runs_that_row_alone() {
    let (demo, folder) = (demo(), folder());
    let text = "name: rows\ncases: [{ code: 200 }, { code: 500 }]\nsteps: [{ request: \"GET /status/${code}\" }]\n";
    fs::write(folder.path().join("d.yaml"), text).expect("a file");
    let args = ["run", "d.yaml", "--base-url", &demo.url, "--progress", "never"];
    let ran = run(folder.path(), &args);
    let (_, repeat) = ran.stdout.split_once("= repeat: callsheet run ").expect("a line");
    let words = shell_words::split(repeat.lines().next().unwrap_or_default()).expect("words");
    let again = run(
        folder.path(),
        &std::iter::once("run").chain(words.iter().map(String::as_str)).collect::<Vec<_>>(),
    );
    assert!(
        again.stdout.contains("1 scenario: 1 failed; 1 step: 1 failed"),
        "{words:?}\n{}",
        again.stdout
    );
}
