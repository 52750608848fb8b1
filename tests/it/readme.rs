//! The README's two commands are there, and its first one finds what it needs. Its scenario is run with the docs.

use std::fs;

use super::support::root;

#[test]
fn the_two_commands_of_the_readme_need_nothing_set_up() {
    let readme = fs::read_to_string(root().join("README.md")).expect("the README");
    for command in ["cargo run --release -- run", "cargo test"] {
        assert!(readme.contains(command), "{command}");
    }
    let project = fs::read_to_string(root().join("callsheet.yaml")).expect("the project file");
    assert!(project.contains("server: demo"), "{project}");
}
