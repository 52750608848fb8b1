//! `scenarios/` is green, with nothing set up.

use super::support::{demo, root, run};

#[test]
fn the_examples_pass_against_the_embedded_server() {
    let ran = run(&root(), &["run", "--progress", "never"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert_eq!(ran.stderr, "");
    assert!(ran.stdout.contains("ok"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("FAIL"), "{}", ran.stdout);
}

#[test]
fn the_examples_pass_one_after_the_other_and_against_another_server() {
    let demo = demo();
    let args = ["run", "scenarios", "-j", "1", "--base-url", &demo.url, "--progress", "never"];
    let ran = run(&root(), &args);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
}

#[test]
fn a_line_runs_the_scenario_up_to_the_step_that_stands_there() {
    let ran = run(&root(), &["run", "scenarios/shop/sign-in.yaml:18", "-v", "--progress", "never"]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("A wrong password is refused"), "{}", ran.stdout);
    assert!(!ran.stdout.contains("Fetch the account"), "{}", ran.stdout);
    assert!(ran.stdout.contains("2 steps"), "{}", ran.stdout);
}

#[test]
fn the_same_run_prints_the_same_story_whatever_the_number_of_jobs() {
    let story = |jobs: &str| {
        let ran = run(&root(), &["run", "-j", jobs, "-v", "--progress", "never"]);
        let names: Vec<String> = ran
            .stdout
            .lines()
            .map(|line| line.split("  (").next().unwrap_or_default().to_owned())
            .filter(|line| line.contains(".yaml"))
            .map(|line| line.split('(').next().unwrap_or_default().trim().to_owned())
            .collect();
        assert!(names.len() > 10, "{}", ran.stdout);
        names
    };
    assert_eq!(story("1"), story("64"));
}
