//! The README keeps its word: its commands are there, and its outputs are what the program prints.

use std::fs;

use super::support::{demo, root, run};

/// The inside of every block of the README that is fenced so.
fn blocks(readme: &str, fence: &str) -> Vec<String> {
    let open = format!("```{fence}\n");
    let inside = |rest: &str| rest.split("```").next().unwrap_or_default().to_owned();
    readme.split(open.as_str()).skip(1).map(inside).collect()
}

/// Without what differs from run to run: times and fingerprints.
fn steady(text: &str) -> String {
    let differs = regex::Regex::new(r"\d+(\.\d+)? (ms|s)\b|•••[0-9a-f]{4}").expect("a pattern");
    differs.replace_all(text, "N").into_owned()
}

#[test]
fn the_two_commands_of_the_readme_need_nothing_set_up() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    for command in ["cargo run --release -- run", "cargo test"] {
        assert!(readme.contains(command), "{command}");
    }
    let project = fs::read_to_string(root().join("callsheet.yaml")).expect("the project file");
    assert!(project.contains("server: demo"), "{project}");
}

#[test]
fn the_outputs_of_the_readme_are_what_the_program_prints() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    let [account, access] =
        <[String; 2]>::try_from(blocks(&readme, "yaml")).expect("two scenarios");
    let shown = blocks(&readme, "console");
    let demo = demo();
    // What the README says is changed between the first two runs.
    let scenarios = [
        ("account.yaml", account.clone(), 0),
        ("account.yaml", account.replace("gt: 30", "gt: 50"), 1),
        ("scenarios/access.yaml", access, 0),
    ];
    assert_eq!(shown.len(), scenarios.len());
    for (shown, (name, text, code)) in shown.iter().zip(scenarios) {
        let folder = tempfile::tempdir().expect("a folder");
        for inner in ["scenarios", "shared"] {
            fs::create_dir(folder.path().join(inner)).expect("a folder");
        }
        let login = root().join("fixtures/shared/login.yaml");
        fs::copy(login, folder.path().join("shared/login.yaml")).expect("the login");
        fs::write(folder.path().join(name), text).expect("a file");
        let args = ["run", name, "--base-url", &demo.url, "--progress", "never"];
        let ran = run(folder.path(), &args);
        let output: String =
            shown.split_inclusive('\n').filter(|line| !line.starts_with("$ ")).collect();
        let printed = ran.stdout.replace(&demo.url, "http://127.0.0.1:8080");
        assert_eq!(ran.code, code, "{printed}");
        assert_eq!(steady(&output), steady(&printed));
    }
}
