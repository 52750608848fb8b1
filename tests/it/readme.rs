//! The README keeps its word: its scenario runs, and its two commands are there.

use std::fs;

use super::support::{demo, root, run, scenario};

#[test]
fn the_scenario_of_the_readme_passes_against_the_practice_server() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let yaml = readme
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .expect("a scenario");
    let folder = scenario(yaml);
    let demo = demo();
    let ran = run(folder.path(), &["run", "--base-url", &demo.url]);
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    for command in ["cargo run --release -- run", "cargo test"] {
        assert!(readme.contains(command), "{command}");
    }
}
